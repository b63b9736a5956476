"""How things look: SVG views (`svg`, `diagram`) and matplotlib figures (`figures`).

No numerics here: every number that is shown comes from the core.
"""

from . import chain_rule
from .diagram import network_diagram
from .figures import loss_curve
from .symbols import network_graph, symbol_diagram

__all__ = ["chain_rule", "loss_curve", "network_diagram", "network_graph", "symbol_diagram"]
