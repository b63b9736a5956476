"""The book's exercises. Each is one object from which page, notebook, solutions and exam are derived.

    >>> from backprop import exercises
    >>> exercises.named("hidden-error-by-hand")    # in a notebook: shown with its fields
    >>> exercises.named("hidden-error-by-hand").mark({"delta2": [0.1, 0.2]}, seed=7)

One file a chapter; its tuple `EXERCISES` is all that it has to offer.
"""

from importlib import import_module

from .exercise import Choice, Exercise, Formula, Mark, Number, Option, Order, Program, Slip, tex

# The files, in the order of the chapters.
FILES = (
    "chain_rule",
    "notation",
    "graph",
    "four_equations",
    "worked_example",
    "implementation",
    "clinic",
    "flow",
    "training",
    "complexity",
    "history",
)

_LISTED = [exercise for file in FILES for exercise in import_module(f".{file}", __name__).EXERCISES]
ALL = {exercise.name: exercise for exercise in _LISTED}
if len(ALL) < len(_LISTED):
    _twice = sorted({exercise.name for exercise in _LISTED if exercise is not ALL[exercise.name]})
    raise ValueError(f"exercises: expected one of each name, got two of {', '.join(_twice)}")


__all__ = [
    "ALL",
    "Choice",
    "Exercise",
    "Formula",
    "Mark",
    "Number",
    "Option",
    "Order",
    "Program",
    "Slip",
    "named",
    "of_chapter",
    "tex",
]


def named(name):
    """The `Exercise` of that name.

    Raises:
        ValueError: for a name that no exercise has.
    """
    if name not in ALL:
        raise ValueError(f"exercise: expected one of {', '.join(ALL)}, got {name!r}")
    return ALL[name]


def of_chapter(chapter):
    """The exercises of a chapter, "05-worked-example", in their order."""
    return tuple(exercise for exercise in ALL.values() if exercise.chapter == chapter)
