"""Gradient checking: the backward sweep against methods that know nothing of it.

Finite differences subtract two nearby costs; their error is a sum of truncation (shrinks with the
step h) and rounding (grows as h shrinks). The complex step has no subtraction and hence no
rounding term, but needs a cost that is analytic in the parameters.

`check_gradients` tries every entry; `check_directions` tries random directions, two forward sweeps
each, for networks where every entry would take too long. `step_errors` measures the methods themselves.

Sources: Griewank & Walther (2008), chapter 1; Squire & Trapp (1998) for the complex step.
"""

from dataclasses import dataclass

import numpy as np

from . import checks
from .network import Forward, Gradients, backward, cost, forward, value_and_grad

TOLERANCE = 1e-5  # the usual bar for a relative error in float64
TOLERANCE_FLOAT32 = 1e-2  # the gradient under test carries float32's rounding, 6e-8 an operation
CENTRAL_STEP = 1e-5  # near the cube root of float64's rounding unit, where the two errors balance
FLOOR = 1e-5  # of the cost: a derivative below it loses its digits to the rounding of the cost


class GradientError(AssertionError):
    """A gradient that differs from its numerical estimate."""


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found: entries compared, entries at a kink, the worst relative error."""

    checked: int
    skipped: int
    worst: float

    def __str__(self):
        kinks = f", {self.skipped} at a kink left out" if self.skipped else ""
        return f"{self.checked} entries checked{kinks}; worst relative error {self.worst:.1e}"


def central_differences(net, X, Y, h=CENTRAL_STEP):
    """∂J/∂W and ∂J/∂b by central differences, two forward sweeps for each parameter.

    Args:
        net: a `Network`; the estimate is made in float64 whatever its dtype.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        h: step, > 0.

    Returns:
        `Gradients` without delta; an entry is NaN where the step crosses a kink of an activation.

    Raises:
        ValueError, TypeError: as `forward` and `cost` do; ValueError if h <= 0.
    """
    if not h > 0:
        raise ValueError(f"h: expected a step > 0, got {h}")
    net = _cast(net, np.float64)

    def estimate(array, index):
        there = array[index]
        array[index] = there + h
        up = forward(net, X)
        array[index] = there - h
        down = forward(net, X)
        array[index] = there
        if _crosses_kink(net, up, down):
            return np.nan
        return (cost(net, up, Y) - cost(net, down, Y)) / (2 * h)

    return _each_parameter(net, estimate)


def complex_step(net, X, Y, h=1e-30):
    """∂J/∂W and ∂J/∂b as Im J(w + ih)/h, one forward sweep for each parameter.

    Exact to rounding, but only for smooth activations other than gelu (whose erfc takes no complex
    argument).

    Args, returns: as `central_differences`.

    Raises:
        ValueError: for an activation with a kink, or gelu.
    """
    name = _not_analytic(net)
    if name is not None:
        raise ValueError(f"complex step: expected analytic activations, got {name}")
    net = _cast(net, complex)

    def estimate(array, index):
        array[index] += 1j * h
        fwd = forward(net, X)
        array[index] = array[index].real
        return cost(net, fwd, Y).imag / h

    return _each_parameter(net, estimate)


def error_signal_differences(net, x, y, l, h=CENTRAL_STEP):
    """∂ℓ/∂z^(l) of one example by central differences, straight from its definition.

    One pre-activation of layer l is changed by ±h, and only the layers after it are computed anew
    (`eq:delta-definition`).

    Args:
        net: a `Network`.
        x, y: one example, (n_0, 1) and (n_L, 1).
        l: layer, 1 to L.
        h: step, > 0.

    Returns:
        An array of shape (n_l, 1); an entry is NaN where the step crosses a kink of an activation.

    Raises:
        ValueError: if l is no layer of the network, x holds more than one example, or h <= 0.
    """
    if not h > 0:
        raise ValueError(f"h: expected a step > 0, got {h}")
    if l not in range(1, net.L + 1):
        raise ValueError(f"l: expected a layer, 1 to {net.L}, got {l}")
    fwd = forward(net, checks.real_array("x", x, (net.sizes[0], 1)))

    def sweep_from(z):
        zs, activations = list(fwd.z), list(fwd.a)
        zs[l] = z
        for m in range(l, net.L + 1):
            if m > l:
                zs[m] = net.W[m] @ activations[m - 1] + net.b[m]
            activations[m] = net.sigma[m].value(zs[m])
        return Forward(zs, activations)

    result = np.empty((net.sizes[l], 1))
    for j in range(net.sizes[l]):
        step = np.zeros((net.sizes[l], 1))
        step[j] = h
        up, down = sweep_from(fwd.z[l] + step), sweep_from(fwd.z[l] - step)
        crosses = _crosses_kink(net, up, down)
        result[j] = np.nan if crosses else (cost(net, up, y) - cost(net, down, y)) / (2 * h)
    return result


def check_gradients(net, X, Y, gradients=None, h=CENTRAL_STEP, tolerance=None):
    """Compare every entry of the gradients with central differences.

    The relative error of an entry is |analytic - numeric| / max(|analytic|, |numeric|, floor)
    (`eq:relative-error`).
    The floor is 1e-5 times the largest of |J| and all gradient entries: below it the rounding of
    J hides the digits of a difference quotient. Entries whose step crosses a kink are left out.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        gradients: the `Gradients` to check; None for those of `backward`.
        h: step of the differences.
        tolerance: largest relative error that passes; None for 1e-5 (1e-2 for float32).

    Returns:
        A `GradientReport`.

    Raises:
        GradientError: naming the worst entry with its analytic and numeric value.
        ValueError: for bad input, and when every entry lies at a kink.
    """
    J, own = value_and_grad(net, X, Y)
    gradients = own if gradients is None else gradients
    if tolerance is None:
        tolerance = TOLERANCE if net.dtype == np.float64 else TOLERANCE_FLOAT32
    numeric = central_differences(net, X, Y, h)
    pairs = []
    for name in ("W", "b"):
        for l in range(1, net.L + 1):
            expected = getattr(numeric, name)[l]
            given = checks.real_array(f"gradients.{name}[{l}]", getattr(gradients, name)[l], expected.shape)
            pairs.append((f"{name}[{l}]", given.astype(float), expected))
    size = max(np.nanmax(np.maximum(abs(g), abs(e)), initial=0.0) for _, g, e in pairs)
    floor = FLOOR * max(abs(float(J)), size, np.finfo(float).tiny)

    checked = skipped = 0
    worst = (-1.0, "", 0.0, 0.0)
    for name, given, expected in pairs:
        error = abs(given - expected) / np.maximum(np.maximum(abs(given), abs(expected)), floor)
        kinks = np.isnan(expected)
        checked, skipped = checked + int((~kinks).sum()), skipped + int(kinks.sum())
        if kinks.all():
            continue
        i = np.unravel_index(np.nanargmax(error), error.shape)
        if error[i] > worst[0]:
            entry = f"{name}[{', '.join(map(str, i))}]"
            worst = (float(error[i]), entry, float(given[i]), float(expected[i]))
    if checked == 0:
        raise ValueError(f"nothing to check: a step of {h} crosses a kink for each of {skipped} entries")
    error, entry, given, expected = worst
    if error > tolerance:
        raise GradientError(
            f"{entry}: analytic {given:.10g}, numeric {expected:.10g}, "
            f"relative error {error:.1e} > {tolerance:.3g}"
        )
    return GradientReport(checked, skipped, error)


@dataclass(frozen=True)
class DirectionReport:
    """What `check_directions` found: directions compared, left out at a kink, the worst error."""

    checked: int
    skipped: int
    worst: float

    def __str__(self):
        kinks = f", {self.skipped} across a kink left out" if self.skipped else ""
        return (
            f"{self.checked} directions checked{kinks}; worst error {self.worst:.1e} of the gradient's norm"
        )


def random_direction(net, rng):
    """A direction in the space of the parameters: independent standard normal entries.

    Args:
        net: a `Network`.
        rng: a `numpy.random.Generator`.

    Returns:
        `Gradients` without delta, W and b of the shapes of the network's, float64.
    """
    W = [None] + [rng.standard_normal(w.shape) for w in net.W[1:]]
    b = [None] + [rng.standard_normal(v.shape) for v in net.b[1:]]
    return Gradients(None, W, b)


def dot(gradients, direction):
    """Sum of the products of all entries, g · v: the derivative along the direction (a float)."""
    return sum(
        float((g.astype(float) * v).sum())
        for name in ("W", "b")
        for g, v in zip(getattr(gradients, name)[1:], getattr(direction, name)[1:], strict=True)
    )


def directional_difference(net, X, Y, direction, h=CENTRAL_STEP):
    """The derivative of J along a direction v, by two forward sweeps (`eq:directional-difference`).

    All parameters move at once, by ±h/‖v‖ times the direction: h is the length of the step.

    Args:
        net: a `Network`; the estimate is made in float64 whatever its dtype.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        direction: `Gradients` of the shapes of the parameters, not all 0; delta is not used.
        h: length of the step, > 0.

    Returns:
        A float, NaN where the step crosses a kink of an activation.

    Raises:
        ValueError: for wrong shapes, a direction that is 0, h <= 0, and as `forward` and `cost`.
        TypeError: for entries that are no real numbers.
    """
    if not h > 0:
        raise ValueError(f"h: expected a step > 0, got {h}")
    net = _cast(net, np.float64)
    for name, l, shape in _shapes(net):
        checks.real_array(f"direction.{name}[{l}]", getattr(direction, name)[l], shape)
    length = np.sqrt(dot(direction, direction))
    if length == 0:
        raise ValueError("direction: expected an entry that is not 0, got zeros only")
    s = h / length

    def sweep(step):
        W = [None] + [w + step * v for w, v in zip(net.W[1:], direction.W[1:], strict=True)]
        b = [None] + [w + step * v for w, v in zip(net.b[1:], direction.b[1:], strict=True)]
        moved = net.with_parameters(W, b)
        fwd = forward(moved, X)
        return fwd, float(cost(moved, fwd, Y))

    (up, J_up), (down, J_down) = sweep(s), sweep(-s)
    return np.nan if _crosses_kink(net, up, down) else (J_up - J_down) / (2 * s)


def check_directions(net, X, Y, directions=5, seed=0, gradients=None, h=CENTRAL_STEP, tolerance=None):
    """Compare the gradients with differences along random directions, two forward sweeps each.

    The error in a direction v is |g · v - numeric| / max(‖g‖, floor), with the floor 1e-5 · |J|. A
    gradient that is wrong by c passes one direction with a probability of at most
    0.8 · tolerance · ‖g‖ / ‖c‖, apart from the error of the difference (`thm:random-direction`).
    Directions whose step crosses a kink are left out.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        directions: how many directions to try, >= 1.
        seed: an integer or a `numpy.random.Generator`.
        gradients: the `Gradients` to check; None for those of `backward`.
        h: length of the step.
        tolerance: largest error that passes; None for 1e-5 (1e-2 for float32).

    Returns:
        A `DirectionReport`.

    Raises:
        GradientError: naming the worst direction with its analytic and numeric value.
        ValueError: for bad input, and when every direction crosses a kink.
        TypeError: for entries that are no real numbers.
    """
    if isinstance(directions, bool) or not isinstance(directions, int) or directions < 1:
        raise ValueError(f"directions: expected a whole number >= 1, got {directions!r}")
    J, own = value_and_grad(net, X, Y)
    gradients = own if gradients is None else gradients
    if tolerance is None:
        tolerance = TOLERANCE if net.dtype == np.float64 else TOLERANCE_FLOAT32
    for name, l, shape in _shapes(net):
        checks.real_array(f"gradients.{name}[{l}]", getattr(gradients, name)[l], shape)
    size = max(np.sqrt(dot(gradients, gradients)), FLOOR * abs(float(J)), np.finfo(float).tiny)
    rng = np.random.default_rng(seed)
    found = []
    for i in range(1, directions + 1):
        v = random_direction(net, rng)
        analytic, numeric = dot(gradients, v), directional_difference(net, X, Y, v, h)
        if not np.isnan(numeric):
            found.append((abs(analytic - numeric) / size, i, analytic, numeric))
    if not found:
        raise ValueError(f"nothing to check: a step of {h} crosses a kink in each of {directions} directions")
    worst, i, analytic, numeric = max(found)
    if worst > tolerance:
        raise GradientError(
            f"direction {i} of {directions}, seed {seed}: analytic {analytic:.10g}, numeric {numeric:.10g}, "
            f"difference {worst:.1e} of the gradient's norm > {tolerance:.3g}"
        )
    return DirectionReport(len(found), directions - len(found), worst)


SCHEMES = ("one-sided", "central", "complex step")


ROUNDINGS = 20  # rounding errors that a cost of a small network collects, on the safe side


def rounding_noise(net, X, Y, steps, dtype=np.float64, entry=None):
    """How far rounding may move what `step_errors` measures, for each step and each scheme.

    A cost J carries an error of some units u|J|; a difference divides it by the step
    (eq:rounding). A complex step divides by h what is as small as h.

    Args:
        net, X, Y, steps, dtype, entry: as in `step_errors`.

    Returns:
        {scheme: bounds}, one for each step, relative to ‖g‖.
    """
    fwd = forward(net, X)
    grads, where = backward(net, fwd, Y), _entries(net, entry)
    size = np.linalg.norm([getattr(grads, name)[l][index] for name, l, index in where])
    unit = ROUNDINGS * np.finfo(dtype).eps
    difference = unit * (abs(cost(net, fwd, Y)) / np.asarray(steps) + size) * np.sqrt(len(where)) / size
    return {"one-sided": 2 * difference, "central": difference, "complex step": unit + 0 * difference}


def step_errors(net, X, Y, steps, dtype=np.float64, entry=None, gradients=None):
    """How far the numerical derivatives are from the gradient, for each step h and each scheme.

    All sweeps are made in `dtype`, from parameters and data rounded to it; the gradient they are
    compared with is computed in float64 from the same rounded numbers. Kinks are not looked for.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        steps: the steps h, each > 0.
        dtype: float64 or float32.
        entry: ("W", l, j, k) or ("b", l, j), the parameter to vary; ("W", l) or ("b", l) for all
            parameters of an array; None for all there are.
        gradients: `Gradients` to compare with, such as wrong ones; None for those of `backward`.

    Returns:
        {scheme: errors}, one error for each step: ‖numeric - gradients‖ / ‖g‖ over the entries, where
        g is the gradient of `backward`. The schemes are those of `SCHEMES`; there is no complex step
        where an activation has a kink, or is gelu.

    Raises:
        ValueError: for steps that are not > 0, another dtype, an entry that is not there, a
            gradient g that is 0, and as `forward` and `backward`.
        TypeError: for entries that are no real numbers.
    """
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise ValueError(f"dtype: expected float64 or float32, got {np.dtype(dtype)}")
    steps = checks.real_array("steps", steps, ("number",), np.float64)
    if not (steps > 0).all():
        raise ValueError(f"steps: expected steps > 0, got {steps.min():g}")
    net = _cast(net, dtype)
    X = checks.real_array("X", X, (net.sizes[0], "N"), dtype)
    Y = checks.real_array("Y", Y, (net.sizes[-1], X.shape[1]), dtype)
    wide, where = _cast(net, np.float64), _entries(net, entry)
    right = backward(wide, forward(wide, X), Y)
    given, size = (
        np.array([getattr(g, name)[l][index] for name, l, index in where], float)
        for g in (gradients or right, right)
    )
    size = np.linalg.norm(size)
    if size == 0:
        raise ValueError("gradients: expected a derivative that is not 0 to compare with, got 0")

    def costs(net, step):
        """J with one parameter moved, for each entry."""
        result = []
        for name, l, index in where:
            array = getattr(net, name)[l]
            there = array[index]
            array[index] = there + step
            result.append(cost(net, forward(net, X), Y))
            array[index] = there
        return np.array(result)

    def error(numeric):
        return float(np.linalg.norm(numeric - given) / size)

    here, errors = cost(net, forward(net, X), Y), {name: [] for name in SCHEMES}
    turned = _cast(net, np.result_type(dtype, np.complex64)) if _not_analytic(net) is None else None
    for h in steps.astype(dtype):
        up, down = costs(net, h), costs(net, -h)
        errors["one-sided"].append(error((up - here) / h))  # eq:three-schemes
        errors["central"].append(error((up - down) / (h + h)))
        if turned is not None:
            errors["complex step"].append(error(costs(turned, 1j * h).imag / h))
    return {name: np.array(found) for name, found in errors.items() if found}


def branch_slopes(steps, errors, dtype=np.float64):
    """Slopes of log error against log h: left of the smallest error (rounding) and right (truncation).

    Each is a least-squares line through the points on that side whose error is at least ten times
    the smallest error and rounding unit, and at most 0.1 on the left: beyond, no digit is right.

    Args:
        steps: the steps h, ascending.
        errors: the error for each step, as from `step_errors`.
        dtype: the precision in which they were measured.

    Returns:
        (rounding, truncation): two floats, NaN for a side with fewer than four points.

    Raises:
        ValueError: if the steps are not > 0 and ascending, or the lengths differ.
    """
    steps = checks.real_array("steps", steps, ("number",))
    errors = checks.real_array("errors", errors, steps.shape)
    if not (steps > 0).all() or not (np.diff(steps) > 0).all():
        raise ValueError("steps: expected ascending steps > 0")
    smallest = 10 * max(errors.min(), np.finfo(dtype).eps / 2)
    best = steps[errors.argmin()]
    left = (steps < best) & (errors >= smallest) & (errors <= 0.1)
    right = (steps > best) & (errors >= smallest)

    def slope(side):
        if side.sum() < 4:
            return np.nan
        return float(np.polyfit(np.log10(steps[side]), np.log10(errors[side]), 1)[0])

    return slope(left), slope(right)


def _shapes(net):
    """(name, layer, shape) of every array of parameters."""
    for name in ("W", "b"):
        for l in range(1, net.L + 1):
            yield name, l, getattr(net, name)[l].shape


def _entries(net, entry=None):
    """[(name, layer, index)] of every parameter, or of those that `entry` names."""
    every = [(name, l, index) for name, l, shape in _shapes(net) for index in np.ndindex(*shape)]
    if entry is None:
        return every
    entry = tuple(entry)
    found = [place for place in every if len(entry) > 1 and entry == (*place[:2], *place[2])[: len(entry)]]
    if not found:
        raise ValueError(
            f'entry: expected ("W", l), ("W", l, j, k), ("b", l) or ("b", l, j) of a network with sizes '
            f"{net.sizes}, got {entry}"
        )
    return found


def _each_parameter(net, estimate):
    """`Gradients` whose entry for the parameter array[index] is estimate(array, index)."""

    def gradient(array):
        result = np.empty(array.shape)
        for index in np.ndindex(*array.shape):
            result[index] = estimate(array, index)
        return result

    layers = range(1, net.L + 1)
    W = [None] + [gradient(net.W[l]) for l in layers]
    b = [None] + [gradient(net.b[l]) for l in layers]
    return Gradients(None, W, b)


def _cast(net, dtype):
    """A copy of the network with parameters of the dtype."""
    return net.with_parameters(
        [None] + [w.astype(dtype) for w in net.W[1:]], [None] + [v.astype(dtype) for v in net.b[1:]]
    )


def _not_analytic(net):
    """The name of an activation that the complex step can't pass, or None."""
    for name, row in zip(net.activations[1:], net.sigma[1:], strict=True):
        if not row.smooth or name == "gelu":  # its erfc takes no complex argument
            return name
    return None


def _crosses_kink(net, up, down):
    """Whether some pre-activation of a kinked activation changes its sign between two sweeps."""
    return any(
        not net.sigma[l].smooth and ((up.z[l] > 0) != (down.z[l] > 0)).any() for l in range(1, net.L + 1)
    )
