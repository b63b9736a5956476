"""Claims of chapter 7. Each test carries the label of its formula, theorem or proposition.

Judges: SymPy for identities, finite differences, exact averages over all signs of the weights, and
averages over many seeds with the standard error they allow.
"""

import itertools
import math

import numpy as np
import pytest
import sympy

import backprop as bp
from backprop import flow, gradcheck, initialise

from ..unit.nets import ELEMENTWISE, random_case
from .printed import arrays, pinned, printed
from .printed.arrays import gradient

SEED = 7


def spectral(A):
    """The largest singular value, from the eigenvalues of A^T A: no call of `norm`."""
    return math.sqrt(np.linalg.eigvalsh(A.T @ A)[-1])


def all_signs(sizes, v):
    """The environment of a network whose weights are ±√v, all signs equally likely: means are finite sums."""
    shapes = list(itertools.pairwise(sizes))
    x, cases = np.array([[0.3], [-1.2], [0.8]]), []
    for signs in itertools.product((-1.0, 1.0), repeat=sum(m * n for n, m in shapes)):
        signs, W = math.sqrt(v) * np.array(signs), [None]
        for n, m in shapes:
            W.append(signs[: m * n].reshape(m, n))
            signs = signs[m * n :]
        net = bp.Network(
            W, [None] + [np.zeros((m, 1)) for _, m in shapes], ["tanh"] * len(shapes), "half_squared_error"
        )
        fwd = bp.forward(net, x)
        case = {r"\prei": lambda l, j, fwd=fwd: fwd.z[l][j - 1, 0], r"\act": lambda l, fwd=fwd: fwd.a[l]}
        cases.append((1, case))
    return {r"\mathrm{E}": cases, "v_": lambda l: v}


def wide(sizes, name, init, l):
    """The environment of `flow.theory`: a pre-activation is √q times a standard normal number g."""
    theory, activation = flow.theory(sizes, name, init), bp.activations.get(name)
    nodes = np.linspace(-8, 8, 201)
    weights = np.exp(-(nodes**2) / 2)
    cases = [
        (w, {"g": g, r"\prei": lambda l, k, g=g: math.sqrt(theory.q[l - 1]) * g})
        for g, w in zip(nodes, weights, strict=True)
    ]
    return {
        r"\mathrm{E}": cases, r"\size": sizes.__getitem__, "q_": lambda l: theory.q[l - 1],
        r"\chi_": lambda l: theory.chi[l - 1], "v_": lambda l: initialise.variance(sizes[l - 1], sizes[l], init),
        r"\actf": {l: lambda t: activation.value(np.array([t]))[0]}.__getitem__,
        r"\dactf": {l: lambda t: activation.derivative(np.array([t]))[0]}.__getitem__,
    }  # fmt: skip


def test_prop_max_slopes():
    pinned(
        "prop:max-slopes", r"\tfrac14", r"\sqrt2", r"\Phi(\sqrt2) + \sqrt2\,\varphi(\sqrt2) > 1", r"-\sqrt2"
    )
    z = sympy.symbols("z", real=True)
    p = sympy.symbols("p")
    assert sympy.expand(sympy.Rational(1, 4) - (p - sympy.Rational(1, 2)) ** 2 - p * (1 - p)) == 0
    density = sympy.exp(-(z**2) / 2) / sympy.sqrt(2 * sympy.pi)
    gelu = z * (1 + sympy.erf(z / sympy.sqrt(2))) / 2
    assert sympy.simplify(sympy.diff(gelu, z, 2) - (2 - z**2) * density) == 0
    slope = sympy.diff(gelu, z)
    assert sympy.limit(slope, z, -sympy.oo) == 0 and sympy.limit(slope, z, sympy.oo) == 1
    largest = {
        "sigmoid": (0, 0.25), "tanh": (0, 1), "gelu": (math.sqrt(2), float(slope.subs(z, sympy.sqrt(2)))),
        "relu": (None, 1), "leaky_relu": (None, 1), "prelu": (None, 1), "elu": (None, 1),
        "softplus": (None, 1), "identity": (None, 1),
    }  # fmt: skip
    grid = np.linspace(-30, 30, 60001)
    for name, (at, value) in largest.items():
        row = bp.activations.get(name)
        slopes = row.derivative(grid)
        assert slopes.max() <= value + 1e-15 and slopes.max() > value - 1e-6
        assert row.max_derivative == pytest.approx(value, rel=1e-14)
        least = 1 - value if name == "gelu" else 0
        assert least - 1e-15 <= slopes.min() and abs(slopes).max() == slopes.max()
        if at is not None:
            assert abs(grid[np.argmax(slopes)] - at) < 1e-3
            assert row.derivative(np.array([at]))[0] == pytest.approx(value, rel=1e-12)
            assert (slopes[abs(grid - at) > 0.01] < value - 1e-6).all()
    assert sympy.simplify(slope + slope.subs(z, -z)) == 1
    assert abs(grid[np.argmin(bp.activations.d_gelu(grid))] + math.sqrt(2)) < 1e-3
    least = bp.activations.d_gelu(np.array([-math.sqrt(2)]))[0]
    assert least == pytest.approx(1 - largest["gelu"][1], rel=1e-12)
    assert (bp.activations.d_softplus(np.linspace(-30, 30, 61)) < 1).all()
    rng = np.random.default_rng(SEED)
    for K in (2, 3, 7):
        for _ in range(50):
            a = rng.dirichlet(np.full(K, 0.5))
            assert abs(np.diag(a) - np.outer(a, a)).max() <= 0.25
    assert (np.diag([0.5, 0.5]) - np.full((2, 2), 0.25)).max() == 0.25


