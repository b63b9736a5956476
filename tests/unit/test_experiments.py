"""The experiments of chapter 8 and their figures: small parts against values by hand."""

import re
from collections import Counter

import numpy as np
import pytest

import backprop as bp
from backprop import data, experiments, show
from backprop.training import Record


def test_shifted_by_half_a_pixel():
    X = np.zeros((64, 2))
    X[9, 0] = 1.0  # row 1, column 1
    X[63, 1] = 1.0  # the last corner
    result = data.shifted(data.Examples(X, np.array([[1.0, 0.0]])))
    assert result.X.shape == (64, 10) and result.Y.tolist() == [[1, 0] * 5]
    assert (result.X[:, :2] == X).all()
    spread = lambda column: {int(i): float(result.X[i, column]) for i in np.flatnonzero(result.X[:, column])}
    first = [spread(column) for column in (2, 4, 6, 8)]
    assert sorted(map(sorted, first)) == [[1, 9], [8, 9], [9, 10], [9, 17]]
    assert all(set(found.values()) == {0.5} for found in first)
    # Out of the picture is lost, and nothing comes in on the other side.
    assert sorted(sorted(spread(column)) for column in (3, 5, 7, 9)) == [[55, 63], [62, 63], [63], [63]]


def test_only_pictures_are_shifted():
    with pytest.raises(ValueError, match=r"examples: expected pictures X of shape \(64, n\), got \(2, 4\)"):
        data.shifted(data.xor())


def test_confusion_by_hand():
    net = bp.Network([None, np.eye(3)], [None, np.zeros((3, 1))], ["softmax"], "cross_entropy")
    X = np.eye(3)[[0, 0, 1, 2, 2]].T
    Y = np.eye(3)[[0, 1, 1, 2, 0]].T
    assert experiments.confusion(net, data.Examples(X, Y)).tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 1]]


def test_surface():
    net = bp.Network([None, [[1.0, 10.0]]], [None, [[0.5]]], ["identity"], "half_squared_error")
    x, y, values = experiments.surface(net, [[0.0, 2.0], [1.0, 3.0]], margin=1, points=3)
    assert x.tolist() == [-1, 1, 3] and y.tolist() == [0, 2, 4]
    assert values.tolist() == [[a + 10 * b + 0.5 for a in (-1, 1, 3)] for b in (0, 2, 4)]
    with pytest.raises(ValueError, match=r"expected 2 inputs and 1 output, got sizes \[3, 1\]"):
        experiments.surface(bp.Network.random([3, 1], "relu", "sigmoid", "binary_cross_entropy"), [[0], [0]])


def test_mirror_error_and_ratios():
    W = np.array([[1.0, -4, 2, -2, 4, -1], [3, 6, 12, -12, -6, -3]])
    assert experiments.mirror_error(W) == 0
    assert experiments.weight_ratios(W) == [[1, 2, 4], [1, 2, 4]]
    W[0, 0] = 1.5
    assert experiments.mirror_error(W) == pytest.approx(0.5 / 12)


def test_the_symmetry_network_starts_as_in_1986():
    descent = experiments.symmetry_descent(3)
    assert descent.net.sizes == [6, 2, 1] and descent.net.activations[1:] == ("sigmoid",) * 2
    assert (descent.eta, descent.momentum, descent.l2, descent.clip) == (6.4, 0.9, 0, None)
    values = np.concatenate([p.ravel() for p in descent.net.W[1:] + descent.net.b[1:]])
    assert abs(values).max() <= 0.3 and len(set(values)) == 17
    # Step 0.1 on the sum of half the squared errors over the 64 cases, without momentum in the first.
    X, Y = data.symmetry()
    before = descent.net.W[2].copy()
    a = [X]
    for l in (1, 2):
        a.append(1 / (1 + np.exp(-(descent.net.W[l] @ a[-1] + descent.net.b[l]))))
    summed = ((a[2] - Y) * a[2] * (1 - a[2])) @ a[1].T
    descent.step(X, Y)
    np.testing.assert_allclose(descent.net.W[2], before - 0.1 * summed, rtol=1e-10)


