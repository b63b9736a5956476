"""The data sets: shapes, counts, and that the stored digits are the ones of the source."""

import hashlib
from collections import Counter

import numpy as np
import pytest

import backprop as bp
from backprop import data

SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"  # of the source, see DIGITS.md
COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_stored_digits_are_those_of_the_source():
    pixels, labels = data._stored_digits()
    assert pixels.shape == (1797, 64) and labels.shape == (1797,)
    assert pixels.dtype == labels.dtype == np.uint8 and (pixels.min(), pixels.max()) == (0, 16)
    assert np.bincount(labels).tolist() == COUNTS
    assert hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest() == SHA256


def test_digits_come_in_columns_of_pixels_from_0_to_1():
    for part in (parts := data.digits(3)).train, parts.validation, parts.test:
        n = part.X.shape[1]
        assert part.X.shape == (64, n) and part.Y.shape == (10, n) and part.classes.shape == (n,)
        assert part.X.min() == 0 and part.X.max() == 1
        assert (part.Y.sum(axis=0) == 1).all() and (part.Y[part.classes, np.arange(n)] == 1).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_share_no_digit_and_miss_none(seed):
    parts = data.digits(seed)
    rows = lambda part: [
        (*x, c) for x, c in zip((part.X.T * 16).astype(int).tolist(), part.classes, strict=True)
    ]
    pixels, labels = data._stored_digits()
    stored = [tuple(row) for row in np.column_stack([pixels, labels]).tolist()]
    assert len(set(stored)) == 1797  # no digit twice, so that sets can tell
    found = [
        tuple(map(int, row)) for part in (parts.train, parts.validation, parts.test) for row in rows(part)
    ]
    assert Counter(found) == Counter(stored)


def test_every_class_has_its_share():
    parts = data.digits(1)
    share = lambda part: np.bincount(part.classes).tolist()
    assert share(parts.test) == [round(0.2 * n) for n in COUNTS]
    assert share(parts.validation) == [round(0.1 * n) for n in COUNTS]


def test_the_seed_decides_the_split():
    first, again, other = data.digits(1), data.digits(1), data.digits(2)
    assert (first.test.X == again.test.X).all() and (first.train.X == again.train.X).all()
    assert not np.array_equal(first.test.X, other.test.X)
    assert np.diff(first.train.classes).min() < 0  # in mixed order, not sorted by class


def test_a_caller_cannot_spoil_the_stored_digits():
    first = data.digits(0)
    first.train.X[:] = 9
    assert data.digits(0).train.X.max() == 1


def test_xor():
    X, Y = data.xor()
    assert {(*x, *y) for x, y in zip(X.T.tolist(), Y.T.tolist(), strict=True)} == {
        (0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)
    }  # fmt: skip


def test_moons_without_noise_lie_on_their_half_circles():
    X, Y = data.moons(101, noise=0, seed=1)
    assert X.shape == (2, 101) and Y.shape == (1, 101) and Y.sum() == 50
    for y, centre, side in ((0, [[0], [0]], 1), (1, [[1], [0.5]], -1)):
        away = X[:, Y[0] == y] - centre
        np.testing.assert_allclose(np.hypot(*away), 1, rtol=1e-12)
        assert (side * away[1] >= 0).all()


def test_circles_without_noise_have_their_radii():
    X, Y = data.circles(100, noise=0, seed=1)
    np.testing.assert_allclose(np.hypot(*X), np.where(Y[0] == 1, 0.5, 1), rtol=1e-12)
    assert set(map(tuple, np.sign(X.T))) == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_spirals_without_noise():
    X, Y = data.spirals(100, noise=0, seed=1, turns=2)
    r = np.hypot(*X)
    assert 0 < r.min() and 0.9 < r.max() <= 1
    angle = np.arctan2(X[1], X[0])
    np.testing.assert_allclose(np.exp(1j * angle), np.exp(1j * (4 * np.pi * r + np.pi * Y[0])), atol=1e-9)


