"""Exercises of chapter 5: a small network by hand, forward, backward and one step."""

import numpy as np

from .. import network
from .draws import (
    backward_text,
    bias_step,
    drawn,
    forward_steps,
    forward_text,
    given,
    gradient_text,
    hidden_error_step,
    loss_step,
    off_kinks,
    output_error_step,
    signed,
    slope,
    swept,
    tex,
    update_step,
    update_text,
    weights_step,
)
from .exercise import Choice, Exercise, Number, Option, Slip

CHAPTER = "05-worked-example"
FOUR = ("eq:delta-output", "eq:delta-hidden", "eq:gradient-weights", "eq:gradient-bias")
CARRY = "\n\nCarry two digits more than you are asked for."
# fmt: off
# A mistake is one entry: its name, what it computes, why it is wrong, where that is told.


def loss_text(t, decimals=4):
    match t.net.loss:
        case "cross_entropy":
            right = tex(t.fwd.a[2][t.y == 1])
            return rf"$$\loss = -\ln {right} = {tex(t.loss)}$$"
        case _:
            squares = " + ".join(f"({tex(d, decimals)})^2" for d in t.fwd.a[2] - t.y)
            return rf"$$\loss = \tfrac12 \bigl({squares}\bigr) = {tex(t.loss, max(decimals, 1))}$$"


forward = Exercise(
    name="forward-by-hand",
    title="Forward by hand, 2-2-1",
    chapter=CHAPTER,
    trains=("eq:pre-activation", "eq:activation", "eq:half-squared-error"),
    level=1,
    minutes=8,
    task=lambda rng: drawn(rng, [2, 2, 1]),
    text=lambda t: given(t) + "\n\nCompute the forward pass and the loss, to four decimals." + CARRY,
    steps=(*forward_steps(), loss_step()),
    hints=(
        r"Each unit: its row of weights times what it reads, entry by entry, added; then the bias; then "
        r"$\sigmoid(u) = 1/(1 + e^{-u})$.",
        lambda t: (
            rf"The first hidden unit: $\prei{{1}}{{1}} = {tex(t.net.W[1][0, 0], 1)} \cdot "
            rf"{tex(t.x[0, 0], 1)} + "
            rf"({tex(t.net.W[1][0, 1], 1)}) \cdot {tex(t.x[1, 0], 1)} + ({tex(t.net.b[1][0, 0], 1)}) = "
            rf"{tex(t.z1[0, 0])}$."
        ),
        lambda t: rf"The hidden activations are $\act{{1}} = {tex(t.a1)}$.",
    ),
    solution=lambda t: forward_text(t) + "\n\n" + loss_text(t),
)

backward = Exercise(
    name="backward-by-hand",
    title="Backward by hand, 2-2-1",
    chapter=CHAPTER,
    trains=FOUR,
    level=1,
    minutes=12,
    task=lambda rng: drawn(rng, [2, 2, 1]),
    text=lambda t: (
        given(t)
        + "\n\nOne forward sweep gives\n\n"
        + forward_text(t, 6)
        + "\n\nFind both error signals and all gradients, to five decimals."
    ),
    steps=(
        output_error_step(5),
        hidden_error_step(5),
        *(kind(l, 5) for l in (2, 1) for kind in (weights_step, bias_step)),
    ),
    hints=(
        "From the back: output minus label, times the slope of the output.",
        r"Each hidden unit has one weight to the output: $\erri{1}{k} = \Wi{2}{1}{k}\,\erri{2}{1}$ times its "
        "own slope.",
        lambda t: (
            rf"$\err{{2}} = {tex(t.delta2, 5)}$. The gradient of a weight is error at its head times "
            "activation at its tail."
        ),
    ),
    solution=lambda t: backward_text(t, 6) + "\n\n" + gradient_text(t, decimals=5),
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
        + forward_text(t)
        + "\n\nFind the error signals of both layers, to four decimals."
    ),
    steps=(output_error_step(), hidden_error_step()),
    hints=(
        r"Start at the output: $\outgrad$ is $\out - \lab$ here, and each entry is multiplied by its slope.",
        lambda t: (
            rf"The slopes are $\dactf{{2}}(\pre{{2}}) = {tex(slope(t.fwd.z[2]))}$ and "
            rf"$\dactf{{1}}(\pre{{1}}) = {tex(slope(t.fwd.z[1]))}$."
        ),
        lambda t: rf"$\back{{2}}{{1}} = {tex(t.net.W[2].T @ t.delta2)}$; multiply it by the slopes.",
    ),
    solution=backward_text,
)

