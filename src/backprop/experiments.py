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


def digits(seed, copies=True):
    """Train 64-128-10 on the digits, everything drawn from one seed: split, weights, order.

    Args:
        seed: an integer.
        copies: whether the training set is used with its shifted copies, for 25 epochs; else alone, for 125,
            which are about as many updates.

    Returns:
        (`data.Digits`, `Training`); measure the test set yourself.
    """
    parts = data.digits(seed)
    net, examples = (
        Network.random([64, 128, 10], seed=seed),
        data.shifted(parts.train) if copies else parts.train,
    )
    epochs = 25 if copies else 125
    return parts, train(net, *examples, validation=parts.validation, epochs=epochs, seed=seed)


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


class Crowd:
    """Many networks of one kind, each trained by its own gradient descent, all in one array operation.

    The numbers are those of a `Descent` for each, with all examples in every step; a test compares them.

    Attributes:
        W, b: parameters, lists with None at 0; W[l] is (S, n_l, n_{l-1}), network s in W[l][s].
        cost: J of each network before the last step, (S,); None before the first.

    Args:
        nets: S networks of one kind, with half the squared error, or sigmoid output and binary cross-entropy.
        X, Y: examples, (n_0, N) and (n_L, N).
        eta, momentum: as in `Descent`.
    """

    def __init__(self, nets, X, Y, eta, momentum):
        self.net, self.X, self.Y, self.eta, self.momentum = nets[0], X, Y, eta, momentum
        kinds = {(net.loss, *net.activations[1:], *net.sizes) for net in nets}
        if len(kinds) > 1 or self.net.loss not in ("half_squared_error", "binary_cross_entropy"):
            raise ValueError(
                f"nets: expected one kind, half squared error or binary cross-entropy, got {kinds}"
            )
        self.W, self.b = (
            [None] + [np.stack([getattr(net, name)[l] for net in nets]) for l in range(1, self.net.L + 1)]
            for name in ("W", "b")
        )
        self.velocity = [[None] + [np.zeros_like(p) for p in part[1:]] for part in (self.W, self.b)]
        self.cost = None

    def forward(self):
        """(z, a) of all networks; arrays (S, n_l, N)."""
        z, a = [None], [self.X]
        for l in range(1, self.net.L + 1):
            z.append(self.W[l] @ a[-1] + self.b[l])
            a.append(self.net.sigma[l].value(z[l]))
        return z, a

    def step(self):
        """One step of each network; `cost` is that before it."""
        (z, a), L, N = self.forward(), self.net.L, self.X.shape[1]
        delta = a[L] - self.Y
        if self.net.loss == "half_squared_error":
            self.cost = 0.5 * (delta**2).sum(axis=(1, 2)) / N
            delta = self.net.sigma[L].vjp(z[L], delta)
        else:
            self.cost = (np.logaddexp(0, z[L]) - self.Y * z[L]).sum(axis=(1, 2)) / N
        for l in range(L, 0, -1):
            dW, db = delta @ a[l - 1].swapaxes(-1, -2) / N, delta.sum(axis=2, keepdims=True) / N
            if l > 1:
                delta = self.net.sigma[l - 1].vjp(z[l - 1], self.W[l].swapaxes(1, 2) @ delta)
            for parameters, velocity, g in ((self.W, self.velocity[0], dW), (self.b, self.velocity[1], db)):
                velocity[l] *= self.momentum
                velocity[l] -= self.eta * g
                parameters[l] += velocity[l]

    def right(self):
        """How many examples each network with one output answers rightly, (S,)."""
        return ((self.forward()[1][-1] > 0.5) == (self.Y > 0.5)).sum(axis=(1, 2))

    def largest(self):
        """The largest absolute weight of each network, (S,)."""
        return np.max([abs(W).max(axis=(1, 2)) for W in self.W[1:]], axis=0)


def xor_crowd(seeds):
    """Exclusive or, two hidden units, many seeds, as chapter 8 trains it: tanh, step 1, momentum 0.9."""
    kind = "tanh", "sigmoid", "binary_cross_entropy", "glorot"
    return Crowd([Network.random([2, 2, 1], *kind, seed) for seed in seeds], *data.xor()[:2], 1.0, 0.9)


@dataclass(frozen=True)
class SymmetryRun:
    """One run of the symmetry network.

    Attributes:
        solved_at: the first sweep after which all 64 answers were right, looked at every 25
            sweeps; None if there was none.
        right: number of right answers after the last sweep.
        mirror: how far the hidden weights are from equal and opposite, see `mirror_error`.
        ratios: size of the weights of each hidden unit, smallest = 1, see `weight_ratios`.
    """

    solved_at: int | None
    right: int
    mirror: float
    ratios: list


