"""Activation functions: each value next to its derivative, one row a function in `ACTIVATIONS`.

A derivative takes the pre-activation z, never the activation a. All functions work element by
element on arrays of any shape and keep the dtype; only softmax couples the entries of a column.

Sources: Goodfellow, Bengio & Courville (2016), section 6.3; He et al. (2015) for PReLU; Clevert et
al. (2016) for ELU; Hendrycks & Gimpel (2016) for GELU.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LEAKY_SLOPE = 0.01
PRELU_SLOPE = 0.25  # where He et al. (2015) start the learned slope; the network keeps it fixed

_erfc = np.vectorize(math.erfc, otypes=[float])  # numpy has none; erfc keeps the left tail's digits


def _normal_cdf(z):
    return (0.5 * _erfc(z / -math.sqrt(2))).astype(np.result_type(z, np.float32))  # integers too


def _normal_pdf(z):
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _positive(z):
    return (z > 0).astype(z.dtype)


def identity(z):
    return z.copy()


def d_identity(z):
    return np.ones_like(z)


# sigmoid, softplus and tanh are written so that they neither overflow nor lose digits in a tail,
# and so that they are analytic in z: the complex step passes through them.
def sigmoid(z):
    m = np.maximum(z, 0)
    return np.exp(z - m) / (1 + np.exp(z - 2 * m))


def d_sigmoid(z):
    return sigmoid(z) * sigmoid(-z)  # 1 - sigmoid(z) would lose its digits for large z


def tanh(z):
    return np.tanh(z)


def d_tanh(z):
    return 4 * d_sigmoid(2 * z)  # 1 - tanh(z)**2 would lose its digits for large z


def softplus(z):
    m = np.maximum(z, 0)
    return m + np.log1p(np.exp(z - 2 * m))


def d_softplus(z):
    return sigmoid(z)


def relu(z):
    return np.maximum(z, 0)


def d_relu(z):
    return _positive(z)  # 0 at z = 0, by convention


def leaky_relu(z, slope=LEAKY_SLOPE):
    return z * d_leaky_relu(z, slope)


def d_leaky_relu(z, slope=LEAKY_SLOPE):
    return slope + (1 - slope) * _positive(z)


def prelu(z, slope=PRELU_SLOPE):
    return leaky_relu(z, slope)


def d_prelu(z, slope=PRELU_SLOPE):
    return d_leaky_relu(z, slope)


def elu(z):
    return np.maximum(z, 0) + np.expm1(np.minimum(z, 0))


def d_elu(z):
    return np.exp(np.minimum(z, 0))


def gelu(z):
    return z * _normal_cdf(z)


def d_gelu(z):
    return _normal_cdf(z) + z * _normal_pdf(z)


def softmax(z):
    """Columns of probabilities: exp(z_k) / sum_j exp(z_j) for z of shape (K, N)."""
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def softmax_vjp(z, upstream):
    """J^T g for each column, with J = diag(a) - a a^T, without forming J."""
    a = softmax(z)
    return a * (upstream - (a * upstream).sum(axis=0, keepdims=True))  # eq:softmax-jacobian


@dataclass(frozen=True)
class Activation:
    """An activation function σ with what the book tells about it.

    Attributes:
        name: the name that `Network` takes.
        value: z ↦ σ(z), any shape (softmax: (K, N), by columns).
        derivative: z ↦ σ'(z), the shape of z; None for softmax, which has a Jacobian instead.
        range: infimum and supremum of σ.
        max_derivative: supremum of σ'.
        smooth: False where σ' or σ'' jumps (at z = 0); finite differences go wrong there.
    """

    name: str
    value: Callable
    derivative: Callable | None
    range: tuple[float, float]
    max_derivative: float
    smooth: bool = True

    def vjp(self, z, upstream):
        """The vector-Jacobian product J_σ(z)^T g: what the backward pass does at an activation.

        Args:
            z: pre-activations, shape (n, N).
            upstream: g = ∂ℓ/∂a, shape (n, N).

        Returns:
            ∂ℓ/∂z, shape (n, N): g ⊙ σ'(z) for an element-wise σ (`eq:delta-output`).
        """
        if self.derivative is None:
            return softmax_vjp(z, upstream)
        return upstream * self.derivative(z)


_INF = math.inf
_GELU_MINIMUM = -0.16997120747990369  # at z = -0.7517915247
_GELU_STEEPEST = 1.1289041451851548  # at z = sqrt(2)

ACTIVATIONS = {
    row.name: row
    for row in (
        #          name          value       derivative      range                max σ'  smooth
        Activation("identity", identity, d_identity, (-_INF, _INF), 1.0),
        Activation("sigmoid", sigmoid, d_sigmoid, (0.0, 1.0), 0.25),
        Activation("tanh", tanh, d_tanh, (-1.0, 1.0), 1.0),
        Activation("relu", relu, d_relu, (0.0, _INF), 1.0, smooth=False),
        Activation("leaky_relu", leaky_relu, d_leaky_relu, (-_INF, _INF), 1.0, smooth=False),
        Activation("prelu", prelu, d_prelu, (-_INF, _INF), 1.0, smooth=False),
        Activation("elu", elu, d_elu, (-1.0, _INF), 1.0, smooth=False),
        Activation("gelu", gelu, d_gelu, (_GELU_MINIMUM, _INF), _GELU_STEEPEST),
        Activation("softplus", softplus, d_softplus, (0.0, _INF), 1.0),
        Activation("softmax", softmax, None, (0.0, 1.0), 0.25),
    )
}


def get(name):
    """The row of `ACTIVATIONS` called `name`.

    Raises:
        ValueError: if there is none; the message lists the names.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}; expected one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]
