r"""What exercises draw, ask and write down by hand; several chapters use it.

A step of a hand calculation has one name in every exercise: `z1`, `a1` ... forward, `loss`, `delta2`,
`delta1`, `dW2`, `db2` ... backward, `newW2`, `newb2` ... after a step. Each uses the steps before it, so
errors are carried forward. `drawn` puts the forward sweep into the task under these names; where an
exercise asks for it, its steps take their place.
"""

import numpy as np

from .. import network
from ..activations import d_sigmoid as slope
from ..activations import d_tanh, sigmoid
from . import exercise as _exercise
from .exercise import Number, Slip

UNITS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "identity": "linear", "softmax": "softmax"}
LOSSES = {
    "half_squared_error": r"half the squared error, $\loss = \tfrac12 \norm{\out - \lab}^2$",
    "cross_entropy": r"the cross-entropy, $\loss = -\sum_j \labi{j} \ln \outi{j}$",
}


def tex(value, decimals=4):
    """As `exercise.tex`, but one number is one number, not a matrix."""
    return _exercise.tex(np.squeeze(value) if np.size(value) == 1 else value, decimals)


def signed(rng, shape, most):
    """Whole numbers of either sign, none of them 0 and none larger than `most`."""
    return rng.choice([-1, 1], shape) * rng.integers(1, most + 1, shape)


def drawn(rng, sizes, hidden="sigmoid", output="sigmoid", loss="half_squared_error", whole=False):
    """A network with parameters of one digit, one example and its label.

    Args:
        rng: source of the numbers.
        sizes: [n_0, ..., n_L].
        hidden, output, loss: names, as in `Network.random`.
        whole: small whole numbers in place of tenths.

    Returns:
        A dict with net, x, y, fwd, grads, and the forward sweep as z1, a1, ...
    """
    net = network.Network.random(sizes, hidden=hidden, output=output, loss=loss, init="glorot", seed=0)
    weight, bias, most, unit = (3, 2, 4, 1) if whole else (9, 5, 9, 10)
    for l in range(1, net.L + 1):
        net.W[l][:] = signed(rng, net.W[l].shape, weight) / unit
        net.b[l][:] = signed(rng, net.b[l].shape, bias) / unit
    x = rng.integers(1, most + 1, (sizes[0], 1)) / unit
    y = rng.integers(0, most + 1, (sizes[-1], 1)) / unit
    if loss == "cross_entropy":
        y = np.eye(sizes[-1])[:, [rng.integers(sizes[-1])]]
    return swept(net, x, y)


def swept(net, x, y):
    """A network, an example and its label as a task: with both sweeps."""
    fwd = network.forward(net, x)
    known = {f"{name}{l}": getattr(fwd, name)[l] for l in range(1, net.L + 1) for name in "za"}
    return {"net": net, "x": x, "y": y, "fwd": fwd, "grads": network.backward(net, fwd, y)} | known


def off_kinks(draw):
    """The first task of `draw()` whose ReLU units are off their kink, one of them active in each example.

    With small whole numbers a pre-activation of exactly 0 is frequent, and the loss has no derivative there.
    """
    while True:
        task = draw()
        z = task["fwd"].z[1]
        if (z != 0).all() and (z > 0).any(axis=0).all():
            return task


def given(t):
    """The network of a task, in words and matrices."""
    whole = all((v == np.round(v)).all() for v in (*t.net.W[1:], *t.net.b[1:], t.x, t.y))
    digits = 0 if whole else 1
    lines = [
        rf"\Wunits{{{l}}} = {tex(t.net.W[l], digits)}, \quad \bias{{{l}}} = {tex(t.net.b[l], digits)}"
        for l in range(1, t.net.L + 1)
    ]
    hidden, output = UNITS[t.net.activations[1]], UNITS[t.net.activations[t.net.L]]
    units = f"{hidden} units" if hidden == output else f"{hidden} hidden units, {output} output"
    return (
        f"A network with sizes {'-'.join(map(str, t.net.sizes))}, {units} and, as the loss, "
        f"{LOSSES[t.net.loss]}, has the parameters" + "".join(f"\n\n$${line}$$" for line in lines) + "\n\n"
        rf"Its input is $\inp = {tex(t.x, digits)}$, the label $\lab = {tex(t.y, digits)}$."
    )


def below(t, l):
    """What layer l reads."""
    return t.x if l == 1 else getattr(t, f"a{l - 1}")


def of(t, name, l):
    return getattr(t, f"{name}{l}")


def slopes(t, l):
    return t.net.sigma[l].derivative(of(t, "z", l))


def square(t, l):
    return t.net.W[l].shape[0] == t.net.W[l].shape[1]


