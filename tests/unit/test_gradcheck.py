"""The gradient check passes what is right, names what is wrong, and knows what it can't judge."""

import dataclasses
import re

import numpy as np
import pytest

import backprop as bp
from backprop import data, gradcheck, judge, layers, numeric

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


def dead_unit(deviation):
    """J is deviation²/2; the one hidden unit is dead, so every gradient is 0 but that of b[2][0, 0]."""
    net = bp.Network(
        [None, [[1.0]], [[0.0], [0.0]]],
        [None, [[-3.0]], [[deviation], [0.0]]],
        ["relu", "identity"],
        "half_squared_error",
    )
    X, Y = [[1.0]], [[0.0], [0.0]]
    return net, X, Y, bp.backward(net, bp.forward(net, X), Y)


@pytest.mark.parametrize("small", [1e-12, -1e-6, 1.0])
def test_where_0_is_right_nothing_else_passes(small):
    net, X, Y, grads = dead_unit(4.5)
    report = bp.check_gradients(net, X, Y, grads)
    assert (report.checked, report.skipped, report.zeros, report.worst) == (
        6,
        0,
        5,
        pytest.approx(0, abs=1e-9),
    )
    assert "5 of them 0 on both sides" in str(report)
    grads.W[2][0, 0] = small
    with pytest.raises(bp.GradientError, match=rf"^W\[2\]\[0, 0\]: analytic {small:.10g}, numeric 0"):
        bp.check_gradients(net, X, Y, grads)


@pytest.mark.parametrize(("share", "passes"), [(0.3, True), (30, False)])
def test_an_entry_may_be_off_by_what_rounding_makes_of_it(share, passes):
    """Where terms cancel, the floor is their rounding and not their sum."""
    net = bp.Network([None, [[1.0]]], [None, [[0.25]]], ["identity"], "half_squared_error")
    X, Y = [[1.0, -1.0]], [[2.0, -2.0 + 1e-12]]  # the gradient of b is about 0.25
    grads = bp.backward(net, bp.forward(net, X), Y)
    found = judge.judge(net, X, Y, numeric.column(grads))
    off = found.off[1]
    assert 1e-16 < off < 1e-9
    grads.b[1] += share * max(off, 1e-5 * abs(grads.b[1].item()))
    if passes:
        bp.check_gradients(net, X, Y, grads)
    else:
        with pytest.raises(bp.GradientError):
            bp.check_gradients(net, X, Y, grads)


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
    net = bp.Network([None, [[1.0], [1.0]]], [None, [[bias], [1.0]]], [name], "squared_error")
    assert bp.check_gradients(net, [[0.0]], [[1.0], [3.0]]).skipped == skipped


def test_an_array_left_out_entirely_is_refused():
    net = bp.Network([None, [[1.0]]], [None, [[0.8e-5]]], ["relu"], "squared_error")
    with pytest.raises(ValueError, match=r"^b\[1\] was not compared: a step of 1e-05 crosses a kink for 1 of its 1 "
                                         r"entries; move the biases off 0, such as by net.b\[l\] \+="):  # fmt: skip
        bp.check_gradients(net, [[0.0]], [[1.0]])
    net, X, _ = random_case("tanh", "softmax", "cross_entropy", 2, 2, 0, np.float32)
    net.b[2][:] = [[60], [0], [0]]  # the output is its label to the last digit of float32
    with pytest.raises(ValueError, match=r"was not compared: .* too small for the precision"):
        bp.check_gradients(net, X, np.eye(3)[:, [0, 0]])


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
    assert str(report).startswith("6 entries checked, 1 at a kink left out, 3 of them 0 on both sides; worst")


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


def scaled(grads, factor):
    return bp.Gradients(
        None, [None, *(factor * g for g in grads.W[1:])], [None, *(factor * g for g in grads.b[1:])]
    )


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_a_right_gradient_passes_along_random_directions(output, loss):
    net, X, Y = random_case("tanh", output, loss, 3, 4, seed=2)
    report = gradcheck.check_directions(net, X, Y, directions=4, seed=5)
    assert report.worst < 1e-6 and (report.checked, report.skipped) == (4, 0)


@pytest.mark.parametrize("factor", [0, -1, 0.5, 2, 1.001])
def test_a_wrong_gradient_fails_along_random_directions(factor):
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 3, 4, seed=2)
    wrong = scaled(bp.backward(net, bp.forward(net, X), Y), factor)
    with pytest.raises(
        bp.GradientError, match=r"^direction \d of 3, seed 1: analytic .*, numeric .* > 1e-05"
    ):
        gradcheck.check_directions(net, X, Y, directions=3, seed=1, gradients=wrong)


