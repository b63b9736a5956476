"""How error signals shrink and grow on their way back: measured over many seeds, and predicted.

An ensemble draws a network, an input and a label for each seed and runs the real backward sweep.
The theory beside it follows the mean squares of the pre-activations and of the error signals from
layer to layer, for weights that are independent of each other with mean 0.

Sources: Glorot & Bengio (2010); He et al. (2015); Schoenholz et al. (2017) for the recursion with
Gaussian integrals; Ba, Kiros & Hinton (2016) for layer normalisation; Pascanu et al. (2013) for clipping.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from . import activations as _activations
from . import checks, initialise, network, numeric
from .network import Gradients, Network
from .training import clipping_factor

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FRESH = 1_000_000  # added to a seed for the weights that a control draws anew
EPSILON = 1e-5  # keeps the division defined where all pre-activations of a layer are equal
ACTIVATIONS = tuple(name for name in _activations.ACTIVATIONS if name != "softmax")


# --- slopes of activations ---------------------------------------------------------------------


@dataclass(frozen=True)
class Slope:
    """A row of the table of activations: formulas in plain text, range, steepest slope and where."""

    name: str
    formula: str
    derivative: str
    range: tuple[float, float]
    steepest: float
    where: str


_FORMULAS = {  # name: formula, derivative, where the derivative is largest
    "identity": ("z", "1", "all z"),
    "sigmoid": ("1/(1 + exp(-z))", "s(z) (1 - s(z))", "z = 0"),
    "tanh": ("tanh z", "1 - tanh(z)^2", "z = 0"),
    "relu": ("max(0, z)", "1 or 0", "z > 0"),
    "leaky_relu": ("z or 0.01 z", "1 or 0.01", "z > 0"),
    "prelu": ("z or 0.25 z", "1 or 0.25", "z > 0"),
    "elu": ("z or exp(z) - 1", "1 or exp(z)", "z >= 0"),
    "gelu": ("z Phi(z)", "Phi(z) + z phi(z)", "z = sqrt 2"),
    "softplus": ("ln(1 + exp z)", "s(z)", "z -> inf"),
    "softmax": ("exp(z_k)/sum", "a_k ([k=j] - a_j)", "a_k = 1/2"),
}


@cache
def steepest(name):
    """The largest slope of an activation on [-40, 40], found numerically: a grid, refined three times.

    Args:
        name: an activation; for softmax the largest entry of the Jacobian for two classes.

    Returns:
        (z, σ'(z)), two floats; the smallest such z of the grid where there are many.

    Raises:
        ValueError: for an unknown name.
    """
    sigma = _activations.get(name)
    if name == "softmax":  # with two classes a_1 is the sigmoid of z_1 - z_2
        sigma = _activations.get("sigmoid")
    low, high = -40.0, 40.0
    for _ in range(4):
        z = np.linspace(low, high, 8001)
        slopes = sigma.derivative(z)
        best = int(np.argmax(slopes))
        low, high = z[max(best - 1, 0)], z[min(best + 1, len(z) - 1)]
        if slopes[best] == slopes[max(best - 1, 0)] or slopes[best] == slopes[min(best + 1, len(z) - 1)]:
            break  # a plateau: nothing to refine
    return float(z[best]), float(slopes[best])


def slopes():
    """A `Slope` for every activation, its steepest slope found numerically; a list."""
    return [
        Slope(name, *_FORMULAS[name][:2], row.range, steepest(name)[1], _FORMULAS[name][2])
        for name, row in _activations.ACTIVATIONS.items()
    ]


# --- the bound ---------------------------------------------------------------------------------


def bound(net, l=1):
    """What the bound puts before the norm of δ^(L): the product of slopes and norms.

    Args:
        net: a `Network` with hidden activations that work entry by entry.
        l: layer, 1 to L.

    Returns:
        ∏_{m=l}^{L-1} max|σ^(m)'| ‖W^(m+1)‖, spectral norms, a float (`eq:flow-bound`).

    Raises:
        ValueError: if l is no layer, or a hidden activation is softmax.
    """
    _expect_layer(net, l)
    for name in net.activations[1:-1]:
        _elementwise(name)
    factors = [net.sigma[m].max_derivative * np.linalg.norm(net.W[m + 1], ord=2) for m in range(l, net.L)]
    return float(np.prod(factors))


def _expect_layer(net, l):
    if l not in range(1, net.L + 1):
        raise ValueError(f"l: expected a layer, 1 to {net.L}, got {l!r}")


def _elementwise(name):
    row = _activations.get(name)
    if row.derivative is None:
        raise ValueError(f"activation: expected one that works entry by entry, got {name!r}")
    return row


# --- deep networks with skip connections and layer normalisation -------------------------------


def layer_norm(z):
    """Each column with its mean taken off, divided by its standard deviation (`eq:layer-norm`).

    Args:
        z: pre-activations, (n, N), or a stack of such, (..., n, N).

    Returns:
        (u, s): u = (z - mean)/s, (n, N), and s = sqrt(variance + EPSILON), (1, N); or stacks.
    """
    centred = z - z.mean(axis=-2, keepdims=True)
    s = np.sqrt((centred**2).mean(axis=-2, keepdims=True) + EPSILON)
    return centred / s, s


def layer_norm_vjp(u, s, upstream):
    """∂ℓ/∂z from g = ∂ℓ/∂u: (g - mean(g) - u mean(g ⊙ u))/s by columns (`eq:layer-norm-backward`).

    Args:
        u, s: what `layer_norm` returned.
        upstream: g, shape as u.

    Returns:
        An array, shape as u.
    """
    mean = upstream.mean(axis=-2, keepdims=True)
    return (upstream - mean - u * (upstream * u).mean(axis=-2, keepdims=True)) / s


@dataclass(eq=False)
class Forward:
    """What `forward` keeps: z, a as in `backprop.Forward`; u, what the activations take; s; the choices.

    s[l] is None without normalisation; `skips` are the layers that add their input to their output, with
    the factor `branch` before what the layer computes.
    """

    z: list
    a: list
    u: list
    s: list
    skips: frozenset
    branch: float


def forward(net, X, skip=False, norm=False):
    """The forward sweep of a deep network with skip connections, layer normalisation, or both.

    In every hidden layer u = z, or z normalised (`eq:layer-norm`), and a^(l) = σ(u), to which a^(l-1) is
    added where `skip` is chosen and both layers have one width (`eq:skip`). The output layer is plain.

    Args:
        net: a `Network`; its parameters are used as they are.
        X: inputs, (n_0, N).
        skip, norm: what the hidden layers have; a number for `skip` is the factor of the branch, what
            the layer adds to its input.

    Returns:
        A `Forward`; `backprop.cost` takes it too.

    Raises:
        ValueError, TypeError: as `backprop.forward` for X.
    """
    X = checks.real_array("X", X, (net.sizes[0], "N"), net.dtype)
    z, a, u, s = [None], [X], [None], [None]
    hidden = range(1, net.L)
    skips = frozenset(l for l in hidden if skip and net.sizes[l] == net.sizes[l - 1])
    for l in range(1, net.L + 1):
        z.append(net.W[l] @ a[l - 1] + net.b[l])
        normed, scale = layer_norm(z[l]) if norm and l in hidden else (z[l], None)
        u.append(normed)
        s.append(scale)
        value = net.sigma[l].value(u[l])
        a.append(skip * value + a[l - 1] if l in skips else value)  # eq:skip
    return Forward(z, a, u, s, skips, float(skip))


def backward(net, fwd, Y):
    """The backward sweep that goes with `forward`.

    Args:
        net: the `Network` of `fwd`.
        fwd: what `forward` returned.
        Y: labels, (n_L, N).

    Returns:
        `backprop.Gradients`: δ^(l) = ∂ℓ/∂z^(l) of each example, gradients averaged over the batch
        (`eq:skip-backward`, `eq:layer-norm-backward`).

    Raises:
        ValueError, TypeError: as `backprop.backward` for Y.
    """
    network.cost(net, fwd, Y)  # checks Y
    Y = np.asarray(Y, dtype=net.dtype)
    L, N = net.L, fwd.a[0].shape[1]
    delta = [None] * (L + 1)
    delta[L] = network.output_error(net, fwd, Y)
    upstream = net.W[L].T @ delta[L]  # ∂ℓ/∂a^(L-1)
    for l in range(L - 1, 0, -1):
        g = net.sigma[l].vjp(fwd.u[l], fwd.branch * upstream if l in fwd.skips else upstream)
        delta[l] = g if fwd.s[l] is None else layer_norm_vjp(fwd.u[l], fwd.s[l], g)
        below = net.W[l].T @ delta[l]
        upstream = below + upstream if l in fwd.skips else below
    W = [None] + [delta[l] @ fwd.a[l - 1].T / N for l in range(1, L + 1)]
    b = [None] + [delta[l].sum(axis=1, keepdims=True) / N for l in range(1, L + 1)]
    return Gradients(delta, W, b)


def difference_error(net, X, Y, skip=False, norm=False, h=numeric.STEP):
    """The worst relative error of `backward` against central differences, over all parameters.

    Args:
        net, X, Y, skip, norm: as in `forward` and `backward`; use float64 and smooth activations.
        h: step, > 0.

    Returns:
        max |analytic - numeric| / max |numeric|, a float.

    Raises:
        ValueError, TypeError: as `forward` and `backward`; ValueError if h <= 0.
    """
    judged = numeric.at_parameters(net, lambda n: network.cost(n, forward(n, X, skip, norm), Y))
    estimate = numeric.partials(judged, net.column(), h)
    analytic = backward(net, forward(net, X, skip, norm), Y).column()
    return float(abs(analytic - estimate).max() / abs(estimate).max())


def clip(gradients, threshold):
    """Gradients scaled down to the norm `threshold` where they are longer (`eq:clip`).

    Args:
        gradients: `backprop.Gradients`; the norm is taken over all weights and biases together.
        threshold: τ > 0.

    Returns:
        (`backprop.Gradients`, norm before clipping); δ is passed on unscaled.

    Raises:
        ValueError: if the threshold is not positive and finite, or the norm is not finite.
    """
    if not (np.isfinite(threshold) and threshold > 0):
        raise ValueError(f"threshold: expected a positive finite number, got {threshold}")
    length = float(np.sqrt(sum((g**2).sum() for g in (*gradients.W[1:], *gradients.b[1:]))))
    if not np.isfinite(length):
        raise ValueError(f"gradients: expected finite numbers, got a norm of {length}")
    factor = clipping_factor(length, threshold)
    scaled = ([None] + [factor * g for g in part[1:]] for part in (gradients.W, gradients.b))
    return Gradients(gradients.delta, *scaled), length


def singular_values(net, x):
    """By which factors the Jacobian ∂z^(L)/∂a^(0) stretches, largest first.

    Args:
        net: a `Network`.
        x: one input, (n_0, 1).

    Returns:
        (min(n_0, n_L),) array.

    Raises:
        ValueError, TypeError: as `backprop.forward`; ValueError for softmax in a hidden layer.
    """
    fwd = network.forward(net, checks.real_array("x", x, (net.sizes[0], 1), net.dtype))
    J = net.W[1]
    for l in range(2, net.L + 1):
        J = net.W[l] @ (_elementwise(net.activations[l - 1]).derivative(fwd.z[l - 1]) * J)
    return np.linalg.svd(J, compute_uv=False)


# --- ensembles ---------------------------------------------------------------------------------


@dataclass(eq=False)
class Ensemble:
    """Norms of every layer for every seed.

    Attributes:
        seeds: the seeds, a list of S.
        z: root mean square of the pre-activations of layer l, (S, L).
        delta: ‖δ^(l)‖, (S, L).
        W: ‖∂ℓ/∂W^(l)‖, square root of the sum of squares, (S, L).

    Column l-1 belongs to layer l.
    """

    seeds: list
    z: np.ndarray
    delta: np.ndarray
    W: np.ndarray

    @property
    def relative(self):
        """‖δ^(l)‖ / ‖δ^(L)‖, (S, L).

        Raises:
            ValueError: if a seed has no error signal at the output: its ratios have no value.
        """
        silent = self.delta[:, -1] == 0
        if silent.any():
            raise ValueError(
                f"relative: expected a non-zero output error for every seed, got 0 for {silent.sum()} "
                f"of {len(self.seeds)} seeds, the first of them {self.seeds[int(np.argmax(silent))]}"
            )
        return self.delta / self.delta[:, -1:]

    def quantiles(self, at=QUANTILES):
        """Quantiles of `relative` over the seeds, (len(at), L); errors as `relative`."""
        return np.quantile(self.relative, at, axis=0)

    @property
    def rms(self):
        """Root mean square of `relative` over the seeds, (L,), as `theory` predicts; errors as `relative`."""
        return np.sqrt((self.relative**2).mean(axis=0))


def ensemble(
    sizes,
    activation,
    init,
    seeds=range(100),
    output="identity",
    loss="half_squared_error",
    scale=1.0,
    skip=False,
    norm=False,
):
    """Real backward sweeps, one for each seed: a network, an input and a label drawn anew.

    Weights by `init`, biases 0, input and label entries standard normal, all from one generator
    in this order.

    Args:
        sizes: [n_0, ..., n_L].
        activation: of the hidden layers.
        init: a name in `backprop.initialise.SCHEMES`.
        seeds: integers.
        output, loss: of the network; a loss that takes any real label.
        scale: all weights are multiplied by it.
        skip, norm: as in `forward`. Without them `backprop.forward` and `backprop.backward` run.

    Returns:
        An `Ensemble`.

    Raises:
        ValueError, TypeError: as `Network.random`; ValueError for no seeds, and a scale that is not
            positive and finite.
    """
    seeds = list(seeds)
    if not seeds:
        raise ValueError("seeds: expected at least one seed, got none")
    _expect_scale(scale)
    z, delta, W = (np.empty((len(seeds), len(checks.layer_sizes(sizes)) - 1)) for _ in range(3))
    for i, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        net = Network.random(sizes, activation, output, loss, init, rng)
        for w in net.W[1:]:
            w *= scale
        x, y = rng.normal(size=(net.sizes[0], 1)), rng.normal(size=(net.sizes[-1], 1))
        if skip or norm:
            fwd = forward(net, x, skip, norm)
            grads = backward(net, fwd, y)
        else:
            fwd = network.forward(net, x)
            grads = network.backward(net, fwd, y)
        z[i] = [np.sqrt((v**2).mean()) for v in fwd.z[1:]]
        delta[i] = norms(grads.delta)
        W[i] = norms(grads.W)
    return Ensemble(seeds, z, delta, W)


def stacked_ensemble(sizes, activation, init, seeds, scale=1.0, skip=False, norm=False, fresh=()):
    """The numbers of `ensemble`, up to rounding, faster: all seeds go through each layer at once.

    The same networks, inputs and labels, with a linear output and half the squared error. Each array of
    a sweep gets the seeds as its first axis. With one example the gradient by the weights is δ aᵀ, and
    its norm ‖δ‖ ‖a‖.

    Args:
        sizes, activation, scale, skip, norm: as in `ensemble`.
        init: a name in `backprop.initialise.VARIANCE`: normal weights only.
        seeds: integers.
        fresh: controls that cut what ties the backward sweep to the forward sweep, no derivatives: "weights",
            the backward sweep takes weights drawn anew; "slopes", the slopes of layer l are those of the seed
            l places before in the list, so that no two layers share a forward sweep.

    Returns:
        An `Ensemble`.

    Raises:
        ValueError, TypeError: as `ensemble`; ValueError for softmax, and for an init that is not normal.
    """
    sizes, seeds = checks.layer_sizes(sizes), list(seeds)
    sigma = _elementwise(activation)
    if init not in initialise.VARIANCE:
        raise ValueError(f"init: expected one of {', '.join(initialise.VARIANCE)}, got {init!r}")
    if not seeds:
        raise ValueError("seeds: expected at least one seed, got none")
    _expect_scale(scale)
    *W, x, y = _drawn(tuple(sizes), tuple(seeds))
    deviations = [scale * np.sqrt(initialise.variance(n_in, n_out, init)) for n_in, n_out in pairwise(sizes)]
    W = [None] + [v * w for v, w in zip(deviations, W, strict=True)]
    L = len(sizes) - 1
    skips = {l for l in range(1, L) if skip and sizes[l] == sizes[l - 1]}
    z, a, u, s = [None], [x], [None], [None]
    for l in range(1, L + 1):
        z.append(W[l] @ a[l - 1])
        normed, deviation = layer_norm(z[l]) if norm and l < L else (z[l], None)
        u.append(normed)
        s.append(deviation)
        value = sigma.value(u[l]) if l < L else u[l]
        a.append(skip * value + a[l - 1] if l in skips else value)
    if "weights" in fresh:
        drawn = _drawn(tuple(sizes), tuple(seed + FRESH for seed in seeds))
        W = [None] + [v * w for v, w in zip(deviations, drawn[:-2], strict=True)]
    if "slopes" in fresh:
        u = [None] + [np.roll(v, l, axis=0) for l, v in enumerate(u[1:], start=1)]
    delta = [None] * L + [a[L] - y]
    upstream = W[L].swapaxes(1, 2) @ delta[L]
    for l in range(L - 1, 0, -1):
        g = sigma.vjp(u[l], skip * upstream if l in skips else upstream)
        delta[l] = layer_norm_vjp(u[l], s[l], g) if norm else g
        if l > 1:
            below = W[l].swapaxes(1, 2) @ delta[l]
            upstream = below + upstream if l in skips else below
    size = _stacked_norms(delta[1:])
    rms = _stacked_norms(z[1:]) / np.sqrt(sizes[1:])
    return Ensemble(seeds, rms, size, size * _stacked_norms(a[:-1]))


def _stacked_norms(arrays):
    """Norms of L stacks of S columns, (S, L)."""
    return np.stack([np.sqrt((v * v).sum(axis=(1, 2))) for v in arrays], axis=1)


@lru_cache(maxsize=4)  # while a demo's scale or activation changes, the draws stay
def _drawn(sizes, seeds):
    """Standard normal W^(1), ..., W^(L), x and y, as `ensemble` draws them, seeds along the first axis."""
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(sizes)] + [(sizes[0], 1), (sizes[-1], 1)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    # The draws of one generator come in the same order in one call as in many.
    drawn = np.empty((len(seeds), ends[-1]))
    for row, seed in zip(drawn, seeds, strict=True):
        np.random.default_rng(seed).standard_normal(out=row)
    parts = np.split(drawn, ends[:-1], axis=1)
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def norms(arrays):
    """The norm of each array of a list [None, 1, ..., L], all entries in one column; an array (L,)."""
    return np.array([np.linalg.norm(array) for array in arrays[1:]])


def _expect_scale(scale):
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"scale: expected a positive finite number, got {scale}")


# --- theory ------------------------------------------------------------------------------------

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)
_HALF = 5.0 * (_NODES + 1)  # 0 to 10; beyond, the density is below 1e-22
_POINTS = np.concatenate([-_HALF, _HALF])
_DENSITY = np.tile(5.0 * _WEIGHTS * np.exp(-0.5 * _HALF**2) / np.sqrt(2 * np.pi), 2)


def gaussian_mean(function, q=1.0):
    """E f(√q g) for a standard normal g, by Gauss-Legendre quadrature on each side of 0.

    Args:
        function: of an array; smooth on either side of 0.
        q: mean square of the argument, >= 0.

    Returns:
        A float, exact to about 12 digits for the activations and slopes of the book.

    Raises:
        ValueError: if q is negative or not finite.
    """
    if not (np.isfinite(q) and q >= 0):
        raise ValueError(f"q: expected a finite number >= 0, got {q}")
    return float(_DENSITY @ function(np.sqrt(q) * _POINTS))


@dataclass(eq=False)
class Theory:
    """What the variances predict.

    Attributes:
        q: mean square of the pre-activations of layers 1 to L, (L,) (`eq:variance-forward`).
        chi: factor of the mean square of the error signal from layer l+1 to l, (L-1,)
            (`eq:variance-backward`).
        delta: root mean square of ‖δ^(l)‖ / ‖δ^(L)‖, (L,).
    """

    q: np.ndarray
    chi: np.ndarray
    delta: np.ndarray


def theory(sizes, activation, init, scale=1.0, norm=False, q0=1.0):
    """The variance recursions, forward and backward, with Gaussian pre-activations.

    Args:
        sizes, activation, init, scale: as in `ensemble`.
        norm: with layer normalisation in the hidden layers, to leading order in n_0 and the widths.
        q0: mean square of the entries of the input.

    Returns:
        A `Theory`.

    Raises:
        ValueError: as `ensemble`; for softmax as the activation; and for q0 < 0.
    """
    sizes = checks.layer_sizes(sizes)
    sigma = _elementwise(activation)
    _expect_scale(scale)
    L = len(sizes) - 1
    variance = [None] + [scale**2 * initialise.variance(n_in, n_out, init) for n_in, n_out in pairwise(sizes)]
    q, chi, mean_square, before = [], [], q0, None
    for l in range(1, L + 1):
        q.append(sizes[l - 1] * variance[l] * mean_square)  # eq:mean-square-recursion
        if l == L:
            break
        taken = 1.0 if norm else q[-1]  # the mean square of what the activation takes
        if taken != before:  # with normalisation all layers share the means
            mean_square = gaussian_mean(lambda z: sigma.value(z) ** 2, taken)
            slope = gaussian_mean(lambda z: sigma.derivative(z) ** 2, taken)
            before = taken
        chi.append(sizes[l] * variance[l + 1] * slope / (q[-1] if norm else 1.0))
    ratio = np.append(np.cumprod(chi[::-1])[::-1], 1.0)
    return Theory(np.array(q), np.array(chi), np.sqrt(ratio))


# --- one run that is often shown, and the stored grid --------------------------------------------


def single_run(hidden="sigmoid", output="sigmoid", init="glorot", seed=42):
    """The network, input and label of a run that a course shows, drawn as the course draws them.

    Sizes 10-20-20-20-20-20-1, biases 0, half the squared error; NumPy's old generator, seeded, draws
    the weights layer by layer, then the input, then the label, all normal.

    Args:
        hidden, output: activations.
        init: glorot, he or lecun.
        seed: an integer, 0 to 2^32 - 1.

    Returns:
        (net, x, y).

    Raises:
        ValueError: for unknown names.
    """
    rng = np.random.RandomState(seed)  # the old generator: the numbers of the course come from it
    sizes = [10, 20, 20, 20, 20, 20, 1]
    W, b = [None], [None]
    for n_in, n_out in pairwise(sizes):
        W.append(rng.normal(0.0, np.sqrt(initialise.variance(n_in, n_out, init)), (n_out, n_in)))
        b.append(np.zeros((n_out, 1)))
    net = Network(W, b, [hidden] * 5 + [output], "half_squared_error")
    return net, rng.normal(size=(10, 1)), rng.normal(size=(1, 1))


def measurements():
    """The stored run of benchmarks/flow.py, a dict; its keys are told there."""
    import json
    from importlib import resources

    text = resources.files("backprop").joinpath("data", "flow.json").read_text(encoding="utf-8")
    return json.loads(text)
