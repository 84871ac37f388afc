"""The long table of all answers that Earsight exports (`answers.csv`), as questions to analyse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analysis.statistics.ballots import NONE
from analysis.statistics.other_answers import Numbers, Picks
from analysis.statistics.pairs import LEFT, RIGHT, TIE
from analysis.statistics.questions import Question
from analysis.statistics.value_results import TextCounts
from analysis.tables.errors import TableError
from analysis.tables.long_rows import LongRows, LongTable, combined, long_table, read_trials
from analysis.tables.pair_table import pair_question
from analysis.tables.rank_table import rank_question
from analysis.tables.rating_scales import Ends, ends_of
from analysis.tables.rating_table import check_scales, question_names, rating_question, with_planes

REQUIRED = ("trial", "question", "kind", "condition", "position", "value")
KINDS = ("choose", "pair", "rate", "pick", "text", "confidence")


@dataclass(frozen=True)
class _Answers:
    """Rows of one question: their conditions as codes, NONE without one, and positions from 1, 0 without one."""

    rows: LongRows
    name: str
    kind: str
    conditions: tuple[str, ...]
    condition: np.ndarray
    position: np.ndarray
    part: np.ndarray | None
    scales: Mapping[str, Ends]
    points: tuple[float, ...] | None
    trials: int

    @property
    def cell(self) -> np.ndarray:
        return self.rows.cells(self.rows.trial)


def read_answers(
    path: Path,
    conditions: Sequence[str] | None,
    scales: Mapping[str, Ends],
    *,
    points: tuple[float, ...] | None = None,
    encoding: str | None = None,
    moderators: Sequence[str] = (),
) -> LongTable:
    """Read `participant,clip,repeat,trial,question,kind,condition,position,value,excluded`.

    Raises TableError, also for the table of a sealed study: its labels differ from person to person.
    """
    rows = read_trials(path, REQUIRED, encoding=encoding, moderators=moderators)
    names, of = question_names(rows)
    kinds = [_kind(rows, names[number], of == number) for number in range(len(names))]
    keys, columns = rows.condition_keys(("condition",), conditions)
    position = rows.whole("position")
    without = columns["condition"] == (keys.index("") if "" in keys else -1)
    if not without.all() and not position[~without].any():
        raise TableError(
            f"{path.name}: no image has a position, as in the table of a sealed study, whose labels are drawn anew for "
            "each person; export the study again once it is closed."
        )
    found, (condition,) = rows.conditions(keys, columns, conditions)
    numeric = [name for name, kind in zip(names, kinds, strict=True) if kind in ("rate", "confidence")]
    check_scales(numeric, scales)
    parts = _parts(rows, condition) if "pair" in kinds else None
    trials = len(np.unique(rows.cells(rows.trial)))
    questions = []
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        here = of == number
        mine = _Answers(
            rows.where(here),
            name,
            kind,
            found,
            condition[here],
            position[here],
            None if parts is None else parts[here],
            scales,
            points,
            trials,
        )
        questions.append(_READERS[kind](mine))
    seldom = _of_chosen(rows, np.array([kind == "choose" for kind in kinds])[of], condition)
    of_chosen = [bool(seldom[of == number].all()) and kinds[number] == "rate" for number in range(len(names))]
    questions = [replace(question, of_chosen=chosen) for question, chosen in zip(questions, of_chosen, strict=True)]
    return long_table(rows, with_planes(questions), placed=True)


def _of_chosen(rows: LongRows, chooses: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """Whether a row is about an image that was chosen in its trial, if some were shown and not chosen; (M,)."""
    image = combined(rows.cells(rows.trial), condition + 1)
    empty = rows.column("value").rows(lambda value: not value)
    if not (chooses & empty).any():
        return np.zeros(rows.n, dtype=bool)
    return np.isin(image, image[chooses & ~empty])


def _kind(rows: LongRows, name: str, here: np.ndarray) -> str:
    """The kind of a question's rows."""
    column = rows.where(here).column("kind")
    if len(column.values) > 1 or column.values[0] not in KINDS:
        strange = column.values[-1]
        row = int(np.flatnonzero(column.codes == len(column.values) - 1)[0])
        rows.where(here).refuse(
            row,
            f"question '{name}' is of the kind '{strange[:40]}'; each question has one kind of {', '.join(KINDS)}.",
        )
    return column.values[0]


