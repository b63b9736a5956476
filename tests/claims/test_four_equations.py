"""Claims of chapter 4. Each test carries the label of its formula, theorem or algorithm.

The judge is a finite difference or SymPy, never the formula's own code; the formula is written
here once more, independently of src.
"""

import numpy as np
import pytest
import sympy

import backprop as bp
from backprop import gradcheck
from backprop.activations import ACTIVATIONS

from ..unit.nets import PAIRS, random_case
from .printed import arrays, pinned, printed
from .printed.arrays import gradient

SEEDS = [0, 1, 2]
ELEMENTWISE_OUTPUTS = [(output, loss) for output, loss in PAIRS if output != "softmax"]
close = np.testing.assert_allclose


def example(seed, hidden="tanh", output="sigmoid", loss="half_squared_error", depth=3, N=1):
    print("seed", seed)
    net, X, Y = random_case(hidden, output, loss, depth, N, seed)
    fwd = bp.forward(net, X)
    return net, X, Y, fwd, bp.backward(net, fwd, Y)


def judge(net, x, y, l):
    return gradcheck.error_signal_differences(net, x, y, l)


def loss_from(net, y, l, t):
    """F_l(t): the loss when the pre-activations of layer l are t, by the network of the layers above."""
    a = net.sigma[l].value(t)
    if l == net.L:
        return float(net.loss_function.value(a, y).sum())
    rest = bp.Network([None, *net.W[l + 1 :]], [None, *net.b[l + 1 :]], net.activations[l + 1 :], net.loss)
    return bp.cost(rest, bp.forward(rest, a), y)


def slope(net, fwd, l):
    """σ'(z) by a central difference of σ, not by the table's derivative."""
    value, h = net.sigma[l].value, 1e-6
    return (value(fwd.z[l] + h) - value(fwd.z[l] - h)) / (2 * h)


