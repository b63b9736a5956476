"""How far chance moves a number that was measured over some seeds: exact and bootstrap intervals.

Sources: Clopper & Pearson (1934) for shares; Efron (1979) for the bootstrap.
"""

import math

import numpy as np

LEVEL = 0.95


def share(successes, number):
    """The interval of Clopper and Pearson: all probabilities at which what was seen is not too rare.

    Args:
        successes: how many of the runs succeeded, 0 to number.
        number: of independent runs, >= 1.

    Returns:
        (low, high): below and above, so few or so many successes have a probability of 2.5 % at most.

    Raises:
        ValueError: for other numbers.
    """
    if not 0 <= successes <= number or number < 1:
        raise ValueError(f"successes, number: expected 0 <= successes <= number, got {successes} of {number}")
    small = (1 - LEVEL) / 2
    low = 0.0 if successes == 0 else _root(lambda p: 1 - _at_most(successes - 1, number, p) - small)
    high = 1.0 if successes == number else _root(lambda p: small - _at_most(successes, number, p))
    return low, high


def _at_most(k, n, p):
    """The probability of at most k successes in n."""
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


def _root(rising):
    """Where a function that rises from 0 to 1 is 0, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return low


def bootstrap(values, statistic, times=1000, seed=0):
    """A percentile interval: the statistic of samples drawn from the values, with replacement.

    Args:
        values: one for each seed, or a row for each; (S,) or (S, ...).
        statistic: function of (values, axis), such as np.median; over axis 0.
        times: number of samples.
        seed: of the draws.

    Returns:
        (low, high): 2.5 % of the samples lie below, 2.5 % above. Where rare large values carry a mean, too
        narrow: it knows only those that were seen.

    Raises:
        ValueError: for fewer than two values.
    """
    values, rng = np.asarray(values), np.random.default_rng(seed)
    if len(values) < 2:
        raise ValueError(f"values: expected two or more, got {len(values)}")
    found = [statistic(values[rng.integers(0, len(values), len(values))], axis=0) for _ in range(times)]
    small = (1 - LEVEL) / 2
    return tuple(np.quantile(found, [small, 1 - small], axis=0))


def rms(values, axis=None):
    """Root mean square."""
    return np.sqrt(np.mean(np.square(values), axis=axis))
