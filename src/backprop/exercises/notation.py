"""Exercises of chapter 2: notation, shapes, layouts."""

from itertools import pairwise

import numpy as np

from .. import activations, network
from .draws import drawn, given, slope
from .exercise import Choice, Exercise, Number, Option, Program, Slip, tex
from .tried import tried

CHAPTER = "02-notation"


def sized(rng):
    """A network of three layers with unlike sizes, and a number of examples."""
    n = [int(v) for v in rng.choice(np.arange(3, 13), 4, replace=False)]
    net = network.Network.random(
        n, hidden="tanh", output="identity", loss="half_squared_error", init="glorot", seed=0
    )
    return {"n": n, "N": int(rng.integers(20, 60)), "net": net}


def products(sizes, more, times=""):
    """The products n_l (n_{l-1} + 1), written out and added."""
    terms = (f"{n} * ({times}{m}{more})" for m, n in pairwise(sizes))
    return " + ".join(terms).replace("*", r"\cdot")


def fitting(p, q):
    """The shape of a product, or a word."""
    return (p[0], q[1]) if p[1] == q[0] else "does not exist"


def factors(text, p, q, because):
    """A product of two shapes, each a function of the task."""
    return Option(lambda t: f"({text(t)})", lambda t: fitting(p(t), q(t)), because, ("eq:batch-gradient",))


shapes = Exercise(
    name="shapes",
    title="Shapes and parameters",
    chapter=CHAPTER,
    trains=("eq:parameter-count", "eq:batch"),
    level=1,
    minutes=8,
    task=sized,
    text=lambda t: (
        rf"A network has the sizes {'-'.join(map(str, t.n))}. A batch has $\nexamples = {t.N}$ examples, as "
        rf"columns."
    ),
    steps=(
        Number(
            "weights",
            r"The shape of $\Wunits{2}$: rows, columns",
            lambda t: np.array(t.net.W[2].shape),
            (
                Slip(
                    "transposed",
                    lambda t: np.array(t.net.W[2].shape[::-1]),
                    "Rows and columns are exchanged: a row for each unit that the layer has.",
                    ("eq:pre-activation",),
                ),
                Slip(
                    "layer before",
                    lambda t: np.array(t.net.W[1].shape),
                    "That is the matrix of layer 1. Layer 2 leads from the first hidden layer to the second.",
                    ("eq:pre-activation",),
                ),
            ),
            0,
        ),
        Number(
            "errors",
            r"The shape of $\Err{1}$",
            lambda t: np.array([t.n[1], t.N]),
            (
                Slip(
                    "examples as rows",
                    lambda t: np.array([t.N, t.n[1]]),
                    "Here an example is a column.",
                    ("eq:batch",),
                ),
                Slip(
                    "one example",
                    lambda t: np.array([t.n[1], 1]),
                    r"That is $\err{1}$, for one example.",
                    ("eq:batch",),
                ),
                Slip(
                    "sizes of the weights",
                    lambda t: np.array(t.net.W[1].shape),
                    "An error signal has the shape of the pre-activation, not of the weights.",
                    ("eq:delta-definition",),
                ),
            ),
            0,
        ),
        Number(
            "parameters",
            "How many parameters does it have?",
            lambda t: sum(p.size for p in (*t.net.W[1:], *t.net.b[1:])),
            (
                Slip(
                    "biases forgotten",
                    lambda t: sum(w.size for w in t.net.W[1:]),
                    "You counted the weights only.",
                    ("eq:parameter-count",),
                ),
                Slip(
                    "biases of the input",
                    lambda t: sum(p.size for p in (*t.net.W[1:], *t.net.b[1:])) + t.n[0],
                    "The input has no biases: it is given.",
                    ("eq:parameter-count",),
                ),
            ),
            0,
        ),
        Choice(
            "product",
            r"Which shapes are multiplied in the gradient of $\Wunits{2}$?",
            lambda t: tuple(t.net.W[2].shape),
            (
                factors(
                    lambda t: f"{t.N} × {t.n[2]})({t.n[1]} × {t.N}",
                    lambda t: (t.N, t.n[2]),
                    lambda t: (t.n[1], t.N),
                    "The inner sizes differ: this product does not exist.",
                ),
                factors(
                    lambda t: f"{t.n[1]} × {t.N})({t.N} × {t.n[2]}",
                    lambda t: (t.n[1], t.N),
                    lambda t: (t.N, t.n[2]),
                    "This gives the transpose: it is the product for examples as rows.",
                ),
                factors(
                    lambda t: f"{t.n[2]} × {t.N})({t.N} × {t.n[1]}",
                    lambda t: (t.n[2], t.N),
                    lambda t: (t.N, t.n[1]),
                    r"The number of examples stands in the middle and vanishes: the product sums over them.",
                ),
                factors(
                    lambda t: f"{t.n[2]} × {t.n[1]})({t.n[1]} × {t.N}",
                    lambda t: (t.n[2], t.n[1]),
                    lambda t: (t.n[1], t.N),
                    "This is the product of the forward sweep; it still has a column for each example.",
                ),
            ),
        ),
    ),
    hints=(
        "A layer has a row of weights for each of its units, with an entry for each unit of the layer "
        "before.",
        r"Each unit has its weights and one bias: $\size{l}\,(\size{l-1} + 1)$.",
        lambda t: rf"The gradient has the shape of $\Wunits{{2}}$, {t.n[2]} × {t.n[1]}.",
    ),
    solution=lambda t: (
        rf"$\Wunits{{2}}$ is {t.n[2]} × {t.n[1]}; $\Err{{1}}$ has the shape of $\Pre{{1}}$, {t.n[1]} × "
        rf"{t.N}. Parameters: "
        f"${products(t.n, ' + 1')} = {t.parameters}$, of which ${' + '.join(map(str, t.n[1:]))} = "
        f"{sum(t.n[1:])}$ are biases. In the gradient $\\Err{{2}}$ is {t.n[2]} × {t.N} and the transpose of "
        f"$\\Actunits{{1}}$ is {t.N} × {t.n[1]}; the {t.N} vanishes, and {t.n[2]} × {t.n[1]} is left."
    ),
)


