"""Figures of gradient flow: activations and their slopes, bands over seeds, a grid of networks."""

from .figures import BACKWARD, FORWARD, bars, figure, ticks

THEORY = "#333333"
# Colour is never the only sign: each initialisation has its own marker and line as well.
INITS = {
    "lecun": {"color": FORWARD, "marker": "s", "linestyle": ":"},
    "glorot": {"color": "#009e73", "marker": "^", "linestyle": "-."},
    "he": {"color": BACKWARD, "marker": "o", "linestyle": "-"},
}


def _panels(axes, number):
    """The axes of a grid as a list; those that are left over are taken away."""
    every = list(getattr(axes, "flat", [axes]))
    for spare in every[number:]:
        spare.remove()
    return every[:number]


def activation_slopes(z, rows):
    """A panel for each activation: its value, solid, and its derivative, dashed.

    Args:
        z: pre-activations, (n,).
        rows: {name: (values, slopes)}, each (n,).
    """
    columns = 3
    lines = -(-len(rows) // columns)
    with figure(6, 1.9 * lines, nrows=lines, ncols=columns, sharex=True, sharey=True) as (fig, axes):
        for panel, (name, (values, slopes)) in zip(_panels(axes, len(rows)), rows.items(), strict=True):
            (value,) = panel.plot(z, values, color=FORWARD)
            (slope,) = panel.plot(z, slopes, "--", color=BACKWARD)
            panel.set_title(name, fontsize=10)
            panel.set(ylim=(-1.3, 2.2))
        fig.legend([value, slope], ["value", "derivative"], loc="outside lower center", ncols=2, fontsize=9)


def flow_bands(panels, ylabel="error signal / output error", share="row"):
    """Norms against the layer: the median, bands of 50 % and 90 % of the seeds, the theory.

    Args:
        panels: {title: (quantiles, theory)}; quantiles (5, L) as `flow.Ensemble.quantiles` gives
            them, theory (L,) or None.
        ylabel: what the norms are.
        share: which panels have one scale: "row", or True for all.
    """
    columns = 2 if len(panels) > 1 else 1
    lines = -(-len(panels) // columns)
    with figure(6, 2.4 * lines, nrows=lines, ncols=columns, sharey=share, squeeze=False) as (fig, axes):
        for panel, (title, (quantiles, theory)) in zip(
            _panels(axes, len(panels)), panels.items(), strict=True
        ):
            layers = range(1, len(quantiles[2]) + 1)
            panel.fill_between(layers, quantiles[0], quantiles[4], color=BACKWARD, alpha=0.18, linewidth=0)
            panel.fill_between(layers, quantiles[1], quantiles[3], color=BACKWARD, alpha=0.3, linewidth=0)
            panel.semilogy(layers, quantiles[2], "o-", color=BACKWARD, markersize=3, label="median")
            if theory is not None:
                panel.semilogy(layers, theory, "--", color=THEORY, label="theory (rms)")
            panel.set_title(title, fontsize=10)
            panel.set(xlabel="layer")
        handles = {
            label: handle
            for panel in fig.axes
            for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
        }
        fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2, fontsize=9)
        fig.supylabel(ylabel, fontsize=11)


def flow_grid(rows, depths, activations, width):
    """The first layer's error over the output's, against the depth: a panel for each activation.

    Args:
        rows: those of `flow.measurements`.
        depths, activations: which to draw, in this order.
        width: of the hidden layers.
    """
    columns = 2
    lines = -(-len(activations) // columns)
    with figure(6, 2.4 * lines, nrows=lines, ncols=columns, sharex=True, squeeze=False) as (fig, axes):
        for panel, activation in zip(_panels(axes, len(activations)), activations, strict=True):
            for shift, (init, style) in enumerate(INITS.items()):
                found = [
                    next(
                        row
                        for row in rows
                        if (row["activation"], row["init"], row["depth"], row["width"])
                        == (activation, init, depth, width)
                    )
                    for depth in depths
                ]
                # Initialisations that agree would hide each other: they stand side by side.
                at = [depth * (1 + 0.06 * (shift - 1)) for depth in depths]
                low, middle, high = ([row["quantiles"][i] for row in found] for i in (0, 2, 4))
                look = {"capsize": 2, "markersize": 5, "linewidth": 1.5, "label": init, **style}
                panel.errorbar(at, middle, yerr=bars(low, middle, high), **look)
                panel.plot(at, [row["theory"] for row in found], "_", color=THEORY, markersize=12)
            panel.set(xscale="log", yscale="log", xlabel="hidden layers")
            panel.set_title(activation, fontsize=10)
            ticks(panel.xaxis, depths)
        handles, labels = fig.axes[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9)
        fig.supylabel("error signal, layer 1 / output", fontsize=11)


def seed_histogram(values, edges, marked, xlabel):
    """How often a value occurs over seeds, on a logarithmic axis, with one seed's value marked.

    Args:
        values: a positive number for each seed.
        edges: edges of the bins, increasing, > 0.
        marked: (label, value) of the seed to mark.
        xlabel: what the values are.
    """
    with figure() as (_, axes):
        axes.hist(values, bins=edges, color=BACKWARD, alpha=0.6)
        axes.axvline(marked[1], color=FORWARD, linestyle="--", label=marked[0])
        axes.set(xscale="log", xlabel=xlabel, ylabel="seeds")
        axes.legend(fontsize=9)
