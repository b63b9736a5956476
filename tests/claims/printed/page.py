"""A label's formula, as it stands in its chapter: evaluated (`printed`) or compared as text (`pinned`)."""

import functools
import re

import numpy as np
from extensions import notation
from extensions.expansion import expand

from ..labels import PROVED, pages
from .evaluate import COMPARE, Evaluator, is_array, same_shape
from .tex import FORMS, TexError, parse

DISPLAY = re.compile(r"\$\$((?:(?!\$\$).)+)\$\$(?: *\(([^)\s]+)\))?", re.S)
INLINE = re.compile(r"(?<![\\$])\$((?:[^$\\]|\\.)+)\$(?!\$)")
ARROWS = {r"\leftarrow", r"\gets"}
unfinished = []  # every `Printed` of the running test, for the fixture that demands that all of it was run


def spaced(tex):
    """TeX with single spaces, so that a line break in a chapter means nothing."""
    return " ".join(tex.split())


@functools.cache
def equations():
    """{label: TeX} of every labelled formula."""
    return {label: spaced(tex) for _, text in pages() for tex, label in DISPLAY.findall(text) if label}


@functools.cache
def statements():
    """{label: [TeX, ...]} of the formulas in every theorem-like block that have no label of their own."""
    found = {}
    for _, text in pages():
        for block in PROVED.finditer(text):
            body = text[block.end() :]
            body = body[: re.search(rf"^{block[1]}[ \t]*$", body, re.M).start()]
            formulas = [tex for tex, label in DISPLAY.findall(body) if not label]
            inline = INLINE.findall(DISPLAY.sub(" ", re.sub(r"`[^`\n]*`", "", body)))
            found[block[2]] = list(dict.fromkeys(map(spaced, [*formulas, *inline])))
    return found


def says_something(tex):
    """Whether a formula of a statement is more than the name of a thing."""
    return bool(
        re.search(
            r"[=<>+^]|\\(?:le|ge|ne|in|to|max|sum|frac|tfrac|approx|cdot|dots|norm|lvert)(?![a-z])|\d", tex
        )
    )


def pinned(label, *expected):
    """The chapter still says, word for word, what this test was written for."""
    if label in equations():
        found = [equations()[label]]
    else:
        found = [tex for tex in statements()[label] if says_something(tex)]
    assert list(map(spaced, expected)) == found, (
        f"{label} no longer reads as its test has it. If the page is right, mend the test, judge included:\n    "
        + pin(label, found)
    )


def pin(label, found=None):
    """The line of a test that pins a label."""
    if found is None:
        found = (
            [equations()[label]]
            if label in equations()
            else list(filter(says_something, statements()[label]))
        )
    return f"pinned({', '.join([repr(label).replace(chr(39), chr(34)), *(raw(tex) for tex in found)])})"


def raw(tex):
    quote = '"' if '"' not in tex else "'"
    return f"r{quote}{tex}{quote}" if "\\" in tex else f"{quote}{tex}{quote}"


def printed(label, part=None, conditions=(), profile=notation.OWN):
    """The formula of a label, or the formula `part` of a theorem's statement, ready to be run.

    Words that a formula is said under, as "for l < L", cannot be run: the test names them.
    """
    tex = equations()[label] if label in equations() else spaced(part)
    if part is not None:
        assert tex in statements()[label], f"{label} no longer says {part}"
    return Printed(label, tex, conditions, profile)


class Printed:
    """A formula with its statements; each of them has to be run."""

    def __init__(self, label, tex, conditions=(), profile=notation.OWN):
        self.label, self.tex = label, tex
        self.statements, found = parse(expand(tex, notation.plain_macros(FORMS, profile)))
        assert list(conditions) == found, (
            f"{label} is printed under the words {found}, its test knows {list(conditions)}"
        )
        assert self.statements, f"{label} says nothing that could be run"
        self.left = {(n, i) for n, (_, sides) in enumerate(self.statements) for i in range(0, len(sides), 2)}
        unfinished.append(self)

    def _error(self, number, error):
        return AssertionError(f"{self.label}, as printed ({self.tex}), statement {number + 1}: {error}")

    def value(self, environment, number=0, side=-1):
        """The value of one side of a statement, by default of the last: sides and relations are counted from 0."""
        sides = self.statements[number][1]
        self.left.discard((number, side % len(sides)))
        try:
            return Evaluator(environment)(sides[side])
        except (KeyError, TexError) as error:
            raise self._error(number, error) from error

    def values(self, environment):
        """The values of all statements' last sides."""
        return [self.value(environment, number) for number in range(len(self.statements))]

    def holds(self, environment, after=None, only=None, rtol=1e-9, atol=1e-12, approx=None):
        """Every relation holds: `=` to the tolerances, `≈` and `→` to `approx`, `<` and the like exactly.

        An arrow to the left changes a value: what it makes is compared with the environment `after`,
        and later statements see it.
        """
        environment = dict(environment)
        for number in range(len(self.statements)) if only is None else only:
            sides = self.statements[number][1]
            self.left -= {(number, i) for i in range(len(sides))}
            if len(sides) == 1:
                raise self._error(number, "there is no relation: take its value")
            try:
                self._relations(number, sides, environment, after, rtol, atol, approx)
            except (KeyError, TexError) as error:
                raise self._error(number, error) from error

    def _relations(self, number, sides, environment, after, rtol, atol, approx):
        values = [
            None if sides[1] in ARROWS and i == 0 else Evaluator(environment)(side)
            for i, side in enumerate(sides[::2])
        ]
        if sides[1] in ARROWS:
            values[0] = Evaluator(after)(sides[0])
            environment[Evaluator(environment).spelt(*_name(sides[0])[1:])] = values[1]
        for left, relation, right in zip(values, sides[1::2], values[1:], strict=False):
            same_shape(left, right, relation)
            if relation in ("=", r"\equiv", *ARROWS):
                good = np.allclose(left, right, rtol=rtol, atol=atol)
            elif relation in (r"\approx", r"\to"):
                assert approx is not None, f"{self.label}: how near is {relation}?"
                good = np.allclose(left, right, rtol=approx, atol=approx * 1e-3)
            else:
                # What is printed as "at most" may be reached, up to the last digits.
                slack = 0 if relation in "<>" else rtol * np.max(np.abs(right))
                good = np.all(
                    COMPARE[relation](left, right + (slack if relation in ("<", r"\le", r"\leq") else -slack))
                )
            if not good:
                raise self._error(number, f"{left} {relation} {right} is false")


def _name(tree):
    while tree[0] in ("sum", "term"):
        ((_, tree),) = tree[1]
    return tree


__all__ = ["equations", "is_array", "pin", "pinned", "printed", "statements", "unfinished"]
