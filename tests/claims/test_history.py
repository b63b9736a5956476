"""Claims of chapter 10: the costate recursion, and who did what according to which source."""

import ast
import re

import numpy as np
import pytest
import sympy
from pybtex.database import parse_file
from pybtex.plugin import find_plugin

import backprop as bp

from .labels import ROOT, pages
from .printed import pinned, printed

SEED = 10
BIBLIOGRAPHY = parse_file(str(ROOT / "references.bib")).entries
CHAPTER = next(text for path, text in pages() if path.stem == "10-history")
# Cited in the chapter, but no works of the timeline: surveys, and witnesses for single statements.
SURVEYS = {
    "baydin2018", "dreyfus1990", "goodfellow2016", "griewank2008", "griewank2012", "liu2023",
    "schmidhuber2014", "schmidhuber2015", "schmidhuber2022",
}  # fmt: skip
WITNESSES = {
    "acm2019", "alglib", "bartunov2018", "diffraxdocs", "goldberg2016", "he2016", "hinton2020", "lecun1986",
    "nobel2024", "pytorchdocs", "schmidhuber2021", "schmidhuber2024",
}  # fmt: skip
ENTRIES = bp.history.entries()
DOIS = {
    "ackley1985": "10.1207/s15516709cog0901_7",
    "amari1967": "10.1109/PGEC.1967.264666",
    "baur1983": "10.1016/0304-3975(83)90110-X",
    "bengio1994": "10.1109/72.279181",
    "dreyfus1962": "10.1016/0022-247X(62)90004-5",
    "dreyfus1973": "10.1109/TAC.1973.1100330",
    "dreyfus1990": "10.2514/3.25422",
    "fukushima1969": "10.1109/TSSC.1969.300225",
    "fukushima1980": "10.1007/BF00344251",
    "griewank1992": "10.1080/10556789208805505",
    "griewank2008": "10.1137/1.9780898717761",
    "griewank2012": "10.4171/DMS/6/38",
    "he2015": "10.1109/ICCV.2015.123",
    "ivakhnenko1971": "10.1109/TSMC.1971.4308320",
    "kelley1960": "10.2514/8.5282",
    "linnainmaa1976": "10.1007/BF01931367",
    "pearlmutter1994": "10.1162/neco.1994.6.1.147",
    "robbins1951": "10.1214/aoms/1177729586",
    "rumelhart1986": "10.1038/323533a0",
    "schmidhuber2015": "10.1016/j.neunet.2014.09.003",
    "wengert1964": "10.1145/355586.364791",
    "werbos1982": "10.1007/BFb0006203",
    "werbos1990": "10.1109/5.58337",
}


def cited(text):
    """All keys that a text cites."""
    return {key for keys in re.findall(r"\{cite:[pt]\}`([^`]+)`", text) for key in keys.split(",")}


def authors(key):
    return {" ".join(person.last_names) for person in BIBLIOGRAPHY[key].persons["author"]}


# The timeline and its sources


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_an_entry_is_in_the_bibliography_with_its_year_and_authors(entry):
    source = BIBLIOGRAPHY[entry.key]
    assert int(source.fields["year"]) == entry.year
    first, *others = [" ".join(person.last_names) for person in source.persons["author"]]
    named = re.split(r", | & | and ", entry.who)
    assert named[0] == first
    assert named[1:] in (others, ["others"]) and (named[1:] != ["others"] or len(others) > 1)


def test_the_chapter_cites_the_timeline_and_nothing_else_but_surveys_and_witnesses():
    keys = {entry.key for entry in ENTRIES}
    assert cited(CHAPTER) == keys | SURVEYS | WITNESSES
    assert not keys & (SURVEYS | WITNESSES)


def test_the_chapter_has_each_entry_with_both_marks_and_their_sources_once():
    assert sorted(re.findall(r"^- \{cite:t\}`.*", CHAPTER, re.M)) == sorted(entry.line for entry in ENTRIES)