descent = Exercise(
    name="one-step-by-hand",
    title="One step of descent",
    chapter=CHAPTER,
    trains=("eq:gradient-weights", "eq:gradient-bias", "eq:gradient-descent"),
    level=1,
    minutes=10,
    task=lambda rng: (
        (task := drawn(rng, [2, 2, 1]))
        | {"eta": 2.0, "delta1": task["grads"].delta[1], "delta2": task["grads"].delta[2]}
    ),
    text=lambda t: (
        given(t)
        + "\n\n" rf"Its hidden activations are $\act{{1}} = {tex(t.a1, 5)}$, its error signals "
        rf"$\err{{1}} = {tex(t.delta1, 5)}$ and $\err{{2}} = {tex(t.delta2, 5)}$. Take one step of gradient "
        rf"descent with $\step = {t.eta:g}$. All answers to four decimals."
    ),
    steps=tuple(
        step(l)
        for l in (2, 1)
        for step in (weights_step, lambda l: update_step("W", l), bias_step, lambda l: update_step("b", l))
    ),
    hints=(
        "First the gradients, one layer after the other; the old parameters are all you need.",
        r"Each parameter moves *against* its gradient: old value minus $\step$ times gradient.",
        lambda t: rf"$\partial\loss/\partial\Wunits{{2}} = {tex(t.dW2)}$.",
    ),
    solution=lambda t: gradient_text(t) + "\n\n" + update_text(t),
)

whole_pass = Exercise(
    name="two-two-two",
    title="A whole pass, 2-2-2",
    chapter=CHAPTER,
    trains=("eq:pre-activation", "eq:activation", *FOUR, "eq:gradient-descent"),
    level=2,
    minutes=30,
    task=lambda rng: drawn(rng, [2, 2, 2]) | {"eta": 2.0},
    text=lambda t: (
        given(t)
        + "\n\nCompute everything: forward, loss, backward, gradients, and one step of descent with "
        + rf"$\step = {t.eta:g}$. Forward to four decimals, error signals and gradients to five."
        + CARRY
    ),
    steps=(
        *forward_steps(), loss_step(), output_error_step(5), hidden_error_step(5), weights_step(2, 5),
            bias_step(2, 5),
        weights_step(1, 5), bias_step(1, 5), update_step("W", 2), update_step("W", 1),
    ),
    hints=(
        "Forward along rows, backward along columns, each layer once.",
        lambda t: rf"The output is $\out = {tex(t.a2)}$, its error signal $\err{{2}} = {tex(t.delta2, 5)}$.",
        lambda t: rf"$\back{{2}}{{1}} = {tex(t.net.W[2].T @ t.delta2, 5)}$; times the slopes it is "
            rf"$\err{{1}}$.",
    ),
    solution=lambda t: "\n\n".join(
        (forward_text(t, 6), loss_text(t), backward_text(t, 6), gradient_text(t, decimals=5), update_text(t,
            decimals=5))
    ),
)


def xor(rng):
    """A 2-2-1 network and one of the three examples of XOR in which an input is on."""
    task = drawn(rng, [2, 2, 1])
    x = np.array([[(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)][rng.integers(3)]]).T
    return swept(task["net"], x, np.array([[float(x[0, 0] != x[1, 0])]])) | {"eta": 2.0}


xor_pass = Exercise(
    name="xor-by-hand",
    title="XOR by hand, one full pass",
    chapter=CHAPTER,
    trains=("eq:pre-activation", "eq:activation", *FOUR, "eq:gradient-descent"),
    level=2,
    minutes=25,
    task=xor,
    text=lambda t: (
        "A network is to learn XOR: the label is 1 where exactly one of the two inputs is 1. "
        + given(t)
        + "\n\n" rf"Take it through one full pass and one step with $\step = {t.eta:g}$: forward to four "
        "decimals, error signals and gradients to five." + CARRY
    ),
    steps=(
        *forward_steps(), loss_step(), output_error_step(5), hidden_error_step(5), weights_step(2, 5),
            weights_step(1, 5),
        update_step("W", 2), update_step("W", 1),
    ),
    hints=(
        "An input of 0 takes no part: it adds nothing forward, and the gradients of its weights are 0.",
        lambda t: rf"Forward you should find $\act{{1}} = {tex(t.a1)}$ and $\out = {tex(t.a2)}$.",
        lambda t: rf"$\err{{2}} = {tex(t.delta2, 5)}$ and $\err{{1}} = {tex(t.delta1, 5)}$.",
    ),
    solution=lambda t: "\n\n".join(
        (forward_text(t, 6), loss_text(t), backward_text(t, 6), gradient_text(t, decimals=5), update_text(t,
            decimals=5))
    ),
)

