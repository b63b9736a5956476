"""Every course's four equations, as code in its own form and layout, give the gradients of `backward`.

Each function below computes forward and backward as its text does: its letters, its counting of layers,
its place of the bias, its order of products. The formulas stand in notation.yml, section `formulas`.
"""

import re

import numpy as np
import pytest
from extensions import notation

import backprop as bp

from ..unit.nets import random_case
from .formulas import TEX, commands
from .labels import ROOT, claims

NOTATION = notation.read(ROOT / "notation.yml")
FOUR = ("output-error", "hidden-error", "weights", "biases")
N = 4


def sigma(t):
    return np.tanh(t)


def slope(t):
    return 1 - np.tanh(t) ** 2


def cmu(net, X, Y):
    """One example at a time. W holds the bias in column 0, o has a 1 on top; squared error without ½."""
    L = net.L
    W = [None] + [np.hstack([net.b[l], net.W[l]]) for l in range(1, L + 1)]
    total = [None] + [np.zeros_like(w) for w in W[1:]]
    for i in range(X.shape[1]):
        x, y = X[:, [i]], Y[:, [i]]
        s, o, delta = [None] * (L + 1), [None] * (L + 1), [None] * (L + 1)
        o[0] = np.vstack([[[1.0]], x])
        for l in range(1, L + 1):
            s[l] = W[l] @ o[l - 1]
            o[l] = np.vstack([[[1.0]], sigma(s[l]) if l < L else s[l]])
        delta[L] = 2 * (o[L][1:] - y)
        for l in range(L - 1, 0, -1):
            d_l = net.sizes[l]
            delta[l] = (W[l + 1].T @ delta[l + 1])[1 : d_l + 1] * slope(s[l])
        for l in range(1, L + 1):
            total[l] += delta[l] @ o[l - 1].T
    averaged = [None] + [g / X.shape[1] for g in total[1:]]
    return [None] + [g[:, 1:] for g in averaged[1:]], [None] + [g[:, [0]] for g in averaged[1:]]


def iith(net, X, Y):
    """Unit by unit; no letter for the error signal, only derivatives ds[l][j] of the loss by s."""
    w, b, L, n = net.W, net.b, net.L, net.sizes
    dw, db = [None] + [0 * v for v in w[1:]], [None] + [0 * v for v in b[1:]]
    for i in range(X.shape[1]):
        x, s = [list(X[:, i])], [None]
        for l in range(1, L + 1):
            s.append(
                [sum(w[l][j, k] * x[l - 1][k] for k in range(n[l - 1])) + b[l][j, 0] for j in range(n[l])]
            )
            x.append([sigma(t) if l < L else t for t in s[l]])
        ds = [None] * L + [[x[L][j] - Y[j, i] for j in range(n[L])]]
        for l in range(L - 1, 0, -1):
            ds[l] = [
                slope(s[l][k]) * sum(ds[l + 1][j] * w[l + 1][j, k] for j in range(n[l + 1]))
                for k in range(n[l])
            ]
        for l in range(1, L + 1):
            for j in range(n[l]):
                db[l][j, 0] += ds[l][j] / X.shape[1]
                for k in range(n[l - 1]):
                    dw[l][j, k] += ds[l][j] * x[l - 1][k] / X.shape[1]
    return dw, db


def fau(net, X, Y):
    """The recursion runs over dJ/da; the slope of a unit comes in with its outgoing use."""
    L, n = net.L, net.sizes
    dw, db = [None] + [0 * v for v in net.W[1:]], [None] + [0 * v for v in net.b[1:]]
    for i in range(X.shape[1]):
        a, slopes = [list(X[:, i])], [None]
        for l in range(1, L + 1):
            z = [
                sum(net.W[l][k, j] * a[l - 1][j] for j in range(n[l - 1])) + net.b[l][k, 0]
                for k in range(n[l])
            ]
            a.append([sigma(t) if l < L else t for t in z])
            slopes.append([slope(t) if l < L else 1.0 for t in z])
        by_a = [a[L][k] - Y[k, i] for k in range(n[L])]
        for l in range(L, 0, -1):
            for k in range(n[l]):
                db[l][k, 0] += by_a[k] * slopes[l][k] / X.shape[1]
                for j in range(n[l - 1]):
                    dw[l][k, j] += by_a[k] * slopes[l][k] * a[l - 1][j] / X.shape[1]
            by_a = [
                sum(by_a[k] * slopes[l][k] * net.W[l][k, j] for k in range(n[l])) for j in range(n[l - 1])
            ]
    return dw, db


