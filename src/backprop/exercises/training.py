"""Exercises of chapter 8: steps of gradient descent, by hand and as programs."""

from itertools import permutations, product

import numpy as np

from .. import network
from .exercise import Choice, Exercise, Number, Option, Program, Slip, tex
from .implementation import tried

CHAPTER = "08-training"
XOR = tuple(((p, q), p ^ q) for p in (0, 1) for q in (0, 1))


def _xor(rng):
    """A 2-2-1 network for exclusive or with weights of one digit, one example, a step of size 1."""
    W = [
        None,
        rng.choice([-1, 1], (2, 2)) * rng.integers(1, 3, (2, 2)),
        rng.choice([-1, 1], (1, 2)) * rng.integers(1, 3, (1, 2)),
    ]
    b = [None, rng.integers(-1, 2, (2, 1)), rng.integers(-1, 2, (1, 1))]
    (x, y) = XOR[int(rng.integers(1, 4))]
    x, y = np.array(x, float).reshape(2, 1), np.array([[float(y)]])
    net = network.Network(W, b, ["sigmoid"] * 2, "half_squared_error")
    fwd = network.forward(net, x)
    return {"net": net, "x": x, "y": y, "fwd": fwd, "grads": network.backward(net, fwd, y)}


def _column(array):
    return np.ravel(array)


xor = Exercise(
    name="xor-one-step",
    title="Exclusive or by hand",
    chapter=CHAPTER,
    trains=("eq:gradient-descent", "eq:delta-hidden", "eq:gradient-weights"),
    level=2,
    minutes=15,
    task=_xor,
    text=lambda t: (
        "A network 2-2-1 with sigmoid units and half the squared error has\n\n"
        rf"$$\Wunits{{1}} = {tex(t.net.W[1], 0)}, \quad \bias{{1}} = {tex(t.net.b[1], 0)}, \quad "
        rf"\Wunits{{2}} = {tex(t.net.W[2], 0)}, "
        rf"\quad \bias{{2}} = {t.net.b[2].item():.0f} .$$" + "\n\n"
        rf"The example of exclusive or is $\inp = {tex(t.x, 0)}$, $\lab = {t.y.item():.0f}$; the step "
        rf"size is $\step = 1$. To three decimals:"
    ),
    steps=(
        Number(
            "a1",
            r"$\actunits{1}$",
            lambda t: _column(t.fwd.a[1]),
            (
                Slip(
                    "pre-activation",
                    lambda t: _column(t.fwd.z[1]),
                    "That is before the sigmoid.",
                    ("eq:activation",),
                ),
            ),
            3,
        ),
        Number(
            "out",
            r"$\out$",
            lambda t: t.fwd.a[2].item(),
            (
                Slip(
                    "pre-activation",
                    lambda t: t.fwd.z[2].item(),
                    "That is before the sigmoid.",
                    ("eq:activation",),
                ),
            ),
            3,
        ),
        Number(
            "delta2",
            r"$\err{2}$",
            lambda t: (t.out - t.y.item()) * t.out * (1 - t.out),
            (
                Slip(
                    "slope forgotten",
                    lambda t: t.out - t.y.item(),
                    "The slope of the sigmoid is missing.",
                    ("eq:delta-output",),
                ),
                Slip(
                    "label minus output",
                    lambda t: (t.y.item() - t.out) * t.out * (1 - t.out),
                    "It is output minus label.",
                    ("eq:delta-output",),
                ),
            ),
            3,
        ),
        Number(
            "delta1",
            r"$\err{1}$",
            lambda t: t.net.W[2][0] * t.delta2 * t.a1 * (1 - t.a1),
            (
                Slip(
                    "slope forgotten",
                    lambda t: t.net.W[2][0] * t.delta2,
                    "The slopes of the hidden layer are missing.",
                    ("eq:missing-slope",),
                ),
            ),
            3,
        ),
        Number(
            "W1",
            r"$\Wunits{1}$ after the step",
            lambda t: t.net.W[1] - np.outer(t.delta1, t.x),
            (
                Slip(
                    "uphill",
                    lambda t: t.net.W[1] + np.outer(t.delta1, t.x),
                    "The gradient is subtracted.",
                    ("eq:gradient-descent",),
                ),
            ),
            3,
        ),
        Number(
            "W2",
            r"$\Wunits{2}$ after the step",
            lambda t: t.net.W[2] - t.delta2 * t.a1[None],
            (
                Slip(
                    "uphill",
                    lambda t: t.net.W[2] + t.delta2 * t.a1[None],
                    "The gradient is subtracted.",
                    ("eq:gradient-descent",),
                ),
            ),
            3,
        ),
    ),
    hints=(
        "Forward, output error, hidden error, then each gradient: error at the head times activation at "
        "the tail.",
        lambda t: rf"$\pre{{1}} = {tex(t.fwd.z[1], 0)}$ and $\pre{{2}} = {tex(t.fwd.z[2].item(), 3)}$.",
        lambda t: (
            rf"$\err{{2}} = {tex(t.delta2, 3)}$; each hidden unit gets it times its weight and its slope."
        ),
    ),
    solution=lambda t: (
        rf"$\pre{{1}} = {tex(t.fwd.z[1], 0)}$, $\actunits{{1}} = {tex(t.a1, 3)}$, $\pre{{2}} = "
        rf"{tex(t.fwd.z[2].item(), 3)}$, $\out = {tex(t.out, 3)}$."
        "\n\n"
        rf"$\err{{2}} = ({tex(t.out, 3)} - {t.y.item():.0f}) \cdot {tex(t.out, 3)} \cdot "
        rf"{tex(1 - t.out, 3)} = {tex(t.delta2, 3)}$, "
        rf"$\err{{1}} = {tex(t.net.W[2].T, 0)} \cdot ({tex(t.delta2, 3)}) \had "
        rf"{tex(t.a1 * (1 - t.a1), 3)} = {tex(t.delta1, 3)}$."
        "\n\n"
        rf"After the step $\Wunits{{1}} = {tex(t.W1, 3)}$, $\Wunits{{2}} = {tex(t.W2, 3)}$; the "
        rf"gradients of the biases are the error signals, so "
        rf"$\bias{{1}} = {tex(t.net.b[1] - t.delta1[:, None], 3)}$, $\bias{{2}} = "
        rf"{tex(t.net.b[2].item() - t.delta2, 3)}$."
    ),
)


