"""Claims of chapter 1. Each test carries the label of its formula or theorem."""

import functools
import math
from itertools import pairwise

import numpy as np
import pytest
import sympy

from backprop import chain

from .printed import pinned, printed

SEED = 1
x, u, h, s, t = sympy.symbols("x u h s t", real=True)
FUNCTIONS = [sympy.sin(x), sympy.exp(x), x**3 - 2 * x, 1 / (1 + sympy.exp(-x))]


@pytest.fixture
def rng():
    print("seed", SEED)
    return np.random.default_rng(SEED)


def remainder(f, at, slope):
    """ρ(h) = f(at + h) − f(at) − slope·h, as an expression in h."""
    return f.subs(x, at + h) - f.subs(x, at) - slope * h


# Functions whose remainder and auxiliary function are known without the formulas.
CUBE = {
    "f": lambda v: v**3, "f'": lambda v: 3 * v**2, "f''": lambda v: 6 * v, "x": 1.7,
    r"\rho": lambda h: 3 * 1.7 * h**2 + h**3,
}  # fmt: skip
EXPONENTIAL = {
    "f": np.exp, "f'": np.exp, "u": 0.4,
    r"\varphi": lambda s: np.exp(0.4) * (s / 2 + s**2 / 6 + s**3 / 24 + sum(s**k / math.factorial(k + 1) for k in range(4, 20))),
}  # fmt: skip


def complex_slope(function, at):
    """The derivative of an analytic function, by a step along the imaginary axis."""
    return float(np.imag(function(at + 1e-30j)) / 1e-30)


# What a derivative promises


def test_prop_linear_approximation():
    """ρ(h)/h → f'(x) − c: 0 for the derivative, and only for it."""
    pinned(
        "prop:linear-approximation",
        r"f: I \to \R",
        r"x \in I",
        r"x + h \in I",
        r"\rho(h) = f(x + h) - f(x) - c\,h",
        "f'(x) = c",
        r"\rho(h)/h \to 0",
        r"h \to 0",
        r"h \ne 0",
    )
    for f in FUNCTIONS:
        slope = f.diff(x).subs(x, 1)
        for c in (slope, slope + sympy.Rational(1, 7), slope - 3):
            assert sympy.simplify(sympy.limit(remainder(f, 1, c) / h, h, 0) - (slope - c)) == 0
    # |x| at 0 has no such slope: the two one-sided limits differ by 2 whatever c is.
    assert sympy.limit((abs(h) - t * h) / h, h, 0, "+") - sympy.limit((abs(h) - t * h) / h, h, 0, "-") == 2


def test_eq_first_order():
    formula = printed("eq:first-order", conditions=[r"\text{as }h\to0"])
    for step in (0.7, 1e-8):
        formula.holds(CUBE | {"h": step}, only=[0])
    formula.holds(CUBE | {"h": 1e-8}, only=[1], approx=1e-3)
    for f in FUNCTIONS:
        assert sympy.limit(remainder(f, 2, f.diff(x).subs(x, 2)) / h, h, 0) == 0
    # Never an equality without the remainder: x² at 3 leaves h².
    assert sympy.expand(remainder(x**2, 3, 6)) == h**2


def test_eq_quadratic_remainder():
    """ρ(h)/h² → f''(x)/2."""
    for step in (0.7, -0.4):  # the second derivative of the cube at x + h/3 is 6x + 2h
        printed("eq:quadratic-remainder").holds(CUBE | {"h": step, "t": CUBE["x"] + step / 3})
    for f in FUNCTIONS:
        limit = sympy.limit(remainder(f, 1, f.diff(x).subs(x, 1)) / h**2, h, 0)
        assert sympy.simplify(limit - f.diff(x, 2).subs(x, 1) / 2) == 0


@pytest.mark.parametrize("step", [0.7, -0.4, 0.01])
def test_prop_quadratic_remainder(step):
    """The point t lies strictly between; so do the proof's Rolle points of q' and q''."""
    pinned(
        "prop:quadratic-remainder",
        "x + h",
        r"h \ne 0",
        r"\lvert \rho(h) \rvert \le \tfrac12 C h^2",
        r"\lvert f'' \rvert \le C",
    )
    for f in FUNCTIONS:
        at, big = 1.0, sympy.Float(step, 30)
        K = (remainder(f, sympy.Integer(1), f.diff(x).subs(x, 1)) / h**2).subs(h, big).evalf(25)
        q = f.subs(x, 1 + s) - f.subs(x, 1) - f.diff(x).subs(x, 1) * s - K * s**2
        assert abs(q.subs(s, 0)) < 1e-20 and abs(q.subs(s, big).evalf(25)) < 1e-20
        assert abs(q.diff(s).subs(s, 0).evalf(25)) < 1e-20
        s1 = root(sympy.lambdify(s, q.diff(s)), 0.0, step)
        assert 0 < s1 / step < 1
        s2 = root(sympy.lambdify(s, q.diff(s, 2)), 0.0, s1)
        assert 0 < s2 / s1 < 1
        assert f.diff(x, 2).subs(x, at + s2) / 2 == pytest.approx(float(K), rel=1e-9)


