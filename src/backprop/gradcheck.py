"""Gradient checking: the backward sweep against methods that know nothing of it.

`check_function` and `check_layer` do the same for a function, or a layer, of one's own.

Finite differences subtract two nearby costs; their error is a sum of truncation (shrinks with the
step h) and rounding (grows as h shrinks). The complex step has no subtraction and hence no
rounding term, but needs a cost that is analytic in the parameters.

`check_gradients` tries every entry; `check_directions` tries random directions, two forward sweeps
each, for networks where every entry would take too long. `step_errors` measures the methods themselves.

Sources: Griewank & Walther (2008), chapter 1; Squire & Trapp (1998) for the complex step.
"""

import inspect
from dataclasses import dataclass

import numpy as np

from . import checks, judge, numeric
from .judge import TOLERANCE as TOLERANCE
from .judge import in_precision
from .network import Forward, Gradients, backward, cost, forward, value_and_grad
from .numeric import ROUNDINGS, SCHEMES, STEP

FLOOR = 1e-5  # of the cost: a derivative below it loses its digits to the rounding of the cost


class GradientError(AssertionError):
    """A gradient that differs from its numerical estimate."""


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found.

    Attributes:
        checked: entries compared.
        skipped: entries left out, at a kink or because they are too small for the precision.
        worst: the largest relative error of an entry compared.
        small: how many of those left out are too small.
        zeros: how many of those compared are 0, as they should be: most bugs would not show there.
        rounded: how many of those compared are right up to rounding only.
        arrays: the names of the arrays.
    """

    checked: int
    skipped: int
    worst: float
    small: int = 0
    zeros: int = 0
    rounded: int = 0
    arrays: tuple = ()

    def __str__(self):
        kinks = self.skipped - self.small
        notes = [f"{self.checked} entries checked"]
        notes += [f"{kinks} at a kink left out"] if kinks else []
        notes += [f"{self.small} too small to judge left out"] if self.small else []
        notes += [f"{self.zeros} of them 0 on both sides"] if self.zeros else []
        notes += [f"{self.rounded} of them right up to rounding"] if self.rounded else []
        return f"{', '.join(notes)}; worst relative error {self.worst:.1e}"


def central_differences(net, X, Y, h=STEP):
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

    def watched(n):
        fwd = forward(n, X)
        return cost(n, fwd, Y), numeric.side(n, fwd)

    theta = numeric.column(in_precision(net, np.float64))
    return numeric.arrays(net, numeric.partials(numeric.at_parameters(net, watched), theta, h, sides=True))


def complex_step(net, X, Y, h=numeric.COMPLEX_STEP):
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
    theta = numeric.column(in_precision(net, np.float64))
    judged = numeric.at_parameters(net, lambda n: cost(n, forward(n, X), Y))
    return numeric.arrays(net, numeric.partials(judged, theta, h, "complex step"))


def error_signal_differences(net, x, y, l, h=STEP):
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
        moved = Forward(zs, activations)
        return cost(net, moved, y), numeric.side(net, moved)

    return numeric.partials(sweep_from, fwd.z[l], h, sides=True)


def check_gradients(net, X, Y=None, gradients=None, h=STEP, tolerance=None, l2=0.0):
    """Compare every entry of the gradients with derivatives that know nothing of the backward sweep.

    The relative error of an entry is |analytic - numeric| / max(|analytic|, |numeric|, floor)
    (`eq:relative-error`). Numeric are central differences; an entry that they contradict, or can't
    resolve, gets a complex step as a second opinion. The floor of an entry is what rounding may make
    of it, divided by the bar (`judge.judge`). An entry whose step crosses a kink is left out, and so
    is one that is too small for the precision.

    Args:
        net: a `Network`. Or a `layers.Sequence`, a layer, or a function with its derivative: see
            `check_sequence`, `check_layer` and `check_function`, which are called then.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        gradients: the gradients to check, in any form that `judge.read` knows; None for those of
            `backward`, with the L2 term.
        h: step of the differences.
        tolerance: largest relative error that passes; None for 1e-5 (1e-2 for float32).
        l2: λ; the gradients are those of J + (λ/2) Σ w² over all weights (`eq:l2`).

    Returns:
        A `GradientReport`.

    Raises:
        GradientError: naming the worst entry with its analytic and numeric value.
        ValueError: for bad input, and when no entry of an array could be compared.
        TypeError: for what is none of these.
    """
    if not judge.is_network(net):
        return _check_other(net, X, Y, gradients, tolerance)
    _, own = value_and_grad(net, X, Y)
    if gradients is None:
        gradients = Gradients(None, [None, *(g + l2 * w for g, w in zip(own.W[1:], net.W[1:], strict=True))],
                              own.b)  # fmt: skip
    given = judge.read(net, gradients)
    for (name, l), array in given.items():
        what, shape = f"gradients.{name}[{l}]", getattr(net, name)[l].shape
        if array is None:
            raise ValueError(f"{what}: expected an array of shape {shape}, got None")
        wrong = judge.misfit(net, name, l, array)
        if wrong:
            raise ValueError(f"{what}: expected shape {shape}, got {array.shape}{wrong.partition(':')[1]}"
                             f"{wrong.partition(':')[2]}")  # fmt: skip
        checks.real_array(what, array)
    flat = np.concatenate([given[name, l].ravel() for name in ("W", "b") for l in range(1, net.L + 1)])
    dtype = _coarsest(net.dtype, *(g.dtype for g in given.values()))
    found = judge.judge(net, X, Y, flat, h, l2, dtype=dtype)
    names = [f"{name}[{l}]" for name, l, _ in numeric.places(net)]
    entries = [f"{name}[{l}][{', '.join(map(str, index))}]" for name, l, index in numeric.places(net)]
    return _report(found, names, entries, h, tolerance)


def _report(found, names, entries, h, tolerance):
    """The `GradientReport` of a `Judgement` whose entries stand in the arrays `names`."""
    states, names, errors = found.states, np.array(names), found.errors
    tolerance = found.bar if tolerance is None else tolerance
    kinks, small = states == judge.KINK, states == judge.SMALL
    left = kinks | small
    errors = np.where(left, -1.0, errors)
    worst = int(np.argmax(errors))
    if errors[worst] > tolerance:
        raise GradientError(
            f"{entries[worst]}: analytic {found.given[worst]:.10g}, numeric {found.true[worst]:.10g}, "
            f"relative error {errors[worst]:.1e} > {tolerance:.3g}"
        )
    if kinks.all():
        raise ValueError(f"nothing to check: a step of {h} crosses a kink for each of {kinks.size} entries")
    for name in dict.fromkeys(names.tolist()):
        here = names == name
        if left[here].all():
            at = f"a step of {h} crosses a kink for {kinks[here].sum()} of its {here.sum()} entries"
            tiny = f"{small[here].sum()} of its {here.sum()} entries are too small for the precision"
            why, how = (
                (at, "move the biases off 0, such as by net.b[l] += rng.normal(size=net.b[l].shape)")
                if kinks[here].any()
                else (tiny, "check at parameters where no unit saturates, or in float64")
            )
            raise ValueError(f"{name} was not compared: {why}; {how}")
    zeros = int(((found.given == 0) & (found.true == 0)).sum())
    rounded = int((states == judge.ROUNDING).sum())
    arrays = tuple(dict.fromkeys(names.tolist()))
    left_out = int(left.sum())
    return GradientReport(
        left.size - left_out, left_out, float(errors[worst]), int(small.sum()), zeros, rounded, arrays
    )


def _coarsest(*dtypes):
    return max(dtypes, key=lambda d: np.finfo(d).eps)


def check_function(function, x, derivative, seed=0, tolerance=None):
    """Compare a derivative with differences of its function, for any function of an array.

    ```python
    check_function(np.tanh, z, lambda z: 1 - np.tanh(z) ** 2)          # entry by entry
    check_function(cost, w, gradient)                                  # a number: its gradient
    check_function(softmax, z, lambda z, g: softmax_vjp(z, g))         # a vector-Jacobian product
    ```

    Each entry gets the step that suits it (`numeric.measured`). A vector-Jacobian product is tried with
    a random vector g: Jᵀg is the gradient of the number g · function(x) (`eq:vjp-check`).

    Args:
        function: x ↦ a number or an array.
        x: a number or an array, converted to float64.
        derivative: of the function at x, as an array or as x ↦ array: the gradient of a number (shape
            of x), the slopes of a function that works entry by entry (shape of x), or the Jacobian
            (shape of the value followed by that of x). Or (x, g) ↦ Jᵀg, of the shape of x.
        seed: an integer or a `numpy.random.Generator`, for the vector g.
        tolerance: largest relative error that passes; None for 1e-5 (1e-2 for a float32 derivative).

    Returns:
        A `GradientReport`.

    Raises:
        GradientError: naming the worst entry with its analytic and numeric value.
        ValueError: for wrong shapes, numbers that are not finite, a function that gives two values for
            one input, and when no entry could be compared.
        TypeError: for entries that are no real numbers, or a derivative that can't be called so.
    """
    x = checks.real_array("x", x).astype(float)
    value = _twice("function", lambda: function(x.copy()))
    rng = np.random.default_rng(seed)
    if callable(derivative) and _arguments(derivative) >= 2:
        g = rng.standard_normal(value.shape)
        given = checks.real_array("derivative(x, g)", derivative(x.copy(), g), x.shape)
        return _compare(
            [("derivative", x, lambda t: float((g * np.asarray(function(t))).sum()), given)], tolerance
        )
    if derivative is None:
        raise TypeError("derivative: expected an array or a function, got None")
    given = derivative(x.copy()) if callable(derivative) else derivative
    given = checks.real_array("derivative", given)
    if given.shape == value.shape + x.shape:  # a gradient or a Jacobian
        rows = [
            (i, lambda t, i=i: float(np.asarray(function(t))[i]), given[i]) for i in np.ndindex(*value.shape)
        ]
    elif given.shape == value.shape == x.shape:
        g = rng.standard_normal(value.shape)
        rows = [((), lambda t: float((g * np.asarray(function(t))).sum()), g * given)]
    else:
        raise ValueError(
            f"derivative: expected shape {value.shape + x.shape} for a value of shape {value.shape} and x of "
            f"shape {x.shape}, got {given.shape}"
        )
    return _compare(
        [("derivative" + (str(list(i)) if i else ""), x, f, row) for i, f, row in rows], tolerance
    )


def check_layer(layer, U, Y=None, seed=0, tolerance=None):
    """Compare what a layer's `backward` gives with differences of its `forward`.

    A layer is any object with forward(U) and backward(G), as in chapter 6: G is the derivative of a
    cost by the output, and backward returns that by the input. The cost here is J = Σ G ⊙ V with a
    random G (`eq:vjp-check`). A layer whose output is a number is a cost itself: forward(U, Y) and
    backward(), such as `layers.Loss` and `layers.Sequence`.

    Parameters are arrays of the layer, or of the layers in its list `layers`, that have a gradient of
    their shape after `backward`: `W` with `dW`, `W_grad` or `grad_W`, or the same in two dicts
    `params` and `grads`. They are moved during the check and as before after it.

    Args:
        layer: the layer, or a sequence of layers with a loss.
        U: its input, as `forward` takes it.
        Y: labels, for a layer that takes them.
        seed: an integer or a `numpy.random.Generator`, for G.
        tolerance: as in `check_function`.

    Returns:
        A `GradientReport`; its `arrays` are the names of what was compared.

    Raises:
        GradientError, ValueError, TypeError: as `check_function`.
    """
    for method in ("forward", "backward"):
        if not callable(getattr(layer, method, None)):
            raise TypeError(
                f"layer: expected forward and backward, got {type(layer).__name__} without {method}"
            )
    U = checks.real_array("U", U).astype(float)

    def run(u):
        return layer.forward(u) if Y is None else layer.forward(u, Y)

    value = _twice("forward", lambda: run(U.copy()))
    g = np.ones(()) if value.ndim == 0 else np.random.default_rng(seed).standard_normal(value.shape)
    try:
        given = layer.backward() if value.ndim == 0 else layer.backward(g)
    except TypeError as error:
        called = "backward()" if value.ndim == 0 else "backward(G)"
        raise TypeError(f"layer: expected to be called as {called}; it says: {error}") from error

    def judged(u):
        return float((g * np.asarray(run(u))).sum())

    tasks = []
    if given is not None:
        tasks.append(("input", U, judged, checks.real_array("backward(G)", given, U.shape)))
    for name, array, gradient, put in _parameters(layer):

        def moved(t, put=put, array=array):
            put(t)
            try:
                return judged(U)
            finally:
                put(array)

        tasks.append((name, array.astype(float), moved, gradient))
    if not tasks:
        raise ValueError(
            "layer: nothing to check, backward returned None and no array W of the layer has a gradient dW"
        )
    return _compare(tasks, tolerance)


def check_sequence(sequence, X, Y, tolerance=None):
    """`check_layer` of a `layers.Sequence`: ∂J/∂X and each layer's parameters, in its own layout.

    Args, returns, errors as there; TypeError without labels.
    """
    if Y is None:
        raise TypeError("Y: expected labels, got None")
    return check_layer(sequence, X, Y, tolerance=tolerance)


def _check_other(what, x, Y, derivative, tolerance):
    """`check_gradients` of what is no network."""
    if hasattr(what, "forward") or hasattr(what, "backward"):
        if derivative is not None:
            raise TypeError("gradients: expected none beside a layer, whose backward gives them")
        check = check_sequence if hasattr(what, "layers") else check_layer
        return check(what, x, Y, tolerance=tolerance)
    if callable(what):
        return check_function(what, x, Y if derivative is None else derivative, tolerance=tolerance)
    raise TypeError(
        "net: expected a Network, a layers.Sequence, a layer with forward and backward, or a function with "
        f"its derivative, got {type(what).__name__}"
    )


def _compare(tasks, tolerance):
    """The report of tasks (name, x, function x ↦ number, given gradient of the shape of x)."""
    given, true, off, names, entries = [], [], [], [], []
    eps = max(np.finfo(gradient.dtype).eps for *_, gradient in tasks)
    for name, x, function, gradient in tasks:
        value, unsure = numeric.measured(function, x)
        size = np.maximum(abs(np.nan_to_num(value)), abs(gradient)).max()
        given.append(gradient.ravel().astype(float))
        true.append(value.ravel())
        off.append(unsure.ravel() + judge.SAFETY * eps * size)
        names += [name] * x.size
        entries += [f"{name}[{', '.join(map(str, i))}]" if i else name for i in np.ndindex(*x.shape)]
    bar = judge.tolerance_of(np.float32 if eps > np.finfo(float).eps else float)
    found = judge.Judgement(*map(np.concatenate, (given, true, off)), bar)
    return _report(found, names, entries, numeric.SMALLEST, tolerance)


def _twice(name, call):
    """The value as a float64 array, after a second call gave the same."""
    one, two = (checks.real_array(f"{name}'s value", np.array(call())).astype(float) for _ in range(2))
    if one.shape != two.shape or not np.array_equal(one, two):
        raise ValueError(
            f"{name}: expected the same value for the same input, got two; draw random numbers once, outside"
        )
    return one


def _arguments(function):
    """How many arguments without a default a function takes; 1 where it does not say."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in found)


