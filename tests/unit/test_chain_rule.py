"""Chains of functions: sweeps, derivatives in both layouts, counted products, and their pictures."""

import inspect
import math

import matplotlib
import numpy as np
import pytest

from backprop import chain_rule, show

matplotlib.use("agg")


@pytest.mark.parametrize(
    "thing", [chain_rule.sweep, chain_rule.derivative, chain_rule.product, chain_rule.multiplications]
)
def test_docstrings_name_shapes_and_errors(thing):
    assert all(part in inspect.getdoc(thing) for part in ("Args:", "Returns:", "Raises:"))


def test_a_sweep_by_hand():
    """y = (2x + 1)³ at x = 1, step by step."""
    steps = [
        (lambda t: 2 * t, lambda t: 2),
        (lambda t: t + 1, lambda t: 1),
        (lambda t: t**3, lambda t: 3 * t**2),
    ]
    values, slopes, adjoints = chain_rule.sweep(steps, 1.0)
    assert values == [1, 2, 3, 27]
    assert slopes == [None, 2, 1, 27]
    assert adjoints == [54, 27, 27, 1]


def test_a_sweep_of_a_long_chain_is_the_product_of_its_slopes():
    values, slopes, adjoints = chain_rule.sweep([(math.sin, math.cos)] * 20, 0.9)
    assert len(values) == len(slopes) == len(adjoints) == 21
    assert adjoints[0] == pytest.approx(math.prod(slopes[1:]), rel=1e-14)


def test_an_empty_chain_is_refused():
    with pytest.raises(ValueError, match="steps: expected at least one pair .*got none"):
        chain_rule.sweep([], 1.0)


