"""Exercises of chapter 3: computation graphs."""

import numpy as np

from .. import graph
from ..graph import pitfalls
from .exercise import Choice, Exercise, Formula, Number, Option, Order, Program, Slip, tex
from .tried import tried

CHAPTER = "03-graph"


def quotient(rng):
    """A graph of y = (xz + k)²/x, with the values and adjoints of its nodes."""
    x, z, k = (int(v) for v in rng.choice([2, 3, 4, 5, 6, 7], 3))
    it = graph.expression(f"(x*z + {k})^2 / x", x=x, z=z)
    p, q, r, y = it.nodes[2:]
    return {
        "x": x, "z": z, "k": k, "v": np.array([n.value for n in (p, q, r, y)]),
        "bar": np.array([n.grad for n in (p, q, r)]), "grad": np.array([it.grad["x"], it.grad["z"]]),
    }  # fmt: skip


by_hand = Exercise(
    name="graph-by-hand",
    title="The graph of a function, forward and backward by hand",
    chapter=CHAPTER,
    trains=("eq:node-value", "eq:adjoint-recursion"),
    level=1,
    minutes=12,
    task=quotient,
    text=lambda t: (
        f"Draw the computation graph of $y = (xz + {t.k})^2 / x$ with the nodes $p = xz$, $q = p + {t.k}$, "
        f"$r = q^2$ and $y = r/x$. Compute all values and adjoints at $x = {t.x}$, $z = {t.z}$, to three "
        f"decimals."
    ),
    steps=(
        Number("values", "The values of $p, q, r, y$", lambda t: t.v, (), 3),
        Number(
            "adjoints",
            r"The adjoints $\bar p, \bar q, \bar r$",
            lambda t: np.array([2 * t.values[1], 2 * t.values[1], 1.0]) / [t.x, t.x, t.x],
            (
                Slip(
                    "upstream forgotten",
                    lambda t: np.array([1.0, 2 * t.v[1], 1 / t.x]),
                    "These are the local derivatives. Multiply each by the adjoint of the node above.",
                    ("eq:adjoint-recursion",),
                ),
                Slip(
                    "square at p",
                    lambda t: np.array([2 * t.v[0], 2 * t.v[0], 1.0]) / t.x,
                    "You took the derivative of the square at $p$. It is taken at its operand, $q$.",
                    ("eq:adjoint-recursion",),
                ),
            ),
            3,
        ),
        Number(
            "gradient",
            r"The adjoints $\bar x, \bar z$",
            lambda t: np.array([t.adjoints[0] * t.z - t.v[2] / t.x**2, t.adjoints[0] * t.x]),
            (
                Slip(
                    "edge to y forgotten",
                    lambda t: np.array([t.adjoints[0] * t.z, t.adjoints[0] * t.x]),
                    "Node $x$ has two edges, to $p$ and to $y$. The one to $y$ is missing.",
                    ("eq:adjoint-recursion",),
                ),
                Slip(
                    "edge to p forgotten",
                    lambda t: np.array([-t.v[2] / t.x**2, t.adjoints[0] * t.x]),
                    "Node $x$ has two edges, to $p$ and to $y$. Add what comes from $p$.",
                    ("eq:adjoint-recursion", "graph-mistakes"),
                ),
                Slip(
                    "sign of the quotient",
                    lambda t: np.array([t.adjoints[0] * t.z + t.v[2] / t.x**2, t.adjoints[0] * t.x]),
                    "The derivative of $r/x$ by $x$ is *minus* $r/x^2$.",
                ),
            ),
            3,
        ),
    ),
    hints=(
        "The input $x$ has two edges; the constants are parts of their operations.",
        r"$\bar y = 1$, and each other adjoint is the sum over its edges: adjoint above times local "
        r"derivative.",
        lambda t: (
            rf"$\bar r = 1/{t.x} = {tex(t.bar[2], 3)}$ and $\bar q = \bar r \cdot 2q = {tex(t.bar[1], 3)}$."
        ),
    ),
    solution=lambda t: (
        f"Forward: $p = {tex(t.v[0], 0)}$, $q = {tex(t.v[1], 0)}$, $r = {tex(t.v[2], 0)}$, $y = "
        f"{tex(t.v[3], 3)}$. Backward:\n\n$$\\begin{{aligned}} \\bar r &= \\bar y \\cdot \\frac1x = "
        f"{tex(t.bar[2], 3)} \\\\ "
        rf"\bar q &= \bar r \cdot 2q = {tex(t.bar[1], 3)} \\ \bar p &= \bar q = {tex(t.bar[0], 3)} \\ \bar "
        rf"z &= \bar p \cdot x = {tex(t.grad[1], 3)} \\ \bar x &= \bar p \cdot z - \bar y \cdot "
        rf"\frac{{r}}{{x^2}} \\ &= {tex(t.bar[0] * t.z, 3)} - {tex(t.v[2] / t.x**2, 3)} = "
        rf"{tex(t.grad[0], 3)} \end{{aligned}}$$"
        f'{chr(10)}{chr(10)}`graph.expression("(x*z + {t.k})^2 / x", x={t.x}, z={t.z}).trace()` '
        "prints the same numbers."
    ),
)

