"""Derivatives of functions by whole sweeps: one forward sweep an input, or one backward sweep an output."""

from typing import NamedTuple

from .sweeps import Dual, Value


class Jacobian(NamedTuple):
    """`rows[i][j]` is the derivative of output i by input j; `sweeps` says how many it took."""

    rows: list
    sweeps: int


def derivative_forward(f, values, wrt):
    """The derivative of f by one argument, in one forward sweep.

    Args:
        f: a function of named arguments, written with operators and the functions of this module.
        values: {name: number}, the point.
        wrt: the name to differentiate by.

    Raises:
        ValueError: for a name that is not among the values.
    """
    if wrt not in values:
        raise ValueError(f"wrt: expected one of {', '.join(values)}, got {wrt!r}")
    result = f(**{name: Dual(value, 1.0) if name == wrt else value for name, value in values.items()})
    return result.tangent if isinstance(result, Dual) else 0.0


def jacobian_forward(f, values):
    """The Jacobian of f by forward mode: a sweep an input, each gives a column.

    Args:
        f: a function of len(values) arguments that returns a list of outputs.
        values: list of numbers.

    Returns:
        A `Jacobian` with m rows and n columns.
    """
    if not values:
        return Jacobian([[] for _ in f()], 0)
    columns = []
    for j in range(len(values)):
        outputs = f(*(Dual(value, float(i == j)) for i, value in enumerate(values)))
        columns.append([y.tangent if isinstance(y, Dual) else 0.0 for y in outputs])
    return Jacobian([list(row) for row in zip(*columns, strict=True)], len(columns))


def jacobian_reverse(f, values):
    """The Jacobian of f by reverse mode: a backward sweep an output, each gives a row.

    Arguments and result are those of `jacobian_forward`.
    """
    inputs = [Value(value) for value in values]
    rows = []
    for output in f(*inputs):
        for x in inputs:
            x.grad = 0.0  # an input that this output does not reach keeps what it has
        if isinstance(output, Value):
            output.backward()
        rows.append([x.grad for x in inputs])
    return Jacobian(rows, len(rows))
