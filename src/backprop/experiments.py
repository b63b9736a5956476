"""Experiments of chapter 8: the digits, and the two networks of Rumelhart, Hinton & Williams (1986).

benchmarks/training.py runs them over many seeds and stores what it found in data/training.json.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from . import data
from .network import Network, forward
from .training import Descent, accuracy, train

SWEEPS = 1425  # after which the symmetry network of 1986 had learned its task


def digits(seed):
    """Train 64-128-10 on the digits, everything drawn from one seed: split, weights, order.

    Args:
        seed: an integer.

    Returns:
        (`data.Digits`, `Training`); measure the test set yourself.
    """
    parts = data.digits(seed)
    net = Network.random([64, 128, 10], seed=seed)
    return parts, train(net, *data.shifted(parts.train), validation=parts.validation, epochs=25, seed=seed)


def confusion(net, examples):
    """How often class i (row) was taken for class j (column).

    Args:
        net: a `Network` with K >= 2 outputs; the largest is its answer.
        examples: `data.Examples` with one-hot labels.

    Returns:
        An integer array (K, K); correct answers are on its diagonal.
    """
    answers = forward(net, examples.X).a[net.L].argmax(axis=0)
    counts = np.zeros((net.sizes[-1],) * 2, int)
    np.add.at(counts, (examples.classes, answers), 1)
    return counts


def surface(net, X, margin=0.3, points=120):
    """The output of a network with two inputs and one output, on a grid that covers the examples.

    Args:
        net: a `Network` with sizes [2, ..., 1].
        X: examples (2, N); the grid reaches beyond them by the margin.
        points: number of grid points in each direction.

    Returns:
        (x, y, values) of shapes (points,), (points,), (points, points); values[i, j] belongs to
        x[j], y[i].

    Raises:
        ValueError: for a network of other sizes.
    """
    if (net.sizes[0], net.sizes[-1]) != (2, 1):
        raise ValueError(f"net: expected 2 inputs and 1 output, got sizes {net.sizes}")
    x, y = (np.linspace(row.min() - margin, row.max() + margin, points) for row in np.asarray(X))
    grid = np.stack([np.tile(x, points), np.repeat(y, points)])
    return x, y, forward(net, grid).a[net.L].reshape(points, points)


def symmetry_descent(seed):
    """A `Descent` for the symmetry network 6-2-1 with the settings of 1986.

    Weights and biases are uniform in ±0.3. The cost of 1986 is the sum over the 64 cases of half
    the squared error, ours the mean: its step 0.1 is our 6.4. Momentum 0.9; all cases in one batch.
    """
    net = _uniform_network(np.random.default_rng(seed), [6, 2, 1], "half_squared_error")
    return Descent(net, eta=0.1 * 64, momentum=0.9)


@dataclass(frozen=True)
class SymmetryRun:
    """One run of the symmetry network.

    Attributes:
        solved_at: the first sweep after which all 64 answers were right, looked at every 25
            sweeps; None if there was none.
        right: number of right answers after the last sweep.
        mirror: how far the hidden weights are from equal and opposite, see `mirror_error`.
        ratios: size of the weights of each hidden unit, smallest = 1, see `weight_ratios`.
        net: the trained network.
    """

    solved_at: int | None
    right: int
    mirror: float
    ratios: list
    net: Network


def symmetry_run(seed, sweeps=5000):
    """Train the symmetry network for a number of sweeps; a `SymmetryRun`."""
    X, Y = data.symmetry()
    descent, solved_at = symmetry_descent(seed), None
    for sweep in range(1, sweeps + 1):
        descent.step(X, Y)
        if solved_at is None and sweep % 25 == 0 and accuracy(descent.net, X, Y) == 1:
            solved_at = sweep
    W, right = descent.net.W[1], round(64 * accuracy(descent.net, X, Y))
    return SymmetryRun(solved_at, right, mirror_error(W), weight_ratios(W), descent.net)


def mirror_error(W):
    """The largest |w_k + w_(7-k)|, over the largest |w|: 0 where opposite inputs have opposite weights.

    Args:
        W: weights of the hidden units, (n_1, 6).
    """
    return float(abs(W + W[:, ::-1]).max() / abs(W).max())


def weight_ratios(W):
    """For each hidden unit the sizes of its three pairs of weights, sorted, the smallest = 1.

    A pair is w_k and w_(7-k); its size is |w_k - w_(7-k)| / 2.
    """
    sizes = np.sort(abs(W - W[:, ::-1])[:, :3] / 2, axis=1)
    return (sizes / sizes[:, :1]).tolist()


@dataclass(frozen=True)
class FamilyRun:
    """One run of the family-tree network.

    Attributes:
        held: numbers of the four questions that were held back.
        trained_right: share of the other 100 that are answered rightly.
        held_right: how many of the four are.
        cost: J on the 100 before the last sweep, with the labels as trained (see `tolerance`).
        early_cost: J on the 100 after 300 sweeps, where rounding does not matter yet; None if there
            were fewer.
        net: the trained network.
    """

    held: list
    trained_right: float
    held_right: int
    cost: float
    early_cost: float | None
    net: Network


def family_run(seed, sweeps=4500, loss="binary_cross_entropy", tolerance=0):
    """Train the family-tree network 36-12-12-6-24 on 100 of the 104 questions; a `FamilyRun`.

    The first hidden layer is two groups of six units: one reads the 24 people, the other the 12
    relations. All units are sigmoids, weights and biases start uniform in ±0.3. As in 1986, the step
    on the summed cost is 0.005 with momentum 0.5 for 20 sweeps, then 0.01 with 0.9, and after every
    sweep all weights shrink by 0.2 %. Other than in 1986, the loss is cross-entropy, and an output has an
    error however near it is to its label: that of 1986 is `"half_squared_error", tolerance=0.2`.

    An answer is right if each of the 24 outputs is on the right side of 1/2.

    Args:
        seed: an integer; draws the questions that are held back and the weights.
        sweeps: number of steps, each with all 100 questions.
        loss: a loss that allows sigmoid outputs.
        tolerance: an output this near to its label counts as equal to it and has no error.

    Source: captions of figures 3 and 4 of Rumelhart, Hinton & Williams (1986).
    """
    rng, trees = np.random.default_rng(seed), data.family_trees()
    held = np.sort(rng.choice(104, 4, replace=False))
    kept = np.setdiff1d(np.arange(104), held)
    X, Y = trees.X[:, kept], trees.Y[:, kept]
    net = _uniform_network(rng, [36, 12, 12, 6, 24], loss)
    wired = np.zeros((12, 36))
    wired[:6, :24] = wired[6:, 24:] = 1
    net.W[1] *= wired
    descent, early_cost = Descent(net, eta=0.005 * 100, momentum=0.5), None
    for sweep in range(1, sweeps + 1):
        answers = forward(descent.net, X).a[4] if tolerance else Y
        descent.step(X, np.where(abs(answers - Y) < tolerance, answers, Y))
        for W in descent.net.W[1:]:
            W *= 1 - 0.002
        descent.net.W[1] *= wired  # a weight that isn't there stays 0
        if sweep == 300:
            early_cost = descent.cost
        if sweep == 20:
            descent.eta, descent.momentum = 0.01 * 100, 0.9
    net, right = descent.net, round(4 * accuracy(descent.net, trees.X[:, held], trees.Y[:, held]))
    return FamilyRun(held.tolist(), accuracy(net, X, Y), right, descent.cost, early_cost, net)


def _uniform_network(rng, sizes, loss, bound=0.3):
    """Sigmoids throughout, weights and biases uniform in ± bound."""
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    W = [None] + [rng.uniform(-bound, bound, shape) for shape in pairs]
    b = [None] + [rng.uniform(-bound, bound, (n, 1)) for n in sizes[1:]]
    return Network(W, b, ["sigmoid"] * len(pairs), loss)


def measurements():
    """What benchmarks/training.py stored: a dict, its keys described there."""
    return json.loads(files("backprop").joinpath("data", "training.json").read_text(encoding="utf-8"))
