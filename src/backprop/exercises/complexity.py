"""Exercises of chapter 9: what a gradient costs, in multiply-adds and in memory."""

from itertools import pairwise

import numpy as np

from .. import checkpoint, complexity
from .exercise import Choice, Exercise, Number, Option, Slip

CHAPTER = "09-complexity"


def _sizes(rng, least=4, most=5):
    count = int(rng.integers(least, most + 1))
    sizes = [int(n) for n in rng.permutation(np.arange(2, 11))[:count]]
    return {"sizes": sizes}


def _named(t):
    return "-".join(map(str, t.sizes))


def _products(t):
    return [p * q for p, q in pairwise(t.sizes)]


def _sum(numbers):
    return " + ".join(map(str, numbers)) + f" = {sum(numbers)}"


# Whole numbers are asked for to one decimal, so that one more or less is no rounding.
count = Exercise(
    name="count-parameters-and-products",
    title="Count parameters and multiply-adds",
    chapter=CHAPTER,
    trains=("eq:parameter-count", "eq:forward-count", "eq:backward-count", "eq:elementwise-count"),
    level=1,
    minutes=8,
    task=_sizes,
    text=lambda t: f"A fully connected network has the sizes {_named(t)}. For one example give",
    steps=(
        Number(
            "forward",
            "the multiply-adds forward",
            lambda t: float(complexity.counts(t.sizes).forward),
            (
                Slip(
                    "units",
                    lambda t: float(sum(t.sizes)),
                    "You added up the units. Each weight takes one multiply-add.",
                    ("eq:forward-count",),
                ),
                Slip(
                    "with biases",
                    lambda t: float(complexity.counts(t.sizes).parameters),
                    "You counted the biases too; a bias is only added.",
                    ("eq:forward-count",),
                ),
            ),
            1,
        ),
        Number(
            "parameters",
            "the parameters",
            lambda t: float(complexity.counts(t.sizes).parameters),
            (
                Slip(
                    "weights only",
                    lambda t: t.forward,
                    "The biases are missing: one for each unit that is not an input.",
                    ("eq:parameter-count",),
                ),
                Slip(
                    "biases of the inputs",
                    lambda t: t.forward + sum(t.sizes),
                    "Inputs have no biases.",
                    ("eq:parameter-count",),
                ),
                Slip(
                    "one bias a layer",
                    lambda t: t.forward + len(t.sizes) - 1,
                    "Each unit has a bias of its own.",
                    ("eq:parameter-count",),
                ),
            ),
            1,
        ),
        Number(
            "backward",
            "the multiply-adds backward, without products with slopes",
            lambda t: float(complexity.counts(t.sizes).backward),
            (
                Slip(
                    "twice forward",
                    lambda t: 2 * t.forward,
                    "No error is sent to the input: the transposed product of the first layer is spared.",
                    ("eq:backward-count",),
                ),
                Slip(
                    "outer products only",
                    lambda t: t.forward,
                    "The transposed products are missing, from the second layer on.",
                    ("eq:backward-count",),
                ),
                Slip(
                    "last layer spared",
                    lambda t: 2 * t.forward - _products(t)[-1],
                    "The first layer is spared, not the last: the output sends its error back.",
                    ("eq:backward-count",),
                ),
            ),
            1,
        ),
        Number(
            "slopes",
            "the products with slopes",
            lambda t: float(complexity.counts(t.sizes).hadamard),
            (
                Slip(
                    "inputs too",
                    lambda t: float(sum(t.sizes)),
                    "The input has no activation function.",
                    ("eq:elementwise-count",),
                ),
                Slip(
                    "hidden only",
                    lambda t: float(sum(t.sizes[1:-1])),
                    "The output has a slope too.",
                    ("eq:elementwise-count",),
                ),
            ),
            1,
        ),
    ),
    hints=(
        "One multiply-add a weight forward, at most two backward.",
        lambda t: f"The products of neighbouring sizes are {', '.join(map(str, _products(t)))}.",
        lambda t: f"The first layer's {_products(t)[0]} take part only once on the way back.",
    ),
    solution=lambda t: (
        f"Forward ${_sum(_products(t))}$. Parameters ${t.forward:.0f} + {sum(t.sizes[1:])} = "
        f"{t.parameters:.0f}$. Backward "
        f"${t.forward:.0f}$ for the outer products and ${_sum(_products(t)[1:])}$ for the transposed "
        f"ones, together {t.backward:.0f}. Slopes: "
        f"${_sum(t.sizes[1:])}$."
    ),
)