def row_program(rng):
    """A tanh network with a batch, and what a program with rows has in its variables."""
    N, n = int(rng.integers(3, 9)), [int(v) for v in rng.choice([2, 3, 4, 5], 3, replace=False)]
    net = network.Network.random(
        n,
        hidden="tanh",
        output="identity",
        loss="half_squared_error",
        init="glorot",
        seed=int(rng.integers(1000)),
    )
    X, Y = rng.uniform(-1, 1, (n[0], N)), rng.uniform(-1, 1, (n[2], N))
    fwd = network.forward(net, X)
    G2 = (fwd.a[2].T - Y.T) / N
    G1 = G2 @ net.W[2] * (1 - fwd.a[1].T ** 2)
    return {"N": N, "n": n, "G1": G1, "grads": network.backward(net, fwd, Y)}  # fmt: skip


PROGRAM = """```python
H  = tanh(X @ W1 + b1)
G2 = (H @ W2 + b2 - Y) / len(X)
G1 = G2 @ W2.T * (1 - H**2)
```"""

rows = Exercise(
    name="row-program",
    title="What a program with rows computes",
    chapter=CHAPTER,
    trains=("eq:backward-rows", "eq:linear-rows"),
    level=2,
    minutes=8,
    task=row_program,
    text=lambda t: (
        f"A program holds {t.N} examples as rows; its network has the sizes {'-'.join(map(str, t.n))}, and "
        f"`Y` are the labels.\n\n{PROGRAM}\n\nIts cost is the mean over the examples."
    ),
    steps=(
        Choice(
            "error",
            r"What does `G1` hold, compared with $\Err{1}$?",
            lambda t: t.G1,
            (
                Option(
                    r"$\Err{1}$",
                    lambda t: t.grads.delta[1],
                    "Its rows are examples, so it can't have the same shape.",
                    ("eq:backward-rows",),
                ),
                Option(
                    "its transpose",
                    lambda t: t.grads.delta[1].T,
                    "The division in the second line is carried back into `G1`, too.",
                    ("one-over-n",),
                ),
                Option(
                    r"its transpose, divided by $\nexamples$",
                    lambda t: t.grads.delta[1].T / t.N,
                    "Rows instead of columns, and the division is done at the start.",
                ),
                Option(
                    r"its transpose, divided by $\nexamples\,\size{2}$",
                    lambda t: t.grads.delta[1].T / (t.N * t.n[2]),
                    "`len(X)` counts rows, the examples; it is not the number of elements.",
                    ("one-over-n",),
                ),
            ),
        ),
        Choice(
            "bias",
            "Which line gives the gradient of the first biases?",
            lambda t: t.grads.b[1].ravel(),
            (
                Option(
                    "`G1.mean(axis=0)`",
                    lambda t: t.G1.mean(axis=0),
                    "That divides by the number of examples a second time.",
                    ("eq:averaged-twice",),
                ),
                Option(
                    "`G1.sum(axis=1)`",
                    lambda t: t.G1.sum(axis=1),
                    "That sums over the units: one number an example.",
                    ("eq:backward-rows",),
                ),
                Option(
                    "`G1.sum(axis=0)`",
                    lambda t: t.G1.sum(axis=0),
                    "A plain sum over the rows, because the division is done.",
                ),
                Option(
                    "`len(X) * G1.sum(axis=0)`",
                    lambda t: t.N * t.G1.sum(axis=0),
                    "That is the gradient of the sum, not of the mean.",
                    ("one-over-n",),
                ),
            ),
        ),
    ),
    hints=(
        "Transpose each line: a product of transposes is the transpose of the product in reverse order.",
        r"Where does the division by $\nexamples$ stand, and what is computed from it afterwards?",
    ),
    solution=lambda t: (
        r"The transpose of the third line is $\bigl(\Back{2}{1}\bigr) \had \dactf{1}(\Pre{1})$ with "
        r"$\Err{2}$ divided by "
        rf"$\nexamples = {t.N}$. So `G1` is the transpose of $\Err{{1}}$, divided by {t.N}: {t.N} × "
        rf"{t.n[1]}. The gradients are then "
        "plain sums: `X.T @ G1` and `G1.sum(axis=0)`."
    ),
)


