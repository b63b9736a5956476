"""A network, a batch and a gradient that a reader pastes as text: whether it is right, else why not.

Numbers have the digits that were printed: an entry is right if it agrees with the true one to its last
digit. A wrong gradient is compared with what each known mistake makes of the same network and batch.
"""

import re
import traceback

import numpy as np

from . import clinic, letters, network
from .activations import ACTIVATIONS
from .diagnosis import diagnose
from .losses import LOSSES

LAYOUTS = {
    "columns": "examples are columns, W[l] is (n_l, n_{l-1}), as in this book",
    "rows": "examples are rows, W[l] is (n_{l-1}, n_l): X @ W",
    "rows, W turned": "examples are rows, W[l] is (n_l, n_{l-1}): X @ W.T, as in PyTorch",
}
COSTS = {
    "mean over the examples": lambda N, n: 1.0,
    "sum over the examples": lambda N, n: float(N),
    "mean over examples and outputs": lambda N, n: 1.0 / n,
}
OWN = "your program"
_NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LINE = re.compile(
    r"^[ \t]*([^\W\d][^=:\n]*?|∂[^=:\n]*?)[ \t]*[=:][ \t]*(?=[\[(\d.+−-]|np\.|array|tensor|\n|$)", re.M
)
_WORDS = {
    "W": ("w", "weight", "weights", "theta", "θ"), "b": ("b", "bias", "biases"),
    "X": ("x", "input", "inputs"), "Y": ("y", "label", "labels", "target", "targets"),
}  # fmt: skip


def example():
    """(numbers, gradient) to begin with: the worked example, and what one gets who forgets the slopes."""
    net = network.Network(
        [None, [[0.15, 0.2], [0.25, 0.3], [0.35, 0.4]], [[0.4, 0.45, 0.5]]], [None, [[0.35]] * 3, [[0.6]]],
        ["sigmoid", "sigmoid"], "half_squared_error",
    )  # fmt: skip
    X, Y = np.array([[0.05], [0.1]]), np.array([[0.01]])
    grads = clinic.BUGS["missing-slope"].gradients(net, X, Y)
    numbers = [(f"{name}{l}", getattr(net, name)[l]) for l in (1, 2) for name in "Wb"] + [("X", X), ("Y", Y)]
    gradient = [(f"d{name}{l}", np.round(getattr(grads, name)[l], 4)) for l in (1, 2) for name in "Wb"]
    return tuple(
        "\n".join(f"{name} = {array.tolist()}" for name, array in part) for part in (numbers, gradient)
    )


def judge(numbers, gradient, *, hidden="sigmoid", output="sigmoid", loss="half_squared_error",
          layout="columns", cost="mean over the examples", l2=0.0, notation=None):  # fmt: skip
    """Judge a gradient.

    Args:
        numbers: text with W1, b1, …, X and Y, each as `name = numbers`; biases may be flat or columns, or
            column 0 of the weights (then there is no b). Labels of a softmax may be numbers of classes.
        gradient: text with dW1, db1, … in the same way; or a program with a function
            `backward(W, b, X, Y)` that returns (dW, db), lists with None at index 0.
        hidden, output, loss: names of activations and of a loss.
        layout: a key of `LAYOUTS`.
        cost: a key of `COSTS`, whose gradient it is meant to be.
        l2: λ of an L2 term that is part of the cost.
        notation: a profile, whose letters are read too.

    Returns:
        A dict: state "right" or "wrong"; message, one sentence or two; rows, the `Diagnosis` as text;
        mistakes, [(name of a bug or "", sentence)] that make exactly these numbers.

    Raises:
        ValueError: for text that can't be read or does not fit; the message says what was expected.
    """
    for name, value, known in (("layout", layout, LAYOUTS), ("cost", cost, COSTS)):
        if value not in known:
            raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
    net, X, Y = _network(_arrays(numbers, notation), hidden, output, loss, layout)
    true = network.value_and_grad(net, X, Y)[1]
    factor = COSTS[cost](X.shape[1], net.sizes[-1])
    if re.search(r"^\s*def ", gradient, re.M):
        given, units = _ran(gradient, net, X, Y, layout), None
    else:
        given, units = _gradient(_arrays(gradient, notation), net, layout)
    meant = {
        (name, l): factor * getattr(true, name)[l] + (l2 * net.W[l] if name == "W" else 0)
        for name, l in given
    }
    snapped = {key: _snapped(array, meant[key], units and units[key]) for key, array in given.items()}
    found = diagnose(net, X, Y, {f"{name}{l}": array for (name, l), array in snapped.items()}, factor, l2)
    if not found.wrong:
        digits = " Compared to the digits given." if units else ""
        return {"state": "right", "message": found.verdict + digits, "rows": str(found), "mistakes": []}
    fits = not any(row.problem for row in found.rows)
    mistakes = _mistakes(net, X, Y, given, units, meant, factor) if fits else []
    wrong = ", ".join(row.name for row in found.rows if row.wrong)
    return {
        "state": "wrong",
        "message": f"Wrong in {wrong}. {found.verdict}",
        "rows": str(found),
        "mistakes": mistakes,
    }


