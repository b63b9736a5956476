r"""Every course's equations, as code in its own form, letters and layout, against differences of its own cost.

Each text is a class below. Its methods compute as the text does: its counting of layers, its place of the bias, its
order of products, its sum or mean. Beside each line stands the equation of the notation file that it computes,
verbatim: whoever changes an equation there changes the line too. The judge is `bp.cost` and differences of it.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from extensions import notation

import backprop as bp
from backprop.macros import expand

from .formulas import TEX, commands
from .labels import ROOT, claims

NOTATION = notation.read(ROOT / notation.FILE)
HERE = Path(__file__).read_text(encoding="utf-8")
N = 4


def f(t):
    return np.tanh(t)


def slope(t):
    return 1 - np.tanh(t) ** 2


class Text:
    """What the judge has to know of a text: its loss, its output activation, its number of outputs, its cost."""

    loss, output, outputs = "half_squared_error", "tanh", 3
    total = False  # whether its cost is a sum over the examples, not a mean

    def output_slope(self, t):
        return slope(t) if self.output == "tanh" else np.ones_like(t)

    def activation(self, net, l, t):
        return f(t) if l < net.L or self.output == "tanh" else t


class Cmu(Text):
    """One example at a time. W holds the bias in column 0, o has a 1 on top; one output, squared error without ½."""

    loss, outputs, total = "squared_error", 1, True

    def hidden(self, W, delta, s):
        o, d = np.vstack([[[1.0]], f(s)]), len(s)
        # \delta^{(l)} = \Bigl[\bigl((W^{(l+1)})^{T} \delta^{(l+1)}\bigr) \odot \bigl(1 - o^{(l)} \odot o^{(l)}\bigr)\Bigr]_{1, \dots, d^{(l)}}
        return ((W.T @ delta) * (1 - o * o))[1 : d + 1]

    def folded(self, net):
        return [None] + [np.hstack([net.b[l], net.W[l]]) for l in range(1, net.L + 1)]

    def run(self, net, X, Y):
        L, W, loss = net.L, self.folded(net), []
        G = [None] + [0 * w for w in W[1:]]
        for n in range(X.shape[1]):
            y, s, delta = Y[0, n], [None] * (L + 1), [None] * (L + 1)
            o = [np.vstack([[[1.0]], X[:, [n]]])]
            for l in range(1, L + 1):
                s[l] = np.zeros((net.sizes[l], 1))
                for b in range(net.sizes[l]):
                    # s^{(l)}_b = \sum_{a=0}^{d^{(l-1)}} w^{(l)}_{b,a}\, o^{(l-1)}_a, \qquad o^{(l)}_b = f\bigl(s^{(l)}_b\bigr)
                    s[l][b] = sum(W[l][b, a] * o[l - 1][a, 0] for a in range(net.sizes[l - 1] + 1))
                o.append(np.vstack([[[1.0]], f(s[l])]))
            o_1 = o[L][1, 0]
            # \ell^{(n)} = \bigl(o^{(L)}_1 - y^{(n)}\bigr)^2
            loss.append((o_1 - y) ** 2)
            # \delta^{(L)}_1 = 2\,\bigl(o^{(L)}_1 - y^{(n)}\bigr)\, \frac{\partial o^{(L)}_1}{\partial s^{(L)}_1}
            # \delta^{(l)}_b = \frac{\partial \ell^{(n)}}{\partial s^{(l)}_b}
            delta[L] = np.array([[2 * (o_1 - y) * self.output_slope(s[L][0, 0])]])
            for l in range(L - 1, 0, -1):
                delta[l] = self.hidden(W[l + 1], delta[l + 1], s[l])
            for l in range(1, L + 1):
                # \nabla_{W^{(l)}}\, \ell^{(n)} = \delta^{(l)} \bigl(o^{(l-1)}\bigr)^{T}
                G[l] += delta[l] @ o[l - 1].T
                # \frac{\partial \ell^{(n)}}{\partial w^{(l)}_{b,a}} = \delta^{(l)}_b\, o^{(l-1)}_a
                for b, a in np.ndindex(*W[l].shape):
                    assert (delta[l] @ o[l - 1].T)[b, a] == delta[l][b, 0] * o[l - 1][a, 0]
        # \ell_{\mathcal{D}} = \sum_{n=1}^{N} \ell^{(n)}
        return sum(loss), [None] + [g[:, 1:] for g in G[1:]], [None] + [g[:, [0]] for g in G[1:]]


class Iith(Text):
    """Forward and cost only: the slides have no backward equations."""

    total = True

    def run(self, net, X, Y):
        total = 0
        for n in range(X.shape[1]):
            x, y_n = X[:, [n]], Y[:, [n]]
            for l in range(1, net.L + 1):
                # s^{l} = W^{l} x^{l-1} + b^{l}, \qquad x^{l}_j = \sigma\Bigl(\sum_k w^{l}_{jk}\, x^{l-1}_k + b^{l}_j\Bigr)
                s, w, b = net.W[l] @ x + net.b[l], net.W[l], net.b[l]
                rows = [sum(w[j, k] * x[k, 0] for k in range(len(x))) + b[j, 0] for j in range(len(s))]
                np.testing.assert_allclose(s[:, 0], rows, rtol=1e-13)
                x = np.array([[f(t)] for t in rows])
            # \mathcal{L}(W, b) = \sum_n l(x^{L}, y_n)
            total += 0.5 * ((x - y_n) ** 2).sum()
        return total, None, None


class Fau(Text):
    """Unit by unit, averaged over the examples because J is a mean."""

    def hidden(self, w, delta, z):
        # \delta^{(\ell)}_i = \sigma'\bigl(z^{(\ell)}_i\bigr) \sum_j w^{(\ell \to \ell+1)}_{ji}\, \delta^{(\ell+1)}_j
        return [slope(z[i]) * sum(w[j, i] * delta[j] for j in range(len(delta))) for i in range(len(z))]

    def run(self, net, X, Y):
        L, n, losses = net.L, net.sizes, []
        dw, db = [None] + [0 * v for v in net.W[1:]], [None] + [0 * v for v in net.b[1:]]
        for i in range(X.shape[1]):
            a, z, delta = [list(X[:, i])], [None], [None] * (L + 1)
            for l in range(1, L + 1):
                z.append([net.W[l][k] @ a[l - 1] + net.b[l][k, 0] for k in range(n[l])])
                a.append([f(t) for t in z[l]])
            losses.append(sum(0.5 * (a[L][o] - Y[o, i]) ** 2 for o in range(n[L])))
            # \delta_o = (\hat y - y)\, \sigma'(z_o)
            delta[L] = [(a[L][o] - Y[o, i]) * slope(z[L][o]) for o in range(n[L])]
            for l in range(L - 1, 0, -1):
                delta[l] = self.hidden(net.W[l + 1], delta[l + 1], z[l])
            for l in range(1, L + 1):
                for k in range(n[l]):
                    # \frac{\partial J}{\partial b^{(\ell)}_k} = \delta^{(\ell)}_k
                    db[l][k, 0] += delta[l][k] / X.shape[1]
                    for j in range(n[l - 1]):
                        # \frac{\partial J}{\partial w_{kj}} = \delta_k\, a^{(\ell-1)}_j
                        dw[l][k, j] += delta[l][k] * a[l - 1][j] / X.shape[1]
        # J = \frac{1}{N} \sum_{i=1}^{N} L(\hat y_i, y_i)
        return sum(losses) / X.shape[1], dw, db


class Nielsen(Text):
    """His layers are 1 to L, with L one larger than here: the input is layer 1."""

    def hidden(self, w, delta, z):
        # \delta^{l} = \bigl((w^{l+1})^{T} \delta^{l+1}\bigr) \odot \sigma'(z^{l})
        return (w.T @ delta) * slope(z)

    def run(self, net, X, Y):
        L, n = net.L + 1, X.shape[1]
        w, b = [None, None, *net.W[1:]], [None, None, *net.b[1:]]
        nabla_w, nabla_b = [[None, None] + [0 * v for v in group[2:]] for group in (w, b)]
        C = 0
        for i in range(n):
            a, z, delta = [None, X[:, [i]]], [None, None], [None] * (L + 1)
            for l in range(2, L + 1):
                # z^{l} = w^{l} a^{l-1} + b^{l}, \qquad a^{l} = \sigma(z^{l})
                z.append(w[l] @ a[l - 1] + b[l])
                a.append(f(z[l]))
            C += 0.5 * ((Y[:, [i]] - a[L]) ** 2).sum() / n
            # \delta^{L} = \nabla_a C \odot \sigma'(z^{L})
            # \delta^{l}_j = \frac{\partial C}{\partial z^{l}_j}
            delta[L] = (a[L] - Y[:, [i]]) * slope(z[L])
            for l in range(L - 1, 1, -1):
                delta[l] = self.hidden(w[l + 1], delta[l + 1], z[l])
            for l in range(2, L + 1):
                # \frac{\partial C}{\partial b^{l}_j} = \delta^{l}_j
                nabla_b[l] += delta[l] / n
                for j, k in np.ndindex(*w[l].shape):
                    # \frac{\partial C}{\partial w^{l}_{jk}} = a^{l-1}_k\, \delta^{l}_j
                    nabla_w[l][j, k] += a[l - 1][k, 0] * delta[l][j, 0] / n
        return C, nabla_w[1:], nabla_b[1:]


class Goodfellow(Text):
    """Algorithms 6.3 and 6.4 without regulariser: one variable g, overwritten."""

    def hidden(self, W, g, a):
        # \begin{aligned} g &\leftarrow \bigl(W^{(k+1)}\bigr)^{\top} g \\ g &\leftarrow g \odot f'\bigl(a^{(k)}\bigr) \end{aligned}
        g = W.T @ g
        g = g * slope(a)
        return g

    def run(self, net, X, Y):
        m, depth, J = X.shape[1], net.L, 0
        by_W, by_b = [None] + [0 * v for v in net.W[1:]], [None] + [0 * v for v in net.b[1:]]
        for i in range(m):
            h, a = [X[:, [i]]], [None]
            for k in range(1, depth + 1):
                # a^{(k)} = b^{(k)} + W^{(k)} h^{(k-1)}, \qquad h^{(k)} = f\bigl(a^{(k)}\bigr)
                a.append(net.b[k] + net.W[k] @ h[k - 1])
                h.append(f(a[k]))
            J += 0.5 * ((h[depth] - Y[:, [i]]) ** 2).sum() / m
            # \begin{aligned} g &\leftarrow \nabla_{\hat y} L(\hat y, y) \\ g &\leftarrow g \odot f'\bigl(a^{(l)}\bigr) \end{aligned}
            # g \leftarrow \nabla_{a^{(k)}} J
            g = h[depth] - Y[:, [i]]
            g = g * slope(a[depth])
            for k in range(depth, 0, -1):
                # \nabla_{b^{(k)}} J = g
                by_b[k] += g / m
                # \nabla_{W^{(k)}} J = g\, \bigl(h^{(k-1)}\bigr)^{\top}
                by_W[k] += g @ h[k - 1].T / m
                if k > 1:
                    g = self.hidden(net.W[k], g, a[k - 1])
        return J, by_W, by_b


class Bishop(Text):
    """Units in one row without layers, weights w[j, i] from unit i to unit j; unit 0 has the activation 1.

    Outputs are linear: in his equation (5.54) the slope has cancelled. His E is a sum over the examples.
    """

    output, total = "identity", True

    def hidden(self, w, delta, a):
        # \delta_j = h'(a_j) \sum_k w_{kj}\, \delta_k
        return [slope(a[j]) * sum(w[k, j] * delta[k] for k in range(len(delta))) for j in range(len(a))]

    def run(self, net, X, Y):
        first = np.cumsum([1, *net.sizes])  # of each layer's units
        number = lambda l, j: int(first[l]) + j
        w = {}
        for l in range(1, net.L + 1):
            for j in range(net.sizes[l]):
                w[number(l, j), 0] = net.b[l][j, 0]
                for k in range(net.sizes[l - 1]):
                    w[number(l, j), number(l - 1, k)] = net.W[l][j, k]
        outputs = range(first[net.L], first[net.L + 1])
        E, total = 0, dict.fromkeys(w, 0.0)
        for n in range(X.shape[1]):
            z, a, delta = {0: 1.0}, {}, {}
            z.update({number(0, k): X[k, n] for k in range(net.sizes[0])})
            for j in range(first[1], first[-1]):
                # a_j = \sum_i w_{ji}\, z_i, \qquad z_j = h(a_j)
                a[j] = sum(w[to, i] * z[i] for to, i in w if to == j)
                z[j] = a[j] if j in outputs else f(a[j])
            for k in outputs:
                # \delta_k = y_k - t_k
                delta[k] = z[k] - Y[k - first[net.L], n]
            # E(\mathbf{w}) = \sum_{n=1}^{N} E_n(\mathbf{w})
            E += 0.5 * sum(delta[k] ** 2 for k in outputs)
            for l in range(net.L - 1, 0, -1):
                here = range(first[l], first[l + 1])
                block = np.array([[w[k, j] for j in here] for k in range(first[l + 1], first[l + 2])])
                errors = [delta[k] for k in range(first[l + 1], first[l + 2])]
                # \delta_j \equiv \frac{\partial E_n}{\partial a_j}
                delta.update(zip(here, self.hidden(block, errors, [a[j] for j in here]), strict=True))
            for j, i in w:
                # \frac{\partial E_n}{\partial w_{ji}} = \delta_j\, z_i
                # \frac{\partial E_n}{\partial w_{j0}} = \delta_j
                total[j, i] += delta[j] * z[i]
        W, b = [None] + [0 * v for v in net.W[1:]], [None] + [0 * v for v in net.b[1:]]
        for l in range(1, net.L + 1):
            for j in range(net.sizes[l]):
                b[l][j, 0] = total[number(l, j), 0]
                for k in range(net.sizes[l - 1]):
                    W[l][j, k] = total[number(l, j), number(l - 1, k)]
        return E, W, b


class Ng(Text):
    """The whole batch, dZ undivided, dW and db averaged over the m examples."""

    def hidden(self, W, dZ, Z):
        # dZ^{[l]} = \bigl(W^{[l+1]T} dZ^{[l+1]}\bigr) * g^{[l]\prime}\bigl(Z^{[l]}\bigr)
        return np.dot(W.T, dZ) * slope(Z)

    def run(self, net, X, Y):
        m, L = X.shape[1], net.L
        A, Z, dW, db = [X], [None], [None] * (L + 1), [None] * (L + 1)
        for l in range(1, L + 1):
            # z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}, \qquad a^{[l]} = g^{[l]}\bigl(z^{[l]}\bigr)
            Z.append(np.dot(net.W[l], A[l - 1]) + net.b[l])
            A.append(f(Z[l]))
        # J = \frac{1}{m} \sum_{i=1}^{m} \mathcal{L}\bigl(\hat y^{(i)}, y^{(i)}\bigr)
        J = sum(0.5 * ((A[L][:, i] - Y[:, i]) ** 2).sum() for i in range(m)) / m
        # dz^{[l]} = da^{[l]} * g^{[l]\prime}\bigl(z^{[l]}\bigr)
        # dz = \frac{d\mathcal{L}}{dz}
        dZ = (A[L] - Y) * slope(Z[L])
        for l in range(L, 0, -1):
            # dW^{[l]} = \frac{1}{m}\, dZ^{[l]} A^{[l-1]T}
            dW[l] = (1 / m) * np.dot(dZ, A[l - 1].T)
            # db^{[l]} = \frac{1}{m} \sum_{i=1}^{m} dz^{[l](i)}
            db[l] = (1 / m) * sum(dZ[:, [i]] for i in range(m))
            if l > 1:
                dZ = self.hidden(net.W[l], dZ, Z[l - 1])
        return J, dW, db


class Rows(Text):
    """Examples are rows, W has the shape (in, out), b is a row; the results are turned at the end."""

    def hidden(self, W, D, Z):
        # D_l = \bigl(D_{l+1} W_{l+1}^{\T}\bigr) \had \sigma'(Z_l)
        return (D @ W.T) * slope(Z)

    def run(self, net, X, Y):
        L, n = net.L, X.shape[1]
        W, b = [None] + [w.T for w in net.W[1:]], [None] + [v.T for v in net.b[1:]]
        A, Z, dW, db = [X.T], [None], [None] * (L + 1), [None] * (L + 1)
        ones = np.ones((n, 1))
        for l in range(1, L + 1):
            # Z_l = A_{l-1} W_l + \ones\, b_l, \qquad A_l = \sigma(Z_l)
            Z.append(A[l - 1] @ W[l] + ones @ b[l])
            A.append(f(Z[l]))
        # D_{\nlayers} = \nabla_{A_{\nlayers}}\,\loss \had \sigma'(Z_{\nlayers})
        D = (A[L] - Y.T) * slope(Z[L])
        for l in range(L, 0, -1):
            # \frac{\partial \cost}{\partial W_l} = \frac{1}{\nexamples}\, A_{l-1}^{\T} D_l
            dW[l] = 1 / n * A[l - 1].T @ D
            # \frac{\partial \cost}{\partial b_l} = \frac{1}{\nexamples}\, \ones^{\T} D_l
            db[l] = 1 / n * ones.T @ D
            assert dW[l].shape == (net.sizes[l - 1], net.sizes[l])
            if l > 1:
                D = self.hidden(W[l], D, Z[l - 1])
        J = 0.5 * ((A[L] - Y.T) ** 2).sum() / n
        return J, [None] + [g.T for g in dW[1:]], [None] + [g.T for g in db[1:]]


TEXTS = {
    "cmu": Cmu(), "iith": Iith(), "fau": Fau(), "nielsen": Nielsen(), "goodfellow": Goodfellow(),
    "bishop": Bishop(), "ng": Ng(), "rows": Rows(),
}  # fmt: skip
BACKWARD = [name for name in TEXTS if name != "iith"]


def case(text, seed):
    """A network of different widths with biases, and a batch, in the text's kind of output and loss."""
    print("seed", seed)
    rng = np.random.default_rng(seed)
    net = bp.Network.random([3, 4, 2, text.outputs], "tanh", text.output, text.loss, "lecun", seed=rng)
    for b in net.b[1:]:
        b += rng.normal(scale=0.5, size=b.shape)
    return net, rng.normal(size=(3, N)), rng.normal(size=(text.outputs, N))


