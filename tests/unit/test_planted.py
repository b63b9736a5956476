"""Each planted mistake is there, and is caught; the right program is right."""

import numpy as np
import pytest

import backprop as bp
from backprop import gradcheck, planted

from .nets import random_case

WRONG = [name for name, mistake in planted.PROGRAMS.items() if mistake]


def case():
    return random_case("tanh", "sigmoid", "half_squared_error", 3, 4, seed=1)


def test_the_right_program_is_right():
    for output, loss in (("sigmoid", "half_squared_error"), ("softmax", "cross_entropy")):
        net, X, Y = random_case("tanh", output, loss, 3, 4, seed=1)
        ours, plain = planted.gradients(net, X, Y, "right"), bp.backward(net, bp.forward(net, X), Y)
        for l in range(1, net.L + 1):
            np.testing.assert_array_equal(ours.W[l], plain.W[l])
            np.testing.assert_array_equal(ours.b[l], plain.b[l])


@pytest.mark.parametrize("program", WRONG)
def test_every_wrong_program_is_caught_by_both_checks(program):
    net, X, Y = case()
    wrong = planted.gradients(net, X, Y, program)
    for check in (gradcheck.check_gradients, gradcheck.check_directions):
        with pytest.raises(bp.GradientError):
            check(net, X, Y, gradients=wrong)


# For each program the arrays that are wrong, and the factor where there is one.
FINGERPRINTS = {
    "A": ({"W1": 0.25, "W2": 0.25, "W3": 0.25, "b1": 0.25, "b2": 0.25, "b3": 0.25}),
    "B": ({"W1": None, "b1": None, "W2": None, "b2": None}),
    "C": ({"W1": None, "b1": None, "W2": None, "b2": None}),
    "D": ({"W3": 0}),
    "E": ({"b1": 4, "b2": 4, "b3": 4}),
}


@pytest.mark.parametrize("program", WRONG)
def test_a_mistake_has_its_fingerprint(program):
    net, X, Y = case()
    wrong, right = planted.gradients(net, X, Y, program), bp.backward(net, bp.forward(net, X), Y)
    for name in ("W", "b"):
        for l in range(1, 4):
            got, expected = getattr(wrong, name)[l], getattr(right, name)[l]
            if f"{name}{l}" not in FINGERPRINTS[program]:
                np.testing.assert_array_equal(got, expected)
            elif (factor := FINGERPRINTS[program][f"{name}{l}"]) is not None:
                np.testing.assert_allclose(got, factor * expected, rtol=1e-14)
            else:
                assert abs(got / expected - 1).max() > 0.01


def test_an_unknown_program():
    net, X, Y = case()
    with pytest.raises(ValueError, match="program: expected one of right, A, B, C, D, E, got 'F'"):
        planted.gradients(net, X, Y, "F")
