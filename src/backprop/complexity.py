"""What a gradient costs: multiply-adds by formula, and counted while the real code runs.

Counted is one multiplication, with the addition that follows it, in a product of matrices, for one
example. Sources: chapter 9 of the book; Griewank & Walther (2008), chapters 3 and 4; Baur & Strassen
(1983).
"""

import tracemalloc
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from . import checks, numeric
from .network import Gradients, cost, forward, output_error


@dataclass(frozen=True)
class Counts:
    """Multiply-adds of the sweeps for one example, by formula.

    Attributes:
        sizes: [n_0, ..., n_L].
        parameters: P, all weights and biases (`eq:parameter-count`).
        forward: M (`eq:forward-count`).
        outer: products δ a^T, M as well.
        transposed: products W^T δ, M - n_0 n_1.
        hadamard: products entry by entry with a slope, one a unit; in no other count.
    """

    sizes: list
    parameters: int
    forward: int
    outer: int
    transposed: int
    hadamard: int

    @property
    def name(self):
        """The sizes in one word, such as 5-10-8-3; 11 x 100 for eleven times 100."""
        if len(self.sizes) > 4 and len(set(self.sizes)) == 1:
            return f"{len(self.sizes)} x {self.sizes[0]}"
        return "-".join(map(str, self.sizes))

    @property
    def backward(self):
        """2 M - n_0 n_1 (`eq:backward-count`)."""
        return self.outer + self.transposed

    @property
    def total(self):
        """3 M - n_0 n_1, the whole gradient (`eq:gradient-count`)."""
        return self.forward + self.backward

    @property
    def ratio(self):
        """Backward divided by forward, from 1 to below 2 (`eq:backward-ratio`)."""
        return self.backward / self.forward

    @property
    def one_sided(self):
        """One-sided differences: P + 1 forward sweeps (`eq:difference-count`)."""
        return (self.parameters + 1) * self.forward

    @property
    def central(self):
        """Central differences: 2 P forward sweeps (`eq:difference-count`)."""
        return 2 * self.parameters * self.forward

    @property
    def forward_mode(self):
        """One tangent sweep for each parameter (`eq:forward-mode-count`)."""
        total, above = self.forward, 0
        for n_in, n_out in reversed(list(pairwise(self.sizes))):
            total += n_out * (n_in + 1) * above
            above += n_out * n_in
        return total

    @property
    def by_units(self):
        """One tangent sweep for each unit, and the outer products (`eq:unit-sweep-count`)."""
        return 2 * self.forward + self._unit_sweeps

    @property
    def differences_by_units(self):
        """Two sweeps for each unit, from its layer up, and the outer products."""
        return 2 * self.forward + 2 * self._unit_sweeps

    @property
    def _unit_sweeps(self):
        total, above = 0, 0
        for n_in, n_out in reversed(list(pairwise(self.sizes))):
            total += n_out * above
            above += n_out * n_in
        return total

    def __str__(self):
        units = " + ".join(map(str, self.sizes[1:]))
        units = f" = {units}" if len(self.sizes) > 2 else ""
        return "\n".join(
            [
                f"network {self.name}: {self.parameters} parameters",
                f"forward        {self.forward} multiply-adds",
                f"backward       {self.backward} = {self.outer} (outer) + {self.transposed} (transposed)",
                f"together       {self.total}",
                f"entry by entry {self.hadamard}{units}",
                f"backward / forward {self.ratio:.2f}",
            ]
        )


def counts(sizes):
    """The `Counts` of a fully connected network.

    Args:
        sizes: [n_0, ..., n_L].

    Raises:
        ValueError: for sizes that are no positive integers, or fewer than two of them.
        TypeError: if `sizes` is no list.
    """
    sizes = checks.layer_sizes(sizes)
    products = [n_out * n_in for n_in, n_out in pairwise(sizes)]
    M, units = sum(products), sum(sizes[1:])
    return Counts(sizes, M + units, M, M, M - products[0], units)


@dataclass
class Tally:
    """What a counted run did.

    Attributes:
        products: shapes ((p, q), (q, r)) of the factors of each product of matrices, in order.
        entrywise: multiplications entry by entry, those inside activation functions included.
    """

    products: list = field(default_factory=list)
    entrywise: int = 0

    @property
    def multiply_adds(self):
        """The sum of p q r over the products."""
        return sum(left[0] * left[1] * right[1] for left, right in self.products)

    def reset(self):
        """Forget what was counted."""
        self.products.clear()
        self.entrywise = 0


