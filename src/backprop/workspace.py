"""The fast path: the two sweeps of `backprop.network` in memory that is set aside once.

`backprop.network` is the text to read. This module computes the same numbers, and
tests/unit/test_workspace.py compares the two to rounding. What makes it fast:

- every array is allocated once, where a line of the cache begins; every call writes into one of
  them, and every transpose is a view;
- an activation works in place and keeps only what its derivative needs;
- the mean over the examples is taken once, at the output: what goes backward is ∂J/∂z = δ/N;
- a product with a vector of ones gives a bias gradient;
- a large layer is worked through in blocks that stay in the processor's cache;
- the calls are laid out once for each batch size (`_Plan`), from a table with a row for each
  activation (`RECIPES`), so that a tiny network spends its time in numpy and not in Python.
"""

import math
import numbers
import re
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy import (
    absolute,
    add,
    copyto,
    divide,
    exp,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    subtract,
)

from . import checks
from .activations import ACTIVATIONS, LEAKY_SLOPE, PRELU_SLOPE
from .losses import LOSSES
from .network import Gradients

BLOCK = 16384  # entries in a block: 128 KB in float64, so that several fit into the cache
SMALL = 100**3  # multiply-adds of a product that OpenBLAS does without rearranging the matrices
CACHE_LINE = 64  # bytes; numpy aligns to 16, and passes over arrays take up to twice as long


class Workspace:
    """Memory for `value_and_grad` on batches of up to N examples.

    ```python
    ws = bp.Workspace(net, 32)
    J, grads = bp.value_and_grad(net, X, Y, workspace=ws)
    ```

    **The arrays in `grads` belong to the workspace: the next call overwrites them. Copy what you
    want to keep,** with `copy.deepcopy(grads)` for instance. `grads.delta` is computed when it is
    first asked for: ask before the next call. The cost J is a number of its own.

    Parameters and examples are read at each call, never kept: change them in place or replace
    them. A workspace suits every network with the layer sizes, activations, loss and dtype of the
    one it was made for. A batch may have fewer than N examples, so that the last one of an epoch
    needs no second workspace. Threads need a workspace each; they may share a network while
    nobody changes it.

    Args:
        net: a `Network`.
        N: the largest batch size, >= 1.

    Raises:
        ValueError: if N is no positive integer.
    """

    def __init__(self, net, N):
        if not isinstance(N, numbers.Integral) or isinstance(N, bool) or N < 1:
            raise ValueError(f"N: expected a batch size, an integer >= 1, got {N!r}")
        self.N, self.sizes, self.dtype = int(N), net.sizes, net.dtype
        self.activations, self.loss = list(net.activations), net.loss
        self._sigma, self._loss_function = list(net.sigma), net.loss_function
        self._plans = {}
        self._plan = self._plan_for(self.N)

    def __repr__(self):
        return f"<Workspace for batches of up to {self.N}, sizes {self.sizes}, {self.dtype}>"

    @property
    def source(self):
        """The calls for batches of N examples, as the text that was compiled."""
        return self._plan_for(self.N).source

    def value_and_grad(self, net, X, Y):
        """What `backprop.value_and_grad` returns with this workspace; arguments and errors as there."""
        if net.sigma != self._sigma or net.loss_function is not self._loss_function:
            self._expect(net)  # a deep copy has functions that are equal, not identical
            self._sigma, self._loss_function = list(net.sigma), net.loss_function
        plan = self._plan
        try:
            J, sound = plan.run(net.W, net.b, X, Y)
        except Exception:
            sound = None
        if sound is None:
            # Another batch size, something to convert, or an error: there is time to find out.
            self._expect(net)
            X, Y, plan = self._admit(X, Y)
            J, sound = plan.run(net.W, net.b, X, Y)
        if not sound:
            checks.real_array("X", X)
            checks.real_array("Y", Y)
        return J, _Gradients(plan)

    def _expect(self, net):
        """Raise ValueError unless this workspace suits `net`."""
        W, b = net.W[1:], net.b[1:]
        dtypes = {str(np.asarray(p).dtype) for p in [*W, *b]}
        pairs = list(zip(self.sizes[1:], self.sizes, strict=False))
        for what, expected, got in (
            ("shapes of W", pairs, [np.shape(w) for w in W]),
            ("shapes of b", [(n, 1) for n in self.sizes[1:]], [np.shape(v) for v in b]),
            ("dtype", str(self.dtype), ", ".join(sorted(dtypes))),
            ("activations", self.activations, list(net.activations)),
            ("loss", self.loss, net.loss),
            ("functions", [*self._sigma[1:], self._loss_function], [*net.sigma[1:], net.loss_function]),
        ):
            if got != expected:
                raise ValueError(
                    f"workspace: expected a network like the one it was made for, "
                    f"with {what} {expected}, got {got}"
                )

    def _admit(self, X, Y):
        """X and Y in the form that a plan takes, and the plan for this number of examples."""
        X = checks.real_array("X", X, (self.sizes[0], "N"), self.dtype)
        n = X.shape[1]
        if n > self.N:
            raise ValueError(f"X: expected at most {self.N} examples, as the workspace holds, got {n}")
        Y = checks.real_array("Y", Y, (self.sizes[-1], n), self.dtype)
        checks.labels_fit(self._loss_function, Y)
        self._plan = self._plan_for(n)
        return X, Y, self._plan

    def _plan_for(self, n):
        if n not in self._plans:
            # The largest batch and the last smaller one are kept: an epoch needs no more.
            self._plans = {size: plan for size, plan in self._plans.items() if size == self.N}
            self._plans[n] = _Plan(self.sizes, self._sigma, self._loss_function, self.dtype, n)
        return self._plans[n]