def _parts(rows: LongRows, condition: np.ndarray) -> np.ndarray:
    """A number for the pair of images that a row's trial showed; (M,)."""
    shown = condition != NONE
    _, trial = np.unique(rows.cells(rows.trial), return_inverse=True)
    low, high = np.full(trial.max() + 1, 127), np.full(trial.max() + 1, NONE)
    np.minimum.at(low, trial[shown], condition[shown])
    np.maximum.at(high, trial[shown], condition[shown])
    return combined(low[trial], high[trial] + 1)


def _one_a_trial(answers: _Answers) -> None:
    """Refuse a second row of a trial."""
    rows = answers.rows
    rows.refuse_twice(answers.cell, lambda row: f"{rows.of(row)} has answered '{answers.name}' twice")


def _trials_of_images(answers: _Answers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First row of each trial, each row's trial, and the condition at each position (n, K)."""
    rows, condition, k = answers.rows, answers.condition, len(answers.conditions)
    wrong = (condition == NONE) | (answers.position == 0) | (answers.position > k)
    if wrong.any():
        rows.refuse(
            int(np.flatnonzero(wrong)[0]),
            f"a row of '{answers.name}' needs the condition and position of an image that was shown.",
        )
    cell = answers.cell
    rows.refuse_twice(combined(cell, condition), lambda row: f"{rows.of(row)} has one condition twice")
    rows.refuse_twice(combined(cell, answers.position), lambda row: f"{rows.of(row)} has one position twice")
    _, first, trial = np.unique(cell, return_index=True, return_inverse=True)
    order = np.full((len(first), k), NONE, dtype=np.int8)
    order[trial, answers.position - 1] = condition
    return first, trial, order


def _choice(answers: _Answers) -> Question:
    rows = answers.rows
    first, trial, order = _trials_of_images(answers)
    rank = rows.numbers("value", f"question '{answers.name}'")
    k = len(answers.conditions)
    chosen = ~np.isnan(rank)
    with np.errstate(invalid="ignore"):
        wrong = chosen & ~((rank == np.rint(rank)) & (rank >= 1) & (rank <= k))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        rows.refuse(row, f"value {rank[row]:g} is no rank of {k} images; ranks are whole numbers from 1.")
    if not chosen.any():
        raise TableError(f"{rows.table.file}: nobody has chosen an image in question '{answers.name}'.")
    place = np.where(chosen, rank, 1).astype(np.int64) - 1
    rows.where(chosen).refuse_twice(
        combined(answers.cell[chosen], place[chosen]),
        lambda row: f"{rows.where(chosen).of(row)} has two images of rank {place[chosen][row] + 1}",
    )
    ranks = np.full((len(first), int(place.max()) + 1), NONE, dtype=np.int8)
    ranks[trial[chosen], place[chosen]] = answers.condition[chosen]
    gap = (ranks[:, 1:] >= 0) & (ranks[:, :-1] < 0)
    if gap.any():
        at, missing = (int(x[0]) for x in np.nonzero(gap))
        rows.refuse(int(first[at]), f"this trial has an image of rank {missing + 2} and none of rank {missing + 1}.")
    at_first = np.zeros(rows.n, dtype=bool)
    at_first[first] = True
    in_order = np.argsort(first)  # `where` keeps the order of rows
    return rank_question(
        rows.where(at_first),
        answers.name,
        answers.conditions,
        ranks[in_order],
        order[in_order],
        answers.points,
    )


def _pair(answers: _Answers) -> Question:
    rows = answers.rows
    first, trial, order = _trials_of_images(answers)
    points = rows.numbers("value", f"question '{answers.name}'")
    wrong = ~np.isin(points, (0, 0.5, 1))
    if wrong.any():
        rows.refuse(int(np.flatnonzero(wrong)[0]), "the value of an image of a pair is 1, 0.5 for a tie, or 0.")
    images, sums = np.bincount(trial), np.bincount(trial, weights=points)
    strange = (images != 2) | (sums != 1) | (order[:, :2] < 0).any(axis=1)
    if strange.any():
        rows.refuse(
            int(first[np.flatnonzero(strange)[0]]),
            f"a trial of '{answers.name}' has the two images of positions 1 and 2, whose values add up to 1.",
        )
    of_left = np.zeros(len(first))
    left = answers.position == 1
    of_left[trial[left]] = points[left]
    chosen = np.select([of_left == 1, of_left == 0], [LEFT, RIGHT], TIE)
    at_first = np.zeros(rows.n, dtype=bool)
    at_first[first] = True
    in_order = np.argsort(first)
    return pair_question(
        rows.where(at_first),
        answers.name,
        answers.conditions,
        order[in_order, 0],
        order[in_order, 1],
        chosen[in_order],
    )


def _rating(answers: _Answers) -> Question:
    of_image = answers.condition != NONE
    if not of_image.any():
        return _trial_number(answers)
    _check_all_of_images(answers, of_image)
    return rating_question(
        answers.rows,
        answers.name,
        answers.conditions,
        answers.condition,
        answers.scales,
        answers.position,
        part=answers.part,
    )


def _check_all_of_images(answers: _Answers, of_image: np.ndarray) -> None:
    if not of_image.all():
        answers.rows.refuse(
            int(np.flatnonzero(~of_image)[0]),
            f"an answer to '{answers.name}' has no condition, but others have; fill it, or rename the question.",
        )


def _trial_number(answers: _Answers) -> Question:
    _one_a_trial(answers)
    rows = answers.rows
    numbers = rows.numbers("value", f"question '{answers.name}'")
    ends = ends_of(rows, answers.name, numbers, answers.scales)
    people, participant = np.unique(rows.participant, return_inverse=True)
    data = Numbers(
        participants=tuple(rows.people[code] for code in people),
        participant=participant,
        numbers=numbers,
        lowest=ends.lowest,
        highest=ends.highest,
        steps=ends.steps,
        unsaid=int(np.isnan(numbers).sum()),
    )
    return Question(name=answers.name, kind=answers.kind, data=data)


def _categories(answers: _Answers) -> Question:
    """Categories of images, or of the music: those that somebody picked, in alphabetical order."""
    rows = answers.rows
    of_image = answers.condition != NONE
    if of_image.any():
        _check_all_of_images(answers, of_image)
    conditions = answers.conditions if of_image.any() else ()
    image = answers.condition.astype(np.int64) if of_image.any() else np.zeros(rows.n, dtype=np.int64)
    rows.refuse_twice(
        combined(answers.cell, image), lambda row: f"{rows.of(row)} has answered '{answers.name}' of one image twice"
    )
    column = rows.column("value")
    picked_in = [[key.strip() for key in value.split(";") if key.strip()] for value in column.values]
    keys = sorted({key for picked in picked_in for key in picked})
    if not keys:
        raise TableError(f"{rows.table.file}: nobody has picked a category of question '{answers.name}'.")
    by_value = np.zeros((len(column.values), len(keys)), dtype=bool)
    for code, picked in enumerate(picked_in):
        by_value[code, [keys.index(key) for key in picked]] = True
    _, first, trial = np.unique(answers.cell, return_index=True, return_inverse=True)
    shape = (len(first), max(len(conditions), 1))
    answered, picks = np.zeros(shape, dtype=bool), np.zeros((*shape, len(keys)), dtype=bool)
    answered[trial, image], picks[trial, image] = True, by_value[column.codes]
    people, participant = np.unique(rows.participant[first], return_inverse=True)
    data = Picks(
        categories=tuple(keys),
        participants=tuple(rows.people[code] for code in people),
        participant=participant,
        picked=picks,
        answered=answered,
        conditions=conditions,
    )
    return Question(name=answers.name, kind="pick", data=data)


def _texts(answers: _Answers) -> Question:
    _one_a_trial(answers)
    rows = answers.rows
    given = rows.column("value").rows(bool)
    data = TextCounts(
        trials=answers.trials, given=int(given.sum()), participants=len(np.unique(rows.participant[given]))
    )
    return Question(name=answers.name, kind="text", data=data)


_READERS: Mapping[str, Callable[[_Answers], Question]] = {
    "choose": _choice,
    "pair": _pair,
    "rate": _rating,
    "pick": _categories,
    "text": _texts,
    "confidence": _trial_number,
}
