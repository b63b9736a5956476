"""Claims of chapter 9. Each test carries the label of its formula, theorem or algorithm.

Judges: nested loops that count one multiplication at a time, the running code counted by
`complexity.counting`, SymPy for identities.
"""

from itertools import pairwise

import numpy as np
import pytest
import sympy

import backprop as bp
from backprop import checkpoint, complexity

from ..unit.nets import random_case
from .printed import arrays, pinned, printed

SEED = 9
RUNS = 500


def random_sizes(rng, widest=12):
    return rng.integers(1, widest + 1, rng.integers(2, 8)).tolist()


def batch(rng, sizes, N):
    return rng.normal(size=(sizes[0], N)), rng.normal(size=(sizes[-1], N))


def linear_output(sizes, rng, hidden="relu"):
    return bp.Network.random(sizes, hidden, "identity", "half_squared_error", "lecun", seed=rng)


def by_loops(sizes):
    """(forward, outer, transposed, slopes), one multiplication at a time."""
    forward = outer = transposed = slopes = 0
    for l in range(1, len(sizes)):
        for _ in range(sizes[l]):
            slopes += 1
            for _ in range(sizes[l - 1]):
                forward += 1
                outer += 1
                transposed += l > 1
    return forward, outer, transposed, slopes


def runs(seed=SEED, number=RUNS):
    """Random networks, counted in the running code: (sizes, N, forward tally, backward tally)."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for _ in range(number):
        sizes, N = random_sizes(rng), int(rng.integers(1, 5))
        net, tally = complexity.counting(linear_output(sizes, rng))
        X, Y = batch(rng, sizes, N)
        fwd = bp.forward(net, X)
        forward = list(tally.products)
        tally.reset()
        bp.backward(net, fwd, Y)
        yield sizes, N, forward, tally


def multiply_adds(products):
    return complexity.Tally(list(products)).multiply_adds


def of_sizes(sizes):
    """The environment of a network's sizes; M and P are counted."""
    M = by_loops(sizes)[0]
    return {r"\nlayers": len(sizes) - 1, r"\size": sizes.__getitem__, "M": M, "P": M + sum(sizes[1:])}


def test_thm_gradient_cost():
    """500 random networks, counted while the book's own sweeps run, product by product."""
    pinned("thm:gradient-cost", r"\nlayers \ge 1", r"M - \size{0}\size{1}")
    seen = 0
    for sizes, N, forward, tally in runs():
        c = complexity.counts(sizes)
        pairs = list(pairwise(sizes))
        assert forward == [((n_out, n_in), (n_in, N)) for n_in, n_out in pairs]
        transposed = [((n_in, n_out), (n_out, N)) for n_in, n_out in pairs[1:]]
        outer = [((n_out, N), (N, n_in)) for n_in, n_out in pairs]
        assert sorted(tally.products) == sorted(transposed + outer)
        assert multiply_adds(forward) == N * c.forward
        assert tally.multiply_adds == N * c.backward
        assert tally.entrywise == N * c.hadamard
        assert multiply_adds(forward) <= tally.multiply_adds < 2 * multiply_adds(forward)
        seen += 1
    assert seen == RUNS


@pytest.mark.parametrize("hidden", sorted(bp.activations.ACTIVATIONS))
def test_activations_and_losses_hold_no_product(hidden):
    """No activation function and no loss holds a product of matrices."""
    for output, loss in (
        ("softmax", "cross_entropy"),
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "squared_error"),
    ):
        net, X, Y = random_case(hidden, output, loss, 3, 2, seed=SEED)
        counted, tally = complexity.counting(net)
        bp.value_and_grad(counted, X, Y)
        assert tally.multiply_adds == 2 * complexity.counts(net.sizes).total


def test_eq_forward_count():
    rng = np.random.default_rng(SEED)
    for sizes in ([5, 10, 8, 3], random_sizes(rng)):
        printed("eq:forward-count").holds(of_sizes(sizes))
    for sizes in [[5, 10, 8, 3], *(random_sizes(rng) for _ in range(50))]:
        assert complexity.counts(sizes).forward == by_loops(sizes)[0]
    assert complexity.counts([5, 10, 8, 3]).forward == 154


