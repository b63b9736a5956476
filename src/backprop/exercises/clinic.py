"""Exercises of the bug clinic: a bug is found from what it does to the numbers."""

import numpy as np

from .. import clinic, network
from .exercise import Choice, Exercise, Number, Option, Slip, tex

CHAPTER = "06-clinic"

# Bugs that can be told apart on the patient with widths that all differ or on the one with equal widths.
SUSPECTS = (
    "averaging-twice",
    "wrong-denominator",
    "missing-slope",
    "slope-of-a",
    "missing-transpose",
    "wrong-activation",
    "bias-not-averaged",
    "output-layer-left-out",
)
WHY = {
    "averaging-twice": "One factor everywhere, and it is 1/N: the mean was taken twice.",
    "wrong-denominator": "One factor everywhere, and it is 1/n_L: divided by the number of elements of Y.",
    "missing-slope": "The output layer is right, each layer below lacks one slope more. The slopes of "
    "tanh are at most 1, so "
    "every ratio of a layer crossed once, with one example, is above 1.",
    "slope-of-a": "The output layer is right; below it each error is multiplied by a slope, but at the "
    "activation.",
    "missing-transpose": "Right above, wrong below, with no pattern in the ratios: the error went "
    "through the rows.",
    "wrong-activation": "Biases right, weights wrong: the error signals are right, their other factor is "
    "not.",
    "bias-not-averaged": "Weights right, biases N times too large.",
    "output-layer-left-out": "The output layer is all zero, the others are right.",
}


def _fingerprint(rng):
    N = int(rng.choice([5, 6, 7]))
    bug = str(rng.choice(SUSPECTS))
    net, X, Y = clinic.patient((3, 3, 3, 3), "tanh", "identity", "half_squared_error", N, rng)
    grads = clinic.BUGS[bug].gradients(net, X, Y)
    rows = tuple(map(str, clinic.diagnose(net, X, Y, grads).rows))
    return {"planted": bug, "N": N, "net": net, "X": X, "Y": Y, "rows": rows, "found": _flat(grads)}


def _flat(grads):
    return np.concatenate([array.ravel() for l in (1, 2, 3) for array in (grads.W[l], grads.b[l])])


def _makers(t):
    """The suspects that make this gradient, each run anew."""
    return [
        name
        for name in SUSPECTS
        if np.allclose(_flat(clinic.BUGS[name].gradients(t.net, t.X, t.Y)), t.found, rtol=1e-9)
    ]


fingerprint = Exercise(
    name="bug-from-fingerprint",
    title="Find the bug from its fingerprint",
    chapter=CHAPTER,
    trains=("eq:missing-slope", "eq:averaged-twice", "eq:gradient-weights"),
    level=3,
    minutes=6,
    task=_fingerprint,
    text=lambda t: (
        f"A program computes the gradient of a network 3-3-3-3 with tanh units, a linear output and half "
        f"the squared error, for "
        f"{t.N} examples. One bug is in it. Compared with the true gradient:\n\n```\narray         angle "
        f" wrong / true\n" + "\n".join(t.rows) + "\n```"
    ),
    steps=(
        Choice(
            "cause",
            "Which bug is it?",
            lambda t: " ".join(_makers(t)),
            tuple(Option(clinic.BUGS[name].title, lambda t, name=name: name, WHY[name]) for name in SUSPECTS),
        ),
    ),
    hints=(
        "Which arrays are right? What do these need, and what do only the wrong ones need?",
        lambda t: f"One factor everywhere would be a constant: here N = {t.N} and n_L = 3.",
        lambda t: f"Its fingerprint in the table of all bugs: {clinic.BUGS[t.planted].fingerprint}.",
    ),
    solution=lambda t: (
        f"**{clinic.BUGS[t.planted].title}.** {WHY[t.planted]} "
        f"The rule that prevents it: {clinic.BUGS[t.planted].mend}."
    ),
)


def _factor(rng):
    N, n = (int(v) for v in rng.choice([2, 3, 4, 5, 6, 8, 10], 2, replace=False))
    return {"N": N, "n": n, "g": float(rng.integers(11, 99)) / 100}


