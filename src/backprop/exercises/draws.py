"""What exercises draw and how they write it down; several chapters use it."""

import numpy as np

from .. import network
from .exercise import tex


def drawn(rng, sizes, hidden="sigmoid", output="sigmoid", loss="half_squared_error"):
    """A network with parameters of two digits, one example and its label."""
    net = network.Network.random(sizes, hidden=hidden, output=output, loss=loss, init="glorot", seed=0)
    for l in range(1, net.L + 1):
        net.W[l][:] = rng.integers(-9, 10, net.W[l].shape) / 10
        net.b[l][:] = rng.integers(-5, 6, net.b[l].shape) / 10
    x = rng.integers(1, 10, (sizes[0], 1)) / 10
    y = rng.integers(0, 10, (sizes[-1], 1)) / 10
    fwd = network.forward(net, x)
    return {"net": net, "x": x, "y": y, "fwd": fwd, "grads": network.backward(net, fwd, y)}


def given(t):
    """The network of a task, in words and matrices."""
    lines = [
        rf"\W{{{l}}} = {tex(t.net.W[l], 1)}, \quad \bias{{{l}}} = {tex(t.net.b[l], 1)}"
        for l in range(1, t.net.L + 1)
    ]
    return (
        f"A network with sizes {'-'.join(map(str, t.net.sizes))}, sigmoid units and the loss "
        r"$\loss = \tfrac12 \lVert \out - \lab \rVert^2$ has the parameters"
        + "".join(f"\n\n$${line}$$" for line in lines)
        + rf"{chr(10)}{chr(10)}Its input is $\inp = {tex(t.x, 1)}$, the label $\lab = {tex(t.y, 1)}$."
    )


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


def forward_text(t):
    """Both lines of each layer of a forward sweep, as formulas."""
    return "\n\n".join(
        rf"$$\pre{{{l}}} = \affine{{{l}}}{{{l - 1}}} = {tex(t.fwd.z[l])}, \qquad "
        rf"\act{{{l}}} = \actf{{{l}}}(\pre{{{l}}}) = {tex(t.fwd.a[l])}$$"
        for l in range(1, t.net.L + 1)
    )
