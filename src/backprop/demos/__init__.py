"""The book's demos. A demo is data: controls, and a view that turns their state into a picture.

    >>> from backprop import demos
    >>> demos.tiny_network            # in a notebook: shown with its controls
    >>> demos.tiny_network.view(x1=2.0).text

No numerics and no drawing here: a view asks the core for numbers and `backprop.show` for an SVG.
"""

from .activations import activations
from .bug_clinic import bug_clinic
from .chain_rule import chain_rule
from .clipping import clipping
from .demo import Button, Choice, Demo, Slider, Switch, Text, View
from .expression_graph import expression_graph
from .gradient_check import gradient_check
from .gradient_flow import gradient_flow
from .playground import playground
from .stepper import stepper
from .tiny_network import tiny_network

# Every demo by its name, in the order of the chapters.
ALL = {
    demo.name: demo
    for demo in (
        chain_rule,
        expression_graph,
        stepper,
        tiny_network,
        gradient_check,
        bug_clinic,
        activations,
        gradient_flow,
        clipping,
        playground,
    )
}

__all__ = ["ALL", "Button", "Choice", "Demo", "Slider", "Switch", "Text", "View", "named"]
__all__ += [name.replace("-", "_") for name in ALL]


def named(name):
    """The `Demo` of that name.

    Raises:
        ValueError: for a name that no demo has.
    """
    if name not in ALL:
        raise ValueError(f"demo: expected one of {', '.join(ALL)}, got {name!r}")
    return ALL[name]