one_factor = Exercise(
    name="one-wrong-factor",
    title="What a wrong constant makes of a number",
    chapter=CHAPTER,
    trains=("eq:gradient-ratios", "eq:averaged-twice", "eq:three-costs"),
    level=1,
    minutes=5,
    task=_factor,
    text=lambda t: (
        f"A network has {t.n} outputs, the batch {t.N} examples. One entry of the true gradient is "
        f"{t.g}. What does "
        "a program give there, to four decimals,"
    ),
    steps=(
        Number(
            "twice",
            "that averages twice?",
            lambda t: t.g / t.N,
            (
                Slip(
                    "summed",
                    lambda t: t.g * t.N,
                    "That is a sum instead of a mean. Averaged twice is too small, by 1/N.",
                    ("eq:averaged-twice",),
                ),
                Slip(
                    "by the square",
                    lambda t: t.g / t.N**2,
                    "The true entry holds one 1/N already; only one more comes in.",
                    ("eq:averaged-twice",),
                ),
            ),
        ),
        Number(
            "elements",
            "that divides by the number of elements of the labels?",
            lambda t: t.g / t.n,
            (
                Slip(
                    "by all once more",
                    lambda t: t.g / (t.n * t.N),
                    "The true entry is divided by N already: only the number of outputs comes in.",
                    ("eq:gradient-ratios",),
                ),
            ),
        ),
        Number(
            "summed",
            "that adds up over the examples and does not divide?",
            lambda t: t.g * t.N,
            (
                Slip(
                    "times the outputs",
                    lambda t: t.g * t.n,
                    "The examples count here, not the outputs.",
                    ("eq:three-costs",),
                ),
            ),
        ),
    ),
    hints=("Which factor is there already in the true entry?", r"The mean holds $1/\nexamples$ once."),
    solution=lambda t: (
        f"Averaged twice: ${t.g}/{t.N} = {tex(t.twice)}$. Divided by the elements: ${t.g}/{t.n} = "
        f"{tex(t.elements)}$. Summed: ${t.N} \\cdot {t.g} = {tex(t.summed)}$."
    ),
)


def _slope_case(rng):
    net, X, Y = clinic.patient((2, 2, 1), "tanh", "identity", "half_squared_error", 1, rng)
    net.W[1][:], net.b[1][:] = rng.integers(-9, 10, (2, 2)) / 10, rng.integers(-9, 10, (2, 1)) / 10
    X = rng.integers(1, 10, (2, 1)) / 10
    return {"net": net, "X": X, "Y": Y, "z": np.round(network.forward(net, X).z[1], 4)}


ratios = Exercise(
    name="ratio-of-a-missing-slope",
    title="Ratios that a slope leaves behind",
    chapter=CHAPTER,
    trains=("eq:missing-slope", "eq:delta-hidden"),
    level=2,
    minutes=8,
    task=_slope_case,
    text=lambda t: (
        rf"A network 2-2-1 with tanh units has the pre-activations $\pre{{1}} = {tex(t.z)}$ for one "
        rf"example. A program "
        r"with a bug gives gradients for it. Give the ratio wrong/true of each row of the gradient of "
        r"$\Wunits{1}$, if"
    ),
    steps=(
        Number(
            "missing",
            "the slope is forgotten",
            lambda t: (1 / (1 - np.tanh(t.z) ** 2))[:, 0],
            (
                Slip(
                    "slope itself",
                    lambda t: (1 - np.tanh(t.z) ** 2)[:, 0],
                    "That is the slope, true/wrong. Where it is missing the wrong number is larger.",
                    ("eq:missing-slope",),
                ),
                Slip(
                    "slope of the sigmoid",
                    lambda t: (2 + np.exp(t.z) + np.exp(-t.z))[:, 0],
                    "This is 1/slope of a sigmoid. The slope of tanh is 1 - tanh².",
                    ("eq:missing-slope",),
                ),
            ),
        ),
        Number(
            "at_a",
            "the slope is taken at the activation",
            lambda t: ((1 - np.tanh(np.tanh(t.z)) ** 2) / (1 - np.tanh(t.z) ** 2))[:, 0],
            (
                Slip(
                    "only the wrong slope",
                    lambda t: (1 - np.tanh(np.tanh(t.z)) ** 2)[:, 0],
                    "Divide by the right slope too: it is a ratio.",
                    ("eq:delta-hidden",),
                ),
            ),
        ),
    ),
    hints=(
        "Everything but the slope is the same in both.",
        r"$\tanh'(z) = 1 - \tanh^2 z$.",
        lambda t: f"The slopes are ${tex(1 - np.tanh(t.z) ** 2)}$, the activations ${tex(np.tanh(t.z))}$.",
    ),
    solution=lambda t: (
        f"The slopes at the pre-activations are ${tex(1 - np.tanh(t.z) ** 2)}$, at the activations "
        f"${tex(1 - np.tanh(np.tanh(t.z)) ** 2)}$. Forgotten: one over the first, ${tex(t.missing)}$. "
        f"Taken at the activation: the "
        f"second over the first, ${tex(t.at_a)}$. Both depend on the example: only with one example does "
        f"a row have one ratio."
    ),
)

