"""Sphinx extension: the directive `practice` puts an exercise of `backprop.exercises` on a page.

The first variant stands there whole, with hints and solution folded away; fields wait for the page's
script, which asks the same Python.

    ```{practice} hidden-error-by-hand
    ```

`practice-page` is the page that mixes them: a list of all, and a place for the script. Every page loads
web/progress.js, which keeps the reader's record and marks the table of contents.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

SCRIPT = "exercises/progress.js"
PROVED = {"thm", "prop", "lem", "cor", "alg"}


class Practice(SphinxDirective):
    """One exercise, by its name; a target for links, `practice-name`."""

    required_arguments = 1

    def run(self):
        from backprop import exercises
        from backprop.exercises.page import parts

        try:
            exercise = exercises.named(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from None
        target = f"practice-{exercise.name}"
        domain = self.env.get_domain("std")
        domain.note_hyperlink_target(target, self.env.docname, target, exercise.title)
        write = {"html": lambda html: [raw(html)], "text": self.parsed, "line": self.inline}
        return [
            node for kind, content in parts(exercise, 0, places(exercise)) for node in write[kind](content)
        ]

    def parsed(self, text):
        """Markdown of the book as nodes."""
        box = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), self.get_location()), 0, box)
        return box.children

    def inline(self, text):
        """The same for one line: without the paragraph around it."""
        children = self.parsed(text)
        if len(children) == 1 and isinstance(children[0], nodes.paragraph):
            return [nodes.inline("", "", *children[0].children)]  # links need a text around them
        return children


class PracticePage(Practice):
    """A place for the page's script, and all exercises with their levels, chapter by chapter."""

    required_arguments = 0

    def run(self):
        from backprop import exercises
        from backprop.exercises.page import LEVELS

        lines = []
        for chapter in dict.fromkeys(exercise.chapter for exercise in exercises.ALL.values()):
            lines += ["", f"**{{doc}}`chapters/{chapter}`**", ""]
            for it in exercises.of_chapter(chapter):
                link = f"{{ref}}`{it.title} <practice-{it.name}>`"
                lines.append(
                    f'- <span data-practice="{it.name}">{link}</span> ({LEVELS[it.level]}, {it.minutes} min)'
                )
        return [raw('<div id="bp-practice" data-live></div>'), *self.parsed("\n".join(lines))]


def script(root, labels):
    """The text of the script that keeps the record, with all exercises that stand on a page."""
    from backprop import exercises

    listed = [
        {"name": name, "title": exercise.title, "page": f"{labels[f'practice-{name}'][0]}.html"}
        for name, exercise in exercises.ALL.items()
        if f"practice-{name}" in labels
    ]
    code = (Path(root) / "web" / "progress.js").read_text(encoding="utf-8")
    return f"const EXERCISES = {json.dumps(listed, ensure_ascii=False)};\n{code}"


def _write(app, error):
    if error is None and app.builder.format == "html":
        target = Path(app.outdir) / SCRIPT
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(script(app.srcdir, app.env.get_domain("std").anonlabels), encoding="utf-8")


def _load(app, pagename, templatename, context, doctree):
    app.add_js_file(f"../{SCRIPT}", priority=300, loading_method="defer")


def places(exercise):
    """{label: link as MyST} of all that explains a mistake of this exercise."""
    labels = dict.fromkeys(
        label
        for step in exercise.steps
        for slip in (*_slips(step), *getattr(step, "options", ()))
        for label in slip.see
    )
    return {label: f"{{{_role(label)}}}`{label}`" for label in labels}


def _slips(step):
    slips = getattr(step, "slips", ())  # a choice has none, those of a program are texts
    return slips if isinstance(slips, tuple) else ()


def _role(label):
    kind = label.split(":")[0]
    return "eq" if kind == "eq" else "prf:ref" if kind in PROVED else "ref"


def raw(html):
    return nodes.raw("", html, format="html")


def setup(app):
    app.add_directive("practice", Practice)
    app.add_directive("practice-page", PracticePage)
    app.connect("build-finished", _write)
    app.connect("html-page-context", _load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