def _mistakes(net, X, Y, given, units, meant, factor):
    """[(bug or "", sentence)]: what gives exactly these numbers."""
    N, outputs = X.shape[1], net.sizes[-1]
    found = []

    def makes(theirs):
        return all(
            theirs.get(key) is not None and theirs[key].shape == array.shape
            and _same(array, theirs[key], units and units[key]).all()
            for key, array in given.items()
        )  # fmt: skip

    scaled = {
        -1.0: "All signs are turned: label minus output, or a step uphill.",
        float(N): "Everything is N times too large: summed over the examples, not averaged.",
        1 / N: "Everything is N times too small: averaged over the examples twice.",
        float(outputs): "Everything is n_L times too large.",
        1 / outputs: "Everything is n_L times too small: divided by the number of outputs.",
        2.0: "Everything is twice too large: the ½ of the loss was left out.",
        0.5: "Everything is half of what it should be: the 2 of the squared error was left out.",
    }
    for c, sentence in scaled.items():
        if c != 1 and makes({key: c * array for key, array in meant.items()}):
            found.append(("", sentence))
    for bug in clinic.BUGS.values():
        if not bug.wrong_gradient:
            continue
        try:
            grads = bug.gradients(net, X, Y)
        except Exception:  # a mistake that does not even run on this network
            continue
        own = 1 / outputs if bug.program == "programs.rows" else 1.0
        theirs = {
            (name, l): np.asarray(getattr(grads, name)[l]) * factor / own
            for name, l in given
            if getattr(grads, name)[l] is not None
        }
        if makes(theirs):
            found.append((bug.name, f"{bug.title}: {bug.fingerprint}."))
    return found


def _same(given, theirs, unit):
    """Which entries agree: to the last digit that was given, else as far as rounding lets them."""
    rounding = 1e-6 * np.maximum(abs(given), abs(theirs)) + 1e-12
    return abs(given - theirs) <= (rounding if unit is None else np.maximum(1.01 * unit, rounding))


def _snapped(given, true, unit):
    """The given array with the true entries where they agree to the digits given."""
    if unit is None or given.shape != true.shape:
        return given
    return np.where(_same(given, true, unit), true, given)


# Reading


def _arrays(text, notation):
    """{"W1", "b1", "X", …: (array, units of the last places)} from text."""
    found, lines = {}, list(_LINE.finditer(text))
    if not lines:
        raise ValueError("expected lines such as W1 = [[0.1, 0.2], [0.3, 0.4]], found none")
    for line, end in zip(lines, [*(line.start() for line in lines[1:]), len(text)], strict=True):
        name = _name(line[1], notation)
        if name in found:
            raise ValueError(f"{line[1]}: {name} stands there twice")
        found[name] = _array(line[1], text[line.end() : end])
    return found


