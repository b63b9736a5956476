"""The smallest network with something hidden: two inputs, one ReLU unit, one linear output."""

import numpy as np

from .. import network
from ..show.diagram import network_diagram
from .demo import Demo, Slider, Switch, View


def render(x1, x2, w11, w21, w_out, target, gradients):
    """The network's numbers for one state; w21 is the weight from x2, W[1]_1,2 of the book."""
    net = network.Network(
        [None, [[w11, w21]], [[w_out]]],
        [None, [[0.0]], [[0.0]]],
        ["relu", "identity"],
        "half_squared_error",
    )
    y = np.array([[target]])
    fwd = network.forward(net, [[x1], [x2]])
    grads = network.backward(net, fwd, y)
    z, h, a = fwd.z[1][0, 0], fwd.a[1][0, 0], fwd.a[2][0, 0]
    lines = [
        f"z = {w11:.1f}·{_signed(x1)} + {_signed(w21)}·{_signed(x2)} = {z:.4f}",
        f"h = relu({z:.4f}) = {h:.4f}",
        f"ŷ = {w_out:.1f}·{h:.4f} = {a:.4f}",
        f"ℓ = ½·({a:.4f} - {_signed(target)})² = {network.cost(net, fwd, y):.4f}",
    ]
    if gradients:
        d2, d1, dW1 = grads.delta[2][0, 0], grads.delta[1][0, 0], grads.W[1][0]
        slope = net.sigma[1].derivative(fwd.z[1])[0, 0]
        lines += [
            f"δ_out = {a:.4f} - {_signed(target)} = {_plain(d2)}",
            f"∂ℓ/∂w_out = δ_out·h = {_plain(grads.W[2][0, 0])}",
            f"δ_h = {w_out:.1f}·δ_out·relu'(z) = {_plain(d1)}  (relu'(z) = {slope:.0f})",
            f"∂ℓ/∂w11 = δ_h·x1 = {_plain(dW1[0])}",
            f"∂ℓ/∂w21 = δ_h·x2 = {_plain(dW1[1])}",
        ]
    if z <= 0:
        lines.append(
            "The hidden unit is inactive for this input: z ≤ 0, so h = 0 and relu'(z) = 0. "
            "No gradient reaches w11, w21 or w_out; no small change of them changes the loss."
            if z < 0
            else "The hidden unit sits at its kink: z = 0. By convention relu'(0) = 0, so no gradient "
            "reaches w11, w21 or w_out."
        )
    picture = network_diagram(net, fwd, y, grads if gradients else None)
    return View(picture, "\n".join(lines))


def _signed(value):
    return f"({value:.1f})" if value < 0 else f"{value:.1f}"


def _plain(value):
    return f"{value + 0.0:.4f}"  # no sign on a zero


def _weight(name, label, default):
    return Slider(name, label, -2.0, 2.0, 0.1, default)


tiny_network = Demo(
    name="tiny-network",
    title="One hidden ReLU unit, forward and backward",
    controls=(
        _weight("x1", "x1", 1.0),
        _weight("x2", "x2", -0.5),
        _weight("w11", "w11 (x1 to hidden)", 0.8),
        _weight("w21", "w21 (x2 to hidden)", -0.4),
        _weight("w_out", "w_out (hidden to output)", 0.5),
        _weight("target", "target y", 1.0),
        Switch("gradients", "show gradients", True),
    ),
    render=render,
)
