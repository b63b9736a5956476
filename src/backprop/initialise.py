"""How the weights of a new network are drawn: one row a scheme in `SCHEMES`.

With n_in inputs and n_out outputs of a layer, the variance of a weight is 2/(n_in + n_out) for
Glorot & Bengio (2010), 2/n_in for He et al. (2015) and 1/n_in for LeCun et al. (1998). Biases
start at 0.
"""

import numpy as np

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


def variance(n_out, n_in, scheme):
    """The variance of a weight of a layer with n_in inputs and n_out outputs under a scheme.

    Raises:
        ValueError: if `scheme` is unknown; the message lists the names.
    """
    return _get(scheme)[0](n_in, n_out)


def weights(rng, n_out, n_in, scheme):
    """One weight matrix, shape (n_out, n_in), float64.

    Args:
        rng: a `numpy.random.Generator`.
        n_out, n_in: numbers of outputs and inputs of the layer.
        scheme: a name in `SCHEMES`: glorot, he, lecun (normal), or one of them with _uniform.

    Raises:
        ValueError: if `scheme` is unknown; the message lists the names.
    """
    draw = _get(scheme)[1]
    return draw(rng, np.sqrt(variance(n_out, n_in, scheme)), (n_out, n_in))


def _get(scheme):
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise ValueError(f"unknown init {scheme!r}; expected one of {', '.join(SCHEMES)}")
    return SCHEMES[scheme]
