"""Pictures of the demos on gradient flow: two activations side by side, error signals by layer."""

import math

from .svg import Svg, circle, line, path, raised, rectangle, scale, signed, text

PANEL, GAP, LEFT, TOP, HEIGHT = 150, 40, 34, 34, 190  # two panels fit a narrow page
Z, VALUE = (-4.0, 4.0), (-1.5, 2.5)  # the part of the plane that the activations are shown in


def activations(panels, z):
    """A panel for each activation: its value solid, its slope dashed, both marked at z.

    Args:
        panels: [(name, z values, values, slopes, value at z, slope at z)].
        z: the marked argument.

    Returns:
        An `Svg`.
    """
    body, says, up = [], [], scale(*VALUE, TOP + HEIGHT, TOP)
    for i, (name, grid, values, slopes, value, slope) in enumerate(panels):
        left = LEFT + i * (PANEL + GAP)

        across = scale(*Z, left, left + PANEL)
        curves = [path(zip(map(across, grid), map(up, heights), strict=True)) for heights in (values, slopes)]
        clip, box = f"bp-activation-{i}", rectangle(left, TOP, PANEL, HEIGHT)
        body += [
            f'<clipPath id="{clip}">{box}</clipPath>{box}',
            text(left + PANEL / 2, TOP - 12, name, "bold"),
            f'<g clip-path="url(#{clip})">',
            line(across(Z[0]), up(0), across(Z[1]), up(0)),
            line(across(z), up(VALUE[0]), across(z), up(VALUE[1]), "edge negative"),
            f'<path d="{curves[0]}" class="step"/>',
            f'<path d="{curves[1]}" class="way clipped plain"/>',
            circle(across(z), up(value), 4, "step"),
            circle(across(z), up(slope), 4, "way clipped"),
            "</g>",
        ]
        for tick in (-4, 0, 4):
            body.append(text(across(tick), TOP + HEIGHT + 18, signed(tick), "name"))
        for tick in (-1, 0, 1, 2):
            body.append(text(left - 8, up(tick) + 4, signed(tick), "end name"))
        says.append(f"{name} at z = {z:.2f}: value {value:.4f}, slope {slope:.4f}")
    width, y = max(LEFT + len(panels) * (PANEL + GAP), LEFT + 300), TOP + HEIGHT + 44
    body += [
        line(LEFT, y, LEFT + 40, y, "step", 2),
        text(LEFT + 48, y + 5, "value", "start"),
        line(LEFT + 130, y, LEFT + 170, y, "way clipped plain", 2),
        text(LEFT + 178, y + 5, "slope (dashed)", "start"),
    ]
    return Svg(
        "".join(body), width, y + 20, "Curves of activations and their slopes. " + "; ".join(says) + "."
    )


def error_signals(quantiles, theory):
    """Error signals by layer on a logarithmic axis: all seeds, half of them, the median, the theory.

    Args:
        quantiles: (5, L), lowest, quarter, median, three quarters and highest of
            ‖δ^(l)‖/‖δ^(L)‖; zeros are drawn at the bottom.
        theory: (L,) or None.

    Returns:
        An `Svg`.
    """
    width, height, left = 310, 240, 54
    drawn = [v for row in quantiles for v in row if v > 0] + ([] if theory is None else list(theory))
    low, high = math.floor(math.log10(min(drawn))), math.ceil(math.log10(max(drawn)))
    if high - low < 2:
        low, high = low - 1, high + 1
    L = len(quantiles[2])

    across, up = scale(1, max(L, 2), left, left + width), scale(low, high, TOP + height, TOP)

    def place(l, v):
        return across(l), up(math.log10(v) if v > 0 else low)

    layers = range(1, L + 1)
    body = [rectangle(left, TOP, width, height)]
    every = -(-(high - low) // 6)
    for power in range(low, high + 1, every):
        y = place(1, 10.0**power)[1]
        body += [line(left, y, left + width, y), text(left - 8, y + 4, "10" + raised(power), "end name")]
    for lower, upper, opacity in ((0, 4, 0.15), (1, 3, 0.3)):
        around = [place(l, v) for l, v in zip(layers, quantiles[upper], strict=True)]
        around += [place(l, v) for l, v in zip(layers, quantiles[lower], strict=True)][::-1]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in around)
        body.append(f'<polygon points="{points}" class="bwd" fill-opacity="{opacity}"/>')
    body.append(f'<path d="{path(map(place, layers, quantiles[2]))}" class="way clipped"/>')
    body += [circle(*place(l, v), 3, "way clipped") for l, v in zip(layers, quantiles[2], strict=True)]
    if theory is not None:
        body.append(f'<path d="{path(map(place, layers, theory))}" class="way plain"/>')
    every = max(1, -(-L // 10))
    for l in range(1, L + 1, every):
        body.append(text(place(l, 0)[0], TOP + height + 18, str(l), "name"))
    y = TOP + height + 40
    body += [
        text(left + width / 2, y, "layer", "name"),
        text(left, TOP - 12, "error signal / output error", "start bold"),
        line(left, y + 20, left + 40, y + 20, "way clipped", 2),
        text(left + 48, y + 25, "median; bands: half, all seeds", "start"),
    ]
    says = f"Error signals of {L} layers, relative to the output: median {quantiles[2][0]:.2e} in layer 1"
    if theory is not None:
        body += [
            line(left, y + 42, left + 40, y + 42, "way plain", 2),
            text(left + 48, y + 47, "theory (rms)", "start"),
        ]
        says += f", theory {theory[0]:.2e}"
    return Svg("".join(body), left + width + 20, y + (62 if theory is not None else 40), says + ".")
