"""The fast path against the readable one: the same numbers, from memory that is set aside once."""

import copy
import dataclasses
import threading
import tracemalloc
import warnings

import numpy as np
import pytest

import backprop as bp
from backprop import checks, in_place
from backprop import workspace as fast

from .nets import ELEMENTWISE, PAIRS, labels, random_case

TOLERANCE = {np.dtype(np.float64): 1e-14, np.dtype(np.float32): 5e-6}


def near_a_kink(net, fwd):
    return any(
        (abs(fwd.z[l]) < 1e-4).any() for l in range(1, net.L + 1) if not net.sigma[l].smooth
    )  # where float32 may see another sign


def wider(net):
    dtype = np.longdouble if net.dtype == np.float64 else np.float64
    parameters = ([None, *(p.astype(dtype) for p in each[1:])] for each in (net.W, net.b))
    return bp.Network(*parameters, net.activations, net.loss)


def assert_same(net, X, Y, workspace, note=""):
    """Cost and every array agree to rounding, relative to the largest entry of each.

    Where sums of terms of different signs cancel, as in the mean over a batch, neither path has all
    digits: there the fast one may be at most 8 times as far from a wider computation as the other.
    """
    J, grads = bp.value_and_grad(net, X, Y, workspace=workspace)
    J0, plain = bp.value_and_grad(net, X, Y)
    tolerance = TOLERANCE[net.dtype]
    tiny = 1e10 * float(np.finfo(net.dtype).tiny)  # numbers of this size are 0 for every purpose
    assert J.dtype == J0.dtype
    pairs = [("J", 0, np.atleast_1d(J), np.atleast_1d(J0))]
    for name in ("delta", "W", "b"):
        got, want = getattr(grads, name), getattr(plain, name)
        assert got[0] is None and len(got) == len(want)
        pairs += [(name, l, got[l], want[l]) for l in range(1, net.L + 1)]
    for name, l, got, want in pairs:
        assert got.shape == want.shape and got.dtype == want.dtype == net.dtype
        bound = tolerance * float(abs(want).max()) + tiny
        if float(abs(got - want).max()) > bound:
            J1, exact = bp.value_and_grad(wider(net), X, Y)
            best = J1 if name == "J" else getattr(exact, name)[l]
            allowed = 8 * float(abs(want - best).max()) + bound
            assert float(abs(got - best).max()) <= allowed, f"{name}[{l}] {note}"
    return J, grads


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_every_activation_loss_depth_and_batch(output, loss, dtype):
    for hidden in [*ELEMENTWISE, "softmax"]:
        for depth in range(1, 6):
            for N in (1, 2, 7, 33):
                case = (hidden, output, loss, depth, N)
                seed = 100 * depth + N
                net, X, Y = random_case(*case, seed=seed, dtype=dtype)
                if dtype is np.float32 and near_a_kink(net, bp.forward(net, X)):
                    continue
                assert_same(net, X, Y, bp.Workspace(net, N), f"{case}, seed {seed}")


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_finite_differences_agree(output, loss):
    net, X, Y = random_case("tanh", output, loss, 3, 4, seed=11)
    _, grads = bp.value_and_grad(net, X, Y, workspace=bp.Workspace(net, 4))
    assert bp.check_gradients(net, X, Y, gradients=grads).checked > 20
    grads.W[2][0, 0] += 1e-2
    with pytest.raises(bp.GradientError, match=r"W\[2\]\[0, 0\]"):
        bp.check_gradients(net, X, Y, gradients=grads)


