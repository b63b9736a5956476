"""Figures of chapter 1: remainders, a wiggling function, paths, directions, and costs."""

from .figures import BACKWARD, FORWARD, figure
from .svg import Svg, arrow, circle, line, lowered, scale, text

RADIUS = 30
NEUTRAL = "0.35"  # grey: neither forward nor backward


def remainders(steps, tangent, other):
    """Remainders of the tangent and of another line against the step, both axes logarithmic."""
    with figure() as (_, axes):
        axes.loglog(steps, other, "s--", color=NEUTRAL, label="another line: shrinks like h")
        axes.loglog(steps, tangent, "o-", color=FORWARD, label="tangent: shrinks like h²")
        axes.set(xlabel="step h", ylabel="size of the remainder")
        axes.legend(frameon=False)


def wiggle(x, values, envelope, zeros):
    """The graph of a function between ± its envelope, with some of its zeros marked."""
    with figure() as (_, axes):
        axes.plot(x, values, color=FORWARD, linewidth=1.4, label="Δu = g(h) − g(0)")
        axes.plot(x, envelope, ":", color=NEUTRAL, linewidth=1.4, label="±h²")
        axes.plot(x, [-v for v in envelope], ":", color=NEUTRAL, linewidth=1.4)
        axes.plot(zeros, [0.0] * len(zeros), "kx", markersize=6, label="Δu = 0, h ≠ 0")
        axes.set(xlabel="step h from x = 0", ylabel="Δu")
        axes.legend(frameon=False, loc="upper center")


def directions(degrees, slopes, predicted):
    """The slope of a function in each direction, beside what its partial derivatives predict."""
    with figure() as (_, axes):
        axes.plot(degrees, slopes, color=FORWARD, label="slope of f in this direction")
        axes.plot(degrees, predicted, "--", color=NEUTRAL, label="sum over the partial derivatives")
        axes.set(xlabel="direction in degrees", ylabel="slope at the origin", xticks=range(0, 361, 45))
        axes.legend(frameon=False)


def product_costs(widths, from_output, from_input):
    """Multiplications against the width of the layers, for both orders of a Jacobian product."""
    with figure() as (_, axes):
        axes.loglog(widths, from_input, "s--", color=FORWARD, label="from the input: slope 3")
        axes.loglog(widths, from_output, "o-", color=BACKWARD, label="from the output: slope 2")
        axes.set(xlabel="width n of the layers", ylabel="multiplications")
        axes.legend(frameon=False)


def chain(names, values, slopes, adjoints, digits=6):
    """A chain of functions of one variable with the numbers of both sweeps.

    Args:
        names: names of x, u_1, ..., y, short enough for a circle.
        values, slopes, adjoints: as `backprop.chain_rule.sweep` returns them.
        digits: decimals of the numbers.

    Returns:
        An `Svg`: values above the nodes, adjoints below them, slopes on the edges.
    """
    apart, y, margin = 170, 80, 64
    shapes, says = [], []
    for l, name in enumerate(names):
        x = margin + l * apart
        if l > 0:
            shapes.append(arrow(x - apart + RADIUS, y, x - RADIUS, y))
            shapes.append(text(x - apart / 2, y - 8, f"{slopes[l]:.{digits}f}", "halo name"))
        shapes.append(circle(x, y, RADIUS) + text(x, y + 5, name))
        shapes.append(text(x, y - RADIUS - 10, f"{values[l]:.{digits}f}", "halo fwd"))
        shapes.append(text(x, y + RADIUS + 22, f"∂ {adjoints[l]:.{digits}f}", "halo bwd"))
        by = f" from {names[l - 1]} with local derivative {slopes[l]:.{digits}f}" if l > 0 else ""
        says.append(f"{name} = {values[l]:.{digits}f}{by}, d{names[-1]}/d{name} = {adjoints[l]:.{digits}f}")
    width = 2 * margin + (len(names) - 1) * apart
    return Svg("".join(shapes), width, 150, "Chain " + " to ".join(names) + ". " + "; ".join(says) + ".")