relu = Exercise(
    name="relu-by-hand",
    title="A ReLU network in whole numbers",
    chapter=CHAPTER,
    trains=("eq:activation", "eq:delta-hidden", "eq:gradient-weights"),
    level=1,
    minutes=12,
    task=lambda rng: off_kinks(lambda: drawn(rng, [2, 3, 2], "relu", "identity", whole=True)),
    text=lambda t: given(t) + "\n\nNo calculator is needed. Where the output is linear, its slope is 1.",
    steps=(
        *forward_steps(layers=(1,)),
        Number(
            "a2",
            r"$\out$, the output",
            lambda t: t.net.W[2] @ t.a1 + t.net.b[2],
            (
                Slip("bias forgotten", lambda t: t.net.W[2] @ t.a1, "The biases of layer 2 are missing.",
                    ("eq:pre-activation",)),
                Slip("rectified", lambda t: np.maximum(t.net.W[2] @ t.a1 + t.net.b[2], 0) if t.fwd.a[2].min(
                    ) < 0 else None,
                     "You applied the ReLU once more. Only the hidden units have it; the output is linear.",
                     ("eq:activation",)),
            ),
            decimals=2,
        ),
        loss_step(2), output_error_step(2), hidden_error_step(2), weights_step(2, 2), weights_step(1, 2),
    ),
    hints=(
        "A hidden unit whose pre-activation is negative sends 0 forward, and gets no error back.",
        r"With a linear output $\err{2}$ is $\out - \lab$.",
        lambda t: rf"The slopes of the hidden layer are "
            rf"{tex(t.net.sigma[1].derivative(t.z1), 0).join('$$')}: 0 for an inactive unit.",
    ),
    solution=lambda t: "\n\n".join((forward_text(t, 0), loss_text(t, 0), backward_text(t, 0), gradient_text(t,
        decimals=1))),
)

softmax = Exercise(
    name="softmax-network-by-hand",
    title="Softmax on top, 2-2-2",
    chapter=CHAPTER,
    trains=("eq:softmax-cross-entropy", "eq:delta-cross-entropy", "eq:delta-hidden", "eq:gradient-weights"),
    level=2,
    minutes=20,
    task=lambda rng: drawn(rng, [2, 2, 2], "tanh", "softmax", "cross_entropy"),
    text=lambda t: given(t) + "\n\nForward to four decimals, the rest to four as well." + CARRY,
    steps=(*forward_steps(), loss_step(), output_error_step(), hidden_error_step(), weights_step(2),
        weights_step(1)),
    hints=(
        r"The exponentials of $\pre{2}$, each divided by their sum, are the output.",
        r"Softmax and cross-entropy together: $\err{2} = \out - \lab$, no slope. The slope of tanh is $1 - "
        r"a^2$ "
        r"with $a$ from $\actunits{1}$.",
        lambda t: rf"$\out = {tex(t.a2)}$ and $\back{{2}}{{1}} = {tex(t.net.W[2].T @ t.delta2)}$.",
    ),
    solution=lambda t: "\n\n".join((forward_text(t), loss_text(t), backward_text(t), gradient_text(t))),
)


def batch(rng):
    """A 2-2-1 ReLU network in whole numbers with two examples, and its sweeps."""

    def draw():
        net = drawn(rng, [2, 2, 1], hidden="relu", output="identity", whole=True)["net"]
        return swept(net, rng.integers(1, 5, (2, 2)).astype(float), signed(rng, (1, 2), 5).astype(float))

    return off_kinks(draw)


def whose(name, text, function, because):
    return Slip(name, function, because, (text,))