def nielsen_task(rng):
    n = [int(v) for v in rng.choice(np.arange(2, 10), 4, replace=False)]
    return {"n": n, "k": int(rng.integers(2, 4))}


nielsen = Exercise(
    name="nielsen-counts",
    title="Reading Nielsen",
    chapter=CHAPTER,
    trains=("concordance",),
    level=1,
    minutes=4,
    task=nielsen_task,
    text=lambda t: (
        f"A network has the sizes {'-'.join(map(str, t.n))}. Nielsen counts the input as layer 1; his "
        f"matrix *w* with the superscript *l* leads to layer *l*, and its rows belong to the units that it "
        f"leads to, as here. Take the superscript {t.k}."
    ),
    steps=(
        Number(
            "layers",
            "How many layers does he give it?",
            lambda t: len(t.n),
            (
                Slip(
                    "input not counted",
                    lambda t: len(t.n) - 1,
                    "That is this book's count. He counts the input, too.",
                    ("concordance",),
                ),
                Slip(
                    "hidden only",
                    lambda t: len(t.n) - 2,
                    "These are the hidden layers only.",
                    ("concordance",),
                ),
            ),
            0,
        ),
        Number(
            "shape",
            "The shape of his matrix with that superscript",
            lambda t: np.array([t.n[t.k - 1], t.n[t.k - 2]]),
            (
                Slip(
                    "our superscript",
                    lambda t: np.array([t.n[t.k], t.n[t.k - 1]]),
                    "That is this book's matrix with this superscript. His leads there one layer earlier.",
                    ("concordance",),
                ),
                Slip(
                    "transposed",
                    lambda t: np.array([t.n[t.k - 2], t.n[t.k - 1]]),
                    "Rows belong to the units that it leads to.",
                    ("concordance",),
                ),
            ),
            0,
        ),
    ),
    hints=("Write his numbers 1, 2, 3, … above the sizes.", "His layer *l* is this book's layer *l* − 1."),
    solution=lambda t: (
        f"He counts {len(t.n)} layers. His superscript {t.k} leads from his layer {t.k - 1}, with "
        f"{t.n[t.k - 2]} units, to his layer "
        rf"{t.k}, with {t.n[t.k - 1]}: {t.n[t.k - 1]} × {t.n[t.k - 2]}. Here it is $\Wunits{{{t.k - 1}}}$. "
        "The gradient of the biases is his BP3."
    ),
)


