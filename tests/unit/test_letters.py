"""The letters in listings and demos are those of notation.yml."""

import re
from pathlib import Path

import pytest
from extensions import notation

from backprop import demos, letters

NOTATION = notation.read(Path(__file__).resolve().parents[2] / "notation.yml")
BY_MACRO = {symbol["macro"]: symbol for symbol in NOTATION["symbols"]}
SIGNS = {
    r"\delta": "δ", r"\eta": "η", r"\gamma": "γ", r"\epsilon": "ε", r"\alpha": "α", r"\ell": "ℓ",
    r"\mathcal{L}": "ℒ", r"\hat y": "ŷ", r"\bar J": "J\u0304", r"\bar E": "E\u0304", r"\to ": "→",
}  # fmt: skip


def plain(macro, profile):
    """The form of a macro as plain text, with the layer in brackets.

    >>> plain("pre", "cmu")
    's[{l}]'
    """
    form = notation.form_of(BY_MACRO[macro], profile)
    for sign, letter in SIGNS.items():
        form = form.replace(sign, letter)
    form = re.sub(r"\^(?:\{[(\[]?(→?)#1[)\]]?\})", r"[\1{l}]", form)
    form = re.sub(r"\^\{(L)\}", r"[\1]", form)
    return re.sub(r"_\{(.*?)\}", r"_\1", form)


@pytest.mark.parametrize("profile", [notation.OWN, *NOTATION["profiles"]])
def test_the_letters_are_those_of_the_notation(profile):
    ours = letters.of(profile)
    expected = {
        "pre_": "pre", "act_": "act", "err_": "err", "bias_": "bias", "weight_": "W", "inp": "inp",
        "lab": "lab", "out": "out", "loss": "loss", "cost": "cost", "step": "step",
    }  # fmt: skip
    assert {name: getattr(ours, name) for name in expected} == {
        name: plain(macro, profile) for name, macro in expected.items()
    }
    assert ours.name == profile
    assert ours.folded == (notation.form_of(BY_MACRO["Wunits"], profile) != r"\W{#1}")


def test_there_are_no_other_profiles():
    assert list(letters.PROFILES) == [notation.OWN, *NOTATION["profiles"]]


def test_units_and_forms():
    book, cmu = letters.of("book"), letters.of("cmu")
    assert (book.pre(1), book.act(2, 3), book.weight(1, 2, 3), book.bias(1, 2)) == (
        "z[1]", "a[2]_3", "W[1]_2,3", "b[1]_2",
    )  # fmt: skip
    assert (book.affine(1), book.affine(2)) == ("W[1] x + b[1]", "W[2] a[1] + b[2]")
    assert (book.back(2), book.outer(1)) == ("W[2]ᵀ δ[2]", "δ[1] xᵀ")
    # Column 0 holds the biases: it is part of the affine map, and nothing is sent back through it.
    assert (cmu.bias(1), cmu.bias(1, 2)) == ("W[1]_:,0", "W[1]_2,0")
    assert (cmu.affine(1), cmu.affine(2)) == ("W[1] [1; x]", "W[2] o[1]")
    assert (cmu.back(2), cmu.outer(1), cmu.outer(2)) == ("W[2]_:,1:ᵀ δ[2]", "δ[1] [1; x]ᵀ", "δ[2] o[1]ᵀ")


def test_the_default_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv(letters.DEFAULT, raising=False)
    assert letters.of().name == "book"
    monkeypatch.setenv(letters.DEFAULT, "cmu")
    assert letters.of().name == "cmu" and letters.of("ng").name == "ng"
    monkeypatch.setenv(letters.DEFAULT, "mit")
    with pytest.raises(ValueError, match="BACKPROP_NOTATION: expected one of book, cmu, .*, got 'mit'"):
        letters.of()
    with pytest.raises(ValueError, match="notation: expected one of book, cmu, .*, got 'oxford'"):
        letters.of("oxford")


@pytest.mark.parametrize("profile", letters.PROFILES)
def test_the_stepper_has_the_same_numbers_in_every_notation(profile):
    s, views = letters.of(profile), []
    for steps in range(1, 13):
        ours, theirs = (demos.stepper.view(steps=steps, notation=n) for n in ("book", profile))
        # A folded bias stands first, and is multiplied by 1.
        numbers = [sorted(re.findall(r"\d+\.\d{6,}", view.text)) for view in (ours, theirs)]
        assert numbers[0] == numbers[1] and ours.numbers == theirs.numbers
        views.append(theirs.text)
    assert f"{s.pre(1)} = {s.affine(1)}" in views[0] and f"\n{s.pre(1, 1)} = " in views[0]
    assert any(f"{s.err(1)} = {s.back(2)} ⊙" in text for text in views)


@pytest.mark.parametrize("name", demos.ALL)
@pytest.mark.parametrize("profile", letters.PROFILES)
def test_every_demo_takes_every_notation(name, profile):
    assert demos.ALL[name].view(notation=profile).numbers == demos.ALL[name].view(notation="book").numbers