def _parameters(layer, path=""):
    """(name, array, gradient, put) for each parameter that has a gradient of its shape."""
    found = []
    own = vars(layer) if hasattr(layer, "__dict__") else {}
    pairs = [(own, own, lambda name: lambda t: setattr(layer, name, t))]
    if isinstance(own.get("params"), dict) and isinstance(own.get("grads"), dict):
        pairs.append((own["params"], own["grads"], lambda name: lambda t: own["params"].__setitem__(name, t)))
    for values, gradients, putter in pairs:
        for name, array in list(values.items()):
            partners = (
                f"d{name}",
                f"{name}_grad",
                f"grad_{name}",
                *([name] if values is not gradients else []),
            )
            partner = next((p for p in partners if isinstance(gradients.get(p), np.ndarray)), None)
            if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or partner is None:
                continue
            gradient = checks.real_array(f"{path}{partner}", gradients[partner].copy())
            if gradient.shape != array.shape:
                raise ValueError(f"{path}{partner}: expected shape {array.shape}, got {gradient.shape}")
            found.append((f"{path}{name}", array, gradient, putter(name)))
    for i, each in enumerate(getattr(layer, "layers", [])):
        found += _parameters(each, f"{path}layers[{i}].")
    return found


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


def directional_difference(net, X, Y, direction, h=STEP):
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
    numeric.checked_step(h)
    net = in_precision(net, np.float64)
    for name, l, shape in _shapes(net):
        checks.real_array(f"direction.{name}[{l}]", getattr(direction, name)[l], shape)
    theta, v = numeric.column(net), numeric.column(direction)
    length = np.sqrt(v @ v)
    if length == 0:
        raise ValueError("direction: expected an entry that is not 0, got zeros only")

    def watched(n):
        fwd = forward(n, X)
        return float(cost(n, fwd, Y)), numeric.side(n, fwd)

    along = numeric.at_parameters(net, watched)
    return float(numeric.partials(lambda s: along(theta + s * v), 0.0, h / length, sides=True))