@pytest.mark.parametrize("hidden", [*ELEMENTWISE, "softmax"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks(hidden, dtype, monkeypatch):
    """What makes new arrays works through a layer block by block, the last block being smaller."""
    monkeypatch.setattr(in_place, "BLOCK", 12)
    net = bp.Network.random([4, 11, 7, 3], hidden, hidden, "squared_error", seed=2, dtype=dtype)
    rng = np.random.default_rng(3)
    for N in (1, 3, 5, 40):
        X, Y = rng.normal(size=(4, N)).astype(dtype), rng.normal(size=(3, N)).astype(dtype)
        if dtype is np.float64 or not near_a_kink(net, bp.forward(net, X)):
            assert_same(net, X, Y, bp.Workspace(net, 40), f"N {N}")


@pytest.mark.parametrize("scale", [5, 30, 300, 1000])
@pytest.mark.parametrize("hidden", [*ELEMENTWISE, "softmax"])
def test_saturated_units_keep_their_digits_without_a_warning(hidden, scale):
    """σ' in a tail is tiny, not 0, and nothing overflows."""
    X = np.array([[1.0, -1.0, 0.3]]) * scale
    net = bp.Network([None, [[1.0], [-1.0]], [[0.5, 0.25]]], [None, [[0.0], [0.1]], [[0.0]]],
                     [hidden, "identity"], "half_squared_error")  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(3):
            assert_same(net, X[:, [i]], np.ones((1, 1)), bp.Workspace(net, 1), f"example {i}")


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.longdouble])
@pytest.mark.parametrize("z", [-1000.0, -50.0, -3.0, 0.0, 2.0, 40.0, 1000.0])
def test_one_unit_and_one_example(z, dtype, monkeypatch):
    """Computed without numpy where the dtype allows; other floating dtypes work too."""
    monkeypatch.setitem(TOLERANCE, np.dtype(np.float16), 1e-2)
    monkeypatch.setitem(TOLERANCE, np.dtype(np.longdouble), 1e-14)
    one = np.ones((1, 1), dtype)
    net = bp.Network(
        [None, one * dtype(z), one, one], [None, one * 0, one, one], ["sigmoid"] * 3, "squared_error"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(net, one, one * 0, bp.Workspace(net, 1))
    net.W[2][0, 0] = np.nan
    assert np.isnan(bp.value_and_grad(net, one, one, workspace=bp.Workspace(net, 1))[0])


@pytest.mark.parametrize(
    ("output", "loss"), [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]
)
def test_logits_of_a_thousand(output, loss):
    net = bp.Network([None, np.eye(2)], [None, np.zeros((2, 1))], [output], loss)
    workspace = bp.Workspace(net, 1)
    Y = np.array([[0.0], [1.0]])
    for sign, cost in ((1, 2000.0), (-1, 0.0)):
        J, grads = bp.value_and_grad(net, np.array([[1000.0], [-1000.0]]) * sign, Y, workspace=workspace)
        assert J == cost and (abs(grads.delta[1]) == (sign > 0)).all()


def test_labels_that_sum_to_one_up_to_rounding():
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 2, 5, seed=4)
    assert_same(net, X, Y * (1 + 5e-6), bp.Workspace(net, 5))


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_nothing_old_is_used(output, loss):
    """Contents changed in place, other arrays of the same shape, replaced parameters."""
    net, X, Y = random_case("sigmoid", output, loss, 3, 4, seed=5)
    workspace = bp.Workspace(net, 4)
    rng = np.random.default_rng(6)
    assert_same(net, X, Y, workspace, "first call")
    X += 0.5
    assert_same(net, X, Y, workspace, "X in place")
    Y[:] = labels(loss, 3, 4, rng)
    assert_same(net, X, Y, workspace, "Y in place")
    X, Y = rng.normal(size=X.shape), labels(loss, 3, 4, rng)
    assert_same(net, X, Y, workspace, "other X and Y")
    for l in range(1, net.L + 1):
        net.W[l] -= 0.1
        net.b[l] += 0.2
        assert_same(net, X, Y, workspace, f"parameters of layer {l} in place")
        net.W[l] = rng.normal(size=net.W[l].shape)
        net.b[l] = rng.normal(size=net.b[l].shape)
        assert_same(net, X, Y, workspace, f"new arrays in layer {l}")
        net.W[l] = np.asfortranarray(net.W[l])
        assert_same(net, X, Y, workspace, f"column order in layer {l}")
    net.W, net.b = list(net.W), list(net.b)
    other, _, _ = random_case("sigmoid", output, loss, 3, 4, seed=5)
    assert_same(other, X, Y, workspace, "another network like it")
    assert_same(copy.deepcopy(net), X, Y, workspace, "a deep copy")


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_smaller_batches(output, loss):
    net, X, Y = random_case("softplus", output, loss, 3, 9, seed=7)
    workspace = bp.Workspace(net, 9)
    for n in (9, 4, 9, 4, 1, 9, 8, 9):
        assert_same(net, X[:, :n], Y[:, :n], workspace, f"batch {n}")
    with pytest.raises(ValueError, match="X: expected at most 9 examples, as the workspace holds, got 10"):
        bp.value_and_grad(net, np.ones((3, 10)), np.ones((3, 10)) / 3, workspace=workspace)
    assert_same(net, X, Y, workspace, "after an error")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_any_layout_and_nothing_is_modified(output, loss, dtype):
    net, X, _ = random_case("tanh", output, loss, 2, 6, seed=8, dtype=dtype)
    X = np.round(4 * X)
    Y = np.eye(3)[:, [0, 1, 2, 2, 1, 0]]
    workspace = bp.Workspace(net, 6)
    parameters = [p.copy() for p in [*net.W[1:], *net.b[1:]]]
    for form in (
        lambda v: v,
        np.asfortranarray,
        lambda v: np.repeat(np.repeat(v, 2, axis=0), 3, axis=1)[::2, ::3],
        lambda v: v[::-1, ::-1].copy()[::-1, ::-1],
        lambda v: v.astype(int),
        lambda v: v.astype(np.float32),
        lambda v: v.astype(np.longdouble),
        lambda v: v.astype(dtype),
        lambda v: v.tolist(),
        np.ma.array,
    ):
        given_X, given_Y = form(X), form(Y)
        for value in (given_X, given_Y):
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        assert_same(net, given_X, given_Y, workspace)
        assert np.array_equal(given_X, X) and np.array_equal(given_Y, Y)
    assert all((p == q).all() for p, q in zip(parameters, [*net.W[1:], *net.b[1:]], strict=True))


