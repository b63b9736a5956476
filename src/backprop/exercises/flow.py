"""Exercises of chapter 7: what becomes of an error signal on its way down."""

import numpy as np

from .. import activations, initialise, network
from .exercise import Choice, Exercise, Number, Option, Slip, tex

CHAPTER = "07-flow"


def _chain(weight, biases, name, output, y=1.0):
    """All error signals of single units in a chain with input 0, from the first layer on."""
    L = len(biases)
    W, b = [None] + [[[weight]]] * L, [None] + [[[v]] for v in biases]
    net = network.Network(W, b, [name] * (L - 1) + [output], "half_squared_error")
    fwd = network.forward(net, np.zeros((1, 1)))
    grads = network.backward(net, fwd, np.full((1, 1), y))
    return [float(delta[0, 0]) for delta in grads.delta[1:]], float(fwd.a[L][0, 0])


def _sigmoids(L, loss_slope):
    """The factor from the loss to layer 1 in a chain at slope ¼, with or without the slope at the output."""
    deltas, out = _chain(1.0, [0.0] + [-0.5] * (L - 1), "sigmoid", "sigmoid")
    factor = deltas[0] / (out - 1)
    return float(factor if loss_slope else factor / 0.25)


ten_sigmoids = Exercise(
    name="sigmoid-layers",
    title="How much is left after some sigmoid layers",
    chapter=CHAPTER,
    trains=("eq:ten-sigmoids", "prop:flow-bound"),
    level=2,
    minutes=6,
    task=lambda rng: {"L": int(rng.integers(4, 12))},
    text=lambda t: (
        f"A network has {t.L} layers of sigmoid units; all weight matrices from the second on have norm "
        f"at most 1. "
        "Then the error signal of layer 1 is at most $0.25^m$ times as long as the derivative at the "
        "top. Give the "
        "largest $m$ that holds for every such network,"
    ),
    steps=(
        Number(
            "squared",
            r"against $\norm{\outgrad}$, with half the squared error",
            lambda t: round(np.log(_sigmoids(t.L, True)) / np.log(0.25)),
            (
                Slip(
                    "one less",
                    lambda t: t.L - 1,
                    "The output layer has a slope too: the output error is the gradient of the loss by the "
                    "output, times a slope.",
                    ("eq:ten-sigmoids",),
                ),
                Slip(
                    "one more",
                    lambda t: t.L + 1,
                    "There is one slope a layer; the input has none.",
                    ("eq:ten-sigmoids",),
                ),
            ),
            1,
        ),
        Number(
            "cross",
            r"against $\norm{\out - \lab}$, with softmax and cross-entropy at the output",
            lambda t: round(np.log(_sigmoids(t.L, False)) / np.log(0.25)),
            (
                Slip(
                    "as before",
                    lambda t: t.L,
                    r"With softmax and cross-entropy $\out - \lab$ is the error signal: no slope at the "
                    "output.",
                    ("prop:softmax-cross-entropy",),
                ),
            ),
            1,
        ),
        Number(
            "weight",
            "All units are at the slope ¼. Which weight keeps the error signal as it is from one hidden "
            "layer to the next?",
            lambda t: 1 / activations.d_sigmoid(np.array(0.0)),
            (
                Slip(
                    "one",
                    lambda t: 1.0,
                    "With the weight 1 each step multiplies by the slope, ¼.",
                    ("eq:flow-bound",),
                ),
            ),
            1,
        ),
    ),
    hints=(
        "Count the slopes between the loss and layer 1.",
        "Each step multiplies by a weight and a slope.",
        lambda t: f"{t.L} layers have {t.L} slopes, the output's among them.",
    ),
    solution=lambda t: (
        f"The output error is the gradient of the loss times slopes of at most ¼; each of the {t.L - 1} "
        f"steps down brings "
        f"one more: $0.25^{{{t.squared:.0f}}}$. With softmax and cross-entropy the first has no slope: "
        f"$0.25^{{{t.cross:.0f}}}$. A chain of "
        "single units with weights 1, at pre-activations 0, reaches the bound. With weights 4 each step "
        "multiplies by $4 \\cdot \\tfrac14 = 1$."
    ),
)


