"""The history data, its timeline, and the control sweeps: good input and bad."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from backprop import control, history, show

HEAD = "year,who,field,what,content,influence,source,key"
GOOD = "1960,Kelley,control,A gradient,agreed,none known,survey2015,kelley1960"


def entry(year=1960, content="agreed", influence="none known", field="control"):
    return history.Entry(year, "A", field, "b", content, influence, "s", f"a{year}")


def test_entries_are_sorted_and_marked():
    entries = history.entries()
    assert len(entries) >= 50
    assert [e.year for e in entries] == sorted(e.year for e in entries)
    assert {e.content for e in entries} == set(history.CONTENT)
    assert {e.field for e in entries} == set(history.FIELDS)
    assert {e.influential for e in entries} == {True, False}
    assert len({e.key for e in entries}) == len(entries)


def test_field_and_content_select():
    for name, known in (("field", history.FIELDS), ("content", history.CONTENT)):
        for value in known:
            chosen = history.entries(**{name: value})
            assert chosen == [e for e in history.entries() if getattr(e, name) == value] and chosen
        with pytest.raises(ValueError, match=rf"{name}: expected one of \[.*\], got 'sure'"):
            history.entries(**{name: "sure"})


def test_a_line_becomes_an_entry():
    expected = history.Entry(
        1960, "Kelley", "control", "A gradient", "agreed", "none known", "survey2015", "kelley1960"
    )
    assert history.read([HEAD, GOOD]) == [expected] and not expected.influential


def test_an_entry_is_written_with_its_marks_and_sources():
    assert entry().line == "- {cite:t}`a1960` (agreed; influence: none known): b {cite:p}`s`."
    assert (
        entry(influence="c").line == "- {cite:t}`a1960` (agreed; influence: yes {cite:p}`c`): b {cite:p}`s`."
    )
    # One source for both stands once.
    assert entry(influence="s").line == "- {cite:t}`a1960` (agreed; influence: yes): b {cite:p}`s`."
    own = history.Entry(1960, "A", "control", "b", "disputed", "c", "a1960", "a1960")
    assert own.line == "- {cite:t}`a1960` (disputed; influence: yes {cite:p}`c`): b."


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["year,who"], r"line 1: expected the columns \['year', 'who', .*got \['year', 'who'\]"),
        ([HEAD, GOOD.replace("A gradient", "")], "line 2: expected 8 cells, none of them empty"),
        ([HEAD, GOOD, "1961,Bryson,control,A talk"], "line 3: expected 8 cells, none of them empty"),
        ([HEAD, GOOD + ",more"], "line 2: expected 8 cells, none of them empty"),
        ([HEAD, GOOD.replace("1960,", "c. 1960,")], "line 2: expected a year, got 'c. 1960'"),
        ([HEAD, GOOD.replace("agreed", "likely")], r"line 2: expected a content among \[.*\], got 'likely'"),
        ([HEAD, GOOD.replace("control", "magic")], r"line 2: expected a field among \[.*\], got 'magic'"),
        ([HEAD, GOOD.replace("none known", "kelley1960")], "line 2: expected another work that shows"),
        ([HEAD, GOOD, GOOD.replace("1960", "1959")], "line 3: expected a year from 1960 on, got 1959"),
        ([HEAD, GOOD, GOOD], "line 3: the key 'kelley1960' is there already"),
    ],
)
def test_bad_lines_are_named(lines, message):
    with pytest.raises(ValueError, match=message):
        history.read(lines)


def parsed(svg):
    return ElementTree.fromstring(str(svg))


SVG = "{http://www.w3.org/2000/svg}"


def markers(svg):
    """Shape, classes and place of each marker, the legend's three left out."""
    shapes = [e for e in parsed(svg).iter() if e.tag in (SVG + "circle", SVG + "polygon")]
    place = lambda e: float(e.get("cx") or e.get("points").split(",")[0])
    return [(e.tag.removeprefix(SVG), e.get("class"), place(e)) for e in shapes[3:]]


