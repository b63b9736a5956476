"""The one loop of numerical derivatives, and what `measured` knows of its own error."""

import numpy as np
import pytest

from backprop import numeric

from .nets import random_case


@pytest.mark.parametrize(
    ("scheme", "error"), [("one-sided", 1e-5), ("central", 1e-9), ("complex step", 1e-9)]
)
def test_each_scheme_by_hand(scheme, error):
    """f(x) = (x_0 x_1², sin x_0) at (0.5, 2): the Jacobian is ((4, 2), (cos 0.5, 0))."""
    f = lambda x: np.array([x[0] * x[1] ** 2, np.sin(x[0])])
    found = numeric.partials(f, np.array([0.5, 2.0]), 1e-6, scheme)
    np.testing.assert_allclose(found, [[4, 2], [np.cos(0.5), 0]], atol=error)
    second = numeric.partials(f, np.array([0.5, 2.0]), 1e-6, scheme, where=[(1,)])
    assert (second == found[:, 1:]).all()


def test_the_step_is_what_it_says_and_float32_stays_float32():
    assert numeric.partials(lambda x: x**2, 3.0, 0.5, "one-sided") == 6.5
    found = numeric.partials(lambda x: x**2, np.float32(3), 0.5, "one-sided")
    assert found.dtype == np.float32 and found == 6.5
    assert numeric.partials(lambda x: x**2, np.float32(3), 0.5, "complex step").dtype == np.float32


def test_a_function_may_give_back_what_it_got_and_the_input_stays():
    x = np.array([[1.0, 2.0]])
    np.testing.assert_allclose(numeric.partials(lambda v: v, x)[0, 0], [[1, 0]], atol=1e-10)
    assert x.tolist() == [[1.0, 2.0]]


def test_a_step_across_a_kink_is_nan():
    f = lambda x: (np.maximum(x, 0).sum(), x > 0)
    found = numeric.partials(f, np.array([5e-6, 2e-5, -1.0]), 1e-5, sides=True)
    assert np.isnan(found[0]) and found[1:] == pytest.approx([1, 0])


@pytest.mark.parametrize("h", [0, -1, np.nan])
def test_a_step_must_be_positive(h):
    with pytest.raises(ValueError, match=f"h: expected a step > 0, got {h}"):
        numeric.partials(np.sin, 0.5, h)


def test_a_scheme_must_be_known():
    with pytest.raises(
        ValueError, match="scheme: expected one of one-sided, central, complex step, got 'best'"
    ):
        numeric.partials(np.sin, 0.5, scheme="best")


@pytest.mark.parametrize(
    ("function", "x", "right"),
    [
        (np.sin, 0.5, np.cos(0.5)),
        (lambda x: 1e8 + np.sin(x), 0.5, np.cos(0.5)),  # 8 digits of the cost are of no use
        (lambda x: np.sin(1000 * x), 0.5, 1000 * np.cos(500)),
        (lambda x: 1e-12 * np.exp(x), 0.5, 1e-12 * np.exp(0.5)),
        (lambda x: 1 + 1e-12 * np.exp(x), 0.5, 1e-12 * np.exp(0.5)),
        (lambda x: x**2, 1e8, 2e8),
        (lambda x: 3.0 + 0 * x, 1.0, 0.0),
        (lambda x: abs(x), 1e-3, 1.0),
        (lambda x: abs(x) ** 1.5, 0.0, 0.0),
    ],
)
def test_measured_knows_how_far_it_is_off(function, x, right):
    value, off = numeric.measured(lambda v: function(v[0]), np.array([x]))
    assert abs(value[0] - right) <= off[0] + 1e-14 * abs(right)
    assert np.isfinite(off[0])


@pytest.mark.parametrize("x", [0.0, 1e-7, -3e-7])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_measured_sees_a_kink(x, scale):
    value, off = numeric.measured(lambda v: 5.0 + scale * np.maximum(v[0], 0), np.array([x]))
    assert np.isnan(value[0]) and np.isnan(off[0])


def test_measured_takes_places():
    value, off = numeric.measured(lambda v: (v**2).sum(), np.arange(4.0), [(3,), (1,)])
    assert value == pytest.approx([6, 2]) and value.shape == off.shape == (2,)


def test_a_column_holds_every_parameter_once_and_in_order():
    net = random_case("tanh", "identity", "squared_error", 3, 2, 0)[0]
    column, places = numeric.column(net), numeric.places(net)
    assert [getattr(net, name)[l][index] for name, l, index in places] == column.tolist()
    back = numeric.arrays(net, column)
    assert back.W[0] is back.b[0] is back.delta is None
    for l in (1, 2, 3):
        assert (back.W[l] == net.W[l]).all() and (back.b[l] == net.b[l]).all()
    column[0] = 7  # views
    assert back.W[1][0, 0] == 7 and net.W[1][0, 0] != 7