# Shapes in numerator layout for x () | (3, 1) | (2, 4) and y () | (5, 1) | (6, 7).
SHAPES = [
    ((), (), (1, 1)), ((), (3, 1), (1, 3)), ((), (2, 4), (4, 2)),
    ((5, 1), (), (5, 1)), ((5, 1), (3, 1), (5, 3)), ((5, 1), (2, 4), (5, 2, 4)),
    ((6, 7), (), (6, 7)), ((6, 7), (3, 1), (6, 7, 3)), ((6, 7), (2, 4), (6, 7, 2, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("above", "below", "expected"), SHAPES)
def test_all_nine_kinds_have_their_shape_and_their_entries(above, below, expected):
    A = np.random.default_rng(2).normal(size=(*above, *below))
    axes = len(below)
    linear = lambda v: np.tensordot(A, v, axes=axes)
    D = chain_rule.derivative(linear, np.full(below, 0.4))
    assert D.shape == expected
    assert sorted(D.ravel()) == pytest.approx(sorted(A.ravel()), abs=1e-9)
    other = chain_rule.derivative(linear, np.full(below, 0.4), "denominator")
    np.testing.assert_array_equal(other, D if len(expected) > 2 else D.T)


def test_entries_stand_where_the_layout_says():
    A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_allclose(chain_rule.derivative(lambda v: A @ v, np.ones((3, 1))), A, atol=1e-9)
    np.testing.assert_allclose(
        chain_rule.derivative(lambda v: A @ v, np.ones((3, 1)), "denominator"), A.T, atol=1e-9
    )
    by_matrix = chain_rule.derivative(lambda X: (A * X).sum(), np.ones((2, 3)))
    np.testing.assert_allclose(by_matrix, A.T, atol=1e-9)
    of_matrix = chain_rule.derivative(lambda t: t * A, 0.5)
    np.testing.assert_allclose(of_matrix, A, atol=1e-9)
    third = chain_rule.derivative(lambda X: X @ np.array([[1.0], [10.0]]), np.ones((2, 2)))
    assert (
        third.shape == (2, 2, 2)
        and third[1, 1, 1] == pytest.approx(10)
        and third[0, 1, 1] == pytest.approx(0)
    )


def test_the_error_of_a_derivative_falls_with_the_square_of_the_step():
    errors = [abs(chain_rule.derivative(np.exp, 0.0, h=h)[0, 0] - 1) for h in (1e-1, 1e-2)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": 1.0, "layout": "row"}, r"layout: expected one of \('numerator', 'denominator'\), got 'row'"),
        ({"x": 1.0, "h": 0}, "h: expected a step > 0, got 0"),
        ({"x": [1.0, 2.0]}, r"x: expected a number, a column \(n, 1\) or a matrix, got shape \(2,\)"),
        ({"x": np.ones((2, 2, 2))}, r"x: expected a number.*got shape \(2, 2, 2\)"),
        ({"x": np.nan}, "x: expected finite numbers, got nan"),
    ],
)
def test_what_derivative_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        chain_rule.derivative(lambda v: v, **arguments)


def test_a_function_with_flat_output_is_refused():
    with pytest.raises(ValueError, match=r"function\(x\): expected a number.*got shape \(2,\)"):
        chain_rule.derivative(lambda v: np.array([v, v]), 1.0)


def test_products_from_both_ends():
    J = [None, np.arange(6.0).reshape(3, 2), np.arange(12.0).reshape(4, 3), np.ones((1, 4))]
    for start, count in (("output", 12 + 6), ("input", 24 + 8)):
        result, counted = chain_rule.product(J, start)
        np.testing.assert_array_equal(result, J[3] @ J[2] @ J[1])
        assert counted == count == chain_rule.multiplications([2, 3, 4, 1], start)
    alone, counted = chain_rule.product(J[:2], "output")
    assert counted == 0 and (alone == J[1]).all()


@pytest.mark.parametrize("start", chain_rule.STARTS)
def test_shapes_that_do_not_fit(start):
    with pytest.raises(
        ValueError,
        match=r"jacobians\[2\]: expected 3 columns, as jacobians\[1\] has rows, got shape \(4, 2\)",
    ):
        chain_rule.product([None, np.ones((3, 2)), np.ones((4, 2))], start)


def test_other_bad_products():
    with pytest.raises(ValueError, match="got no Jacobian"):
        chain_rule.product([None], "input")
    with pytest.raises(ValueError, match=r"jacobians\[1\]: expected shape \(m, n\), got \(3,\)"):
        chain_rule.product([None, np.ones(3)], "input")
    for call in (
        lambda: chain_rule.product([None, np.eye(2)], "middle"),
        lambda: chain_rule.multiplications([2, 2], "middle"),
    ):
        with pytest.raises(ValueError, match=r"start: expected one of \('output', 'input'\), got 'middle'"):
            call()
    with pytest.raises(ValueError, match=r"sizes: expected at least two positive integers.*got \[3, 0\]"):
        chain_rule.multiplications([3, 0], "output")


def test_the_chain_s_picture_says_every_number():
    svg = show.chain_rule.chain(["x", "y"], [1.0, 2.5], [None, 0.25], [0.25, 1.0], digits=2)
    assert (
        svg.text
        == "Chain x to y. x = 1.00, dy/dx = 0.25; y = 2.50 from x with local derivative 0.25, dy/dy = 1.00."
    )
    for number in (">1.00<", ">2.50<", ">0.25<", ">∂ 0.25<", ">∂ 1.00<"):
        assert number in str(svg)
    assert str(svg).count('class="halo fwd"') == str(svg).count('class="halo bwd"') == 2


def test_the_paths_picture_has_an_edge_for_each_derivative():
    svg = show.chain_rule.paths([4, 3, -1], [7, 4, 2])
    assert "through u_3: du_3/dx = -1, dy/du_3 = 2" in svg.text
    for label in ("du₁/dx = 4", "∂y/∂u₁ = 7", "du₂/dx = 3", "∂y/∂u₃ = 2"):
        assert f">{label}<" in str(svg)
    assert str(svg).count("<circle") == 5 and str(svg).count("<line") == str(svg).count("<polygon") == 6
    with pytest.raises(ValueError, match="zip"):
        show.chain_rule.paths([1, 2], [3])


FIGURES = [
    (show.chain_rule.remainders, ([0.1, 0.01], [1e-2, 1e-4], [1e-1, 1e-2]), [1e-2, 1e-4]),
    (show.chain_rule.wiggle, ([0.1, 0.2], [0.01, -0.02], [0.01, 0.04], [0.15]), [-0.01, -0.04]),
    (show.chain_rule.directions, ([0, 90], [0.0, 0.3], [0, 0]), [0.0, 0.3]),
    (show.chain_rule.product_costs, ([10, 100], [5, 50], [7, 700]), [7, 700]),
]


@pytest.mark.parametrize(("draw", "arguments", "drawn"), FIGURES, ids=lambda v: getattr(v, "__name__", ""))
def test_figures_draw_what_they_are_given_and_return_nothing(draw, arguments, drawn):
    import matplotlib.pyplot as plt

    plt.close("all")
    assert draw(*arguments) is None
    axes = plt.gcf().axes[0]
    assert drawn in [list(line.get_ydata()) for line in axes.lines]
    assert axes.get_xlabel() and axes.get_ylabel() and axes.get_legend()
    styles = [(line.get_linestyle(), line.get_marker()) for line in axes.lines]
    assert len(set(styles)) >= 2  # told apart without colour
    plt.close("all")
