"""SVG by strings: a few shapes with the book's classes, so that the page's style colours them.

Forward is blue, backward vermilion (Okabe & Ito's palette). Colour is never the only sign: forward
text is upright, backward text italic and marked with δ or ∂, negative weights are dashed.
"""

from dataclasses import dataclass
from html import escape

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789()-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻")

STYLE = """
.bp-svg{max-width:100%;height:auto;color:inherit;font-family:inherit}
.bp-svg text{font-size:13px;fill:currentColor;text-anchor:middle}
.bp-svg{--ground:var(--bp-ground,var(--jp-layout-color0,#fff))}
.bp-svg .halo{paint-order:stroke;stroke:var(--ground);stroke-width:4px;stroke-linejoin:round}
.bp-svg .name{opacity:.85}
.bp-svg .code{font-family:monospace;font-size:14px;white-space:pre}
.bp-svg .fwd{fill:var(--bp-forward,#0072b2)}
.bp-svg .bwd{fill:var(--bp-backward,#d55e00);font-style:italic}
.bp-svg .start{text-anchor:start}.bp-svg .end{text-anchor:end}
.bp-svg .unit{fill:var(--ground);stroke:currentColor;stroke-width:1.5}
.bp-svg .dead{stroke-dasharray:3 3}
.bp-svg .edge{stroke:currentColor;fill:none;opacity:.6}
.bp-svg .step{stroke:var(--bp-forward,#0072b2);fill:none;stroke-width:2}
.bp-svg .negative{stroke-dasharray:6 4}
.bp-svg .bold{font-weight:700}
.bp-svg .busy{stroke-width:3.5}
.bp-svg .on{opacity:1}.bp-svg .fwdline{stroke:var(--bp-forward,#0072b2)}
.bp-svg .bwdline{stroke:var(--bp-backward,#d55e00)}
.bp-svg .floor{stroke-width:2.5}
.bp-svg .way{stroke:currentColor;fill:none;stroke-width:1.8}
.bp-svg .plain{stroke-dasharray:5 4}.bp-svg .clipped{stroke:var(--bp-backward,#d55e00)}
.bp-svg .tint{fill:var(--bp-backward,#d55e00);opacity:.22}
.bp-svg .dot{fill:currentColor;stroke:none}
.bp-svg .pick{cursor:pointer}
.bp-svg .pick:is(:hover,:focus-visible) text{text-decoration:underline}
"""


@dataclass(frozen=True)
class Svg:
    """A picture: `body` inside an SVG of the given size, with a text that stands in for it.

    Jupyter and the book show the picture; `text` is its accessible description, its plain-text
    form, and what nbval compares.
    """

    body: str
    width: float
    height: float
    text: str

    def __str__(self):
        # What stands inside role="img" can't be reached by keyboard.
        role = "group" if "data-control" in self.body else "img"
        return (
            f'<svg class="bp-svg" role="{role}" xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" '
            f'height="{self.height:g}" aria-label="{escape(self.text, quote=True)}">'
            f"<style>{STYLE}</style>{self.body}</svg>"
        )

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return f'<div class="bp-scroll" tabindex="0">{self}</div>'


def text(x, y, content, classes=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}">{escape(content)}</text>'


def circle(x, y, radius, classes="unit"):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{classes}"/>'


def line(x1, y1, x2, y2, classes="edge", width=1.0):
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{classes}" '
        f'stroke-width="{width:.2f}"/>'
    )


def rectangle(x, y, width, height, classes="unit", corner=0):
    size = f'width="{width:.1f}" height="{height:.1f}" rx="{corner}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="{classes}"/>'


def arrow(x1, y1, x2, y2, width=1.5):
    """A line with a head at its end."""
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 8 * ux, y2 - 8 * uy
    corners = [(x2, y2), (bx - 3.2 * uy, by + 3.2 * ux), (bx + 3.2 * uy, by - 3.2 * ux)]
    return line(x1, y1, bx, by, "edge", width) + head(corners)


def head(corners):
    """The filled triangle at the end of an arrow."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon points="{points}" fill="currentColor"/>'


def cross(x, y, size=4.0):
    """The mark × around (x, y)."""
    s = f"{2 * size:g}"
    return f'<path d="M{x - size:.1f} {y - size:.1f}l{s} {s}m0 -{s}l-{s} {s}" class="way"/>'


def path(points):
    """The `d` of a path through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def scale(low, high, start, end):
    """An axis: the map from values, low to high, to places, start to end."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def signed(number, form="g"):
    """A number with a real minus sign; -0.0 has none, as what is dead has no sign to show."""
    return f"{float(number) + 0.0:{form}}".replace("-", "−")


def lowered(number):
    return str(number).translate(LOWERED)


def raised(words):
    return str(words).translate(RAISED)


def button(content, control, value, label):
    """`content` as something to click: it gives the demo's `control` the `value`."""
    return (
        f'<g class="pick" role="button" tabindex="0" data-control="{escape(control, quote=True)}" '
        f'data-value="{escape(value, quote=True)}" aria-label="{escape(label, quote=True)}">{content}</g>'
    )