def averages(rng):
    """The gradient by one weight: {convention: for a batch, the batch twice, its first example}."""
    task, N = drawn(rng, [2, 2, 3]), int(rng.integers(3, 7))
    X, Y = rng.integers(1, 10, (2, N)) / 10, rng.integers(0, 10, (3, N)) / 10
    fwd = network.forward(task["net"], X)
    each = network.backward(task["net"], fwd, Y).delta[2][0] * fwd.a[1][0]
    total, one = each.sum(), each[0]
    printed = {
        "sum": [total, 2 * total, one], "mean": [total / N, total / N, one],
        "elements": [total / N / 3, total / N / 3, one / 3], "twice": [total / N**2, total / N**2 / 2, one],
    }  # fmt: skip
    return {"printed": printed, "N": N, "who": str(rng.choice(list(printed))), "each": each}


def convention(text, name, because):
    return Option(text, lambda t: np.array(t.printed[name]), because, ("one-over-n", "eq:three-costs"))


which_average = Exercise(
    name="which-average",
    title="Which average is it?",
    chapter=CHAPTER,
    trains=("eq:three-costs",),
    level=3,
    minutes=6,
    task=averages,
    text=lambda t: (
        f"A network has three outputs. A program prints its gradient by one weight of layer 2 for a batch "
        f"of {t.N} examples, for the "
        "same batch twice, and for the first example alone:\n\n| batch | batch twice | first example |\n| "
        "--- | --- | --- |\n| "
        + " | ".join(f"{v:.7f}" for v in t.printed[t.who])
        + f" |\n\nBy hand, error times activation for the first example is {t.each[0]:.7f}."
    ),
    steps=(
        Choice(
            "cost",
            "What is its convention?",
            lambda t: np.array(t.printed[t.who]),
            (
                convention(
                    "the sum over the examples",
                    "sum",
                    "A sum doubles with the batch, and is right for one example.",
                ),
                convention(
                    "the mean over the examples",
                    "mean",
                    "A mean stays when the batch comes twice; one example gives the number by hand.",
                ),
                convention(
                    "the mean over all elements of the output",
                    "elements",
                    "It stays when the batch comes twice, and one example gives a third of the number by "
                    "hand: three outputs.",
                ),
                convention(
                    "it divides by the number of examples twice",
                    "twice",
                    "It halves when the batch comes twice: one division too many. One example does not show "
                    "it.",
                ),
            ),
        ),
    ),
    hints=(
        "Compare the first two columns: what should a mean do?",
        "Then compare the last column with the number by hand.",
    ),
    solution=lambda t: (
        f"The second column is {t.printed[t.who][1] / t.printed[t.who][0]:g} times the first, and the third "
        f"is {t.printed[t.who][2] / t.each[0]:.3g} times the number by hand. So it is option "
        f"{'ABCD'[t.cost]}.\n\nA sum doubles, a mean "
        "stays, a mean divided once more halves. The second column cannot tell the two means apart; the "
        "third can, and cannot tell the mean over the examples from the sum."
    ),
)