def test_the_timeline_shows_every_entry_with_a_marker_of_its_marks_in_its_lane():
    entries = history.entries()
    svg = show.timeline(entries)
    shapes = {"agreed": "circle", "disputed": "polygon"}
    lane = {field: 12 + 18 * i for i, field in enumerate(history.FIELDS)}
    filled = {True: "dot", False: "unit"}
    assert markers(svg) == [
        (shapes[e.content], f"{filled[e.influential]} {e.content}", lane[e.field]) for e in entries
    ]
    shown = [e.text for e in parsed(svg).iter(SVG + "text")]
    assert shown[3 : 3 + len(lane)] == list(history.FIELDS.values())
    assert shown[3 + len(lane) :] == [f"{e.year} {e.who}" for e in entries]
    for e in entries:
        influence = "yes" if e.influential else "none known"
        assert f"{e.year} {e.who}: {e.what} ({e.field}; {e.content}; influence: {influence})" in svg.text


def test_the_timeline_fits_a_phone_and_nothing_overlaps():
    svg = show.timeline(history.entries())
    assert svg.width <= 340
    places = [(float(e.get("y")), float(e.get("x")), e.text) for e in parsed(svg).iter(SVG + "text")]
    heights = [y for y, _, _ in places]
    assert all(later - earlier >= 15 for earlier, later in pairwise(heights))
    assert max(heights) < svg.height
    # 13 pixels high, a letter is about 7 wide.
    assert all(x + 7.2 * len(content) < svg.width for _, x, content in places)


def test_years_between_add_distance_and_more_than_ten_break_the_lanes():
    height = lambda *years: show.timeline([entry(year) for year in years]).height
    lanes = lambda *years: sum(1 for e in parsed(show.timeline([entry(y) for y in years])).iter(SVG + "line"))
    year = height(1960, 1961) - height(1960, 1960)
    assert height(1960, 1970) - height(1960, 1960) == pytest.approx(10 * year)
    assert height(1960, 1990) == height(1960, 1970)
    assert lanes(1960, 1970) + len(history.FIELDS) == lanes(1960, 1971)


@pytest.mark.parametrize("years", [[], [1961, 1960]])
def test_no_timeline_of_nothing_or_of_disorder(years):
    entries = [entry(year) for year in years]
    with pytest.raises(ValueError, match=r"expected at least one, sorted by year, got the years \["):
        show.timeline(entries)


def stage(s, u):
    return np.array([s[0] * u[0], s[1] + u[1]])


def derivatives(s, u):
    return np.array([[u[0], 0], [0, 1]]), np.array([[s[0], 0], [0, 1]])


def test_the_sweeps_by_hand():
    controls = [[2.0, 1.0], [3.0, 1.0]]
    states = control.forward(stage, [5, 0], controls)
    assert [s.tolist() for s in states] == [[5, 0], [10, 1], [30, 2]]
    costates, gradient = control.backward(derivatives, states, controls, [1.0, 7.0])
    assert [c.tolist() for c in costates] == [[6, 7], [3, 7], [1, 7]]
    assert gradient.tolist() == [[15, 7], [10, 7]]


def test_no_controls_no_stages():
    states = control.forward(stage, [5, 0], [])
    costates, gradient = control.backward(derivatives, states, np.empty((0, 2)), [1.0, 2.0])
    assert len(states) == len(costates) == 1 and gradient.shape == (0, 2)


def test_sweeps_that_do_not_fit():
    with pytest.raises(ValueError, match=r"stage 0: expected a state of shape \(2,\), got \(3,\)"):
        control.forward(lambda s, u: np.zeros(3), [5, 0], [[1.0, 1.0]])
    states = control.forward(stage, [5, 0], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="states: expected 3 for 2 controls, got 2"):
        control.backward(derivatives, states, np.ones((2, 2)), [1.0, 2.0])
    with pytest.raises(ValueError, match=r"last: expected shape \(2,\), that of a state, got \(1,\)"):
        control.backward(derivatives, states, np.ones((1, 2)), [1.0])