def cases(number=40):
    """Random networks with every element-wise activation and their gradients, one example each."""
    print("seed", SEED)
    for i in range(number):
        name = ELEMENTWISE[i % len(ELEMENTWISE)]
        net, X, Y = random_case(name, "identity", "half_squared_error", 2 + i % 5, 1, seed=SEED + i)
        yield net, bp.forward(net, X), bp.backward(net, bp.forward(net, X), Y)


def test_eq_flow_bound():
    formula, tight = printed("eq:flow-bound"), 0.0
    for net, _, grads in cases():
        given = {r"\nlayers": net.L, r"\err": lambda l, g=grads: g.delta[l], r"\W": net.W.__getitem__}
        given[r"\beta_"] = lambda m, net=net: net.sigma[m].max_derivative
        last = np.linalg.norm(grads.delta[net.L])
        for l in range(1, net.L):
            factors = [net.sigma[m].max_derivative * spectral(net.W[m + 1]) for m in range(l, net.L)]
            formula.holds(given | {"l": l})
            assert formula.value(given | {"l": l}) == pytest.approx(flow.bound(net, l) * last, rel=1e-10)
            assert np.linalg.norm(grads.delta[l]) <= math.prod(factors) * last * (1 + 1e-12)
            assert flow.bound(net, l) == pytest.approx(math.prod(factors), rel=1e-10)
            tight = max(tight, np.linalg.norm(grads.delta[l]) / (math.prod(factors) * last))
    assert tight > 0.3  # the bound is not so loose that anything would pass


def test_prop_flow_bound():
    """The two facts of the proof, and a network in which the bound is reached."""
    pinned("prop:flow-bound", r"1 \le l < \nlayers")
    rng = np.random.default_rng(SEED)
    for _ in range(20):
        A, p = rng.normal(size=(4, 3)), rng.normal(size=(3, 1))
        d = rng.normal(size=(4, 1))
        assert spectral(A) == pytest.approx(spectral(A.T), rel=1e-12)
        assert np.linalg.norm(A @ p) <= spectral(A) * np.linalg.norm(p) * (1 + 1e-12)
        assert spectral(np.diag(d[:, 0])) == pytest.approx(abs(d).max(), rel=1e-12)
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    W, b = [None] + [2 * rotation] * 4, [None] + [np.zeros((2, 1))] * 4
    net = bp.Network(W, b, ["identity"] * 4, "half_squared_error")
    grads = bp.backward(net, bp.forward(net, [[1.0], [2.0]]), [[0.0], [1.0]])
    size = flow.norms(grads.delta)
    assert size[0] / size[3] == pytest.approx(flow.bound(net)) == pytest.approx(8)


def sigmoid_network(output, loss, rng):
    net = bp.Network.random([4] * 11, "sigmoid", output, loss, "he", seed=rng)
    for l in range(1, 11):
        net.W[l] /= spectral(net.W[l])
        net.b[l] += rng.normal(size=(4, 1))
    return net, rng.normal(size=(4, 1))


def test_cor_ten_sigmoids():
    pinned(
        "cor:ten-sigmoids",
        r"\norm{\Wunits{m}} \le 1",
        r"m = 2, \dots, 10",
        r"\norm{\err{1}} \le \bigl(\tfrac14\bigr)^{9}\, \norm{\out - \lab}",
    )
    assert 0.25**10 == pytest.approx(9.5367e-7, rel=1e-5) and 0.25**9 == pytest.approx(3.8147e-6, rel=1e-5)
    rng = np.random.default_rng(SEED)
    for _ in range(20):
        net, x = sigmoid_network("softmax", "cross_entropy", rng)
        fwd, y = bp.forward(net, x), rng.dirichlet(np.ones(4)).reshape(4, 1)
        size = flow.norms(bp.backward(net, fwd, y).delta)
        assert size[0] <= 0.25**9 * np.linalg.norm(fwd.a[10] - y)
        assert flow.bound(net) == pytest.approx(0.25**9)
        net, x = sigmoid_network("sigmoid", "binary_cross_entropy", rng)
        fwd, y = bp.forward(net, x), rng.uniform(size=(4, 1))
        size = flow.norms(bp.backward(net, fwd, y).delta)
        assert size[0] <= 0.25**9 * np.linalg.norm(fwd.a[10] - y)