def nielsen(net, X, Y):
    """His layers are 1 to L, with L one larger than here: the input is layer 1."""
    L = net.L + 1
    w, b = [None, None, *net.W[1:]], [None, None, *net.b[1:]]
    nabla_w, nabla_b = [[None, None] + [0 * v for v in group[2:]] for group in (w, b)]
    n = X.shape[1]
    for i in range(n):
        a, z, delta = [None, X[:, [i]]], [None, None], [None] * (L + 1)
        for l in range(2, L + 1):
            z.append(w[l] @ a[l - 1] + b[l])
            a.append(sigma(z[l]) if l < L else z[l])
        delta[L] = a[L] - Y[:, [i]]  # BP1 with a linear output
        for l in range(L - 1, 1, -1):
            delta[l] = (w[l + 1].T @ delta[l + 1]) * slope(z[l])  # BP2
        for l in range(2, L + 1):
            nabla_b[l] += delta[l] / n  # BP3
            for j, k in np.ndindex(*w[l].shape):
                nabla_w[l][j, k] += a[l - 1][k, 0] * delta[l][j, 0] / n  # BP4
    return nabla_w[1:], nabla_b[1:]


def goodfellow(net, X, Y):
    """Algorithms 6.3 and 6.4 without regulariser: one variable g, overwritten."""
    m, depth = X.shape[1], net.L
    by_W, by_b = [None] + [0 * v for v in net.W[1:]], [None] + [0 * v for v in net.b[1:]]
    for i in range(m):
        h, a = [X[:, [i]]], [None]
        for k in range(1, depth + 1):
            a.append(net.b[k] + net.W[k] @ h[k - 1])
            h.append(sigma(a[k]) if k < depth else a[k])
        g = h[depth] - Y[:, [i]]
        for k in range(depth, 0, -1):
            g = g * (slope(a[k]) if k < depth else 1)
            by_b[k] += g / m
            by_W[k] += g @ h[k - 1].T / m
            g = net.W[k].T @ g
    return by_W, by_b


def bishop(net, X, Y):
    """Units in one row without layers, weights w[j, i] from unit i to unit j; unit 0 has the activation 1.

    His E is a sum over the examples: its gradient is divided by N here.
    """
    first = np.cumsum([1, *net.sizes])  # of each layer's units
    number = lambda l, j: int(first[l]) + j
    w = {}
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            w[number(l, j), 0] = net.b[l][j, 0]
            for k in range(net.sizes[l - 1]):
                w[number(l, j), number(l - 1, k)] = net.W[l][j, k]
    outputs = range(first[net.L], first[net.L + 1])
    total = dict.fromkeys(w, 0.0)
    for n in range(X.shape[1]):
        z, a, delta = {0: 1.0}, {}, {}
        z.update({number(0, k): X[k, n] for k in range(net.sizes[0])})
        for j in range(first[1], first[-1]):
            a[j] = sum(w[to, i] * z[i] for to, i in w if to == j)
            z[j] = a[j] if j in outputs else sigma(a[j])
        for k in outputs:
            delta[k] = z[k] - Y[k - first[net.L], n]
        for j in range(first[net.L] - 1, first[1] - 1, -1):
            delta[j] = slope(a[j]) * sum(w[k, i] * delta[k] for k, i in w if i == j)
        for j, i in w:
            total[j, i] += delta[j] * z[i]
    W, b = [None] + [0 * v for v in net.W[1:]], [None] + [0 * v for v in net.b[1:]]
    for l in range(1, net.L + 1):
        for j in range(net.sizes[l]):
            b[l][j, 0] = total[number(l, j), 0] / X.shape[1]
            for k in range(net.sizes[l - 1]):
                W[l][j, k] = total[number(l, j), number(l - 1, k)] / X.shape[1]
    return W, b


