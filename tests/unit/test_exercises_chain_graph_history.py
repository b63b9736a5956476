"""Answer keys of the exercises of chapters 1, 2, 3 and 10, each by a way that shares no code with it."""

import numpy as np
import pytest
import sympy

from backprop import chain_rule, exercises, graph, network, show

SEEDS = range(20)
x, z, k, v, u = sympy.symbols("x z k v u", positive=True)


def tasks(name):
    return [exercises.named(name).draw(seed) for seed in SEEDS]


def difference(function, point, h=1e-6):
    """All central differences of a function of a vector."""
    steps = h * np.eye(len(point))
    return np.array([(function(point + s) - function(point - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize(
    ("name", "step", "function", "by"),
    [
        ("product-from-paths", "dydx", lambda t: x**t.n * sympy.sin(t.k * x), x),
        ("power-of-itself", "dydx", lambda t: x ** (t.k * x), x),
        ("graph-formula", "dydx", lambda t: sympy.log(t.k * x * z + x**t.n), x),
        ("graph-formula", "dydz", lambda t: sympy.log(t.k * x * z + x**t.n), z),
        ("stage-derivatives", "before", lambda t: k * (v + u**2 - v**t.n / t.c), v),
        ("stage-derivatives", "control", lambda t: k * (v + u**2 - v**t.n / t.c), u),
    ],
)
def test_formulas_against_sympy(name, step, function, by):
    for task in tasks(name):
        key = sympy.sympify(getattr(task, step).replace("^", "**"), {str(s): s for s in (x, z, k, v, u)})
        assert sympy.simplify(key - sympy.diff(function(task), by)) == 0


def test_the_chain_by_hand_against_differences():
    for t in tasks("chain-by-hand"):
        found = difference(lambda p, t=t: np.sqrt(t.c + np.exp(t.k * p[0])), np.array([t.x]))
        assert t.derivatives[0] == pytest.approx(found[0], rel=1e-7)
    for t in tasks("power-of-itself"):
        assert t.value == pytest.approx(
            difference(lambda p, t=t: p[0] ** (t.k * p[0]), np.array([t.x]))[0], rel=1e-6
        )


def test_layouts_and_orders():
    for t in tasks("layout-poll"):
        found = chain_rule.derivative(lambda p, t=t: t.B @ (t.A @ p), np.ones((2, 1)), "denominator")
        assert np.allclose(t.square, found, atol=1e-8)
        assert "ABCDEF"[t.rule] == "F"  # CMU's answer
    for t in tasks("order-of-products"):
        matrices = [None, *(np.ones(shape) for shape in zip(t.n[1:], t.n, strict=False))]
        assert [chain_rule.product(matrices, start)[1] for start in chain_rule.STARTS] == [t.output, t.input]
        assert t.same == 2


def test_shapes_averages_and_the_folded_entry():
    for t in tasks("shapes"):
        assert t.parameters == sum(n * m + n for m, n in zip(t.n, t.n[1:], strict=False))
    for t in tasks("row-program"):
        assert (t.error, t.bias) == (2, 2)
    for t in tasks("which-average"):
        assert list(t.printed)[t.cost] == t.who
        assert t.printed["mean"][0] == pytest.approx(t.each.mean()) and t.printed["sum"][0] == pytest.approx(
            t.each.sum()
        )
    for t in tasks("folded-error"):

        def loss(one, t=t):
            z2 = t.net.W[2] @ t.fwd.a[1] + t.net.b[2] * one[0]
            return ((1 / (1 + np.exp(-z2)) - t.y) ** 2).sum() / 2

        assert t.product[0] == pytest.approx(difference(loss, np.ones(1))[0], abs=1e-8)
        assert np.allclose(t.delta1, t.grads.delta[1][:, 0]) and t.whose == 1


def test_the_size_of_a_graph_is_that_of_the_drawing():
    drawn = 0
    for t in tasks("graph-size"):
        net = network.Network.random(t.n, hidden="sigmoid", output="identity", loss="squared_error")
        if sum(p.size for p in (*net.W[1:], *net.b[1:])) <= 24:  # larger ones are not drawn
            text = show.network_graph(net, np.ones((t.n[0], 1)), np.ones((t.n[-1], 1))).text
            assert f"{t.nodes} nodes, {t.edges} edges" in text
            drawn += 1
    assert drawn > 2


def test_graphs_by_hand_against_differences_and_duals():
    for t in tasks("graph-by-hand"):
        found = difference(lambda p, t=t: (p[0] * p[1] + t.k) ** 2 / p[0], np.array([t.x, t.z], float))
        assert np.allclose(t.gradient, found, rtol=1e-6)
    for t in tasks("graph-modes"):
        point = {"x": t.x, "z": t.z}
        for at, f in enumerate((lambda x, z: x / z, lambda x, z: x / z * x, lambda x, z: x / z * x + z)):
            assert t.tangents[at] == pytest.approx(graph.derivative_forward(f, point, "z"))


def test_paths_and_sweeps_are_counted():
    for t in tasks("graph-paths")[:5]:
        calls = ends = 0
        todo = [t.n]
        while todo:
            node = todo.pop()
            calls, ends = calls + 1, ends + (node == 0)
            todo += [node - 1] * t.k if node else []
        assert (ends, calls) == (t.paths, t.calls)
    assert (2**31 - 1) / 1e6 > 30 * 60  # "more than half an hour"
    for t in tasks("graph-reset"):
        assert (t.inputs, t.all) == (4 * t.a * t.m, 2 * t.a * t.m * (t.m + 1))
    for t in tasks("graph-fingerprint"):
        assert ["recursion", "order", "assignment", "reset"][t.fault] == t.wrong


def test_the_program_of_the_sweep_against_the_graph_of_the_package():
    scope = {}
    exec(exercises.named("program-sweep").steps[0].solution, scope)
    rng = np.random.default_rng(3)
    for _ in range(10):
        nodes, edges = [graph.Value(float(n)) for n in rng.uniform(1, 2, 2)], [[], []]
        for i in range(2, 7):
            p, q = (int(n) for n in rng.integers(max(0, i - 2), i, 2))
            nodes.append(nodes[p] * nodes[q])
            edges.append([(p, nodes[q].value), (q, nodes[p].value)])
        nodes[-1].backward()
        reached = [i for i, node in enumerate(nodes) if scope["backward"](edges)[i]]
        assert np.allclose([scope["backward"](edges)[i] for i in reached], [nodes[i].grad for i in reached])


def test_the_sled_against_differences():
    def miss(thrust, t):
        p, speed = 0.0, float(t.v)
        for force in thrust:
            p, speed = p + speed, speed + force - t.c * speed**2
        return p - t.goal

    for t in tasks("sled-costates"):
        assert t.miss == pytest.approx(miss(t.u[:, 0], t))
        found = difference(lambda thrust, t=t: miss(thrust, t) ** 2 / 2, t.u[:, 0])
        assert np.allclose(t.gradient, found, atol=1e-6)
    for t in tasks("stage-costs"):
        found = difference(lambda thrust, t=t: miss(thrust, t) ** 2 / 2 + t.r * (thrust**2).sum(), t.u[:, 0])
        assert np.allclose(t.gradient, found, atol=1e-6)
    for t in tasks("costate-and-delta"):
        assert np.allclose(t.delta1, t.grads.delta[1][:, 0])


def test_whole_numbers_are_exact():
    task = exercises.named("graph-paths").draw(0)
    step = exercises.named("graph-paths").steps[1]
    assert step.mark(task, str(task.edges)).right
    assert not step.mark(task, str(task.edges + 1)).right
