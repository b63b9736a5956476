"""Training: gradient descent on mini-batches, with momentum, L2, clipping and early stopping.

`Descent` makes one update at a time; `train` runs it through epochs and keeps a history.

Sources: Rumelhart, Hinton & Williams (1986) for momentum; Goodfellow, Bengio & Courville (2016),
chapters 7 and 8 and section 10.11.1, for L2, early stopping, mini-batches and clipping.
"""

import math
import numbers
import sys
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from . import checks
from .network import Network, cost, forward, value_and_grad
from .workspace import Workspace

FAR = 1e4  # a cost so many times larger than at the start, and than 1, is called diverged


class DivergenceError(ArithmeticError):
    """The cost is not finite, or more than `FAR` times what it was, and than `FAR`; the message says when."""


class Descent:
    """Gradient descent, one update at a time.

    With g the gradient of `objective` on a batch, one update is

        v ← momentum · v - eta · g,    θ ← θ + v

    for every parameter θ (`eq:momentum`). The objective adds l2/2 times the sum of all squared
    weights to the cost; biases are left out of it (`eq:l2`). With `clip`, g is first shortened to that norm
    where it is longer, the norm taken over all parameters together (`eq:clipping`).

    Args:
        net: a `Network`; it is copied and not changed.
        eta: step size, > 0.
        momentum: share of the last change that is kept, 0 <= momentum < 1.
        l2: λ, >= 0.
        clip: the largest norm of a gradient, > 0; None for no limit.

    Attributes:
        net: the network as it stands; `step` changes its parameters in place.
        eta, momentum, l2, clip: as given; they may be changed between two updates.
        updates: number of updates made.
        cost: J on the batch of the last update, before that update, without the L2 term.
        gradients: `Gradients` of the objective there, before clipping; overwritten by the next step.
        velocity: `Parameters`: the last change v of each.

    Raises:
        TypeError, ValueError: for a `net` that is no network and settings out of their range.
    """

    def __init__(self, net, eta=0.1, momentum=0.0, l2=0.0, clip=None):
        if not isinstance(net, Network):
            raise TypeError(f"net: expected a Network, got {type(net).__name__}")
        self.net = _copy(net)
        self.eta = _number("eta", eta, "> 0", lambda v: v > 0)
        self.momentum = _number("momentum", momentum, "in [0, 1)", lambda v: 0 <= v < 1)
        self.l2 = _number("l2", l2, ">= 0", lambda v: v >= 0)
        self.clip = None if clip is None else _number("clip", clip, "> 0 or None", lambda v: v > 0)
        self.updates, self.cost, self.gradients = 0, None, None
        self.velocity = net.map(np.zeros_like)
        self._workspace, self._norms, self._first = None, None, None

    def step(self, X, Y):
        """One update with the gradient on a batch.

        Args:
            X, Y: inputs (n_0, N) and labels (n_L, N).

        Returns:
            J on the batch, before the update and without the L2 term.

        Raises:
            DivergenceError: if J or a gradient is not finite, or J is more than `FAR` times
                max(1, J of the first update); the parameters are left as they are.
            ValueError, TypeError: as `value_and_grad`.
        """
        if self._workspace is None or np.shape(X)[-1:] > (self._workspace.N,):
            self._workspace = Workspace(self.net, np.shape(checks.real_array("X", X, ("n_0", "N")))[1])
        with np.errstate(over="ignore", invalid="ignore"):  # a DivergenceError says it in words
            self.cost, self.gradients = objective(self.net, X, Y, self.l2, self._workspace)
            self._norms = None
            length = self.gradient_norm
            if self.updates == 0:
                self._first = self.cost
            if not (math.isfinite(length) and self.cost <= FAR * max(1.0, self._first)):
                raise DivergenceError(self.complaint(self._symptom(length)))
            self._move(length)
        self.updates += 1
        return self.cost

    def epoch(self, X, Y, batch_size):
        """One update for each batch of columns, from left to right; the last may be smaller.

        Args:
            X, Y: inputs (n_0, N) and labels (n_L, N), in the order in which they are to come.
            batch_size: columns in a batch, >= 1.

        Returns:
            The mean of `gradient_norms` over the updates, an array (L,).

        Raises:
            As `step`.
        """
        starts = range(0, X.shape[1], batch_size)
        norms = np.zeros(self.net.L)
        for i in starts:
            self.step(X[:, i : i + batch_size], Y[:, i : i + batch_size])
            norms += self.gradient_norms[1:]
        return norms / len(starts)

    def _move(self, length):
        scale = self.eta if self.clip is None else self.eta * clipping_factor(length, self.clip)
        for theta, gradient, change in self.net.zip(self.gradients, self.velocity):
            change *= self.momentum
            change -= scale * gradient
            theta += change  # eq:momentum

    @property
    def gradient_norms(self):
        """[None, ‖∂/∂W^(1)‖, ..., ‖∂/∂W^(L)‖] of the objective at the last update, before clipping.

        None before the first update.
        """
        if self._norms is None and self.gradients is not None:
            self._norms = [None] + [_norm(g) for g in self.gradients.W[1:]]
        return self._norms

    @property
    def gradient_norm(self):
        """The norm over all weights and biases together; None before the first update."""
        if self.gradients is None:
            return None
        return math.hypot(*self.gradient_norms[1:], *(_norm(g) for g in self.gradients.b[1:]))

    def _symptom(self, length):
        if not math.isfinite(self.cost):
            return f"the cost is {self.cost}"
        if not math.isfinite(length):
            return f"the norm of the gradient is {length}"
        return f"the cost is {self.cost:.3g}, it was {self._first:.3g} at the start"

    def complaint(self, symptom):
        """What a `DivergenceError` says."""
        return (
            f"update {self.updates + 1}: {symptom}; the training diverges, "
            f"try a step size smaller than eta = {self.eta:g}"
        )


