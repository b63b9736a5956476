"""Claims of chapter 2. Each test carries the label of its formula."""

import numpy as np
import pytest

import backprop as bp

from ..unit.nets import random_case
from .printed import arrays, printed

SEED = 2
HIDDEN, N = "tanh", 4


def slope(z):
    return 1 - np.tanh(z) ** 2


@pytest.fixture
def case():
    """A 3-?-?-3 network of tanh units with a linear output, and a batch of four examples."""
    print("seed", SEED)
    net, X, Y = random_case(HIDDEN, "identity", "half_squared_error", 3, N, seed=SEED)
    assert net.sizes[1] != net.sizes[2]
    fwd = bp.forward(net, X)
    return net, X, Y, fwd, bp.backward(net, fwd, Y)


def derivative(net, cost, array, index, h=1e-5):
    """∂ cost(net)/∂(an entry of a parameter) by a central difference."""
    there, costs = array[index], []
    for t in (h, -h):
        array[index] = there + t
        costs.append(cost(net))
    array[index] = there
    return (costs[0] - costs[1]) / (2 * h)


@pytest.mark.parametrize("sizes", [[2, 4, 3], [1, 1], [784, 128, 64, 10]])
def test_eq_parameter_count(sizes):
    net = bp.Network.random(sizes)
    stored = sum(w.size for w in net.W[1:]) + sum(b.size for b in net.b[1:])
    assert stored == printed("eq:parameter-count").value(
        {r"\nlayers": len(sizes) - 1, r"\size": sizes.__getitem__}
    )
    assert stored == sum(sizes[l] * (sizes[l - 1] + 1) for l in range(1, len(sizes)))
    assert stored == {2: 27, 1: 2, 784: 109386}[sizes[0]]


