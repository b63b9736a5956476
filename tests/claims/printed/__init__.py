"""The book's formulas, run as they are printed: TeX from the page, evaluated with arrays.

`tex` reads TeX into trees, `evaluate` gives them values, `page` finds a label's formula in its chapter,
`arrays` names the arrays of a network by the macros of notation.yml.
"""

from .arrays import arrays, profile_arrays
from .page import pinned, printed

__all__ = ["arrays", "pinned", "printed", "profile_arrays"]
