"""A step in x passes through two functions; the chain rule predicts where it arrives."""

from ..chain_rule import FUNCTIONS, increments
from ..live.controls import Choice, Slider, View
from ..live.demo import Demo
from ..show.chain_rule import steps


def render(letters, inner, outer, x, dx):
    """Δx → Δu → Δy, true and predicted, and how the error shrinks with Δx."""
    n = increments(outer, inner, x, dx)
    smaller = [increments(outer, inner, x, dx / 10**k) for k in range(4)]
    u_form, y_form = FUNCTIONS[inner][2].format("x"), FUNCTIONS[outer][2].format("u")
    lines = [
        f"u = {u_form} = {n['u']:.6f}    y = {y_form} = {n['y']:.6f}",
        f"du/dx = {n['slope_inner']:.6f}    dy/du = {n['slope_outer']:.6f}"
        f"    dy/dx = product = {n['slope']:.6f}",
        f"Δx = {dx:.2f}",
        f"Δu = {n['du']:.6f}    predicted du/dx·Δx = {n['du_linear']:.6f}",
        f"Δy = {n['dy']:.6f}    predicted dy/dx·Δx = {n['dy_linear']:.6f}",
        f"error = {n['remainder']:.6f}",
    ]
    if dx:
        lines += ["", "      Δx           error        error/Δx"]
        for k, m in enumerate(smaller):
            step = dx / 10**k
            lines.append(f"{step:10.5f}  {_plain(m['remainder']):>14}  {_plain(m['remainder'] / step):>12}")
        first, second = abs(n["remainder"]), abs(smaller[1]["remainder"])
        lines.append(
            f"A tenth of the step leaves {second / first:.4f} of the error."
            if first > 1e-12
            else "No error beyond rounding: what this step passes through is a straight line."
        )
    else:
        lines.append("No step, no increments: choose Δx ≠ 0.")
    return View(steps(x, dx, n), "\n".join(lines), n)


def _plain(value):
    return f"{round(value, 8) + 0.0:.8f}"  # no sign on a zero


chain_rule = Demo(
    name="chain-rule",
    title="A step passes through two functions",
    note="Halve Δx and watch the error fall to about a quarter. Choose square inside and x = 0: du/dx = 0, "
    "so the prediction is 0, and yet Δy is not.",
    controls=(
        Choice("inner", "inner function u", tuple(FUNCTIONS), "square"),
        Choice("outer", "outer function y", tuple(FUNCTIONS), "sin"),
        Slider("x", "x", -1.5, 1.5, 0.05, 1.0),
        Slider("dx", "step Δx", -0.5, 0.5, 0.01, 0.2),
    ),
    render=render,
)
