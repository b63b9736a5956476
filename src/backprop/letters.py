"""The letters of a course's notation as plain text, for listings and demos.

In plain text z[1]_2 stands for z_2^(1): unit 2 of layer 1, counted from 1. The letters are those of
notation.yml, whose comments say where each text differs; a test compares the two.
"""

import os
from dataclasses import dataclass

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

    name: str = "book"
    pre_: str = "z[{l}]"
    act_: str = "a[{l}]"
    err_: str = "δ[{l}]"
    bias_: str = "b[{l}]"
    weight_: str = "W[{l}]"
    inp: str = "x"
    lab: str = "y"
    out: str = "ŷ"
    loss: str = "ℓ"
    cost: str = "J"
    step: str = "η"
    folded: bool = False

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


PROFILES = {
    each.name: each
    for each in (
        Letters(),
        Letters("cmu", pre_="s[{l}]", act_="o[{l}]", bias_="W[{l}]_:,0", step="γ", folded=True),
        Letters("iith", pre_="s[{l}]", act_="x[{l}]", weight_="w[{l}]"),
        Letters("fau", weight_="W[→{l}]", loss="J", cost="J\u0304"),
        Letters("nielsen", weight_="w[{l}]", out="a[L]", loss="C_x", cost="C"),
        Letters("goodfellow", pre_="a[{l}]", act_="h[{l}]", err_="g[{l}]", loss="L", step="ε"),
        Letters("bishop", pre_="a[{l}]", act_="z[{l}]", bias_="W[{l}]_:,0", lab="t", out="y", loss="E_n",
                cost="E\u0304", folded=True),
        Letters("ng", err_="dz[{l}]", loss="ℒ", step="α"),
    )
}  # fmt: skip


def of(name=None):
    """The `Letters` of a profile.

    Args:
        name: one of `PROFILES`; None for the one that the environment variable BACKPROP_NOTATION
            names, else the book's own.

    Raises:
        ValueError: for a profile that is not in `PROFILES`.
    """
    source = "notation"
    if name is None:
        source, name = DEFAULT, os.environ.get(DEFAULT) or "book"
    if name not in PROFILES:
        raise ValueError(f"{source}: expected one of {', '.join(PROFILES)}, got {name!r}")
    return PROFILES[name]
