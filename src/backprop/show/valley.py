"""A narrow valley with two paths of gradient descent on its level curves."""

from .svg import Svg, circle, line, text

LEFT, RIGHT, TOP, BOTTOM = 44, 400, 16, 316
U, V = (-0.2, 1.6), (-0.8, 1.2)  # the part of the plane that is shown


def valley(levels, paths):
    """The valley u^T v = 1 with level curves and paths.

    Args:
        levels: [(height, [curve, ...])], each curve a list of (u, v).
        paths: {name: (points, lost)}; the first is drawn dashed with crosses, the second solid
            with dots.

    Returns:
        An `Svg`.
    """
    body = [
        '<clipPath id="bp-valley"><rect '
        f'x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/></clipPath>',
        f'<rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}" class="unit"/>',
        '<g clip-path="url(#bp-valley)">',
    ]
    for height, curves in levels:
        classes = "edge floor" if height == 0 else "edge"
        body += [f'<path d="{_path(curve)}" class="{classes}"/>' for curve in curves]
    styles = (("plain", _cross), ("clipped", _dot))
    says = []
    for (name, (points, lost)), (classes, mark) in zip(paths.items(), styles, strict=True):
        body.append(f'<path d="{_path(points)}" class="way {classes}"/>')
        body += [mark(*_place(*point)) for point in points]
        u, v = points[-1]
        where = "leaves the picture for good" if lost else f"is at u = {u:.3f}, v = {v:.3f}"
        says.append(f"the path {name}, {len(points) - 1} steps, {where}")
    body.append("</g>")
    for value in (0.0, 0.5, 1.0, 1.5):
        body.append(text(_place(value, 0)[0], BOTTOM + 18, f"{value:g}", "name"))
    for value in (-0.5, 0, 0.5, 1):
        body.append(text(LEFT - 8, _place(0, value)[1] + 4, f"{value:g}".replace("-", "−"), "end name"))
    body += [text(RIGHT, BOTTOM + 18, "u", "name"), text(LEFT - 26, TOP + 12, "v", "name")]
    y = BOTTOM + 44
    key = ((LEFT, "no clipping", "plain", _cross), (220, "clipped", "clipped", _dot))
    for x, name, classes, mark in key:
        body += [
            line(x, y, x + 40, y, f"way {classes}", 2),
            mark(x + 20, y),
            text(x + 48, y + 5, name, "start"),
        ]
    words = "Level curves of the cost over u and v; the valley floor is a curve that grows steep. "
    return Svg("".join(body), RIGHT + 20, y + 20, words + "; ".join(says) + ".")


def _place(u, v):
    x = LEFT + (u - U[0]) / (U[1] - U[0]) * (RIGHT - LEFT)
    return x, BOTTOM - (v - V[0]) / (V[1] - V[0]) * (BOTTOM - TOP)


def _path(points):
    # A lost path may end far away; SVG's numbers need not.
    places = [(min(max(x, -9999), 9999), min(max(y, -9999), 9999)) for x, y in (_place(*p) for p in points)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _cross(x, y):
    return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" class="way"/>' if abs(x) + abs(y) < 9999 else ""


def _dot(x, y):
    return circle(x, y, 3, "way") if abs(x) + abs(y) < 9999 else ""