def _descent(rng):
    return {
        "w": rng.choice([-1, 1], 2) * rng.integers(2, 10, 2) / 10,
        "g": rng.choice([-1, 1], 2) * rng.integers(2, 10, 2) / 10,
        "eta": float(rng.choice([0.1, 0.2, 0.5])),
    }


descent = Exercise(
    name="a-step-three-ways",
    title="A step: plain, with L2, with momentum",
    chapter=CHAPTER,
    trains=("eq:gradient-descent", "eq:l2-gradient", "eq:momentum"),
    level=1,
    minutes=8,
    task=_descent,
    text=lambda t: (
        rf"Two weights are $w = {tex(t.w, 1)}$, their gradient is $g = {tex(t.g, 1)}$, and $\step = {t.eta}$."
    ),
    steps=(
        Number(
            "plain",
            "The weights after one step of gradient descent",
            lambda t: t.w - t.eta * t.g,
            (
                Slip(
                    "uphill",
                    lambda t: t.w + t.eta * t.g,
                    "The gradient points uphill: subtract.",
                    ("eq:gradient-descent",),
                ),
                Slip(
                    "no step size", lambda t: t.w - t.g, "The step size is missing.", ("eq:gradient-descent",)
                ),
            ),
        ),
        Number(
            "decayed",
            r"The weights after one step if the cost has the term $\tfrac{\lambda}{2} \norm{w}^2$ on "
            r"top; $\lambda$ is 0.1",
            lambda t: t.w - t.eta * (t.g + 0.1 * t.w),
            (
                Slip(
                    "twice",
                    lambda t: t.w - t.eta * (t.g + 0.2 * t.w),
                    "The ½ cancels the 2: the term's gradient is λ w.",
                    ("eq:l2-gradient",),
                ),
                Slip(
                    "wrong sign",
                    lambda t: t.w - t.eta * (t.g - 0.1 * t.w),
                    "The penalty draws weights towards 0.",
                    ("eq:l2-gradient",),
                ),
                Slip(
                    "without step size",
                    lambda t: t.w - t.eta * t.g - 0.1 * t.w,
                    "The term is part of the gradient: it is multiplied by the step size too.",
                    ("eq:l2-gradient",),
                ),
            ),
        ),
        Number(
            "second",
            "The second step's velocity (what is added to the weights) with momentum 0.9, if the "
            "gradient is the same twice and the velocity starts at 0",
            lambda t: -t.eta * t.g * (1 + 0.9),
            (
                Slip(
                    "no memory",
                    lambda t: -t.eta * t.g,
                    "That is the first step: the second adds 0.9 times the first.",
                    ("eq:momentum",),
                ),
                Slip(
                    "averaged",
                    lambda t: -t.eta * t.g * (0.9 + 0.1 * 0.9),
                    "The new gradient is not weakened: velocity is μ times the old one minus the step.",
                    ("eq:momentum",),
                ),
                Slip(
                    "towards the gradient",
                    lambda t: t.eta * t.g * 1.9,
                    "The step goes against the gradient.",
                    ("eq:momentum",),
                ),
            ),
        ),
    ),
    hints=(
        "New weight = old weight − step size · gradient.",
        r"The gradient of $\tfrac{\lambda}{2} \norm{w}^2$ is $\lambda w$.",
        "The first velocity is $-\\step\\, g$; the second is 0.9 times that, minus $\\step\\, g$ again.",
    ),
    solution=lambda t: (
        rf"Plain: $w - {t.eta}\, g = {tex(t.plain)}$. With the term the gradient is $g + 0.1\, w = "
        rf"{tex(t.g + 0.1 * t.w)}$: ${tex(t.decayed)}$. "
        rf"Momentum: the first velocity is ${tex(-t.eta * t.g)}$, the second $0.9$ times it minus "
        rf"$\step\, g$: ${tex(t.second)}$."
    ),
)


