"""Any formula as a computation graph with the numbers of both sweeps."""

import re

from ..graph import expression
from ..live.controls import Switch, Text, View
from ..live.demo import Demo
from ..show.graph import graph_svg, mistake


def render(letters, formula, values, gradients):
    """The graph of `formula` at `values`, or what is wrong with them and where."""
    try:
        point = read(values)
    except ValueError as error:
        return _wrong(values, error)
    try:
        # A complaint about a missing or superfluous value belongs to both fields: it stands at the formula.
        found = expression(formula, **point)
        picture = graph_svg(found, gradients=gradients)
    except ValueError as error:
        return _wrong(formula, error)
    trace = found.trace()
    if not gradients:
        trace = "\n".join(line.rsplit(maxsplit=1)[0] for line in trace.splitlines())
    numbers = {f"∂/∂{name}": slope for name, slope in found.grad.items()} if gradients else {}
    return View(picture, f"{found!r}\n\n{trace}", {"value": found.value} | numbers)


def read(values):
    """{name: float} from "x = 2, z = 3".

    Raises:
        ValueError: for anything else; the message names the place.
    """
    point = {}
    for match in re.finditer(r"[^,;]+", values):
        if not match[0].strip():
            continue
        name, sign, number = (part.strip() for part in match[0].partition("="))
        column = match.start() + len(match[0]) - len(match[0].lstrip()) + 1
        if not sign or not name.isidentifier() or name in point:
            raise ValueError(f"at column {column}: expected values such as x = 2, each name once")
        try:
            point[name] = float(number.replace("−", "-"))
        except ValueError:
            raise ValueError(f"at column {column}: {name}: expected a number, got {number!r}") from None
    return point


def _wrong(text, error):
    found = re.search(r"column (\d+)", str(error))
    column = int(found[1]) if found else None
    pointer = "" if column is None else f"\n{' ' * (column - 1)}^"
    return View(mistake(text, str(error), column), f"{text}{pointer}\n{error}", {})


graph = Demo(
    name="graph",
    title="A formula of your own, as a graph",
    note="Write x once more into the formula: its node gets a second arrow, and the adjoints that "
    "arrive add up. Leave out a parenthesis to see what is said.",
    controls=(
        Text("formula", "formula", "exp(x*z) + x*z/ln(x)"),
        Text("values", "values", "x = 2, z = 3"),
        Switch("gradients", "show adjoints", True),
    ),
    render=render,
)
