"""The reader notebooks of the whole book: plain, right, and runnable."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tools import notebooks, reader

ROOT = Path(__file__).resolve().parents[2]
PROFILES = [reader.symbols.OWN, *reader.symbols.read(ROOT / reader.symbols.FILE)["profiles"]]
CODE = re.compile(r"^ *(`{3,}).*?^ *\1`*[ \t]*$|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", re.M | re.S)
MATH = re.compile(r"(?<!\\)(\$\$)(.+?)\$\$|(?<!\\)(\$)([^$]+?)\$", re.S)
# Everything that only MyST understands; a reader notebook's prose may hold none of it.
MYST = {
    "fence": r"^ *(`{3,}|~{3,}|:{3,}) *\{|^ *:{3,}",
    "role": r"\{[a-z][\w:+.-]*\}`",
    "target": r"^ *\([^()\s]+\)= *$",
    "equation label": r"\$\$[ \t]*\([^()\s]+\)",
    "option": r"^ *:(label|class|nonumber|alt|name|width):",
    "substitution": r"\{\{",
    "attribute": r"\]\{|\{[.#]\w",
    "comment": r"^%",
}
KATEX = """
const katex = require(process.argv[1]);
const formulas = JSON.parse(require('fs').readFileSync(0));
const wrong = [];
for (const [where, tex, displayMode] of formulas) {
  try { katex.renderToString(tex, {displayMode, throwOnError: true, strict: 'ignore'}); }
  catch (error) { wrong.push(`${where}: ${error.message}`); }
}
console.log(JSON.stringify(wrong));
"""


@pytest.fixture(scope="module", params=PROFILES, ids=str)
def made(request):
    """{page: reader notebook} in one notation."""
    book = reader.Book(ROOT, profile=request.param)
    return {page: book.reader(page) for page in book.pages}


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def formulas(notebook):
    for text in prose(notebook):
        for found in MATH.finditer(CODE.sub("", text)):
            yield (found[2] or found[4]), bool(found[1])


def compiled(found):
    """What KaTeX says against [(where, tex, display)]; all in one process."""
    program = ROOT / "web" / "node_modules" / "katex" / "dist" / "katex.js"
    assert program.exists(), "katex is not installed: run `make site` (`make test` does)"
    done = subprocess.run(
        [sys.executable, "tools/node.py", "node", "-e", KATEX, str(program)],
        cwd=ROOT, input=json.dumps(found), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_chapter_and_exercise_has_one(made):
    stems = {path.relative_to(ROOT).with_suffix("").as_posix() for path in notebooks.notebooks()}
    assert stems <= set(made)


def test_no_myst_is_left(made):
    found = [
        f"{page}: {name}: {hit[0]!r}"
        for page, notebook in made.items()
        for text in prose(notebook)
        for name, pattern in MYST.items()
        for hit in re.finditer(
            pattern, CODE.sub("", MATH.sub("", text)) if name != "equation label" else text, re.M
        )
    ]
    assert found == []


def test_no_macro_of_the_book_is_left(made):
    names = "|".join(symbol["macro"] for symbol in reader.symbols.read(ROOT / reader.symbols.FILE)["symbols"])
    macro = re.compile(rf"\\(?:{names})(?![A-Za-z])")
    found = [tex for notebook in made.values() for tex, _ in formulas(notebook) if macro.search(tex)]
    assert found == []


def test_every_formula_compiles(made):
    found = [(page, tex, display) for page, notebook in made.items() for tex, display in formulas(notebook)]
    assert len(found) > 500
    assert compiled(found) == []


def test_the_judge_of_formulas_sees_what_is_wrong():
    wrong = compiled([("here", r"\act{l}", False), ("fine", r"a \tag{1}", True), ("there", "a^b^c", True)])
    assert [line.split(":")[0] for line in wrong] == ["here", "there"]


def test_code_cells_are_those_of_the_chapter(made):
    for page, notebook in made.items():
        path = ROOT / f"{page}.ipynb"
        if not path.exists():
            continue
        mine = [cell for cell in notebook.cells if cell.cell_type == "code"]
        original = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        assert [(c.id, c.source, c.outputs) for c in mine] == [(c.id, c.source, c.outputs) for c in original]


def test_no_notebook_installs_anything():
    """The package is there where a reader notebook is opened; a line for pip would say that it is not."""
    book = reader.Book(ROOT)
    for page in book.pages:
        for cell in book.reader(page).cells:
            assert cell.cell_type != "code" or not re.search(r"^\s*[%!]|\bpip\b", cell.source, re.M)


def test_outputs_are_in_one_piece(tmp_path):
    """JupyterLite would print the list of an output's lines with commas between them."""
    outputs = [
        output
        for path in reader.Book(ROOT).write(tmp_path)
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", ())
    ]
    assert outputs
    for output in outputs:
        assert isinstance(output.get("text") or output["data"]["text/plain"], str)


def test_links_between_reader_notebooks_lead_somewhere(tmp_path):
    written = reader.Book(ROOT).write(tmp_path)
    for path in written:
        for text in prose(nbformat.read(path, 4)):
            for target in re.findall(r"\]\(([^()\s#]+)", CODE.sub("", MATH.sub("", text))):
                assert re.match("[a-z]+:", target) or (path.parent / target).is_file(), (path.name, target)


@pytest.mark.parametrize("page", ["chapters/05-worked-example", "chapters/02-notation"])
def test_a_reader_notebook_runs_from_top_to_bottom(page, tmp_path):
    """The code is the chapters', which are all run; here the copy itself, as written, away from the book."""
    reader.Book(ROOT).write(tmp_path)
    path = tmp_path / f"{page}.ipynb"
    stored = nbformat.read(path, 4)
    ran = nbformat.read(path, 4)
    notebooks.execute(ran, path.parent)
    notebooks.normalised(ran)
    for before, after in zip(stored.cells, ran.cells, strict=True):
        if before.cell_type == "code":
            assert before.outputs == after.outputs, before.source
