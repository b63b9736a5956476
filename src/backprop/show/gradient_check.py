"""Figures of gradient checking."""

from .figures import FORWARD, figure

# Colour is never the only sign: each scheme has its own marker and line as well.
STYLES = {
    "one-sided": {"color": "#7a7a7a", "marker": "^", "linestyle": ":"},
    "central": {"color": FORWARD, "marker": "o", "linestyle": "-"},
    "complex step": {"color": "#009e73", "marker": "D", "linestyle": "--"},
}


def step_errors(steps, errors, slopes):
    """Error against step size on logarithmic axes, a curve a scheme, with the fitted slopes.

    Args:
        steps: the steps h.
        errors: {scheme: errors}, as from `gradcheck.step_errors`.
        slopes: {scheme: (rounding, truncation)}, as from `gradcheck.branch_slopes`.
    """
    with figure(height=4.6) as (fig, axes):
        for name, values in errors.items():
            left, right = (f"{slope:+.1f}" if slope == slope else "none" for slope in slopes[name])
            label = f"{name}: slopes {left} and {right}"
            axes.loglog(steps, values, label=label, markevery=5, markersize=5, linewidth=1.4, **STYLES[name])
        axes.set(xlabel="step h", ylabel="relative error", xlim=(5e-16, 1), ylim=(1e-17, 20))
        fig.legend(fontsize=9, loc="outside upper center", ncols=1)
