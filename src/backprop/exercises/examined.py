"""A reader's `backward` for a ReLU network with softmax and cross-entropy, tried and its mistake named.

Each known mistake is a computation too: `sweep`, which shares no line with the core, with one piece changed.
"""

import copy
from types import SimpleNamespace

import numpy as np

from .. import clinic, network
from .exercise import Slip

# Sizes and numbers of examples: one example; unequal widths; equal widths, where a missing transpose runs.
TRIALS = (((3, 5, 2), 1), ((3, 5, 4, 2), 7), ((3, 3, 3, 3), 5), ((2, 4, 4, 3), 6))
AGREE = {"rtol": 1e-6, "atol": 1e-9}


def relu(z):
    """max(z, 0), entry by entry."""
    return np.maximum(z, 0)


def softmax(z, axis=0, most=0):
    """Softmax of each column; with a wrong axis of the sum, or of the largest logit."""
    e = np.exp(z - z.max(axis=most, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def sweep(
    t,
    hidden=relu,
    output=softmax,
    shift=1,
    error=lambda t, z, a: a[-1] - t.Y,
    sent=lambda t, l: t.W[l + 1].T,
    slope=lambda z, a, l: z[l] > 0,
    read=lambda z, a, l: a[l - 1],
    crossed=1,
    weights=lambda t: 1 / t.N,
    bias=lambda t, d: d.sum(axis=1) / t.N,
    top=lambda t: t.L,
):
    """{("W", l) or ("b", l): gradient} in the book's layout, biases flat; each argument is one piece.

    Args:
        t: a trial, with W, b, X, Y, N, L.
        hidden, output: activation functions.
        shift: factor of the biases on the way up.
        error, sent, slope, read: the output error, what an error is multiplied by on its way to layer l,
            the slopes there, what the weights of layer l read.
        crossed: divides the error at each layer that is crossed.
        weights: factor of each gradient of weights;  bias: of an error signal, the gradient of its biases.
        top: the highest layer that gets a gradient other than 0.
    """
    z, a = [None], [t.X]
    for l in range(1, t.L + 1):
        z.append(t.W[l] @ a[-1] + shift * t.b[l])
        a.append((output if l == t.L else hidden)(z[l]))
    delta, found = error(t, z, a), {}
    for l in range(t.L, 0, -1):
        if l < t.L:
            delta = (sent(t, l) @ delta) * slope(z, a, l) / crossed
        keep = l <= top(t)
        found["W", l] = keep * weights(t) * (delta @ read(z, a, l).T)
        found["b", l] = keep * bias(t, delta)
    return found


def _times(factor):
    """All gradients times a factor of the trial."""
    return {
        "weights": lambda t: factor(t) / t.N,
        "bias": lambda t, d: factor(t) * d.sum(axis=1) / t.N,
    }


def _slip(name, because, see, **pieces):
    return Slip(name, lambda t: sweep(t, **pieces), because, see)


_SIGMOID = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
_OUTPUT, _HIDDEN, _BATCH = ("prop:softmax-cross-entropy",), ("eq:delta-hidden",), ("eq:batch-gradient",)

# What stands nearer to the top is tried first; each sentence says what to do instead.
MISTAKES = (
    _slip(
        "summed, not averaged",
        "Everything is N times too large: you summed over the examples. Divide each gradient by N once.",
        _BATCH,
        **_times(lambda t: t.N),
    ),
    _slip(
        "averaged twice",
        "Off by 1/N: you averaged twice. Divide the error signals or the gradients, not both.",
        ("eq:averaged-twice",),
        **_times(lambda t: 1 / t.N),
    ),
    _slip(
        "divided by the elements",
        "Off by 1/n_L: you divided by the number of elements of Y. The cost is the mean over the N examples.",
        ("eq:three-costs",),
        **_times(lambda t: 1 / len(t.Y)),
    ),
    _slip(
        "label minus output",
        "All signs are turned: you took label minus output.",
        _OUTPUT,
        **_times(lambda t: -1),
    ),
    _slip(
        "twice too large",
        "Everything is twice too large: there is no square here, so no 2 comes down.",
        _OUTPUT,
        **_times(lambda t: 2),
    ),
    _slip(
        "half",
        "Everything is half of what it should be: cross-entropy has no factor ½.",
        _OUTPUT,
        **_times(lambda t: 0.5),
    ),
    _slip(
        "missing transpose",
        "Looks like a missing transpose: where all layers are equally wide it runs, and is "
        "wrong below the output. The error goes back through the transposed weights.",
        ("why-the-transpose", *_HIDDEN),
        sent=lambda t, l: t.W[l + 1],
    ),
    _slip(
        "weights of the wrong layer",
        "The error of layer l + 1 was sent back by the weights of layer l; it goes "
        "through those of layer l + 1.",
        _HIDDEN,
        sent=lambda t, l: t.W[l].T,
    ),
    _slip(
        "slope forgotten",
        "The output layer is right, those below are wrong: the slope of the ReLU is missing. "
        "Where z < 0 no error passes.",
        ("eq:missing-slope", *_HIDDEN),
        slope=lambda z, a, l: 1,
    ),
    _slip(
        "slope of the sigmoid",
        "You took the slope of the sigmoid as a (1 - a). A ReLU has the slope 1 where z > 0 and 0 elsewhere.",
        _HIDDEN,
        slope=lambda z, a, l: a[l] * (1 - a[l]),
    ),
    _slip(
        "slope of the sigmoid at z",
        "You took the slope of the sigmoid. A ReLU has the slope 1 where z > 0 and 0 elsewhere.",
        _HIDDEN,
        slope=lambda z, a, l: _SIGMOID(z[l]) * (1 - _SIGMOID(z[l])),
    ),
    _slip(
        "z in place of the slope",
        "You multiplied the error by the ReLU of z itself. Its slope is 1 where z > 0, whatever z is.",
        _HIDDEN,
        slope=lambda z, a, l: a[l],
    ),
    _slip(
        "slope upside down",
        "The slope is 1 where z > 0; yours passes the error where z < 0.",
        _HIDDEN,
        slope=lambda z, a, l: z[l] < 0,
    ),
    _slip(
        "slope of the layer below",
        "The slope is that of the layer below, at what layer l reads; it is taken at "
        "the pre-activations of layer l.",
        _HIDDEN,
        slope=lambda z, a, l: a[l - 1] > 0,
    ),
    _slip(
        "slope of the layer above",
        "The slope is that of layer l + 1 once more; layer l has its own.",
        _HIDDEN,
        slope=lambda z, a, l: z[l + 1] > 0,
    ),
    _slip(
        "a slope at the output",
        "You multiplied the output error by a (1 - a). With softmax and cross-entropy "
        "output minus label is the error signal already.",
        _OUTPUT,
        error=lambda t, z, a: (a[-1] - t.Y) * a[-1] * (1 - a[-1]),
    ),
    _slip(
        "a ReLU slope at the output",
        "You multiplied the output error by the slope of a ReLU; the output is a "
        "softmax, and output minus label is its error signal.",
        _OUTPUT,
        error=lambda t, z, a: (a[-1] - t.Y) * (z[-1] > 0),
    ),
    _slip(
        "softmax derived twice",
        "You multiplied output minus label by the Jacobian of softmax once more; it is in there already.",
        _OUTPUT,
        error=lambda t, z, a: a[-1] * ((a[-1] - t.Y) - (a[-1] * (a[-1] - t.Y)).sum(axis=0)),
    ),
    _slip(
        "derivative by the output",
        "-y/a is the derivative by the output of softmax. The error signal is taken "
        "before softmax, and is output minus label.",
        _OUTPUT,
        error=lambda t, z, a: -t.Y / a[-1],
    ),
    _slip(
        "logits minus label",
        "The output error uses the logits. Apply softmax first.",
        _OUTPUT,
        error=lambda t, z, a: z[-1] - t.Y,
    ),
    _slip(
        "sigmoid at the output",
        "You applied the sigmoid to the logits. Softmax makes each example's outputs add up to 1.",
        ("eq:softmax-jacobian",),
        output=_SIGMOID,
    ),
    _slip(
        "softmax over the examples",
        "Right for one example at most, wrong for a batch: your softmax adds up over "
        "the examples. It adds up over the classes of one example.",
        ("eq:softmax-jacobian",),
        output=lambda z: softmax(z, axis=1, most=1),
    ),
    _slip(
        "softmax over everything",
        "Right for one example, wrong for a batch: your softmax divides by the sum over "
        "the whole batch. Each example has its own sum.",
        ("eq:softmax-jacobian",),
        output=lambda z: softmax(z, axis=None, most=None),
    ),
    _slip(
        "sum over the examples",
        "Right for one example at most, wrong for a batch: your softmax adds up over "
        "the examples. It adds up over the classes of one example.",
        ("eq:softmax-jacobian",),
        output=lambda z: softmax(z, axis=1),
    ),
    _slip(
        "sum over everything",
        "Right for one example, wrong for a batch: your softmax divides by the sum over "
        "the whole batch. Each example has its own sum.",
        ("eq:softmax-jacobian",),
        output=lambda z: softmax(z, axis=None),
    ),
    _slip(
        "ReLU at the output too",
        "Your logits went through a ReLU before softmax: the last layer has none.",
        ("eq:activation",),
        output=lambda z: softmax(relu(z)),
    ),
    _slip(
        "no ReLU on the way up",
        "The forward pass has no ReLU: hidden activations are max(z, 0).",
        ("eq:activation",),
        hidden=lambda z: z,
    ),
    _slip("biases left out", "The forward pass leaves out the biases.", ("eq:pre-activation",), shift=0),
    _slip("biases subtracted", "The forward pass subtracts the biases.", ("eq:pre-activation",), shift=-1),
    _slip(
        "activation of the wrong layer",
        "Biases right, weights wrong: the gradient of the weights takes what "
        "layer l makes. It takes what layer l reads, the activations of layer l - 1.",
        ("eq:gradient-weights",),
        read=lambda z, a, l: a[l],
    ),
    _slip(
        "ReLU of its own layer read",
        "Biases right, weights wrong: the gradient of the weights takes the ReLU of layer l itself. It takes "
        "what layer l reads, the activations of layer l - 1.",
        ("eq:gradient-weights",),
        read=lambda z, a, l: relu(z[l]),
    ),
    _slip(
        "pre-activation read",
        "The weights read activations, after the ReLU; yours take the pre-activations.",
        ("eq:gradient-weights",),
        read=lambda z, a, l: a[0] if l == 1 else z[l - 1],
    ),
    _slip(
        "bias summed",
        "Weights right, biases N times too large: average them over the examples too.",
        ("eq:gradient-bias", *_BATCH),
        bias=lambda t, d: d.sum(axis=1),
    ),
    _slip(
        "weights summed",
        "Biases right, weights N times too large: divide the gradient of the weights by N.",
        _BATCH,
        weights=lambda t: 1,
    ),
    _slip(
        "bias averaged twice",
        "Weights right, biases off by 1/N: a mean is divided by N already.",
        _BATCH,
        bias=lambda t, d: d.mean(axis=1) / t.N,
    ),
    _slip(
        "bias averaged over the units",
        "Your gradient of the biases sums over the units. Sum over the examples, "
        "and keep one number for each unit.",
        ("eq:gradient-bias",),
        bias=lambda t, d: d.sum(axis=0) / t.N,
    ),
    _slip(
        "bias of one example",
        "The biases are right for one example, wrong for a batch: you took the error of one "
        "example. Take the mean over all.",
        _BATCH,
        bias=lambda t, d: d[:, 0],
    ),
    _slip(
        "bias of one example, divided",
        "The biases are wrong for a batch: you took the error of one example, "
        "divided by N. Take the sum over all.",
        _BATCH,
        bias=lambda t, d: d[:, 0] / t.N,
    ),
    _slip(
        "no gradient of the biases",
        "The gradients of the biases are 0: they are the mean error signals.",
        ("eq:gradient-bias",),
        bias=lambda t, d: 0 * d[:, 0],
    ),
    _slip(
        "output layer left out",
        "The output layer has the gradient 0: errors start there, and so do gradients.",
        ("eq:gradient-weights",),
        top=lambda t: t.L - 1,
    ),
    Slip(
        "averaged at each layer",
        lambda t: sweep(t, crossed=t.N),
        "Right for one example, wrong for a batch: the "
        "error is divided by N once more at each layer that it crosses. Divide once, at the end.",
        _BATCH,
    ),
)
OVERFLOW = Slip(
    "softmax overflows",
    None,
    "Right for small numbers, but logits of 1000 make it overflow: subtract the largest logit of each "
    "example first.",
    ("eq:softmax-jacobian",),
)


def trial(rng, sizes, N, scale=1.0):
    """A network and a batch in which every layer has units that are on and units that are off."""
    for _ in range(200):
        net, X, Y = clinic.patient(sizes, "relu", "softmax", "cross_entropy", N, rng)
        true = network.value_and_grad(net, X, Y)[1]
        hidden = network.forward(net, X).a[1 : net.L]
        if all((true.W[l] != 0).any() for l in range(1, net.L + 1)) and all((a == 0).any() for a in hidden):
            break
    net.W[-1] *= scale
    return SimpleNamespace(net=net, X=X, Y=Y, N=N, L=net.L, W=net.W, b=net.b)


def examine_backward(rows):
    """What `Program.examine` asks of a `backward(W, b, X, Y)`, in columns or in rows."""

    def examine(function, rng):
        trials = [trial(rng, *sizes) for sizes in TRIALS]
        tried = [_run(function, t, rows) for t in trials]
        form = next((answer for answer in tried if isinstance(answer, str)), None)
        if form:
            return form
        wrong = [not _right(answer, t) for answer, t in zip(tried, trials, strict=True)]
        if any(wrong):
            return _named(tried, trials) or _placed(tried, trials, wrong)
        big = trial(rng, *TRIALS[1], scale=1e4)
        with np.errstate(all="ignore"):
            return None if _right(_run(function, big, rows), big) else OVERFLOW

    return examine


def _run(function, t, rows):
    """The gradients in the book's layout, or the exception, or a sentence on their form."""
    turn = (lambda array: array.T.copy()) if rows else np.copy
    W = [None, *(turn(w) for w in t.W[1:])]
    b = [None, *(v.ravel().copy() if rows else v.copy() for v in t.b[1:])]
    given = (W, b, turn(t.X), turn(t.Y))
    kept = copy.deepcopy(given)
    try:
        answer = function(*given)
    except Exception as error:
        return error
    if any(not np.array_equal(p, q) for p, q in zip(_flat(given), _flat(kept), strict=True)):
        return "It changes what it is given: compute new arrays, and leave W, b, X and Y as they are."
    lists = isinstance(answer, tuple | list) and len(answer) == 2
    if not lists or not all(isinstance(part, list | tuple) and len(part) == t.L + 1 for part in answer):
        return "Expected `(dW, db)`, two lists as long as `W` and `b`, with `None` at index 0."
    found = {}
    for name, part, like in (("W", answer[0], W), ("b", answer[1], b)):
        for l in range(1, t.L + 1):
            try:
                array = np.asarray(part[l], float)
            except (TypeError, ValueError):
                return f"`d{name}[{l}]` is no array of numbers."
            if part[l] is None:
                return f"`d{name}[{l}]` is None: each layer has a gradient."
            found[name, l] = array.ravel() if name == "b" else array.T if rows else array
            if array.shape != like[l].shape and array.size == like[l].size and name == "b":
                found["form"] = f"`db[{l}]` has the shape {array.shape}, `b[{l}]` has {like[l].shape}."
    return found


def _flat(given):
    return [
        array for part in given for array in (part if isinstance(part, list) else [part]) if array is not None
    ]


def _same(answer, theirs):
    return all(
        answer[key].shape == theirs[key].shape and np.allclose(answer[key], theirs[key], **AGREE)
        for key in theirs
    )


def _right(answer, t):
    if isinstance(answer, Exception) or "form" in answer:
        return False
    true = network.value_and_grad(t.net, t.X, t.Y)[1]
    layers = range(1, t.L + 1)
    return _same(
        answer, {("W", l): true.W[l] for l in layers} | {("b", l): true.b[l].ravel() for l in layers}
    )


def _named(tried, trials):
    """The mistake that makes exactly these numbers, and stops where the program stops."""
    with np.errstate(all="ignore"):
        for mistake in MISTAKES:
            fits = [_fits(mistake, answer, t) for answer, t in zip(tried, trials, strict=True)]
            if all(fits) and any(not isinstance(answer, Exception) for answer in tried):
                return mistake
    return None


def _fits(mistake, answer, t):
    try:
        theirs = mistake.answer(t)
    except ValueError:  # shapes that do not fit
        return isinstance(answer, Exception)
    return not isinstance(answer, Exception) and _same(answer, theirs)


def _placed(tried, trials, wrong):
    """Where it is wrong, for a mistake that has no name."""
    stopped = [isinstance(answer, Exception) for answer in tried]
    if stopped[1] and not all(stopped):
        return (
            f"It runs on some networks and stops on others ({type(tried[1]).__name__}: {tried[1]}): "
            f"arrays of "
            "the wrong layers or a missing transpose fit only where layers are equally wide."
        )
    if any(stopped):
        raise tried[stopped.index(True)]
    form = next((answer["form"] for answer in tried if "form" in answer), None)
    if form:
        return form + " Keep the shape of what it belongs to."
    at = wrong.index(True)
    t, lead = trials[at], ""
    if not wrong[0]:
        lead = "Right for one example, wrong for a batch or a deeper network. "
    grads = {f"W{l}": tried[at]["W", l] for l in range(1, t.L + 1)}
    grads |= {f"b{l}": tried[at]["b", l].reshape(-1, 1) for l in range(1, t.L + 1)}
    return lead + clinic.diagnose(t.net, t.X, t.Y, grads).verdict
