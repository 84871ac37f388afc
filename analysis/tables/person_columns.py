"""Columns of a ballot table about the person: an age, a device, an answer by which to group; known pieces."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from analysis.tables.coded_columns import CodedColumns, Column
from analysis.tables.errors import TableError

YES = frozenset({"1", "1.0", "true", "yes", "y"})
NO = frozenset({"", "0", "0.0", "false", "no", "n"})


def known_pieces(table: CodedColumns, column: Column) -> np.ndarray:
    """The rows (N,) on pieces that the person knew; empty: not asked, or not answered. Raises TableError."""
    strange = np.flatnonzero(column.rows(lambda value: value.casefold() not in YES | NO))
    if len(strange):
        value = column.values[column.codes[strange[0]]]
        raise TableError(
            f"{table.file}, row {table.row_number(int(strange[0]))}: knows_piece '{value[:40]}' is neither 1 (knows "
            "the piece) nor 0; correct it or empty it."
        )
    return column.rows(lambda value: value.casefold() in YES)


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


def cut_groups(groups: Mapping[str, Sequence[str]], cuts: Mapping[str, Sequence[float]]) -> dict[str, Sequence[str]]:
    """The groups by column, numbers joined at the column's `cuts`; a column without cuts stays as it is.

    Raises TableError for a value that is no number, if its column has cuts.
    """
    found: dict[str, Sequence[str]] = {}
    for name, values in groups.items():
        try:
            found[name] = [group_label(value, cuts.get(name, ())) for value in values]
        except ValueError as error:
            raise TableError(f"moderator '{name}' begins groups at numbers, but a value is none: {error}.") from error
    return found


def group_label(value: str, cuts: Sequence[float]) -> str:
    """The group of a value; `cuts`: the rising numbers at which a new group begins, none if each value is a group.

    Raises ValueError for a value that is no number, if there are cuts.
    """
    if not cuts or not value:
        return value
    number = float(value)
    if math.isnan(number):
        raise ValueError(f"'{value}'")
    low = max((cut for cut in cuts if cut <= number), default=None)
    high = min((cut for cut in cuts if cut > number), default=None)
    return ", ".join([*([] if low is None else [f"≥ {low:g}"]), *([] if high is None else [f"< {high:g}"])])
