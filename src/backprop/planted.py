"""Programs with one planted mistake each, for the gradient-check laboratory.

They compute the gradients of a network with elementwise activations, as `network.backward` does, but
for the mistake. Source: chapter 6 of the book.
"""

import numpy as np

from .network import Gradients, forward, output_error

PROGRAMS = {  # name: the mistake, or None for the right program
    "right": None,
    "A": "the gradients are divided by the number of examples twice",
    "B": "the hidden error lacks its slope",
    "C": "the slope of the hidden layer is taken at a instead of z",
    "D": "the last layer's weights get no gradient",
    "E": "the biases' gradients are summed over the examples and not divided",
}


def gradients(net, X, Y, program):
    """The `Gradients` that a program of `PROGRAMS` computes.

    Args:
        net: a `Network` with elementwise hidden activations.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        program: a name in `PROGRAMS`.

    Raises:
        ValueError: for an unknown program, and as `forward`.
    """
    if program not in PROGRAMS:
        raise ValueError(f"program: expected one of {', '.join(PROGRAMS)}, got {program!r}")
    fwd, L = forward(net, X), net.L
    N = fwd.a[0].shape[1]
    delta = [None] * (L + 1)
    delta[L] = output_error(net, fwd, np.asarray(Y, net.dtype))
    for l in range(L - 1, 0, -1):
        back, slope = net.W[l + 1].T @ delta[l + 1], net.sigma[l].derivative
        match program:
            case "B":
                delta[l] = back
            case "C":
                delta[l] = back * slope(fwd.a[l])
            case _:
                delta[l] = back * slope(fwd.z[l])
    weights_by = N * N if program == "A" else N
    biases_by = {"A": N * N, "E": 1}.get(program, N)
    dW = [None] + [delta[l] @ fwd.a[l - 1].T / weights_by for l in range(1, L + 1)]
    db = [None] + [delta[l].sum(axis=1, keepdims=True) / biases_by for l in range(1, L + 1)]
    if program == "D":
        dW[L] = np.zeros_like(dW[L])
    return Gradients(delta, dW, db)
