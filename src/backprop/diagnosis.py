"""Where a wrong gradient is wrong: its ratio to the true one, array by array, and what that says.

The true gradient is that of `judge`, which knows nothing of any backward pass. A verdict names a
mistake only where every entry that could be compared bears it out; what could not be compared is said.
"""

from dataclasses import dataclass

import numpy as np

from . import checks, judge, numeric
from .judge import KINK, RIGHT, ROUNDING, SMALL, WRONG

NAMED = 1e-4  # relative error that a named mistake, such as one factor, may leave in an entry
TRANSPOSED = "equal to the transposed true one: transposed? your layout is rows"


@dataclass(frozen=True)
class Row:
    """One array of gradients: least and greatest ratio wrong/true, angle in degrees, relative error.

    `ratios` holds the ratio of each entry, row by row: None where there is nothing to compare, ±inf
    where the true entry is 0 and the given one is not. `low` and `high` are of the finite ones, NaN if
    there are none. `marks` says which entries are wrong. `given_zero` and `true_zero` say whether all
    entries compared are 0. `problem` says what makes a comparison impossible, a wrong shape or entries
    that are not finite; then the numbers are NaN.
    """

    name: str
    low: float = np.nan
    high: float = np.nan
    angle: float = np.nan
    error: float = np.nan
    ratios: tuple = ()
    problem: str = ""
    state: str = "not compared"
    compared: int = 0
    kinks: int = 0
    small: int = 0
    given_zero: bool = False
    true_zero: bool = False
    marks: tuple = ()

    @property
    def right(self):
        """Whether the array passes the gradient check, exactly or up to rounding."""
        return self.state in ("right", "right up to rounding")

    @property
    def wrong(self):
        """Whether some entry, or the shape, is wrong; an array that was not compared is neither."""
        return bool(self.problem) or self.state == "WRONG"

    @property
    def beside_zero(self):
        """How many entries are not 0 where the true one is."""
        return sum(r is not None and bool(np.isinf(r)) for row in self.ratios for r in row)

    @property
    def factor(self):
        """The ratio if all entries compared have the same, else None."""
        if self.given_zero and not self.true_zero and self.compared:
            return 0.0
        spread = self.high - self.low
        same = spread <= NAMED * max(abs(self.low), abs(self.high)) and not self.beside_zero
        return self.low + 0.0 if same else None

    @property
    def by_row(self):
        """The ratio of each row of weights where every row has one ratio of its own, else ()."""
        if any(len(row) < 2 or None in row or np.isinf(row).any() for row in self.ratios):
            return ()
        same = all(max(row) - min(row) <= NAMED * max(map(abs, row)) for row in self.ratios)
        return tuple(row[0] for row in self.ratios) if same else ()

    @property
    def left_out(self):
        """What was not compared, and why, such as "2 of 4 at a kink"; "" if nothing was left out."""
        size = self.compared + self.kinks + self.small
        reasons = [(self.kinks, "at a kink"), (self.small, "too small to tell from rounding")]
        return ", ".join(f"{n} of {size} {why}" for n, why in reasons if n)

    def __str__(self):
        if self.problem:
            return f"{self.name:6s} {self.problem}"
        if self.state == "not compared":
            return f"{self.name:6s} –         –  not compared: {self.left_out}"
        if self.true_zero:
            ratio = (
                "0, as it should be" if self.right else f"{self.beside_zero} entries not 0 where 0 is right"
            )
        elif self.given_zero:
            ratio = "0"
        elif np.isnan(self.low):
            ratio = f"relative errors up to {self.error:.0e}"
        elif self.factor is not None:
            ratio = said(self.factor)
        elif self.by_row:
            ratio = "rows " + ", ".join(f"{r:.3g}" for r in self.by_row)
        else:
            ratio = f"{self.low:.3g} to {self.high:.3g}"
        if self.beside_zero and not self.true_zero:
            ratio += f", and {self.beside_zero} entries not 0 where 0 is right"
        elif self.state == "right up to rounding":
            ratio = f"1 up to rounding: errors up to {self.error:.0e}"
        elif self.wrong and self.factor is None and max(abs(self.low - 1), abs(self.high - 1)) < 0.005:
            ratio = f"1, but for errors up to {self.error:.0e}"
        if self.state == "right" and not self.true_zero:
            ratio = "1"
        angle = "   –" if np.isnan(self.angle) else f"{self.angle:3.0f}°"
        rest = f"; not compared: {self.left_out}" if self.left_out else ""
        return f"{self.name:6s} {'right' if self.right else 'WRONG'}  {angle}  {ratio}{rest}"


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found: a `Row` for each array, from the output down, and a verdict."""

    rows: tuple
    verdict: str

    @property
    def right(self):
        """Whether every array was compared and passes the gradient check."""
        return all(row.right for row in self.rows)

    @property
    def wrong(self):
        """Whether some array is wrong. What could not be compared makes a gradient neither."""
        return any(row.wrong for row in self.rows)

    def __str__(self):
        return "\n".join(
            [
                "array         angle  wrong / true",
                *map(str, self.rows),
                self.verdict.replace(": look", ":\nlook"),
            ]
        )

    __repr__ = __str__

    def __getitem__(self, name):
        return next(row for row in self.rows if row.name == name)


def diagnose(net, X, Y, grads, factor=1.0, l2=0.0):
    """Compare gradients with the true ones and say where to look for the bug.

    The tolerances are those of `check_gradients`. The angle is that between the array and the true
    one, both as long columns: 0° for a right direction, 180° for the opposite one. Entries at a kink
    are left out, and entries too small for the precision.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        grads: the gradients to examine, in any form that `judge.read` knows.
        factor: the gradients are meant to be those of factor · J, such as N for the sum over the
            examples or 1/n_L for the mean over the elements (`eq:gradient-ratios`).
        l2: λ; they are meant to be those of factor · J + (λ/2) Σ w² over all weights (`eq:l2`).

    Returns:
        A `Diagnosis`; print it, or let it be the last line of a cell.

    Raises:
        ValueError, TypeError: as `forward` and `cost` do; ValueError for a factor of 0, or lists of
            another length; TypeError for gradients in a form that is not known.
    """
    if not judge.is_network(net):
        raise TypeError(f"net: expected a Network, got {type(net).__name__}; `check_gradients` takes layers")
    if factor == 0:
        raise ValueError("factor: expected a number other than 0, got 0")
    given = judge.read(net, grads)
    problems, flat = {}, []
    for (name, l), array in given.items():
        shape = getattr(net, name)[l].shape
        problems[name, l] = _problem(net, name, l, array)
        flat.append(np.full(shape, np.nan) if problems[name, l] else array.reshape(shape))
    X = checks.real_array("X", X, (net.sizes[0], "N"), net.dtype)
    sizes = [np.finfo(a.dtype).eps for a in given.values() if a is not None]
    dtype = np.float32 if max([np.finfo(net.dtype).eps, *sizes]) > np.finfo(float).eps else float
    column = np.concatenate([a.ravel() for a in flat])
    found = judge.judge(net, X, Y, column, l2=l2, factor=factor, dtype=dtype)
    split = [numeric.arrays(net, c) for c in (found.given, found.true, found.off)]
    rows = {}
    for (name, l), problem in problems.items():
        parts = [getattr(part, name)[l] for part in split]
        rows[name, l] = _row(f"{name}[{l}]", *parts, found.bar, problem)
    rows = tuple(rows[name, l] for l in range(net.L, 0, -1) for name in ("W", "b"))
    return Diagnosis(rows, _verdict(net, rows, found, X.shape[1], l2))


def _problem(net, name, l, array):
    """What makes it impossible to compare an array, or ""."""
    if array is None:
        return "missing"
    problem = judge.misfit(net, name, l, array)
    bad = int((~np.isfinite(array)).sum())
    return problem or (f"{bad} of {array.size} entries not finite" if bad else "")


def _row(name, given, true, off, bar, problem=""):
    """The `Row` of an array of gradients."""
    if problem:
        return Row(name, problem=problem)
    states = judge.states(given, true, off, bar)
    kinks, small = int((states == KINK).sum()), int((states == SMALL).sum())
    seen = (states != KINK) & (states != SMALL)
    if not seen.any():
        nothing = tuple((None,) * len(row) for row in given)
        return Row(name, ratios=nothing, marks=nothing, kinks=kinks, small=small)
    g, t = np.where(seen, given, np.nan), np.where(seen, true, np.nan)
    # A ratio needs a true entry that is known; one that is 0 as far as anyone can tell has none.
    known = seen & (abs(true) * judge.SEEN > off)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(known, given / true, np.where(states == WRONG, np.copysign(np.inf, given), np.nan))
        size = np.maximum(np.maximum(abs(g), abs(t)), off / bar)
        error = np.nanmax(abs(g - t) / np.where(size == 0, 1, size))
    finite = ratio[np.isfinite(ratio)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
    lengths = np.sqrt(np.nansum(g**2)) * np.sqrt(np.nansum(t**2))
    cosine = np.nansum(g * t) / lengths if lengths > 0 else np.nan
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    wrong = (states == WRONG).any()
    state = "WRONG" if wrong else "right up to rounding" if (states == ROUNDING).any() else "right"
    square = len(true) > 1 and true.shape == true.T.shape
    if wrong and square and not np.isnan(true).any():
        turned = judge.states(given, true.T, off.T, bar)
        if np.isin(turned, (RIGHT, ROUNDING)).all():
            return Row(name, problem=TRANSPOSED, state=state, compared=int(seen.sum()))
    return Row(
        name, low, high, float(angle), float(error),
        tuple(tuple(None if np.isnan(r) else float(r) for r in row) for row in ratio),
        state=state, compared=int(seen.sum()), kinks=kinks, small=small,
        given_zero=not np.any(given[seen]), true_zero=bool((abs(true[seen]) <= off[seen]).all()),
        marks=tuple(map(tuple, (states == WRONG).tolist())),
    )  # fmt: skip


def _verdict(net, rows, found, N, l2):
    problems = [row.name for row in rows if row.problem]
    if problems:
        return f"Nothing to compare in {', '.join(problems)}: mend that first."
    unseen = [f"{row.name} ({row.left_out})" for row in rows if row.left_out]
    rest = f" Not compared: {', '.join(unseen)}." if unseen else ""
    if all(row.state == "not compared" for row in rows):
        return f"Nothing could be compared: {', '.join(f'{r.name} ({r.left_out})' for r in rows)}."
    named = _one_factor(net, found, N) or _decay(net, found, N, l2)
    if not any(row.wrong for row in rows):
        return _passed(rows, named) + rest
    if named:
        return f"{named}: look for a constant.{rest}" if named.startswith("One factor") else named + rest
    return _place(net, rows) + rest


def _passed(rows, named):
    """The verdict where nothing is wrong."""
    zero = [row.name for row in rows if row.state == "right" and row.true_zero]
    where = "this cost, these parameters and this batch"
    if any(row.state == "not compared" for row in rows):
        text = f"What was compared is right for {where}."
    elif all(row.state == "right" for row in rows):
        text = f"Right for {where}."
    else:
        worst = max(row.error for row in rows)
        text = f"Right up to rounding for {where}: errors up to {worst:.0e}."
        text += f" But not by chance: {named[0].lower()}{named[1:]}." if named else ""
    if len(zero) == len(rows):
        return f"{text} All gradients are 0, as they should be: hardly a bug would show."
    return f"{text} All 0, as they should be: {', '.join(zero)}; few bugs would show there." if zero else text


def _place(net, rows):
    """Where to look, from which arrays are wrong and which are right."""
    zero = sorted(row.name for row in rows if row.wrong and row.factor == 0)
    if zero:
        return f"All zero: {', '.join(zero)}. Look for what is left out."
    wrong = {row.name for row in rows if row.wrong}
    right = {row.name for row in rows if row.right and not row.true_zero}
    weights, biases = ({f"{letter}[{l}]" for l in range(1, net.L + 1)} for letter in "Wb")
    if biases <= right:
        return "Biases right, weights wrong: the error signals are right, look at their other factor."
    if weights <= right:
        return "Weights right, biases wrong: the error signals are right, look at their sum."
    l = max(int(name[2:-1]) for name in wrong)
    if right & {f"{letter}[{m}]" for letter in "Wb" for m in range(1, l + 1)}:
        names = ", ".join(sorted(wrong)), ", ".join(sorted(right))
        return "Wrong in {}, right in {}: look at the lines that only the wrong ones need.".format(*names)
    if l == net.L:
        return "Wrong from the output on: look at the output error and what it reads."
    above = {f"{letter}[{m}]" for letter in "Wb" for m in range(l + 1, net.L + 1)}
    if above - right:
        return f"Wrong in layer {l} and below: look there, and check the layers above on another batch."
    return f"Right above layer {l}, wrong from there on: look at the step from layer {l + 1} to {l}."


def _explained(found, parts, numbers):
    """Whether given = Σ number · part in every entry that was compared, up to `NAMED` and rounding."""
    seen = ~np.isnan(found.true)
    terms = [c * part[seen] for c, part in zip(numbers, parts, strict=True)]
    given, off = found.given[seen], found.off[seen] * max(1.0, *map(abs, numbers))
    size = np.max([abs(given), *map(abs, terms)], axis=0)
    return bool((abs(given - sum(terms)) <= np.maximum(NAMED * size, off)).all())


def _one_factor(net, found, N):
    """What to say if given = c · true in every entry, with one c that is not 1; else an empty text."""
    known = ~np.isnan(found.true) & (abs(found.true) * judge.SEEN > found.off)
    if not known.any():
        return ""
    true, unsure = found.true[known], found.off[known] / abs(found.true[known])
    ratio = found.given[known] / true
    c = float(ratio[np.argmin(unsure)])
    # Near 1 a factor must explain far more than leaving it out would.
    spread = NAMED * min(1.0, abs(c - 1) / (10 * NAMED))
    close = abs(ratio - c) <= np.maximum(spread * abs(c), (1 + abs(c)) * unsure)
    differs = abs(c - 1) > max(judge.TOLERANCE, 20 * unsure.min())
    if c == 0 or not (differs and close.all() and _explained(found, [found.true], [c])):
        return ""
    return f"One factor everywhere, {said(c)}{_names(c, N, net.sizes[-1])}"


def _decay(net, found, N, l2):
    """What to say if given = c · (true without L2) + λ · parameters in every entry; else an empty text."""
    theta = numeric.column(net).astype(float)
    weights = np.where([name == "W" for name, _, _ in numeric.places(net)], theta, 0)
    bare = found.true - l2 * weights
    if l2 and _explained(found, [bare], [1.0]):
        return f"Differs by λW, λ = {l2:.3g}: the L2 term is missing."
    for part, which in ((weights, "W"), (theta, "W and b")):
        seen = ~np.isnan(found.true) & (part != 0) & (found.off < NAMED * abs(found.given - bare))
        for parts in ([part], [part, bare]):
            if seen.sum() < 2 * len(parts):  # fewer entries would bear out any number
                continue
            columns = np.stack(parts, axis=1)[seen]
            target = found.given if len(parts) == 2 else found.given - bare
            scale = 1 / abs(columns).max(axis=1)
            numbers, _, rank, _ = np.linalg.lstsq(columns * scale[:, None], target[seen] * scale, rcond=1e-8)
            lam, c = map(float, numbers) if len(parts) == 2 else (float(numbers[0]), 1.0)
            share = abs(lam * part) > np.maximum(10 * found.off, NAMED * abs(c * bare))
            if rank == len(parts) and share.any() and _explained(found, [part, bare], [lam, c]):
                several = "" if abs(c - 1) <= NAMED else said(c) + _names(c, N, net.sizes[-1])
                return _decay_said(lam, which, several, N, l2)
    return ""


def _decay_said(lam, which, several, N, l2):
    """The sentence on λ in place of l2, beside `several` times the gradient of J."""
    head = f"It is {several} times the gradient of J plus λ{which}" if several else f"Differs by λ{which}"
    if not l2:
        what = "an L2 term" if lam > 0 else "an L2 term with the wrong sign"
        return f"{head}, λ = {said(lam)}: {what}. If it is meant, pass l2."
    readings = {"λ": 1, "2λ": 2, "λ/2": 1 / 2, "λ/N": 1 / N, "λ/2N": 1 / (2 * N), "2λ/N": 2 / N,
                "Nλ": N, "−λ": -1}  # fmt: skip
    names = [k for k, v in readings.items() if abs(lam - v * l2) <= NAMED * abs(v * l2)]
    as_meant = "λ" in names
    if as_meant and which != "W" and not several:
        return f"Differs by λb, λ = {l2:.3g}: L2 on the biases too."
    text = f"{head}, λ = {l2:.3g}" if as_meant else (
        f"{head}: the L2 term has {' = '.join([said(lam), *names])} in place of λ = {l2:.3g}"
    )  # fmt: skip
    return f"{text}{', and is on the biases too' if which != 'W' else ''}."


def said(ratio):
    """A ratio in three digits, and in as many as it takes to tell it from 1."""
    texts = (f"{ratio:.{digits}g}" for digits in range(3, 9))
    return next((text for text in texts if text != "1"), "1")


def _names(factor, N, n_L):
    """What a factor may be: " = 1/N" or the like, every reading that fits; empty if none does."""
    readings = {
        "N": N, "1/N": 1 / N, "1/N²": 1 / N**2, "n_L": n_L, "1/n_L": 1 / n_L,
        "n_L/N": n_L / N, "N/n_L": N / n_L, "2": 2, "1/2": 1 / 2, "-1": -1,
    }  # fmt: skip
    return "".join(
        f" = {name}" for name, value in readings.items()
        if value != 1 and abs(factor - value) < NAMED * abs(value) and name != f"{factor:.3g}"
    )  # fmt: skip