@pytest.mark.parametrize("make", [data.moons, data.circles, data.spirals])
def test_noise_has_its_standard_deviation_and_seeds_decide(make):
    still, noisy = make(20_000, noise=0, seed=4), make(20_000, noise=0.3, seed=4)
    assert (still.Y == noisy.Y).all()
    off = noisy.X - still.X
    assert off.std(axis=1) == pytest.approx([0.3, 0.3], rel=0.03)  # six standard errors
    assert (make(50, seed=1).X == make(50, seed=1).X).all()
    assert not np.array_equal(make(50, seed=1).X, make(50, seed=2).X)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": 2.5}, TypeError, "n: expected an integer >= 2, got 2.5"),
        ({"n": True}, TypeError, "n: expected an integer >= 2, got True"),
        ({"n": 1}, ValueError, "n: expected an integer >= 2, got 1"),
        ({"noise": -1}, ValueError, "noise: expected a standard deviation >= 0, got -1"),
        ({"noise": float("nan")}, ValueError, "noise: expected .*, got nan"),
        ({"turns": 0}, ValueError, "turns: expected a number > 0, got 0"),
    ],
)
def test_bad_settings(change, error, message):
    with pytest.raises(error, match=message):
        data.spirals(**change)


def test_symmetry():
    X, Y = data.symmetry()
    assert X.shape == (6, 64) and Y.shape == (1, 64)
    columns = ["".join(str(int(v)) for v in x) for x in X.T]
    assert columns == [f"{n:06b}" for n in range(64)]
    assert [c for c, y in zip(columns, Y[0], strict=True) if y] == [
        c for c in columns if c == c[::-1]
    ] and Y.sum() == 8


def test_the_families_have_104_questions():
    trees = data.family_trees()
    assert len(trees.people) == len(set(trees.people)) == 24 and len(trees.relations) == 12
    assert len(trees.questions) == 104
    assert sum(len(answers) for _, _, answers in trees.questions) == 112
    # Counted by hand from the tree, for one family.
    counts = Counter(relation for person, relation, _ in trees.questions if person in trees.people[:12])
    assert counts == {
        "husband": 5, "wife": 5, "father": 6, "mother": 6, "son": 6, "daughter": 6, "brother": 3,
        "sister": 3, "uncle": 2, "aunt": 2, "nephew": 4, "niece": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("person", "relation", "answers"),
    [
        ("Colin", "aunt", {"Jennifer", "Margaret"}),
        ("Charlotte", "uncle", {"Arthur", "Charles"}),
        ("Christopher", "wife", {"Penelope"}),
        ("Arthur", "nephew", {"Colin"}),
        ("Charles", "niece", {"Charlotte"}),
        ("Victoria", "mother", {"Penelope"}),
        ("James", "sister", {"Jennifer"}),
        ("Alfonso", "aunt", {"Gina", "Angela"}),
        ("Lucia", "husband", {"Marco"}),
        ("Sophia", "father", {"Marco"}),
        ("Francesca", "daughter", {"Angela"}),
        ("Christine", "father", None),
        ("Colin", "son", None),
        ("Margaret", "brother", None),
    ],
)
def test_answers_of_the_families(person, relation, answers):
    found = {(p, r): set(a) for p, r, a in data.family_trees().questions}
    assert found.get((person, relation)) == answers


def test_the_families_have_one_shape():
    trees = data.family_trees()
    partner = dict(zip(trees.people[:12], trees.people[12:], strict=True))
    english, italian = trees.questions[:52], trees.questions[52:]
    translated = [(partner[p], r, {partner[a] for a in answers}) for p, r, answers in english]
    assert translated == [(p, r, set(answers)) for p, r, answers in italian]


def test_the_families_as_arrays():
    trees = data.family_trees()
    assert trees.X.shape == (36, 104) and trees.Y.shape == (24, 104)
    for n, (person, relation, answers) in enumerate(trees.questions):
        on = np.flatnonzero(trees.X[:, n])
        assert (trees.people[on[0]], trees.relations[on[1] - 24]) == (person, relation) and len(on) == 2
        assert tuple(trees.people[k] for k in np.flatnonzero(trees.Y[:, n])) == answers
    assert set(np.unique(trees.X)) == set(np.unique(trees.Y)) == {0, 1}


def test_nothing_is_fetched(monkeypatch):
    import socket

    monkeypatch.setattr(socket, "socket", None)
    data._stored_digits.cache_clear()
    assert bp.data.digits().train.X.shape == (64, 1259)
