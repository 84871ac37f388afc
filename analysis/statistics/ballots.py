"""Ballots as coded arrays, their validation, and the counts from which the statistics are computed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.statistics.coded_trials import CodedTrials, conditions_in, later_of_pairs
from analysis.statistics.errors import BallotsError, DesignError

NONE = -1  # no second choice; as `first`: none of the images fits
MIN_CONDITIONS, MAX_CONDITIONS = 2, 6

PRESET = ("redefined_tags", "redefined_sentence", "original_tags", "original_sentence")
PRESET_FACTORS: dict[str, tuple[str, ...]] = {
    "redefined": ("redefined_tags", "redefined_sentence"),
    "sentence": ("redefined_sentence", "original_sentence"),
}


@dataclass(frozen=True)
class Answers:
    """The distinct answers of ballots: what was chosen, out of which images. Most statistics need only their counts.

    `outcome` (U,): as `Ballots.outcome`. `shown` (U, K): the images shown. `index` (N,): each ballot's answer.
    """

    outcome: np.ndarray
    shown: np.ndarray
    index: np.ndarray

    def points(self, weights: tuple[float, float]) -> np.ndarray:
        """Points that an answer gives to each condition, shape (U, K)."""
        return points_of_outcomes(self.shown.shape[1], weights)[self.outcome]


@dataclass(frozen=True, kw_only=True)
class Ballots(CodedTrials):
    """N ballots.

    `first` and `second` are condition numbers, `NONE` for no choice. Optional, each of length N: `position_first`,
    `position_second` (from 1, 0 if unknown). `order` has shape (N, K): the condition at each position, `NONE` beyond
    the images that were shown; None means that everybody saw all conditions. `allow_same`: both choices may name one
    image.
    """

    first: np.ndarray
    second: np.ndarray
    position_first: np.ndarray | None = None
    position_second: np.ndarray | None = None
    order: np.ndarray | None = None
    allow_same: bool = False

    @cached_property
    def outcome(self) -> np.ndarray:
        """One number per ballot below 49: (first + 1) · (K + 1) + second + 1, so that none is 0; (N,)."""
        return (self.first + np.int8(1)) * np.int8(self.k + 1) + self.second + np.int8(1)

    @cached_property
    def shown(self) -> np.ndarray | None:
        """Which conditions were shown, shape (N, K); None if every ballot showed all."""
        if self.order is None or bool((self.order >= 0).all()):
            return None
        return conditions_in(self.order, self.k)

    @cached_property
    def answers(self) -> Answers:
        """The distinct answers; without `shown`, all (K + 1)² outcomes in order, each with every image shown."""
        width = (self.k + 1) ** 2
        if self.shown is None:
            return Answers(np.arange(width), np.ones((width, self.k), dtype=bool), self.outcome)
        sets = 1 << np.arange(self.k)
        codes, index = np.unique(self.outcome + (self.shown @ sets) * np.int64(width), return_inverse=True)
        return Answers(codes % width, (codes[:, None] // width & sets) > 0, index)

    @cached_property
    def answer_counts(self) -> np.ndarray:
        """How often each participant gave each answer, shape (P, U)."""
        if self.shown is None:
            return self.outcome_counts
        width = len(self.answers.outcome)
        flat = self.participant.astype(np.intp) * width + self.answers.index
        return np.bincount(flat, minlength=self.p * width).reshape(self.p, width).astype(float)

    @cached_property
    def clip_answer_counts(self) -> np.ndarray:
        """How often each clip got each answer, shape (C, U)."""
        width = len(self.answers.outcome)
        flat = self.clip.astype(np.intp) * width + self.answers.index
        return np.bincount(flat, minlength=self.c * width).reshape(self.c, width)

    @cached_property
    def outcome_counts(self) -> np.ndarray:
        """How often each participant gave each outcome, shape (P, (K + 1)²); most statistics need only these."""
        width = (self.k + 1) ** 2
        flat = self.participant.astype(np.intp)
        flat *= width
        flat += self.outcome
        return np.bincount(flat, minlength=self.p * width).reshape(self.p, width).astype(float)

    def points(self, weights: tuple[float, float]) -> np.ndarray:
        """Points per ballot and condition, shape (N, K)."""
        return points_of_outcomes(self.k, weights)[self.outcome]


def points_of_outcomes(k: int, weights: tuple[float, float]) -> np.ndarray:
    """Points that an outcome gives to each condition, shape ((K + 1)², K)."""
    table = np.zeros((k + 1, k + 1, k))
    for condition in range(k):
        table[condition + 1, :, condition] += weights[0]
        table[:, condition + 1, condition] += weights[1]
    return table.reshape(-1, k)


def natural_key(label: str) -> tuple[list[tuple[int, str]], str]:
    """A key that sorts labels as people count: clip 2 before clip 10."""
    parts = [
        (int(part), "") if part[0] in "0123456789" else (-1, part) for part in re.findall(r"[0-9]{1,18}|[^0-9]+", label)
    ]
    return parts, label


def encode(labels: Sequence[str], *, natural: bool = False) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes and sorted labels, so that the order of rows does not matter. `natural`: in the order of `natural_key`."""
    values = tuple(sorted({str(label) for label in labels}, key=natural_key if natural else None))
    place = {value: code for code, value in enumerate(values)}
    return np.array([place[str(label)] for label in labels], dtype=np.int32), values


