"""Who published what on the way to backpropagation: the entries of data/history.csv.

Each entry is one sentence about one work, with two marks that have nothing to do with each other: how
well the sentence stands (content), and whether a later work is known that built on it (influence).
Every mark has its source: keys of references.bib.
"""

import csv
from dataclasses import dataclass

CONTENT = {
    "agreed": "no source cited here denies that the work contains this",
    "disputed": "sources cited here contradict each other on what the work contains",
}
NONE_KNOWN = "none known"
FIELDS = {
    "calculus": "calculus and descent",
    "control": "control theory",
    "differentiation": "automatic differentiation",
    "networks": "neural networks",
}
COLUMNS = ["year", "who", "field", "what", "content", "influence", "source", "key"]


@dataclass(frozen=True)
class Entry:
    """One work.

    Attributes:
        year, who: when and by whom.
        field: one of `FIELDS`.
        what: the sentence.
        content: how well it stands, one of `CONTENT`.
        influence: the key of a source that shows a later work building on this one, or `NONE_KNOWN`.
        source: the key of what the sentence rests on: a survey, or the work itself.
        key: the key of the work.
    """

    year: int
    who: str
    field: str
    what: str
    content: str
    influence: str
    source: str
    key: str

    @property
    def influential(self):
        """Whether a later work is known that built on this one."""
        return self.influence != NONE_KNOWN

    @property
    def line(self):
        """The entry as it stands in the chapter: citation, marks, sentence and sources, in MyST."""
        shown = "" if self.influence in (NONE_KNOWN, self.source) else f" {{cite:p}}`{self.influence}`"
        influence = f"yes{shown}" if self.influential else NONE_KNOWN
        rests = "" if self.source == self.key else f" {{cite:p}}`{self.source}`"
        return f"- {{cite:t}}`{self.key}` ({self.content}; influence: {influence}): {self.what}{rests}."


def entries(field=None, content=None):
    """The entries of the timeline, sorted by year.

    Args:
        field: one of `FIELDS`, to get the entries of that field only; or None for all.
        content: one of `CONTENT`, to get the entries with that mark only; or None for all.

    Raises:
        ValueError: if the field or the mark is not one of these.
    """
    from importlib.resources import files  # here: only this chapter needs it

    for name, value, known in (("field", field, FIELDS), ("content", content, CONTENT)):
        if value is not None and value not in known:
            raise ValueError(f"{name}: expected one of {list(known)}, got {value!r}")
    lines = files("backprop").joinpath("data", "history.csv").read_text(encoding="utf-8").splitlines()
    return [e for e in read(lines) if field in (None, e.field) and content in (None, e.content)]


def read(lines):
    """The entries in the lines of a CSV file with the columns `COLUMNS`.

    Raises:
        ValueError: for other columns, an empty cell, a year that is no number, an unknown field or
            mark, a key used twice, a work as the source of its own influence, or entries that are not
            sorted by year; the message names the line.
    """
    rows = csv.DictReader(lines, restval="")
    if rows.fieldnames != COLUMNS:
        raise ValueError(f"line 1: expected the columns {COLUMNS}, got {rows.fieldnames}")
    found = []
    for row in rows:
        where = f"line {rows.line_num}"
        empty = [column for column in COLUMNS if not row[column].strip()]
        if empty or None in row:
            raise ValueError(f"{where}: expected {len(COLUMNS)} cells, none of them empty, got {row}")
        if not row["year"].isdecimal():
            raise ValueError(f"{where}: expected a year, got {row['year']!r}")
        for column, known in (("field", FIELDS), ("content", CONTENT)):
            if row[column] not in known:
                raise ValueError(f"{where}: expected a {column} among {list(known)}, got {row[column]!r}")
        if row["influence"] == row["key"]:
            raise ValueError(f"{where}: expected another work that shows the influence, got {row['key']!r}")
        entry = Entry(**{**row, "year": int(row["year"])})
        if found and entry.year < found[-1].year:
            raise ValueError(f"{where}: expected a year from {found[-1].year} on, got {entry.year}")
        if entry.key in {other.key for other in found}:
            raise ValueError(f"{where}: the key {entry.key!r} is there already")
        found.append(entry)
    return found