def test_the_next_call_overwrites_arrays_but_not_lists_or_cost():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 3, seed=9)
    workspace = bp.Workspace(net, 3)
    J, first = bp.value_and_grad(net, X, Y, workspace=workspace)
    J_before, kept = float(J), first.W[1].copy()
    first.W[2] = "mine"
    _, second = bp.value_and_grad(net, 2 * X, Y, workspace=workspace)
    assert second.W[1] is first.W[1] and (first.W[1] != kept).any()
    assert first.W[2] == "mine" and second.W[2].shape == net.W[2].shape
    assert J == J_before
    arrays = [*second.delta[1:], *second.W[1:], *second.b[1:]]
    assert not any(np.shares_memory(p, q) for i, p in enumerate(arrays) for q in arrays[:i])
    assert not any(np.shares_memory(p, q) for p in arrays for q in [*net.W[1:], *net.b[1:], X, Y])


def test_a_copy_of_the_gradients_is_kept():
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 3, 5, seed=18)
    workspace = bp.Workspace(net, 5)
    kept = [copy.deepcopy(bp.value_and_grad(net, v * X, Y, workspace=workspace)[1]) for v in (1, 2)]
    for v, grads in zip((1, 2), kept, strict=True):
        _, plain = bp.value_and_grad(net, v * X, Y)
        for name in ("delta", "W", "b"):
            for got, want in zip(getattr(grads, name)[1:], getattr(plain, name)[1:], strict=True):
                assert np.allclose(got, want, rtol=1e-12, atol=1e-15), name
    _, grads = bp.value_and_grad(net, X, Y, workspace=workspace)
    grads.delta[1][0, 0] = 7.0
    assert grads.delta[1][0, 0] == 7.0