differences = Exercise(
    name="price-of-differences",
    title="What differences cost",
    chapter=CHAPTER,
    trains=("eq:difference-count", "eq:gradient-count"),
    level=1,
    minutes=6,
    task=lambda rng: _sizes(rng, 3, 4),
    text=lambda t: (
        f"A network has the sizes {_named(t)}: {complexity.counts(t.sizes).parameters} parameters, "
        f"{complexity.counts(t.sizes).forward} "
        "multiply-adds forward. For one example give the multiply-adds"
    ),
    steps=(
        Number(
            "both",
            "of backpropagation, forward and backward together",
            lambda t: float(complexity.counts(t.sizes).total),
            (
                Slip(
                    "three times",
                    lambda t: 3.0 * complexity.counts(t.sizes).forward,
                    "The first layer sends nothing back.",
                    ("eq:gradient-count",),
                ),
                Slip(
                    "backward only",
                    lambda t: float(complexity.counts(t.sizes).backward),
                    "The forward pass is part of it.",
                    ("eq:gradient-count",),
                ),
            ),
            1,
        ),
        Number(
            "one_sided",
            "of one-sided differences for all parameters",
            lambda t: float(complexity.counts(t.sizes).one_sided),
            (
                Slip(
                    "without the start",
                    lambda t: float(
                        complexity.counts(t.sizes).parameters * complexity.counts(t.sizes).forward
                    ),
                    "One pass more: the cost at the unmoved parameters.",
                    ("eq:difference-count",),
                ),
                Slip(
                    "central",
                    lambda t: float(complexity.counts(t.sizes).central),
                    "That is the price of central differences.",
                    ("eq:difference-count",),
                ),
            ),
            1,
        ),
        Number(
            "factor",
            "By which factor is backpropagation cheaper?",
            lambda t: t.one_sided / (t.both or np.nan),
            (
                Slip(
                    "against forward",
                    lambda t: t.one_sided / complexity.counts(t.sizes).forward,
                    "Divide by both passes of backpropagation.",
                    ("eq:gradient-count",),
                ),
                Slip(
                    "against backward",
                    lambda t: t.one_sided / complexity.counts(t.sizes).backward,
                    "Backpropagation needs its forward pass too.",
                    ("eq:gradient-count",),
                ),
            ),
            2,
        ),
    ),
    hints=("How many forward passes do differences take?", "One for each parameter, and one more."),
    solution=lambda t: (
        f"Both passes take {t.both:.0f}. Differences take $({complexity.counts(t.sizes).parameters} + 1) "
        f"\\cdot "
        f"{complexity.counts(t.sizes).forward} = {t.one_sided:.0f}$, {t.factor:.2f} times as many."
    ),
)


def _deep(rng):
    L, n = (int(v) for v in rng.choice(np.arange(2, 13), 2, replace=False))
    return {"L": L, "n": n}


bound = Exercise(
    name="when-slopes-count",
    title="When slopes break the bound",
    chapter=CHAPTER,
    trains=("prop:elementwise-count", "eq:backward-ratio"),
    level=2,
    minutes=6,
    task=_deep,
    text=lambda t: (
        f"A network has {t.L} layers of width {t.n} behind an input of {t.n} entries. Count products "
        f"with slopes too."
    ),
    steps=(
        Number(
            "backward",
            "How many multiplications does the backward pass take?",
            lambda t: float(
                complexity.counts([t.n] * (t.L + 1)).backward + complexity.counts([t.n] * (t.L + 1)).hadamard
            ),
            (
                Slip(
                    "without slopes",
                    lambda t: float(complexity.counts([t.n] * (t.L + 1)).backward),
                    "The products with slopes are missing, one a unit.",
                    ("eq:elementwise-count",),
                ),
                Slip(
                    "first layer not spared",
                    lambda t: float(2 * t.L * t.n**2 + t.L * t.n),
                    "The first layer sends nothing back.",
                    ("eq:backward-count",),
                ),
            ),
            1,
        ),
        Choice(
            "bound",
            "Is that at most twice as many as forward?",
            lambda t: bool(t.backward <= 2 * t.L * t.n**2),
            (
                Option(
                    "yes",
                    lambda t: t.n >= t.L,
                    "The bound holds as long as the network is not deeper than wide: n ≥ L.",
                ),
                Option(
                    "no",
                    lambda t: t.n < t.L,
                    "It fails where the units outnumber the products of the first layer: L n > n², "
                    "deeper than wide.",
                ),
            ),
        ),
    ),
    hints=(
        "What is spared in the first layer, and what comes on top?",
        lambda t: f"Spared: {t.n**2}. On top: {t.L * t.n}.",
    ),
    solution=lambda t: (
        f"$2 \\cdot {t.L * t.n**2} - {t.n**2} + {t.L * t.n} = {t.backward:.0f}$, against twice forward, "
        f"{2 * t.L * t.n**2}. The bound holds "
        "exactly if the network is not deeper than wide."
    ),
)


