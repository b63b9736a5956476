"""The network and its two sweeps: `forward` and `backward` read like the equations they compute.

Examples are columns: X is (n_0, N). Lists are indexed as in the book, l = 1..L, with None at 0.
Each line of the sweeps names the label of its equation; the test of that name is in tests/claims.

Source of the derivation: chapter 4 of the book; Rumelhart, Hinton & Williams (1986).
"""

import copy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from . import activations as _activations
from . import checks, initialise
from . import losses as _losses


@dataclass(eq=False)
class Network:
    """A fully connected network with L layers.

    Attributes:
        W: [None, W^(1), ..., W^(L)], W[l] of shape (n_l, n_{l-1}).
        b: [None, b^(1), ..., b^(L)], b[l] of shape (n_l, 1).
        activations: [None, name, ..., name]; the None may be left out when creating a network.
        loss: name of the loss, see `backprop.losses.LOSSES`.

    The parameters are copied. They share one dtype: float32 where all are float32, float64 for
    integers.

    Raises:
        ValueError: for wrong shapes, unknown names, entries that are NaN or infinite, and a loss
            that does not go with the output activation.
        TypeError: for entries that are no real numbers, such as complex ones.
    """

    W: list
    b: list
    activations: list
    loss: str

    def __post_init__(self):
        for name in ("W", "b", "activations"):
            if not isinstance(getattr(self, name), list | tuple | str):
                raise TypeError(f"{name}: expected a list, got {type(getattr(self, name)).__name__}")
        W, b = list(self.W), list(self.b)
        for name, given in (("W", W), ("b", b)):
            if len(given) < 2 or given[0] is not None:
                first = type(given[0]).__name__ if given else "nothing"
                raise ValueError(
                    f"{name}: expected a list [None, {name}1, ..., {name}L] with None at index 0, "
                    f"got a list of length {len(given)} with {first} at index 0"
                )
        if len(W) != len(b):
            raise ValueError(f"b: expected as many layers as W has ({len(W) - 1}), got {len(b) - 1}")
        L = len(W) - 1
        for l in range(1, L + 1):
            n_in = W[l - 1].shape[0] if l > 1 else "n_0"
            W[l] = checks.real_array(f"W[{l}]", W[l], (f"n_{l}", n_in))
            b[l] = checks.real_array(f"b[{l}]", b[l], (W[l].shape[0], 1))
        dtype = np.result_type(*W[1:], *b[1:])
        self.W = [None] + [np.array(w, dtype=dtype, order="C") for w in W[1:]]
        self.b = [None] + [np.array(v, dtype=dtype, order="C") for v in b[1:]]

        names = list(self.activations)
        names = names if names and names[0] is None else [None, *names]
        if isinstance(self.activations, str) or len(names) != L + 1:
            raise ValueError(f"activations: expected {L} names, one for each layer, got {self.activations!r}")
        self.activations = names
        self.sigma = [None] + [_activations.get(name) for name in names[1:]]
        self.loss_function = _losses.get(self.loss)
        fits = self.loss_function.output
        if fits is not None and names[L] != fits:
            raise ValueError(f"loss: {self.loss} expects {fits} as the output activation, got {names[L]}")

    @property
    def L(self):
        """Number of layers, the input not counted."""
        return len(self.W) - 1

    @property
    def sizes(self):
        """[n_0, n_1, ..., n_L]."""
        return [self.W[1].shape[1]] + [w.shape[0] for w in self.W[1:]]

    @property
    def dtype(self):
        """The dtype of every parameter, and of everything computed from them."""
        return self.W[1].dtype

    @classmethod
    def random(
        cls,
        sizes,
        hidden="relu",
        output="softmax",
        loss="cross_entropy",
        init="he",
        seed=0,
        dtype=float,
    ):
        """A network with random weights and zero biases.

        Args:
            sizes: [n_0, ..., n_L].
            hidden, output: activation of the layers before the last, and of the last.
            loss: name of the loss.
            init: name in `backprop.initialise.SCHEMES`.
            seed: an integer or a `numpy.random.Generator`.
            dtype: float (float64) or numpy.float32.

        Raises:
            ValueError: for sizes that are no positive integers, and for unknown names.
            TypeError: for sizes that are no list, and a dtype that is not a real floating one.
        """
        sizes = checks.layer_sizes(sizes)
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype: expected a real floating dtype, got {np.dtype(dtype)}")
        rng = np.random.default_rng(seed)
        W, b = [None], [None]
        for n_in, n_out in pairwise(sizes):
            W.append(initialise.weights(rng, n_out, n_in, init).astype(dtype))
            b.append(np.zeros((n_out, 1), dtype))
        return cls(W, b, [hidden] * (len(sizes) - 2) + [output], loss)

    def with_parameters(self, W, b):
        """The same network with other parameters, unchecked and not copied.

        This is the door for methods that step outside the real numbers, such as the complex step.
        """
        net = copy.copy(self)
        net.W, net.b = W, b
        return net


@dataclass(eq=False)
class Forward:
    """What the forward sweep keeps: z[l] and a[l], each (n_l, N); z[0] is None, a[0] is X."""

    z: list
    a: list


