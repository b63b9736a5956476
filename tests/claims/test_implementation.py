"""Claims of chapter 6. Each test carries the label of its formula, theorem or algorithm.

Judges: loops over single entries, central differences, SymPy, exact rational arithmetic for what
rounding does, and drawn random directions.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from mpmath import mp

import backprop as bp
from backprop import gradcheck, judge, layers, numeric

from ..unit.nets import PAIRS, random_case
from .labels import ROOT, pages
from .printed import pinned, printed
from .printed.arrays import gradient as slopes

SEED = 6
t, h = sympy.symbols("t h", real=True)
SMOOTH = {  # with the distance of the nearest pole from 0
    "exp": (mp.exp, mp.inf),
    "tanh": (lambda x: mp.tanh(x + mp.mpf(1) / 3), mp.pi / 2),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-2 * x - 1)), mp.pi / 2),
    "polynomial": (lambda x: x**5 + x**3 + x, mp.inf),
}


def test_alg_data_set():
    """By the algorithm's own steps, with loops over single units; against the differences."""
    pinned(
        "alg:data-set",
        r"l = 1, \dots, \nlayers",
        r"G^{(l)} = \partial \cost / \partial \Wunits{l}",
        r"g^{(l)} = \partial \cost / \partial \bias{l}",
        "G^{(l)} = 0",
        "g^{(l)} = 0",
        r"i = 1, \dots, \nexamples",
        r"\actunits{0} = \inp_i",
        r"l = \nlayers - 1, \dots, 1",
        r"\tfrac{1}{\nexamples}\, \err{l} (\actunits{l-1})^{\T}",
        "G^{(l)}",
        r"\tfrac{1}{\nexamples}\, \err{l}",
        "g^{(l)}",
    )
    print("seed", SEED)
    for hidden in ("tanh", "sigmoid", "softplus"):
        net, X, Y = random_case(hidden, "sigmoid", "half_squared_error", 3, 4, SEED)
        L, N = net.L, X.shape[1]
        G = [None] + [np.zeros(w.shape) for w in net.W[1:]]
        g = [None] + [np.zeros(v.shape) for v in net.b[1:]]
        for i in range(N):
            fwd = bp.forward(net, X[:, [i]])
            delta = [None] * (L + 1)
            delta[L] = (fwd.a[L] - Y[:, [i]]) * fwd.a[L] * (1 - fwd.a[L])
            for l in range(L - 1, 0, -1):
                delta[l] = np.array(
                    [
                        [sum(net.W[l + 1][r, j] * delta[l + 1][r, 0] for r in range(net.sizes[l + 1]))]
                        for j in range(net.sizes[l])
                    ]
                ) * net.sigma[l].derivative(fwd.z[l])
            for l in range(1, L + 1):
                for j, k in np.ndindex(*G[l].shape):
                    G[l][j, k] += delta[l][j, 0] * fwd.a[l - 1][k, 0] / N
                g[l] += delta[l] / N
        judged = gradcheck.central_differences(net, X, Y)
        for l in range(1, L + 1):
            np.testing.assert_allclose(G[l], judged.W[l], rtol=1e-6, atol=1e-10)
            np.testing.assert_allclose(g[l], judged.b[l], rtol=1e-6, atol=1e-10)


def linear_case(rows=False):
    """W, b, U, C for J = Σ C ⊙ V² / 2, so that G = C ⊙ V."""
    rng = np.random.default_rng(SEED)
    n, m, N = 3, 4, 5
    W, b, U, C = (rng.normal(size=shape) for shape in ((n, m), (n, 1), (m, N), (n, N)))
    return (W.T, b.T, U.T, C.T) if rows else (W, b, U, C)


