r"""The letters of a course's notation as plain text, for listings and demos.

In plain text z[1]_2 stands for z_2^(1): unit 2 of layer 1, counted from 1. The letters are those of
data/notation.toml, whose TeX `plain` makes into text; its `differs` say what else a text does differently.
"""

import os
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "notation.toml"
DEFAULT = "BACKPROP_NOTATION"  # the environment variable that names the notation where none is given


@dataclass(frozen=True)
class Letters:
    """Plain-text forms; {l} is the layer, {j} the unit it leads to, {k} the unit it comes from.

    Attributes:
        name: the profile.
        pre_, act_, err_, bias_, weight_: forms of pre-activation, activation, error signal, bias
            and weight matrix of layer l.
        inp, lab, out, loss, cost, step: letters of input, label, output, loss of one example,
            cost of a batch and step size.
        folded: whether the biases are column 0 of the weight matrix, and each layer but the last has
            an extra entry 0 with the value 1 to multiply them.
    """

    name: str
    pre_: str
    act_: str
    err_: str
    bias_: str
    weight_: str
    inp: str
    lab: str
    out: str
    loss: str
    cost: str
    step: str
    folded: bool

    def pre(self, l, j=None):
        """Pre-activations of layer l, or of its unit j (from 1)."""
        return self.pre_.format(l=l) + _unit(j)

    def act(self, l, j=None):
        """Activations of layer l, or of its unit j."""
        return self.act_.format(l=l) + _unit(j)

    def err(self, l, j=None):
        """Error signals of layer l, or of its unit j."""
        return self.err_.format(l=l) + _unit(j)

    def bias(self, l, j=None):
        """Biases of layer l, or of its unit j."""
        if self.folded and j is not None:
            return self.weight(l, j, 0)
        return self.bias_.format(l=l) + _unit(j)

    def weight(self, l, j=None, k=None):
        """Weights of layer l, or the one to unit j from unit k."""
        return self.weight_.format(l=l) + (_unit(j) + f",{k}" if k is not None else "")

    def affine(self, l):
        """The affine map of layer l (`eq:pre-activation`)."""
        if self.folded:
            return f"{self.weight(l)} {self.act(l - 1) if l > 1 else f'[1; {self.inp}]'}"
        return f"{self.weight(l)} {self.act(l - 1) if l > 1 else self.inp} + {self.bias(l)}"

    def back(self, l):
        """What layer l sends back to the units before it (`eq:delta-hidden`): no error for a bias."""
        return f"{self.weight(l)}{'_:,1:' if self.folded else ''}ᵀ {self.err(l)}"

    def outer(self, l):
        """The gradient of the weights of layer l (`eq:gradient-weights`); of the biases too if folded."""
        below = self.act(l - 1) if l > 1 else f"[1; {self.inp}]" if self.folded else self.inp
        return f"{self.err(l)} {below}ᵀ"


def _unit(j):
    return "" if j is None else f"_{j}"


SIGNS = {
    "alpha": "α", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "lambda": "λ", "sigma": "σ",
    "ell": "ℓ", "mathcal{L}": "ℒ",
}  # fmt: skip
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
RAISED = str.maketrans("()0123456789n", "⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ")


def plain(tex):
    r"""A letter's TeX as plain text: the layer in brackets and for filling in, an index after `_`.

    >>> plain(r"\delta^{(#1)}"), plain(r"\hat y"), plain("W^{[#1]}_{:,0}"), plain(r"\ell^{(n)}")
    ('δ[{l}]', 'ŷ', 'W[{l}]_:,0', 'ℓ⁽ⁿ⁾')

    Raises:
        ValueError: for a command that it does not know.
    """
    text = tex.replace("_{1:}", "")  # only TeX has the entry 0 that this leaves out
    for sign, letter in SIGNS.items():
        text = re.sub(rf"\\{re.escape(sign)}(?![A-Za-z])\s*", letter, text)
    text = re.sub(r"\\math(?:cal|bf|rm)\{(\w+)\}", r"\1", text)
    for accent, mark in ACCENTS.items():
        text = re.sub(rf"\\{accent}\s*(?:(\w)|\{{(\w)\}})", rf"\1\2{mark}", text)
    if "\\" in text:
        raise ValueError(f"tex: expected commands among {', '.join([*SIGNS, *ACCENTS])}, got {tex!r}")
    text = re.sub(r"\^\{[(\[]?(#1|L)[)\]]?\}", r"[\1]", text)
    text = re.sub(r"\^\{([^{}]*)\}", lambda raised: raised[1].translate(RAISED), text)
    text = re.sub(r"_\{([^{}]*)\}", r"_\1", text)
    return unicodedata.normalize("NFC", text.replace("#1", "{l}"))


@cache
def profiles():
    """{name: `Letters`} of this book's notation, which is the first, and of each profile of the file."""
    notation = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: _letters(name, notation, its) for name, its in ({"book": {}} | notation["profiles"]).items()
    }


def _letters(name, notation, its):
    def letter(symbol):
        own = its.get("own", {}).get(symbol, {}).get("form")
        return plain(own or its.get("lent", {}).get(symbol) or notation["symbols"][symbol]["form"])

    layered = {f"{array}_": letter(array) for array in ("pre", "act", "err", "bias")}
    single = {symbol: letter(symbol) for symbol in ("inp", "lab", "out", "loss", "cost", "step")}
    # Where weights without the bias are written in another way than the weights, these hold the bias.
    folded = "Wunits" in its.get("pieces", {})
    return Letters(name, weight_=letter("W"), folded=folded, **layered, **single)


def of(name=None):
    """The `Letters` of a profile.

    Args:
        name: one of `profiles()`; None for the one that the environment variable BACKPROP_NOTATION
            names, else the book's own.

    Raises:
        ValueError: for a profile that is not in `profiles()`.
    """
    source = "notation"
    if name is None:
        source, name = DEFAULT, os.environ.get(DEFAULT) or "book"
    if name not in profiles():
        raise ValueError(f"{source}: expected one of {', '.join(profiles())}, got {name!r}")
    return profiles()[name]
