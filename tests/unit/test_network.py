"""The core: gradients against methods that know nothing of backpropagation, shapes and dtypes."""

import copy
import math
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import backprop as bp

from .nets import ELEMENTWISE, PAIRS, along, moved, random_case, random_direction

CASES = [
    (hidden, output, loss, depth, N)
    for output, loss in PAIRS
    for hidden in [*ELEMENTWISE, "softmax"]
    for depth in range(1, 6)
    for N in (1, 2, 7)
    if depth > 1 or hidden == "identity"  # one layer has nothing hidden
]


def directional_difference(net, X, Y, direction, h):
    """(J(θ + hd) - J(θ - hd)) / 2h, or None where an activation's kink lies between the two."""
    costs, signs = [], []
    for t in (h, -h):
        there = moved(net, direction, t)
        fwd = bp.forward(there, X)
        costs.append(bp.cost(there, fwd, Y))
        signs.append([fwd.z[l] > 0 for l in range(1, net.L + 1) if not net.sigma[l].smooth])
    if any((up != down).any() for up, down in zip(*signs, strict=True)):
        return None
    return (costs[0] - costs[1]) / (2 * h)


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", [*ELEMENTWISE, "softmax"])
def test_gradient_along_random_directions(hidden, output, loss):
    """Every activation, loss, depth 1 to 5 and batch 1, 2, 7 against central differences."""
    for case in CASES:
        if case[:3] != (hidden, output, loss):
            continue
        depth, N = case[3:]
        seed = zlib.crc32(repr(case).encode())
        rng = np.random.default_rng(seed)
        net, X, Y = random_case(*case, seed=seed)
        _, grads = bp.value_and_grad(net, X, Y)
        compared = 0
        while compared < 2:
            direction = random_direction(net, rng)
            expected = directional_difference(net, X, Y, direction, 1e-5)
            if expected is None:
                continue
            scale = math.sqrt(along(grads, grads) * along(direction, direction))
            assert along(grads, direction) == pytest.approx(expected, rel=2e-7, abs=2e-8 * scale + 1e-10), (
                f"depth {depth}, batch {N}, seed {seed}"
            )
            compared += 1


