"""The fast path: the two sweeps of `backprop.network` in memory that is set aside once.

`backprop.network` is the text to read; tests/unit/test_workspace.py compares the two to rounding.
What makes this one fast: each operation writes into an array that is there already; an activation
leaves its slope beside its value; softmax and its cross-entropy share their exponentials; the mean
over the examples is taken once, at the output, so that what goes backward is ∂J/∂z = δ/N.
"""

import numbers
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from math import isfinite
from operator import is_

import numpy as np

from . import checks, in_place
from .network import Gradients


class Workspace:
    """Memory for `value_and_grad` on batches of up to N examples.

    ```python
    ws = bp.Workspace(net, 32)
    J, grads = bp.value_and_grad(net, X, Y, workspace=ws)
    ```

    **The arrays in `grads` belong to the workspace: the next call overwrites them. Copy what you
    want to keep,** with `copy.deepcopy(grads)` for instance. `grads.delta` is computed when it is
    first asked for: ask before the next call. The cost J is a number of its own.

    Parameters and examples are read at each call: change them in place or replace them. A workspace
    suits every network with the layer sizes, activations, loss and dtype of the one it was made
    for, and smaller batches. Threads need a workspace each; they may share an unchanging network.

    Args:
        net: a `Network`.
        N: the largest batch size, >= 1.

    Raises:
        ValueError: if N is no positive integer.
    """

    def __init__(self, net, N):
        if not isinstance(N, numbers.Integral) or isinstance(N, bool) or N < 1:
            raise ValueError(f"N: expected a batch size, an integer >= 1, got {N!r}")
        self.N, self.sizes, self.dtype = int(N), net.sizes, net.dtype
        self._kind, self._known, self._sigma = _kind(net), [*net.W, *net.b], net.sigma
        make = partial(Batch, self.sizes, net.sigma, net.loss_function, self.dtype)
        self._arrays = lru_cache(2)(make)  # an epoch has one smaller batch at most
        self._batch = self._arrays(self.N)

    def __repr__(self):
        return f"<Workspace for batches of up to {self.N}, sizes {self.sizes}, {self.dtype}>"

    def value_and_grad(self, net, X, Y):
        """What `backprop.value_and_grad` returns with this workspace; arguments and errors as there."""
        if not (all(map(is_, net.W + net.b, self._known)) and net.sigma is self._sigma):
            self._expect(net)
        batch = self._batch
        if not (_fits(X, batch.X_shape, self.dtype) and isfinite((flat := X.ravel("K")).dot(flat))):
            X = checks.real_array("X", X, (self.sizes[0], "N"), self.dtype)
            n = X.shape[1]
            if n > self.N:
                raise ValueError(f"X: expected at most {self.N} examples, as the workspace holds, got {n}")
            batch = self._batch = self._arrays(n)
        if not _fits(Y, batch.Y_shape, self.dtype):
            Y = checks.real_array("Y", Y, batch.Y_shape, self.dtype)
        J = batch.sweep(net.W, net.b, X, Y)
        if not isfinite(J):  # because of the parameters, or of a label
            checks.real_array("Y", Y)
        return J, _Gradients(batch)

    def _expect(self, net):
        """Raise ValueError unless this workspace suits `net`."""
        for what, got in _kind(net).items():
            if got != self._kind[what]:
                raise ValueError(
                    f"workspace: expected a network like the one it was made for, "
                    f"with {what} {self._kind[what]}, got {got}"
                )
        self._known, self._sigma = [*net.W, *net.b], net.sigma


def _kind(net):
    """What networks have in common that one workspace suits."""
    W, b = net.W[1:], net.b[1:]
    return {
        "shapes of W": [np.shape(w) for w in W],
        "shapes of b": [np.shape(v) for v in b],
        "dtype": ", ".join(sorted({str(np.asarray(p).dtype) for p in [*W, *b]})),
        "activations": list(net.activations),
        "loss": net.loss,
        "functions": [*net.sigma, net.loss_function],
    }


def _fits(value, shape, dtype):
    return type(value) is np.ndarray and value.shape == shape and value.dtype == dtype


class _Gradients(Gradients):
    """Gradients in the memory of a batch; δ is computed from ∂J/∂z when it is asked for."""

    def __init__(self, batch):
        self.W, self.b, self._dz = batch.dW.copy(), batch.db.copy(), batch.dz

    @cached_property
    def delta(self):
        return [None, *(dz * dz.dtype.type(dz.shape[1]) for dz in self._dz[1:])]

    def __reduce__(self):
        return Gradients, (self.delta, self.W, self.b)  # a copy keeps its δ


class Batch:
    """The arrays for n examples, and the two sweeps in them."""

    def __init__(self, sizes, sigma, loss, dtype, n):
        self.X_shape, self.Y_shape, self.ones = (sizes[0], n), (sizes[-1], n), np.ones((n, 1), dtype)
        a, s, self.all_dz = np.zeros((3, sum(sizes[1:]), n), dtype)
        self.all_db = np.zeros((len(a), 1), dtype) if n > 1 else self.all_dz
        a, s, self.dz, self.db = (
            [None, *np.split(rows, np.cumsum(sizes[1:-1]))] for rows in (a, s, self.all_dz, self.all_db)
        )
        self.dW = [None, *(np.zeros((n_out, n_in), dtype) for n_in, n_out in pairwise(sizes))]
        # numpy is slow to overwrite an operand of one entry: such a layer gets another array
        g = [None, *(np.zeros_like(dz) if dz.size == 1 else dz for dz in self.dz[1:])]
        layers = range(1, len(sizes))
        calls = [None, *(in_place.activation(sigma[l], a[l], s[l], g[l], self.dz[l]) for l in layers)]
        self.output = in_place.loss(loss, sigma[-1], a[-1], s[-1], g[-1], self.dz[-1], calls[-1][1])
        if loss.value_from_z:
            calls[-1] = (lambda: None), None  # the loss takes this activation along
        self.up = [(l, g[l] if g[l].size == 1 else a[l], a[l], calls[l][0]) for l in layers]
        self.down = [(l, a[l - 1], g[l - 1], self.dz[l - 1], calls[l - 1][1]) for l in layers[:0:-1]]

    def sweep(self, W, b, X, Y):
        """Forward and backward; fills dz, dW and db, and returns J."""
        below, dz, dW = X, self.dz[-1], self.dW
        for l, z, a, activate in self.up:
            W[l].dot(below, z)
            np.add(z, b[l], a)
            activate()
            below = a
        J = self.output(Y)
        for l, a, g, dz_below, back in self.down:
            dz.dot(a.T, dW[l])
            W[l].T.dot(dz, g)
            back()
            dz = dz_below
        dz.dot(X.T, dW[1])
        if self.all_db is not self.all_dz:  # which it is for one example
            self.all_dz.dot(self.ones, self.all_db)
        return J
