"""Sphinx extension: the symbols of notation.yml, as macros and as tables.

The macros feed MathJax, in this book's letters or, with the environment variable NOTATION
(`NOTATION=cmu make site`), in those of another course. The directive `notation-table` prints tables.
"""

import os
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from .expansion import expand

OWN = "book"  # the name of this book's own notation, where one is asked for
REQUIRED = {"macro", "args", "form", "meaning", "shape", "code"}
OPTIONAL = {"flow", "kind", "letters", "others", "same", "lent", "own"}
SECTIONS = {"profiles", "symbols", "indices", "local"}
PROFILE = {"name", "source", "differs"}
CONVERSION = {"ours", "shape", "theirs", "is", "turned"}
FORMULA = {"ours", "others"}
TRANSLATION = {"form", "remark"}
FLOWS = {"forward", "backward"}
# The formulas of a sheet.
SHEET = ("forward", "output-error", "hidden-error", "weights", "biases")
# What the arguments are called in a table.
ARGUMENTS = ("l", "j", "k")


class Located(dict):
    """A mapping of a YAML file that knows its line."""

    line = 0


class _Loader(yaml.SafeLoader):
    def mapping(self, node):
        located = Located(self.construct_mapping(node, deep=True))
        located.line = node.start_mark.line + 1
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"{self.name}:{located.line}: keys {twice} stand there twice")
        return located


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)


def read(path):
    """notation.yml as a dict, checked.

    Raises:
        ValueError: for unknown or missing sections, keys and profiles, a macro defined twice, a symbol
            that leaves a profile out, or a form that uses other arguments than declared; the message
            begins with file and line.
    """
    with Path(path).open(encoding="utf-8") as file:
        notation = yaml.load(file, Loader=_Loader)
    _same_keys(f"{path}", notation, SECTIONS, {"formulas", "layouts"})
    for name, profile in notation["profiles"].items():
        where = f"{path}:{profile.line}: profile {name}"
        _same_keys(where, profile, PROFILE, {"letters"})
        if name == OWN:
            raise ValueError(f"{where}: the name {OWN!r} is kept for this book's own notation")
        if len(profile.get("letters", ARGUMENTS)) != len(ARGUMENTS):
            raise ValueError(f"{where}: expected {len(ARGUMENTS)} letters, got {profile['letters']}")
    for name, layout in notation.get("layouts", {}).items():
        where = f"{path}:{layout.line}: layout {name}"
        _same_keys(where, layout, PROFILE, {"conversions"})
        for row in layout.get("conversions", []):
            _same_keys(f"{path}:{row.line}: layout {name}", row, CONVERSION)
    seen = set()
    for number, symbol in enumerate(notation["symbols"], start=1):
        where = f"{path}:{symbol.line}: {symbol.get('macro', f'symbol {number}')}"
        _same_keys(where, symbol, REQUIRED, OPTIONAL)
        if symbol["macro"] in seen:
            raise ValueError(f"{where} is defined twice")
        seen.add(symbol["macro"])
        _check_symbol(where, symbol, notation["profiles"])
    for name, formula in notation.get("formulas", {}).items():
        where = f"{path}:{formula.line}: formula {name}"
        _same_keys(where, formula, FORMULA, {"labels", "title"})
        _known(where, formula["others"], [*notation["profiles"], *notation.get("layouts", {})])
        for profile, translation in formula["others"].items():
            _same_keys(f"{path}:{translation.line}: formula {name}: {profile}", translation, TRANSLATION)
    return notation