def test_short_runs_are_not_solved():
    for run in experiments.symmetry_runs([0, 1], sweeps=25):
        assert run.solved_at is None and run.right == 56


@pytest.mark.parametrize("loss", ["half_squared_error", "binary_cross_entropy"])
def test_a_crowd_computes_what_a_descent_does(loss):
    X, Y = data.moons(20, noise=0.2, seed=3)[:2]
    nets = [bp.Network.random([2, 4, 3, 1], "tanh", "sigmoid", loss, "glorot", seed) for seed in range(4)]
    crowd = experiments.Crowd(nets, X, Y, eta=0.5, momentum=0.8)
    descents = [bp.Descent(net, eta=0.5, momentum=0.8) for net in nets]
    for _ in range(20):
        crowd.step()
        for descent in descents:
            descent.step(X, Y)
    for s, descent in enumerate(descents):
        assert crowd.cost[s] == pytest.approx(descent.cost, rel=1e-10)
        for l in (1, 2, 3):
            np.testing.assert_allclose(crowd.W[l][s], descent.net.W[l], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(crowd.b[l][s], descent.net.b[l], rtol=1e-9, atol=1e-12)
        assert crowd.right()[s] == round(20 * bp.accuracy(descent.net, X, Y))
        assert crowd.largest()[s] == pytest.approx(max(abs(W).max() for W in descent.net.W[1:]))


def test_a_crowd_is_of_one_kind():
    one, other = (bp.Network.random([2, n, 1], "tanh", "sigmoid", "binary_cross_entropy") for n in (2, 3))
    with pytest.raises(ValueError, match="nets: expected one kind"):
        experiments.Crowd([one, other], *data.xor()[:2], 1.0, 0.9)
    with pytest.raises(ValueError, match="nets: expected one kind, half squared error or"):
        experiments.Crowd([bp.Network.random([2, 3, 2])], *data.xor()[:2], 1.0, 0.9)


def test_the_crowd_of_the_chapter_is_what_bp_train_does():
    crowd = experiments.xor_crowd([7])
    net = bp.Network.random([2, 2, 1], "tanh", "sigmoid", "binary_cross_entropy", "glorot", 7)
    trained, _ = bp.train(net, *data.xor(), eta=1.0, epochs=30, batch_size=None)
    for _ in range(30):
        crowd.step()
    np.testing.assert_allclose(crowd.W[1][0], trained.W[1], rtol=1e-9)


def test_the_baseline_by_hand():
    """By a count of its own: the answers to a relation in the half of the people that are asked."""
    trees = data.family_trees()
    english = set(trees.people[:12])
    for seed in (1000, 1003, 1007):
        held, right = experiments.family_run(seed, sweeps=0).held, 0
        for q in held:
            person, relation, answers = trees.questions[q]
            counts = Counter(
                a for i, (p, r, a) in enumerate(trees.questions)
                if i not in held and r == relation and (p in english) == (person in english)
            )  # fmt: skip
            right += bool(counts) and counts.most_common(1)[0][0] == answers
        assert experiments.family_baseline(seed) == right


def test_start_and_decay_of_a_family_run():
    wide = experiments.family_run(3, sweeps=0, start=1.0).net
    narrow = experiments.family_run(3, sweeps=0).net
    np.testing.assert_allclose(wide.W[2], narrow.W[2] / 0.3, rtol=1e-12)
    kept, shrunk = (experiments.family_run(3, sweeps=1, decay=d).net for d in (0, 0.5))
    np.testing.assert_allclose(shrunk.W[2], kept.W[2] / 2, rtol=1e-12)


def test_the_digits_without_copies_make_as_many_updates():
    assert 25 * -(-5 * 1259 // 32) == pytest.approx(125 * -(-1259 // 32), rel=0.02)


def test_a_short_family_run():
    run = experiments.family_run(1, sweeps=25)
    assert len(set(run.held)) == 4 and run.held == sorted(run.held) and run.net.sizes == [36, 12, 12, 6, 24]
    assert (run.net.W[1][:6, 24:] == 0).all() and (run.net.W[1][6:, :24] == 0).all()
    assert run.trained_right == run.held_right == 0 and np.isfinite(run.cost)


def test_the_measurements_are_complete_and_tell_nothing_of_the_machine_s_place():
    stored = experiments.measurements()
    names = {"digits", "symmetry", "xor", "families", "squared", "factorial", "baseline", "copies"}
    assert set(stored) == {"machine", "date"} | names
    assert set(stored["machine"]) == {"python", "numpy"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", stored["date"])
    for run in stored["symmetry"]:
        assert (run["right"] == 64) == (run["solved_at"] is not None)
    cells = Counter((c["loss"], c["tolerance"], c["start"], c["decay"]) for c in stored["factorial"])
    assert len(cells) == 16 and set(cells.values()) == {5}
    assert all(set(run) == {"seed", "test", "validation", "epochs"} for run in stored["digits"])
    assert all(0 <= run["held_right"] <= 4 == len(run["held"]) for run in stored["families"])


@pytest.fixture
def plt():
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    yield plt
    plt.close("all")


def drawn(plt):
    return plt.gcf().axes[0]


def test_learning_curves(plt):
    history = Record([0, 1], [2.0, 1.0], validation_cost=[3.0, 2.5])
    assert show.training.learning_curves(history) is None
    assert [list(line.get_ydata()) for line in drawn(plt).lines] == [[2, 1], [3, 2.5]]
    assert drawn(plt).get_yscale() == "log"
    assert len({line.get_linestyle() for line in drawn(plt).lines}) == 2
    show.training.learning_curves(Record([0, 1], [2.0, 1.0]), {"other": [4.0, 0.5], "third": [5.0, 0.25]})
    assert [list(line.get_ydata()) for line in drawn(plt).lines] == [[2, 1], [4, 0.5], [5, 0.25]]
    assert [line.get_label() for line in drawn(plt).lines] == ["training", "other", "third"]


def test_gradient_norms(plt):
    show.training.gradient_norms([[None, 1.0, 2.0], [None, 0.5, 0.25]])
    lines = drawn(plt).lines
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in lines] == [
        ([1, 2], [1, 0.5]), ([1, 2], [2, 0.25]),
    ]  # fmt: skip
    assert [line.get_label() for line in lines] == ["layer 1", "layer 2"]
    assert len({line.get_linestyle() for line in lines}) == 2


def test_decision_boundary(plt):
    examples = data.xor()
    grid = (np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([[0.1, 0.9], [0.9, 0.2]]))
    assert show.training.decision_boundary(examples, grid) is None
    points = [line for line in drawn(plt).lines if line.get_marker() in ("o", "x")]
    found = Counter((line.get_marker(), *p) for line in points for p in line.get_xydata().tolist())
    assert found == Counter([("o", 0, 0), ("o", 1, 1), ("x", 0, 1), ("x", 1, 0)])


def test_digits_figure(plt):
    pixels = np.linspace(0, 1, 64 * 7).reshape(7, 64).T
    assert show.training.digits(pixels, list("abcdefg")) is None
    pictures = [axes for axes in plt.gcf().axes if axes.images]
    assert [axes.get_title() for axes in pictures] == list("abcdefg") and len(plt.gcf().axes) == 12
    assert (pictures[6].images[0].get_array() == pixels[:, 6].reshape(8, 8)).all()


def test_mirror_weights(plt):
    show.training.mirror_weights(np.array([[1.0, 2, 4, -4, -2, -1], [-1, -2, -4, 4, 2, 1]]))
    assert [bar.get_height() for bar in drawn(plt).patches] == [1, 2, 4, -4, -2, -1, -1, -2, -4, 4, 2, 1]
    assert {bar.get_hatch() or "" for bar in drawn(plt).patches} == {"", "//"}


def test_sweeps_needed(plt):
    show.training.sweeps_needed([100, 300], 4, 500)
    line = drawn(plt).lines[0]
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([0, 100, 300, 500], [0, 0.25, 0.5, 0.5])
