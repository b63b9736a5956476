"""Matplotlib's backend on a page: figures are drawn by Agg and shown by `cells.show`."""

from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

from .cells import show

__all__ = ["FigureCanvas", "show"]
