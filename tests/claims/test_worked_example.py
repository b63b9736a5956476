"""Claims of chapter 5. Each test carries the label of its formula."""

import numpy as np
import pytest
import sympy

import backprop as bp

from ..unit.nets import random_case
from .printed import arrays, printed

SEED = 5


@pytest.fixture
def case(request):
    print("seed", SEED)
    return random_case("sigmoid", "sigmoid", "half_squared_error", 3, 1, seed=SEED)


def test_eq_pre_activation(case):
    net, X, Y = case
    formula, given = printed("eq:pre-activation"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, rtol=1e-13)
    fwd = bp.forward(net, X)
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            total = net.b[l][j, 0] + sum(net.W[l][j, k] * fwd.a[l - 1][k, 0] for k in range(net.sizes[l - 1]))
            assert fwd.z[l][j, 0] == pytest.approx(total, rel=1e-14)


def test_eq_activation(case):
    net, X, Y = case
    formula, given = printed("eq:activation"), arrays(net, X, Y)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l, r"\actf": lambda l: lambda z: 1 / (1 + np.exp(-z))}, rtol=1e-13)
    fwd = bp.forward(net, X)
    assert fwd.a[0] is X
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(fwd.a[l], 1 / (1 + np.exp(-fwd.z[l])), rtol=1e-14)


def test_eq_half_squared_error(case):
    loss = bp.losses.get("half_squared_error").value
    given = {r"\loss": lambda a, y: loss(np.array([[a]]), np.array([[y]])).item(), r"\out": 0.3, r"\lab": 1.7}
    printed("eq:half-squared-error").holds(given)
    net, X, Y = case
    fwd = bp.forward(net, X)
    assert bp.cost(net, fwd, Y) == pytest.approx(0.5 * sum((fwd.a[-1][:, 0] - Y[:, 0]) ** 2), rel=1e-14)
    a, y = sympy.symbols("a y")
    assert sympy.diff((a - y) ** 2 / 2, a) == a - y  # "no 2 in it"


def test_eq_cost():
    net, X, Y = random_case("sigmoid", "sigmoid", "half_squared_error", 3, 5, seed=SEED)
    printed("eq:cost").holds(arrays(net, X, Y))
    losses = [bp.cost(net, bp.forward(net, X[:, [i]]), Y[:, [i]]) for i in range(5)]
    assert bp.cost(net, bp.forward(net, X), Y) == pytest.approx(sum(losses) / 5, rel=1e-14)


def test_eq_gradient_descent(case):
    """A small step lowers the loss by η times the squared gradient, to first order."""
    net, X, Y = case
    descent = bp.Descent(net, eta=0.3)
    descent.step(X, Y)
    formula = printed("eq:gradient-descent")
    for l in range(1, net.L + 1):
        given = arrays(net, X, Y) | {"l": l, r"\step": 0.3}
        formula.holds(given, after=arrays(descent.net, X, Y) | {"l": l}, rtol=1e-7, atol=1e-10)
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
    given = {r"d\loss/dw": float(np.cos(0.7)), r"\loss": np.sin, "w": 0.7, "h": 1e-4}
    printed("eq:central-difference").holds(given, approx=1e-8)
    w, h = sympy.symbols("w h")
    for f, error in ((w**2, 0), (w**3, h**2)):
        quotient = (f.subs(w, w + h) - f.subs(w, w - h)) / (2 * h)
        assert sympy.simplify(quotient - sympy.diff(f, w) - error) == 0
