"""What the benchmarks measured, as figures."""

from .figures import BACKWARD, FORWARD, bars, figure, ticks

RUNGS = {"plain": "plain numpy", "buffers": "buffers", "fused": "fused", "fast": "fast path"}
MARKERS = ("o", "s", "^", "D")
STYLE = {  # contender: label, colour, marker
    "fast": ("fast path", BACKWARD, "o"),
    "readable": ("readable core", FORWARD, "s"),
    "torch": ("PyTorch, eager", "#555555", "^"),
    "jax": ("JAX, jit", "#555555", "v"),
    "autograd": ("autograd", "#555555", "D"),
}


def speed(results, dtype="float64", hidden="sigmoid"):
    """Ratios to the bare matrix products: a row a network, a marker a contender, bars for quartiles.

    Args:
        results: what benchmarks/engine.py stored.
        dtype, hidden: the cases to draw.
    """
    cases = [c for c in results["cases"] if (c["dtype"], c["hidden"]) == (dtype, hidden)]
    with figure(6.4, 1.4 + 0.6 * len(cases)) as (_, axes):
        for name, (label, colour, marker) in STYLE.items():
            rows = [(y, c["ratio"][name]) for y, c in enumerate(cases) if name in c["ratio"]]
            if not rows:
                continue
            low, middle, high = zip(*(q for _, q in rows), strict=True)
            axes.errorbar(
                middle,
                [y for y, _ in rows],
                xerr=bars(low, middle, high),
                fmt=marker,
                color=colour,
                label=label,
                capsize=3,
            )
        axes.axvline(1, color="#999999", linestyle="--", linewidth=1)
        axes.set_yticks(range(len(cases)), [c["size"] for c in cases])
        axes.set(
            xscale="log",
            xlabel=f"CPU time, ratio to the bare matrix products ({dtype}, {hidden})",
            ylim=(len(cases) - 0.5, -0.5),
        )
        ticks(axes.xaxis, [1, 1.5, 2, 3, 5, 10, 20, 50, 100, 200])
        axes.legend(fontsize=9)


def ladder(results, dtype="float64", hidden="sigmoid"):
    """Ratios to the bare matrix products, rung by rung from plain numpy to the fast path.

    Args:
        results: what benchmarks/engine.py stored.
        dtype, hidden: the cases to draw, a line a network.
    """
    cases = [c for c in results["cases"] if (c["dtype"], c["hidden"]) == (dtype, hidden)]
    with figure() as (_, axes):
        for i, case in enumerate(cases):
            heights = [case["ratio"][rung][1] for rung in RUNGS]
            colour = (BACKWARD, FORWARD)[i % 2]
            marker, line = MARKERS[i % len(MARKERS)], ("-", "--", "-.", ":")[i % 4]
            axes.plot(
                range(len(RUNGS)), heights, marker=marker, linestyle=line, color=colour, label=case["size"]
            )
        axes.axhline(1, color="#999999", linestyle="--", linewidth=1, label="_floor")
        axes.set_xticks(range(len(RUNGS)), RUNGS.values())
        axes.set(yscale="log", ylabel=f"ratio to the bare products ({dtype}, {hidden})")
        ticks(axes.yaxis, [1, 1.5, 2, 3, 5, 10])
        axes.legend(fontsize=9)


def scaling(results):
    """Time against width, depth and batch on logarithmic axes, with the fitted exponents.

    Args:
        results: what benchmarks/scaling.py stored.
    """
    markers = {"width": ("o", "-", BACKWARD), "depth": ("s", "--", FORWARD), "batch": ("^", ":", "#555555")}
    with figure() as (_, axes):
        for name, found in results["curves"].items():
            marker, line, colour = markers[name]
            label = f"{name}: exponent {found['exponent'][1]:.2f} (theory {found['expected']})"
            axes.plot(
                found["at"],
                [q[1] for q in found["ms"]],
                marker=marker,
                linestyle=line,
                color=colour,
                label=label,
            )
        axes.set(xscale="log", yscale="log", xlabel="width, depth or batch", ylabel="CPU time of a call, ms")
        axes.legend(fontsize=9, loc="lower left")
