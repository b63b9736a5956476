"""A network with a bug in its program: the fingerprint, and the networks on which it hides."""

from textwrap import wrap

from .. import clinic, network
from ..show.fingerprint import fingerprint, stopped
from .demo import Choice, Demo, Slider, View

# Bugs that change a gradient; the others have nothing to show here.
NAMES = tuple(name for name, bug in clinic.BUGS.items() if bug.wrong_gradient)


def render(letters, bug, hidden, layers, outputs, N):
    """The diagnosis of one bug on a network with 2 inputs and hidden layers of 4 units."""
    sick = clinic.get(bug)
    changes = {"sizes": (2, *[4] * int(layers), int(outputs)), "hidden": hidden, "N": int(N)}
    net, X, Y = clinic.patient(**(sick.setting | changes))
    cost = float(network.cost(net, network.forward(net, X), Y))
    lines = [f"{sick.title}.", *str(sick).splitlines(), ""]
    try:
        found = sick.examine(**changes)
    except ValueError as error:
        lines += [*wrap(f"ValueError: {error}", 60), "", *wrap(f"Mend: {sick.mend}.", 60)]
        return View(stopped(), "\n".join(lines), {"wrong arrays": 2 * net.L, letters.cost: cost})
    lines += str(found).splitlines()
    if "l2" in sick.arguments:
        lines += wrap("The right term λW is taken off before the comparison.", 60)
    lines += ["", *wrap(f"Missed by: {sick.missed}.", 60)]
    lines += wrap(f"Mend: {sick.mend}.", 60)
    if found.right:
        lines.append("On this network and this batch the check passes: the bug hides.")
    wrong = sum(row.wrong for row in found.rows)
    return View(fingerprint(found), "\n".join(lines), {"wrong arrays": wrong, letters.cost: cost})


bug_clinic = Demo(
    name="bug-clinic",
    title="The fingerprint of a bug",
    note="Each cell is one gradient: the wrong one divided by the true one. Choose a bug, then try to hide "
    "it: with one example, one output, another activation, fewer layers.",
    controls=(
        Choice("bug", "bug", NAMES, "missing-slope"),
        Choice("hidden", "hidden activation", ("tanh", "sigmoid", "relu", "identity"), "tanh"),
        Slider("layers", "hidden layers", 0, 2, 1, 2),
        Slider("outputs", "outputs", 1, 4, 1, 3),
        Slider("N", "examples", 1, 8, 1, 8),
    ),
    render=render,
)
