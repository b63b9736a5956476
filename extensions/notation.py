"""Sphinx extension: the macros of notation.yml, for MathJax and for LaTeX."""

from pathlib import Path

import yaml

REQUIRED = {"macro", "args", "form", "meaning", "shape", "code"}
OPTIONAL = {"flow"}
FLOWS = {"forward", "backward"}


def load(path):
    """The symbols of notation.yml as a list of dicts.

    Raises:
        ValueError: for unknown or missing keys, a macro defined twice, or a form that uses more
            arguments than declared.
    """
    symbols = yaml.safe_load(Path(path).read_text(encoding="utf-8"))["symbols"]
    seen = set()
    for number, symbol in enumerate(symbols, start=1):
        name = symbol.get("macro", f"symbol {number}")
        missing, unknown = REQUIRED - set(symbol), set(symbol) - REQUIRED - OPTIONAL
        if missing or unknown:
            raise ValueError(
                f"{path}: {name}: missing keys {sorted(missing)}, unknown keys {sorted(unknown)}"
            )
        if name in seen:
            raise ValueError(f"{path}: {name} is defined twice")
        if symbol.get("flow", "forward") not in FLOWS:
            raise ValueError(f"{path}: {name}: flow is {symbol['flow']!r}, expected one of {sorted(FLOWS)}")
        used = [n for n in range(1, 10) if f"#{n}" in symbol["form"]]
        if used != list(range(1, symbol["args"] + 1)):
            raise ValueError(f"{path}: {name}: takes {symbol['args']} arguments, its form uses {used}")
        seen.add(name)
    return symbols


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


def _configure(app, config):
    symbols = load(Path(app.srcdir) / "notation.yml")
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
    app.connect("config-inited", _configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