def _steps(mu, count):
    """How many times longer than the first the last of so many steps with one gradient is, step by step."""
    velocity = 0.0
    for _ in range(count):
        velocity = mu * velocity + 1.0
    return velocity


momentum = Exercise(
    name="momentum-steps",
    title="Momentum along one direction",
    chapter=CHAPTER,
    trains=("eq:momentum-sum", "prop:momentum"),
    level=2,
    minutes=5,
    task=lambda rng: {"mu": float(rng.choice([0.5, 0.6, 0.7, 0.8, 0.9])), "count": int(rng.integers(3, 8))},
    text=lambda t: f"A gradient is the same in {t.count} steps in a row; the momentum is {t.mu}.",
    steps=(
        Number(
            "factor",
            "By which factor is the last step longer than the first?",
            lambda t: _steps(t.mu, t.count),
            (
                Slip(
                    "one step less",
                    lambda t: _steps(t.mu, t.count - 1),
                    "The sum has as many terms as there are steps, the first of them 1.",
                    ("eq:momentum-sum",),
                ),
                Slip(
                    "limit",
                    lambda t: 1 / (1 - t.mu),
                    "That is the limit after many steps.",
                    ("eq:momentum-sum",),
                ),
                Slip(
                    "power",
                    lambda t: t.mu ** (t.count - 1),
                    "That is only what is left of the first step: add up all.",
                    ("eq:momentum-sum",),
                ),
            ),
            3,
        ),
        Number(
            "limit_mu",
            "After very many steps: by which factor?",
            lambda t: 1 / (1 - t.mu),
            (
                Slip(
                    "one over",
                    lambda t: 1 / t.mu,
                    "The geometric series has the sum 1/(1 − μ).",
                    ("eq:momentum-sum",),
                ),
                Slip("difference", lambda t: 1 - t.mu, "It is one over that.", ("eq:momentum-sum",)),
            ),
            3,
        ),
    ),
    hints=(
        "Each step is μ times the last one plus a new one.",
        r"It is $1 + \mu + \mu^2 + \dots$, one term a step.",
        lambda t: rf"$(1 - \mu^{{{t.count}}}) / (1 - \mu)$ with $\mu = {t.mu}$.",
    ),
    solution=lambda t: (
        rf"$\frac{{1 - {t.mu}^{{{t.count}}}}}{{1 - {t.mu}}} = {tex(t.factor, 3)}$; in the limit $1/(1 - "
        rf"{t.mu}) = {tex(t.limit_mu, 3)}$. For 50 steps "
        "with momentum 0.9 the factor is 9.95, in the limit 10."
    ),
)


