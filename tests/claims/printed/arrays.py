r"""A network's arrays under the names of the book's macros, and under the letters of a profile.

`\W{2}` is looked up as `environment["\\W"](2)`. Error signals and gradients come from central
differences of the loss, so that no formula is compared with another form of itself; pre-activations
and activations come from `forward`.
"""

import functools

import numpy as np
from extensions import notation
from extensions.expansion import expand

import backprop as bp
from backprop import gradcheck

from .evaluate import key
from .tex import NOTATION, TexError


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


# What a macro's letters count: l a layer, j and k units of it and of the layer before.
LETTERS = {
    "W": "l", "Wunits": "l", "bias": "l", "pre": "l", "act": "l", "actunits": "l", "err": "l", "size": "l", "actf": "l",
    "dactf": "l", "Pre": "l", "Act": "l", "Actunits": "l", "Err": "l", "Wfold": "l", "actfold": "l",
    "Wi": "ljk", "biasi": "lj", "prei": "lj", "acti": "lj", "erri": "lj",
    "inpi": "k", "labi": "j", "outi": "j",
    "nlayers": "", "inp": "", "lab": "", "out": "", "nexamples": "", "Inp": "", "Lab": "", "ones": "", "loss": "",
    "cost": "",
}  # fmt: skip
BELOW = (
    "W",
    "Wunits",
    "Wi",
    "bias",
    "biasi",
    "pre",
    "prei",
    "act",
    "actunits",
    "acti",
    "out",
    "outi",
    "Wfold",
)


def profile_arrays(profile, net, X, Y):
    """The environment of a network in the letters of a profile, or of this book if it is `notation.OWN`.

    Each symbol of notation.yml is written out with letters for its indices, in the form that a reader of
    the profile sees, and looked up with numbers for them. Where the bias is folded into the weights, W and
    the activations are the arrays that have it.
    """
    ours = arrays(net, X, Y)
    symbols = {symbol["macro"]: symbol for symbol in NOTATION["symbols"]}
    macros = notation.plain_macros(NOTATION["symbols"], profile)
    form = lambda name: notation.form_of(symbols[name], profile)
    folded = form("W") == form("Wfold")
    N, L = X.shape[1], net.L
    values = {r"\Wunits": ours[r"\W"], r"\actunits": ours[r"\act"], r"\Actunits": ours[r"\Act"]} | ours
    tops = {"loss": values.get, "cost": values.get}
    if folded:
        values |= {
            r"\W": ours[r"\Wfold"], r"\act": ours[r"\actfold"],
            r"\Act": lambda l: np.vstack([np.ones((1, N)), ours[r"\Act"](l)]),
            r"\Wi": lambda l, j, k: ours[r"\Wi"](l, j, k) if k else ours[r"\biasi"](l, j),
            r"\acti": lambda l, j: ours[r"\acti"](l, j) if j else 1.0,
            r"d\loss/d\W": ours[r"d\loss/d\Wfold"],
            r"d\loss/d\Wi": lambda l, j, k: ours[r"d\loss/d\Wfold"](l)[j - 1, k],
            r"d\cost/d\W": lambda l: np.hstack([ours[r"d\cost/d\bias"](l), ours[r"d\cost/d\W"](l)]),
        }  # fmt: skip
    values[r"d\loss/d\Wunits"], values[r"d\loss/d\actunits"] = ours[r"d\loss/d\W"], ours[r"d\loss/d\act"]
    values[r"d\loss/d\out"] = ours[r"\nabla_{\out}\loss"]
    values[r"d\cost/d\Wunits"] = ours[r"d\cost/d\W"]

    def cases(letters):
        """All numbers for the letters, with the index from 0 where a folded bias is unit 0."""
        zero = 0 if folded else 1
        for l in range(L + 1) if "l" in letters else (None,):
            rows = net.sizes[l] if l is not None else net.sizes[L]
            columns = net.sizes[l - 1] if l else net.sizes[0]
            for j in range(zero if letters == "lj" else 1, rows + 1) if "j" in letters else (None,):
                for k in range(zero if "l" in letters else 1, columns + 1) if "k" in letters else (None,):
                    yield {name: v for name, v in zip("ljk", (l, j, k), strict=True) if name in letters}

    table = {"e": np.e}

    def put(tex, family, letters):
        for case in cases(letters):
            if case.get("j") == 0 and not family.endswith(r"\acti"):
                continue  # unit 0 has an activation and nothing else
            try:
                value = values[family](*case.values()) if case else values[family]
            except (IndexError, TypeError, AttributeError, KeyError, ValueError):
                continue  # no weights lead to layer 0
            if value is not None:
                table.setdefault(key(tex, **case), value)

    for name, letters in LETTERS.items():
        written = "".join(f"{{{letter}}}" for letter in letters)
        tex = expand(rf"\{name}{written}", macros)
        try:
            key(tex, l=1, j=1, k=1)
        except TexError:
            continue  # a piece that is more than a name
        put(tex, rf"\{name}", letters)
        for top in tops:
            if name in BELOW and rf"d\{top}/d\{name}" in values:
                of = expand(rf"\{top}", macros)
                put(rf"\frac{{\partial {of}}}{{\partial {tex}}}", rf"d\{top}/d\{name}", letters)
                put(rf"\nabla_{{{tex}}} {of}", rf"d\{top}/d\{name}", letters)
    layers = {expand(r"\nlayers", macros): L}
    table.setdefault(key(expand(r"\outgrad", macros), **layers), ours[r"\nabla_{\out}\loss"])
    return table