@pytest.mark.parametrize("what", ["W", "b"])
@pytest.mark.parametrize("l", [1, 2, 3])
def test_one_wrong_entry_anywhere_shows_in_a_direction(what, l):
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 3, 4, seed=1)
    grads = bp.backward(net, bp.forward(net, X), Y)
    getattr(grads, what)[l][-1, -1] += 0.01
    with pytest.raises(bp.GradientError):
        gradcheck.check_directions(net, X, Y, directions=1, gradients=grads)


def test_the_message_holds_both_derivatives_of_the_worst_direction():
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed=1)
    grads, rng = bp.backward(net, bp.forward(net, X), Y), np.random.default_rng(8)
    along = [gradcheck.dot(grads, gradcheck.random_direction(net, rng)) for _ in range(4)]
    worst = int(np.argmax(np.abs(along)))
    with pytest.raises(bp.GradientError) as caught:
        gradcheck.check_directions(net, X, Y, 4, seed=8, gradients=scaled(grads, 2))
    i, analytic, numeric = re.match(
        r"direction (\d) of 4, seed 8: analytic (\S+), numeric (\S+),", str(caught.value)
    ).groups()
    assert int(i) == worst + 1 and float(analytic) == pytest.approx(2 * along[worst], rel=1e-8)
    assert float(numeric) == pytest.approx(along[worst], rel=1e-6)
    ratio = abs(along[worst]) / (2 * gradcheck.dot(grads, grads) ** 0.5)
    assert f"difference {ratio:.1e} of the gradient's norm" in str(caught.value)


def test_the_error_is_measured_against_the_norm_and_a_floor():
    net = bp.Network([None, [[0.0]]], [None, [[3.0]]], ["identity"], "half_squared_error")
    X, Y = [[0.0]], [[3.0]]  # J = 0 and gradient 0
    assert gradcheck.check_directions(net, X, Y).worst == 0
    net = bp.Network([None, [[0.0], [0.0]]], [None, [[0.0], [0.0]]], ["softmax"], "cross_entropy")
    Y = [[0.5], [0.5]]  # J = ln 2, gradient 0
    wrong = bp.backward(net, bp.forward(net, X), Y)
    wrong.b[1][0, 0] = 1e-8
    v = gradcheck.random_direction(net, np.random.default_rng(4))
    report = gradcheck.check_directions(net, X, Y, 1, 4, wrong, tolerance=1)
    assert report.worst == pytest.approx(1e-8 * abs(v.b[1][0, 0]) / (1e-5 * np.log(2)), rel=1e-2)


def test_directions_across_a_kink_are_left_out():
    net = bp.Network([None, [[1.0]]], [None, [[0.0]]], ["relu"], "squared_error")
    with pytest.raises(
        ValueError, match="nothing to check: a step of 1e-05 crosses a kink in each of 3 directions"
    ):
        gradcheck.check_directions(net, [[0.0]], [[1.0]], directions=3)
    net.b[1][:] = 5e-6  # some directions move the bias less than that: most of their length is in W
    report = gradcheck.check_directions(net, [[0.0]], [[1.0]], directions=30, seed=0)
    assert report.skipped > 0 and report.checked > 0 and report.skipped + report.checked == 30
    assert str(report).startswith(
        f"{report.checked} directions checked, {report.skipped} across a kink left out"
    )


def test_a_direction_check_of_float32_uses_the_wide_bar():
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed=1, dtype=np.float32)
    grads = bp.backward(net, bp.forward(net, X), Y)
    assert gradcheck.check_directions(net, X, Y, gradients=scaled(grads, 1.001)).worst > 1e-5
    with pytest.raises(bp.GradientError, match="> 0.01"):
        gradcheck.check_directions(net, X, Y, gradients=scaled(grads, 1.1))


def test_a_direction_changes_nothing_and_is_reproducible():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 3, seed=0)
    before = [w.copy() for w in net.W[1:]]
    one = gradcheck.check_directions(net, X, Y, seed=3)
    assert (
        one == gradcheck.check_directions(net, X, Y, seed=3) != gradcheck.check_directions(net, X, Y, seed=4)
    )
    assert all((w == v).all() for w, v in zip(before, net.W[1:], strict=True))