class _Gradients(Gradients):
    """Gradients in the memory of a plan; δ is computed from ∂J/∂z when it is asked for."""

    def __init__(self, plan):
        self.W, self.b, self._plan = plan.dW.copy(), plan.db.copy(), plan

    @cached_property
    def delta(self):
        return self._plan.delta()

    def __reduce__(self):
        return Gradients, (self.delta, self.W, self.b)  # a copy keeps its δ


class _Plan:
    """The calls for a batch of n examples, written down one after the other and compiled.

    Attributes:
        run: (W, b, X, Y) ↦ (J, sound). It fills delta, dW and db. `sound` is False if X or Y may
            hold an entry that is not finite. It raises some error if W, b or Y is unfit.
        source: the text of run, a line for each call.
        dW, db: lists of arrays as W and b in `Gradients`.
        delta: a function that makes the list of δ, which no one needs for a step of training.
    """

    def __init__(self, sizes, sigma, loss, dtype, n):
        L = len(sizes) - 1
        layers = range(1, L + 1)

        # Whether hidden layers lie in memory example by example: OpenBLAS is faster then with small
        # matrices, and with float64. Results are the same to rounding.
        columns = n > 1 and (dtype == np.float64 or sizes[0] * sizes[1] * n <= SMALL)
        order = [None, *("F" if columns and l < L else "C" for l in layers)]
        a, dz = ([None, *(_memory((sizes[l], n), dtype, order[l]) for l in layers)] for _ in range(2))
        self.dW = [None, *(_memory((sizes[l], sizes[l - 1]), dtype) for l in layers)]
        self.db = dz if n == 1 else [None, *(_memory((sizes[l], 1), dtype) for l in layers)]

        fused = FUSED.get((loss, sigma[L]))
        output = (fused or _output)(loss, a[L], dz[L])
        recipes = [None, *(_recipe(sigma[l], a[l]) for l in layers)]
        if fused:
            recipes[L] = RECIPES["identity"]

        names = {
            "known_W": [None] * (L + 1), "known_b": [None] * (L + 1), "Y_shape": (sizes[L], n),
            "row": a[1][0], "zeros": np.zeros(n, dtype), "ones": np.ones((n, 1), dtype),
            "one_nth": np.array(1 / n, dtype),
            "output": output, "multiply": multiply, "isfinite": math.isfinite,
        }  # fmt: skip
        for l in layers:
            names |= {f"a{l}": a[l], f"a{l}_T": a[l].T, f"dz{l}": dz[l], f"dz{l}_T": dz[l].T}
            names |= {f"dW{l}": self.dW[l], f"db{l}": self.db[l], f"shape{l}": (sizes[l], 1)}

        def product(left, right, out, order):
            if order == "C":
                return f"{left[0]}.dot({right[0]}, {out})"
            return f"{right[1]}.dot({left[1]}, {out}_T)"  # (A B)^T = B^T A^T: out_T lies row by row

        lines, down = [], [None]
        for l in layers:
            up, below = _lines(recipes[l], sigma[l], l, a[l], dz[l], order[l], names)
            down.append(below)
            input_ = (f"a{l - 1}", f"a{l - 1}_T") if l > 1 else ("X", "X.T")
            lines += [
                f"w{l}, b{l} = W[{l}], b[{l}]",
                product((f"w{l}", f"w{l}.T"), input_, f"a{l}", order[l]),  # an error for other shapes
                f"if w{l} is not known_W[{l}] or b{l} is not known_b[{l}]:",
                f"    if b{l}.shape != shape{l} or not w{l}.dtype == b{l}.dtype == a{l}.dtype:",
                "        raise ValueError('parameters of another shape or dtype')",
                f"    known_W[{l}], known_b[{l}] = w{l}, b{l}",
            ]
            if l == 1:
                # An activation may hide an infinite entry of X from J, such as σ(∞) = 1. But any weight
                # times ∞ is infinite or NaN, 0 too, and shows in the first row of W^(1) X; there 0 · ∞ is
                # NaN. (With one input only, numpy may skip a product with 0: then X itself is looked at.)
                lines.append(f"health = {'row' if sizes[0] > 1 else 'X[0]'}.dot(zeros)")
            lines += up
        lines += ["if Y.shape != Y_shape:", "    raise ValueError('labels of another shape')"]
        lines.append("J = output(Y)")
        if n > 1:
            lines.append(f"multiply(dz{L}, one_nth, dz{L})")
        lines += down[L]
        for l in range(L - 1, 0, -1):
            above = (f"dz{l + 1}", f"dz{l + 1}_T")
            lines += [product((f"w{l + 1}.T", f"w{l + 1}"), above, f"dz{l}", order[l]), *down[l]]
        lines += [f"dz{l}.dot({f'a{l - 1}_T' if l > 1 else 'X.T'}, dW{l})" for l in layers]
        if n > 1:
            lines += [f"dz{l}.dot(ones, db{l})" for l in layers]
        lines.append("return J, isfinite(J + health)")
        self.source = "def run(W, b, X, Y):\n" + "".join(f"    {line}\n" for line in lines)
        exec(compile(self.source, "<plan of a workspace>", "exec"), names)
        self.run = names["run"]
        delta = [None, *(_memory((sizes[l], n), dtype) for l in layers)]
        self.delta = lambda: [None, *(multiply(dz[l], dtype.type(n), delta[l]) for l in layers)]


