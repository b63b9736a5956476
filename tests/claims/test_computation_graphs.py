"""Claims of chapter 3. Each test carries the label of its formula or theorem.

The graphs here are lists of (operation, operands), evaluated by mpmath: they know nothing of
`backprop.graph`, which is compared with them.
"""

import random

import mpmath
import pytest
import sympy

from backprop import graph
from backprop.graph import sweeps

from .printed import pinned, printed

SEED = 30
mpmath.mp.dps = 50

# name: (the operation, its derivatives by each operand as SymPy finds them)
OPERATIONS = {
    "+": lambda x, y: x + y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "sin": lambda x: mpmath.sin(x),
    "exp": lambda x: mpmath.exp(x),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}
MAKE = {"+": lambda x, y: x + y, "*": lambda x, y: x * y, "/": lambda x, y: x / y,
        "sin": graph.sin, "exp": graph.exp, "sigmoid": graph.sigmoid}  # fmt: skip


def local(name, k, operands):
    """∂_k φ by SymPy."""
    symbols = sympy.symbols("u:2")[: len(operands)]
    rows = {"+": lambda x, y: x + y, "*": lambda x, y: x * y, "/": lambda x, y: x / y, "sin": sympy.sin,
            "exp": sympy.exp, "sigmoid": lambda x: 1 / (1 + sympy.exp(-x))}  # fmt: skip
    slope = sympy.diff(rows[name](*symbols), symbols[k])
    return mpmath.mpf(
        slope.evalf(45, subs=dict(zip(symbols, map(sympy.Float, map(str, operands)), strict=True)))
    )


def random_graph(seed, inputs=3, nodes=12):
    """A list of (number, ()) for inputs and (name, operands) for the rest; operands may repeat."""
    rng = random.Random(seed)
    made = [(mpmath.mpf(rng.randint(5, 20)) / 10, ()) for _ in range(inputs)]
    for i in range(inputs, nodes):
        name = rng.choice(["+", "+", "*", "*", "/", "sin", "sigmoid", "exp" if i < inputs + 3 else "sin"])
        count = 1 if name in ("sin", "exp", "sigmoid") else 2
        made.append((name, tuple(rng.choice(range(max(0, i - 4), i)) for _ in range(count))))
    return made


def recompute(made, given):
    """F_j: the values of all nodes when those of the first len(given) are put in by hand."""
    values = list(given)
    for what, operands in made[len(given) :]:
        values.append(OPERATIONS[what](*(values[p] for p in operands)) if operands else what)
    return values


def partial(made, values, i, j):
    """∂F_i/∂v_j at the forward values, nodes counted from 1, by a difference in 50 digits."""
    h = mpmath.mpf(10) ** -15
    ends = []
    for shift in (h, -h):
        given = list(values[:i])
        given[j - 1] += shift
        ends.append(recompute(made, given)[-1])
    return (ends[0] - ends[1]) / (2 * h)


def as_values(made):
    """The same graph of `Value`s."""
    nodes = []
    for what, operands in made:
        nodes.append(MAKE[what](*(nodes[p] for p in operands)) if operands else graph.Value(float(what)))
    return nodes


def of_graph(made, values):
    """The environment of a graph: derivatives of what remains by differences, local ones by SymPy."""
    at = lambda i: [values[q] for q in made[i - 1][1]]
    return {
        r"dF_/d\node": lambda i, j: float(partial(made, values, i, j)),
        r"\partial_\varphi_": lambda k, i: float(local(made[i - 1][0], k - 1, at(i))),
        "p": lambda i, k: made[i - 1][1][int(k) - 1] + 1,
        "r_": lambda i: len(made[i - 1][1]),
    }


def forward_differences(made, chosen):
    """The derivatives of all nodes' values by one input, by differences in 50 digits."""
    h = mpmath.mpf(10) ** -15
    up, down = (
        recompute([(w + s, p) if k == chosen else (w, p) for k, (w, p) in enumerate(made)], [])
        for s in (h, -h)
    )
    return [float((high - low) / (2 * h)) for high, low in zip(up, down, strict=True)]


