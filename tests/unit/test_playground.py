"""The playground demo: its numbers against the core's, its picture against its numbers."""

import re
from importlib import import_module
from xml.etree import ElementTree

import numpy as np
import pytest

import backprop as bp
from backprop import demos, letters

module = import_module("backprop.demos.playground")  # the package has the demo under this name


def network_of(**changes):
    """The network the demo starts with, made here."""
    state = demos.playground.state(**changes)
    sizes = [2, *[int(state["width"])] * int(state["depth"]), 1]
    kind = state["hidden"], "sigmoid", "binary_cross_entropy", "glorot"
    return bp.Network.random(sizes, *kind, seed=state["seed"])


@pytest.mark.parametrize("changes", [{}, {"task": "circles", "depth": 2, "width": 3, "l2": 0.01, "eta": 0.3}])
def test_two_epochs_by_a_plain_loop(changes):
    net, state = network_of(**changes), demos.playground.state(**changes)
    X, Y = module.TASKS[state["task"]]()
    v = [np.zeros_like(p) for p in net.W[1:] + net.b[1:]]
    for epoch in (1, 2):
        order = np.random.default_rng([state["seed"], epoch]).permutation(X.shape[1])
        for i in range(0, len(order), 16):
            batch = order[i : i + 16]
            _, grads = bp.value_and_grad(net, X[:, batch], Y[:, batch])
            g = [dW + state["l2"] * W for dW, W in zip(grads.W[1:], net.W[1:], strict=True)] + grads.b[1:]
            for k, theta in enumerate(net.W[1:] + net.b[1:]):
                v[k] = 0.9 * v[k] - state["eta"] * g[k]
                theta += v[k]
    J, grads = bp.value_and_grad(net, X, Y)
    view = demos.playground.view(steps=2, **changes)
    assert view.numbers["cost"] == pytest.approx(J, rel=1e-9)
    assert view.numbers["accuracy"] == bp.accuracy(net, X, Y)
    for l in range(1, net.L + 1):
        assert view.numbers[f"norm {l}"] == pytest.approx(np.linalg.norm(grads.W[l]), rel=1e-9)
        for j, delta in enumerate(grads.delta[l], 1):
            assert view.numbers[f"delta[{l}]_{j}"] == pytest.approx(np.sqrt(np.mean(delta**2)), rel=1e-9)
    assert f"J = {J:.4f}" in view.text and "After 2 epochs" in view.text


@pytest.mark.parametrize("task", module.TASKS)
def test_every_task_is_learned(task):
    view = demos.playground.view(task=task, depth=2, width=16, hidden="relu", eta=0.1, steps=200)
    assert view.numbers["accuracy"] > 0.95


def test_a_training_that_diverges_says_so_and_stays(monkeypatch):
    state = demos.playground.state()
    before = module.start(**state)

    def fail(*_):
        raise bp.DivergenceError("update 3: too far")

    monkeypatch.setattr(module.Descent, "step", fail)
    after = module.advance(before, **state)
    assert after.net is before.net and after.costs == before.costs and after is not before
    assert module.advance(after, **state) is after

    assert "Stopped at update 3: too far." in module.render(letters.of(), after, **state).text


def test_the_memory_of_a_step_is_left_alone():
    state = demos.playground.state()
    first = module.start(**state)
    second = module.advance(first, **state)
    kept = [p.copy() for p in [*second.net.W[1:], *second.velocity.W[1:], *second.velocity.b[1:]]]
    module.advance(second, **state)
    now = [*second.net.W[1:], *second.velocity.W[1:], *second.velocity.b[1:]]
    assert all((a == b).all() for a, b in zip(kept, now, strict=True))


def test_the_picture_shows_what_it_says():
    view = demos.playground.view(task="spirals", depth=3, width=5, steps=4)
    root = ElementTree.fromstring(str(view.svg))
    kind = lambda name, classes: [
        e for e in root.iter("{http://www.w3.org/2000/svg}" + name) if e.get("class") == classes
    ]
    assert len(kind("circle", "dot")) == 80 + 1  # and one in the key
    assert len([e for e in kind("path", "way") if "l7 7" in e.get("d")]) == 80 + 1
    curves = [len(e.get("points").split()) for e in kind("polyline", "way")]
    assert curves == [5] * (1 + 4)  # cost and four layers, before training and after each epoch
    bars = [float(e.get("height")) for e in kind("rect", "bwd")]
    sizes = [value for name, value in view.numbers.items() if name.startswith("delta")]
    assert len(bars) == len(sizes) == 16
    assert bars == pytest.approx(np.array(sizes) / max(sizes) * max(bars), abs=0.06)
    assert view.svg.width <= 305
    assert re.search(r"cost (falls|rises) from \d\.\d{3} to \d\.\d{3} in 4 epochs", view.svg.text)


def test_the_tint_is_where_the_network_says_one():
    """Each tinted stretch against the network itself, at its middle."""
    view = demos.playground.view(steps=20)
    state = demos.playground.state()
    course = module.start(**state)
    for _ in range(20):
        course = module.advance(course, **state)
    X, _ = module.TASKS[state["task"]]()
    (low_x, high_x), (low_y, high_y) = ((row.min() - 0.2, row.max() + 0.2) for row in X)
    cell = np.array([high_x - low_x, high_y - low_y]) / (module.GRID - 1)
    root = ElementTree.fromstring(str(view.svg))
    tints = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("class") == "tint"]
    covered, side = 0, 252
    for e in tints:
        columns = float(e.get("width")) / side * module.GRID
        column = (float(e.get("x")) - 40) / side * module.GRID
        row = module.GRID - 1 - (float(e.get("y")) - 16) / side * module.GRID
        for k in range(round(columns)):
            point = [[low_x + (round(column) + k) * cell[0]], [low_y + round(row) * cell[1]]]
            assert bp.forward(course.net, point).a[-1].item() > 0.5
            covered += 1
    x = np.linspace(low_x, high_x, module.GRID)
    y = np.linspace(low_y, high_y, module.GRID)
    grid = np.stack([np.tile(x, module.GRID), np.repeat(y, module.GRID)])
    assert covered == (bp.forward(course.net, grid).a[-1] > 0.5).sum() > 100