def test_the_length_of_the_step_is_h():
    """Along (3, 4), of length 5: W and b of one unit at x = 1 together move z by 7 s."""
    net = bp.Network([None, [[0.0]]], [None, [[0.0]]], ["softplus"], "squared_error")
    v = bp.Gradients(None, [None, np.array([[3.0]])], [None, np.array([[4.0]])])
    f = lambda s: np.log1p(np.exp(7 * s)) ** 2
    expected = (f(0.1 / 5) - f(-0.1 / 5)) / (0.2 / 5)
    assert gradcheck.directional_difference(net, [[1.0]], [[0.0]], v, h=0.1) == pytest.approx(
        expected, rel=1e-12
    )


def test_bad_directions():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=0)
    for directions in (0, -1, 2.5, True, None):
        with pytest.raises(ValueError, match=f"directions: expected a whole number >= 1, got {directions}"):
            gradcheck.check_directions(net, X, Y, directions)
    v = gradcheck.random_direction(net, np.random.default_rng(0))
    with pytest.raises(ValueError, match="h: expected a step > 0, got 0"):
        gradcheck.directional_difference(net, X, Y, v, h=0)
    with pytest.raises(ValueError, match="direction: expected an entry that is not 0"):
        gradcheck.directional_difference(net, X, Y, scaled(v, 0))
    v.b[2] = v.b[2].T
    with pytest.raises(ValueError, match=r"direction.b\[2\]: expected shape \(3, 1\), got \(1, 3\)"):
        gradcheck.directional_difference(net, X, Y, v)
    with pytest.raises(ValueError, match=r"gradients.b\[2\]: expected shape"):
        gradcheck.check_directions(net, X, Y, gradients=v)


def parabola(w):
    """J(w) = ½ (w + b)² with b = 0: the one network whose differences are known by hand."""
    return bp.Network([None, [[w]]], [None, [[0.0]]], ["identity"], "half_squared_error"), [[1.0]], [[0.0]]


def test_step_errors_by_hand():
    """J = w²/2: D_1 = w + h/2, D_2 = w, D_3 = w. Steps are powers of 2, so nothing is rounded."""
    net, X, Y = parabola(2.0)
    steps = [2.0**-10, 2.0**-3, 1.0]
    errors = gradcheck.step_errors(net, X, Y, steps, entry=("W", 1, 0, 0))
    assert list(errors) == list(gradcheck.SCHEMES)
    assert errors["one-sided"].tolist() == [2.0**-12, 2.0**-5, 0.25]
    assert errors["central"].tolist() == [0, 0, 0] and errors["complex step"].tolist() == [0, 0, 0]
    net, X, Y = parabola(2.0)
    both = gradcheck.step_errors(net, X, Y, [1.0])  # W and b have the same derivative and the same error
    assert both["one-sided"][0] == pytest.approx(0.25)


def test_step_errors_against_a_wrong_gradient_stay_as_large_as_the_bug():
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 2, 4, seed=0)
    right = bp.backward(net, bp.forward(net, X), Y)
    errors = gradcheck.step_errors(net, X, Y, [1e-6, 1e-4], gradients=scaled(right, 2))
    for found in errors.values():
        np.testing.assert_allclose(found, 1, rtol=1e-3)
    zero = gradcheck.step_errors(net, X, Y, [1e-5], entry=("W", 2), gradients=scaled(right, 0))
    assert zero["central"][0] == pytest.approx(1, rel=1e-6)


def test_step_errors_are_measured_in_the_precision_asked_for():
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 2, 4, seed=0)
    steps = [1e-10, 1e-5, 1e-2]
    double, single = (gradcheck.step_errors(net, X, Y, steps, dtype) for dtype in (np.float64, np.float32))
    assert double["central"][1] < 1e-8 and 1e-3 < single["central"][1] < 1
    assert single["central"][0] == 1  # w + h is w: the quotient is 0
    assert double["complex step"][0] < 1e-14 and 1e-9 < single["complex step"][0] < 1e-5
    assert net.dtype == np.float64 and double["central"].dtype == np.float64


def test_step_errors_know_the_entries():
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 2, 4, seed=0)
    grads, h = bp.backward(net, bp.forward(net, X), Y), 1e-3
    for entry, place in (
        (("W", 2, 1, 0), (net.W[2], (1, 0), grads.W[2])),
        (("b", 1, 1), (net.b[1], (1, 0), grads.b[1])),
    ):
        array, index, gradient = place
        J, there = bp.cost(net, bp.forward(net, X), Y), array[index]
        array[index] = there + h
        up = bp.cost(net, bp.forward(net, X), Y)
        array[index] = there
        expected = abs((up - J) / h / gradient[index] - 1)
        assert gradcheck.step_errors(net, X, Y, [h], entry=entry)["one-sided"][0] == pytest.approx(
            expected, rel=1e-6
        )