fold = Exercise(
    name="folded-error",
    title="The entry too many",
    chapter=CHAPTER,
    trains=("eq:backward-folded",),
    level=2,
    minutes=10,
    task=lambda rng: drawn(rng, [2, 2, 2]),
    text=lambda t: (
        given(t)
        + rf"{chr(10)}{chr(10)}A forward sweep gives $\pre{{1}} = {tex(t.fwd.z[1])}$, and the output's "
        rf"error signal is $\err{{2}} = {tex(t.grads.delta[2])}$. Fold the biases of layer 2 into "
        rf"$\Wfold{{2}}$, as its column 0."
    ),
    steps=(
        Number(
            "product",
            r"The transpose of $\Wfold{2}$ times $\err{2}$, entries 0, 1, 2",
            lambda t: np.hstack([t.net.b[2], t.net.W[2]]).T @ t.grads.delta[2][:, 0],
            (
                Slip(
                    "bias last",
                    lambda t: np.hstack([t.net.W[2], t.net.b[2]]).T @ t.grads.delta[2][:, 0],
                    "You put the biases last. They are column 0, so their entry comes first.",
                    ("eq:forward-folded",),
                ),
                Slip(
                    "constant itself",
                    lambda t: np.array([1.0, *(t.net.W[2].T @ t.grads.delta[2][:, 0])]),
                    "Entry 0 is not the constant 1 itself, but the sum of the products of biases and errors.",
                    ("eq:backward-folded",),
                ),
            ),
        ),
        Number(
            "delta1",
            r"$\err{1}$",
            lambda t: t.product[1:] * slope(t.fwd.z[1][:, 0]),
            (
                Slip(
                    "entry 0 kept",
                    lambda t: t.product[:2] * slope(t.fwd.z[1][:, 0]),
                    "You kept entry 0 and lost the last one. The constant 1 is no unit: leave entry 0 out.",
                    ("eq:backward-folded",),
                ),
                Slip(
                    "slope forgotten",
                    lambda t: t.product[1:],
                    r"The slope $\dactf{1}(\pre{1})$ is missing.",
                    ("eq:backward-folded",),
                ),
            ),
        ),
        Choice(
            "whose",
            "Whose derivative is entry 0?",
            lambda t: t.product[0],
            (
                Option(
                    r"the loss by the bias $\biasi{2}{1}$",
                    lambda t: t.grads.delta[2][0, 0],
                    r"That is $\erri{2}{1}$ alone.",
                    ("eq:gradient-bias",),
                ),
                Option(
                    r"the loss by the constant 1 in $\actfold{1}$",
                    lambda t: (t.net.b[2] * t.grads.delta[2]).sum(),
                    "Nobody needs it, because nothing can change that 1.",
                ),
                Option(
                    r"the loss by $\acti{1}{1}$",
                    lambda t: (t.net.W[2].T @ t.grads.delta[2])[0, 0],
                    "That is entry 1: the constant stands before the units.",
                    ("eq:backward-folded",),
                ),
            ),
        ),
    ),
    hints=(
        r"$\Wfold{2}$ is 2 × 3: first the biases, then $\W{2}$.",
        "Entry 0 is the first column times the error signal.",
        lambda t: rf"The slopes are {', '.join(tex(v) for v in slope(t.fwd.z[1][:, 0]))}.",
    ),
    solution=lambda t: (
        rf"$$\bigl(\Wfold{{2}}\bigr)^\T \err{{2}} = {tex(np.hstack([t.net.b[2], t.net.W[2]]).T, 1)} "
        rf"{tex(t.grads.delta[2])} = {tex(t.product)}$${chr(10)}{chr(10)}Entry 0 stays out: $\err{{1}} = "
        rf"{tex(t.product[1:])} \had {tex(slope(t.fwd.z[1][:, 0]))} = {tex(t.delta1)}$. With entry 0 left "
        rf"in, three entries meet two slopes, and the program stops."
    ),
)


def layer_pairs(t):
    return list(pairwise(t.n))


size = Exercise(
    name="graph-size",
    title="How large is the graph of a network?",
    chapter=CHAPTER,
    trains=("eq:parameter-count", "def:computation-graph"),
    level=2,
    minutes=8,
    task=lambda rng: {"n": [int(v) for v in rng.integers(2, 6, 3)]},
    text=lambda t: (
        f"A network has the sizes {'-'.join(map(str, t.n))}. Its computation graph on one example has a "
        f"node for each input, parameter and "
        r"label, a node for each $\prei{l}{j}$ (which reads its weights, its bias and the activations "
        r"before it), one for each $\acti{l}{j}$, and one for the loss (which reads outputs and labels)."
    ),
    steps=(
        Number(
            "nodes",
            "How many nodes?",
            lambda t: t.n[0] + sum(n * (m + 1) for m, n in layer_pairs(t)) + 2 * sum(t.n[1:]) + t.n[-1] + 1,
            (
                Slip(
                    "labels forgotten",
                    lambda t: t.n[0] + sum(n * (m + 1) for m, n in layer_pairs(t)) + 2 * sum(t.n[1:]) + 1,
                    "The labels are leaves too.",
                    ("def:computation-graph",),
                ),
                Slip(
                    "diagram",
                    lambda t: sum(t.n),
                    "These are the circles of the diagram of the network. The graph has a node for each "
                    "number.",
                    ("def:computation-graph",),
                ),
            ),
            0,
        ),
        Number(
            "edges",
            "How many edges?",
            lambda t: sum(n * (2 * m + 2) for m, n in layer_pairs(t)) + 2 * t.n[-1],
            (
                Slip(
                    "weights forgotten",
                    lambda t: sum(n * (m + 2) for m, n in layer_pairs(t)) + 2 * t.n[-1],
                    "A weight is a node, with an edge to its pre-activation.",
                    ("def:computation-graph",),
                ),
                Slip(
                    "diagram",
                    lambda t: sum(n * m for m, n in layer_pairs(t)),
                    "These are the lines of the network's diagram: one a weight.",
                    ("def:computation-graph",),
                ),
            ),
            0,
        ),
    ),
    hints=(
        r"Leaves: inputs, weights, biases, labels. Each unit adds two nodes.",
        r"A pre-activation in layer $l$ reads $\size{l-1}$ activations, as many weights, and a bias.",
        lambda t: f"It has {sum(n * (m + 1) for m, n in layer_pairs(t))} parameters.",
    ),
    solution=lambda t: (
        f"Nodes: {t.n[0]} inputs, {sum(n * (m + 1) for m, n in layer_pairs(t))} parameters, {t.n[-1]} "
        f"labels, two for each of {sum(t.n[1:])} units, and the loss: {t.nodes}.\n\nEdges: "
        f"${products(t.n, ' + 2', '2 * ')} + 2 \\cdot {t.n[-1]} = {t.edges}$. "
        "`show.network_graph` draws the graph of any small network."
    ),
)


