"""The rungs between the readable core and the fast path: what buys how much.

Each function returns a call that gives (J, ∂J/∂W^(1)); benchmarks/engine.py times them. They know
the activations and losses of the benchmark only and check nothing.
"""

import numpy as np
from numpy import add, divide, exp, log, maximum, multiply, subtract

from backprop.plain import Network


def plain(W, b, X, Y, activations, loss):
    """The program on one screen, `backprop.plain`, with the benchmark's activations and losses."""
    net, N = Network([w.shape[1] for w in W[1:]] + [len(W[-1])]), X.shape[1]
    net.W, net.b = W, b
    if activations[0] == "relu":
        net.sigma[1:-1] = [lambda z: np.maximum(z, 0)] * (net.L - 1)
        net.slope[1:-1] = [lambda a: a > 0] * (net.L - 1)
    if loss == "cross_entropy":  # its error signal is a - y
        net.sigma[-1], net.slope[-1] = softmax, lambda a: 1

    def call():
        a = net.forward(X)
        J = -(Y * np.log(a[-1])).sum() / N if loss == "cross_entropy" else 0.5 * ((a[-1] - Y) ** 2).sum() / N
        dW, _ = net.backward(a, Y)
        return J, dW[1]

    return call


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def buffers(W, b, X, Y, activations, loss):
    """The same operations, each into an array that is there already."""
    L, N = len(W) - 1, X.shape[1]
    softmax, sigmoid = loss == "cross_entropy", activations[0] == "sigmoid"
    a = [X] + [np.empty((len(w), N), w.dtype) for w in W[1:]]
    z, s, delta = ([np.empty_like(v) for v in a] for _ in range(3))
    dW, db = ([None] + [np.empty_like(p) for p in each[1:]] for each in (W, b))
    row = np.empty((1, N), X.dtype)

    def logistic(l):
        np.negative(z[l], out=a[l])
        np.exp(a[l], out=a[l])
        np.add(a[l], 1, out=a[l])
        np.reciprocal(a[l], out=a[l])

    def slope(l):
        np.subtract(1, a[l], out=s[l])
        np.multiply(a[l], s[l], out=s[l])

    def call():
        for l in range(1, L + 1):
            np.dot(W[l], a[l - 1], out=z[l])
            np.add(z[l], b[l], out=z[l])
            if l == L and softmax:
                z[l].max(axis=0, keepdims=True, out=row)
                np.subtract(z[l], row, out=a[l])
                np.exp(a[l], out=a[l])
                a[l].sum(axis=0, keepdims=True, out=row)
                np.divide(a[l], row, out=a[l])
            elif l == L or sigmoid:
                logistic(l)
            else:
                np.maximum(z[l], 0, out=a[l])
        np.subtract(a[L], Y, out=delta[L])
        if softmax:
            np.log(a[L], out=s[L])
            np.multiply(s[L], Y, out=s[L])
            J = -s[L].sum() / N
        else:
            np.multiply(delta[L], delta[L], out=s[L])
            J = 0.5 * s[L].sum() / N
            slope(L)
            np.multiply(delta[L], s[L], out=delta[L])
        for l in range(L, 0, -1):
            np.dot(delta[l], a[l - 1].T, out=dW[l])
            np.divide(dW[l], N, out=dW[l])
            delta[l].sum(axis=1, keepdims=True, out=db[l])
            np.divide(db[l], N, out=db[l])
            if l > 1:
                np.dot(W[l].T, delta[l], out=delta[l - 1])
                if sigmoid:
                    slope(l - 1)
                else:
                    np.greater(z[l - 1], 0, out=s[l - 1])
                np.multiply(delta[l - 1], s[l - 1], out=delta[l - 1])
        return J, dW[1]

    return call


def fused(W, b, X, Y, activations, loss):
    """Fewer operations: the logarithm of softmax is never taken, a slope reuses what the activation
    left, 1/N comes in once, at the output, and one product with ones gives every bias gradient.
    """
    L, N, dtype = len(W) - 1, X.shape[1], X.dtype
    softmax, sigmoid = loss == "cross_entropy", activations[0] == "sigmoid"
    a = [X] + [np.empty((len(w), N), dtype) for w in W[1:]]
    q = [None] + [np.empty_like(v) for v in a[1:]]
    heights = [len(w) for w in W[1:]]
    all_dz, all_db = np.empty((sum(heights), N), dtype), np.empty((sum(heights), 1), dtype)
    dz = [None, *np.split(all_dz, np.cumsum(heights)[:-1])]
    dW = [None] + [np.empty_like(w) for w in W[1:]]
    row = np.empty((1, N), dtype)
    flat_row = row[0]
    one, zero, one_nth = np.array(1, dtype), np.array(0, dtype), np.array(1 / N, dtype)
    ones, ones_row, ones_K = np.ones((N, 1), dtype), np.ones(N, dtype), np.ones((1, heights[-1]), dtype)
    flat_Y, flat_z, flat = Y.reshape(-1), a[L].reshape(-1), dz[L].reshape(-1)

    def call():
        for l in range(1, L + 1):
            W[l].dot(a[l - 1], a[l])
            add(a[l], b[l], a[l])
            if l == L and softmax:
                break
            if sigmoid or l == L:
                exp(a[l], a[l])
                add(a[l], one, q[l])
                divide(a[l], q[l], a[l])
            else:
                maximum(a[l], zero, out=a[l])
        if softmax:
            subtract(a[L], maximum.reduce(a[L], 0, None, row, True), a[L])
            exp(a[L], dz[L])
            ones_K.dot(dz[L], row)
            divide(dz[L], row, dz[L])
            subtract(dz[L], Y, dz[L])
            log(row, row)
            J = (flat_row.dot(ones_row) - flat_Y.dot(flat_z)) / N
        else:
            subtract(a[L], Y, dz[L])
            J = 0.5 * flat.dot(flat) / N
            multiply(dz[L], a[L], dz[L])
            divide(dz[L], q[L], dz[L])
        multiply(dz[L], one_nth, dz[L])
        for l in range(L - 1, 0, -1):
            W[l + 1].T.dot(dz[l + 1], dz[l])
            if sigmoid:
                multiply(dz[l], a[l], dz[l])
                divide(dz[l], q[l], dz[l])
            else:
                np.greater(a[l], zero, q[l])
                multiply(dz[l], q[l], dz[l])
        all_dz.dot(ones, all_db)
        for l in range(1, L + 1):
            dz[l].dot(a[l - 1].T, dW[l])
        return J, dW[1]

    return call