def test_eq_forward_index(case):
    net, X, Y, fwd, _ = case
    formula, given = printed("eq:forward-index"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        for j in range(1, net.sizes[l] + 1):
            formula.holds(given | {"l": l, "j": j}, rtol=1e-13)
    for i in range(N):
        a = list(X[:, i])
        for l in range(1, net.L + 1):
            z = [
                sum(net.W[l][j, k] * a[k] for k in range(net.sizes[l - 1])) + net.b[l][j, 0]
                for j in range(net.sizes[l])
            ]
            a = [np.tanh(v) if l < net.L else v for v in z]
            np.testing.assert_allclose(fwd.z[l][:, i], z, rtol=1e-13)
            np.testing.assert_allclose(fwd.a[l][:, i], a, rtol=1e-13)


def test_eq_forward_batch(case):
    """Also: a column does not see the others."""
    net, X, Y, fwd, _ = case
    formula, given = printed("eq:forward-batch"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, rtol=1e-13)
    for l in range(1, net.L + 1):
        Z = net.W[l] @ fwd.a[l - 1] + net.b[l] @ np.ones((N, 1)).T
        assert Z.shape == (net.sizes[l], N)
        np.testing.assert_allclose(fwd.z[l], Z, rtol=1e-14)
        for i in range(N):
            np.testing.assert_allclose(bp.forward(net, X[:, [i]]).z[l], Z[:, [i]], rtol=1e-13)


def test_eq_forward_rows(case):
    net, X, Y, fwd, _ = case
    formula, given = printed("eq:forward-rows"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, rtol=1e-13)
    a = X.T  # (N, n): rows all the way
    for l in range(1, net.L + 1):
        z = a @ net.W[l].T + np.ones((N, 1)) @ net.b[l].T
        a = np.tanh(z) if l < net.L else z
        np.testing.assert_allclose(z.T, fwd.z[l], rtol=1e-13)


def test_eq_hidden_error_index(case):
    """The sum over the first index, against the definition: a bias shifts its pre-activation."""
    net, X, Y, fwd, grads = case
    formula, given = printed("eq:hidden-error-index"), arrays(net, X, Y)
    for l in range(1, net.L):
        for j in range(1, net.sizes[l] + 1):
            formula.holds(given | {"l": l, "j": j}, rtol=1e-6, atol=1e-9)
    for i in range(N):
        x, y = X[:, [i]], Y[:, [i]]
        loss = lambda n, x=x, y=y: bp.cost(n, bp.forward(n, x), y)
        for l in range(net.L - 1, 0, -1):
            for k in range(net.sizes[l]):
                back = sum(net.W[l + 1][j, k] * grads.delta[l + 1][j, i] for j in range(net.sizes[l + 1]))
                formula = slope(fwd.z[l][k, i]) * back
                assert grads.delta[l][k, i] == pytest.approx(formula, rel=1e-12)
                assert formula == pytest.approx(derivative(net, loss, net.b[l], (k, 0)), rel=1e-6, abs=1e-9)


def test_eq_backward_batch(case):
    net, X, Y, fwd, grads = case
    formula, given = printed("eq:backward-batch"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, only=range(l == net.L, 3), rtol=1e-6, atol=1e-9)
    cost = lambda n: bp.cost(n, bp.forward(n, X), Y)
    for l in range(net.L, 0, -1):
        if l < net.L:
            back = net.W[l + 1].T @ grads.delta[l + 1] * slope(fwd.z[l])
            np.testing.assert_allclose(grads.delta[l], back, rtol=1e-12)
        dW = grads.delta[l] @ fwd.a[l - 1].T / N
        db = grads.delta[l] @ np.ones((N, 1)) / N
        assert dW.shape == net.W[l].shape and db.shape == net.b[l].shape
        for gradient, array in ((dW, net.W[l]), (db, net.b[l])):
            for index in np.ndindex(*array.shape):
                assert gradient[index] == pytest.approx(
                    derivative(net, cost, array, index), rel=1e-6, abs=1e-9
                )


def test_eq_backward_rows(case):
    net, X, Y, fwd, grads = case
    formula, given = printed("eq:backward-rows"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, only=range(l == net.L, 3), rtol=1e-6, atol=1e-9)
    rows = (fwd.a[net.L] - Y).T
    for l in range(net.L, 0, -1):
        if l < net.L:
            rows = rows @ net.W[l + 1] * slope(fwd.z[l].T)
        assert rows.shape == (N, net.sizes[l])
        np.testing.assert_allclose(fwd.a[l - 1] @ rows / N, grads.W[l].T, rtol=1e-12)
        np.testing.assert_allclose(np.ones((1, N)) @ rows / N, grads.b[l].T, rtol=1e-12)


def folded(net, l):
    return np.hstack([net.b[l], net.W[l]])


def extended(a):
    return np.vstack([np.ones((1, a.shape[1])), a])


def test_eq_forward_folded(case):
    net, X, Y, fwd, _ = case
    formula, given = printed("eq:forward-folded"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        given |= {r"\Wfold": lambda l: folded(net, l), r"\actfold": lambda l: extended(fwd.a[l][:, [0]])}
        formula.holds(given | {"l": l}, rtol=1e-13)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(folded(net, l) @ extended(fwd.a[l - 1]), fwd.z[l], rtol=1e-13)


def test_eq_backward_folded(case):
    """Bias and weights from one product; with column 0 left in, the error is one entry too long."""
    net, X, Y, *_ = case
    x, y = X[:, [0]], Y[:, [0]]
    formula, given = printed("eq:backward-folded"), arrays(net, x, y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, only=range(1 + (l < net.L)), rtol=1e-6, atol=1e-9)
    fwd = bp.forward(net, x)
    grads = bp.backward(net, fwd, y)
    for l in range(net.L, 0, -1):
        both = grads.delta[l] @ extended(fwd.a[l - 1]).T
        np.testing.assert_allclose(both[:, [0]], grads.b[l], rtol=1e-13)
        np.testing.assert_allclose(both[:, 1:], grads.W[l], rtol=1e-13)
        if l < net.L:
            wide = folded(net, l + 1).T @ grads.delta[l + 1]
            assert len(wide) == net.sizes[l] + 1
            np.testing.assert_allclose(wide[1:] * slope(fwd.z[l]), grads.delta[l], rtol=1e-12)
            # Its entry 0 is the derivative by the constant 1 that carries the bias.
            constant = lambda n, t, l=l: bp.cost(n, _with_constant(n, x, l + 1, t), y)
            numeric = (constant(net, 1 + 1e-6) - constant(net, 1 - 1e-6)) / 2e-6
            assert wide[0, 0] == pytest.approx(numeric, rel=1e-6)


def _with_constant(net, x, layer, t):
    """The forward sweep with the constant t in place of 1 before the bias of one layer."""
    b = [None] + [net.b[l] * (t if l == layer else 1) for l in range(1, net.L + 1)]
    return bp.forward(net.with_parameters(net.W, b), x)


def three(net, X, Y):
    """Sum, mean over examples, mean over elements of half the squared error."""
    a = bp.forward(net, X).a[-1]
    losses = [0.5 * sum((a[k, i] - Y[k, i]) ** 2 for k in range(len(Y))) for i in range(Y.shape[1])]
    return sum(losses), sum(losses) / Y.shape[1], sum(losses) / Y.size


def test_eq_three_costs(case):
    net, X, Y, fwd, _ = case
    names = [r"\cost_{\text{sum}}", r"\cost", r"\cost_{\text{elements}}"]
    costs = dict(zip(names, three(net, X, Y), strict=True))
    printed("eq:three-costs").holds(arrays(net, X, Y) | costs, rtol=1e-13)
    halves = (fwd.a[net.L] - Y) ** 2 / 2
    np.testing.assert_allclose(
        three(net, X, Y), [halves.sum(), halves.sum(axis=0).mean(), halves.mean()], rtol=1e-13
    )
    assert three(net, X, Y)[1] == pytest.approx(bp.cost(net, fwd, Y), rel=1e-13)


def by_weights(net, X, Y, l):
    """The derivatives of the three costs by the weights of a layer, by differences."""
    found = {}
    for which, name in enumerate(["_{\\text{sum}}", "", "_{\\text{elements}}"]):
        cost = lambda n, which=which: three(n, X, Y)[which]
        entries = [derivative(net, cost, net.W[l], index) for index in np.ndindex(*net.W[l].shape)]
        found[rf"d\cost{name}/d\W{{{l}}}"] = np.reshape(entries, net.W[l].shape)
    return found


def test_eq_three_gradients(case):
    net, X, Y, fwd, grads = case
    formula, given = printed("eq:three-gradients"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | by_weights(net, X, Y, l) | {"l": l}, rtol=1e-6, atol=1e-9)
    for l in range(1, net.L + 1):
        total = grads.delta[l] @ fwd.a[l - 1].T
        for which, gradient in enumerate((total, total / N, total / (N * net.sizes[-1]))):
            cost = lambda n, which=which: three(n, X, Y)[which]
            for index in np.ndindex(*net.W[l].shape):
                assert gradient[index] == pytest.approx(
                    derivative(net, cost, net.W[l], index), rel=1e-6, abs=1e-9
                )


def test_eq_gradient_ratios(case):
    """By finite differences of each cost, for weights and biases of every layer."""
    net, X, Y, *_ = case
    formula, given = printed("eq:gradient-ratios"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | by_weights(net, X, Y, l) | {"l": l}, rtol=1e-6, atol=1e-9)
    n_L = net.sizes[-1]
    assert N != n_L
    for array in (*net.W[1:], *net.b[1:]):
        index = (array.shape[0] - 1, array.shape[1] - 1)
        total, mean, elements = (
            derivative(net, lambda n, w=w: three(n, X, Y)[w], array, index) for w in range(3)
        )
        assert abs(total) > 1e-4
        assert total == pytest.approx(N * mean, rel=1e-6)
        assert total == pytest.approx(N * n_L * elements, rel=1e-6)


def test_the_two_runs_tell_the_convention(case):
    """The same batch twice doubles the sum and keeps the means; one example tells the means apart."""
    net, X, Y, *_ = case
    gradient = lambda X, Y, w: derivative(net, lambda n: three(n, X, Y)[w], net.W[net.L], (0, 0))
    twice = np.hstack([X, X]), np.hstack([Y, Y])
    ratios = [gradient(*twice, w) / gradient(X, Y, w) for w in range(3)]
    np.testing.assert_allclose(ratios, [2, 1, 1], rtol=1e-6)
    x, y = X[:, [0]], Y[:, [0]]
    one = bp.backward(net, bp.forward(net, x), y).W[net.L][0, 0]
    np.testing.assert_allclose(
        [gradient(x, y, w) / one for w in range(3)], [1, 1, 1 / net.sizes[-1]], rtol=1e-6
    )


def test_the_row_program_of_the_exercise():
    """Mean over examples, divided in the output error already."""
    rng = np.random.default_rng(SEED)
    net = bp.Network.random([2, 4, 3], "tanh", "identity", "half_squared_error", "lecun", seed=rng)
    X, T = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    W1, W2, b1, b2 = net.W[1].T, net.W[2].T, net.b[1].T, net.b[2].T
    H = np.tanh(X @ W1 + b1)
    G2 = (H @ W2 + b2 - T) / len(X)
    G1 = G2 @ W2.T * (1 - H**2)
    grads = bp.backward(net, bp.forward(net, X.T), T.T)
    np.testing.assert_allclose(G1.T, grads.delta[1] / 5, rtol=1e-12)
    np.testing.assert_allclose((X.T @ G1).T, grads.W[1], rtol=1e-12)
    np.testing.assert_allclose(G1.sum(axis=0)[:, None], grads.b[1], rtol=1e-12)
