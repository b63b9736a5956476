"""Loss functions: each value next to its gradient, one row a loss in `LOSSES`.

ℓ(a, y) is the loss of one example; the cost J is its mean over the examples of a batch
(`eq:cost`). Arrays hold one example a column: a and y are (K, N), ℓ is (N,).

Sources: Goodfellow, Bengio & Courville (2016), section 6.2.2; Nielsen (2015), chapter 3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .activations import softplus


def half_squared_error(a, y):
    return 0.5 * ((a - y) ** 2).sum(axis=0)  # eq:half-squared-error


def d_half_squared_error(a, y):
    return a - y


def squared_error(a, y):
    return ((a - y) ** 2).sum(axis=0)


def d_squared_error(a, y):
    return 2 * (a - y)


def binary_cross_entropy(a, y):
    return -(_xlogy(y, a) + _xlogy(1 - y, 1 - a)).sum(axis=0)  # eq:binary-cross-entropy


def d_binary_cross_entropy(a, y):
    return (a - y) / (a * (1 - a))


def cross_entropy(a, y):
    return -_xlogy(y, a).sum(axis=0)  # eq:softmax-cross-entropy


def d_cross_entropy(a, y):
    return -y / a


# The same two losses as functions of z, with the output activation put in: no logarithm of a
# rounded probability, hence finite for any finite z.
def sigmoid_binary_cross_entropy(z, y):
    return (softplus(z) - y * z).sum(axis=0)


def softmax_cross_entropy(z, y):
    m = z.max(axis=0, keepdims=True)
    log_sum_exp = m + np.log(np.exp(z - m).sum(axis=0, keepdims=True))
    return (y * (log_sum_exp - z)).sum(axis=0)


def _xlogy(y, a):
    """Y ln a, and 0 where y = 0, also at a = 0."""
    out = np.zeros(np.shape(a), np.result_type(a, np.float32))  # a may hold integers
    return np.multiply(y, np.log(a, where=np.not_equal(y, 0), out=out))


@dataclass(frozen=True)
class Loss:
    """A loss ℓ(a, y) with its gradient.

    Attributes:
        name: the name that `Network` takes.
        value: (a, y) ↦ ℓ for each column; (K, N), (K, N) → (N,).
        gradient: (a, y) ↦ ∇_a ℓ; (K, N), (K, N) → (K, N).
        output: the one output activation it goes with, or None when any will do.
        value_from_z: (z, y) ↦ ℓ with that output activation put in; None where there is none.
            With it comes the short output error δ = a - y.
    """

    name: str
    value: Callable
    gradient: Callable
    output: str | None = None
    value_from_z: Callable | None = None


LOSSES = {
    row.name: row
    for row in (
        Loss("half_squared_error", half_squared_error, d_half_squared_error),
        Loss("squared_error", squared_error, d_squared_error),
        Loss("binary_cross_entropy", binary_cross_entropy, d_binary_cross_entropy,
             output="sigmoid", value_from_z=sigmoid_binary_cross_entropy),
        Loss("cross_entropy", cross_entropy, d_cross_entropy,
             output="softmax", value_from_z=softmax_cross_entropy),
    )
}  # fmt: skip


def get(name):
    """The row of `LOSSES` called `name`.

    Raises:
        ValueError: if there is none; the message lists the names.
    """
    if not isinstance(name, str) or name not in LOSSES:
        raise ValueError(f"unknown loss {name!r}; expected one of {', '.join(LOSSES)}")
    return LOSSES[name]
