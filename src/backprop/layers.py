"""The layer view: linear maps, activations and the loss as objects with forward and backward.

A layer knows two things: its output for an input, and, given the derivative of the cost J by its
output, the derivatives by its input and its parameters. Nothing in it knows the network. Unlike the
error signals of `backprop.backward`, the derivatives passed here are those of the cost: the loss
layer divides by N, once, and no other layer does.

The layout says where the examples are: "columns" (n, N), the book's form, or "rows" (N, n), as in
PyTorch. Sources: chapter 6 of the book; Goodfellow, Bengio & Courville (2016), section 6.5.
"""

import numpy as np

from . import activations, checks, losses

LAYOUTS = ("columns", "rows")


class Linear:
    """An affine map (`eq:linear-columns`, `eq:linear-rows`).

    Args:
        W: weights, (n_out, n_in) for columns, (n_in, n_out) for rows.
        b: biases, (n_out, 1) for columns, (1, n_out) for rows.
        layout: "columns" or "rows".

    Attributes:
        dW, db: ∂J/∂W and ∂J/∂b after `backward`, of the shapes of W and b; each call writes them anew.

    Raises:
        ValueError: for wrong shapes and an unknown layout.
        TypeError: for entries that are no real numbers.
    """

    def __init__(self, W, b, layout="columns"):
        self.layout = _layout(layout)
        self.W = checks.real_array("W", W, ("n", "m"))
        n_out = self.W.shape[0 if layout == "columns" else 1]
        self.b = checks.real_array("b", b, (n_out, 1) if layout == "columns" else (1, n_out))
        self.dW = self.db = self.input = None

    def forward(self, U):
        """The pre-activations, (n_out, N) or (N, n_out), of the inputs U, (n_in, N) or (N, n_in).

        Raises:
            ValueError, TypeError: if U has another shape or an entry that is no finite real number.
        """
        if self.layout == "columns":
            self.input = checks.real_array("U", U, (self.W.shape[1], "N"))
            return self.W @ self.input + self.b
        self.input = checks.real_array("U", U, ("N", self.W.shape[0]))
        return self.input @ self.W + self.b

    def backward(self, G):
        """∂J/∂U, from G = ∂J/∂V of the shape of the output; sets `dW` and `db`.

        Raises:
            ValueError: before the first `forward`, and if G has another shape than its output.
        """
        U = _kept(self, self.input)
        if self.layout == "columns":
            G = checks.real_array("G", G, (self.W.shape[0], U.shape[1]))
            self.dW, self.db = G @ U.T, G.sum(axis=1, keepdims=True)
            return self.W.T @ G
        G = checks.real_array("G", G, (U.shape[0], self.W.shape[1]))
        self.dW, self.db = U.T @ G, G.sum(axis=0, keepdims=True)
        return G @ self.W.T


class Activation:
    """An activation function as a layer without parameters (`eq:activation-layer`).

    Args:
        name: a name in `backprop.activations.ACTIVATIONS`.
        layout: "columns" or "rows"; it matters for softmax alone, which couples the units.

    Raises:
        ValueError: for an unknown name or layout.
    """

    def __init__(self, name, layout="columns"):
        self.row, self.layout, self.input = activations.get(name), _layout(layout), None

    def forward(self, U):
        """σ(U), of the shape of U.

        Raises:
            ValueError, TypeError: if U is no matrix of finite real numbers.
        """
        self.input = checks.real_array("U", U, ("n", "m"))
        return _turned(self.row.value(_turned(self.input, self.layout)), self.layout)

    def backward(self, G):
        """∂J/∂U, from G = ∂J/∂V; both of the shape of U.

        Raises:
            ValueError: before the first `forward`, and if G has another shape than its output.
        """
        U = _kept(self, self.input)
        G = checks.real_array("G", G, U.shape)
        return _turned(self.row.vjp(_turned(U, self.layout), _turned(G, self.layout)), self.layout)