@dataclass(eq=False)
class Gradients:
    """What the backward sweep returns.

    Attributes:
        delta: δ^(l) = ∂ℓ/∂z^(l) for each example, (n_l, N); not divided by N.
        W: ∂J/∂W^(l), (n_l, n_{l-1}): the mean over the examples.
        b: ∂J/∂b^(l), (n_l, 1): the mean over the examples.
    """

    delta: list
    W: list
    b: list


def forward(net, X):
    """The forward sweep (`eq:pre-activation`, `eq:activation`; for a batch `eq:forward-batch`).

    Args:
        net: a `Network`.
        X: inputs, (n_0, N), N >= 1; converted to the dtype of the network.

    Returns:
        A `Forward`.

    Raises:
        ValueError: if X has another shape, is empty, or has an entry that is not finite.
        TypeError: if X is not real.
    """
    X = checks.real_array("X", X, (net.sizes[0], "N"), net.dtype)
    z, a = [None], [X]
    for l in range(1, net.L + 1):
        z.append(net.W[l] @ a[l - 1] + net.b[l])  # eq:pre-activation
        a.append(net.sigma[l].value(z[l]))  # eq:activation
    return Forward(z, a)


def backward(net, fwd, Y):
    """The backward sweep: the four equations, for a batch (`eq:batch`, `eq:backward-batch`).

    Args:
        net: a `Network`.
        fwd: what `forward(net, X)` returned.
        Y: labels, (n_L, N).

    Returns:
        A `Gradients`.

    Raises:
        ValueError: if Y has another shape or does not suit the loss, or if `fwd` is of another
            network.
        TypeError: if Y is not real.
    """
    Y = _labels(net, fwd, Y)
    z, a, W, sigma, L, N = fwd.z, fwd.a, net.W, net.sigma, net.L, Y.shape[1]
    delta = [None] * (L + 1)
    delta[L] = output_error(net, fwd, Y)  # eq:delta-output
    for l in range(L - 1, 0, -1):
        delta[l] = sigma[l].vjp(z[l], W[l + 1].T @ delta[l + 1])  # eq:delta-hidden
    dW = [None] + [delta[l] @ a[l - 1].T / N for l in range(1, L + 1)]  # eq:gradient-weights
    db = [None] + [delta[l].sum(axis=1, keepdims=True) / N for l in range(1, L + 1)]  # eq:gradient-bias
    return Gradients(delta, dW, db)


def output_error(net, fwd, Y):
    """δ^(L) = J_σ(z^(L))^T ∇_a ℓ, (n_L, N) (`eq:delta-output-general`, `eq:delta-output`).

    For softmax with cross-entropy and sigmoid with binary cross-entropy the product is a - y
    (`eq:delta-cross-entropy`); written so, it is right for saturated outputs too.
    """
    z, a, loss = fwd.z[net.L], fwd.a[net.L], net.loss_function
    if loss.value_from_z is not None:
        # The labels of a distribution sum to 1 only up to rounding; their sum keeps δ exact.
        total = Y.sum(axis=0) if loss.output == "softmax" else 1
        return a * total - Y
    return net.sigma[net.L].vjp(z, loss.gradient(a, Y))


def cost(net, fwd, Y):
    """The cost J: the mean over the examples of the loss (`eq:cost`), a scalar of the net's dtype.

    Arguments and errors as in `backward`.
    """
    Y = _labels(net, fwd, Y)
    z, a, loss = fwd.z[net.L], fwd.a[net.L], net.loss_function
    losses = loss.value_from_z(z, Y) if loss.value_from_z is not None else loss.value(a, Y)
    return losses.mean()


def value_and_grad(net, X, Y, workspace=None):
    """Cost and gradients in one call.

    Args:
        net, X, Y: as in `forward` and `backward`.
        workspace: None, or a `Workspace` to compute the same numbers faster, in its memory: the
            next call with it overwrites these gradients.

    Returns:
        (J, `Gradients`).

    Raises:
        ValueError: as `forward` and `backward`; and if the workspace was made for other layer
            sizes, activations, another loss or dtype, or a smaller batch.
        TypeError: if X or Y is not real, or workspace is no `Workspace`.
    """
    if workspace is not None:
        if not hasattr(workspace, "value_and_grad"):
            raise TypeError(f"workspace: expected a Workspace or None, got {type(workspace).__name__}")
        return workspace.value_and_grad(net, X, Y)
    fwd = forward(net, X)
    return cost(net, fwd, Y), backward(net, fwd, Y)


def _labels(net, fwd, Y):
    """Y as an array of the right shape, dtype and kind; also checks that `fwd` is of this net."""
    shapes = [(n, fwd.a[0].shape[1]) for n in net.sizes]
    if [a.shape for a in fwd.a] != shapes:
        raise ValueError(
            f"fwd: expected the forward sweep of this network, activations of shapes {shapes}, "
            f"got {[a.shape for a in fwd.a]}"
        )
    Y = checks.real_array("Y", Y, shapes[-1], net.dtype)
    checks.labels_fit(net.loss_function, Y)
    return Y
