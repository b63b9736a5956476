"""Losses against hand-computed values, their gradients against the complex step."""

import dataclasses
import math

import numpy as np
import pytest

from backprop import activations
from backprop.losses import LOSSES, get


def batch(name, seed=0, K=3, N=4):
    """Outputs and labels that suit the loss."""
    rng = np.random.default_rng(seed)
    if name == "cross_entropy":
        return activations.softmax(rng.normal(size=(K, N))), rng.dirichlet(np.ones(K), size=N).T
    if name == "binary_cross_entropy":
        return rng.uniform(0.05, 0.95, (K, N)), rng.uniform(0, 1, (K, N))
    return rng.normal(size=(2, K, N))


def test_values_by_hand():
    a, y = np.array([[0.75], [0.25]]), np.array([[1.0], [0.0]])
    expected = {
        "half_squared_error": 0.0625,
        "squared_error": 0.125,
        "binary_cross_entropy": -2 * math.log(0.75),
        "cross_entropy": -math.log(0.75),
    }
    assert sorted(expected) == sorted(LOSSES)
    for name, value in expected.items():
        np.testing.assert_allclose(LOSSES[name].value(a, y), [value], rtol=1e-15)


def test_binary_cross_entropy_of_a_soft_label_by_hand():
    value = LOSSES["binary_cross_entropy"].value(np.array([[0.2]]), np.array([[0.3]]))
    np.testing.assert_allclose(value, -0.3 * math.log(0.2) - 0.7 * math.log(0.8), rtol=1e-15)


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("seed", range(3))
def test_gradient_by_complex_step(name, seed):
    loss = LOSSES[name]
    a, y = batch(name, seed)
    expected = np.empty_like(a)
    for k, i in np.ndindex(*a.shape):
        shifted = a.astype(complex)
        shifted[k, i] += 1e-30j
        expected[k, i] = loss.value(shifted, y)[i].imag / 1e-30
    np.testing.assert_allclose(loss.gradient(a, y), expected, rtol=1e-13)


@pytest.mark.parametrize("name", sorted(n for n, row in LOSSES.items() if row.output))
@pytest.mark.parametrize("seed", range(3))
def test_the_form_in_z_is_the_same_loss(name, seed):
    loss = LOSSES[name]
    z = np.random.default_rng(seed).normal(size=(3, 4))
    _, y = batch(name, seed)
    a = activations.ACTIVATIONS[loss.output].value(z)
    np.testing.assert_allclose(loss.value_from_z(z, y), loss.value(a, y), rtol=1e-13)


def test_a_certain_and_right_answer_costs_nothing_in_either_form():
    a = np.array([[1.0], [0.0]])
    for name in ("binary_cross_entropy", "cross_entropy"):
        assert LOSSES[name].value(a, a) == 0


def test_a_certain_and_wrong_answer_costs_infinitely_much():
    a = np.array([[1.0], [0.0]])
    for name in ("binary_cross_entropy", "cross_entropy"):
        with np.errstate(divide="ignore"):
            assert LOSSES[name].value(a, 1 - a) == math.inf


def test_large_logits_cost_what_they_should():
    z = np.array([[1000.0, -1000.0]])
    loss = LOSSES["binary_cross_entropy"].value_from_z
    assert loss(z, np.array([[1.0, 0.0]])).tolist() == [0, 0]
    assert loss(z, np.array([[0.0, 1.0]])).tolist() == [1000, 1000]
    z = np.array([[1000.0], [-1000.0], [0.0]])
    loss = LOSSES["cross_entropy"].value_from_z
    assert loss(z, np.array([[1.0], [0], [0]])).tolist() == [0]
    assert loss(z, np.array([[0.0], [1], [0]])).tolist() == [2000]
    z = np.array([[1000.0, -1000.0], [1000.0, -1000.0]])  # no column is shifted by another's maximum
    np.testing.assert_allclose(loss(z, np.full((2, 2), 0.5)), math.log(2), rtol=1e-12)


def test_the_rows_of_the_table_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LOSSES["squared_error"].output = "softmax"


@pytest.mark.parametrize("name", ["mse", "", None, 1, ["cross_entropy"]])
def test_unknown_names_are_listed(name):
    with pytest.raises(ValueError, match=r"loss: expected one of half_squared_error.*, got "):
        get(name)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_integer_outputs_and_labels(name):
    a, y = np.array([[1], [0]]), np.array([[1], [0]])
    assert LOSSES[name].value(a, y) == 0