two_examples = Exercise(
    name="batch-of-two-by-hand",
    title="Two examples at once",
    chapter=CHAPTER,
    trains=("eq:cost", "eq:batch", "eq:forward-batch"),
    level=2,
    minutes=18,
    task=batch,
    text=lambda t: (
        "A 2-2-1 network with ReLU hidden units, a linear output and half the squared error has the "
        "parameters"
        + "".join("\n\n" rf"$$\Wunits{{{l}}} = {tex(t.net.W[l], 0)}, \quad \bias{{{l}}} = "
            rf"{tex(t.net.b[l], 0)}$$" for l in (1, 2))
        + "\n\n" rf"Two examples are the columns of $\Inp = {tex(t.x, 0)}$, their labels are $\Lab = "
            rf"{tex(t.y, 0)}$."
    ),
    steps=(
        Number("out", r"the two outputs, $\Act{2}$", lambda t: t.net.W[2] @ np.maximum(t.net.W[1] @ t.x
            + t.net.b[1], 0) + t.net.b[2], (
            whose("negative kept", "eq:activation", lambda t: t.net.W[2] @ (t.net.W[1] @ t.x + t.net.b[1])
                + t.net.b[2], "The hidden ReLU is missing: negative pre-activations become 0."),
            whose("examples in rows", "eq:forward-batch", lambda t: t.net.W[2] @ np.maximum(
                t.net.W[1] @ t.x.T + t.net.b[1], 0) + t.net.b[2], r"You read the examples from the rows of "
                    r"$\Inp$. They are its columns."),
        ), 2),
        Number("cost", r"$\cost$, the cost", lambda t: float(((t.out - t.y) ** 2).sum() / 4), (
            whose("one factor ½ for two", "eq:cost", lambda t: float(((t.out - t.y) ** 2).sum() / 2),
                "There are two factors ½: one in each loss, one in the mean over two examples."),
            whose("no factor ½", "eq:cost", lambda t: float(((t.out - t.y) ** 2).sum()),
                "You added the squares. Each loss is half a square, and the cost is the mean of the losses."),
        ), 2),
        Number("Delta1", r"$\Err{1}$, one example a column, not divided", lambda t: (t.net.W[2].T @ (
            t.out - t.y)) * (t.fwd.z[1] > 0), (
            whose("inactive unit", "eq:batch", lambda t: t.net.W[2].T @ (t.out - t.y),
                "An inactive unit gets no error: its slope is 0 for this example."),
            whose("divided", "eq:batch", lambda t: (t.net.W[2].T @ (t.out - t.y)) * (t.fwd.z[1] > 0) / 2,
                r"You divided by $\nexamples$ here. In this book the error signals are not divided, the "
                r"gradients are: once is enough."),
        ), 2),
        Number("dW1", r"$\partial\cost/\partial\Wunits{1}$", lambda t: t.Delta1 @ t.x.T / 2, (
            whose("sum", "eq:batch", lambda t: t.Delta1 @ t.x.T, r"You added over the examples. The cost is "
                r"a mean: divide by $\nexamples = 2$."),
            whose("averaged twice", "eq:batch", lambda t: t.Delta1 @ t.x.T / 4,
                r"You divided by $\nexamples$ twice."),
            whose("examples not paired", "eq:batch", lambda t: t.Delta1 @ t.x / 2, r"You multiplied by "
                r"$\Inp$, not by its transpose: error and input of one example belong together."),
        ), 2),
        Number("db1", r"$\partial\cost/\partial\bias{1}$", lambda t: t.Delta1.mean(axis=1, keepdims=True), (
            whose("sum", "eq:batch", lambda t: t.Delta1.sum(axis=1, keepdims=True),
                "You added over the examples. The cost is a mean."),
            whose("over the units", "eq:batch", lambda t: t.Delta1.mean(axis=0)[:, None],
                "You averaged over the units. Each unit has its own bias: average along the row."),
        ), 2),
    ),
    hints=(
        "Each column is a forward pass of its own. Do the first example, then the second.",
        lambda t: rf"The hidden layer is $\Act{{1}} = {tex(t.fwd.a[1], 0)}$, the differences are "
            rf"{tex(t.out - t.y, 0).join('$$')}.",
        r"The gradient of the cost is the mean of the two examples' gradients: the outer products, added, "
        r"divided by 2.",
    ),
    solution=lambda t: "\n\n".join((
        rf"$$\Pre{{1}} = {tex(t.fwd.z[1], 0)}, \quad \Act{{1}} = {tex(t.fwd.a[1], 0)}, \quad \Act{{2}} = "
        rf"{tex(t.out, 0)}$$",
        rf"$$\Err{{2}} = \Act{{2}} - \Lab = {tex(t.out - t.y, 0)}, \qquad \cost = {tex(t.cost, 2)}$$",
        rf"$$\Err{{1}} = \bigl(\Back{{2}}{{1}}\bigr) \had \dactf{{1}}(\Pre{{1}}) = "
        rf"{tex(t.net.W[2].T @ (t.out - t.y), 0)} \had {tex(t.fwd.z[1] > 0, 0)} = {tex(t.Delta1, 0)}$$",
        rf"$$\frac{{\partial\cost}}{{\partial\Wunits{{1}}}} = \tfrac12 \Err{{1}} \Inp^{{\T}} = "
        rf"{tex(t.dW1, 1)}, \qquad \frac{{\partial\cost}}{{\partial\bias{{1}}}} = \tfrac12 \Err{{1}} \ones = "
        rf"{tex(t.db1, 1)}$$",
    )),
)


