"""Figures of gradient checking: curves of the error against the step."""

import math

from .figures import FORWARD, figure
from .svg import Svg, circle, line, scale, text

# Colour is never the only sign: each scheme has its own marker and line as well.
STYLES = {
    "one-sided": {"color": "#7a7a7a", "marker": "^", "linestyle": ":"},
    "central": {"color": FORWARD, "marker": "o", "linestyle": "-"},
    "complex step": {"color": "#009e73", "marker": "D", "linestyle": "--"},
}


def step_errors(steps, errors, slopes):
    """Error against step size on logarithmic axes, a curve a scheme, with the fitted slopes.

    Args:
        steps: the steps h.
        errors: {scheme: errors}, as from `gradcheck.step_errors`.
        slopes: {scheme: (rounding, truncation)}, as from `gradcheck.branch_slopes`.
    """
    with figure(height=4.6) as (fig, axes):
        for name, values in errors.items():
            left, right = (f"{slope:+.1f}" if slope == slope else "none" for slope in slopes[name])
            label = f"{name}: slopes {left} and {right}"
            axes.loglog(steps, values, label=label, markevery=5, markersize=5, linewidth=1.4, **STYLES[name])
        axes.set(xlabel="step h", ylabel="relative error", xlim=(5e-16, 1), ylim=(1e-17, 20))
        fig.legend(fontsize=9, loc="outside upper center", ncols=1)


WIDTH, HEIGHT = 340, 330  # as narrow as a phone
LEFT, RIGHT, TOP, BOTTOM = 52, 326, 94, 288
LOWEST = -17  # of the error's power of ten; what is below is drawn there
LOOK = """<style>
.bp-svg .curve{fill:none;stroke-width:2}
.bp-svg .one-sided{stroke:currentColor;stroke-dasharray:2 4}
.bp-svg .central{stroke:var(--bp-forward,#0072b2)}
.bp-svg .complex{stroke:#009e73;stroke-dasharray:8 4}
.bp-svg .grid{stroke:currentColor;opacity:.2}
</style>"""


def error_curves(steps, errors, at):
    """Error against step on logarithmic axes, as an SVG; the step at index `at` is marked.

    Args:
        steps: the steps h, ascending.
        errors: {scheme: errors}, as from `gradcheck.step_errors`.
        at: index of the chosen step.

    Returns:
        An `Svg` whose text gives every curve's errors as powers of ten.
    """
    powers = [math.log10(h) for h in steps]
    low, high = powers[0], powers[-1]

    across, height = scale(low, high, LEFT, RIGHT), scale(LOWEST, 1, BOTTOM, TOP)

    def up(power):
        return height(min(max(power, LOWEST), 1))

    body = [LOOK]
    for power in range(math.ceil(low), math.floor(high) + 1, 4 if high - low > 8 else 1):
        body += [line(across(power), TOP, across(power), BOTTOM, "grid")]
        body += [text(across(power), BOTTOM + 17, f"1e{power}", "name")]
    for power in range(-16, 1, 4):
        body += [line(LEFT, up(power), RIGHT, up(power), "grid")]
        body += [text(LEFT - 6, up(power) + 4, f"1e{power}", "name end")]
    body.append(line(across(powers[at]), TOP, across(powers[at]), BOTTOM, "edge", 2))
    says = []
    for i, (name, values) in enumerate(errors.items()):
        exponents = [math.log10(e) if e > 0 else LOWEST for e in values]
        points = " ".join(f"{across(p):.1f},{up(e):.1f}" for p, e in zip(powers, exponents, strict=True))
        look = name.split()[0]
        body.append(f'<polyline points="{points}" class="curve {look}"/>')
        body.append(circle(across(powers[at]), up(exponents[at]), 4))
        y = 16 + 20 * i
        body.append(f'<polyline points="{LEFT},{y} {LEFT + 44},{y}" class="curve {look}"/>')
        body.append(text(LEFT + 54, y + 4, name, "start"))
        says.append(f"{name} {', '.join(str(round(e)) for e in exponents)}")
    body.append(text((LEFT + RIGHT) / 2, BOTTOM + 36, "step h"))
    body.append(text(RIGHT, TOP - 8, "error, of the gradient's norm", "name end"))
    words = f"Error against the step h from 1e{low:g} to 1e{high:g}, as powers of ten. "
    return Svg("".join(body), WIDTH, HEIGHT, words + "; ".join(says) + f". Marked: h = 1e{powers[at]:g}.")
