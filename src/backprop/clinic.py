"""The bug clinic: real bugs of backpropagation, each a few characters away from right code.

A `Bug` holds the exact text of the right code and the text that a mistake puts in its place. `plant`
runs the package with that one mistake; the tests plant the same text into a copy of the sources and
demand that the suite fails. The right code itself is never changed.
"""

import importlib
import importlib.util
import sys
import textwrap
import types
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

import numpy as np

from . import network
from .diagnosis import diagnose as diagnose

SOURCES = Path(__file__).parent


def _carets(right, wrong):
    """Carets under what differs in `wrong`; at least one, where something was left out."""

    def shared(p, q):
        return next((i for i, (x, y) in enumerate(zip(p, q, strict=False)) if x != y), min(len(p), len(q)))

    before = shared(right, wrong)
    after = shared(right[before:][::-1], wrong[before:][::-1])
    return " " * before + "^" * max(1, len(wrong) - before - after)


@dataclass(frozen=True)
class Bug:
    """One mistake.

    Attributes:
        name: how it is called here.
        title: what it is, in words.
        file: the file of `backprop` that it is planted into, without ".py".
        changes: pairs (right, wrong) of texts; each right text stands in the file exactly once.
        program: "module.function", what to run to see the wrong gradient; (net, X, Y) ↦ (J, grads).
        setting: arguments of `patient` for a network that the bug concerns.
        test: the test of the book's suite that finds it.
        fingerprint: what it shows.
        missed: the test or the case that would not notice it.
        mend: the rule that prevents it.
    """

    name: str
    title: str
    file: str
    changes: tuple
    test: str
    fingerprint: str
    missed: str
    mend: str
    program: str = "network.value_and_grad"
    setting: dict = field(default_factory=dict)

    def source(self):
        """The text of the file, right."""
        return (SOURCES / f"{self.file}.py").read_text(encoding="utf-8")

    def wrong_source(self, source):
        """The text of the file with the bug in it.

        Raises:
            ValueError: if a right text does not stand in `source` exactly once.
        """
        for right, wrong in self.changes:
            if source.count(right) != 1:
                raise ValueError(
                    f"{self.name}: expected the right text exactly once in {self.file}.py, "
                    f"found it {source.count(right)} times: {right!r}"
                )
            source = source.replace(right, wrong)
        return source

    def gradients(self, net, X, Y):
        """The gradients that the program with the bug computes for a network and a batch."""
        package = plant(self.name)
        module, function = self.program.split(".")
        return getattr(getattr(package, module), function)(package.same(net), X, Y)[1]

    def examine(self, **changes):
        """The `Diagnosis` of the bug's gradients for `patient(**setting, **changes)`.

        Raises:
            ValueError, TypeError: as `patient`, and what the program with the bug raises.
        """
        net, X, Y = patient(**(self.setting | changes))
        factor = 1 / net.sizes[-1] if self.program == "programs.rows" else 1.0
        return diagnose(net, X, Y, self.gradients(net, X, Y), factor)

    @property
    def wrong_gradient(self):
        """Whether the bug changes a gradient; the others are right gradients, wrongly used."""
        return self.name not in RIGHT_GRADIENT

    def caught(self, **changes):
        """Whether a gradient check notices the bug: a wrong number, a wrong shape or an error."""
        try:
            return not self.examine(**changes).right
        except ValueError:  # numpy's for shapes that do not fit
            return True

    def __str__(self):
        """The right lines and, below them, the wrong ones, as they stand in the source."""
        source, lines = self.source(), [f"backprop/{self.file}.py"]
        for right, wrong in ((r.rstrip("\n"), w.rstrip("\n")) for r, w in self.changes):
            at = source.index(right)
            whole = source[source.rindex("\n", 0, at) + 1 : source.index("\n", at + len(right))]
            blocks = [textwrap.dedent(text).splitlines() for text in (whole, whole.replace(right, wrong))]
            while blocks[0][-1] == blocks[1][-1]:  # there only to make the text unique
                blocks = [block[:-1] for block in blocks]
            for label, block in zip(("right", "WRONG"), blocks, strict=True):
                lines += [f"{label if i == 0 else '':5s}  {line}" for i, line in enumerate(block)]
            if len(blocks[0]) == len(blocks[1]) == 1:
                lines.append(" " * 7 + _carets(blocks[0][0], blocks[1][0]))
        return "\n".join(lines)

    __repr__ = __str__


