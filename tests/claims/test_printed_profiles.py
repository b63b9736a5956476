r"""Formulas in the letters of other courses and textbooks, run as a reader of that notation sees them.

Two kinds: the book's own formulas with their macros set in a profile's letters, and what the notation file
has as the text's own form. Of a symbol the name is looked up by writing it out with numbers for its indices; what
a text's own forms say beyond symbols stands in a function of the text's name below. Error signals and
gradients are differences of the loss.
"""

import itertools
from functools import cache

import numpy as np
import pytest
from extensions import notation

import backprop as bp
from backprop.macros import expand

from .printed.arrays import arrays, gradient, profile_arrays, slope
from .printed.evaluate import key
from .printed.page import Printed, equations, spaced
from .printed.tex import NOTATION

SEED = 1
N = 4
# The book's formulas of a network, with the layers that each holds for: from the first to L minus the second.
OURS = {
    "eq:pre-activation": (1, 0), "eq:activation": (1, 0), "eq:forward-index": (1, 0), "eq:forward-batch": (1, 0),
    "eq:delta-output": (1, 0), "eq:delta-hidden": (1, 1), "eq:gradient-weights": (1, 0), "eq:gradient-bias": (1, 0),
    "eq:hidden-error-index": (1, 1),
}  # fmt: skip


def case(loss="half_squared_error", outputs=3, output="tanh"):
    """Layers of different widths with biases, and four examples; tanh, as σ carries no layer in some texts."""
    rng = np.random.default_rng(SEED)
    net = bp.Network.random([3, 4, 2, outputs], "tanh", output, loss, "lecun", seed=rng)
    for b in net.b[1:]:
        b += rng.normal(scale=0.5, size=b.shape)
    return net, rng.normal(size=(3, N)), rng.normal(size=(outputs, N))


# What a text says about its network beyond letters: all others have half the squared error and tanh.
CASES = {
    "cmu": {"loss": "squared_error", "outputs": 1},  # no factor ½, a single output
    "bishop": {"output": "identity"},  # in his equation (5.54) the slope has cancelled
}


@cache
def network(text):
    return case(**CASES.get(text, {}))


@cache
def letters(profile, own=True):
    """The environment of a profile for its own network or the usual one, with σ and C as its text means them."""
    net, X, Y = network(profile if own else notation.OWN)
    table = profile_arrays(profile, net, X, Y)
    table |= {r"\sigma": np.tanh, r"\sigma'": lambda z: slope(np.tanh, z), "L": net.L}
    if profile == "nielsen":  # he drops the x of C_x in BP1 to BP4
        table |= {
            name.replace("C_x", "C"): v for name, v in table.items() if "C_x" in name and not callable(v)
        }
    return net, table


def indices(net, first, last):
    """All layers and some units: l, j of layer l, k of the layer before or after."""
    for l in range(first, net.L + 1 - last):
        for j in (1, 2):
            for k in (1, 2):
                above = net.sizes[min(l + 1, net.L)]
                yield {"l": l, "j": j, "k": k, "i": 1, "range j": [{"j": j} for j in range(1, above + 1)]}


@pytest.mark.parametrize("profile", [notation.OWN, *NOTATION["profiles"]])
@pytest.mark.parametrize("label", OURS)
def test_our_formulas_in_every_notation(label, profile):
    net, table = letters(profile, own=False)
    tex = expand(equations()[label], notation.plain_macros(NOTATION["symbols"], profile))
    formula = Printed(f"{label} in the notation {profile}", tex)
    for here in indices(net, *OURS[label]):
        formula.holds(table | here, rtol=1e-5, atol=1e-8)


# The environments of each text's own forms: functions of a formula's name that give (environment, what a
# statement with an arrow makes of its left side) for every layer and unit that the formula holds for.


def judge(text):
    """The text's network with its arrays under the book's names."""
    net, X, Y = network(text)
    return net, X, Y, arrays(net, X, Y)


def run_over(letter, numbers):
    """The range of a sum that is printed without bounds."""
    return [{letter: i} for i in numbers]


def layers(net, name):
    """The layers that a formula holds for."""
    return {"output-error": [net.L], "hidden-error": range(1, net.L)}.get(name, range(1, net.L + 1))


