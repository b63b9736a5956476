"""A vertical timeline: one marker a work, its shape saying how well the claim stands."""

import textwrap

from .svg import Svg, line, text

WIDTH, AXIS, LABEL = 330, 12, 30
LINE, GAP, YEAR = 16, 9, 5
CHARACTERS = 40


def timeline(entries):
    """Works in the order of their years, as narrow as a phone.

    Args:
        entries: `history.Entry` objects, sorted by year.

    Returns:
        An `Svg`: markers on a vertical axis, a label beside each. Besides the room for its label, every
        year between two works adds the same distance. Agreed claims carry a full circle, disputed ones
        a hollow diamond, those of priority only a hollow triangle.

    Raises:
        ValueError: if there are no entries, or they are not sorted by year.
    """
    years = [entry.year for entry in entries]
    if not years or years != sorted(years):
        raise ValueError(f"entries: expected at least one, sorted by year, got the years {years}")
    body, y, before = _legend(), 100, years[0]
    start = y
    for entry in entries:
        y += YEAR * (entry.year - before)
        label = textwrap.wrap(entry.what, CHARACTERS)
        body.append(_marker(AXIS, y, entry.grade))
        body.append(text(LABEL, y + 4, f"{entry.year} {entry.who}", "start strong"))
        body += [text(LABEL, y + 4 + LINE * (i + 1), part, "start name") for i, part in enumerate(label)]
        end, before = y, entry.year
        y += LINE * (1 + len(label)) + GAP
    axis = line(AXIS, start, AXIS, end, "edge", 1.5)  # first, so that it lies under the markers
    says = [f"{entry.year} {entry.who}: {entry.what} ({entry.grade})" for entry in entries]
    style = "<style>.bp-svg .strong{font-weight:600}</style>"
    return Svg(style + axis + "".join(body), WIDTH, y, "Timeline. " + "; ".join(says) + ".")


def _legend():
    shown = []
    for i, grade in enumerate(("agreed", "disputed", "priority only")):
        shown.append(_marker(AXIS, 14 + 21 * i, grade))
        shown.append(text(LABEL, 18 + 21 * i, grade, "start"))
    return shown


def _marker(x, y, grade):
    """A full circle, a hollow diamond or a hollow triangle around (x, y)."""
    if grade == "agreed":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="currentColor" class="agreed"/>'
    corners = {
        "disputed": [(0, -8), (8, 0), (0, 8), (-8, 0)],
        "priority only": [(0, -8), (8, 6), (-8, 6)],
    }[grade]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" class="unit {grade.split()[0]}"/>'