@pytest.fixture(params=range(6))
def case(request):
    print("seed", SEED + request.param)
    made = random_graph(SEED + request.param)
    return made, recompute(made, [])


def near(x):
    return pytest.approx(float(x), rel=1e-9, abs=1e-12)


def test_eq_graph_example():
    """The names of the text stand for the formula."""
    formula = printed("eq:graph-example")
    for x0, z0 in ((2.0, 3.0), (0.4, -1.2)):
        value = graph.expression("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", x=x0, z=z0).value
        formula.holds({"x": x0, "z": z0, "y": value}, rtol=1e-12)
    x, z = sympy.symbols("x z", positive=True)
    a, b = x * z, sympy.log(x)
    c, d = sympy.sin(b), sympy.exp(a)
    y = sympy.exp(x * z) + x * z / sympy.log(x) + sympy.sin(sympy.log(x)) / (x * z)
    assert sympy.simplify(d + a / b + c / a - y) == 0
    e = graph.expression("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", x=2, z=3)
    at = {x: 2, z: 3}
    assert e.value == near(y.subs(at).evalf(30))
    assert e.grad == {"x": near(y.diff(x).subs(at).evalf(30)), "z": near(y.diff(z).subs(at).evalf(30))}


def test_eq_node_value(case):
    pinned("eq:node-value", r"\node{i} = \varphi_i\bigl(\node{p(i,1)}, \dots, \node{p(i,r_i)}\bigr)")
    made, values = case
    for node, value in zip(as_values(made), values, strict=True):
        assert node.value == near(value)
        if node.operands:
            assert node.value == graph.OPERATIONS[node.operation].value(*(o.value for o in node.operands))


def test_prop_topological_order():
    """The procedure of the proof numbers acyclic graphs, and gets stuck on those with a cycle."""
    rng = random.Random(SEED)
    print("seed", SEED)

    def number(operands):
        numbers = {}
        while len(numbers) < len(operands):
            ready = [v for v in operands if v not in numbers and all(p in numbers for p in operands[v])]
            if not ready:
                return None
            numbers[rng.choice(ready)] = len(numbers)
        return numbers

    for _ in range(100):
        names = list(range(15))
        rng.shuffle(names)
        operands = {v: [p for p in names[:i] if rng.random() < 0.3] for i, v in enumerate(names)}
        numbers = number(operands)
        assert all(numbers[p] < numbers[v] for v in operands for p in operands[v])
        last = names[-1]
        for p in operands[last][:1]:
            operands[p] = [*operands[p], last]
            assert number(operands) is None


def test_eq_recompute(case):
    """F_{i-1} is F_i with the value of node i computed, near the forward values too."""
    pinned(
        "eq:recompute",
        r"\begin{aligned} F_n(\node{1}, \dots, \node{n}) &= \node{n} \\ F_{i-1}(\node{1}, \dots, \node{i-1}) &= F_i(\node{1}, \dots, \node{i}) \\ \text{with } \node{i} &= \varphi_i\bigl(\node{p(i,1)}, \dots, \node{p(i,r_i)}\bigr) . \end{aligned}",
    )
    made, values = case
    n = len(made)
    assert recompute(made, values)[-1] == values[-1]
    for i in range(n, 0, -1):
        given = [v + mpmath.mpf(k) / 1000 for k, v in enumerate(values[: i - 1])]
        what, operands = made[i - 1]
        own = OPERATIONS[what](*(given[p] for p in operands)) if operands else what
        assert recompute(made, given)[-1] == recompute(made, [*given, own])[-1]


