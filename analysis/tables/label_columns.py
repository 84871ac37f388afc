"""What the columns of ballots and of long tables share: labels of people and clips, keys of conditions, whole numbers.

Errors name file, row and value and say how to correct it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import numpy as np

from analysis.statistics.ballots import NONE, natural_key
from analysis.tables.coded_columns import CodedColumns, Column
from analysis.tables.condition_keys import nearest_key
from analysis.tables.errors import TableError
from study.tables.cells import is_missing
from study.tables.notes import ONE_LABEL, WORD_AS_NAME

UNKNOWN = NONE - 1  # the code of a key that is no condition
_NUMBER = re.compile(r"([0-9]+)(?:\.0+)?")


def refuse(table: CodedColumns, index: int, message: str) -> NoReturn:
    """Raise TableError about the row of this index."""
    raise TableError(f"{table.file}, row {table.row_number(int(index))}: {message}")


def without_missing(table: CodedColumns, column: Column, name: str, keys: Sequence[str] | None = None) -> Column:
    """Return the column with empty cells for words that mean a missing value, unless such a word is one of the `keys`.

    The table's notes name the words.
    """
    words = {value for value in column.values if value and is_missing(value) and value not in (keys or ())}
    if not words or table.verbatim:
        return column
    table.notes.missing(name, words, int(column.rows(words.__contains__).sum()))
    return Column(["" if value in words else value for value in column.values], column.codes)


def one_label(table: CodedColumns, values: Iterable[str], name: str, named: Sequence[str] = ()) -> dict[str, str]:
    """Return each value's label: itself, or of numbers that differ only in zeros behind the point one of them.

    That is the one among the `named`, else the shortest.
    """
    label_of = {value: value for value in values}
    if table.verbatim:
        return label_of
    whole = {value: found.group(1) for value in label_of if (found := _NUMBER.fullmatch(value))}
    label: dict[str, str] = {}
    for value in sorted(whole, key=lambda value: (value not in named, len(value))):
        label_of[value] = label.setdefault(whole[value], value)
        if label_of[value] != value:
            table.notes.add(ONE_LABEL, column=name, one=label_of[value], other=value)
    return label_of


def labels(table: CodedColumns, column: Column, name: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Return sorted labels and codes, so that the order of rows does not matter; clips are sorted as 1, 2, 10.

    Raises TableError for an empty cell.
    """
    label_of = one_label(table, column.values, name)
    found = sorted(set(label_of.values()), key=natural_key if name == "clip" else None)
    place = {label: index for index, label in enumerate(found)}
    coded = np.array([place[label_of[value]] for value in column.values], dtype=np.int32)[column.codes]
    if "" in place:
        refuse(table, np.flatnonzero(coded == place[""])[0], f"the {name} is empty; every ballot needs one.")
    for label in found:
        if is_missing(label) and not table.verbatim:
            table.notes.add(WORD_AS_NAME, column=name, word=label)
    return tuple(found), coded


def condition_keys(
    table: CodedColumns, columns: Sequence[Column], named: Sequence[str], name: str = "first and second"
) -> tuple[list[str], list[np.ndarray]]:
    """Return the keys of all columns in one list, and each column as indices into it."""
    label_of = one_label(table, [*named, *(value for column in columns for value in column.values)], name, named)
    keys = list(dict.fromkeys(label_of[value] for column in columns for value in column.values))
    place = {key: index for index, key in enumerate(keys)}
    return keys, [
        np.array([place[label_of[value]] for value in column.values], dtype=np.int64)[column.codes]
        for column in columns
    ]


def condition_codes(
    table: CodedColumns,
    keys: Sequence[str],
    columns: Mapping[str, np.ndarray],
    names: Sequence[str],
    keep: np.ndarray,
) -> list[np.ndarray]:
    """Return the condition numbers of each column: `NONE` for an empty cell, `UNKNOWN` for another key where not kept.

    Args:
        keys: every key of the columns.
        columns: indices into `keys`, by what messages call the column.
        names: the conditions.
        keep: the rows that count, shape (N,).

    Raises:
        TableError: a kept row has a key that is no condition.
    """
    number = {key: index for index, key in enumerate(names)} | {"": NONE}
    lookup = np.array([number.get(key, UNKNOWN) for key in keys], dtype=np.int8)
    wrong = np.logical_or.reduce([lookup[indices] == UNKNOWN for indices in columns.values()]) & keep
    if wrong.any():
        row = np.flatnonzero(wrong)[0]
        name, indices = next((name, of) for name, of in columns.items() if lookup[of[row]] == UNKNOWN)
        key = keys[indices[row]]
        nearest = nearest_key(key, names)
        meant = f"is '{nearest}' meant? Correct the key" if nearest else "correct the key"
        refuse(
            table,
            row,
            f"{name} '{key}' is no condition ({', '.join(names)}); {meant}, or name all conditions with --conditions.",
        )
    return [lookup[indices] for indices in columns.values()]


def whole_numbers(table: CodedColumns, column: Column, name: str) -> np.ndarray:
    """Return whole numbers that are not negative, shape (N,); empty is 0."""
    numbers = np.zeros(len(column.values), dtype=np.int32)
    for index, value in enumerate(column.values):
        if value == "":
            continue
        found = _NUMBER.fullmatch(value)
        if found is None or len(found.group(1)) >= 10:
            row = np.flatnonzero(column.codes == index)[0]
            refuse(table, row, f"{name} '{value}' is not a whole number; correct it or leave it empty.")
        numbers[index] = int(found.group(1))
    return numbers[column.codes]


def shown_order(table: CodedColumns, column: Column, names: Sequence[str], keep: np.ndarray) -> np.ndarray:
    """Return the condition at each position (N, K), NONE beyond the shown ones.

    Of an empty cell: all, in unknown order.
    """
    known = np.full((len(column.values), len(names)), NONE, dtype=np.int8)
    for index, value in enumerate(column.values):
        shown = [key.strip() for key in value.split(";")] if value else list(names)
        wrong = [key for key in shown if key not in names or shown.count(key) > 1]
        rows = np.flatnonzero((column.codes == index) & keep)
        if (wrong or len(shown) < 2) and len(rows):
            refuse(
                table,
                rows[0],
                f"order '{value[:80]}' must name at least two conditions, each once, separated by semicolons.",
            )
        if not wrong:
            known[index, : len(shown)] = [names.index(key) for key in shown]
    return known[column.codes]
