"""What the build does with changes: in src, in a cell, in the settings.

A small book with this book's settings, extensions and package is built after each change; the whole
book is what `make site` built, and here once more in another notation.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("chapters/05-worked-example")
SKIPPED = shutil.ignore_patterns(".*", "_build", "node_modules", "__pycache__", "tests")
EXAMPLE = """\
import backprop as bp

net = bp.Network.random([2, 2, 1], seed=0)
bp.explain(net, [[0.5], [0.1]], [[1.0]], eta=0.5)"""


def copy(folder):
    """The book's sources in a folder, without what was built."""
    shutil.copytree(ROOT, folder, ignore=SKIPPED)
    (folder / "_build" / "vendor").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of three pages, built once."""
    folder = copy(tmp_path_factory.mktemp("build") / "book")
    shutil.rmtree(folder / "chapters")
    (folder / PAGE).parent.mkdir()
    (folder / "_toc.yml").write_text(
        f"format: jb-book\nroot: index\nchapters: [{{file: {PAGE}}}, {{file: references}}]\n",
        encoding="utf-8",
    )
    (folder / "index.md").write_text("# A book\n\n$$\n\\act{1} = 1\n$$ (eq:first)\n", encoding="utf-8")
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# An example\n\nSee {eq}`eq:first` {cite:p}`chai2025`."),
        new.new_code_cell(EXAMPLE),
    ]
    cells.append(new.new_code_cell("from backprop import demos\n\ndemos.tiny_network"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new.new_notebook(cells=cells, metadata=kernel), folder / f"{PAGE}.ipynb")
    green(folder)
    return folder


def build(folder, **variables):
    """The command of `make site`, with the copy's own sources; the environment is this one."""
    environment = os.environ | {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"} | variables
    program = Path(sys.executable).with_name("jupyter-book")
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nsite:")[1].splitlines()[1]
    arguments = recipe.split("jupyter-book ")[1].split()
    done = subprocess.run(
        [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def green(folder, **variables):
    """The text of the example's page, after a build that must be green."""
    code, output = build(folder, **variables)
    assert code == 0, output
    return (folder / "_build" / "html" / f"{PAGE}.html").read_text(encoding="utf-8")


@pytest.fixture
def change(book):
    """change(file, old, new) in the book; undone after the test."""
    before = {}

    def make(name, old, new):
        path = book / name
        before.setdefault(path, path.read_text(encoding="utf-8"))
        assert old in path.read_text(encoding="utf-8")
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    yield make
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


def test_an_edit_in_src_shows_up_in_the_next_build(book, change):
    assert "After one step" not in (book / "_build" / "html" / f"{PAGE}.html").read_text(encoding="utf-8")
    change("src/backprop/explain.py", '"After the step"', '"After one step"')
    assert "After one step" in green(book)


def test_an_edit_of_the_style_shows_up_in_the_next_build(book, change):
    change("_static/book.css", ".bp-", ".bp-added { color: red; }\n.bp-")
    green(book)
    assert ".bp-added" in (book / "_build" / "html" / "_static" / "book.css").read_text(encoding="utf-8")


def test_with_a_repository_every_button_leads_there(book):
    address = "https://github.com/someone/book"
    text = green(book, BOOK_REPOSITORY=address)
    for link in (
        f"https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/reader/{PAGE}.ipynb",
        f"https://colab.research.google.com/github/someone/book/blob/reader/{PAGE}.ipynb",
        f"{address}/issues/new",
        f"{address}/edit/main/{PAGE}.ipynb",
    ):
        assert link in text, link


def test_a_failing_cell_fails_every_build_until_it_is_mended(book, change):
    change(f"{PAGE}.ipynb", "eta=0.5", "eta=-1")
    for _ in range(2):
        code, output = build(book)
        assert code != 0 and "expected a finite step size" in output


def test_an_unknown_reference_fails_every_build_until_it_is_mended(book, change):
    """Sphinx warns about the pages that it reads or writes; a second build would be green."""
    change("index.md", "# A book", "# A book\n\nSee {eq}`eq:of-another-book`.")
    for _ in range(2):
        code, output = build(book)
        assert code != 0 and "eq:of-another-book" in output
    change("index.md", "eq:of-another-book", "eq:first")
    green(book)


def test_a_label_may_move_to_an_earlier_page(book, change):
    for name in ("references.md", "index.md"):
        change(name, "# ", "$$\n1 = 1\n$$ (eq:moved)\n\n# ")
        green(book)
        change(name, "$$\n1 = 1\n$$ (eq:moved)\n\n# ", "# ")


def test_the_book_in_another_notation(tmp_path):
    """NOTATION=cmu: the select, the formulas, what cells print and the demos' first states."""
    book = copy(tmp_path / "book")
    text = green(book, NOTATION="cmu")
    assert '<option value="cmu" selected>' in text
    script = (book / "_build" / "html" / "notation" / "notation.js").read_text(encoding="utf-8")
    assert script.startswith('const NOTATIONS = {"standard": "cmu",')
    demo = text.split('data-demo="tiny-network"')[1].split("</figure>")[0]
    assert "s[1] = " in demo and "z[1]" not in demo