def assert_linear(rows):
    """The three formulas, the layer, and differences of J by every entry."""
    W, b, U, C = linear_case(rows)
    J = lambda W, b, U: (C * ((U @ W if rows else W @ U) + b) ** 2).sum() / 2
    G = C * ((U @ W if rows else W @ U) + b)
    ones = np.ones((5, 1))
    formulas = (U.T @ G, ones.T @ G, G @ W.T) if rows else (G @ U.T, G @ ones, W.T @ G)
    layer = layers.Linear(W, b, "rows" if rows else "columns")
    layer.forward(U)
    dU = layer.backward(G)
    for place, (formula, computed) in enumerate(zip(formulas, (layer.dW, layer.db, dU), strict=True)):
        arrays = [W, b, U]
        assert formula.shape == arrays[place].shape
        np.testing.assert_allclose(computed, formula, rtol=1e-13)
        for index in np.ndindex(*formula.shape):
            both = []
            for step in (1e-4, -1e-4):  # J is quadratic: no truncation, so a large step
                moved = [a.copy() for a in arrays]
                moved[place][index] += step
                both.append(J(*moved))
            assert formula[index] == pytest.approx((both[0] - both[1]) / 2e-4, rel=1e-7, abs=1e-8)


def linear_environment(rows):
    """The three derivatives by differences of J, which is quadratic: no truncation, so a large step."""
    arrays = dict(zip("WbU", linear_case(rows)[:3], strict=True))
    C = linear_case(rows)[3]
    V = lambda a: (a["U"] @ a["W"] if rows else a["W"] @ a["U"]) + a["b"]
    given = arrays | {"G": C * V(arrays), r"\ones": np.ones((5, 1))}
    for name, array in arrays.items():
        found = np.zeros(array.shape)
        for index in np.ndindex(*array.shape):
            step = np.zeros(array.shape)
            step[index] = 1e-4
            up, down = (float((C * V(arrays | {name: array + s}) ** 2).sum()) / 2 for s in (step, -step))
            found[index] = (up - down) / 2e-4
        given[rf"d\cost/d{name}"] = found
    return given


def test_eq_linear_columns():
    printed("eq:linear-columns").holds(linear_environment(rows=False), rtol=1e-7, atol=1e-8)
    assert_linear(rows=False)


def test_eq_linear_rows():
    printed("eq:linear-rows").holds(linear_environment(rows=True), rtol=1e-7, atol=1e-8)
    assert_linear(rows=True)


def test_thm_linear_layer():
    """The proof's step: each V_ri by each entry, in symbols; and rows are the transposed columns."""
    pinned(
        "thm:linear-layer",
        r"V = W U + b\,\ones^{\T}",
        r"W \in \R^{\size{l} \times \size{l-1}}",
        r"b \in \R^{\size{l}}",
        r"U \in \R^{\size{l-1} \times \nexamples}",
        r"G = \partial \cost / \partial V",
        r"V = U W + \ones\, b",
        r"W \in \R^{\size{l-1} \times \size{l}}",
        r"U \in \R^{\nexamples \times \size{l-1}}",
    )
    n, m, N = 2, 3, 2
    W, U, G = (
        sympy.MatrixSymbol(name, *shape) for name, shape in (("W", (n, m)), ("U", (m, N)), ("G", (n, N)))
    )
    b = sympy.Matrix(sympy.symbols("b0:2"))
    V = W.as_explicit() * U.as_explicit() + b * sympy.ones(1, N)
    total = lambda by: sum(
        G.as_explicit()[r, i] * sympy.diff(V[r, i], by) for r in range(n) for i in range(N)
    )
    columns = (G * U.T).as_explicit(), (G.as_explicit() * sympy.ones(N, 1)), (W.T * G).as_explicit()
    for formula, given in zip(columns, (W.as_explicit(), b, U.as_explicit()), strict=True):
        for j, k in np.ndindex(*formula.shape):
            assert sympy.expand(total(given[int(j), int(k)]) - formula[int(j), int(k)]) == 0
    left, right = linear_case(), linear_case(rows=True)
    one, two = layers.Linear(*left[:2]), layers.Linear(*right[:2], "rows")
    np.testing.assert_allclose(one.forward(left[2]).T, two.forward(right[2]), rtol=1e-14)
    np.testing.assert_allclose(one.backward(left[3]).T, two.backward(right[3]), rtol=1e-14)
    np.testing.assert_allclose(one.dW.T, two.dW, rtol=1e-14)
    np.testing.assert_allclose(one.db.T, two.db, rtol=1e-14)


