"""Exercises of chapter 6: programs and gradient checking."""

import math

import numpy as np

from .. import layers
from .examined import examine_backward
from .exercise import Choice, Exercise, Number, Option, Order, Program, Slip, tex

CHAPTER = "06-implementation"

COLUMNS = """
def backward(W, b, X, Y):
    L, N = len(W) - 1, X.shape[1]
    z, a = [None], [X]
    for l in range(1, L + 1):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(np.maximum(z[l], 0))
    e = np.exp(z[L] - z[L].max(axis=0))
    output = e / e.sum(axis=0)
    delta = output - Y
    dW, db = [None] * (L + 1), [None] * (L + 1)
    for l in range(L, 0, -1):
        dW[l] = delta @ a[l - 1].T / N
        db[l] = delta.sum(axis=1, keepdims=True) / N
        if l > 1:
            delta = (W[l].T @ delta) * (z[l - 1] > 0)
    return dW, db
"""
ROWS = """
def backward(W, b, X, Y):
    L, N = len(W) - 1, len(X)
    z, a = [None], [X]
    for l in range(1, L + 1):
        z.append(a[l - 1] @ W[l] + b[l])
        a.append(np.maximum(z[l], 0))
    e = np.exp(z[L] - z[L].max(axis=1, keepdims=True))
    output = e / e.sum(axis=1, keepdims=True)
    G = output - Y
    dW, db = [None] * (L + 1), [None] * (L + 1)
    for l in range(L, 0, -1):
        dW[l] = a[l - 1].T @ G / N
        db[l] = G.sum(axis=0) / N
        if l > 1:
            G = (G @ W[l].T) * (z[l - 1] > 0)
    return dW, db
"""
START = """
def backward(W, b, X, Y):
    L = len(W) - 1
    dW, db = [None] * (L + 1), [None] * (L + 1)
    ...
    return dW, db
"""


def backward_program(name, layout, shapes, solution, slips):
    """The exercise "write `backward`" in one layout."""
    return Exercise(
        name=name,
        title=f"Write backward, examples as {layout}",
        chapter=CHAPTER,
        trains=("alg:backpropagation", "eq:batch-gradient"),
        level=3,
        minutes=30,
        text=lambda t: (
            "A network has ReLU units in its hidden layers, softmax at the output and cross-entropy as "
            "loss; the "
            f"cost is the mean over the examples. {shapes} Lists have `None` at index 0, as in this book.\n\n"
            "Write `backward(W, b, X, Y)` with `np` alone: forward pass, error signals, gradients. It "
            "returns "
            "`(dW, db)`, two lists like `W` and `b`. It is run on random networks and batches."
        ),
        steps=(
            Program("backward", "`backward`", START, solution, examine_backward(layout == "rows"), slips),
        ),
        hints=(
            "Keep all pre-activations and activations of the forward pass in two lists, the input first.",
            "With softmax and cross-entropy the error signal of the output is output minus label.",
            "Go down from `L` to 1: first both gradients of layer `l`, each divided by `N` once, then "
            "send the error "
            "through the transposed weights of layer `l` and multiply by `z > 0` of the layer below.",
        ),
        solution=lambda t: (
            f"```python\n{solution.strip()}\n```\n\nThe largest logit is subtracted so that no "
            "exponential overflows; each example has its own. The mean over the examples comes in once, "
            "at the end."
        ),
    )


