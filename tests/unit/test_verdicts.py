"""No false verdict: both instruments against an independent truth, over all bugs and all settings.

The truth is the core's own backward sweep in float64, which the instruments never compare with.
BACKPROP_SEED draws other samples; the whole grid of the clinic's demo is marked `live`.
"""

import itertools
import os
import re

import numpy as np
import pytest

import backprop as bp
from backprop import clinic, data, judge
from backprop.diagnosis import diagnose

from .nets import changed, random_case

SEED = int(os.environ.get("BACKPROP_SEED", "11"))
CASES = 500  # of each sample; the whole grid of the demo is 20 000

HIDDEN = ("tanh", "sigmoid", "relu", "identity", "leaky_relu", "softplus", "gelu")
OUTPUTS = (
    ("identity", "half_squared_error"),
    ("identity", "squared_error"),
    ("tanh", "squared_error"),
    ("relu", "half_squared_error"),
    ("sigmoid", "half_squared_error"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "squared_error"),
    ("softmax", "cross_entropy"),
)
GRID = [
    {"sizes": (2, *[4] * layers, outputs), "hidden": hidden, "output": output, "loss": loss, "N": N, "seed": seed}
    for hidden, (output, loss), layers, outputs, N, seed in itertools.product(
        HIDDEN, OUTPUTS, range(3), range(1, 5), range(1, 9), range(6, 9)
    )
]  # fmt: skip


def truth(net, X, Y, factor=1.0, l2=0.0):
    """The gradient as {"W[1]": array, ...} by the core's backward sweep in float64."""
    X, Y = np.asarray(X, net.dtype).astype(float), np.asarray(Y, net.dtype).astype(float)
    net = judge.in_precision(net, np.float64)
    grads = bp.backward(net, bp.forward(net, X), Y)
    return {
        f"{name}[{l}]": factor * getattr(grads, name)[l] + (l2 * net.W[l] if name == "W" else 0)
        for l in range(1, net.L + 1)
        for name in ("W", "b")
    }


def arrays_of(grads, L):
    return {
        f"{name}[{l}]": np.asarray(getattr(grads, name)[l], float)
        for l in range(1, L + 1)
        for name in ("W", "b")
    }


def apart(g, t, bar, share):
    """Whether some entry differs by more than share · bar of its size, and by more than rounding can."""
    if g.shape != t.shape or not np.isfinite(g).all():
        return True
    rounding = (1e-13 if bar < 1e-3 else 1e-5) * max(abs(t).max(), abs(g).max()) * share
    return bool((abs(g - t) > share * bar * np.maximum(abs(g), abs(t)) + rounding).any())


