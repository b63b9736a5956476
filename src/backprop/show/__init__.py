"""How things look: SVG views (`svg`, `diagram`) and matplotlib figures (`figures`).

No numerics here: every number that is shown comes from the core.
"""

from .diagram import network_diagram
from .figures import loss_curve
from .speed import scaling, speed

__all__ = ["loss_curve", "network_diagram", "scaling", "speed"]
