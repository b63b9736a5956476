"""What the profiles of the notation file say in words and quotations: their formulas run in test_printed_profiles.py."""

import re

import numpy as np
import pytest
from extensions import notation

import backprop as bp
from backprop.macros import expand

from .formulas import TEX, commands
from .labels import ROOT, claims
from .test_printed_profiles import network

NOTATION = notation.read(ROOT / notation.FILE)


def test_the_lecture_s_step_has_one_row_too_many():
    """CMU's hidden error, unrepaired: entry 0 is 0 because o_0 = 1, and the next step back does not fit."""
    net, X, Y = network("cmu")
    W, fwd = [None] + [np.hstack([net.b[l], net.W[l]]) for l in range(1, net.L + 1)], bp.forward(net, X)
    delta = [None if d is None else d[:, [0]] for d in bp.backward(net, fwd, Y).delta]
    o = np.vstack([[[1.0]], fwd.a[1][:, [0]]])
    back = W[2].T @ delta[2]
    lecture = back * (1 - o * o)
    assert len(lecture) == net.sizes[1] + 1 and lecture[0, 0] == 0 and back[0, 0] != 0
    np.testing.assert_allclose(lecture[1:], delta[1], rtol=1e-12)
    with pytest.raises(ValueError, match="matmul"):
        W[1].T @ lecture
    assert "this book's repair" in NOTATION["formulas"]["hidden-error"]["others"]["cmu"]["remark"]


def test_the_product_that_fau_prints_does_not_fit():
    """Its slides' product for the derivative by activations has no transposes; with them it is right."""
    rng = np.random.default_rng(5)
    W, z = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
    with pytest.raises(ValueError, match="matmul"):
        np.diagflat(1 - np.tanh(z) ** 2) @ W @ rng.normal(size=(3, 1))