def root(function, a, b):
    """A zero strictly between a and b: a change of sign on a grid, then bisection."""
    grid = np.linspace(a, b, 1002)[1:-1]
    signs = np.sign([function(v) for v in grid])
    change = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    assert change.size, "no change of sign"
    a, b = grid[change[0]], grid[change[0] + 1]
    at_a = function(a)
    for _ in range(200):
        middle = (a + b) / 2
        a, b = (a, middle) if at_a * function(middle) < 0 else (middle, b)
    return (a + b) / 2


def test_once_differentiable_is_not_enough_for_a_quadratic_remainder():
    assert sympy.limit(abs(h) ** sympy.Rational(3, 2) / h**2, h, 0, "+") == sympy.oo


# One variable

COMPOSITES = [
    (sympy.exp(u), sympy.sin(x)),
    (u**3, 3 * x + 1),
    (sympy.log(1 + u**2), x**2 - x),
    (sympy.tanh(u), sympy.exp(-x)),
]


@pytest.mark.parametrize(("f", "g"), COMPOSITES)
def test_eq_chain_rule(f, g):
    """Against the limit of the difference quotient of the composite, which knows no chain rule."""
    at = 0.5
    number = lambda expression, by: lambda v: float(expression.subs(by, v).evalf(30))
    slopes = {"f'": number(f.diff(u), u), "g'": number(g.diff(x), x), "g": number(g, x), "x": at}
    whole = complex_slope(sympy.lambdify(x, f.subs(u, g)), at)
    named = {"dy/dx": whole, "dy/du": slopes["f'"](slopes["g"](at)), "du/dx": slopes["g'"](at)}
    printed("eq:chain-rule").holds(slopes | named)
    for at in (0, sympy.Rational(1, 2), 2):
        y = f.subs(u, g)
        product = (f.diff(u).subs(u, g) * g.diff(x)).subs(x, at)
        tiny = sympy.Float("1e-20", 60)
        quotient = (y.subs(x, at + tiny) - y.subs(x, at - tiny)) / (2 * tiny)
        assert float(quotient.evalf(60)) == pytest.approx(float(product), rel=1e-12, abs=1e-12)


def wiggle(at):
    """g(x) = x² sin(1/x), exactly where SymPy can."""
    return at**2 * sympy.sin(1 / at) if at != 0 else sympy.Integer(0)


def test_thm_chain_rule():
    """At the point that breaks the short proof: Δy/h = (f'(u) + φ(Δu)) Δu/h → f'(0)·0, for all h."""
    pinned("thm:chain-rule", r"g: I \to U", r"f: U \to \R", r"x \in I", "u = g(x)", "y = f(g(x))")
    for f, slope in ((sympy.exp(u), 1), (u**2 + 5 * u, 5), (sympy.sin(u), 1)):
        assert f.diff(u).subs(u, 0) == slope
        for k in (1, 10, 1000):  # Δu = 0: the quotient is 0, as the theorem's limit f'(0)·g'(0)
            step = 1 / (k * sympy.pi)
            assert wiggle(step) == 0 and f.subs(u, wiggle(step)) - f.subs(u, 0) == 0
        for k in (10, 1000, 100000):  # Δu ≠ 0: the quotient is at most of the size of h
            step = 1 / ((k + sympy.Rational(1, 2)) * sympy.pi)
            assert wiggle(step) != 0
            quotient = (f.subs(u, wiggle(step)) - f.subs(u, 0)) / step
            assert abs(float(quotient.evalf(40))) < 2 * slope * float(step)


def test_eq_wiggle():
    """Differentiable at 0 with slope 0; Δu = 0 at every 1/(kπ) and ≠ 0 in between."""
    g = lambda at: float(wiggle(sympy.Rational(at)))
    printed("eq:wiggle", conditions=[r"(x\ne0)"]).holds({"g": g, "x": 0.37})
    assert sympy.limit(wiggle(h) / h, h, 0) == 0
    for k in range(1, 50):
        assert wiggle(1 / (k * sympy.pi)) == 0
        between = 1 / ((k + sympy.Rational(1, 2)) * sympy.pi)
        assert wiggle(between) == (-1) ** k * between**2
    # ... so below any bound there is a step with Δu = 0, and the quotient Δy/Δu is 0/0 there.
    for bound in (sympy.Rational(1, 10), sympy.Rational(1, 10**9)):
        k = sympy.ceiling(1 / (sympy.pi * bound))
        assert 0 < 1 / (k * sympy.pi) < bound and wiggle(1 / (k * sympy.pi)) == 0


def phi(f, at, step):
    """φ of the proof."""
    if step == 0:
        return sympy.Integer(0)
    return (f.subs(u, at + step) - f.subs(u, at)) / step - f.diff(u).subs(u, at)