def symmetry_runs(seeds, sweeps=20_000):
    """Train the symmetry network from each seed; a list of `SymmetryRun`."""
    nets = [symmetry_descent(seed).net for seed in seeds]
    crowd, solved_at = Crowd(nets, *data.symmetry()[:2], eta=0.1 * 64, momentum=0.9), np.zeros(len(nets), int)
    for sweep in range(1, sweeps + 1):
        crowd.step()
        if sweep % 25 == 0:
            solved_at[(solved_at == 0) & (crowd.right() == 64)] = sweep
    return [
        SymmetryRun(int(at) or None, int(right), mirror_error(W), weight_ratios(W))
        for at, right, W in zip(solved_at, crowd.right(), crowd.W[1], strict=True)
    ]


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


def family_run(seed, sweeps=4500, loss="binary_cross_entropy", tolerance=0, start=0.3, decay=0.002):
    """Train the family-tree network 36-12-12-6-24 on 100 of the 104 questions; a `FamilyRun`.

    The first hidden layer is two groups of six units: one reads the 24 people, the other the 12
    relations. All units are sigmoids. As in 1986, the step on the summed cost is 0.005 with momentum 0.5
    for 20 sweeps, then 0.01 with 0.9, and after every sweep all weights shrink by 0.2 %. Other than in
    1986, the loss is cross-entropy, and an output has an error however near it is to its label: that of
    1986 is `"half_squared_error", tolerance=0.2`. How its weights started the caption does not say.

    An answer is right if each of the 24 outputs is on the right side of 1/2.

    Args:
        seed: an integer; draws the questions that are held back and the weights.
        sweeps: number of steps, each with all 100 questions.
        loss: a loss that allows sigmoid outputs.
        tolerance: an output this near to its label counts as equal to it and has no error.
        start: weights and biases start uniform between -start and start.
        decay: share that all weights lose after every sweep.

    Source: captions of figures 3 and 4 of Rumelhart, Hinton & Williams (1986).
    """
    rng, trees = np.random.default_rng(seed), data.family_trees()
    held, kept = _held_back(rng)
    X, Y = trees.X[:, kept], trees.Y[:, kept]
    net = _uniform_network(rng, [36, 12, 12, 6, 24], loss, start)
    wired = np.zeros((12, 36))
    wired[:6, :24] = wired[6:, 24:] = 1
    net.W[1] *= wired
    descent, early_cost = Descent(net, eta=0.005 * 100, momentum=0.5), None
    for sweep in range(1, sweeps + 1):
        answers = forward(descent.net, X).a[4] if tolerance else Y
        descent.step(X, np.where(abs(answers - Y) < tolerance, answers, Y))
        for W in descent.net.W[1:]:
            W *= 1 - decay
        descent.net.W[1] *= wired  # a weight that isn't there stays 0
        if sweep == 300:
            early_cost = descent.cost
        if sweep == 20:
            descent.eta, descent.momentum = 0.01 * 100, 0.9
    net, right = descent.net, round(4 * accuracy(descent.net, trees.X[:, held], trees.Y[:, held]))
    return FamilyRun(held.tolist(), accuracy(net, X, Y), right, descent.cost, early_cost, net)


def family_baseline(seed):
    """How many of the four questions that `family_run` holds back are right without any network.

    Each gets the answer that is most frequent, for its relation and its family, among the other 100; the
    first in the order of the questions where several are as frequent, none where the relation has no other.
    """
    trees, (held, kept) = data.family_trees(), _held_back(np.random.default_rng(seed))
    half = len(trees.people) // 2

    def kind(question):
        person, relation, _ = trees.questions[question]
        return relation, trees.people.index(person) < half

    right = 0
    for question in held:
        alike = [trees.questions[k][2] for k in kept if kind(k) == kind(question)]
        right += bool(alike) and max(alike, key=alike.count) == trees.questions[question][2]
    return right


def _held_back(rng):
    """The numbers of the four questions that are held back, sorted, and of the other 100."""
    held = np.sort(rng.choice(104, 4, replace=False))
    return held, np.setdiff1d(np.arange(104), held)


def _uniform_network(rng, sizes, loss, bound=0.3):
    """Sigmoids throughout, weights and biases uniform in ± bound."""
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    W = [None] + [rng.uniform(-bound, bound, shape) for shape in pairs]
    b = [None] + [rng.uniform(-bound, bound, (n, 1)) for n in sizes[1:]]
    return Network(W, b, ["sigmoid"] * len(pairs), loss)


def measurements():
    """What benchmarks/training.py stored: a dict, its keys described there."""
    return json.loads(files("backprop").joinpath("data", "training.json").read_text(encoding="utf-8"))
