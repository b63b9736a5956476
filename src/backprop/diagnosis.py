"""Where a wrong gradient is wrong: its ratio to the true one, array by array, and what that says.

The true gradient is a central difference of the cost (`eq:central-difference`), which knows nothing
of any backward pass.
"""

from dataclasses import dataclass

import numpy as np

from . import network
from .gradcheck import TOLERANCE, central_differences

CONSTANT = 1e-4  # relative spread of a ratio that still counts as one number


@dataclass(frozen=True)
class Row:
    """One array of gradients: least and greatest ratio wrong/true, angle in degrees, relative error.

    `ratios` holds the ratio of each entry, row by row, None where there is nothing to compare.
    `problem` says what makes a comparison impossible, a wrong shape or entries that are not finite;
    then the numbers are NaN.
    """

    name: str
    low: float = np.nan
    high: float = np.nan
    angle: float = np.nan
    error: float = np.nan
    ratios: tuple = ()
    problem: str = ""

    @property
    def right(self):
        """Whether the array passes the gradient check."""
        return not self.problem and self.error <= TOLERANCE

    @property
    def factor(self):
        """The ratio if all entries have the same, else None."""
        spread = self.high - self.low
        return self.low + 0.0 if spread <= CONSTANT * max(abs(self.low), abs(self.high)) else None

    @property
    def by_row(self):
        """The ratio of each row of weights where every row has one ratio of its own, else ()."""
        if any(len(row) < 2 or None in row or np.isinf(row).any() for row in self.ratios):
            return ()
        same = all(max(row) - min(row) <= CONSTANT * max(map(abs, row)) for row in self.ratios)
        return tuple(row[0] for row in self.ratios) if same else ()

    def __str__(self):
        if self.problem:
            return f"{self.name:6s} {self.problem}"
        if self.factor is not None:
            ratio = f"{self.factor:.3g}"
        elif self.by_row:
            ratio = "rows " + ", ".join(f"{r:.3g}" for r in self.by_row)
        else:
            ratio = f"{self.low:.3g} to {self.high:.3g}"
        if not self.right and max(abs(self.low - 1), abs(self.high - 1)) < 0.005:
            ratio = f"1, but for errors up to {self.error:.0e}"
        angle = "   –" if np.isnan(self.angle) else f"{self.angle:3.0f}°"
        return f"{self.name:6s} {'right' if self.right else 'WRONG'}  {angle}  {ratio}"


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found: a `Row` for each array, from the output down, and a verdict."""

    rows: tuple
    verdict: str

    @property
    def right(self):
        """Whether every array passes the gradient check."""
        return all(row.right for row in self.rows)

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


def diagnose(net, X, Y, grads, factor=1.0):
    """Compare gradients with central differences and say where to look for the bug.

    The angle is that between the array and the true one, both as long columns: 0° for a right
    direction, 180° for the opposite one. Entries at a kink are left out.

    Args:
        net: a `Network`.
        X, Y: inputs (n_0, N) and labels (n_L, N).
        grads: the gradients to examine, with lists `W` and `b` as in `Gradients`.
        factor: the gradients are meant to be those of factor · J, such as N for the sum over the
            examples or 1/n_L for the mean over the elements (`eq:gradient-ratios`).

    Returns:
        A `Diagnosis`; print it, or let it be the last line of a cell.

    Raises:
        ValueError, TypeError: as `forward` and `cost` do; ValueError for a factor of 0, or lists of
            another length.
    """
    if factor == 0:
        raise ValueError("factor: expected a number other than 0, got 0")
    for name in ("W", "b"):
        got = len(getattr(grads, name))
        if got != net.L + 1:
            raise ValueError(
                f"grads.{name}: expected a list of length {net.L + 1} with None at index 0, got length {got}"
            )
    true = central_differences(net, X, Y)
    fwd = network.forward(net, X)
    arrays = [(f"{name}[{l}]", getattr(grads, name)[l], factor * getattr(true, name)[l])
              for l in range(net.L, 0, -1) for name in ("W", "b")]  # fmt: skip
    size = max(np.nanmax(abs(t), initial=0.0) for _, _, t in arrays)
    # As in check_gradients: below this the rounding of J hides the digits of the differences.
    floor = 1e-5 * max(abs(factor * float(network.cost(net, fwd, Y))), size, np.finfo(float).tiny)
    rows = tuple(_row(name, given, expected, floor) for name, given, expected in arrays)
    return Diagnosis(rows, _verdict(rows, net.L, fwd.a[0].shape[1], net.sizes[-1]))


def _row(name, given, true, floor):
    if given is None:
        return Row(name, problem="missing")
    given = np.asarray(given, float)
    if given.shape != true.shape:
        return Row(name, problem=f"shape {given.shape} instead of {true.shape}")
    bad = int((~np.isfinite(given)).sum())
    if bad:
        return Row(name, problem=f"{bad} of {given.size} entries not finite")
    given = np.where(np.isnan(true), np.nan, given)
    greatest = np.maximum(abs(given), abs(true))
    error = np.nanmax(abs(given - true) / np.maximum(greatest, floor), initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(greatest > floor, given / true, np.nan)
    entries = tuple(tuple(None if np.isnan(r) else float(r) for r in row) for row in ratio)
    low, high = np.nanmin(ratio, initial=np.inf), np.nanmax(ratio, initial=-np.inf)
    if low > high:  # nothing above the floor
        low = high = 1.0
    lengths = np.sqrt(np.nansum(given**2) * np.nansum(true**2))
    cosine = np.nansum(given * true) / lengths if lengths > 0 else np.nan
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return Row(name, float(low), float(high), float(angle), float(error), entries)


def _verdict(rows, L, N, n_L):
    problems = [row.name for row in rows if row.problem]
    if problems:
        return f"Nothing to compare in {', '.join(problems)}: mend that first."
    if all(row.right for row in rows):
        return "Right for this cost, these parameters and this batch."
    factors = [row.factor for row in rows]
    if None not in factors and max(factors) - min(factors) <= CONSTANT * max(map(abs, factors)):
        return f"One factor everywhere, {factors[0]:.3g}{_names(factors[0], N, n_L)}: look for a constant."
    wrong = {row.name for row in rows if not row.right}
    zero = sorted(row.name for row in rows if row.factor == 0)
    if zero:
        return f"All zero: {', '.join(zero)}. Look for what is left out."
    if not any(name.startswith("b") for name in wrong):
        return "Biases right, weights wrong: the error signals are right, look at their other factor."
    if not any(name.startswith("W") for name in wrong):
        return "Weights right, biases wrong: the error signals are right, look at their sum."
    l = max(int(name[2:-1]) for name in wrong)
    if l == L:
        return "Wrong from the output on: look at the output error and what it reads."
    return f"Right above layer {l}, wrong from there on: look at the step from layer {l + 1} to {l}."


def _names(factor, N, n_L):
    """What a factor may be: " = 1/N" or the like, every reading that fits; empty if none does."""
    readings = {
        "N": N, "1/N": 1 / N, "1/N²": 1 / N**2, "n_L": n_L, "1/n_L": 1 / n_L,
        "n_L/N": n_L / N, "N/n_L": N / n_L, "2": 2, "1/2": 1 / 2, "-1": -1,
    }  # fmt: skip
    return "".join(
        f" = {name}" for name, value in readings.items()
        if abs(factor - value) < CONSTANT * abs(value) and name != f"{factor:.3g}"
    )  # fmt: skip