def clipping_factor(length, limit):
    """What a gradient of this norm is multiplied by so that the norm is at most `limit` (`eq:clipping`).

    >>> clipping_factor(10.0, 2.5), clipping_factor(2.0, 2.5), clipping_factor(0.0, 2.5)
    (0.25, 1.0, 1.0)
    """
    return limit / length if length > limit else 1.0


def objective(net, X, Y, l2=0.0, workspace=None):
    """The cost, and the gradients of the cost with its L2 term (`eq:l2-gradient`).

    Args:
        net, X, Y, workspace: as in `value_and_grad`.
        l2: λ, >= 0: (λ/2) Σ w² over all weights is added, biases are not.

    Returns:
        (J, `Gradients`): J without the L2 term, the gradients of J + (λ/2) Σ w².

    Raises:
        ValueError, TypeError: as `value_and_grad`.
    """
    J, grads = value_and_grad(net, X, Y, workspace)
    if l2:
        for l in range(1, net.L + 1):
            grads.W[l] += l2 * net.W[l]  # eq:l2-gradient
    return float(J), grads


def penalty(net, l2):
    """(λ/2) Σ w² over all weights of the network, a number (`eq:l2`)."""
    return 0.5 * l2 * float(sum((w**2).sum() for w in net.W[1:]))


def accuracy(net, X, Y):
    """The share of examples that the network classifies as labelled, 0 to 1.

    With a softmax output the class is the largest entry; with a sigmoid output each entry says
    yes above 1/2, and all entries of an example must be right.

    Args:
        net: a `Network` with a softmax or sigmoid output.
        X, Y: inputs (n_0, N) and labels (n_L, N).

    Raises:
        ValueError: for another output activation, and as `forward`.
        TypeError: as `forward`.
    """
    if net.activations[net.L] not in ("softmax", "sigmoid"):
        raise ValueError(f"net: expected a softmax or sigmoid output, got {net.activations[net.L]}")
    Y = checks.real_array("Y", Y, (net.sizes[-1], np.shape(X)[-1]), net.dtype)
    return _share_right(net, forward(net, X).a[net.L], Y)