def losses(ours):
    return [ours[r"\loss_"](i) for i in range(1, N + 1)]


def cmu(name):
    """Examples are superscripts, here number 1; b and a are units, and unit 0 has the output 1."""
    net, X, Y, ours = judge("cmu")
    _, table = letters("cmu")
    # An example's loss has its number: the derivatives too.
    table = table | {
        k.replace(r"\ell/", r"\ell^{(1)}/"): v for k, v in table.items() if k.startswith(r"d\ell/")
    }
    by_weights = lambda l: key(r"\nabla_{W^{(l)}} \ell^{(n)}", l=l, n=1)
    table |= {by_weights(l): ours[r"d\loss/d\Wfold"](l) for l in range(1, net.L + 1)}
    table |= {rf"\ell^{{({i})}}": loss for i, loss in enumerate(losses(ours), start=1)}
    table |= {rf"y^{{({i})}}": Y[0, i - 1] for i in range(1, N + 1)}
    by_pre = slope(np.tanh, ours[r"\prei"](net.L, 1))
    table |= {rf"do^{{({net.L})}}_1/ds^{{({net.L})}}_1": by_pre, "f": np.tanh, "n": 1}
    table |= {r"\ell_{\mathcal{D}}": N * bp.cost(net, bp.forward(net, X), Y)}
    for l in layers(net, name):
        ones = np.ones((net.sizes[l] + 1, 1))
        for b in range(1, net.sizes[l] + 1):
            for a in range(net.sizes[l - 1] + 1):
                yield table | {"l": l, "b": b, "a": a, r"\mathbf{1}": ones}


def packed(arrays):
    """The entries of a list of arrays as a column."""
    return np.vstack([array.reshape(-1, 1) for array in arrays[1:]])


def total_loss(net, w, X, Y):
    """The sum of the losses of a batch as a function of the column of all weights and then all biases."""
    shapes = [array.shape for array in [*net.W[1:], *net.b[1:]]]
    cuts = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    found = [part.reshape(shape) for part, shape in zip(np.split(w, cuts), shapes, strict=True)]
    moved = net.with_parameters([None, *found[: net.L]], [None, *found[net.L :]])
    return X.shape[1] * bp.cost(moved, bp.forward(moved, X), Y)


def iith(name):
    """x with a layer is that of example n under the sum over n, and so is y."""
    net, X, Y, ours = judge("iith")
    _, table = letters("iith")
    fwd = bp.forward(net, X)
    if name == "cost":
        W, b = packed(net.W), packed(net.b)
        total = lambda W, b: total_loss(net, np.vstack([W, b]), X, Y)
        outputs = [{"n": i + 1, "x^{L}": fwd.a[net.L][:, [i]], "y_n": Y[:, [i]]} for i in range(N)]
        yield {"W": W, "b": b, r"\mathcal{L}": total, "l": ours[r"\loss"], "range n": outputs}
        return
    for l in layers(net, name):
        for j in range(1, net.sizes[l] + 1):
            yield table | {"l": l, "j": j, "range k": run_over("k", range(1, net.sizes[l - 1] + 1))}


def fau(name):
    """Unit by unit: o, k and j without a layer are units of the output layer, of layer ℓ and of the one before."""
    net, X, Y, ours = judge("fau")
    _, table = letters("fau")
    for l in range(1, net.L + 1):
        for j, i in np.ndindex(*net.W[l].shape):
            table[rf"w^{{({l - 1}\to{l})}}_{{{j + 1},{i + 1}}}"] = net.W[l][j, i]
    if name == "cost":
        cost = bp.cost(net, bp.forward(net, X), Y)
        yield {
            "J": cost, "N": N, "L": ours[r"\loss"], r"\hat{y}_": ours[r"\out_"], "y_": ours[r"\lab_"],
        }  # fmt: skip
        return
    unit = {"output-error": "o", "hidden-error": "i"}.get(name, "k")
    for l in layers(net, name):
        above = range(1, net.sizes[min(l + 1, net.L)] + 1)
        here = table | {
            r"\ell": l, r"\delta_": lambda k, l=l: ours[r"\erri"](l, k), "z_": lambda k, l=l: ours[r"\prei"](l, k),
            "dJ/dw_": lambda k, j, l=l: ours[r"d\loss/d\Wi"](l, k, j), "range j": run_over("j", above),
        }  # fmt: skip
        for k in range(1, net.sizes[l] + 1):
            here |= {rf"dJ/db^{{({l})}}_{k}": ours[r"d\loss/d\biasi"](l, k)}
        for k in range(1, net.sizes[l] + 1):
            output = {r"\hat{y}": ours[r"\outi"](k), "y": ours[r"\labi"](k)} if l == net.L else {}
            for j in range(1, net.sizes[l - 1] + 1):
                yield here | output | {unit: k, "j": j}


