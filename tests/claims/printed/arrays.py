r"""A network's arrays under the names of the book's macros, and under the letters of a profile.

`\W{2}` is looked up as `environment["\\W"](2)`. Error signals and gradients come from central
differences of the loss, so that no formula is compared with another form of itself; pre-activations
and activations come from `forward`.
"""

import functools

import numpy as np

import backprop as bp
from backprop import gradcheck


def slope(function, t, h=1e-6):
    """The derivative of an activation that works entry by entry, by a central difference."""
    t = np.asarray(t, dtype=float)
    return (function(t + h) - function(t - h)) / (2 * h)


def gradient(function, x, h=1e-5):
    """The column of derivatives of a number by the entries of a column, by central differences."""
    steps = h * np.eye(len(x))[:, :, None]
    return np.array([[(function(x + e) - function(x - e)) / (2 * h)] for e in steps])


def arrays(net, X, Y, judged=True):
    """The environment of a network and a batch; names without a batch are those of example 0.

    judged: error signals and derivatives by differences; False takes those of `backward`, for what
    asks about relations between gradients.
    """
    fwd, N = bp.forward(net, X), X.shape[1]
    x, y = X[:, [0]], Y[:, [0]]
    z, a = ([None if v is None else v[:, [0]] for v in values] for values in (fwd.z, fwd.a))

    @functools.cache
    def batch():
        return gradcheck.central_differences(net, X, Y) if judged else bp.backward(net, fwd, Y)

    @functools.cache
    def single():
        one = bp.forward(net, x)
        return gradcheck.central_differences(net, x, y) if judged else bp.backward(net, one, y)

    @functools.cache
    def Err(l):
        if not judged:
            return bp.backward(net, fwd, Y).delta[l]
        return np.hstack([gradcheck.error_signal_differences(net, X[:, [i]], Y[:, [i]], l) for i in range(N)])

    def loss(out, lab):
        return float(np.sum(net.loss_function.value(np.asarray(out), np.asarray(lab))))

    @functools.cache
    def by_output():
        return np.hstack(
            [gradient(lambda t, i=i: loss(t, Y[:, [i]]), fwd.a[net.L][:, [i]]) for i in range(N)]
        )

    @functools.cache
    def by_activations(l):
        def rest(t):
            for m in range(l + 1, net.L + 1):
                t = net.sigma[m].value(net.W[m] @ t + net.b[m])
            return loss(t, y)

        return gradient(rest, a[l])

    return {
        r"\nlayers": net.L, r"\size": lambda l: net.sizes[l], r"\nexamples": N,
        r"\inp": x, r"\inpi": lambda k: x[k - 1, 0], r"\lab": y, r"\labi": lambda j: y[j - 1, 0],
        r"\W": lambda l: net.W[l], r"\Wi": lambda l, j, k: net.W[l][j - 1, k - 1],
        r"\bias": lambda l: net.b[l], r"\biasi": lambda l, j: net.b[l][j - 1, 0],
        r"\pre": lambda l: z[l], r"\prei": lambda l, j: z[l][j - 1, 0],
        r"\act": lambda l: a[l], r"\acti": lambda l, j: a[l][j - 1, 0],
        r"\out": a[net.L], r"\outi": lambda j: a[net.L][j - 1, 0],
        r"\actf": lambda l: net.sigma[l].value,
        r"\dactf": lambda l: functools.partial(slope, net.sigma[l].value),
        r"\loss": loss, r"\cost": bp.cost(net, fwd, Y), r"\loss_": lambda i: loss(fwd.a[net.L][:, [i - 1]], Y[:, [i - 1]]),
        r"\out_": lambda i: fwd.a[net.L][:, [i - 1]], r"\lab_": lambda i: Y[:, [i - 1]],
        r"\err": lambda l: Err(l)[:, [0]], r"\erri": lambda l, j: Err(l)[j - 1, 0],
        r"\Inp": X, r"\Lab": Y, r"\Pre": lambda l: fwd.z[l], r"\Act": lambda l: fwd.a[l], r"\Err": Err,
        r"\ones": np.ones((N, 1)),
        r"\Wfold": lambda l: np.hstack([net.b[l], net.W[l]]), r"\actfold": lambda l: np.vstack([[[1.0]], a[l]]),
        r"\nabla_{\out}\loss": by_output()[:, [0]],
        r"d\loss/d\W": lambda l: single().W[l], r"d\loss/d\bias": lambda l: single().b[l],
        r"d\loss/d\Wi": lambda l, j, k: single().W[l][j - 1, k - 1], r"d\loss/d\biasi": lambda l, j: single().b[l][j - 1, 0],
        r"d\loss/d\Wfold": lambda l: np.hstack([single().b[l], single().W[l]]),
        r"d\loss/d\pre": lambda l: Err(l)[:, [0]], r"d\loss/d\prei": lambda l, j: Err(l)[j - 1, 0],
        r"d\loss/d\act": by_activations, r"d\loss/d\acti": lambda l, j: by_activations(l)[j - 1, 0],
        r"d\loss/d\outi": lambda j: by_output()[j - 1, 0],
        r"d\cost/d\W": lambda l: batch().W[l], r"d\cost/d\bias": lambda l: batch().b[l],
        "outgrads": by_output(), "e": np.e,
    }  # fmt: skip


def profile_arrays(profile, net, X, Y):
    return {}