formula = Exercise(
    name="graph-formula",
    title="From the graph to a formula",
    chapter=CHAPTER,
    trains=("eq:adjoint-recursion",),
    level=2,
    minutes=6,
    task=lambda rng: {"k": int(rng.integers(2, 9)), "n": int(rng.integers(2, 5))},
    text=lambda t: (
        f"Nodes: $p = {t.k}xz$, $q = x^{t.n}$, $s = p + q$, $y = \\ln s$. Sweep backward with letters, for "
        f"$x, z > 0$. "
        "Type formulas as `3*z/(3*x*z + x^2)`."
    ),
    steps=(
        Formula(
            "dydz",
            r"$\bar z$",
            lambda t: f"{t.k}*x/({t.k}*x*z + x^{t.n})",
            {"x": (0.5, 2.0), "z": (0.5, 2.0)},
            (
                Slip(
                    "upstream forgotten",
                    lambda t: f"{t.k}*x",
                    "This is the local derivative of $p$. The adjoint of $p$, $1/s$, is missing.",
                    ("eq:adjoint-recursion",),
                ),
                Slip(
                    "logarithm of the slope",
                    lambda t: f"1/({t.k}*x)",
                    r"The derivative of $\ln s$ is $1/s$ with the value $s$, not with its derivative.",
                    ("eq:chain-rule",),
                ),
            ),
        ),
        Formula(
            "dydx",
            r"$\bar x$",
            lambda t: f"({t.k}*z + {t.n}*x^{t.n - 1})/({t.k}*x*z + x^{t.n})",
            {"x": (0.5, 2.0), "z": (0.5, 2.0)},
            (
                Slip(
                    "edge to q forgotten",
                    lambda t: f"{t.k}*z/({t.k}*x*z + x^{t.n})",
                    "Node $x$ has an edge to $q$ too; the contributions of its edges are added.",
                    ("eq:adjoint-recursion",),
                ),
                Slip(
                    "edge to p forgotten",
                    lambda t: f"{t.n}*x^{t.n - 1}/({t.k}*x*z + x^{t.n})",
                    "Node $x$ has an edge to $p$ too; the contributions of its edges are added.",
                    ("eq:adjoint-recursion",),
                ),
                Slip(
                    "upstream forgotten",
                    lambda t: f"{t.k}*z + {t.n}*x^{t.n - 1}",
                    "Both contributions still have to be multiplied by the adjoints above, $1/s$.",
                    ("eq:adjoint-recursion",),
                ),
            ),
        ),
    ),
    hints=(
        r"$\bar s = 1/s$, and the sum hands it down unchanged to $p$ and $q$.",
        "Two edges leave $x$, one leaves $z$.",
    ),
    solution=lambda t: (
        rf"$\bar s = 1/s$, $\bar p = \bar q = 1/s$, $\bar z = \bar p \cdot {t.k}x$ and $\bar x = \bar p "
        rf"\cdot {t.k}z + \bar q \cdot {t.n}x^{{{t.n - 1}}}$. So"
        f"\n\n$$\\bar z = \\frac{{{t.k}x}}{{{t.k}xz + x^{t.n}}}, \\qquad "
        rf"\bar x = \frac{{{t.k}z + {t.n}x^{{{t.n - 1}}}}}{{{t.k}xz + x^{t.n}}}$$"
    ),
)


def twice(a, sweep):
    """What a backward sweep leaves at a in b = a·a, c = b + b."""
    leaf = graph.Value(float(a), "a")
    b = leaf * leaf
    sweep(b + b)
    return leaf.grad


def again(output):
    for _ in range(2):
        pitfalls.without_reset(output, keep="all")


