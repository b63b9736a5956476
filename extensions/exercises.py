"""Sphinx extension: the directive `practice` puts an exercise of `backprop.exercises` on a page.

The first variant stands there whole, with hints and solution folded away; fields wait for the page's
script, which asks the same Python.

    ```{practice} hidden-error-by-hand
    ```
"""

from html import escape

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

LEVELS = {1: "apply", 2: "combine", 3: "find out"}


class Practice(SphinxDirective):
    """One exercise, by its name."""

    required_arguments = 1

    def run(self):
        from backprop import exercises
        from backprop.exercises.page import opened

        try:
            exercise = exercises.named(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from None
        parts = opened(exercise, 0)
        name = escape(exercise.name)
        out = [
            raw(f'<section class="bp-exercise" data-exercise="{name}" aria-labelledby="{name}-title">'),
            *self.heading(exercise),
            raw('<div class="bp-task">'), *self.parsed(parts["text"]), raw("</div>"),
            raw('<form autocomplete="off" novalidate>'),
        ]  # fmt: skip
        for step in parts["steps"]:
            out += self.step(step)
        out += [
            raw(
                '<p class="bp-actions"><button type="submit" disabled>Check</button> '
                + ('<button type="button" data-action="another" disabled>Another one</button> '
                   if exercise.varies else "")
                + '<span class="bp-status" role="status"></span></p></form>'
            ),
            raw('<div class="bp-hints">'),
        ]  # fmt: skip
        for i, hint in enumerate(parts["hints"], start=1):
            out += self.folded(f"Hint {i}", hint, "bp-hint")
        out += [raw("</div>"), *self.folded("Solution", parts["solution"], "bp-solution")]
        out += [*self.places(exercise), raw("</section>")]
        return out

    def heading(self, exercise):
        """Title with level and minutes; a target for links, `ex:name`."""
        label = nodes.paragraph(classes=["bp-exercise-title"])
        name = f"practice-{exercise.name}"
        label += raw(f'<span id="{exercise.name}-title">')
        label.extend(self.inline(exercise.title))
        label += raw(
            f'</span> <span class="bp-level">{LEVELS[exercise.level]} · {exercise.minutes} min</span>'
        )
        label["ids"].append(name)
        domain = self.env.get_domain("std")
        domain.note_hyperlink_target(name, self.env.docname, name, exercise.title)
        return [label]

    def step(self, step):
        """The fields of one step between what it asks and the place for the verdict."""
        name = escape(step["name"])
        out = [raw(f'<fieldset data-step="{name}" data-kind="{step["kind"]}" disabled><legend>')]
        out += [*self.inline(step["ask"]), raw("</legend>")]
        if "options" in step:
            for i, text in enumerate(step["options"]):
                field = f'<input type="radio" name="{name}" value="{i}">'
                out += [
                    raw(f'<label class="bp-option">{field}<span>'),
                    *self.inline(text),
                    raw("</span></label>"),
                ]
        elif "lines" in step:
            out.append(raw('<ol class="bp-lines">'))
            for key, text in step["lines"]:
                out += [raw(f'<li data-key="{escape(key)}"><span>'), *self.inline(text), raw("</span></li>")]
            out.append(raw("</ol>"))
        else:
            out.append(raw(step["html"]))
        return [*out, raw('<div class="bp-mark" role="status"></div></fieldset>')]

    def folded(self, summary, text, kind):
        """A text that opens at a click; without a script too."""
        return [
            raw(f'<details class="{kind}"><summary>{summary}</summary>'),
            *self.parsed(text),
            raw("</details>"),
        ]

    def places(self, exercise):
        """Links to what explains the mistakes, out of sight until a verdict shows one."""
        labels = dict.fromkeys(
            label
            for step in exercise.steps
            for slip in (*_slips(step), *getattr(step, "options", ()))
            for label in slip.see
        )
        out = [raw('<div class="bp-places" hidden>')]
        for label in labels:
            role = "eq" if label.startswith("eq:") else "prf:ref" if label.split(":")[0] in PROVED else "ref"
            out += [
                raw(f'<span data-label="{escape(label)}">'),
                *self.inline(f"{{{role}}}`{label}`"),
                raw("</span>"),
            ]
        return [*out, raw("</div>")]

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


PROVED = {"thm", "prop", "lem", "cor", "alg"}


def _slips(step):
    return step.slips if isinstance(getattr(step, "slips", ()), tuple) else ()


def raw(html):
    return nodes.raw("", html, format="html")


def setup(app):
    app.add_directive("practice", Practice)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
