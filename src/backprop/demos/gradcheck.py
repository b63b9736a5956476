"""The gradient-check laboratory: the error against the step, and programs with bugs of the clinic."""

from functools import cache

import numpy as np

from .. import clinic, network
from ..gradcheck import TOLERANCE, rounding_noise, step_errors
from ..live.controls import Choice, Slider, Switch, View
from ..live.demo import Demo
from ..show.gradcheck import error_curves

POWERS = np.arange(-30, 0) / 2  # of the steps: 1e-15 to 3e-1
ARRAYS = (("W", 1), ("b", 1), ("W", 2), ("b", 2))
PROGRAMS = {  # name: the bug of the clinic in it, or None for the right program
    "right": None,
    "A": "averaging-twice",
    "B": "missing-slope",
    "C": "slope-of-a",
    "D": "output-layer-left-out",
    "E": "bias-not-averaged",
}


def case():
    """The network of the laboratory, inputs and labels: no two sizes are equal, nothing is 0."""
    rng = np.random.default_rng(51)
    net = network.Network.random([3, 2, 1], "tanh", "sigmoid", "half_squared_error", "glorot", seed=rng)
    for l in (1, 2):
        net.b[l] += rng.normal(scale=0.5, size=net.b[l].shape)
    return net, rng.normal(size=(3, 4)), rng.uniform(size=(1, 4))


@cache
def measured(program, precision, entry=None):
    """The errors of every scheme for every step, as tuples."""
    net, X, Y = case()
    bug = PROGRAMS[program]
    wrong = clinic.get(bug).gradients(net, X, Y) if bug else None
    errors = step_errors(net, X, Y, 10.0**POWERS, precision, entry, wrong)
    return {name: tuple(values.tolist()) for name, values in errors.items()}


@cache
def noise(precision, entry=None):
    """How far rounding may move the errors, for every step."""
    bounds = rounding_noise(*case(), 10.0**POWERS, precision, entry)
    return {name: tuple(values.tolist()) for name, values in bounds.items()}


def render(letters, program, power, precision, reveal):
    """The three curves of a program, and what the chosen step says about each array."""
    at = int(np.argmin(abs(POWERS - power)))
    errors = measured(program, precision)
    lines = [f"Program {program}, {precision}, h = {10.0 ** POWERS[at]:.0e}"]
    lines += [f"  {name:12s} error {values[at]:.1e}" for name, values in errors.items()]
    lines.append("Central difference, array by array:")
    numbers = {name: values[at] for name, values in errors.items()}
    unsure = {name: noise(precision)[name][at] for name in numbers}
    bar = TOLERANCE
    for array, l in ARRAYS:
        error = measured(program, precision, (array, l))["central"][at]
        name = (letters.weight if array == "W" else letters.bias)(l)
        numbers[f"{array}[{l}]"] = error
        unsure[f"{array}[{l}]"] = noise(precision, (array, l))["central"][at]
        lines.append(f"  {name:8s} {error:.1e}  {'passes' if error <= bar else 'fails'} at {bar:.0e}")
    if reveal:
        bug = PROGRAMS[program] and clinic.get(PROGRAMS[program])
        told = [f'Its mistake is "{bug.name}" of the bug clinic.', *str(bug).splitlines()] if bug else []
        lines += told or ["There is no mistake in this program."]
    return View(error_curves(10.0**POWERS, errors, at), "\n".join(lines), numbers, unsure)


gradcheck = Demo(
    name="gradcheck",
    title="A laboratory for gradient checks",
    note="Find the best step of each curve, in both precisions. Then check the programs A to E: which "
    "arrays are wrong, by how much, and what is the mistake?",
    controls=(
        Choice("program", "program", tuple(PROGRAMS), "right"),
        Slider("power", "step: power of ten", -15.0, -0.5, 0.5, -4.0),
        Choice("precision", "precision", ("float64", "float32"), "float64"),
        Switch("reveal", "tell the mistake", False),
    ),
    render=render,
)