def _is_good(ratio):
    """Whether sizes in this ratio give the sum 0 for symmetric bits only, by trying all differences."""
    return not any(
        sum(size * d for size, d in zip(ratio, ds, strict=True)) == 0
        for ds in product((-1, 0, 1), repeat=3)
        if any(ds)
    )


def _ratio(rng):
    good = [r for r in permutations(range(1, 9), 3) if r == tuple(sorted(r)) and _is_good(r)]
    bad = [r for r in permutations(range(1, 9), 3) if r == tuple(sorted(r)) and not _is_good(r)]
    ratio = (good, bad)[int(rng.integers(2))]
    return {"ratio": [int(v) for v in ratio[int(rng.integers(len(ratio)))]]}


mirror = Exercise(
    name="mirror-ratios",
    title="Is this ratio good for the mirror?",
    chapter=CHAPTER,
    trains=("prop:mirror-weights",),
    level=2,
    minutes=5,
    task=_ratio,
    text=lambda t: (
        "The weights of a hidden unit of the symmetry network have opposite signs at mirrored bits, and "
        "sizes in the ratio "
        rf"${' : '.join(map(str, t.ratio))}$. The sum is $\pm$ these sizes times differences of mirrored "
        rf"bits, each $-1$, $0$ or $1$."
    ),
    steps=(
        Choice(
            "good",
            "Is the sum 0 for symmetric bits only?",
            lambda t: _is_good(t.ratio),
            (
                Option(
                    "yes",
                    lambda t: t.ratio[0] + t.ratio[1] != t.ratio[2],
                    "All three differ and none is the sum of the other two.",
                ),
                Option(
                    "no",
                    lambda t: t.ratio[0] + t.ratio[1] == t.ratio[2],
                    "The largest is the sum of the other two, so an asymmetric input gives 0.",
                ),
            ),
        ),
    ),
    hints=(
        "With one difference that is not 0 the sum is not 0. With two?",
        "With three, 0 needs one size to be the sum of the others.",
    ),
    solution=lambda t: (
        f"With one difference the sum is one of the sizes, with two a sum or a difference of two "
        f"different sizes, never 0. With three it is 0 only if "
        f"the largest is the sum of the others: {t.ratio[0]} + {t.ratio[1]} = {t.ratio[0] + t.ratio[1]}, "
        f"and the largest is {t.ratio[2]}."
    ),
)

SOFTMAX = """
def loss_and_error(Z, Y):
    N = Z.shape[1]
    E = np.exp(Z - Z.max(axis=0))
    S = E.sum(axis=0)
    A = E / S
    logs = Z - Z.max(axis=0) - np.log(S)
    return -np.sum(Y * logs) / N, (A - Y) / N
"""


def _softmax(Z):
    E = np.exp(Z - Z.max(axis=0))
    return E / E.sum(axis=0)


def _right_softmax(Z, Y):
    """Cost and error by the core, with an identity as weights."""
    net = network.Network([None, np.eye(len(Z))], [None, np.zeros((len(Z), 1))], ["softmax"], "cross_entropy")
    cost, grads = network.value_and_grad(net, Z, Y)
    return cost, grads.delta[1] / Z.shape[1]


