"""The gradient check passes what is right, names what is wrong, and knows what it can't judge."""

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
    assert message.startswith(
        f"{what}[2][1, 0]: analytic {right * (1 + error):.10g}, numeric {right:.6}"[:40]
    )
    assert "relative error 1.0e-04 > 1e-05" in message


def test_a_gradient_twice_too_large_fails():
    net, X, Y = random_case("sigmoid", "softmax", "cross_entropy", 3, 4, seed=1)
    grads = bp.backward(net, bp.forward(net, X), Y)
    double = bp.Gradients(None, [None] + [2 * g for g in grads.W[1:]], [None] + [2 * g for g in grads.b[1:]])
    with pytest.raises(bp.GradientError, match=r"relative error 5.0e-01"):
        bp.check_gradients(net, X, Y, double)


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


def test_error_signals_of_a_layer_that_is_not_there():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=0)
    with pytest.raises(ValueError, match="l: expected a layer, 1 to 2, got 0"):
        gradcheck.error_signal_differences(net, X, Y, 0)
    with pytest.raises(ValueError, match=r"x: expected shape \(3, 1\), got \(3, 2\)"):
        gradcheck.error_signal_differences(net, np.ones((3, 2)), Y, 1)
