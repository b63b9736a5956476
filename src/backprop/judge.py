"""The judge of both instruments: what each derivative is, how far that may be off, and what follows.

`check_gradients` and `diagnose` compare a gradient with the same values, by the same tolerances. An
entry is right, right up to rounding, or wrong; or it is not compared, because it lies at a kink or is
too small for the precision. Nothing is concluded from an entry that is not compared.

Sources: Higham (2002), sections 2.8 and 3.3, for rounding errors as random numbers and their bounds.
"""

from dataclasses import dataclass

import numpy as np

from . import checks, numeric
from .network import backward, cost, forward

TOLERANCE = 1e-5  # the usual bar for a relative error in float64
TOLERANCE_FLOAT32 = 1e-2  # the gradient under test carries float32's rounding, 6e-8 an operation
SAFETY = 16  # standard deviations of rounding that a right gradient may be off
LEAST = 1e-270  # a derivative that a complex step can see: its product with the step must not underflow
SEEN = 0.1  # an entry is compared if its value is known to this share of it

KINK, SMALL, RIGHT, ROUNDING, WRONG = range(5)


def tolerance_of(dtype):
    """The largest relative error that passes: 1e-5 for float64, 1e-2 for what is less precise."""
    return TOLERANCE if np.finfo(dtype).eps <= np.finfo(np.float64).eps else TOLERANCE_FLOAT32


@dataclass(frozen=True, eq=False)
class Judgement:
    """Columns (P,) in the order of `numeric.column`.

    Attributes:
        given: the gradient under test.
        true: the derivatives by numbers alone, NaN at a kink.
        off: what rounding in `given`, and all errors of `true`, may make of their difference.
        bar: the relative error that passes in the precision of `given`.
    """

    given: np.ndarray
    true: np.ndarray
    off: np.ndarray
    bar: float

    @property
    def errors(self):
        """The relative error of each entry (`eq:relative-error`), with the floor off/bar; NaN at a kink."""
        size = np.maximum(np.maximum(abs(self.given), abs(self.true)), self.off / self.bar)
        return abs(self.given - self.true) / np.where(size == 0, 1, size)

    @property
    def states(self):
        """`KINK`, `SMALL`, `RIGHT`, `ROUNDING` or `WRONG` for each entry."""
        return states(self.given, self.true, self.off, self.bar)


def states(given, true, off, bar):
    """What can be said of each entry, for arrays of one shape; as `Judgement.states`."""
    size, error = np.maximum(abs(given), abs(true)), abs(given - true)
    return np.select(
        [
            np.isnan(true),
            error > np.maximum(bar * size, off),
            (off > SEEN * size) & (size > 0),
            error <= TOLERANCE * size,
        ],
        [KINK, WRONG, SMALL, RIGHT],
        ROUNDING,
    )


def judge(net, X, Y, given, h=numeric.STEP, l2=0.0, factor=1.0, dtype=None):
    """Find the true derivatives of factor · J + (l2/2) Σ w², and how far rounding may move `given`.

    Central differences come first (`eq:central-difference`). Where they can't resolve an entry, or
    contradict it, a complex step takes a second look; with gelu, which has none, differences of many
    steps do (`numeric.measured`).

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        given: the gradient under test, a column (P,) as `numeric.column` makes it.
        h: step of the central differences.
        l2: λ of `training.objective`.
        factor: of the cost.
        dtype: precision in which `given` was computed; None for the network's.

    Returns:
        A `Judgement`.

    Raises:
        ValueError, TypeError: as `forward` and `cost`; ValueError if h <= 0.
    """
    dtype = np.dtype(dtype or net.dtype)
    X, Y = (checks.real_array(n, v, None, net.dtype).astype(float) for n, v in (("X", X), ("Y", Y)))
    net = in_precision(net, np.float64)
    theta, given, bar = numeric.column(net), np.asarray(given, float), tolerance_of(dtype)
    decay = l2 * np.where([name == "W" for name, _, _ in numeric.places(net)], theta, 0)  # eq:l2-gradient

    def watched(n):
        fwd = forward(n, X)
        return cost(n, fwd, Y), numeric.side(n, fwd)

    def alone(n):
        return cost(n, forward(n, X), Y)

    true = factor * numeric.partials(numeric.at_parameters(net, watched), theta, h, sides=True) + decay
    u, J = np.finfo(float).eps / 2, abs(factor * float(alone(net)))
    off = numeric.ROUNDINGS * u * J / h + 0 * true
    with np.errstate(invalid="ignore"):
        size = np.maximum(abs(true), abs(given))
        doubtful = (off > bar * abs(true)) | ~(abs(given - true) <= bar * size)
    again = np.flatnonzero(doubtful & ~np.isnan(true) & np.isfinite(given))
    if again.size:
        function, places = numeric.at_parameters(net, alone), [(i,) for i in again]
        if "gelu" in net.activations:  # its erfc takes no complex argument
            value, unsure = numeric.measured(function, theta, places)
        else:
            value = numeric.partials(function, theta, numeric.COMPLEX_STEP, "complex step", places)
            unsure = 0 * value
        true[again] = factor * value + decay[again]
        off[again] = abs(factor) * unsure
    spread = abs(factor) * rounding(net, X, Y, max(u, np.finfo(dtype).eps / 2)) + u * abs(decay)
    off += SAFETY * (max(u, np.finfo(dtype).eps / 2) + u) * spread
    off += max(np.finfo(dtype).tiny / np.finfo(dtype).eps, LEAST)
    return Judgement(given, true, off, bar)


