"""Gradient checking: the backward sweep against methods that know nothing of it.

Finite differences subtract two nearby costs; their error is a sum of truncation (shrinks with the
step h) and rounding (grows as h shrinks). The complex step has no subtraction and hence no
rounding term, but needs a cost that is analytic in the parameters.

Sources: Griewank & Walther (2008), chapter 1; Squire & Trapp (1998) for the complex step.
"""

from dataclasses import dataclass

import numpy as np

from . import checks
from .network import Forward, Gradients, cost, forward, value_and_grad

TOLERANCE = 1e-5  # the usual bar for a relative error in float64
TOLERANCE_FLOAT32 = 1e-2  # the gradient under test carries float32's rounding, 6e-8 an operation
CENTRAL_STEP = 1e-5  # near the cube root of float64's rounding unit, where the two errors balance


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
    net = _in_float64(net)

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
    for name, row in zip(net.activations[1:], net.sigma[1:], strict=True):
        if not row.smooth or name == "gelu":
            raise ValueError(f"complex step: expected analytic activations, got {name}")
    net = net.with_parameters(
        [None] + [w.astype(complex) for w in net.W[1:]], [None] + [v.astype(complex) for v in net.b[1:]]
    )

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

    The relative error of an entry is |analytic - numeric| / max(|analytic|, |numeric|, floor).
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
    floor = 1e-5 * max(abs(float(J)), size, np.finfo(float).tiny)

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


def _in_float64(net):
    return net.with_parameters(
        [None] + [w.astype(np.float64) for w in net.W[1:]],
        [None] + [v.astype(np.float64) for v in net.b[1:]],
    )


def _crosses_kink(net, up, down):
    """Whether some pre-activation of a kinked activation changes its sign between two sweeps."""
    return any(
        not net.sigma[l].smooth and ((up.z[l] > 0) != (down.z[l] > 0)).any() for l in range(1, net.L + 1)
    )
