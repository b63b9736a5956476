"""How the weights of a new network are drawn: one row a scheme in `SCHEMES`.

With n_in inputs and n_out outputs of a layer, the variance of a weight is 2/(n_in + n_out) for
Glorot & Bengio (2010), 2/n_in for He et al. (2015) and 1/n_in for LeCun et al. (1998). Biases
start at 0.
"""

import numpy as np

from . import checks

VARIANCE = {
    "glorot": lambda n_in, n_out: 2 / (n_in + n_out),  # eq:glorot
    "he": lambda n_in, n_out: 2 / n_in,  # eq:he
    "lecun": lambda n_in, n_out: 1 / n_in,  # eq:lecun
}


def _normal(rng, std, shape):
    return rng.normal(0.0, std, shape)


def _uniform(rng, std, shape):
    bound = np.sqrt(3) * std  # a uniform variable on (-c, c) has variance c^2 / 3
    return rng.uniform(-bound, bound, shape)


SCHEMES = {name: (VARIANCE[name], _normal) for name in VARIANCE} | {
    f"{name}_uniform": (VARIANCE[name], _uniform) for name in VARIANCE
}


def variance(n_in, n_out, scheme):
    """The variance of a weight of a layer with n_in inputs and n_out outputs under a scheme.

    Raises:
        ValueError: if `scheme` is unknown; the message lists the names.
    """
    return checks.one_of("init", scheme, SCHEMES)[0](n_in, n_out)


def weights(rng, n_in, n_out, scheme):
    """One weight matrix, shape (n_out, n_in), float64.

    Args:
        rng: a `numpy.random.Generator`.
        n_in, n_out: numbers of inputs and outputs of the layer.
        scheme: a name in `SCHEMES`: glorot, he, lecun (normal), or one of them with _uniform.

    Raises:
        ValueError: if `scheme` is unknown; the message lists the names.
    """
    std = np.sqrt(variance(n_in, n_out, scheme))
    return SCHEMES[scheme][1](rng, std, (n_out, n_in))