def rounding(net, X, Y, unit):
    """How far rounding moves a right gradient: a standard deviation for each entry, in rounding units.

    Each operation is taken to err by a random number of the size of unit times its terms, independent
    of all others; variances are carried through both sweeps. A slope written as 1 - a² or a(1 - a)
    errs by a whole unit where the unit saturates, and so does a softplus written as log(1 + exp z), as
    numpy's complex log1p is. At a kink that rounding may cross a slope errs by 1. What underflows errs by
    the smallest normal number.

    Args:
        net, X, Y: a float64 `Network`, inputs and labels.
        unit: the rounding unit, 2^-53 or 2^-24.

    Returns:
        A column (P,), each entry >= 0.
    """
    fwd = forward(net, X)
    z, a, W, L, N = fwd.z, fwd.a, net.W, net.L, X.shape[1]
    delta = backward(net, fwd, Y).delta  # for sizes only: nothing is compared with it
    v_a, v_slope = [0 * X], [None]
    for l in range(1, L + 1):
        v_z = W[l] ** 2 @ (v_a[l - 1] + a[l - 1] ** 2) + net.b[l] ** 2 + z[l] ** 2
        row = net.sigma[l]
        if row.derivative is None:
            below = v_z + (z[l] - z[l].max(axis=0)) ** 2 + 1
            v_a.append(a[l] ** 2 * (below + (a[l] ** 2 * below).sum(axis=0)))
            v_slope.append(None)
            continue
        v_a.append(row.derivative(z[l]) ** 2 * v_z + a[l] ** 2 + (row.name == "softplus"))
        linear = row.name in ("identity", "relu", "leaky_relu", "prelu")
        crossed = (not row.smooth) & (abs(z[l]) <= SAFETY * unit * np.sqrt(v_z))
        v_slope.append(np.where(crossed, 1 / unit**2, 0 * v_z if linear else v_z + 1))
    tiny = (np.finfo(np.float32 if unit > 1e-10 else float).tiny / unit) ** 2

    def through(l, g, v_g):
        """Variances of J_σ^T g, from those of g."""
        if v_slope[l] is None:
            v_dot = (a[l] ** 2 * (v_g + g**2) + v_a[l] * g**2).sum(axis=0)
            rest = g - (a[l] * g).sum(axis=0)
            return a[l] ** 2 * (v_g + g**2 + v_dot) + v_a[l] * rest**2
        slope = net.sigma[l].derivative(z[l])
        return slope**2 * (v_g + g**2) + v_slope[l] * g**2

    v = v_a[L] + a[L] ** 2 + Y**2  # of output minus label
    if net.loss_function.value_from_z is None:
        g = net.loss_function.gradient(a[L], Y)
        v = through(L, g, 4 * v)
    found = {}
    for l in range(L, 0, -1):
        v = v + tiny
        found["W", l] = (v @ a[l - 1].T ** 2 + delta[l] ** 2 @ (v_a[l - 1] + a[l - 1] ** 2).T) / N**2
        found["b", l] = (v + delta[l] ** 2).sum(axis=1, keepdims=True) / N**2
        if l > 1:
            v = through(l - 1, W[l].T @ delta[l], (W[l] ** 2).T @ (v + delta[l] ** 2))
    order = [found[name, l] for name in ("W", "b") for l in range(1, L + 1)]
    return np.sqrt(np.concatenate([p.ravel() for p in order]))