@dataclass
class Record:
    """What `train` saw. Every list but `gradient_norms` has an entry for each of `epochs`.

    Attributes:
        epochs: [0, 1, 2, ...]; 0 is before training.
        cost: J on the whole training set after so many epochs, without the L2 term.
        accuracy: share of the training set that is classified as labelled; None for a network
            that is no classifier (softmax or sigmoid output).
        validation_cost, validation_accuracy: the same on the validation set, or None without one.
        gradient_norms: for each epoch from 1 on, [None, norm of layer 1, ..., norm of layer L]:
            the norm of the gradient by W^(l), L2 term included and not clipped, the mean over the
            updates of the epoch.
        best: the epoch whose parameters were returned.
        seconds: how long the training took.
    """

    epochs: list = field(default_factory=list)
    cost: list = field(default_factory=list)
    accuracy: list | None = None
    validation_cost: list | None = None
    validation_accuracy: list | None = None
    gradient_norms: list = field(default_factory=list)
    best: int = 0
    seconds: float = 0.0


class Training(NamedTuple):
    """What `train` returns: the trained network and the `Record`."""

    net: Network
    history: Record


def train(
    net,
    X,
    Y,
    eta=0.1,
    epochs=30,
    batch_size=32,
    momentum=0.9,
    l2=0.0,
    clip=None,
    seed=0,
    validation=None,
    patience=None,
    progress=None,
):
    """Train a network by gradient descent on mini-batches.

    ```python
    net, history = bp.train(net, X, Y, eta=0.1, epochs=20)
    ```

    Every epoch shuffles the examples and takes them batch by batch, one update each; the last
    batch may be smaller. The updates are those of `Descent`.

    Args:
        net: a `Network`; it is not changed.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        eta, momentum, l2, clip: as in `Descent`.
        epochs: how often all examples are gone through, >= 1.
        batch_size: examples for one update, >= 1; None for all of them, in their order.
        seed: an integer or a `numpy.random.Generator`, for the shuffling only.
        validation: None, or a pair (X, Y) that is measured after each epoch and never trained on.
        patience: None, or stop when the validation cost has found no new minimum for so many
            epochs, and return the network as it was at the minimum.
        progress: True for a line on stderr, False for none; None: only if stderr is a terminal.

    Returns:
        `Training(net, history)`: a new network, and what happened.

    Raises:
        DivergenceError: as `Descent.step`, with the epoch; also if the cost after an epoch is not
            finite.
        TypeError, ValueError: for arguments of the wrong kind, shape or range.
    """
    descent = Descent(net, eta, momentum, l2, clip)
    X = checks.real_array("X", X, (net.sizes[0], "N"), net.dtype)
    N = X.shape[1]
    Y = checks.real_array("Y", Y, (net.sizes[-1], N), net.dtype)
    checks.labels_fit(net.loss_function, Y)
    epochs = _whole("epochs", epochs)
    size = N if batch_size is None else min(N, _whole("batch_size", batch_size, " or None"))
    if validation is not None:
        validation = _pair(net, validation)
    if patience is not None:
        _whole("patience", patience, " or None")
        if validation is None:
            raise ValueError("patience: expected a validation set to watch, got validation=None")
    rng = np.random.default_rng(seed)

    net, best = descent.net, _copy(net)
    history, start = Record(), time.perf_counter()
    X_now, Y_now = X, Y
    # An example is a column in the book; as a row of memory it is shuffled many times faster.
    X_rows, Y_rows = (X, Y) if size == N else (X.T.copy(), Y.T.copy())
    with _Line(epochs, progress) as line:
        _measure(history, net, X, Y, validation)
        for epoch in range(1, epochs + 1):
            if size < N:
                order = rng.permutation(N)
                X_now, Y_now = X_rows[order].T, Y_rows[order].T
            try:
                norms = descent.epoch(X_now, Y_now, size)
                _measure(history, net, X, Y, validation)
                if not math.isfinite(history.cost[-1]):
                    raise DivergenceError(descent.complaint(f"the cost is {history.cost[-1]}"))
            except DivergenceError as error:
                raise DivergenceError(f"epoch {epoch}, {error}") from None
            history.gradient_norms.append([None, *norms.tolist()])
            line.show(history, start)
            if patience is None:
                history.best = epoch
            elif history.validation_cost[epoch] < history.validation_cost[history.best]:
                history.best, best = epoch, _copy(net)
            elif epoch - history.best >= patience:
                break
    history.seconds = time.perf_counter() - start
    return Training(net if patience is None else best, history)