@pytest.mark.parametrize("f", [f for f, _ in COMPOSITES])
def test_eq_auxiliary(f):
    """φ is continuous at 0, and only the value 0 makes it so."""
    printed("eq:auxiliary").holds(EXPONENTIAL | {"s": 0.2})
    assert sympy.limit(phi(f, 1, s), s, 0) == phi(f, 1, 0) == 0
    assert [f"{float(phi(sympy.exp(u), 0, sympy.Float(v, 30))):.6f}" for v in ("0.1", "0.01")] == [
        "0.051709", "0.005017",
    ]  # fmt: skip


@pytest.mark.parametrize("f", [f for f, _ in COMPOSITES])
def test_eq_no_fraction(f):
    """An identity for all s, also for s = 0."""
    for step in (0.2, -0.7, 0.0):
        printed("eq:no-fraction").holds(EXPONENTIAL | {"s": step})
    for step in (s, sympy.Integer(0)):
        change = f.subs(u, 2 + step) - f.subs(u, 2)
        assert sympy.simplify(change - (f.diff(u).subs(u, 2) + phi(f, 2, step)) * step) == 0


def test_eq_exp_sin_square():
    at = 1.3
    given = {
        "x": at,
        "e": np.e,
        "dy/du_": {2: np.exp(np.sin(at**2))}.__getitem__,
        "du_/du_": lambda i, j: {(2, 1): np.cos(at**2)}[i, j],
    }
    given |= {"du_/dx": {1: 2 * at}.__getitem__, "dy/dx": complex_slope(lambda v: np.exp(np.sin(v * v)), at)}
    printed("eq:exp-sin-square").holds(given)
    y = sympy.exp(sympy.sin(x**2))
    assert sympy.simplify(y.diff(x) - 2 * x * sympy.cos(x**2) * sympy.exp(sympy.sin(x**2))) == 0
    assert f"{y.diff(x).subs(x, 1).evalf(20):.9f}" == "2.506761535"
    steps = [(lambda v: v**2, lambda v: 2 * v), (np.sin, np.cos), (np.exp, np.exp)]
    for at in (-1.3, 0.0, 1.0, 2.0):
        assert chain.sweep(steps, at)[2][0] == pytest.approx(float(y.diff(x).subs(x, at)), rel=1e-13)


# Several paths


def smooth(rng, n_in, n_out):
    """A random smooth function of columns, with its Jacobian."""
    A, B = rng.normal(size=(n_out, n_in)), rng.normal(size=(n_out, n_in))
    value = lambda v: np.sin(A @ v) + (B @ v) ** 2 / 4
    jacobian = lambda v: np.cos(A @ v) * A + (B @ v) * B / 2
    return value, jacobian


def shrinking(function, at, coefficients, rng, directions=20):
    """The largest remainder/‖step‖ over random directions, for steps 1e-2, 1e-4."""
    worst = []
    for size in (1e-2, 1e-4):
        ratios = []
        for _ in range(directions):
            step = rng.normal(size=at.shape)
            step *= size / np.linalg.norm(step)
            rest = function(at + step) - function(at) - coefficients @ step
            ratios.append(np.linalg.norm(rest) / size)
        worst.append(max(ratios))
    return worst


def test_prop_coefficients(rng):
    """The Jacobian's row makes the remainder small; any other coefficients do not."""
    pinned("prop:coefficients", r"c_1, \dots, c_n", r"c_i = \partial f/\partial u_i")
    f, jacobian = smooth(rng, 3, 1)
    at = rng.normal(size=(3, 1))
    coarse, fine = shrinking(f, at, jacobian(at), rng)
    assert fine < coarse / 50
    np.testing.assert_allclose(chain.derivative(f, at), jacobian(at), rtol=1e-8)
    other = jacobian(at) + [[0.0, 0.01, 0.0]]
    assert shrinking(f, at, other, rng)[1] > 0.005


def test_prop_continuous_partials(rng):
    """The proof's bound: |ρ| ≤ ‖s‖ Σ|∂f(q_i) − ∂f(u)|, with the mean value points on the legs."""
    pinned("prop:continuous-partials", r"U \subset \R^n", r"f: U \to \R", r"u \in U")
    f = lambda v: np.exp(v[0]) * np.sin(v[1]) + v[2] ** 3 * v[0]
    gradient = lambda v: np.array(
        [np.exp(v[0]) * np.sin(v[1]) + v[2] ** 3, np.exp(v[0]) * np.cos(v[1]), 3 * v[2] ** 2 * v[0]]
    )
    at = np.array([0.3, 0.4, 0.8])
    for size in (1e-1, 1e-2):
        step = rng.normal(size=3)
        step *= size / np.linalg.norm(step)
        corner, legs, total = at.copy(), [], 0.0
        for i in range(3):
            after = corner.copy()
            after[i] += step[i]
            change = f(after) - f(corner)
            grid = np.linspace(corner, after, 2001)
            slopes = np.array([gradient(q)[i] for q in grid])
            best = np.argmin(abs(slopes * step[i] - change))
            assert slopes[best] * step[i] == pytest.approx(change, rel=1e-3)
            assert np.linalg.norm(grid[best] - at) <= size * (1 + 1e-12)
            legs.append(abs(slopes[best] - gradient(at)[i]))
            total, corner = total + change, after
        assert total == pytest.approx(f(at + step) - f(at), rel=1e-12)
        rest = f(at + step) - f(at) - gradient(at) @ step
        assert abs(rest) <= size * sum(legs) * 1.01
    # The counterexample's partial derivatives are not continuous at 0: on the diagonal ∂f/∂u1 = 1/2.
    u1, u2 = sympy.symbols("u1 u2", positive=True)
    assert sympy.simplify(COUNTEREXAMPLE(u1, u2).diff(u1).subs({u1: t, u2: t})) == sympy.Rational(1, 2)