def paths(inner, outer, digits=0):
    """One input that reaches one output through several quantities between them.

    Args:
        inner: the derivatives du_i/dx, one for each path.
        outer: the derivatives ∂y/∂u_i.
        digits: decimals of the numbers.

    Returns:
        An `Svg`: x on the left, the u_i one below the other, y on the right; each edge carries its
        derivative, and each path's product stands in the description.
    """
    rows, apart, row, margin = len(inner), 210, 100, 60
    height = (rows - 1) * row + 2 * (RADIUS + 14)
    middle = height / 2
    ends = [("x", margin, middle), ("y", margin + 2 * apart, middle)]
    shapes, says = [], []
    for i, (a, b) in enumerate(zip(inner, outer, strict=True), start=1):
        x, y = margin + apart, middle + (i - (rows + 1) / 2) * row
        beside = -18 if y <= middle else 26  # labels stand on the outer side of their edges
        for (_, x0, y0), (x1, y1), value, label in (
            (ends[0], (x, y), a, f"du{lowered(i)}/dx = "),
            ((None, x, y), ends[1][1:], b, f"∂y/∂u{lowered(i)} = "),
        ):
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            dx, dy = RADIUS * (x1 - x0) / length, RADIUS * (y1 - y0) / length
            shapes.append(arrow(x0 + dx, y0 + dy, x1 - dx, y1 - dy))
            shapes.append(text((x0 + x1) / 2, (y0 + y1) / 2 + beside, f"{label}{value:.{digits}f}", "halo"))
        ends.append((f"u{lowered(i)}", x, y))
        says.append(f"through u_{i}: du_{i}/dx = {a:.{digits}f}, dy/du_{i} = {b:.{digits}f}")
    for name, x, y in ends:
        shapes.append(circle(x, y, RADIUS) + text(x, y + 5, name))
    return Svg("".join(shapes), 2 * (margin + apart), height, "Paths from x to y. " + "; ".join(says) + ".")


def steps(x, dx, n):
    """Three number lines, x, u and y: the true step above each, the predicted one dashed below.

    Args:
        x, dx: where the step starts, and the step.
        n: the numbers of `backprop.chain_rule.increments`.

    Returns:
        An `Svg`; each line has its own scale, written at its ends.
    """
    rows = (("x", x, dx, dx), ("u", n["u"], n["du"], n["du_linear"]), ("y", n["y"], n["dy"], n["dy_linear"]))
    left, right, apart = 60, 560, 96
    body, says = [], []
    for i, (name, at, true, predicted) in enumerate(rows):
        y = 52 + i * apart
        low, high = at + min(0, true, predicted), at + max(0, true, predicted)
        pad = 0.15 * (high - low) or 0.1
        low, high = low - pad, high + pad
        place = scale(low, high, left, right)
        body.append(line(left, y, right, y))
        body.append(text(left - 24, y + 5, name, "name"))
        body += [text(left, y + 18, f"{low:.3f}", "name"), text(right, y + 18, f"{high:.3f}", "name")]
        body.append(circle(place(at), y, 5))
        body.append(_step(place(at), place(at + true), y - 16, "fwd", f"Δ{name} = {true:.4f}", -8))
        says.append(f"{name} = {at:.4f} moves by {true:.4f}")
        if i:
            label = f"predicted {predicted:.4f}"
            body.append(_step(place(at), place(at + predicted), y + 24, "fwd dashed", label, 17))
            says[-1] += f", predicted {predicted:.4f}"
    words = f"The error of the prediction for y is {n['remainder']:.6f}."
    return Svg("".join(body), right + 60, 52 + 2 * apart + 60, "; ".join(says) + ". " + words)


def _step(start, end, y, classes, label, above):
    """An arrow from start to end with its label."""
    head = 6 if end >= start else -6
    dashes = ' stroke-dasharray="6 4"' if "dashed" in classes else ""
    tip = f"M{end - head:.1f} {y - 4:.1f}L{end:.1f} {y:.1f}L{end - head:.1f} {y + 4:.1f}"
    return (
        f'<path d="M{start:.1f} {y:.1f}H{end:.1f}" class="step"{dashes}/><path d="{tip}" class="step"/>'
        + text((start + end) / 2, y + above, label, "fwd halo")
    )