def _measure(history, net, X, Y, validation):
    """Add an entry for the parameters as they are now."""
    history.epochs.append(len(history.epochs))
    for prefix, pair in (("", (X, Y)), ("validation_", validation)):
        if pair is None:
            continue
        with np.errstate(over="ignore", invalid="ignore"):  # `train` says it in words
            fwd = forward(net, pair[0])
            found = {"cost": float(cost(net, fwd, pair[1]))}
            if net.activations[net.L] in ("softmax", "sigmoid"):
                found["accuracy"] = _share_right(net, fwd.a[net.L], pair[1])
        for name, value in found.items():
            if getattr(history, prefix + name) is None:
                setattr(history, prefix + name, [])
            getattr(history, prefix + name).append(value)


def _share_right(net, a, Y):
    if net.activations[net.L] == "softmax":
        return float((a.argmax(axis=0) == Y.argmax(axis=0)).mean())
    return float(((a > 0.5) == (Y > 0.5)).all(axis=0).mean())


class _Line:
    """The progress of a training as one line on stderr, written over and over."""

    WIDTH = 20

    def __init__(self, epochs, wanted):
        self.epochs, self.wanted = epochs, sys.stderr.isatty() if wanted is None else bool(wanted)
        self.written = -math.inf

    def __enter__(self):
        return self

    def show(self, history, start):
        epoch, now = history.epochs[-1], time.perf_counter()
        if not self.wanted or (now - self.written < 0.1 and epoch < self.epochs):
            return
        done = self.WIDTH * epoch // self.epochs
        text = f"[{'#' * done}{'.' * (self.WIDTH - done)}] epoch {epoch}/{self.epochs}"
        text += f", cost {history.cost[-1]:.4f}"
        if history.validation_cost is not None:
            text += f", validation {history.validation_cost[-1]:.4f}"
        sys.stderr.write(f"\r{text}, {now - start:.1f} s ")
        sys.stderr.flush()
        self.written = now

    def __exit__(self, *_):
        if self.wanted and self.written > -math.inf:
            sys.stderr.write("\n")


def _copy(net):
    """A network with parameters of its own."""
    return net.with_parameters(net.copy())


def _norm(g):
    """The root of the sum of squares; inf where it overflows."""
    flat = g.ravel()
    return math.sqrt(flat.dot(flat))


def _pair(net, pair):
    """(X, Y) of the validation set as arrays."""
    try:
        X, Y = pair
    except (TypeError, ValueError):
        raise ValueError(f"validation: expected a pair (X, Y), got {type(pair).__name__}") from None
    X = checks.real_array("validation X", X, (net.sizes[0], "N"), net.dtype)
    Y = checks.real_array("validation Y", Y, (net.sizes[-1], X.shape[1]), net.dtype)
    checks.labels_fit(net.loss_function, Y)
    return X, Y


def _number(name, value, what, fits):
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a number {what}, got {value!r}")
    if not (math.isfinite(value) and fits(value)):
        raise ValueError(f"{name}: expected a number {what}, got {value}")
    return float(value)


def _whole(name, value, others=""):
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected an integer >= 1{others}, got {value!r}")
    if value < 1:
        raise ValueError(f"{name}: expected an integer >= 1{others}, got {value}")
    return int(value)
