"""The letters of a course's notation as plain text, for listings and demos.

In plain text z[1]_2 stands for z_2^(1): unit 2 of layer 1, counted from 1.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Letters:
    """Plain-text forms; {l} is the layer, {j} the unit it leads to, {k} the unit it comes from.

    Attributes:
        name: the profile.
        pre_, act_, err_, bias_, weight_: forms of pre-activation, activation, error signal, bias
            and weight matrix of layer l.
        inp, lab, out, loss, cost, step: letters of input, label, output, loss of one example,
            cost of a batch and step size.
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
        return self.bias_.format(l=l) + _unit(j)

    def weight(self, l, j=None, k=None):
        """Weights of layer l, or the one to unit j from unit k."""
        return self.weight_.format(l=l) + (_unit(j) + f",{k}" if k is not None else "")


def _unit(j):
    return "" if j is None else f"_{j}"


PROFILES = {"book": Letters()}


def of(name=None):
    """The `Letters` of a profile; None for the book's own.

    Raises:
        ValueError: for a profile that is not in `PROFILES`.
    """
    if name is None:
        name = "book"
    if name not in PROFILES:
        raise ValueError(f"notation: expected one of {', '.join(PROFILES)}, got {name!r}")
    return PROFILES[name]