def _memory(shape, dtype, order="C"):
    """An array of zeros that begins where a line of the cache does."""
    size = math.prod(shape) * dtype.itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -raw.__array_interface__["data"][0] % CACHE_LINE
    return raw[start : start + size].view(dtype).reshape(shape, order=order)


class Recipe(NamedTuple):
    """The calls of an activation in the two sweeps, "function operand ... receiver" each.

    Operands are numbers or arrays. `a` holds W a^(l-1) at first and σ(z) at last, `b` is the bias;
    `g` holds the upstream gradient ∂ℓ/∂a at first and the error signal ∂ℓ/∂z at last; `s` lives
    for one step; `limit` is the largest whole z whose exp(z) does not overflow; any other name,
    such as q, is memory that lives from the forward to the backward sweep.
    """

    forward: str
    backward: str
    by_blocks: bool = True  # whether blocks of rows or columns may be worked through one by one


def _leaky(slope):
    return Recipe(
        f"add a b a; multiply a {slope} s; maximum a s a",
        f"greater a 0 s; multiply s {1 - slope} s; add s {slope} s; multiply g s g",
    )


# Written like `backprop.activations`, so that no tail loses its digits.
RECIPES = {
    "identity": Recipe("add a b a", ""),
    # with e = exp(z) and q = 1 + e: σ = e/q and σ' = σ/q
    "sigmoid": Recipe(
        "add a b a; minimum a limit a; exp a a; add a 1 q; divide a q a", "multiply g a g; divide g q g"
    ),
    # tanh' = 1/cosh²
    "tanh": Recipe(
        "add a b z; tanh z a", "absolute z z; minimum z limit z; cosh z z; divide g z g; divide g z g"
    ),
    "relu": Recipe("add a b a; maximum a 0 a", "greater a 0 s; multiply g s g"),
    "leaky_relu": _leaky(LEAKY_SLOPE),
    "prelu": _leaky(PRELU_SLOPE),
    # with m = min(z, 0): elu = max(z, 0) + exp(m) - 1 and elu' = exp(m)
    "elu": Recipe("add a b a; minimum a 0 m; maximum a 0 a; expm1 m s; add a s a", "exp m m; multiply g m g"),
    # with the normal distribution's c = erfc(-z/√2)/2: gelu = z c and gelu' = c + z exp(-z²/2)/√(2π)
    "gelu": Recipe(
        f"add a b z; multiply z {-math.sqrt(0.5)} s; erfc s c; multiply c 0.5 c; multiply z c a",
        f"multiply z z s; multiply s -0.5 s; exp s s; multiply s {1 / math.sqrt(2 * math.pi)} s; "
        "multiply s z s; add s c s; multiply g s g",
    ),
    # softplus = max(z, 0) + ln(1 + exp(-|z|)) and softplus' = 1 - exp(-softplus)
    "softplus": Recipe(
        "add a b a; absolute a s; negative s s; exp s s; log1p s s; maximum a 0 a; add a s a",
        "negative a s; expm1 s s; multiply g s g; negative g g",
    ),
    "softmax": Recipe("add a b z; softmax z a", "softmax_vjp a s g", by_blocks=False),
}
BUILT_IN = {ACTIVATIONS[name]: recipe for name, recipe in RECIPES.items()}
OTHER = Recipe("add a b z; value z a", "vjp z g", by_blocks=False)  # for a row added to `ACTIVATIONS`
NUMBER = Recipe("sigmoid_of_a_number a b r", "sigmoid_vjp_of_a_number a r g")


