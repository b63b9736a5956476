"""Variances and distributions of the initial weights."""

import numpy as np
import pytest

from backprop.initialise import SCHEMES, weights

VARIANCE = {"glorot": 2 / (200 + 300), "he": 2 / 200, "lecun": 1 / 200}  # 200 inputs, 300 outputs


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_mean_variance_and_shape_of_the_distribution(scheme):
    W = weights(np.random.default_rng(1), 200, 300, scheme)
    assert W.shape == (300, 200)
    variance = VARIANCE[scheme.removesuffix("_uniform")]
    n = W.size
    # Four standard errors of the mean, and of the variance of a normal sample.
    assert abs(W.mean()) < 4 * np.sqrt(variance / n)
    assert abs(W.var() / variance - 1) < 4 * np.sqrt(2 / n)
    kurtosis = ((W - W.mean()) ** 4).mean() / W.var() ** 2
    assert kurtosis == pytest.approx(1.8 if scheme.endswith("_uniform") else 3.0, abs=0.1)
    if scheme.endswith("_uniform"):
        assert abs(W).max() <= np.sqrt(3 * variance)


def test_every_scheme_comes_in_both_distributions():
    assert sorted(SCHEMES) == sorted([*VARIANCE, *(f"{name}_uniform" for name in VARIANCE)])


@pytest.mark.parametrize("scheme", ["xavier", "", None, 3, ["he"]])
def test_unknown_schemes_are_listed(scheme):
    with pytest.raises(ValueError, match="init: expected one of glorot, he, lecun.*, got "):
        weights(np.random.default_rng(0), 2, 2, scheme)