WRONG = {
    "recursion": pitfalls.by_recursion, "order": pitfalls.in_post_order,
    "assignment": pitfalls.by_assignment, "reset": again,
}  # fmt: skip


def fault(text, name, because):
    return Option(text, lambda t: twice(t.a, WRONG[name]), because, ("graph-mistakes",))


fingerprint = Exercise(
    name="graph-fingerprint",
    title="Which rule was broken?",
    chapter=CHAPTER,
    trains=("thm:backward-sweep",),
    level=3,
    minutes=8,
    task=lambda rng: {"a": int(rng.integers(3, 10)), "wrong": str(rng.choice(list(WRONG)))},
    text=lambda t: (
        f"For $b = a \\cdot a$, $c = b + b$ at $a = {t.a}$ a program prints the adjoint $\\bar a = "
        f"{twice(t.a, WRONG[t.wrong]):g}$. By hand it is $4a = {4 * t.a}$. (If it sweeps more than once, "
        f"this is the second time.)"
    ),
    steps=(
        Choice(
            "fault",
            "Which mistake makes exactly this number?",
            lambda t: twice(t.a, WRONG[t.wrong]),
            (
                fault(
                    "no topological order: a node hands down all it has each time it is reached",
                    "recursion",
                    r"Node $b$ is reached twice, each time with $\bar b = 2$: twice the right answer.",
                ),
                fault(
                    "the topological order forward instead of backward",
                    "order",
                    "Every node hands down before anything has arrived: 0 at the input.",
                ),
                fault(
                    "`=` instead of `+=`",
                    "assignment",
                    "Of each pair of edges only one counts: half at $b$, and half again at $a$.",
                ),
                fault(
                    "no reset: all nodes but the output keep their adjoints, and this is the second sweep",
                    "reset",
                    r"The second sweep finds 2 at $b$ and hands down 4: $4a + 8a$.",
                ),
            ),
        ),
    ),
    hints=(
        "Do the sweep with each mistake in it, on paper: four edges each.",
        "Divide the printed number by the right one.",
    ),
    solution=lambda t: (
        f"The four mistakes give {', '.join(f'{twice(t.a, sweep):g}' for sweep in WRONG.values())}, in the "
        f"order above: 2, 0, ¼ and 3 times the right {4 * t.a}. So it is option {'ABCD'[t.fault]}."
    ),
)


def swept(edges, order, add=True):
    """A sweep over nodes in a given order, each handing down to its operands."""
    g = np.zeros(len(edges))
    g[-1] = 1
    for i in order:
        for j, local in edges[i]:
            g[j] = g[i] * local + (g[j] if add else 0)
    return g


def adjoints(edges):
    """All adjoints as the solution of the linear equations eq:adjoint-recursion."""
    A = np.zeros((len(edges), len(edges)))
    for i, own in enumerate(edges):
        for j, local in own:
            A[j, i] += local
    return np.linalg.solve(np.eye(len(edges)) - A, np.eye(len(edges))[-1])


def random_graph(rng):
    """({edges},): nodes 2, 3, ... have two operands among the nodes before them."""
    n = int(rng.integers(5, 9))
    two = [
        [(int(rng.integers(max(0, i - 3), i)), float(rng.uniform(0.5, 2))) for _ in "ab"] for i in range(2, n)
    ]
    two[-1] = [(n - 2, 1.5), (n - 3, 0.5)]
    return ([[], [], *two],)


