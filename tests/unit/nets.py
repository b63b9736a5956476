"""Random networks and batches for the tests."""

import numpy as np

import backprop as bp

ELEMENTWISE = sorted(set(bp.activations.ACTIVATIONS) - {"softmax"})
# Every output activation that goes with each loss.
PAIRS = [
    *[
        (output, loss)
        for loss in ("half_squared_error", "squared_error")
        for output in [*ELEMENTWISE, "softmax"]
    ],
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
]


def labels(loss, K, N, rng):
    if loss == "cross_entropy":
        return rng.dirichlet(np.ones(K), size=N).T
    if loss == "binary_cross_entropy":
        return rng.uniform(size=(K, N))
    return rng.normal(size=(K, N))


def random_case(hidden, output, loss, depth, N, seed, dtype=float):
    """A network of the given depth with non-zero biases, a batch and its labels."""
    rng = np.random.default_rng(seed)
    sizes = [3, *rng.integers(2, 5, depth - 1), 3]
    net = bp.Network.random(sizes, hidden, output, loss, init="lecun", seed=rng, dtype=dtype)
    for l in range(1, net.L + 1):
        net.b[l] += rng.normal(scale=0.5, size=net.b[l].shape).astype(dtype)
    X = rng.normal(size=(3, N)).astype(dtype)
    return net, X, labels(loss, 3, N, rng).astype(dtype)


def moved(net, direction, t):
    """The network with every parameter moved by t times the direction (a `Gradients`)."""
    layers = range(1, net.L + 1)
    return net.with_parameters(
        [None] + [net.W[l] + t * direction.W[l] for l in layers],
        [None] + [net.b[l] + t * direction.b[l] for l in layers],
    )


def random_direction(net, rng):
    shapes = lambda arrays: [None] + [rng.normal(size=a.shape) for a in arrays[1:]]
    return bp.Gradients(None, shapes(net.W), shapes(net.b))


def along(grads, direction):
    """The derivative along a direction."""
    pairs = [*zip(grads.W[1:], direction.W[1:], strict=True), *zip(grads.b[1:], direction.b[1:], strict=True)]
    return sum(float((g * d).sum()) for g, d in pairs)


def changed(grads, change):
    """`Gradients` with change(array, name, layer) in place of each array."""
    each = lambda name: [None, *(change(a, name, l) for l, a in enumerate(getattr(grads, name)[1:], start=1))]
    return bp.Gradients(None, each("W"), each("b"))