columns = backward_program(
    "write-backward-columns",
    "columns",
    "Examples are columns: `X` is $(n_0, N)$, `W[l]` is $(n_l, n_{l-1})$, `b[l]` is $(n_l, 1)$.",
    COLUMNS,
    {
        "missing transpose": ("W[l].T @ delta", "W[l] @ delta"),
        "slope forgotten": (" * (z[l - 1] > 0)", ""),
        "slope of the sigmoid": ("* (z[l - 1] > 0)", "* a[l - 1] * (1 - a[l - 1])"),
        "slope upside down": ("(z[l - 1] > 0)", "(z[l - 1] < 0)"),
        "averaged twice": ("delta = output - Y", "delta = (output - Y) / N"),
        "label minus output": ("delta = output - Y", "delta = Y - output"),
        "a slope at the output": ("delta = output - Y", "delta = (output - Y) * output * (1 - output)"),
        "derivative by the output": ("delta = output - Y", "delta = -Y / output"),
        "divided by the elements": ("X.shape[1]", "Y.size"),
        "sum over the examples": ("e / e.sum(axis=0)", "e / e.sum(axis=1, keepdims=True)"),
        "sum over everything": ("e / e.sum(axis=0)", "e / e.sum()"),
        "softmax overflows": ("z[L] - z[L].max(axis=0)", "z[L]"),
        "bias summed": ("keepdims=True) / N", "keepdims=True)"),
        "weights summed": ("delta @ a[l - 1].T / N", "delta @ a[l - 1].T"),
        "ReLU of its own layer read": ("delta @ a[l - 1].T", "delta @ a[l].T"),
        "averaged at each layer": ("* (z[l - 1] > 0)", "* (z[l - 1] > 0) / N"),
        "no ReLU on the way up": ("np.maximum(z[l], 0)", "z[l]"),
    },
)
rows = backward_program(
    "write-backward-rows",
    "rows",
    "Examples are rows: `X` is $(N, n_0)$, `W[l]` is $(n_{l-1}, n_l)$, `b[l]` is $(n_l,)$.",
    ROWS,
    {
        "missing transpose": ("G @ W[l].T", "G @ W[l]"),
        "slope forgotten": (" * (z[l - 1] > 0)", ""),
        "z in place of the slope": ("* (z[l - 1] > 0)", "* np.maximum(z[l - 1], 0)"),
        "slope of the sigmoid": ("* (z[l - 1] > 0)", "* a[l - 1] * (1 - a[l - 1])"),
        "averaged twice": ("G = output - Y", "G = (output - Y) / N"),
        "label minus output": ("G = output - Y", "G = Y - output"),
        "summed, not averaged": ("len(W) - 1, len(X)", "len(W) - 1, 1"),
        "divided by the elements": ("len(X)", "Y.size"),
        "logits minus label": ("G = output - Y", "G = z[L] - Y"),
        "sum over the examples": ("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)"),
        "softmax overflows": (" - z[L].max(axis=1, keepdims=True)", ""),
        "bias summed": ("G.sum(axis=0) / N", "G.sum(axis=0)"),
        "bias averaged over the units": ("G.sum(axis=0) / N", "G.sum(axis=1) / N"),
        "pre-activation read": ("a[l - 1].T @ G", "(z[l - 1] if l > 1 else X).T @ G"),
        "output layer left out": (
            "db[l] = G.sum(axis=0) / N",
            "db[l] = G.sum(axis=0) / N\n        if l == L:\n            dW[l], db[l] = 0 * dW[l], 0 * db[l]",
        ),
        "biases left out": (" + b[l]", ""),
    },
)


def tried(function, arguments, answers, mistakes, near=1e-6):
    """None if `function(*arguments)` gives the answers, the `Slip` that does, or where it differs.

    Args:
        function: the reader's.
        arguments: fresh arrays, () ↦ tuple.
        answers: {name: array} in the order in which they are returned.
        mistakes: `Slip`s whose answer takes the arguments and gives a tuple of arrays.
        near: the largest error of an entry near 1.
    """
    given = arguments()
    got = function(*given)
    pairs = [(p, q) for p, q in zip(given, arguments(), strict=True) if isinstance(p, np.ndarray)]
    if not all(np.allclose(p, q, rtol=1e-9, atol=1e-12) for p, q in pairs):
        return "It changes what it is given: work on a copy, or put back what you moved."
    got = got if isinstance(got, tuple) else (got,)
    if len(got) != len(answers):
        return f"Expected {', '.join(answers)}, got {len(got)} of {len(answers)} values."
    got = [np.asarray(value, float) for value in got]
    if _agree(got, answers.values(), near):
        return None
    for slip in mistakes:
        if _agree(got, slip.answer(*arguments()), near):
            return slip
    for (name, answer), value in zip(answers.items(), got, strict=True):
        if value.shape != np.shape(answer):
            return f"{name}: expected the shape {np.shape(answer)}, got {value.shape}."
        if not _agree([value], [answer], near):
            return f"{name} is wrong; its largest difference is {np.max(abs(value - answer)):.3g}."
    return None


def _agree(got, answers, near):
    return all(
        np.shape(p) == np.shape(q) and np.allclose(p, q, rtol=near, atol=near)
        for p, q in zip(got, answers, strict=True)
    )