@pytest.mark.parametrize("name", ["relu", "gelu"])
def test_step_errors_have_no_complex_step_where_it_does_not_work(name):
    net, X, Y = random_case(name, "sigmoid", "half_squared_error", 2, 4, seed=0)
    assert list(gradcheck.step_errors(net, X, Y, [1e-5])) == ["one-sided", "central"]


def test_bad_arguments_of_step_errors():
    net, X, Y = parabola(2.0)
    with pytest.raises(ValueError, match="dtype: expected float64 or float32, got float16"):
        gradcheck.step_errors(net, X, Y, [0.1], np.float16)
    with pytest.raises(ValueError, match="steps: expected steps > 0, got 0"):
        gradcheck.step_errors(net, X, Y, [0.1, 0.0])
    for entry in (("W", 2, 0, 0), ("W", 1, 1, 0), ("W", 3), ("c", 1, 0), ("W",), ()):
        with pytest.raises(ValueError, match=r"entry: expected .* sizes \[1, 1\], got"):
            gradcheck.step_errors(net, X, Y, [0.1], entry=entry)
    net, X, Y = parabola(0.0)
    with pytest.raises(ValueError, match="gradients: expected a derivative that is not 0"):
        gradcheck.step_errors(net, X, Y, [0.1], entry=("W", 1, 0, 0))


def test_branch_slopes_of_a_known_curve():
    steps = 10.0 ** np.arange(-12, 0, 0.25)
    for power in (1, 2):
        left, right = gradcheck.branch_slopes(steps, 1e-16 / steps + steps**power)
        assert left == pytest.approx(-1, abs=0.01) and right == pytest.approx(power, abs=0.02)
    flat = np.maximum(steps**2, 1e-16)
    left, right = gradcheck.branch_slopes(steps, flat)
    assert np.isnan(left) and right == pytest.approx(2, abs=1e-6)


def test_branch_slopes_leave_out_what_has_no_right_digit():
    steps = 10.0 ** np.arange(-14, 0, 0.25)
    curve = np.minimum(1e-13 / steps + steps, 1)  # on the left the error stays at 1
    assert gradcheck.branch_slopes(steps, curve)[0] == pytest.approx(-1, abs=0.02)
    single = gradcheck.branch_slopes(steps, np.maximum(steps**2, 6e-8), np.float32)
    assert np.isnan(single[0]) and single[1] == pytest.approx(2, abs=1e-6)


def test_bad_arguments_of_branch_slopes():
    with pytest.raises(ValueError, match="steps: expected ascending steps > 0"):
        gradcheck.branch_slopes([0.1, 0.01], [1.0, 1.0])
    with pytest.raises(ValueError, match=r"errors: expected shape \(2,\), got \(1,\)"):
        gradcheck.branch_slopes([0.01, 0.1], [1.0])


def test_step_errors_of_a_whole_array():
    """The squares of the absolute errors of its entries add up."""
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 2, 4, seed=0)
    grads = bp.backward(net, bp.forward(net, X), Y)
    for name, g in (("W", grads.W[2]), ("b", grads.b[2])):
        places = [(name, 2, *index) for index in np.ndindex(*g.shape)]
        one = [gradcheck.step_errors(net, X, Y, [1e-2], entry=p)["central"][0] for p in places]
        whole = gradcheck.step_errors(net, X, Y, [1e-2], entry=(name, 2))["central"][0]
        assert whole == pytest.approx(np.linalg.norm(np.array(one) * g.ravel()) / np.linalg.norm(g), rel=1e-9)


