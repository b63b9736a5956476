"""Claims of chapter 5. Each test carries the label of its formula."""

import numpy as np
import pytest
import sympy

import backprop as bp

from ..unit.nets import random_case
from .printed import pinned

SEED = 5


@pytest.fixture
def case(request):
    print("seed", SEED)
    return random_case("sigmoid", "sigmoid", "half_squared_error", 3, 1, seed=SEED)


def test_eq_pre_activation(case):
    pinned("eq:pre-activation", r"\pre{l} = \affine{l}{l-1}")
    net, X, _ = case
    fwd = bp.forward(net, X)
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            total = net.b[l][j, 0] + sum(net.W[l][j, k] * fwd.a[l - 1][k, 0] for k in range(net.sizes[l - 1]))
            assert fwd.z[l][j, 0] == pytest.approx(total, rel=1e-14)


def test_eq_activation(case):
    pinned("eq:activation", r"\act{l} = \activated{l}")
    net, X, _ = case
    fwd = bp.forward(net, X)
    assert fwd.a[0] is X
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(fwd.a[l], 1 / (1 + np.exp(-fwd.z[l])), rtol=1e-14)


def test_eq_half_squared_error(case):
    pinned("eq:half-squared-error", r"\loss(\out, \lab) = \tfrac12 (\out - \lab)^2")
    net, X, Y = case
    fwd = bp.forward(net, X)
    assert bp.cost(net, fwd, Y) == pytest.approx(0.5 * sum((fwd.a[-1][:, 0] - Y[:, 0]) ** 2), rel=1e-14)
    a, y = sympy.symbols("a y")
    assert sympy.diff((a - y) ** 2 / 2, a) == a - y  # "no 2 in it"


def test_eq_cost():
    pinned("eq:cost", r"\cost = \frac{1}{\nexamples} \sum_{i=1}^{\nexamples} \lossof{i}")
    net, X, Y = random_case("sigmoid", "sigmoid", "half_squared_error", 3, 5, seed=SEED)
    losses = [bp.cost(net, bp.forward(net, X[:, [i]]), Y[:, [i]]) for i in range(5)]
    assert bp.cost(net, bp.forward(net, X), Y) == pytest.approx(sum(losses) / 5, rel=1e-14)


def test_eq_gradient_descent(case):
    """A small step lowers the loss by η times the squared gradient, to first order."""
    pinned(
        "eq:gradient-descent",
        r"\begin{aligned} \Wunits{l} &\leftarrow \Wunits{l} - \step\,\frac{\partial \loss}{\partial \Wunits{l}} \\ \bias{l} &\leftarrow \bias{l} - \step\,\frac{\partial \loss}{\partial \bias{l}} \end{aligned}",
    )
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
    pinned(
        "eq:central-difference",
        r"\frac{\partial \loss}{\partial w} \approx \frac{\loss(w + h) - \loss(w - h)}{2h}",
    )
    w, h = sympy.symbols("w h")
    for f, error in ((w**2, 0), (w**3, h**2)):
        quotient = (f.subs(w, w + h) - f.subs(w, w - h)) / (2 * h)
        assert sympy.simplify(quotient - sympy.diff(f, w) - error) == 0
