"""Backpropagation in the forms in which it is often written, each right and checked against the core.

Examples as rows, one example at a time, the bias folded into the weights, a step inside the sweep,
a loop of steps. All take the book's arrays, one example a column. `backprop.clinic` plants bugs into
these programs where `backprop.network` has no line for them.
"""

import numpy as np

from . import checks
from .network import Forward, Gradients, backward, cost, forward, output_error


def rows(net, X, Y):
    """Examples as rows; the cost is the squared error, its mean over all elements of the output.

    So J and the gradients are 1/n_L of those of `value_and_grad` with the loss "squared_error"
    (`eq:backward-rows`, `eq:three-costs`).

    Args:
        net: a `Network` whose activations work entry by entry; its loss is not used.
        X, Y: inputs (n_0, N) and labels (n_L, N).

    Returns:
        (J, `Gradients`), the gradients in the book's form and without delta.

    Raises:
        ValueError: for softmax, which works on columns, and as `value_and_grad`.
    """
    if "softmax" in net.activations:
        raise ValueError("net: expected activations that work entry by entry, got softmax")
    X, Y = _batch(net, X, Y)
    L, N = net.L, X.shape[1]
    z, a = [None], [X.T]
    for l in range(1, L + 1):
        z.append(a[l - 1] @ net.W[l].T + net.b[l].T)
        a.append(net.sigma[l].value(z[l]))
    E = a[L] - Y.T
    G, dW, db = 2 * E / E.size, [None] * (L + 1), [None] * (L + 1)
    for l in range(L, 0, -1):
        G = G * net.sigma[l].derivative(z[l])
        dW[l], db[l] = G.T @ a[l - 1], G.T @ np.ones((N, 1))
        G = G @ net.W[l]
    return (E**2).mean(), Gradients(None, dW, db)


def one_by_one(net, X, Y):
    """One example after the other, adding up the gradients (`alg:backpropagation`, each step).

    Args, returns, errors as `value_and_grad`, but without delta.
    """
    X, Y = _batch(net, X, Y)
    J, N = 0.0, X.shape[1]
    dW = [None] + [np.zeros_like(w) for w in net.W[1:]]
    db = [None] + [np.zeros_like(v) for v in net.b[1:]]
    for i in range(N):
        x, y = X[:, [i]], Y[:, [i]]
        fwd = forward(net, x)
        J += cost(net, fwd, y) / N
        delta = output_error(net, fwd, y)
        for l in range(net.L, 0, -1):
            if l < net.L:
                delta = net.sigma[l].vjp(fwd.z[l], net.W[l + 1].T @ delta)
            dW[l] += delta @ fwd.a[l - 1].T / N
            db[l] += delta / N
    return J, Gradients(None, dW, db)


def folded(net, X, Y):
    """The bias as column 0 of the weights, a 1 on top of each activation (`eq:backward-folded`).

    Args, returns, errors as `value_and_grad`, but without delta.
    """
    X, Y = _batch(net, X, Y)
    L, N = net.L, X.shape[1]
    V = [None] + [np.hstack([net.b[l], net.W[l]]) for l in range(1, L + 1)]
    one = np.ones((1, N))
    z, a = [None], [np.vstack([one, X])]
    for l in range(1, L + 1):
        z.append(V[l] @ a[l - 1])
        a.append(np.vstack([one, net.sigma[l].value(z[l])]))
    fwd = Forward(z, [A[1:] for A in a])
    delta, dW, db = output_error(net, fwd, Y), [None] * (L + 1), [None] * (L + 1)
    for l in range(L, 0, -1):
        dV = delta @ a[l - 1].T / N
        db[l], dW[l] = dV[:, :1], dV[:, 1:]
        if l > 1:
            delta = net.sigma[l - 1].vjp(z[l - 1], (V[l].T @ delta)[1:])
    return cost(net, fwd, Y), Gradients(None, dW, db)


def step(net, X, Y, eta):
    """One step of gradient descent during the backward sweep, changing `net` (`eq:gradient-descent`).

    Args:
        net: a `Network`; its parameters are changed in place.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        eta: step size.

    Returns:
        The cost before the step. Errors as `value_and_grad`.
    """
    X, Y = _batch(net, X, Y)
    N = X.shape[1]
    fwd = forward(net, X)
    J, delta = cost(net, fwd, Y), output_error(net, fwd, Y)
    for l in range(net.L, 0, -1):
        dW, db = delta @ fwd.a[l - 1].T / N, delta.sum(axis=1, keepdims=True) / N
        if l > 1:
            delta = net.sigma[l - 1].vjp(fwd.z[l - 1], net.W[l].T @ delta)
        net.W[l] -= eta * dW
        net.b[l] -= eta * db
    return J


def descend(net, X, Y, eta, steps):
    """Steps of gradient descent on one batch, changing `net` (`eq:gradient-descent`).

    Args:
        net, X, Y, eta: as in `step`.
        steps: how many.

    Returns:
        The list of the costs before each step. Errors as `value_and_grad`.
    """
    costs = []
    for _ in range(steps):
        fwd = forward(net, X)
        grads = backward(net, fwd, Y)
        costs.append(float(cost(net, fwd, Y)))
        for p, g in zip(net.W[1:] + net.b[1:], grads.W[1:] + grads.b[1:], strict=True):
            p -= eta * g
    return costs


def one_hot(labels, K):
    """Labels 0, ..., K - 1 of N examples as columns (K, N): a 1 in the row of the label, else 0.

    Raises:
        ValueError: for a label that is none of these numbers.
    """
    strange = [label for label in labels if label not in range(K)]
    if strange:
        raise ValueError(f"labels: expected whole numbers from 0 to {K - 1}, got {strange[0]}")
    Y = np.zeros((K, len(labels)))
    Y[labels, np.arange(len(labels))] = 1
    return Y


def columns(examples):
    """Examples stored as rows (N, n), as most files hold them, as columns (n, N)."""
    return examples.T


def _batch(net, X, Y):
    X = checks.real_array("X", X, (net.sizes[0], "N"), net.dtype)
    return X, checks.real_array("Y", Y, (net.sizes[-1], X.shape[1]), net.dtype)
