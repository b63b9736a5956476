"""The bug clinic: real bugs of backpropagation, each a few characters away from right code.

A `Bug`, an entry of `data/bugs.toml`, holds the exact text of the right code and the text that a mistake
puts in its place. `plant` runs the package with that one mistake; the tests plant the same text into a
copy of the sources and demand that the suite fails. The right code itself is never changed.
"""

import importlib
import importlib.util
import inspect
import sys
import textwrap
import tomllib
import types
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from html import escape
from pathlib import Path

import numpy as np

from . import network
from .diagnosis import diagnose as diagnose

SOURCES = Path(__file__).parent
# Programs whose cost is the mean over the elements, 1/n_L of the squared error (`eq:three-costs`).
MEAN_OVER_ELEMENTS = ("programs.rows", "programs.recorded")
WORDS = {str: "a text", list: "a list", dict: "a table", bool: "true or false", object: "a value"}


def _carets(right, wrong):
    """Carets under what differs in `wrong`; at least one, where something was left out."""

    def shared(p, q):
        return next((i for i, (x, y) in enumerate(zip(p, q, strict=False)) if x != y), min(len(p), len(q)))

    before = shared(right, wrong)
    after = shared(right[before:][::-1], wrong[before:][::-1])
    return " " * before + "^" * max(1, len(wrong) - before - after)


@dataclass(frozen=True)
class Bug:
    """One mistake, an entry of `data/bugs.toml`; the comment at its top says what the attributes are."""

    name: str
    title: str
    file: str
    changes: tuple
    fingerprint: str
    missed: str
    mend: str
    program: str = "network.value_and_grad"
    arguments: dict = field(default_factory=dict)
    setting: dict = field(default_factory=dict)
    wrong_gradient: bool = True

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
                    f"bugs.toml, bugs.{self.name}, changes: expected the right text exactly once in "
                    f"{self.file}.py, found it {source.count(right)} times: {right!r}"
                )
            source = source.replace(right, wrong)
        return source

    def gradients(self, net, X, Y):
        """The gradients that the program with the bug computes for a network and a batch."""
        package = plant(self.name)
        module, function = self.program.split(".")
        return getattr(getattr(package, module), function)(package.same(net), X, Y, **self.arguments)[1]

    def gradients_of_the_cost(self, net, X, Y):
        """`gradients` as if the program's cost were J: times n_L, or less λW.

        They are right by the standard of J exactly if the program's are by that of its own cost, the
        mean over the elements or J with L2.
        """
        grads, l2 = self.gradients(net, X, Y), self.arguments.get("l2", 0)
        factor = net.sizes[-1] if self.program in MEAN_OVER_ELEMENTS else 1
        grads = grads.map(lambda g: factor * g)
        if l2:
            grads.W[1:] = [g - l2 * w for g, w in zip(grads.W[1:], net.W[1:], strict=True)]
        return grads

    def examine(self, **changes):
        """The `Diagnosis` of the bug's gradients for `patient(**setting, **changes)`.

        Raises:
            ValueError, TypeError: as `patient`, and what the program with the bug raises.
        """
        net, X, Y = patient(**(self.setting | changes))
        return diagnose(net, X, Y, self.gradients_of_the_cost(net, X, Y))

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


def read(path=SOURCES / "data" / "bugs.toml"):
    """The bugs and the cases of a data file, each a dictionary by name.

    The comment at the top of `data/bugs.toml` says what an entry holds.

    Args:
        path: a TOML file.

    Raises:
        ValueError: for what is not as it should be; the message names the file, the entry and the key.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: expected TOML, got: {error}") from None
    _expect_keys(path.name, data, {"bugs": dict, "cases": dict})
    bugs = {name: _bug(f"{path.name}, bugs.{name}", name, entry) for name, entry in data["bugs"].items()}
    cases = {}
    for letter, entry in data["cases"].items():
        where = f"{path.name}, cases.{letter}"
        _expect_keys(where, entry, {"bug": str}, {"setting": dict})
        _expect(entry["bug"] in bugs, f"{where}, bug", "the name of a bug of this file", repr(entry["bug"]))
        cases[letter] = entry["bug"], _setting(where, entry)
    return bugs, cases


def _bug(where, name, entry):
    """The `Bug` of an entry, a dictionary, or ValueError."""
    kinds = {f.name: list if f.type is tuple else f.type for f in fields(Bug) if f.name != "name"}
    optional = {f.name for f in fields(Bug) if f.default is not MISSING or f.default_factory is not MISSING}
    needed = {key: kind for key, kind in kinds.items() if key not in optional}
    _expect_keys(where, entry, needed, kinds | {"test": str})
    for pair in entry["changes"]:
        texts = isinstance(pair, list) and [type(text) for text in pair] == [str, str]
        _expect(texts, f"{where}, changes", "pairs [right, wrong] of texts", repr(pair))
    file = SOURCES / f"{entry['file']}.py"
    _expect(file.is_file(), f"{where}, file", "a file of the package", repr(entry["file"]))
    program = entry.get("program", Bug.program)
    module, _, function = program.partition(".")
    file = SOURCES / f"{module}.py"
    there = file.is_file() and f"\ndef {function}(" in file.read_text(encoding="utf-8")
    _expect(there, f"{where}, program", "module.function of the package", repr(program))
    _setting(where, entry)
    known = {key: entry[key] for key in kinds if key in entry}
    return Bug(name=name, **known | {"changes": tuple(map(tuple, entry["changes"]))})


def _setting(where, entry):
    setting = entry.get("setting", {})
    _expect_keys(
        f"{where}, setting", setting, {}, dict.fromkeys(inspect.signature(patient).parameters, object)
    )
    return setting


def _expect_keys(where, entry, needed, allowed=()):
    """ValueError unless `entry` is a table with these keys, each with a value of its type."""
    _expect(isinstance(entry, dict), where, WORDS[dict], repr(entry))
    known = needed | dict(allowed)
    for key in [*entry, *needed]:
        _expect(key in known, f"{where}, {key}", f"one of the keys {', '.join(known)}", "another")
        _expect(key in entry, f"{where}, {key}", WORDS[known[key]], "nothing")
        _expect(isinstance(entry[key], known[key]), f"{where}, {key}", WORDS[known[key]], repr(entry[key]))


def _expect(fits, where, expected, got):
    if not fits:
        raise ValueError(f"{where}: expected {expected}, got {got}")


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
        A package with the modules `network`, `gradcheck`, `programs`, `layers`, `activations`, `losses`
        and `checks`, and `same(net)`, a copy of a network for use with them.

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
        `Parameters`.
    """
    after = network.Network(net.W, net.b, net.activations, net.loss)
    step(after, X, Y, eta)
    return net.map(lambda before, now: (before - now) / eta, after)


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


BUGS, CASES = read()
