"""What a reader types into a field, as a number; what can't be read is explained, at its place."""

import re

import numpy as np

BLANK = "nothing is typed here yet"
_SIGNS = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "\u00a0": " ", "\u2009": " "})
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_FIELD = re.compile(rf"({_NUMBER})(?:\s*/\s*({_NUMBER}))?(?:\s*\*\s*10\s*(?:\^|\*\*)\s*([+-]?\d+))?")


class Unreadable(ValueError):
    """What was typed is no number; the message says what to type instead."""


def number(text):
    """One field as a float: "0.25", "-1e-3", "1/4", "2.5·10^-3", with the minus of a keyboard or of print.

    Raises:
        Unreadable: for anything else; the message says what was expected.
    """
    typed = str(text).strip()
    plain = typed.translate(_SIGNS)
    if not plain:
        raise Unreadable(BLANK)
    if found := _FIELD.fullmatch(plain):
        numerator, denominator, exponent = found.groups()
        if denominator is not None and float(denominator) == 0:
            raise Unreadable(f"{_short(typed)} divides by 0")
        try:
            value = float(numerator) / float(denominator or 1) * 10.0 ** int(exponent or 0)
        except OverflowError:
            value = np.inf
        if not np.isfinite(value):
            raise Unreadable(f"{_short(typed)} is too large")
        return value
    if re.fullmatch(r"[+-]?\d*,\d+", plain):
        raise Unreadable(f"write the decimal point as a point: {plain.replace(',', '.')}")
    if re.search(r"[eE][+-]?$", plain):
        raise Unreadable(f"{_short(typed)} ends after the e: expected an exponent, as in 1e-3")
    if len(re.findall(_NUMBER, plain)) > 1 and re.fullmatch(
        rf"[\[(]?\s*{_NUMBER}(?:[\s,;]+{_NUMBER})*\s*[\])]?", plain
    ):
        raise Unreadable("expected one number in this field, got several")
    raise Unreadable(f"expected a number such as 0.25, -1e-3 or 1/4, got {_short(typed)}")


def array(fields, shape):
    """Fields as an array of floats.

    Args:
        fields: an array or nested lists of numbers or texts, or one text with numbers between commas or
            spaces, rows between semicolons.
        shape: of the array that is asked for; () is one number.

    Returns:
        (values, problems): a float array of this shape, NaN where a field can't be read, and
        {index: sentence} for these fields, with the flat index row by row.

    Raises:
        Unreadable: if the number of fields is another; the message says both.
    """
    if isinstance(fields, str) and shape != ():
        rows = [row for row in re.split(r"[;\n]", fields.strip("[]() ")) if row.strip()]
        fields = [entry for row in rows for entry in re.split(r"[,\s]+", row.strip(" []()")) if entry]
    flat = list(np.asarray(fields, dtype=object).ravel())
    size = int(np.prod(shape, dtype=int))
    if len(flat) != size:
        many = "one number" if size == 1 else f"{size} numbers"
        raise Unreadable(f"expected {many}{_as(shape)}, got {len(flat)}")
    values, problems = np.full(size, np.nan), {}
    for i, field in enumerate(flat):
        try:
            values[i] = number(field)
        except Unreadable as problem:
            problems[i] = str(problem)
    return values.reshape(shape), problems


def _as(shape):
    return f" ({shape[0]} rows, {shape[1]} columns)" if len(shape) == 2 and 1 not in shape else ""


def _short(text, most=24):
    return repr(text if len(text) <= most else text[: most - 1] + "…")
