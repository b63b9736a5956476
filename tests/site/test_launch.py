"""Each page's notebook on the built site: what is downloaded. What the menu offers: test_pages.py."""

import re

import nbformat
import pytest
from extensions import repository
from tools import reader

from .conftest import BUILT, ROOT

BOOK = reader.Book(ROOT, site=repository.site(ROOT))
NOTEBOOKS = [page for page in BOOK.pages if (ROOT / f"{page}.ipynb").exists()]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_downloaded_is_the_reader_notebook(name):
    given = nbformat.read(BUILT / "_sources" / f"{name}.ipynb", 4)
    assert [cell.source for cell in given.cells] == [cell.source for cell in BOOK.reader(name).cells]


def test_a_page_that_is_no_notebook_is_downloaded_without_myst():
    text = (BUILT / "_sources" / "chapters" / "04-sheet.md").read_text(encoding="utf-8")
    assert r"\act" not in text and "a^{(l)}" in text


def test_numbers_are_those_of_the_site():
    """Equations, theorems and exercises have the number in a reader notebook that they have on the page."""
    pages = {
        name: (BUILT / f"{name}.html").read_text(encoding="utf-8")
        for name in BOOK.pages
        if name not in BOOK.exercises  # these are notebooks only
    }
    numbered = {label: target for label, target in BOOK.labels.items() if target.number}
    assert len(numbered) > 100
    for label, target in numbered.items():
        after = pages[target.page].split(f'id="{target.anchor}"', 1)[1]
        pattern = r'class="eqno">\((\d+)\)' if target.kind == "equation" else r'caption-number">\w+ (\d+)'
        assert re.search(pattern, after)[1] == str(target.number), label
