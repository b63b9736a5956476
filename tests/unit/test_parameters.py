"""Weights and biases as one thing: every walk takes the same order, and no entry twice."""

import numpy as np
import pytest

import backprop as bp
from backprop.parameters import Parameters

from .nets import random_case


@pytest.fixture
def net():
    return random_case("tanh", "identity", "squared_error", 3, 2, 4)[0]


def test_a_network_and_its_gradients_are_parameters(net):
    _, X, Y = random_case("tanh", "identity", "squared_error", 3, 2, 4)
    grads = bp.value_and_grad(net, X, Y)[1]
    assert isinstance(net, Parameters) and isinstance(grads, Parameters) and net.L == grads.L == 3
    assert [(name, l) for name, l, _ in grads.named()] == [(name, l) for name in "Wb" for l in (1, 2, 3)]
    assert all(p is q for p, q in zip(net.arrays(), net.W[1:] + net.b[1:], strict=True))


def test_map_zip_and_dot_take_entries_that_stand_at_the_same_place(net):
    double = net.map(lambda p: 2 * p)
    total = net.map(np.add, double)
    assert total.W[0] is total.b[0] is None
    for l in (1, 2, 3):
        np.testing.assert_array_equal(total.W[l], 3 * net.W[l])
        np.testing.assert_array_equal(total.b[l], 3 * net.b[l])
    assert total.dot(net) == pytest.approx(3 * net.column() @ net.column(), rel=1e-14)
    assert all((q == 2 * p).all() for p, q in net.zip(double))
    with pytest.raises(ValueError, match="zip"):
        list(net.zip(Parameters(net.W[:3], net.b[:3])))


def test_a_copy_shares_nothing(net):
    twin = net.copy()
    twin.W[2][0, 0] += 1
    assert twin.W[2][0, 0] != net.W[2][0, 0] and not any(np.shares_memory(p, q) for p, q in net.zip(twin))


def test_other_parameters_for_a_network(net):
    moved = net.with_parameters(net.map(lambda p: p + 1))
    assert moved.activations == net.activations and (moved.W[1] == net.W[1] + 1).all()
    assert (net.with_parameters(moved.W, net.b).b[1] == net.b[1]).all()
