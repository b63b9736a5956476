"""Backpropagation: derived, computed, checked.

The package behind the book. `forward` and `backward` in `backprop.network` are the whole
algorithm; everything else checks it, shows it or measures it.
"""

from . import activations, gradcheck, losses
from .explain import code_of, explain
from .gradcheck import GradientError, check_gradients
from .network import Forward, Gradients, Network, backward, cost, forward, value_and_grad
from .workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "Forward",
    "GradientError",
    "Gradients",
    "Network",
    "Workspace",
    "activations",
    "backward",
    "check_gradients",
    "code_of",
    "cost",
    "explain",
    "forward",
    "gradcheck",
    "losses",
    "value_and_grad",
]
