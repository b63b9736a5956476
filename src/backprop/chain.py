"""Chains of functions: a sweep through one, derivatives by differences, and what their products cost.

The notation is that of chapter 1: y = f_L(... f_2(f_1(x))). Lists are indexed as there, with None
at 0, so that `slopes[l]` belongs to f_l.
"""

import math

from . import checks, numeric

LAYOUTS = ("numerator", "denominator")
STARTS = ("output", "input")


def sweep(steps, x):
    """Forward and backward through a chain of functions of one variable.

    Args:
        steps: [(f_1, f_1'), ..., (f_L, f_L')], each a pair of functions of a number.
        x: a number.

    Returns:
        values: [x, u_1, ..., u_L], with u_l = f_l(u_{l-1}) and y = u_L.
        slopes: [None, f_1'(x), f_2'(u_1), ..., f_L'(u_{L-1})].
        adjoints: [dy/dx, dy/du_1, ..., dy/dy = 1], each its right neighbour times a slope
            (eq:chain-rule).

    Raises:
        ValueError: if `steps` is empty.
    """
    if not steps:
        raise ValueError("steps: expected at least one pair (function, derivative), got none")
    values, slopes = [x], [None]
    for function, derivative in steps:
        slopes.append(derivative(values[-1]))
        values.append(function(values[-1]))
    adjoints = [1.0]
    for slope in reversed(slopes[1:]):
        adjoints.insert(0, adjoints[0] * slope)
    return values, slopes, adjoints


def derivative(function, x, layout="numerator", h=numeric.STEP):
    """All partial derivatives of `function` at `x`, by central differences, in a layout.

    Args:
        function: takes what x is, returns a number, a column (m, 1) or a matrix (r, s).
        x: a number, a column (n, 1) or a matrix (p, q).
        layout: "numerator" (eq:jacobian) or "denominator", its transpose. A quantity is a column
            if its shape ends in 1.
        h: step of the differences, > 0.

    Returns:
        An array with two axes where number, column and matrix leave at most two: (m, n) for a
        column by a column, (q, p) for a number by a matrix, (r, s) for a matrix by a number; in
        denominator layout the transpose. Else one with all axes of the result, then all of x,
        columns counting as one axis; layouts do not tell these apart.

    Raises:
        ValueError: for an unknown layout, h <= 0, or an array that is neither number, column nor matrix.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout: expected one of {LAYOUTS}, got {layout!r}")
    numeric.checked_step(h)
    x = checks.real_array("x", x, dtype=float)
    below = _axes("x", x)
    y = checks.real_array("function(x)", function(x), dtype=float)
    above = _axes("function(x)", y)
    result = numeric.partials(function, x, h)
    if len(above) + len(below) > 2:
        return result.reshape(above + below)
    if len(below) == 2:
        result = result.reshape(x.shape).T
    elif len(above) == 2:
        result = result.reshape(y.shape)
    else:
        result = result.reshape(y.size, x.size)
    return result if layout == "numerator" else result.T


def _axes(name, array):
    """The shape of a number (), a column (n,) or a matrix (p, q)."""
    if array.ndim not in (0, 2):
        raise ValueError(f"{name}: expected a number, a column (n, 1) or a matrix, got shape {array.shape}")
    return array.shape[:1] if array.ndim == 2 and array.shape[1] == 1 else array.shape


def product(jacobians, start):
    """J_L ... J_2 J_1, multiplied from one end, and the multiplications that this took.

    Args:
        jacobians: [None, J_1, ..., J_L]; J_l has shape (n_l, n_{l-1}).
        start: "output" for (J_L J_{L-1}) J_{L-2} ..., "input" for ... J_3 (J_2 J_1).

    Returns:
        The product, (n_L, n_0), and the number of scalar multiplications (eq:jacobian-product).

    Raises:
        ValueError: for an unknown start, no Jacobian, or neighbours whose shapes do not fit.
    """
    _known(start)
    factors = [checks.real_array(f"jacobians[{l}]", J, ("m", "n")) for l, J in enumerate(jacobians) if l > 0]
    if not factors:
        raise ValueError("jacobians: expected [None, J_1, ..., J_L], got no Jacobian")
    for l in range(1, len(factors)):
        if factors[l].shape[1] != factors[l - 1].shape[0]:
            raise ValueError(
                f"jacobians[{l + 1}]: expected {factors[l - 1].shape[0]} columns, as jacobians[{l}] has "
                f"rows, got shape {factors[l].shape}"
            )
    if start == "output":
        factors.reverse()
    result, count = factors[0], 0
    for factor in factors[1:]:
        left, right = (result, factor) if start == "output" else (factor, result)
        count += left.shape[0] * left.shape[1] * right.shape[1]
        result = left @ right
    return result, count


def multiplications(sizes, start):
    """How many scalar multiplications `product` takes for Jacobians of given sizes.

    Args:
        sizes: [n_0, n_1, ..., n_L], numbers of entries of x, u_1, ..., y.
        start: "output" (eq:cost-from-output) or "input" (eq:cost-from-input).

    Returns:
        A whole number; 0 for a single Jacobian.

    Raises:
        ValueError, TypeError: for sizes that are no positive integers, or an unknown start.
    """
    n = checks.layer_sizes(sizes)
    _known(start)
    L = len(n) - 1
    if start == "output":
        return n[L] * sum(n[l] * n[l - 1] for l in range(1, L))
    return n[0] * sum(n[l] * n[l - 1] for l in range(2, L + 1))


def _known(start):
    if start not in STARTS:
        raise ValueError(f"start: expected one of {STARTS}, got {start!r}")


# Functions of one variable with their derivatives, for examples: name → (function, derivative, form).
FUNCTIONS = {
    "sin": (math.sin, math.cos, "sin({})"),
    "exp": (math.exp, math.exp, "exp({})"),
    "square": (lambda x: x**2, lambda x: 2 * x, "({})²"),
    "cube": (lambda x: x**3, lambda x: 3 * x**2, "({})³"),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2, "tanh({})"),
    "halve": (lambda x: x / 2, lambda x: 0.5, "({})/2"),
}


def increments(outer, inner, x, dx):
    """How a step in x passes through y = f(u), u = g(x), and what the derivatives predict.

    Args:
        outer, inner: f and g, names in `FUNCTIONS`.
        x, dx: a number and a step.

    Returns:
        A dict of floats: u, y; du and dy, the true increments; slope_inner = g'(x), slope_outer =
        f'(u), slope, their product (eq:chain-rule); du_linear and dy_linear, the increments that
        the slopes predict; remainder = dy − dy_linear.

    Raises:
        ValueError: for an unknown name.
    """
    for name, value in (("outer", outer), ("inner", inner)):
        if value not in FUNCTIONS:
            raise ValueError(f"{name}: expected one of {', '.join(FUNCTIONS)}, got {value!r}")
    (f, df, _), (g, dg, _) = FUNCTIONS[outer], FUNCTIONS[inner]
    (_, u, y), (_, slope_inner, slope_outer), (slope, _, _) = sweep([(g, dg), (f, df)], x)
    moved = g(x + dx)
    return {
        "u": u, "y": y, "du": moved - u, "dy": f(moved) - y,
        "slope_inner": slope_inner, "slope_outer": slope_outer, "slope": slope,
        "du_linear": slope_inner * dx, "dy_linear": slope * dx, "remainder": f(moved) - y - slope * dx,
    }  # fmt: skip
