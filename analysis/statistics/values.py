"""Numbers given to images: ratings, points of pairs, points of ranks; coded arrays and their validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.statistics.ballots import check_conditions, encode
from analysis.statistics.coded_trials import CodedTrials, later_of_pairs, within
from analysis.statistics.errors import BallotsError, DesignError

OPTIONAL = ("repeat", "trial", "part", "cannot_say", "order")


@dataclass(frozen=True, kw_only=True)
class Values(CodedTrials):
    """N trials, each with a number for every condition that it showed.

    `values` (N, K): the number of each condition, NaN if it was not shown or the person could not say.
    `lowest`, `highest`: the ends of the scale. Optional: `part` (N,), if the images of a clip come in several trials,
    as pairs do: the number of the trial among them. `cannot_say` (N, K): shown images without a number. `order`
    (N, K): the condition at each position, -1 beyond the images that were shown.

    `points`: of each rank, if the values are points that a trial gives to different images. Contrasts are then in
    points per trial: K/2 times the difference of the sides' means, as for first and second choices. Without `points`
    a contrast is the plain difference of the sides' means.
    """

    values: np.ndarray
    lowest: float
    highest: float
    part: np.ndarray | None = None
    cannot_say: np.ndarray | None = None
    order: np.ndarray | None = None
    points: tuple[float, ...] | None = None

    @cached_property
    def given(self) -> np.ndarray:
        """Which numbers exist, shape (N, K)."""
        return ~np.isnan(self.values)

    @cached_property
    def filled(self) -> np.ndarray:
        """The numbers with 0 for those that do not exist, shape (N, K); only for sums together with `given`."""
        return np.where(self.given, self.values, 0.0)

    def same_images(self) -> np.ndarray:
        """A number for each participant, clip and part, shape (N,)."""
        return self.cell if self.part is None else within(self.cell, self.part)

    @cached_property
    def shares_cell(self) -> np.ndarray:
        """True for a trial whose person and clip have another trial before it; shape (N,)."""
        return self.is_repeat if self.part is None else later_of_pairs(self.cell)


def make_values(
    participant: Sequence[str],
    clip: Sequence[str],
    values: np.ndarray,
    *,
    conditions: Sequence[str],
    lowest: float,
    highest: float,
    repeat: Sequence[int] | None = None,
    trial: Sequence[int] | None = None,
    part: Sequence[int] | None = None,
    cannot_say: np.ndarray | None = None,
    order: np.ndarray | None = None,
    points: tuple[float, ...] | None = None,
) -> Values:
    """Code and check trials given as labels and numbers (N, K). Raises BallotsError, DesignError."""

    def whole(column: Sequence[int] | None) -> np.ndarray | None:
        return None if column is None else np.asarray(column, dtype=np.int32)

    participant_codes, participants = encode(participant)
    clip_codes, clips = encode(clip, natural=True)
    made = Values(
        conditions=check_conditions(conditions),
        participants=participants,
        clips=clips,
        participant=participant_codes,
        clip=clip_codes,
        values=np.asarray(values, dtype=float),
        lowest=float(lowest),
        highest=float(highest),
        repeat=whole(repeat),
        trial=whole(trial),
        part=whole(part),
        cannot_say=cannot_say,
        order=order,
        points=points,
    )
    check_values(made)
    return made


def values_of_rows(
    participant: Sequence[str],
    clip: Sequence[str],
    condition: Sequence[str],
    value: Sequence[float | None],
    *,
    conditions: Sequence[str],
    lowest: float,
    highest: float,
    repeat: Sequence[int] | None = None,
    trial: Sequence[int] | None = None,
) -> Values:
    """Values of a long table with one row for each number; None is "cannot say". Raises BallotsError, DesignError.

    `row` of the error is the row of the long table.
    """
    keys = check_conditions(conditions)
    place = {key: i for i, key in enumerate(keys)}
    people, participants = encode(participant)
    music, clips = encode(clip, natural=True)
    again = np.zeros(len(people), dtype=np.int64) if repeat is None else np.asarray(repeat, dtype=np.int64)
    column = np.empty(len(people), dtype=np.intp)
    for row, key in enumerate(condition):
        if key not in place:
            raise BallotsError(f"'{key}' is no condition ({', '.join(keys)}).", row)
        column[row] = place[key]
    if not len(people):
        raise BallotsError("there are no ratings; at least one is needed.")
    numbers = np.array([np.nan if x is None else x for x in value], dtype=float)
    cell = within(people.astype(np.int64) * len(clips) + music, again)
    _, first, trial_of_row = np.unique(cell, return_index=True, return_inverse=True)
    at = trial_of_row * np.intp(len(keys)) + column
    if (twice := later_of_pairs(at)).any():
        row = int(np.flatnonzero(twice)[0])
        raise BallotsError(
            f"participant '{participant[row]}' has a second rating of '{condition[row]}' on clip '{clip[row]}'; "
            "remove one, or number repeated trials in the column 'repeat'.",
            row,
        )
    table = np.full((len(first), len(keys)), np.nan)
    table.flat[at] = numbers
    unsaid = np.zeros(table.shape, dtype=bool)
    unsaid.flat[at] = [x is None for x in value]
    wrong = ~((numbers >= lowest) & (numbers <= highest)) & ~unsaid.flat[at]
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BallotsError(_beyond(numbers[row], lowest, highest), row)
    made = Values(
        conditions=keys,
        participants=participants,
        clips=clips,
        participant=people[first],
        clip=music[first],
        values=table,
        lowest=float(lowest),
        highest=float(highest),
        repeat=None if repeat is None else again[first].astype(np.int32),
        trial=None if trial is None else np.asarray(trial, dtype=np.int32)[first],
        cannot_say=unsaid if unsaid.any() else None,
    )
    check_values(made)
    return made


def check_values(values: Values) -> None:
    """Raise BallotsError for the first invalid trial, DesignError for ends of the scale or shapes that do not fit."""
    if not (np.isfinite([values.lowest, values.highest]).all() and values.lowest < values.highest):
        raise DesignError(
            f"a scale from {values.lowest:g} to {values.highest:g}: the highest number must be above the lowest."
        )
    if values.n == 0:
        raise BallotsError("there are no ratings; at least one is needed.")
    shape = (values.n, values.k)
    for name in ("values", "cannot_say", "order"):
        array = getattr(values, name)
        if array is not None and array.shape != shape:
            raise DesignError(f"'{name}' has the shape {array.shape}; {shape} is needed, trials × conditions.")
    with np.errstate(invalid="ignore"):
        wrong = values.given & ~((values.values >= values.lowest) & (values.values <= values.highest))
    if wrong.any():
        row, column = (int(x[0]) for x in np.nonzero(wrong))
        raise BallotsError(_beyond(values.values[row, column], values.lowest, values.highest), row)
    if values.cannot_say is not None and (both := values.cannot_say & values.given).any():
        raise BallotsError("a number and 'cannot say' for the same image; keep one.", int(np.nonzero(both)[0][0]))
    if (twice := later_of_pairs(values.occasion)).any():
        row = int(np.flatnonzero(twice)[0])
        raise BallotsError(
            f"participant '{values.participants[values.participant[row]]}' has a second trial on clip "
            f"'{values.clips[values.clip[row]]}'; remove one, or number repeated trials in the column 'repeat'.",
            row,
        )
    _check_points(values)


def _check_points(values: Values) -> None:
    points = values.points
    if points is None:
        return
    falling = bool((np.diff(points) <= 0).all())
    if not (1 <= len(points) <= values.k and np.isfinite(points).all() and falling and points[0] > 0 <= points[-1]):
        shown = ",".join(f"{x:g}" for x in points)
        raise DesignError(f"points {shown}: one for each rank, none above the one before, the first above 0.")


def _beyond(value: float, lowest: float, highest: float) -> str:
    return f"{value:g} lies outside the scale from {lowest:g} to {highest:g}; correct it, or leave it empty."
