"""Numerical derivatives: the one loop that moves an input, and what its quotients can be trusted with.

`partials` moves one entry after the other; everything in the package that differentiates by numbers
alone goes through it. `measured` finds a step for each entry by itself and says how far off it may be.

Sources: Griewank & Walther (2008), chapter 1; Squire & Trapp (1998) for the complex step; Ridders (1982)
for taking the step at which two estimates agree best.
"""

import numpy as np

from .network import Gradients

STEP = 1e-5  # near the cube root of float64's rounding unit, where truncation and rounding balance
SMALLEST = 2.0**-20  # of the steps of `measured`; powers of 2 leave most x + h unrounded
COMPLEX_STEP = 1e-30  # its square is lost beside 1, and nothing is subtracted
SCHEMES = ("one-sided", "central", "complex step")
ROUNDINGS = 20  # rounding errors that a cost of a small network collects, on the safe side


def checked_step(h):
    """h, if it is a step > 0.

    Raises:
        ValueError: if it is not.
    """
    if not h > 0:
        raise ValueError(f"h: expected a step > 0, got {h}")
    return h


def partials(function, x, h=STEP, scheme="central", where=None, sides=False):
    """The derivatives of `function` by each entry of x (`eq:three-schemes`).

    Args:
        function: takes an array like x, returns a number or an array; it may be called with the same
            array again and again and must not keep it.
        x: a number or an array; float32 is computed in float32.
        h: step, > 0.
        scheme: "one-sided", "central" or "complex step".
        where: indices of the entries to move; None for all.
        sides: True if the function returns (value, side) with an array of booleans: where it differs
            between the two ends, the step crosses a kink. For central differences only.

    Returns:
        An array of the shape of function(x) followed by that of x, or by (len(where),); NaN where the
        step crosses a kink.

    Raises:
        ValueError: if h <= 0, or for another scheme.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: expected one of {', '.join(SCHEMES)}, got {scheme!r}")
    dtype = np.result_type(np.asarray(x).dtype, np.float32)
    h = dtype.type(checked_step(h))
    if scheme == "complex step":
        h, dtype = dtype.type(0) + 1j * h, np.result_type(dtype, np.complex64)
    x, columns = np.array(x, dtype), []

    def at(index, step):
        there = x[index]
        x[index] = there + step
        value, side = function(x) if sides else (function(x), None)
        value = np.array(value)  # a copy, before x goes back: the function may give back x itself
        x[index] = there
        return value, side

    here = at(..., 0)[0] if scheme == "one-sided" else None
    for index in np.ndindex(*x.shape) if where is None else where:
        up, above = at(index, h)
        if scheme == "one-sided":
            columns.append((up - here) / h)
        elif scheme == "complex step":
            columns.append(up.imag / h.imag)
        else:
            down, below = at(index, -h)
            crossed = sides and bool((above != below).any())
            columns.append(np.full(up.shape, np.nan) if crossed else (up - down) / (h + h))
    result = np.moveaxis(np.array(columns), 0, -1)
    return result if where is not None else result.reshape(result.shape[:-1] + x.shape)


def measured(function, x, where=None):
    """The derivatives of a number by each entry of x, with what they may be off by.

    Each entry gets the step, out of 2^-20, 2^-17, ..., 2^-5 of its size, at which the central
    differences of step h and 2h agree best; what they disagree by bounds the truncation, and the cost
    of rounding is u|J|/h (eq:rounding). Where the one-sided slopes at both sides stay apart when the
    step shrinks there is a kink.

    Args:
        function: array ↦ number.
        x: float64 array.
        where: indices of the entries; None for all.

    Returns:
        (values, uncertainties): arrays of the shape of x, or (len(where),); NaN at a kink.
    """
    x = np.array(x, float)
    places = list(np.ndindex(*x.shape)) if where is None else list(where)
    here, found = float(function(x.copy())), []
    unit = ROUNDINGS * np.finfo(float).eps

    def at(index, t):
        moved = x.copy()
        moved[index] += t
        return float(function(moved))

    for index in places:
        best, bends = (0.0, np.inf), []
        scale = max(1.0, 2.0 ** np.ceil(np.log2(abs(x[index]) or 1)))
        for k in range(6):
            h = float(SMALLEST * 8**k * scale)
            far_up, up, down, far_down = (at(index, t) for t in (2 * h, h, -h, -2 * h))
            near, far = (up - down) / (2 * h), (far_up - far_down) / (4 * h)
            noise = unit * max(abs(here), abs(far_up), abs(far_down)) / h
            bends.append(((up - 2 * here + down) / h, 4 * noise))
            off = abs(near - far) + noise
            if off < best[1]:
                best = (near + (near - far) / 3, off)
        # A smooth bend shrinks with the step; a jump of the slope does not. Steps 64 times apart.
        (small, noise), (large, _) = bends[0], bends[2]
        kink = abs(small) > max(noise, abs(large) / 2, 1e-5 * abs(best[0]))
        found.append((np.nan, np.nan) if kink else best)
    values, off = np.array(found).reshape(-1, 2).T
    shape = (len(places),) if where is not None else x.shape
    return values.reshape(shape), off.reshape(shape)


# The parameters of a network as one column, and back.


def column(parameters):
    """All entries of W[1], ..., W[L], then of b[1], ..., b[L], one after another, (P,).

    Args:
        parameters: a `Network`, a `Gradients`, or anything with lists W and b.
    """
    return np.concatenate([np.ravel(p) for p in (*parameters.W[1:], *parameters.b[1:])])


def arrays(net, column):
    """A column (P,) as `Gradients` without delta, of the shapes of the network's; views into it."""
    result, start = Gradients(None, [None], [None]), 0
    for name in ("W", "b"):
        for p in getattr(net, name)[1:]:
            # __array_wrap__ makes it an array of the same kind, such as one that counts its products
            getattr(result, name).append(p.__array_wrap__(column[start : start + p.size].reshape(p.shape)))
            start += p.size
    return result


def places(net):
    """[("W" or "b", l, index)] of each entry of `column`, in its order."""
    return [
        (name, l, index)
        for name in ("W", "b")
        for l in range(1, net.L + 1)
        for index in np.ndindex(*getattr(net, name)[l].shape)
    ]


def at_parameters(net, result):
    """The function of the column of parameters that gives result(network with these parameters)."""

    def function(theta):
        moved = arrays(net, theta)
        return result(net.with_parameters(moved.W, moved.b))

    return function


def side(net, fwd):
    """Which side of its kink each unit is on, for the layers whose activation has one; booleans."""
    kinked = [fwd.z[l].ravel() > 0 for l in range(1, net.L + 1) if not net.sigma[l].smooth]
    return np.concatenate(kinked) if kinked else np.zeros(0, bool)
