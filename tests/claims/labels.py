"""Labels of the book: where a chapter claims something, and which test carries the claim's name.

A claim is a labelled formula, `$$ ... $$ (eq:name)`, or a labelled theorem, proposition, lemma,
corollary or algorithm of sphinx-proof. The test of `eq:delta-hidden` is `test_eq_delta_hidden`.
"""

import ast
import functools
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
EQUATION = re.compile(r"\$\$ *\(([^)\s]+)\) *$", re.M)
PROVED = re.compile(
    r"^(`{3,}|:{3,}) *\{prf:(?:theorem|proposition|lemma|corollary|algorithm)\}.*\n(?::(?!label).*\n)*:label: *(\S+)",
    re.M,
)
OTHER_LABEL = re.compile(r"^\((\S+)\)= *$|^:(?:label|name): *(\S+) *$", re.M)
REFERENCE = re.compile(
    r"\{(?:eq|ref|numref|prf:ref)\}`(?:[^`<]*<)?([^`>]+)>?`|\{button-ref\} +(\S+)|\]\(#([^)\s]+)\)"
)


@functools.cache
def pages():
    """[(path, text), ...] of every page: the markdown of notebooks, and Markdown files; those made in exercises/ are none."""
    return list(_pages())


def _pages():
    for path in sorted(
        [
            *ROOT.glob("chapters/*.ipynb"),
            *ROOT.glob("chapters/*.md"),
            *ROOT.glob("*.md"),
        ]
    ):
        if path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            yield path, "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        else:
            yield path, path.read_text(encoding="utf-8")


def claims():
    """Every claim's label, in order, with repetitions."""
    return [
        label
        for _, text in pages()
        for label in EQUATION.findall(text) + [match[1] for match in PROVED.findall(text)]
    ]


def labels_in_chapters():
    """Every label that a reference may name."""
    others = [a or b for _, text in pages() for a, b in OTHER_LABEL.findall(text)]
    return set(claims()) | set(others)


def references():
    """(page, label) of every cross-reference."""
    return [
        (path.name, next(filter(None, match))) for path, text in pages() for match in REFERENCE.findall(text)
    ]


def name_of_test(label):
    """The name of the test that carries a label."""
    return "test_" + re.sub(r"\W", "_", label)


def names_of_tests():
    """The names of all tests in tests/claims, in order."""
    names = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names += [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in names if name.startswith("test_")]


@functools.cache
def read_from_page():
    """{label: {"printed", "pinned"}}: how the test of a label's own name reads its formula from the page."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                for call in ast.walk(node):
                    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args):
                        continue
                    label = call.args[0]
                    if call.func.id in ("printed", "pinned") and isinstance(label, ast.Constant):
                        if name_of_test(label.value) == node.name:
                            found.setdefault(label.value, set()).add(call.func.id)
    return found


@functools.cache
def code_lines():
    """{label: [(path, line), ...]}: where src names a label; lines that end in its comment first, network.py first."""
    found = {}
    for path in sorted((ROOT / "src" / "backprop").rglob("*.py")):
        if path.parent.name == "exercises":  # there a label says what an exercise trains
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for label in re.findall(r"\b(?:eq|thm|prop|lem|cor|alg):[a-z0-9-]+", line):
                rank = (not line.endswith(f"# {label}"), path.name != "network.py")
                found.setdefault(label, []).append((rank, (path.relative_to(ROOT).as_posix(), number)))
    return {label: [place for _, place in sorted(places)] for label, places in found.items()}


@functools.cache
def claims_of_pages():
    """{page's stem: [label, ...]} in the order of the pages' text, formulas and theorems mixed."""
    found = {}
    for path, text in pages():
        places = [(m.start(), m[1]) for m in EQUATION.finditer(text)] + [
            (m.start(), m[2]) for m in PROVED.finditer(text)
        ]
        if places:
            found[path.stem] = [label for _, label in sorted(places)]
    return found


def file_of_test(label):
    """The file in tests/claims that holds the test of a label."""
    head = f"def {name_of_test(label)}("
    files = [
        path.name
        for path in sorted(Path(__file__).parent.glob("test_*.py"))
        if head in path.read_text(encoding="utf-8")
    ]
    return files[0] if files else ""