def worked(rows=None, out=None):
    """The network of the chapter; with equal rows of weights if they are given."""
    first = [[0.15, 0.20], [0.25, 0.30], [0.35, 0.40]] if rows is None else [rows] * 3
    second = [[0.40, 0.45, 0.50]] if out is None else [[out] * 3]
    units = ["sigmoid", "sigmoid"]
    return network.Network([None, first, second], [None, [[0.35]] * 3, [[0.60]]], units, "half_squared_error")


INPUT = np.array([[0.05], [0.10]])


def another_label(rng):
    label = int(rng.choice([*range(10, 75, 5), *range(87, 100)])) / 100
    return swept(worked(), INPUT, np.array([[label]])) | {"label": label}


def changes(t):
    """Which of the printed numbers another label changes: forward, output error, hidden error, gradients."""
    base = swept(worked(), INPUT, np.array([[0.01]]))
    pairs = [(base["fwd"].a, t.fwd.a)] + [
        (getattr(base["grads"], n), getattr(t.grads, n)) for n in ("delta", "W", "b")
    ]
    return [any(not np.allclose(p, q) for p, q in zip(old[1:], new[1:], strict=True)) for old, new in pairs]


def moved(t):
    """Which way one small step moves the output: "up" or "down"."""
    net = t.net.with_parameters(
        [None] + [t.net.W[l] - 0.1 * t.grads.W[l] for l in (1, 2)],
        [None] + [t.net.b[l] - 0.1 * t.grads.b[l] for l in (1, 2)],
    )
    return "up" if network.forward(net, t.x).a[2].item() > t.a2.item() else "down"


second_example = Exercise(
    name="another-label",
    title="Another label",
    chapter=CHAPTER,
    trains=("eq:delta-output", "eq:gradient-descent"),
    level=2,
    minutes=8,
    task=another_label,
    text=lambda t: (
        rf"Keep the network and the input of this chapter and change the label to $\lab = {t.label:.2f}$. "
        rf"Its output is 0.803158 "
        "as before. Which of the printed numbers stay the same? What is the output error now, and what does "
        "it tell the weights?"
    ),
    steps=(
        Choice("stay", "What stays the same?", changes, (
            Option("the pre-activations, the activations and the slopes", lambda t: [False, True, True, True],
                   "The forward pass does not see the label; everything that comes from the output error "
                   "does.", ("eq:delta-output",)),
            Option("everything before the output error, and the hidden errors", lambda t: [False, True,
                False, True],
                   "The hidden errors are made of the output error, so they change with it.",
                   ("eq:delta-hidden",)),
            Option("the gradients of the hidden weights, because they hold the input", lambda t: [False,
                True, True, False],
                   "The input stays, but the hidden error, the other factor, changes.",
                   ("eq:gradient-weights",)),
            Option("nothing: the label enters the loss, and the loss enters everything", lambda t: [True,
                True, True, True],
                   "The loss comes after the forward pass. Nothing before it can depend on the label.",
                   ("eq:pre-activation",)),
        )),
        output_error_step(5),
        Choice("way", "What does one small step of descent do to the output?", moved, (
            Option("it rises", lambda t: "up" if t.delta2.item() < 0 else "no", "A negative output error: "
                "descent raises the pre-activation, and with it the output.", ("eq:gradient-descent",)),
            Option("it falls", lambda t: "down" if t.delta2.item() > 0 else "no", "A positive output error: "
                "descent lowers the pre-activation, and with it the output.", ("eq:gradient-descent",)),
            Option("it stays, only the hidden layer changes", lambda t: "stays",
                "Every layer is moved, and the output with it.", ("eq:gradient-descent",)),
        )),
    ),
    hints=(
        "What does the forward pass read?",
        r"The slope of the output is 0.158095, as in the chapter; the difference is new.",
        r"A step goes *against* the gradient: where $\err{2}$ is negative, $\pre{2}$ goes up.",
    ),
    solution=lambda t: (
        "The forward pass does not see the label: all pre-activations, activations and slopes stay. The "
        "output error becomes "
        "\n\n" rf"$$\err{{2}} = ({tex(t.a2, 6)} - {t.label:.2f}) \cdot 0.158095 = {tex(t.a2 - t.y, 6)} \cdot "
        rf"0.158095 = {tex(t.delta2, 6)}$$"
        "\n\n" f"It is {'negative: a step raises' if t.delta2.item() < 0 else 'positive: a step lowers'} the "
        f"weights into the output, and with them the output."
    ),
)