def _mean_square_slope(alpha):
    """The mean of the squared slope of a leaky unit over the symmetric points ±1."""
    return float(np.mean(np.where(np.array([-1.0, 1.0]) > 0, 1.0, alpha) ** 2))


leaky = Exercise(
    name="variance-for-leaky",
    title="He's variance, and for leaky units",
    chapter=CHAPTER,
    trains=("eq:he", "thm:relu-variance"),
    level=1,
    minutes=5,
    task=lambda rng: {"n": int(rng.integers(2, 16)) * 10, "alpha": float(rng.choice([0.2, 0.25, 0.3, 0.4]))},
    text=lambda t: (
        f"A hidden layer reads {t.n} units; its weights have mean 0. Leaky units have the slope "
        f"{t.alpha} to the left of 0. Give both variances to five decimals."
    ),
    steps=(
        Number(
            "he",
            "Which variance keeps the mean square of the signals for ReLU units?",
            lambda t: initialise.variance(50, t.n, "he"),
            (
                Slip(
                    "LeCun",
                    lambda t: 1 / t.n,
                    "Half of the units are off: that halves the mean square, so the variance is twice as "
                    "large.",
                    ("eq:he",),
                ),
                Slip(
                    "deviation",
                    lambda t: (2 / t.n) ** 0.5,
                    "That is the standard deviation; the variance is its square.",
                    ("eq:he",),
                ),
            ),
            5,
        ),
        Number(
            "leaky",
            "And for leaky units?",
            lambda t: 1 / (_mean_square_slope(t.alpha) * t.n),
            (
                Slip(
                    "not squared",
                    lambda t: 2 / ((1 + t.alpha) * t.n),
                    "The mean *square* is kept: the slope to the left comes in squared.",
                    ("eq:relu-variance",),
                ),
                Slip(
                    "one side",
                    lambda t: 2 / ((1 - t.alpha**2) * t.n),
                    "Both sides contribute: 1 and the squared slope add up.",
                    ("eq:relu-variance",),
                ),
            ),
            5,
        ),
    ),
    hints=(
        "What does a layer do to the mean square?",
        "Half of the units have the slope 1, the others 0, or the leaky slope.",
        lambda t: f"The mean square of the slope is ${tex((1 + t.alpha**2) / 2)}$.",
    ),
    solution=lambda t: (
        rf"ReLU: $2/{t.n} = {tex(t.he, 5)}$. Leaky: $2 / \bigl((1 + {t.alpha}^2) \cdot {t.n}\bigr) = "
        rf"{tex(t.leaky, 5)}$."
    ),
)


def _normed(rng):
    z = rng.permutation(rng.choice(np.arange(-9, 10), 2, replace=False)).astype(float)
    return {"z": z, "g": rng.choice([-1, 1], 2) * rng.integers(1, 9, 2) / 10}


def _norm(z):
    return (z - z.mean()) / z.std()