def counting(net):
    """The same network with parameters that count: (network, `Tally`).

    Every array computed from them counts too, so the book's own functions can be run unchanged.

    Args:
        net: a `Network`.

    Returns:
        A network for `forward`, `backward` and the rest, and the tally they write into.
    """
    tally = Tally()

    def counted(array):
        result = array.copy().view(_Counted)
        result.tally = tally
        return result

    return net.with_parameters(
        [None] + [counted(w) for w in net.W[1:]], [None] + [counted(v) for v in net.b[1:]]
    ), tally


class _Counted(np.ndarray):
    """An array that enters each product it takes part in into a tally, and so do its results."""

    tally = None

    def __array_finalize__(self, source):
        self.tally = getattr(source, "tally", None)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        tally = next((x.tally for x in inputs if isinstance(x, _Counted)), self.tally)
        plain = [_plain(x) for x in inputs]
        options = {
            name: tuple(map(_plain, value)) if name == "out" else _plain(value)
            for name, value in options.items()
        }
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.matmul:
            tally.products.append((plain[0].shape, plain[1].shape))
        elif ufunc is np.multiply:
            tally.entrywise += np.size(result)
        if not isinstance(result, np.ndarray):
            return result
        result = result.view(_Counted)
        result.tally = tally
        return result

    def __array_function__(self, function, types, args, kwargs):
        if function in UNCOUNTED:
            raise TypeError(f"a counted array: expected products by @ or *, got numpy.{function.__name__}")
        return super().__array_function__(function, types, args, kwargs)

    def dot(self, other, out=None):
        raise TypeError("a counted array: expected products by @ or *, got dot")


# Products that would pass by the tally.
UNCOUNTED = {np.dot, np.vdot, np.inner, np.outer, np.einsum, np.tensordot, np.kron}


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, _Counted) else value


def parameters(net):
    """Where each parameter stands: ("W" or "b", l, index), layer by layer, weights first."""
    for l in range(1, net.L + 1):
        for kind in ("W", "b"):
            for index in np.ndindex(*getattr(net, kind)[l].shape):
                yield kind, l, index


def entries(gradients, where):
    """The entries of `gradients` at the places `where`, as `parameters` names them; (len,) array."""
    return np.array([getattr(gradients, kind)[l][index] for kind, l, index in where])


def differences(net, X, Y, where=None, central=True, h=numeric.STEP):
    """∂J/∂w by finite differences: two sweeps a parameter, or one and one more for all.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        where: which parameters, as `parameters` names them; None for all.
        central: central differences (`eq:central-difference`), else one-sided.
        h: step, > 0.

    Returns:
        One derivative for each place, shape (len,).

    Raises:
        ValueError, TypeError: as `forward` and `cost`; ValueError if h <= 0.
    """
    judged = numeric.at_parameters(net, lambda n: cost(n, forward(n, X), Y))
    order = {place: (i,) for i, place in enumerate(net.places())}
    moved = [order[place] for place in (parameters(net) if where is None else where)]
    scheme = "central" if central else "one-sided"
    return numeric.partials(judged, net.column(), h, scheme, moved)


def forward_mode(net, X, Y, where=None):
    """∂J/∂w exactly, by one tangent sweep for each parameter (`eq:forward-mode-count`).

    The tangent of a parameter of layer l is zero below layer l, so its sweep starts there.

    Args, returns: as `differences`.

    Raises:
        ValueError, TypeError: as `forward` and `cost`.
    """
    fwd = forward(net, X)
    error, N = output_error(net, fwd, _checked(net, fwd, Y)), fwd.a[0].shape[1]
    result = []
    for kind, l, index in parameters(net) if where is None else where:
        tangent = np.zeros(fwd.z[l].shape, net.dtype)
        tangent[index[0]] = fwd.a[l - 1][index[1]] if kind == "W" else 1
        for m in range(l + 1, net.L + 1):
            # The Jacobian of each activation function is symmetric: J^T t is J t.
            tangent = net.W[m] @ net.sigma[m - 1].vjp(fwd.z[m - 1], tangent)  # eq:tangent-sweep
        result.append(np.sum(error * tangent) / N)
    return np.array(result)


def forward_mode_by_units(net, X, Y, where=None):
    """The gradient exactly, by one tangent sweep for each unit (`eq:unit-sweep-count`).

    The sweep of unit j of layer l starts with the derivative 1 of its pre-activation and gives its error
    signal in every example; an outer product turns the error signals of a layer into its gradients.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        where: the units to sweep from, [(l, j), ...]; None for all. The error signals of others stay 0.

    Returns:
        `Gradients`.

    Raises:
        ValueError, TypeError: as `forward` and `cost`.
    """
    fwd = forward(net, X)
    error = output_error(net, fwd, _checked(net, fwd, Y))

    def signal(l, j):
        tangent = np.zeros(fwd.z[l].shape, net.dtype)
        tangent[j] = 1
        for m in range(l + 1, net.L + 1):
            tangent = net.W[m] @ net.sigma[m - 1].vjp(fwd.z[m - 1], tangent)  # eq:tangent-sweep
        return (error * tangent).sum(axis=0)

    return _from_signals(net, fwd, signal, where)