@pytest.mark.parametrize("layout", layers.LAYOUTS)
def test_eq_activation_layer(layout):
    formula = printed("eq:activation-layer")
    rng = np.random.default_rng(SEED)
    U, G = rng.normal(size=(2, 4, 3))
    for name in ("tanh", "sigmoid", "relu", "gelu", "identity", "softplus"):
        layer = layers.Activation(name, layout)
        value = bp.activations.get(name).value
        np.testing.assert_array_equal(layer.forward(U), value(U))
        slope = (value(U + 1e-6) - value(U - 1e-6)) / 2e-6
        given = {
            "U": U,
            "G": G,
            "V": value(U),
            r"\sigmoid": value,
            r"\dsigmoid": lambda _, slope=slope: slope,
        }
        formula.holds(given | {r"d\cost/dU": layer.backward(G)}, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(layer.backward(G), G * slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("layout", layers.LAYOUTS)
@pytest.mark.parametrize("name", bp.losses.LOSSES)
def test_eq_loss_layer(layout, name):
    """The mean of single losses, and its differences by every entry of U."""
    formula = printed("eq:loss-layer")
    rng = np.random.default_rng(SEED)
    U, Y = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(3), size=4).T
    turn = np.transpose if layout == "rows" else np.asarray
    loss = layers.Loss(name, layout)
    row = bp.losses.get(name)
    single = [(row.value_from_z or row.value)(U[:, [i]], Y[:, [i]]).item() for i in range(4)]
    assert loss.forward(turn(U), turn(Y)) == pytest.approx(sum(single) / 4, rel=1e-14)
    gradient = turn(loss.backward())
    one = lambda u, y: (row.value_from_z or row.value)(u, y).item()
    given = {r"\cost": loss.forward(turn(U), turn(Y)), r"\nexamples": 4, r"\loss": one}
    given |= {"U_": lambda i: U[:, [i - 1]], r"\lab_": lambda i: Y[:, [i - 1]]}
    given |= {r"\nabla\loss": lambda u, y: slopes(lambda v: one(v, y), u)}
    for i in (1, 2, 3, 4):
        by_column = {r"d\cost/dU_": lambda i: gradient[:, [i - 1]], "i": i}
        formula.holds(given | by_column, rtol=1e-6, atol=1e-9)
    for index in np.ndindex(3, 4):
        both = []
        for step in (1e-5, -1e-5):
            moved = U.copy()
            moved[index] += step
            both.append(layers.Loss(name, layout).forward(turn(moved), turn(Y)))
        assert gradient[index] == pytest.approx((both[0] - both[1]) / 2e-5, rel=1e-6, abs=1e-9)


def quotients(f, h):
    """D_1, D_2, D_3 with 60 digits, so that no rounding hides what the step does."""
    return (f(h) - f(0)) / h, (f(h) - f(-h)) / (2 * h), mp.im(f(mp.mpc(0, h))) / h


@pytest.mark.parametrize("name", SMOOTH)
def test_eq_three_schemes(name):
    """All three go to the derivative."""
    known = {
        "D_1": lambda h: np.expm1(h) / h,
        "D_2": lambda h: np.sinh(h) / h,
        "D_3": lambda h: np.sin(h) / h,
    }
    printed("eq:three-schemes").holds(known | {"f": np.exp, "h": 0.3, r"\mathrm{i}": 1j})
    f = SMOOTH[name][0]
    with mp.workdps(60):
        for D in quotients(f, mp.mpf(10) ** -12):
            assert abs(D - mp.diff(f, 0)) < 1e-11
        numbers = [f"{float(D):.6f}" for D in quotients(mp.exp, mp.mpf(1) / 10)]
    assert numbers == ["1.051709", "1.001668", "0.998334"]


def between(f, order, low, high):
    """Least and largest value of a derivative on a fine grid, widened by the grid's own error."""
    values = [float(mp.diff(f, low + (high - low) * i / 100, order)) for i in range(101)]
    margin = 1e-9 + max(abs(np.diff(values)))
    return min(values) - margin, max(values) + margin


STEPS = (0.5, 0.1, 0.01)


@pytest.mark.parametrize("name", SMOOTH)
def test_eq_truncation_one_sided(name):
    """2 (D_1 - f')/h is a value that f'' takes on [0, h]."""
    # For t + t³ all is known: D_1 = D_2 = 1 + h², and ξ = h/3.
    given = {
        "D_1": lambda h: 1 + h * h,
        "f'": lambda t: 1 + 3 * t * t,
        "f''": lambda t: 6 * t,
        "h": 0.6,
        r"\xi": 0.2,
    }
    printed("eq:truncation-one-sided").holds(given)
    f = SMOOTH[name][0]
    with mp.workdps(60):
        for h in STEPS:
            value = 2 * (quotients(f, mp.mpf(h))[0] - mp.diff(f, 0)) / h
            low, high = between(f, 2, 0, mp.mpf(h))
            assert low <= value <= high


@pytest.mark.parametrize("name", SMOOTH)
def test_eq_truncation_central(name):
    """6 (D_2 - f')/h² is a value that f''' takes on [-h, h]."""
    given = {
        "D_2": lambda h: 1 + h * h,
        "f'": lambda t: 1 + 3 * t * t,
        "f'''": lambda t: 6.0,
        "h": 0.6,
        r"\xi": 0.2,
    }
    printed("eq:truncation-central").holds(given)
    f = SMOOTH[name][0]
    with mp.workdps(60):
        for h in STEPS:
            value = 6 * (quotients(f, mp.mpf(h))[1] - mp.diff(f, 0)) / mp.mpf(h) ** 2
            low, high = between(f, 3, -mp.mpf(h), mp.mpf(h))
            assert low <= value <= high


@pytest.mark.parametrize("name", SMOOTH)
def test_eq_truncation_complex(name):
    """The bound C h², for every step up to s inside the disc; and it is near for small steps."""
    # t + t³ - t⁵ at h = s: D_3 = 1 - h² - h⁴, and the bound is reached.
    given = {"D_3": lambda h: 1 - h**2 - h**4, "f'": lambda t: 1.0, "h": 0.6, "s": 0.6, "C": 1 + 0.6**2}
    given |= {"c_": {3: 1.0, 5: -1.0}, r"k\ge1": [{"k": 1}, {"k": 2}]}
    bound = printed("eq:truncation-complex")
    bound.holds(given)
    bound.holds(given | {"s": 0.9, "C": 1 + 0.9**2, "h": 0.6})
    assert bound.value(given, 0) == pytest.approx(0.6**2 + 0.6**4)
    f, radius = SMOOTH[name]
    with mp.workdps(60):
        s = mp.mpf(1) / 2
        assert s < radius
        c = mp.taylor(f, 0, 41)
        C = mp.fsum(abs(c[2 * k + 1]) * s ** (2 * k - 2) for k in range(1, 21))
        for h in STEPS:
            error = abs(quotients(f, mp.mpf(h))[2] - c[1])
            assert error <= C * mp.mpf(h) ** 2 * (1 + mp.mpf(10) ** -9)  # the terms cut off at 41
        tiny = mp.mpf(10) ** -9
        assert abs((quotients(f, tiny)[2] - c[1]) / tiny**2 + c[3]) < 1e-12


def test_thm_truncation():
    """Leading terms of all three errors, from the series; the complex one has no odd powers."""
    pinned(
        "thm:truncation",
        "h > 0",
        "[0, h]",
        "(0, h)",
        r"f(t) = \sum_{n \ge 0} c_n t^n",
        r"\lvert t \rvert < \rho",
        r"h \le s < \rho",
        r"-\tfrac{1}{6} f'''(0)\, h^2",
        "h^4",
    )
    c = sympy.symbols("c0:8")
    f = sum(c[n] * t**n for n in range(8))
    D1, D2, D3 = (sympy.expand(D) for D in quotients_of_polynomial(f))
    assert sympy.expand(D1 - c[1] - h * c[2]).coeff(h, 1) == 0  # f''/2 = c2
    assert D2 == c[1] + c[3] * h**2 + c[5] * h**4 + c[7] * h**6
    assert D3 == c[1] - c[3] * h**2 + c[5] * h**4 - c[7] * h**6


def quotients_of_polynomial(f):
    """As `quotients`, for real symbols as coefficients: Im by i^n."""
    c = [f.coeff(t, n) for n in range(8)]
    odd = sum(c[n] * h**n * (-1) ** ((n - 1) // 2) for n in range(1, 8, 2))
    return (f.subs(t, h) - f.subs(t, 0)) / h, (f.subs(t, h) - f.subs(t, -h)) / (2 * h), odd / h


def rounded_exp(x, digits=5):
    """exp(x) rounded to some decimals, exactly that: |rounded - exact| <= 10^-digits / 2."""
    return Fraction(round(math.exp(x) * 10**digits), 10**digits)


def test_eq_rounding():
    """A program that rounds to five decimals, in exact fractions: never above the bound, and near it."""
    bounds = printed("eq:rounding", conditions=[r"\text{ for }D_1", r"\text{ for }D_2"])
    eps, worst = Fraction(1, 2 * 10**5), [0, 0]
    for n in range(1, 400):
        step = Fraction(n, 1000)
        f = {s: Fraction(math.exp(s * n / 1000)) for s in (-1, 0, 1)}
        g = {s: rounded_exp(s * n / 1000) for s in (-1, 0, 1)}
        limits = bounds.values({r"\varepsilon": eps, "h": step})
        one = abs((g[1] - g[0]) - (f[1] - f[0])) / step
        two = abs((g[1] - g[-1]) - (f[1] - f[-1])) / (2 * step)
        assert one <= 2 * eps / step and two <= eps / step
        assert limits == pytest.approx([float(2 * eps / step), float(eps / step)])
        worst = [max(worst[0], one * step / eps), max(worst[1], two * step / eps)]
    assert worst[0] > 0.9 and worst[1] > 0.9  # f(0) = 1 is exact here, so 1 of 2 ε is reached


def test_prop_rounding():
    """Both bounds are reached by the worst returns; the complex step keeps its relative error."""
    pinned("prop:rounding", r"\lvert \tilde f(t) - f(t) \rvert \le \varepsilon", "t = -h, 0, h", "D_3")
    eps, f = Fraction(1, 1000), {-1: Fraction(3), 0: Fraction(5), 1: Fraction(9)}
    for step in (Fraction(1, 10), Fraction(1, 10**6)):
        g = {-1: f[-1] - eps, 0: f[0] - eps, 1: f[1] + eps}
        assert (g[1] - g[0]) / step - (f[1] - f[0]) / step == 2 * eps / step
        assert ((g[1] - g[-1]) - (f[1] - f[-1])) / (2 * step) == eps / step
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 3, 4, SEED)
    exact = bp.backward(net, bp.forward(net, X), Y).W[1]
    for step in (1e-10, 1e-50, 1e-150):
        relative = abs(gradcheck.complex_step(net, X, Y, step).W[1] / exact - 1)
        assert relative.max() < 1e-12


M, eps = sympy.symbols("M varepsilon", positive=True)
k = sympy.symbols("k", positive=True)
BOUND = {"M_2": 2.3, "M_3": 2.3, r"\varepsilon": 0.02}
BOUNDS = {  # bound, best step, least value
    "one-sided": (lambda h: M * h / 2 + 2 * eps / h, 2 * sympy.sqrt(eps / M), 2 * sympy.sqrt(M * eps)),
    "central": (
        lambda h: M * h**2 / 6 + eps / h,
        (3 * eps / M) ** sympy.Rational(1, 3),
        sympy.Rational(1, 2) * (9 * M * eps**2) ** sympy.Rational(1, 3),
    ),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_eq_best_step(name):
    """The derivative of the bound is 0 there, negative before and positive after."""
    numbers = {M: BOUND["M_3"], eps: BOUND[r"\varepsilon"]}
    least = [
        float(sympy.nsolve(sympy.diff(bound(k), k).subs(numbers), (0.01, 9), solver="bisect"))
        for bound, *_ in BOUNDS.values()
    ]
    printed("eq:best-step").holds(BOUND | dict(zip(("h_1", "h_2"), least, strict=True)))
    bound, best, _ = BOUNDS[name]
    slope = lambda h: sympy.simplify(
        sympy.diff(bound(k), k).subs(k, h).subs({M: 3, eps: sympy.Rational(1, 7)})
    )
    at = best.subs({M: 3, eps: sympy.Rational(1, 7)})
    assert slope(at) == 0 and slope(at * 0.9) < 0 < slope(at * 1.1)


@pytest.mark.parametrize("name", BOUNDS)
def test_eq_best_error(name):
    """Reached at the step that makes the bound least, found by search."""
    numbers = {M: BOUND["M_3"], eps: BOUND[r"\varepsilon"]}
    E = {n: sympy.lambdify(k, bound(k).subs(numbers)) for n, (bound, *_) in BOUNDS.items()}
    best = E[name](np.geomspace(0.01, 10, 4000)).min()
    bounds = printed("eq:best-error")
    bounds.holds(BOUND | {f"E_{i}": of for i, of in enumerate(E.values(), start=1)} | {"h": 0.7})
    assert bounds.value(BOUND, list(BOUNDS).index(name)) == pytest.approx(best, rel=1e-5)
    bound, best, least = BOUNDS[name]
    assert sympy.simplify(sympy.powdenest(bound(best) - least, force=True)) == 0
    u64, u32 = 2.0**-53, 2.0**-24  # the chapter's numbers
    value = lambda expression, u: f"{float(expression.subs({M: 1, eps: u})):.0e}"
    expected = {"one-sided": ("2e-08", "5e-04"), "central": ("2e-11", "2e-05")}[name]
    assert (value(least, u64), value(least, u32)) == expected


def test_thm_best_step():
    """The inequality for random numbers, and the two identities behind the means."""
    pinned(
        "thm:best-step",
        r"\begin{aligned} E_1(h) &= \frac{M_2}{2} h + \frac{2\varepsilon}{h}, \\[1ex] E_2(h) &= \frac{M_3}{6} h^2 + \frac{\varepsilon}{h}. \end{aligned}",
        r"h_0, \varepsilon, M_2, M_3 > 0",
        r"\lvert f'' \rvert \le M_2",
        r"\lvert f''' \rvert \le M_3",
        "[-h_0, h_0]",
        "h_0",
        r"0 < h \le h_0",
        "D_1",
        "D_2",
        "f'(0)",
        "h > 0",
    )
    print("seed", SEED)
    p, q = sympy.symbols("p q", positive=True)
    assert sympy.expand((p - q) ** 2 - (p**2 + q**2 - 2 * p * q)) == 0
    assert sympy.expand((M * k / 2) * (2 * eps / k)) == M * eps
    assert sympy.expand((M * k**2 / 6) * (eps / (2 * k)) ** 2) == M * eps**2 / 24
    rng = np.random.default_rng(SEED)
    for _ in range(300):
        m, e, step = 10.0 ** rng.uniform(-8, 8, size=3)
        assert m * step / 2 + 2 * e / step >= 2 * np.sqrt(m * e) * (1 - 1e-14)
        assert m * step**2 / 6 + e / step >= 0.5 * np.cbrt(9 * m * e**2) * (1 - 1e-14)


def test_eq_kink_difference():
    relu = lambda t: max(0.0, t)
    for w in (-0.07, 0.0, 0.04):
        given = {"D_2": lambda h, w=w: (relu(w + h) - relu(w - h)) / (2 * h), "w": w, "h": 0.1}
        printed("eq:kink-difference").holds(given)
    for step in (Fraction(1), Fraction(1, 10**5)):
        for n in range(-10, 11):
            w = step * Fraction(n, 10)
            assert (max(0, w + step) - max(0, w - step)) / (2 * step) == Fraction(1, 2) + w / (2 * step)
        outside = step * Fraction(11, 10)
        assert (max(0, outside + step) - max(0, outside - step)) / (2 * step) == 1
    assert Fraction(1, 2) + Fraction(5, 10**6) / (2 * Fraction(1, 10**5)) == Fraction(3, 4)


def test_eq_relative_error():
    """What `check_gradients` reports is the largest value of the formula, floor included."""
    formula = printed("eq:relative-error")
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 3, 4, SEED)
    grads = bp.value_and_grad(net, X, Y)[1]
    grads.W[2][0, 0] += 3e-3
    found = judge.judge(net, X, Y, grads.column())
    g, D, floor = found.given, found.true, found.off / 1e-5
    np.testing.assert_allclose(D, gradcheck.complex_step(net, X, Y).column(), rtol=1e-6, atol=1e-9)
    relative = abs(g - D) / np.maximum(np.maximum(abs(g), abs(D)), floor)  # each entry has its own floor
    for i in range(len(g)):
        given = {"g": g[i], "D": D[i], r"\beta": floor[i]}
        assert formula.value(given) == pytest.approx(relative[i], rel=1e-12)
    report = bp.check_gradients(net, X, Y, grads, tolerance=10)
    assert report.worst == pytest.approx(relative.max(), rel=1e-12) and report.worst > 1e-3


def test_prop_relative_error():
    """The factor's formula, its bound, and the chapter's table."""
    pinned(
        "prop:relative-error",
        r"g = \lambda D",
        r"\max(\lvert g \rvert, \lvert D \rvert) \ge \beta",
        r"\lvert \lambda - 1 \rvert / \max(\lvert \lambda \rvert, 1)",
    )

    def relative(g, D, floor):
        return Fraction(abs(g - D)) / max(abs(g), abs(D), floor)

    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for _ in range(300):
        n, m, D = (int(v) for v in rng.integers(-50, 51, size=3))
        factor = Fraction(n, abs(m) + 1)
        g = factor * D
        floor = Fraction(1, 10**6)
        if max(abs(g), abs(D)) >= floor:
            assert relative(g, D, floor) == abs(factor - 1) / max(abs(factor), 1) <= 2
    table = {0: 1, -1: 2, 2: Fraction(1, 2), Fraction(1, 2): Fraction(1, 2), Fraction(1, 5): Fraction(4, 5)}
    table |= {Fraction(N, N - 1): Fraction(1, N) for N in range(2, 20)}
    for factor, expected in table.items():
        assert relative(factor * Fraction(3), Fraction(3), Fraction(1, 10**6)) == expected


def cost_of(net, column, X, Y):
    """The cost of the network whose parameters stand in one column."""
    groups, at = [], 0
    for group in (net.W, net.b):
        groups.append([None])
        for old in group[1:]:
            groups[-1].append(column[at : at + old.size].reshape(old.shape))
            at += old.size
    moved = net.with_parameters(*groups)
    return bp.cost(moved, bp.forward(moved, X), Y)


def test_eq_directional_difference():
    """Against the product of the differences of all entries with the direction, and g · v."""
    formula = printed("eq:directional-difference")
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 3, 4, SEED)
    entries, grads = gradcheck.central_differences(net, X, Y), bp.backward(net, bp.forward(net, X), Y)
    for _ in range(5):
        v = gradcheck.random_direction(net, rng)
        column = lambda p: np.concatenate([a.ravel() for a in p.W[1:] + p.b[1:]])[:, None]
        size = float(np.linalg.norm(column(v)))
        given = {"g": column(entries), "v": column(v), "h": 1e-5, "s": 1e-5 / size, r"\param": column(net)}
        formula.holds(given | {r"\cost": lambda c: cost_of(net, c, X, Y)}, approx=1e-6)
        along = gradcheck.directional_difference(net, X, Y, v)
        assert along == pytest.approx(entries.dot(v), rel=1e-7)
        assert along == pytest.approx(grads.dot(v), rel=1e-7)


def given(G, V):
    """The entries of a random matrix and of a layer's output, counted from 1."""
    entries = [{"r": r + 1, "i": i + 1} for r, i in np.ndindex(*V.shape)]
    return {"G_": lambda r, i: G[r - 1, i - 1], "V_": lambda r, i: V[r - 1, i - 1], "range r,i": entries}


@pytest.mark.parametrize("layout", layers.LAYOUTS)
def test_eq_vjp_check(layout):
    """backward(G) is the gradient of Σ G ⊙ V, by differences; and ∂/∂V of that is G."""
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    W, b = (rng.normal(size=s) for s in (((2, 3), (2, 1)) if layout == "columns" else ((3, 2), (1, 2))))
    U = rng.normal(size=(3, 4) if layout == "columns" else (4, 3))
    formula = printed("eq:vjp-check")
    for layer in (
        layers.Linear(W, b, layout),
        layers.Activation("softmax", layout),
        layers.Activation("tanh"),
    ):
        V = layer.forward(U)
        G = rng.normal(size=V.shape)
        cost = lambda v, G=G: formula.value(given(G, v))
        formula.holds(
            given(G, V) | {r"\cost": (G * V).sum(), r"d\cost/dV": numeric.partials(cost, V), "G": G},
            rtol=1e-9,
        )
        judged = numeric.partials(lambda u, G=G, layer=layer: (G * layer.forward(u)).sum(), U)
        layer.forward(U)
        np.testing.assert_allclose(layer.backward(G), judged, atol=1e-8)


def test_thm_random_direction():
    """Mean, variance and shares of q · v / ‖q‖, within four standard errors of the theory."""
    pinned(
        "thm:random-direction",
        r"q \in \R^{P}",
        r"q \ne 0",
        r"q^{\T} v / \norm{q}",
        r"q^{\T} v = 0",
        r"q^{\T} v",
        r"\norm{q}^2",
        "t > 0",
        r"\lvert q^{\T} v \rvert \le t\,\norm{q}",
        r"t \sqrt{2/\pi} < 0.8\, t",
        r"(0.8\, t)^{k}",
    )
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    net, X, Y = random_case("tanh", "sigmoid", "half_squared_error", 3, 4, SEED)
    q, n = bp.backward(net, bp.forward(net, X), Y), 4000
    q.W[2][:] = 0  # any q will do
    size = q.dot(q) ** 0.5
    z = np.array([q.dot(gradcheck.random_direction(net, rng)) for _ in range(n)]) / size
    assert (z != 0).all()
    assert abs(z.mean()) < 4 / np.sqrt(n) and abs((z**2).mean() - 1) < 4 * np.sqrt(2 / n)
    for bound in (2, 1, 0.3, 0.1):
        exact = math.erf(bound / math.sqrt(2))
        assert exact <= bound * math.sqrt(2 / math.pi) < 0.8 * bound
        assert abs((abs(z) <= bound).mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / n)
    pairs = abs(z).reshape(-1, 2) <= 0.5  # two independent directions
    both = math.erf(0.5 / math.sqrt(2)) ** 2
    assert abs(pairs.all(axis=1).mean() - both) < 4 * np.sqrt(both * (1 - both) / (n / 2))
    assert 0.8 * 1e-3 == pytest.approx(0.0008) and f"{0.0008**5:.1e}" == "3.3e-16"


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_the_layer_view_gives_the_same_gradients(output, loss):
    """The chapter's assertion for every pair of output activation and loss, in both layouts."""
    net, X, Y = random_case("tanh", output, loss, 3, 4, SEED)
    J, grads = bp.value_and_grad(net, X, Y)
    for layout in layers.LAYOUTS:
        turn = np.transpose if layout == "rows" else np.asarray
        sequence = layers.Sequence.of(net, layout)
        assert sequence.forward(turn(X), turn(Y)) == pytest.approx(J, rel=1e-13)
        sequence.backward()
        for l, layer in enumerate(sequence.linear, start=1):
            np.testing.assert_allclose(turn(layer.dW), grads.W[l], rtol=1e-10, atol=1e-14)
            np.testing.assert_allclose(turn(layer.db), grads.b[l], rtol=1e-10, atol=1e-14)


def test_the_table_of_errors():
    """The powers of ten in the chapter's table, of the chapter's network.

    Rounding differs between computers by a small factor: no entry may be a whole power off, and what
    is listed as the last digit must be below ten rounding units.
    """
    (text,) = [text for path, text in pages() if path == ROOT / "chapters" / "06-implementation.ipynb"]
    number = lambda cell: int(cell.strip(" $").removeprefix("10^{").strip("{}").replace("−", "-"))
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| $10^{-")]
    assert len(rows) == 11
    rng = np.random.default_rng(27)
    net = bp.Network.random([3, 4, 3, 2], "tanh", "sigmoid", "half_squared_error", "glorot", seed=rng)
    for l in (1, 2, 3):
        net.b[l] += rng.normal(scale=0.5, size=net.b[l].shape)
    X, Y = rng.normal(size=(3, 5)), rng.uniform(size=(2, 5))
    steps = 10.0 ** np.array([number(row[0]) for row in rows])
    for first, dtype in ((1, np.float64), (4, np.float32)):
        last = number(rows[-1][3]) if dtype == np.float64 else -7
        for i, errors in enumerate(gradcheck.step_errors(net, X, Y, steps, dtype).values()):
            for row, error in zip(rows, errors, strict=True):
                cell = row[first + i]
                if not cell.strip():
                    assert dtype == np.float32 and (number(row[0]) < -8 or error > 0.01)
                elif number(cell) == last:
                    assert error < 10 * np.finfo(dtype).eps
                else:
                    assert abs(np.log10(error) - number(cell)) < 0.8, (row, error)