two_normed = Exercise(
    name="two-units-normalised",
    title="Two units, normalised",
    chapter=CHAPTER,
    trains=("eq:layer-norm", "eq:layer-norm-backward"),
    level=2,
    minutes=8,
    task=_normed,
    text=lambda t: (
        rf"Layer normalisation with $\varepsilon = 0$ is applied to $z = {tex(t.z, 0)}$. From above "
        rf"comes the gradient "
        rf"$g = {tex(t.g, 1)}$ by its result $u$."
    ),
    steps=(
        Number(
            "u",
            "$u$",
            lambda t: _norm(t.z),
            (
                Slip(
                    "mean only",
                    lambda t: t.z - t.z.mean() if t.z.std() != 1 else None,
                    "The mean is gone; divide by the deviation too.",
                    ("eq:layer-norm",),
                ),
                Slip(
                    "variance",
                    lambda t: (t.z - t.z.mean()) / t.z.var() if t.z.std() != 1 else None,
                    "You divided by the variance; divide by its root.",
                    ("eq:layer-norm",),
                ),
                Slip(
                    "N minus one",
                    lambda t: (t.z - t.z.mean()) / t.z.std(ddof=1),
                    "The mean of the squares divides by 2, not by 1.",
                    ("eq:layer-norm",),
                ),
            ),
        ),
        Number(
            "dz",
            "the gradient by $z$",
            lambda t: (t.g - t.g.mean() - t.u * np.mean(t.g * t.u)) / t.z.std(),
            (
                Slip(
                    "as a constant",
                    lambda t: t.g / t.z.std(),
                    "You took mean and deviation as constants; they depend on $z$.",
                    ("eq:layer-norm-backward",),
                ),
                Slip(
                    "deviation as a constant",
                    lambda t: (t.g - t.g.mean()) / t.z.std() if abs(t.g[0] - t.g[1]) > 1e-9 else None,
                    "The mean is taken care of; the deviation depends on $z$ too.",
                    ("eq:layer-norm-backward",),
                ),
            ),
        ),
    ),
    hints=(
        "Mean, differences from it, root of the mean of their squares.",
        "Subtract from $g$ its mean, and $u$ times the mean of $g u$.",
        lambda t: f"The deviation is ${tex(t.z.std())}$.",
    ),
    solution=lambda t: (
        rf"The mean is ${tex(t.z.mean())}$, the deviation ${tex(t.z.std())}$, so $u = {tex(t.u)}$. The "
        rf"bracket is $g$ minus "
        rf"its mean ${tex(t.g.mean())}$ minus $u$ times ${tex(np.mean(t.g * t.u))}$, which is 0: $u$ "
        rf"does not change when $z$ changes a little."
    ),
)


def _skips(rng):
    return {
        "w": rng.choice([-1, 1], 3) * rng.integers(1, 6, 3) / 10,
        "delta": float(rng.integers(2, 10)) / 10,
    }


skips = Exercise(
    name="through-skips",
    title="Through skip connections",
    chapter=CHAPTER,
    trains=("eq:skip", "eq:skip-backward"),
    level=1,
    minutes=5,
    task=_skips,
    text=lambda t: (
        "Three layers of single linear units have the weights "
        + ", ".join(f"${w}$" for w in t.w)
        + f" and no biases. At the top stands the error signal ${t.delta}$. What arrives below,"
    ),
    steps=(
        Number(
            "plain",
            "without skip connections,",
            lambda t: t.delta * t.w.prod(),
            (
                Slip(
                    "sum",
                    lambda t: t.delta * t.w.sum(),
                    "The layers follow one another: multiply.",
                    ("eq:delta-hidden",),
                ),
            ),
            5,
        ),
        Number(
            "skip",
            "with a skip connection around each layer?",
            lambda t: t.delta * (1 + t.w).prod(),
            (
                Slip(
                    "one skip",
                    lambda t: t.delta * (1 + t.w.prod()),
                    "That is one connection around all three. Each layer has its own.",
                    ("eq:skip-backward",),
                ),
                Slip(
                    "sum",
                    lambda t: t.delta * (1 + t.w).sum(),
                    "The layers follow one another: multiply.",
                    ("eq:skip-backward",),
                ),
                Slip(
                    "without the one",
                    lambda t: t.delta * t.w.prod(),
                    "The error also goes past each layer: the factor is 1 + w.",
                    ("eq:skip-backward",),
                ),
            ),
            5,
        ),
    ),
    hints=("Each layer multiplies by its derivative.", "With a skip the derivative of a layer is $1 + w$."),
    solution=lambda t: (
        rf"Without: ${t.delta} \cdot "
        + r" \cdot ".join(f"({w})" for w in t.w)
        + rf" = {tex(t.plain, 5)}$. With: ${t.delta} \cdot "
        + r" \cdot ".join(f"{1 + w:.1f}" for w in t.w)
        + rf" = {tex(t.skip, 5)}$."
    ),
)