def _swept(t, backward):
    """Multiply-adds of the Jacobian by the inputs: a column for each output down, or input up."""
    total = 0
    for _ in range(t.sizes[-1] if backward else t.sizes[0]):
        for n_in, n_out in list(pairwise(t.sizes))[:: -1 if backward else 1]:
            total += n_in * n_out
    return float(total)


jacobian = Exercise(
    name="jacobian-by-mode",
    title="A Jacobian, backward or forward",
    chapter=CHAPTER,
    trains=("eq:forward-mode-count", "eq:forward-count"),
    level=2,
    minutes=6,
    task=lambda rng: _sizes(rng, 3, 4),
    text=lambda t: (
        f"A network has the sizes {_named(t)}. You want the Jacobian of its outputs by its inputs, at "
        f"fixed parameters; products with slopes are not "
        "counted, and each column is sent through all matrices. Multiply-adds beyond one forward pass:"
    ),
    steps=(
        Number(
            "backward",
            "one error signal for each output, sent back",
            lambda t: _swept(t, True),
            (
                Slip(
                    "gradient",
                    lambda t: t.sizes[-1] * float(complexity.counts(t.sizes).backward),
                    "No outer products are needed: the parameters are "
                    "fixed, and the error goes through every layer, the first included.",
                    ("eq:backward-count",),
                ),
                Slip(
                    "one signal",
                    lambda t: float(complexity.counts(t.sizes).forward),
                    "That is one output; each output takes its own sweep.",
                    ("eq:forward-count",),
                ),
            ),
            1,
        ),
        Number(
            "forward",
            "one tangent for each input, sent up",
            lambda t: _swept(t, False),
            (
                Slip(
                    "one a parameter",
                    lambda t: float(complexity.counts(t.sizes).forward_mode),
                    "That is one tangent for each parameter. Here the inputs move.",
                    ("eq:forward-mode-count",),
                ),
                Slip(
                    "one tangent",
                    lambda t: float(complexity.counts(t.sizes).forward),
                    "Each input takes its own sweep.",
                    ("eq:forward-count",),
                ),
            ),
            1,
        ),
        Choice(
            "cheaper",
            "Which is cheaper?",
            lambda t: bool(t.backward < t.forward),
            (
                Option(
                    "backward", lambda t: t.sizes[-1] < t.sizes[0], "Fewer outputs than inputs: backward."
                ),
                Option("forward", lambda t: t.sizes[-1] > t.sizes[0], "Fewer inputs than outputs: forward."),
            ),
        ),
    ),
    hints=("What does one sweep take?", lambda t: f"One sweep takes {complexity.counts(t.sizes).forward}."),
    solution=lambda t: (
        f"One sweep takes ${_sum(_products(t))}$. Backward ${t.sizes[-1]} \\cdot "
        f"{complexity.counts(t.sizes).forward} = {t.backward:.0f}$, "
        f"forward ${t.sizes[0]} \\cdot {complexity.counts(t.sizes).forward} = {t.forward:.0f}$."
    ),
)


