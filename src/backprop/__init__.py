"""Backpropagation: derived, computed, checked.

The package behind the book. `forward` and `backward` in `backprop.network` are the whole
algorithm; everything else checks it, shows it or measures it.
"""

from importlib import import_module

from . import activations, losses
from .explain import code_of, explain
from .network import Forward, Gradients, Network, backward, cost, forward, value_and_grad

__version__ = "0.1.0"

__all__ = [
    "Descent",
    "DivergenceError",
    "Forward",
    "GradientError",
    "Gradients",
    "Network",
    "Workspace",
    "accuracy",
    "activations",
    "backward",
    "check_gradients",
    "checkpoint",
    "clinic",
    "clipping",
    "code_of",
    "complexity",
    "control",
    "cost",
    "data",
    "experiments",
    "explain",
    "flow",
    "forward",
    "gradcheck",
    "graph",
    "history",
    "layers",
    "losses",
    "plain",
    "train",
    "value_and_grad",
    "workspace",
]

# Imported when first asked for, so that `import backprop` costs little beside `import numpy`.
_LATER = {
    "Descent": "training",
    "DivergenceError": "training",
    "GradientError": "gradcheck",
    "Workspace": "workspace",
    "accuracy": "training",
    "check_gradients": "gradcheck",
    "train": "training",
} | {
    name: name
    for name in (
        "checkpoint",
        "clinic",
        "clipping",
        "complexity",
        "control",
        "data",
        "experiments",
        "flow",
        "gradcheck",
        "graph",
        "history",
        "layers",
        "plain",
        "workspace",
    )
}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_LATER[name]}", __name__)
    globals()[name] = value = module if name == _LATER[name] else getattr(module, name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
