"""Counting, checkpointing and the stored measurements."""

import inspect
import json
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import backprop as bp
from backprop import checkpoint, complexity, show

from .nets import random_case


def case(L=4, width=3, N=2, seed=0):
    rng = np.random.default_rng(seed)
    net = bp.Network.random([width] * (L + 1), "tanh", "identity", "half_squared_error", "glorot", seed=rng)
    return net, rng.normal(size=(width, N)), rng.normal(size=(width, N))


def test_counts_of_the_worked_network():
    c = complexity.counts([5, 10, 8, 3])
    assert (c.parameters, c.forward, c.outer, c.transposed, c.backward, c.total, c.hadamard) == (
        175, 154, 154, 104, 258, 412, 21,
    )  # fmt: skip
    assert (c.one_sided, c.central, c.ratio) == (176 * 154, 350 * 154, 258 / 154)
    assert c.sizes == [5, 10, 8, 3] and complexity.counts((5, 10, 8, 3)) == c


def test_counts_in_words():
    assert str(complexity.counts([5, 10, 8, 3])).splitlines() == [
        "network 5-10-8-3: 175 parameters",
        "forward        154 multiply-adds",
        "backward       258 = 154 (outer) + 104 (transposed)",
        "together       412",
        "entry by entry 21 = 10 + 8 + 3",
        "backward / forward 1.68",
    ]
    assert "entry by entry 2\n" in str(complexity.counts([3, 2]))


def test_names():
    names = [complexity.counts(sizes).name for sizes in ([2, 3], [7] * 4, [7] * 5, [7, 7, 7, 7, 6])]
    assert names == ["2-3", "7-7-7-7", "5 x 7", "7-7-7-7-6"]


def test_counts_do_not_overflow():
    n = 10**6
    assert (
        complexity.counts(np.array([n, n, n], dtype=np.int32)).central == 2 * (2 * n * n + 2 * n) * 2 * n * n
    )


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ([5], ValueError, r"sizes: expected at least two positive integers \[n_0, ..., n_L\], got \[5\]"),
        ([5, 0, 3], ValueError, r"positive integers .* got \[5, 0, 3\]"),
        ([5, 2.0], ValueError, r"positive integers .* got \[5, 2.0\]"),
        (5, TypeError, "sizes: expected a list of layer sizes .* got 5"),
    ],
)
def test_sizes_that_are_none(sizes, error, message):
    with pytest.raises(error, match=message):
        complexity.counts(sizes)


def test_counting_changes_no_number_and_no_network():
    net, X, Y = random_case("gelu", "softmax", "cross_entropy", 3, 4, seed=1)
    before = [w.copy() for w in net.W[1:]]
    counted, tally = complexity.counting(net)
    J, grads = bp.value_and_grad(counted, X, Y)
    expected_J, expected = bp.value_and_grad(net, X, Y)
    assert J == expected_J
    for l in (1, 2, 3):
        np.testing.assert_array_equal(grads.W[l], expected.W[l])
        np.testing.assert_array_equal(grads.b[l], expected.b[l])
        np.testing.assert_array_equal(net.W[l], before[l - 1])
        assert type(net.W[l]) is np.ndarray
    counted.W[1][:] = 0
    assert net.W[1].any()
    tally.reset()
    assert (tally.products, tally.entrywise, tally.multiply_adds) == ([], 0, 0)
    bp.forward(net, X)
    assert tally.products == []


def test_a_tally_counts_what_it_should():
    net, tally = complexity.counting(case(L=1, width=4)[0])
    W = net.W[1]
    np.ones((5, 4)) @ W.T @ np.ones((4, 2))
    assert tally.products == [((5, 4), (4, 4)), ((5, 4), (4, 2))]
    assert tally.multiply_adds == 5 * 4 * 4 + 5 * 4 * 2
    assert tally.entrywise == 0
    out = np.empty((4, 4))
    np.multiply(W[1:3], 2.0, out=out[1:3])
    np.testing.assert_array_equal(out[1:3], 2 * case(L=1, width=4)[0].W[1][1:3])
    assert tally.entrywise == 8
    assert len(tally.products) == 2


@pytest.mark.parametrize("function", sorted(complexity.UNCOUNTED, key=lambda f: f.__name__))
def test_products_that_would_pass_by_the_tally_are_refused(function):
    W = complexity.counting(case(L=1)[0])[0].W[1]
    arguments = ("ij,jk", W, W) if function is np.einsum else (W, W)
    with pytest.raises(TypeError, match=f"expected products by @ or .*, got numpy.{function.__name__}"):
        function(*arguments)
    with pytest.raises(TypeError, match="expected products by @ or .*, got dot"):
        W.dot(W)