def test_a_layer_program_that_averages_twice_is_smaller_by_outputs_over_examples():
    """IME775's own program: 2(p − t)/N, and each layer divides by N again; its loss is a mean over all elements."""
    rng = np.random.default_rng(6)
    for n, d in ((8, 1), (8, 2), (5, 3)):
        x, W, b, t = (rng.normal(size=shape) for shape in ((n, 4), (4, d), (d,), (n, d)))
        grad_output = 2 * ((x @ W + b) - t) / n
        loss = lambda V, x=x, b=b, t=t: np.mean(((x @ V + b) - t) ** 2)
        true = np.zeros_like(W)
        for index in np.ndindex(*W.shape):
            step = np.zeros_like(W)
            step[index] = 1e-6
            true[index] = (loss(W + step) - loss(W - step)) / 2e-6
        np.testing.assert_allclose(x.T @ grad_output / n, d / n * true, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", NOTATION["formulas"])
def test_translations_are_whole_formulas(name):
    formula = NOTATION["formulas"][name]
    macros = {symbol["macro"] for symbol in NOTATION["symbols"]}
    assert commands(formula["ours"]) <= macros | TEX
    assert set(formula["labels"]) <= set(claims())
    for text, translation in formula["others"].items():
        form = translation["form"]
        assert form.count("{") == form.count("}") and form.count("(") == form.count(")")
        if text in NOTATION["profiles"]:
            # No macro of ours may stand there: it would change with the reader's notation.
            assert not commands(form) & macros
        else:
            # A layout is an order of products: loss, cost and signs stay those of the reader's notation.
            assert not re.search(r"(?<![A-Za-z])[LNJ](?![A-Za-z])|\\(?:ell|odot|top|mathbf)", form)


def canonical(tex, brackets=False):
    """TeX without fonts, sizes and spaces, superscripts first; without brackets too unless they are asked for."""
    tex = re.sub(r"\\(?:boldsymbol|mathbf|[bB]ig+[lr]?|left|right|,|qquad)(?![A-Za-z])|&", " ", tex)
    tex = re.sub(r"([_^])\s*([A-Za-z0-9]|\\[A-Za-z]+)", r"\1{\2}", tex)
    group = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
    tex = re.sub(rf"(_{group})\s*(\^{group})", r"\2\1", tex)
    tex = re.sub(r"\^\{(T|\\top|\\mathrm\{T\})\}", r"\1", tex)
    return re.sub(r"[\s{}]" if brackets else r"[\s{}()]", "", tex)


@pytest.mark.parametrize("profile", NOTATION["profiles"])
def test_every_own_letter_stands_in_its_quotation(profile):
    forms = {symbol["macro"]: symbol["form"] for symbol in NOTATION["symbols"]}
    for name, entry in NOTATION["profiles"][profile]["own"].items():
        form = canonical(entry.get("text") or entry.get("form") or forms[name], brackets=True)
        pattern = re.sub(r"\\#\d", r"[^()\\[\\]]+?", re.escape(form))
        assert re.search(pattern, canonical(entry["quote"], brackets=True)), f"{name}: {entry}"


def base(form):
    """The letter under all scripts, with what stands before it: `dZ` of `dZ^{[l]}`."""
    return re.split(r"[\^_{ ]", re.sub(r"\\(?:mathbf|mathrm)\{(\w)\}", r"\1", form))[0]


@pytest.mark.parametrize("profile", [notation.OWN, *NOTATION["profiles"]])
def test_letters_of_one_thing_belong_together(profile):
    """A column, its entry and the matrix of a batch; a letter as the text has it and with its layer."""
    symbols = {symbol["macro"]: symbol for symbol in NOTATION["symbols"]}
    form = lambda name: notation.form_of(symbols[name], profile)
    for column, entry in (("pre", "prei"), ("act", "acti"), ("err", "erri")):
        assert form(entry) == form(column) + "_{#2}"
    for column, entry in (("inp", "inpi"), ("lab", "labi")):
        assert form(entry) == form(column) + "_{#1}"
    for column, batch in (("pre", "Pre"), ("act", "Act"), ("err", "Err"), ("inp", "Inp"), ("lab", "Lab")):
        one, many = base(form(column)), base(form(batch))
        capital = {"\\delta": "\\Delta", "dz": "dZ"}.get(one, one.upper())
        assert (
            many == capital
            and form(batch).replace("\\mathbf{T}", "T")[len(many) :] == form(column)[len(one) :]
        )
    for symbol in symbols.values():
        text = symbol.get("text", {}).get(profile)  # pieces have none
        if text and (profile, symbol["macro"]) != ("goodfellow", "nlayers"):  # their l is set as ℓ
            assert base(text) == base(form(symbol["macro"])) or symbol["macro"] in ("norm", "diag")

    weight = re.sub(r"_\{#2,?#3\}$", "", form("Wi"))
    assert base(weight).upper() == base(form("W")).upper() and weight[1:] == form("W")[1:]
    folded = form("Wfold") == form("W")
    assert form("Wfold") == ("" if folded else r"\widetilde ") + form("W")
    assert form("actfold") == ("" if folded else r"\tilde ") + form("act")


# Pieces where the bias is folded in, in macros: the same in every such notation.
FOLDED = {
    "layerzero": r"\bigl[\begin{smallmatrix} 1 \\ \inp \end{smallmatrix}\bigr]",
    "Layerzero": r"\bigl[\begin{smallmatrix} \ones^{\T} \\ \Inp \end{smallmatrix}\bigr]",
    "affine": r"\W{#1}\,\act{#2}",
    "affineof": r"\W{#1} \bigl[\begin{smallmatrix} 1 \\ #2 \end{smallmatrix}\bigr]",
    "affinei": r"\sum_{#3=0}^{\size{#4}} \Wi{#1}{#2}{#3}\,\acti{#4}{#3}",
    "activated": r"\Bigl[\begin{smallmatrix} 1 \\ \actf{#1}(\pre{#1}) \end{smallmatrix}\Bigr]",
    "Affine": r"\W{#1}\,\Act{#2}",
    "Activated": r"\Bigl[\begin{smallmatrix} \ones^{\T} \\ \actf{#1}(\Pre{#1}) \end{smallmatrix}\Bigr]",
}
# Two ways to leave out the bias in what goes back, and a part of a sum's name.
BACK = {
    r"\bigl(\Wunits{#1}\bigr)^{\T} \%s{#1}",
    r"\Bigl[\bigl(\W{#1}\bigr)^{\T} \%s{#1}\Bigr]_{1, \dots, \size{#2}}",
}


@pytest.mark.parametrize("profile", NOTATION["profiles"])
def test_pieces_are_built_from_the_letters(profile):
    symbols = {symbol["macro"]: symbol for symbol in NOTATION["symbols"]}
    form = lambda name: notation.form_of(symbols[name], profile)
    pieces = dict(NOTATION["profiles"][profile].get("pieces", {}))
    if "Wunits" in pieces:
        assert {name: pieces.pop(name) for name in FOLDED} == FOLDED
        assert pieces.pop("Wunits") == form("W") + "_{:,1:}" and form("bias") == form("W") + "_{:,0}"
        assert (
            pieces.pop("actunits") == form("act") + "_{1:}"
            and pieces.pop("Actunits") == form("Act") + "_{1:}"
        )
        for name, error in (("back", "err"), ("Back", "Err")):
            assert pieces.pop(name) in {way % error for way in BACK}
    for name in ("affine", "affineof", "affinei", "Affine"):
        terms = pieces.pop(name, symbols[name]["form"]).split(" + ")
        assert sorted(terms) == sorted(symbols[name]["form"].split(" + ")), "the bias may stand first"
    if "outis" in pieces:  # the output has no letter but that of the last layer's activations
        last = expand(pieces.pop("outis"), notation.plain_macros(NOTATION["symbols"], profile))
        assert last == form("out")
    assert set(pieces) <= {"outgrad", "lossof", "lossi", "costsum", "costelements"}
    example = pieces.pop("lossi", r"\loss_{#1}")
    whole = pieces.pop("lossof", example)
    assert whole in (example, r"\loss(\out^{(#1)}, \lab^{(#1)})") and base(example) in (
        r"\loss",
        base(form("loss")),
    )
    for name in ("costsum", "costelements"):
        own = pieces.pop(name, "")
        assert not own or base(own.replace(r"\bar", "").lstrip("{").rstrip("}")) in form("cost")


@pytest.mark.parametrize("name", NOTATION["formulas"])
def test_every_own_equation_holds_its_quotation(name):
    """Up to fonts, brackets and spaces; a layout's quotation is a line of its program."""
    for text, translation in NOTATION["formulas"][name]["others"].items():
        if text in NOTATION["profiles"] and "quote" in translation:
            assert canonical(translation["quote"]) in canonical(translation["form"]), f"{text}: {name}"


def test_the_conversions_of_a_layout_turn_every_array():
    """Shape by shape: what the row program holds is the transpose of what this book holds."""
    for row in NOTATION["layouts"]["rows"]["conversions"]:
        first, second = row["shape"].strip("()").split(", ")
        assert row["turned"] == f"({second}, {first})"
        assert row["is"] in (rf"{row['ours']}^{{\T}}", rf"\bigl({row['ours']}\bigr)^{{\T}}")
