"""How things look: SVG views (`svg`, `diagram`) and matplotlib figures (`figures`).

No numerics here: every number that is shown comes from the core.
"""

from .cost import checkpoint_memory, growth, segment_choice, time_ratio
from .diagram import network_diagram
from .figures import loss_curve

__all__ = [
    "checkpoint_memory",
    "growth",
    "loss_curve",
    "network_diagram",
    "segment_choice",
    "time_ratio",
]
