"""How things look: SVG views (`svg`, `diagram`, `timeline`) and matplotlib figures (`figures`).

No numerics here: every number that is shown comes from the core.
"""

from . import chain_rule, clinic, training
from .cost import checkpoint_memory, growth, segment_choice, time_ratio
from .figures import loss_curve
from .fingerprint import fingerprint
from .flow import activation_slopes, flow_bands, flow_grid, seed_histogram
from .gradcheck import step_errors
from .graph import graph_svg, learning_loop
from .history import timeline
from .network import network_diagram
from .notation import network_graph, symbol_diagram
from .speed import RUNGS, ladder, scaling, speed

__all__ = [
    "RUNGS",
    "activation_slopes",
    "chain_rule",
    "checkpoint_memory",
    "clinic",
    "fingerprint",
    "flow_bands",
    "flow_grid",
    "graph_svg",
    "growth",
    "ladder",
    "learning_loop",
    "loss_curve",
    "network_diagram",
    "network_graph",
    "scaling",
    "seed_histogram",
    "segment_choice",
    "speed",
    "step_errors",
    "symbol_diagram",
    "time_ratio",
    "timeline",
    "training",
]