def nielsen(name):
    net, table = letters("nielsen")
    for l in layers(net, name):
        for j in range(1, net.sizes[l] + 1):
            for k in range(1, net.sizes[l - 1] + 1):
                yield table | {"l": l, "j": j, "k": k}


def goodfellow(name):
    """One variable g is overwritten; k is the layer and l the number of layers."""
    net, _, Y, ours = judge("goodfellow")
    _, table = letters("goodfellow")
    table = table | {"l": net.L, r"\hat{y}": ours[r"\out"], "y": Y[:, [0]]}
    by_output = lambda out, lab: gradient(lambda t: ours[r"\loss"](t, lab), out)
    table |= {key(r"\nabla_{\hat y} L"): by_output}
    for name_of, macro in (("W", r"\W"), ("b", r"\bias"), ("a", r"\pre")):
        for l in range(1, net.L + 1):
            table[key(rf"\nabla_{{{name_of}^{{(k)}}}} J", k=l)] = ours[rf"d\loss/d{macro}"](l)
    for k in layers(net, name):
        err = ours[r"\err"](k)
        # What g is before the formula and after each of its lines.
        if name == "output-error":
            states = [None, ours[r"\nabla_{\out}\loss"], err]
        elif name == "hidden-error":
            states = [ours[r"\err"](k + 1), ours[r"d\loss/d\act"](k), err]
        else:
            states = [None, err] if name == "error-signal" else [err]
        yield table | {"k": k, "states": states}


def bishop(name):
    """Units stand in one row without layers, unit 0 with the activation 1; a sum runs over one layer's units."""
    net, X, Y, ours = judge("bishop")
    first = np.cumsum([1, *net.sizes])  # of each layer's units
    place = {int(first[l]) + j: (l, j + 1) for l in range(net.L + 1) for j in range(net.sizes[l])}
    number = {there: unit for unit, there in place.items()}

    def weight(of, to, unit):
        """The weight to a unit from another, or the derivative by it: `of` is the family of those."""
        l, j = place[to]
        if unit == 0:
            return ours[of.replace(r"\Wi", r"\biasi")](l, j)
        before, k = place[unit]
        assert before == l - 1, f"no weight leads to unit {to} from unit {unit}"
        return ours[of](l, j, k)

    example_1 = lambda family: lambda n, *units: family(*units) if n == 1 else None
    table = {
        "w_": lambda to, unit: weight(r"\Wi", to, unit), "a_": lambda j: ours[r"\prei"](*place[j]),
        "z_": lambda j: ours[r"\acti"](*place[j]) if j else 1.0, r"\delta_": lambda j: ours[r"\erri"](*place[j]),
        "h": np.tanh, "h'": lambda a: slope(np.tanh, a),
        "y_": lambda k: ours[r"\outi"](place[k][1]), "t_": lambda k: ours[r"\labi"](place[k][1]),
        "dE_/da_": example_1(lambda j: ours[r"d\loss/d\prei"](*place[j])),
        "dE_/dw_": example_1(lambda j, i: weight(r"d\loss/d\Wi", j, i)),
        "E_": lambda n: lambda w: total_loss(net, w, X[:, [n - 1]], Y[:, [n - 1]]),
        "E": lambda w: total_loss(net, w, X, Y), r"\mathbf{w}": np.vstack([packed(net.W), packed(net.b)]),
        "N": N, "n": 1,
    }  # fmt: skip
    for l in range(1, net.L) if name == "forward" else layers(net, name):
        below = [0, *(number[l - 1, k + 1] for k in range(net.sizes[l - 1]))]
        above = [number[l + 1, k + 1] for k in range(net.sizes[l + 1])] if l < net.L else []
        for j in range(1, net.sizes[l] + 1):
            for i in below:
                ranges = {"range i": run_over("i", below), "range k": run_over("k", above)}
                yield table | ranges | {"k" if name == "output-error" else "j": number[l, j], "i": i}


