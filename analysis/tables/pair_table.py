"""Comparisons of two images as a table: a row for each pair that a person compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.statistics.pairs import LEFT, RIGHT, TIE, TIE_KEY, Pairs
from analysis.statistics.questions import Question
from analysis.tables.errors import TableError
from analysis.tables.label_columns import without_missing
from analysis.tables.long_rows import LongRows, LongTable, combined, long_table, read_trials, without_answer
from analysis.tables.rating_table import refuse_empty

REQUIRED = ("left", "right", "chosen")
NAME = "pair"


def read_pairs(
    path: Path,
    conditions: Sequence[str] | None,
    *,
    tie: str = TIE_KEY,
    encoding: str | None = None,
    moderators: Sequence[str] = (),
) -> LongTable:
    """Read `participant,clip,left,right,chosen`, optionally with `repeat`, `trial` and `excluded`.

    `chosen` is the key of one of the two, or the word `tie`. Raises TableError.
    """
    rows = read_trials(path, REQUIRED, encoding=encoding, moderators=moderators, row_is_trial=True)
    known = (*(conditions or ()), tie)
    empty = without_missing(rows.table, rows.column("chosen"), "chosen", known).rows(lambda value: not value)
    rows = without_answer(rows, "chosen", empty)
    keys, columns = rows.condition_keys(REQUIRED, known)
    sides = {name: columns[name] for name in ("left", "right")}
    for name, codes in sides.items():
        refuse_empty(rows, np.array([key == "" for key in keys])[codes], name)
    is_tie = np.array([key.casefold() == tie.casefold() for key in keys])
    if (named := is_tie[sides["left"]] | is_tie[sides["right"]]).any():
        row = int(np.flatnonzero(named)[0])
        rows.refuse(row, f"a condition is named '{tie}', the word for a tie; name another with --tie WORD.")
    found, (left, right) = rows.conditions(keys, sides, conditions)
    _check(rows, keys, columns, is_tie)
    chosen = np.select([is_tie[columns["chosen"]], columns["chosen"] == columns["left"]], [TIE, LEFT], RIGHT)
    return long_table(rows, [pair_question(rows, NAME, found, left, right, chosen)])


def _check(rows: LongRows, keys: Sequence[str], columns: dict[str, np.ndarray], is_tie: np.ndarray) -> None:
    left, right, chosen = (columns[name] for name in REQUIRED)
    neither = (chosen != left) & (chosen != right) & ~is_tie[chosen]
    if neither.any():
        row = int(np.flatnonzero(neither)[0])
        rows.refuse(
            row,
            f"'{keys[chosen[row]][:40]}' was chosen of '{keys[left[row]]}' and '{keys[right[row]]}'; name one of the "
            "two or 'tie', or the word for a tie with --tie WORD.",
        )


def pair_question(
    rows: LongRows, name: str, conditions: tuple[str, ...], left: np.ndarray, right: np.ndarray, chosen: np.ndarray
) -> Question:
    """The comparisons of these rows as a question. Raises TableError for an image with itself, or a pair twice."""
    same = left == right
    if same.any():
        row = int(np.flatnonzero(same)[0])
        rows.refuse(row, f"'{conditions[left[row]]}' is both left and right; a comparison shows two images.")
    if len(conditions) < 2:
        raise TableError(f"{rows.table.file}: there is one condition; comparisons need two.")
    pair = combined(np.minimum(left, right), np.maximum(left, right))
    cell = rows.cells(pair)
    rows.refuse_twice(
        cell,
        lambda row: f"{rows.of(row)} has compared '{conditions[left[row]]}' and '{conditions[right[row]]}' twice",
    )
    by_cell = np.argsort(
        rows.cells(rows.trial, pair), kind="stable"
    )  # so that no sum's last digit depends on the order of rows
    made = Pairs(
        conditions=conditions,
        participants=rows.people,
        clips=rows.clips,
        participant=rows.participant,
        clip=rows.clip,
        left=left.astype(np.int8),
        right=right.astype(np.int8),
        chosen=chosen.astype(np.int8),
        repeat=rows.repeat,
        trial=rows.trial,
    )
    return Question(name=name, kind="pair", data=made.select(by_cell))
