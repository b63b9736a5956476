"""Exercises of chapter 5: a small network by hand, forward, backward and one step."""

import numpy as np

from .. import network
from .exercise import Exercise, Number, Slip, tex

CHAPTER = "05-worked-example"


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


def _forward_solution(t):
    return "\n\n".join(
        rf"$$\pre{{{l}}} = \affine{{{l}}}{{{l - 1}}} = {tex(t.fwd.z[l])}, \qquad "
        rf"\act{{{l}}} = \actf{{{l}}}(\pre{{{l}}}) = {tex(t.fwd.a[l])}$$"
        for l in range(1, t.net.L + 1)
    )


PRE = Slip(
    "weights transposed",
    lambda t: t.net.W[1].T @ t.x + t.net.b[1] if t.net.sizes[0] == t.net.sizes[1] else None,
    r"You went down a column of $\W{1}$. Unit $j$ reads row $j$: its weights are $\Wi{1}{j}{k}$ for all $k$.",
    ("eq:pre-activation",),
)
NO_BIAS = Slip(
    "bias forgotten",
    lambda t: t.net.W[1] @ t.x,
    r"The bias $\bias{1}$ is missing.",
    ("eq:pre-activation",),
)

two_outputs = Exercise(
    name="hidden-error-by-hand",
    title="One hidden error, two outputs",
    chapter=CHAPTER,
    trains=("eq:delta-output", "eq:delta-hidden"),
    level=1,
    minutes=10,
    task=lambda rng: drawn(rng, [2, 2, 2]),
    text=lambda t: (
        given(t)
        + "\n\nOne forward sweep gives\n\n"
        + _forward_solution(t)
        + "\n\nFind the error signals of both layers, to four decimals."
    ),
    steps=(
        Number(
            "delta2",
            r"$\err{2}$, the error signal of the output layer",
            lambda t: (t.fwd.a[2] - t.y) * slope(t.fwd.z[2]),
            slips=(
                Slip(
                    "slope forgotten",
                    lambda t: t.fwd.a[2] - t.y,
                    r"The slope $\dactf{2}(\pre{2})$ is missing: $\err{2}$ is taken before the output's "
                    "activation function.",
                    ("eq:delta-output",),
                ),
                Slip(
                    "label minus output",
                    lambda t: (t.y - t.fwd.a[2]) * slope(t.fwd.z[2]),
                    "You took label minus output. The derivative of the loss is output minus label.",
                    ("eq:delta-output",),
                ),
                Slip(
                    "slope at a",
                    lambda t: (t.fwd.a[2] - t.y) * slope(t.fwd.a[2]),
                    r"You took $\dactf{2}$ at $\act{2}$. It is taken at $\pre{2}$; for the sigmoid that is "
                    r"$a(1 - a)$ with $a$ from $\act{2}$.",
                    ("eq:delta-output",),
                ),
            ),
        ),
        Number(
            "delta1",
            r"$\err{1}$, the error signal of the hidden layer",
            lambda t: (t.net.W[2].T @ t.delta2) * slope(t.fwd.z[1]),
            slips=(
                Slip(
                    "transpose forgotten",
                    lambda t: (t.net.W[2] @ t.delta2) * slope(t.fwd.z[1]),
                    r"You used the rows of $\W{2}$. Hidden unit $k$ sends along column $k$, so it gets back "
                    r"$\sum_j \Wi{2}{j}{k} \erri{2}{j}$: that is the transpose.",
                    ("eq:delta-hidden",),
                ),
                Slip(
                    "slope forgotten",
                    lambda t: t.net.W[2].T @ t.delta2,
                    r"The slope $\dactf{1}(\pre{1})$ is missing: this is the derivative by $\act{1}$.",
                    ("eq:delta-hidden",),
                ),
                Slip(
                    "slope of the wrong layer",
                    lambda t: (t.net.W[2].T @ t.delta2) * slope(t.fwd.z[2]),
                    r"You took the slope of layer 2 once more. Layer 1 has its own, $\dactf{1}(\pre{1})$.",
                    ("eq:delta-hidden",),
                ),
                Slip(
                    "slope at a",
                    lambda t: (t.net.W[2].T @ t.delta2) * slope(t.fwd.a[1]),
                    r"You took $\dactf{1}$ at $\act{1}$; it is taken at $\pre{1}$.",
                    ("eq:delta-hidden",),
                ),
            ),
        ),
    ),
    hints=(
        r"Start at the output: $\outgrad$ is $\out - \lab$ here, and each entry is multiplied by its slope.",
        lambda t: (
            rf"The slopes are $\dactf{{2}}(\pre{{2}}) = {tex(slope(t.fwd.z[2]))}$ and "
            rf"$\dactf{{1}}(\pre{{1}}) = {tex(slope(t.fwd.z[1]))}$."
        ),
        lambda t: rf"$\back{{2}}{{1}}\err{{2}} = {tex(t.net.W[2].T @ t.delta2)}$; multiply it by the slopes.",
    ),
    solution=lambda t: (
        rf"$$\err{{2}} = (\out - \lab) \had \dactf{{2}}(\pre{{2}}) = {tex(t.fwd.a[2] - t.y)} \had "
        rf"{tex(slope(t.fwd.z[2]))} = {tex(t.delta2)}$$"
        "\n\n"
        rf"$$\err{{1}} = \bigl(\back{{2}}{{1}} \err{{2}}\bigr) \had \dactf{{1}}(\pre{{1}}) = "
        rf"{tex(t.net.W[2].T @ t.delta2)} \had {tex(slope(t.fwd.z[1]))} = {tex(t.delta1)}$$"
    ),
)

EXERCISES = (two_outputs,)