def test_the_figure_draws_what_it_is_given():
    import matplotlib
    import matplotlib.pyplot as plt

    from backprop import show

    matplotlib.use("agg")
    try:
        errors = {"one-sided": [1e-3, 1e-2], "complex step": [1e-15, 1e-5]}
        slopes = {"one-sided": (-1.02, 0.98), "complex step": (np.nan, 2.0)}
        assert show.step_errors([1e-4, 1e-2], errors, slopes) is None
        axes = plt.gcf().axes[0]
        assert [list(line.get_ydata()) for line in axes.lines] == list(errors.values())
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert [t.get_text() for t in plt.gcf().legends[0].get_texts()] == [
            "one-sided: slopes -1.0 and +1.0",
            "complex step: slopes none and +2.0",
        ]
    finally:
        plt.close("all")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_stays_below_its_bound_and_comes_near_it(dtype):
    small = 1e-9 if dtype == np.float64 else 1e-4
    steps = small * np.array([0.01, 0.1, 1])  # where rounding rules
    for seed in range(20):
        print("seed", seed)
        rng = np.random.default_rng(seed)
        net = bp.Network.random([3, 4, 2], "tanh", "sigmoid", "half_squared_error", "glorot", seed=rng)
        X, Y = rng.normal(size=(3, 5)), rng.uniform(size=(2, 5))
        errors = gradcheck.step_errors(net, X, Y, steps, dtype)
        noise = gradcheck.rounding_noise(net, X, Y, steps, dtype)
        for scheme in ("one-sided", "central"):
            share = np.array(errors[scheme]) / noise[scheme]
            assert np.all(share < 1) and share.max() > 1e-3, scheme
        assert noise["complex step"].max() < 1e-4


# Any function, any layer


def softmax_vjp(z, g):
    a = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    return a * (g - a @ g)


def softmax(z):
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


FUNCTIONS = {
    "a number": (lambda w: (w**3).sum(), np.array([[1.0, -2.0], [0.5, 3.0]]), lambda w: 3 * w**2),
    "a given gradient": (lambda w: (w**3).sum(), np.array([1.0, -2.0]), np.array([3.0, 12.0])),
    "entry by entry": (np.tanh, np.linspace(-2, 2, 5), lambda z: 1 - np.tanh(z) ** 2),
    "a Jacobian": (lambda x: np.array([x[0] * x[1], np.sin(x[0])]), np.array([0.3, 2.0]),
                   lambda x: np.array([[x[1], x[0]], [np.cos(x[0]), 0.0]])),
    "a product with it": (softmax, np.array([0.1, -1.0, 2.0]), softmax_vjp),
    "a scalar": (np.exp, 1.5, np.exp),
    "far from 1": (lambda x: x**2, 1e6, lambda x: 2 * x),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_and_its_derivative(name):
    function, x, derivative = FUNCTIONS[name]
    report = bp.check_gradients(function, x, derivative)
    assert report.checked > 0 and report.skipped == 0 and report.worst < 1e-5
    assert report == gradcheck.check_function(function, x, derivative)

    def wrong(*arguments):
        right = derivative(*arguments) if callable(derivative) else derivative
        return np.where(
            np.arange(np.size(right)).reshape(np.shape(right)) == np.size(right) - 1,
            1.01 * right + 0.01,
            right,
        )

    two = name == "a product with it"
    with pytest.raises(bp.GradientError, match="^derivative"):
        bp.check_gradients(function, x, (lambda z, g: wrong(z, g)) if two else (lambda z: wrong(z)))


def test_functions_with_a_kink_or_a_draw_and_bad_derivatives():
    relu, slope = lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)
    report = bp.check_gradients(relu, np.array([-1.0, 0.0, 2.0]), slope)
    assert (report.checked, report.skipped) == (2, 1)
    with pytest.raises(
        ValueError, match="nothing to check: a step of .* crosses a kink for each of 1 entries"
    ):
        bp.check_gradients(relu, 0.0, slope)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="expected the same value for the same input, got two"):
        bp.check_gradients(lambda z: z * rng.random(), 1.0, slope)
    with pytest.raises(
        ValueError, match=r"derivative: expected shape \(3,\) for a value of shape \(\) and x of"
    ):
        bp.check_gradients(lambda z: z.sum(), np.ones(3), np.ones((3, 1)))
    with pytest.raises(TypeError, match="derivative: expected an array or a function, got None"):
        bp.check_gradients(lambda z: z.sum(), np.ones(3))
    with pytest.raises(TypeError, match="net: expected a Network, a layers.Sequence, a layer .*, got list"):
        bp.check_gradients([1, 2], np.ones(3), np.ones(3))


class Dense:
    """A layer as chapter 6 writes it, by a reader."""

    def __init__(self, rng, error=1.0):
        self.W, self.b, self.error = rng.normal(size=(2, 3)), rng.normal(size=(2, 1)), error

    def forward(self, U):
        self.U = U
        return self.W @ U + self.b

    def backward(self, G):
        self.dW, self.db = self.error * G @ self.U.T, G.sum(axis=1, keepdims=True)
        return self.W.T @ G