def forward_steps(layers=(1, 2)):
    """`z1`, `a1`, `z2`, `a2`; a linear output has no step for its activation."""
    return tuple(step for l in layers for step in (_pre(l), _act(l)))


def _pre(l):
    return Number(
        f"z{l}",
        rf"$\pre{{{l}}}$, the pre-activations of layer {l}",
        lambda t: t.net.W[l] @ below(t, l) + t.net.b[l],
        slips=(
            Slip(
                "bias forgotten",
                lambda t: t.net.W[l] @ below(t, l),
                r"The bias is missing. It is added to the weighted sum, before the activation function.",
                ("eq:pre-activation",),
            ),
            Slip(
                "columns for rows",
                lambda t: t.net.W[l].T @ below(t, l) + t.net.b[l] if square(t, l) else None,
                rf"You summed along columns of $\Wunits{{{l}}}$. Row $j$ holds the weights *into* unit $j$: "
                "forward, sum along rows.",
                ("eq:pre-activation",),
            ),
        ),
    )


def _act(l):
    def taken(kind, function):
        return lambda t: function(of(t, "z", l)) if t.net.activations[l] == kind else None

    def exponentials(z):
        with np.errstate(over="ignore"):  # a reader's own z may be anything
            return np.exp(z)

    slips = []
    for kind, name, function, because in (
        ("sigmoid", "sign of the exponent", lambda z: sigmoid(-z), "This is $1/(1 + e^{u})$. The sigmoid has "
            "a minus in the exponent."),
        ("sigmoid", "slope for value", slope, "This is the slope of the sigmoid. Forward, its value $1/(1 + "
            "e^{-u})$ goes on."),
        ("softmax", "not divided", exponentials, "These are the exponentials. Divide each by their sum, so "
            "that the outputs add up to 1."),
        ("softmax", "sigmoid of each", sigmoid, "You took the sigmoid of each entry. Softmax divides each "
            "exponential by the sum of all."),
        ("relu", "negative kept", lambda z: z, "A ReLU gives 0 for a negative pre-activation; you passed it "
            "on."),
        ("tanh", "slope for value", d_tanh, "This is the slope of tanh. Forward, its value goes on."),
    ):  # fmt: skip
        slips.append(Slip(f"{name} ({kind})", taken(kind, function), because, ("eq:activation",)))
    ask = rf"$\act{{{l}}}$, the activations of layer {l}"
    return Number(f"a{l}", ask, lambda t: t.net.sigma[l].value(of(t, "z", l)), tuple(slips))


def loss_step(decimals=4):
    """`loss`, from `a2`."""

    def if_loss(name, function):
        return lambda t: function(t) if t.net.loss == name else None

    return Number(
        "loss",
        r"$\loss$, the loss",
        lambda t: float(t.net.loss_function.value(t.a2, t.y)[0]),
        slips=(
            Slip(
                "half forgotten",
                if_loss("half_squared_error", lambda t: float(((t.a2 - t.y) ** 2).sum())),
                r"The factor ½ is missing: this loss is *half* the squared error.",
                ("eq:half-squared-error",),
            ),
            Slip(
                "difference for square",
                if_loss("half_squared_error", lambda t: float(abs(t.a2 - t.y).sum())),
                "These are the differences, added. The loss adds half their squares.",
                ("eq:half-squared-error",),
            ),
            Slip(
                "common logarithm",
                if_loss("cross_entropy", lambda t: float(-np.log10(t.a2[t.y == 1])[0])),
                "You took the logarithm to base 10. Cross-entropy takes the natural one, ln.",
                ("eq:softmax-cross-entropy",),
            ),
            Slip(
                "all outputs",
                if_loss("cross_entropy", lambda t: float(-np.log(t.a2).sum())),
                "You added over all outputs. The label is 1 at one of them only, so one logarithm is left.",
                ("eq:softmax-cross-entropy",),
            ),
        ),
        decimals=decimals,
    )


