"""The gradient check passes what is right, names what is wrong, and knows what it can't judge."""

import dataclasses
import re

import numpy as np
import pytest

import backprop as bp
from backprop import gradcheck

from .nets import ELEMENTWISE, PAIRS, random_case


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_gradient_passes(output, loss, seed):
    net, X, Y = random_case("tanh", output, loss, 3, 4, seed)
    report = bp.check_gradients(net, X, Y)
    assert report.worst < 1e-5
    assert report.checked + report.skipped == sum(w.size for w in net.W[1:]) + sum(v.size for v in net.b[1:])


@pytest.mark.parametrize("hidden", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_activation_passes_in_both_precisions(hidden, dtype):
    net, X, Y = random_case(hidden, "softmax", "cross_entropy", 3, 4, seed=7, dtype=dtype)
    assert bp.check_gradients(net, X, Y).checked > 10


@pytest.mark.parametrize("what", ["W", "b"])
@pytest.mark.parametrize("error", [1e-4, -1e-4])
def test_one_wrong_entry_is_named_with_both_values(what, error):
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed=1)
    grads = bp.backward(net, bp.forward(net, X), Y)
    right = float(getattr(grads, what)[2][1, 0])
    getattr(grads, what)[2][1, 0] *= 1 + error
    with pytest.raises(bp.GradientError) as caught:
        bp.check_gradients(net, X, Y, grads)
    message = str(caught.value)
    entry, analytic, numeric = re.match(r"(.*): analytic (\S+), numeric (\S+),", message).groups()
    assert entry == f"{what}[2][1, 0]"
    assert float(analytic) == pytest.approx(right * (1 + error), rel=1e-9)
    assert float(numeric) == pytest.approx(right, rel=1e-8)
    assert "relative error 1.0e-04 > 1e-05" in message


@pytest.mark.parametrize("factor", [2, 0.5])
def test_a_gradient_twice_or_half_as_large_fails(factor):
    net, X, Y = random_case("sigmoid", "softmax", "cross_entropy", 3, 4, seed=1)
    grads = bp.backward(net, bp.forward(net, X), Y)
    scaled = lambda arrays: [None] + [factor * g for g in arrays[1:]]
    with pytest.raises(bp.GradientError, match=r"relative error 5.0e-01"):
        bp.check_gradients(net, X, Y, bp.Gradients(None, scaled(grads.W), scaled(grads.b)))


@pytest.mark.parametrize(("error", "passes"), [(5e-3, True), (1.5e-2, False)])
def test_float32_may_be_wrong_by_a_hundredth(error, passes):
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed=1, dtype=np.float32)
    grads = bp.backward(net, bp.forward(net, X), Y)
    grads.b[2][0, 0] *= 1 + error
    if passes:
        assert bp.check_gradients(net, X, Y, grads).worst == pytest.approx(error, rel=0.05)
    else:
        with pytest.raises(bp.GradientError, match=r"^b\[2\]\[0, 0\]: .* > 0.01"):
            bp.check_gradients(net, X, Y, grads)


def test_the_tolerance_can_be_chosen():
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed=1)
    worst = bp.check_gradients(net, X, Y).worst
    assert bp.check_gradients(net, X, Y, tolerance=2 * worst).worst < 2 * worst
    with pytest.raises(bp.GradientError):
        bp.check_gradients(net, X, Y, tolerance=0.5 * worst)


@pytest.mark.parametrize(("deviation", "largest"), [(-0.5, 0.5), (-4.5, 10.125)])
def test_small_entries_are_measured_against_the_cost_and_the_largest_entry(deviation, largest):
    """J is deviation²/2. Layer 1 is at its kink; the gradient of layer 2 is 0 but for b[2][0, 0]."""
    net = bp.Network(
        [None, [[1.0]], [[0.0], [0.0]]],
        [None, [[-1.0]], [[deviation], [0.0]]],
        ["relu", "identity"],
        "half_squared_error",
    )
    X, Y = [[1.0]], [[0.0], [0.0]]
    grads = bp.backward(net, bp.forward(net, X), Y)
    assert grads.b[2].tolist() == [[deviation], [0.0]]
    grads.W[2][0, 0] = 1e-6 * (1e-5 * largest)  # where 0 is right
    report = bp.check_gradients(net, X, Y, grads)
    assert (report.checked, report.skipped) == (4, 2)
    assert report.worst == pytest.approx(1e-6, rel=1e-3)


def test_no_cost_and_no_gradient_pass_whatever_the_tolerance():
    net = bp.Network([None, [[0.0]]], [None, [[0.0]]], ["identity"], "squared_error")
    assert bp.check_gradients(net, [[1.0]], [[0.0]], tolerance=0).worst == 0


def test_kinks_excuse_no_other_entry_of_their_array():
    net = bp.Network([None, np.zeros((3, 1))], [None, [[0.0], [0.0], [5.0]]], ["relu"], "squared_error")
    X, Y = [[0.0]], np.ones((3, 1))
    report = bp.check_gradients(net, X, Y)
    assert (report.checked, report.skipped) == (4, 2)  # W moves nothing at x = 0
    grads = bp.backward(net, bp.forward(net, X), Y)
    grads.b[1][2, 0] += 1
    with pytest.raises(bp.GradientError, match=r"^b\[1\]\[2, 0\]: analytic 9, numeric 8"):
        bp.check_gradients(net, X, Y, grads)