LAYER_SLIPS = (
    Slip(
        "transpose forgotten",
        lambda W, X, G: (
            (G @ X.T, G.sum(axis=1, keepdims=True), W @ G)
            if len(W) == len(W.T)
            else (G @ X.T, G.sum(axis=1, keepdims=True), W.T @ G)
        ),
        "It stops or is wrong where it sends G back: that takes the transposed weights.",
        ("why-the-transpose",),
    ),
    Slip(
        "averaged here",
        lambda W, X, G: (G @ X.T / len(X.T), G.sum(axis=1, keepdims=True) / len(X.T), W.T @ G),
        "You averaged once more: G holds 1/N already, so this layer only adds up over the examples.",
        ("eq:averaged-twice",),
    ),
    Slip(
        "mean of the biases",
        lambda W, X, G: (G @ X.T, G.mean(axis=1, keepdims=True), W.T @ G),
        "The weights are right; the biases are averaged once more. Add up over the examples.",
        ("eq:gradient-bias",),
    ),
    Slip(
        "bias over the units",
        lambda W, X, G: (G @ X.T, G.sum(axis=0, keepdims=True), W.T @ G),
        "The biases are added up over the units. Add up over the examples: axis 1.",
        ("eq:gradient-bias",),
    ),
)


def _examine_layer(function, rng):
    for n_out, n_in, N in ((3, 3, 5), (2, 4, 3)):
        W, X, G = rng.normal(size=(n_out, n_in)), rng.normal(size=(n_in, N)), rng.normal(size=(n_out, N))
        layer = layers.Linear(W, np.zeros((n_out, 1)))
        layer.forward(X)
        dX = layer.backward(G)  # sets dW and db
        answers = {"dW": layer.dW, "db": layer.db, "dX": dX}
        verdict = tried(function, lambda W=W, X=X, G=G: (W.copy(), X.copy(), G.copy()), answers, LAYER_SLIPS)
        if verdict is not None:
            return verdict
    return None


layer = Exercise(
    name="backward-of-a-layer",
    title="A layer's backward",
    chapter=CHAPTER,
    trains=("eq:gradient-weights", "eq:gradient-bias", "thm:linear-layer"),
    level=2,
    minutes=10,
    text=lambda t: (
        "A linear layer makes `Z = W @ X + b`, with examples as columns. From above comes `G`, the "
        "derivative of the "
        "cost by `Z`, which holds the factor $1/\\nexamples$ already. Write `backward(W, X, G)`, which "
        "returns the "
        "derivatives `dW`, `db` and `dX`. The shapes are those of `W`, `b` and `X`; `b` is a column."
    ),
    steps=(
        Program(
            "backward",
            "`backward`",
            "def backward(W, X, G):\n    ...\n    return dW, db, dX\n",
            "def backward(W, X, G):\n    dW = G @ X.T\n    db = G.sum(axis=1, keepdims=True)\n    dX = "
            "W.T @ G\n    return dW, db, dX\n",
            _examine_layer,
            {
                "transpose forgotten": ("W.T @ G", "W @ G"),
                "averaged here": (
                    "G @ X.T\n    db = G.sum(axis=1, keepdims=True)",
                    "G @ X.T / X.shape[1]\n    db = G.sum(axis=1, keepdims=True) / X.shape[1]",
                ),
                "mean of the biases": ("G.sum(axis=1", "G.mean(axis=1"),
                "bias over the units": ("G.sum(axis=1", "G.sum(axis=0"),
            },
        ),
    ),
    hints=(
        "Shapes allow one product each for `dW` and for `dX`.",
        "`b` is added to every example: its derivative adds `G` up over the examples.",
        "`dW = G @ X.T` and `dX = W.T @ G`.",
    ),
    solution=lambda t: (
        "```python\ndef backward(W, X, G):\n    dW = G @ X.T\n    db = G.sum(axis=1, keepdims=True)\n"
        "    dX = W.T @ G\n    return dW, db, dX\n```\n\nNone of the three divides by the number of "
        "examples: `G` did."
    ),
)

DIFFERENCE = """
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        above = f(x)
        x[i] = old - h
        below = f(x)
        x[i] = old
        gradient[i] = (above - below) / (2 * h)
    return gradient
"""


def _moved(h=1e-5, factor=1.0, one_sided=False):
    """A computation of the gradient of `f` by differences, with a mistake."""

    def answer(f, x):
        result = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[i] += h
            down[i] -= 0 if one_sided else h
            result[i] = factor * (f(up) - f(down)) / (h if one_sided else 2 * h)
        return (result,)

    return answer