@pytest.mark.parametrize("hidden", ["identity", "sigmoid", "tanh", "softplus", "softmax"])
@pytest.mark.parametrize(
    ("output", "loss"), [p for p in PAIRS if p[0] in ("identity", "sigmoid", "tanh", "softplus", "softmax")]
)
@pytest.mark.parametrize("depth", [1, 3, 5])
def test_every_entry_by_complex_step(hidden, output, loss, depth):
    """Where everything is analytic, all entries agree to rounding."""
    net, X, Y = random_case(hidden, output, loss, depth, 3, seed=depth)
    grads = bp.backward(net, bp.forward(net, X), Y)
    exact = bp.gradcheck.complex_step(net, X, Y)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(grads.W[l], exact.W[l], rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(grads.b[l], exact.b[l], rtol=1e-11, atol=1e-14)


def test_worked_example_in_pure_python():
    """The 2-3-1 network with the math module alone, digit for digit."""
    x, y = (0.05, 0.10), 0.01
    W1, b1, W2, b2 = [(0.15, 0.20), (0.25, 0.30), (0.35, 0.40)], 0.35, (0.40, 0.45, 0.50), 0.60
    logistic = lambda t: 1 / (1 + math.exp(-t))
    z1 = [w[0] * x[0] + w[1] * x[1] + b1 for w in W1]
    a1 = [logistic(t) for t in z1]
    z2 = sum(w * a for w, a in zip(W2, a1, strict=True)) + b2
    a2 = logistic(z2)
    d2 = (a2 - y) * logistic(z2) * (1 - logistic(z2))
    d1 = [w * d2 * logistic(t) * (1 - logistic(t)) for w, t in zip(W2, z1, strict=True)]

    net = bp.Network([None, W1, [W2]], [None, [[b1]] * 3, [[b2]]], ["sigmoid"] * 2, "half_squared_error")
    fwd = bp.forward(net, [[x[0]], [x[1]]])
    J, grads = bp.value_and_grad(net, [[x[0]], [x[1]]], [[y]])
    close = lambda got, want: np.testing.assert_allclose(np.ravel(got), np.ravel(want), rtol=1e-14)
    close(fwd.z[1], z1)
    close(fwd.a[1], a1)
    close(fwd.z[2], z2)
    close(fwd.a[2], a2)
    close(J, 0.5 * (a2 - y) ** 2)
    close(grads.delta[2], d2)
    close(grads.delta[1], d1)
    close(grads.W[2], [d2 * a for a in a1])
    close(grads.W[1], [d * v for d in d1 for v in x])
    close(grads.b[2], d2)
    close(grads.b[1], d1)
    assert f"{J:.6f} {d2:.6f} {d1[0]:.6f}" == "0.314550 0.125394 0.012103"


@pytest.mark.parametrize("output, loss", PAIRS)
def test_a_batch_averages_its_examples_and_keeps_each_delta(output, loss):
    net, X, Y = random_case("tanh", output, loss, 3, 5, seed=1)
    J, grads = bp.value_and_grad(net, X, Y)
    singles = [bp.value_and_grad(net, X[:, [i]], Y[:, [i]]) for i in range(5)]
    assert pytest.approx(np.mean([single for single, _ in singles]), rel=1e-14) == J
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(
            grads.W[l], np.mean([g.W[l] for _, g in singles], axis=0), rtol=1e-12, atol=1e-15
        )
        np.testing.assert_allclose(
            grads.b[l], np.mean([g.b[l] for _, g in singles], axis=0), rtol=1e-12, atol=1e-15
        )
        np.testing.assert_allclose(
            grads.delta[l], np.hstack([g.delta[l] for _, g in singles]), rtol=1e-12, atol=1e-15
        )


@pytest.mark.parametrize(
    ("output", "loss"), [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_logits_of_a_thousand(output, loss, sign):
    """Finite cost, right gradient: δ = a - y with a exactly 0 or 1."""
    net = bp.Network([None, np.eye(2)], [None, np.zeros((2, 1))], [output], loss)
    X = np.array([[1000.0], [-1000.0]]) * sign
    Y = np.array([[0.0], [1.0]])
    J, grads = bp.value_and_grad(net, X, Y)
    wrong = sign > 0
    assert J == (2000.0 if wrong else 0.0)
    np.testing.assert_array_equal(grads.delta[1], np.array([[1.0], [-1.0]]) if wrong else np.zeros((2, 1)))
    np.testing.assert_array_equal(grads.W[1], grads.delta[1] @ X.T)


@pytest.mark.parametrize("output, loss", PAIRS)
@pytest.mark.parametrize("hidden", ELEMENTWISE)
def test_float32_stays_float32_and_agrees_with_float64(hidden, output, loss):
    net, X, Y = random_case(hidden, output, loss, 3, 4, seed=3, dtype=np.float32)
    fwd = bp.forward(net, X)
    J, grads = bp.value_and_grad(net, X, Y)
    arrays = [*fwd.z[1:], *fwd.a, *grads.delta[1:], *grads.W[1:], *grads.b[1:]]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)} and J.dtype == np.float32
    wide = bp.Network([None, *(w.astype(float) for w in net.W[1:])], [None, *(v.astype(float) for v in net.b[1:])],
                      net.activations, loss)  # fmt: skip
    J64, grads64 = bp.value_and_grad(wide, X, Y)
    assert pytest.approx(J64, rel=1e-5) == J
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(grads.W[l], grads64.W[l], rtol=1e-3, atol=1e-5)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_layout_gives_the_same_result_and_nothing_is_modified(data):
    """Non-contiguous, Fortran-ordered, integer and read-only inputs."""
    n, N = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    whole = data.draw(hnp.arrays(np.int64, (n, N), elements=st.integers(-3, 3)))
    Y = data.draw(hnp.arrays(np.float64, (2, N), elements=st.floats(-3, 3)))
    net = bp.Network.random([n, 3, 2], "tanh", "identity", "half_squared_error", "glorot", seed=n)
    before = [w.copy() for w in net.W[1:]]
    J, grads = bp.value_and_grad(net, whole.astype(float), Y)
    padded = np.zeros((2 * n, 3 * N))
    padded[::2, ::3] = whole
    frozen = whole.astype(float)
    frozen.setflags(write=False)
    for X in (whole, np.asfortranarray(whole.astype(float)), padded[::2, ::3], frozen, whole.tolist()):
        J2, grads2 = bp.value_and_grad(net, X, np.asfortranarray(Y))
        assert J2 == pytest.approx(J, rel=1e-12, abs=1e-300)
        for l in (1, 2):
            np.testing.assert_allclose(grads2.W[l], grads.W[l], rtol=1e-10, atol=1e-13)
            assert grads2.W[l].shape == net.W[l].shape and grads2.b[l].shape == net.b[l].shape
            assert grads2.delta[l].shape == (net.sizes[l], N)
    assert all((w == v).all() for w, v in zip(before, net.W[1:], strict=True))
    assert (padded[::2, ::3] == whole).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_and_labels_take_the_dtype_of_the_network(dtype):
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 2, 3, seed=3, dtype=dtype)
    for other in (np.float32, np.float64):
        fwd = bp.forward(net, X.astype(other))
        grads = bp.backward(net, fwd, Y.astype(other))
        assert bp.cost(net, fwd, Y.astype(other)).dtype == dtype
        assert {a.dtype for a in [*fwd.a, *fwd.z[1:], *grads.delta[1:]]} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_inputs_and_labels_may_be_booleans_or_integers(dtype):
    net, ones = bp.Network.random([2, 3, 2]), np.eye(2)
    J, grads = bp.value_and_grad(net, ones.astype(dtype), ones.astype(dtype))
    J2, grads2 = bp.value_and_grad(net, ones, ones)
    assert J == J2 and (grads.W[1] == grads2.W[1]).all()