def output_error_step(decimals=4):
    """`delta2`, from `z2` and `a2`."""

    def slope_at_hand(t):
        return 1 if t.net.loss == "cross_entropy" else slopes(t, 2)

    def if_sloped(function):
        """Where the output has a slope that may be forgotten."""
        return lambda t: function(t) if t.net.activations[2] in ("sigmoid", "tanh") else None

    return Number(
        "delta2",
        r"$\err{2}$, the error signal of the output layer",
        lambda t: (t.a2 - t.y) * slope_at_hand(t),
        slips=(
            Slip(
                "slope forgotten",
                if_sloped(lambda t: t.a2 - t.y),
                r"The slope $\dactf{2}(\pre{2})$ is missing: $\err{2}$ is taken before the output's "
                "activation function.",
                ("eq:delta-output",),
            ),
            Slip(
                "label minus output",
                lambda t: (t.y - t.a2) * slope_at_hand(t),
                "You took label minus output. The derivative of the loss is output minus label.",
                ("eq:delta-output",),
            ),
            Slip(
                "slope at a",
                if_sloped(lambda t: (t.a2 - t.y) * t.net.sigma[2].derivative(t.a2)),
                r"You took $\dactf{2}$ at $\act{2}$. It is taken at $\pre{2}$; for the sigmoid that is "
                r"$a(1 - a)$ with $a$ from $\act{2}$.",
                ("eq:delta-output",),
            ),
            Slip(
                "slope too many",
                lambda t: (t.a2 - t.y) * t.a2 * (1 - t.a2) if t.net.loss == "cross_entropy" else None,
                r"You multiplied by a slope. Softmax and cross-entropy together leave $\out - \lab$: the "
                "slope cancels.",
                ("eq:delta-cross-entropy",),
            ),
        ),
        decimals=decimals,
    )


def hidden_error_step(decimals=4):
    """`delta1`, from `delta2` and `z1`."""
    relu = r"The slope of a ReLU is 0 where its pre-activation is negative: that unit gets no error."

    def forgotten(kinds):
        return lambda t: t.net.W[2].T @ t.delta2 if t.net.activations[1] in kinds else None

    return Number(
        "delta1",
        r"$\err{1}$, the error signal of the hidden layer",
        lambda t: (t.net.W[2].T @ t.delta2) * slopes(t, 1),
        slips=(
            Slip(
                "transpose forgotten",
                lambda t: (t.net.W[2] @ t.delta2) * slopes(t, 1) if square(t, 2) else None,
                r"You used the rows of $\Wunits{2}$. Hidden unit $k$ sends along column $k$, so it gets back "
                r"$\sum_j \Wi{2}{j}{k} \erri{2}{j}$: that is the transpose.",
                ("eq:delta-hidden", "why-the-transpose"),
            ),
            Slip(
                "slope forgotten",
                forgotten(("sigmoid", "tanh")),
                r"The slope $\dactf{1}(\pre{1})$ is missing: this is the derivative by $\actunits{1}$.",
                ("eq:delta-hidden",),
            ),
            Slip("inactive unit", forgotten(("relu",)), relu, ("eq:delta-hidden",)),
            Slip(
                "slope of the wrong layer",
                lambda t: (
                    (t.net.W[2].T @ t.delta2) * slopes(t, 2)
                    if t.net.activations[2] in ("sigmoid", "tanh")
                    else None
                ),
                r"You took the slope of layer 2 once more. Layer 1 has its own, $\dactf{1}(\pre{1})$.",
                ("eq:delta-hidden",),
            ),
            Slip(
                "slope at a",
                lambda t: (
                    (t.net.W[2].T @ t.delta2) * t.net.sigma[1].derivative(t.a1)
                    if t.net.activations[1] in ("sigmoid", "tanh")
                    else None
                ),
                r"You took $\dactf{1}$ at $\actunits{1}$; it is taken at $\pre{1}$.",
                ("eq:delta-hidden",),
            ),
        ),
        decimals=decimals,
    )


def weights_step(l, decimals=4):
    """`dW1` or `dW2`, from the error signal at the head and the activation at the tail."""

    def outer(column):
        """The product with another column in place of the activations, where it has the shape."""

        def product(t):
            wrong = column(t)
            fits = wrong is not None and wrong.shape == below(t, l).shape
            return of(t, "delta", l) @ wrong.T if fits else None

        return product

    return Number(
        f"dW{l}",
        rf"$\partial\loss/\partial\Wunits{{{l}}}$",
        lambda t: of(t, "delta", l) @ below(t, l).T,
        slips=(
            Slip(
                "rows and columns exchanged",
                lambda t: below(t, l) @ of(t, "delta", l).T if square(t, l) else None,
                "You have the transpose. The error signal is the column, the activation the row: entry "
                r"$(j, k)$ is $\erri{l}{j}\,\acti{l-1}{k}$.",
                ("eq:gradient-weights",),
            ),
            Slip(
                "activations of the same layer",
                outer(lambda t: of(t, "a", l)),
                rf"You multiplied by the activations of layer {l} itself. A weight reads from the layer "
                rf"before.",
                ("eq:gradient-weights",),
            ),
            Slip(
                "pre-activations",
                outer(lambda t: of(t, "z", l - 1) if l > 1 else None),
                rf"You multiplied by $\pre{{{l - 1}}}$. What the weight multiplies is "
                rf"$\actunits{{{l - 1}}}$.",
                ("eq:gradient-weights",),
            ),
        ),
        decimals=decimals,
    )