DIFFERENCE_SLIPS = (
    Slip(
        "one-sided",
        _moved(one_sided=True),
        "Right to about five digits only: this is a one-sided difference, whose error "
        "is of order h. Take both sides, the error is of order h².",
        ("eq:three-schemes", "thm:truncation"),
    ),
    Slip(
        "one-sided, divided by 2h",
        _moved(factor=0.5, one_sided=True),
        "Half of what it should be: you moved to one side only, and divided by 2h.",
        ("eq:three-schemes",),
    ),
    Slip(
        "divided by h",
        _moved(factor=2),
        "Everything is twice too large: the two points are 2h apart.",
        ("eq:central-difference",),
    ),
    Slip(
        "signs turned",
        _moved(factor=-1),
        "All signs are turned: it is above minus below.",
        ("eq:central-difference",),
    ),
    Slip(
        "not divided", _moved(factor=2e-5), "The difference is not divided by 2h.", ("eq:central-difference",)
    ),
)


def _examine_difference(function, rng):
    A, x = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    right = {"gradient": 3 * A * x**2 + np.cos(x)}
    f = lambda u: float(np.sum(A * u**3) + np.sin(u).sum())  # noqa: E731
    return tried(function, lambda: (f, x.copy()), right, DIFFERENCE_SLIPS, near=1e-8)


difference = Exercise(
    name="numerical-gradient",
    title="A gradient by differences",
    chapter=CHAPTER,
    trains=("eq:central-difference", "eq:three-schemes"),
    level=2,
    minutes=12,
    text=lambda t: (
        "Write `numerical_gradient(f, x, h=1e-5)`: the gradient of a function `f` of an array `x` of floats "
        "of any shape, by central differences. `x` must hold its old numbers at the end."
    ),
    steps=(
        Program(
            "numerical_gradient",
            "`numerical_gradient`",
            "def numerical_gradient(f, x, h=1e-5):\n    ...\n",
            DIFFERENCE,
            _examine_difference,
            {
                "one-sided": (
                    "old - h\n        below = f(x)\n        x[i] = old\n"
                    "        gradient[i] = (above - below) / (2 * h)",
                    "old\n        gradient[i] = (above - f(x)) / h",
                ),
                "one-sided, divided by 2h": ("x[i] = old - h", "x[i] = old"),
                "divided by h": ("(2 * h)", "h"),
                "signs turned": ("(above - below)", "(below - above)"),
                "not divided": (" / (2 * h)", ""),
            },
        ),
    ),
    hints=(
        "One entry at a time: move it, call `f`, put it back.",
        "Each entry is moved up by $h$ and down by $h$; the points are $2h$ apart.",
        "`np.ndindex(x.shape)` runs through the places of an array of any shape.",
    ),
    solution=lambda t: (
        f"```python\n{DIFFERENCE.strip()}\n```\n\nThe entry is put back by the old number, not by adding "
        "`h`: that would leave a rounding error behind."
    ),
)


def _quotients(rng):
    return {"n": int(rng.integers(3, 5)), "x": float(rng.integers(1, 4)), "h": float(rng.choice([0.1, 0.2]))}


