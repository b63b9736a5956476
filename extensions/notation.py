"""Sphinx extension: the symbols of notation.yml, as macros and as tables.

The macros feed MathJax and LaTeX. The directive `notation-table` prints a table of all symbols,
with `:concordance:` how other courses and textbooks write them, and with `:formula: NAME` one
equation in every notation.
"""

import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

REQUIRED = {"macro", "args", "form", "meaning", "shape", "code"}
OPTIONAL = {"flow", "others", "letters"}
SECTIONS = {"profiles", "symbols", "indices", "local"}
PROFILE = {"name", "source", "differs"}
FORMULA = {"ours", "others"}
TRANSLATION = {"form", "remark"}
FLOWS = {"forward", "backward"}
# What the arguments are called in a table.
ARGUMENTS = ("l", "j", "k")


def read(path):
    """notation.yml as a dict, checked.

    Raises:
        ValueError: for unknown or missing sections, keys and profiles, a macro defined twice, or a
            form that uses other arguments than declared; the message names the place.
    """
    notation = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    _same_keys(f"{path}", notation, SECTIONS, {"formulas"})
    for name, profile in notation["profiles"].items():
        _same_keys(f"{path}: profile {name}", profile, PROFILE, {"letters"})
        if len(profile.get("letters", ARGUMENTS)) != len(ARGUMENTS):
            raise ValueError(
                f"{path}: profile {name}: expected {len(ARGUMENTS)} letters, got {profile['letters']}"
            )
    seen = set()
    for number, symbol in enumerate(notation["symbols"], start=1):
        where = f"{path}: {symbol.get('macro', f'symbol {number}')}"
        _same_keys(where, symbol, REQUIRED, OPTIONAL)
        if symbol["macro"] in seen:
            raise ValueError(f"{where} is defined twice")
        seen.add(symbol["macro"])
        if symbol.get("flow", "forward") not in FLOWS:
            raise ValueError(f"{where}: flow is {symbol['flow']!r}, expected one of {sorted(FLOWS)}")
        _known_profiles(where, symbol.get("others", {}), notation)
        if len(symbol.get("letters", [])) not in (0, symbol["args"]):
            raise ValueError(f"{where}: takes {symbol['args']} arguments, has letters {symbol['letters']}")
        used = [n for n in range(1, 10) if f"#{n}" in symbol["form"]]
        if used != list(range(1, symbol["args"] + 1)):
            raise ValueError(f"{where}: takes {symbol['args']} arguments, its form uses {used}")
        for profile, form in symbol.get("others", {}).items():
            beyond = [n for n in range(1, 10) if f"#{n}" in form and n > symbol["args"]]
            if beyond:
                raise ValueError(f"{where}: takes {symbol['args']} arguments, {profile} uses {beyond}")
    for name, formula in notation.get("formulas", {}).items():
        where = f"{path}: formula {name}"
        _same_keys(where, formula, FORMULA)
        _known_profiles(where, formula["others"], notation)
        for profile, translation in formula["others"].items():
            _same_keys(f"{where}: {profile}", translation, TRANSLATION)
    return notation


def _known_profiles(where, others, notation):
    unknown = sorted(set(others) - set(notation["profiles"]))
    if unknown:
        raise ValueError(f"{where}: unknown profiles {unknown}, expected {list(notation['profiles'])}")


def _same_keys(where, mapping, required, optional=frozenset()):
    missing, unknown = sorted(required - set(mapping)), sorted(set(mapping) - required - optional)
    if missing or unknown:
        raise ValueError(f"{where}: missing keys {missing}, unknown keys {unknown}")


def mathjax_macros(symbols):
    """The macros as MathJax wants them; forward and backward symbols carry their class."""
    macros = {}
    for symbol in symbols:
        form = symbol["form"]
        if "flow" in symbol:
            form = rf"\class{{bp-{symbol['flow']}}}{{{form}}}"
        macros[symbol["macro"]] = [form, symbol["args"]] if symbol["args"] else form
    return macros


def latex_preamble(symbols):
    """The macros as LaTeX definitions, in the two colours of the book."""
    colours = [
        r"\usepackage{xcolor}",
        r"\definecolor{bpforward}{HTML}{0072B2}",
        r"\definecolor{bpbackward}{HTML}{D55E00}",
    ]
    lines = []
    for symbol in symbols:
        form = symbol["form"]
        if "flow" in symbol:
            form = rf"{{\color{{bp{symbol['flow']}}}{form}}}"
        arguments = f"[{symbol['args']}]" if symbol["args"] else ""
        lines.append(rf"\providecommand{{\{symbol['macro']}}}{{}}")
        lines.append(rf"\renewcommand{{\{symbol['macro']}}}{arguments}{{{form}}}")
    return "\n".join(colours + lines)


