"""The smallest network with something hidden: two inputs, one hidden unit, one linear output."""

import numpy as np

from .. import network
from ..activations import ACTIVATIONS
from ..live.controls import Choice, Slider, Switch, View
from ..live.demo import Demo
from ..show.network import network_diagram

EDGES = {"w11": (1, 0, 0), "w21": (1, 0, 1), "w_out": (2, 0, 0)}
# One unit of softmax is always 1, so nothing could be learned behind it.
HIDDEN = tuple(name for name in ACTIVATIONS if name != "softmax")


def render(letters, x1, x2, w11, w21, w_out, target, hidden, edge, gradients):
    """The network's numbers for one state; w21 is the weight from x2, W[1]_1,2 of the book."""
    net = network.Network(
        [None, [[w11, w21]], [[w_out]]],
        [None, [[0.0]], [[0.0]]],
        [hidden, "identity"],
        "half_squared_error",
    )
    y = np.array([[target]])
    fwd = network.forward(net, [[x1], [x2]])
    grads = network.backward(net, fwd, y)
    z, h, a = fwd.z[1][0, 0], fwd.a[1][0, 0], fwd.a[2][0, 0]
    slope = net.sigma[1].derivative(fwd.z[1])[0, 0]
    numbers = {
        "z": z, "h": h, "a": a, "loss": network.cost(net, fwd, y), "slope": slope,
        "delta_out": grads.delta[2][0, 0], "delta_hidden": grads.delta[1][0, 0],
        "dw11": grads.W[1][0, 0], "dw21": grads.W[1][0, 1], "dw_out": grads.W[2][0, 0],
    }  # fmt: skip
    z_1, a_1, out, loss = letters.pre(1), letters.act(1), letters.out, letters.loss
    delta_1, delta_2 = letters.err(1), letters.err(2)
    lines = [
        f"{z_1} = {w11:.1f}·{_signed(x1)} + {_signed(w21)}·{_signed(x2)} = {z:.4f}",
        f"{a_1} = {hidden}({z:.4f}) = {h:.4f}",
        f"{out} = {w_out:.1f}·{h:.4f} = {a:.4f}",
        f"{loss} = ½·({a:.4f} - {_signed(target)})² = {numbers['loss']:.4f}",
    ]
    if gradients:
        lines += [
            f"{delta_2} = {a:.4f} - {_signed(target)} = {_plain(numbers['delta_out'])}",
            f"∂{loss}/∂w_out = {delta_2}·{a_1} = {_plain(numbers['dw_out'])}",
            f"{delta_1} = {w_out:.1f}·{delta_2}·{hidden}'({z_1}) = {_plain(numbers['delta_hidden'])}"
            f"  ({hidden}'({z_1}) = {slope:.4g})",
            f"∂{loss}/∂w11 = {delta_1}·x1 = {_plain(numbers['dw11'])}",
            f"∂{loss}/∂w21 = {delta_1}·x2 = {_plain(numbers['dw21'])}",
        ]
    if gradients and edge in EDGES:
        lines += ["", *_chain(letters, edge, hidden, numbers, w_out, x1 if edge == "w11" else x2)]
    if hidden == "relu" and z <= 0:
        lines.append(
            f"The hidden unit is inactive for this input: {z_1} ≤ 0, so {a_1} = 0 and relu'({z_1}) = 0. "
            "No gradient reaches w11, w21 or w_out; no small change of them changes the loss."
            if z < 0
            else f"The hidden unit sits at its kink: {z_1} = 0. By convention relu'(0) = 0, so no gradient "
            "reaches w11, w21 or w_out."
        )
    pick = {place: ("edge", name) for name, place in EDGES.items()}
    picture = network_diagram(net, fwd, y, grads if gradients else None, pick=pick, letters=letters)
    return View(picture, "\n".join(lines), numbers)


def _chain(letters, edge, hidden, numbers, w_out, x):
    """The chain rule along the path from one weight to the loss, factor by factor."""
    z_1, a_1, out, loss = letters.pre(1), letters.act(1), letters.out, letters.loss
    if edge == "w_out":
        factors = {f"∂{loss}/∂{out}": numbers["delta_out"], f"∂{out}/∂w_out = {a_1}": numbers["h"]}
    else:
        factors = {
            f"∂{loss}/∂{out}": numbers["delta_out"],
            f"∂{out}/∂{a_1} = w_out": w_out,
            f"∂{a_1}/∂{z_1} = {hidden}'({z_1})": numbers["slope"],
            f"∂{z_1}/∂{edge} = {'x1' if edge == 'w11' else 'x2'}": x,
        }
    product = " · ".join(name.partition(" = ")[0] for name in factors)
    return [
        f"The path of {edge}: ∂{loss}/∂{edge} = {product}",
        *(f"  {name} = {_plain(value)}" for name, value in factors.items()),
        f"  product = {_plain(numbers['d' + edge])}",
    ]


def _signed(value):
    return f"({value:.1f})" if value < 0 else f"{value:.1f}"


def _plain(value):
    return f"{value + 0.0:.4f}"  # no sign on a zero


def _weight(name, label, default):
    return Slider(name, label, -2.0, 2.0, 0.1, default)


tiny_network = Demo(
    name="tiny-network",
    title="One hidden unit, forward and backward",
    note="Move x1 below −0.2: the hidden unit switches off and every gradient is zero. Do the "
    "same with a sigmoid. Choose an edge, or click its numbers, to read its chain rule.",
    controls=(
        _weight("x1", "x1", 1.0),
        _weight("x2", "x2", -0.5),
        _weight("w11", "w11 (x1 to hidden)", 0.8),
        _weight("w21", "w21 (x2 to hidden)", -0.4),
        _weight("w_out", "w_out (hidden to output)", 0.5),
        _weight("target", "target", 1.0),
        Choice("hidden", "hidden activation", HIDDEN, "relu"),
        Choice("edge", "chain rule of the edge", ("none", *EDGES), "none"),
        Switch("gradients", "show gradients", True),
    ),
    render=render,
)