def test_eq_parameter_count():
    formula = printed("eq:parameter-count")
    rng = np.random.default_rng(SEED)
    for _ in range(50):
        sizes = random_sizes(rng)
        given = {r"\nlayers": len(sizes) - 1, r"\size": sizes.__getitem__}
        assert formula.value(given) == complexity.counts(sizes).parameters
        net = linear_output(sizes, rng)
        P = sum(a.size for a in (*net.W[1:], *net.b[1:]))
        assert complexity.counts(sizes).parameters == P == len(list(complexity.parameters(net)))
    assert complexity.counts([5, 10, 8, 3]).parameters == 175


def test_eq_backward_count():
    formula = printed("eq:backward-count")
    rng = np.random.default_rng(SEED)
    for _ in range(50):
        sizes = random_sizes(rng)
        forward, outer, transposed, _ = by_loops(sizes)
        assert complexity.counts(sizes).backward == outer + transposed
        assert outer + transposed == formula.value(of_sizes(sizes)) == 2 * forward - sizes[0] * sizes[1]
    c = complexity.counts([5, 10, 8, 3])
    assert (c.outer, c.transposed, c.backward, c.hadamard) == (154, 104, 258, 21)


def test_eq_gradient_count():
    formula = printed("eq:gradient-count")
    for sizes, N, forward, tally in runs(number=50):
        total = (multiply_adds(forward) + tally.multiply_adds) // N
        formula.holds(of_sizes(sizes))
        assert (
            total
            == formula.value(of_sizes(sizes), side=0)
            == 3 * by_loops(sizes)[0] - sizes[0] * sizes[1]
            == complexity.counts(sizes).total
        )
        assert total < 3 * by_loops(sizes)[0]


def test_eq_backward_ratio():
    formula = printed("eq:backward-ratio")
    for sizes, _, forward, tally in runs(number=50):
        share = sizes[0] * sizes[1] / by_loops(sizes)[0]
        formula.holds(of_sizes(sizes))
        measured = tally.multiply_adds / multiply_adds(forward)
        assert measured == pytest.approx(formula.value(of_sizes(sizes)), rel=1e-14)
        assert tally.multiply_adds / multiply_adds(forward) == pytest.approx(2 - share, rel=1e-14)
    assert f"{complexity.counts([784, 128, 64, 10]).ratio:.2f}" == "1.08"
    assert f"{complexity.counts([100] * 11).ratio:.2f}" == "1.90"
    assert complexity.counts([7, 4]).ratio == 1


def test_eq_elementwise_count():
    formula = printed("eq:elementwise-count")
    for sizes, N, _, tally in runs(number=50):
        forward, _, _, slopes = by_loops(sizes)
        both = tally.multiply_adds + tally.entrywise
        assert both == N * formula.value(of_sizes(sizes)) == N * (2 * forward - sizes[0] * sizes[1] + slopes)


def test_prop_elementwise_count():
    """The condition decides, both ways; 1-1-1 is the smallest that fails."""
    pinned("prop:elementwise-count", "2M", r"\sum_{l=1}^{\nlayers} \size{l} \le \size{0}\size{1}")
    broken = []
    for sizes, _, forward, tally in runs(number=200):
        holds = tally.multiply_adds + tally.entrywise <= 2 * multiply_adds(forward)
        assert holds == (sum(sizes[1:]) <= sizes[0] * sizes[1])
        broken.append(not holds)
    assert 0 < sum(broken) < len(broken)
    c = complexity.counts([1, 1, 1])
    assert (c.forward, c.backward + c.hadamard) == (2, 5)
    assert complexity.counts([1, 1]).backward + complexity.counts([1, 1]).hadamard == 2  # 2 M, holds
    for L in range(1, 8):  # the exercise: it fails where the network is deeper than wide
        for n in range(1, 8):
            c = complexity.counts([n] * (L + 1))
            assert (c.backward + c.hadamard > 2 * c.forward) == (n < L)