def is_network(net):
    """Whether it has what the instruments need; the clinic's networks come from copies of the class."""
    return all(hasattr(net, name) for name in ("W", "b", "sigma", "with_parameters"))


def in_precision(net, dtype):
    """A copy of the network with parameters of the dtype.

    Raises:
        TypeError: for what is no network.
    """
    if not is_network(net):
        raise TypeError(
            f"net: expected a Network, got {type(net).__name__}; check_gradients takes layers too"
        )
    moved = numeric.arrays(net, numeric.column(net).astype(dtype))
    return net.with_parameters(moved.W, moved.b)


# The gradient under test, in whatever form it comes.

FORMS = (
    "Gradients, the pair of value_and_grad, (dW, db), or a dict such as {'W': [...], 'b': [...]} or "
    "{'W1': ..., 'b1': ...}"
)


def read(net, given):
    """{("W", l) or ("b", l): array or None} from gradients in any of the usual forms.

    Lists may leave out the None at index 0. Biases may be flat, (n,). Entries may be anything that
    numpy can read, tensors included.

    Args:
        net: the `Network`.
        given: `Gradients` or another object with lists W and b; (J, gradients); (dW, db); a dict of
            lists or one with a key for each array, with or without a "d" in front.

    Returns:
        A dict from (name, l) to an array of float64 or float32, of any shape; None where it is missing.

    Raises:
        TypeError: for another form. ValueError: for lists of another length.
    """
    if isinstance(given, tuple | list) and len(given) == 2:
        first, second = given
        lists = isinstance(first, list | tuple) and isinstance(second, list | tuple)
        given = {"W": first, "b": second} if lists else second
    if not isinstance(given, dict):
        if not (hasattr(given, "W") and hasattr(given, "b")):
            raise TypeError(f"gradients: expected {FORMS}, got {type(given).__name__}")
        given = {"W": given.W, "b": given.b}
    plain = {str(k).removeprefix("d").replace("[", "").replace("]", "").replace("_", ""): v
             for k, v in given.items()}  # fmt: skip
    named = {f"{name}{l}" for name in ("W", "b") for l in range(1, net.L + 1)}
    if not ({"W", "b"} <= set(plain) or named & set(plain)):
        raise TypeError(f"gradients: expected {FORMS}, got a dict with the keys {', '.join(map(str, given))}")
    strange = set(plain) - named - {"W", "b", "delta"}
    if strange and not {"W", "b"} <= set(plain):
        raise ValueError(f"gradients: expected keys for {net.L} layers, got {', '.join(sorted(strange))} too")
    result = {}
    for name in ("W", "b"):
        if name not in plain:
            result |= {(name, l): _array(plain.get(f"{name}{l}"), name) for l in range(1, net.L + 1)}
            continue
        each = plain[name]
        if not isinstance(each, list | tuple):
            raise TypeError(f"gradients.{name}: expected a list of arrays, got {type(each).__name__}")
        each = list(each)
        if len(each) == net.L and each[0] is not None:  # the None at index 0 left out
            each = [None, *each]
        if len(each) != net.L + 1 or each[0] is not None:
            raise ValueError(
                f"gradients.{name}: expected a list of length {net.L + 1} with None at index 0, "
                f"or of its {net.L} arrays, got length {len(plain[name])}"
            )
        result |= {(name, l): _array(each[l], name) for l in range(1, net.L + 1)}
    return result


def misfit(net, name, l, array):
    """Why an array has the wrong shape, in words; "" where it fits. A flat bias fits."""
    shape = getattr(net, name)[l].shape
    if array.shape in (shape, shape[:1] if name == "b" else shape):
        return ""
    hint = ": transposed? your layout is rows" if array.shape == shape[::-1] else ""
    return f"shape {array.shape} instead of {shape}{hint}"


def _array(value, name):
    """An array of real numbers, float32 or float64; None stays None."""
    if value is None:
        return None
    if hasattr(value, "detach"):  # a tensor that a framework still follows
        value = value.detach()
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"gradients.{name}: expected rectangular arrays of numbers") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"gradients.{name}: expected real numbers, got dtype {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(float)
