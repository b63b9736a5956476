"""Formulas are written with the macros of the notation file, never with bare letters of their own."""

import re

import pytest
from extensions import notation

from backprop.macros import expand

from .formulas import GREEK, TEX, commands, formulas, letters, written_out
from .labels import ROOT, pages

NOTATION = notation.read(ROOT / notation.FILE)
MACROS = {symbol["macro"] for symbol in NOTATION["symbols"]}
# The notebooks in exercises/ are written by the package, in plain TeX.
PAGES = {path.stem: formulas(text) for path, text in pages() if path.parent.name != "exercises"}


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


@pytest.mark.parametrize("page", PAGES)
def test_no_symbol_is_hard_coded_that_a_macro_exists_for(page):
    forms = hard_coded_forms()
    found = [(name, f) for f in PAGES[page] for name, form in forms if form.search(f)]
    found += [(name, f) for f in PAGES[page] for name in written_out(f)]
    assert found == []


def hard_coded_forms():
    """(macro, pattern) of every symbol with an exponent, in this book's letters."""
    layered = [s for s in NOTATION["symbols"] if "kind" not in s and "^" in s["form"]]
    return [
        (s["macro"], re.compile(re.sub(r"\\#\d", r"[^{}]*", re.escape(s["form"])).replace(r"\ ", r"\s*")))
        for s in layered
    ]


@pytest.mark.parametrize(
    ("formula", "macro"),
    [
        (r"\W{l}\,\act{l-1} + \bias{l}", "affine"),
        (r"F\bigl(\W{l+1}\,\actf{l}(u) + \bias{l+1}\bigr)", "affine"),
        (r"\Pre{l} &= \W{l}\,\Act{l-1} \\ &\quad + \bias{l}\,\ones^{\T}", None),
        (r"\sum_k \Wi{l}{j}{k}\,\acti{l-1}{k} + \biasi{l}{j}", "affinei"),
        (r"\act{l} = \actf{l}(\pre{l})", "activated"),
        (r"\Act{0} = \Inp", "layerzero"),
        (r"\bigl(\W{l+1}\bigr)^{\T} \err{l+1}", "back or Wunits"),
        (r"\W{l+1} v", "Wunits"),
        (r"\nabla_{\out}\,\loss \had \lab", "outgrad"),
        (r"\outgrad \had \dactf{\nlayers}(\pre{\nlayers})", "outerr"),
        (r"\frac{\partial \loss}{\partial \act{l}}", "actunits"),
        (r"\out = \act{\nlayers}", "outis"),
        (r"\out &= \actunits{\nlayers}", "outis"),
        (r"\sum_i \loss(\out_i, \lab_i)", "lossof"),
        (r"\err{l} \bigl(\act{l-1}\bigr)^{\T}", None),
        (r"\frac{\partial \loss}{\partial \W{l}}, \frac{\partial \loss}{\partial \bias{l}}", None),
    ],
)
def test_a_piece_that_is_written_out_is_found(formula, macro):
    assert written_out(formula) == ([macro] if macro else [])


@pytest.mark.parametrize("profile", [notation.OWN, *NOTATION["profiles"]])
def test_no_symbol_stands_in_the_table_with_two_shapes(profile):
    """Where the bias is folded in, W and W without it are two arrays."""
    macros, shapes = notation.plain_macros(NOTATION["symbols"], profile), {}
    for symbol, _, shape, _ in notation.table(NOTATION)[1:]:
        shapes.setdefault(expand(symbol, macros), set()).add(shape)
    assert {symbol: found for symbol, found in shapes.items() if len(found) > 1} == {}


def test_a_hard_coded_letter_is_found():
    forms = dict(hard_coded_forms())
    assert forms["pre"].search(r"z^{(2)}") and forms["dactf"].search(r"\sigma^{(l)\prime}")
    assert not forms["pre"].search(r"\pre{2}")


def clashes(page, formula, profile):
    """Letters of a formula that mean one thing by themselves and another through a macro of a profile."""
    bare, whole = letters(formula), everything(formula, profile)
    if "l" in bare and profile == "goodfellow":
        bare = bare - {"l"} | {"l "}  # their l is set as ℓ
    through = set()
    for symbol in NOTATION["symbols"]:
        if "kind" in symbol or not re.search(rf"\\{symbol['macro']}(?![A-Za-z])", whole):
            continue
        form = notation.form_of(symbol, profile)
        # A letter with a layer or an index beside it is another one than the bare letter.
        if not re.search(r"#|_", form):
            through |= letters(form)
    return sorted(bare & through)


def everything(formula, profile):
    """A formula with its form macros replaced, so that all letters' macros stand in it."""
    pieces = [symbol for symbol in NOTATION["symbols"] if "kind" in symbol]
    return expand(formula, notation.plain_macros(pieces, profile))


@pytest.mark.parametrize("profile", NOTATION["profiles"])
@pytest.mark.parametrize("page", PAGES)
def test_no_letter_means_two_things_in_one_formula(page, profile):
    """A chapter's own letter must not be a letter of another notation in the same formula."""
    found = [(c, formula) for formula in PAGES[page] if (c := clashes(page, formula, profile))]
    assert found == []


def test_a_clash_of_letters_is_found():
    assert clashes("04-four-equations", r"F(t) = \loss(\actf{l}(t), \lab)", "bishop") == ["t"]
    assert clashes("04-four-equations", r"F(t) = \loss(\actf{l}(t), \lab)", "cmu") == []
    assert clashes("04-four-equations", r"\sum_{m} \loss / \nexamples", "ng") == ["m"]


@pytest.mark.parametrize("page", PAGES)
def test_the_second_layer_of_a_piece_is_the_one_before(page):
    """In this book's letters the second argument is not seen; where the bias is folded in it is."""
    found = [
        (piece, formula)
        for formula in PAGES[page]
        for piece, layer, before in re.findall(
            r"(\\(?:affine|Affine|back|Back)\{([^{}]*)\}\{([^{}]*)\})", formula
        )
        if before not in one_before(layer)
    ]
    assert found == []


def one_before(layer):
    """l - 1 for l, l for l+1, 2 for 3."""
    if layer.isdigit():
        return {str(int(layer) - 1)}
    return {f"{layer}-1", layer.removesuffix("+1") if layer.endswith("+1") else None}
