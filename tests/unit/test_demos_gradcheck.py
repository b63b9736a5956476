"""The gradient-check laboratory shows what the gradient check measures."""

import re

import pytest

import backprop as bp
from backprop import clinic, gradcheck
from backprop.demos import gradcheck as demo
from backprop.demos.gradcheck import ARRAYS, POWERS, PROGRAMS, case
from backprop.show.gradcheck import error_curves


def test_the_case_hides_nothing():
    """No two sizes equal, none equal to the number of examples, no zero, no saturated unit."""
    net, X, Y = case()
    assert len({*net.sizes, X.shape[1]}) == 4
    fwd = bp.forward(net, X)
    assert min(net.sigma[l].derivative(fwd.z[l]).min() for l in (1, 2)) > 0.1
    assert all((abs(p) > 1e-3).all() for p in [X, Y, *net.W[1:], *net.b[1:]])


@pytest.mark.parametrize("power", [-12.0, -8.5, -5.0, -1.0])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_numbers_are_those_of_the_gradient_check(power, precision):
    net, X, Y = case()
    view = demo.view(power=power, precision=precision)
    step = (10.0**POWERS)[POWERS == power]  # NumPy's power of an array, to the last digit
    errors = gradcheck.step_errors(net, X, Y, step, precision)
    for name in gradcheck.SCHEMES:
        assert view.numbers[name] == errors[name][0]
        assert f"{name:12s} error {errors[name][0]:.1e}" in view.text


WRONG = {  # for each program the arrays that are wrong, and their distance from the right ones where it is known
    "right": {},
    "A": {"W[1]": 0.75, "b[1]": 0.75, "W[2]": 0.75, "b[2]": 0.75},  # a quarter of the right ones
    "B": {"W[1]": None, "b[1]": None},
    "C": {"W[1]": None, "b[1]": None},
    "D": {"W[2]": 1, "b[2]": 1},  # 0
    "E": {"b[1]": 3, "b[2]": 3},  # four times the right ones
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_verdict_names_the_wrong_arrays(program):
    view = demo.view(program=program)
    for name in (f"{array}[{l}]" for array, l in ARRAYS):
        verdict = re.search(rf"{re.escape(name)} +\S+  (passes|fails)", view.text)[1]
        assert verdict == ("fails" if name in WRONG[program] else "passes")
        if WRONG[program].get(name):
            assert view.numbers[name] == pytest.approx(WRONG[program][name], rel=1e-6)


def test_the_missing_slope_is_further_off_than_the_slope_at_a():
    missing, misplaced = (demo.view(program=program).numbers["W[1]"] for program in "BC")
    assert missing > 2 * misplaced > 0.01


@pytest.mark.parametrize("program", [program for program in PROGRAMS if program != "right"])
def test_both_checks_catch_every_wrong_program(program):
    net, X, Y = case()
    wrong = clinic.get(PROGRAMS[program]).gradients(net, X, Y)
    for check in (gradcheck.check_gradients, gradcheck.check_directions):
        with pytest.raises(bp.GradientError):
            check(net, X, Y, gradients=wrong)


def test_a_mistake_is_told_only_when_asked():
    for program, bug in PROGRAMS.items():
        hidden, told = (demo.view(program=program, reveal=reveal).text for reveal in (False, True))
        assert told.startswith(hidden) and "mistake" not in hidden
        if bug:
            assert told.endswith(f'Its mistake is "{bug}" of the bug clinic.\n{clinic.get(bug)}')
        else:
            assert told.endswith("There is no mistake in this program.")


def test_single_precision_cannot_pass_even_the_right_program():
    assert "passes" not in demo.view(precision="float32", power=-4.0).text


def test_the_marked_step_is_the_nearest():
    assert "Marked: h = 1e-5.5." in demo.view(power=-5.6).svg.text
    assert POWERS[0] == -15 and POWERS[-1] == -0.5 and len(POWERS) == 30


def test_the_picture_of_known_curves():
    svg = error_curves([1e-4, 1e-2], {"one-sided": [1e-4, 1e-2], "central": [0.0, 1e-4]}, at=1)
    assert svg.text == (
        "Error against the step h from 1e-4 to 1e-2, as powers of ten. one-sided -4, -2; "
        "central -17, -4. Marked: h = 1e-2."
    )
    first, second = (
        [tuple(map(float, p.split(","))) for p in points.split()]
        for points in re.findall(r'<polyline points="([^"]*)" class="curve (?:one-sided|central)"', str(svg))[
            ::2
        ]
    )
    (x0, y0), (x1, y1) = first
    assert x1 > x0 and y1 < y0  # a larger error stands higher
    assert second[1] == (x1, y0) and second[0] == (x0, 288.0)  # 0 is drawn at the bottom
