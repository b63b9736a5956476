"""Gradient descent in a narrow valley that ends at a cliff, with clipped gradients and without."""

import numpy as np

from ..clipping import FARTHEST, descend, level
from ..live.controls import Slider, View
from ..live.demo import Demo
from ..show.clipping import U, valley

HEIGHTS = (0.0, 0.005, 0.05, 0.2, 1.0, 5.0)


def render(letters, depth, u, v, eta, threshold, length):
    """Both paths from (u, v), and how large the gradient became on the way."""
    depth, steps = int(depth), int(length)
    plain = descend((u, v), depth, eta, steps)
    clipped = descend((u, v), depth, eta, steps, threshold)
    grid = np.linspace(0.3, U[1], 60)
    levels = [
        (height, [list(zip(grid, curve, strict=True)) for curve in level(height, depth, grid)])
        for height in HEIGHTS
    ]
    paths = {"without clipping": plain, "with clipping": clipped}
    picture = valley(levels, {name: (path.points.tolist(), path.lost) for name, path in paths.items()})
    lines = [
        f"{letters.cost}(u, v) = ½·(u^{depth}·v − 1)²: {depth} layers share the weight u, the last has v.",
        f"Start at u = {u:.2f}, v = {v:.2f}; step size {letters.step} = {eta:g}.",
    ]
    numbers = {}
    for name, path in paths.items():
        k = int(np.argmax(path.norms))
        numbers |= {f"largest norm {name}": path.norms[k], f"steps {name}": float(len(path.norms))}
        lines.append(f"{name.capitalize()}: largest gradient norm {path.norms[k]:.3g}, before step {k + 1};")
        if path.lost:
            lines.append(f"  lost after step {len(path.norms)}: |u| or |v| is above {FARTHEST:g}.")
        else:
            (end_u, end_v), cost = path.points[-1], path.costs[-1]
            numbers |= {f"u {name}": end_u, f"v {name}": end_v, f"cost {name}": cost}
            lines.append(
                f"  after {len(path.norms)} steps u = {end_u:.4f}, v = {end_v:.4f}, "
                f"{letters.cost} = {cost:.6f}."
            )
    lines.append(f"A gradient longer than {threshold:g} is shortened to {threshold:g}; its direction stays.")
    return View(picture, "\n".join(lines), numbers)


clipping = Demo(
    name="clipping",
    title="Clipping in a narrow valley with a cliff",
    note="Without clipping the first step leaps over the valley to a plain where the gradient is almost "
    "zero. Take the step size to 0.1: now the path is lost. Then find a step size at which both arrive.",
    controls=(
        Slider("depth", "layers that share u", 2, 12, 1, 6),
        Slider("u", "start at u", 0.3, 1.5, 0.05, 1.3),
        Slider("v", "start at v", -0.7, 1.1, 0.1, -0.4),
        Slider("eta", "step size", 0.01, 0.3, 0.01, 0.05),
        Slider("threshold", "clip at the norm", 0.1, 5.0, 0.1, 1.0),
        Slider("length", "steps", 1, 200, 1, 40),
    ),
    render=render,
)