class ByDict(Dense):
    def __init__(self, rng):
        super().__init__(rng)
        self.params, self.grads = {"W": self.W, "b": self.b}, {}
        del self.W, self.b

    def forward(self, U):
        self.U = U
        return self.params["W"] @ U + self.params["b"]

    def backward(self, G):
        self.grads = {"W": G @ self.U.T, "b": G.sum(axis=1, keepdims=True)}
        return self.params["W"].T @ G


def test_a_layer_as_the_reader_writes_it():
    rng = np.random.default_rng(0)
    U, layer = rng.normal(size=(3, 4)), Dense(rng)
    before = layer.W.copy()
    report = bp.check_gradients(layer, U)
    assert report.checked == 12 + 6 + 2 and set(report.arrays) == {"input", "W", "b"}
    assert (layer.W == before).all()
    assert bp.check_gradients(ByDict(rng), U).arrays == ("input", "W", "b")
    with pytest.raises(bp.GradientError, match=r"^W\[\d, \d\]: analytic"):
        bp.check_gradients(Dense(rng, error=1.01), U)
    for method in ("forward", "backward"):
        half = type("Half", (), {method: lambda self, U: U})()
        with pytest.raises(TypeError, match="layer: expected forward and backward, got Half without"):
            bp.check_gradients(half, U)
    stepping = type("Stepping", (Dense,), {"backward": lambda self, G, eta: G})(rng)
    with pytest.raises(TypeError, match=r"layer: expected to be called as backward\(G\)"):
        bp.check_gradients(stepping, U)
    wrong_shape = type("Flat", (Dense,), {"backward": lambda self, G: setattr(self, "dW", np.ones(2))})(rng)
    with pytest.raises(ValueError, match=r"dW: expected shape \(2, 3\), got \(2,\)"):
        bp.check_gradients(wrong_shape, U)


@pytest.mark.parametrize("layout", layers.LAYOUTS)
@pytest.mark.parametrize(("hidden", "output", "loss"), [("tanh", "softmax", "cross_entropy"),
                                                        ("relu", "identity", "half_squared_error")])  # fmt: skip
def test_a_sequence_of_layers(layout, hidden, output, loss):
    net, X, Y = random_case(hidden, output, loss, 2, 4, 1)
    X, Y = (X.T, Y.T) if layout == "rows" else (X, Y)
    sequence = layers.Sequence.of(net, layout)
    report = bp.check_gradients(sequence, X, Y)
    assert {"input", "layers[0].W", "layers[0].b", "layers[2].W", "layers[2].b"} == set(report.arrays)
    last = sequence.layers[2]
    backward, last.backward = last.backward, lambda G: backward(2 * G)
    with pytest.raises(bp.GradientError):
        bp.check_gradients(sequence, X, Y)
    with pytest.raises(TypeError, match="Y: expected labels, got None"):
        bp.check_gradients(sequence, X)


def test_instruments_for_networks_say_what_they_expect():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 2, 0)
    sequence = layers.Sequence.of(net)
    for instrument in (gradcheck.check_directions, gradcheck.central_differences):
        with pytest.raises(
            TypeError, match="net: expected a Network, got Sequence; check_gradients takes layers"
        ):
            instrument(sequence, X, Y)
    copy = bp.clinic.plant("step-uphill").same(net)  # of another copy of the class
    assert (
        bp.check_gradients(copy, X, Y).checked
        and bp.clinic.diagnose(copy, X, Y, bp.value_and_grad(net, X, Y)).right
    )


def test_a_sequence_whose_biases_stand_at_their_kinks():
    net = bp.Network.random([2, 3, 1], "relu", "sigmoid", "binary_cross_entropy", "he", seed=1)
    with pytest.raises(ValueError, match=r"layers\[0\].b was not compared: .*; move the biases off 0"):
        bp.check_gradients(layers.Sequence.of(net), data.xor().X, data.xor().Y)


@pytest.mark.parametrize("loss", bp.losses.LOSSES)
def test_single_layers_of_the_package(loss):
    rng = np.random.default_rng(0)
    U, Y = rng.uniform(0.1, 0.9, (3, 4)), rng.dirichlet(np.ones(3), size=4).T
    assert bp.check_gradients(layers.Loss(loss), U, Y).checked == 12
    for name in bp.activations.ACTIVATIONS:
        assert bp.check_gradients(layers.Activation(name), U - 0.5).checked == 12