INNER = [x**2, sympy.sin(x), sympy.exp(-x)]
V = sympy.symbols("v1:4", real=True)
OUTER = [V[0] * V[1] + V[2] ** 2, sympy.exp(V[0]) * sympy.cos(V[1] + V[2]), V[0] / (2 + V[1] ** 2)]


@pytest.mark.parametrize("f", OUTER)
def test_eq_chain_rule_paths(f):
    """Against the composite's difference quotient with a step of 1e-20."""
    put = dict(zip(V, INNER, strict=True))
    number = lambda expression: float(expression.subs(put).subs(x, 0.75).evalf(30))
    given = {
        "dy/du_": lambda i: number(f.diff(V[i - 1])),
        "du_/dx": lambda i: number(INNER[i - 1].diff(x)),
        "n": 3,
    }
    given["dy/dx"] = complex_slope(sympy.lambdify(x, f.subs(put)), 0.75)
    printed("eq:chain-rule-paths").holds(given)
    at, tiny = sympy.Rational(3, 4), sympy.Float("1e-20", 60)
    put = dict(zip(V, INNER, strict=True))
    total = sum(f.diff(v).subs(put) * g.diff(x) for v, g in put.items()).subs(x, at)
    y = f.subs(put)
    quotient = (y.subs(x, at + tiny) - y.subs(x, at - tiny)) / (2 * tiny)
    assert float(quotient.evalf(60)) == pytest.approx(float(total), rel=1e-12)
    one_path = (f.diff(V[0]).subs(put) * INNER[0].diff(x)).subs(x, at)
    assert abs(float(one_path - total)) > 1e-3


def test_the_two_paths_computed_by_hand():
    assert (x**2 * (3 * x + 1)).diff(x).subs(x, 2) == 7 * 4 + 4 * 3 == 40


def test_thm_chain_rule_paths():
    """Also where Δu = 0 for arbitrarily small steps: u_i = i·g(x) with the wiggling g, at x = 0."""
    pinned(
        "thm:chain-rule-paths",
        r"U \subset \R^n",
        r"g_1, \dots, g_n",
        r"(g_1(x), \dots, g_n(x))^\T",
        r"x \in I",
        r"f: U \to \R",
        r"u = (g_1(x), \dots, g_n(x))^\T",
        r"y = f(g_1(x), \dots, g_n(x))",
    )
    f = OUTER[1]
    for k in (1, 20, 400):
        zero, extreme = 1 / (k * sympy.pi), 1 / ((k + sympy.Rational(1, 2)) * sympy.pi)
        for step, bound in ((zero, 0), (extreme, 20)):
            change = f.subs({v: i * wiggle(step) for i, v in enumerate(V, 1)}) - f.subs(dict.fromkeys(V, 0))
            assert abs(float((change / step).evalf(40))) <= bound * float(step)
    # The last factor of the proof tends to the norm of the g_i'.
    norm = sympy.sqrt(sum(((g.subs(x, 1 + h) - g.subs(x, 1)) / h) ** 2 for g in INNER))
    limit = sympy.sqrt(sum(g.diff(x).subs(x, 1) ** 2 for g in INNER))
    assert float(norm.subs(h, sympy.Float("1e-20", 60)).evalf(50)) == pytest.approx(float(limit), rel=1e-12)


def epsilon(f, jacobian, at, step):
    """ρ(s)/‖s‖, and 0 at the step 0."""
    size = np.linalg.norm(step)
    if size == 0:
        return np.zeros((jacobian.shape[0], 1))
    return (f(at + step) - f(at) - jacobian @ step) / size


def test_eq_epsilon(rng):
    """ε is continuous at 0: at most of the size of the step for a smooth function, from all sides."""
    f, jacobian = smooth(rng, 3, 1)
    at = rng.normal(size=(3, 1))
    for step in (np.zeros((3, 1)), 0.1 * rng.normal(size=(3, 1))):
        rho = lambda s: (f(at + s) - f(at) - jacobian(at) @ s).item()
        given = {r"\varepsilon": lambda s: epsilon(f, jacobian(at), at, s).item(), r"\rho": rho, "s": step}
        printed("eq:epsilon").holds(given)
    assert epsilon(f, jacobian(at), at, np.zeros((3, 1))) == 0
    coarse, fine = shrinking(f, at, jacobian(at), rng)
    assert 0 < fine < coarse / 50 < 0.01