three_quotients = Exercise(
    name="three-quotients",
    title="Three difference quotients",
    chapter=CHAPTER,
    trains=("eq:three-schemes", "eq:truncation-one-sided", "eq:truncation-central"),
    level=1,
    minutes=8,
    task=_quotients,
    text=lambda t: (
        rf"Let $f(x) = x^{{{t.n}}}$. Estimate $f'({t.x:g})$ with the step $h = {t.h}$, to four decimals."
    ),
    steps=(
        Number(
            "one_sided",
            "by a one-sided difference",
            lambda t: ((t.x + t.h) ** t.n - t.x**t.n) / t.h,
            (
                Slip(
                    "not divided",
                    lambda t: (t.x + t.h) ** t.n - t.x**t.n,
                    "You left out the division by h.",
                    ("eq:three-schemes",),
                ),
                Slip(
                    "backwards",
                    lambda t: (t.x**t.n - (t.x - t.h) ** t.n) / t.h,
                    "This is the difference to the left, at x - h; here the step goes to x + h.",
                    ("eq:three-schemes",),
                ),
            ),
        ),
        Number(
            "central",
            "by a central difference",
            lambda t: ((t.x + t.h) ** t.n - (t.x - t.h) ** t.n) / (2 * t.h),
            (
                Slip(
                    "divided by h",
                    lambda t: ((t.x + t.h) ** t.n - (t.x - t.h) ** t.n) / t.h,
                    "The two points are 2h apart, so divide by 2h.",
                    ("eq:central-difference",),
                ),
                Slip(
                    "exact derivative",
                    lambda t: t.n * t.x ** (t.n - 1),
                    "That is the exact derivative; the quotient has an error of order h².",
                    ("eq:truncation-central",),
                ),
            ),
        ),
        Number(
            "ratio",
            "how many times larger the error of the first is",
            lambda t: (
                abs(t.one_sided - t.n * t.x ** (t.n - 1))
                / (abs(t.central - t.n * t.x ** (t.n - 1)) or np.nan)
            ),
            (
                Slip(
                    "ratio of the estimates",
                    lambda t: t.one_sided / (t.central or np.nan),
                    "You divided the estimates, not their errors.",
                    ("thm:truncation",),
                ),
            ),
            decimals=1,
        ),
    ),
    hints=(
        "Central: one step to each side.",
        lambda t: rf"$f({t.x + t.h:g}) = {tex((t.x + t.h) ** t.n, 6)}$.",
        lambda t: (
            rf"The exact derivative is ${t.n} \cdot {t.x:g}^{{{t.n - 1}}} = {t.n * t.x ** (t.n - 1):g}$."
        ),
    ),
    solution=lambda t: (
        rf"$f({t.x + t.h:g}) = {tex((t.x + t.h) ** t.n, 6)}$, $f({t.x:g}) = {t.x**t.n:g}$ and "
        rf"$f({t.x - t.h:g}) = "
        rf"{tex((t.x - t.h) ** t.n, 6)}$. The quotients are ${tex(t.one_sided)}$ and ${tex(t.central)}$, "
        rf"the exact "
        rf"derivative is ${t.n * t.x ** (t.n - 1):g}$. The errors have the ratio ${tex(t.ratio, 1)}$."
    ),
)


def _best_power(order):
    """The exponent s of the best step ε^s, for C h^order + ε/h, by its minimum on a grid for two ε."""
    h = np.logspace(-9, 0, 9001)
    best = [h[np.argmin(h**order + eps / h)] for eps in (1e-12, 1e-10)]
    return round(float(np.log10(best[1] / best[0]) / 2), 2)


best_step = Exercise(
    name="best-step-of-a-quotient",
    title="The best step of a four-point quotient",
    chapter=CHAPTER,
    trains=("thm:best-step", "eq:best-step"),
    level=2,
    minutes=8,
    text=lambda t: (
        r"The four-point quotient $\bigl(-f(2h) + 8 f(h) - 8 f(-h) + f(-2h)\bigr) / (12 h)$ has a truncation "
        r"error of order $h^4$ and a rounding error of order $\varepsilon / h$."
    ),
    steps=(
        Choice(
            "power",
            r"To which power of $\varepsilon$ is the best step proportional?",
            lambda t: _best_power(4),
            (
                Option(
                    r"$\varepsilon^{1/2}$",
                    lambda t: 1 / 2,
                    "That is the best step of the one-sided quotient, whose truncation error is of order h.",
                    ("eq:best-step",),
                ),
                Option(
                    r"$\varepsilon^{1/3}$",
                    lambda t: _best_power(2),
                    "That is the best step of the central quotient, with a truncation error of order h².",
                    ("eq:best-step",),
                ),
                Option(
                    r"$\varepsilon^{1/4}$",
                    lambda t: 1 / 4,
                    "You set the truncation error equal to ε. It is balanced with ε/h.",
                    ("thm:best-step",),
                ),
                Option(
                    r"$\varepsilon^{1/5}$",
                    lambda t: 1 / 5,
                    "The derivative of C h⁴ + ε/h is 0 where h⁵ is "
                    "proportional to ε; the error is then of order ε to the power 4/5.",
                ),
            ),
        ),
    ),
    hints=(
        "Where is the sum of both errors least?",
        "Set the derivative of $C h^4 + \\varepsilon/h$ by $h$ to 0.",
    ),
    solution=lambda t: (
        r"$4 C h^3 = \varepsilon / h^2$ gives $h^5 = \varepsilon / (4C)$: the best step is proportional to "
        r"$\varepsilon^{1/5}$, the error to $\varepsilon^{4/5}$."
    ),
)