def test_eq_adjoint(case):
    """`grad` is the derivative of the output by a node's value, what comes after it recomputed."""
    made, values = case
    nodes, n = as_values(made), len(made)
    nodes[-1].backward()
    for j in range(1, n + 1):
        printed("eq:adjoint").holds(of_graph(made, values) | {r"\adj": lambda i: nodes[i - 1].grad, "j": j})
    for j in range(1, n + 1):
        assert nodes[j - 1].grad == near(partial(made, values, j, j))
    inputs = [j for j in range(1, n + 1) if not made[j - 1][1]]
    for j in inputs:  # the adjoint of an input is the partial derivative of the whole
        h = mpmath.mpf(10) ** -15
        shifted = [(w + h, p) if k == j - 1 else (w, p) for k, (w, p) in enumerate(made)]
        assert nodes[j - 1].grad == near((recompute(shifted, [])[-1] - values[-1]) / h)


def sweep(made, values, look=lambda i, g: None):
    """Step 1 and step 2 of the theorem, with SymPy's local derivatives."""
    n = len(made)
    g = [mpmath.mpf(0)] * (n - 1) + [mpmath.mpf(1)]
    for i in range(n, 0, -1):
        look(i, list(g))
        what, operands = made[i - 1]
        for k, p in enumerate(operands):
            g[p] += g[i - 1] * local(what, k, [values[q] for q in operands])
    return g


def test_thm_backward_sweep(case):
    pinned(
        "thm:backward-sweep",
        "g_n = 1",
        "g_j = 0",
        "j < n",
        r"i = n, n - 1, \dots, 1",
        r"k = 1, \dots, r_i",
        r"g_i \cdot \partial_k \varphi_i",
        r"g_j = \adj{j}",
        r"\adj{n} = 1",
    )
    made, values = case
    g = sweep(made, values)
    nodes = as_values(made)
    nodes[-1].backward()
    for j in range(1, len(made) + 1):
        assert g[j - 1] == near(partial(made, values, j, j))
        assert nodes[j - 1].grad == near(g[j - 1])
    assert g[-1] == 1


def test_eq_sweep_invariant(case):
    """Before node i is handled the accumulators are the gradient of F_i."""
    made, values = case
    given = of_graph(made, values)
    formula = printed("eq:sweep-invariant", conditions=[r"\text{for }j=1,\dots,i"])
    seen = []

    def look(i, g):
        for j in range(1, i + 1):
            formula.holds(given | {"g_": lambda j: float(g[j - 1]), "i": i, "j": j})
        seen.append(i)

    sweep(made, values, look)
    assert seen == list(range(len(made), 0, -1))


def test_eq_one_node_less(case):
    made, values = case
    given, formula = of_graph(made, values), printed("eq:one-node-less")
    for i in range(2, len(made) + 1):
        for j in range(1, i):
            uses = [{"k": k + 1} for k, p in enumerate(made[i - 1][1]) if p == j - 1]
            formula.holds(given | {"i": i, "j": j, "k:p(i,k)=j": uses})
    for i in range(len(made), 1, -1):
        what, operands = made[i - 1]
        slopes = [local(what, k, [values[q] for q in operands]) for k in range(len(operands))]
        for j in range(1, i):
            own = sum(s for s, p in zip(slopes, operands, strict=True) if p == j - 1)
            right = partial(made, values, i, j) + partial(made, values, i, i) * own
            assert partial(made, values, i - 1, j) == near(right)


def test_eq_adjoint_recursion(case):
    made, values = case
    n = len(made)
    given = of_graph(made, values)
    given[r"\adj"] = lambda i: given[r"dF_/d\node"](i, i)
    for j in range(1, n):  # the output is the adjoint 1 by itself
        uses = [
            {"i": i + 1, "k": k + 1} for i, (_, o) in enumerate(made) for k, p in enumerate(o) if p == j - 1
        ]
        printed("eq:adjoint-recursion").holds(given | {"j": j, r"\substack{i,krowp(i,k)=j}": uses})
    adjoints = [partial(made, values, j, j) for j in range(1, n + 1)]
    assert adjoints[-1] == near(1)
    for j in range(n - 1):
        total = mpmath.mpf(0)
        for i, (what, operands) in enumerate(made):
            for k, p in enumerate(operands):
                if p == j:
                    total += adjoints[i] * local(what, k, [values[q] for q in operands])
        assert adjoints[j] == near(total)


