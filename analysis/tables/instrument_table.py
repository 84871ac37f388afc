"""The ballot table of a study with an instrument as coded columns; Earsight wrote it, and checked each answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from analysis.statistics.ballots import NONE, natural_key
from analysis.statistics.coded_trials import CodedTrials, conditions_in
from analysis.tables.coded_columns import CodedColumns, Column, read_columns
from analysis.tables.errors import TableError
from analysis.tables.person_columns import NO, check_moderators, groups_of, known_pieces

REQUIRED = ("participant", "clip", "first", "second", "repeat", "trial", "excluded", "order", "knows_piece", "content")


@dataclass(frozen=True, kw_only=True)
class TrialRows(CodedTrials):
    """N answered trials.

    `order` (N, K): the condition at each position, NONE beyond the images that were shown. `first`, `second` (N,):
    conditions, NONE for none. `content` (N,): indices into `contents`, of which each is what a ballot says further.
    `knows` (N,): whether the person knew the piece.
    """

    order: np.ndarray
    first: np.ndarray
    second: np.ndarray
    content: np.ndarray
    contents: Sequence[Mapping[str, Any]]
    knows: np.ndarray

    @cached_property
    def shown(self) -> np.ndarray:
        """Which conditions were shown, shape (N, K)."""
        return conditions_in(self.order, self.k)

    @cached_property
    def images(self) -> np.ndarray:
        """A number for each set of images that was shown, shape (N,): in a study of pairs the pair."""
        return self.shown @ (1 << np.arange(self.k))

    def same_images(self) -> np.ndarray:
        """A number for each participant, clip and set of images that was shown, shape (N,)."""
        return self.cell * (1 << self.k) + self.images


@dataclass(frozen=True)
class InstrumentTable:
    """The trials of a table.

    Attributes:
        rows: without those of excluded people.
        every_row: with them; None if nobody is excluded.
        asks_of_pieces: whether people were asked whether they knew a piece.
        moderators: column → participant → group, "" if it is not known.
    """

    rows: TrialRows
    every_row: TrialRows | None
    asks_of_pieces: bool
    moderators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def n_excluded(self) -> int:
        return 0 if self.every_row is None else self.every_row.n - self.rows.n


def read_instrument_table(path: Path, conditions: Sequence[str], *, moderators: Sequence[str] = ()) -> InstrumentTable:
    """Read the ballot table of a study with an instrument.

    Raises:
        TableError: the table has no such columns or rows, or a row that no page of the study can have sent.
    """
    check_moderators(moderators, REQUIRED)
    wanted = (*REQUIRED, *moderators)
    table = read_columns(path, wanted, wanted, encoding=None, verbatim=True)
    if table.n == 0:
        raise TableError(f"{path.name}: there are no ballots under the header; add at least one row.")
    columns, keys = table.columns, tuple(conditions)
    kept = columns["excluded"].rows(lambda value: value.casefold() in NO)
    if not kept.any():
        raise TableError(f"{path.name}: all {table.n} ballots are excluded; at least one must be kept.")
    participants, participant = _labels(columns["participant"])
    clips, clip = _labels(columns["clip"], natural=True)
    contents, content = _contents(table, columns["content"])
    repeat, trial = _numbers(table, "repeat"), _numbers(table, "trial")
    every_row = TrialRows(
        conditions=keys,
        participants=participants,
        clips=clips,
        participant=participant,
        clip=clip,
        repeat=repeat,
        trial=trial,
        order=_orders(table, columns["order"], keys),
        first=_conditions(table, "first", keys),
        second=_conditions(table, "second", keys),
        content=content,
        contents=contents,
        knows=known_pieces(table, columns["knows_piece"]),
    )
    # Not even a sum's last digit may depend on the order of rows.
    sorted_rows = np.lexsort((trial, repeat, clip, participant))
    every_row, kept = every_row.select(sorted_rows), kept[sorted_rows]
    return InstrumentTable(
        rows=every_row if kept.all() else every_row.select(kept),
        every_row=None if kept.all() else every_row,
        asks_of_pieces=any(columns["knows_piece"].values),
        moderators={name: groups_of(table, columns[name], name, participants, participant) for name in moderators},
    )


def _labels(column: Column, *, natural: bool = False) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted labels and codes (N,); clips stand as 1, 2, 10."""
    labels = sorted(set(column.values), key=natural_key if natural else None)
    place = {label: number for number, label in enumerate(labels)}
    return tuple(labels), np.array([place[value] for value in column.values], dtype=np.int32)[column.codes]


def _numbers(table: CodedColumns, name: str) -> np.ndarray:
    column = table.columns[name]
    for value in column.values:
        if not value.isdecimal():
            _refuse(table, column, value, f"{name} '{value[:40]}' is no whole number.")
    return np.array([int(value) for value in column.values], dtype=np.int32)[column.codes]


def _conditions(table: CodedColumns, name: str, keys: tuple[str, ...]) -> np.ndarray:
    column, place = table.columns[name], {"": NONE} | {key: number for number, key in enumerate(keys)}
    for value in column.values:
        if value not in place:
            _refuse(table, column, value, f"{name} choice '{value[:80]}' is no condition ({', '.join(keys)}).")
    return np.array([place[value] for value in column.values], dtype=np.int8)[column.codes]


def _orders(table: CodedColumns, column: Column, keys: tuple[str, ...]) -> np.ndarray:
    known = np.full((len(column.values), len(keys)), NONE, dtype=np.int8)
    for row, value in zip(known, column.values, strict=True):
        shown = value.split(";") if value else []
        if not shown or len(set(shown)) < len(shown) or not set(shown) <= set(keys):
            _refuse(table, column, value, f"order '{value[:80]}' must name conditions, each once.")
        row[: len(shown)] = [keys.index(key) for key in shown]
    return known[column.codes]


def _contents(table: CodedColumns, column: Column) -> tuple[list[Mapping[str, Any]], np.ndarray]:
    """The distinct contents, and each row's index into them."""
    found: list[Mapping[str, Any]] = []
    for value in column.values:
        try:
            content = json.loads(value) if value else {}
        except ValueError:
            content = None
        if not isinstance(content, dict):
            _refuse(table, column, value, "the content is no JSON object.")
        found.append(content)
    return found, column.codes


def _refuse(table: CodedColumns, column: Column, value: str, message: str) -> NoReturn:
    row = int(np.flatnonzero(column.codes == column.values.index(value))[0])
    raise TableError(f"{table.file}, row {table.row_number(row)}: {message}")