def _check_symbol(where, symbol, profiles):
    if symbol.get("flow", "forward") not in FLOWS:
        raise ValueError(f"{where}: flow is {symbol['flow']!r}, expected one of {sorted(FLOWS)}")
    if symbol.get("kind", "form") != "form":
        raise ValueError(f"{where}: kind is {symbol['kind']!r}, expected 'form' or nothing")
    if len(symbol.get("letters", [])) not in (0, symbol["args"]):
        raise ValueError(f"{where}: takes {symbol['args']} arguments, has letters {symbol['letters']}")
    others, own = set(symbol.get("others", {})), set(symbol.get("own", {}))
    same, lent = (_group(symbol, key, profiles) for key in ("same", "lent"))
    for group in (others, own, same, lent):
        _known(where, group, list(profiles))
    missing = [name for name in profiles if name not in others | same | lent]
    if missing:
        raise ValueError(f"{where}: no form for {missing}: name them in others, same or lent")
    if same & (others | lent):
        raise ValueError(f"{where}: {sorted(same & (others | lent))} cannot be the same and different")
    if own & (same | lent) or own - others:
        raise ValueError(
            f"{where}: own is for profiles in others whose letter had to change, got {sorted(own)}"
        )
    used = _used(symbol["form"])
    if "kind" in symbol:  # a piece of a formula may need an argument in some notations only
        used = sorted(
            {n for form in (symbol["form"], *symbol.get("others", {}).values()) for n in _used(form)}
        )
    if used != list(range(1, symbol["args"] + 1)):
        raise ValueError(f"{where}: takes {symbol['args']} arguments, its form uses {used}")
    for profile, form in symbol.get("others", {}).items():
        beyond = [n for n in _used(form) if n > symbol["args"]]
        if beyond:
            raise ValueError(f"{where}: takes {symbol['args']} arguments, {profile} uses {beyond}")


def _used(form):
    return [n for n in range(1, 10) if f"#{n}" in form]


def _group(symbol, key, profiles):
    """The profiles that `same` or `lent` names."""
    group = symbol.get(key, [])
    return set(profiles) if group == "all" else set(group)


def _known(where, names, expected):
    unknown = sorted(set(names) - set(expected))
    if unknown:
        raise ValueError(f"{where}: unknown profiles {unknown}, expected {expected}")


def _same_keys(where, mapping, required, optional=frozenset()):
    missing, unknown = sorted(required - set(mapping)), sorted(set(mapping) - required - optional)
    if missing or unknown:
        raise ValueError(f"{where}: missing keys {missing}, unknown keys {unknown}")


def form_of(symbol, profile=OWN):
    """What a macro stands for in a profile; the book's form where the text has no letter of its own."""
    return symbol.get("others", {}).get(profile, symbol["form"])


def default(notation):
    """The notation that the environment variable NOTATION names, else the book's own.

    Raises:
        ValueError: if there is no such profile.
    """
    name = os.environ.get("NOTATION") or OWN
    expected = [OWN, *notation["profiles"]]
    if name not in expected:
        raise ValueError(f"NOTATION: expected one of {', '.join(expected)}, got {name!r}")
    return name


def _closed(form):
    """A form as one group, so that an exponent may follow one that it has itself."""
    return f"{{{form}}}" if re.search(r"[\^_']", form) else form


def mathjax_macros(symbols, profile=OWN):
    """The macros as MathJax wants them; forward and backward symbols carry their class."""
    macros = {}
    for symbol in symbols:
        form = form_of(symbol, profile)
        if "flow" in symbol:
            form = rf"\class{{bp-{symbol['flow']}}}{{{form}}}"
        form = _closed(form)
        macros[symbol["macro"]] = [form, symbol["args"]] if symbol["args"] else form
    return macros


def plain_macros(symbols, profile=OWN):
    """The macros for `expand`: {name: (number of arguments, form)}."""
    return {symbol["macro"]: (symbol["args"], form_of(symbol, profile)) for symbol in symbols}


def spelt(form, args, letters=ARGUMENTS):
    """A form with its arguments called l, j, k, or by other letters.

    >>> spelt("w^{(#1)}_{#2#3}", 3)
    'w^{(l)}_{jk}'
    """
    for n in range(args):
        form = form.replace(f"#{n + 1}", letters[n])
    return form


def letter(notation, symbol, name, lent=False):
    """How a text writes a symbol, as MyST; '' if it has no letter for it.

    With `lent`, the letter that is set for it in that notation stands in parentheses instead.
    """
    profile = notation["profiles"][name]
    letters = symbol.get("letters") or profile.get("letters", ARGUMENTS)
    form = symbol.get("own", {}).get(name, form_of(symbol, name))
    cell = f"${spelt(form, symbol['args'], letters)}$"
    if name in _group(symbol, "lent", notation["profiles"]):
        return f"({cell})" if lent else ""
    return cell


