"""The bug clinic: learning curves with and without bugs, and which check notices which bug."""

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