def twins(rng):
    rows, out = (
        [int(v) / 100 for v in rng.integers(5, 60, 2)],
        int(rng.choice([-1, 1]) * rng.integers(30, 90)) / 100,
    )
    return swept(worked(rows, out), INPUT, np.array([[0.01]])) | {"rows": rows, "out": out}


def different_units(t):
    """How many different hidden units there are after ten steps."""
    net, y = worked(t.rows, t.out), t.y
    for _ in range(10):
        grads = network.backward(net, network.forward(net, t.x), y)
        for l in (1, 2):
            net.W[l] -= 0.5 * grads.W[l]
            net.b[l] -= 0.5 * grads.b[l]
    units = np.hstack([net.W[1], net.b[1], net.W[2].T])
    return len(np.unique(units.round(12), axis=0))


equal_biases = Exercise(
    name="equal-hidden-units",
    title="Three hidden units that are equal",
    chapter=CHAPTER,
    trains=("eq:delta-hidden", "eq:gradient-weights"),
    level=2,
    minutes=12,
    task=twins,
    text=lambda t: (
        "In the network of this chapter all three hidden biases are equal, 0.35. Set the three rows of "
        rf"$\Wunits{{1}}$ equal too, to $({t.rows[0]:.2f}, {t.rows[1]:.2f})$, and the three entries of "
        rf"$\Wunits{{2}}$ to {t.out:.2f}. "
        r"Input, output bias and label stay: $\inp = (0.05, 0.10)^{\T}$, $\biasi{2}{1} = 0.60$, $\lab = "
        r"0.01$."
    ),
    steps=(
        Number("act1", r"$\act{1}$, to four decimals", lambda t: t.net.sigma[1].value(t.net.W[1] @ t.x
            + t.net.b[1]), (
            Slip("bias forgotten", lambda t: t.net.sigma[1].value(t.net.W[1] @ t.x),
                "The bias 0.35 is missing.", ("eq:pre-activation",)),
            Slip("not activated", lambda t: t.net.W[1] @ t.x + t.net.b[1],
                "This is the pre-activation; the sigmoid is still to come.", ("eq:activation",)),
        )),
        output_error_step(5), hidden_error_step(5),
        Choice("units", "How many different hidden units does the network have after ten steps?",
            different_units, (
            Option("one, three times", lambda t: 1, "Equal activations, equal errors, equal gradients: what "
                "is equal stays equal. This is why weights start at random values.", ("eq:gradient-weights",
                )),
            Option("two: the first unit gets the error first and moves ahead", lambda t: 2, "All units of a "
                "layer get their errors from the same numbers; none is first.", ("eq:delta-hidden",)),
            Option("three: each unit has a weight of its own, so each goes its own way", lambda t: 3,
                "Each has its own weights, but the same numbers in them, and so the same gradient.",
                ("eq:gradient-weights",)),
        )),
    ),
    hints=(
        "Compute one hidden unit; the other two have the same numbers.",
        lambda t: rf"$\pre{{2}}$ is three times ${t.out:.2f} \cdot {tex(t.a1[0, 0])}$, plus 0.60: "
            rf"${tex(t.z2)}$.",
        "What would have to differ for two units to get different gradients?",
    ),
    solution=lambda t: (
        forward_text(t, 6) + "\n\n" + backward_text(t, 6) + "\n\n" rf"$\err{{1}}$ is "
            rf"{tex(t.delta1[0, 0], 6)} three times. "
        "The three hidden units have equal activations, equal errors and equal gradients, so they stay equal "
        "in every step: three "
        "units that do the work of one. This is why weights start at random values."
    ),
)


