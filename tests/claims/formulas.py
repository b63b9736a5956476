"""What the formulas of a page are written with: macros of notation.yml, commands of TeX, letters."""

import re

# TeX's own commands that formulas may use: layout, operators and relations, no letters.
TEX = set(
    """aligned approx bar begin big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr binom boxed bmatrix cases cdot cdots
    circ colon coloneqq cos cosh cdotp dot dots ddots displaystyle dfrac end equiv exists exp forall frac ge geq gets
    implies iff in infty int label lVert rVert left leftarrow Leftarrow le leq lfloor rfloor lim limits ln log longmapsto
    lvert rvert mapsto mathbb mathcal mathrm mathsf max mid min nabla ne neq not notin operatorname partial pm pmatrix
    prime prod propto qquad quad right rightarrow Rightarrow setminus sin sinh sqrt square subset substack sum sup tag
    tanh text textbf textstyle tfrac tilde times to top underbrace overbrace vdots widetilde xrightarrow circ land
    lor star ast cup cap emptyset succ prec vert Vert hphantom phantom arcsin arctan tan mathbf le""".split()
)
GREEK = set(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon
    phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hat""".split()
)


# Directives whose body holds formulas; the body of any other fence is code.
HOLDS_TEXT = re.compile(
    r"\{(?:prf:\w+|exercise|solution|admonition|note|tip|warning|dropdown|math|grid|card|tab)"
)


def without_code(text):
    """A page's Markdown without the bodies of code fences."""
    kept, open_fences, in_code = [], [], ""
    for line in text.splitlines():
        fence = re.match(r" *(`{3,}|:{3,})(.*)", line)
        if in_code:
            if line.strip() == in_code:
                in_code = ""
        elif fence and open_fences and line.strip() == open_fences[-1]:
            open_fences.pop()
        elif fence and HOLDS_TEXT.search(fence[2]):
            open_fences.append(fence[1])
        elif fence:
            in_code = fence[1]
        else:
            kept.append(line)
    return "\n".join(kept)


def formulas(text):
    """The TeX of every formula in a page's Markdown."""
    text = re.sub(r"`[^`\n]*`", "", without_code(text))
    found = []
    for block, inline in re.findall(r"\$\$(.+?)\$\$|(?<!\\)\$([^$]+?)\$", text, re.S):
        found.append(block or inline)
    return found


def commands(formula):
    """The names of all commands in a formula."""
    return set(re.findall(r"\\([A-Za-z]+)", formula))


def letters(formula):
    """All single letters, Greek ones by their command's name, that stand in a formula."""
    formula = re.sub(
        r"\\(?:text|mathrm|operatorname|textbf|begin|end|label|mathsf|mathbb)\*?\{[^{}]*\}", " ", formula
    )
    greek = {name for name in commands(formula) if name in GREEK}
    return greek | set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", formula)))


def of_macro(name):
    """A pattern for a macro with its arguments, the first of them as a group."""
    return rf"\\{name}(?![A-Za-z])(?:\{{((?:[^{{}}]|\{{[^{{}}]*\}})*)\}})*"


BRACED = r"(?:\\[bB]ig+[lr]?\s*)?"
# Pieces that a form macro exists for: written out, they are wrong where the bias is folded in.
WRITTEN_OUT = {
    "affine": re.compile(
        r"\\(?:W|Wunits)\{[^{}]*\}(?:(?!&?=|\\\\).)*?\+[\s&]*(?:\\quad|\{\}|\s)*\\bias(?![A-Za-z])", re.S
    ),
    "affinei": re.compile(r"\\Wi(?:\{[^{}]*\}){3}(?:\\,|\s)*\\acti\{[^{}]*\}\{[^{}]*\}(?:\s|&)*\+\s*\\biasi"),
    "activated": re.compile(r"\\[aA]ct\{([^{}]*)\}\s*&?=\s*\\actf\{"),
    "layerzero": re.compile(r"\\[aA]ct\{0\}\s*&?=\s*\\[iI]np"),
    "back or Wunits": re.compile(rf"{BRACED}\(\s*\\W\{{[^{{}}]*\}}\s*{BRACED}\)\s*\^|\\W\{{[^{{}}]*\}}\^"),
    "Wunits": re.compile(r"\\W\{[^{}]*\}(?:\\,|\s)*(?:[a-z](?![a-z])|\\(?:actunits|frac|Inp))"),
    "outgrad": re.compile(r"\\nabla_\{\\out\}(?:\\,|\s)*\\loss"),
    "outerr": re.compile(r"\\outgrad\s*\\had\s*\\dactf\{\\nlayers\}\(\\pre\{"),
    "outis": re.compile(r"\\out\s*&?=\s*\\act(?:units)?\{\\nlayers\}"),
    "lossof": re.compile(r"\\loss\(\\out_|\\loss_"),
    "actunits": re.compile(r"\\partial\s*\\act\{"),
}


def written_out(formula):
    """Pieces of a formula for which notation.yml has a macro that the formula does not use."""
    return [macro for macro, pattern in WRITTEN_OUT.items() if pattern.search(formula)]