two_wrongs = Exercise(
    name="two-wrong-signs",
    title="Two wrong signs",
    chapter=CHAPTER,
    trains=("eq:step-test", "eq:gradient-descent"),
    level=2,
    minutes=6,
    task=lambda rng: {
        "w": float(rng.integers(-9, 10)) / 10,
        "x": float(rng.integers(2, 8)) / 10,
        "y": float(rng.integers(11, 20)) / 10,
        "eta": 0.5,
    },
    text=lambda t: (
        rf"One linear unit without bias, $\out = w x$, has $w = {t.w}$; the example is $x = {t.x}$, $y = "
        rf"{t.y}$, the "
        rf"loss $\tfrac12 (\out - y)^2$, and $\step = {t.eta}$. A program computes label minus output as "
        rf"output error, and updates "
        "with `W += eta * dW`. Give"
    ),
    steps=(
        Number(
            "dw",
            "`dW` in this program",
            lambda t: (t.y - t.w * t.x) * t.x,
            (
                Slip(
                    "right sign",
                    lambda t: (t.w * t.x - t.y) * t.x,
                    "That is the true derivative; the program has label minus output.",
                    ("eq:delta-output",),
                ),
                Slip(
                    "input forgotten",
                    lambda t: t.y - t.w * t.x,
                    "Multiply by the input: that was only the output error.",
                    ("eq:gradient-weights",),
                ),
            ),
        ),
        Number(
            "after",
            "its weight after one step",
            lambda t: t.w + t.eta * t.dw,
            (
                Slip(
                    "subtracted", lambda t: t.w - t.eta * t.dw, "This program adds.", ("eq:gradient-descent",)
                ),
                Slip(
                    "no step size",
                    lambda t: t.w + t.dw,
                    "The step size is missing.",
                    ("eq:gradient-descent",),
                ),
            ),
        ),
        Number(
            "ratio",
            "wrong/true, as a diagnosis of `dW` says",
            lambda t: t.dw / ((t.w * t.x - t.y) * t.x),
            (
                Slip(
                    "right",
                    lambda t: 1.0,
                    "The step is right, `dW` is not: it points downhill.",
                    ("eq:step-test",),
                ),
            ),
            1,
        ),
        Choice(
            "learns",
            "Does it learn?",
            lambda t: (t.after * t.x - t.y) ** 2 < (t.w * t.x - t.y) ** 2,
            (
                Option(
                    "Yes, exactly as a right program does.",
                    lambda t: True,
                    "Two signs cancel. It is a convention, until someone "
                    "adds a penalty with the right sign or hands `dW` to an optimiser that subtracts.",
                ),
                Option(
                    "No, the cost rises.",
                    lambda t: False,
                    "Compute the loss after the step: both signs are turned, so the step goes downhill.",
                    ("eq:step-test",),
                ),
            ),
        ),
    ),
    hints=(
        "Follow the program, not the formulas.",
        lambda t: f"Its output error is ${t.y} - {tex(t.w * t.x)}$.",
    ),
    solution=lambda t: (
        rf"$\out = {tex(t.w * t.x)}$, so `dW` is $({t.y} - {tex(t.w * t.x)}) \cdot {t.x} = {tex(t.dw)}$, "
        rf"the true "
        rf"derivative times $-1$. The weight becomes ${t.w} + {t.eta} \cdot {tex(t.dw)} = "
        rf"{tex(t.after)}$, as in a right program. A "
        r"diagnosis of `dW` says a factor −1 at 180°; the ratio of the step test is near 1, since it "
        r"looks at the step only."
    ),
)