program = Exercise(
    name="program-sweep",
    title="Write the backward sweep",
    chapter=CHAPTER,
    trains=("thm:backward-sweep", "eq:adjoint-recursion"),
    level=2,
    minutes=12,
    text=lambda t: (
        "The nodes 0, 1, … are in topological order, the last one is the output. `edges[i]` lists the "
        "operands of node $i$ as pairs `(j, local)`: the operand's number and the local derivative. Return "
        "the list of all adjoints."
    ),
    steps=(
        Program(
            "backward",
            "Write it; a node may be an operand twice.",
            "def backward(edges):\n    g = [0.0] * len(edges)\n    return g\n",
            "def backward(edges):\n    g = [0.0] * len(edges)\n    g[-1] = 1.0\n    for i in "
            "reversed(range(len(edges))):\n        for j, local in edges[i]:\n            g[j] += g[i] * "
            "local\n    return g\n",
            tried(
                random_graph,
                adjoints,
                (
                    Slip(
                        "assignment",
                        lambda a: swept(a[0], range(len(a[0]))[::-1], add=False),
                        "Of several uses of a node only the last counts: write `+=`.",
                        ("graph-mistakes",),
                    ),
                    Slip(
                        "forward",
                        lambda a: swept(a[0], range(len(a[0]))),
                        "Nodes hand down before they have received: go from the output to the inputs.",
                        ("graph-mistakes",),
                    ),
                    Slip(
                        "no seed",
                        lambda a: np.zeros(len(a[0])),
                        "Everything is 0: the output's own adjoint has to be 1 at the start.",
                        ("thm:backward-sweep",),
                    ),
                    Slip(
                        "local derivative forgotten",
                        lambda a: swept([[(j, 1.0) for j, _ in own] for own in a[0]], range(len(a[0]))[::-1]),
                        "Each contribution is the adjoint above *times the local derivative*.",
                        ("eq:adjoint-recursion",),
                    ),
                ),
            ),
            {
                "assignment": ("+=", "="),
                "forward": ("reversed(range(len(edges)))", "range(len(edges))"),
                "no seed": ("g[-1] = 1.0", "g[-1] = 0.0"),
                "local derivative forgotten": (" * local", ""),
            },
        ),
    ),
    hints=(
        "Three things must be right: the start, the order, the adding.",
        "Loop over the nodes from the last to the first, and over the edges of each.",
        "One line does the work: `g[j] += g[i] * local`.",
    ),
    solution=lambda t: f"```python\n{t.backward}```\n\nStart at 1, go backward, add over the edges.",
)

paths = Exercise(
    name="graph-paths",
    title="Paths and edges",
    chapter=CHAPTER,
    trains=("prop:sweeps", "eq:adjoint-recursion"),
    level=2,
    minutes=8,
    task=lambda rng: {"k": int(rng.integers(2, 4)), "n": int(rng.integers(5, 11))},
    text=lambda t: (
        f"Start with an input and take {t.n} steps. In each, the new node adds up {t.k} copies of the node "
        f"before ({t.k} edges). A recursion calls itself once for the output and once for every edge that "
        f"it follows, without "
        "remembering where it has been."
    ),
    steps=(
        Number(
            "paths",
            "How many paths lead from the input to the output?",
            lambda t: t.k**t.n,
            (
                Slip(
                    "edges",
                    lambda t: t.k * t.n,
                    "This is the number of edges. At each step a path chooses one of them anew.",
                ),
                Slip(
                    "one step too many",
                    lambda t: t.k ** (t.n + 1),
                    "One choice too many: there are as many choices as steps.",
                ),
            ),
            0,
        ),
        Number(
            "edges",
            "How many multiplications does the backward sweep take?",
            lambda t: t.k * t.n,
            (
                Slip(
                    "paths",
                    lambda t: t.k**t.n,
                    "The sweep follows edges, not paths: one multiplication an edge.",
                    ("prop:sweeps",),
                ),
            ),
            0,
        ),
        Number(
            "calls",
            "How many calls does the recursion make?",
            lambda t: sum(t.k**i for i in range(t.n + 1)),
            (
                Slip(
                    "ends only",
                    lambda t: t.k**t.n,
                    "These are only the calls for the input. Every beginning of a path is a call.",
                ),
                Slip(
                    "one a node",
                    lambda t: t.n + 1,
                    "That would be one call a node. It comes to a node as often as paths lead there.",
                ),
            ),
            0,
        ),
    ),
    hints=(
        "Each step can be taken along any of its edges.",
        r"The calls are counted by the beginnings of paths: $1 + k + k^2 + \dots$",
        lambda t: f"After two steps from the output there have been $1 + {t.k} + {t.k**2}$ calls.",
    ),
    solution=lambda t: (
        f"${t.k}^{{{t.n}}} = {t.paths}$ paths, ${t.k} \\cdot {t.n} = {t.edges}$ edges with one "
        f"multiplication each, and $1 + {t.k} + \\dots + {t.k}^{{{t.n}}} = {t.calls}$ calls.\n\nWith 30 "
        f"doublings it is {2**30} paths and {2**31 - 1} "
        "calls, more than half an hour at a million calls a second, against 60 multiplications. The sum "
        "over paths is the same; the sweep adds up before it multiplies on, so it never follows two paths "
        "that have met."
    ),
)


def kept(t, keep):
    """What a shows after m sweeps without reset."""
    leaf = graph.Value(float(t.a), "a")
    b = leaf * leaf
    c = b + b
    for _ in range(t.m):
        pitfalls.without_reset(c, keep=keep)
    return leaf.grad


