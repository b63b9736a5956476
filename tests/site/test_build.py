"""What the build does with changes: in src, in a cell, in the settings. Each builds a copy of the book."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("chapters/05-worked-example.html")
SKIPPED = shutil.ignore_patterns(".*", "_build", "node_modules", "__pycache__", "tests")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A copy of the book with its vendored scripts, built once."""
    folder = tmp_path_factory.mktemp("build") / "book"
    shutil.copytree(ROOT, folder, ignore=SKIPPED)
    shutil.copytree(ROOT / "_build" / "vendor", folder / "_build" / "vendor")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def build(folder, **variables):
    """The command of `make site`, with the copy's own src; the environment is this one."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src")} | variables
    program = Path(sys.executable).with_name("jupyter-book")
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nsite:")[1].splitlines()[1]
    arguments = recipe.split("jupyter-book ")[1].split()
    return subprocess.run(
        [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def page(folder):
    return (folder / "_build" / "html" / PAGE).read_text(encoding="utf-8")


def test_an_edit_in_src_shows_up_in_the_next_build(book):
    source = book / "src" / "backprop" / "explain.py"
    text = source.read_text(encoding="utf-8")
    assert "After one step" not in page(book)
    source.write_text(text.replace('"After the step"', '"After one step"'), encoding="utf-8")
    done = build(book)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "After one step" in page(book)
    source.write_text(text, encoding="utf-8")


def test_an_edit_of_the_style_shows_up_in_the_next_build(book):
    style = book / "_static" / "book.css"
    text = style.read_text(encoding="utf-8")
    style.write_text(text + "\n.bp-added { color: red; }\n", encoding="utf-8")
    done = build(book)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ".bp-added" in (book / "_build" / "html" / "_static" / "book.css").read_text(encoding="utf-8")
    style.write_text(text, encoding="utf-8")


def test_with_a_repository_every_button_leads_there(book):
    address = "https://github.com/someone/book"
    done = build(book, BOOK_REPOSITORY=address)
    assert done.returncode == 0, done.stdout + done.stderr
    text = page(book)
    for link in (
        "https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/reader/chapters/05-worked-example.ipynb",
        "https://colab.research.google.com/github/someone/book/blob/reader/chapters/05-worked-example.ipynb",
        f"{address}/issues/new",
        f"{address}/edit/main/chapters/05-worked-example.ipynb",
    ):
        assert link in text, link


def test_a_failing_cell_fails_the_build(book):
    notebook = book / "chapters" / "05-worked-example.ipynb"
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(
        text.replace("bp.explain(net, x, y, eta=0.5)", "bp.explain(net, x, y, eta=-1)"), encoding="utf-8"
    )
    done = build(book)
    assert done.returncode != 0 and "expected a finite step size" in done.stdout + done.stderr
    notebook.write_text(text, encoding="utf-8")


def test_an_unknown_reference_fails_the_build(book):
    index = book / "index.md"
    text = index.read_text(encoding="utf-8")
    index.write_text(text + "\nSee {eq}`eq:of-another-book`.\n", encoding="utf-8")
    assert build(book).returncode != 0
    index.write_text(text, encoding="utf-8")


def test_a_label_may_move_to_an_earlier_page(book):
    pages = [book / "references.md", book / "index.md"]
    texts = [path.read_text(encoding="utf-8") for path in pages]
    for path, text in zip(pages, texts, strict=True):
        path.write_text(text + "\n$$\n1 = 1\n$$ (eq:moved)\n", encoding="utf-8")
        done = build(book)
        assert done.returncode == 0, done.stdout + done.stderr
        path.write_text(text, encoding="utf-8")


def test_the_book_in_another_notation(book):
    """NOTATION=cmu: the select, the formulas, what cells print and the demos' first states."""
    done = build(book, NOTATION="cmu")
    assert done.returncode == 0, done.stdout + done.stderr
    text = page(book)
    assert '<option value="cmu" selected>' in text
    script = (book / "_build" / "html" / "notation" / "notation.js").read_text(encoding="utf-8")
    assert script.startswith('const NOTATIONS = {"standard": "cmu",')
    demo = text.split('data-demo="tiny-network"')[1].split("</figure>")[0]
    assert "s[1] = " in demo and "z[1]" not in demo