HARMLESS = ("averaging-twice", "wrong-denominator", "missing-slope", "slope-of-a", "missing-transpose")
PATIENTS = (
    (
        "2-3-1, tanh, one example",
        {"sizes": (2, 3, 1), "N": 1},
        "One example and one output hide both averages; the slopes of the hidden layer still show.",
    ),
    (
        "2-1, no hidden layer, eight examples",
        {"sizes": (2, 1), "N": 8},
        "No hidden layer, so no slope and no transpose. But averaging twice shows with eight examples.",
    ),
    (
        "2-1, no hidden layer, one example",
        {"sizes": (2, 1), "N": 1},
        "One example and one output make both averages harmless; without "
        "hidden layers there is no slope and no transpose.",
    ),
    (
        "2-2-2, identity, one example",
        {"sizes": (2, 2, 2), "N": 1, "hidden": "identity"},
        "The slopes are 1, but two outputs show "
        "the wrong denominator, and a square matrix is not its own transpose.",
    ),
)


def _missed(changes):
    """How many of the bugs pass on this patient although the gradient is not 0."""
    net, X, Y = clinic.patient(**changes)
    true = network.value_and_grad(net, X, Y)[1]
    if not any(w.any() for w in true.W[1:]):
        return 0
    missed = 0
    for name in HARMLESS:
        try:
            grads = clinic.BUGS[name].gradients(net, X, Y)
        except ValueError:  # shapes that do not fit
            continue
        pairs = [*zip(grads.W[1:], true.W[1:], strict=True), *zip(grads.b[1:], true.b[1:], strict=True)]
        missed += all(p.shape == q.shape and np.allclose(p, q, rtol=1e-9) for p, q in pairs)
    return missed


worst = Exercise(
    name="worst-patient",
    title="The worst patient",
    chapter=CHAPTER,
    trains=("eq:missing-slope", "eq:averaged-twice"),
    level=3,
    minutes=6,
    text=lambda t: (
        "A test uses a single network and batch, with a linear output and half the squared error, and "
        "gets a gradient other "
        "than 0."
    ),
    steps=(
        Choice(
            "patient",
            "On which of these do averaging twice, the wrong denominator, the missing slope, the slope "
            "of a and the "
            "missing transpose *all* pass the check?",
            lambda t: len(HARMLESS),
            tuple(
                Option(text, lambda t, c=changes: _missed(c), because) for text, changes, because in PATIENTS
            ),
        ),
    ),
    hints=(
        "What must $\\nexamples$ and $\\size{\\nlayers}$ be?",
        "Where is there no slope, and no error that is sent back?",
    ),
    solution=lambda t: (
        "One example and one output make both averages harmless. Without a hidden layer there is no "
        "hidden error, hence no "
        "slope and no transpose: a network 2-1 with one example passes all five. With hidden layers, "
        "identity activations and widths of 1 "
        "do it too, 1-1-1: a matrix with one entry is its own transpose."
    ),
)


def _by_differences(kind):
    """The one-sided difference of 3 w at w = 1000 in an array of this type, with h = 1e-5."""
    w = np.array([1000], dtype=kind)
    before = float(3 * w[0])
    w[0] += 1e-5
    return round((float(3 * w[0]) - before) / 1e-5, 2)


