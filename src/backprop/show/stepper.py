"""A network while it is being computed: what is known so far, and the list of equations."""

from dataclasses import dataclass

import numpy as np

from .svg import Svg, circle, line, signed, text

RADIUS = 25
COLUMN, ROW, TOP, MARGIN = 150, 92, 60, 56


@dataclass(frozen=True)
class Line:
    """One equation of the list."""

    formula: str
    backward: bool
    current: bool
    done: bool


def network_progress(letters, net, fwd, y, grads, done, current, lines):
    """A small network with the numbers of the operations done, and the list of all equations.

    Args:
        letters: `backprop.letters.Letters`.
        net, fwd, y, grads: a network and its sweeps on one example.
        done: operations so far, each with `makes` and `layer`.
        current: the last of them, or None.
        lines: the `Line`s of the list.

    Returns:
        An `Svg`. Known: pre-activations above the units, activations inside, δ below. The edges
        that the current operation uses are thick.
    """
    have = {(operation.makes, operation.layer) for operation in done}
    rows = max(net.sizes)
    width = max(2 * MARGIN + net.L * COLUMN, 620)
    left = (width - net.L * COLUMN) / 2
    height = TOP + (rows - 1) * ROW + 2 * RADIUS + 40
    middle = TOP + RADIUS + (rows - 1) * ROW / 2
    at = {
        (l, j): (left + l * COLUMN, middle + (j - (n - 1) / 2) * ROW)
        for l, n in enumerate(net.sizes)
        for j in range(n)
    }
    body, says = [], []
    used, flow = _edges_used(current, net.L)
    for l in range(1, net.L + 1):
        for (j, k), w in np.ndenumerate(net.W[l]):
            (x1, y1), (x2, y2) = at[l - 1, k], at[l, j]
            classes = f"edge{' negative' if w < 0 else ''}{f' on {flow}line' if l == used else ''}"
            body.append(line(x1 + RADIUS, y1, x2 - RADIUS, y2, classes, 3 if l == used else 1))
    for (l, j), (x, here) in at.items():
        made = current is not None and current.layer == l and current.makes in ("z", "a", "delta", "b")
        body.append(circle(x, here, RADIUS, "unit busy" if made else "unit"))
        if l == 0 or ("a", l) in have:
            body.append(text(x, here + 4, signed(fwd.a[l][j, 0], ".4f"), "fwd"))
        if l == 0:
            says.append(f"{letters.inp}_{j + 1} = {signed(fwd.a[0][j, 0], '.4f')}")
        if ("z", l) in have:
            z = signed(fwd.z[l][j, 0], ".4f")
            body.append(text(x, here - RADIUS - 6, z, "halo fwd"))
            says.append(f"{letters.pre(l, j + 1)} = {z}")
        if ("a", l) in have:
            says.append(f"{letters.act(l, j + 1)} = {signed(fwd.a[l][j, 0], '.4f')}")
        if ("delta", l) in have:
            d = signed(grads.delta[l][j, 0], ".4f")
            body.append(text(x, here + RADIUS + 15, d, "halo bwd"))
            says.append(f"{letters.err(l, j + 1)} = {d}")
        if l == net.L:
            body.append(text(x + RADIUS + 6, here + 4, f"{letters.lab} {y[j, 0]:g}", "halo start name"))
    for l in range(net.L + 1):
        name = letters.inp if l == 0 else letters.act(l)
        body.append(text(left + l * COLUMN, 16, name, "name"))
    listing, low = _listing(lines, width, height)
    now = next((entry.formula for entry in lines if entry.current), "nothing yet")
    title = f"Network {'-'.join(map(str, net.sizes))}, now: {now}. "
    return Svg("".join(body + listing), width, low, title + "; ".join(says) + ".")


def _edges_used(current, L):
    """The layer whose weights the current operation uses, and its direction."""
    if current is None:
        return None, ""
    if current.makes == "z":
        return current.layer, "fwd"
    if current.makes == "delta" and current.layer < L:
        return current.layer + 1, "bwd"
    return (current.layer, "bwd") if current.makes == "W" else (None, "")


def _listing(lines, width, top):
    """The equations in two columns, forward left and backward right; a mark at the current one."""
    shapes, low = [], top
    columns = [[e for e in lines if not e.backward], [e for e in lines if e.backward]]
    for x, column in zip((MARGIN / 2, width / 2), columns, strict=True):
        for i, entry in enumerate(column):
            y = top + 18 + 20 * i
            sign = "▶" if entry.current else "✓" if entry.done else "·"
            flow = "bwd" if entry.backward else "fwd"
            shapes.append(
                text(x, y, f"{sign} {entry.formula}", f"start {flow}{' bold' if entry.current else ''}")
            )
            low = max(low, y)
    return shapes, low + 16