def table(notation, concordance=False):
    """The rows of the table, as lists of MyST text, heading first."""
    symbols = [symbol for symbol in notation["symbols"] if "kind" not in symbol]
    if not concordance:
        rows = [["symbol", "what it is", "shape", "in the code"]]
        return rows + [
            [_array(notation, symbol), meaning(symbol), _shape(symbol), _code(symbol)] for symbol in symbols
        ]
    rows = [["this book", *(profile["name"] for profile in notation["profiles"].values())]]
    for symbol in symbols:
        cells = [letter(notation, symbol, name) for name in notation["profiles"]]
        if any(cells):
            rows.append([_plain(notation, symbol), *(cell or "–" for cell in cells)])
    return rows


def rosetta(notation, first):
    """The rows of the Rosetta table: a symbol in every notation, its shape, its code, its chapter.

    Args:
        first: {macro: MyST link to the chapter that has it first}.
    """
    names = list(notation["profiles"])
    titles = [notation["profiles"][name]["name"] for name in names]
    rows = [["what it is", "this book", *titles, "shape", "in the code", "first in"]]
    for symbol in notation["symbols"]:
        if "kind" not in symbol:
            cells = [letter(notation, symbol, name, lent=True) for name in names]
            link = first.get(symbol["macro"], "")
            rows.append(
                [meaning(symbol), _plain(notation, symbol), *cells, _shape(symbol), _code(symbol), link]
            )
    return rows


def links(notation, folder=""):
    """The rows of a table of links to the four equations and to their sheet, in each notation."""
    rows = [["notation", "source", "the four equations", "on one page, to print"]]
    for name, profile in notation["profiles"].items():
        chapter, sheet = (
            f'<a href="{folder}{page}.html?notation={name}">{title}</a>'
            for page, title in (("04-four-equations", "chapter 4"), ("04-sheet", "sheet"))
        )
        rows.append([profile["name"], profile["source"], chapter, sheet])
    return rows


def conversions(notation, layout):
    """The rows of a layout's conversion table: what this book holds, what a program there holds."""
    there = notation["layouts"][layout]["name"].lower()
    rows = [["here", "shape", there, "is", "shape there"]]
    for row in notation["layouts"][layout]["conversions"]:
        rows.append([f"${row[key]}$" for key in ("ours", "shape", "theirs", "is", "turned")])
    return rows


def translations(notation, name, only=None):
    """One formula in every notation, or in one text's, as lines of MyST.

    Raises:
        ValueError: if notation.yml has no formula of that name, or not in that text's letters.
    """
    formulas = notation.get("formulas", {})
    if name not in formulas:
        raise ValueError(f"formula: expected one of {sorted(formulas)}, got {name!r}")
    others = formulas[name]["others"]
    if only is not None:
        if only not in others:
            raise ValueError(f"only: expected one of {list(others)}, got {only!r}")
        return ["$$", others[only]["form"], "$$", "", others[only]["remark"], ""]
    # Plain TeX: where notations stand side by side, this book's own must not change with the switch.
    macros = plain_macros(notation["symbols"])
    lines = ["**This book.**", "", "$$", expand(formulas[name]["ours"], macros), "$$", ""]
    for profile, translation in others.items():
        title = {**notation["profiles"], **notation.get("layouts", {})}[profile]["name"]
        lines += [
            f"**{title.rstrip('.')}.** {translation['remark']}".rstrip(),
            "",
            "$$",
            expand(translation["form"], macros),
            "$$",
            "",
        ]
    return lines


def first_chapters(root, symbols):
    """{macro: name of the first chapter whose text has it}."""
    found = {}
    for path in sorted(Path(root).glob("chapters/[0-9]*.ipynb")):
        text = path.read_text(encoding="utf-8")
        for symbol in symbols:
            # In a notebook's JSON a backslash is written twice.
            if symbol["macro"] not in found and re.search(rf"\\\\{symbol['macro']}(?![A-Za-z])", text):
                found[symbol["macro"]] = path.stem
    return found


def ours(symbol):
    letters = symbol.get("letters", ARGUMENTS)
    arguments = "".join(f"{{{letters[n]}}}" for n in range(symbol["args"]))
    return f"$\\{symbol['macro']}{arguments}$"


