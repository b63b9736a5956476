"""The bug clinic: learning curves with and without bugs, and which check notices which bug."""

import math

from .figures import BACKWARD, FORWARD, figure

LINES = [  # line style, colour, marker
    ("-", FORWARD, ""),
    ("--", BACKWARD, ""),
    (":", "#555555", "s"),
    ("-.", BACKWARD, "o"),
    ("-", "#555555", "^"),
]


def learning_curves(curves):
    """Costs against steps on a logarithmic axis.

    Args:
        curves: {label: costs}, at most five of them; the first is the right program.

    Raises:
        ValueError: for more than five curves.
    """
    if len(curves) > len(LINES):
        raise ValueError(f"curves: expected at most {len(LINES)}, got {len(curves)}")
    with figure() as (_, axes):
        for (label, costs), (line, colour, marker) in zip(curves.items(), LINES, strict=False):
            steps, every = range(len(costs)), max(1, len(costs) // 10)
            axes.plot(steps, costs, linestyle=line, color=colour, marker=marker, markevery=every, label=label)
        axes.set(xlabel="steps of gradient descent", ylabel="cost", yscale="log")
        ticks = [10.0**k * m for k in range(-3, 3) for m in (1, 2, 5)]
        limits = axes.get_ylim()
        axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
        axes.minorticks_off()
        axes.set_ylim(limits)
        axes.legend(fontsize=9)


def ratios(values):
    """A histogram of ratios on a logarithmic axis, with a line at 1.

    Args:
        values: positive numbers.
    """
    first, last = (math.log(v, 1.15) for v in (min(values), max(values)))
    edges = [1.15**k for k in range(math.floor(first), math.floor(last) + 2)]  # 1 is one of them
    with figure(6.4, 2.6) as (_, axes):
        counts, *_ = axes.hist(values, edges, color=FORWARD, edgecolor="white")
        axes.axvline(1, color=BACKWARD, linestyle="--")
        axes.text(0.97, max(counts), "wrong program lower", color=BACKWARD, ha="right", va="top", fontsize=9)
        axes.set(xscale="log", xlabel="last cost, wrong / right", ylabel="patients")
        ticks = [0.5, 1, 2, 5, 10]
        axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
        axes.minorticks_off()


def caught(bugs, checks, noticed):
    """Which check notices which bug: a filled dot where it does, a cross where it does not.

    Args:
        bugs: names, one a row.
        checks: names, one a column.
        noticed: noticed[i][k] says whether check k notices bug i.
    """
    with figure(6.4, 1.5 + 0.27 * len(bugs)) as (_, axes):
        for verdict, marker, colour, label in (
            (True, "o", FORWARD, "noticed"),
            (False, "x", BACKWARD, "missed"),
        ):
            cells = [(k, i) for i, row in enumerate(noticed) for k, yes in enumerate(row) if yes == verdict]
            across, down = [k for k, _ in cells], [i for _, i in cells]
            axes.plot(across, down, marker, color=colour, label=label, linestyle="none")
        axes.set_yticks(range(len(bugs)), bugs, fontsize=9)
        axes.set_xticks(range(len(checks)), checks, fontsize=9, rotation=30, ha="left")
        axes.xaxis.tick_top()
        axes.set(xlim=(-0.5, len(checks) - 0.5), ylim=(len(bugs) - 0.5, -0.5))
        axes.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2)