def ng(name):
    """dz and da are names, of derivatives of an example's loss; dW and db, of a batch, derivatives of the cost."""
    net, X, Y, ours = judge("ng")
    _, table = letters("ng")
    table = dict(table)
    for l in range(1, net.L + 1):
        table |= {f"dW^{{[{l}]}}": ours[r"d\cost/d\W"](l), f"db^{{[{l}]}}": ours[r"d\cost/d\bias"](l)}
        table |= {f"da^{{[{l}]}}": ours[r"d\loss/d\act"](l)}
        table |= {f"dz^{{[{l}]({i})}}": ours[r"\Err"](l)[:, [i - 1]] for i in range(1, N + 1)}
    for i in range(1, N + 1):
        table |= {rf"\hat{{y}}^{{({i})}}": ours[r"\out_"](i), f"y^{{({i})}}": ours[r"\lab_"](i)}
    table |= {r"\mathcal{L}": ours[r"\loss"], "J": bp.cost(net, bp.forward(net, X), Y)}
    # His output error is printed for every layer.
    for l in range(1, net.L + 1) if name == "output-error" else layers(net, name):
        yield table | {"l": l, "dz": ours[r"\err"](l), r"d\mathcal{L}/dz": ours[r"d\loss/d\pre"](l)}


def rows(name):
    """Examples are rows, W has the shape (in, out), b is a row: every array is turned."""
    net, _, _, ours = judge("rows")
    turned = lambda family: lambda l: ours[family](l).T
    table = {
        "Z_": turned(r"\Pre"), "A_": turned(r"\Act"), "W_": turned(r"\W"), "b_": turned(r"\bias"), "D_": turned(r"\Err"),
        r"d\cost/dW_": turned(r"d\cost/d\W"), r"d\cost/db_": turned(r"d\cost/d\bias"),
        key(r"\nabla_{A_l} \loss", l=net.L): ours["outgrads"].T, r"\sigma": np.tanh, r"\sigma'": lambda z: slope(np.tanh, z),
        **{name: ours[name] for name in (r"\nlayers", r"\nexamples", r"\ones")},
    }  # fmt: skip
    for l in layers(net, name):
        yield table | {"l": l}


TEXTS = {function.__name__: function for function in (cmu, iith, fau, nielsen, goodfellow, bishop, ng, rows)}
# Where a text puts a number beside an array, entry by entry, and means a column of it.
READ_AS = {("hidden-error", "cmu"): (r"\bigl(1 - ", r"\bigl(\mathbf{1} - ")}


def forms():
    return [(name, text) for name, formula in NOTATION["formulas"].items() for text in formula["others"]]


@pytest.mark.parametrize(("name", "text"), forms())
def test_a_text_s_own_form(name, text):
    """Every statement of it is true of its network, for every layer and unit."""
    tex = spaced(NOTATION["formulas"][name]["others"][text]["form"])
    formula = Printed(f"{name} of {text}", tex.replace(*READ_AS.get((name, text), ("", ""))))
    for environment in TEXTS[text](name):
        states = environment.pop("states", [None])
        if len(states) == 1:
            formula.holds(environment | {"g": states[0]}, rtol=1e-5, atol=1e-8)
            continue
        assert len(formula.statements) == len(states) - 1
        for number, (before, after) in enumerate(itertools.pairwise(states)):
            formula.holds(environment | {"g": before}, {"g": after}, [number], rtol=1e-5, atol=1e-8)


def test_every_text_has_its_names():
    assert list(TEXTS) == [*NOTATION["profiles"], *NOTATION["layouts"]]
    for name in ("output-error", "hidden-error", "weights", "biases"):
        assert set(NOTATION["formulas"][name]["others"]) == set(TEXTS) - {"iith"}, name