@pytest.mark.parametrize(
    ("name", "bias", "skipped"),
    [("relu", 0.8e-5, 1), ("relu", 1.2e-5, 0), ("relu", -0.8e-5, 1), ("relu", -1.2e-5, 0), ("tanh", 0.0, 0)],
)
def test_a_kink_is_noticed_within_one_step(name, bias, skipped):
    net = bp.Network([None, [[1.0]]], [None, [[bias]]], [name], "squared_error")
    assert bp.check_gradients(net, [[0.0]], [[1.0]]).skipped == skipped


def test_the_estimate_is_made_in_float64_and_has_no_delta():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 3, seed=0, dtype=np.float32)
    wide = lambda arrays: [None, *(a.astype(float) for a in arrays[1:])]
    exact = gradcheck.central_differences(net.with_parameters(wide(net.W), wide(net.b)), X, Y)
    estimate = gradcheck.central_differences(net, X, Y)
    assert estimate.delta is estimate.W[0] is estimate.b[0] is None
    for l in (1, 2):
        np.testing.assert_array_equal(estimate.W[l], exact.W[l])
        np.testing.assert_array_equal(estimate.b[l], exact.b[l])


def test_a_report_without_kinks_does_not_speak_of_them():
    assert str(gradcheck.GradientReport(6, 0, 1e-9)) == "6 entries checked; worst relative error 1.0e-09"


def test_a_report_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        gradcheck.GradientReport(6, 0, 1e-9).worst = 0.0


def test_entries_at_a_kink_are_left_out_and_counted():
    net = bp.Network(
        [None, [[1.0], [1.0]], [[1.0, 1.0]]],
        [None, [[0.0], [5.0]], [[0.0]]],
        ["relu", "identity"],
        "squared_error",
    )
    report = bp.check_gradients(net, [[0.0]], [[1.0]])  # z of unit 1 is exactly 0: its bias is at the kink
    assert (report.checked, report.skipped) == (6, 1)
    assert str(report).startswith("6 entries checked, 1 at a kink left out; worst relative error")


def test_nothing_left_to_check_is_an_error():
    net = bp.Network([None, [[0.001]]], [None, [[0.0]]], ["relu"], "squared_error")
    with pytest.raises(
        ValueError, match="nothing to check: a step of 0.1 crosses a kink for each of 2 entries"
    ):
        bp.check_gradients(net, [[1.0]], [[1.0]], h=0.1)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "prelu", "elu", "gelu"])
def test_complex_step_refuses_what_is_not_analytic(name):
    net, X, Y = random_case(name, "identity", "squared_error", 2, 1, seed=0)
    with pytest.raises(ValueError, match=f"complex step: expected analytic activations, got {name}"):
        gradcheck.complex_step(net, X, Y)


def test_bad_arguments():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=0)
    with pytest.raises(ValueError, match="h: expected a step > 0, got 0"):
        gradcheck.central_differences(net, X, Y, h=0)
    grads = bp.backward(net, bp.forward(net, X), Y)
    grads.W[1] = grads.W[1].T
    with pytest.raises(ValueError, match=r"gradients.W\[1\]: expected shape"):
        bp.check_gradients(net, X, Y, grads)


def test_the_network_is_not_changed_by_a_check():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 3, seed=0)
    before = [w.copy() for w in net.W[1:]]
    bp.check_gradients(net, X, Y)
    gradcheck.complex_step(net, X, Y)
    assert all((w == v).all() for w, v in zip(before, net.W[1:], strict=True))


def test_error_signals_where_no_two_layers_have_the_same_size():
    net, x, y = bp.Network.random([4, 3, 1], "tanh", "sigmoid", "squared_error"), np.ones((4, 1)), [[0.3]]
    delta = bp.backward(net, bp.forward(net, x), y).delta
    for l in (1, 2):
        np.testing.assert_allclose(gradcheck.error_signal_differences(net, x, y, l), delta[l], rtol=1e-7)


def test_error_signals_of_a_layer_that_is_not_there():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=0)
    for l in (0, 3):
        with pytest.raises(ValueError, match=f"l: expected a layer, 1 to 2, got {l}"):
            gradcheck.error_signal_differences(net, X, Y, l)
    with pytest.raises(ValueError, match=r"x: expected shape \(3, 1\), got \(3, 2\)"):
        gradcheck.error_signal_differences(net, np.ones((3, 2)), Y, 1)


def test_error_signals_at_a_kink_and_with_a_bad_step():
    net = bp.Network([None, [[1.0]]], [None, [[0.0]]], ["relu"], "squared_error")
    assert np.isnan(gradcheck.error_signal_differences(net, [[0.0]], [[1.0]], 1)).all()
    with pytest.raises(ValueError, match="h: expected a step > 0, got 0"):
        gradcheck.error_signal_differences(net, [[1.0]], [[1.0]], 1, h=0)