def test_parameters_and_entries_go_together():
    net, X, Y = case(L=2)
    grads = bp.value_and_grad(net, X, Y)[1]
    where = list(complexity.parameters(net))
    assert where[0] == ("W", 1, (0, 0)) and where[9] == ("b", 1, (0, 0)) and where[12] == ("W", 2, (0, 0))
    flat = np.concatenate([a.ravel() for l in (1, 2) for a in (grads.W[l], grads.b[l])])
    np.testing.assert_array_equal(complexity.entries(grads, where), flat)


@pytest.mark.parametrize("central", [True, False])
def test_differences_of_some_parameters(central):
    net, X, Y = case()
    where = [("W", 3, (1, 2)), ("b", 1, (0, 0))]
    exact = complexity.entries(bp.value_and_grad(net, X, Y)[1], where)
    before = [w.copy() for w in net.W[1:]]
    found = complexity.differences(net, X, Y, where, central=central)
    np.testing.assert_allclose(found, exact, rtol=1e-4)
    assert (abs(found / exact - 1) > 1e-13).all()  # it is a difference, no copy of the gradient
    np.testing.assert_allclose(complexity.forward_mode(net, X, Y, where), exact, rtol=1e-12)
    for w, old in zip(net.W[1:], before, strict=True):
        np.testing.assert_array_equal(w, old)


def test_bad_input_to_the_slow_methods():
    net, X, Y = case()
    with pytest.raises(ValueError, match="h: expected a step > 0, got 0"):
        complexity.differences(net, X, Y, h=0)
    for method in (complexity.differences, complexity.forward_mode):
        with pytest.raises(ValueError, match=r"X: expected shape \(3, N\), got \(2, 2\)"):
            method(net, X[:2], Y)
        with pytest.raises(ValueError, match=r"Y: expected shape \(3, 2\), got \(3, 1\)"):
            method(net, X, Y[:, :1])


def test_slope_of_a_power():
    x = np.array([1.0, 10, 1000])
    assert complexity.slope(x, 7 * x**1.5) == pytest.approx(1.5, rel=1e-12)
    for bad in ([1.0], [1.0, 0.0], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match="x, y: expected two or more positive numbers each"):
            complexity.slope([1.0, 2.0] if len(bad) != 1 else [1.0], bad)


