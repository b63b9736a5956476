"""A vertical timeline: one marker a work, its lane the field, its shape and filling the two marks."""

from ..history import FIELDS, NONE_KNOWN
from .svg import Svg, line, text

WIDTH, LANE, LINE, YEAR, LONGEST = 340, 18, 17, 3, 10
LABEL = 12 + LANE * len(FIELDS)
LANES = {field: 12 + LANE * i for i, field in enumerate(FIELDS)}


def timeline(entries):
    """Works in the order of their years, as narrow as a phone.

    Args:
        entries: `history.Entry` objects, sorted by year.

    Returns:
        An `Svg`: for each work a marker in the lane of its field, and its year and authors. Besides the
        room for a label, every year between two works adds the same distance; where they are more than
        `LONGEST` years apart the lanes are broken. A disputed content has a diamond, an agreed one a
        circle; the marker is full where a later work is known that built on this one, else hollow.

    Raises:
        ValueError: if there are no entries, or they are not sorted by year.
    """
    years = [entry.year for entry in entries]
    if not years or years != sorted(years):
        raise ValueError(f"entries: expected at least one, sorted by year, got the years {years}")
    legend, y = _legend()
    lanes, markers, before, start = [], [], years[0], y
    for entry in entries:
        gap = entry.year - before
        after = y + YEAR * min(gap, LONGEST)
        if gap > LONGEST:
            lanes += [line(x, start, x, y - LINE / 2) for x in LANES.values()]
            start = after - LINE / 2
        y = after
        markers.append(_marker(LANES[entry.field], y, entry.content, entry.influential))
        markers.append(text(LABEL, y + 4, f"{entry.year} {entry.who}", "start"))
        before = entry.year
        y += LINE
    lanes += [line(x, start, x, y - LINE / 2) for x in LANES.values()]  # drawn first: under the markers
    influence = {True: "yes", False: NONE_KNOWN}
    says = [
        f"{e.year} {e.who}: {e.what} ({e.field}; {e.content}; influence: {influence[e.influential]})"
        for e in entries
    ]
    return Svg("".join(lanes + legend + markers), WIDTH, y, "Timeline. " + "; ".join(says) + ".")


def _legend():
    """What lanes and markers mean, and the height of the first work below it."""
    shown, y = [], 14
    kinds = {
        "content agreed, influence known": ("agreed", True),
        "content agreed, no influence known": ("agreed", False),
        "content disputed, no influence known": ("disputed", False),
    }
    for label, marks in kinds.items():
        shown += [_marker(LANES["calculus"], y, *marks), text(LANES["control"], y + 4, label, "start")]
        y += LINE + 2
    y += LINE / 2
    for i, (field, name) in enumerate(FIELDS.items()):
        x, low = LANES[field], y + LINE * len(FIELDS)
        shown += [line(x, y + LINE * i, x, low), line(x, y + LINE * i, LABEL - 4, y + LINE * i)]
        shown.append(text(LABEL, y + LINE * i + 4, name, "start strong"))
    style = "<style>.bp-svg .strong{font-weight:600}</style>"
    return [style, *shown], y + LINE * len(FIELDS) + LINE / 2


def _marker(x, y, content, influential):
    """A circle or a diamond around (x, y), full or hollow."""
    classes = f"{'dot' if influential else 'unit'} {content}"
    if content == "agreed":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="{classes}"/>'
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in [(0, -8), (8, 0), (0, 8), (-8, 0)])
    return f'<polygon points="{points}" class="{classes}"/>'