def _passes(share, bar):
    """The probability that one random normal direction misses it: |z| <= bar/share z standard normal."""
    return math.erf(bar / share / math.sqrt(2))


small_entry = Exercise(
    name="which-check-finds-it",
    title="A small entry forgotten",
    chapter=CHAPTER,
    trains=("thm:random-direction", "eq:relative-error"),
    level=2,
    minutes=10,
    task=lambda rng: {
        "share": float(rng.integers(2, 10)) * 1e-5,
        "bar": 1e-5,
        "count": int(rng.integers(2, 4)),
    },
    text=lambda t: (
        f"A program forgets one bias, whose derivative is ${t.share * 1e5:.0f} \\cdot 10^{{-5}}$ times "
        f"the norm of the "
        "gradient. A random direction has standard normal entries; along it the check compares the two "
        "derivatives and lets "
        r"pass what is off by at most $10^{-5}$ of the norm of the gradient. "
        f"It tries {t.count} directions."
    ),
    steps=(
        Number(
            "t",
            "The mistake along a direction is a standard normal number times the entry. Up to which size "
            "$t$ of that "
            "number does it pass?",
            lambda t: t.bar / t.share,
            (
                Slip(
                    "upside down",
                    lambda t: t.share / t.bar,
                    "It is the bar divided by the share, not the other way round.",
                    ("thm:random-direction",),
                ),
            ),
            3,
        ),
        Number(
            "one",
            r"With the density of the normal distribution at 0, $1/\sqrt{2\pi}$, an upper bound of the "
            r"probability "
            "that one direction lets it pass",
            lambda t: 2 * t.t / math.sqrt(2 * math.pi),
            (
                Slip(
                    "one side",
                    lambda t: t.t / math.sqrt(2 * math.pi),
                    "Both signs pass: the interval is from -t to t.",
                    ("thm:random-direction",),
                ),
            ),
            3,
        ),
        Number(
            "several",
            "The bound for the independent directions together",
            lambda t: t.one**t.count,
            (
                Slip(
                    "added",
                    lambda t: t.one * t.count,
                    "All of them must let it pass: multiply, don't add.",
                    ("thm:random-direction",),
                ),
            ),
            5,
        ),
        Choice(
            "norms",
            "Does the norm of the difference, divided by the norm of the gradient, find it at the bar "
            "$10^{-5}$?",
            lambda t: t.share > t.bar,
            (
                Option("yes", lambda t: True, "The quotient is the share itself, above the bar."),
                Option(
                    "no: one entry disappears in the norm",
                    lambda t: False,
                    "It would with a bar above the share, such as 1e-3. Here the share is above the bar.",
                    ("eq:relative-error",),
                ),
            ),
        ),
    ),
    hints=(
        "The mistake is a single entry, so the direction matters only there.",
        "It passes where the normal number times the share is at most the bar.",
        lambda t: rf"$t = {tex(t.t, 3)}$; the interval from $-t$ to $t$ has the length $2t$.",
    ),
    solution=lambda t: (
        rf"$t = 1/{t.share / t.bar:.0f} = {tex(t.t, 3)}$. The probability is at most $2t/\sqrt{{2\pi}} = "
        rf"{tex(t.one, 3)}$ (exactly {_passes(t.share, t.bar):.3f}), for all directions together "
        rf"{tex(t.several, 5)}. A check of all entries finds it in any case: the entry is 0 "
        "instead of something else, a relative error of 1. (Where the entry is below the floor of the "
        "relative error, its error is less than 1, but still far above the bar.) So do the norms at this "
        "bar; "
        "with the bar $10^{-3}$ they would not, while every entry on its own would still be found."
    ),
)

