"""Activations and losses that write into arrays they are given, for `backprop.workspace`.

What small networks need most stands here in a form that makes no new array. All else is taken as it
stands in `ACTIVATIONS` and `LOSSES`, block by block, so that the new arrays are small.

An activation is two functions. `activate(a, s, t)` finds z in a, leaves σ(z) there and in s what the
other needs, such as σ'(z); t is scratch. `back(g, s, dz)` turns g = ∂J/∂a into dz = ∂J/∂z. A loss is
one function, output(Y), which returns J and leaves ∂J/∂z^(L) in dz. Where it costs nothing no call
overwrites its own operand: numpy takes longer then for an array of one entry.
"""

import numpy as np
from numpy import absolute, add, copyto, divide, exp, greater, maximum, minimum, multiply, subtract

from . import checks
from .activations import ACTIVATIONS
from .losses import LOSSES

BLOCK = 2048  # entries worked through at once where new arrays are made


def activation(row, dtype):
    """(activate, back) for a row of `ACTIVATIONS`."""
    return _ACTIVATIONS.get(row, _any_activation)(row, dtype)


def loss(row, sigma, back, a, s, dz):
    """Output for a row of `LOSSES` and the output activation sigma; a, s, dz are the last layer's.

    A loss with `value_from_z` finds z in a, any other σ(z).
    """
    return _LOSSES.get(row, _any_loss)(row, sigma, back, a, s, dz)


def nothing(*_):
    pass


def _times_slope(g, s, dz):
    multiply(g, s, dz)


def _sigmoid(_, dtype):
    one, limit = np.array(1, dtype), _exp_limit(dtype)

    def activate(a, s, t):
        minimum(a, limit, out=t)
        exp(t, s)
        add(s, one, t)
        divide(s, t, a)
        divide(a, t, s)

    return activate, _times_slope


def _tanh(_, dtype):
    limit = _exp_limit(dtype)

    def activate(a, s, t):  # tanh' = 1/cosh²
        np.cosh(minimum(absolute(a, t), limit, out=t), s)
        multiply(np.reciprocal(s, t), t, s)
        np.tanh(a, a)

    return activate, _times_slope


def _relu(_, dtype):
    zero = np.array(0, dtype)

    def activate(a, s, t):
        greater(a, zero, s)
        maximum(a, zero, out=a)

    return activate, _times_slope


def _any_activation(row, _):
    """As it stands in `ACTIVATIONS`, block by block; s keeps z."""

    def activate(a, s, t):
        copyto(s, a)
        for part in _blocks(a):
            a[part] = row.value(s[part])

    def back(g, s, dz):
        for part in _blocks(g):
            dz[part] = row.vjp(s[part], g[part])

    return activate, back


def _blocks(array):
    """Slices of some columns each."""
    step = max(1, BLOCK // len(array))
    return [np.s_[:, i : i + step] for i in range(0, array.shape[1], step)]


def _exp_limit(dtype):
    """The largest whole z whose exp(z) does not overflow."""
    return np.array(np.floor(np.log(np.finfo(dtype).max)), dtype)


def _half_squared_error(loss, sigma, back, a, s, dz):
    n, error = a.shape[1], np.zeros_like(a)
    flat, one_nth, weight = error.reshape(-1), np.array(1 / n, a.dtype), 0.5 / n

    def output(Y):
        subtract(a, Y, error)
        back(error, s, dz)
        if n > 1:
            multiply(dz, one_nth, dz)
        return flat.dot(flat) * weight

    return output


def _cross_entropy(loss, sigma, back, z, s, dz):
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
            checks.labels_fit(loss, checks.real_array("Y", Y))
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


def _any_loss(loss, sigma, back, a, s, dz):
    """As it stands in `LOSSES`, block by block."""

    def output(Y):
        checks.labels_fit(loss, checks.real_array("Y", Y))
        J, n = 0, a.shape[1]
        for part in _blocks(a):
            if loss.value_from_z:
                J += loss.value_from_z(a[part], Y[part]).sum()
                dz[part] = (sigma.value(a[part]) - Y[part]) / n
            else:
                J += loss.value(a[part], Y[part]).sum()
                dz[part] = loss.gradient(a[part], Y[part]) / n
        if not loss.value_from_z:
            copyto(a, dz)
            back(a, s, dz)
        return J / n

    return output


_ACTIVATIONS = {ACTIVATIONS["sigmoid"]: _sigmoid, ACTIVATIONS["tanh"]: _tanh, ACTIVATIONS["relu"]: _relu}
_LOSSES = {LOSSES["half_squared_error"]: _half_squared_error, LOSSES["cross_entropy"]: _cross_entropy}
