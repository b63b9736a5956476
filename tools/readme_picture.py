"""Draw the README's picture, _static/network.svg, from the numbers of chapter 5."""

from pathlib import Path

import numpy as np

import backprop as bp
from backprop import show

TARGET = Path(__file__).resolve().parent.parent / "_static" / "network.svg"


def picture():
    """The worked example's network as an SVG file that stands alone, on white."""
    net = bp.Network(
        [None, [[0.15, 0.20], [0.25, 0.30], [0.35, 0.40]], [[0.40, 0.45, 0.50]]],
        [None, [[0.35]] * 3, [[0.60]]],
        ["sigmoid", "sigmoid"],
        "half_squared_error",
    )
    x, y = np.array([[0.05], [0.10]]), np.array([[0.01]])
    fwd = bp.forward(net, x)
    svg = str(show.network_diagram(net, fwd, y, bp.backward(net, fwd, y)))
    return svg.replace("<svg ", '<svg style="background:#fff;color:#222;font-family:sans-serif" ', 1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