def test_eq_ten_sigmoids():
    rng = np.random.default_rng(SEED)
    for loss in ("half_squared_error", "squared_error", "binary_cross_entropy"):
        for _ in range(20):
            net, x = sigmoid_network("sigmoid", loss, rng)
            fwd, y = bp.forward(net, x), rng.uniform(size=(4, 1))
            size = flow.norms(bp.backward(net, fwd, y).delta)
            gradient = net.loss_function.gradient(fwd.a[10], y)
            assert size[0] <= 0.25**10 * np.linalg.norm(gradient)
    # Reached: weights 1, biases -1/2, all pre-activations 0.
    W = [None] + [np.array([[1.0]])] * 10
    b = [None, np.zeros((1, 1))] + [np.array([[-0.5]])] * 9
    chain = bp.Network(W, b, ["sigmoid"] * 10, "half_squared_error")
    fwd = bp.forward(chain, [[0.0]])
    formula = printed("eq:ten-sigmoids")
    y = fwd.a[10] - 1
    given = arrays(chain, np.array([[0.0]]), y)
    formula.holds(given, rtol=1e-4)
    assert formula.value(given) == pytest.approx(0.25**10, rel=1e-4)
    assert bp.backward(chain, fwd, fwd.a[10] - 1).delta[1][0, 0] == 0.25**10


def test_prop_explosion():
    pinned("prop:explosion", r"\norm{\err{1}}", r"\prod_m \beta_m \norm{\Wunits{m+1}}")
    A, B = np.diag([2.0, 0.25]), np.diag([0.25, 2.0])
    for pairs in (1, 3, 10):
        W = [None, np.eye(2)] + [A, B] * pairs
        b = [None] + [np.zeros((2, 1))] * (2 * pairs + 1)
        net = bp.Network(W, b, ["identity"] * (2 * pairs + 1), "half_squared_error")
        size = flow.norms(bp.backward(net, bp.forward(net, [[1.0], [2.0]]), [[0.3], [-7.0]]).delta)
        assert flow.bound(net) == 4.0**pairs
        assert size[0] / size[-1] == pytest.approx(2.0**-pairs)


def within(values, expected, errors=4.5):
    """Is the mean of a sample within so many standard errors of what is expected?"""
    values = np.asarray(values)
    return abs(values.mean() - expected) < errors * values.std() / math.sqrt(len(values))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu"])
@pytest.mark.parametrize("init", ["lecun", "he_uniform"])
def test_eq_variance_forward(name, init):
    """v ‖a‖² is the mean of z² over seeds, in a narrow network, for normal and uniform weights."""
    for l in (1, 2):
        for j in (1, 2):
            printed("eq:variance-forward").holds(all_signs([3, 2, 2], 0.7) | {"l": l, "j": j})
    print("seeds 0 to 2999")
    differences, ratios = [], []
    for seed in range(3000):
        net = bp.Network.random([3, 4, 5, 1], name, "identity", "half_squared_error", init, seed)
        fwd = bp.forward(net, [[1.0], [-0.5], [2.0]])
        v = initialise.variance(4, 5, init)
        predicted = v * (fwd.a[1] ** 2).sum()
        differences.append((fwd.z[2] ** 2).mean() - predicted)
        ratios.append((fwd.z[2] ** 2).mean() / predicted)
    assert within(differences, 0) and within(ratios, 1) and not within(ratios, 1.1)


def test_prop_variance_forward():
    """For given a: mean 0, variance v ‖a‖², no correlation, and normal where the weights are."""
    pinned("prop:variance-forward", r"\actunits{l-1}", r"v_l\,\norm{\actunits{l-1}}^2")
    rng = np.random.default_rng(SEED)
    a, v = np.array([[0.3], [-1.2], [0.8]]), initialise.variance(3, 2, "glorot")
    z = np.hstack([initialise.weights(rng, 3, 2, "glorot") @ a for _ in range(20000)])
    variance = v * (a**2).sum()
    assert within(z[0], 0) and within(z[0] ** 2, variance) and within(z[0] * z[1], 0)
    assert within(z[0] ** 4, 3 * variance**2)  # the fourth moment of a normal variable
    assert within((abs(z[0]) < math.sqrt(variance)).astype(float), math.erf(1 / math.sqrt(2)))