def differences_by_units(net, X, Y, where=None, h=numeric.STEP):
    """The gradient by central differences, two sweeps a unit: its pre-activation moves in all examples.

    Each example has a loss of its own, so one pair of sweeps gives the unit's error signal in every example.

    Args, returns: as `forward_mode_by_units`; h: step, > 0.

    Raises:
        ValueError, TypeError: as `forward` and `cost`; ValueError if h <= 0.
    """
    numeric.checked_step(h)
    fwd = forward(net, X)
    Y, loss = _checked(net, fwd, Y), net.loss_function

    def losses(l, j, step):
        z = np.array(fwd.z[l])
        z[j] += step
        for m in range(l + 1, net.L + 1):
            z = net.W[m] @ net.sigma[m - 1].value(z) + net.b[m]
        return (
            loss.value(net.sigma[net.L].value(z), Y) if loss.value_from_z is None else loss.value_from_z(z, Y)
        )

    return _from_signals(net, fwd, lambda l, j: (losses(l, j, h) - losses(l, j, -h)) / (2 * h), where)


def _checked(net, fwd, Y):
    cost(net, fwd, Y)  # checks Y
    return np.asarray(Y, dtype=net.dtype)


def _from_signals(net, fwd, signal, where):
    """`Gradients` from the error signals of the units, signal(l, j) of shape (N,)."""
    delta, N = [None] + [np.zeros_like(z) for z in fwd.z[1:]], fwd.a[0].shape[1]
    units = [(l, j) for l in range(1, net.L + 1) for j in range(net.sizes[l])]
    for l, j in units if where is None else where:
        delta[l][j] = signal(l, j)
    W = [None] + [delta[l] @ fwd.a[l - 1].T / N for l in range(1, net.L + 1)]
    return Gradients(delta, W, [None] + [d.sum(axis=1, keepdims=True) / N for d in delta[1:]])


def peak_arrays(work, size):
    """The most memory that a call holds at one time beyond what is there before, in bytes over `size`.

    Args:
        work: called without arguments; what it returns counts too.
        size: bytes of the unit to count in, such as those of one array.

    Returns:
        A float, from `tracemalloc`, to which numpy reports its arrays.
    """
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        kept = work()
        peak = tracemalloc.get_traced_memory()[1]
        del kept
    finally:
        tracemalloc.stop()
    return (peak - before) / size


def slope(x, y):
    """The exponent s of the best fit y = c x^s: least squares in logarithms.

    Args:
        x, y: positive numbers, two or more of each.

    Raises:
        ValueError: for other numbers of them, or one that is not positive.
    """
    x, y = checks.real_array("x", x, ("n",)), checks.real_array("y", y, ("n",))
    if len(x) != len(y) or len(x) < 2 or (x <= 0).any() or (y <= 0).any():
        raise ValueError(f"x, y: expected two or more positive numbers each, got {x} and {y}")
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def measurements(name="gradient_methods"):
    """The stored run of a benchmark, a dict; its keys are told in benchmarks/.

    Args:
        name: "gradient_methods", "engine", "scaling" or "digits_race".

    Raises:
        ValueError: for another name.
    """
    import json
    from importlib import resources

    known = ("gradient_methods", "engine", "scaling", "digits_race")
    if name not in known:
        raise ValueError(f"name: expected one of {', '.join(known)}, got {name!r}")
    text = resources.files("backprop").joinpath("data", f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def speed_table(results, names, hidden="sigmoid"):
    """A table of ratios to the bare matrix products, a row a network and dtype, as text.

    Args:
        results: `measurements("engine")`.
        names: the contenders, a column each.
        hidden: which of the measured hidden activations, "sigmoid" or "relu".
    """
    lines = ["network dtype     floor/us" + "".join(f"{name:>9}" for name in names)]
    for case in results["cases"]:
        if case["hidden"] == hidden:
            ratios = "".join(f"{case['ratio'][name][1]:9.2f}" for name in names)
            lines.append(f"{case['size']:8}{case['dtype']:8}{case['floor_us'][1]:10.1f}{ratios}")
    return "\n".join(lines)
