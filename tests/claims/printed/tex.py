r"""The TeX of the book's formulas, read into trees.

A tree is a tuple whose first entry names its kind:

    ("number", 2.0)                    ("name", base, arguments, sub, sup, primes)
    ("group", bracket, parts)          ("scripted", tree, sub, sup, primes)
    ("sum", signed terms)              ("term", [(operator, tree), ...])
    ("chain", [tree, relation, ...])   ("big", operator, below, above, body)
    ("derivative", of, by)             ("nabla", by, of)    ("partial", by, of)    ("prefix", name)
    ("matrix", rows)                   ("cases", [(tree, condition or None), ...])
    ("root", degree, tree)             ("fraction", above, below)

Arguments, sub and sup stay lists of tokens: whether they are indices, numbers or letters is known only
when the names have values. What the language does not know raises a `TexError`.
"""

import functools
import re

from extensions import notation

from ..labels import ROOT

NOTATION = notation.read(ROOT / "notation.yml")
SYMBOLS = {symbol["macro"]: symbol["args"] for symbol in NOTATION["symbols"]}
# Pieces of formulas that courses build differently are replaced before a formula is read.
FORMS = [symbol for symbol in NOTATION["symbols"] if "kind" in symbol]

TOKEN = re.compile(
    r"\\(?:begin|end)\{[a-z]+\*?\}|\\text\{[^{}]*\}|\\(?:operatorname|mathrm|mathbf|mathcal|mathsf)\{[^{}]*\}"
    r"|\\\\(?:\[[^\]]*\])?|\\[A-Za-z]+|\\.|d[A-Za-z](?=\^)|\d+(?:\{,\}\d{3})*(?:\.\d+)?|\S",
    re.S,
)
SILENT = re.compile(r"\\(?:[bB]igg?[lrm]?|left|right|displaystyle|textstyle|limits|[,;:! ])")
SPACE = {r"\quad", r"\qquad", "row", "&", "{}"}
RELATIONS = {
    "=", "<", ">", r"\le", r"\ge", r"\leq", r"\geq", r"\ne", r"\approx", r"\to", r"\leftarrow", r"\gets", r"\equiv",
    r"\in", r"\propto",
}  # fmt: skip
OPERATORS = {r"\cdot": "·", r"\times": "·", r"\had": "⊙", r"\odot": "⊙", "*": "⊙", "/": "/"}
BIG = {r"\sum", r"\prod", r"\max", r"\min"}
PREFIX = {r"\ln", r"\exp", r"\sin", r"\cos", r"\tanh", r"\diag", r"\operatorname{Im}", r"\operatorname{diag}"}
ACCENTS = {r"\hat", r"\bar", r"\tilde", r"\widetilde", r"\dot"}
GREEK = set(
    r"""\alpha \beta \gamma \delta \epsilon \varepsilon \eta \theta \kappa \lambda \mu \nu \xi \pi \rho \sigma \tau \phi
    \varphi \chi \psi \omega \Delta \Phi \Psi \Sigma \Theta \Lambda \ell \infty""".split()
)
CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lvert": r"\rvert", r"\lVert": r"\rVert"}


class TexError(ValueError):
    """A formula that the language has no meaning for, or more than one."""


def tokens(tex):
    r"""The tokens of a formula, without spaces and the sizes of brackets.

    >>> tokens(r"\bigl(\W{l+1}\bigr)^\T")
    ['(', '\\W', '{', 'l', '+', '1', '}', ')', '^', '\\T']
    """
    found = [t for t in TOKEN.findall(tex) if not SILENT.fullmatch(t)]
    return ["row" if t.startswith("\\\\") else t for t in found if t != "~"]


def joined(parts):
    """The tokens as one text that does not depend on how a formula is spaced."""
    return _joined(tuple(parts))


@functools.cache
def _joined(parts):
    return re.sub(
        r"(\\[A-Za-z]+) (?![A-Za-z])",
        r"\1",
        "".join(t + " " if re.fullmatch(r"\\[A-Za-z]+", t) else t for t in parts),
    )


def _one_line(parts):
    """Tokens without alignment: rows and spaces stay only where they separate two statements."""
    kept, depth = [], 0
    parts = [t for t in parts if t not in (r"\begin{aligned}", r"\end{aligned}")]
    i = 0
    while i < len(parts):
        t = parts[i]
        depth += t.startswith(r"\begin") - t.startswith(r"\end")
        empty = t == "{" and parts[i + 1 : i + 2] == ["}"]
        if depth or not (t in SPACE or empty):
            kept.append(t)
            i += 1
            continue
        gap = []
        while i < len(parts) and (parts[i] in SPACE or parts[i : i + 2] == ["{", "}"]):
            gap.append(parts[i])
            i += 2 if parts[i] == "{" else 1
        after = parts[i] if i < len(parts) else ""
        before = kept[-1] if kept else ""
        continued = {"+", "-"} | RELATIONS | set(OPERATORS)
        if before and after and after not in continued and before not in continued:
            if "row" in gap:
                kept.append("row")
            elif set(gap) & {r"\quad", r"\qquad"}:
                kept.append(r"\quad")
    return kept