def test_some_random_graph_has_a_node_with_repeated_and_one_with_several_uses():
    graphs = [random_graph(SEED + s) for s in range(6)]
    uses = [[p for _, operands in made for p in operands] for made in graphs]
    assert any(len(set(o)) < len(o) for made in graphs for _, o in made)
    assert any(u.count(p) > 2 for u in uses for p in set(u))
    assert any(
        p not in u for u, made in zip(uses, graphs, strict=True) for p in range(len(made) - 1)
    )  # unused node


def tangents(made, values, chosen):
    """eq:tangent-recursion with SymPy's local derivatives."""
    t = []
    for j, (what, operands) in enumerate(made):
        at = [values[q] for q in operands]
        t.append(
            sum(local(what, k, at) * t[p] for k, p in enumerate(operands))
            if operands
            else mpmath.mpf(j == chosen)
        )
    return t


def test_eq_tangent_recursion(case):
    """Every tangent is the derivative of its node's value by the chosen input."""
    made, values = case
    h = mpmath.mpf(10) ** -15
    chosen = 0
    judged = forward_differences(made, chosen)
    given = of_graph(made, values) | {r"\tangent": lambda i: judged[i - 1]}
    for i, (_, operands) in enumerate(made, start=1):
        if operands:
            printed("eq:tangent-recursion").holds(given | {"i": i})
    for chosen in (j for j, (_, operands) in enumerate(made) if not operands):
        up, down = (
            recompute([(w + s, p) if k == chosen else (w, p) for k, (w, p) in enumerate(made)], [])
            for s in (h, -h)
        )
        for t, high, low in zip(tangents(made, values, chosen), up, down, strict=True):
            assert t == near((high - low) / (2 * h))


def test_prop_forward_sweep(case):
    made, values = case
    for chosen in (j for j, (_, operands) in enumerate(made) if not operands):
        duals = []
        for j, (what, operands) in enumerate(made):
            duals.append(
                MAKE[what](*(duals[p] for p in operands))
                if operands
                else graph.Dual(float(what), float(j == chosen))
            )
        for dual, t, v in zip(duals, tangents(made, values, chosen), values, strict=True):
            assert (dual.value, dual.tangent) == (near(v), near(t))


def test_prop_sweeps(monkeypatch):
    """Counted: sweeps, and products of a local derivative with a tangent or an adjoint."""
    rng, count = random.Random(SEED), 0
    print("seed", SEED)
    original = sweeps.local_derivative

    def counted(*arguments):
        nonlocal count
        count += 1
        return original(*arguments)

    monkeypatch.setattr(sweeps, "local_derivative", counted)
    for n, m in ((1, 5), (5, 1), (3, 4), (12, 2)):
        plan = [(rng.choice("+*"), rng.randrange(n + i), rng.randrange(n + i)) for i in range(20)]

        def f(*x, plan=plan, m=m):
            nodes = list(x)
            for sign, p, q in plan:
                nodes.append(MAKE[sign](nodes[p], nodes[q]))
            return nodes[-m:]

        point, edges = [rng.uniform(0.5, 1.5) for _ in range(n)], 2 * len(plan)
        count = 0
        forward = graph.jacobian_forward(f, point)
        assert forward.sweeps == n and 0 < count <= n * edges
        count = 0
        reverse = graph.jacobian_reverse(f, point)
        assert reverse.sweeps == m and 0 < count <= m * edges
        for one, other in zip(forward.rows, reverse.rows, strict=True):
            assert one == pytest.approx(other, rel=1e-12, abs=1e-14)
