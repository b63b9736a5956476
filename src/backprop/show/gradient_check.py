"""Figures of gradient checking."""

from .figures import FORWARD, figure

# Colour is never the only sign: each scheme has its own marker and line as well.
STYLES = {
    "one-sided": {"color": "#7a7a7a", "marker": "^", "linestyle": ":"},
    "central": {"color": FORWARD, "marker": "o", "linestyle": "-"},
    "complex step": {"color": "#009e73", "marker": "D", "linestyle": "--"},
}


def step_errors(steps, errors, slopes, best=()):
    """Error against step size on logarithmic axes, a curve a scheme, with the fitted slopes.

    Args:
        steps: the steps h.
        errors: {scheme: errors}, as from `gradcheck.step_errors`.
        slopes: {scheme: (rounding, truncation)}, as from `gradcheck.branch_slopes`.
        best: predicted best steps, marked by vertical lines.
    """
    with figure(height=4.4) as (_, axes):
        for name, values in errors.items():
            left, right = (f"{slope:+.1f}" if slope == slope else "none" for slope in slopes[name])
            label = f"{name}: slopes {left} and {right}"
            axes.loglog(steps, values, label=label, markersize=4, linewidth=1.4, **STYLES[name])
        for h in best:
            axes.axvline(h, color="#999999", linewidth=1)
        axes.set(xlabel="step h", ylabel="relative error", ylim=(1e-17, 10))
        axes.legend(fontsize=9, loc="upper right")