def check_directions(net, X, Y, directions=5, seed=0, gradients=None, h=STEP, tolerance=None):
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
    in_precision(net, np.float64)  # says what it is, if it is no network
    J, own = value_and_grad(net, X, Y)
    gradients = own if gradients is None else gradients
    if tolerance is None:
        tolerance = judge.tolerance_of(net.dtype)
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
    where = _entries(net, entry)
    size = np.linalg.norm(numeric.column(backward(net, fwd, Y))[where])
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
    net = in_precision(net, dtype)
    X = checks.real_array("X", X, (net.sizes[0], "N"), dtype)
    Y = checks.real_array("Y", Y, (net.sizes[-1], X.shape[1]), dtype)
    wide, where = in_precision(net, np.float64), _entries(net, entry)
    right = numeric.column(backward(wide, forward(wide, X), Y))
    given = right if gradients is None else numeric.column(gradients).astype(float)
    size = np.linalg.norm(right[where])
    if size == 0:
        raise ValueError("gradients: expected a derivative that is not 0 to compare with, got 0")
    function, theta = numeric.at_parameters(net, lambda n: cost(n, forward(n, X), Y)), numeric.column(net)

    def error(h, scheme):
        found = numeric.partials(function, theta, h, scheme, [(i,) for i in where])
        return float(np.linalg.norm(found - given[where]) / size)

    schemes = SCHEMES if _not_analytic(net) is None else SCHEMES[:2]
    return {scheme: np.array([error(h, scheme) for h in steps]) for scheme in schemes}


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
    """Positions in `numeric.column` of every parameter, or of those that `entry` names."""
    every = [(name, l, *index) for name, l, index in numeric.places(net)]
    if entry is None:
        return np.arange(len(every))
    entry = tuple(entry)
    found = [i for i, place in enumerate(every) if len(entry) > 1 and place[: len(entry)] == entry]
    if not found:
        raise ValueError(
            f'entry: expected ("W", l), ("W", l, j, k), ("b", l) or ("b", l, j) of a network with sizes '
            f"{net.sizes}, got {entry}"
        )
    return np.array(found)


def _not_analytic(net):
    """The name of an activation that the complex step can't pass, or None."""
    for name, row in zip(net.activations[1:], net.sigma[1:], strict=True):
        if not row.smooth or name == "gelu":  # its erfc takes no complex argument
            return name
    return None
