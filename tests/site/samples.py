"""An exercise of each kind, as small as it gets. The browser's Python runs this file as a cell."""

import builtins

from backprop.exercises import ALL, Choice, Exercise, Formula, Number, Option, Order, Program, Slip


def sample(step, text="", task=lambda rng: {"x": float(rng.integers(2, 9))}):
    """An exercise with this step."""
    return Exercise(
        name=f"sample-{step.kind}", title=f"A sample: {step.kind}", chapter="05-worked-example", trains=("eq:loss",), level=1,
        minutes=1, task=task, text=lambda t: f"{text} Here $\\W{{1}}$ is {t.x:.0f}.", steps=(step,), hints=("Think of $\\err{1}$.",),
        solution=lambda t: f"{shown(step, t)}, for {t.x:.0f}.",
    )  # fmt: skip


def shown(step, task):
    """The answer as Markdown."""
    text = step.shown(getattr(task, step.name))
    return f"$${text}$$\n" if step.kind == "number" else f"It is {text}"


def examine(double, rng):
    x = rng.normal()
    if double(x) == x * x:
        return Slip("squared", None, r"You squared: $\err{1}$ is doubled.", ("eq:loss",))
    return None if double(x) == 2 * x else "Not twice."


SAMPLES = (
    sample(
        Number(
            "M", r"$\W{1}$ times the rows $1, 2$ and $3, 4$", lambda t: [[t.x, 2 * t.x], [3 * t.x, 4 * t.x]],
            (Slip("added", lambda t: [[t.x + 1, t.x + 2], [t.x + 3, t.x + 4]], r"You added $\W{1}$; multiply."),), 2,
        )
    ),
    sample(
        Formula(
            "f", "the derivative of $x^2$", lambda t: "2*x", {"x": (-2, 2)},
            (Slip("power kept", lambda t: "2*x^2", r"The power goes down by 1, as in $\err{1}$."),),
        )
    ),
    sample(
        Choice(
            "c", "Which is $2 x$?", lambda t: 2 * t.x,
            (Option(lambda t: f"{t.x**2:.0f} of $\\err{{1}}$", lambda t: t.x**2, r"That is the square of $\W{1}$."),
             Option(lambda t: f"{2 * t.x:.0f}", lambda t: 2 * t.x, "It is doubled.")),
        ),
        task=lambda rng: {"x": float(rng.integers(3, 9))},
    ),
    sample(
        Order(
            "o", "Put in order", {"a": r"compute $\pre{1}$", "b": r"compute $\act{1}$", "c": r"compute $\err{1}$"},
            {"b": ("a",), "c": ("b",)}, {"x": ("run the network again", "once is enough.")},
        )
    ),
    sample(
        Program(
            "double", "a function that doubles", "def double(x):\n    ...", "def double(x):\n    return 2 * x", examine,
            {"squared": ("2 * x", "x * x")},
        )
    ),
)  # fmt: skip


def register():
    """Let the package know them; in a cell, show them."""
    for exercise in SAMPLES:
        ALL[exercise.name] = exercise
        if show := getattr(builtins, "display", None):
            show(exercise)