def rows_case(rng):
    return rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), rng.uniform(-0.9, 0.9, (4, 3))


def by_columns(G2, W2, H):
    """The hidden errors by the book's formula, for columns, turned into rows."""
    return (W2.T.T @ G2.T * activations.d_tanh(np.arctanh(H.T))).T


program = Exercise(
    name="program-rows",
    title="The hidden error, in rows",
    chapter=CHAPTER,
    trains=("eq:backward-rows",),
    level=2,
    minutes=8,
    text=lambda t: (
        "Examples are rows, and the next layer computes `H @ W2 + b2`. `G2` holds its error signals as "
        "rows, `H` the hidden activations; the hidden activation function is tanh. Return the hidden "
        "layer's error signals as rows."
    ),
    steps=(
        Program(
            "hidden_errors",
            r"Write it; the slope of tanh is $1 - a^2$, with $a$ its value.",
            "def hidden_errors(G2, W2, H):\n    return G2\n",
            "def hidden_errors(G2, W2, H):\n    return G2 @ W2.T * (1 - H**2)\n",
            tried(
                rows_case,
                by_columns,
                (
                    Slip(
                        "transpose forgotten",
                        lambda a: a[0] @ a[1] * (1 - a[2] ** 2),
                        "A transpose is missing: the signal goes back along the rows of `W2`.",
                        ("eq:backward-rows",),
                    ),
                    Slip(
                        "slope forgotten",
                        lambda a: a[0] @ a[1].T,
                        "The slope of the activation function is missing.",
                        ("eq:backward-rows",),
                    ),
                    Slip(
                        "slope of the sigmoid",
                        lambda a: a[0] @ a[1].T * a[2] * (1 - a[2]),
                        "That is the slope of the sigmoid. For tanh it is $1 - a^2$.",
                        ("eq:backward-rows",),
                    ),
                    Slip(
                        "slope at a",
                        lambda a: a[0] @ a[1].T * (1 - np.tanh(a[2]) ** 2),
                        "`H` holds activations already; tanh was applied once more.",
                        ("eq:backward-rows",),
                    ),
                ),
            ),
            {
                "transpose forgotten": ("W2.T", "W2"),
                "slope forgotten": (" * (1 - H**2)", ""),
                "slope of the sigmoid": ("(1 - H**2)", "H * (1 - H)"),
                "slope at a": ("H**2", "np.tanh(H) ** 2"),
            },
        ),
    ),
    hints=(
        "Start from the formula for columns and transpose it.",
        "What stands on the left of a product stands on the right in its transpose.",
        "`G2 @ W2.T` has a row for each example and a column for each hidden unit.",
    ),
    solution=lambda t: (
        f"```python\n{t.hidden_errors}```\n\nIt is the transpose of $\\bigl(\\Back{{2}}{{1}}\\bigr) \\had "
        f"\\dactf{{1}}(\\Pre{{1}})$."
    ),
)

EXERCISES = (shapes, rows, nielsen, which_average, fold, size, program)
