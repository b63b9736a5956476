"""How things look: SVG views (`svg`, `diagram`, `timeline`) and matplotlib figures (`figures`).

No numerics here: every number that is shown comes from the core.
"""

from . import chain_rule
from .cost import checkpoint_memory, growth, segment_choice, time_ratio
from .diagram import network_diagram
from .figures import loss_curve
from .graph import graph_svg, learning_loop
from .speed import RUNGS, ladder, scaling, speed
from .symbols import network_graph, symbol_diagram
from .timeline import timeline

__all__ = [
    "RUNGS",
    "chain_rule",
    "checkpoint_memory",
    "graph_svg",
    "growth",
    "ladder",
    "learning_loop",
    "loss_curve",
    "network_diagram",
    "network_graph",
    "scaling",
    "segment_choice",
    "speed",
    "symbol_diagram",
    "time_ratio",
    "timeline",
]
