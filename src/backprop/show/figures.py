"""Matplotlib figures. Each draws what it is given and returns None, so that a cell prints nothing."""

import contextlib

FORWARD = "#0072b2"
BACKWARD = "#d55e00"


@contextlib.contextmanager
def figure(width=6.4, height=3.4, **grid):
    """An empty figure and axes in the book's style; shown when the block ends.

    `grid` goes to `plt.subplots`, for more than one panel: nrows, ncols, sharex, sharey.
    """
    import matplotlib.pyplot as plt  # here: matplotlib takes longer to import than all else

    style = {
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.size": 11,
        "grid.alpha": 0.3,
        "lines.linewidth": 2,
    }
    with plt.rc_context(style):
        fig, axes = plt.subplots(figsize=(width, height), layout="constrained", **grid)
        yield fig, axes
        plt.show()


def ticks(axis, values):
    """Ticks at these values only; `axis` is `axes.xaxis` or `axes.yaxis`."""
    axis.set_ticks(values, [f"{value:g}" for value in values])
    axis.axes.minorticks_off()


def bars(low, middle, high):
    """The error bars from quantiles, as matplotlib wants them: below and above the middle."""
    pairs = zip(low, middle, high, strict=True)
    return list(zip(*((m - a, b - m) for a, m, b in pairs), strict=True))


def loss_curve(steps, losses, marked=()):
    """The loss against the number of steps; `marked` steps carry a dot and their value."""
    with figure() as (_, axes):
        axes.plot(steps, losses, color=FORWARD)
        for step in marked:
            value = losses[list(steps).index(step)]
            axes.plot(step, value, "o", color=FORWARD)
            axes.annotate(f"{step}: {value:.4f}", (step, value), xytext=(6, 6), textcoords="offset points")
        axes.set(xlabel="steps of gradient descent", ylabel="loss", ylim=(0, None))
