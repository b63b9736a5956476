"""Sphinx extension: the symbols of the notation file, as macros and as tables.

The macros feed MathJax, in this book's letters or, with the environment variable NOTATION
(`NOTATION=cmu make site`), in those of another course. The directive `notation-table` prints tables.
"""

import json
import os
import re
import tomllib
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from jsonschema import Draft202012Validator
from sphinx.util.docutils import SphinxDirective

from backprop.macros import expand

FILE = "src/backprop/data/notation.toml"  # from the book's root
SCHEMA = Path(__file__).with_name("notation.schema.json")
OWN = "book"  # the name of this book's own notation, where one is asked for
# The formulas of a sheet.
SHEET = ("forward", "output-error", "hidden-error", "weights", "biases")
# What the arguments are called in a table.
ARGUMENTS = ("l", "j", "k")


def read(path):
    """The notation file as a dict, checked, and turned from profiles to symbols.

    Returns:
        A dict with `profiles`, `layouts`, `indices` and `local` as in the file; `symbols`, a list of dicts
        with macro, args, form, meaning, shape, code, flow, letters, kind ("form" for pieces), others
        {profile: form}, text {profile: the text's own letter where its form had to differ} and lent
        (profiles); and `formulas`, each with others {profile or layout: {form, remark, quote or lent}}.

    Raises:
        ValueError: for a file that is no TOML or not as its head says. The message has a line for
            each fault, with the file and the key.
    """
    path = Path(path)
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None
    faults = list(_schema_faults(file)) or list(_faults(file))
    if faults:
        raise ValueError("\n".join(f"{path}: {key}: {fault}" for key, fault in faults))
    texts = {**file["profiles"], **file["layouts"]}
    formulas = {
        name: formula
        | {"others": {n: t["formulas"][name] for n, t in texts.items() if name in t.get("formulas", {})}}
        for name, formula in file["formulas"].items()
    }
    symbols = [_symbol(name, symbol, file["profiles"]) for name, symbol in file["symbols"].items()]
    symbols += [_piece(name, piece, file["profiles"]) for name, piece in file["pieces"].items()]
    return file | {"symbols": symbols, "formulas": formulas}


def _symbol(name, symbol, profiles):
    """A symbol with what each profile has for it."""
    others, text, lent = {}, {}, []
    for profile, its in profiles.items():
        own = its["own"].get(name, {})
        if form := own.get("form") or its["lent"].get(name):
            others[profile] = form
        if "text" in own:
            text[profile] = own["text"]
        if name not in its["own"]:
            lent.append(profile)
    return {"macro": name} | symbol | {"others": others, "text": text, "lent": lent}


def _piece(name, piece, profiles):
    others = {p: its["pieces"][name] for p, its in profiles.items() if name in its.get("pieces", {})}
    return {"macro": name, "kind": "form"} | piece | {"others": others}


def _schema_faults(file):
    """(key, fault) of everything the schema forbids."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for error in sorted(
        Draft202012Validator(schema).iter_errors(file), key=lambda error: list(map(str, error.path))
    ):
        yield ".".join(map(str, error.path)) or "top level", error.message


def _faults(file):
    """(key, fault) of what one part of the file says against another."""
    symbols, pieces, profiles = file["symbols"], file["pieces"], file["profiles"]
    for twice in sorted(set(symbols) & set(pieces)):
        yield f"pieces.{twice}", "is a symbol too"
    for section, entries in (("symbols", symbols), ("pieces", pieces)):
        for name, entry in entries.items():
            forms = [entry["form"]]
            if section == "pieces":  # one may need an argument in some notations only
                forms += [its["pieces"][name] for its in profiles.values() if name in its.get("pieces", {})]
            used = sorted({n for form in forms for n in _used(form)})
            if used != list(range(1, entry["args"] + 1)):
                yield f"{section}.{name}", f"takes {entry['args']} arguments, its form uses {used}"
            if len(entry.get("letters", [])) not in (0, entry["args"]):
                yield f"{section}.{name}", f"takes {entry['args']} arguments, has letters {entry['letters']}"
    for profile, its in profiles.items():
        forms = {f"own.{name}": entry.get("form", "") for name, entry in its["own"].items()}
        forms |= {
            f"{part}.{name}": form for part in ("lent", "pieces") for name, form in its.get(part, {}).items()
        }
        for key, form in forms.items():
            part, name = key.split(".")
            known = pieces if part == "pieces" else symbols
            if name not in known:
                yield (
                    f"profiles.{profile}.{key}",
                    f"there is no such {'piece' if part == 'pieces' else 'symbol'}",
                )
            elif beyond := [n for n in _used(form) if n > known[name]["args"]]:
                yield f"profiles.{profile}.{key}", f"takes {known[name]['args']} arguments, uses {beyond}"
        for name in sorted(set(its["own"]) & set(its["lent"])):
            yield f"profiles.{profile}.{name}", "stands in own and in lent"
        missing = [
            n
            for n, s in symbols.items()
            if "common" not in s and n not in its["own"] and n not in its["lent"]
        ]
        if missing:
            yield f"profiles.{profile}", f"no letter for {', '.join(missing)}: name them in own or lent"
    for section in ("profiles", "layouts"):
        for text, its in file[section].items():
            for name in sorted(set(its.get("formulas", {})) - set(file["formulas"])):
                yield f"{section}.{text}.formulas.{name}", f"expected one of {', '.join(file['formulas'])}"


def _used(form):
    return [n for n in range(1, 10) if f"#{n}" in form]


def form_of(symbol, profile=OWN):
    """What a macro stands for in a profile; the book's form where the text has no letter of its own."""
    return symbol["others"].get(profile, symbol["form"])


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
    form = symbol["text"].get(name, form_of(symbol, name))
    cell = f"${spelt(form, symbol['args'], letters)}$"
    if name in symbol["lent"]:
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
        ValueError: if the notation file has no formula of that name, or not in that text's letters.
    """
    formulas = notation["formulas"]
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
        title = {**notation["profiles"], **notation["layouts"]}[profile]["name"]
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
        path = Path(self.env.srcdir) / FILE
        self.env.note_dependency(str(path))
        notation = read(path)
        try:
            content = lines(notation, self.options, self.env.srcdir, _way(self.env.docname))
        except (KeyError, ValueError) as error:
            raise self.error(str(error)) from None
        container = nodes.container()
        self.state.nested_parse(StringList(content, source=FILE), self.content_offset, container)
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
    notation = read(Path(app.srcdir) / FILE)
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