def test_labels_that_sum_to_1_only_up_to_rounding_keep_delta_exact():
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 2, 3, seed=3)
    Y = Y * np.array([1 - 9e-6, 1.0, 1 + 9e-6])
    grads, exact = bp.backward(net, bp.forward(net, X), Y), bp.gradcheck.complex_step(net, X, Y)
    np.testing.assert_allclose(grads.b[2], exact.b[2], rtol=1e-11)


def test_layout_of_what_is_returned():
    net = bp.Network.random([4, 3, 2], seed=0)
    X = np.ones((4, 5))
    fwd = bp.forward(net, X)
    assert fwd.a[0] is X and fwd.z[0] is None
    assert [a.shape for a in fwd.a] == [(4, 5), (3, 5), (2, 5)]
    grads = bp.backward(net, fwd, np.eye(2)[:, [0, 1, 0, 1, 0]])
    assert grads.delta[0] is grads.W[0] is grads.b[0] is None
    assert net.W[0] is net.b[0] is net.activations[0] is net.sigma[0] is None
    assert net.L == 2 and net.sizes == [4, 3, 2] and net.dtype == np.float64


def test_a_network_keeps_its_own_copy_of_the_parameters():
    W, b, activations = [None, np.ones((1, 2))], [None, np.zeros((1, 1))], [None, "identity"]
    net = bp.Network(W, b, activations, "squared_error")
    W[1][0, 0] = b[1][0, 0] = 7
    activations[1] = "tanh"
    assert net.W[1][0, 0] == 1 and net.b[1] == 0 and net.activations == (None, "identity")
    assert bp.Network([None, [[1, 2]]], [None, [[0]]], ["identity"], "squared_error").dtype == np.float64


def test_names_and_functions_cannot_part():
    """What is shown and what is computed: there is one of them, and a new name is refused."""
    net = bp.Network.random([2, 3, 2])
    with pytest.raises(TypeError, match="does not support item assignment"):
        net.activations[1] = "tanh"
    with pytest.raises(TypeError, match="does not support item assignment"):
        net.sigma[1] = bp.activations.get("tanh")
    for name, value in (("activations", [None, "tanh", "softmax"]), ("loss", "squared_error")):
        with pytest.raises(AttributeError, match=f"{name}.*no setter"):
            setattr(net, name, value)
    assert repr(net) == "<Network 2-3-2: relu, softmax, cross_entropy, float64>"


def test_the_lists_given_are_not_modified():
    W, b = [None, [[1.0, 2.0]]], [None, [[0.0]]]
    bp.Network(W, b, ["identity"], "squared_error")
    assert type(W[1]) is type(b[1]) is list


@pytest.mark.parametrize("wide", range(4))
def test_one_parameter_in_float64_makes_all_of_them_float64(wide):
    shapes = [(3, 2), (1, 3), (3, 1), (1, 1)]
    W1, W2, b1, b2 = (np.ones(s, np.float64 if i == wide else np.float32) for i, s in enumerate(shapes))
    net = bp.Network([None, W1, W2], [None, b1, b2], ["tanh", "identity"], "squared_error")
    assert {a.dtype for a in net.W[1:] + net.b[1:]} == {net.dtype} == {np.dtype(np.float64)}


def test_parameters_are_stored_row_by_row():
    W = np.asfortranarray(np.ones((3, 2)))
    net = bp.Network([None, W], [None, np.zeros((3, 1))], ["identity"], "squared_error")
    assert net.W[1].flags.c_contiguous


def test_networks_and_what_they_compute_compare_by_identity():
    net = bp.Network.random([2, 2])
    fwd = bp.forward(net, np.eye(2))
    grads = bp.backward(net, fwd, np.eye(2))
    assert len({net, copy.copy(net), fwd, copy.copy(fwd), grads, copy.copy(grads)}) == 6