def _name(written, notation):
    """What is meant by a name such as dW1, ∂L/∂W^(1), W[1].grad, x."""
    course = letters.of(notation)
    plain = re.sub(r"(?:∂|\bd|\bgrad_?|\bdelta_?)?[JLCEℓ]\s*/\s*(?=[∂d])", "", written.strip())
    plain = re.sub(r"^(?:∂|grad_?|d(?=[\W\w]))(?=\s*\S)|\.grad$|_grad$|\.data$", "", plain)
    layer = re.search(r"(\d+)", plain)
    word = re.sub(r"[\d\W_]+", "", plain).lower()
    own = {"W": course.weight_, "b": course.bias_, "X": course.inp, "Y": course.lab}
    for kind, words in _WORDS.items():
        theirs = re.sub(r"[\W_]+|\{l\}", "", own[kind].replace("{l}", "")).lower()
        if word == theirs or (word in words and word not in _others(own, kind)):
            if (kind in "Wb") != (layer is not None):
                raise ValueError(f"{written}: expected {f'a layer, as in {kind}1' if kind in 'Wb' else kind}")
            return f"{kind}{int(layer[1])}" if layer else kind
    raise ValueError(f"{written}: expected W1, b1, …, X, Y, or dW1, db1, …")


def _others(own, kind):
    return {
        re.sub(r"[\W_]+", "", text.replace("{l}", "")).lower() for key, text in own.items() if key != kind
    }


def _array(name, text):
    """(array, units) of printed numbers: nested brackets, or rows in lines or between semicolons."""
    text = re.sub(r"dtype\s*=\s*[\w.]+|requires_grad\s*=\s*\w+|np\.|array|tensor|None", " ", text)
    text = text.replace("−", "-")
    rest = re.sub(_NUMBER, " ", text)
    if strange := re.search(r"[^\s\[\](),;]", rest):
        raise ValueError(f"{name}: expected numbers, found {text[strange.start() :].strip()[:20]!r}")
    if re.search(r"\]\s*,?\s*\[", text):
        rows = re.findall(r"\[([^\[\]]*)\]", text)
    else:
        rows = [row for row in re.split(r"[;\n]", text.strip(" \n[](),")) if re.search(_NUMBER, row)]
    numbers = [re.findall(_NUMBER, row) for row in rows]
    if not numbers or not numbers[0]:
        raise ValueError(f"{name}: expected numbers, found none")
    if len({len(row) for row in numbers}) > 1:
        raise ValueError(f"{name}: expected rows of one length, got {[len(row) for row in numbers]}")
    return np.array(numbers, dtype=float), np.array([[_unit(number) for number in row] for row in numbers])


def _unit(number):
    """One unit of the last place of a printed number."""
    mantissa, _, exponent = number.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def _turned(name, array, layout):
    """An array of the book's layout, from a reader's."""
    turn = layout != "columns" if name in ("X", "Y") else layout == "rows"
    return array.T if turn else array