class Dropout:
    """Sets a random share p of the entries to 0 and divides the others by 1 - p (`eq:dropout`).

    So the mean over all masks is the input. Set `p` to 0 to use what was trained. Source: Srivastava
    et al. (2014), with the division in training, not afterwards.

    Args:
        p: share of the entries that is dropped, 0 <= p < 1.
        seed: an integer or a `numpy.random.Generator`.

    Attributes:
        mask: 0 where the last `forward` dropped an entry, else 1/(1 - p); None before.

    Raises:
        ValueError: if p is no such number.
    """

    def __init__(self, p, seed=0):
        if not 0 <= p < 1:
            raise ValueError(f"p: expected a share 0 <= p < 1, got {p}")
        self.p, self.rng, self.mask = p, np.random.default_rng(seed), None

    def _draw(self, U):
        return ((self.rng.random(U.shape) >= self.p) / (1 - self.p)).astype(U.dtype)

    def forward(self, U):
        """U with a new mask, of the shape of U.

        Raises:
            ValueError, TypeError: if U is no matrix of finite real numbers.
        """
        U = checks.real_array("U", U, ("n", "m"))
        self.mask = self._draw(U)
        return U * self.mask

    def backward(self, G):
        """∂J/∂U, from G = ∂J/∂V: the same mask.

        Raises:
            ValueError: before the first `forward`, and if G has another shape than its output.
        """
        G = checks.real_array("G", G, _kept(self, self.mask).shape)
        return G * self.mask  # eq:dropout


class Loss:
    """The cost J, the mean loss of a batch, as the last layer (`eq:loss-layer`).

    The two cross-entropies hold their output activation and take pre-activations, as PyTorch's do:
    the division by a probability cancels, and nothing overflows. The others take activations.

    Args:
        name: a name in `backprop.losses.LOSSES`.
        layout: "columns" or "rows".

    Raises:
        ValueError: for an unknown name or layout.
    """

    def __init__(self, name, layout="columns"):
        self.row, self.layout, self.input, self.labels = losses.get(name), _layout(layout), None, None

    def forward(self, U, Y):
        """J, a scalar, for outputs (or pre-activations) U and labels Y, both (n_L, N) or (N, n_L).

        Raises:
            ValueError: if the shapes differ, or the labels do not suit the loss.
            TypeError: for entries that are no real numbers.
        """
        U = checks.real_array("U", U, ("n", "m"))
        Y = _turned(checks.real_array("Y", Y, U.shape), self.layout)
        checks.labels_fit(self.row, Y)
        self.input, self.labels = _turned(U, self.layout), Y
        return (self.row.value_from_z or self.row.value)(self.input, Y).mean()

    def backward(self):
        """∂J/∂U, of the shape of U: the only place with a division by N.

        Raises:
            ValueError: before the first `forward`.
        """
        U, Y = _kept(self, self.input), self.labels
        if self.row.value_from_z is None:
            G = self.row.gradient(U, Y)
        else:
            total = Y.sum(axis=0) if self.row.output == "softmax" else 1  # 1 up to rounding
            G = activations.get(self.row.output).value(U) * total - Y
        return _turned(G / U.shape[1], self.layout)


class Sequence:
    """Layers one after another, and a loss at the end.

    Args:
        layers: a list of layers, in order.
        loss: a `Loss`.
    """

    def __init__(self, layers, loss):
        self.layers, self.loss = list(layers), loss

    @classmethod
    def of(cls, net, layout="columns"):
        """The layers of a `Network`; for rows its weights and biases are transposed.

        Raises:
            ValueError: for an unknown layout.
        """
        layers, loss = [], Loss(net.loss, layout)
        for l in range(1, net.L + 1):
            layers.append(Linear(_turned(net.W[l], layout), _turned(net.b[l], layout), layout))
            if l < net.L or loss.row.value_from_z is None:
                layers.append(Activation(net.activations[l], layout))
        return cls(layers, loss)

    @property
    def linear(self):
        """The layers that have parameters, in order."""
        return [layer for layer in self.layers if isinstance(layer, Linear)]

    def forward(self, X, Y):
        """The cost J of inputs X and labels Y, examples as the layers' layout says.

        Raises:
            ValueError, TypeError: as the layers' forward.
        """
        for layer in self.layers:
            X = layer.forward(X)
        return self.loss.forward(X, Y)

    def backward(self):
        """∂J/∂X; every linear layer's `dW` and `db` are set on the way.

        Raises:
            ValueError: before the first `forward`.
        """
        G = self.loss.backward()
        for layer in reversed(self.layers):
            G = layer.backward(G)
        return G


def _layout(layout):
    if layout not in LAYOUTS:
        raise ValueError(f"layout: expected one of {', '.join(LAYOUTS)}, got {layout!r}")
    return layout


def _turned(array, layout):
    """From the layout to columns, or back: the same transpose."""
    return array if layout == "columns" else array.T


def _kept(layer, value):
    if value is None:
        raise ValueError(f"{type(layer).__name__}: expected a forward before the backward, got none")
    return value
