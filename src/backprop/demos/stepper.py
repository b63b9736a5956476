"""One step of gradient descent on a small network, one equation at a time."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .. import network
from ..activations import ACTIVATIONS
from ..explain import (
    activation_lines,
    bias_gradient_lines,
    hidden_error_lines,
    loss_line,
    output_error_lines,
    pre_activation_lines,
    update_lines,
    weight_gradient_lines,
)
from ..live.controls import Button, Choice, Slider, View
from ..live.demo import Demo
from ..show.stepper import Line, network_progress

# What an output unit may be, with the loss that goes with it.
OUTPUTS = {
    "identity, squared error": ("identity", "half_squared_error"),
    "sigmoid, squared error": ("sigmoid", "half_squared_error"),
    "sigmoid, cross-entropy": ("sigmoid", "binary_cross_entropy"),
    "softmax, cross-entropy": ("softmax", "cross_entropy"),
}


@dataclass(frozen=True)
class Operation:
    """One line of the algorithm (`alg:backpropagation`).

    Attributes:
        equation: the label of the equation in the book.
        makes: what it computes: z, a, loss, delta, W, b (gradients) or step (new parameters).
        layer: for which layer.
    """

    equation: str
    makes: str
    layer: int

    @property
    def backward(self):
        """Whether it belongs to the backward sweep."""
        return self.makes in ("delta", "W", "b")


def operations(L):
    """Every operation of one step of gradient descent on L layers, in order."""
    up, down = range(1, L + 1), range(L, 0, -1)
    forward = [
        Operation(*pair, l) for l in up for pair in (("eq:pre-activation", "z"), ("eq:activation", "a"))
    ]
    errors = [Operation("eq:delta-output", "delta", L)]
    errors += [Operation("eq:delta-hidden", "delta", l) for l in range(L - 1, 0, -1)]
    gradients = [
        Operation(*pair, l)
        for l in down
        for pair in (("eq:gradient-weights", "W"), ("eq:gradient-bias", "b"))
    ]
    return [*forward, Operation("eq:cost", "loss", L), *errors, *gradients, Operation("", "step", L)]


def formula(letters, operation, net):
    """An operation in the letters of a course."""
    l, s = operation.layer, letters
    if operation.makes == "delta" and l == net.L and net.loss_function.value_from_z is not None:
        return f"{s.err(l)} = {s.act(l)} − {s.lab}"  # cross-entropy with its own output unit
    slope = f"σ'({s.pre(l)})"
    return {
        "z": f"{s.pre(l)} = {s.affine(l)}",
        "a": f"{s.act(l)} = σ({s.pre(l)})",
        "loss": f"{s.loss} = {s.loss}({s.act(l)}, {s.lab})",
        "delta": f"{s.err(l)} = ∂{s.loss}/∂{s.act(l)} ⊙ {slope}"
        if l == net.L
        else f"{s.err(l)} = {s.back(l + 1)} ⊙ {slope}",
        "W": f"∂{s.loss}/∂{s.weight(l)} = {s.outer(l)}",
        "b": f"∂{s.loss}/∂{s.bias(l)} = {s.err(l)}",
        "step": f"parameters ← parameters − {s.step}·gradients",
    }[operation.makes]


def setting(inputs, depth, width, outputs, hidden, output, seed):
    """Network, input and label of a state, with two decimals so that they can be followed by hand."""
    activation, loss = OUTPUTS[output]
    outputs = max(outputs, 2) if activation == "softmax" else outputs
    sizes = [inputs, *[width] * depth, outputs]
    rng = np.random.default_rng(seed)
    W = [None] + [np.round(rng.normal(0, 1 / np.sqrt(n), (m, n)), 2) for n, m in pairwise(sizes)]
    b = [None] + [np.round(rng.uniform(-0.5, 0.5, (m, 1)), 2) for m in sizes[1:]]
    net = network.Network(W, b, [hidden] * depth + [activation], loss)
    x = np.round(rng.uniform(-1, 1, (inputs, 1)), 1)
    y = np.zeros((outputs, 1))
    y[seed % outputs] = 1.0
    return net, x, y


def render(letters, position, inputs, depth, width, outputs, hidden, output, eta, seed):
    """The network after `position` operations; the last of them with its numbers."""
    net, x, y = setting(int(inputs), int(depth), int(width), int(outputs), hidden, output, seed)
    todo = operations(net.L)
    done, current = todo[:position], todo[position - 1] if position else None
    fwd = network.forward(net, x)
    grads = network.backward(net, fwd, y)
    stepped = net.with_parameters(net.map(lambda p, g: p - eta * g, grads))
    lines = [
        Line(formula(letters, operation, net), operation.backward, operation is current, i < position)
        for i, operation in enumerate(todo)
    ]
    picture = network_progress(letters, net, fwd, y, grads, done, current, lines)
    if current is None:
        inputs_as_text = ", ".join(f"{v:.1f}" for v in x[:, 0])
        words = [
            f"{len(todo)} operations make one step of gradient descent. Nothing is computed yet.",
            f"{letters.inp} = ({inputs_as_text}), {letters.lab} = ({', '.join(f'{v:.0f}' for v in y[:, 0])})",
        ]
    else:
        flow = "backward" if current.backward else "update" if current.makes == "step" else "forward"
        label = f" ({current.equation})" if current.equation else ""
        words = [
            f"Operation {position} of {len(todo)}, {flow}: {formula(letters, current, net)}{label}",
            "",
        ]
        words += numbers_of(letters, current, net, fwd, y, grads, stepped, eta)
    return View(picture, "\n".join(words), known(done, net, fwd, y, grads, stepped))


def numbers_of(letters, operation, net, fwd, y, grads, stepped, eta):
    """The operation with its numbers inserted, unit by unit."""
    l = operation.layer
    match operation.makes:
        case "z":
            return pre_activation_lines(net, fwd, l, letters)
        case "a":
            return activation_lines(net, fwd, l, letters)
        case "loss":
            return [loss_line(net, fwd, y, letters)]
        case "delta" if l == net.L:
            return output_error_lines(net, fwd, y, grads, letters)
        case "delta":
            return hidden_error_lines(net, fwd, grads, l, letters)
        case "W":
            return weight_gradient_lines(net, fwd, grads, l, letters)
        case "b":
            return bias_gradient_lines(net, grads, l, letters)
        case "step":
            after = network.cost(stepped, network.forward(stepped, fwd.a[0]), y)
            before = network.cost(net, fwd, y)
            lines = update_lines(net, grads, stepped, eta, letters)
            return [*lines, "", f"The loss was {before:.6f} and is {after:.6f} with the new parameters."]


def known(done, net, fwd, y, grads, stepped):
    """{name: number} of everything that the operations done have computed."""
    numbers = {f"x_{i + 1}": value for i, value in enumerate(fwd.a[0][:, 0])}
    for operation in done:
        l, makes = operation.layer, operation.makes
        if makes == "loss":
            numbers["loss"] = network.cost(net, fwd, y)
        elif makes == "step":
            numbers["loss after"] = network.cost(stepped, network.forward(stepped, fwd.a[0]), y)
        else:
            array = getattr(grads if operation.backward else fwd, makes)[l]
            name = f"d{makes}" if makes in "Wb" else makes
            for index, value in np.ndenumerate(array):
                place = index if makes == "W" else index[:1]
                numbers[f"{name}[{l}]_{','.join(str(i + 1) for i in place)}"] = value
    return numbers


def advance(position, depth, **state):
    """The next operation; after the last there is none."""
    return position + 1 if position < len(operations(int(depth) + 1)) else position


def start(**state):
    """Nothing computed yet."""
    return 0


stepper = Demo(
    name="stepper",
    title="One step of gradient descent, one equation at a time",
    note="Step forward to the loss and note where the numbers come from; then step backward and find "
    "each of them used a second time. With relu, look for a unit whose δ is zero.",
    controls=(
        Slider("inputs", "inputs", 1, 6, 1, 2),
        Slider("depth", "hidden layers", 1, 3, 1, 1),
        Slider("width", "units in each", 1, 6, 1, 3),
        Slider("outputs", "outputs", 1, 6, 1, 1),
        Choice("hidden", "hidden activation", tuple(n for n in ACTIVATIONS if n != "softmax"), "sigmoid"),
        Choice("output", "output and loss", tuple(OUTPUTS), "sigmoid, squared error"),
        Slider("eta", "step size", 0.1, 2.0, 0.1, 0.5),
        Button("seed", "New numbers"),
    ),
    render=render,
    start=start,
    advance=advance,
    keeps=("eta",),
    pace=0.7,
)
