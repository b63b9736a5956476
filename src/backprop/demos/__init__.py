"""The book's demos. A demo is data: controls, and a view that turns their state into a picture.

    >>> from backprop import demos
    >>> demos.tiny_network            # in a notebook: shown with its controls
    >>> demos.tiny_network.view(x1=2.0).text

No numerics and no drawing here: a view asks the core for numbers and `backprop.show` for an SVG.
"""

from .demo import Demo, Slider, Switch, View
from .tiny_network import tiny_network

__all__ = ["Demo", "Slider", "Switch", "View", "tiny_network"]