def bias_step(l, decimals=4):
    """`db1` or `db2`."""
    return Number(
        f"db{l}",
        rf"$\partial\loss/\partial\bias{{{l}}}$",
        lambda t: of(t, "delta", l),
        slips=(
            Slip(
                "times the bias",
                lambda t: of(t, "delta", l) * t.net.b[l],
                "You multiplied by the bias. A bias stands in its pre-activation with the factor 1, so its "
                "gradient is the error signal itself.",
                ("eq:gradient-bias",),
            ),
            Slip(
                "times an activation",
                lambda t: of(t, "delta", l) * of(t, "a", l),
                "You multiplied by the unit's own activation. The bias has the factor 1: its gradient is the "
                "error signal itself.",
                ("eq:gradient-bias",),
            ),
        ),
        decimals=decimals,
    )


def update_step(kind, l, decimals=4):
    """`newW1`, `newb1` ...: a parameter after one step of size `t.eta`."""
    old = rf"\Wunits{{{l}}}" if kind == "W" else rf"\bias{{{l}}}"

    def moved(factor):
        return lambda t: getattr(t.net, kind)[l] - factor(t) * of(t, f"d{kind}", l)

    return Number(
        f"new{kind}{l}",
        rf"${old}$ after the step",
        moved(lambda t: t.eta),
        slips=(
            Slip(
                "uphill",
                moved(lambda t: -t.eta),
                "You added the gradient. It points uphill; a step of descent subtracts it.",
                ("eq:gradient-descent",),
            ),
            Slip(
                "step size forgotten",
                moved(lambda t: 1),
                r"The step size $\step$ is missing: you subtracted the whole gradient.",
                ("eq:gradient-descent",),
            ),
        ),
        decimals=decimals,
    )


def forward_text(t, decimals=4):
    """Both lines of each layer of a forward sweep, as formulas."""
    return "\n\n".join(
        rf"$$\pre{{{l}}} = \affine{{{l}}}{{{l - 1}}} = {tex(t.fwd.z[l], decimals)}$$"
        "\n\n$$"
        rf"\act{{{l}}} = \actf{{{l}}}(\pre{{{l}}}) = {tex(t.fwd.a[l], decimals)}$$"
        for l in range(1, t.net.L + 1)
    )


def backward_text(t, decimals=4):
    """Both error signals of a network with one hidden layer, with every factor."""
    difference, back = t.fwd.a[2] - t.y, t.net.W[2].T @ t.grads.delta[2]
    slope1 = t.net.sigma[1].derivative(t.fwd.z[1])
    if t.net.loss == "cross_entropy":
        first = rf"$$\err{{2}} = \out - \lab = {tex(difference, decimals)}$$"
    else:
        first = (
            rf"$$\err{{2}} = (\out - \lab) \had \dactf{{2}}(\pre{{2}}) = {tex(difference, decimals)} \had "
            rf"{tex(t.net.sigma[2].derivative(t.fwd.z[2]), decimals)} = {tex(t.grads.delta[2], decimals)}$$"
        )
    return (
        first + "\n\n"
        rf"$$\err{{1}} = \bigl(\back{{2}}{{1}}\bigr) \had \dactf{{1}}(\pre{{1}}) = "
        rf"{tex(back, decimals)} \had {tex(slope1, decimals)} = {tex(t.grads.delta[1], decimals)}$$"
    )


def gradient_text(t, layers=(2, 1), decimals=4):
    """The gradients of each layer, an outer product and a copy."""
    return "\n\n".join(
        rf"$$\frac{{\partial\loss}}{{\partial\Wunits{{{l}}}}} = \err{{{l}}} "
        rf"\bigl(\actunits{{{l - 1}}}\bigr)^{{\T}} = "
        rf"{tex(t.grads.W[l], decimals)}$$"
        "\n\n"
        rf"$$\frac{{\partial\loss}}{{\partial\bias{{{l}}}}} = "
        rf"\err{{{l}}} = "
        rf"{tex(t.grads.b[l], decimals)}$$"
        for l in layers
    )


def update_text(t, layers=(2, 1), decimals=4):
    """The parameters of each layer after the step."""
    return "\n\n".join(
        rf"$$\Wunits{{{l}}} \leftarrow {tex(t.net.W[l], 1)} - {t.eta} \cdot {tex(t.grads.W[l], decimals)} = "
        rf"{tex(t.net.W[l] - t.eta * t.grads.W[l], decimals)}$$"
        "\n\n$$"
        rf"\bias{{{l}}} \leftarrow {tex(t.net.b[l] - t.eta * t.grads.b[l], decimals)}$$"
        for l in layers
    )
