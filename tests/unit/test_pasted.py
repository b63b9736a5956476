"""Gradients pasted as text: read in every layout, judged to their digits, the mistake named."""

import numpy as np
import pytest

from backprop import clinic, network, pasted


def printed(name, array, layout="columns", decimals=6, form=np.ndarray.tolist):
    turn = layout == "rows" if name[-2:-1] in ("W",) or name in ("W1", "W2") else layout != "columns"
    array = np.round(array.T if turn and name.lstrip("d")[0] in "WXY" else array, decimals)
    return f"{name} = {form(array)}"


def texts(net, X, Y, grads, layout="columns", decimals=6, form=np.ndarray.tolist):
    layers = range(1, net.L + 1)
    numbers = [printed(f"{n}{l}", getattr(net, n)[l], layout, 15, form) for l in layers for n in "Wb"]
    numbers += [printed("X", X, layout, 15, form), printed("Y", Y, layout, 15, form)]
    gradient = [
        printed(f"d{n}{l}", getattr(grads, n)[l], layout, decimals, form) for l in layers for n in "Wb"
    ]
    return "\n".join(numbers), "\n".join(gradient)


def patient(**changes):
    net, X, Y = clinic.patient(
        **({"sizes": (2, 3, 2), "hidden": "sigmoid", "output": "sigmoid", "N": 3, "seed": 2} | changes)
    )
    return net, X, Y, network.value_and_grad(net, X, Y)[1]


def ask(net, **more):
    return {"hidden": net.activations[1], "output": net.activations[-1], "loss": net.loss} | more


@pytest.mark.parametrize("layout", list(pasted.LAYOUTS))
@pytest.mark.parametrize("form", [np.ndarray.tolist, repr, str], ids=["list", "repr", "str"])
def test_a_right_gradient_is_right_in_every_layout_and_print(layout, form):
    net, X, Y, grads = patient()
    with np.printoptions(precision=17, floatmode="unique"):
        numbers, gradient = texts(net, X, Y, grads, layout, 4, form)
    answer = pasted.judge(numbers, gradient, **ask(net, layout=layout))
    assert answer["state"] == "right", answer
    assert "digits given" in answer["message"] and answer["mistakes"] == []


@pytest.mark.parametrize(
    ("cost", "factor"), [("sum over the examples", 3.0), ("mean over examples and outputs", 0.5)]
)
def test_other_costs_and_l2(cost, factor):
    net, X, Y, grads = patient()
    W = [None, *(factor * w + 0.1 * v for w, v in zip(grads.W[1:], net.W[1:], strict=True))]
    theirs = network.Gradients(None, W, [None, *(factor * b for b in grads.b[1:])])
    numbers, gradient = texts(net, X, Y, theirs)
    assert pasted.judge(numbers, gradient, **ask(net, cost=cost, l2=0.1))["state"] == "right"
    assert pasted.judge(numbers, gradient, **ask(net))["state"] == "wrong"


WRONG = [
    bug.name for bug in clinic.BUGS.values() if bug.wrong_gradient and bug.program == "network.value_and_grad"
]


@pytest.mark.parametrize("name", WRONG)
def test_a_bug_of_the_clinic_is_named_from_four_digits(name):
    bug = clinic.BUGS[name]
    net, X, Y = clinic.patient(**({"sizes": (2, 3, 3), "N": 4, "seed": 3} | bug.setting))
    if name in ("missing-transpose", "reshape-for-transpose"):
        net, X, Y = clinic.patient(**({"sizes": (3, 3, 3), "N": 4, "seed": 3} | bug.setting))
    try:
        grads = bug.gradients(net, X, Y)
        numbers, gradient = texts(net, X, Y, grads, decimals=6)
    except ValueError:
        pytest.skip("does not run on this network")
    if not all(np.isfinite(g).all() for g in (*grads.W[1:], *grads.b[1:])):
        pytest.skip("not finite: it cannot be pasted")
    answer = pasted.judge(numbers, gradient, **ask(net))
    if answer["state"] == "right":
        pytest.skip("changes nothing here")
    shapes = all(
        np.shape(g) == np.shape(w)
        for g, w in zip(grads.W[1:] + grads.b[1:], net.W[1:] + net.b[1:], strict=True)
    )
    if shapes:
        assert name in [bug for bug, _ in answer["mistakes"]], answer
    else:
        assert "shape" in answer["rows"]