def test_what_a_random_network_is_unless_told():
    net, same = bp.Network.random([3, 4, 2]), bp.Network.random([3, 4, 2], init="he", seed=0)
    assert (net.activations, net.loss, net.dtype) == ((None, "relu", "softmax"), "cross_entropy", np.float64)
    assert all((w == v).all() for w, v in zip(net.W[1:], same.W[1:], strict=True))


def test_the_same_seed_gives_the_same_network():
    draw = lambda seed: bp.Network.random([3, 4, 2], seed=seed).W[1]
    assert (draw(5) == draw(5)).all() and (draw(5) != draw(6)).all()
    assert (draw(np.random.default_rng(5)) == draw(5)).all()


GOOD = {
    "W": [None, [[1.0, 2.0]], [[3.0]]],
    "b": [None, [[0.0]], [[0.0]]],
    "activations": ["tanh", "sigmoid"],
    "loss": "binary_cross_entropy",
}
BAD_NETWORKS = [
    ({"W": None}, TypeError, r"W: expected a list, got NoneType"),
    ({"activations": None}, TypeError, r"activations: expected a list, got NoneType"),
    ({"W": [[[1.0, 2.0]], [[3.0]]]}, ValueError, r"W: expected a list \[None.*got a list of length 2"),
    ({"W": [None]}, ValueError, r"W: expected a list \[None"),
    ({"W": []}, ValueError, r"W: expected a list .*got a list of length 0 with nothing at index 0"),
    ({"b": [7, [[0.0]], None]}, ValueError, r"b: expected a list \[None, b1.*length 3 with int at index 0"),
    ({"b": [None, [[0.0]]]}, ValueError, r"b: expected as many layers as W has \(2\), got 1"),
    (
        {"W": [None, [[1.0, 2.0]], [[3.0, 4.0]]]},
        ValueError,
        r"W\[2\]: expected shape \(n_2, 1\), got \(1, 2\)",
    ),
    ({"W": [None, [1.0, 2.0], [[3.0]]]}, ValueError, r"W\[1\]: expected shape \(n_1, n_0\), got \(2,\)"),
    ({"W": [None, [[1.0, 2.0], [1.0]], [[3.0]]]}, ValueError, r"W\[1\]: .*rows of unequal length"),
    ({"b": [None, [0.0], [[0.0]]]}, ValueError, r"b\[1\]: expected shape \(1, 1\), got \(1,\)"),
    (
        {"W": [None, [[np.nan, 2.0]], [[3.0]]]},
        ValueError,
        r"W\[1\]: expected finite numbers, got nan at index \(0, 0\)",
    ),
    ({"b": [None, [[0.0]], [[np.inf]]]}, ValueError, r"b\[2\]: expected finite numbers, got inf"),
    (
        {"W": [None, [[1j, 2.0]], [[3.0]]]},
        TypeError,
        r"W\[1\]: expected real numbers, got list of dtype complex128",
    ),
    ({"W": [None, [["a", "b"]], [[3.0]]]}, TypeError, r"W\[1\]: expected real numbers"),
    (
        {"W": [None, np.zeros((0, 2)), [[3.0]]]},
        ValueError,
        r"W\[1\]: expected shape \(n_1, n_0\), got \(0, 2\) \(empty\)",
    ),
    ({"activations": ["tanh"]}, ValueError, r"activations: expected 2 names.*got \['tanh'\]"),
    ({"activations": []}, ValueError, r"activations: expected 2 names.*got \[\]"),
    ({"activations": "ab"}, ValueError, r"activations: expected 2 names.*got 'ab'"),
    ({"activations": "tanh"}, ValueError, r"activations: expected 2 names.*got 'tanh'"),
    ({"activations": ["tangens", "sigmoid"]}, ValueError, r"activation: expected one of .*, got 'tangens'"),
    ({"loss": "mse"}, ValueError, r"loss: expected one of .*, got 'mse'"),
    (
        {"activations": ["tanh", "identity"]},
        ValueError,
        r"binary_cross_entropy expects sigmoid .* got identity",
    ),
    ({"loss": "cross_entropy"}, ValueError, r"cross_entropy expects softmax .* got sigmoid"),
]


@pytest.mark.parametrize("change, error, message", BAD_NETWORKS)
def test_bad_networks(change, error, message):
    bp.Network(**GOOD)
    with pytest.raises(error, match=message):
        bp.Network(**(GOOD | change))


