"""The program on one screen: its gradients by differences, the package and the listing against it."""

import re

import numpy as np
import pytest

import backprop as bp
from backprop import plain
from backprop.explain import listing


def same_network(net):
    return bp.Network(net.W, net.b, ["sigmoid"] * net.L, "half_squared_error")


def half_squared_error(net, X, Y):
    return 0.5 * ((net.forward(X)[-1] - Y) ** 2).sum() / X.shape[1]


@pytest.fixture(scope="module")
def case():
    print("seed", 7)
    rng = np.random.default_rng(7)
    net = plain.Network([3, 4, 5, 2], seed=7)
    for l in range(1, 4):
        net.b[l] += rng.normal(0, 0.5, net.b[l].shape)
    return net, rng.normal(size=(3, 6)), rng.uniform(size=(2, 6))


def test_its_gradients_are_those_of_differences(case):
    net, X, Y = case
    found, h = net.backward(net.forward(X), Y), 1e-6
    for parameters, gradients in zip((net.W, net.b), found, strict=True):
        for theta, gradient in zip(parameters[1:], gradients[1:], strict=True):
            for index in np.ndindex(theta.shape):
                before, costs = theta[index], []
                for step in (h, -h):
                    theta[index] = before + step
                    costs.append(half_squared_error(net, X, Y))
                theta[index] = before
                assert gradient[index] == pytest.approx((costs[0] - costs[1]) / (2 * h), rel=1e-6, abs=1e-9)


def test_the_package_computes_the_same(case):
    net, X, Y = case
    J, grads = bp.value_and_grad(same_network(net), X, Y)
    dW, db = net.backward(net.forward(X), Y)
    assert half_squared_error(net, X, Y) == pytest.approx(J, rel=1e-14)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(grads.W[l], dW[l], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(grads.b[l], db[l], rtol=1e-12, atol=1e-15)


def test_the_book_s_listing_prints_its_numbers():
    """Chapter 5's example: every gradient and every new parameter of the printed listing."""
    net = plain.Network([2, 3, 1])
    net.W = [None, np.array([[0.15, 0.20], [0.25, 0.30], [0.35, 0.40]]), np.array([[0.40, 0.45, 0.50]])]
    net.b = [None, np.full((3, 1), 0.35), np.array([[0.60]])]
    x, y, eta = np.array([[0.05], [0.10]]), np.array([[0.01]]), 0.5
    text = listing(same_network(net), x[:, 0], y[:, 0], eta)
    dW, db = net.backward(net.forward(x), y)
    printed = re.findall(r"^  ∂ℓ/∂([Wb])\[(\d)\]_(\d)(?:,(\d))? = (?:.* = )?(\S+)$", text, re.M)
    stepped = re.findall(r"^  ([Wb])\[(\d)\]_(\d)(?:,(\d))? ← .* = (\S+)$", text, re.M)
    assert len(printed) == len(stepped) == 13
    for lines, step in ((printed, False), (stepped, True)):
        for kind, l, j, k, number in lines:
            theta, gradient = (net.W, dW) if kind == "W" else (net.b, db)
            index = int(l), (int(j) - 1, int(k or 1) - 1)
            value = gradient[index[0]][index[1]]
            if step:
                value = theta[index[0]][index[1]] - eta * value
            assert float(number) == pytest.approx(value, abs=0.51 * 10.0 ** -len(number.partition(".")[2]))


def test_it_learns_to_read_digits():
    """And the package, from the same start and in the same order, goes the same way."""
    digits = bp.data.digits()
    net = plain.Network([64, 30, 10])
    descent = bp.Descent(same_network(net), eta=3.0)
    assert net.accuracy(*digits.test) < 0.3
    X, Y = digits.train
    order = np.random.default_rng()
    order.bit_generator.state = net.rng.bit_generator.state
    net.train(X, Y, eta=3.0, epochs=2, batch_size=10)
    for _ in range(2):
        indices = order.permutation(X.shape[1])
        for i in range(0, len(indices), 10):
            descent.step(X[:, indices[i : i + 10]], Y[:, indices[i : i + 10]])
    for l in (1, 2):
        np.testing.assert_allclose(descent.net.W[l], net.W[l], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(descent.net.b[l], net.b[l], rtol=1e-9, atol=1e-12)
    net.train(X, Y, eta=3.0, epochs=18, batch_size=10)
    assert net.accuracy(*digits.test) > 0.93