clipping = Exercise(
    name="clip-a-gradient",
    title="Clip a gradient",
    chapter=CHAPTER,
    trains=("eq:clip", "prop:clip"),
    level=1,
    minutes=4,
    task=lambda rng: {"g": rng.choice([-1, 1], 3) * rng.integers(2, 10, 3), "c": float(rng.integers(1, 3))},
    text=lambda t: rf"The gradient is ${tex(t.g, 0)}$; its norm is clipped at {t.c:g}.",
    steps=(
        Number(
            "norm",
            "its norm before",
            lambda t: float(np.sqrt(np.sum(t.g**2))),
            (
                Slip("sum", lambda t: float(abs(t.g).sum()), "Square, add, take the root.", ("eq:clip",)),
                Slip("no root", lambda t: float(np.sum(t.g**2)), "The root is missing.", ("eq:clip",)),
            ),
        ),
        Number(
            "clipped",
            "the clipped gradient",
            lambda t: t.g * t.c / (t.norm or np.nan),
            (
                Slip(
                    "each entry",
                    lambda t: np.clip(t.g, -t.c, t.c),
                    "You clipped each entry: that changes the direction. The whole gradient is "
                    "multiplied by one number.",
                    ("eq:clip",),
                ),
                Slip(
                    "norm one",
                    lambda t: t.g / (t.norm or np.nan) if t.c != 1 else None,
                    "Its norm is 1 now; it should be the bound.",
                    ("eq:clip",),
                ),
            ),
        ),
    ),
    hints=("One factor for all entries.", lambda t: rf"The norm is ${tex(t.norm)}$."),
    solution=lambda t: (
        rf"The norm is ${tex(t.norm)}$, above {t.c:g}. So all entries are multiplied by "
        rf"${tex(t.c / t.norm)}$: ${tex(t.clipped)}$."
    ),
)

bound_alone = Exercise(
    name="a-bound-is-no-growth",
    title="A bound above 1 alone",
    chapter=CHAPTER,
    trains=("eq:flow-bound", "prop:explosion"),
    level=2,
    minutes=5,
    text=lambda t: (
        "A chain of 20 single units with weights 3, tanh in all but the last, which is linear, has the "
        "input 0. The bound grows by 3 in "
        "each layer."
    ),
    steps=tuple(
        Choice(
            name,
            ask,
            lambda t, b=b: bool(
                abs(_chain(3.0, [b] * 20, "tanh", "identity")[0][0])
                > abs(_chain(3.0, [b] * 20, "tanh", "identity")[0][-1])
            ),
            (Option("grows", lambda t: True, grows), Option("vanishes", lambda t: False, vanishes)),
        )
        for name, ask, b, grows, vanishes in (
            (
                "zero",
                "All biases are 0. On its way down the error signal …",
                0.0,
                "All pre-activations are 0, all slopes 1: each step multiplies by 3.",
                "All pre-activations are 0, where the slope of tanh is 1: nothing is lost.",
            ),
            (
                "five",
                "All biases are 5. On its way down the error signal …",
                5.0,
                "The bound is only a bound: all pre-activations are 2 or more, where the "
                "slope is below 0.08.",
                "All pre-activations are 2 or more; the slope there is below 0.08, and 3 · 0.08 is less "
                "than 1.",
            ),
        )
    ),
    hints=("Which pre-activations arise?", "What is the slope of tanh at 0, and at 2?"),
    solution=lambda t: (
        "Biases 0: all slopes are 1, the error signal grows by 3 in each step. Biases 5: every "
        "pre-activation is at least $5 - 3 = 2$, "
        "the slope is below 0.08 and each step multiplies by less than 0.24; after 19 steps less than "
        "$10^{-11}$ is left."
    ),
)

EXERCISES = (ten_sigmoids, leaky, two_normed, skips, clipping, bound_alone)