def test_every_mark_has_a_source():
    """Influence is shown by something later, or by a survey; what is disputed rests on no single one."""
    for entry in ENTRIES:
        assert {entry.key, entry.source} <= set(BIBLIOGRAPHY)
        if entry.influential:
            assert int(BIBLIOGRAPHY[entry.influence].fields["year"]) >= entry.year
        assert entry.source in SURVEYS | WITNESSES | {entry.key, "rumelhart1986pdp"}
        assert entry.content == "agreed" or entry.source == entry.key


def test_influence_is_shown_by_others():
    """A work is not the witness of its own influence: some author of the later one is new."""
    for entry in ENTRIES:
        if entry.influential:
            mine, theirs = authors(entry.key), authors(entry.influence)
            assert theirs - mine, f"{entry.key}: {entry.influence} is by the same authors"


def test_what_is_disputed_is_quoted_and_cited_on_both_sides():
    for entry in bp.history.entries(content="disputed"):
        paragraph = re.search(
            rf"\*\*What is disputed about {entry.who} {entry.year}\.\*\* The sentence is: .*?\n\n",
            CHAPTER,
            re.S,
        )[0]
        one, other = paragraph.split("On the other,")
        assert "On one side, " in one and '"' in paragraph
        for side in (one, other):
            assert cited(side) & (SURVEYS | WITNESSES)


def test_dois_are_those_of_the_publishers():
    for key, doi in DOIS.items():
        assert BIBLIOGRAPHY[key].fields["doi"] == doi
    assert BIBLIOGRAPHY["schmidhuber2022"].fields["note"] == "arXiv:2212.11279"


def test_the_bibliography_is_sorted_and_complete():
    assert list(BIBLIOGRAPHY) == sorted(BIBLIOGRAPHY)
    everywhere = set().union(*(cited(text) for _, text in pages()))
    assert sorted(everywhere - set(BIBLIOGRAPHY)) == []
    assert all(source.fields["title"] and source.fields["year"] for source in BIBLIOGRAPHY.values())


def test_every_reference_has_the_fields_of_its_kind():
    """The page's style formats it; a book without its publisher would stop the build."""
    style = find_plugin("pybtex.style.formatting", "unsrt")()
    assert len(list(style.format_entries(BIBLIOGRAPHY.values()))) == len(BIBLIOGRAPHY)


def test_proceedings_that_have_a_volume_name_it():
    """The volumes of the Proceedings of Machine Learning Research, where its pages number per volume."""
    volumes = {"glorot2010": "9", "ioffe2015": "37", "pascanu2013": "28"}
    for key, volume in volumes.items():
        fields = BIBLIOGRAPHY[key].fields
        assert (fields["series"], fields["volume"]) == ("Proceedings of Machine Learning Research", volume)
    elsewhere = [
        key
        for key, source in BIBLIOGRAPHY.items()
        if "proceedings.mlr.press/v" in source.fields.get("url", "") and "volume" not in source.fields
    ]
    assert elsewhere == []


def test_each_mark_is_explained_in_the_chapter():
    for mark, meaning in bp.history.CONTENT.items():
        assert f"- **{mark}**: {meaning}." in CHAPTER
    assert f"or **{bp.history.NONE_KNOWN}**." in CHAPTER


NAME = r"[A-Z]\w+(?:-[A-Z]\w+)?"
PAPER = re.compile(rf"({NAME})(?:(?:, {NAME})* & {NAME}| et al\.)? \(?((?:18|19|20)\d\d)\b")


def papers(source):
    """The papers that the docstrings of a module name: first author and year."""
    docs = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    return {(name, int(year)) for doc in docs for name, year in PAPER.findall(re.sub(r"\s+", " ", doc))}


def test_papers_are_found_in_docstrings():
    text = '''"""Sources: Baur & Strassen\n(1983); LeCun et al. (1998), Pascanu, Mikolov & Bengio 2013."""'''
    assert papers(text) == {("Baur", 1983), ("LeCun", 1998), ("Pascanu", 2013)}


