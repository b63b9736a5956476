"""Exercises of chapter 5: a small network by hand, forward, backward and one step."""

from .draws import drawn, forward_text, given, slope
from .exercise import Exercise, Number, Slip, tex

CHAPTER = "05-worked-example"

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
        lambda t: rf"$\back{{2}}{{1}} = {tex(t.net.W[2].T @ t.delta2)}$; multiply it by the slopes.",
    ),
    solution=lambda t: (
        rf"$$\err{{2}} = (\out - \lab) \had \dactf{{2}}(\pre{{2}}) = {tex(t.fwd.a[2] - t.y)} \had "
        rf"{tex(slope(t.fwd.z[2]))} = {tex(t.delta2)}$$"
        "\n\n"
        rf"$$\err{{1}} = \bigl(\back{{2}}{{1}}\bigr) \had \dactf{{1}}(\pre{{1}}) = "
        rf"{tex(t.net.W[2].T @ t.delta2)} \had {tex(slope(t.fwd.z[1]))} = {tex(t.delta1)}$$"
    ),
)

EXERCISES = (two_outputs,)