def nudged(rng):
    """A 2-2-1 network, and its loss with the first weight of layer 2 a little larger and smaller."""
    task, h = drawn(rng, [2, 2, 1]), 0.01
    losses = {}
    for name, change in (("up", h), ("down", -h), ("here", 0)):
        W = [None] + [w.copy() for w in task["net"].W[1:]]
        W[2][0, 0] += change
        net = task["net"].with_parameters(W, task["net"].b)
        losses[name] = round(float(network.cost(net, network.forward(net, task["x"]), task["y"])), 8)
    return task | losses | {"h": h, "delta2": task["grads"].delta[2]}


differences = Exercise(
    name="check-by-differences",
    title="Check a gradient without trusting it",
    chapter=CHAPTER,
    trains=("eq:central-difference", "eq:gradient-weights"),
    level=2,
    minutes=8,
    task=nudged,
    text=lambda t: (
        given(t)
        + "\n\n" rf"With $\Wi{{2}}{{1}}{{1}}$ larger by $h = {t.h}$ its loss is {t.up:.8f}, with this weight "
            rf"smaller by $h$ it is "
        rf"{t.down:.8f}, and unchanged {t.here:.8f}. A forward and a backward pass gave $\acti{{1}}{{1}} = "
        rf"{tex(t.a1[0, 0], 6)}$ and "
        rf"$\err{{2}} = {tex(t.delta2, 6)}$. Compute the derivative by this weight in two ways, to five "
        rf"decimals."
    ),
    steps=(
        Number("quotient", r"by the central difference", lambda t: (t.up - t.down) / (2 * t.h), (
            Slip("2 forgotten", lambda t: (t.up - t.down) / t.h, r"The two places are $2h$ apart, not $h$.",
                ("eq:central-difference",)),
            Slip("down minus up", lambda t: (t.down - t.up) / (2 * t.h), r"The loss at $w + h$ comes first.",
                ("eq:central-difference",)),
            Slip("not divided", lambda t: t.up - t.down, r"Divide the difference by $2h$: a derivative is "
                r"change by change.", ("eq:central-difference",)),
        ), 5),
        Number("derivative", "by backpropagation", lambda t: float(t.a1[0, 0] * t.delta2[0, 0]), (
            Slip("the bias", lambda t: t.delta2.item(), "This is the derivative by the bias. A weight has "
                "the activation as a factor, too.", ("eq:gradient-weights",)),
            Slip("the weight", lambda t: float(t.net.W[2][0, 0] * t.delta2[0, 0]), "You multiplied by the "
                "weight: that is what goes back to the hidden unit. The gradient takes the activation.",
                ("eq:gradient-weights",)),
        ), 5),
    ),
    hints=(
        "Two losses, one difference, one division.",
        r"Divide by $2h$: that is how far apart the two places are. Backward: the error at the head times "
        r"the activation at the tail.",
        lambda t: rf"The difference of the losses is {t.up - t.down:.8f}.",
    ),
    solution=lambda t: (
        rf"$$\frac{{{t.up:.8f} - {t.down:.8f}}}{{2 \cdot {t.h}}} = {tex(t.quotient, 6)}, \qquad "
        rf"\erri{{2}}{{1}}\,\acti{{1}}{{1}} = {tex(t.delta2, 6)} \cdot {tex(t.a1[0, 0], 6)} = "
        rf"{tex(t.derivative, 6)}$$"
        "\n\n" f"They agree up to the error of the difference, which shrinks with the square of $h$."
    ),
)

EXERCISES = (
    forward, backward, two_outputs, descent, whole_pass, xor_pass, relu, softmax, two_examples,
        second_example, equal_biases,
    differences,
)
