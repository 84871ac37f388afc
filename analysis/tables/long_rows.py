"""The rows of a long table that count, with what all its forms share: people, clips, repeats, trials, exclusions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from analysis.statistics.questions import Question
from analysis.tables.coded_columns import CodedColumns, Column, read_columns
from analysis.tables.condition_keys import choose_conditions
from analysis.tables.errors import TableError
from analysis.tables.label_columns import (
    condition_codes,
    condition_keys,
    labels,
    refuse,
    whole_numbers,
    without_missing,
)
from analysis.tables.person_columns import NO, check_moderators, groups_of
from study.tables.cells import is_missing
from study.tables.notes import LEFT_OUT

SHARED = ("participant", "clip", "repeat", "trial", "excluded")
_CANNOT_SAY = frozenset({"cannot say", "cannot_say", "can't say", "can’t say", "don't know", "don’t know", "dk"})
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class LongTable:
    """The questions of a long table with their answers.

    Attributes:
        excluded: how many trials are excluded.
        trials: how many trials count.
        notes: what was changed on reading, and what a reader of the results should look at, in sentences.
        moderators: column → participant → group, "" if it is not known.
        placed: whether the order of a trial's images is that of their positions.
    """

    questions: tuple[Question, ...]
    participants: int
    clips: int
    trials: int
    excluded: int
    notes: tuple[str, ...]
    moderators: Mapping[str, Mapping[str, str]]
    placed: bool = False


@dataclass(frozen=True)
class LongRows:
    """The M rows of a long table that count.

    Attributes:
        index: of each row in the table.
        participant, clip: codes into `people` and `clips`.
        repeat, trial: None without that column.
    """

    table: CodedColumns
    index: np.ndarray
    people: tuple[str, ...]
    clips: tuple[str, ...]
    participant: np.ndarray
    clip: np.ndarray
    repeat: np.ndarray | None
    trial: np.ndarray | None
    excluded: int
    moderators: Mapping[str, Mapping[str, str]]
    row_is_trial: bool

    @property
    def n(self) -> int:
        return len(self.index)

    def has(self, name: str) -> bool:
        """Whether the table has the column."""
        return name in self.table.columns

    def column(self, name: str) -> Column:
        """Return a column at these rows."""
        return self.table.columns[name].take(self.index)

    def where(self, keep: np.ndarray) -> LongRows:
        """Return those of these rows for which `keep` (M,) is true."""
        return replace(
            self,
            index=self.index[keep],
            participant=self.participant[keep],
            clip=self.clip[keep],
            repeat=None if self.repeat is None else self.repeat[keep],
            trial=None if self.trial is None else self.trial[keep],
        )

    def refuse(self, row: int, message: str) -> NoReturn:
        """Raise TableError about one of these rows."""
        refuse(self.table, int(self.index[row]), message)

    def number(self, row: int) -> int:
        """Return the number of one of these rows as a spreadsheet shows it."""
        return self.table.row_number(int(self.index[row]))

    def of(self, row: int) -> str:
        """Return in words whose row it is, and of which clip."""
        return f"participant '{self.people[self.participant[row]]}' on clip '{self.clips[self.clip[row]]}'"

    def cells(self, *further: np.ndarray | None) -> np.ndarray:
        """Return a number for each participant, clip, repeat and `further` codes, in the order of all these; (M,)."""
        return combined(self.participant, self.clip, self.repeat, *further)

    def refuse_twice(self, codes: np.ndarray, what: Callable[[int], str]) -> None:
        """Raise TableError about the first row whose code an earlier row has, naming both rows."""
        ranked = np.argsort(codes, kind="stable")
        later = ranked[1:][codes[ranked[1:]] == codes[ranked[:-1]]]
        if len(later):
            row = int(later.min())
            earlier = int(np.flatnonzero(codes == codes[row])[0])
            self.refuse(
                row,
                f"{what(row)}, as in row {self.number(earlier)}; remove one, or number repeated trials in the column "
                "'repeat'.",
            )

    def condition_keys(
        self, names: Sequence[str], conditions: Sequence[str] | None
    ) -> tuple[list[str], dict[str, np.ndarray]]:
        """Return the keys in these columns, and each column as indices into them."""
        columns = [without_missing(self.table, self.column(name), name, conditions) for name in names]
        keys, coded = condition_keys(self.table, columns, conditions or (), " and ".join(names))
        return keys, dict(zip(names, coded, strict=True))

    def conditions(
        self, keys: list[str], columns: Mapping[str, np.ndarray], conditions: Sequence[str] | None
    ) -> tuple[tuple[str, ...], list[np.ndarray]]:
        """Return the conditions, and each column as their codes.

        The conditions are those named; else the preset's if a key is one of them, else the keys found. Raises
        TableError for a key that is no condition.
        """
        every, here = np.ones(self.n, dtype=bool), self._at_rows()
        names = choose_conditions(here, keys, [*columns.values()], every, conditions)
        return names, condition_codes(here, keys, columns, names, every)

    def whole(self, name: str) -> np.ndarray:
        """Return a column of whole numbers; empty is 0."""
        here = self._at_rows()
        return whole_numbers(here, without_missing(here, self.column(name), name), name)

    def numbers(self, name: str, what: str) -> np.ndarray:
        """Return a column of numbers, NaN if a person could not say; `what` is the number of, for messages."""
        column = self.column(name)
        words = {value for value in column.values if is_missing(value) or value.casefold() in _CANNOT_SAY}
        self.table.notes.missing(name, words - {""}, int(column.rows((words - {""}).__contains__).sum()))
        found = np.full(len(column.values), np.nan)
        for code, value in enumerate(column.values):
            if value in words:
                continue
            if _NUMBER.fullmatch(value) is None or not np.isfinite(float(value)):
                row = int(np.flatnonzero(column.codes == code)[0])
                if _COMMA.fullmatch(value):
                    self.refuse(row, f"{name} '{value}' of {what} has a comma; write {value.replace(',', '.')}.")
                self.refuse(
                    row,
                    f"{name} '{value[:40]}' of {what} is no number; correct it, or empty the cell.",
                )
            found[code] = float(value)
        return found[column.codes]

    def _at_rows(self) -> CodedColumns:
        """The table with these rows alone, for functions that name a row by its place."""
        return CodedColumns(self.table.file, self.n, {}, self.table.notes, self.number, verbatim=self.table.verbatim)


def read_trials(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str] = (),
    *,
    encoding: str | None = None,
    moderators: Sequence[str] = (),
    row_is_trial: bool = False,
) -> LongRows:
    """Read the rows of a long table with these columns, and those that all such tables may have.

    `row_is_trial`: each row is the answer of one trial. Raises TableError.
    """
    needed = ("participant", "clip", *required)
    wanted = tuple(dict.fromkeys((*SHARED, *required, *optional)))
    check_moderators(moderators, wanted)
    table = read_columns(path, (*wanted, *moderators), (*needed, *moderators), encoding=encoding, verbatim=False)
    if table.n == 0:
        raise TableError(f"{path.name}: there are no answers under the header; add at least one row.")
    excluded = np.zeros(table.n, dtype=bool)
    if "excluded" in table.columns:
        words = without_missing(table, table.columns["excluded"], "excluded")
        excluded = words.rows(lambda value: value.casefold() not in NO)
    if excluded.all():
        raise TableError(f"{path.name}: all {table.n} rows are excluded; at least one must be kept.")
    people, participant = labels(table, table.columns["participant"], "participant")
    clips, clip = labels(table, table.columns["clip"], "clip")
    whole = {
        name: whole_numbers(table, without_missing(table, table.columns[name], name), name)
        for name in ("repeat", "trial")
        if name in table.columns
    }
    trial = combined(participant, clip, whole.get("repeat"), whole.get("trial"))
    groups = {
        name: groups_of(table, without_missing(table, table.columns[name], name), name, people, participant)
        for name in moderators
    }
    index = np.flatnonzero(~excluded)
    return LongRows(
        table,
        index,
        people,
        clips,
        participant[index],
        clip[index],
        whole["repeat"][index] if "repeat" in whole else None,
        whole["trial"][index] if "trial" in whole else None,
        int(excluded.sum()) if row_is_trial else len(np.unique(trial[excluded])),
        groups,
        row_is_trial,
    )


def long_table(rows: LongRows, questions: Sequence[Question], *, placed: bool = False) -> LongTable:
    """Return the questions made of these rows; `placed`: whether orders of images are those of their positions."""
    return LongTable(
        tuple(questions),
        len(np.unique(rows.participant)),
        len(np.unique(rows.clip)),
        rows.n if rows.row_is_trial else len(np.unique(rows.cells(rows.trial))),
        rows.excluded,
        tuple(rows.table.notes.sentences()),
        rows.moderators,
        placed,
    )


def combined(*codes: np.ndarray | None) -> np.ndarray:
    """Return a number from 0 for each distinct combination of codes that are not negative, in their order; (N,)."""
    given = [column for column in codes if column is not None]
    found = given[0].astype(np.int64)
    for column in given[1:]:
        found = np.unique(found * (int(column.max()) + 1) + column, return_inverse=True)[1].astype(np.int64)
    return found


def without_answer(rows: LongRows, name: str, empty: np.ndarray) -> LongRows:
    """Return the rows that have an answer, and note how many have none. Raises TableError if no row is left."""
    if not empty.any():
        return rows
    if empty.all():
        raise TableError(f"{rows.table.file}: the column '{name}' is empty in all rows; at least one answer is needed.")
    rows.table.notes.add(LEFT_OUT, column=name, n=int(empty.sum()))
    return rows.where(~empty)
