"""A network that learns two classes in the plane while you watch."""

from dataclasses import dataclass

import numpy as np

from .. import data, experiments, network
from ..live.controls import Button, Choice, Slider, View
from ..live.demo import Demo
from ..parameters import Parameters
from ..show.playground import playground as draw
from ..training import Descent, DivergenceError, accuracy

TASKS = {
    "exclusive or": data.xor,
    "two moons": lambda: data.moons(120, noise=0.12, seed=0),
    "circles": lambda: data.circles(120, noise=0.08, seed=0),
    "spirals": lambda: data.spirals(160, noise=0.02, seed=0),
}
BATCH, MOMENTUM = 16, 0.9
GRID = 48


@dataclass(frozen=True)
class Course:
    """A training up to some epoch.

    Attributes:
        net: the network now; never changed in place.
        velocity: the last change of its parameters.
        costs: J on all points before training and after each epoch.
        norms: for each of them (norm of layer 1, ..., norm of layer L) of the gradient of J.
        spread: for each layer the root mean square of each unit's δ over the points, now.
        failure: the message of a `DivergenceError`, or "".
    """

    net: network.Network
    velocity: Parameters
    costs: tuple
    norms: tuple
    spread: tuple
    failure: str = ""


def look(descent, examples, before=None, failure=""):
    """The `Course` that goes on from `before` with the network of a `Descent`."""
    cost, grads = network.value_and_grad(descent.net, *examples)
    norms = tuple(float(np.linalg.norm(g)) for g in grads.W[1:])
    spread = tuple(np.sqrt((delta**2).mean(axis=1)).tolist() for delta in grads.delta[1:])
    costs, earlier = (before.costs, before.norms) if before else ((), ())
    return Course(descent.net, descent.velocity, (*costs, float(cost)), (*earlier, norms), spread, failure)


def start(task, depth, width, hidden, eta, l2, seed):
    """A new network, not trained."""
    init = "he" if hidden in ("relu", "gelu") else "glorot"
    sizes = [2, *[int(width)] * int(depth), 1]
    net = network.Network.random(sizes, hidden, "sigmoid", "binary_cross_entropy", init, seed)
    return look(Descent(net, eta, MOMENTUM, l2), TASKS[task]())


def advance(course, task, depth, width, hidden, eta, l2, seed):
    """One epoch more; a training that has diverged stays where it is."""
    if course.failure:
        return course
    X, Y = examples = TASKS[task]()
    descent = Descent(course.net, eta, MOMENTUM, l2)
    descent.velocity = course.velocity.copy()
    order = np.random.default_rng([seed, len(course.costs)]).permutation(X.shape[1])
    try:
        descent.epoch(X[:, order], Y[:, order], BATCH)
    except DivergenceError as error:
        return Course(course.net, course.velocity, course.costs, course.norms, course.spread, str(error))
    return look(descent, examples, course)


def render(letters, course, task, depth, width, hidden, eta, l2, seed):
    """Points and boundary, the cost and the layers' gradient norms so far, and every unit's δ."""
    net, examples = course.net, TASKS[task]()
    epochs, share = len(course.costs) - 1, accuracy(net, *examples)
    x, y, values = experiments.surface(net, examples.X, 0.2, GRID)
    errors = [letters.err(l) for l in range(1, net.L + 1)]
    picture = draw(examples, (x, y, values > 0.5), course.costs, course.norms, course.spread, errors)
    lines = [
        f"After {epochs} epochs: {letters.cost} = {course.costs[-1]:.4f}, "
        f"{share:.0%} of {examples.X.shape[1]} points are on the right side.",
        "Norm of the gradient by layer: "
        + ", ".join(
            f"∂{letters.cost}/∂{letters.weight(l + 1)} {n:.4f}" for l, n in enumerate(course.norms[-1])
        ),
        "Root mean square over the points of each unit's error signal:",
    ]
    lines += [
        f"  {name}: " + " ".join(f"{value:.4f}" for value in units)
        for name, units in zip(errors, course.spread, strict=True)
    ]
    if course.failure:
        lines.append(f"Stopped at {course.failure}.")
    numbers = {"cost": course.costs[-1], "accuracy": share}
    numbers |= {f"norm {l + 1}": norm for l, norm in enumerate(course.norms[-1])}
    for l, units in enumerate(course.spread, 1):
        numbers |= {f"delta[{l}]_{j}": value for j, value in enumerate(units, 1)}
    return View(picture, "\n".join(lines), numbers)


playground = Demo(
    name="playground",
    title="A network learns two classes in the plane",
    note="Play, and watch the boundary. Then take the spirals with one hidden layer and with two, or the "
    "sigmoid with three hidden layers: which layer's gradient is the smallest at the start?",
    controls=(
        Choice("task", "task", tuple(TASKS), "two moons"),
        Slider("depth", "hidden layers", 1, 3, 1, 1),
        Slider("width", "units in each", 1, 24, 1, 8),
        Choice("hidden", "hidden activation", ("tanh", "relu", "sigmoid", "gelu"), "tanh"),
        Slider("eta", "step size", 0.02, 2.0, 0.02, 0.1),
        Slider("l2", "L2", 0.0, 0.05, 0.001, 0.0),
        Button("seed", "New start"),
    ),
    render=render,
    start=start,
    advance=advance,
    pace=8.0,
)
