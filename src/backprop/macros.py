"""Formulas in plain TeX, for all who know none of the book's macros: each replaced by what it stands for."""

import re
import tomllib
from functools import cache

from . import letters

# Commands whose argument, when not in braces, is the next symbol only.
TAKES = re.compile(
    r"\\(?:[td]?frac(?:\s*(?:\{[^{}]*\}|\\[A-Za-z]+|\d))?|sqrt|bar|hat|tilde|dot|ddot|vec|overline|underline"
    r"|widehat|widetilde|math(?:bf|rm|sf|cal|bb|it)|boldsymbol|operatorname|phantom|big[lr]?|Big[lr]?)\s*$"
)


# Formulas between dollars, and code, in which dollars are dollars.
FORMULA = re.compile(r"(?P<code>```.*?```|`[^`\n]*`)|(?P<mark>\$\$?)(?P<tex>.+?)(?P=mark)", re.S)


def plain(text, notation=None):
    r"""Markdown of the book with its formulas in plain TeX.

    >>> plain(r"$\err{2}$ is new, `$\err{2}$` is not.")
    '$\\delta^{(2)}$ is new, `$\\err{2}$` is not.'

    Args:
        text: Markdown with formulas between dollars.
        notation: a profile of data/notation.toml; None for the one in use, as in `letters.of`.

    Raises:
        ValueError: for a profile that is not there, or a macro without its arguments.
    """
    table = of(letters.of(notation).name)

    def one(found):
        if found["code"]:
            return found[0]
        return found["mark"] + expand(found["tex"], table) + found["mark"]

    return FORMULA.sub(one, text)


@cache
def of(profile):
    """{macro: (number of arguments, form)} of a profile; the book's form where it has no own."""
    file = tomllib.loads(letters.FILE.read_text(encoding="utf-8"))
    its = file["profiles"].get(profile, {})
    own = {name: entry["form"] for name, entry in its.get("own", {}).items() if "form" in entry}
    forms = {**its.get("lent", {}), **its.get("pieces", {}), **own}
    return {
        name: (entry["args"], forms.get(name) or entry["form"])
        for name, entry in (file["symbols"] | file["pieces"]).items()
    }


def expand(tex, table, depth=0):
    r"""A formula with all macros of the table replaced by what they stand for, innermost included.

    >>> expand(r"\act{l}^\T", {"act": (1, "a^{(#1)}"), "T": (0, r"\mathsf{T}")})
    '{a^{(l)}}^{\\mathsf{T}}'
    """
    if depth > 20:
        raise ValueError(f"a macro stands for itself in {tex!r}")
    done, rest = "", tex
    while found := re.search(r"\\([A-Za-z]+|.)", rest, re.S):
        done, name, rest = done + rest[: found.start()], found[1], rest[found.end() :]
        if name not in table:
            done += found[0]
            continue
        count, form = table[name]
        arguments = []
        for _ in range(count):
            argument, rest = _argument(rest, name)
            arguments.append(expand(argument, table, depth + 1))
        new = re.sub(r"#(\d)", lambda m, given=arguments: given[int(m[1]) - 1], form)
        new = expand(new, table, depth + 1)
        # What TeX does with tokens must not change when they become letters.
        taken = TAKES.search(done) and not re.fullmatch(r"\\[A-Za-z]+|.", new)
        if taken or re.search(r"[\^_]\s*$", done) or _scripts_clash(new, rest):
            new = f"{{{new}}}"
        elif re.search(r"\\[A-Za-z]+$", done) and new[:1].isalpha():
            new = " " + new
        if re.search(r"\\[A-Za-z]+$", new) and rest[:1].isalpha():
            new += " "
        done += new
    return done + rest


def _scripts_clash(form, rest):
    """Whether a script that follows would be the form's second, or that of its last symbol only."""
    following = rest.lstrip()[:1]
    if following not in ("^", "_", "'"):
        return False
    while (flat := re.sub(r"\{[^{}]*\}", "", form)) != form:
        form = flat
    kind = "_" if following == "_" else "^'"
    return any(sign in form for sign in (*kind, " ", "+", "-"))


def _argument(rest, name):
    """The first argument in braces and what follows it."""
    rest = rest.lstrip()
    if not rest.startswith("{"):
        raise ValueError(f"\\{name} needs its arguments in braces, found {rest[:20]!r}")
    depth = 0
    for at in range(len(rest)):
        if rest[at] in "{}" and (at == 0 or rest[at - 1] != "\\"):
            depth += 1 if rest[at] == "{" else -1
        if depth == 0:
            return rest[1:at], rest[at + 1 :]
    raise ValueError(f"\\{name}: a brace is not closed in {rest[:40]!r}")
