"""Columns of a ballot table that put people into groups: an age, a device, an answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from analysis.tables.coded_columns import CodedColumns, Column
from analysis.tables.errors import TableError


def check_moderators(names: Sequence[str], taken: Collection[str]) -> None:
    """Refuse names that are no columns about people; `taken`: those with a meaning of their own. Raises TableError."""
    for name in names:
        if name in taken or names.count(name) > 1 or not name:
            raise TableError(f"moderator '{name}': name a column that says something of the people, each once.")


def groups_of(
    table: CodedColumns, column: Column, name: str, people: Sequence[str], person: np.ndarray
) -> dict[str, str]:
    """Each participant's group by a column; empty where none of a person's rows has one.

    `person` (N,): each row's participant, as an index into `people`. Raises TableError if a person is in two groups.
    """
    known = column.rows(bool)
    found = np.full(len(people), -1, dtype=np.int64)
    found[person[known][::-1]] = column.codes[known][::-1]  # the first of each person
    other = known & (column.codes != found[person])
    if other.any():
        row = int(np.flatnonzero(other)[0])
        one, two = column.values[found[person[row]]], column.values[column.codes[row]]
        raise TableError(
            f"{table.file}, row {table.row_number(row)}: "
            f"'{people[person[row]]}' has {name} '{two[:40]}' here and '{one[:40]}' in an earlier row; a moderator "
            "says the same of a person everywhere."
        )
    return {label: "" if code < 0 else column.values[code] for label, code in zip(people, found, strict=True)}