BAD_X = [
    (np.ones(2), ValueError, r"X: expected shape \(2, N\), got \(2,\)"),
    (np.ones((3, 1)), ValueError, r"X: expected shape \(2, N\), got \(3, 1\)$"),
    (np.ones((2, 0)), ValueError, r"X: expected shape \(2, N\), got \(2, 0\) \(empty\)"),
    (np.ones((2, 1, 1)), ValueError, r"X: expected shape \(2, N\), got \(2, 1, 1\)"),
    (np.array([[np.nan], [np.inf]]), ValueError, r"X: expected finite numbers, got nan at index \(0, 0\)"),
    (np.array([[1j], [0]]), TypeError, r"X: expected real numbers, got ndarray of dtype complex128"),
    (np.array([["1"], ["2"]]), TypeError, r"X: expected real numbers"),
    (None, TypeError, r"X: expected real numbers, got NoneType"),
]


@pytest.mark.parametrize("X, error, message", BAD_X)
def test_bad_inputs(X, error, message):
    with pytest.raises(error, match=message):
        bp.forward(bp.Network(**GOOD), X)


BAD_Y = [
    ("sigmoid", "binary_cross_entropy", np.ones(2), ValueError, r"Y: expected shape \(2, 2\), got \(2,\)"),
    (
        "sigmoid",
        "binary_cross_entropy",
        np.ones((2, 1)),
        ValueError,
        r"Y: expected shape \(2, 2\), got \(2, 1\)",
    ),
    ("sigmoid", "binary_cross_entropy", [[0, 1], [1.5, 7]], ValueError, r"Y: .*between 0 and 1, got 1.5"),
    ("sigmoid", "binary_cross_entropy", [[0, 1], [-0.5, 0]], ValueError, r"Y: .*between 0 and 1, got -0.5"),
    ("softmax", "cross_entropy", [[0.5, 1], [0.4, 0]], ValueError, r"column 0 = \[0.5, 0.4\] with sum 0.9"),
    ("softmax", "cross_entropy", [[0, 1.000011], [1, 0]], ValueError, r"column 1 = \[1.000011, 0.0\]"),
    ("softmax", "cross_entropy", [[0, 1.5], [1, -0.5]], ValueError, r"column 1 = \[1.5, -0.5\]"),
    (
        "identity",
        "squared_error",
        [[0, np.inf], [1, 0]],
        ValueError,
        r"Y: expected finite numbers, got inf at index \(0, 1\)",
    ),
    ("identity", "squared_error", [[0, 1j], [1, 0]], TypeError, r"Y: expected real numbers"),
]


@pytest.mark.parametrize("output, loss, Y, error, message", BAD_Y)
def test_bad_labels(output, loss, Y, error, message):
    net = bp.Network.random([2, 2], output=output, loss=loss)
    fwd = bp.forward(net, np.ones((2, 2)))
    for use in (bp.cost, bp.backward):
        with pytest.raises(error, match=message):
            use(net, fwd, Y)


def test_the_sweep_of_another_network_is_refused():
    fwd = bp.forward(bp.Network.random([2, 3, 2]), np.ones((2, 2)))
    with pytest.raises(
        ValueError, match=r"fwd: expected the forward sweep of this network.*\(4, 2\).*got.*\(3, 2\)"
    ):
        bp.backward(bp.Network.random([2, 4, 2]), fwd, np.eye(2))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sizes": [3]}, ValueError, r"sizes: expected at least two positive integers.*got \[3\]"),
        ({"sizes": [3, 0]}, ValueError, r"sizes: .*got \[3, 0\]"),
        ({"sizes": [3, True]}, ValueError, r"sizes: .*got \[3, True\]"),
        ({"sizes": [3, 2.5]}, ValueError, r"sizes: .*got \[3, 2.5\]"),
        ({"sizes": 3}, TypeError, r"sizes: expected a list of layer sizes .*got 3"),
        ({"sizes": [3, 2], "init": "xavier"}, ValueError, r"init: expected one of glorot.*, got 'xavier'"),
        ({"sizes": [3, 2], "dtype": int}, TypeError, r"dtype: expected a real floating dtype, got int64"),
        ({"sizes": [3, 2], "dtype": complex}, TypeError, r"dtype: .*got complex128"),
        ({"sizes": [3, 2, 2], "hidden": "swish"}, ValueError, r"activation: expected one of .*, got 'swish'"),
        ({"sizes": [2, 2], "hidden": "swoosh"}, ValueError, r"activation: expected one of .*, got 'swoosh'"),
        ({"sizes": [2, 2], "output": "swish"}, ValueError, r"activation: expected one of .*, got 'swish'"),
    ],
)
def test_bad_random_networks(arguments, error, message):
    with pytest.raises(error, match=message):
        bp.Network.random(**arguments)