def test_eq_mean_square_recursion():
    """Quadrature against known integrals, and the recursion against one very wide network."""
    for name, init in (("sigmoid", "lecun"), ("tanh", "he"), ("elu", "glorot")):
        sizes = [5, 7, 4, 3, 1]
        for l in (1, 2, 3):
            printed("eq:mean-square-recursion").holds(wide(sizes, name, init, l) | {"l": l}, rtol=1e-4)
    assert flow.gaussian_mean(lambda z: z**2, 3.0) == pytest.approx(3, rel=1e-12)
    assert flow.gaussian_mean(lambda z: np.maximum(z, 0) ** 2, 3.0) == pytest.approx(1.5, rel=1e-12)
    erf_slope = flow.gaussian_mean(lambda z: np.exp(-(z**2)), 0.7)
    assert erf_slope == pytest.approx(1 / math.sqrt(1 + 2 * 0.7), rel=1e-12)
    assert flow.gaussian_mean(bp.activations.sigmoid, 2.0) == pytest.approx(0.5, rel=1e-12)
    rng = np.random.default_rng(SEED)
    sizes = [400, 1000, 1000, 1000, 1000, 1]
    x = rng.normal(size=(400, 1))
    x /= np.sqrt((x**2).mean())
    for name, init in (("sigmoid", "lecun"), ("tanh", "he"), ("elu", "glorot")):
        net = bp.Network.random(sizes, name, "identity", "half_squared_error", init, rng)
        measured = [(z**2).mean() for z in bp.forward(net, x).z[1:5]]
        # The mean of 1000 squares of a normal variable has a relative standard deviation of 4.5 %.
        np.testing.assert_allclose(measured, flow.theory(sizes, name, init).q[:4], rtol=0.25)


def test_eq_variance_backward():
    """χ against the measured ratio of neighbouring layers in wide networks, over seeds."""
    for name, init in (("sigmoid", "glorot"), ("tanh", "he"), ("softplus", "lecun")):
        sizes = [5, 7, 4, 3, 1]
        for l in (1, 2, 3):
            printed("eq:variance-backward").holds(wide(sizes, name, init, l) | {"l": l}, rtol=1e-4)
    sizes = [20, 150, 150, 150, 1]
    print("seeds 0 to 199")
    for name, init in (("sigmoid", "glorot"), ("tanh", "he"), ("relu", "lecun"), ("softplus", "lecun")):
        found = flow.ensemble(sizes, name, init, range(200))
        ratios = (found.delta[:, :-1] / found.delta[:, 1:]) ** 2
        np.testing.assert_allclose(ratios.mean(axis=0), flow.theory(sizes, name, init).chi, rtol=0.1)


def test_prop_variance_backward():
    """With δ drawn independently of W and z the equation is exact, in a narrow layer too."""
    pinned(
        "prop:variance-backward",
        r"\mathrm{E}\bigl[\norm{\err{l}}^2\bigr] = \chi_l\; \mathrm{E}\bigl[\norm{\err{l+1}}^2\bigr]",
        r"1 \le l < \nlayers",
        r"\err{l+1}",
        r"\Wunits{l+1}",
    )
    rng = np.random.default_rng(SEED)
    v, n, m = 0.7, 3, 2
    z = rng.normal(size=(n, 1))
    slopes = bp.activations.d_tanh(z)
    squares, expected = [], v * (slopes**2).sum()
    for _ in range(20000):
        W, delta = rng.normal(0, math.sqrt(v), (m, n)), rng.uniform(-1, 2, size=(m, 1))
        squares.append([((W.T @ delta * slopes) ** 2).sum(), (delta**2).sum()])
    back, given = np.array(squares).T
    assert within(back - expected * given, 0)
    assert not within(back - 1.1 * expected * given, 0)


def exact_mean_square(sizes, activation, l, seed):
    """E‖δ^(l)‖² over all signs of all weights, their sizes given: a finite sum; and the sizes.

    Weights of random sizes with independent random signs are symmetric, and given their sizes the
    mean over signs is a sum over all cases.
    """
    rng = np.random.default_rng(seed)
    shapes = list(itertools.pairwise(sizes))
    size = [rng.uniform(0.5, 1.5, (n_out, n_in)) for n_in, n_out in shapes]
    x = rng.normal(size=(sizes[0], 1))
    count = sum(a.size for a in size)
    total = 0.0
    for signs in itertools.product((-1.0, 1.0), repeat=count):
        signs, W = np.array(signs), [None]
        for a in size:
            W.append(a * signs[: a.size].reshape(a.shape))
            signs = signs[a.size :]
        b = [None] + [np.zeros((w.shape[0], 1)) for w in W[1:]]
        net = bp.Network(W, b, [activation] * (len(sizes) - 2) + ["identity"], "half_squared_error")
        fwd = bp.forward(net, x)
        total += (bp.backward(net, fwd, fwd.a[net.L] - 1).delta[l] ** 2).sum()  # output error 1
    return total / 2**count, size