def _softmax(z, a):
    subtract(z, z.max(axis=0, keepdims=True), a)
    exp(a, a)
    divide(a, a.sum(axis=0, keepdims=True), a)


def _softmax_vjp(a, s, g):
    multiply(a, g, s)
    subtract(g, s.sum(axis=0, keepdims=True), g)
    multiply(g, a, g)


def _sigmoid_of_a_number(a, b, r):
    """One unit, one example: Python does such sums in a fraction of the time of a call of numpy."""
    z = a.item() + b.item()
    e = math.exp(709.0 if z > 709.0 else z)  # NaN stays NaN
    a[0, 0] = e / (1.0 + e)
    r[0, 0] = 1.0 / (1.0 + e)


def _sigmoid_vjp_of_a_number(a, r, g):
    g[0, 0] = g.item() * a.item() * r.item()


_erfc = np.frompyfunc(math.erfc, 1, 1)
FUNCTIONS = {  # what numpy has not
    "erfc": lambda x, out: _erfc(x, out, casting="unsafe"),
    "softmax": _softmax,
    "softmax_vjp": _softmax_vjp,
    "sigmoid_of_a_number": _sigmoid_of_a_number,
    "sigmoid_vjp_of_a_number": _sigmoid_vjp_of_a_number,
}


def _recipe(sigma, a):
    if sigma == ACTIVATIONS["sigmoid"] and a.size == 1 and a.itemsize <= 8:
        return NUMBER
    return BUILT_IN.get(sigma, OTHER)


