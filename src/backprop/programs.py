"""Backpropagation in the forms in which it is often written, each right and checked against the core.

Examples as rows, one example at a time, the bias folded into the weights, layers as objects, a record
of scalar operations, differences; a step inside the sweep, loops of steps; a weight used twice. All take
the book's arrays, one example a column. `backprop.clinic` plants bugs into these programs where
`backprop.network` has no line for them.
"""

import copy

import numpy as np

from . import checks, layers
from .graph import Value
from .network import Forward, Gradients, backward, cost, forward, output_error, value_and_grad


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
        D = G * net.sigma[l].derivative(z[l])
        dW[l], db[l] = D.T @ a[l - 1], D.T @ np.ones((N, 1))
        G = D @ net.W[l]
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


def by_layers(net, X, Y):
    """The layers of `backprop.layers`, one after the other (`eq:linear-columns`, `eq:loss-layer`).

    Args, returns, errors as `value_and_grad`, but without delta.
    """
    sequence = layers.Sequence.of(net)
    J = sequence.forward(X, Y)
    sequence.backward()
    dW, db = ([None] + [getattr(layer, name) for layer in sequence.linear] for name in ("dW", "db"))
    return J, Gradients(None, dW, db)


def recorded(net, X, Y):
    """Automatic differentiation: every number is a `graph.Value`, and the cost knows where it came from.

    Examples are rows and the cost is that of `rows`, the mean over all elements of the squared error.

    Args:
        net: a `Network` with identity, tanh, sigmoid or relu in each layer; its loss is not used.
        X, Y: inputs (n_0, N) and labels (n_L, N).

    Returns:
        (J, `Gradients`) as `rows`.

    Raises:
        ValueError: for another activation, and as `value_and_grad`.
    """
    strange = set(net.activations[1:]) - {"identity", "tanh", "sigmoid", "relu"}
    if strange:
        raise ValueError(f"net: expected identity, tanh, sigmoid or relu, got {strange.pop()}")
    X, Y = _batch(net, X, Y)
    record = np.vectorize(Value, otypes=[object])
    W, b = [None] + [record(w) for w in net.W[1:]], [None] + [record(v) for v in net.b[1:]]
    a = X.T
    for l in range(1, net.L + 1):
        a = a @ W[l].T + b[l].T
        if net.activations[l] != "identity":
            a = np.vectorize(getattr(Value, net.activations[l]), otypes=[object])(a)
    E = a - Y.T
    J = (E**2).mean()
    J.backward()
    read = np.vectorize(lambda value: value.grad, otypes=[float])
    return J.value, Gradients(None, [None] + list(map(read, W[1:])), [None] + list(map(read, b[1:])))


def differences(net, X, Y, h=1e-5):
    """The check as it is often written: each parameter up and down by h (`eq:central-difference`).

    Args, returns, errors as `value_and_grad`, but without delta; h: the step.
    """
    W, b = ([None] + [p.copy() for p in arrays[1:]] for arrays in (net.W, net.b))
    net = net.with_parameters(W, b)

    def J():
        return cost(net, forward(net, X), Y)

    dW, db = ([None] + [_slopes(J, p, h) for p in arrays[1:]] for arrays in (W, b))
    return J(), Gradients(None, dW, db)


def layer_differences(layer, U, G, h=1e-5):
    """∂J/∂U of a layer of `backprop.layers` by central differences, J the sum of G times its output.

    Each evaluation takes a copy of the layer as it is now, so that one that draws numbers draws the same.

    Args:
        layer: has a method `forward`.
        U: its input, a matrix.
        G: ∂J/∂V, of the shape of the output.
        h: the step.

    Returns:
        An array of the shape of U. Errors as the layer's `forward`.
    """
    U = checks.real_array("U", U, ("n", "m")).copy()
    return _slopes(lambda: (G * copy.deepcopy(layer).forward(U)).sum(), U, h)


def _slopes(J, p, h):
    """The derivative of J(), which reads the array p, by each entry of p."""
    slopes = np.empty_like(p)
    for index in np.ndindex(*p.shape):
        there = p[index]
        p[index] = there + h
        up = J()
        p[index] = there - h
        slopes[index] = (up - J()) / (2 * h)
        p[index] = there
    return slopes


def with_l2(net, X, Y, l2):
    """The cost with its L2 term, J + (λ/2) Σ w² over the weights (`eq:l2-gradient`).

    Args:
        net, X, Y: as in `value_and_grad`.
        l2: λ.

    Returns:
        (J + (λ/2) Σ w², its `Gradients`). Errors as `value_and_grad`.
    """
    J, grads = value_and_grad(net, X, Y)
    W = [None] + [g + l2 * w for g, w in zip(grads.W[1:], net.W[1:], strict=True)]
    b = [None] + grads.b[1:]
    return J + l2 / 2 * sum((w**2).sum() for w in net.W[1:]), Gradients(None, W, b)


def tied(W, b, c, X):
    """An autoencoder that uses one matrix twice: a = Wᵀ tanh(W x + b) + c shall be x (`eq:tied-weights`).

    Args:
        W: (n, n_0). b: (n, 1). c: (n_0, 1). X: inputs, (n_0, N).

    Returns:
        (J, dW, db, dc): the mean over the examples of ½‖a − x‖², and its gradients.

    Raises:
        ValueError, TypeError: for wrong shapes, and entries that are no finite real numbers.
    """
    W = checks.real_array("W", W, ("n", "n_0"))
    b, c = checks.real_array("b", b, (W.shape[0], 1)), checks.real_array("c", c, (W.shape[1], 1))
    X = checks.real_array("X", X, (W.shape[1], "N"))
    N = X.shape[1]
    A = np.tanh(W @ X + b)
    E = W.T @ A + c - X
    D = (W @ E) * (1 - A**2)
    dW = (D @ X.T + A @ E.T) / N
    return (E**2).sum() / (2 * N), dW, D.sum(axis=1, keepdims=True) / N, E.sum(axis=1, keepdims=True) / N


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


def descend_in_parts(net, X, Y, eta, steps, parts=2, momentum=0.0):
    """As `descend`, with gradients added up over parts of the batch, and with momentum (`eq:momentum`).

    Args:
        net, X, Y, eta, steps: as in `descend`.
        parts: into how many parts the batch is cut.
        momentum: share of the last change that is kept.

    Returns:
        The list of the costs before each step. Errors as `value_and_grad`.
    """
    X, Y = _batch(net, X, Y)
    N, costs, parameters = X.shape[1], [], net.W[1:] + net.b[1:]
    v = [np.zeros_like(p) for p in parameters]
    for _ in range(steps):
        g = [np.zeros_like(p) for p in parameters]
        costs.append(float(cost(net, forward(net, X), Y)))
        for part in np.array_split(np.arange(N), min(parts, N)):
            _, grads = value_and_grad(net, X[:, part], Y[:, part])
            for total, new in zip(g, grads.W[1:] + grads.b[1:], strict=True):
                total += new * len(part) / N
        for i, p in enumerate(parameters):
            v[i] = momentum * v[i] - eta * g[i]
            p += v[i]
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
