"""Claims of the bug clinic. Each test carries the label of its formula or proposition."""

import numpy as np
import pytest
import sympy

import backprop as bp
from backprop import clinic, layers, programs

from ..unit.nets import random_case
from .printed import arrays, pinned, printed

SEEDS = [0, 1, 2]
close = np.testing.assert_allclose


@pytest.mark.parametrize("N, n_L", [(8, 1), (8, 2), (5, 3), (3, 3), (1, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_eq_averaged_twice(N, n_L, seed):
    """The wrong program over the right one, with one-sided knowledge of neither: J alone."""
    formula = printed("eq:averaged-twice")
    net, X, Y = clinic.patient(sizes=(2, 4, 3, n_L), N=N, loss="squared_error", seed=seed)
    wrong = clinic.get("mean-of-means").gradients(net, X, Y)
    for l in range(1, net.L + 1):
        for name in ("W", "b"):
            array = getattr(net, name)[l]
            for index in np.ndindex(*array.shape):
                costs = []
                for h in (1e-5, -1e-5):
                    array[index] += h
                    costs.append(programs.rows(net, X, Y)[0])
                    array[index] -= h
                true = (costs[0] - costs[1]) / 2e-5
                ratio = {r"\text{wrong}": getattr(wrong, name)[l][index], r"\text{true}": true}
                if abs(true) > 1e-3:
                    formula.holds(
                        ratio | {r"\nexamples": N, r"\size": net.sizes.__getitem__, r"\nlayers": net.L},
                        rtol=1e-5,
                    )
                assert getattr(wrong, name)[l][index] == pytest.approx(n_L / N * true, rel=1e-6, abs=1e-8)
    a, b = sympy.symbols("N n_L", positive=True)
    assert sympy.simplify((1 / a * 1 / a) / (1 / (a * b)) - b / a) == 0


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "softplus"])
@pytest.mark.parametrize("seed", SEEDS)
def test_eq_missing_slope(hidden, seed):
    print("seed", seed)
    net, x, y = random_case(hidden, "sigmoid", "half_squared_error", 2, 1, seed)
    wrong = clinic.get("missing-slope").gradients(net, x, y)
    true = bp.gradcheck.complex_step(net, x, y)
    given = arrays(net, x, y)
    for j in range(1, net.sizes[1] + 1):
        names = {r"\text{wrong}": wrong.b[1][j - 1, 0], r"\text{true}": true.b[1][j - 1, 0], "j": j}
        printed("eq:missing-slope").holds(given | names, rtol=1e-6)
    t = bp.forward(net, x).z[1]
    h = 1e-6
    slope = (net.sigma[1].value(t + h) - net.sigma[1].value(t - h)) / (2 * h)
    close(wrong.W[1] / true.W[1], np.broadcast_to(1 / slope, true.W[1].shape), rtol=1e-7)
    close(wrong.b[1] / true.b[1], 1 / slope, rtol=1e-7)
    close(wrong.W[2], true.W[2], rtol=1e-10)


def test_prop_relu_slope():
    pinned("prop:relu-slope", r"t \le 0", r"0 < c \le 1")
    rng = np.random.default_rng(6)
    t = np.concatenate([rng.normal(size=1000), [0.0, -0.0, 1e-300, -1e-300]])
    for c in (0.0, 0.01, 0.25, 1.0):
        value = lambda s, c=c: np.where(s > 0, s, c * s)
        slope = lambda s, c=c: np.where(s > 0, 1.0, c)
        assert ((value(t) > 0) == (t > 0)).all()  # the step of the proof
        assert (slope(value(t)) == slope(t)).all()
    for name in ("relu", "leaky_relu", "prelu"):
        row = bp.activations.ACTIVATIONS[name]
        assert (row.derivative(row.value(t)) == row.derivative(t)).all()
    tanh = bp.activations.ACTIVATIONS["tanh"]
    assert (tanh.derivative(tanh.value(t)) != tanh.derivative(t)).any()


@pytest.mark.parametrize("p", [0.2, 0.5])
@pytest.mark.parametrize("seed", SEEDS)
def test_eq_dropout(p, seed):
    """Both products, with the mask read off ones, and the derivative by differences of a fixed mask."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    U, G = rng.normal(size=(2, 5, 6))
    layer, same = (layers.Dropout(p, seed=seed) for _ in range(2))
    V, M = layer.forward(U), same.forward(np.ones_like(U))
    assert set(M.ravel()) == {0, 1 / (1 - p)}
    close(V, U * M)
    numeric = np.empty_like(U)
    for index in np.ndindex(*U.shape):
        J = []
        for h in (1e-5, -1e-5):
            moved = U.copy()
            moved[index] += h
            J.append((G * layers.Dropout(p, seed=seed).forward(moved)).sum())
        numeric[index] = (J[0] - J[1]) / 2e-5
    close(numeric, G * M, atol=1e-8)
    close(layer.backward(G), numeric, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_tied_weights(seed):
    """Both sides by differences of a cost written here: with one matrix, and with two."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    W, b, c, X = (rng.normal(size=shape) for shape in ((2, 3), (2, 1), (3, 1), (3, 5)))

    def cost(W1, W2):
        return 0.5 * ((W2 @ np.tanh(W1 @ X + b) + c - X) ** 2).sum(axis=0).mean()

    def slopes(J, array):
        result = np.empty(array.shape)
        for index in np.ndindex(*array.shape):
            e = np.zeros(array.shape)
            e[index] = 1e-5
            result[index] = (J(array + e) - J(array - e)) / 2e-5
        return result

    whole = slopes(lambda A: cost(A, A.T), W)
    first, second = slopes(lambda A: cost(A, W.T), W), slopes(lambda A: cost(W, A), W.T)
    close(whole, first + second.T, rtol=1e-6, atol=1e-8)
    assert abs(second).max() > 0.1  # the second use counts
    close(programs.tied(W, b, c, X)[1], whole, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("K", [2, 3, 10])
def test_eq_softmax_floor(K):
    """A cost that takes logits, written here, of every corner and of random probabilities."""
    rng = np.random.default_rng(K)
    print("seed", K)
    floor = np.log(1 + (K - 1) / np.e)
    a = np.hstack([np.eye(K), rng.dirichlet(np.full(K, 0.3), size=2000).T])
    losses = np.log(np.exp(a).sum(axis=0)) - a[0]  # the label is class 0
    assert losses.min() == losses[0] == pytest.approx(floor, rel=1e-14)
    ill = clinic.plant("softmax-twice").programs
    Y = np.eye(K)[:, np.zeros(a.shape[1], int)]
    net = bp.Network([None, np.eye(K)], [None, np.zeros((K, 1))], ["softmax"], "cross_entropy")
    z = np.log(np.maximum(a, 1e-300))  # softmax of it is a
    assert ill.by_layers(net, z, Y)[0] == pytest.approx(losses.mean(), rel=1e-12)


@pytest.mark.parametrize("eta", [0.3, 1e-2])
@pytest.mark.parametrize("seed", SEEDS)
def test_eq_early_update(eta, seed):
    """The gradient that the wrong step used in layer L - 1 differs by the formula's error signal."""
    # Not run: it mixes a matrix product and a product entry by entry without brackets.
    pinned(
        "eq:early-update",
        r"\begin{aligned} -\step &\Bigl(\frac{\partial \cost}{\partial \Wunits{l+1}}\Bigr)^{\T} \Err{l+1} \\ &\had \dactf{l}(\Pre{l}) . \end{aligned}",
    )
    print("seed", seed)
    net, X, Y = clinic.patient(seed=seed)
    step = clinic.plant("update-inside-the-sweep").programs.step
    used = clinic.gradient_of_step(step, net, X, Y, eta)
    fwd, true = bp.forward(net, X), bp.gradcheck.complex_step(net, X, Y)
    l, N = net.L - 1, X.shape[1]
    delta = fwd.a[net.L] - Y  # half the squared error, linear output
    error = -eta * true.W[l + 1].T @ delta * (1 - np.tanh(fwd.z[l]) ** 2)
    close(used.W[l] - true.W[l], error @ fwd.a[l - 1].T / N, rtol=1e-7, atol=1e-12)
    close(used.b[l] - true.b[l], error.sum(axis=1, keepdims=True) / N, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_step_test(seed):
    """The remainder shrinks with the square of the step size."""
    print("seed", seed)
    net, X, Y = clinic.patient(seed=seed)
    true = bp.gradcheck.complex_step(net, X, Y)

    def cost_of(column):
        """The cost of the network whose parameters stand in one column."""
        arrays, at = [], 0
        for group in (net.W, net.b):
            arrays.append([None])
            for old in group[1:]:
                arrays[-1].append(column[at : at + old.size].reshape(old.shape))
                at += old.size
        moved = bp.Network(*arrays, net.activations, net.loss)
        return bp.cost(moved, bp.forward(moved, X), Y)

    column = lambda group: np.concatenate([a.ravel() for a in group.W[1:] + group.b[1:]])[:, None]
    given = {r"\param": column(net), r"d\cost/d\param": column(true), r"\cost": cost_of, r"\step": 1e-6}
    printed("eq:step-test").holds(given, approx=1e-3)
    squared = sum((g**2).sum() for g in true.W[1:] + true.b[1:])
    remainders = []
    for eta in (1e-3, 1e-4):
        W = [None] + [w - eta * g for w, g in zip(net.W[1:], true.W[1:], strict=True)]
        b = [None] + [v - eta * g for v, g in zip(net.b[1:], true.b[1:], strict=True)]
        moved = bp.Network(W, b, net.activations, net.loss)
        change = bp.cost(moved, bp.forward(moved, X), Y) - bp.cost(net, bp.forward(net, X), Y)
        assert change / (-eta * squared) == pytest.approx(1, abs=0.05 * eta / 1e-4)
        remainders.append(abs(change + eta * squared))
    assert remainders[1] == pytest.approx(remainders[0] / 100, rel=0.1)