def _best_equal(L):
    """The least peak of equal segments, by trying all divisors."""
    return min(checkpoint.costs([s] * (L // s))[0] for s in range(1, L + 1) if L % s == 0)


def _most_layers(p):
    """How many layers get through with p arrays: segment i has at most the length that the peak leaves."""
    segments = []
    while checkpoint.costs([*segments, 1])[0] <= p:
        s = 1
        while checkpoint.costs([*segments, s + 1])[0] <= p:
            s += 1
        segments.append(s)
    return sum(segments)


segments = Exercise(
    name="unequal-segments",
    title="Segments that become shorter",
    chapter=CHAPTER,
    trains=("eq:checkpoint-peak", "eq:checkpoint-equal"),
    level=3,
    minutes=8,
    task=lambda rng: {"p": int(rng.integers(4, 9))},
    text=lambda t: (
        rf"Checkpoints divide a network into segments of $s_i = {t.p} - i + 1$ layers, $i = 1, \dots, {t.p}$."
    ),
    steps=(
        Number(
            "layers",
            "How many layers is that?",
            lambda t: float(_most_layers(t.p)),
            (
                Slip(
                    "square",
                    lambda t: float(t.p**2),
                    "The segments become shorter: add up p, p - 1, …, 1.",
                    ("eq:checkpoint-peak",),
                ),
                Slip(
                    "one short",
                    lambda t: t.p * (t.p - 1) / 2,
                    "The sum of 1 to p is p (p + 1)/2.",
                    ("eq:checkpoint-peak",),
                ),
            ),
            1,
        ),
        Number(
            "peak",
            "How many arrays are stored at most?",
            lambda t: float(checkpoint.costs([t.p - i for i in range(t.p)])[0]),
            (
                Slip(
                    "checkpoints and longest",
                    lambda t: 2.0 * t.p - 1,
                    "The longest segment is not stored while all checkpoints are: i - 1 checkpoints and "
                    "the s_i of segment i.",
                    ("eq:checkpoint-peak",),
                ),
                Slip(
                    "all layers",
                    lambda t: t.layers,
                    "Only one segment is stored at a time, and the checkpoints below it.",
                    ("eq:checkpoint-peak",),
                ),
            ),
            1,
        ),
        Number(
            "equal",
            "How many do the best equal segments of as many layers take?",
            lambda t: float(_best_equal(_most_layers(t.p))),
            (
                Slip(
                    "all in one", lambda t: t.layers, "Several segments need less.", ("eq:checkpoint-equal",)
                ),
                Slip("as before", lambda t: t.peak, "Equal segments store more.", ("eq:checkpoint-equal",)),
            ),
            1,
        ),
    ),
    hints=(
        "Add up the lengths.",
        "Segment $i$ is stored beside $i - 1$ checkpoints.",
        lambda t: f"Try the divisors of {_most_layers(t.p)}.",
    ),
    solution=lambda t: (
        f"${t.p} \\cdot {t.p + 1} / 2 = {t.layers:.0f}$ layers. Each segment with the checkpoints below "
        f"it takes $i - 1 + {t.p} - i + 1 = {t.p}$ "
        f"arrays. Equal segments of {t.layers:.0f} layers take at least {t.equal:.0f}."
    ),
)


def _time(n, inputs, products, each, rest):
    """(time of the products, time of all else) of a layer for one example."""
    return products * n * inputs * each, rest * n


floor = Exercise(
    name="near-the-floor",
    title="How near is a layer to its floor?",
    chapter=CHAPTER,
    trains=("eq:gradient-count", "eq:elementwise-count"),
    level=2,
    minutes=8,
    task=lambda rng: {
        "n": int(rng.integers(4, 30)) * 10,
        "inputs": int(rng.integers(40, 99)) * 10,
        "each": 0.03,
        "rest": float(rng.integers(2, 6)),
    },
    text=lambda t: (
        f"A multiply-add takes {t.each} ns, everything else {t.rest:g} ns for each unit and example. The "
        f"floor of a layer is the time of its products, "
        f"forward and backward. By what factor is the floor exceeded, to three decimals, in a layer of "
        f"{t.n} units (inputs, where it is the first: {t.inputs})"
    ),
    steps=(
        Number(
            "middle",
            "behind as many others, somewhere in the middle?",
            lambda t: sum(_time(t.n, t.n, 3, t.each, t.rest)) / _time(t.n, t.n, 3, t.each, 0)[0],
            (
                Slip(
                    "two products",
                    lambda t: sum(_time(t.n, t.n, 2, t.each, t.rest)) / _time(t.n, t.n, 2, t.each, 0)[0],
                    "A layer in the middle has three products: forward, outer, transposed.",
                    ("eq:gradient-count",),
                ),
                Slip(
                    "forward only",
                    lambda t: sum(_time(t.n, t.n, 1, t.each, t.rest)) / _time(t.n, t.n, 1, t.each, 0)[0],
                    "Forward and backward together have three products.",
                    ("eq:gradient-count",),
                ),
            ),
            3,
        ),
        Number(
            "first",
            "that is the first of its network, behind the inputs?",
            lambda t: sum(_time(t.n, t.inputs, 2, t.each, t.rest)) / _time(t.n, t.inputs, 2, t.each, 0)[0],
            (
                Slip(
                    "three products",
                    lambda t: (
                        sum(_time(t.n, t.inputs, 3, t.each, t.rest)) / _time(t.n, t.inputs, 3, t.each, 0)[0]
                    ),
                    "The first layer sends no error down: two products.",
                    ("eq:backward-count",),
                ),
            ),
            3,
        ),
    ),
    hints=(
        "How many products of matrices has a layer?",
        lambda t: f"The first layer has {t.inputs} inputs and two products.",
        "Divide floor plus the rest by the floor: the number of units cancels.",
    ),
    solution=lambda t: (
        f"In the middle $1 + {t.rest:g}/(3 \\cdot {t.n} \\cdot {t.each}) = {t.middle:.3f}$. In the first "
        f"layer, which sends nothing down, $1 + "
        f"{t.rest:g}/(2 \\cdot {t.inputs} \\cdot {t.each}) = {t.first:.3f}$, whatever its width: each "
        f"unit brings its weights along."
    ),
)

EXERCISES = (count, differences, bound, jacobian, segments, floor)