def _slips():
    def with_error(error):
        return lambda Z, Y: (_right_softmax(Z, Y)[0], error(Z, Y, _softmax(Z), Z.shape[1]))

    return (
        Slip(
            "error summed",
            with_error(lambda Z, Y, A, N: A - Y),
            "The cost is right, the error is N times too large: the mean comes in here too.",
            ("eq:batch-gradient",),
        ),
        Slip(
            "label minus output",
            with_error(lambda Z, Y, A, N: (Y - A) / N),
            "It is output minus label.",
            ("prop:softmax-cross-entropy",),
        ),
        Slip(
            "derivative by the output",
            with_error(lambda Z, Y, A, N: -Y / A / N),
            "That is the derivative by the output; asked for is the one by the logits.",
            ("prop:softmax-cross-entropy",),
        ),
        Slip(
            "averaged over the elements",
            with_error(lambda Z, Y, A, N: (A - Y) / Y.size),
            "The mean is over the examples, not over all elements.",
            ("eq:three-costs",),
        ),
        Slip(
            "a slope too many",
            with_error(lambda Z, Y, A, N: (A - Y) * A * (1 - A) / N),
            "Output minus label holds the Jacobian of softmax already.",
            ("prop:softmax-cross-entropy",),
        ),
        Slip(
            "cost summed",
            lambda Z, Y: (_right_softmax(Z, Y)[0] * Z.shape[1], _right_softmax(Z, Y)[1]),
            "The error is right; the cost is a sum, not a mean.",
            ("eq:cost",),
        ),
    )


OVERFLOW = Slip(
    "softmax overflows",
    None,
    "Right for small logits; for logits of 1000 it is not finite. Subtract the largest logit of each "
    "example first.",
    ("eq:softmax-cross-entropy",),
)


def _examine_softmax(function, rng):
    for scale, mistakes in ((1.0, _slips()), (1e3, ())):
        Z = scale * rng.normal(size=(3, 5))
        Y = np.eye(3)[:, rng.integers(3, size=5)]
        cost, error = _right_softmax(Z, Y)
        with np.errstate(all="ignore"):
            verdict = tried(
                function, lambda Z=Z, Y=Y: (Z.copy(), Y.copy()), {"cost": cost, "error": error}, mistakes
            )
        if verdict is not None:
            return verdict if scale == 1 else OVERFLOW
    return None


softmax = Exercise(
    name="softmax-cross-entropy-program",
    title="Softmax and cross-entropy as a program",
    chapter=CHAPTER,
    trains=("eq:softmax-cross-entropy", "prop:softmax-cross-entropy"),
    level=3,
    minutes=15,
    text=lambda t: (
        "Write `loss_and_error(Z, Y)`: for logits `Z` and one-hot labels `Y`, one example a column, it "
        "returns the mean of the cross-entropy of softmax, and "
        "the derivative of this mean by `Z`. It must also work for logits near 1000."
    ),
    steps=(
        Program(
            "loss_and_error",
            "`loss_and_error`",
            "def loss_and_error(Z, Y):\n    ...\n    return cost, error\n",
            SOFTMAX,
            _examine_softmax,
            {
                "error summed": ("(A - Y) / N", "A - Y"),
                "label minus output": ("(A - Y)", "(Y - A)"),
                "derivative by the output": ("(A - Y)", "(-Y / A)"),
                "averaged over the elements": ("(A - Y) / N", "(A - Y) / Y.size"),
                "a slope too many": ("(A - Y)", "(A - Y) * A * (1 - A)"),
                "cost summed": ("logs) / N", "logs)"),
                "softmax overflows": (
                    "np.log(S)\n    return -np.sum(Y * logs)",
                    "np.log(S)\n    return -np.sum(Y * np.log(A))",
                ),
            },
        ),
    ),
    hints=(
        "The error has a short form.",
        "Softmax does not change if the same number is subtracted from all logits of an example.",
        "The logarithm of softmax is the logit minus the logarithm of the sum: no logarithm of 0 arises.",
    ),
    solution=lambda t: (
        f"```python\n{SOFTMAX.strip()}\n```\n\nThe largest logit is subtracted so that no exponential "
        f"overflows, and the logarithm is taken of the sum, which is "
        "at least 1."
    ),
)

EXERCISES = (xor, descent, momentum, softmax, mirror)