BUGS = {
    bug.name: bug
    for bug in (
        # One factor everywhere
        Bug(
            "mean-of-means",
            "Averaged twice, and once over the wrong number",
            "programs",
            changes=(
                (
                    "G, dW, db = 2 * E / E.size,",
                    "G, dW, db = 2 * E / N,",
                ),
                (
                    "dW[l], db[l] = G.T @ a[l - 1], G.T @ np.ones((N, 1))",
                    "dW[l], db[l] = G.T @ a[l - 1] / N, G.T @ np.ones((N, 1)) / N",
                ),
            ),
            program="programs.rows",
            setting={"loss": "squared_error"},
            test="tests/unit/test_programs.py::test_rows_is_the_mean_over_elements",
            fingerprint="wrong/true = n_L/N in every entry",
            missed="any test with as many examples as outputs, N = n_L",
            mend="divide once, where the loss is differentiated, by what its cost divides by",
        ),
        Bug(
            "averaging-twice",
            "Averaged twice",
            "network",
            changes=(
                (
                    "delta[L] = output_error(net, fwd, Y)  # eq:delta-output",
                    "delta[L] = output_error(net, fwd, Y) / N  # eq:delta-output",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="wrong/true = 1/N in every entry; training N times too slow",
            missed="any test with one example",
            mend="keep the error signals undivided and divide the gradients, or the reverse; never both",
        ),
        Bug(
            "wrong-denominator",
            "Divided by the number of elements",
            "network",
            changes=(
                (
                    "net.sigma, net.L, Y.shape[1]\n",
                    "net.sigma, net.L, Y.size\n",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="wrong/true = 1/n_L in every entry",
            missed="any network with one output",
            mend="the gradient divides by what the cost divides by",
        ),
        Bug(
            "missing-two",
            "The 2 of the squared error forgotten",
            "losses",
            changes=(
                (
                    "return 2 * (a - y)",
                    "return a - y",
                ),
            ),
            setting={"loss": "squared_error"},
            test="tests/unit/test_losses.py::test_gradient_by_complex_step",
            fingerprint="wrong/true = 1/2 in every entry",
            missed="tests of the direction only; a test with the loss ½‖a − y‖²",
            mend="write each loss beside its gradient and check the pair alone",
        ),
        Bug(
            "wrong-sign",
            "Label minus output",
            "network",
            changes=(
                (
                    "return a * total - Y",
                    "return Y - a * total",
                ),
            ),
            setting={"output": "softmax", "loss": "cross_entropy"},
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="wrong/true = -1 in every entry; angle 180°; the cost rises",
            missed="tests of norms or squares; a loop that adds the step; softmax with one output, "
            "whose gradient is 0",
            mend="the derivative is output minus label, and the step is subtracted",
        ),
        # Wrong from some layer on
        Bug(
            "missing-slope",
            "The slope σ' forgotten",
            "network",
            changes=(
                (
                    "delta[l] = sigma[l].vjp(z[l], W[l + 1].T @ delta[l + 1])",
                    "delta[l] = W[l + 1].T @ delta[l + 1]",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="output layer right, all others wrong; with one hidden layer and one example "
            "wrong/true = 1/σ'(z) in each row",
            missed="networks without hidden layers; identity activations; ReLU where all units are active",
            mend="each layer that is crossed multiplies by its slope",
        ),
        Bug(
            "slope-of-a",
            "The slope at the activation instead of the pre-activation",
            "network",
            changes=(
                (
                    "sigma[l].vjp(z[l], W[l + 1].T @ delta[l + 1])",
                    "sigma[l].vjp(a[l], W[l + 1].T @ delta[l + 1])",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="output layer right, all others wrong; with one hidden layer and one example "
            "wrong/true = σ'(a)/σ'(z) in each row",
            missed="every test with ReLU: a > 0 exactly where z > 0",
            mend="say in the docstring whether a derivative takes z or a, and test with tanh",
        ),
        Bug(
            "missing-transpose",
            "The transpose forgotten",
            "network",
            changes=(
                (
                    "W[l + 1].T @ delta[l + 1]",
                    "W[l + 1] @ delta[l + 1]",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="between layers of unequal width an error; between equal ones wrong from there on",
            missed="every test of shapes, if the hidden layers and the output are equally wide",
            mend="test with widths that all differ",
        ),
        Bug(
            "softmax-as-sigmoid",
            "Softmax differentiated entry by entry",
            "activations",
            changes=(
                (
                    "return a * (upstream - (a * upstream).sum(axis=0, keepdims=True))",
                    "return a * (1 - a) * upstream",
                ),
            ),
            setting={"output": "softmax"},
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="wrong from the output on; with two classes wrong/true = 1/2 everywhere",
            missed="cross-entropy, where δ = a - y needs no Jacobian; one output, whose gradient is 0",
            mend="softmax couples its outputs: its derivative is a matrix",
        ),
        Bug(
            "one-slope-too-many",
            "A slope at the output where cross-entropy has none",
            "network",
            changes=(
                (
                    "return a * total - Y",
                    "return net.sigma[net.L].vjp(z, a * total - Y)",
                ),
            ),
            setting={"output": "sigmoid", "loss": "binary_cross_entropy"},
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="wrong from the output on; with one sigmoid output and one example "
            "wrong/true = σ'(z) everywhere",
            missed="the losses without a short form, such as the squared error",
            mend="a - y is δ already: it contains the slope",
        ),
        Bug(
            "aliased-buffers",
            "z and a in one buffer",
            "network",
            changes=(
                (
                    "a.append(net.sigma[l].value(z[l]))  # eq:activation",
                    ("z[l][...] = net.sigma[l].value(z[l])  # eq:activation\n        a.append(z[l])"),
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="as slope-of-a, and at the output too unless it is linear; the forward pass is right",
            missed="every test with ReLU; every test of the outputs",
            mend="work in place only if the backward pass no longer needs the old numbers",
        ),
        # Weights or biases only
        Bug(
            "wrong-activation",
            "The activation of the wrong layer",
            "network",
            changes=(
                (
                    "[delta[l] @ a[l - 1].T / N for l in range(1, L + 1)]",
                    "[delta[l] @ a[l].T / N for l in range(1, L + 1)]",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="biases right, weights wrong; between layers of unequal width the shape is wrong",
            missed="tests of the biases or the error signals; shapes, if all layers are equally wide",
            mend="δ of a layer goes with what the layer read",
        ),
        Bug(
            "bias-not-averaged",
            "The bias gradient summed, not averaged",
            "network",
            changes=(
                (
                    "delta[l].sum(axis=1, keepdims=True) / N",
                    "delta[l].sum(axis=1, keepdims=True)",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="weights right; biases wrong by the factor N",
            missed="any test with one example, and any test of the weights only",
            mend="check the biases too, with several examples",
        ),
        Bug(
            "bias-wrong-axis",
            "The bias gradient summed over the units",
            "network",
            changes=(
                (
                    "delta[l].sum(axis=1, keepdims=True) / N",
                    "delta[l].sum(axis=0, keepdims=True) / N",
                ),
            ),
            test="tests/unit/test_gradcheck.py::test_a_right_gradient_passes",
            fingerprint="bias gradients of shape (1, N) instead of (n_l, 1)",
            missed="a loop that writes b = b - eta * db: it broadcasts, and each example gets its own bias",
            mend="compare shapes before numbers; update in place, which refuses to broadcast",
        ),
        Bug(
            "output-layer-left-out",
            "The output layer without a gradient",
            "programs",
            changes=(
                (
                    ("range(net.L, 0, -1):\n            if l < net.L"),
                    ("range(net.L - 1, 0, -1):\n            if l < net.L"),
                ),
            ),
            program="programs.one_by_one",
            test="tests/unit/test_programs.py::test_other_forms_agree_with_the_core",
            fingerprint="layer L all zero, the others right; the cost falls all the same",
            missed="a look at the learning curve; a check of the first layer only",
            mend="the error signals start at L - 1, the gradients at L",
        ),
        Bug(
            "bias-column-kept",
            "The bias column kept on the way back",
            "programs",
            changes=(
                (
                    "(V[l].T @ delta)[1:])",
                    "V[l].T @ delta)",
                ),
            ),
            program="programs.folded",
            test="tests/unit/test_programs.py::test_other_forms_agree_with_the_core",
            fingerprint="an error: n_l + 1 error signals for n_l units; with a single unit no "
            "error, but a gradient with a row too many",
            missed="nothing: numpy reports it, or the shape of the gradient does",
            mend="the constant 1 is no unit: drop its row",
        ),
        Bug(
            "wrong-column-dropped",
            "The wrong column dropped",
            "programs",
            changes=(
                (
                    "(V[l].T @ delta)[1:])",
                    "(V[l].T @ delta)[:-1])",
                ),
            ),
            program="programs.folded",
            test="tests/unit/test_programs.py::test_other_forms_agree_with_the_core",
            fingerprint="output layer right, all others wrong; no shape objects",
            missed="every test of shapes",
            mend="fold and unfold in one place, both with column 0",
        ),
        # Right the first time
        Bug(
            "assigned-not-added",
            "= for +=",
            "programs",
            changes=(
                (
                    "dW[l] += delta",
                    "dW[l] = delta",
                ),
                (
                    "db[l] += delta",
                    "db[l] = delta",
                ),
            ),
            program="programs.one_by_one",
            test="tests/unit/test_programs.py::test_other_forms_agree_with_the_core",
            fingerprint="the last example's gradient, divided by N; right for one example",
            missed="any test with one example",
            mend="what is used several times receives several contributions: +=, from 0",
        ),
        Bug(
            "update-inside-the-sweep",
            "A weight changed before the error signal has crossed it",
            "programs",
            changes=(
                (
                    (
                        "        if l > 1:\n"
                        "            delta = net.sigma[l - 1].vjp(fwd.z[l - 1], net.W[l].T @ delta)\n"
                        "        net.W[l] -= eta * dW\n"
                        "        net.b[l] -= eta * db\n"
                    ),
                    (
                        "        net.W[l] -= eta * dW\n"
                        "        net.b[l] -= eta * db\n"
                        "        if l > 1:\n"
                        "            delta = net.sigma[l - 1].vjp(fwd.z[l - 1], net.W[l].T @ delta)\n"
                    ),
                ),
            ),
            test="tests/unit/test_programs.py::test_a_step_inside_the_sweep_is_a_step",
            fingerprint="output layer right; that of layer L - 1 has an error in proportion to eta",
            missed="a check of the gradient with a tiny step; a check that takes no step at all",
            mend="first all error signals, then all updates",
        ),
        Bug(
            "stale-cache",
            "The forward pass outside the loop",
            "programs",
            changes=(
                (
                    ("    for _ in range(steps):\n        fwd = forward(net, X)\n"),
                    ("    fwd = forward(net, X)\n    for _ in range(steps):\n"),
                ),
            ),
            test="tests/unit/test_programs.py::test_descend_takes_the_steps_of_the_gradient",
            fingerprint="the cost stands still to the last digit while the weights move",
            missed="a gradient check before the first step",
            mend="check once more after a step; run both passes in one function, so that no cache gets old",
        ),
        # The right gradient of the wrong thing, or a right gradient used wrongly
        Bug(
            "step-uphill",
            "The step added",
            "programs",
            changes=(
                (
                    "p -= eta * g",
                    "p += eta * g",
                ),
            ),
            test="tests/unit/test_programs.py::test_descend_takes_the_steps_of_the_gradient",
            fingerprint="the gradient is right; a small step changes the cost by eta‖g‖² instead of -eta‖g‖²",
            missed="every gradient check",
            mend="assert that one small step lowers the cost by eta‖g‖²",
        ),
        Bug(
            "softmax-overflow",
            "Softmax without the maximum subtracted",
            "activations",
            changes=(
                (
                    "e = np.exp(z - z.max(axis=0, keepdims=True))",
                    "e = np.exp(z)",
                ),
            ),
            setting={"output": "softmax", "loss": "cross_entropy"},
            test="tests/unit/test_network.py::test_logits_of_a_thousand",
            fingerprint="right for small z; NaN from about z = 710, where exp overflows",
            missed="every check with freshly drawn weights",
            mend="subtract the column's maximum, which changes nothing but the range",
        ),
        Bug(
            "softmax-wrong-axis",
            "Softmax over the batch",
            "activations",
            changes=(
                (
                    "return e / e.sum(axis=0, keepdims=True)",
                    "return e / e.sum(axis=1, keepdims=True)",
                ),
            ),
            setting={"output": "softmax", "loss": "cross_entropy"},
            test="tests/unit/test_activations.py::test_softmax_is_a_distribution_and_survives_large_numbers",
            fingerprint="wrong from the output on; columns don't sum to 1; for one example all outputs are 1",
            missed="a test that only looks at the range, 0 to 1",
            mend="assert that each example's outputs sum to 1",
        ),
        Bug(
            "integers-stay-integers",
            "Whole numbers keep their integer dtype",
            "checks",
            changes=(
                (
                    'dtype = array.dtype if array.dtype.kind == "f" else np.dtype(float)',
                    "dtype = array.dtype",
                ),
            ),
            test="tests/unit/test_network.py::test_a_network_keeps_its_own_copy_of_the_parameters",
            fingerprint="a network given in whole numbers rounds its inputs towards 0",
            missed="every test with random weights",
            mend="convert to floating point where data come in",
        ),
        Bug(
            "labels-swapped",
            "Row and column of the one-hot labels swapped",
            "programs",
            changes=(
                (
                    "Y[labels, np.arange(len(labels))] = 1",
                    "Y[np.arange(len(labels)), labels] = 1",
                ),
            ),
            test="tests/unit/test_programs.py::test_one_hot_labels",
            fingerprint="the gradient is right and the cost goes to 0, but the answers are not the labels",
            missed="every gradient check and the learning curve; every test of shapes, if N = K",
            mend="look at one example: its column against its label",
        ),
        Bug(
            "reshape-for-transpose",
            "reshape where a transpose is meant",
            "programs",
            changes=(
                (
                    "return examples.T",
                    "return examples.reshape(examples.shape[::-1])",
                ),
            ),
            test="tests/unit/test_programs.py::test_columns",
            fingerprint="the gradient is right; the columns are mixtures of examples",
            missed="every gradient check, every test of shapes",
            mend="look at one example: its column against its row",
        ),
        Bug(
            "shared-parameters",
            "Two networks share their parameters",
            "network",
            changes=(
                (
                    '[np.array(w, dtype=dtype, order="C") for w in W[1:]]',
                    "[np.asarray(w, dtype=dtype) for w in W[1:]]",
                ),
            ),
            test="tests/unit/test_network.py::test_a_network_keeps_its_own_copy_of_the_parameters",
            fingerprint="the gradient is right; a copy kept as the best so far moves along with the training",
            missed="every gradient check",
            mend="copy what is to be kept",
        ),
    )
}

# Bugs that leave the gradient of one batch, at ordinary parameters, as it is.
RIGHT_GRADIENT = {
    "update-inside-the-sweep",
    "stale-cache",
    "step-uphill",
    "softmax-overflow",
    "integers-stay-integers",
    "labels-swapped",
    "reshape-for-transpose",
    "shared-parameters",
}

# Bugs that the reader is to find, under another name: the bug, and what to change in its patient.
CASES = {
    "A": ("bias-not-averaged", {}),
    "B": ("one-slope-too-many", {"sizes": (2, 4, 1), "N": 1}),
    "C": ("wrong-activation", {"sizes": (4, 4, 4, 4)}),
    "D": ("missing-two", {}),
    "E": ("wrong-column-dropped", {}),
    "F": ("softmax-as-sigmoid", {"sizes": (2, 4, 2)}),
}


def get(name):
    """The `Bug` called `name`.

    Raises:
        ValueError: if there is none; the message lists the names.
    """
    if name not in BUGS:
        raise ValueError(f"unknown bug {name!r}; expected one of {', '.join(BUGS)}")
    return BUGS[name]


@cache
def plant(name):
    """The package with one bug in it, beside the right one, which stays as it is.

    Args:
        name: a name in `BUGS`.

    Returns:
        A package with the modules `network`, `gradcheck`, `programs`, `activations`, `losses` and
        `checks`, and `same(net)`, a copy of a network for use with them.

    Raises:
        ValueError: for an unknown name, and if the right text is no longer in the source.
    """
    bug = get(name)
    package = types.ModuleType("backprop_with_" + name.replace("-", "_"), bug.title)
    package.__path__ = [str(SOURCES)]  # all other modules come from their files, as copies of their own
    sys.modules[package.__name__] = package
    spec = importlib.util.spec_from_file_location(
        f"{package.__name__}.{bug.file}", SOURCES / f"{bug.file}.py"
    )
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    setattr(package, bug.file, module)
    exec(compile(bug.wrong_source(bug.source()), spec.name, "exec"), module.__dict__)
    for other in ("network", "gradcheck", "programs"):
        importlib.import_module(f"{package.__name__}.{other}")
    package.same = lambda net: package.network.Network(net.W, net.b, net.activations, net.loss)
    return package


def patient(sizes=(2, 4, 4, 3), hidden="tanh", output="identity", loss="half_squared_error", N=8, seed=6):
    """A network with random weights and biases, and a batch: (net, X, Y).

    The labels are random numbers; one class for each example with softmax, 0 or 1 with the binary
    cross-entropy.

    Args:
        sizes, hidden, output, loss, seed: as in `Network.random`.
        N: number of examples.

    Raises:
        ValueError, TypeError: as `Network.random`.
    """
    rng = np.random.default_rng(seed)
    net = network.Network.random(list(sizes), hidden, output, loss, "glorot", seed=rng)
    for l in range(1, net.L + 1):
        net.b[l] += rng.normal(size=net.b[l].shape)
    X, Y = rng.normal(size=(net.sizes[0], N)), rng.normal(size=(net.sizes[-1], N))
    if output == "softmax":
        Y = np.eye(net.sizes[-1])[:, rng.integers(net.sizes[-1], size=N)]
    elif loss == "binary_cross_entropy":
        Y = (Y > 0).astype(float)
    return net, X, Y


def gradient_of_step(step, net, X, Y, eta):
    """The gradients behind a step of gradient descent: (before - after)/eta for each parameter.

    Args:
        step: changes its first argument in place when called as step(net, X, Y, eta).
        net, X, Y: a `Network`, which is not changed, and a batch.
        eta: step size.

    Returns:
        `Gradients` without delta.
    """
    after = network.Network(net.W, net.b, net.activations, net.loss)
    step(after, X, Y, eta)
    W = [None] + [(w - v) / eta for w, v in zip(net.W[1:], after.W[1:], strict=True)]
    b = [None] + [(w - v) / eta for w, v in zip(net.b[1:], after.b[1:], strict=True)]
    return network.Gradients(None, W, b)


def case(letter, **changes):
    """One of the cases "A" to "F": a network, a batch, and gradients from a program with a bug.

    Args:
        letter: which case.
        changes: arguments of `patient`, to see the same bug on another network or batch.

    Returns:
        (net, X, Y, grads).

    Raises:
        ValueError: for another letter, and as `patient`.
    """
    if letter not in CASES:
        raise ValueError(f"letter: expected one of {', '.join(CASES)}, got {letter!r}")
    name, own = CASES[letter]
    net, X, Y = patient(**(BUGS[name].setting | own | changes))
    return net, X, Y, BUGS[name].gradients(net, X, Y)


class Table:
    """All bugs with fingerprint and blind spot, as a table in a notebook and as text elsewhere."""

    def rows(self):
        """(title, fingerprint, missed) of each bug."""
        return [(bug.title, bug.fingerprint, bug.missed) for bug in BUGS.values()]

    def __repr__(self):
        return "\n".join(f"{title}: {seen}. Missed by: {missed}." for title, seen, missed in self.rows())

    def _repr_html_(self):
        head = "<tr><th>Bug</th><th>Fingerprint</th></tr>"
        cells = [
            (escape(title), f"{escape(seen)}<br><em>Missed by: {escape(missed)}</em>")
            for title, seen, missed in self.rows()
        ]
        body = "".join(f"<tr><td>{title}</td><td>{rest}</td></tr>" for title, rest in cells)
        # The theme lays out a "dataframe"; any other HTML gets a frame in the dark.
        return f'<table class="dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>'


def table():
    """The `Table` of all bugs."""
    return Table()