def test_eq_no_fraction_paths(rng):
    f, jacobian = smooth(rng, 3, 1)
    at = rng.normal(size=(3, 1))
    for step in (np.zeros((3, 1)), rng.normal(size=(3, 1))):
        given = {
            "f": lambda v: f(v).item(),
            "df/du_": lambda i: lambda v: jacobian(v)[0, i - 1],
            "n": 3,
            "u": at,
        }
        given |= {"s": step, "s_": [None, *step[:, 0]]}
        given[r"\varepsilon"] = lambda s: epsilon(f, jacobian(at), at, s).item()
        printed("eq:no-fraction-paths").holds(given)
    for step in (np.zeros((3, 1)), rng.normal(size=(3, 1)), 1e-3 * rng.normal(size=(3, 1))):
        e = epsilon(f, jacobian(at), at, step)
        total = sum(jacobian(at)[0, i] * step[i, 0] for i in range(3)) + e[0, 0] * np.linalg.norm(step)
        assert (f(at + step) - f(at))[0, 0] == pytest.approx(total, rel=1e-12, abs=1e-15)


def test_eq_chain_rule_distributed(rng):
    """Σ_i ∂y/∂u_i ∂u_i/∂x_j, term by term, against differences of the composite."""
    g, dg = smooth(rng, 2, 4)
    f, df = smooth(rng, 4, 1)
    at = rng.normal(size=(2, 1))
    numeric = chain.derivative(lambda v: f(g(v)), at)
    given = {"dy/du_": lambda i: df(g(at))[0, i - 1], "du_/dx_": lambda i, j: dg(at)[i - 1, j - 1], "n": 4}
    given["dy/dx_"] = lambda j: numeric[0, j - 1]
    for j in (1, 2):
        printed("eq:chain-rule-distributed").holds(given | {"j": j}, rtol=1e-6)
    for j in range(2):
        total = sum(df(g(at))[0, i] * dg(at)[i, j] for i in range(4))
        assert numeric[0, j] == pytest.approx(total, rel=1e-6)


def test_cor_chain_rule_distributed():
    """One partial derivative of the inner functions is enough: |x2| has none by x2 at 0."""
    pinned(
        "cor:chain-rule-distributed",
        r"V \subset \R^m",
        r"U \subset \R^n",
        r"u_i = g_i(x_1, \dots, x_m)",
        r"i = 1, \dots, n",
        r"y = f(u_1, \dots, u_n)",
        r"f: U \to \R",
    )
    x1, x2, tiny = sympy.Rational(1, 2), sympy.Integer(0), sympy.Float("1e-20", 60)
    inner = lambda a, b: (a * (1 + abs(b)), sympy.sin(a) + abs(b))
    f = lambda v1, v2: sympy.exp(v1) * v2
    left = (f(*inner(x1 + tiny, x2)) - f(*inner(x1 - tiny, x2))) / (2 * tiny)
    u1, u2 = inner(x1, x2)
    right = sympy.exp(u1) * u2 * 1 + sympy.exp(u1) * sympy.cos(x1)
    assert float(left.evalf(60)) == pytest.approx(float(right), rel=1e-12)


def COUNTEREXAMPLE(u1, u2):
    return u1**2 * u2 / (u1**2 + u2**2) if (u1, u2) != (0, 0) else sympy.Integer(0)


def test_eq_counterexample():
    """Continuous, with partial derivatives 0 at 0, but the remainder is not small against the step."""
    polar = lambda a, b: np.hypot(a, b) * np.cos(np.arctan2(b, a)) ** 2 * np.sin(np.arctan2(b, a))
    for point in ((0.3, -0.7), (-2.0, 0.5)):
        printed("eq:counterexample").holds({"f": polar, "u_": lambda i, point=point: point[i - 1]})
    for step in (t, -t):
        assert COUNTEREXAMPLE(step, sympy.Integer(0)) == COUNTEREXAMPLE(sympy.Integer(0), step) == 0
    alpha, size = sympy.symbols("alpha r", positive=True)
    along = COUNTEREXAMPLE(size * sympy.cos(alpha), size * sympy.sin(alpha))
    assert sympy.simplify(along - size * sympy.cos(alpha) ** 2 * sympy.sin(alpha)) == 0  # |f| <= r
    ratio = sympy.simplify(along.subs(alpha, sympy.pi / 4) / size)
    assert f"{float(ratio):.6f}" == "0.353553"


def test_prop_partials_not_enough():
    pinned("prop:partials-not-enough", "u_1 = u_2 = x", "x = 0", r"dy/dx = \tfrac12")
    y = sympy.simplify(COUNTEREXAMPLE(x, x))
    true = y.diff(x)
    by_formula = 0 * 1 + 0 * 1  # both partial derivatives times du_i/dx = 1
    assert true == sympy.Rational(1, 2) and by_formula != true
    assert (COUNTEREXAMPLE(h, h) - COUNTEREXAMPLE(0, 0)) / h == sympy.Rational(1, 2)  # at x = 0 itself


# Jacobians


