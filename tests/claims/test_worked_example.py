"""Claims of chapter 5. Each test carries the label of its formula."""

import numpy as np
import pytest
import sympy

import backprop as bp

from ..unit.nets import random_case

SEED = 5


@pytest.fixture
def case(request):
    print("seed", SEED)
    return random_case("sigmoid", "sigmoid", "half_squared_error", 3, 1, seed=SEED)


def derivative(net, X, Y, array, index, h=1e-6):
    """∂ℓ/∂(an entry of a parameter) by a central difference."""
    there, costs = array[index], []
    for t in (h, -h):
        array[index] = there + t
        costs.append(bp.cost(net, bp.forward(net, X), Y))
    array[index] = there
    return (costs[0] - costs[1]) / (2 * h)


def test_eq_pre_activation(case):
    net, X, _ = case
    fwd = bp.forward(net, X)
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            total = net.b[l][j, 0] + sum(net.W[l][j, k] * fwd.a[l - 1][k, 0] for k in range(net.sizes[l - 1]))
            assert fwd.z[l][j, 0] == pytest.approx(total, rel=1e-14)


def test_eq_activation(case):
    net, X, _ = case
    fwd = bp.forward(net, X)
    assert fwd.a[0] is X
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(fwd.a[l], 1 / (1 + np.exp(-fwd.z[l])), rtol=1e-14)


def test_eq_half_squared_error(case):
    net, X, Y = case
    fwd = bp.forward(net, X)
    assert bp.cost(net, fwd, Y) == pytest.approx(0.5 * sum((fwd.a[-1][:, 0] - Y[:, 0]) ** 2), rel=1e-14)
    a, y = sympy.symbols("a y")
    assert sympy.diff((a - y) ** 2 / 2, a) == a - y  # "no 2 in it"


def test_eq_cost():
    net, X, Y = random_case("sigmoid", "sigmoid", "half_squared_error", 3, 5, seed=SEED)
    losses = [bp.cost(net, bp.forward(net, X[:, [i]]), Y[:, [i]]) for i in range(5)]
    assert bp.cost(net, bp.forward(net, X), Y) == pytest.approx(sum(losses) / 5, rel=1e-14)


def error_signals(net, X, Y, l, h=1e-6):
    """∂ℓ/∂z^(l) by shifting a bias, which shifts its pre-activation by as much."""
    return np.array([[derivative(net, X, Y, net.b[l], (j, 0), h)] for j in range(net.sizes[l])])


def test_eq_delta_output(case):
    net, X, Y = case
    fwd, L = bp.forward(net, X), net.L
    s = 1 / (1 + np.exp(-fwd.z[L]))
    formula = (fwd.a[L] - Y) * s * (1 - s)
    np.testing.assert_allclose(bp.backward(net, fwd, Y).delta[L], formula, rtol=1e-13)
    np.testing.assert_allclose(formula, error_signals(net, X, Y, L), rtol=1e-7)


def test_eq_delta_hidden(case):
    net, X, Y = case
    fwd = bp.forward(net, X)
    grads = bp.backward(net, fwd, Y)
    for l in range(net.L - 1, 0, -1):
        s = 1 / (1 + np.exp(-fwd.z[l]))
        formula = (net.W[l + 1].T @ grads.delta[l + 1]) * s * (1 - s)
        np.testing.assert_allclose(grads.delta[l], formula, rtol=1e-13)
        np.testing.assert_allclose(formula, error_signals(net, X, Y, l), rtol=1e-6)


def test_eq_gradient_weights(case):
    net, X, Y = case
    fwd = bp.forward(net, X)
    grads = bp.backward(net, fwd, Y)
    for l in range(1, net.L + 1):
        for j, k in np.ndindex(*net.W[l].shape):
            assert grads.W[l][j, k] == pytest.approx(grads.delta[l][j, 0] * fwd.a[l - 1][k, 0], rel=1e-14)
            assert grads.W[l][j, k] == pytest.approx(derivative(net, X, Y, net.W[l], (j, k)), rel=1e-6)


def test_eq_gradient_bias(case):
    net, X, Y = case
    grads = bp.backward(net, bp.forward(net, X), Y)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(grads.b[l], grads.delta[l], rtol=1e-14)
        np.testing.assert_allclose(grads.b[l], error_signals(net, X, Y, l), rtol=1e-6)


def test_eq_gradient_descent(case):
    """A small step lowers the loss by η times the squared gradient, to first order."""
    net, X, Y = case
    J, grads = bp.value_and_grad(net, X, Y)
    layers, eta = range(1, net.L + 1), 1e-4
    stepped = net.with_parameters(
        [None] + [net.W[l] - eta * grads.W[l] for l in layers],
        [None] + [net.b[l] - eta * grads.b[l] for l in layers],
    )
    squared = sum(float((grads.W[l] ** 2).sum() + (grads.b[l] ** 2).sum()) for l in layers)
    assert J - bp.cost(stepped, bp.forward(stepped, X), Y) == pytest.approx(eta * squared, rel=1e-3)


def test_eq_central_difference():
    """Exact for quadratics, with error h² f'''/6 else."""
    w, h = sympy.symbols("w h")
    for f, error in ((w**2, 0), (w**3, h**2)):
        quotient = (f.subs(w, w + h) - f.subs(w, w - h)) / (2 * h)
        assert sympy.simplify(quotient - sympy.diff(f, w) - error) == 0