def _network(arrays, hidden, output, loss, layout):
    """(net, X, Y) in the book's layout."""
    choices = ("hidden", hidden, ACTIVATIONS), ("output", output, ACTIVATIONS), ("loss", loss, LOSSES)
    for name, value, known in choices:
        if value not in known:
            raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
    L = max([int(name[1:]) for name in arrays if name[0] == "W"], default=0)
    expected = [*(f"W{l}" for l in range(1, L + 1)), "X", "Y"]
    if L == 0 or (missing := [name for name in expected if name not in arrays]):
        raise ValueError(f"expected W1, …, X and Y; missing: {', '.join(missing) if L else 'W1'}")
    X = _turned("X", arrays["X"][0], layout)
    W, b, n = [None], [None], X.shape[0]
    for l in range(1, L + 1):
        w = _turned("W", arrays[f"W{l}"][0], layout)
        if f"b{l}" in arrays:
            bias = arrays[f"b{l}"][0].reshape(-1, 1)
        elif w.shape[1] == n + 1:  # column 0 holds the biases
            bias, w = w[:, :1], w[:, 1:]
        else:
            bias = np.zeros((w.shape[0], 1))
        if w.shape[1] != n:
            fits = "; in another layout the shape would fit" if w.shape[0] == n else ""
            raise ValueError(f"W{l}: expected {n} weights for each unit of layer {l}, got {w.shape[1]}{fits}")
        if len(bias) != len(w):
            raise ValueError(f"b{l}: expected {len(w)} biases, got {len(bias)}")
        W.append(w)
        b.append(bias)
        n = len(w)
    net = network.Network(W, b, [hidden] * (L - 1) + [output], loss)
    return net, X, _labels(arrays["Y"][0], n, X.shape[1], layout, output)


def _labels(Y, n, N, layout, output):
    whole = (Y == np.round(Y)).all()
    if output == "softmax" and Y.size == N and n > 1 and whole and 0 <= Y.min() and Y.max() < n:
        return np.eye(n)[:, Y.ravel().astype(int)]
    turned = _turned("Y", Y, layout)
    if turned.shape != (n, N) and Y.size == n * N and 1 in (n, N):
        turned = Y.reshape(n, N)
    if turned.shape != (n, N):
        raise ValueError(f"Y: expected {n} numbers for each of {N} examples, got shape {Y.shape}")
    return turned


def _gradient(arrays, net, layout):
    """({("W", l): array}, the same with units) in the book's layout, biases as columns."""
    given, units = {}, {}
    for l in range(1, net.L + 1):
        pair = arrays.get(f"W{l}")
        if pair is None:
            raise ValueError(f"expected dW{l} too: a gradient for each array")
        w, unit = (_turned("W", part, layout) for part in pair)
        n = net.sizes[l]
        if f"b{l}" not in arrays and w.shape == (n, net.sizes[l - 1] + 1):
            given["b", l], units["b", l], w, unit = w[:, :1], unit[:, :1], w[:, 1:], unit[:, 1:]
        elif f"b{l}" in arrays:
            bias, its = arrays[f"b{l}"]
            flat = bias.size == n
            given["b", l], units["b", l] = (part.reshape(n, 1) if flat else part for part in (bias, its))
        else:
            raise ValueError(f"expected db{l} too: a gradient for each array")
        given["W", l], units["W", l] = w, unit
    return given, units


def _ran(source, net, X, Y, layout):
    """What the reader's own `backward` returns, in the book's layout."""
    scope = {"np": np, "__name__": OWN}
    turned = [None if w is None else _turned("W", w, layout).copy() for w in net.W]
    biases = [None if b is None else (b if layout == "columns" else b.T).copy() for b in net.b]
    try:
        exec(compile(source, OWN, "exec"), scope)
        if not callable(scope.get("backward")):
            raise ValueError("expected a function called backward")
        dW, db = scope["backward"](
            turned, biases, _turned("X", X, layout).copy(), _turned("Y", Y, layout).copy()
        )
        given = {}
        for l in range(1, net.L + 1):
            given["W", l] = _turned("W", np.atleast_2d(np.asarray(dW[l], float)), layout)
            b = np.asarray(db[l], float)
            given["b", l] = b.reshape(-1, 1) if b.size == net.sizes[l] else np.atleast_2d(b)
        return given
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == OWN]
        line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
        where = f"line {line}: " if line else ""
        raise ValueError(f"Your program: {where}{type(error).__name__}: {error}") from error


def handle(message):
    """Answer the page: what `judge` returns, or a dict with error, a sentence."""
    try:
        return judge(**message)
    except (ValueError, TypeError) as problem:
        return {"error": str(problem)}
