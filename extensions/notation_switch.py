"""Sphinx extension: the reader's own notation.

A select in the header of every page sets all formulas in another course's letters; beside it stands a
key to the letters. Where a course builds an equation differently, a note with its equation stands beside
ours. What a page needs is in it as HTML; web/notation.js does the rest, from one file that holds the
script and the macros of all profiles.
"""

import hashlib
import html
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from backprop.macros import expand

from . import notation as symbols

SCRIPT = "notation/notation.js"
# The letters of the key, in the order of a forward and a backward pass.
KEY = (
    "inp", "lab", "nlayers", "size", "W", "bias", "pre", "act", "actf", "out", "loss", "cost", "err", "step",
    "nexamples", "had",
)  # fmt: skip


def script(root, notation):
    """The text of the script, with the macros of every notation."""
    names = [symbols.OWN, *notation["profiles"]]
    macros = {name: symbols.mathjax_macros(notation["symbols"], name) for name in names}
    data = {"standard": symbols.default(notation), "macros": macros}
    code = (Path(root) / "web" / "notation.js").read_text(encoding="utf-8")
    return f"const NOTATIONS = {json.dumps(data, ensure_ascii=False)};\n{code}"


def tex(formula, display=False):
    """A formula as HTML that MathJax sets."""
    tag, left, right = ("div", r"\[", r"\]") if display else ("span", r"\(", r"\)")
    return f'<{tag} class="math notranslate nohighlight">{left}{html.escape(formula)}{right}</{tag}>'


# A formula of a page: its tag, what stands before it there, its TeX.
FORMULA = re.compile(
    r'(<(?:span|div) class="math notranslate nohighlight"[^>]*)'
    r'(>(?:\s*<span class="eqno">.*?</span>)?\s*)(\\\(.*?\\\)(?=</span>)|\\\[.*?\\\](?=</div>))',
    re.S,
)


def plain(body, macros):
    """A page whose formulas stand there without our macros, for readers without scripts.

    The script puts the macros back, from `data-tex`. What waits in templates stays as it is.
    """

    def written(found):
        formula = html.unescape(found[3])
        new = expand(formula, macros)
        if new == formula:
            return found[0]
        source = html.escape(formula)
        return f'{found[1]} data-tex="{source}"{found[2]}{html.escape(new, quote=False)}'

    pieces = re.split(r"(<template.*?</template>)", body, flags=re.S)
    return "".join(piece if n % 2 else FORMULA.sub(written, piece) for n, piece in enumerate(pieces))


def header(notation):
    """The select and the key to the letters."""
    names = {symbols.OWN: "This book", **{n: p["name"] for n, p in notation["profiles"].items()}}
    standard = symbols.default(notation)
    options = "".join(
        f'<option value="{name}"{" selected" if name == standard else ""}>{html.escape(title)}</option>'
        for name, title in names.items()
    )
    by_macro = {symbol["macro"]: symbol for symbol in notation["symbols"]}
    rows = "".join(
        f"<tr><td>{_inline(symbols.ours(by_macro[macro]))}</td><td>{_inline(symbols.meaning(by_macro[macro]))}</td></tr>"
        for macro in KEY
        if macro in by_macro
    )
    notes = "".join(
        f'<div data-notation="{name}"><p>{html.escape(profile["source"])}.</p><ul>'
        + "".join(f"<li>{html.escape(sentence)}</li>" for sentence in profile["differs"])
        + "</ul></div>"
        for name, profile in notation["profiles"].items()
    )
    return (
        '<div class="bp-notation"><label for="bp-notation">Notation</label>'
        f'<select id="bp-notation" class="form-select form-select-sm">{options}</select>'
        '<details class="bp-key"><summary title="Key to the letters">Key</summary>'
        '<div class="bp-key-body" role="region" aria-label="Key to the letters"></div>'
        f"<template><table><tbody>{rows}</tbody></table>{notes}"
        "<p>l is a layer, j and k are units, i is an example, in every notation.</p></template></details>"
        '<span class="bp-announce visually-hidden" role="status"></span></div>'
    )


