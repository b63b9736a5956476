"""Figures of training: learning curves, gradient norms, decision boundaries, digits, weights."""

from .figures import BACKWARD, FORWARD, figure

# Colour is never the only sign: each layer has a line of its own.
LINES = ((FORWARD, "-"), (BACKWARD, "--"), ("#009e73", "-."), ("#7a7a7a", ":"), ("#cc79a7", (0, (5, 1))))


def learning_curves(history, more=None):
    """The cost after each epoch on a logarithmic axis, on the training set and the validation set.

    Args:
        history: a `training.Record`.
        more: {label: costs} of other curves over the same epochs.
    """
    with figure() as (_, axes):
        axes.semilogy(history.epochs, history.cost, color=FORWARD, label="training")
        if history.validation_cost is not None:
            axes.semilogy(history.epochs, history.validation_cost, "--", color=BACKWARD, label="validation")
        for (label, costs), (colour, line) in zip((more or {}).items(), LINES[2:], strict=False):
            axes.semilogy(history.epochs, costs, linestyle=line, color=colour, label=label)
        axes.set(xlabel="epochs", ylabel="cost")
        axes.legend(fontsize=9)


def gradient_norms(norms, xlabel="epochs"):
    """The norm of each layer's gradient against the epochs, on a logarithmic axis.

    Args:
        norms: a list of [None, norm of layer 1, ..., norm of layer L], as in `training.Record`.
    """
    with figure() as (_, axes):
        for l in range(1, len(norms[0])):
            colour, line = LINES[(l - 1) % len(LINES)]
            epochs = range(1, len(norms) + 1)
            axes.semilogy(epochs, [n[l] for n in norms], linestyle=line, color=colour, label=f"layer {l}")
        axes.set(xlabel=xlabel, ylabel="norm of the gradient")
        axes.legend(fontsize=9)


def decision_boundary(examples, grid, title=""):
    """Two classes in the plane, and where the output of a network is above 1/2.

    Args:
        examples: `data.Examples` with X (2, N), Y (1, N); class 0 are dots, class 1 crosses.
        grid: (x, y, values) as from `experiments.surface`; values is (len(y), len(x)).
    """
    x, y, values = grid
    with figure(4.6, 4.4) as (_, axes):
        axes.contourf(x, y, values, [0, 0.5, 1], colors=[FORWARD, BACKWARD], alpha=0.2)
        axes.contour(x, y, values, [0.5], colors="black", linewidths=1.5)
        for kind, marker, colour in ((0, "o", FORWARD), (1, "x", BACKWARD)):
            here = examples.X[:, examples.classes == kind]
            axes.plot(*here, marker, color=colour, markersize=5, label=f"class {kind}")
        axes.set(title=title, aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        axes.legend(fontsize=9, loc="upper right")


def digits(pixels, captions, columns=6):
    """Pictures of digits with a line of text over each.

    Args:
        pixels: (64, n), 0 white to 1 black.
        captions: n strings.
    """
    import matplotlib.pyplot as plt

    rows = max(1, -(-len(captions) // columns))
    with figure(1.1 * columns, 1.4 * rows) as (fig, axes):
        axes.remove()
        places = fig.subplots(rows, columns, squeeze=False).ravel()
        for place in places:
            place.axis("off")
        for place, picture, caption in zip(places, pixels.T, captions, strict=False):
            place.imshow(picture.reshape(8, 8), cmap=plt.cm.gray_r, vmin=0, vmax=1)
            place.set_title(caption, fontsize=9)


def mirror_weights(W):
    """The weights of each hidden unit from the six inputs, as bars.

    Args:
        W: (n_1, 6).
    """
    width = 0.8 / len(W)
    with figure() as (_, axes):
        for j, weights in enumerate(W):
            colour, _ = LINES[j]
            places = [k + 1 + (j - (len(W) - 1) / 2) * width for k in range(6)]
            axes.bar(
                places, weights, width, color=colour, hatch=("", "//")[j % 2], label=f"hidden unit {j + 1}"
            )
        axes.axhline(0, color="#7a7a7a", linewidth=1)
        axes.set(xlabel="input", ylabel="weight", xticks=range(1, 7))
        axes.legend(fontsize=9)


def sweeps_needed(solved_at, total, sweeps):
    """The share of runs that had solved their task, against the sweeps.

    Args:
        solved_at: the sweeps at which runs solved it, sorted.
        total: number of all runs.
        sweeps: how long each ran.
    """
    with figure() as (_, axes):
        shares = [k / total for k in range(len(solved_at) + 1)]
        axes.step([0, *solved_at, sweeps], [*shares, shares[-1]], where="post", color=FORWARD)
        axes.axvline(1425, color=BACKWARD, linestyle="--", linewidth=1, label="1425 sweeps")
        axes.set(xlabel="sweeps", ylabel="share of runs that are solved", ylim=(0, 1), xlim=(0, sweeps))
        axes.legend(fontsize=9)