reset = Exercise(
    name="graph-reset",
    title="Sweeps without a reset",
    chapter=CHAPTER,
    trains=("thm:backward-sweep",),
    level=2,
    minutes=8,
    task=lambda rng: {"a": int(rng.integers(2, 8)), "m": int(rng.integers(3, 7))},
    text=lambda t: (
        rf"Take $b = a \cdot a$, $c = b + b$ at $a = {t.a}$. What does $\bar a$ show after sweep number "
        rf"{t.m} without a reset?"
    ),
    steps=(
        Number(
            "inputs",
            "If only the inputs keep their adjoints",
            lambda t: kept(t, "inputs"),
            (
                Slip(
                    "one sweep",
                    lambda t: 4 * t.a,
                    "That is one sweep. The input keeps what the earlier ones brought.",
                    ("graph-mistakes",),
                ),
                Slip(
                    "slope of the square",
                    lambda t: 2 * t.a * t.m,
                    r"$\bar b$ is 2: two edges lead from $b$ to $c$.",
                    ("eq:adjoint-recursion",),
                ),
            ),
            0,
        ),
        Number(
            "all",
            "If every node except the output keeps its own",
            lambda t: kept(t, "all"),
            (
                Slip(
                    "inputs only",
                    lambda t: t.inputs,
                    r"Now $b$ keeps its adjoint too, and hands down more in each sweep.",
                    ("graph-mistakes",),
                ),
                Slip(
                    "doubled each time",
                    lambda t: 4 * t.a * (2**t.m - 1),
                    r"$\bar b$ grows by 2 in each sweep; it is not doubled.",
                    ("graph-mistakes",),
                ),
            ),
            0,
        ),
    ),
    hints=(
        "One sweep alone brings $4a$.",
        r"In the second case $\bar b$ is 2, 4, 6, …, and $b$ hands down $\bar b \cdot 2a$ each time.",
        lambda t: f"The contributions are ${4 * t.a}, {8 * t.a}, {12 * t.a}$ and so on.",
    ),
    solution=lambda t: (
        f"Inputs only: each sweep adds $4a = {4 * t.a}$, together ${t.m} \\cdot {4 * t.a} = "
        f"{tex(t.inputs, 0)}$.\n\n"
        rf"All nodes: in sweep $m$ the adjoint of $b$ is $2m$, and it hands down $2m \cdot 2a$. Together "
        rf"${' + '.join(str(4 * t.a * i) for i in range(1, t.m + 1))} = {tex(t.all, 0)}$, in general "
        rf"$2a\,m(m+1)$."
    ),
)

