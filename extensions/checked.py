"""The page "What is checked": how the test of each label reads its formula, and the code that computes it.

Nothing is stored: the table is made from the chapters, from tests/claims and from src when the book is
built.
"""

import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # tests/ is no installed package
    sys.path.insert(0, str(ROOT))

from tests.claims import labels  # noqa: E402

HOW = {
    ("printed",): "run",
    ("pinned", "printed"): "run, and pinned",
    ("pinned",): "pinned",
    (): "by its test alone",
}


def rows():
    """[(page, label, how, test file, (path, line) or None)] of every labelled claim, in the book's order."""
    return [
        (
            page,
            label,
            HOW[tuple(sorted(labels.read_from_page().get(label, ())))],
            labels.file_of_test(label),
            next(iter(labels.code_lines().get(label, ())), None),
        )
        for page, of_page in labels.claims_of_pages().items()
        for label in of_page
    ]


def counts():
    """{"formulas": ..., "run": ..., "pinned": ..., "theorems": ..., "in code": ...}."""
    formulas = [row for row in rows() if row[1].startswith("eq:")]
    return {
        "formulas": len(formulas),
        "run": sum(row[2].startswith("run") for row in formulas),
        "pinned": sum(row[2] == "pinned" for row in formulas),
        "theorems": len(rows()) - len(formulas),
        "in code": sum(row[4] is not None for row in formulas),
    }


def lines():
    """What the directive stands for, as lines of MyST."""
    number = counts()
    made = [
        f"Of {number['formulas']} labelled formulas {number['run']} are run as they are printed, "
        f"{number['pinned']} are pinned. {number['in code']} of them have their label in the code. "
        f"There are {number['theorems']} labelled theorems, propositions, lemmas, corollaries, algorithms.",
    ]
    page = None
    for where, label, how, test, code in rows():
        if where != page:
            page = where
            made += [
                "",
                f"**{_title(where)}**",
                "",
                "| label | the formula is | test in | code |",
                "|---|---|---|---|",
            ]
        role = "eq" if label.startswith("eq:") else "prf:ref"
        place = f"`{code[0].removeprefix('src/backprop/')}:{code[1]}`" if code else ""
        made.append(f"| {{{role}}}`{label}` `{label}` | {how} | `{test}` | {place} |")
    return made


def _title(page):
    text = next(text for path, text in labels.pages() if path.stem == page)
    return next(line[2:] for line in text.splitlines() if line.startswith("# "))


class CheckedTable(SphinxDirective):
    """`checked-table`: one row a label."""

    def run(self):
        self.env.note_reread()
        container = nodes.container()
        self.state.nested_parse(StringList(lines(), source="tests/claims"), self.content_offset, container)
        return container.children


def setup(app):
    app.add_directive("checked-table", CheckedTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
