"""Sphinx extension: the directive `practice` puts an exercise of `backprop.exercises` on a page.

The first variant stands there whole, with hints and solution folded away; fields wait for the page's
script, which asks the same Python.

    ```{practice} hidden-error-by-hand
    ```
"""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

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
    return step.slips if isinstance(getattr(step, "slips", ()), tuple) else ()


def _role(label):
    kind = label.split(":")[0]
    return "eq" if kind == "eq" else "prf:ref" if kind in PROVED else "ref"


def raw(html):
    return nodes.raw("", html, format="html")


def setup(app):
    app.add_directive("practice", Practice)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
