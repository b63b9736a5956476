"""The history data, its timeline, and the control sweeps: good input and bad."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from backprop import control, history, show

HEAD = "year,who,what,grade,key"
GOOD = "1960,Kelley,A gradient,agreed,kelley1960"


def test_entries_are_sorted_and_graded():
    entries = history.entries()
    assert len(entries) >= 25
    assert [entry.year for entry in entries] == sorted(entry.year for entry in entries)
    assert {entry.grade for entry in entries} == set(history.GRADES)
    assert len({entry.key for entry in entries}) == len(entries)


def test_a_grade_selects():
    for grade in history.GRADES:
        chosen = history.entries(grade)
        assert chosen == [entry for entry in history.entries() if entry.grade == grade] and chosen
    with pytest.raises(ValueError, match=r"grade: expected one of \['agreed', .*got 'sure'"):
        history.entries("sure")


def test_a_line_becomes_an_entry():
    assert history.read([HEAD, GOOD]) == [history.Entry(1960, "Kelley", "A gradient", "agreed", "kelley1960")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["year,who"], r"line 1: expected the columns \['year', 'who', .*got \['year', 'who'\]"),
        ([HEAD, "1960,Kelley,,agreed,k"], "line 2: expected 5 fields, none of them empty"),
        ([HEAD, GOOD, "1961,Bryson,A talk"], "line 3: expected 5 fields, none of them empty"),
        ([HEAD, GOOD + ",more"], "line 2: expected 5 fields, none of them empty"),
        ([HEAD, "c. 1960,Kelley,A gradient,agreed,k"], "line 2: expected a year, got 'c. 1960'"),
        ([HEAD, "1960,Kelley,A gradient,likely,k"], r"line 2: expected a grade among \[.*\], got 'likely'"),
        ([HEAD, GOOD, "1959,X,Y,agreed,z"], "line 3: expected a year from 1960 on, got 1959"),
        ([HEAD, GOOD, GOOD], "line 3: the key 'kelley1960' is there already"),
    ],
)
def test_bad_lines_are_named(lines, message):
    with pytest.raises(ValueError, match=message):
        history.read(lines)


def parsed(svg):
    return ElementTree.fromstring(str(svg))


def test_the_timeline_shows_every_entry_with_a_marker_of_its_grade():
    entries = history.entries()
    svg = show.timeline(entries)
    root = parsed(svg)
    shapes = [
        (e.tag.split("}")[1], e.get("class"))
        for e in root.iter()
        if e.tag.split("}")[1] in ("circle", "polygon")
    ]
    expected = {
        "agreed": ("circle", "agreed"),
        "disputed": ("polygon", "unit disputed"),
        "priority only": ("polygon", "unit priority"),
    }
    legend = list(history.GRADES)
    assert shapes == [expected[grade] for grade in legend + [entry.grade for entry in entries]]
    corners = {e.get("class"): len(e.get("points").split()) for e in root.iter() if e.get("points")}
    assert corners == {"unit disputed": 4, "unit priority": 3}
    shown = " ".join(e.text for e in root.iter("{http://www.w3.org/2000/svg}text"))
    for entry in entries:
        assert f"{entry.year} {entry.who} {entry.what}" in shown
        assert f"{entry.year} {entry.who}: {entry.what} ({entry.grade})" in svg.text


def test_the_timeline_fits_a_phone_and_nothing_overlaps():
    svg = show.timeline(history.entries())
    assert svg.width <= 340
    places = [
        (float(e.get("y")), float(e.get("x")), e.text)
        for e in parsed(svg).iter("{http://www.w3.org/2000/svg}text")
    ]
    heights = [y for y, _, _ in places]
    assert all(later - earlier >= 15 for earlier, later in pairwise(heights))
    assert max(heights) < svg.height
    # 13 pixels high, a letter is about 7 wide.
    assert all(x + 7.2 * len(content) < svg.width for _, x, content in places)


def test_years_between_add_distance():
    entry = lambda year: history.Entry(year, "A", "b", "agreed", f"a{year}")
    near = show.timeline([entry(1960), entry(1961)]).height
    assert show.timeline([entry(1960), entry(1971)]).height - near == pytest.approx(
        10 * (near - show.timeline([entry(1960), entry(1960)]).height)
    )


@pytest.mark.parametrize("years", [[], [1961, 1960]])
def test_no_timeline_of_nothing_or_of_disorder(years):
    entries = [history.Entry(year, "A", "b", "agreed", f"a{year}") for year in years]
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