def test_thm_relu_variance():
    """Exact, by summing over all signs: given the sizes, E w_k w_r is 0 off the diagonal and w_k² on it.

    For given sizes the factors n v become products of the matrices of squares.
    """
    pinned("thm:relu-variance", r"0 \le \alpha \le 1", r"1 \le l < \nlayers", r"\alpha > 0", "l = 1")
    print("seed", SEED)
    sizes = [1, 2, 2, 1]
    for activation, alpha in (("prelu", 0.25), ("leaky_relu", 0.01)):
        found, size = exact_mean_square(sizes, activation, 1, SEED)
        half = (1 + alpha**2) / 2
        predicted = (half**2 * (size[2] ** 2) @ (size[1] ** 2)).sum()
        assert found == pytest.approx(predicted, rel=1e-12)
    found, size = exact_mean_square(sizes, "relu", 1, SEED)
    assert found == pytest.approx((0.25 * (size[2] ** 2) @ (size[1] ** 2)).sum(), rel=1e-12)
    found, size = exact_mean_square(sizes, "relu", 2, SEED)
    silent_below = 0.25  # a layer of two is silent for one in four cases of its signs
    bound = (0.5 * size[2] ** 2).sum()
    assert found == pytest.approx((1 - silent_below) * bound, rel=1e-12)


@pytest.mark.parametrize("init", ["he", "glorot", "lecun_uniform"])
def test_eq_relu_variance(init):
    formula = printed("eq:relu-variance")
    print("seeds 0 to 3999")
    sizes = [3, 5, 4, 6, 1]
    found = flow.ensemble(sizes, "prelu", init, range(4000))
    v = [None] + [initialise.variance(n_in, n_out, init) for n_in, n_out in itertools.pairwise(sizes)]
    for l in range(1, 4):
        expected = math.prod(17 / 32 * sizes[m] * v[m + 1] for m in range(l, 4))
        given = {
            r"\mathrm{E}": [(1, {r"\err": lambda l, e=expected: np.array([[2 * math.sqrt(e)], [0]])})],
            "v_": v,
        }
        given |= {r"\nlayers": 4, r"\size": sizes.__getitem__, r"\alpha": 0.25, "c": 2.0, "l": l}
        formula.holds(given)
        assert formula.value(given) == pytest.approx(4 * expected, rel=1e-12)
        assert within(found.relative[:, l - 1] ** 2, expected)
        assert not within(found.relative[:, l - 1] ** 2, 1.25 * expected)
        assert flow.theory(sizes, "prelu", init).delta[l - 1] ** 2 == pytest.approx(expected, rel=1e-12)
    relu = flow.ensemble(sizes, "relu", init, range(4000))
    silent = (relu.delta[:, :-1] == 0).all(axis=1)
    assert 0 < silent.mean() < sum(2.0**-n for n in sizes[1:-1])


def test_eq_lecun():
    given = {
        r"\size": [7, 5, 9].__getitem__,
        "v_": lambda l: initialise.variance([7, 5, 9][l - 1], [7, 5, 9][l], "lecun"),
    }
    for l in (1, 2):
        printed("eq:lecun").holds(given | {"l": l})
    rng = np.random.default_rng(SEED)
    assert initialise.variance(5, 7, "lecun") == 1 / 5
    sizes = [50, 30, 80, 20, 1]
    np.testing.assert_allclose(flow.theory(sizes, "identity", "lecun").q, 1, rtol=1e-12)
    w = np.concatenate([initialise.weights(rng, 5, 7, "lecun").ravel() for _ in range(2000)])
    assert within(w**2, 1 / 5)


def test_eq_glorot():
    given = {
        r"\size": [7, 5, 9].__getitem__,
        "v_": lambda l: initialise.variance([7, 5, 9][l - 1], [7, 5, 9][l], "glorot"),
    }
    for l in (1, 2):
        printed("eq:glorot").holds(given | {"l": l})
    n, m = sympy.symbols("n m", positive=True)
    assert sympy.simplify(1 / ((n + m) / 2) - 2 / (n + m)) == 0
    assert initialise.variance(5, 7, "glorot") == 2 / 12
    assert initialise.variance(6, 6, "glorot") == initialise.variance(6, 6, "lecun") == pytest.approx(1 / 6)
    # Both wishes at equal width: the mean square of an entry stays forward and backward.
    predicted = flow.theory([40] * 6, "identity", "glorot")
    np.testing.assert_allclose(predicted.q, 1, rtol=1e-12)
    np.testing.assert_allclose(predicted.chi, 1, rtol=1e-12)


def test_eq_he():
    given = {
        r"\size": [7, 5, 9].__getitem__,
        "v_": lambda l: initialise.variance([7, 5, 9][l - 1], [7, 5, 9][l], "he"),
    }
    for l in (1, 2):
        printed("eq:he").holds(given | {"l": l})
    assert initialise.variance(5, 7, "he") == 2 / 5
    predicted = flow.theory([50, 30, 80, 20, 1], "relu", "he")
    np.testing.assert_allclose(
        predicted.q, 2, rtol=1e-12
    )  # from a mean square of 1: nothing is cut off there
    np.testing.assert_allclose(predicted.chi, 1, rtol=1e-12)