def test_eq_jacobian(rng):
    """Rows are outputs, columns inputs."""
    g, dg = smooth(rng, 2, 3)
    at = rng.normal(size=(2, 1))
    numeric = chain.derivative(g, at)
    entry = lambda i, j: (g(at + 1e-6 * np.eye(2)[:, [j - 1]]) - g(at))[i - 1, 0] / 1e-6
    for i, j in np.ndindex(3, 2):
        given = {r"\jac{u/x}": numeric, "du_/dx_": entry, "i": i + 1, "j": j + 1}
        printed("eq:jacobian").holds(given, rtol=1e-4, atol=1e-5)
    assert dg(at).shape == (3, 2)
    np.testing.assert_allclose(chain.derivative(g, at), dg(at), rtol=1e-7)
    for i, j in np.ndindex(3, 2):
        e = 1e-6 * np.eye(2)[:, [j]]
        assert dg(at)[i, j] == pytest.approx(((g(at + e) - g(at - e))[i, 0]) / 2e-6, rel=1e-7)


def test_eq_gradient_definition(rng):
    f, df = smooth(rng, 4, 1)
    at = rng.normal(size=(4, 1))
    given = {r"\nabla_{x}y": chain.derivative(f, at, "denominator"), r"\jac{y/x}": df(at)}
    printed("eq:gradient-definition").holds(given, rtol=1e-7)
    gradient = df(at).T
    assert gradient.shape == at.shape
    np.testing.assert_allclose(chain.derivative(f, at, "denominator"), gradient, rtol=1e-7)
    assert f(at - 1e-4 * gradient) < f(at)  # it can be subtracted, and a small step lowers f


def test_eq_first_order_vector(rng):
    g, dg = smooth(rng, 3, 4)
    at = rng.normal(size=(3, 1))
    Q = rng.normal(size=(4, 3, 3))
    square = lambda v: np.array([[(v.T @ q @ v).item()] for q in Q])  # its remainder is square(h)
    B = np.vstack([at.T @ (q + q.T) for q in Q])
    formula = printed("eq:first-order-vector", conditions=[r"\text{as }h\to0,h\ne0"])
    for only, size in (([0], 0.3), ([1], 1e-9)):
        given = {"g": square, "B": B, r"\rho": square, "x": at, "h": size * rng.normal(size=(3, 1))}
        formula.holds(given, only=only, approx=1e-3)
    coarse, fine = shrinking(g, at, dg(at), rng)
    assert fine < coarse / 50
    wrong = dg(at).copy()
    wrong[2, 1] += 0.01
    assert shrinking(g, at, wrong, rng)[1] > 0.005


def composite(rng):
    g, dg = smooth(rng, 2, 4)
    f, df = smooth(rng, 4, 3)
    at = rng.normal(size=(2, 1))
    return f, df(g(at)), g, dg(at), at


def test_eq_chain_rule_jacobian(rng):
    f, A, g, B, at = composite(rng)
    given = {r"\jac{z/x}": chain.derivative(lambda v: f(g(v)), at), r"\jac{z/u}": A, r"\jac{u/x}": B}
    printed("eq:chain-rule-jacobian").holds(given, rtol=1e-6)
    np.testing.assert_allclose(chain.derivative(lambda v: f(g(v)), at), A @ B, rtol=1e-6)
    x1, x2, u1, u2 = sympy.symbols("x1 x2 u1 u2")
    inner, outer = sympy.Matrix([x1 * x2, x1 + x2]), sympy.Matrix([u1 * u2, u1 - u2**2])
    put = {u1: inner[0], u2: inner[1]}
    product = outer.jacobian([u1, u2]).subs(put) * inner.jacobian([x1, x2])
    assert sympy.simplify(product - outer.subs(put).jacobian([x1, x2])) == sympy.zeros(2, 2)
    assert product.subs({x1: 2, x2: 3}) == sympy.Matrix([[21, 16], [-7, -8]])


def test_thm_chain_rule_jacobian(rng):
    """The composite is differentiable: its remainder is small in every direction."""
    pinned(
        "thm:chain-rule-jacobian",
        r"V \subset \R^n",
        r"U \subset \R^m",
        r"g: V \to U",
        r"f: U \to \R^p",
        r"x \in V",
        "u = g(x)",
        "z = f(g(x))",
    )
    f, A, g, B, at = composite(rng)
    coarse, fine = shrinking(lambda v: f(g(v)), at, A @ B, rng)
    assert fine < coarse / 50
    # The product in the other order, or with another matrix, is no linear approximation.
    coarse, fine = shrinking(lambda v: f(g(v)), at, 1.01 * A @ B, rng)
    assert fine > coarse / 20


