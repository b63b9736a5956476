"""A narrow valley with two paths of gradient descent on its level curves."""

from .svg import Svg, circle, cross, line, path, rectangle, scale, signed, text

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
    box = rectangle(LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP)
    body = [
        f'<clipPath id="bp-valley">{box}</clipPath>{box}',
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
        body.append(text(LEFT - 8, _place(0, value)[1] + 4, signed(value), "end name"))
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
    return scale(*U, LEFT, RIGHT)(u), scale(*V, BOTTOM, TOP)(v)


def _path(points):
    # A lost path may end far away; SVG's numbers need not.
    return path((min(max(x, -9999), 9999), min(max(y, -9999), 9999)) for x, y in (_place(*p) for p in points))


def _cross(x, y):
    return cross(x, y) if abs(x) + abs(y) < 9999 else ""


def _dot(x, y):
    return circle(x, y, 3, "way") if abs(x) + abs(y) < 9999 else ""
