"""The book's demos. A demo is data: controls, and a view that turns their state into a picture.

    >>> from backprop import demos
    >>> demos.tiny_network            # in a notebook: shown with its controls
    >>> demos.tiny_network.view(x1=2.0).text

No numerics and no drawing here: a view asks the core for numbers and `backprop.show` for an SVG.
"""

from ..live.page import Desk
from .activations import activations
from .chain_rule import chain_rule
from .clinic import clinic
from .clipping import clipping
from .flow import flow
from .gradcheck import gradcheck
from .graph import graph
from .playground import playground
from .stepper import stepper
from .tiny_network import tiny_network

# Every demo by its name, in the order of the chapters.
ALL = {
    demo.name: demo
    for demo in (
        chain_rule,
        graph,
        stepper,
        tiny_network,
        gradcheck,
        clinic,
        activations,
        flow,
        clipping,
        playground,
    )
}

__all__ = ["ALL", "desk", "named", *(name.replace("-", "_") for name in ALL)]


def named(name):
    """The `Demo` of that name.

    Raises:
        ValueError: for a name that no demo has.
    """
    if name not in ALL:
        raise ValueError(f"demo: expected one of {', '.join(ALL)}, got {name!r}")
    return ALL[name]


def desk():
    """A `Desk` with the book's demos, for one page."""
    return Desk(named)