@pytest.mark.parametrize("size", [0.3, 1e-2, 0.0])
def test_eq_remainder_jacobian(rng, size):
    """ρ(h) = ‖h‖ A ε_g(h) + ‖s‖ ε_f(s), with s the step of u."""
    f, A, g, B, at = composite(rng)
    step = size * rng.normal(size=at.shape)
    s = g(at + step) - g(at)
    given = {"A": A, "h": step, "s": s, r"\rho": lambda h: f(g(at + h)) - f(g(at)) - A @ B @ h}
    given |= {
        r"\varepsilon_g": functools.partial(epsilon, g, B, at),
        r"\varepsilon_f": lambda s: epsilon(f, A, g(at), s),
    }
    printed("eq:remainder-jacobian").holds(given, atol=1e-13)
    left = f(g(at + step)) - f(g(at)) - A @ B @ step
    right = np.linalg.norm(step) * A @ epsilon(g, B, at, step)
    right = right + np.linalg.norm(s) * epsilon(f, A, g(at), s)
    np.testing.assert_allclose(left, right, atol=1e-14)


def test_eq_step_bound(rng):
    """‖s‖ ≤ (β + ‖ε_g(h)‖)‖h‖, and ‖Bh‖ ≤ β‖h‖ with equality for a matrix of rank one."""
    formula = printed("eq:step-bound")
    for _ in range(50):
        _, _, g, B, at = composite(rng)
        step = rng.normal(size=at.shape) * 10 ** rng.uniform(-4, 0)
        beta = np.sqrt((B**2).sum())
        assert np.linalg.norm(B @ step) <= beta * np.linalg.norm(step) * (1 + 1e-14)
        bound = (beta + np.linalg.norm(epsilon(g, B, at, step))) * np.linalg.norm(step)
        given = {
            r"\beta": beta,
            "h": step,
            "s": g(at + step) - g(at),
            r"\varepsilon_g": functools.partial(epsilon, g, B, at),
        }
        formula.holds(given, rtol=1e-12)
        assert np.linalg.norm(g(at + step) - g(at)) <= bound * (1 + 1e-12)
    column, row = rng.normal(size=(4, 1)), rng.normal(size=(1, 2))
    beta = np.sqrt(((column @ row) ** 2).sum())
    assert np.linalg.norm(column @ row @ row.T) == pytest.approx(beta * np.linalg.norm(row), rel=1e-13)


def test_eq_chain_rule_gradient(rng):
    g, dg = smooth(rng, 2, 4)
    f, df = smooth(rng, 4, 1)
    at = rng.normal(size=(2, 1))
    given = {r"\nabla_{x}y": chain.derivative(lambda v: f(g(v)), at, "denominator"), r"\jac{u/x}": dg(at)}
    printed("eq:chain-rule-gradient").holds(given | {r"\nabla_{u}y": df(g(at)).T}, rtol=1e-6)
    gradient = dg(at).T @ df(g(at)).T
    np.testing.assert_allclose(chain.derivative(lambda v: f(g(v)), at, "denominator"), gradient, rtol=1e-6)


def test_eq_chain_rule_denominator(rng):
    """The inner derivative first; of the poll's options none is right, and D is the transpose."""
    g, _ = smooth(rng, 3, 4)
    f, _ = smooth(rng, 4, 2)
    at = rng.normal(size=(3, 1))
    inner, outer = (chain.derivative(*pair, "denominator") for pair in ((g, at), (f, g(at))))
    right = chain.derivative(lambda v: f(g(v)), at, "denominator")
    printed("eq:chain-rule-denominator").holds({"dy/dx": right, "du/dx": inner, "dy/du": outer}, rtol=1e-6)
    assert (inner.shape, outer.shape, right.shape) == ((3, 4), (4, 2), (3, 2))
    np.testing.assert_allclose(inner @ outer, right, rtol=1e-6)
    for a, b in ((outer, inner), (outer, inner.T), (outer.T, inner)):  # A and E, B, C
        with pytest.raises(ValueError, match="matmul"):
            a @ b
    np.testing.assert_allclose(outer.T @ inner.T, right.T, rtol=1e-6)  # D


def test_the_poll_s_example_with_equal_sizes():
    P, Q = np.array([[0, 1], [0, 0]]), np.array([[0, 0], [1, 0]])
    right = chain.derivative(lambda v: Q @ P @ v, [[0.3], [0.4]], "denominator")
    np.testing.assert_allclose(right, P.T @ Q.T, atol=1e-10)
    assert (P.T @ Q.T).tolist() == [[0, 0], [0, 1]] and (Q.T @ P.T).tolist() == [[1, 0], [0, 0]]


def layers(rng, sizes):
    """Random smooth layers, a point, and the list [None, J_1, ..., J_L] there."""
    functions = [smooth(rng, n, m) for n, m in pairwise(sizes)]
    at = value = 0.3 * rng.normal(size=(sizes[0], 1))
    jacobians = [None]
    for function, jacobian in functions:
        jacobians.append(jacobian(value))
        value = function(value)

    def network(v):
        for function, _ in functions:
            v = function(v)
        return v

    return network, at, jacobians


