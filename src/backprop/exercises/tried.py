"""How short programs are examined: run on random input, compared with the right result and with mistakes."""

import copy

import numpy as np

ROUNDS = 6  # random inputs that a program is run on


def tried(case, right, slips):
    """An `examine` for `Program`.

    Args:
        case: rng ↦ tuple of arguments.
        right: the right function of these arguments.
        slips: `Slip`s; their `answer` takes the tuple of arguments.
    """

    def examine(function, rng):
        cases = [case(rng) for _ in range(ROUNDS)]
        results = [_flat(function(*copy.deepcopy(arguments))) for arguments in cases]
        if _agree(results, [_flat(right(*arguments)) for arguments in cases]):
            return None
        for slip in slips:
            if _agree(results, [_flat(slip.answer(arguments)) for arguments in cases]):
                return slip
        wanted, got = _flat(right(*cases[0])), results[0]
        if got is None or got.shape != wanted.shape:
            what = "no numbers" if got is None else f"{got.size}"
            return f"Expected {wanted.size} numbers in the first try, got {what}."
        at = int(np.argmax(abs(got - wanted)))
        return f"In the first try, entry {at} should be {wanted[at]:.6g}, and is {got[at]:.6g}."

    return examine


def _flat(result):
    """All numbers of a result in a row; None for anything else."""
    try:
        parts = [np.ravel(np.asarray(part, float)) for part in result]
    except (TypeError, ValueError):
        return None
    return np.concatenate(parts) if parts else np.zeros(0)


def _agree(results, others):
    return all(
        p is not None and q is not None and p.shape == q.shape and np.allclose(p, q, rtol=1e-8, atol=1e-10)
        for p, q in zip(results, others, strict=True)
    )
