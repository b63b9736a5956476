"""Activations and losses that write into arrays they are given, for `backprop.workspace`.

What small networks need most stands here in a form that makes no new array. All else is taken as it
stands in `ACTIVATIONS` and `LOSSES`. Both work through a layer block by block, so that what they
need beside it is small and stays in the processor's cache.
"""

from functools import partial

import numpy as np
from numpy import absolute, add, copyto, divide, exp, greater, maximum, minimum, multiply, subtract

from . import checks
from .activations import ACTIVATIONS
from .losses import LOSSES

BLOCK = 4096  # entries that are worked through at once


def activation(row, a, s, g, dz):
    """Two functions without arguments for a layer whose activation is a row of `ACTIVATIONS`.

    The first finds z in a, leaves σ(z) there and in s what the other needs, such as σ'(z). The other
    turns g = ∂J/∂a into dz = ∂J/∂z; the two may be one array.
    """
    if row not in _FILL:
        return _any_activation(row, a, s, g, dz)
    step = max(1, BLOCK // a.shape[1])
    t = np.zeros((min(step, len(a)), a.shape[1]), a.dtype)
    numbers = np.array(0, a.dtype), np.array(1, a.dtype), _exp_limit(a.dtype)
    rows = [slice(i, min(i + step, len(a))) for i in range(0, len(a), step)]
    calls = [partial(_FILL[row], a[i], s[i], t[: i.stop - i.start], *numbers) for i in rows]

    def activate():
        for call in calls:
            call()

    return activate if len(calls) > 1 else calls[0], partial(multiply, g, s, dz)


# z is in a; leave σ(z) in a and σ'(z) in s, t is scratch.
def _sigmoid(a, s, t, zero, one, limit):
    minimum(a, limit, out=t)
    exp(t, s)
    add(s, one, t)
    divide(s, t, a)
    divide(a, t, s)


def _tanh(a, s, t, zero, one, limit):  # tanh' = 1/cosh²
    np.cosh(minimum(absolute(a, t), limit, out=t), s)
    multiply(np.reciprocal(s, t), t, s)
    np.tanh(a, a)


def _relu(a, s, t, zero, one, limit):
    greater(a, zero, s)
    maximum(a, zero, out=a)


_FILL = {ACTIVATIONS["sigmoid"]: _sigmoid, ACTIVATIONS["tanh"]: _tanh, ACTIVATIONS["relu"]: _relu}


def _any_activation(row, a, s, g, dz):
    """As it stands in `ACTIVATIONS`; s keeps z."""

    def activate():
        copyto(s, a)
        for part in _blocks(a):
            a[part] = row.value(s[part])

    def back():
        for part in _blocks(g):
            dz[part] = row.vjp(s[part], g[part])

    return activate, back


def _blocks(array):
    """Slices of some columns each: softmax needs whole ones."""
    step = max(1, BLOCK // len(array))
    return [np.s_[:, i : i + step] for i in range(0, array.shape[1], step)]


def _exp_limit(dtype):
    """The largest whole z whose exp(z) does not overflow."""
    return np.array(np.floor(np.log(np.finfo(dtype).max)), dtype)


def loss(row, sigma, a, s, g, dz, back):
    """A function output(Y) for a row of `LOSSES`: it returns J and leaves ∂J/∂z^(L) in dz.

    a, s, g, dz and back are those of the last layer, sigma is its row of `ACTIVATIONS`. A loss with
    `value_from_z` finds z in a, any other σ(z).
    """
    return _OUTPUT.get(row, _any_loss)(row, sigma, a, s, g, dz, back)


def _half_squared_error(loss, sigma, a, s, g, dz, back):
    n, flat = a.shape[1], g.reshape(-1)
    one_nth, weight = np.array(1 / n, a.dtype), 0.5 / n

    def output(Y):
        subtract(a, Y, g)
        J = flat.dot(flat) * weight
        back()
        if n > 1:
            multiply(dz, one_nth, dz)
        return J

    return output


def _cross_entropy(loss, sigma, z, s, g, dz, back):
    (K, n), flat_z = z.shape, z.reshape(-1)
    row, total, ones, one_nth = (np.ones(m, z.dtype) for m in (n, n, K, 1))
    one_nth /= n
    all_one, harmless = total.tobytes(), float(0.9 * _exp_limit(z.dtype)) ** 2

    def output(Y):
        if not Y.flags.c_contiguous:
            copyto(s, Y)
            Y = s
        flat = Y.reshape(-1)
        ones.dot(Y, total)
        exact = total.tobytes() == all_one  # other distributions sum to 1 up to rounding
        if not exact or flat[flat.argmin()] < 0:
            checks.labels_fit(loss, Y)
        if not flat_z.dot(flat_z) < harmless:  # else no exp(z) can overflow
            subtract(z, z.max(axis=0), z)
        exp(z, dz)
        ones.dot(dz, row)
        divide(dz, row, dz)
        if not exact:
            multiply(dz, total, dz)
        subtract(dz, Y, dz)
        multiply(dz, one_nth, dz)
        return (total.dot(np.log(row, row)) - flat.dot(flat_z)) / n

    return output


def _any_loss(loss, sigma, a, s, g, dz, back):
    """As it stands in `LOSSES`."""

    def output(Y):
        checks.labels_fit(loss, Y)
        J, n = 0, a.shape[1]
        for part in _blocks(a):
            if loss.value_from_z:
                J += loss.value_from_z(a[part], Y[part]).sum()
                dz[part] = (sigma.value(a[part]) - Y[part]) / n
            else:
                J += loss.value(a[part], Y[part]).sum()
                g[part] = loss.gradient(a[part], Y[part]) / n
        if not loss.value_from_z:
            back()
        return J / n

    return output


_OUTPUT = {LOSSES["half_squared_error"]: _half_squared_error, LOSSES["cross_entropy"]: _cross_entropy}
