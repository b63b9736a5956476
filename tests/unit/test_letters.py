"""The letters of listings and demos, made from the TeX of the notation file."""

import re
from dataclasses import astuple

import pytest

from backprop import demos, letters
from backprop.demos.demo import Demo, Slider, View
from backprop.demos.page import Desk
from backprop.demos.session import Session
from backprop.show.svg import Svg

# What each profile writes: z, a, δ, b, W of a layer; input, label, output; loss, cost; step size; bias folded in?
LETTERS = {
    "book": ("z[{l}]", "a[{l}]", "δ[{l}]", "b[{l}]", "W[{l}]", "x", "y", "ŷ", "ℓ", "J", "η", False),
    "cmu": (
        "s[{l}]",
        "o[{l}]",
        "δ[{l}]",
        "W[{l}]_:,0",
        "W[{l}]",
        "x",
        "y",
        "o[L]",
        "ℓ",
        "ℓ\u0304_D",
        "η",
        True,
    ),
    "iith": (
        "s[{l}]",
        "x[{l}]",
        "δ[{l}]",
        "b[{l}]",
        "W[{l}]",
        "x",
        "y",
        "x[L]",
        "l_n",
        "ℒ\u0304",
        "η",
        False,
    ),
    "fau": ("z[{l}]", "a[{l}]", "δ[{l}]", "b[{l}]", "W[{l}]", "x", "y", "ŷ", "L", "J", "η", False),
    "nielsen": ("z[{l}]", "a[{l}]", "δ[{l}]", "b[{l}]", "w[{l}]", "x", "y", "a[L]", "C_x", "C", "η", False),
    "goodfellow": ("a[{l}]", "h[{l}]", "g[{l}]", "b[{l}]", "W[{l}]", "x", "y", "ŷ", "L", "J", "ε", False),
    "bishop": ("a[{l}]", "z[{l}]", "δ[{l}]", "W[{l}]_:,0", "W[{l}]", "x", "t", "y", "E_n", "Ē", "η", True),
    "ng": ("z[{l}]", "a[{l}]", "dz[{l}]", "b[{l}]", "W[{l}]", "x", "y", "ŷ", "ℒ", "J", "α", False),
}


def test_the_letters_of_every_profile():
    assert {name: astuple(its)[1:] for name, its in letters.profiles().items()} == LETTERS
    assert [its.name for its in letters.profiles().values()] == list(LETTERS)


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("z^{(#1)}", "z[{l}]"),
        ("w^{#1}", "w[{l}]"),
        ("W^{[#1]}_{:,0}", "W[{l}]_:,0"),
        ("u_{#1}", "u_{l}"),
        ("a^{L}", "a[L]"),
        ("o^{(L)}_{1:}", "o[L]"),
        (r"\ell^{(n)}", "ℓ⁽ⁿ⁾"),
        (r"\hat y", "ŷ"),
        (r"\hat{y}", "ŷ"),
        (r"\bar\ell_{\mathcal{D}}", "ℓ\u0304_D"),
        (r"\bar{\mathcal{L}}", "ℒ\u0304"),
        (r"\mathbf{w}", "w"),
    ],
)
def test_tex_becomes_plain_text(tex, text):
    assert letters.plain(tex) == text


@pytest.mark.parametrize("tex", [r"\frac{1}{2}", r"\deltas", r"\hat{ab}"])
def test_tex_that_is_no_letter_is_refused(tex):
    with pytest.raises(ValueError, match="tex: expected commands among alpha, .*, got"):
        letters.plain(tex)


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


@pytest.mark.parametrize("profile", LETTERS)
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
@pytest.mark.parametrize("profile", LETTERS)
def test_every_demo_takes_every_notation(name, profile):
    # The numbers may be named by letters; they are the same.
    ours, theirs = (demos.ALL[name].view(notation=n).numbers for n in ("book", profile))
    assert list(ours.values()) == list(theirs.values())


@pytest.fixture
def slow():
    """A demo that moves, and the list of its steps so far."""
    steps = []

    def advance(memory, size):
        steps.append(memory)
        return memory + 1

    return Demo(
        "slow",
        "Slow",
        (Slider("size", "size", 0, 10, 1, 1),),
        lambda letters, memory, size: View(Svg("", 1, 1, ""), f"{letters.pre(1)} {memory}"),
        start=lambda size: 0,
        advance=advance,
    ), steps


def test_other_letters_redraw_a_demo_and_compute_nothing(slow):
    demo, steps = slow
    session = Session(demo, "size=3&steps=500")
    assert session.view().text == "z[1] 500" and len(steps) == 500
    session.write_in("cmu")
    assert session.view().text == "s[1] 500" and len(steps) == 500 and session.query == "size=3&steps=500"
    session.back()
    assert session.view().text == "s[1] 499"
    with pytest.raises(ValueError, match="notation: expected one of book, cmu"):
        session.write_in("oxford")


def test_the_page_s_message_for_other_letters(slow, monkeypatch):
    demo, steps = slow
    monkeypatch.setattr("backprop.demos.page.named", lambda name: demo)
    desk = Desk()
    desk.handle({"demo": "slow", "action": "open", "query": "steps=20", "notation": "book"})
    answer = desk.handle({"demo": "slow", "action": "letters", "notation": "iith"})
    assert (answer["text"], answer["steps"], len(steps)) == ("s[1] 20", 20, 20)