def check_conditions(conditions: Sequence[str]) -> tuple[str, ...]:
    """Two to six different keys, or DesignError."""
    keys = tuple(conditions)
    if not MIN_CONDITIONS <= len(keys) <= MAX_CONDITIONS:
        shown = ", ".join(keys[:8]) + (", …" if len(keys) > 8 else "")
        raise DesignError(
            f"{len(keys)} condition{'' if len(keys) == 1 else 's'} found ({shown or 'none'}); "
            f"a study has {MIN_CONDITIONS} to {MAX_CONDITIONS}: name them all."
        )
    for key in keys:
        if not key or keys.count(key) > 1:
            raise DesignError(f"condition '{key}' is named twice or empty; give each condition a key of its own.")
    return keys


def check_weights(weights: Sequence[float]) -> tuple[float, float]:
    """w1 ≥ w2 ≥ 0, w1 > 0 and finite, or DesignError."""
    if len(weights) != 2:
        raise DesignError(f"weights are two numbers, such as 3,1, not {len(weights)}.")
    w1, w2 = float(weights[0]), float(weights[1])
    if not (np.isfinite([w1, w2]).all() and w1 >= w2 >= 0 and w1 > 0):
        raise DesignError(f"weights {w1:g},{w2:g}: the first must be above 0, the second between 0 and the first.")
    if not 1e-6 <= w1 <= 1e6:
        raise DesignError(f"weights {w1:g},{w2:g}: the first must lie between 0.000001 and 1,000,000.")
    return w1, w2