def test_prop_silent_output():
    """Half of all signs, and the course's run."""
    pinned("prop:silent-output", r"\tfrac12", r"\err{l} = 0")
    net, x, y = flow.single_run("relu", "relu")
    fwd = bp.forward(net, x)
    assert fwd.z[6][0, 0] == pytest.approx(-0.0683, abs=5e-5) and (fwd.a[5] > 0).any()
    assert (flow.norms(bp.backward(net, fwd, y).delta) == 0).all()
    W = [*net.W[:6], -net.W[6]]
    turned = net.with_parameters(W, net.b)
    assert bp.forward(turned, x).z[6] == -fwd.z[6]
    assert (flow.norms(bp.backward(turned, bp.forward(turned, x), y).delta) > 0).all()
    off = []
    for seed in range(2000):
        net, x, _ = flow.single_run("relu", "relu", seed=seed)
        off.append(bp.forward(net, x).z[6][0, 0] < 0)
    assert np.mean(off) == 0.51 and abs(np.mean(off) - 0.5) < 3 * math.sqrt(0.25 / 2000)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (
            ("sigmoid", "sigmoid"),
            "7.002996e-05 3.228558e-04 1.354784e-03 6.242221e-03 3.025070e-02 8.634400e-02 8.110576e-04",
        ),
        (("relu", "identity"), ".126 .178 .460 .543 .974 .777 .162"),
        (("relu", "identity", "he"), ".794 .792 1.449 1.209 1.533 1.193 .666"),
    ],
)
def test_the_single_run_digit_for_digit(choice, expected):
    net, x, y = flow.single_run(*choice)
    size = flow.norms(bp.backward(net, bp.forward(net, x), y).delta)
    for value, digits in zip([*size, size[0] / size[-1]], expected.split(), strict=True):
        assert float(f"{value:.6e}" if "e" in digits else f"{value:.3f}") == float(digits)


def deep_case(seed, name="tanh", sizes=(3, 5, 5, 4, 4, 2)):
    rng = np.random.default_rng(seed)
    net = bp.Network.random(list(sizes), name, "identity", "half_squared_error", "lecun", rng)
    for b in net.b[1:]:
        b += rng.normal(size=b.shape)
    return net, rng.normal(size=(sizes[0], 3)), rng.normal(size=(sizes[-1], 3))


def test_eq_skip():
    net, X, _ = deep_case(SEED)
    fwd = flow.forward(net, X, skip=True)
    given = arrays(net, X, X[:2]) | {r"\act": lambda l: fwd.a[l], r"\pre": lambda l: fwd.z[l]}
    for l in (2, 4):
        printed("eq:skip").holds(given | {"l": l})
    assert fwd.skips == {2, 4}
    for l in range(1, 6):
        value = np.tanh(net.W[l] @ fwd.a[l - 1] + net.b[l]) if l < 5 else net.W[5] @ fwd.a[4] + net.b[5]
        if l in (2, 4):
            value = value + fwd.a[l - 1]
        np.testing.assert_allclose(fwd.a[l], value, rtol=1e-14)


def with_skips(net, x, y):
    """The environment of a network whose layers 2 and 4 are skipped, derivatives by differences."""
    fwd = flow.forward(net, x, skip=True)

    def rest(l, a):
        for m in range(l + 1, net.L + 1):
            value = net.sigma[m].value(net.W[m] @ a + net.b[m])
            a = value + a if m in fwd.skips else value
        return float(((a - y) ** 2).sum() / 2)

    by_z = lambda l: gradient(lambda z: rest(l, fwd.a[l - 1] + net.sigma[l].value(z)), fwd.z[l])
    return arrays(net, x, y) | {
        r"d\loss/d\act": lambda l: gradient(lambda a: rest(l, a), fwd.a[l]),
        r"\err": by_z,
        r"\pre": lambda l: fwd.z[l],
    }


@pytest.mark.parametrize("seed", range(3))
def test_eq_skip_backward(seed):
    net, X, Y = deep_case(seed)
    assert flow.difference_error(net, X, Y, skip=True) < 1e-7
    fwd = flow.forward(net, X, skip=True)
    given = with_skips(net, X[:, :1], Y[:, :1])
    for l in (2, 4):
        printed("eq:skip-backward").holds(given | {"l": l}, rtol=1e-6, atol=1e-9)
    grads = flow.backward(net, fwd, Y)
    upstream = net.W[5].T @ grads.delta[5]  # ∂ℓ/∂a^(4), the equations line by line
    for l in (4, 3, 2, 1):
        np.testing.assert_allclose(grads.delta[l], upstream * (1 - np.tanh(fwd.z[l]) ** 2), rtol=1e-10)
        upstream = net.W[l].T @ grads.delta[l] + (upstream if l in (2, 4) else 0)