def test_eq_jacobian_product(rng):
    pinned("eq:jacobian-product", r"\jac{y/x} = \jac{\nlayers}\,\jac{\nlayers-1} \cdots \jac{2}\,\jac{1}")
    network, at, jacobians = layers(rng, [3, 4, 2, 5, 2])
    expected = jacobians[4] @ jacobians[3] @ jacobians[2] @ jacobians[1]
    np.testing.assert_allclose(chain.derivative(network, at, h=1e-6), expected, rtol=1e-4, atol=1e-6)
    for start in chain.STARTS:
        np.testing.assert_allclose(chain.product(jacobians, start)[0], expected, rtol=1e-12)


def test_prop_jacobian_product(rng):
    """Every partial product is the Jacobian of the first l layers, as the induction says."""
    pinned("prop:jacobian-product", "u_{l-1}", "f_{l+1}")
    sizes = [2, 3, 4, 3]
    for count in range(1, len(sizes)):
        network, at, jacobians = layers(np.random.default_rng(SEED), sizes[: count + 1])
        product, _ = chain.product(jacobians, "input")
        assert product.shape == (sizes[count], sizes[0])
        np.testing.assert_allclose(chain.derivative(network, at, h=1e-6), product, rtol=1e-4, atol=1e-6)


def counted_one_by_one(jacobians, start):
    """The multiplications, counted in the innermost of three loops."""
    factors, count = [J.tolist() for J in jacobians[1:]], 0
    while len(factors) > 1:
        b, a = (factors.pop(0), factors.pop(0)) if start == "input" else (factors.pop(-2), factors.pop())
        c = [[0.0] * len(b[0]) for _ in a]
        for i in range(len(a)):
            for j in range(len(b[0])):
                for k in range(len(b)):
                    c[i][j] += a[i][k] * b[k][j]
                    count += 1
        factors.insert(0 if start == "input" else len(factors), c)
    return count, np.array(factors[0])


@pytest.mark.parametrize("sizes", [[3, 4, 2, 5, 1], [1, 4, 2, 5, 6], [2, 3], [4, 4, 4], [5, 1, 7, 2]])
@pytest.mark.parametrize("start", chain.STARTS)
def test_costs_counted_one_by_one(rng, sizes, start):
    jacobians = [None] + [rng.normal(size=(m, n)) for n, m in pairwise(sizes)]
    product, count = chain.product(jacobians, start)
    slow, same = counted_one_by_one(jacobians, start)
    assert count == slow == chain.multiplications(sizes, start)
    np.testing.assert_allclose(product, same, rtol=1e-12)


def test_eq_cost_from_output():
    for sizes in ([2, 3, 5, 7, 11], [4, 2, 3], [6, 1, 5, 2]):
        given = {r"\nlayers": len(sizes) - 1, r"\size": sizes.__getitem__}
        counted, _ = counted_one_by_one([None] + [np.ones((m, n)) for n, m in pairwise(sizes)], "output")
        assert printed("eq:cost-from-output").value(given) == counted
    n = sympy.symbols("n0:5", positive=True)
    steps = n[4] * n[3] * n[2] + n[4] * n[2] * n[1] + n[4] * n[1] * n[0]
    assert sympy.expand(n[4] * sum(n[l] * n[l - 1] for l in range(1, 4)) - steps) == 0
    assert chain.multiplications([2, 3, 5, 7, 11], "output") == steps.subs(
        dict(zip(n, [2, 3, 5, 7, 11], strict=True))
    )


def test_eq_cost_from_input():
    for sizes in ([2, 3, 5, 7, 11], [4, 2, 3], [6, 1, 5, 2]):
        given = {r"\nlayers": len(sizes) - 1, r"\size": sizes.__getitem__}
        counted, _ = counted_one_by_one([None] + [np.ones((m, n)) for n, m in pairwise(sizes)], "input")
        assert printed("eq:cost-from-input").value(given) == counted
    n = sympy.symbols("n0:5", positive=True)
    steps = n[2] * n[1] * n[0] + n[3] * n[2] * n[0] + n[4] * n[3] * n[0]
    assert sympy.expand(n[0] * sum(n[l] * n[l - 1] for l in range(2, 5)) - steps) == 0
    assert chain.multiplications([2, 3, 5, 7, 11], "input") == steps.subs(
        dict(zip(n, [2, 3, 5, 7, 11], strict=True))
    )


@pytest.mark.parametrize("L", [2, 3, 6, 10])
@pytest.mark.parametrize("n", [1, 2, 100])
def test_prop_order(L, n):
    given = {r"\nlayers": L, "n": n}
    by = {"output": r"(\nlayers - 1)\,n^2", "input": r"(\nlayers - 2)\,n^3 + n^2"}
    for start, formula in by.items():
        counted = printed("prop:order", formula).value(given)
        assert chain.multiplications([n] * L + [1], start) == counted
    pinned(
        "prop:order",
        r"\nlayers \ge 2",
        r"\size{0} = \size{1} = \dots = \size{\nlayers-1} = n",
        r"\size{\nlayers} = 1",
        *by.values(),
    )
    sizes = [n] * L + [1]
    assert chain.multiplications(sizes, "output") == (L - 1) * n**2
    assert chain.multiplications(sizes, "input") == (L - 2) * n**3 + n**2