which_layer = Exercise(
    name="which-layer-is-wrong",
    title="Find the layer with few passes",
    chapter=CHAPTER,
    trains=("thm:random-direction", "eq:directional-difference"),
    level=2,
    minutes=6,
    task=lambda rng: {"L": int(rng.integers(9, 61))},
    text=lambda t: (
        f"A check along random directions reports an error in a network with {t.L} layers. One direction "
        f"that is "
        "0 except in some layers takes two forward passes, and shows whether these layers have a mistake."
    ),
    steps=(
        Number(
            "each",
            "Forward passes for one direction in each layer",
            lambda t: 2 * t.L,
            (
                Slip(
                    "one each",
                    lambda t: t.L,
                    "A direction takes two passes, one to each side.",
                    ("eq:directional-difference",),
                ),
            ),
            1,
        ),
        Number(
            "halving",
            "Forward passes if each direction decides between two halves of the layers that are left",
            lambda t: 2 * math.ceil(math.log2(t.L)),
            (
                Slip(
                    "half of them",
                    lambda t: 2 * math.ceil(t.L / 2),
                    "Each direction leaves half of what was left, again and again: the logarithm counts.",
                ),
            ),
            1,
        ),
    ),
    hints=(
        "A difference along a direction needs the cost at two points.",
        "How often can you halve until one layer is left?",
        lambda t: f"$2^{{{math.ceil(math.log2(t.L))}}}$ is at least {t.L}.",
    ),
    solution=lambda t: (
        f"One direction a layer: $2 \\cdot {t.L} = {2 * t.L}$ passes. Halving: {t.L} layers take "
        f"{math.ceil(math.log2(t.L))} directions, {2 * math.ceil(math.log2(t.L))} passes. A wrong error "
        f"signal spoils all layers "
        "below, so look first at the half nearer to the output; the mistake is in the wrong layer "
        "nearest to it.\n\nIn the code: take `gradcheck.random_direction`, set the other arrays to 0, "
        "and compare "
        "`gradients.dot(v)` with `gradcheck.directional_difference(net, X, Y, v)`."
    ),
)


def _sum_in_float32(cancelled):
    """The size of the relative error of a float32 sum whose terms are so many times larger than it."""
    terms = np.array([cancelled, 1 / 3, -cancelled])
    in32 = np.float32(0)
    for term in terms.astype(np.float32):
        in32 += term
    return abs(float(in32) - terms.sum()) * 3


float32_bar = Exercise(
    name="bar-for-float32",
    title="Why float32 needs a wider bar",
    chapter=CHAPTER,
    trains=("eq:relative-error", "eq:epsilon"),
    level=2,
    minutes=5,
    text=lambda t: (
        "`check_gradients` estimates derivatives in float64, also for a network in float32, with an "
        "error near "
        "$10^{-10}$. Its bar is $10^{-5}$ in float64 and $10^{-2}$ in float32."
    ),
    steps=(
        Choice(
            "why",
            "Why is the bar wider for float32?",
            lambda t: "gradient" if _sum_in_float32(1000.0) > 1e-5 > 1e-10 else "estimate",
            (
                Option(
                    "The gradient under test is computed in float32; where terms cancel, its relative "
                    "rounding error "
                    "grows far above $6 \\cdot 10^{-8}$.",
                    lambda t: "gradient",
                    "A factor of 1000 by cancellation gives errors above the bar 1e-5 without any bug.",
                ),
                Option(
                    "The differences are less exact for such a network.",
                    lambda t: "estimate",
                    "They are formed in float64; their error stays near 1e-10.",
                    ("eq:best-error",),
                ),
                Option(
                    "Bugs are smaller in float32.",
                    lambda t: "bugs",
                    "A bug makes relative errors near 1 in both.",
                ),
                Option(
                    "Numbers above one million can't be stored.",
                    lambda t: "range",
                    "float32 goes up to 3e38. It is the number of digits that is small.",
                    ("eq:epsilon",),
                ),
            ),
        ),
    ),
    hints=(
        "Two numbers are compared. Which of them is computed in float32?",
        "What happens to a relative error if a sum is 1000 times smaller than its terms?",
    ),
    solution=lambda t: (
        "The estimate is good; the gradient under test has rounding errors of up to $6 \\cdot 10^{-8}$ "
        "at each "
        f"operation. In a sum that is 3000 times smaller than its terms this became "
        f"{_sum_in_float32(1000.0):.1e}, above "
        "$10^{-5}$. The bar $10^{-2}$ lets this pass, called right up to rounding, and a bug with an "
        "error near 1 "
        "still fails. To look for bugs, check the float64 version of the network: both run the same code."
    ),
)

FOLDED = """
def hidden_error(V, delta, slope):
    return (V.T @ delta)[1:] * slope
"""