integers = Exercise(
    name="integer-weights",
    title="Differences that are all 0",
    chapter=CHAPTER,
    trains=("eq:three-schemes", "eq:epsilon"),
    level=2,
    minutes=5,
    text=lambda t: (
        "A colleague checks the derivative of $3w$ at $w = 1000$ by a one-sided difference with $h = "
        "10^{-5}$; `w` is an array "
        "with one entry, and `w[0] += h` moves it."
    ),
    steps=tuple(
        Choice(
            name,
            ask,
            lambda t, kind=kind: _by_differences(kind),
            (
                Option("exactly 0", lambda t: 0.0, zero),
                Option("3, up to rounding", lambda t: 3.0, three),
                Option(
                    "an error of NumPy",
                    lambda t: None,
                    "`w += h` for the whole array would raise an error for integers; for one "
                    "entry nothing is said.",
                    ("eq:epsilon",),
                ),
            ),
        )
        for name, ask, kind, zero, three in (
            (
                "integer",
                "What comes out if `w = np.array([1000])`?",
                int,
                "The array holds integers: the new entry is cut to a whole "
                "number without a word, and nothing has moved.",
                "The array holds integers: `w[0]` stays 1000.",
            ),
            (
                "single",
                "And with `w = np.array([1000], dtype=np.float32)`?",
                np.float32,
                "Neighbouring float32 numbers near 1000 are 0.00006 apart: adding h gives 1000 again.",
                "Neighbouring float32 numbers near 1000 are 0.00006 apart, more than h.",
            ),
            (
                "double",
                "And with `w = np.array([1000.0])`?",
                float,
                "float64 has sixteen digits: 1000.00001 is another number.",
                "float64 has sixteen digits, enough for a step of 1e-5.",
            ),
        )
    ),
    hints=("Which numbers can such an array hold?", "What is the number next to 1000 in each type?"),
    solution=lambda t: (
        "Integers: `w[0]` stays 1000, the difference is 0. float32: the spacing near 1000 is 0.00006, so "
        "`w[0]` stays 1000 "
        "too. float64: 3, up to rounding. Numerical derivatives are formed in float64: convert where "
        "numbers come "
        "in. (With integers a central difference is not 0 but far too large: 999.99999 is cut to 999, a "
        "whole step "
        "of 1.)"
    ),
)


def _diagnosed(rng):
    N, n = (int(v) for v in rng.choice([3, 4, 5, 6, 7, 9], 2, replace=False))
    names = {"summed": N, "twice": 1 / N, "elements": 1 / n, "half": 0.5, "sign": -1.0}
    kind = str(rng.choice(list(names)))
    return {"N": N, "n": n, "kind": kind, "factor": names[kind]}


factor = Exercise(
    name="read-a-factor",
    title="One factor everywhere",
    chapter=CHAPTER,
    trains=("eq:gradient-ratios", "eq:averaged-twice"),
    level=1,
    minutes=3,
    task=_diagnosed,
    text=lambda t: (
        f"A network has {t.n} outputs, the batch {t.N} examples, the loss is the squared error without "
        f"½. Every entry of a "
        f"gradient is {t.factor:.3g} times the true one."
    ),
    steps=(
        Choice(
            "cause",
            "Which mistake is it?",
            lambda t: t.factor,
            (
                Option(
                    "summed over the examples, not averaged",
                    lambda t: float(t.N),
                    "The factor is N.",
                    ("eq:gradient-ratios",),
                ),
                Option("averaged twice", lambda t: 1 / t.N, "The factor is 1/N.", ("eq:averaged-twice",)),
                Option(
                    "divided by the number of elements of Y",
                    lambda t: 1 / t.n,
                    "The factor is 1/n_L.",
                    ("eq:gradient-ratios",),
                ),
                Option(
                    "the 2 of the squared error forgotten",
                    lambda t: 0.5,
                    "The factor is ½, whatever the sizes are.",
                    ("eq:delta-squared",),
                ),
                Option(
                    "label minus output", lambda t: -1.0, "The factor is −1, at 180°.", ("eq:delta-output",)
                ),
            ),
        ),
    ),
    hints=("Compare it with N, 1/N and 1/n_L.", lambda t: f"1/N is {1 / t.N:.3g}, 1/n_L is {1 / t.n:.3g}."),
    solution=lambda t: (
        f"1/N is {1 / t.N:.3g}, 1/n_L is {1 / t.n:.3g}; a forgotten 2 gives 0.5, a turned sign −1, a sum "
        f"{t.N}. Here it "
        f"is {t.factor:.3g}."
    ),
)

EXERCISES = (fingerprint, factor, one_factor, ratios, two_wrongs, worst, integers)