def test_papers_named_in_docstrings_are_in_the_bibliography():
    known = {
        (" ".join(source.persons["author"][0].last_names), int(source.fields["year"]))
        for source in BIBLIOGRAPHY.values()
    }
    named = {
        (path.name, *paper)
        for path in sorted((ROOT / "src").rglob("*.py"))
        for paper in papers(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 15
    assert sorted(paper for paper in named if paper[1:] not in known) == []


# The costate recursion. A system whose stages differ in their function and in the size of their state.


class System:
    """Random smooth stages s -> tanh(A s + B u) * (1 + q·u), with n stages and a smooth final cost."""

    def __init__(self, seed, n=4):
        rng = np.random.default_rng(seed)
        self.sizes = [int(size) for size in rng.integers(1, 5, n + 1)]
        self.A = [rng.normal(size=(self.sizes[t + 1], self.sizes[t])) for t in range(n)]
        self.B = [rng.normal(size=(self.sizes[t + 1], 2)) for t in range(n)]
        self.q, self.r = rng.normal(size=2), rng.normal(size=self.sizes[n])
        self.start, self.controls = rng.normal(size=self.sizes[0]), rng.normal(size=(n, 2))

    def stage(self, t, s, u):
        return np.tanh(self.A[t] @ s + self.B[t] @ u) * (1 + self.q @ u)

    def derivatives(self, t, s, u):
        th = np.tanh(self.A[t] @ s + self.B[t] @ u)
        slope = (1 - th**2)[:, None] * (1 + self.q @ u)
        return slope * self.A[t], slope * self.B[t] + np.outer(th, self.q)

    def rest(self, t, s, controls):
        """J_t: the final cost of a system that is in state s at stage t."""
        for i in range(t, len(controls)):
            s = self.stage(i, s, controls[i])
        return np.sin(self.r @ s) + s @ s

    def costates(self):
        s = [self.start]
        for t, u in enumerate(self.controls):
            s.append(self.stage(t, s[t], u))
        costates = [np.cos(self.r @ s[-1]) * self.r + 2 * s[-1]]
        for t in reversed(range(len(self.controls))):
            costates.insert(0, self.derivatives(t, s[t], self.controls[t])[0].T @ costates[0])
        return s, costates


def slope(function, x, h=1e-6):
    """The gradient of a function by central differences."""
    x = np.asarray(x, dtype=float)
    unit = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(function(x + e) - function(x - e)) / (2 * h) for e in unit]).reshape(x.shape)


def sled(s, u):
    return np.array([s[0] + s[1], s[1] + u[0] - 0.1 * s[1] ** 2])


def sled_column(s, u):
    return sled(s[:, 0], np.ravel(u))[:, None]


def columns(given):
    """The environment with columns in place of lists of numbers."""
    turned = lambda v: np.asarray(v, dtype=float).reshape(-1, 1)
    return {
        name: [turned(v) for v in values] if isinstance(values, list) else values
        for name, values in given.items()
    }


def sled_derivatives(s, u):
    return np.array([[1, 1], [0, 1 - 0.2 * s[1]]]), np.array([[0], [1]])


def test_eq_stages():
    """Each state comes from the one before; a control acts on later states only."""
    rng = np.random.default_rng(SEED)
    controls = rng.normal(size=(5, 1))
    states = bp.control.forward(sled, [0.3, 1.2], controls)
    given = {"s_": states, "u_": list(controls), "f_": dict.fromkeys(range(5), sled_column).__getitem__}
    for t in range(5):
        named = {
            r"\cost": float(states[5] @ states[5]) / 2,
            r"\Phi": lambda s: (s.T @ s).item() / 2,
            "n": 5,
            "t": t,
        }
        printed("eq:stages").holds(columns(given) | named)
    p, v = 0.3, 1.2
    for t in range(5):
        assert states[t] == pytest.approx([p, v], rel=1e-14)
        p, v = p + v, v + controls[t, 0] - v * v / 10
    assert states[5] == pytest.approx([p, v], rel=1e-14)
    controls[3] += 1
    changed = bp.control.forward(sled, [0.3, 1.2], controls)
    assert [bool((a != b).any()) for a, b in zip(states, changed, strict=True)] == [False] * 4 + [True] * 2