class Parser:
    """Reads tokens from the left; every method leaves `at` behind what it has read."""

    def __init__(self, parts):
        self.parts, self.at = parts, 0

    def peek(self):
        return self.parts[self.at] if self.at < len(self.parts) else ""

    def take(self, wanted=None):
        t = self.peek()
        if not t or (wanted and t != wanted):
            raise TexError(f"expected {wanted or 'more'}, found {t or 'the end'!r} in {joined(self.parts)!r}")
        self.at += 1
        return t

    def inside(self, opening):
        """The tokens up to the bracket that closes the one just taken."""
        closing, depth, start = CLOSING[opening], 1, self.at
        while depth:
            t = self.take()
            depth += (t == opening) - (t == closing)
        return self.parts[start : self.at - 1]

    def argument(self):
        """The tokens of a command's argument or of a script: a group in braces or one symbol."""
        t = self.take()
        if t == "{":
            return self.inside("{")
        if t.isdigit() and len(t) > 1:  # \frac12 is one half
            self.at -= 1
            self.parts = [*self.parts[: self.at], t[0], t[1:], *self.parts[self.at + 1 :]]
            return [self.take()]
        return [t]

    def scripts(self):
        """(sub, sup, primes) of what has just been read."""
        sub = sup = None
        primes = 0
        while self.peek() in ("_", "^", "'"):
            sign = self.take()
            if sign == "'":
                primes += 1
            elif sign == "_":
                if sub is not None:
                    raise TexError(f"two subscripts in {joined(self.parts)!r}")
                sub = self.argument()
            else:
                if sup is not None:
                    raise TexError(f"two superscripts in {joined(self.parts)!r}")
                sup = self.argument()
        return sub, sup, primes

    def statements(self):
        """([chain, ...], [condition, ...]): what a formula says, and the words that it says it under."""
        found, conditions = [], []
        while self.at < len(self.parts):
            t = self.peek()
            if t in ("row", r"\quad", ",", ".", ";", ":", "&") or t in (r"\text{and}", r"\text{ and }"):
                self.take()
            elif t.startswith(r"\text{with"):
                self.take()
            elif t.startswith(r"\text{") and not self._is_name():
                start = self.at
                while self.peek() not in ("", "row", r"\quad", r"\qquad"):
                    self.take()
                conditions.append(joined(self.parts[start : self.at]).rstrip(".,;"))
            else:
                start, chain = self.at, self.chain()
                alone = len(chain[1]) == 1 and chain[1][0][0] == "sum"
                if alone and _only_bracket_with_relation(chain[1][0]):
                    conditions.append(joined(self.parts[start : self.at]))
                else:
                    found.append(chain)
        return found, conditions

    def _is_name(self):
        return not re.match(r"\\text\{ ?(?:for|as|if|at|\(|otherwise)", self.peek())

    def chain(self):
        sides = [self.sum()]
        while self.peek() in RELATIONS:
            sides += [self.take(), self.sum()]
        return ("chain", sides)

    def sum(self):
        signed, sign = [], 1
        if self.peek() in ("+", "-"):
            sign = -1 if self.take() == "-" else 1
        signed.append((sign, self.term()))
        while self.peek() in ("+", "-"):
            sign = -1 if self.take() == "-" else 1
            signed.append((sign, self.term()))
        return ("sum", signed)

    def term(self):
        items, operator = [], ""
        while True:
            t = self.peek()
            if t in OPERATORS:
                if not items or operator in OPERATORS.values():
                    raise TexError(f"{t} has nothing to its left in {joined(self.parts)!r}")
                operator = OPERATORS[self.take()]
                continue
            if self._ends(t):
                break
            if t == "{" and self.parts[self.at + 1 : self.at + 2] == ["}"]:
                self.at += 2
                continue
            items.append((operator, self.item()))
            operator = ""
        if not items or operator:
            raise TexError(
                f"something is missing at {joined(self.parts[self.at :])!r} of {joined(self.parts)!r}"
            )
        return ("term", items)

    def _ends(self, t):
        return (
            t in ("", ",", ";", ":", "+", "-", "row", "&", r"\quad", ".")
            or t in RELATIONS
            or t in CLOSING.values()
            or t.startswith(r"\end{")
            or (t.startswith(r"\text{") and (not self._is_name() or t in (r"\text{and}", r"\text{ and }")))
        )

    def item(self):
        t = self.take()
        if t in BIG:
            return self.big(t)
        if t in PREFIX:
            return ("prefix", t.replace(r"\operatorname{diag}", r"\diag"))
        if t in (r"\frac", r"\tfrac", r"\dfrac"):
            return self._scripted(self.fraction())
        if t == r"\sqrt":
            degree = [("number", 2.0)]
            if self.peek() == "[":
                self.take()
                degree = parse_list(self.inside("["))
            return self._scripted(("root", degree[0], whole(self.argument())))
        if t == r"\nabla":
            by = self.argument() if self.peek() == "_" and self.take() else []
            return ("nabla", by, self.name())
        if t == r"\partial":
            self.take("_")
            by = self.argument()
            return ("partial", by, self.name())
        if t == r"\norm":
            return self._scripted(("group", r"\lVert", [whole(self.argument())]))
        if t.startswith(r"\begin{"):
            return self._scripted(self.environment(t[7:-1]))
        if t == r"\mathrm{E}":
            return self.expectation()
        if t in CLOSING and t != "{":
            return self._scripted(("group", t, parse_list(self.inside(t))))
        if t == "{":
            return self._scripted(("group", "{", [whole(self.inside("{"))]))
        if re.match(r"\d", t):
            return self._scripted(("number", float(t.replace("{,}", ""))))
        self.at -= 1
        return self.name()

    def _scripted(self, tree):
        sub, sup, primes = self.scripts()
        return ("scripted", tree, sub, sup, primes) if sub or sup or primes else tree

    def name(self):
        """A letter or a macro, with its arguments and scripts."""
        t = self.take()
        arguments = []
        if t[1:] in SYMBOLS and t[0] == "\\":
            for _ in range(SYMBOLS[t[1:]]):
                if self.peek() != "{":
                    raise TexError(f"{t} needs its arguments in braces in {joined(self.parts)!r}")
                arguments.append(self.argument())
        elif t in ACCENTS:
            t += "{" + joined(self.argument()) + "}"
        elif not (re.fullmatch(r"d?[A-Za-z]", t) or t in GREEK or re.match(r"\\(?:text|math[a-z]+)\{", t)):
            kind = "unknown macro" if t.startswith("\\") else "cannot read"
            raise TexError(f"{kind} {t} in {joined(self.parts)!r}")
        return ("name", t, arguments, *self.scripts())

    def fraction(self):
        above, below = self.argument(), self.argument()
        for d in (r"\partial", "d"):
            if above[:1] == [d] and len(above) > 1 and below[:1] == [d] and len(below) > 1:
                return ("derivative", _whole_name(above[1:]), below[1:])
        return ("fraction", whole(above), whole(below))

    def big(self, operator):
        below = above = None
        while self.peek() in ("_", "^"):
            if self.take() == "_":
                below = self.argument()
            else:
                above = self.argument()
        if below is None:
            return ("prefix", operator)
        return ("big", operator, below, above, self.term())

    def expectation(self):
        if self.peek() == "[":
            self.take()
            body = whole(self.inside("["))
        else:
            body = self.term()
        return ("expectation", body)

    def environment(self, name):
        start, depth = self.at, 1
        while depth:
            t = self.take()
            depth += t.startswith(r"\begin{") - t.startswith(r"\end{")
        rows = [_split(row, "&") for row in _split(self.parts[start : self.at - 1], "row")]
        rows = [row for row in rows if row != [[]]]
        if name == "cases":
            return ("cases", [(whole(value), _condition(words)) for value, words in rows])
        if name in ("pmatrix", "bmatrix", "smallmatrix"):
            return ("matrix", [[whole(cell) for cell in row] for row in rows])
        raise TexError(f"unknown environment {name}")