def falsehoods(net, found, given, true, l2=0.0):
    """What a `Diagnosis` says that is not so, in words; an empty list where all is true."""
    bar = judge.tolerance_of(net.dtype)
    said = []
    for row in found.rows:
        g, t = given[row.name], true[row.name]
        if row.right and apart(g, t, bar, 3):
            said.append(f"{row.name} called right")
        if row.wrong and not apart(g, t, bar, 0.3):
            said.append(f"{row.name} called wrong")
    wrong = {name for name in true if apart(given[name], true[name], bar, 3)}
    maybe = {name for name in true if apart(given[name], true[name], bar, 0.3)}
    verdict = found.verdict
    flat = lambda arrays: np.concatenate([arrays[name].ravel() for name in true])
    if verdict.startswith("Nothing to compare"):
        named = re.match("Nothing to compare in ([^:]*):", verdict).group(1).split(", ")
        if not all(given[n].shape != true[n].shape or not np.isfinite(given[n]).all()
                   or np.allclose(given[n], true[n].T) for n in named):  # fmt: skip
            said.append(verdict)
        return said
    if verdict.startswith("One factor everywhere"):
        c = float(re.match(r"One factor everywhere, ([^ :]+)", verdict).group(1))
        ratio = next(row.factor for row in found.rows if row.factor is not None)
        assert f"{ratio:.2g}" == f"{c:.2g}" or abs(ratio - c) < 0.01 * abs(c)
        g, t = flat(given), flat(true)
        noise = (1e-12 if bar < 1e-3 else 1e-4) * abs(g).max()
        if abs(c - 1) < 1e-6 or (abs(g - ratio * t) > 3e-4 * abs(g) + noise).any():
            said.append(verdict)
    elif verdict.startswith(("Differs by λ", "It is ")):
        where = re.search(r"λ(W and b|W|b)", verdict).group(1)
        several = re.match(r"It is ([^ ]+)", verdict)
        c = float(several.group(1)) if several else 1.0
        term = re.search(r"L2 term has ([-+.e\d]*\d)", verdict) or re.search(
            r"λ = ([-+.e\d]*\d)[:.,]", verdict
        )
        lam = 0.0 if "missing" in verdict else float(term.group(1))
        for name, t in true.items():
            p = getattr(net, name[0])[int(name[2:-1])].astype(float)
            bare = t - (l2 * p if name[0] == "W" else 0)
            given_l2 = lam * p if name[0] == "W" or where != "W" else 0 * p
            slack = 0.006 * (abs(given_l2) + (abs(c) > 1) * abs(c * bare))  # both are printed in three digits
            if (abs(given[name] - c * bare - given_l2) > slack + 1e-3 * abs(bare) + 1e-7).any():
                said.append(f"{verdict} ({name})")
    elif verdict.startswith("All zero"):
        named = re.match(r"All zero: ([^.]*)\.", verdict).group(1).split(", ")
        if any(given[n].any() or not true[n].any() for n in named):
            said.append(verdict)
    elif verdict.startswith("Biases right"):
        if any(n[0] == "b" for n in wrong) or not any(n[0] == "W" for n in maybe):
            said.append(verdict)
    elif verdict.startswith("Weights right"):
        if any(n[0] == "W" for n in wrong) or not any(n[0] == "b" for n in maybe):
            said.append(verdict)
    elif verdict.startswith(("Wrong from the output on", "Wrong in layer", "Right above layer")):
        l = net.L if "output on" in verdict else int(re.search(r"layer (\d+)", verdict).group(1))
        if not {f"W[{l}]", f"b[{l}]"} & maybe or any(int(n[2:-1]) > l for n in wrong):
            said.append(verdict)
    elif verdict.startswith("Wrong in "):
        named, right = (
            set(n.split(", ")) for n in re.match("Wrong in (.*), right in (.*):", verdict).groups()
        )
        if not named <= maybe or wrong & right:
            said.append(verdict)
    elif verdict.startswith(("Right for", "Right up to rounding", "What was compared is right")):
        if any(n in wrong for n in wrong if found[n].state != "not compared"):
            said.append(verdict)
    elif not verdict.startswith("Nothing could be compared"):
        said.append(f"unknown verdict {verdict}")
    if found.right and wrong:
        said.append(f"right, though {sorted(wrong)} are wrong")
    return said


def try_bug(name, setting, dtype):
    """The falsehoods about one bug, or about the right program for None, in one setting."""
    net, X, Y = clinic.patient(**setting)
    net = judge.in_precision(net, dtype)
    factor = 1.0
    try:
        if name is None:
            grads = bp.value_and_grad(net, X, Y)[1]
        else:
            bug = clinic.get(name)
            factor = 1 / net.sizes[-1] if bug.program == "programs.rows" else 1.0
            if factor != 1 and "softmax" in net.activations:
                return []
            if bug.program == "programs.rows":
                net = bp.Network(net.W, net.b, net.activations, "squared_error")
            with np.errstate(all="ignore"):
                grads = bug.gradients(net, X, Y)
    except ValueError:  # the program stops; there is no gradient
        return []
    found = diagnose(net, X, Y, grads, factor)
    given, true = arrays_of(grads, net.L), truth(net, X, Y, factor)
    said = falsehoods(net, found, given, true)
    if name is None and not found.right and any(row.wrong for row in found.rows):
        said.append(f"right program: {found.verdict}")
    return said


def run(cases):
    """Fail with the falsehoods of the cases (bug or None, setting, dtype)."""
    false = [(case, said) for case in cases if (said := try_bug(*case))]
    assert not false, f"{len(false)} false:\n" + "\n".join(map(str, false[:20]))


NAMES = [None, *clinic.BUGS]


def test_no_false_verdict_in_a_sample_of_all_bugs_and_settings():
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    run(
        (NAMES[i % len(NAMES)], GRID[rng.integers(len(GRID))], (np.float64, np.float32)[rng.integers(2)])
        for i in range(CASES)
    )


@pytest.mark.live
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NAMES)
def test_no_false_verdict_in_the_whole_grid_of_the_demo(name, dtype):
    own = {} if name is None else clinic.get(name).setting
    run(
        (name, own | {"sizes": (2, *[4] * layers, outputs), "hidden": hidden, "N": N}, dtype)
        for hidden in HIDDEN[:4] for layers in range(3) for outputs in range(1, 5) for N in range(1, 9)
    )  # fmt: skip