def test_eq_costate():
    """λ_t is the derivative of the final cost by the state at stage t."""
    print("seed", SEED)
    controls = np.random.default_rng(SEED).normal(size=(5, 1))
    states = bp.control.forward(sled, [0.3, 1.2], controls)
    cost = lambda s, t: np.sum(bp.control.forward(sled, s, controls[t:])[-1] ** 2) / 2
    costates, _ = bp.control.backward(sled_derivatives, states, controls, states[-1])
    given = columns({"s_": states, "u_": list(controls), r"\lambda_": list(costates)})
    given |= {r"\nabla\Phi": lambda s: s, "n": 5}
    given["df_/ds"] = lambda t: np.array([[1, 1], [0, 1 - 0.2 * states[t][1]]])
    for t in range(5):
        printed("eq:costate").holds(given | {"t": t})
    for t in range(6):
        np.testing.assert_allclose(costates[t], slope(lambda s, t=t: cost(s, t), states[t]), rtol=1e-7)


def test_eq_control_gradient():
    print("seed", SEED)
    controls = np.random.default_rng(SEED).normal(size=(5, 1))
    cost = lambda u: np.sum(bp.control.forward(sled, [0.3, 1.2], u)[-1] ** 2) / 2
    states = bp.control.forward(sled, [0.3, 1.2], controls)
    _, gradient = bp.control.backward(sled_derivatives, states, controls, states[-1])
    difference = np.array([[slope(lambda x, t=t: cost(np.vstack([controls[:t], [[x]], controls[t + 1 :]])), u[0])] for t, u in enumerate(controls)])  # fmt: skip
    costates, _ = bp.control.backward(sled_derivatives, states, controls, states[-1])
    given = columns({r"\lambda_": list(costates)}) | {"df_/du": lambda t: np.array([[0.0], [1.0]])}
    for t in range(5):
        named = {r"d\cost/du_": lambda t: difference.reshape(5)[t], "t": t}
        printed("eq:control-gradient").holds(given | named, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(gradient, difference.reshape(5, 1), rtol=1e-7)


@pytest.mark.parametrize("seed", range(SEED, SEED + 5))
def test_thm_costate(seed):
    """The theorem, and the two steps of its proof, for stages of different functions and sizes."""
    pinned("thm:costate", r"n \ge 1", "0", "n-1", "s_0")
    print("seed", seed)
    system = System(seed)
    s, costates = system.costates()
    n, u = len(system.controls), system.controls
    for t in range(n):
        # "Going one stage and then the rest is going all the way."
        whole = system.rest(t, s[t], u)
        assert whole == pytest.approx(system.rest(t + 1, system.stage(t, s[t], u[t]), u), rel=1e-14)
    for t in range(n + 1):
        np.testing.assert_allclose(costates[t], slope(lambda x, t=t: system.rest(t, x, u), s[t]), rtol=1e-6, atol=1e-8)  # fmt: skip
    by_controls = slope(lambda u: system.rest(0, system.start, u), u)
    for t in range(n):
        formula = system.derivatives(t, s[t], u[t])[1].T @ costates[t + 1]
        np.testing.assert_allclose(formula, by_controls[t], rtol=1e-6, atol=1e-8)


def test_the_theorem_in_symbols():
    """Two stages of any smooth function of one state and one control."""
    s, u0, u1, x, y = sympy.symbols("s u0 u1 x y")
    f, g, Phi = (sympy.Function(name) for name in ("f", "g", "Phi"))
    s1 = f(s, u0)
    s2 = g(s1, u1)
    at = lambda expression, state, control: expression.subs({x: state, y: control}).doit()
    last = sympy.diff(Phi(x), x).subs(x, s2)
    lambda1 = at(sympy.diff(g(x, y), x), s1, u1) * last
    cost = Phi(s2)
    assert sympy.simplify(sympy.diff(cost, u1).doit() - at(sympy.diff(g(x, y), y), s1, u1) * last).doit() == 0
    assert (
        sympy.simplify(sympy.diff(cost, u0).doit() - at(sympy.diff(f(x, y), y), s, u0) * lambda1).doit() == 0
    )


def test_eq_adjoint_equation():
    """With short stages the recursion approaches the solution of dλ/dt = −(∂g/∂s)ᵀ λ, at first order in h."""
    M = np.array([[0.0, 1.0], [-2.0, -0.3]])  # g(s, u) = M s + (0, u): a damped spring that is pushed
    last, time = np.array([1.0, -0.5]), 1.0
    values, vectors = np.linalg.eig(M.T)
    exact = (vectors * np.exp(values * time) @ np.linalg.solve(vectors, last)).real
    h, values_at = (
        1e-4,
        lambda t: (vectors * np.exp(values * (time - t)) @ np.linalg.solve(vectors, last)).real[:, None],
    )
    given = {
        r"d\lambda/dt": (values_at(0.3 + h) - values_at(0.3 - h)) / (2 * h),
        r"\lambda": values_at(0.3),
        "dg/ds": M,
    }
    printed("eq:adjoint-equation").holds(given, rtol=1e-6)
    errors = []
    for n in (100, 200, 400):
        h = time / n
        controls = np.zeros((n, 1))
        states = bp.control.forward(lambda s, u, h=h: s + h * (M @ s), [1.0, 0.0], controls)
        jacobians = lambda s, u, h=h: (np.eye(2) + h * M, np.array([[0], [h]]))
        costates, _ = bp.control.backward(jacobians, states, controls, last)
        errors.append(np.abs(costates[0] - exact).max())
    assert errors[0] < 0.02
    assert [errors[0] / errors[1], errors[1] / errors[2]] == pytest.approx([2, 2], rel=0.05)
    # The exact solution λ(t) = exp((T − t) Mᵀ) λ(T) does satisfy the equation, with its minus sign.
    t = sympy.Symbol("t")
    N = sympy.Matrix([[0, 1], [-2, -3]])
    solution = ((1 - t) * N.T).exp() * sympy.Matrix([1, 2])
    assert sympy.simplify(solution.diff(t) + N.T * solution) == sympy.zeros(2, 1)


def test_the_costate_of_a_network_is_half_a_layer_from_its_error_signal():
    """What the exercise says: δ = λ ⊙ σ'(z), and λ of the layer before is Wᵀ δ."""
    net = bp.Network.random([3, 4, 2, 2], "tanh", "sigmoid", "half_squared_error", seed=SEED)
    rng = np.random.default_rng(SEED)
    x, y = rng.normal(size=(3, 1)), rng.normal(size=(2, 1))
    fwd = bp.forward(net, x)
    grads = bp.backward(net, fwd, y)

    def layer(l, a):
        z = net.W[l] @ a[:, None] + net.b[l]
        return (np.tanh(z) if l < 3 else 1 / (1 + np.exp(-z)))[:, 0]

    def rest(l, a):
        for m in range(l + 1, 4):
            a = layer(m, a)
        return np.sum((a - y[:, 0]) ** 2) / 2

    for l in (1, 2, 3):
        costate = slope(lambda a, l=l: rest(l, a), fwd.a[l][:, 0])
        slopes = 1 - fwd.a[l] ** 2 if l < 3 else fwd.a[l] * (1 - fwd.a[l])
        np.testing.assert_allclose(costate * slopes[:, 0], grads.delta[l][:, 0], rtol=1e-6)
        before = slope(lambda a, l=l: rest(l - 1, a), fwd.a[l - 1][:, 0])
        np.testing.assert_allclose(before, (net.W[l].T @ grads.delta[l])[:, 0], rtol=1e-6)
