"""What a caller may pass: each check returns the value in the form the core uses, or raises.

Every message names the argument, what was expected and what came.
"""

import numbers

import numpy as np

SUM_TOLERANCE = 1e-5  # labels that were rounded to float32 are still a distribution


def real_array(name, value, shape=None, dtype=None):
    """`value` as a finite real array.

    Args:
        name: how the message calls the argument.
        value: array or nested list; integers and booleans become float64.
        shape: expected shape; a string in it stands for any length >= 1, such as ("n_1", "N").
        dtype: dtype to convert to; None keeps a real floating dtype.

    Returns:
        An array, `value` itself where nothing had to be converted.

    Raises:
        TypeError: if the entries are no real numbers.
        ValueError: if the shape differs, or an entry is NaN or infinite.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name}: expected a rectangular array of numbers, got rows of unequal length"
        ) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected real numbers, got {type(value).__name__} of dtype {array.dtype}")
    if shape is not None:
        expected = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        fits = array.ndim == len(shape) and all(
            have >= 1 if isinstance(want, str) else have == want
            for have, want in zip(array.shape, shape, strict=True)
        )
        if not fits:
            why = " (empty)" if array.size == 0 else ""
            raise ValueError(f"{name}: expected shape {expected}, got {array.shape}{why}")
    if dtype is None:
        dtype = array.dtype if array.dtype.kind == "f" else np.dtype(float)
    array = array.astype(dtype, copy=False)
    if not np.isfinite(array).all():
        worst = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}: expected finite numbers, got {array[worst]} at index {worst}")
    return array


def one_of(name, value, table):
    """The row of `table` called `value`.

    Raises:
        ValueError: if there is none; the message lists the names.
    """
    if not isinstance(value, str) or value not in table:
        raise ValueError(f"{name}: expected one of {', '.join(table)}, got {value!r}")
    return table[value]


def layer_sizes(sizes):
    """`sizes` as a list [n_0, ..., n_L] of at least two positive integers.

    Raises:
        TypeError: if it is no list; ValueError: if it is too short or holds anything else.
    """
    try:
        sizes = list(sizes)
    except TypeError:
        raise TypeError(f"sizes: expected a list of layer sizes [n_0, ..., n_L], got {sizes!r}") from None
    whole = all(isinstance(n, numbers.Integral) and not isinstance(n, bool) and n >= 1 for n in sizes)
    if len(sizes) < 2 or not whole:
        raise ValueError(f"sizes: expected at least two positive integers [n_0, ..., n_L], got {sizes}")
    return [int(n) for n in sizes]


def labels_fit(loss, Y):
    """Raise ValueError unless the labels Y (K, N) are ones that `loss` is defined for."""
    if loss.name == "binary_cross_entropy" and not ((Y >= 0) & (Y <= 1)).all():
        real_array("Y", Y)  # an entry that is not finite is told as that
        worst = Y[(Y < 0) | (Y > 1)][0]
        raise ValueError(f"Y: binary_cross_entropy expects labels between 0 and 1, got {worst}")
    if loss.name == "cross_entropy":
        total = Y.sum(axis=0)
        wrong = (Y < 0).any(axis=0) | (abs(total - 1) > SUM_TOLERANCE)
        if wrong.any():
            real_array("Y", Y)
            i = int(np.argmax(wrong))
            raise ValueError(
                "Y: cross_entropy expects each column to be a distribution (entries >= 0, sum 1), "
                f"got column {i} = {Y[:, i].tolist()} with sum {total[i]}"
            )
