"""Who published what on the way to backpropagation: the entries of data/history.csv.

Each entry is one sentence about one work, with a grade of how well the sentence stands, and the
key of its source in references.bib.
"""

import csv
from dataclasses import dataclass

GRADES = {
    "agreed": "that this work did it is not contested",
    "disputed": "sources disagree about what the work contains or about its role",
    "priority only": "it came early, but no influence on the later work of others is known",
}
FIELDS = ["year", "who", "what", "grade", "key"]


@dataclass(frozen=True)
class Entry:
    """One work: its year, its authors, what it did, a grade out of `GRADES`, its key in references.bib."""

    year: int
    who: str
    what: str
    grade: str
    key: str


def entries(grade=None):
    """The entries of the timeline, sorted by year.

    Args:
        grade: one of `GRADES`, to get the entries of that grade only; or None for all.

    Raises:
        ValueError: if the grade is not one of `GRADES`.
    """
    from importlib.resources import files  # here: only this chapter needs it

    if grade is not None and grade not in GRADES:
        raise ValueError(f"grade: expected one of {list(GRADES)}, got {grade!r}")
    lines = files("backprop").joinpath("data", "history.csv").read_text(encoding="utf-8").splitlines()
    return [entry for entry in read(lines) if grade in (None, entry.grade)]


def read(lines):
    """The entries in the lines of a CSV file with the columns `FIELDS`.

    Raises:
        ValueError: for other columns, an empty field, a year that is no number, an unknown grade, a
            key used twice, or entries that are not sorted by year; the message names the line.
    """
    rows = csv.DictReader(lines, restval="")
    if rows.fieldnames != FIELDS:
        raise ValueError(f"line 1: expected the columns {FIELDS}, got {rows.fieldnames}")
    found = []
    for row in rows:
        where = f"line {rows.line_num}"
        empty = [field for field in FIELDS if not row[field].strip()]
        if empty or None in row:
            raise ValueError(f"{where}: expected {len(FIELDS)} fields, none of them empty, got {row}")
        if not row["year"].isdecimal():
            raise ValueError(f"{where}: expected a year, got {row['year']!r}")
        if row["grade"] not in GRADES:
            raise ValueError(f"{where}: expected a grade among {list(GRADES)}, got {row['grade']!r}")
        entry = Entry(**{**row, "year": int(row["year"])})
        if found and entry.year < found[-1].year:
            raise ValueError(f"{where}: expected a year from {found[-1].year} on, got {entry.year}")
        if entry.key in {other.key for other in found}:
            raise ValueError(f"{where}: the key {entry.key!r} is there already")
        found.append(entry)
    return found