def ng(net, X, Y):
    """The whole batch, dZ undivided, dW and db averaged over the m examples."""
    m, L = X.shape[1], net.L
    A, Z, dW, db = [X], [None], [None] * (L + 1), [None] * (L + 1)
    for l in range(1, L + 1):
        Z.append(np.dot(net.W[l], A[l - 1]) + net.b[l])
        A.append(sigma(Z[l]) if l < L else Z[l])
    dZ = A[L] - Y
    for l in range(L, 0, -1):
        dW[l] = (1 / m) * np.dot(dZ, A[l - 1].T)
        db[l] = (1 / m) * np.sum(dZ, axis=1, keepdims=True)
        if l > 1:
            dZ = np.dot(net.W[l].T, dZ) * slope(Z[l - 1])
    return dW, db


def rows(net, X, Y):
    """Examples are rows, W has the shape (in, out), b is a row; the results are turned at the end."""
    L = net.L
    W, b = [None] + [w.T for w in net.W[1:]], [None] + [v.T for v in net.b[1:]]
    A, Z, dW, db = [X.T], [None], [None] * (L + 1), [None] * (L + 1)
    ones = np.ones((X.shape[1], 1))
    for l in range(1, L + 1):
        Z.append(A[l - 1] @ W[l] + ones @ b[l])
        A.append(sigma(Z[l]) if l < L else Z[l])
    D = A[L] - Y.T
    for l in range(L, 0, -1):
        dW[l], db[l] = A[l - 1].T @ D / len(D), ones.T @ D / len(D)
        assert dW[l].shape == (net.sizes[l - 1], net.sizes[l])
        if l > 1:
            D = D @ W[l].T * slope(Z[l - 1])
    return [None] + [g.T for g in dW[1:]], [None] + [g.T for g in db[1:]]


READERS = {
    "cmu": cmu, "iith": iith, "fau": fau, "nielsen": nielsen, "goodfellow": goodfellow, "bishop": bishop,
    "ng": ng, "rows": rows,
}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("reader", READERS)
def test_the_four_equations_of_every_text_give_our_gradients(reader, seed):
    print("seed", seed)
    loss = "squared_error" if reader == "cmu" else "half_squared_error"
    net, X, Y = random_case("tanh", "identity", loss, 3, N, seed=seed)
    W, b = READERS[reader](net, X, Y)
    grads = bp.backward(net, bp.forward(net, X), Y)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(W[l], grads.W[l], rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(b[l], grads.b[l], rtol=1e-10, atol=1e-13)


def test_a_folded_bias_that_is_sent_back_is_found():
    """Without leaving column 0 out, CMU's recursion does not even have the right shape."""
    net, X, Y = random_case("tanh", "identity", "squared_error", 3, N, seed=1)
    grads = bp.backward(net, bp.forward(net, X), Y)
    wide = np.hstack([net.b[2], net.W[2]]).T @ grads.delta[2]
    assert len(wide) == net.sizes[1] + 1
    with pytest.raises(ValueError, match="broadcast"):
        wide * slope(bp.forward(net, X).z[1])


def test_every_text_has_its_code_and_its_four_equations():
    assert list(READERS) == [*NOTATION["profiles"], *NOTATION["layouts"]]
    for name in FOUR:
        assert set(NOTATION["formulas"][name]["others"]) == set(READERS), name


@pytest.mark.parametrize("name", NOTATION["formulas"])
def test_translations_are_whole_formulas(name):
    formula = NOTATION["formulas"][name]
    macros = {symbol["macro"] for symbol in NOTATION["symbols"]}
    assert commands(formula["ours"]) <= macros | TEX
    assert set(formula.get("labels", [])) <= set(claims())
    for text, translation in formula["others"].items():
        form = translation["form"]
        assert form.count("{") == form.count("}") and form.count("(") == form.count(")")
        if text in NOTATION["profiles"]:
            # No macro of ours may stand there: it would change with the reader's notation.
            assert not commands(form) & macros
        else:
            # A layout is an order of products: loss, cost and signs stay those of the reader's notation.
            assert not re.search(r"(?<![A-Za-z])[LNJ](?![A-Za-z])|\\(?:ell|odot|top|mathbf)", form)


def test_the_conversions_of_a_layout_turn_every_array():
    """Shape by shape: what the row program holds is the transpose of what this book holds."""
    for row in NOTATION["layouts"]["rows"]["conversions"]:
        first, second = row["shape"].strip("()").split(", ")
        assert row["turned"] == f"({second}, {first})"
        assert row["is"] in (rf"{row['ours']}^{{\T}}", rf"\bigl({row['ours']}\bigr)^{{\T}}")
