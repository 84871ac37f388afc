"""Rank orders of images as a table: a row for each trial, with the conditions by rank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.statistics.ballots import NONE
from analysis.statistics.questions import Question
from analysis.statistics.rankings import Rankings
from analysis.tables.errors import TableError
from analysis.tables.label_columns import shown_order, without_missing
from analysis.tables.long_rows import LongRows, LongTable, long_table, read_trials

NAME = "choice"
_RANK = re.compile(r"rank_([0-9]{1,4})")
_SHARED = re.compile(r"\s*[;,/=|]\s*")  # between images that somebody wrote into one cell


def rank_columns(file: str, names: Sequence[str]) -> tuple[str, ...]:
    """The columns rank_1, rank_2, … of a table, in order. Raises TableError if one is missing between."""
    ranks = sorted(int(found[1]) for name in names if (found := _RANK.fullmatch(name)))
    for place, rank in enumerate(ranks, start=1):
        if rank != place:
            raise TableError(f"{file}: the column 'rank_{place}' is missing before 'rank_{rank}'; number ranks from 1.")
    return tuple(f"rank_{rank}" for rank in ranks)


def read_ranks(
    path: Path,
    ranks: Sequence[str],
    conditions: Sequence[str] | None,
    *,
    points: tuple[float, ...] | None = None,
    encoding: str | None = None,
    moderators: Sequence[str] = (),
) -> LongTable:
    """Read `participant,clip,rank_1,…`, optionally with `order`, `repeat`, `trial` and `excluded`.

    `ranks`: as `rank_columns` names them. All ranks empty: none of the images fits. Raises TableError.
    """
    rows = read_trials(path, ranks, ("order",), encoding=encoding, moderators=moderators, row_is_trial=True)
    keys, columns = rows.condition_keys(ranks, conditions)
    _check(rows, keys, columns)
    names, codes = rows.conditions(keys, columns, conditions)
    order = None
    if rows.has("order"):
        table = rows.table
        column = without_missing(table, table.columns["order"], "order")
        kept = np.isin(np.arange(table.n), rows.index)
        order = shown_order(table, column, names, kept)[rows.index]
    return long_table(rows, [rank_question(rows, NAME, names, np.stack(codes, axis=1), order, points)])


def _check(rows: LongRows, keys: Sequence[str], columns: dict[str, np.ndarray]) -> None:
    """Refuse gaps, and one image at two ranks: these errors come before those about unknown conditions."""
    for key in keys:
        if shared := [part for part in _SHARED.split(key) if part != key and part in keys]:
            row = int(np.flatnonzero(np.any([column == keys.index(key) for column in columns.values()], axis=0))[0])
            rows.refuse(row, f"'{key[:80]}' puts '{shared[0]}' and another image at one rank; give each image its own.")
    filled = np.array([key != "" for key in keys], dtype=bool)
    names = list(columns)
    for place, name in enumerate(names):
        mine = columns[name]
        if place:
            gap = filled[mine] & ~filled[columns[names[place - 1]]]
            if gap.any():
                row = int(np.flatnonzero(gap)[0])
                rows.refuse(row, f"{names[place - 1]} is empty, but {name} is not; fill it, or empty the later ones.")
        for earlier in names[:place]:
            same = filled[mine] & (mine == columns[earlier])
            if same.any():
                row = int(np.flatnonzero(same)[0])
                rows.refuse(row, f"'{keys[mine[row]]}' is both {earlier} and {name}; give each image one rank.")


def rank_question(
    rows: LongRows,
    name: str,
    conditions: tuple[str, ...],
    ranks: np.ndarray,
    order: np.ndarray | None,
    points: tuple[float, ...] | None,
) -> Question:
    """The rank orders of these rows as a question.

    Args:
        rows: one for each trial.
        ranks: the condition at each rank, shape (M, R).
        order: the condition at each position, shape (M, K).
        points: of each rank; None for the usual ones.
    """
    if ranks.shape[1] > len(conditions):
        raise TableError(
            f"{rows.table.file}: {ranks.shape[1]} ranks of {len(conditions)} conditions; name all conditions with "
            "--conditions, or delete the ranks that are too many."
        )
    if (ranks[:, 0] == NONE).all():
        raise TableError(f"{rows.table.file}: nobody has ranked an image of question '{name}'; at least one is needed.")
    if order is not None:
        hidden = (ranks >= 0) & ~(ranks[:, :, None] == order[:, None, :]).any(axis=2)
        if hidden.any():
            row, place = (int(at[0]) for at in np.nonzero(hidden))
            rows.refuse(
                row,
                f"'{conditions[ranks[row, place]]}' has rank {place + 1} and was not shown by the column 'order'; "
                "correct one of the two.",
            )
    cell = rows.cells()
    rows.refuse_twice(cell, lambda row: f"{rows.of(row)} has a second rank order")
    made = Rankings(
        conditions=conditions,
        participants=rows.people,
        clips=rows.clips,
        participant=rows.participant,
        clip=rows.clip,
        ranks=ranks.astype(np.int8),
        order=order,
        repeat=rows.repeat,
        trial=rows.trial,
    )
    by_cell = np.argsort(cell, kind="stable")  # so that no sum's last digit depends on the order of rows
    return Question(name=name, kind="choose", data=made.select(by_cell), points=points)