def spelt(form, args, letters=ARGUMENTS):
    """A form with its arguments called l, j, k, or by other letters.

    >>> spelt("w^{(#1)}_{#2#3}", 3)
    'w^{(l)}_{jk}'
    """
    for n in range(args):
        form = form.replace(f"#{n + 1}", letters[n])
    return form


def table(notation, concordance=False):
    """The rows of the table, as lists of MyST text, heading first."""
    symbols = notation["symbols"]
    if not concordance:
        rows = [["symbol", "what it is", "shape", "in the code"]]
        for symbol in symbols:
            letters = symbol.get("letters", ARGUMENTS)
            meaning = re.sub(r"#(\d)", lambda m, by=letters: f"${by[int(m[1]) - 1]}$", symbol["meaning"])
            code = f"`{symbol['code']}`" if symbol["code"] else ""
            rows.append([_ours(symbol), meaning, _shape(symbol["shape"]), code])
        return rows
    profiles = {
        name: profile
        for name, profile in notation["profiles"].items()
        if any(name in symbol.get("others", {}) for symbol in symbols)
    }
    rows = [["this book", *(profile["name"] for profile in profiles.values())]]
    for symbol in symbols:
        others = symbol.get("others")
        if others:
            cells = []
            for name, profile in profiles.items():
                letters = symbol.get("letters") or profile.get("letters", ARGUMENTS)
                form = others.get(name)
                cells.append(f"${spelt(form, symbol['args'], letters)}$" if form else "–")
            rows.append([_ours(symbol), *cells])
    return rows


def translations(notation, name):
    """One formula in every notation, as lines of MyST.

    Raises:
        ValueError: if notation.yml has no formula of that name.
    """
    formulas = notation.get("formulas", {})
    if name not in formulas:
        raise ValueError(f"formula: expected one of {sorted(formulas)}, got {name!r}")
    lines = ["**This book.**", "", "$$", formulas[name]["ours"], "$$", ""]
    for profile, translation in formulas[name]["others"].items():
        title = notation["profiles"][profile]["name"]
        lines += [
            f"**{title.rstrip('.')}.** {translation['remark']}",
            "",
            "$$",
            translation["form"],
            "$$",
            "",
        ]
    return lines


def _ours(symbol):
    letters = symbol.get("letters", ARGUMENTS)
    arguments = "".join(f"{{{letters[n]}}}" for n in range(symbol["args"]))
    return f"$\\{symbol['macro']}{arguments}$"


def _shape(shape):
    return f"${shape}$" if shape.startswith("(") and "outputs" not in shape else shape


class NotationTable(SphinxDirective):
    """`notation-table`: all symbols; with `:concordance:`, as other texts write them.

    With `:formula: NAME` it prints one formula of notation.yml in every notation instead.
    """

    option_spec = {  # noqa: RUF012 (docutils reads a plain dict)
        "concordance": directives.flag,
        "formula": directives.unchanged_required,
    }

    def run(self):
        path = Path(self.env.srcdir) / "notation.yml"
        self.env.note_dependency(str(path))
        notation = read(path)
        if "formula" in self.options:
            try:
                lines = translations(notation, self.options["formula"])
            except ValueError as error:
                raise self.error(str(error)) from None
        else:
            rows = table(notation, "concordance" in self.options)
            rows.insert(1, ["---"] * len(rows[0]))
            lines = ["| " + " | ".join(row) + " |" for row in rows]
        container = nodes.container()
        self.state.nested_parse(StringList(lines, source="notation.yml"), self.content_offset, container)
        return container.children


def _configure(app, config):
    symbols = read(Path(app.srcdir) / "notation.yml")["symbols"]
    mathjax = config.mathjax3_config or {}
    mathjax.setdefault("loader", {})["load"] = ["[tex]/html"]
    tex = mathjax.setdefault("tex", {})
    tex["packages"] = {"[+]": ["html"]}
    tex["macros"] = mathjax_macros(symbols)
    # Else every formula is a stop of the Tab key.
    mathjax["options"] = {"menuOptions": {"settings": {"inTabOrder": False}}}
    config.mathjax3_config = mathjax
    config.latex_elements["preamble"] = (
        config.latex_elements.get("preamble", "") + "\n" + latex_preamble(symbols)
    )


def setup(app):
    app.add_directive("notation-table", NotationTable)
    app.connect("config-inited", _configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