def _only_bracket_with_relation(tree):
    terms = tree[1]
    if len(terms) != 1 or len(terms[0][1][1]) != 1:
        return False
    item = terms[0][1][1][0][1]
    return item[0] == "group" and item[1] == "(" and any(p[0] == "chain" and len(p[1]) > 1 for p in item[2])


def _split(parts, separator):
    pieces, depth = [[]], 0
    for t in parts:
        depth += t.startswith(r"\begin{") - t.startswith(r"\end{")
        if t == separator and not depth:
            pieces.append([])
        else:
            pieces[-1].append(t)
    return pieces


def _condition(words):
    """The chain behind "if"; None behind "otherwise"."""
    while words and words[-1] in (",", "."):
        words = words[:-1]
    if words[0].startswith(r"\text{otherwise"):
        return None
    if words[0].replace(" ", "") != r"\text{if}":
        raise TexError(f"a case without if: {joined(words)!r}")
    return whole(words[1:])


def whole(parts):
    """One chain or expression that uses up all tokens."""
    return _whole(tuple(parts))


@functools.cache
def _whole(parts):
    while parts and parts[-1] in (",", "."):
        parts = parts[:-1]
    parser = Parser(list(parts))
    tree = parser.chain()
    if parser.at < len(parser.parts):
        raise TexError(f"cannot read {joined(parser.parts[parser.at :])!r} of {joined(parts)!r}")
    return tree if len(tree[1]) > 1 else tree[1][0]


def _whole_name(parts):
    parser = Parser(list(parts))
    tree = parser.name()
    if parser.at < len(parser.parts):
        raise TexError(f"a derivative of more than a name: {joined(parts)!r}")
    return tree


def parse_list(parts):
    """The expressions between commas."""
    pieces, depth = [[]], 0
    for t in parts:
        depth += (t in CLOSING) - (t in CLOSING.values())
        if t == "," and not depth:
            pieces.append([])
        else:
            pieces[-1].append(t)
    return [whole(piece) for piece in pieces]


def parse(tex):
    """([chain, ...], [condition, ...]) of a displayed formula."""
    return Parser(_one_line(tokens(tex))).statements()
