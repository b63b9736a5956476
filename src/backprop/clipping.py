"""A narrow valley that ends at a cliff: the cost of a deep chain of two weights, and paths down it.

The network: T linear units in a row share the weight u, a last one has the weight v, the input is
1 and the label 1: J(u, v) = ½ (uᵀ v − 1)² with uᵀ for u to the power T. It is the smallest model
of an exploding gradient (Pascanu, Mikolov & Bengio 2013).
"""

from dataclasses import dataclass

import numpy as np

from .training import clipping_factor

FARTHEST = 50.0  # a path that leaves this square is lost


def cost(u, v, depth):
    """J(u, v) = ½ (u^depth · v − 1)², for numbers or arrays of one shape."""
    return 0.5 * (u**depth * v - 1) ** 2


def gradient(u, v, depth):
    """(∂J/∂u, ∂J/∂v); u is used by `depth` layers, so its gradient is a sum over them.

    >>> gradient(1.0, 2.0, 3)
    (6.0, 1.0)
    """
    error = u**depth * v - 1
    return error * depth * u ** (depth - 1) * v, error * u**depth


@dataclass(frozen=True)
class Path:
    """Gradient descent from a point.

    Attributes:
        points: (steps + 1, 2), the places (u, v).
        norms: (steps,), the norm of the gradient at each place before it was clipped.
        costs: (steps + 1,).
        lost: whether the path left the square |u|, |v| <= 50 and was ended there.
    """

    points: np.ndarray
    norms: np.ndarray
    costs: np.ndarray
    lost: bool


def descend(start, depth, eta, steps, threshold=None):
    """Gradient descent on `cost`.

    Args:
        start: (u, v).
        depth: number of layers that share u.
        eta: step size.
        steps: how many steps.
        threshold: norm to which a gradient is clipped, or None for no clipping.

    Returns:
        A `Path`, shorter than asked for if it is lost.

    Raises:
        ValueError: if threshold <= 0.
    """
    if threshold is not None and not threshold > 0:
        raise ValueError(f"threshold: expected a norm > 0 or None, got {threshold}")
    points, norms = [np.array(start, dtype=float)], []
    while len(norms) < steps and np.all(np.abs(points[-1]) <= FARTHEST):
        g = np.array(gradient(*points[-1], depth))
        norms.append(float(np.linalg.norm(g)))
        if threshold is not None:
            g *= clipping_factor(norms[-1], threshold)
        points.append(points[-1] - eta * g)
    lost = bool(np.any(np.abs(points[-1]) > FARTHEST))
    places = np.array(points)
    with np.errstate(over="ignore"):  # where a lost path ended, the cost may be infinite
        costs = cost(places[:, 0], places[:, 1], depth)
    return Path(places, np.array(norms), costs, lost)


def level(height, depth, u):
    """The two level curves J = height over u > 0: v = (1 ± √(2·height)) / u^depth, two arrays."""
    reach = np.sqrt(2 * height)
    return (1 - reach) / u**depth, (1 + reach) / u**depth