def slow_counts(sizes, N, rng):
    net, tally = complexity.counting(linear_output(sizes, rng, "tanh"))
    X, Y = batch(rng, sizes, N)
    result = {}
    for name, run in (
        ("one_sided", lambda: complexity.differences(net, X, Y, central=False)),
        ("central", lambda: complexity.differences(net, X, Y)),
        ("gradcheck", lambda: bp.gradcheck.central_differences(net, X, Y)),
        ("forward_mode", lambda: complexity.forward_mode(net, X, Y)),
    ):
        tally.reset()
        run()
        result[name] = tally.multiply_adds / N
    return result


@pytest.mark.parametrize("seed", range(5))
def test_eq_difference_count(seed):
    print("seed", seed)
    rng = np.random.default_rng(seed)
    sizes = random_sizes(rng, widest=5)
    M = by_loops(sizes)[0]
    P = M + sum(sizes[1:])
    c, counted = complexity.counts(sizes), slow_counts(sizes, 2, rng)
    assert printed("eq:difference-count").values(of_sizes(sizes)) == [
        counted["one_sided"],
        counted["central"],
    ]
    assert counted["one_sided"] == c.one_sided == (P + 1) * M
    assert counted["central"] == counted["gradcheck"] == c.central == 2 * P * M


def test_eq_difference_bounds():
    pinned(
        "eq:difference-bounds",
        r"\begin{aligned} \tfrac12 P^2 &< (P + 1)\,M < P^2, \\ P^2 &\le 2\,P\,M < 2P^2. \end{aligned}",
    )
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for sizes in [[1, 1], [1, 1, 1], [1, 9], [9, 1], *(random_sizes(rng) for _ in range(200))]:
        printed("eq:difference-bounds").holds(of_sizes(sizes))
        c = complexity.counts(sizes)
        P, M = c.parameters, c.forward
        assert M + 1 <= P <= 2 * M
        assert P * P < 2 * c.one_sided and c.one_sided < P * P
        assert P * P <= c.central < 2 * P * P
    assert complexity.counts([1, 1]).central == 4 == complexity.counts([1, 1]).parameters ** 2  # reached


def test_prop_difference_cost():
    """Each pass is counted at M: for 5-10-8-3, and the differences are the gradient."""
    rng = np.random.default_rng(SEED)
    net = linear_output([5, 10, 8, 3], rng, "tanh")
    X, Y = batch(rng, net.sizes, 1)
    where = list(complexity.parameters(net))
    exact = complexity.entries(bp.backward(net, bp.forward(net, X), Y), where)
    for central, passes, error in ((True, 2 * 175, 1e-8), (False, 175 + 1, 1e-5)):
        counted, tally = complexity.counting(net)
        np.testing.assert_allclose(complexity.differences(counted, X, Y, central=central), exact, atol=error)
        assert tally.multiply_adds == passes * 154 and len(tally.products) == passes * 3


def test_eq_equal_width_differences():
    """One parameter costs L n², not L² n²; the total grows with L² n⁴."""
    for depth, width in ((1, 1), (2, 3), (5, 4)):
        given = of_sizes([width] * (depth + 1)) | {"n": width}
        printed("eq:equal-width-differences").holds(given)
    n, L = sympy.symbols("n L", positive=True)
    formula = (L * n**2 + L * n + 1) * L * n**2
    for depth, width in ((1, 1), (2, 3), (5, 4), (7, 9)):
        c = complexity.counts([width] * (depth + 1))
        assert c.one_sided == formula.subs({n: width, L: depth})
        assert c.total == (3 * depth - 1) * width**2
    P = L * n**2 + L * n
    assert sympy.limit(formula / (P * L * n**2), n, sympy.oo) == 1  # per parameter
    assert sympy.limit(formula / (L**2 * n**4), n, sympy.oo) == 1
    assert sympy.limit(formula / (P * L**2 * n**2), L, sympy.oo) == 0  # what would be too large