def networks(seed, dtype):
    """What hides a mistake: dead units, kinks, tiny gradients, saturation, a large cost."""
    for hidden, output, loss, depth in (
        ("relu", "softmax", "cross_entropy", 3), ("gelu", "identity", "squared_error", 2),
        ("sigmoid", "sigmoid", "half_squared_error", 15), ("tanh", "softmax", "cross_entropy", 2),
        ("leaky_relu", "sigmoid", "binary_cross_entropy", 3),
    ):  # fmt: skip
        yield random_case(hidden, output, loss, depth, 3, seed, dtype)
    net, X, Y = random_case("relu", "identity", "half_squared_error", 3, 4, seed, dtype)
    net.b[1][0] = net.b[2][0] = -50
    yield net, X, Y
    net = bp.Network.random([2, 3, 1], "relu", "sigmoid", "binary_cross_entropy", "he", seed, dtype)
    yield net, data.xor().X.astype(dtype), data.xor().Y.astype(dtype)
    for scale, label in ((5, 1), (1e-3, 1), (1e-3, 1e4)):
        net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed, dtype)
        yield net.with_parameters([None, *(w * dtype(scale) for w in net.W[1:])], net.b), X, Y * dtype(label)


def mistakes(net, rng, l2):
    """{what: (array, name, layer) ↦ array}, with one layer drawn at random."""
    at, T = int(rng.integers(1, net.L + 1)), net.dtype.type
    last = lambda a, c: np.where(np.arange(a.size).reshape(a.shape) == a.size - 1, T(c) * a, a)
    found = {"none": lambda a, n, l: a, "sizes": lambda a, n, l: abs(a), "shift": lambda a, n, l: a + T(1e-3)}
    found["noise"] = lambda a, n, l: a * (1 + 0.1 * rng.normal(size=a.shape)).astype(a.dtype)
    found["123"] = lambda a, n, l: 0 * a + 123 if (n, l) == ("b", at) else a
    found["turned"] = lambda a, n, l: a.T if a.shape == a.T.shape else a
    for c in (0, -1, 2, 0.5, 1.05):
        found |= {
            f"{c} everywhere": lambda a, n, l, c=c: T(c) * a,
            f"{c} in layer {at}": lambda a, n, l, c=c: T(c) * a if l == at else a,
            f"{c} up to layer {at}": lambda a, n, l, c=c: T(c) * a if l <= at else a,
            f"{c} in W[{at}]": lambda a, n, l, c=c: T(c) * a if (n, l) == ("W", at) else a,
            f"{c} in an entry of b[{at}]": lambda a, n, l, c=c: last(a, c) if (n, l) == ("b", at) else a,
        }
    for weights, biases, several in (
        (1, 0, 1),
        (0, 0, 1),
        (2, 0, 1),
        (1, 1, 1),
        (0.25, 0, 1),
        (1, 0, 3),
        (-1, 0, 1),
    ):
        share = {"W": T(weights * (l2 or 0.01)), "b": T(biases * (l2 or 0.01))}
        found[f"{several} g + {weights} λW + {biases} λb"] = lambda a, n, l, s=share, c=several: (
            T(c) * a + s[n] * getattr(net, n)[l]
        )
    return found


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("l2", [0, 0.1])
def test_no_false_verdict_about_known_mistakes(dtype, l2):
    """Also: what `check_gradients` passes, `diagnose` calls right, and what it fails, wrong."""
    print("seed", SEED)
    rng, false = np.random.default_rng(SEED), []
    for number, (net, X, Y) in enumerate(networks(SEED, dtype)):
        grads, true = bp.value_and_grad(net, X, Y)[1], truth(net, X, Y, l2=l2)
        every = mistakes(net, rng, l2)
        for what in ["none", *rng.choice(sorted(set(every) - {"none"}), 6, replace=False)]:
            wrong = changed(grads, every[what])
            if what == "none" and l2:
                wrong.W = [None, *(g + dtype(l2) * w for g, w in zip(wrong.W[1:], net.W[1:], strict=True))]
            found = diagnose(net, X, Y, wrong, l2=l2)
            said = falsehoods(net, found, arrays_of(wrong, net.L), true, l2)
            try:
                passed = bool(bp.check_gradients(net, X, Y, wrong, l2=l2))
            except bp.GradientError:
                passed = False
            except ValueError:
                passed = None
            said += ["the instruments disagree"] * (
                found.right != (passed is True) or found.wrong != (passed is False)
            )
            if what == "none" and (found.wrong or not (found.right or "not compared" in str(found))):
                said.append(f"a right gradient: {found.verdict}")
            false += [(number, what, said)] if said else []
    assert not false, "\n".join(map(str, false))
