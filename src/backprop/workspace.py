"""The fast path: the two sweeps of `backprop.network` in memory that is set aside once.

`backprop.network` is the text to read. This module computes the same numbers, and
tests/unit/test_workspace.py compares the two to rounding. What makes it fast:

- every array is allocated once, every call writes into one of them, every transpose is a view;
- an activation works in place and keeps only what its derivative needs;
- the error signals of all layers are rows of one array, so that one product with a vector of
  ones gives every bias gradient, and one multiplication divides all of them by N;
- a large layer is worked through in blocks of rows that stay in the processor's cache;
- the calls are laid out once for each batch size (`_Plan`), so that a tiny network spends its
  time in numpy and not in Python.
"""

import math
import numbers
from functools import partial
from itertools import accumulate

import numpy as np
from numpy import (
    absolute,
    add,
    copyto,
    cosh,
    divide,
    exp,
    expm1,
    greater,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    subtract,
    tanh,
)

from . import checks
from .activations import ACTIVATIONS, LEAKY_SLOPE, PRELU_SLOPE
from .losses import LOSSES
from .network import Gradients

BLOCK = 16384  # entries in a block of rows: 128 KB in float64, so that several fit into the cache

_erfc = np.frompyfunc(math.erfc, 1, 1)


class Workspace:
    """Memory for `value_and_grad` on batches of up to N examples.

    ```python
    ws = bp.Workspace(net, 32)
    J, grads = bp.value_and_grad(net, X, Y, workspace=ws)
    ```

    **The arrays in `grads` belong to the workspace: the next call overwrites them. Copy what you
    want to keep.** The cost J is a number of its own.

    Parameters and examples are read at each call, never kept: change them in place or replace
    them. A workspace suits every network with the layer sizes, activations, loss and dtype of the
    one it was made for. A batch may have fewer than N examples, so that the last one of an epoch
    needs no second workspace. Threads need a workspace each; they may share a network while
    nobody changes it.

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
        self.activations, self.loss = list(net.activations), net.loss
        self._sigma, self._loss_function = list(net.sigma), net.loss_function
        self._memory, self._plans = {}, {}
        self._plan = self._plan_for(self.N)

    def __repr__(self):
        return f"<Workspace for batches of up to {self.N}, sizes {self.sizes}, {self.dtype}>"

    def value_and_grad(self, net, X, Y):
        """What `backprop.value_and_grad` returns with this workspace; arguments and errors as there."""
        if net.sigma != self._sigma or net.loss_function is not self._loss_function:
            self._expect(net)  # a deep copy has functions that are equal, not identical
            self._sigma, self._loss_function = list(net.sigma), net.loss_function
        plan = self._plan
        try:
            J, sound = plan.run(net.W, net.b, X, Y)
        except Exception:
            sound = None
        if sound is None:
            # Another batch size, something to convert, or an error: there is time to find out.
            self._expect(net)
            X, Y, plan = self._admit(X, Y)
            J, sound = plan.run(net.W, net.b, X, Y)
        if not sound:
            checks.real_array("X", X)
            checks.real_array("Y", Y)
        return J, Gradients(plan.delta.copy(), plan.dW.copy(), plan.db.copy())

    def _expect(self, net):
        """Raise ValueError unless this workspace suits `net`."""
        W, b = net.W[1:], net.b[1:]
        dtypes = {str(np.asarray(p).dtype) for p in [*W, *b]}
        pairs = list(zip(self.sizes[1:], self.sizes, strict=False))
        for what, expected, got in (
            ("shapes of W", pairs, [np.shape(w) for w in W]),
            ("shapes of b", [(n, 1) for n in self.sizes[1:]], [np.shape(v) for v in b]),
            ("dtype", str(self.dtype), ", ".join(sorted(dtypes))),
            ("activations", self.activations, list(net.activations)),
            ("loss", self.loss, net.loss),
            ("functions", [*self._sigma[1:], self._loss_function], [*net.sigma[1:], net.loss_function]),
        ):
            if got != expected:
                raise ValueError(
                    f"workspace: expected a network like the one it was made for, "
                    f"with {what} {expected}, got {got}"
                )

    def _admit(self, X, Y):
        """X and Y in the form that a plan takes, and the plan for this number of examples."""
        X = checks.real_array("X", X, (self.sizes[0], "N"), self.dtype)
        n = X.shape[1]
        if n > self.N:
            raise ValueError(f"X: expected at most {self.N} examples, as the workspace holds, got {n}")
        Y = checks.real_array("Y", Y, (self.sizes[-1], n), self.dtype)
        checks.labels_fit(self._loss_function, Y)
        self._plan = self._plan_for(n)
        return X, Y, self._plan

    def _plan_for(self, n):
        if n not in self._plans:
            # The largest batch and the last smaller one are kept: an epoch needs no more.
            self._plans = {size: plan for size, plan in self._plans.items() if size == self.N}
            self._plans[n] = _Plan(self.sizes, self._sigma, self._loss_function, self.dtype, n, self._take)
        return self._plans[n]

    def _take(self, name, rows, n=None):
        """Memory called `name`: an array (rows, n), or (rows,) without n; kept for up to N columns."""
        if name not in self._memory:
            self._memory[name] = np.zeros(rows if n is None else rows * self.N, self.dtype)
        flat = self._memory[name]
        return flat if n is None else flat[: rows * n].reshape(rows, n)


class _Plan:
    """The calls for a batch of n examples, laid out in order.

    Attributes:
        run: (W, b, X, Y) ↦ (J, sound). It fills delta, dW and db. `sound` is False if X or Y may
            hold an entry that is not finite. It raises some error if W, b or Y is unfit.
        delta, dW, db: lists of arrays as in `Gradients`.
    """

    def __init__(self, sizes, sigma, loss, dtype, n, take):
        L = len(sizes) - 1
        layers = range(1, L + 1)
        Y_shape = (sizes[L], n)

        # δ and ∂J/∂b: rows of one array for all layers. ∂J/∂W: one layer after the other.
        ends = [0, *accumulate(sizes[1:])]
        rows = [None, *(slice(ends[l - 1], ends[l]) for l in layers)]
        all_delta, all_db = take("delta", ends[L], n), take("db", ends[L]).reshape(-1, 1)
        self.delta = [None, *(all_delta[rows[l]] for l in layers)]
        self.db = [None, *(all_db[rows[l]] for l in layers)]
        shapes = [None, *((sizes[l], sizes[l - 1]) for l in layers)]
        ends = [0, *accumulate(m * k for m, k in shapes[1:])]
        all_dW = take("dW", ends[L])
        self.dW = [None, *(all_dW[ends[l - 1] : ends[l]].reshape(shapes[l]) for l in layers)]

        # The mean over the examples: either all δ or all ∂J/∂W are divided, whichever is less.
        one_nth = np.array(1 / n, dtype)
        ones_nth = np.full((n, 1), one_nth)
        divide_delta = n > 1 and all_delta.size < all_dW.size
        divide_dW = n > 1 and not divide_delta
        all_mean = take("delta / n", len(all_delta), n) if divide_delta else all_delta
        mean_delta = [None, *(all_mean[rows[l]] for l in layers)]

        a = [None, *(take(f"a[{l}]", sizes[l], n) for l in layers)]
        steps = [None, *(_steps(sigma[l], l, a[l], self.delta[l], take) for l in layers)]
        steps[L] = _last_steps(loss, sigma[L], *steps[L], a[L], self.delta[L], take)
        output = steps[L][1]
        up = [(l, a[l], (sizes[l], 1), steps[l][0]) for l in layers]
        down = [(l + 1, self.delta[l + 1], self.delta[l], steps[l][1]) for l in range(L - 1, 0, -1)]
        products = [(mean_delta[l], a[l - 1].T, self.dW[l]) for l in layers[1:]]
        first_delta, first_dW = mean_delta[1], self.dW[1]
        # An activation may hide an infinite entry of X from J, such as σ(∞) = 1. But any weight times
        # ∞ is infinite or NaN, 0 too, and shows in the first row of W^(1) X; there 0 · ∞ is NaN.
        # (With one input only, numpy may skip a product with 0: then X itself is looked at.)
        watched, zeros = (None if sizes[0] == 1 else a[1][0]), np.zeros(n, dtype)

        def run(W, b, X, Y):
            below = X
            for l, z, shape, activate in up:
                w, v = W[l], b[l]
                w.dot(below, z)  # raises an error for other shapes of w and X
                if below is X:
                    health = (X[0] if watched is None else watched).dot(zeros)
                if v.shape != shape or w.dtype is not dtype or v.dtype is not dtype:
                    raise ValueError("parameters of another shape or dtype")
                activate(v)
                below = z
            if Y.shape != Y_shape:
                raise ValueError("labels of another shape")
            J = output(Y)
            for l, above, here, pull in down:
                W[l].T.dot(above, here)
                pull()
            all_delta.dot(ones_nth, all_db)
            if divide_delta:
                multiply(all_delta, one_nth, all_mean)
            first_delta.dot(X.T, first_dW)
            for delta, a_transposed, dW in products:
                delta.dot(a_transposed, dW)
            if divide_dW:
                multiply(all_dW, one_nth, all_dW)
            return J, math.isfinite(J + health)

        self.run = run


def _steps(sigma, l, a, g, take):
    """The steps (activate, pull) of layer l, a pair of functions.

    activate(b) finds W a^(l-1) in `a` and leaves σ(W a^(l-1) + b) there. pull() finds the upstream
    gradient ∂ℓ/∂a in `g` and leaves the error signal ∂ℓ/∂z there.
    """
    m, n = a.shape
    make = IN_PLACE.get(sigma)
    height = m if make is None or make is _softmax else max(1, BLOCK // n)
    blocks = []
    for top in range(0, m, height):
        rows = slice(top, min(top + height, m))
        kept = partial(_rows, take, l, m, n, rows)
        scratch = take(f"scratch[{l}]", m, n)[: rows.stop - rows.start]
        steps = make(a[rows], g[rows], kept, scratch) if make else _any(sigma, a, g, kept)
        blocks.append((rows, *steps))
    if len(blocks) == 1:
        return blocks[0][1:]

    def activate(b):
        for rows, activate_block, _ in blocks:
            activate_block(b[rows])

    def pull():
        for _, _, pull_block in blocks:
            pull_block()

    return activate, pull


def _rows(take, l, m, n, rows, name):
    return take(f"{name}[{l}]", m, n)[rows]


# The activations in place, written like `backprop.activations` so that no tail loses its digits.
# `kept(name)` is memory that lives from activate to pull, `scratch` is memory that lives for one step.
# A step avoids to write where it reads: numpy is slow at that for an array of a single entry.


def _identity(a, g, kept, scratch):
    def activate(b):
        add(a, b, a)

    def pull():
        pass

    return activate, pull


def _sigmoid(a, g, kept, scratch):
    if a.size == 1 and a.itemsize <= 8:
        return _sigmoid_of_a_number(a, g)
    q, s, one, high = kept("q"), scratch, _scalar(1, a), _exp_limit(a)

    def activate(b):  # with e = exp(z) and q = 1 + e: σ = e/q
        add(a, b, s)
        minimum(s, high, out=a)
        exp(a, s)
        add(s, one, q)
        divide(s, q, a)

    def pull():  # σ' = σ/q
        multiply(g, a, s)
        divide(s, q, g)

    return activate, pull


def _sigmoid_of_a_number(a, g):
    """One unit, one example: Python does such sums in a fraction of the time of a call of numpy."""
    q, high = 1.0, float(_exp_limit(a))

    def activate(b):
        nonlocal q
        z = a.item() + b.item()
        e = math.exp(high if z > high else z)  # NaN stays NaN
        q = 1.0 + e
        a[0, 0] = e / q

    def pull():
        g[0, 0] = g.item() * a.item() / q

    return activate, pull


def _tanh(a, g, kept, scratch):
    z, s, high = kept("z"), scratch, _exp_limit(a)

    def activate(b):
        add(a, b, z)
        tanh(z, a)

    def pull():  # tanh' = 1/cosh²
        absolute(z, s)
        minimum(s, high, out=z)
        cosh(z, s)
        divide(g, s, z)
        divide(z, s, g)

    return activate, pull


def _relu(a, g, kept, scratch):
    s, zero = scratch, _scalar(0, a)

    def activate(b):
        add(a, b, s)
        maximum(s, zero, out=a)

    def pull():
        greater(a, zero, s)
        multiply(g, s, g)

    return activate, pull


def _leaky(slope):
    def make(a, g, kept, scratch):
        s, zero, low, rest = scratch, _scalar(0, a), _scalar(slope, a), _scalar(1 - slope, a)

        def activate(b):
            add(a, b, a)
            multiply(a, low, s)
            maximum(a, s, out=a)

        def pull():
            greater(a, zero, s)
            multiply(s, rest, s)
            add(s, low, s)
            multiply(g, s, g)

        return activate, pull

    return make


def _elu(a, g, kept, scratch):
    negative_part, s, zero = kept("z"), scratch, _scalar(0, a)

    def activate(b):
        add(a, b, a)
        minimum(a, zero, out=negative_part)
        maximum(a, zero, out=a)
        expm1(negative_part, s)
        add(a, s, a)

    def pull():
        exp(negative_part, negative_part)
        multiply(g, negative_part, g)

    return activate, pull


def _gelu(a, g, kept, scratch):
    z, cdf, s = kept("z"), kept("cdf"), scratch
    half, root, height = _scalar(0.5, a), _scalar(-math.sqrt(2), a), _scalar(1 / math.sqrt(2 * math.pi), a)
    minus_half = -half

    def activate(b):
        add(a, b, z)
        divide(z, root, s)
        _erfc(s, cdf, casting="unsafe")
        multiply(cdf, half, cdf)
        multiply(z, cdf, a)

    def pull():
        multiply(z, z, s)
        multiply(s, minus_half, s)
        exp(s, s)
        multiply(s, height, s)
        multiply(s, z, s)
        add(s, cdf, s)
        multiply(g, s, g)

    return activate, pull


def _softplus(a, g, kept, scratch):
    s, zero = scratch, _scalar(0, a)

    def activate(b):
        add(a, b, a)
        _softplus_parts(a, a, s, zero)

    def pull():  # softplus' = σ(z) = 1 - exp(-a)
        negative(a, s)
        expm1(s, s)
        multiply(g, s, g)
        negative(g, g)

    return activate, pull


def _softplus_parts(z, out, s, zero):
    """softplus(z) = max(z, 0) + ln(1 + exp(-|z|)) into `out`, which may be z."""
    absolute(z, s)
    negative(s, s)
    exp(s, s)
    log1p(s, s)
    maximum(z, zero, out=out)
    add(out, s, out)


def _softmax(a, g, kept, scratch):
    ones, s = np.ones((1, len(a)), a.dtype), scratch
    row = np.empty_like(a[:1])

    def activate(b):
        add(a, b, a)
        maximum.reduce(a, 0, None, row, True)
        subtract(a, row, a)
        exp(a, a)
        ones.dot(a, row)
        divide(a, row, a)

    def pull():
        multiply(a, g, s)
        ones.dot(s, row)
        subtract(g, row, g)
        multiply(g, a, g)

    return activate, pull


def _any(sigma, a, g, kept):
    """For a row added to `ACTIVATIONS` from outside."""
    z = kept("z")

    def activate(b):
        add(a, b, z)
        copyto(a, sigma.value(z))

    def pull():
        copyto(g, sigma.vjp(z, g))

    return activate, pull


IN_PLACE = {
    ACTIVATIONS["identity"]: _identity,
    ACTIVATIONS["sigmoid"]: _sigmoid,
    ACTIVATIONS["tanh"]: _tanh,
    ACTIVATIONS["relu"]: _relu,
    ACTIVATIONS["leaky_relu"]: _leaky(LEAKY_SLOPE),
    ACTIVATIONS["prelu"]: _leaky(PRELU_SLOPE),
    ACTIVATIONS["elu"]: _elu,
    ACTIVATIONS["gelu"]: _gelu,
    ACTIVATIONS["softplus"]: _softplus,
    ACTIVATIONS["softmax"]: _softmax,
}


def _scalar(value, like):
    return np.array(value, like.dtype)  # numpy takes an array of no dimension faster than a float


def _exp_limit(like):
    """The largest whole z whose exp(z) does not overflow."""
    return np.array(np.floor(log(np.finfo(like.dtype).max)), like.dtype)


def _last_steps(loss, sigma, activate, pull, a, delta, take):
    """The steps (activate, output) of the output layer.

    activate(b) is as in `_steps`, or adds b only; output(Y) leaves δ^(L) in `delta` and returns J.
    It raises an error if Y is unfit.
    """
    fused = FUSED.get((loss, sigma))
    if fused is not None:
        return _identity(a, delta, None, None)[0], fused(loss, a, delta, take)
    if loss not in (HALF_SQUARED, SQUARED):  # a row added to `LOSSES` from outside

        def output(Y):
            J = loss.value(a, Y).mean()
            copyto(delta, loss.gradient(a, Y))
            pull()
            return J

        return activate, output

    flat = delta.reshape(-1)
    half = loss == HALF_SQUARED
    weight = (0.5 if half else 1.0) / a.shape[1]

    def output(Y):
        subtract(a, Y, delta)
        J = flat.dot(flat) * weight
        if not half:
            add(delta, delta, delta)
        pull()
        return J

    return activate, output


def _softmax_cross_entropy(loss, z, delta, take):
    K, n = z.shape
    labels, flat_z = take("labels", K, n), z.reshape(-1)
    flat_labels = labels.reshape(-1)
    ones, one, n = np.ones((1, K), z.dtype), _scalar(1, z), float(n)
    row, total, excess = (np.empty_like(z[:1]) for _ in range(3))
    flat_row, flat_total, flat_excess = row[0], total[0], excess[0]
    tolerance = checks.SUM_TOLERANCE**2

    def output(Y):
        copyto(labels, Y)
        ones.dot(labels, total)
        subtract(total, one, excess)
        off = flat_excess.dot(flat_excess)
        if not (off <= tolerance and flat_labels[flat_labels.argmin()] >= 0):
            checks.labels_fit(loss, labels)
        maximum.reduce(z, 0, None, row, True)
        subtract(z, row, z)
        exp(z, delta)
        ones.dot(delta, row)
        divide(delta, row, delta)
        if off != 0:  # labels of a distribution sum to 1 only up to rounding
            multiply(delta, total, delta)
        subtract(delta, labels, delta)
        # Σ y (ln Σ exp z' - z') with z' = z - max z: no sum of terms of different signs
        log(row, row)
        return (flat_total.dot(flat_row) - flat_labels.dot(flat_z)) / n

    return output


def _sigmoid_cross_entropy(loss, z, delta, take):
    n = float(z.shape[1])
    p, s = take("output 0", *z.shape), take("output 1", *z.shape)
    flat, ones = p.reshape(-1), np.ones(z.size, z.dtype)
    one, zero = _scalar(1, z), _scalar(0, z)

    def output(Y):
        if not (minimum.reduce(Y, None) >= 0 and maximum.reduce(Y, None) <= 1):
            checks.labels_fit(loss, Y)
        _softplus_parts(z, p, s, zero)
        multiply(z, Y, s)
        subtract(p, s, p)
        J = flat.dot(ones) / n
        maximum(z, zero, out=p)
        subtract(z, p, s)
        exp(s, s)
        absolute(z, p)
        negative(p, p)
        exp(p, p)
        add(p, one, p)
        divide(s, p, delta)
        subtract(delta, Y, delta)
        return J

    return output


HALF_SQUARED, SQUARED = LOSSES["half_squared_error"], LOSSES["squared_error"]
FUSED = {
    (LOSSES["cross_entropy"], ACTIVATIONS["softmax"]): _softmax_cross_entropy,
    (LOSSES["binary_cross_entropy"], ACTIVATIONS["sigmoid"]): _sigmoid_cross_entropy,
}