def test_two_threads_with_a_workspace_each():
    net, X, Y = random_case("sigmoid", "softmax", "cross_entropy", 3, 33, seed=10)
    problems = []

    def work(seed):
        rng = np.random.default_rng(seed)
        workspace = bp.Workspace(net, 33)
        try:
            for _ in range(200):
                assert_same(net, rng.normal(size=X.shape), Y, workspace)
        except AssertionError as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


BAD = [
    ({"X": np.ones((4, 2))}, ValueError, r"X: expected shape \(3, N\), got \(4, 2\)"),
    ({"X": np.ones(3)}, ValueError, r"X: expected shape \(3, N\), got \(3,\)"),
    ({"X": np.ones((3, 0))}, ValueError, r"X: expected shape \(3, N\), got \(3, 0\) \(empty\)"),
    ({"X": np.ones((3, 2, 1))}, ValueError, r"X: expected shape \(3, N\), got \(3, 2, 1\)"),
    ({"X": np.ones((3, 2)) * 1j}, TypeError, r"X: expected real numbers, got ndarray of dtype complex128"),
    ({"X": np.full((3, 2), "1")}, TypeError, "X: expected real numbers"),
    ({"X": None}, TypeError, "X: expected real numbers, got NoneType"),
    ({"Y": np.ones((3, 1)) / 3}, ValueError, r"Y: expected shape \(3, 2\), got \(3, 1\)"),
    ({"Y": np.ones((1, 2)) / 3}, ValueError, r"Y: expected shape \(3, 2\), got \(1, 2\)"),
    ({"Y": 0.5}, ValueError, r"Y: expected shape \(3, 2\), got \(\)"),
    ({"Y": np.ones((3, 2)) * 1j}, TypeError, "Y: expected real numbers"),
    ({"workspace": 2}, TypeError, "workspace: expected a Workspace or None, got int"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD)
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_bad_input(output, loss, change, error, message):
    net, X, Y = random_case("sigmoid", output, loss, 2, 2, seed=12)
    workspace = bp.Workspace(net, 2)
    assert_same(net, X, Y, workspace)
    with pytest.raises(error, match=message) as caught:
        bp.value_and_grad(net, **({"X": X, "Y": Y, "workspace": workspace} | change))
    assert caught.value.__context__ is None
    assert_same(net, X, Y, workspace, "after an error")


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_what_is_given_is_looked_at_once(output, loss, form, monkeypatch):
    """An array that fits passes without the careful check, anything else goes through it once."""
    net, X, _ = random_case("sigmoid", output, loss, 2, 3, seed=19)
    workspace, Y, seen = bp.Workspace(net, 3), np.eye(3), []
    check = checks.real_array
    monkeypatch.setattr(checks, "real_array", lambda name, *rest: seen.append(name) or check(name, *rest))
    bp.value_and_grad(net, form(X), form(Y), workspace=workspace)
    expected = [] if form is np.asarray else ["X", "Y"]
    assert seen == expected
    assert_same(net, X, Y, workspace)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("hidden", [*ELEMENTWISE, "softmax"])
def test_entries_that_are_not_finite(hidden, value):
    """Also where an activation hides them: σ(∞) = 1 and relu(-∞) = 0."""
    for output, loss in PAIRS:
        net, X, Y = random_case(hidden, output, loss, 3, 4, seed=13)
        workspace = bp.Workspace(net, 4)
        for name, given in (("X", X), ("Y", Y)):
            before = given[1, 2]
            given[1, 2] = value
            with pytest.raises(
                ValueError, match=rf"{name}: expected finite numbers, got {value} at .*\(1, 2\)"
            ):
                bp.value_and_grad(net, X, Y, workspace=workspace)
            given[1, 2] = before


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_infinite_input_behind_a_zero_weight_or_a_dead_unit():
    net = bp.Network(
        [None, [[0.0, -1.0]], [[0.0]]], [None, [[0.0]], [[0.0]]], ["relu", "identity"], "squared_error"
    )
    workspace = bp.Workspace(net, 1)
    for X in ([[np.inf], [1.0]], [[1.0], [np.inf]]):
        with pytest.raises(ValueError, match="X: expected finite numbers, got inf"):
            bp.value_and_grad(net, np.array(X), np.zeros((1, 1)), workspace=workspace)


@pytest.mark.parametrize(
    ("output", "loss", "wrong", "message"),
    [
        (
            "sigmoid",
            "binary_cross_entropy",
            1.5,
            "binary_cross_entropy expects labels between 0 and 1, got 1.5",
        ),
        ("sigmoid", "binary_cross_entropy", -1e-9, "expects labels between 0 and 1, got -1e-09"),
        ("softmax", "cross_entropy", 0.9, "expects each column to be a distribution.*got column 1"),
        ("softmax", "cross_entropy", -1e-9, "expects each column to be a distribution.*got column 1"),
    ],
)
def test_labels_that_do_not_fit_also_when_changed_in_place(output, loss, wrong, message):
    net, X, _ = random_case("tanh", output, loss, 2, 3, seed=14)
    Y = np.eye(3)
    workspace = bp.Workspace(net, 3)
    assert_same(net, X, Y, workspace)
    Y[2, 1] = wrong
    for given in (Y, np.asfortranarray(Y)):
        with pytest.raises(ValueError, match=message):
            bp.value_and_grad(net, X, given, workspace=workspace)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("hidden", [*ELEMENTWISE, "softmax"])
def test_parameters_that_are_no_longer_finite_show_in_the_cost(hidden):
    """As in the readable path: an error of X or Y would name the wrong culprit."""
    net, X, Y = random_case(hidden, "identity", "squared_error", 3, 2, seed=15)
    workspace = bp.Workspace(net, 2)
    for parameters in (net.W, net.b):
        for l in (1, 2, 3):
            before = parameters[l][0, 0]
            parameters[l][0, 0] = np.nan
            assert np.isnan(bp.value_and_grad(net, X, Y, workspace=workspace)[0])
            parameters[l][0, 0] = before
    assert_same(net, X, Y, workspace)


OTHERS = [
    ({"sizes": [3, 5, 3]}, r"with shapes of W \[\(4, 3\), \(3, 4\)\], got \[\(5, 3\), \(3, 5\)\]"),
    ({"sizes": [3, 4, 3, 3]}, r"with shapes of W .*, got \[\(4, 3\), \(3, 4\), \(3, 3\)\]"),
    ({"hidden": "tanh"}, r"with activations \[None, 'sigmoid', .*got \[None, 'tanh'"),
    ({"output": "relu"}, r"with activations .*'identity'\], got .*'relu'\]"),
    ({"loss": "squared_error"}, "with loss half_squared_error, got squared_error"),
    ({"dtype": np.float32}, "with dtype float64, got float32"),
]
MADE_FOR = {"sizes": [3, 4, 3], "hidden": "sigmoid", "output": "identity", "loss": "half_squared_error"}


@pytest.mark.parametrize(("change", "message"), OTHERS)
def test_a_workspace_of_another_network(change, message):
    workspace = bp.Workspace(bp.Network.random(**MADE_FOR), 2)
    other = bp.Network.random(**(MADE_FOR | change))
    X = np.ones((3, 2), other.dtype)
    with pytest.raises(
        ValueError, match=f"workspace: expected a network like the one it was made for, {message}"
    ):
        bp.value_and_grad(other, X, X, workspace=workspace)


@pytest.mark.parametrize("l", [1, 2])
def test_parameters_replaced_by_unfit_ones(l):
    net = bp.Network.random(**MADE_FOR)
    workspace = bp.Workspace(net, 2)
    X = np.ones((3, 2))
    for name, array, message in (
        ("W", np.ones((4, 4)), "shapes of W"),
        ("W", net.W[l].astype(np.float32), "dtype float64, got float32, float64"),
        ("W", net.W[l].astype(complex), "dtype float64, got complex128, float64"),
        ("b", np.ones((1, 1)), "shapes of b"),
        ("b", np.ones(len(net.b[l])), "shapes of b"),
        ("b", net.b[l].astype(np.float32), "dtype float64, got float32, float64"),
    ):
        parameters = getattr(net, name)
        before, parameters[l] = parameters[l], array
        with pytest.raises(ValueError, match=message):
            bp.value_and_grad(net, X, X, workspace=workspace)
        parameters[l] = before
    assert_same(net, X, X, workspace)


@pytest.mark.parametrize("N", [0, -1, 2.0, True, None])
def test_bad_batch_sizes(N):
    with pytest.raises(ValueError, match=f"N: expected a batch size, an integer >= 1, got {N}"):
        bp.Workspace(bp.Network.random([2, 2]), N)


def test_a_row_of_one_s_own(monkeypatch):
    """A new activation works at once; a changed one is not mixed up with the one of its name."""
    row = dataclasses.replace(
        bp.activations.get("tanh"), name="sine", value=np.sin, derivative=np.cos, range=(-1.0, 1.0)
    )
    monkeypatch.setitem(bp.activations.ACTIVATIONS, "sine", row)
    monkeypatch.setitem(bp.activations.ACTIVATIONS, "relu", dataclasses.replace(row, name="relu"))
    for hidden in ("sine", "relu"):
        net, X, Y = random_case(hidden, "sine", "squared_error", 3, 4, seed=16)
        assert_same(net, X, Y, bp.Workspace(net, 4), hidden)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("hidden", [*ELEMENTWISE, "softmax"])
def test_no_large_array_is_allocated(hidden, order):
    """Whatever the sizes, numpy's small fixed buffers are all that is allocated."""
    rng = np.random.default_rng(17)
    n, N = 60, 900
    for output, loss in (
        (hidden, "half_squared_error"),
        (hidden, "squared_error"),
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "cross_entropy"),
    ):
        net = bp.Network.random([n, n, n, n], hidden, output, loss)
        X, Y = rng.normal(size=(n, N)), np.asarray(np.eye(n)[:, rng.integers(0, n, N)], order=order)
        workspace = bp.Workspace(net, N)
        call = lambda: bp.value_and_grad(net, X, Y, workspace=workspace)  # noqa: B023
        call()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            call()
            used = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        # numpy's own buffers for broadcasting and for mixed dtypes hold 8192 entries each.
        # gelu's erfc also makes a Python object of each.
        most = 8192 * (80 if hidden == "gelu" else 24)
        assert used < most < 1.6 * n * N * 8, f"{loss}: {used} bytes"


def test_importing_the_package_costs_little_beside_numpy():
    """Nothing slow is imported before it is needed."""
    import subprocess
    import sys

    code = "import numpy, sys; before = set(sys.modules); import backprop; print(*sorted(set(sys.modules) - before))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    others = {name.partition(".")[0] for name in out} - {"backprop"}
    assert others <= set(sys.stdlib_module_names), others
    assert not {"backprop.workspace", "backprop.gradcheck", "backprop.show", "backprop.demos"} & set(out)
    assert not others & {"matplotlib", "ipywidgets", "IPython", "unittest", "asyncio", "importlib.metadata"}


def test_what_is_imported_late_is_there():
    assert bp.Workspace is fast.Workspace and "Workspace" in dir(bp)
    assert bp.gradcheck.check_gradients is bp.check_gradients
    with pytest.raises(AttributeError, match="module 'backprop' has no attribute 'Workspaces'"):
        _ = bp.Workspaces