def test_equal_segments():
    assert checkpoint.equal_segments(10, 4) == [4, 4, 2]
    assert checkpoint.equal_segments(8, 4) == [4, 4] and checkpoint.equal_segments(3, 3) == [3]
    for length in (0, 4):
        with pytest.raises(ValueError, match=f"length: expected 1 to 3, got {length}"):
            checkpoint.equal_segments(3, length)


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("relu", "squared_error")],
)
def test_checkpointed_gradients_for_each_kind_of_output(output, loss):
    net, X, Y = random_case("elu", output, loss, 7, 3, seed=2)
    plain = bp.backward(net, bp.forward(net, X), Y)
    run = checkpoint.gradients(net, X, Y, [3, 2, 2])
    assert (run.peak, run.recomputed) == (4, 3) == checkpoint.costs([3, 2, 2])
    assert run.gradients.delta is None
    for l in range(1, 8):
        np.testing.assert_allclose(run.gradients.W[l], plain.W[l], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(run.gradients.b[l], plain.b[l], rtol=1e-12, atol=1e-15)


def test_checkpoints_save_real_memory():
    """The peak that the program reports is one that the allocator sees."""
    L, N = 36, 4000
    net, X, Y = case(L=L, width=10, N=N)
    array = 10 * N * 8

    def peak(work):
        tracemalloc.start()
        work()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used / array

    peaks, used = [], []
    for lengths in ([6] * 6, [8, 7, 6, 5, 4, 3, 2, 1], [12] * 3, [L]):
        peaks.append(checkpoint.gradients(net, X, Y, lengths).peak)
        used.append(peak(lambda cut=lengths: checkpoint.gradients(net, X, Y, cut)))
    assert peaks == [11, 8, 14, 36]
    # What comes on top, the arrays in work, is the same for all.
    np.testing.assert_allclose(np.subtract(used, peaks), used[0] - peaks[0], atol=1.5)
    assert peak(lambda: bp.value_and_grad(net, X, Y)) > 2 * L


@pytest.mark.parametrize("lengths", [[2, 3], [4, 0], [5, -1], [2.0, 2], []])
def test_lengths_that_do_not_fit(lengths):
    net, X, Y = case()
    with pytest.raises(ValueError, match="lengths: expected positive integers with sum 4, got"):
        checkpoint.gradients(net, X, Y, lengths)


def test_checkpoint_checks_its_batch():
    net, X, Y = case()
    with pytest.raises(ValueError, match=r"X: expected shape \(3, N\), got \(2, 2\)"):
        checkpoint.gradients(net, X[:2], Y, [4])
    with pytest.raises(ValueError, match=r"Y: expected shape \(3, 2\), got \(3, 1\)"):
        checkpoint.gradients(net, X, Y[:, :1], [4])


def test_the_stored_measurements():
    """Counts are recomputed; times only have to be there and to be of the right kind."""
    stored = complexity.measurements()
    keys = {"machine", "date", "load", "rounds", "settings", "layers", "batch", "growth", "ratios"}
    assert set(stored) == keys and set(stored["settings"]) == {"default", "kept"}
    assert set(stored["machine"]) == {"cpu", "python", "numpy", "threads"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", stored["date"])
    assert "/" not in json.dumps(stored) and "\\" not in json.dumps(stored)
    assert len(stored["growth"]) >= 5 and len(stored["ratios"]) >= 3
    for row in stored["growth"]:
        c = complexity.counts([row["width"]] * (stored["layers"] + 1))
        assert row["parameters"] == c.parameters
        expected = (c.forward, c.total, c.central, c.forward_mode, c.differences_by_units, c.by_units)
        assert row["counts"] == dict(zip(METHODS, expected, strict=True))
        for setting in stored["settings"]:
            assert set(row["seconds"][setting]) == set(METHODS)
            assert all(0 < t[0] <= t[1] <= t[2] for t in row["seconds"][setting].values())
        assert 0 <= row["sampled"] < row["parameters"]
    for row in stored["ratios"]:
        assert complexity.counts(row["sizes"]).forward > 0 and row["batch"] >= 1
        for setting in stored["settings"]:
            times = row["seconds"][setting]
            assert set(times) == {"forward", "backpropagation"}
            assert 0 < times["forward"][1] < times["backpropagation"][1]
            assert 1 < row["ratio"][setting][0] <= row["ratio"][setting][1] <= row["ratio"][setting][2]


METHODS = (
    "forward",
    "backpropagation",
    "central differences",
    "forward mode",
    "differences by units",
    "forward mode by units",
)


def test_units_are_named():
    net, X, Y = case(L=2, width=3, N=2)
    some = complexity.forward_mode_by_units(net, X, Y, [(1, 2)])
    every = complexity.forward_mode_by_units(net, X, Y)
    assert (some.delta[1][2] == every.delta[1][2]).all() and (some.delta[2] == 0).all()
    with pytest.raises(ValueError, match="h: expected a step > 0, got 0"):
        complexity.differences_by_units(net, X, Y, h=0)


def test_the_peak_of_memory_counts_arrays():
    size = 8 * 50_000
    held = complexity.peak_arrays(lambda: [np.zeros(50_000) for _ in range(7)], size)
    passed = complexity.peak_arrays(lambda: [np.zeros(50_000).sum() for _ in range(7)], size)
    assert held == pytest.approx(7, abs=0.2) and passed == pytest.approx(1, abs=1.1)


def test_the_stored_speeds():
    """Times are there, of every contender, and nothing tells where they were measured."""
    engine, race, scaling = (complexity.measurements(name) for name in ("engine", "digits_race", "scaling"))
    for stored in (engine, race, scaling):
        text = json.dumps(stored)
        assert "/" not in text and "\\\\" not in text
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", stored["machine"]["date"])
        assert "numpy" in stored["machine"]["versions"] and stored["machine"]["processor"]
    names = {"readable", "plain", "buffers", "fused", "fast", "torch", "jax", "autograd"}
    seen = set()
    for case in engine["cases"]:
        seen.add((case["size"], case["dtype"], case["hidden"]))
        assert set(case["ratio"]) == names
        for low, middle, high in [case["floor_us"], *case["ratio"].values()]:
            assert 0 < low <= middle <= high
    assert len(seen) == len(engine["cases"]) == 16
    head, *rows = complexity.speed_table(engine, ["torch", "fast"], "relu").splitlines()
    assert head.split() == ["network", "dtype", "floor/us", "torch", "fast"] and len(rows) == 8
    for row, case in zip(rows, [c for c in engine["cases"] if c["hidden"] == "relu"], strict=True):
        size, dtype, *numbers = row.split()
        assert (size, dtype) == (case["size"], case["dtype"])
        stored = [case["floor_us"][1], case["ratio"]["torch"][1], case["ratio"]["fast"][1]]
        assert np.allclose([float(v) for v in numbers], stored, atol=0.051)
    assert set(race["seconds"]) == {"backprop", "torch", "sklearn"} and race["epochs"] > 1
    assert set(scaling["curves"]) == {"width", "depth", "batch"}
    with pytest.raises(ValueError, match="name: expected one of gradient_methods, .*, got 'speed'"):
        complexity.measurements("speed")


@pytest.mark.parametrize("rung", ["plain", "buffers", "fused"])
@pytest.mark.parametrize("hidden", ["sigmoid", "relu"])
@pytest.mark.parametrize(
    ("output", "loss"), [("softmax", "cross_entropy"), ("sigmoid", "half_squared_error")]
)
def test_every_rung_of_the_benchmark_computes_the_gradient(rung, hidden, output, loss, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import ladder

    net = bp.Network.random([5, 4, 6, 3], hidden, output, loss, seed=2)
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(5, 7)), np.eye(3)[:, rng.integers(0, 3, 7)].copy()
    call = getattr(ladder, rung)(net.W, net.b, X, Y, net.activations[1:], loss)
    J, plain = bp.value_and_grad(net, X, Y)
    for _ in range(2):
        found, dW1 = call()
        assert np.isclose(found, J, rtol=1e-12) and np.allclose(dW1, plain.W[1], rtol=1e-10, atol=1e-14)


def test_a_sample_of_the_stored_counts_is_what_runs():
    stored = complexity.measurements()
    row = stored["growth"][0]
    net, X, Y = case(L=stored["layers"], width=row["width"], N=1)
    counted, tally = complexity.counting(net)
    for name, method in (
        ("forward", lambda: bp.forward(counted, X)),
        ("backpropagation", lambda: bp.value_and_grad(counted, X, Y)),
        ("central differences", lambda: complexity.differences(counted, X, Y)),
        ("forward mode", lambda: complexity.forward_mode(counted, X, Y)),
        ("differences by units", lambda: complexity.differences_by_units(counted, X, Y)),
        ("forward mode by units", lambda: complexity.forward_mode_by_units(counted, X, Y)),
    ):
        tally.reset()
        method()
        assert tally.multiply_adds == row["counts"][name], name


def test_the_figures_draw_what_they_are_given():
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    try:
        values = {"forward": ([1.0, 10.0], 1.0), "central differences": ([2.0, 200.0], 2.0)}
        assert show.growth([10, 100], values, "seconds", sampled=[0, 5]) is None
        axes = plt.gcf().axes[0]
        assert [list(line.get_ydata()) for line in axes.lines] == [[1, 10], [2, 200], [200.0]]
        assert axes.lines[2].get_markerfacecolor() == "w"
        assert [t.get_text() for t in axes.get_legend().get_texts()] == [
            "forward, slope 1.00",
            "central differences, slope 2.00",
        ]
        spreads = {"default": [(3, 3.5, 4), (2, 2.5, 4)], "kept": [(1, 2, 3), (2, 3, 3)]}
        assert show.time_ratio([4, 8], spreads, 2.5) is None
        axes = plt.gcf().axes[0]
        lines, bars = zip(*((c.lines[0], c.lines[2][0]) for c in axes.containers), strict=True)
        assert [list(line.get_ydata()) for line in lines] == [[3.5, 2.5], [2, 3]]
        ends = [segment[:, 1].tolist() for bar in bars for segment in bar.get_segments()]
        assert ends == [[3, 4], [2, 4], [1, 3], [2, 3]]
        assert 2.5 in [line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1]
        assert show.checkpoint_memory([4, 9], [3, 5], [1, 4], ([1, 9], [1, 5])) is None
        axes = plt.gcf().axes[0]
        assert [list(line.get_ydata()) for line in axes.lines] == [[4, 9], [1, 4], [3, 5], [1, 5]]
        assert show.segment_choice([1, 2, 4], [4, 3, 4], [0, 1, 0]) is None
        axes = plt.gcf().axes[0]
        assert [list(line.get_ydata()) for line in axes.lines] == [[4, 3, 4], [0, 1, 0]]
        assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "4"]
    finally:
        plt.close("all")


@pytest.mark.parametrize("module", [complexity, checkpoint], ids=lambda m: m.__name__)
def test_public_functions_say_what_they_take_and_raise(module):
    public = [
        f
        for name, f in vars(module).items()
        if inspect.isfunction(f) and f.__module__ == module.__name__ and name[0] != "_"
    ]
    assert len(public) >= 3
    for function in public:
        assert len(inspect.getdoc(function) or "") > 20, function.__name__
        if "raise " in inspect.getsource(function):
            assert "Raises:" in inspect.getdoc(function), function.__name__
