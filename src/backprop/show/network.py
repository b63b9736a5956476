"""The network diagram: a circle a unit, an edge a weight, numbers of both sweeps on them."""

from itertools import pairwise

import numpy as np

from .. import letters as notation
from .svg import Svg, button, circle, line, lowered, signed, text

RADIUS = 30
COLUMN, ROW, MARGIN = 210, 122, 64


def network_diagram(net, fwd, y=None, grads=None, digits=4, pick=None, letters=None):
    """A small network with the numbers of one example.

    Args:
        net: a `Network`.
        fwd: its forward sweep on one example (N = 1).
        y: the label, (n_L, 1), shown beside the output; or None.
        grads: its `Gradients`, shown below the forward numbers; or None to show forward only.
        digits: decimals of the numbers.
        pick: {(l, j, k): (control, value)}, the weights whose label sets a demo's control when it
            is clicked, units counted from 0; or None.
        letters: the notation, `backprop.letters.Letters`; None for the one in use.

    Returns:
        An `Svg`: activations inside the units, pre-activations above and δ below them, weights
        and their gradients on the edges.

    Raises:
        ValueError: if the sweep holds more than one example.
    """
    if fwd.a[0].shape[1] != 1:
        raise ValueError(f"fwd: expected the sweep of one example, got {fwd.a[0].shape[1]}")
    letters = letters or notation.of()
    pre, err = (form.partition("[")[0] for form in (letters.pre_, letters.err_))
    rows = max(net.sizes)
    width = 2 * MARGIN + net.L * COLUMN + 30
    height = 2 * MARGIN + (rows - 1) * ROW
    at = {
        (l, j): (MARGIN + l * COLUMN, height / 2 + (j - (n - 1) / 2) * ROW)
        for l, n in enumerate(net.sizes)
        for j in range(n)
    }
    edges, labels, units, says = [], [], [], []

    def number(value):
        return signed(value, f".{digits}f")

    for l in range(1, net.L + 1):
        along = _label_place(net.sizes[l - 1], net.sizes[l])
        for (j, k), w in np.ndenumerate(net.W[l]):
            (x1, y1), (x2, y2) = at[l - 1, k], at[l, j]
            sign = "edge negative" if w < 0 else "edge"
            edges.append(line(x1, y1, x2, y2, sign, 0.8 + 2.5 * min(abs(w), 2) / 2))
            x, here = x1 + along * (x2 - x1), y1 + along * (y2 - y1)
            label = text(x, here - 4, number(w), "halo")
            says.append(f"{letters.weight(l, j + 1, k + 1)} = {number(w)}")
            if grads is not None:
                label += text(x, here + 11, f"∂ {number(grads.W[l][j, k])}", "halo bwd")
                says[-1] += f" with gradient {number(grads.W[l][j, k])}"
            if (l, j, k) in (pick or {}):
                label = button(label, *pick[l, j, k], says[-1])
            labels.append(label)
    for (l, j), (x, here) in at.items():
        a = number(fwd.a[l][j, 0])
        dead = l > 0 and net.activations[l] == "relu" and fwd.z[l][j, 0] <= 0
        units.append(circle(x, here, RADIUS, "unit dead" if dead else "unit"))
        units.append(text(x, here + 4, a, "fwd"))
        if l == 0:
            units.append(text(x, here - RADIUS - 7, f"{letters.inp}{lowered(j + 1)}", "halo name"))
            says.append(f"{letters.inp}_{j + 1} = {a}")
            continue
        units.append(text(x, here - RADIUS - 7, f"{pre} {number(fwd.z[l][j, 0])}", "halo fwd"))
        says.append(f"{letters.act(l, j + 1)} = {a} from {pre} = {number(fwd.z[l][j, 0])}")
        if net.b[l][j, 0] != 0:
            units.append(text(x, here - RADIUS - 23, f"b {number(net.b[l][j, 0])}", "halo name"))
        if grads is not None:
            units.append(text(x, here + RADIUS + 17, f"{err} {number(grads.delta[l][j, 0])}", "halo bwd"))
            says[-1] += f", {err} = {number(grads.delta[l][j, 0])}"
        if y is not None and l == net.L:
            units.append(
                text(x + RADIUS + 8, here + 4, f"{letters.lab} {number(y[j, 0])}", "halo start name")
            )
            says[-1] += f", label {number(y[j, 0])}"
    sizes = "-".join(map(str, net.sizes))
    return Svg("".join(edges + labels + units), width, height, f"Network {sizes}. " + "; ".join(says) + ".")


def _label_place(n_from, n_to):
    """Where along the edges between two layers their labels are farthest apart, as a fraction."""

    def gap(t):
        heights = sorted(
            (1 - t) * (k - (n_from - 1) / 2) + t * (j - (n_to - 1) / 2)
            for k in range(n_from)
            for j in range(n_to)
        )
        return min((b - a for a, b in pairwise(heights)), default=1)

    # Ties go to the middle, where the label is clear of the units.
    return max((0.34 + 0.01 * i for i in range(37)), key=lambda t: (round(gap(t), 6), -abs(t - 0.5)))