def check_factors(
    factors: Mapping[str, Sequence[str]] | None, conditions: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Factors as name → conditions at the high level; None gives the preset's for the preset's keys."""
    if factors is None:
        return dict(PRESET_FACTORS) if set(conditions) == set(PRESET) else {}
    checked = {}
    for name, high in factors.items():
        unknown = [key for key in high if key not in conditions]
        if unknown:
            raise DesignError(f"factor '{name}' names '{unknown[0]}', which is no condition ({', '.join(conditions)}).")
        if not name or not 0 < len(set(high)) < len(conditions):
            raise DesignError(f"factor '{name}' must hold at least one condition and leave at least one out.")
        checked[name] = tuple(key for key in conditions if key in high)
    return checked


def default_reference(conditions: tuple[str, ...], factors: Mapping[str, Sequence[str]]) -> str:
    """The condition with every factor at its low level if there is exactly one, else the first condition."""
    low = [c for c in conditions if not any(c in high for high in factors.values())]
    return low[0] if factors and len(low) == 1 else conditions[0]


def make_ballots(
    participant: Sequence[str],
    clip: Sequence[str],
    first: Sequence[str | None],
    second: Sequence[str | None],
    *,
    conditions: Sequence[str],
    repeat: Sequence[int] | None = None,
    trial: Sequence[int] | None = None,
    position_first: Sequence[int] | None = None,
    position_second: Sequence[int] | None = None,
    order: np.ndarray | None = None,
    allow_same: bool = False,
) -> Ballots:
    """Code and check ballots given as labels; None or "" is no choice. Raises BallotsError, DesignError."""
    keys = check_conditions(conditions)
    number = {key: i for i, key in enumerate(keys)} | {None: NONE, "": NONE}

    def code(column: Sequence[str | None]) -> np.ndarray:
        codes = np.empty(len(column), dtype=np.int8)
        for row, key in enumerate(column):
            if key not in number:
                raise BallotsError(f"'{key}' is no condition ({', '.join(keys)}).", row)
            codes[row] = number[key]
        return codes

    def whole(column: Sequence[int] | None) -> np.ndarray | None:
        return None if column is None else np.asarray(column, dtype=np.int32)

    participant_codes, participants = encode(participant)
    clip_codes, clips = encode(clip, natural=True)
    ballots = Ballots(
        conditions=keys,
        participants=participants,
        clips=clips,
        participant=participant_codes,
        clip=clip_codes,
        first=code(first),
        second=code(second),
        repeat=whole(repeat),
        trial=whole(trial),
        position_first=whole(position_first),
        position_second=whole(position_second),
        order=order,
        allow_same=allow_same,
    )
    check_ballots(ballots)
    return ballots


def check_ballots(ballots: Ballots) -> None:
    """Raise BallotsError for the first invalid ballot: an image or a pair twice, an image that was not shown."""
    first, second = ballots.first, ballots.second
    if ballots.n == 0:
        raise BallotsError("there are no ballots; at least one is needed.")

    def refuse(wrong: np.ndarray, message: str) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            key = "" if first[row] < 0 else ballots.conditions[first[row]]
            raise BallotsError(
                message.format(
                    participant=ballots.participants[ballots.participant[row]],
                    clip=ballots.clips[ballots.clip[row]],
                    first=key,
                ),
                row,
            )

    if not ballots.allow_same:
        refuse(
            (first >= 0) & (first == second),
            "'{first}' is both first and second choice; a ballot names two images. "
            "Empty the second choice, or mark the row as excluded.",
        )
    refuse(
        (first < 0) & (second >= 0),
        "there is a second choice without a first; fill the first or empty the second.",
    )
    refuse(
        later_of_pairs(ballots.occasion),
        "participant '{participant}' has a second ballot on clip '{clip}'; "
        "remove one, or number repeated trials in the column 'repeat'.",
    )
    if ballots.shown is not None:
        rows = np.arange(ballots.n)
        for choice in (first, second):
            refuse(
                (choice >= 0) & ~ballots.shown[rows, choice],
                "a chosen image was not among those shown on clip '{clip}'; correct the column 'order'.",
            )


def patterns(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows, each row's index into them, and how often each occurs.

    `rows`: non-negative integers, shape (P, m). Rows that fit in 63 bits are packed into one number, which is faster.
    """
    rows = np.ascontiguousarray(rows, dtype=np.int64)
    bits = [max(int(top).bit_length(), 1) for top in rows.max(axis=0, initial=0)]
    if sum(bits) <= 63:
        packed = np.zeros(len(rows), dtype=np.int64)
        for column, width in zip(rows.T, bits, strict=True):
            packed = (packed << width) | column
        _, index, inverse, counts = np.unique(packed, return_index=True, return_inverse=True, return_counts=True)
        return rows[index], inverse, counts
    distinct, inverse, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return distinct, inverse.reshape(-1), counts
