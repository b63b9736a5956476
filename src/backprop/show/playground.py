"""The picture of the playground demo: points and boundary, two curves, and every unit's δ."""

import math

from .svg import Svg, circle, cross, line, rectangle, scale, text

LEFT, WIDTH, SIDE = 40, 252, 252  # the frames begin at LEFT; the map is a square
CURVE, BARS = 90, 44  # heights
DASHES = ("", "6 4", "2 3", "8 3 2 3")


def playground(examples, region, costs, norms, spread, names):
    """All panels, one under the other, narrow enough for a phone.

    Args:
        examples: `data.Examples` with X (2, N), Y (1, N).
        region: (x, y, inside): grid coordinates, and an array (len(y), len(x)) that says where the
            network answers class 1.
        costs: the cost before training and after each epoch.
        norms: for each of them the gradient norms of the layers.
        spread: for each layer a list with the size of each unit's error signal.
        names: what the error signal of each layer is called.

    Returns:
        An `Svg`.
    """
    body, top = _map(examples, region), 16 + SIDE + 58
    body += _curve(top, "cost", [costs], log=False)
    top += CURVE + 50
    layers = [list(layer) for layer in zip(*norms, strict=True)]
    body += _curve(top, "gradient norm by layer", layers, log=True)
    for l in range(len(layers)):
        x = LEFT + 56 * l
        body += [_key(x, top + CURVE + 20, l), text(x + 29, top + CURVE + 25, f"{l + 1}", "start")]
    top += CURVE + 62
    body.append(text(LEFT, top - 8, "error signal of each unit (rms)", "start name"))
    largest = max(max(units) for units in spread) or 1.0
    for name, units in zip(names, spread, strict=True):
        body.append(text(LEFT - 6, top + BARS - 4, name, "end bwd"))
        body.append(line(LEFT, top + BARS, LEFT + WIDTH, top + BARS))
        pitch = WIDTH / max(len(units), 8)
        for j, value in enumerate(units):
            height = (BARS - 6) * value / largest
            body.append(
                f'<rect x="{LEFT + j * pitch + 1:.1f}" y="{top + BARS - height:.1f}" '
                f'width="{pitch - 2:.1f}" height="{height:.1f}" class="bwd"/>'
            )
        top += BARS + 8
    change = "rises" if costs[-1] > costs[0] else "falls"
    words = (
        f"{examples.X.shape[1]} points of two classes in the plane, dots and crosses; tinted is where the "
        f"network answers class 1. Below: the cost {change} from {costs[0]:.3f} to {costs[-1]:.3f} in "
        f"{len(costs) - 1} epochs; the norm of each layer's gradient; a bar for each unit's error signal."
    )
    return Svg("".join(body), LEFT + WIDTH + 12, top + 8, words)


def _map(examples, region):
    x, y, inside = region
    cell = (x[1] - x[0], y[1] - y[0])
    low, high = (x[0] - cell[0] / 2, y[0] - cell[1] / 2), (x[-1] + cell[0] / 2, y[-1] + cell[1] / 2)

    across, up = scale(low[0], high[0], LEFT, LEFT + WIDTH), scale(low[1], high[1], 16 + SIDE, 16)
    body, step = [], (WIDTH / len(x), SIDE / len(y))
    for i, row in enumerate(inside.tolist()):
        for begin, end in _runs(row):
            at, wide = LEFT + begin * step[0], (end - begin) * step[0]
            body.append(rectangle(at, 16 + SIDE - (i + 1) * step[1], wide, step[1] + 0.3, "tint"))
    body.append(rectangle(LEFT, 16, WIDTH, SIDE, "edge"))
    for (u, v), kind in zip(examples.X.T.tolist(), examples.classes.tolist(), strict=True):
        body.append(cross(across(u), up(v), 3.5) if kind else circle(across(u), up(v), 3, "dot"))
    y_key = 16 + SIDE + 18
    body += [circle(LEFT + 8, y_key - 4, 3, "dot"), text(LEFT + 16, y_key, "class 0", "start")]
    body += [
        cross(LEFT + 93.5, y_key - 4.5, 3.5),
        text(LEFT + 104, y_key, "class 1, tinted", "start"),
    ]
    return body


def _runs(row):
    """[(begin, end), ...] of the stretches of True."""
    edges = [k for k in range(len(row) + 1) if (k < len(row) and row[k]) != (k > 0 and row[k - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _key(x, y, l):
    return f'<path d="M{x} {y}h26" class="way" stroke-dasharray="{DASHES[l % len(DASHES)]}"/>'


def _curve(top, title, series, log):
    """Lines over the epochs in a frame; the vertical axis is linear from 0, or logarithmic."""
    values = [v for values in series for v in values if v > 0]
    if log:
        low = math.floor(math.log10(min(values))) if values else -1
        high = max(math.ceil(math.log10(max(values))), low + 1) if values else 0
    else:
        low, high = 0.0, max(values, default=1.0)
    epochs = max(len(series[0]) - 1, 1)

    up = scale(low, high, top + CURVE, top)

    def height(value):
        return up((math.log10(value) if value > 0 else low) if log else value)

    ends = (f"1e{low}", f"1e{high}") if log else ("0", f"{high:.2g}")
    body = [
        rectangle(LEFT, top, WIDTH, CURVE, "edge"),
        text(LEFT, top - 8, title, "start name"),
        text(LEFT - 6, top + CURVE, ends[0], "end name"),
        text(LEFT - 6, top + 10, ends[1], "end name"),
        text(LEFT + WIDTH, top - 8, f"{len(series[0]) - 1} epochs", "end name"),
    ]
    for l, values in enumerate(series):
        points = " ".join(f"{LEFT + WIDTH * k / epochs:.1f},{height(v):.1f}" for k, v in enumerate(values))
        body.append(f'<polyline points="{points}" class="way" stroke-dasharray="{DASHES[l % len(DASHES)]}"/>')
    return body
