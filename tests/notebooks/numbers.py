"""The numbers of a page's text, and what binds them.

A number is bound if its value, to the digits that are printed,

- stands in a compared output of the same section, rounded to the digits of the text,
- or stands as it is in the code of the same section or in a hidden cell of assertions (tag remove-cell)
  anywhere in the chapter; with three decimals or more, anywhere in the chapter,
- or, with fewer decimals, stands in an equation between numbers, which is computed here:
  `4·3 + 3·5 = 27`, products of matrices in TeX too.

Looked at are numbers with a decimal point, negative numbers and percentages; whole positive numbers
only as sides of equations. What else a text needs is named in a comment line of the same cell, with a
reason:  % numbers: 0.9, 0.99 -- usual choices, no results
"""

import functools
import json
import re

import nbformat
import numpy as np

from ..claims.formulas import without_code
from ..claims.labels import ROOT
from ..claims.printed.evaluate import Evaluator
from ..claims.printed.page import FORMS, expand, notation
from ..claims.printed.tex import parse

LONG = 3  # decimals that make a number unlike all others in its chapter
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$]+?)\$", re.S)
NUMBER = re.compile(
    r"(?<![\w.{])([-−]?)(\d+(?:(?:\{,\}|,)\d{3})*(?:\.\d+)?)(?![\w]|\.\d)(\s*(?:%|\\%|percent))?"
)
ALLOWED = re.compile(r"^% numbers: (.+?) -- (.+)$", re.M)
PLAIN = re.compile(
    r"(?<![\w.)\]}])(?:[-−]?\d[\d.]*|[()])(?:[ \d.()]|[-+−·×/^])*(?:=|≈) ?[-−]?\d[\d.]*(?![\w.]*[\w])"
)
SKIPPED = re.compile(
    r"`[^`\n]*`|\]\([^)]*\)|\{[a-z:]+\}`[^`]*`|https?:\S+|^\([^)]*\)=$|^:\w+:.*$|^%.*$|^#.*$|<[^>]+>"
    # Names that hold numbers: places in books, courses, networks.
    r"|\b(?:[Ss]ections?|[Tt]heorem|[Ss]teps?|lecture|[Ss]eeds?|pages?|pp\.|volume) \d+(?:\.\d+)*|\b\d+(?:-\d+)+(?:/\d+)?\b",
    re.M,
)


def value_of(text):
    return float(re.sub(r"[{},]", "", text.replace("−", "-")))


def decimals(text):
    return len(text.split(".")[1]) if "." in text else 0


def sections(cells):
    """[[cell, ...], ...]: cells from one heading of level 2 or more to the next."""
    made = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(r"(\([^)]*\)=\n)?##+ ", cell.source):
            made.append([])
        made[-1].append(cell)
    return made


def values_in(text):
    """The numbers in code or in an output."""
    found = re.findall(r"(?<![\w.])[-−]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?", text.replace("\\n", " "))
    return [float(re.sub("[,_]", "", t.replace("−", "-")).rstrip(".")) for t in found]


def in_code(cell):
    return values_in(cell.source)


def in_outputs(cell):
    return values_in(json.dumps(cell.get("outputs", []), ensure_ascii=False))


def prose(text):
    """Text without code, links, roles, labels and comments; formulas stay."""
    return SKIPPED.sub(" ", without_code(text))


def numbers(text):
    """[(as printed, value, decimals)] of the numbers that have to be bound."""
    text, found = re.sub(r"(?<=\d)\\,(?=\d{3})", "", prose(text)), []
    for match in NUMBER.finditer(text):
        sign, digits, percent = match[1], match[2], match[3]
        before = text[: match.start()][-1:]
        tight = text[match.end(1) : match.end(1) + 1] != " "
        # A minus between two terms is no sign of a number.
        negative = (
            bool(sign) and tight and not re.match(r"[\w)}\]]", before) and not _in_script(text, match.start())
        )
        large = value_of(digits) >= 100 and not re.fullmatch(r"(?:1[89]|20)\d\d", digits)
        if "." in digits or negative or percent or large:
            # What is taken away, as in `a - 0.5`, may be bound by a negative value.
            subtracted = "- " if not negative and re.search(r"[-−] ?$", text[: match.start(2)]) else ""
            value = value_of(digits) * (-1 if negative else 1)
            name = (sign if negative else "") + digits + ("%" if percent else "")
            found.append((subtracted + name, value, decimals(digits)))
    return found


def _in_script(text, at):
    """Whether this stands in an exponent or index: 10^{-5}."""
    return bool(re.search(r"[\^_]\{[^{}]*$", text[max(0, at - 30) : at]))


def equal(a, b, tolerance):
    a, b = np.asarray(a, dtype=complex), np.asarray(b, dtype=complex)
    return a.shape == b.shape and bool(np.all(abs(a - b) <= tolerance))