modes = Exercise(
    name="graph-modes",
    title="Which mode, and a tangent by hand",
    chapter=CHAPTER,
    trains=("prop:sweeps", "eq:tangent-recursion"),
    level=1,
    minutes=10,
    task=lambda rng: {
        "q": int(rng.integers(3, 8)),
        "m": int(rng.integers(20, 60)),
        "x": int(rng.integers(2, 8)),
        "z": int(rng.integers(2, 8)),
    },
    text=lambda t: (
        f"**(a)** A program computes from {t.q} angles of a robot's arm {t.m} coordinates, and from these "
        f"one number, the energy.\n\n**(b)** Nodes: $e = x/z$, $f = e \\cdot x$, $y = f + z$, at $x = "
        f"{t.x}$, $z = {t.z}$. Carry the tangents "
        r"for the input $z$ along: $\dot z = 1$, $\dot x = 0$."
    ),
    steps=(
        Number(
            "jacobian",
            "Sweeps for the Jacobian of the coordinates: forward mode, reverse mode",
            lambda t: np.array([t.q, t.m]),
            (
                Slip(
                    "exchanged",
                    lambda t: np.array([t.m, t.q]),
                    "A forward sweep starts at one input, a backward sweep at one output.",
                    ("prop:sweeps",),
                ),
            ),
            0,
        ),
        Number(
            "energy",
            "Sweeps for the gradient of the energy: forward mode, reverse mode",
            lambda t: np.array([t.q, 1]),
            (
                Slip(
                    "exchanged",
                    lambda t: np.array([1, t.q]),
                    "One output: one *backward* sweep.",
                    ("prop:sweeps",),
                ),
                Slip(
                    "through the coordinates",
                    lambda t: np.array([t.q, t.m]),
                    "The coordinates lie between. Only the outputs of which one wants derivatives count.",
                    ("prop:sweeps",),
                ),
            ),
            0,
        ),
        Number(
            "tangents",
            r"The tangents $\dot e, \dot f, \dot y$, to four decimals",
            lambda t: np.array([-t.x / t.z**2, -(t.x**2) / t.z**2, 1 - t.x**2 / t.z**2]),
            (
                Slip(
                    "sign of the quotient",
                    lambda t: np.array([t.x / t.z**2, t.x**2 / t.z**2, 1 + t.x**2 / t.z**2]),
                    "The derivative of $x/z$ by $z$ is *minus* $x/z^2$.",
                ),
                Slip(
                    "both inputs move",
                    lambda t: (lambda e: np.array([e, e * t.x + t.x / t.z, e * t.x + t.x / t.z + 1]))(
                        1 / t.z - t.x / t.z**2
                    ),
                    r"You set $\dot x = 1$ too. A sweep is for one input; the tangents of the others are 0.",
                    ("eq:tangent-recursion",),
                ),
                Slip(
                    "edge from z forgotten",
                    lambda t: np.array([-t.x / t.z**2, -(t.x**2) / t.z**2, -(t.x**2) / t.z**2]),
                    r"$y$ has two operands, and $\dot z$ is 1: add it.",
                    ("eq:tangent-recursion",),
                ),
            ),
        ),
    ),
    hints=(
        "Forward mode: a sweep an input. Reverse mode: a sweep an output.",
        "A tangent is the sum over the operands of local derivative times the operand's tangent.",
        lambda t: rf"$\dot e = -x/z^2 = {tex(-t.x / t.z**2)}$.",
    ),
    solution=lambda t: (
        f"**(a)** For the Jacobian {t.q} forward sweeps or {t.m} backward ones: forward is cheaper. For the "
        f"energy {t.q} or 1: "
        "reverse is.\n\n**(b)** "
        rf"$\dot e = -\frac{{x}}{{z^2}} \cdot 1 = {tex(t.tangents[0])}$, $\dot f = \dot e \cdot x + e \cdot "
        rf"0 = {tex(t.tangents[1])}$, $\dot y = \dot f + 1 = {tex(t.tangents[2])}$. The last is $\bar z$, "
        rf"as it must be: both are "
        "the derivative of $y$ by $z$."
    ),
)

order = Exercise(
    name="graph-order",
    title="The order of the sweep",
    chapter=CHAPTER,
    trains=("thm:backward-sweep", "prop:topological-order"),
    level=1,
    minutes=5,
    text=lambda t: "Put both sweeps for $p = xz$, $q = p^2$, $y = q/x$ in order. One line does not belong.",
    steps=(
        Order(
            "sweeps",
            "Every order in which each line finds what it needs is right.",
            {
                "p": "compute $p = xz$",
                "q": "compute $q = p^2$",
                "y": "compute $y = q/x$",
                "ybar": r"set $\bar y = 1$",
                "qbar": r"$\bar q = \bar y \cdot \frac1x$",
                "pbar": r"$\bar p = \bar q \cdot 2p$",
                "zbar": r"$\bar z = \bar p \cdot x$",
                "xbar": r"$\bar x = \bar p \cdot z - \bar y \cdot \frac{q}{x^2}$",
            },
            {
                "q": ("p",),
                "y": ("q",),
                "qbar": ("ybar",),
                "pbar": ("qbar", "p"),
                "zbar": ("pbar",),
                "xbar": ("pbar", "ybar", "q"),
            },
            {
                "half": (
                    r"$\bar x = -\bar y \cdot \frac{q}{x^2}$",
                    r"this is only one edge of $x$; the other leads to $p$.",
                )
            },
            {
                ("pbar", "xbar"): r"$x$ is an operand of $p$: it waits for $\bar p$.",
                ("p", "pbar"): "the local derivative needs the value of $p$.",
            },
        ),
    ),
    hints=(
        "Values from the inputs on, adjoints from the output on.",
        r"Both $\bar x$ and $\bar z$ wait for $\bar p$; their order is free.",
    ),
    solution=lambda t: (
        r"First $p$, $q$, $y$. Then $\bar y$, $\bar q$, $\bar p$, and at last $\bar x$ and $\bar z$ in "
        r"either order. A node is complete when all nodes that use it have handed down."
    ),
)

EXERCISES = (by_hand, formula, order, fingerprint, program, paths, reset, modes)