def test_the_example_is_a_forgotten_slope():
    answer = pasted.judge(*pasted.example())
    assert answer["state"] == "wrong" and [bug for bug, _ in answer["mistakes"]] == ["missing-slope"]


def test_a_program_is_run_in_the_readers_layout():
    net, X, Y, grads = patient()
    numbers, _ = texts(net, X, Y, grads, "rows")
    program = """
def backward(W, b, X, Y):
    s = lambda z: 1 / (1 + np.exp(-z))
    a1 = s(X @ W[1] + b[1])
    a2 = s(a1 @ W[2] + b[2])
    d2 = (a2 - Y) * a2 * (1 - a2)
    d1 = d2 @ W[2].T * a1 * (1 - a1)
    N = len(X)
    return [None, X.T @ d1 / N, a1.T @ d2 / N], [None, d1.mean(0), d2.mean(0)]
"""
    ask_rows = ask(net, layout="rows")
    assert pasted.judge(numbers, program, **ask_rows)["state"] == "right"
    wrong = program.replace("* a1 * (1 - a1)", "")
    assert pasted.judge(numbers, wrong, **ask_rows)["state"] == "wrong"
    turned = pasted.judge(numbers, program.replace("(a2 - Y)", "(Y - a2)"), **ask_rows)
    assert any("signs" in sentence for _, sentence in turned["mistakes"])
    for text, said in (("def backward(W, b, X, Y):\n    return 1 / 0", "line 2: ZeroDivisionError"), ("def back(): pass", "called backward"),
                       ("def backward(", "line 1: SyntaxError"), ("def backward(W, b, X, Y): return 3", "TypeError")):  # fmt: skip
        assert said in pasted.handle({"numbers": numbers, "gradient": text} | ask_rows)["error"]


def test_biases_flat_folded_and_classes_as_labels():
    net, X, Y, grads = patient(output="softmax", loss="cross_entropy")
    _, gradient = texts(net, X, Y, grads)
    flat = "\n".join([*(f"W{l}: {net.W[l].tolist()}\nb{l}: {net.b[l].ravel().tolist()}" for l in (1, 2)),
                      f"x = {X.tolist()}", f"labels = {Y.argmax(axis=0).tolist()}"])  # fmt: skip
    assert pasted.judge(flat, gradient, **ask(net))["state"] == "right"
    folded = "\n".join(
        [
            *(f"W[{l}] = {np.hstack([net.b[l], net.W[l]]).tolist()}" for l in (1, 2)),
            f"X = {X.tolist()}",
            f"Y = {Y.tolist()}",
        ]
    )
    theirs = "\n".join(
        f"∂J/∂W^({l}) = {np.hstack([grads.b[l], grads.W[l]]).round(5).tolist()}" for l in (1, 2)
    )
    assert pasted.judge(folded, theirs, **ask(net, notation="cmu"))["state"] == "right"


def test_a_transposed_gradient_is_told_its_layout():
    net, X, Y, grads = patient()
    numbers, _ = texts(net, X, Y, grads)
    _, gradient = texts(net, X, Y, grads, "rows")
    assert "your layout is rows" in pasted.judge(numbers, gradient, **ask(net))["rows"]


@pytest.mark.parametrize(
    ("numbers", "gradient", "said"),
    [("", "dW1 = 1", "expected lines such as"), ("W1 = [[1, 2], [3]]\nX = 1\nY = 1", "", "rows of one length"),
     ("W1 = [[1, 2]]\nX = [[1], [2], [3]]\nY = 1", "", "expected 3 weights for each unit of layer 1, got 2"),
     ("W1 = [[1], [2]]\nX = [[1], [2]]\nY = 1", "", "in another layout the shape would fit"),
     ("W1 = 1\nX = 1", "", "missing: Y"), ("q = 3", "", "q: expected W1"), ("W = 3", "", "a layer, as in W1"),
     ("W1 = one", "", "expected"), ("W1 = 1\nX = 1\nY = 1", "dW1 = 2", "expected db1 too"),
     ("W1 = 1\nW1 = 2", "", "stands there twice"), ("W1 = 1 + x", "", "expected numbers, found")],
)  # fmt: skip
def test_what_cannot_be_read_is_explained(numbers, gradient, said):
    assert said in pasted.handle({"numbers": numbers, "gradient": gradient})["error"]


def test_choices_that_are_not_there():
    for name in ("hidden", "output", "loss", "layout", "cost"):
        assert name in pasted.handle({"numbers": "W1 = 1\nX = 1\nY = 1", "gradient": "", name: "no"})["error"]