def test_prop_skip():
    """Both bounds on the factor, with weights small enough that the lower one says something."""
    pinned(
        "prop:skip",
        r"\actunits{l-1}",
        r"\partial \loss/\partial \actunits{l-1}",
        r"1 - \beta_l \norm{\Wunits{l}}",
        r"1 + \beta_l \norm{\Wunits{l}}",
    )
    for seed in range(20):
        net, X, Y = deep_case(seed)
        for w in net.W[1:]:
            w *= 0.5
        fwd = flow.forward(net, X[:, :1], skip=True)
        delta = flow.backward(net, fwd, Y[:, :1]).delta
        upstream = net.W[5].T @ delta[5]
        for l in (4, 3, 2, 1):
            below = net.W[l].T @ delta[l] + (upstream if l in (2, 4) else 0)
            if l in (2, 4):
                factor, change = np.linalg.norm(below) / np.linalg.norm(upstream), spectral(net.W[l])
                assert 1 - change <= factor <= 1 + change
                assert abs(factor - 1) > 1e-6
            upstream = below


def test_eq_skip_variance():
    """Exactly: all signs of four weights, all patterns of two slopes, for a fixed gradient that arrives."""
    pinned(
        "eq:skip-variance",
        r"\mathrm{E}\, \norm{\frac{\partial \loss}{\partial \actunits{l-1}}}^2 = (1 + s^2 \chi)\; "
        r"\mathrm{E}\, \norm{\frac{\partial \loss}{\partial \actunits{l}}}^2,",
    )
    upstream, v, s = np.array([[0.7], [-1.9]]), 0.6, 0.3
    found = []
    for signs in itertools.product((-1, 1), repeat=4):
        W = np.sqrt(v) * np.reshape(signs, (2, 2))
        for slopes in itertools.product((0, 1), repeat=2):
            total = upstream + W.T @ (s * upstream * np.reshape(slopes, (2, 1)))
            found.append((total**2).sum())
    chi = 2 * v * 0.5  # width, variance, mean square of the slope
    assert np.mean(found) == pytest.approx((1 + s**2 * chi) * (upstream**2).sum(), rel=1e-12)


