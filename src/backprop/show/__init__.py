"""How things look: SVG views (`svg`, `diagram`, `timeline`) and matplotlib figures (`figures`).

No numerics here: every number that is shown comes from the core.
"""

from .diagram import network_diagram
from .figures import loss_curve
from .timeline import timeline

__all__ = ["loss_curve", "network_diagram", "timeline"]