def _lines(recipe, sigma, l, a, g, order, names):
    """The lines of layer l in the two sweeps, without the products; what they name goes into `names`."""
    m, n = a.shape
    memory, forward, backward = {"a": a, "g": g}, [], []
    own = {"value": lambda z, a: copyto(a, sigma.value(z)), "vjp": lambda z, g: copyto(g, sigma.vjp(z, g))}
    # Blocks of whole columns or rows: what lies together in memory.
    length, width = (n, m) if order == "F" else (m, n)
    step = max(1, min(length, BLOCK // width)) if recipe.by_blocks else length
    for top in range(0, length, step):
        part = slice(top, min(top + step, length))
        suffix = f"{l}" if step == length else f"{l}_{top}"

        def named(word, part=part, suffix=suffix):
            if word == "b":
                return f"b{l}" if step == length or order == "F" else f"b{l}[{part.start}:{part.stop}]"
            if word == "limit":
                names[word] = _exp_limit(a.dtype)
                return word
            if word[-1].isdigit():
                name = "number_" + re.sub(r"\W", "_", word)
                names[name] = np.array(float(word), a.dtype)
                return name
            if word not in memory:
                shape = (m, n) if word != "s" else (m, step) if order == "F" else (step, n)
                memory[word] = _memory(shape, a.dtype, order)
            if word == "s":
                part = slice(0, part.stop - part.start)
            name = f"{'dz' if word == 'g' else word}{suffix}"
            names[name] = memory[word][:, part] if order == "F" else memory[word][part]
            return name

        for text, lines in ((recipe.forward, forward), (recipe.backward, backward)):
            for call in filter(None, text.split("; ")):
                function, *operands = call.split()
                *operands, receiver = map(named, operands)
                if function in ("minimum", "maximum"):
                    receiver = f"out={receiver}"  # numpy wants it by name
                if function in own:
                    names[f"{function}{l}"] = own[function]
                    function += f"{l}"
                elif function not in names:
                    names[function] = FUNCTIONS.get(function) or getattr(np, function)
                lines.append(f"{function}({', '.join([*operands, receiver])})")
    return forward, backward


def _exp_limit(dtype):
    """The largest whole z whose exp(z) does not overflow."""
    return np.floor(log(np.finfo(dtype).max)).astype(dtype)


# output(Y) finds z (a fused loss) or a of the last layer, leaves δ (fused) or ∂ℓ/∂a, and returns J.
# It raises an error if Y is unfit.


def _output(loss, a, delta):
    weight, flat = (0.5 if loss == HALF_SQUARED else 1.0) / a.shape[1], delta.reshape(-1)

    def half_squared(Y):
        subtract(a, Y, delta)
        return flat.dot(flat) * weight

    def squared(Y):
        J = half_squared(Y)
        add(delta, delta, delta)
        return J

    def other(Y):  # a row added to `LOSSES` from outside
        copyto(delta, loss.gradient(a, Y))
        return loss.value(a, Y).mean()

    return {HALF_SQUARED: half_squared, SQUARED: squared}.get(loss, other)


def _softmax_cross_entropy(loss, z, delta):
    (K, n), dtype = z.shape, z.dtype
    labels, row, total = (_memory(shape, dtype) for shape in ((K, n), (1, n), (1, n)))
    flat_z, flat_labels, flat_row, flat_total = (each.reshape(-1) for each in (z, labels, row, total))
    ones, n = np.ones((1, K), dtype), float(n)
    all_one = np.ones_like(total).tobytes()
    harmless = float(0.9 * _exp_limit(dtype)) ** 2

    def output(Y):
        copyto(labels, Y)
        ones.dot(labels, total)
        exact = total.tobytes() == all_one  # not so for every distribution: sums are rounded
        if not (exact and flat_labels[flat_labels.argmin()] >= 0):
            checks.labels_fit(loss, labels)
        if not flat_z.dot(flat_z) < harmless:  # else no exp(z) can overflow
            subtract(z, maximum.reduce(z, 0, keepdims=True), z)
        exp(z, delta)
        ones.dot(delta, row)
        divide(delta, row, delta)
        if not exact:
            multiply(delta, total, delta)
        subtract(delta, labels, delta)
        log(row, row)
        return (flat_total.dot(flat_row) - flat_labels.dot(flat_z)) / n

    return output


def _sigmoid_cross_entropy(loss, z, delta):
    p, e, s = (_memory(z.shape, z.dtype) for _ in range(3))
    flat, ones, n = p.reshape(-1), np.ones(z.size, z.dtype), float(z.shape[1])
    zero, one = np.array(0, z.dtype), np.array(1, z.dtype)

    def output(Y):
        if not (minimum.reduce(Y, None) >= 0 and maximum.reduce(Y, None) <= 1):
            checks.labels_fit(loss, Y)
        absolute(z, s)
        negative(s, s)
        exp(s, e)
        log1p(e, p)
        maximum(z, zero, out=s)
        add(p, s, p)  # softplus(z) = max(z, 0) + ln(1 + exp(-|z|))
        subtract(z, s, s)
        exp(s, delta)
        add(e, one, e)
        divide(delta, e, delta)  # σ(z) = exp(min(z, 0)) / (1 + exp(-|z|))
        subtract(delta, Y, delta)
        multiply(z, Y, s)
        subtract(p, s, p)
        return flat.dot(ones) / n

    return output


HALF_SQUARED, SQUARED = LOSSES["half_squared_error"], LOSSES["squared_error"]
FUSED = {
    (LOSSES["cross_entropy"], ACTIVATIONS["softmax"]): _softmax_cross_entropy,
    (LOSSES["binary_cross_entropy"], ACTIVATIONS["sigmoid"]): _sigmoid_cross_entropy,
}
