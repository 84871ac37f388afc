"""What the pilots observed, by kind of observation: facts of each trial, or of each image of a trial."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from study.blinding_audit.betting import TrialRows

ABSENT = "(absent)"
WHOLE, VISIT = -1, -2  # positions of what belongs to a whole trial, and to a whole visit


@dataclass(frozen=True)
class TrialSeen:
    """A trial as one pilot saw it. `conditions` are numbers from 0, by position."""

    person: int
    number: int
    clip: int
    language: str
    conditions: tuple[int, ...]


class Column:
    """The values of one fact. Most never differ, so only those that differ from the first are stored."""

    __slots__ = ("first", "others", "seen_until")

    def __init__(self, first: str, row: int) -> None:
        self.first = first
        self.others: dict[int, str] = dict.fromkeys(range(row), ABSENT)
        self.seen_until = row

    def add(self, row: int, value: str) -> None:
        for missed in range(self.seen_until + 1, row):
            self.others[missed] = ABSENT
        self.seen_until = row
        if value != self.first:
            self.others[row] = value

    def values(self, rows: int) -> list[str]:
        found = [self.first] * rows
        for row, value in self.others.items():
            found[row] = value
        found[self.seen_until + 1 :] = [ABSENT] * (rows - self.seen_until - 1)
        return found

    def varies(self, rows: int) -> bool:
        return bool(self.others) or self.seen_until + 1 < rows


@dataclass
class Table:
    """One kind of observation: facts by row.

    A row's place is (index of the trial, position) for an image, (index of the trial, WHOLE) for a trial, and
    (number of the person, VISIT) for a visit. All rows of a table are of one of the three.
    """

    kind: str
    places: list[tuple[int, int]] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)

    def add(self, place: tuple[int, int], facts: Iterable[tuple[str, str]]) -> None:
        """Add a row. Of two facts with one name the later has a number."""
        row = len(self.places)
        self.places.append(place)
        for name, value in facts:
            column = self.columns.get(name)
            if column is None:
                self.columns[name] = Column(value, row)
                continue
            label, number = name, 1
            while column is not None and column.seen_until == row:
                number += 1
                label = f"{name}, {number}"
                column = self.columns.get(label)
            if column is None:
                self.columns[label] = Column(value, row)
            else:
                column.add(row, value)

    def varying(self) -> Iterator[tuple[str, list[str]]]:
        rows = len(self.places)
        for name, column in self.columns.items():
            if column.varies(rows):
                yield name, column.values(rows)


@dataclass
class Record:
    """All that the pilots of an audit observed."""

    trials: list[TrialSeen] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)

    def table(self, kind: str) -> Table:
        if kind not in self.tables:
            self.tables[kind] = Table(kind)
        return self.tables[kind]

    def rows(self, number: int) -> TrialRows:
        """Return the conditions of all trials, to bet on."""
        widest = max(len(trial.conditions) for trial in self.trials)
        conditions = np.full((len(self.trials), widest), -1)
        for index, trial in enumerate(self.trials):
            conditions[index, : len(trial.conditions)] = trial.conditions
        return TrialRows(conditions, number)
