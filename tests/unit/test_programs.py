"""Other forms of the algorithm agree with the core, which knows nothing of them."""

import numpy as np
import pytest

import backprop as bp
from backprop import chain_rule, programs, training

from .nets import PAIRS, random_case

SMOOTH = [pair for pair in PAIRS if pair[0] in ("identity", "sigmoid", "tanh", "softmax")]


def same(grads, expected, factor=1.0, rtol=1e-12):
    for l in range(1, len(expected.W)):
        np.testing.assert_allclose(grads.W[l], factor * expected.W[l], rtol=rtol, atol=1e-15)
        np.testing.assert_allclose(grads.b[l], factor * expected.b[l], rtol=rtol, atol=1e-15)


@pytest.mark.parametrize(
    "program", [programs.one_by_one, programs.folded, programs.by_layers], ids=lambda f: f.__name__
)
@pytest.mark.parametrize(("output", "loss"), SMOOTH)
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_other_forms_agree_with_the_core(program, output, loss, depth):
    net, X, Y = random_case("tanh", output, loss, depth, 5, seed=depth)
    J, grads = program(net, X, Y)
    expected_J, expected = bp.value_and_grad(net, X, Y)
    assert pytest.approx(expected_J, rel=1e-14) == J
    same(grads, expected)
    bp.check_gradients(net, X, Y, grads)


@pytest.mark.parametrize("sizes", [[3, 1], [3, 4, 1], [2, 4, 5, 3]])
@pytest.mark.parametrize("N", [1, 3, 8])
def test_rows_is_the_mean_over_elements(sizes, N):
    rng = np.random.default_rng(N)
    net = bp.Network.random(sizes, "tanh", "sigmoid", "squared_error", "glorot", seed=N)
    X, Y = rng.normal(size=(sizes[0], N)), rng.normal(size=(sizes[-1], N))
    J, grads = programs.rows(net, X, Y)
    assert pytest.approx(((bp.forward(net, X).a[-1] - Y) ** 2).mean(), rel=1e-14) == J
    same(grads, bp.backward(net, bp.forward(net, X), Y), factor=1 / sizes[-1])


@pytest.mark.parametrize("hidden", ["tanh", "relu", "identity"])
@pytest.mark.parametrize("sizes", [[3, 1], [2, 3, 1], [2, 4, 3, 2]])
@pytest.mark.parametrize("N", [1, 4])
def test_recorded_is_rows(hidden, sizes, N):
    rng = np.random.default_rng(N)
    net = bp.Network.random(sizes, hidden, "sigmoid", "squared_error", "glorot", seed=rng)
    for l in range(1, net.L + 1):
        net.b[l] += rng.normal(size=net.b[l].shape)
    X, Y = rng.normal(size=(sizes[0], N)), rng.normal(size=(sizes[-1], N))
    (J, grads), (expected_J, expected) = programs.recorded(net, X, Y), programs.rows(net, X, Y)
    assert pytest.approx(expected_J, rel=1e-13) == J
    same(grads, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("output", "loss"), [("identity", "half_squared_error"), ("softmax", "cross_entropy")]
)
def test_differences_are_the_gradient(output, loss):
    net, X, Y = random_case("tanh", output, loss, 2, 5, seed=1)
    kept = [p.copy() for p in net.W[1:] + net.b[1:]]
    J, numeric = programs.differences(net, X, Y)
    expected_J, expected = bp.value_and_grad(net, X, Y)
    assert expected_J == J
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(numeric.W[l], expected.W[l], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(numeric.b[l], expected.b[l], rtol=1e-6, atol=1e-9)
    assert all((p == k).all() for p, k in zip(net.W[1:] + net.b[1:], kept, strict=True))


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_with_l2_is_the_gradient_of_cost_and_penalty(l2):
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 2, 5, seed=2)
    J, grads = programs.with_l2(net, X, Y, l2)
    expected_J, expected = training.objective(net, X, Y, l2)
    assert pytest.approx(expected_J + training.penalty(net, l2), rel=1e-14) == J
    same(grads, expected)
    for name, l in (("W", 1), ("W", 2), ("b", 1)):
        array = getattr(net, name)[l]
        costs = []
        for h in (1e-5, -1e-5):
            array[0, 0] += h
            costs.append(programs.with_l2(net, X, Y, l2)[0])
            array[0, 0] -= h
        assert getattr(grads, name)[l][0, 0] == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("N", [1, 6])
