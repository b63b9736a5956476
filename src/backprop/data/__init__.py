"""Data sets to train on: all of them fit into the package or come out of a formula.

Every set is an `Examples(X, Y)` with one example a column, X (n_0, N) and Y (K, N), or holds some.
"""

import numbers
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from .families import family_trees

__all__ = [
    "Digits",
    "Examples",
    "circles",
    "digits",
    "family_trees",
    "moons",
    "shifted",
    "spirals",
    "symmetry",
    "xor",
]


class Examples(NamedTuple):
    """Inputs X (n_0, N) and labels Y (K, N). A pair: `bp.train(net, *examples)`."""

    X: np.ndarray
    Y: np.ndarray

    @property
    def classes(self):
        """The class of each example, (N,): row of the largest label, or 0 and 1 for a single row."""
        return (self.Y[0] > 0.5).astype(int) if len(self.Y) == 1 else self.Y.argmax(axis=0)


@dataclass(frozen=True, eq=False)
class Digits:
    """The digits in three parts that share no example.

    Attributes:
        train: to take gradients on. validation: to choose settings by. test: to report, once.
            Each is an `Examples` with pixels 0 to 1, row by row from the top left, X (64, n), and
            one-hot labels, Y (10, n).
    """

    train: Examples
    validation: Examples
    test: Examples


def digits(seed=0):
    """The 1,797 handwritten digits, 8 × 8 pixels, split by a seed.

    Of each class, 20 % (rounded) go to the test set and 10 % to the validation set; a permutation
    drawn with the seed says which. The three parts are in mixed order.

    Args:
        seed: an integer or a `numpy.random.Generator`.

    Returns:
        `Digits`.

    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, CC BY 4.0; see DIGITS.md beside this file.
    """
    pixels, labels = _stored_digits()
    rng = np.random.default_rng(seed)
    parts = ([], [], [])
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(labels == digit))
        n_test, n_validation = round(0.2 * len(members)), round(0.1 * len(members))
        cuts = np.split(members, [n_test, n_test + n_validation])
        for part, indices in zip(parts, cuts, strict=True):
            part.append(indices)
    test, validation, training = (rng.permutation(np.concatenate(part)) for part in parts)

    def examples(indices):
        return Examples(pixels[indices].T / 16.0, np.eye(10)[labels[indices]].T)

    return Digits(examples(training), examples(validation), examples(test))


def shifted(examples):
    """Pictures of 8 × 8 pixels together with four copies of each, moved by half a pixel.

    A digit that stands a little further left is the same digit. Half a pixel to the left means
    the mean of a picture and the picture one pixel further left; 0 comes in from the border.

    Args:
        examples: `Examples` with X (64, n).

    Returns:
        `Examples` with X (64, 5n), first the originals, and their labels five times.

    Raises:
        ValueError: for another number of rows.
    """
    X = np.asarray(examples.X)
    if X.ndim != 2 or len(X) != 64:
        raise ValueError(f"examples: expected pictures X of shape (64, n), got {X.shape}")
    framed = np.pad(X.reshape(8, 8, -1), ((1, 1), (1, 1), (0, 0)))
    moves = ((0, 1), (0, -1), (1, 0), (-1, 0))
    moved = [framed[1 - y : 9 - y, 1 - x : 9 - x].reshape(X.shape) for y, x in moves]
    return Examples(np.hstack([X] + [(X + other) / 2 for other in moved]), np.hstack([examples.Y] * 5))


@cache
def _stored_digits():
    """(pixels (1797, 64) of 0..16, labels (1797,)), in the order of the source."""
    with files(__name__).joinpath("digits.npz").open("rb") as file, np.load(file) as stored:
        return stored["pixels"], stored["labels"]


def xor():
    """The four examples of exclusive or: X (2, 4) of 0 and 1, Y (1, 4)."""
    return Examples(np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]), np.array([[0.0, 1.0, 1.0, 0.0]]))


def moons(n=200, noise=0.1, seed=0):
    """Two interleaved half circles of radius 1, one a class.

    Args:
        n: number of examples, >= 2; half of them (rounded up) in class 0.
        noise: standard deviation of what is added to both coordinates, >= 0.
        seed: an integer or a `numpy.random.Generator`.

    Returns:
        `Examples` with X (2, n), Y (1, n).

    Raises:
        TypeError, ValueError: for n or noise out of range.
    """

    def curve(t, y):
        angle = np.pi * t
        return np.where(y, [1 - np.cos(angle), 0.5 - np.sin(angle)], [np.cos(angle), np.sin(angle)])

    return _two_curves(curve, n, noise, seed)


def circles(n=200, noise=0.1, seed=0):
    """Two circles around the origin: class 0 has radius 1, class 1 radius 1/2.

    Arguments, returns and errors as `moons`.
    """

    def curve(t, y):
        angle = 2 * np.pi * t
        return (1 - 0.5 * y) * np.array([np.cos(angle), np.sin(angle)])

    return _two_curves(curve, n, noise, seed)


def spirals(n=200, noise=0.02, seed=0, turns=1.5):
    """Two spirals from the centre out to radius 1, each the other turned by half a circle.

    Args:
        turns: how often a spiral goes around, > 0.

    The other arguments, returns and errors as `moons`.
    """
    if not turns > 0:
        raise ValueError(f"turns: expected a number > 0, got {turns!r}")

    def curve(t, y):
        # The root spreads the examples evenly over the length of the spiral, or nearly so.
        radius = np.sqrt(t)
        angle = 2 * np.pi * turns * radius + np.pi * y
        return radius * np.array([np.cos(angle), np.sin(angle)])

    return _two_curves(curve, n, noise, seed)


def _two_curves(curve, n, noise, seed):
    """Examples at n random places t of (0, 1) on curve(t, class), with noise."""
    if isinstance(n, bool) or not isinstance(n, numbers.Integral):
        raise TypeError(f"n: expected an integer >= 2, got {n!r}")
    if n < 2:
        raise ValueError(f"n: expected an integer >= 2, got {n}")
    if not (isinstance(noise, numbers.Real) and 0 <= noise < np.inf):
        raise ValueError(f"noise: expected a standard deviation >= 0, got {noise!r}")
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = curve(rng.uniform(size=n), y) + noise * rng.normal(size=(2, n))
    return Examples(X, y[None].astype(float))


def symmetry():
    """All 64 binary vectors of length 6: is the second half the mirror image of the first?

    Returns:
        `Examples` with X (6, 64) of 0 and 1, in counting order, and Y (1, 64), 1 for the eight
        symmetric ones.

    Source: Rumelhart, Hinton & Williams (1986), figure 1.
    """
    X = (np.arange(64) >> np.arange(5, -1, -1)[:, None]) & 1
    return Examples(X.astype(float), (X == X[::-1]).all(axis=0)[None].astype(float))
