"""Intervals against values by hand and against simulated coverage."""

import math

import numpy as np
import pytest

from backprop import uncertainty


def test_share_at_the_ends_by_hand():
    """No success in n: the upper end is the p with (1 - p)^n = 2.5 %."""
    for n in (1, 10, 30):
        low, high = uncertainty.share(0, n)
        assert low == 0 and high == pytest.approx(1 - 0.025 ** (1 / n), abs=1e-12)
        assert uncertainty.share(n, n) == pytest.approx((1 - high, 1), abs=1e-12)


def test_share_is_where_the_tails_have_their_probability():
    for k, n in ((3, 10), (22, 100), (64, 200), (599, 1000)):
        low, high = uncertainty.share(k, n)
        tail = lambda p, ks, n=n: sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in ks)
        assert tail(low, range(k, n + 1)) == pytest.approx(0.025, rel=1e-6)
        assert tail(high, range(k + 1)) == pytest.approx(0.025, rel=1e-6)


def test_share_covers_at_least_as_often_as_it_says():
    print("seed", 3)
    seen = np.random.default_rng(3).binomial(30, 0.3, 500)
    ends = {k: uncertainty.share(int(k), 30) for k in set(seen)}
    assert np.mean([ends[k][0] <= 0.3 <= ends[k][1] for k in seen]) >= 0.95


def test_bootstrap_of_a_mean_is_near_its_standard_error():
    print("seed", 4)
    values = np.random.default_rng(4).normal(5, 2, 400)
    low, high = uncertainty.bootstrap(values, np.mean)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high and uncertainty.bootstrap(values, np.mean) == (low, high)
    rows = uncertainty.bootstrap(np.stack([values, 2 * values], axis=1), np.mean)
    assert np.shape(rows) == (2, 2) and rows[0][1] == pytest.approx(2 * rows[0][0])
    assert uncertainty.bootstrap(np.full(5, 3.0), uncertainty.rms) == (3, 3)


def test_root_mean_square():
    assert uncertainty.rms([3, -4]) == pytest.approx(math.sqrt(12.5))


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_numbers_that_are_no_share_are_named(k, n):
    with pytest.raises(ValueError, match=rf"expected 0 <= successes <= number, got {k} of {n}"):
        uncertainty.share(k, n)


def test_one_value_has_no_spread():
    with pytest.raises(ValueError, match="values: expected two or more, got 1"):
        uncertainty.bootstrap([1.0], np.mean)