def cost(text, net, X, Y):
    """The text's cost by this book's forward pass: the mean of the losses, or their sum."""
    return bp.cost(net, bp.forward(net, X), Y) * (N if text.total else 1)


def differences(text, net, X, Y, h=1e-6):
    """The derivatives of the text's cost, entry by entry."""
    found = []
    for arrays in (net.W, net.b):
        found.append([None] + [np.zeros_like(array) for array in arrays[1:]])
        for l in range(1, net.L + 1):
            for index in np.ndindex(*arrays[l].shape):
                there, values = arrays[l][index], []
                for t in (h, -h):
                    arrays[l][index] = there + t
                    values.append(cost(text, net, X, Y))
                arrays[l][index] = there
                found[-1][l][index] = (values[0] - values[1]) / (2 * h)
    return found


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", TEXTS)
def test_the_equations_of_every_text_give_the_gradients_of_its_own_cost(name, seed):
    text = TEXTS[name]
    net, X, Y = case(text, seed)
    value, *gradients = text.run(net, X, Y)
    assert value == pytest.approx(cost(text, net, X, Y), rel=1e-12)
    if name in BACKWARD:
        for theirs, numeric in zip(gradients, differences(text, net, X, Y), strict=True):
            for l in range(1, net.L + 1):
                np.testing.assert_allclose(theirs[l], numeric[l], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", BACKWARD)
def test_a_sum_over_the_examples_has_gradients_larger_by_their_number(name):
    """Those of CMU and Bishop are N times those of this book; all others are equal to them."""
    text = TEXTS[name]
    net, X, Y = case(text, 3)
    _, W, b = text.run(net, X, Y)
    grads = bp.backward(net, bp.forward(net, X), Y)
    factor = {"cmu": N, "bishop": N}.get(name, 1)
    for l in range(1, net.L + 1):
        np.testing.assert_allclose(W[l], factor * grads.W[l], rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(b[l], factor * grads.b[l], rtol=1e-10, atol=1e-13)


def test_the_hidden_error_of_every_text_is_the_same_column():
    """From the same errors one layer on, each text's formula makes the same numbers."""
    rng = np.random.default_rng(4)
    W, b, z = rng.normal(size=(3, 4)), rng.normal(size=(3, 1)), rng.normal(size=(4, 1))
    delta = rng.normal(size=(3, 1))
    given = {
        "cmu": (np.hstack([b, W]), delta, z),
        "fau": (W, delta[:, 0], z[:, 0]),
        "bishop": (W, delta[:, 0], z[:, 0]),
        "rows": (W.T, delta.T, z.T),
    }
    expected = [slope(z[i, 0]) * sum(W[j, i] * delta[j, 0] for j in range(3)) for i in range(4)]
    for name in BACKWARD:
        theirs = TEXTS[name].hidden(*given.get(name, (W, delta, z)))
        np.testing.assert_allclose(np.ravel(theirs), expected, rtol=1e-13)


def test_the_lecture_s_step_has_one_row_too_many():
    """Unrepaired: entry 0 is 0 because o_0 = 1, and the next step back does not fit."""
    text = TEXTS["cmu"]
    net, X, Y = case(text, 1)
    W, fwd = text.folded(net), bp.forward(net, X)
    one = bp.backward(net, fwd, Y).delta[2][:, [0]]
    o = np.vstack([[[1.0]], fwd.a[1][:, [0]]])
    lecture = (W[2].T @ one) * (1 - o * o)
    assert len(lecture) == net.sizes[1] + 1 and lecture[0, 0] == 0 and (W[2].T @ one)[0, 0] != 0
    np.testing.assert_array_equal(lecture[1:], text.hidden(W[2], one, fwd.z[1][:, [0]]))
    with pytest.raises(ValueError, match="matmul"):
        W[1].T @ lecture
    assert "this book's repair" in NOTATION["formulas"]["hidden-error"]["others"]["cmu"]["remark"]


def test_the_product_that_fau_prints_does_not_fit():
    """Its slides' product for the derivative by activations has no transposes; with them it is right."""
    rng = np.random.default_rng(5)
    W, z = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
    with pytest.raises(ValueError, match="matmul"):
        np.diagflat(slope(z)) @ W @ rng.normal(size=(3, 1))


def test_a_layer_program_that_averages_twice_is_smaller_by_outputs_over_examples():
    """IME775's own program: 2(p − t)/N, and each layer divides by N again; its loss is a mean over all elements."""
    rng = np.random.default_rng(6)
    for n, d in ((8, 1), (8, 2), (5, 3)):
        x, W, b, t = (rng.normal(size=shape) for shape in ((n, 4), (4, d), (d,), (n, d)))
        grad_output = 2 * ((x @ W + b) - t) / n
        loss = lambda V, x=x, b=b, t=t: np.mean(((x @ V + b) - t) ** 2)
        true = np.zeros_like(W)
        for index in np.ndindex(*W.shape):
            step = np.zeros_like(W)
            step[index] = 1e-6
            true[index] = (loss(W + step) - loss(W - step)) / 2e-6
        np.testing.assert_allclose(x.T @ grad_output / n, d / n * true, rtol=1e-6, atol=1e-9)


def test_every_text_has_its_code():
    assert list(TEXTS) == [*NOTATION["profiles"], *NOTATION["layouts"]]
    for name in ("output-error", "hidden-error", "weights", "biases"):
        assert set(NOTATION["formulas"][name]["others"]) == set(BACKWARD), name


@pytest.mark.parametrize("name", NOTATION["formulas"])
def test_translations_are_whole_formulas(name):
    formula = NOTATION["formulas"][name]
    macros = {symbol["macro"] for symbol in NOTATION["symbols"]}
    assert commands(formula["ours"]) <= macros | TEX
    assert set(formula["labels"]) <= set(claims())
    for text, translation in formula["others"].items():
        form = translation["form"]
        assert form.count("{") == form.count("}") and form.count("(") == form.count(")")
        # The line of code that computes it carries it.
        assert f"# {form}\n" in HERE, f"{text}: {name}: no line of code computes {form}"
        if text in NOTATION["profiles"]:
            # No macro of ours may stand there: it would change with the reader's notation.
            assert not commands(form) & macros
        else:
            # A layout is an order of products: loss, cost and signs stay those of the reader's notation.
            assert not re.search(r"(?<![A-Za-z])[LNJ](?![A-Za-z])|\\(?:ell|odot|top|mathbf)", form)


def canonical(tex, brackets=False):
    """TeX without fonts, sizes and spaces, superscripts first; without brackets too unless they are asked for."""
    tex = re.sub(r"\\(?:boldsymbol|mathbf|[bB]ig+[lr]?|left|right|,|qquad)(?![A-Za-z])|&", " ", tex)
    tex = re.sub(r"([_^])\s*([A-Za-z0-9]|\\[A-Za-z]+)", r"\1{\2}", tex)
    group = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
    tex = re.sub(rf"(_{group})\s*(\^{group})", r"\2\1", tex)
    tex = re.sub(r"\^\{(T|\\top|\\mathrm\{T\})\}", r"\1", tex)
    return re.sub(r"[\s{}]" if brackets else r"[\s{}()]", "", tex)


@pytest.mark.parametrize("profile", NOTATION["profiles"])
def test_every_own_letter_stands_in_its_quotation(profile):
    forms = {symbol["macro"]: symbol["form"] for symbol in NOTATION["symbols"]}
    for name, entry in NOTATION["profiles"][profile]["own"].items():
        form = canonical(entry.get("text") or entry.get("form") or forms[name], brackets=True)
        pattern = re.sub(r"\\#\d", r"[^()\\[\\]]+?", re.escape(form))
        assert re.search(pattern, canonical(entry["quote"], brackets=True)), f"{name}: {entry}"


def base(form):
    """The letter under all scripts, with what stands before it: `dZ` of `dZ^{[l]}`."""
    return re.split(r"[\^_{ ]", re.sub(r"\\(?:mathbf|mathrm)\{(\w)\}", r"\1", form))[0]


@pytest.mark.parametrize("profile", [notation.OWN, *NOTATION["profiles"]])
def test_letters_of_one_thing_belong_together(profile):
    """A column, its entry and the matrix of a batch; a letter as the text has it and with its layer."""
    symbols = {symbol["macro"]: symbol for symbol in NOTATION["symbols"]}
    form = lambda name: notation.form_of(symbols[name], profile)
    for column, entry in (("pre", "prei"), ("act", "acti"), ("err", "erri")):
        assert form(entry) == form(column) + "_{#2}"
    for column, entry in (("inp", "inpi"), ("lab", "labi")):
        assert form(entry) == form(column) + "_{#1}"
    for column, batch in (("pre", "Pre"), ("act", "Act"), ("err", "Err"), ("inp", "Inp"), ("lab", "Lab")):
        one, many = base(form(column)), base(form(batch))
        capital = {"\\delta": "\\Delta", "dz": "dZ"}.get(one, one.upper())
        assert (
            many == capital
            and form(batch).replace("\\mathbf{T}", "T")[len(many) :] == form(column)[len(one) :]
        )
    for symbol in symbols.values():
        text = symbol.get("text", {}).get(profile)  # pieces have none
        if text and (profile, symbol["macro"]) != ("goodfellow", "nlayers"):  # their l is set as ℓ
            assert base(text) == base(form(symbol["macro"])) or symbol["macro"] in ("norm", "diag")

    weight = re.sub(r"_\{#2,?#3\}$", "", form("Wi"))
    assert base(weight).upper() == base(form("W")).upper() and weight[1:] == form("W")[1:]
    folded = form("Wfold") == form("W")
    assert form("Wfold") == ("" if folded else r"\widetilde ") + form("W")
    assert form("actfold") == ("" if folded else r"\tilde ") + form("act")


# Pieces where the bias is folded in, in macros: the same in every such notation.
FOLDED = {
    "layerzero": r"\bigl[\begin{smallmatrix} 1 \\ \inp \end{smallmatrix}\bigr]",
    "Layerzero": r"\bigl[\begin{smallmatrix} \ones^{\T} \\ \Inp \end{smallmatrix}\bigr]",
    "affine": r"\W{#1}\,\act{#2}",
    "affineof": r"\W{#1} \bigl[\begin{smallmatrix} 1 \\ #2 \end{smallmatrix}\bigr]",
    "affinei": r"\sum_{#3=0}^{\size{#4}} \Wi{#1}{#2}{#3}\,\acti{#4}{#3}",
    "activated": r"\Bigl[\begin{smallmatrix} 1 \\ \actf{#1}(\pre{#1}) \end{smallmatrix}\Bigr]",
    "Affine": r"\W{#1}\,\Act{#2}",
    "Activated": r"\Bigl[\begin{smallmatrix} \ones^{\T} \\ \actf{#1}(\Pre{#1}) \end{smallmatrix}\Bigr]",
}
# Two ways to leave out the bias in what goes back, and a part of a sum's name.
BACK = {
    r"\bigl(\Wunits{#1}\bigr)^{\T} \%s{#1}",
    r"\Bigl[\bigl(\W{#1}\bigr)^{\T} \%s{#1}\Bigr]_{1, \dots, \size{#2}}",
}


@pytest.mark.parametrize("profile", NOTATION["profiles"])
def test_pieces_are_built_from_the_letters(profile):
    symbols = {symbol["macro"]: symbol for symbol in NOTATION["symbols"]}
    form = lambda name: notation.form_of(symbols[name], profile)
    pieces = dict(NOTATION["profiles"][profile].get("pieces", {}))
    if "Wunits" in pieces:
        assert {name: pieces.pop(name) for name in FOLDED} == FOLDED
        assert pieces.pop("Wunits") == form("W") + "_{:,1:}" and form("bias") == form("W") + "_{:,0}"
        assert (
            pieces.pop("actunits") == form("act") + "_{1:}"
            and pieces.pop("Actunits") == form("Act") + "_{1:}"
        )
        for name, error in (("back", "err"), ("Back", "Err")):
            assert pieces.pop(name) in {way % error for way in BACK}
    for name in ("affine", "affineof", "affinei", "Affine"):
        terms = pieces.pop(name, symbols[name]["form"]).split(" + ")
        assert sorted(terms) == sorted(symbols[name]["form"].split(" + ")), "the bias may stand first"
    if "outis" in pieces:  # the output has no letter but that of the last layer's activations
        last = expand(pieces.pop("outis"), notation.plain_macros(NOTATION["symbols"], profile))
        assert last == form("out")
    assert set(pieces) <= {"outgrad", "lossof", "lossi", "costsum", "costelements"}
    example = pieces.pop("lossi", r"\loss_{#1}")
    whole = pieces.pop("lossof", example)
    assert whole in (example, r"\loss(\out^{(#1)}, \lab^{(#1)})") and base(example) in (
        r"\loss",
        base(form("loss")),
    )
    for name in ("costsum", "costelements"):
        own = pieces.pop(name, "")
        assert not own or base(own.replace(r"\bar", "").lstrip("{").rstrip("}")) in form("cost")


@pytest.mark.parametrize("name", NOTATION["formulas"])
def test_every_own_equation_holds_its_quotation(name):
    """Up to fonts, brackets and spaces; a layout's quotation is a line of its program."""
    for text, translation in NOTATION["formulas"][name]["others"].items():
        if text in NOTATION["profiles"] and "quote" in translation:
            assert canonical(translation["quote"]) in canonical(translation["form"]), f"{text}: {name}"


def test_the_conversions_of_a_layout_turn_every_array():
    """Shape by shape: what the row program holds is the transpose of what this book holds."""
    for row in NOTATION["layouts"]["rows"]["conversions"]:
        first, second = row["shape"].strip("()").split(", ")
        assert row["turned"] == f"({second}, {first})"
        assert row["is"] in (rf"{row['ours']}^{{\T}}", rf"\bigl({row['ours']}\bigr)^{{\T}}")