def output_jacobian(net, fwd):
    """Jacobian of the output activation by central differences: rows outputs, columns inputs."""
    L, h = net.L, 1e-6
    value, z = net.sigma[L].value, fwd.z[L]
    columns = [(value(z + h * e) - value(z - h * e)) / (2 * h) for e in np.eye(len(z))[:, :, None]]
    return np.hstack(columns)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_loss_from_layer(seed):
    """F_l written out recursively, at z^(l), is the loss for every l."""
    net, x, y, fwd, _ = example(seed)
    for l in range(1, net.L):
        u = fwd.z[l] + 0.1
        given = {"F_": lambda l: lambda t: loss_from(net, y, l, t), "u": u, "l": l}
        formula = printed("eq:loss-from-layer", conditions=[r"\text{for }l<\nlayers"])
        formula.holds(arrays(net, x, y) | given, only=[1], rtol=1e-13)
        formula.holds(arrays(net, x, y) | given | {"u": fwd.z[net.L] - 0.3}, only=[0], rtol=1e-13)

    def F(l, t):
        a = net.sigma[l].value(t)
        if l == net.L:
            return 0.5 * ((a - y) ** 2).sum()
        return F(l + 1, net.W[l + 1] @ a + net.b[l + 1])

    for l in range(1, net.L + 1):
        assert F(l, fwd.z[l]) == pytest.approx(bp.cost(net, fwd, y), rel=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_delta_definition(seed):
    """Shifting a bias shifts its pre-activation: both derivatives are the error signal."""
    net, x, y, _, grads = example(seed)

    def by_layer(l, j):
        """∂F_l/∂u_j, a function of u."""
        return lambda u: gradient(lambda t: loss_from(net, y, l, t), u)[j - 1, 0]

    given = arrays(net, x, y) | {"dF_/du_": by_layer, r"\erri": lambda l, j: grads.delta[l][j - 1, 0]}
    formula = printed("eq:delta-definition")
    for l in range(1, net.L + 1):
        for j in range(1, net.sizes[l] + 1):
            formula.holds(given | {"l": l, "j": j}, rtol=1e-6, atol=1e-9)
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            costs = []
            for h in (1e-5, -1e-5):
                net.b[l][j] += h
                costs.append(bp.cost(net, bp.forward(net, x), y))
                net.b[l][j] -= h
            assert judge(net, x, y, l)[j, 0] == pytest.approx(
                (costs[0] - costs[1]) / 2e-5, rel=1e-6, abs=1e-10
            )
        close(grads.delta[l], judge(net, x, y, l), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize(("output", "loss"), ELEMENTWISE_OUTPUTS)
def test_eq_delta_output(output, loss):
    net, x, y, fwd, grads = example(3, output=output, loss=loss)
    printed("eq:delta-output").holds(arrays(net, x, y), rtol=1e-6, atol=1e-9)
    formula = net.loss_function.gradient(fwd.a[net.L], y) * slope(net, fwd, net.L)
    close(formula, judge(net, x, y, net.L), rtol=1e-6, atol=1e-9)
    close(grads.delta[net.L], formula, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_eq_delta_output_general(output, loss):
    net, x, y, fwd, grads = example(4, output=output, loss=loss)
    given = arrays(net, x, y) | {r"\jac{\actf{\nlayers}}": output_jacobian(net, fwd)}
    printed("eq:delta-output-general").holds(given, rtol=1e-6, atol=1e-9)
    formula = output_jacobian(net, fwd).T @ net.loss_function.gradient(fwd.a[net.L], y)
    close(formula, judge(net, x, y, net.L), rtol=1e-6, atol=1e-9)
    close(grads.delta[net.L], formula, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_lem_differentiable(seed):
    """The remainder of the linear approximation by δ, divided by the step, shrinks with the step."""
    pinned("lem:differentiable", r"l = 1, \dots, \nlayers")
    net, _, y, fwd, grads = example(seed)
    rng = np.random.default_rng(seed)
    for l in range(1, net.L + 1):
        direction = rng.normal(size=fwd.z[l].shape)

        def loss(t, l=l):
            a = net.sigma[l].value(t)
            for m in range(l + 1, net.L + 1):
                a = net.sigma[m].value(net.W[m] @ a + net.b[m])
            return 0.5 * ((a - y) ** 2).sum()

        ratios = []
        for h in (1e-2, 1e-3):
            remainder = (
                loss(fwd.z[l] + h * direction) - loss(fwd.z[l]) - h * (grads.delta[l] * direction).sum()
            )
            ratios.append(abs(remainder) / h)
        assert ratios[1] < 0.2 * ratios[0]


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax"}))
def test_thm_output_error(name):
    """The step between its two forms: element by element, the Jacobian is diag σ'."""
    net, _, _, fwd, _ = example(5, output=name)
    close(output_jacobian(net, fwd), np.diag(net.sigma[3].derivative(fwd.z[3])[:, 0]), atol=1e-9)


@pytest.mark.parametrize("hidden", sorted(set(ACTIVATIONS) - {"softmax"}))
def test_eq_delta_hidden(hidden):
    net, x, y, fwd, grads = example(6, hidden=hidden, depth=4)
    formula = printed("eq:delta-hidden")
    for l in range(1, net.L):
        formula.holds(arrays(net, x, y) | {"l": l}, rtol=1e-5, atol=1e-9)
    for l in range(net.L - 1, 0, -1):
        formula = (net.W[l + 1].T @ judge(net, x, y, l + 1)) * slope(net, fwd, l)
        close(formula, judge(net, x, y, l), rtol=1e-5, atol=1e-9)
        close(grads.delta[l], formula, rtol=1e-5, atol=1e-9)


def test_a_coupled_hidden_layer_needs_its_jacobian():
    """A hidden softmax needs its Jacobian's transpose in place of the slopes."""
    net, x, y, fwd, grads = example(6, hidden="softmax", depth=4)
    for l in range(net.L - 1, 0, -1):
        a = fwd.a[l]
        formula = (np.diag(a[:, 0]) - a @ a.T).T @ net.W[l + 1].T @ judge(net, x, y, l + 1)
        close(formula, judge(net, x, y, l), rtol=1e-5, atol=1e-9)
        close(grads.delta[l], formula, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_thm_hidden_error(seed):
    """Its two steps: ∂z_k/∂z_j = w_kj σ'(z_j), and the chain rule's sum over k."""
    pinned("thm:hidden-error", r"l = \nlayers - 1, \dots, 1")
    net, x, y, fwd, grads = example(seed)
    l, h = 1, 1e-6
    layer = lambda z: net.W[l + 1] @ net.sigma[l].value(z) + net.b[l + 1]
    steps = h * np.eye(net.sizes[l])[:, :, None]
    between = np.hstack([(layer(fwd.z[l] + s) - layer(fwd.z[l] - s)) / (2 * h) for s in steps])
    close(between, net.W[l + 1] * slope(net, fwd, l).T, rtol=1e-8, atol=1e-10)
    close(between.T @ grads.delta[l + 1], judge(net, x, y, l), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_transpose_pairing(seed):
    rng = np.random.default_rng(seed)
    net, x, y, fwd, grads = example(seed)
    h = rng.normal(size=(net.sizes[2], 1))
    printed("eq:transpose-pairing").holds(arrays(net, x, y) | {"l": 2, "v": h}, rtol=1e-12)
    left = (grads.delta[3].T @ (net.W[3] @ h)).item()
    right = ((net.W[3].T @ grads.delta[3]).T @ h).item()
    # Both are the change of the loss to first order, when the activations of layer 2 change by h.
    t = 1e-6
    ends = [net.sigma[3].value(net.W[3] @ (fwd.a[2] + s * h) + net.b[3]) for s in (t, -t)]
    change = [0.5 * ((a - y) ** 2).sum() for a in ends]
    for side in (left, right):
        assert side == pytest.approx((change[0] - change[1]) / (2 * t), rel=1e-6)


def parameter_differences(net, X, Y):
    return gradcheck.central_differences(net, X, Y)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_gradient_weights(seed):
    net, x, y, fwd, grads = example(seed)
    formula = printed("eq:gradient-weights")
    for l in range(1, net.L + 1):
        formula.holds(arrays(net, x, y) | {"l": l}, rtol=1e-5, atol=1e-9)
    judged = parameter_differences(net, x, y)
    for l in range(1, net.L + 1):
        formula = judge(net, x, y, l) @ fwd.a[l - 1].T
        assert formula.shape == net.W[l].shape
        close(formula, judged.W[l], rtol=1e-5, atol=1e-9)
        close(grads.W[l], formula, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_thm_gradient_weights(seed):
    """Its step: a weight moves one pre-activation of its layer only, by the activation at its tail."""
    pinned("thm:gradient-weights", r"l = 1, \dots, \nlayers")
    net, x, _, fwd, _ = example(seed)
    for l in range(1, net.L + 1):
        for j, k in np.ndindex(*net.W[l].shape):
            weight = net.W[l][j, k]
            net.W[l][j, k] = weight + 1.0
            changed = bp.forward(net, x)
            net.W[l][j, k] = weight
            close(changed.a[l - 1], fwd.a[l - 1], rtol=1e-15)
            difference = changed.z[l] - fwd.z[l]
            expected = np.zeros_like(difference)
            expected[j] = fwd.a[l - 1][k]
            close(difference, expected, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_gradient_bias(seed):
    net, x, y, _, grads = example(seed)
    formula = printed("eq:gradient-bias")
    for l in range(1, net.L + 1):
        formula.holds(arrays(net, x, y) | {"l": l}, rtol=1e-5, atol=1e-9)
    judged = parameter_differences(net, x, y)
    for l in range(1, net.L + 1):
        close(judge(net, x, y, l), judged.b[l], rtol=1e-5, atol=1e-9)
        close(grads.b[l], judged.b[l], rtol=1e-5, atol=1e-9)


def test_thm_gradient_bias():
    """Its step: a bias shifts its own pre-activation by as much, and no other of its layer."""
    pinned("thm:gradient-bias", r"l = 1, \dots, \nlayers")
    net, x, _, fwd, _ = example(0)
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            bias = net.b[l][j, 0]
            net.b[l][j] = bias + 1.0
            changed = bp.forward(net, x)
            net.b[l][j] = bias
            close(changed.z[l] - fwd.z[l], np.eye(net.sizes[l])[:, [j]], atol=1e-14)


@pytest.mark.parametrize("output", ["identity", "sigmoid", "tanh", "relu"])
def test_eq_delta_squared(output):
    half = example(7, output=output, loss="half_squared_error")
    full = example(7, output=output, loss="squared_error")
    formula = printed("eq:delta-squared")
    for (net, x, y, fwd, _), statements in ((half, [0, 1]), (full, [2, 3])):
        given = arrays(net, x, y)
        formula.holds(given | {r"\loss": bp.cost(net, fwd, y)}, only=statements[:1])
        formula.holds(given, only=statements[1:], rtol=1e-6, atol=1e-9)
    net, x, y, fwd, _ = half
    formula = (fwd.a[3] - y) * slope(net, fwd, 3)
    close(formula, judge(net, x, y, 3), rtol=1e-6, atol=1e-9)
    close(2 * formula, judge(full[0], x, y, 3), rtol=1e-6, atol=1e-9)
    close(full[4].W[1], 2 * half[4].W[1], rtol=1e-14)


def test_eq_binary_cross_entropy():
    net, x, y, fwd, _ = example(8, output="sigmoid", loss="binary_cross_entropy")
    given = arrays(net, x, y) | {r"\loss": bp.cost(net, fwd, y), "j": [{"j": j} for j in (1, 2, 3)]}
    printed("eq:binary-cross-entropy").holds(given)
    a = fwd.a[3]
    assert bp.cost(net, fwd, y) == pytest.approx(-(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(), rel=1e-13)


def test_prop_sigmoid_cross_entropy():
    pinned("prop:sigmoid-cross-entropy", r"\;\err{\nlayers} = \out - \lab")
    a, y, z = sympy.symbols("a y z")
    loss = -(y * sympy.log(a) + (1 - y) * sympy.log(1 - a))
    assert sympy.simplify(sympy.diff(loss, a) - (a - y) / (a * (1 - a))) == 0  # the step of the proof
    sigmoid = 1 / (1 + sympy.exp(-z))
    assert sympy.simplify(sympy.diff(sigmoid, z) - sigmoid * (1 - sigmoid)) == 0
    assert sympy.simplify(sympy.diff(loss.subs(a, sigmoid), z) - (sigmoid - y)) == 0
    net, x, y, fwd, grads = example(8, output="sigmoid", loss="binary_cross_entropy")
    close(grads.delta[3], fwd.a[3] - y, rtol=1e-14)
    close(fwd.a[3] - y, judge(net, x, y, 3), rtol=1e-6)


def test_eq_softmax_cross_entropy():
    net, x, y, fwd, _ = example(9, output="softmax", loss="cross_entropy")
    formula, given = printed("eq:softmax-cross-entropy"), arrays(net, x, y)
    for k in (1, 2, 3):
        formula.holds(given | {"k": k, "i": [{"i": i} for i in (1, 2, 3)]}, only=[0])
    given |= {r"\loss": bp.cost(net, fwd, y), "k": [{"k": k} for k in (1, 2, 3)]}
    formula.holds(given, only=[1])
    e = np.exp(fwd.z[3])
    close(fwd.a[3], e / e.sum(), rtol=1e-13)
    assert bp.cost(net, fwd, y) == pytest.approx(-(y * np.log(e / e.sum())).sum(), rel=1e-13)


def symbolic_softmax():
    z = sympy.symbols("z0:3")
    total = sum(sympy.exp(t) for t in z)
    return z, [sympy.exp(t) / total for t in z]


def test_eq_softmax_jacobian():
    net, x, y, fwd, _ = example(10, output="softmax", loss="cross_entropy")
    jacobian, formula = output_jacobian(net, fwd), printed("eq:softmax-jacobian")
    given = arrays(net, x, y) | {
        r"d\outi/d\prei": lambda k, L, j: jacobian[k - 1, j - 1],
        r"\jac{\actf{\nlayers}}": jacobian,
    }
    for k, j in np.ndindex(3, 3):
        formula.holds(given | {"k": k + 1, "j": j + 1}, atol=1e-9)
    z, a = symbolic_softmax()
    for k in range(3):
        for j in range(3):
            assert sympy.simplify(sympy.diff(a[k], z[j]) - a[k] * (int(k == j) - a[j])) == 0


def test_prop_softmax_jacobian():
    """The matrix form, against differences."""
    pinned("prop:softmax-jacobian", "[k = j]", "k = j")
    net, _, _, fwd, _ = example(10, output="softmax", loss="cross_entropy")
    a = fwd.a[3]
    J = np.diag(a[:, 0]) - a @ a.T
    close(J, output_jacobian(net, fwd), atol=1e-9)


def test_eq_delta_cross_entropy():
    net, x, y, fwd, grads = example(11, output="softmax", loss="cross_entropy")
    printed("eq:delta-cross-entropy").holds(arrays(net, x, y), rtol=1e-6, atol=1e-10)
    close(fwd.a[3] - y, judge(net, x, y, 3), rtol=1e-6, atol=1e-10)
    close(grads.delta[3], fwd.a[3] - y, rtol=1e-12, atol=1e-15)


def test_prop_softmax_cross_entropy():
    """Symbolically, and that the label must sum to 1: else δ = a Σy - y."""
    pinned("prop:softmax-cross-entropy", r"\sum_k \labi{k} = 1")
    z, a = symbolic_softmax()
    y = sympy.symbols("y0:3")
    loss = -sum(label * sympy.log(p) for label, p in zip(y, a, strict=True))
    for j in range(3):
        delta = sympy.diff(loss, z[j])
        assert sympy.simplify(delta - (a[j] * sum(y) - y[j])) == 0
        assert sympy.simplify((delta - (a[j] - y[j])).subs(y[2], 1 - y[0] - y[1])) == 0
        assert sympy.simplify(delta - (a[j] - y[j])) != 0


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_batch(seed):
    net, X, Y, fwd, grads = example(seed, N=5)
    given = arrays(net, X, Y)
    given[r"\nabla_{\out}\loss"] = given["outgrads"]
    formula = printed("eq:batch", conditions=[r"\text{(column by column)}"])
    formula.holds(given, only=[0], rtol=1e-6, atol=1e-9)
    for l in range(1, net.L + 1):
        formula.holds(given | {"l": l}, only=[1, 2, 3] if l < net.L else [2, 3], rtol=1e-5, atol=1e-9)
    judged = parameter_differences(net, X, Y)
    delta = {l: np.hstack([judge(net, X[:, [i]], Y[:, [i]], l) for i in range(5)]) for l in (1, 2, 3)}
    close((fwd.a[3] - Y) * slope(net, fwd, 3), delta[3], rtol=1e-6, atol=1e-9)
    for l in (1, 2, 3):
        if l < 3:
            close((net.W[l + 1].T @ delta[l + 1]) * slope(net, fwd, l), delta[l], rtol=1e-5, atol=1e-9)
        close(delta[l] @ fwd.a[l - 1].T / 5, judged.W[l], rtol=1e-5, atol=1e-9)
        close(delta[l] @ np.ones((5, 1)) / 5, judged.b[l], rtol=1e-5, atol=1e-9)
        close(grads.delta[l], delta[l], rtol=1e-5, atol=1e-9)
        close(grads.W[l], judged.W[l], rtol=1e-5, atol=1e-9)
        close(grads.b[l], judged.b[l], rtol=1e-5, atol=1e-9)


def test_thm_batch():
    """Its claim: the mean of the examples' own gradients, each judged by differences."""
    net, X, Y, _, grads = example(13, N=4)
    singles = [parameter_differences(net, X[:, [i]], Y[:, [i]]) for i in range(4)]
    for l in (1, 2, 3):
        close(grads.W[l], sum(g.W[l] for g in singles) / 4, rtol=1e-5, atol=1e-9)
        close(grads.b[l], sum(g.b[l] for g in singles) / 4, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_alg_backpropagation(seed):
    """The four steps, written out here, give the gradients; updating early does not."""
    pinned(
        "alg:backpropagation",
        r"l = 1, \dots, \nlayers",
        r"\Act{0} = \Layerzero",
        r"l = \nlayers - 1, \dots, 1",
    )
    net, X, Y, _, grads = example(seed, N=5)
    A, Z = [X], [None]
    for l in (1, 2, 3):
        Z.append(net.W[l] @ A[-1] + net.b[l])
        A.append(np.tanh(Z[l]) if l < 3 else 1 / (1 + np.exp(-Z[l])))

    def sweep(update_early):
        W = [None] + [w.copy() for w in net.W[1:]]
        D, dW = (A[3] - Y) * A[3] * (1 - A[3]), {}
        for l in (3, 2, 1):
            dW[l] = D @ A[l - 1].T / 5
            if update_early:
                W[l] -= 0.5 * dW[l]
            if l > 1:
                D = (W[l].T @ D) * (1 - A[l - 1] ** 2)
        return dW

    judged = parameter_differences(net, X, Y)
    right, wrong = sweep(False), sweep(True)
    for l in (1, 2, 3):
        close(right[l], judged.W[l], rtol=1e-5, atol=1e-9)
        close(grads.W[l], right[l], rtol=1e-11, atol=1e-14)
        close(grads.b[l], judged.b[l], rtol=1e-5, atol=1e-9)
    assert abs(wrong[1] - judged.W[1]).max() > 1e-4 * abs(judged.W[1]).max()


def slopes(net, fwd):
    return {m: np.diag(slope(net, fwd, m)[:, 0]) for m in range(1, net.L + 1)}


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_product_delta(seed):
    net, x, y, fwd, grads = example(seed, depth=5)
    formula = printed("eq:product-delta")
    for l in range(1, net.L):
        formula.holds(arrays(net, x, y) | {"l": l}, rtol=1e-5, atol=1e-9)
    S = slopes(net, fwd)
    for l in range(1, net.L):
        product = np.eye(net.sizes[l])
        for m in range(l, net.L):
            product = product @ S[m] @ net.W[m + 1].T
        close(product @ grads.delta[net.L], judge(net, x, y, l), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_eq_product_activations(seed):
    net, x, y, fwd, _ = example(seed, depth=5)
    formula = printed("eq:product-activations")
    for l in range(net.L):  # l = 0, the derivatives by the input, too
        formula.holds(arrays(net, x, y) | {"l": l}, rtol=1e-5, atol=1e-9)
    S = slopes(net, fwd)
    for l in range(1, net.L):
        product = np.eye(net.sizes[l])
        for m in range(l + 1, net.L + 1):
            product = product @ net.W[m].T @ S[m]
        # ∂ℓ/∂a^(l), judged by z^(l+1): a change h of a^(l) changes z^(l+1) by W h.
        judged = net.W[l + 1].T @ judge(net, x, y, l + 1)
        close(product @ (fwd.a[net.L] - y), judged, rtol=1e-5, atol=1e-9)


def test_prop_product_form():
    """Its step from m to m + 1, and that the order of the factors matters."""
    pinned("prop:product-form", r"1 \le l < \nlayers", r"0 \le l < \nlayers")
    net, x, y, fwd, grads = example(14, depth=4)
    S = slopes(net, fwd)
    delta = {m: judge(net, x, y, m) for m in range(1, net.L + 1)}
    d_a = {m: net.W[m + 1].T @ delta[m + 1] for m in range(1, net.L)} | {net.L: fwd.a[net.L] - y}
    for m in range(1, net.L + 1):
        close(delta[m], S[m] @ d_a[m], rtol=1e-6, atol=1e-9)
    swapped = net.W[2].T @ S[2] @ grads.delta[2]
    assert abs(swapped - d_a[1]).max() > 1e-3 * abs(d_a[1]).max()
