"""Two activations side by side, each with its slope."""

import numpy as np

from .. import activations as functions
from .. import flow
from ..live.controls import Choice, Slider, View
from ..live.demo import Demo
from ..show.flow_lab import activations as draw

GRID = np.linspace(-4, 4, 161)


def render(letters, first, second, z):
    """Value and slope at z, range, and where the slope is largest, of two activations."""
    table = {row.name: row for row in flow.slopes()}
    panels, lines, numbers = [], [], {}
    for name in dict.fromkeys((first, second)):  # the same one twice is shown once
        sigma, row = functions.get(name), table[name]
        here = np.array([z])
        value, slope = float(sigma.value(here)[0]), float(sigma.derivative(here)[0])
        panels.append((name, GRID, sigma.value(GRID), sigma.derivative(GRID), value, slope))
        lines += [
            f"{name}: {row.formula}; derivative {row.derivative}",
            f"  at z = {z:.2f}: value {value + 0.0:.6f}, slope {slope + 0.0:.6f}",
            f"  range {_interval(row.range)}; largest slope {row.steepest:.6f}, at {row.where}",
            f"  ten such slopes in a row: {slope**10:.4e}",
        ]
        numbers |= {f"value {name}": value, f"slope {name}": slope, f"largest slope {name}": row.steepest}
    lines.append("s is the sigmoid; Phi and phi are distribution function and density of a normal variable.")
    return View(draw(panels, z), "\n".join(lines), numbers)


def _interval(bounds):
    low, high = (f"{v:.4g}".replace("-", "−").replace("inf", "∞") for v in bounds)
    return f"{low} to {high}"


activations = Demo(
    name="activations",
    title="Activations and their slopes",
    note="Move z away from 0 and watch the slopes of sigmoid and tanh vanish. Then look for an activation "
    "with a slope above 1.",
    controls=(
        Choice("first", "first activation", flow.ACTIVATIONS, "sigmoid"),
        Choice("second", "second activation", flow.ACTIVATIONS, "tanh"),
        Slider("z", "z", -4.0, 4.0, 0.05, 1.0),
    ),
    render=render,
)