def test_eq_tangent_sweep():
    """The derivative of every pre-activation above, against a small change of one weight."""
    formula, tangents = printed("eq:tangent-sweep"), {}
    net, X, _ = random_case("tanh", "sigmoid", "half_squared_error", 4, 1, seed=SEED)
    fwd, l, j, k, h = bp.forward(net, X), 2, 1, 0, 1e-6
    tangent = np.zeros((net.sizes[l], 1))
    tangent[j] = fwd.a[l - 1][k]
    sweeps = []
    for sign in (1, -1):
        W = [None] + [w.copy() for w in net.W[1:]]
        W[l][j, k] += sign * h
        sweeps.append(bp.forward(net.with_parameters(W, net.b), X))
    for m in range(l, net.L + 1):
        if m > l:
            tangents[m - 1] = (sweeps[0].a[m - 1] - sweeps[1].a[m - 1]) / (2 * h)
            tangent = net.W[m] @ ((1 - fwd.a[m - 1] ** 2) * tangent)
        tangents["z", m] = (sweeps[0].z[m] - sweeps[1].z[m]) / (2 * h)
        if m > l:
            given = arrays(net, X, X) | {r"d\act/dw": tangents.get, r"d\pre/dw": lambda m: tangents["z", m]}
            given[r"\dactf"] = {m - 1: given[r"\dactf"](m - 1)}.__getitem__
            formula.holds(given | {"m": m}, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(
            tangent, (sweeps[0].z[m] - sweeps[1].z[m]) / (2 * h), rtol=1e-6, atol=1e-10
        )


@pytest.mark.parametrize("seed", range(5))
def test_eq_forward_mode_count(seed):
    print("seed", seed)
    rng = np.random.default_rng(seed)
    sizes = random_sizes(rng, widest=5)
    L, M = len(sizes) - 1, by_loops(sizes)[0]
    above = lambda l: sum(sizes[m] * sizes[m - 1] for m in range(l + 1, L + 1))
    printed_count = printed("eq:forward-mode-count").value(of_sizes(sizes) | {"M_": above})
    assert printed_count == slow_counts(sizes, 2, np.random.default_rng(seed))["forward_mode"]
    expected = M + sum(
        sizes[l] * (sizes[l - 1] + 1) * sum(sizes[m] * sizes[m - 1] for m in range(l + 1, L + 1))
        for l in range(1, L + 1)
    )
    assert slow_counts(sizes, 2, rng)["forward_mode"] == expected == complexity.counts(sizes).forward_mode
    assert expected < complexity.counts(sizes).one_sided


def test_eq_forward_mode_equal():
    for depth, width in ((1, 4), (3, 2), (5, 7)):
        sizes = [width] * (depth + 1)
        assert (
            printed("eq:forward-mode-equal").value(of_sizes(sizes)) == complexity.counts(sizes).forward_mode
        )
    n, l, L = sympy.symbols("n l L", positive=True, integer=True)
    M, P = L * n**2, L * (n**2 + n)
    double = M + sympy.summation((n**2 + n) * (L - l) * n**2, (l, 1, L))
    assert sympy.simplify(double - M - (L - 1) / (2 * L) * P * M) == 0
    for depth, width in ((1, 4), (3, 2), (5, 7)):
        assert complexity.counts([width] * (depth + 1)).forward_mode == double.subs({L: depth, n: width})


@pytest.mark.parametrize("seed", range(5))
def test_prop_forward_mode_cost(seed):
    """What is counted there is the gradient, for every pair of activation and loss."""
    pinned("prop:forward-mode-cost", r"M_l = \sum_{m=l+1}^{\nlayers} \size{m}\,\size{m-1}", r"(P + 1)\,M")
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for output, loss in (
        ("identity", "squared_error"),
        ("softmax", "cross_entropy"),
        ("softmax", "half_squared_error"),
    ):
        net, X, Y = random_case(rng.choice(["tanh", "relu", "softmax"]), output, loss, 3, 2, seed)
        exact = complexity.entries(bp.backward(net, bp.forward(net, X), Y), complexity.parameters(net))
        np.testing.assert_allclose(complexity.forward_mode(net, X, Y), exact, rtol=1e-9, atol=1e-14)


def test_eq_unit_sweep_count():
    """The printed count, and what the running sweeps count, for random sizes."""
    formula, rng = printed("eq:unit-sweep-count"), np.random.default_rng(SEED)
    for sizes in ([5, 10, 8, 3], *(random_sizes(rng, widest=6) for _ in range(20))):
        L, loops = len(sizes) - 1, by_loops
        above = lambda l, sizes=sizes, L=L: sum(sizes[m] * sizes[m - 1] for m in range(l + 1, L + 1))
        net, tally = complexity.counting(linear_output(sizes, rng))
        complexity.forward_mode_by_units(net, *batch(rng, sizes, 1))
        expected = 2 * loops(sizes)[0] + sum(sizes[l] * above(l) for l in range(1, L + 1))
        assert formula.value(of_sizes(sizes) | {"M_": above}) == expected
        assert tally.multiply_adds == complexity.counts(sizes).by_units == expected
        net, tally = complexity.counting(linear_output(sizes, rng))
        complexity.differences_by_units(net, *batch(rng, sizes, 1))
        assert tally.multiply_adds == complexity.counts(sizes).differences_by_units
    assert complexity.counts([5, 10, 8, 3]).by_units == 1540


@pytest.mark.parametrize("seed", range(5))
def test_prop_unit_sweep_cost(seed):
    """What is counted there is the gradient; the sum for equal widths, by SymPy and by counting."""
    pinned("prop:unit-sweep-cost", r"\tfrac12 (\nlayers - 1)\, n\, M")
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for output, loss in (
        ("identity", "squared_error"),
        ("softmax", "cross_entropy"),
        ("softmax", "half_squared_error"),
    ):
        net, X, Y = random_case(rng.choice(["tanh", "sigmoid", "softmax"]), output, loss, 3, 2, seed)
        exact = bp.backward(net, bp.forward(net, X), Y)
        for method, rtol, atol in (
            (complexity.forward_mode_by_units, 1e-9, 1e-14),
            (complexity.differences_by_units, 1e-5, 1e-8),
        ):
            found = method(net, X, Y)
            for l in range(1, net.L + 1):
                for name in ("delta", "W", "b"):
                    np.testing.assert_allclose(
                        getattr(found, name)[l], getattr(exact, name)[l], rtol=rtol, atol=atol
                    )
    n, l, L = sympy.symbols("n l L", positive=True, integer=True)
    M = L * n**2
    assert sympy.simplify(sympy.summation(n * (L - l) * n**2, (l, 1, L)) - (L - 1) * n * M / 2) == 0
    for depth, width in ((1, 4), (3, 2), (5, 7)):
        c = complexity.counts([width] * (depth + 1))
        assert c.by_units == 2 * c.forward + (depth - 1) * width * c.forward / 2


def partitions(L):
    """Every way to cut L layers into segments."""
    if L == 0:
        yield []
    for first in range(1, L + 1):
        for rest in partitions(L - first):
            yield [first, *rest]


def deep_case(L, seed=SEED):
    rng = np.random.default_rng(seed)
    net = linear_output([3] * (L + 1), rng, "tanh")
    return net, *batch(rng, net.sizes, 2)


@pytest.mark.parametrize("L", [1, 2, 5, 6])
def test_alg_checkpointing(L):
    """Every segmentation gives the gradients of the plain algorithm."""
    pinned("alg:checkpointing", r"s_1, \dots, s_m", r"i = m, \dots, 1", "i < m", "i = 1")
    net, X, Y = deep_case(L)
    plain = bp.backward(net, bp.forward(net, X), Y)
    for lengths in partitions(L):
        saved = checkpoint.gradients(net, X, Y, lengths).gradients
        for l in range(1, L + 1):
            np.testing.assert_allclose(saved.W[l], plain.W[l], rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(saved.b[l], plain.b[l], rtol=1e-12, atol=1e-15)


def by_simulation(lengths):
    """(peak, recomputed) of the algorithm's two steps, with a set of layers for what is stored."""
    L, segments, start = sum(lengths), [], 0
    for length in lengths:
        segments.append(range(start + 1, start + length + 1))
        start += length
    stored = {segment[-1] for segment in segments} | set(segments[-1])
    peak, again = len(stored), 0
    for i in reversed(range(len(segments))):
        if i < len(segments) - 1:
            new = set(segments[i]) - stored
            again += len(new)
            stored |= new
            peak = max(peak, len(stored))
        assert stored >= set(segments[i])
        stored -= set(segments[i])
    assert not stored and L == start
    return peak, again


def test_eq_checkpoint_peak():
    formula = printed("eq:checkpoint-peak")
    for L in range(1, 10):
        net, X, Y = deep_case(L)
        for lengths in partitions(L):
            peak = max(i - 1 + s for i, s in enumerate(lengths, start=1))
            given = {"m": len(lengths), "s_": [None, *lengths]}
            assert by_simulation(lengths)[0] == formula.value(given)
            assert by_simulation(lengths)[0] == peak == checkpoint.costs(lengths)[0]
            if L <= 6:
                assert checkpoint.gradients(net, X, Y, lengths).peak == peak


def test_eq_checkpoint_recomputed():
    """Counted twice: by the program, and by the multiply-adds it takes more than the plain one."""
    formula = printed("eq:checkpoint-recomputed")
    for L in range(1, 7):
        net, X, Y = deep_case(L)
        counted, tally = complexity.counting(net)
        for lengths in partitions(L):
            again = sum(s - 1 for s in lengths[:-1])
            given = {"m": len(lengths), "s_": [None, *lengths], r"\nlayers": L}
            formula.holds(given)
            assert formula.value(given, side=0) == by_simulation(lengths)[1]
            tally.reset()
            run = checkpoint.gradients(counted, X, Y, lengths)
            assert run.recomputed == again == by_simulation(lengths)[1] == checkpoint.costs(lengths)[1] < L
            assert tally.multiply_adds == 2 * (complexity.counts(net.sizes).total + again * 9)


def test_eq_checkpoint_equal():
    formula = printed("eq:checkpoint-equal")
    for L in range(1, 65):
        for s in (s for s in range(1, L + 1) if L % s == 0):
            peak, again = by_simulation(checkpoint.equal_segments(L, s))
            assert (peak, again) == (L // s + s - 1, (L // s - 1) * (s - 1))
            assert formula.values({r"\nlayers": L, "s": s}) == [peak, again]
            assert peak + again == L


def test_thm_checkpointing():
    """The root is the least, reached at its length only; with measured runs at the squares."""
    pinned("thm:checkpointing", r"2\sqrt{\nlayers} - 1", r"s = \sqrt{\nlayers}")
    L, s = sympy.symbols("L s", positive=True)
    square = (sympy.sqrt(L / s) - sympy.sqrt(s)) ** 2
    assert sympy.simplify(sympy.expand(square) - (L / s + s - 2 * sympy.sqrt(L))) == 0
    for depth in range(1, 65):
        for length in (n for n in range(1, depth + 1) if depth % n == 0):
            peak = checkpoint.costs(checkpoint.equal_segments(depth, length))[0]
            assert (peak + 1) ** 2 >= 4 * depth
            assert ((peak + 1) ** 2 == 4 * depth) == (length**2 == depth)
    for root in (2, 4, 8):
        net, X, Y = deep_case(root**2)
        run = checkpoint.gradients(net, X, Y, [root] * root)
        assert (run.peak, run.recomputed) == (2 * root - 1, (root - 1) ** 2)
    for p in range(1, 5):  # the exercise: no cut gets through more layers with p arrays
        longest = max(
            depth for depth in range(1, 12) for cut in partitions(depth) if by_simulation(cut)[0] <= p
        )
        assert longest == p * (p + 1) // 2
