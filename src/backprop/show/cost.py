"""Figures of what a gradient costs: growth with the parameters, ratios of times, memory."""

from .figures import BACKWARD, FORWARD, figure, ticks

# Colour is never the only sign: each method has its own marker and line as well.
STYLES = {
    "forward": {"color": FORWARD, "marker": "s", "linestyle": ":"},
    "backpropagation": {"color": BACKWARD, "marker": "o", "linestyle": "-"},
    "forward mode by units": {"color": "#cc79a7", "marker": "v", "linestyle": (0, (5, 1))},
    "forward mode": {"color": "#009e73", "marker": "^", "linestyle": "-."},
    "central differences": {"color": "#7a7a7a", "marker": "D", "linestyle": "--"},
}


def growth(parameters, series, ylabel, sampled=()):
    """Cost against the number of parameters on logarithmic axes.

    Args:
        parameters: the numbers of parameters.
        series: {name: (values, slope)} for names in `STYLES`; the slope goes into the legend.
        ylabel: what the values are.
        sampled: for each number of parameters, whether the slow methods were timed on a sample;
            these points are hollow. Nothing for none.
    """
    with figure(height=4.2) as (_, axes):
        for name, (values, slope) in series.items():
            style = STYLES[name]
            axes.loglog(parameters, values, label=f"{name}, slope {slope:.2f}", markersize=6, **style)
            if name not in ("forward", "backpropagation"):
                hollow = [(p, v) for p, v, s in zip(parameters, values, sampled, strict=False) if s]
                for p, v in hollow:
                    axes.plot(p, v, style["marker"], color=style["color"], markerfacecolor="w", zorder=3)
        axes.set(xlabel="parameters", ylabel=ylabel)
        axes.legend(fontsize=9)


def time_ratio(widths, ratios, theory):
    """Time of a whole gradient over that of a forward sweep, and what the products alone predict.

    Args:
        widths: of the layers.
        ratios: {"default": [(low, middle, high), ...], "kept": [...]}, for each width; bars low to high.
        theory: the ratio of the multiply-adds.
    """
    styles = {"default": ("D--", "#7a7a7a", "by default"), "kept": ("o-", BACKWARD, "memory kept")}
    with figure() as (_, axes):
        for setting, spreads in ratios.items():
            line, colour, label = styles[setting]
            low, middle, high = zip(*spreads, strict=True)
            bars = [
                [m - v for m, v in zip(middle, low, strict=True)],
                [v - m for m, v in zip(middle, high, strict=True)],
            ]
            axes.errorbar(widths, middle, yerr=bars, fmt=line, color=colour, capsize=2, label=label)
        axes.axhline(theory, color=FORWARD, linestyle=":", label=f"multiply-adds: {theory:.2f}")
        axes.set(xlabel="width of the layers", ylabel="gradient / forward", ylim=(0, None))
        ticks(axes.xaxis, widths)
        axes.legend(fontsize=9, loc="lower right")


def checkpoint_memory(depths, peaks, recomputed, bound):
    """Arrays stored and layers computed anew, against the depth; `bound` is a curve (depth, value)."""
    with figure() as (_, axes):
        axes.plot(depths, depths, ":", color="#7a7a7a", label="stored without checkpoints")
        axes.plot(depths, recomputed, "^-.", color=BACKWARD, label="layers computed again")
        axes.plot(depths, peaks, "o", color=FORWARD, label="stored with checkpoints")
        axes.plot(*bound, "--", color=FORWARD, linewidth=1, label="$2\\sqrt{L} - 1$")
        axes.set(xlabel="layers", ylabel="arrays or layers", xlim=(0, None), ylim=(0, None))
        axes.legend(fontsize=9)


def segment_choice(lengths, peaks, recomputed):
    """Arrays stored and layers computed anew, against the length of the segments."""
    with figure() as (_, axes):
        axes.semilogx(lengths, peaks, "o-", base=2, color=FORWARD, label="arrays stored at most")
        axes.semilogx(lengths, recomputed, "^-.", base=2, color=BACKWARD, label="layers computed again")
        axes.set(xlabel="layers in a segment", ylabel="arrays or layers", ylim=(0, None))
        ticks(axes.xaxis, lengths)
        axes.legend(fontsize=9)
