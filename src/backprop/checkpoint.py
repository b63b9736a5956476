"""Checkpointing: the same gradients with less memory, paid for with a second forward sweep.

One array a layer is enough for the backward sweep: z^(l), because a^(l) = σ(z^(l)) costs no product
of matrices. A plain sweep stores L of them. Here the layers are cut into segments; the forward sweep
stores only the last z of each segment, and the backward sweep computes the others anew, one segment
at a time.

Sources: Griewank & Walther (2008), chapter 12; Chen et al. (2016).
"""

from dataclasses import dataclass
from itertools import accumulate

from . import checks
from .network import Forward, Gradients, output_error


@dataclass(eq=False)
class Checkpointed:
    """What `gradients` returns.

    Attributes:
        gradients: `Gradients` without delta.
        peak: the largest number of arrays z^(l) that were stored at one time.
        recomputed: how many layers were computed a second time.
    """

    gradients: Gradients
    peak: int
    recomputed: int


def equal_segments(L, length):
    """L layers cut into segments of `length` layers, the last one shorter where it must be.

    Returns:
        The lengths, such as [4, 4, 2] for L = 10 and length = 4.

    Raises:
        ValueError: unless 1 <= length <= L.
    """
    if not 1 <= length <= L:
        raise ValueError(f"length: expected 1 to {L}, got {length}")
    return [length] * (L // length) + [L % length] * (L % length > 0)


def costs(lengths):
    """(peak, recomputed) by formula (`eq:checkpoint-peak`, `eq:checkpoint-recomputed`)."""
    peak = max(before + length for before, length in enumerate(lengths))
    return peak, sum(length - 1 for length in lengths[:-1])


def gradients(net, X, Y, lengths):
    """∂J/∂W and ∂J/∂b with one array stored for each segment and for each layer of one segment.

    Args:
        net: a `Network`.
        X: inputs, (n_0, N).
        Y: labels, (n_L, N).
        lengths: how many layers each segment has, from the input on; they add up to L.

    Returns:
        A `Checkpointed`.

    Raises:
        ValueError: if the lengths are not positive integers with sum L; for bad X or Y.
        TypeError: if X or Y is not real.
    """
    L, lengths = net.L, list(lengths)
    if sum(lengths) != L or not all(isinstance(n, int) and n >= 1 for n in lengths):
        raise ValueError(f"lengths: expected positive integers with sum {L}, got {lengths}")
    X = checks.real_array("X", X, (net.sizes[0], "N"), net.dtype)
    N = X.shape[1]
    Y = checks.real_array("Y", Y, (net.sizes[-1], N), net.dtype)
    checks.labels_fit(net.loss_function, Y)

    stored, peak, recomputed = {}, 0, 0  # stored: l to z^(l)

    def activation(l):
        return net.sigma[l].value(stored[l]) if l > 0 else X

    def sweep(start, stop, keep):
        """Layers start + 1 to stop, from the activation of layer start; store those in keep."""
        nonlocal peak
        a = activation(start)
        for l in range(start + 1, stop + 1):
            z = net.W[l] @ a + net.b[l]
            if l in keep:
                stored[l] = z
                peak = max(peak, len(stored))
            if l < stop:
                a = net.sigma[l].value(z)

    ends = list(accumulate(lengths))
    starts = [0, *ends[:-1]]
    sweep(0, L, {*ends, *range(starts[-1] + 1, L + 1)})
    dW, db = [None] * (L + 1), [None] * (L + 1)
    for start, end in zip(reversed(starts), reversed(ends), strict=True):
        if end < L:
            sweep(start, end - 1, range(start + 1, end))
            recomputed += end - 1 - start
        for l in range(end, start, -1):
            z = stored[l]
            if l == L:
                last = Forward([None] * L + [z], [None] * L + [activation(L)])
                delta = output_error(net, last, Y)  # eq:delta-output
            else:
                delta = net.sigma[l].vjp(z, net.W[l + 1].T @ delta)  # eq:delta-hidden
            dW[l] = delta @ activation(l - 1).T / N  # eq:gradient-weights
            db[l] = delta.sum(axis=1, keepdims=True) / N  # eq:gradient-bias
            del stored[l]
    return Checkpointed(Gradients(None, dW, db), peak, recomputed)