def test_eq_layer_norm():
    rng = np.random.default_rng(SEED)
    z = rng.normal(2, 3, size=(6, 4))
    u, s = flow.layer_norm(z)
    given = {"n": 6, r"\mu": z[:, 0].mean(), "s": s[0, 0], "z_": [None, *z[:, 0]], r"\varepsilon": 1e-5}
    for j in range(6):
        printed("eq:layer-norm").holds(given | {"z": z[j, 0], "u": u[j, 0]})
    for i in range(4):
        mean = sum(z[:, i]) / 6
        deviation = math.sqrt(sum((v - mean) ** 2 for v in z[:, i]) / 6 + 1e-5)
        assert s[0, i] == pytest.approx(deviation, rel=1e-13)
        np.testing.assert_allclose(u[:, i], (z[:, i] - mean) / deviation, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_eq_layer_norm_backward(seed):
    """Against central differences entry by entry, and in networks, with and without skips."""
    rng = np.random.default_rng(seed)
    z, g = rng.normal(size=(5, 1)), rng.normal(size=(5, 1))
    u, s = flow.layer_norm(z)

    def numeric(j):
        h = 1e-5 * np.eye(5)[:, [j - 1]]
        return (g * (flow.layer_norm(z + h)[0] - flow.layer_norm(z - h)[0])).sum() / 2e-5

    given = {r"d\loss/dz_": numeric, "s": s[0, 0], "n": 5, "g_": [None, *g[:, 0]], "u_": [None, *u[:, 0]]}
    for j in range(1, 6):
        printed("eq:layer-norm-backward").holds(given | {"j": j}, rtol=1e-6, atol=1e-9)
    for j in range(5):
        h = np.zeros((5, 1))
        h[j] = 1e-5
        numeric = (g * (flow.layer_norm(z + h)[0] - flow.layer_norm(z - h)[0])).sum() / 2e-5
        assert flow.layer_norm_vjp(u, s, g)[j, 0] == pytest.approx(numeric, rel=1e-6, abs=1e-9)
    net, X, Y = deep_case(seed)
    assert flow.difference_error(net, X, Y, norm=True) < 1e-6
    assert flow.difference_error(net, X, Y, norm=True, skip=True) < 1e-6


def test_prop_layer_norm():
    """Symbolically for three entries, and the scale of the weights without influence."""
    pinned("prop:layer-norm", r"g = \partial \loss / \partial u", r"\varepsilon = 0", "t > 0")
    z = sympy.symbols("z1:4", real=True)
    g = sympy.symbols("g1:4", real=True)
    epsilon = sympy.Rational(1, 10)
    mean = sum(z) / 3
    s = sympy.sqrt(sum((v - mean) ** 2 for v in z) / 3 + epsilon)
    u = [(v - mean) / s for v in z]
    at = dict(zip(z, (sympy.Rational(3, 10), 2, -1), strict=True))
    for j in range(3):
        assert sympy.simplify((sympy.diff(s, z[j]) - u[j] / 3).subs(at)) == 0
        chain = sum(g[k] * sympy.diff(u[k], z[j]) for k in range(3))
        formula = (g[j] - sum(g) / 3 - u[j] * sum(a * b for a, b in zip(g, u, strict=True)) / 3) / s
        assert sympy.simplify((chain - formula).subs(at)) == 0
    column, upstream = np.array([[300.0], [2000.0], [-1000.0]]), np.array([[1.0], [2.0], [-1.5]])
    u, s = flow.layer_norm(column)  # so large that the small number in s does not count
    for t in (0.5, 4.0):
        scaled_u, scaled_s = flow.layer_norm(t * column)
        np.testing.assert_allclose(scaled_u, u, rtol=1e-9)
        back = flow.layer_norm_vjp(scaled_u, scaled_s, upstream)
        np.testing.assert_allclose(back, flow.layer_norm_vjp(u, s, upstream) / t, rtol=1e-7)


def test_with_normalisation_only_the_first_and_the_last_scale_count():
    """With one output unit the ratio is multiplied by t_L/t_1, up to EPSILON."""
    net, X, Y = deep_case(SEED, sizes=(8, 9, 9, 9, 1))
    net.b = [None] + [np.zeros_like(b) for b in net.b[1:]]
    t = [None, 3.0, 0.7, 1.9, 0.4]
    scaled = net.with_parameters([None] + [t[l] * net.W[l] for l in range(1, 5)], net.b)
    ratios = []
    for each in (net, scaled):
        delta = flow.backward(each, flow.forward(each, X[:, :1], norm=True), Y[:, :1]).delta
        ratios.append([np.linalg.norm(delta[l]) / np.linalg.norm(delta[4]) for l in (1, 2)])
    assert ratios[1][0] / ratios[0][0] == pytest.approx(t[4] / t[1], rel=1e-3)
    assert ratios[1][1] / ratios[0][1] == pytest.approx(t[4] / t[2], rel=1e-3)


def test_the_recursion_starts_with_the_input():
    assert flow.theory([5, 7, 1], "tanh", "glorot").q[0] == pytest.approx(5 * 2 / 12, rel=1e-14)


@pytest.mark.parametrize(("z", "line"), [(1e-3, 0.5), (-1e-3, 0.5), (30.0, 1.0), (-30.0, 0.0)])
def test_gelu_is_half_the_identity_near_0_and_relu_far_away(z, line):
    z = np.array([z])
    assert bp.activations.gelu(z) == pytest.approx(line * z, rel=1e-3, abs=1e-12)
    assert bp.activations.d_gelu(z) == pytest.approx(line, rel=2e-3, abs=1e-12)


def test_no_activation_grows_faster_than_its_argument():
    z = np.linspace(-60, 60, 24001)
    for name in flow.ACTIVATIONS:
        assert (abs(bp.activations.get(name).value(z)) <= abs(z) + 1).all()


def test_eq_clip():
    net, X, Y = deep_case(SEED)
    grads = bp.backward(net, bp.forward(net, X), Y)
    flat = lambda g: np.concatenate([a.ravel() for a in (*g.W[1:], *g.b[1:])])
    length = math.sqrt(sum(v * v for v in flat(grads)))
    for tau in (length / 3, length * 3):
        clipped = flow.clip(grads, tau)[0]
        given = {"g": flat(grads)[:, None], r"\tau": tau}
        printed("eq:clip").holds(given, after={"g": flat(clipped)[:, None]})
    for tau in (length / 3, length * 3):
        clipped, before = flow.clip(grads, tau)
        assert before == pytest.approx(length, rel=1e-12)
        expected = tau * flat(grads) / length if length > tau else flat(grads)
        np.testing.assert_allclose(flat(clipped), expected, rtol=1e-12)


def test_prop_clip():
    pinned("prop:clip", r"\min(\norm{g}, \tau)")
    net, X, Y = deep_case(SEED)
    grads = bp.backward(net, bp.forward(net, X), Y)
    length = flow.clip(grads, 1.0)[1]
    for tau in (length / 3, length * 3):
        clipped = flow.clip(grads, tau)[0]
        assert flow.clip(clipped, 1.0)[1] == pytest.approx(min(tau, length), rel=1e-12)
        before, after = flow.norms(grads.W), flow.norms(clipped.W)
        np.testing.assert_allclose(after / after[-1], before / before[-1], rtol=1e-12)
        assert all((c * g >= 0).all() for c, g in zip(clipped.W[1:], grads.W[1:], strict=True))


def test_the_error_signals_of_an_ensemble_are_derivatives():
    """One seed of `flow.ensemble`, judged by the definition of the error signal."""
    sizes = [4, 6, 6, 1]
    found = flow.ensemble(sizes, "tanh", "lecun", [3])
    rng = np.random.default_rng(3)
    net = bp.Network.random(sizes, "tanh", "identity", "half_squared_error", "lecun", rng)
    x, y = rng.normal(size=(4, 1)), rng.normal(size=(1, 1))
    for l in (1, 2, 3):
        judged = np.linalg.norm(gradcheck.error_signal_differences(net, x, y, l))
        assert found.delta[0, l - 1] == pytest.approx(judged, rel=1e-8)