def equations(text):
    """[(as printed, true?, [numbers in it])] of all equations between numbers, in TeX and in plain text."""
    text, found = prose(text), []
    for block, inline in FORMULA.findall(text):
        tex = re.sub(r"\\(?:phantom|hphantom)\{[^{}]*\}|(?<=\d)\\,(?=\d{3})", "", block or inline)
        if re.search(r"\(\d+ \\times \d+\)", tex):  # shapes
            continue
        try:
            statements, _ = parse(expand(tex, notation.plain_macros(FORMS, notation.OWN)))
        except (ValueError, KeyError, IndexError):
            continue
        for _, sides in statements:
            found += _chain(tex, sides)
    for match in PLAIN.finditer(FORMULA.sub(" ", text)):
        left, right = re.split("=|≈", match[0].rstrip(". "))
        if not re.search(r"\d *[-+−·×/] *\d", left):
            continue
        if set("()") & set(left):
            continue
        tex = (
            left.replace("−", "-").replace("·", r" \cdot ").replace("×", r" \cdot ")
            + "="
            + right.replace("−", "-")
        )
        for _, sides in parse(tex)[0]:
            found += _chain(tex, sides)
    return found


def _chain(tex, sides):
    """Neighbouring sides that are numbers, or arrays of numbers."""
    evaluate = Evaluator({r"\pi": np.pi})
    values, found = [], []
    for side in sides[::2]:
        try:
            values.append(evaluate(side))
        except (ValueError, KeyError, TypeError, ArithmeticError):
            values.append(None)
    for i, (left, relation, right) in enumerate(zip(values, sides[1::2], values[1:], strict=False)):
        if left is None or right is None or callable(left) or callable(right):
            continue
        pair = sides[2 * i : 2 * i + 3]
        tolerance = (_rounding(pair[0], evaluate) + _rounding(pair[2], evaluate)) * (1 - 1e-6) + 1e-12
        if relation == r"\approx":
            tolerance = max(tolerance, 0.01 * np.max(abs(np.asarray(right))))
        elif relation != "=":
            continue
        found.append((" ".join(tex.split()), equal(left, right, tolerance), _literals(pair)))
    return found


def _rounding(tree, evaluate):
    """How far off a side may be: results, and decimals with five digits or more, are rounded; others are exact."""
    here, total, values = np.asarray(evaluate(tree)), 0.0, _literals(tree)
    for place, value in enumerate(values):
        digits = decimals(repr(value)) if not float(value).is_integer() else 0
        if digits and (len(values) == 1 or digits >= 5 or here.ndim):
            moved = np.asarray(evaluate(_moved(tree, place, 0.5 * 10.0**-digits)))
            total += np.max(abs(moved - here))
    return total


def _literals(tree):
    if isinstance(tree, tuple) and tree[:1] == ("number",):
        return [tree[1]]
    return [v for part in tree for v in _literals(part)] if isinstance(tree, tuple | list) else []


def _moved(tree, place, change):
    """The tree with its literal number `place` changed."""
    count = [-1]

    def walk(part):
        if isinstance(part, tuple) and part[:1] == ("number",):
            count[0] += 1
            return ("number", part[1] + change * (count[0] == place))
        return type(part)(map(walk, part)) if isinstance(part, tuple | list) else part

    return walk(tree)


@functools.cache
def cells_of(path):
    """The cells of a chapter; a Markdown page is one cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4).cells
    return [nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))]


def unbound(path):
    """[(cell, number as printed)] of a chapter's numbers that nothing binds."""
    cells = cells_of(path)
    code = [cell for cell in cells if cell.cell_type == "code"]
    hidden = [v for cell in code if "remove-cell" in cell.metadata.get("tags", []) for v in in_code(cell)]
    everywhere = [v for cell in code for v in in_code(cell) + in_outputs(cell)]
    missing = []
    for section in sections(cells):
        exact = hidden + [v for cell in section if cell.cell_type == "code" for v in in_code(cell)]
        rounded = [v for cell in section if cell.cell_type == "code" for v in in_outputs(cell)]
        for cell in section:
            if cell.cell_type != "markdown":
                continue
            allowed = {t.strip() for names, _ in ALLOWED.findall(cell.source) for t in names.split(",")}
            in_equations = {v for _, _, values in equations(cell.source) for v in values}
            for printed, value, places in numbers(cell.source):
                signs = (1, -1) if printed.startswith("- ") else (1,)
                if (printed := printed.removeprefix("- ")) in allowed:
                    continue
                if places < LONG and abs(value) in in_equations:
                    continue
                scales = [
                    sign * scale for sign in signs for scale in ((1, 100) if printed.endswith("%") else (1,))
                ]
                if any(abs(v * scale - value) < 1e-12 for v in exact for scale in scales):
                    continue
                # A number with many digits is itself wherever it stands, in an equation it may be off by one.
                near = everywhere if places >= LONG else rounded
                if any(
                    abs(v * scale - value) <= 0.5 * 10.0**-places * (1 + 1e-9)
                    for v in near
                    for scale in scales
                ):
                    continue
                missing.append((cell.source.strip().splitlines()[0][:60], printed))
    return missing


def chapters():
    return sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("chapters/*.md")])
