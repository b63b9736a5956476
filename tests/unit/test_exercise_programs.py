"""The program exercises against wrong programs that nobody planted in them, and against another right one."""

import numpy as np
import pytest

from backprop import exercises, network
from backprop.exercises import examined

COLUMNS = """
def backward(W, b, X, Y):
    n = X.shape[1]
    hs, us, h = [X], [], X
    for w, v in zip(W[1:], b[1:]):
        u = w @ h + v
        us.append(u)
        h = np.where(u > 0, u, 0.0)
        hs.append(h)
    top = us[-1] - us[-1].max(0)
    p = np.exp(top) / np.exp(top).sum(0)
    g = (p - Y) / n
    dW, db = [None], [None]
    for w, u, h in zip(W[:0:-1], [None] + us[-2::-1], hs[-2::-1]):
        dW.insert(1, np.einsum("in,jn->ij", g, h))
        db.insert(1, g.sum(1, keepdims=True))
        g = w.T @ g
        g = np.where(h > 0, g, 0)
    return dW, db
"""
ROWS = """
def backward(W, b, X, Y):
    n, kept = len(X), [X]
    for w, v in zip(W[1:-1], b[1:-1]):
        kept.append(np.maximum(kept[-1] @ w + v, 0))
    u = kept[-1] @ W[-1] + b[-1]
    u = u - u.max(1)[:, None]
    g = (np.exp(u) / np.exp(u).sum(1)[:, None] - Y) / n
    dW, db = [None] * len(W), [None] * len(W)
    for l in reversed(range(1, len(W))):
        dW[l], db[l] = kept[l - 1].T @ g, g.sum(0)
        g = g @ W[l].T * (kept[l - 1] > 0)
    return dW, db
"""
# (right, wrong, a word of what is said); None where rejecting is all that is asked.
WRONG_COLUMNS = [
    ("g = w.T @ g", "g = w @ g", "transpose"), ("np.where(h > 0, g, 0)", "g", "slope"), ("/ n\n    dW", "\n    dW", "summed"),
    ("(p - Y) / n", "(p - Y) / n / n", "averaged twice"), ("(p - Y)", "(Y - p)", "label minus output"), ("g.sum(1, keepdims=True)", "g.mean(1, keepdims=True)", "biases"),
    ("np.where(h > 0, g, 0)", "np.where(h > 0, 0, g)", "z < 0"), ("(p - Y) / n", "2 * (p - Y) / n", "twice"), ("np.exp(top).sum(0)", "np.exp(top).sum()", "one example"),
    ("np.where(h > 0, g, 0)", "g * h * (1 - h)", "sigmoid"), ("w @ h + v", "w @ h", "leaves out the biases"), ("g.sum(1, keepdims=True)", "g.sum(1)", "shape"),
    ("(p - Y) / n", "(p - Y) / n * p", None), ("np.where(u > 0, u, 0.0)", "np.tanh(u)", None), ("us[-1].max(0)", "0", "overflow"), ("g = w.T @ g", "g = w.T @ g / 2", None),
    ("g.sum(1, keepdims=True)", "g[:, :1]", "one example"), ("return dW, db", "return dW", "two lists"), ("np.where(u > 0, u, 0.0)", "u", "no ReLU"),
]  # fmt: skip
WRONG_ROWS = [
    ("g @ W[l].T", "g @ W[l]", "transpose"), (" * (kept[l - 1] > 0)", "", "slope"), ("- Y) / n", "- Y)", "summed"), ("- Y) / n", "- Y) / n**2", "averaged twice"),
    ("g.sum(0)", "g.sum(1)", "units"), ("g.sum(0)", "g.mean(0)", "biases"), ("- Y) / n", "- Y) / Y.size", "elements"), ("kept[l - 1].T @ g,", "kept[l - 1].T @ g / n,", None),
    ("np.exp(u).sum(1)[:, None]", "np.exp(u).sum()", "one example"), (" + v", " - v", None), ("g = g @ W[l].T", "g /= n\n        g = g @ W[l].T", "each layer"),
    ("range(1, len(W))", "range(2, len(W))", None), ("u = u - u.max(1)[:, None]", "pass", "overflow"), ("* (kept[l - 1] > 0)", "* kept[l - 1]", "ReLU of z"),
    ("kept[l - 1] > 0", "kept[l - 1] >= 0", "slope"), ("(np.exp(u) / np.exp(u).sum(1)[:, None] - Y)", "(u - Y)", None),
]  # fmt: skip


def marked(name, source):
    exercise = exercises.named(name)
    return exercise.mark({"backward": source})["backward"]


@pytest.mark.parametrize(
    ("name", "source"), [("write-backward-columns", COLUMNS), ("write-backward-rows", ROWS)]
)
def test_another_right_program_passes(name, source):
    assert marked(name, source).right, marked(name, source).message


@pytest.mark.parametrize(
    ("name", "source", "right", "wrong", "word"),
    [("write-backward-columns", COLUMNS, *case) for case in WRONG_COLUMNS]
    + [("write-backward-rows", ROWS, *case) for case in WRONG_ROWS],
)
def test_a_wrong_program_is_rejected_and_its_cause_named(name, source, right, wrong, word):
    assert source.count(right) == 1
    mark = marked(name, source.replace(right, wrong))
    print(mark.state, mark.message)
    assert not mark.right and mark.message
    assert word is None or word in mark.message


def test_the_mistakes_are_computed_from_a_sweep_that_agrees_with_the_core():
    rng = np.random.default_rng(3)
    for sizes, N in examined.TRIALS:
        t = examined.trial(rng, sizes, N)
        true, found = network.value_and_grad(t.net, t.X, t.Y)[1], examined.sweep(t)
        for (name, l), array in found.items():
            assert np.allclose(array, getattr(true, name)[l].reshape(array.shape), rtol=1e-10, atol=1e-14)


def test_no_two_mistakes_make_the_same_numbers():
    rng = np.random.default_rng(4)
    trials = [examined.trial(rng, *sizes) for sizes in examined.TRIALS]
    made = {}
    with np.errstate(all="ignore"):
        for mistake in examined.MISTAKES:
            answers = []
            for t in trials:
                try:
                    answers.append(mistake.answer(t))
                except ValueError:
                    answers.append(ValueError())
            assert not all(
                not isinstance(a, Exception) and examined._right(a, t)
                for a, t in zip(answers, trials, strict=True)
            )
            made[mistake.name] = answers
        for i, (name, answers) in enumerate(made.items()):
            for other in list(examined.MISTAKES)[:i]:
                same = [examined._fits(other, a, t) for a, t in zip(answers, trials, strict=True)]
                assert not all(same), (name, other.name)
