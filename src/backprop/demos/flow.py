"""A laboratory of gradient flow: real backward sweeps through deep random networks."""

from .. import initialise
from ..flow import ACTIVATIONS, stacked_ensemble, theory
from ..live.controls import Choice, Slider, Switch, View
from ..live.demo import Demo
from ..show.flow_lab import error_signals

SEEDS, FEWER, UNITS = range(11), range(7), 400  # so few that a slider redraws at once, in a browser too


def render(letters, activation, init, depth, width, scale, skip, norm):
    """Error signals of every layer over the seeds, and the theory where there is one."""
    depth, width = int(depth), int(width)
    sizes = [width] * (depth + 1) + [1]
    seeds = SEEDS if depth * width <= UNITS else FEWER
    found = stacked_ensemble(sizes, activation, init, seeds, scale, skip, norm)
    quantiles = found.quantiles((0.0, 0.25, 0.5, 0.75, 1.0))
    expected = None if skip else theory(sizes, activation, init, scale, norm).delta
    error, last = letters.err, len(sizes) - 1
    lines = [
        f"{depth} hidden layers of {width} units, {activation}, {init}, weights times {scale:g}"
        + (", skip connections" if skip else "")
        + (", layer normalisation" if norm else "")
        + f"; {len(seeds)} seeds, a real backward sweep each.",
        f"Size of {error('l')} relative to {error(last)}, the output's:",
        "layer    lowest    median   highest" + ("    theory" if expected is not None else ""),
    ]
    numbers = {}
    for l in range(1, last + 1):
        row = quantiles[[0, 2, 4], l - 1]
        predicted = [] if expected is None else [expected[l - 1]]
        lines.append(f"{l:5d}" + "".join(f"{v:10.2e}" for v in (*row, *predicted)))
        numbers[f"median {l}"] = float(row[1])
        if expected is not None:
            numbers[f"theory {l}"] = float(expected[l - 1])
    zero = int((found.delta[:, 0] == 0).sum())
    if zero:
        lines.append(f"In {zero} of {len(seeds)} networks a whole layer is off: nothing gets through.")
    if expected is None:
        lines.append("With skip connections there is no theory here.")
    return View(error_signals(quantiles, expected), "\n".join(lines), numbers)


flow = Demo(
    name="flow",
    title="Gradient flow in deep networks",
    note="Take relu with glorot, then with he. Take sigmoid, and try to save it by the scale of the "
    "weights: at this depth none does. Then switch on skip connections, normalisation, or both.",
    controls=(
        Choice("activation", "activation", ACTIVATIONS, "sigmoid"),
        Choice("init", "initialisation", tuple(initialise.VARIANCE), "glorot"),
        Slider("depth", "hidden layers", 1, 20, 1, 10),
        Slider("width", "units in a layer", 2, 32, 1, 16),
        Slider("scale", "weights times", 0.5, 3.0, 0.1, 1.0),
        Switch("skip", "skip connections", False),
        Switch("norm", "layer normalisation", False),
    ),
    render=render,
)