def _array(notation, symbol):
    """A symbol as the name of the array with this shape: without a folded bias where it has none."""
    units = (other for other in notation["symbols"] if other["macro"] == f"{symbol['macro']}units")
    return ours(next(units, symbol))


def _plain(notation, symbol):
    """This book's own letter, whatever notation is chosen."""
    return f"${expand(ours(symbol)[1:-1], plain_macros(notation['symbols']))}$"


def meaning(symbol):
    letters = symbol.get("letters", ARGUMENTS)
    return re.sub(r"#(\d)", lambda m: f"${letters[int(m[1]) - 1]}$", symbol["meaning"])


def _code(symbol):
    return f"`{symbol['code']}`" if symbol["code"] else ""


def _shape(symbol):
    """The shape, with macros in place of n and N, so that it follows the notation too."""
    shape = symbol["shape"]
    if not shape.startswith("(") or "outputs" in shape:
        return shape
    shape = re.sub(r"n_(\{[^}]*\}|.)", lambda m: rf"\size{{{m[1].strip('{}')}}}", shape)
    return "$" + shape.replace(r"\size{L}", r"\size{\nlayers}").replace("N", r"\nexamples") + "$"


class NotationTable(SphinxDirective):
    """`notation-table`: all symbols.

    With `:concordance:` as other texts write them; with `:rosetta:` the same with shapes, code and
    chapters; with `:links:` the ways to chapter 4 in each notation; with `:layout: NAME` the conversion
    table of a layout; with `:formula: NAME` one formula in every notation, or, with `:only: NAME`, in
    that of one text or layout.
    """

    option_spec = {  # noqa: RUF012 (docutils reads a plain dict)
        "concordance": directives.flag,
        "rosetta": directives.flag,
        "links": directives.flag,
        "layout": directives.unchanged_required,
        "formula": directives.unchanged_required,
        "only": directives.unchanged_required,
    }

    def run(self):
        path = Path(self.env.srcdir) / "notation.yml"
        self.env.note_dependency(str(path))
        notation = read(path)
        try:
            content = lines(notation, self.options, self.env.srcdir, _way(self.env.docname))
        except (KeyError, ValueError) as error:
            raise self.error(str(error)) from None
        container = nodes.container()
        self.state.nested_parse(StringList(content, source="notation.yml"), self.content_offset, container)
        return container.children


def _way(docname):
    """The way from a page to the chapters."""
    return "" if docname.startswith("chapters/") else "chapters/"


def lines(notation, options, root, folder=""):
    """What the directive `notation-table` with these options stands for, as lines of MyST.

    Args:
        options: those of the directive, as a dict.
        root: where chapters/ is.
        folder: the way from the page to the chapters.
    """
    if "formula" in options:
        return translations(notation, options["formula"], options.get("only"))
    if "layout" in options:
        rows = conversions(notation, options["layout"])
    elif "links" in options:
        rows = links(notation, folder)
    elif "rosetta" in options:
        chapters = first_chapters(root, notation["symbols"])
        first = {macro: f"[{name[:2]}]({folder}{name}.ipynb)" for macro, name in chapters.items()}
        rows = rosetta(notation, first)
    else:
        rows = table(notation, "concordance" in options)
    rows.insert(1, ["---"] * len(rows[0]))
    return ["| " + " | ".join(row) + " |" for row in rows]


def _configure(app, config):
    notation = read(Path(app.srcdir) / "notation.yml")
    symbols, profile = notation["symbols"], default(notation)
    mathjax = config.mathjax3_config or {}
    mathjax.setdefault("loader", {})["load"] = ["[tex]/html"]
    tex = mathjax.setdefault("tex", {})
    tex["packages"] = {"[+]": ["html"]}
    tex["macros"] = mathjax_macros(symbols, profile)
    # Else every formula is a stop of the Tab key.
    mathjax["options"] = {"menuOptions": {"settings": {"inTabOrder": False}}}
    # Rules added one by one make the browser style the whole page again: an eighth of the switch's time.
    mathjax["chtml"] = {"adaptiveCSS": False}
    config.mathjax3_config = mathjax


def setup(app):
    app.add_directive("notation-table", NotationTable)
    app.connect("config-inited", _configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
