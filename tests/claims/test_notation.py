"""Formulas are written with the macros of notation.yml, never with bare letters of their own."""

import pytest
from extensions import notation

from .formulas import GREEK, TEX, commands, formulas, letters
from .labels import ROOT, pages

NOTATION = notation.read(ROOT / "notation.yml")
MACROS = {symbol["macro"] for symbol in NOTATION["symbols"]}
PAGES = {path.stem: formulas(text) for path, text in pages()}


def strangers(page, page_formulas):
    """Commands that don't exist and letters that nobody declared, with their formula."""
    allowed = set(NOTATION["indices"]) | set(NOTATION["local"].get(page, {}))
    found = []
    for formula in page_formulas:
        unknown = commands(formula) - MACROS - TEX - GREEK
        bare = letters(formula) - allowed
        if unknown or bare:
            found.append((sorted(unknown), sorted(bare), formula))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_no_unknown_macro_and_no_bare_letter(page):
    assert strangers(page, PAGES[page]) == []


def test_a_bare_letter_and_an_unknown_macro_are_found():
    assert strangers("05-worked-example", [r"z^{(l)} = \W{l}\,\act{l-1}"]) == [
        ([], ["z"], r"z^{(l)} = \W{l}\,\act{l-1}")
    ]
    assert strangers("05-worked-example", [r"\weights{l}"]) == [(["weights"], [], r"\weights{l}")]
    assert strangers("05-worked-example", [r"\delta + \err{l}"]) == [([], ["delta"], r"\delta + \err{l}")]


def test_every_declared_letter_is_used():
    for page, declared in NOTATION["local"].items():
        used = set().union(*map(letters, PAGES[page]))
        assert sorted(set(declared) - used) == [], page
