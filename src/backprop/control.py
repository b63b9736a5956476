"""Optimal control in discrete stages: a forward sweep of states, a backward sweep of costates.

The recursion is that of Kelley (1960) and Bryson (1962), in the form with stages; the error signals
of a network are its special case.
"""

import numpy as np


def forward(stage, start, controls):
    """The states that a system runs through, eq:stages.

    Args:
        stage: function (state, control) -> next state.
        start: first state, (d,).
        controls: one control a stage, (n, r).

    Returns:
        A list of n + 1 states, each (d,).

    Raises:
        ValueError: if a stage returns a state of another shape.
    """
    states = [np.asarray(start, dtype=float)]
    for t, control in enumerate(controls):
        state = np.asarray(stage(states[-1], control), dtype=float)
        if state.shape != states[0].shape:
            raise ValueError(f"stage {t}: expected a state of shape {states[0].shape}, got {state.shape}")
        states.append(state)
    return states


def backward(derivatives, states, controls, last):
    """Costates and the gradient by the controls, eq:costate and eq:control-gradient.

    Args:
        derivatives: function (state, control) -> (A, B), the Jacobians of a stage by its state, (d, d),
            and by its control, (d, r).
        states: the n + 1 states of `forward`.
        controls: one control a stage, (n, r).
        last: gradient of the final cost at the last state, (d,); it is the last costate.

    Returns:
        The costates, a list of n + 1 arrays (d,), and the gradient of the cost, (n, r).

    Raises:
        ValueError: if there is not one state more than controls, or `last` has another shape than a state.
    """
    controls = np.asarray(controls, dtype=float)
    last = np.asarray(last, dtype=float)
    if len(states) != len(controls) + 1:
        raise ValueError(
            f"states: expected {len(controls) + 1} for {len(controls)} controls, got {len(states)}"
        )
    if last.shape != np.shape(states[-1]):
        raise ValueError(f"last: expected shape {np.shape(states[-1])}, that of a state, got {last.shape}")
    costates, gradient = [None] * len(controls) + [last], np.empty_like(controls)
    for t in reversed(range(len(controls))):
        A, B = derivatives(states[t], controls[t])
        gradient[t] = np.transpose(B) @ costates[t + 1]  # eq:control-gradient
        costates[t] = np.transpose(A) @ costates[t + 1]  # eq:costate
    return costates, gradient