def test_tied_weights_get_the_gradients_of_both_uses(N):
    """The core, which knows nothing of the tie, gives the gradient of each use."""
    rng = np.random.default_rng(N)
    W, b, c = rng.normal(size=(2, 3)), rng.normal(size=(2, 1)), rng.normal(size=(3, 1))
    X = rng.normal(size=(3, N))
    J, dW, db, dc = programs.tied(W, b, c, X)
    net = bp.Network([None, W, W.T], [None, b, c], ["tanh", "identity"], "half_squared_error")
    expected_J, untied = bp.value_and_grad(net, X, X)
    assert pytest.approx(expected_J, rel=1e-14) == J
    np.testing.assert_allclose(dW, untied.W[1] + untied.W[2].T, rtol=1e-12)
    np.testing.assert_allclose(db, untied.b[1], rtol=1e-12)
    np.testing.assert_allclose(dc, untied.b[2], rtol=1e-12)
    numeric = chain_rule.derivative(lambda V: programs.tied(V, b, c, X)[0], W, layout="denominator")
    np.testing.assert_allclose(dW, numeric, rtol=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("parts", [1, 2, 3, 99])
def test_parts_and_momentum_make_the_steps_of_the_core(parts, momentum):
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 2, 5, seed=4)
    descent, moved = bp.Descent(net, 0.2, momentum), copy(net)
    expected = [descent.step(X, Y) for _ in range(4)]
    costs = programs.descend_in_parts(moved, X, Y, 0.2, 4, parts, momentum)
    assert costs == pytest.approx(expected, rel=1e-12)
    same(moved, descent.net, rtol=1e-11)


def copy(net):
    return bp.Network(net.W, net.b, net.activations, net.loss)


@pytest.mark.parametrize("eta", [0.01, 0.5])
def test_a_step_inside_the_sweep_is_a_step(eta):
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 3, 5, seed=2)
    J, grads = bp.value_and_grad(net, X, Y)
    moved = copy(net)
    assert programs.step(moved, X, Y, eta) == pytest.approx(J, rel=1e-15)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(moved.W[l], net.W[l] - eta * grads.W[l], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(moved.b[l], net.b[l] - eta * grads.b[l], rtol=1e-13, atol=1e-15)


def test_descend_takes_the_steps_of_the_gradient():
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 3, 5, seed=4)
    one_after_the_other, together = copy(net), copy(net)
    expected = [programs.step(one_after_the_other, X, Y, 0.2) for _ in range(6)]
    costs = programs.descend(together, X, Y, 0.2, 6)
    assert costs == pytest.approx(expected, rel=1e-13) and costs[-1] < costs[0]
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(together.W[l], one_after_the_other.W[l], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(together.b[l], one_after_the_other.b[l], rtol=1e-12, atol=1e-15)


def test_one_hot_labels():
    assert programs.one_hot([2, 0, 2], 4).tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 1], [0, 0, 0]]
    assert programs.one_hot([1, 2, 0], 3).argmax(axis=0).tolist() == [1, 2, 0]


def test_columns():
    assert programs.columns(np.array([[1, 2, 3], [4, 5, 6]])).tolist() == [[1, 4], [2, 5], [3, 6]]


@pytest.mark.parametrize("label", [-1, 3, 0.5])
def test_labels_out_of_range_are_refused(label):
    with pytest.raises(ValueError, match=f"labels: expected whole numbers from 0 to 2, got {label}"):
        programs.one_hot([0, label], 3)


@pytest.mark.parametrize(
    "program",
    [
        programs.rows,
        programs.one_by_one,
        programs.folded,
        programs.recorded,
        lambda *a: programs.step(*a, 0.1),
        lambda *a: programs.descend_in_parts(*a, 0.1, 1),
    ],
)
def test_batches_that_do_not_fit_are_refused(program):
    net = bp.Network.random([2, 3, 1], "tanh", "identity", "squared_error")
    with pytest.raises(ValueError, match=r"X: expected shape \(2, N\), got \(3, 4\)"):
        program(net, np.ones((3, 4)), np.ones((1, 4)))
    with pytest.raises(ValueError, match=r"Y: expected shape \(1, 4\), got \(1, 5\)"):
        program(net, np.ones((2, 4)), np.ones((1, 5)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W": np.ones(3)}, r"W: expected shape \(n, n_0\), got \(3,\)"),
        ({"b": np.ones((3, 1))}, r"b: expected shape \(2, 1\), got \(3, 1\)"),
        ({"c": np.ones((2, 1))}, r"c: expected shape \(3, 1\), got \(2, 1\)"),
        ({"X": np.ones((2, 4))}, r"X: expected shape \(3, N\), got \(2, 4\)"),
    ],
)
def test_tied_arrays_that_do_not_fit_are_refused(change, message):
    right = {"W": np.ones((2, 3)), "b": np.ones((2, 1)), "c": np.ones((3, 1)), "X": np.ones((3, 4))}
    with pytest.raises(ValueError, match=message):
        programs.tied(**right | change)


def test_not_every_activation_is_recorded():
    with pytest.raises(ValueError, match="net: expected identity, tanh, sigmoid or relu, got softmax"):
        programs.recorded(bp.Network.random([2, 2]), np.ones((2, 1)), np.array([[1.0], [0.0]]))


def test_softmax_has_no_form_in_rows_here():
    with pytest.raises(ValueError, match="net: expected activations that work entry by entry, got softmax"):
        programs.rows(bp.Network.random([2, 2]), np.ones((2, 1)), np.array([[1.0], [0.0]]))
