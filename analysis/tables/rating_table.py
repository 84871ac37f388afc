"""Ratings as a long table: a row for each number that a person gave to an image on a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.statistics.questions import Question
from analysis.statistics.values import Values
from analysis.tables.errors import TableError
from analysis.tables.label_columns import without_missing
from analysis.tables.long_rows import LongRows, LongTable, combined, long_table, read_trials
from analysis.tables.rating_scales import Ends, ends_of

REQUIRED = ("condition", "value")
_ONLY = "rating"  # the name of a question without one


def read_ratings(
    path: Path,
    conditions: Sequence[str] | None,
    scales: Mapping[str, Ends],
    *,
    encoding: str | None = None,
    moderators: Sequence[str] = (),
) -> LongTable:
    """Read `participant,clip,question,condition,value`, optionally with `repeat`, `trial`, `position`, `excluded`.

    An empty value is "cannot say"; an image without a row was not shown. Without the column `question` there is one.
    Raises TableError.
    """
    rows = read_trials(path, REQUIRED, ("question", "position"), encoding=encoding, moderators=moderators)
    names, of = question_names(rows)
    keys, columns = rows.condition_keys(("condition",), conditions)
    refuse_empty(rows, columns["condition"] == _place(keys, ""), "condition")
    found, (condition,) = rows.conditions(keys, columns, conditions)
    check_scales(names, scales)
    position = rows.whole("position") if rows.has("position") else None
    questions = []
    for number, name in enumerate(names):
        here = of == number
        questions.append(
            rating_question(
                rows.where(here), name, found, condition[here], scales, None if position is None else position[here]
            )
        )
    return long_table(rows, with_planes(questions))


def question_names(rows: LongRows) -> tuple[list[str], np.ndarray]:
    """The names of the questions in the order of their first rows, and the question of each row."""
    if not rows.has("question"):
        return [_ONLY], np.zeros(rows.n, dtype=np.int64)
    column = without_missing(rows.table, rows.column("question"), "question")
    refuse_empty(rows, column.rows(lambda value: not value), "question")
    alike: dict[str, str] = {}
    for value in column.values:
        if (other := alike.setdefault(" ".join(value.casefold().split()), value)) != value:
            raise TableError(
                f"{rows.table.file}: the questions '{other}' and '{value}' differ in capitals or spaces only; "
                "write the question in one way."
            )
    _, first = np.unique(column.codes, return_index=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return [column.values[code] for code in order], place[column.codes]


def refuse_empty(rows: LongRows, empty: np.ndarray, name: str) -> None:
    """Raise TableError about the first row whose cell in the column `name` is empty."""
    if empty.any():
        rows.refuse(int(np.flatnonzero(empty)[0]), f"the {name} is empty; fill it, or delete the row.")


def check_scales(names: Sequence[str], scales: Mapping[str, Ends]) -> None:
    """Raise TableError for a scale of a question that the table does not rate by numbers."""
    for name in scales:
        if name and name not in names:
            raise TableError(
                f"--scale {name}=…: no question '{name}' has ratings; there are: {', '.join(names) or 'none'}."
            )


def rating_question(
    rows: LongRows,
    name: str,
    conditions: tuple[str, ...],
    condition: np.ndarray,
    scales: Mapping[str, Ends],
    position: np.ndarray | None,
    *,
    part: np.ndarray | None = None,
) -> Question:
    """The ratings of these rows as a question.

    Args:
        rows: those of the question.
        condition: the code of each row, shape (M,).
        position: of the image on the page from 1, 0 if it is not known; shape (M,).
        part: the number of the trial among those of its clip, if a clip comes in several; shape (M,).
    """
    numbers = rows.numbers("value", f"question '{name}'")
    ends = ends_of(rows, name, numbers, scales)
    cell = rows.cells(part)
    rows.refuse_twice(
        combined(cell, condition), lambda row: f"{rows.of(row)} has rated '{conditions[condition[row]]}' twice"
    )
    _, first, trial = np.unique(cell, return_index=True, return_inverse=True)
    shape = (len(first), len(conditions))
    values, unsaid = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    values[trial, condition], unsaid[trial, condition] = numbers, np.isnan(numbers)
    made = Values(
        conditions=conditions,
        participants=rows.people,
        clips=rows.clips,
        participant=rows.participant[first],
        clip=rows.clip[first],
        values=values,
        lowest=ends.lowest,
        highest=ends.highest,
        repeat=None if rows.repeat is None else rows.repeat[first],
        part=None if part is None else part[first].astype(np.int32),
        cannot_say=unsaid if unsaid.any() else None,
        order=None if position is None else _order(rows, trial, shape, condition, position),
    )
    # Everybody and every clip here, without those who have rows of other questions only.
    return Question(name=name, kind="rate", data=made.select(np.ones(len(first), dtype=bool)), steps=ends.steps)


def _order(
    rows: LongRows, trial: np.ndarray, shape: tuple[int, int], condition: np.ndarray, position: np.ndarray
) -> np.ndarray | None:
    """The condition at each position, -1 where none is known; None if images came one at a time, or without places."""
    if not position.any():
        return None
    if rows.trial is not None and len(np.unique(combined(trial, rows.trial))) > shape[0]:
        return None
    beyond = position > shape[1]
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        rows.refuse(row, f"position {position[row]} is beyond the {shape[1]} positions of the page.")
    placed = position > 0
    rows.where(placed).refuse_twice(
        combined(trial[placed], position[placed]),
        lambda row: f"{rows.where(placed).of(row)} has two images at position {position[placed][row]}",
    )
    order = np.full(shape, -1, dtype=np.int8)
    order[trial[placed], position[placed] - 1] = condition[placed]
    return order


def with_planes(questions: Sequence[Question]) -> list[Question]:
    """The questions; of two scales of images the second is the height of a plane across the first.

    Valence is always across, and of more scales valence and arousal are the plane.
    """
    names = [question.name for question in questions if isinstance(question.data, Values)]
    if {"valence", "arousal"} <= set(names):
        names = ["valence", "arousal"]
    if len(names) != 2:
        return [*questions]
    across, up = names[::-1] if names[1] == "valence" else names
    return [replace(question, plane_with=across) if question.name == up else question for question in questions]


def _place(keys: Sequence[str], key: str) -> int:
    return keys.index(key) if key in keys else -1