def _examine_folded(function, rng):
    V, delta, slope = rng.normal(size=(2, 5)), rng.normal(size=(2, 3)), rng.uniform(0.1, 1, (4, 3))
    slips = (
        Slip(
            "wrong column dropped",
            lambda V, d, s: ((V.T @ d)[:-1] * s,),
            "It fits, and is wrong: you dropped the last "
            "column. The biases are column 0; the constant 1 is no unit.",
            ("eq:backward-folded",),
        ),
        Slip(
            "slope forgotten", lambda V, d, s: ((V.T @ d)[1:],), "The slope is missing.", ("eq:delta-hidden",)
        ),
    )
    try:
        right = {"the error signal": (V.T @ delta)[1:] * slope}
        return tried(function, lambda: (V.copy(), delta.copy(), slope.copy()), right, slips)
    except ValueError as error:
        return Slip(
            "bias column kept",
            None,
            f"NumPy stops: {error}. Column 0 of the folded weights belongs to the constant "
            "1, which is no unit and gets no error: drop it.",
            ("eq:backward-folded",),
        )


folded = Exercise(
    name="folded-hidden-error",
    title="The hidden error with folded biases",
    chapter=CHAPTER,
    trains=("eq:backward-folded", "eq:forward-folded"),
    level=2,
    minutes=8,
    text=lambda t: (
        "The biases of layer $l + 1$ stand as column 0 of its weights, `V`, of shape $(n_{l+1}, n_l + "
        "1)$. Write "
        "`hidden_error(V, delta, slope)`: the error signals of layer $l$, from those of layer $l + 1$, "
        "`delta`, and the slopes of "
        "layer $l$, `slope`, both with one example a column."
    ),
    steps=(
        Program(
            "hidden_error",
            "`hidden_error`",
            "def hidden_error(V, delta, slope):\n    ...\n",
            FOLDED,
            _examine_folded,
            {
                "bias column kept": ("[1:]", ""),
                "wrong column dropped": ("[1:]", "[:-1]"),
                "slope forgotten": (" * slope", ""),
            },
        ),
    ),
    hints=("The product has one row more than layer $l$ has units.", "Which row belongs to the constant 1?"),
    solution=lambda t: (
        f"```python\n{FOLDED.strip()}\n```\n\nRow 0 of the product is what would go to the constant 1; it is "
        "dropped. Without that NumPy stops, since there is a row too many. To drop the last row instead "
        "fits every shape and is "
        "wrong: only a gradient check finds that."
    ),
)

order_of_program = Exercise(
    name="order-of-backward",
    title="The lines of backward",
    chapter=CHAPTER,
    trains=("alg:backpropagation",),
    level=1,
    minutes=5,
    text=lambda t: (
        "These lines make one step of gradient descent for a network with one hidden layer and a batch. "
        "Put them "
        "in an order that works."
    ),
    steps=(
        Order(
            "lines",
            "one step",
            {
                "hidden": "`a1 = np.maximum(W1 @ X + b1, 0)`",
                "output": "`a2 = softmax(W2 @ a1 + b2)`",
                "delta2": "`delta2 = (a2 - Y) / N`",
                "dW2": "`dW2 = delta2 @ a1.T`",
                "delta1": "`delta1 = (W2.T @ delta2) * (a1 > 0)`",
                "dW1": "`dW1 = delta1 @ X.T`",
                "step2": "`W2 -= eta * dW2`",
                "step1": "`W1 -= eta * dW1`",
            },
            {
                "output": ("hidden",),
                "delta2": ("output",),
                "dW2": ("delta2",),
                "delta1": ("delta2",),
                "dW1": ("delta1",),
                "step2": ("dW2", "delta1"),
                "step1": ("dW1",),
            },
            {
                "again": (
                    "`dW2 = dW2 / N`",
                    "the error signals are divided by N already: it would average twice.",
                ),
                "late": (
                    "`delta1 = (W2 @ delta2) * (a1 > 0)`",
                    "the error goes back through the transposed weights.",
                ),
            },
            {
                (
                    "delta1",
                    "step2",
                ): "the error goes back through the weights that made the output, the old ones."
            },
        ),
    ),
    hints=(
        "Forward first, then from the output down.",
        "The weights of layer 2 are needed once more after `delta2`.",
    ),
    solution=lambda t: (
        "Forward, output error, then for each layer its gradient and the error of the layer below; the "
        "weights "
        "of layer 2 may change only after `delta1` has used them."
    ),
)

EXERCISES = (
    columns,
    rows,
    layer,
    difference,
    three_quotients,
    best_step,
    small_entry,
    which_layer,
    float32_bar,
    folded,
    order_of_program,
)
