"""Activations against mpmath, which computes value and derivative from the formula at 40 digits."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest

from backprop.activations import ACTIVATIONS, get, leaky_relu, prelu, softmax, softmax_vjp

POINTS = [-700.0, -40.0, -3.0, -0.7517915247, -0.5, -1e-9, 1e-9, 0.3775, 0.5, math.sqrt(2), 3.0, 40.0, 700.0]

EXACT = {
    "identity": lambda t: t,
    "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
    "tanh": mpmath.tanh,
    "relu": lambda t: max(t, mpmath.mpf(0)),
    "leaky_relu": lambda t: t if t > 0 else t / mpmath.mpf(100),
    "prelu": lambda t: t if t > 0 else t / 4,
    "elu": lambda t: t if t > 0 else mpmath.expm1(t),
    "gelu": lambda t: t * mpmath.ncdf(t),
    "softplus": lambda t: mpmath.log1p(mpmath.exp(t)),
}
SLOPE_LEFT_RIGHT = {"leaky_relu": (mpmath.mpf(1) / 100, 1), "prelu": (mpmath.mpf(1) / 4, 1), "relu": (0, 1)}
ELEMENTWISE = sorted(EXACT)


def exact_derivative(name, t):
    if name in SLOPE_LEFT_RIGHT:
        return SLOPE_LEFT_RIGHT[name][int(t > 0)]
    formulas = {
        "identity": lambda: mpmath.mpf(1),
        "sigmoid": lambda: mpmath.exp(-t) / (1 + mpmath.exp(-t)) ** 2,
        "tanh": lambda: mpmath.sech(t) ** 2,
        "elu": lambda: mpmath.mpf(1) if t > 0 else mpmath.exp(t),
        "gelu": lambda: mpmath.ncdf(t) + t * mpmath.npdf(t),
        "softplus": lambda: 1 / (1 + mpmath.exp(-t)),
    }
    return formulas[name]()


def test_the_table_holds_what_the_book_lists():
    assert [*ELEMENTWISE, "softmax"] == sorted(set(ACTIVATIONS) - {"softmax"}) + ["softmax"]
    assert all(row.name == name for name, row in ACTIVATIONS.items())


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_and_derivative_to_the_last_digits(name):
    row = ACTIVATIONS[name]
    z = np.array(POINTS)
    with mpmath.workdps(40):
        value = [float(EXACT[name](mpmath.mpf(t))) for t in POINTS]
        slope = [float(exact_derivative(name, mpmath.mpf(t))) for t in POINTS]
    # exp(-z²/2) multiplies the rounding of z/√2 by z², at -40 by 1600; below 1e-300 all underflows.
    tolerance = 2e-12 if name == "gelu" else 3e-14
    np.testing.assert_allclose(row.value(z), value, rtol=tolerance, atol=1e-300)
    # gelu' is 0 at its minimum, a difference of two numbers near 0.2.
    absolute = 1e-16 if name == "gelu" else 1e-300
    np.testing.assert_allclose(row.derivative(z), slope, rtol=tolerance, atol=absolute)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_exact_derivative_used_here_is_one(name):
    with mpmath.workdps(40):
        for t in (-3.0, -0.5, 0.3775, 3.0):
            assert abs(mpmath.diff(EXACT[name], t) - exact_derivative(name, mpmath.mpf(t))) < 1e-15


def test_relu_has_slope_zero_at_its_kink():
    zero = np.zeros((1, 1))
    assert ACTIVATIONS["relu"].derivative(zero) == 0
    assert ACTIVATIONS["leaky_relu"].derivative(zero) == 0.01
    assert ACTIVATIONS["prelu"].derivative(zero) == 0.25
    assert ACTIVATIONS["elu"].derivative(zero) == 1


def test_slopes_can_be_chosen():
    z = np.array([-2.0, 3.0])
    assert leaky_relu(z, 0.1).tolist() == [-0.2, 3.0]
    assert prelu(z).tolist() == [-0.5, 3.0]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_range_and_greatest_derivative_in_the_table(name):
    row = ACTIVATIONS[name]
    z = np.concatenate([np.linspace(-30, 30, 60001), [-0.7517915247, math.sqrt(2), -1e4, 1e4]])
    value, slope = row.value(z), row.derivative(z)
    for bound, reached in zip(row.range, (value.min(), value.max()), strict=True):
        if math.isinf(bound):
            assert reached * math.copysign(1, bound) > 99  # leaky ReLU at -10,000
        else:
            assert reached == pytest.approx(bound, abs=1e-12)
    assert slope.max() <= row.max_derivative * (1 + 1e-15)
    assert slope.max() > row.max_derivative - 1e-9


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_smooth_says_whether_the_slope_or_curvature_jumps(name):
    row, h = ACTIVATIONS[name], 1e-4
    left, here, right = (row.derivative(np.array([t]))[0] for t in (-h, 0.0, h))
    second_differences = abs(right - 2 * here + left) / h
    assert (second_differences < 1e-2) == row.smooth


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_shape_stay_and_the_argument_is_not_touched(name, dtype):
    row = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 12).reshape(3, 4).astype(dtype)
    before, upstream = z.copy(), np.ones_like(z)
    results = [row.value(z), row.vjp(z, upstream)]
    if row.derivative:
        results.append(row.derivative(z))
    for result in results:
        assert result.dtype == dtype and result.shape == z.shape
        assert not np.shares_memory(result, z)
    assert (z == before).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (2, 3, 2)])
def test_any_shape_will_do(name, shape):
    row, z = ACTIVATIONS[name], np.ones(shape)
    assert np.shape(row.value(z)) == np.shape(row.derivative(z)) == shape


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows_on_the_way(name, dtype):
    row, z = ACTIVATIONS[name], np.array([[-1e4], [1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite([row.value(z), row.vjp(z, np.ones_like(z))]).all()


def test_range_and_greatest_entry_of_the_jacobian_of_softmax_in_the_table():
    row, t = ACTIVATIONS["softmax"], np.linspace(-800, 800, 1601)
    z = np.stack([t, np.zeros_like(t)])  # a_1 is sigmoid(t)
    assert (softmax(z).min(), softmax(z).max()) == row.range
    assert softmax_vjp(z, np.array([[1.0], [0.0]])).max() == row.max_derivative


def test_the_rows_of_the_table_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ACTIVATIONS["relu"].smooth = True


def test_softmax_is_a_distribution_and_survives_large_numbers():
    z = np.array([[1000.0, 0.0, -1000.0], [-1000.0, 0.0, -1000.0], [0.0, 0.0, -1001.0]])
    a = softmax(z)
    np.testing.assert_allclose(a.sum(axis=0), 1, rtol=1e-15)
    np.testing.assert_allclose(a[:, 1], 1 / 3)
    e = math.exp(-1)
    np.testing.assert_allclose(a[:, 2], np.array([1, 1, e]) / (2 + e), rtol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_softmax_vjp_is_the_transposed_jacobian(seed):
    rng = np.random.default_rng(seed)
    z, g = rng.normal(size=(2, 4, 3))
    for i in range(3):
        a = [mpmath.exp(t) for t in z[:, i]]
        a = [float(v / mpmath.fsum(a)) for v in a]
        J = [[a[r] * ((r == c) - a[c]) for c in range(4)] for r in range(4)]
        expected = [sum(J[r][c] * g[r, i] for r in range(4)) for c in range(4)]
        np.testing.assert_allclose(softmax_vjp(z, g)[:, i], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["Sigmoid", "", None, 3, ["relu"]])
def test_unknown_names_are_listed(name):
    with pytest.raises(ValueError, match=r"activation: expected one of identity, sigmoid.*, got "):
        get(name)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_integers_give_the_values_of_their_floats(name):
    row, z = ACTIVATIONS[name], np.array([[-2, 0, 3]])
    np.testing.assert_allclose(row.value(z), row.value(z.astype(float)), rtol=1e-15)
    if row.derivative:
        np.testing.assert_allclose(row.derivative(z), row.derivative(z.astype(float)), rtol=1e-15)