def notes(notation, label):
    """The notes beside the equation of a label: for each profile that has a remark on it, its equation."""
    found = []
    for formula in notation.get("formulas", {}).values():
        if label in formula.get("labels", []):
            for name, other in formula["others"].items():
                if name in notation["profiles"] and other["remark"]:
                    title = notation["profiles"][name]["name"].rstrip(".")
                    found.append(
                        f'<template class="bp-form-note" data-notation="{name}">'
                        f'<aside class="bp-note" aria-label="In the notation of {html.escape(title)}">'
                        f"<p><strong>{html.escape(title)}.</strong> {_inline(other['remark'])}</p>"
                        f"{tex(other['form'], display=True)}</aside></template>"
                    )
    return "".join(found)


def own_forms(notation):
    """For each profile a table of its own equations, and what it does differently."""
    found = []
    for name, profile in notation["profiles"].items():
        formulas = [f for f in (notation["formulas"][key] for key in symbols.SHEET) if name in f["others"]]
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(formula['title'])}</th>"
            f"<td>{tex(formula['others'][name]['form'])}</td>"
            f"<td>{_inline(formula['others'][name]['remark'])}</td></tr>"
            for formula in formulas
        )
        title = html.escape(profile["name"].rstrip("."))
        found.append(
            f'<template class="bp-form-note" data-notation="{name}"><aside class="bp-note bp-own-forms">'
            f"<p><strong>As {title} writes it</strong> ({html.escape(profile['source'])})</p>"
            f"<table><tbody>{rows}</tbody></table>"
            f"<p>{html.escape(' '.join(profile['differs']))}</p></aside></template>"
        )
    return "".join(found)


def _inline(text):
    """Plain text with formulas in dollars, as HTML."""
    pieces = re.split(r"\$([^$]+)\$", text)
    return "".join(tex(piece) if n % 2 else html.escape(piece) for n, piece in enumerate(pieces))


class NotationForms(SphinxDirective):
    """`notation-forms`: in a chosen notation, the equations as that text writes them."""

    def run(self):
        path = Path(self.env.srcdir) / symbols.FILE
        self.env.note_dependency(str(path))
        return [nodes.raw("", own_forms(symbols.read(path)), format="html")]


def _configure(app, config):
    notation = app.bp_notation = symbols.read(Path(app.srcdir) / symbols.FILE)
    app.bp_script, app.bp_header = script(app.srcdir, notation), header(notation)
    # A change of the notation file writes all pages anew.
    config.notation_digest = hashlib.sha256((app.bp_script + repr(notation)).encode()).hexdigest()
    config.templates_path.append(str(Path(__file__).parent / "templates"))
    config.html_theme_options["article_header_end"] = ["notation-switch.html", "article-header-buttons.html"]


def _write(app):
    if app.builder.format == "html":
        target = Path(app.outdir) / SCRIPT
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(app.bp_script, encoding="utf-8")


def _attach(app, doctree, docname):
    if app.builder.format == "html":
        for node in list(doctree.findall(nodes.math_block)):
            found = notes(app.bp_notation, node.get("label") or "")
            if found:
                node.parent.insert(node.parent.index(node) + 1, nodes.raw("", found, format="html"))


def _page(app, pagename, templatename, context, doctree):
    context["notation_switch"] = app.bp_header
    if "body" in context:
        standard = symbols.default(app.bp_notation)
        context["body"] = plain(context["body"], symbols.plain_macros(app.bp_notation["symbols"], standard))
    # Before MathJax, which reads its macros when it starts.
    app.add_js_file(f"../{SCRIPT}", priority=300, loading_method="defer")


def setup(app):
    app.add_directive("notation-forms", NotationForms)
    app.add_config_value("notation_digest", "", "html")
    # Before the theme's own handlers, which run at the default priority 500.
    app.connect("config-inited", _configure, priority=100)
    app.connect("builder-inited", _write)
    app.connect("doctree-resolved", _attach)
    app.connect("html-page-context", _page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
