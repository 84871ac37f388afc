"""Answers that compare two images, as coded arrays, their validation, wins and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from analysis.statistics.ballots import check_conditions, encode
from analysis.statistics.coded_trials import CodedTrials, later_of_pairs, within
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.values import Values

LEFT, RIGHT, TIE = 0, 1, 2
TIE_KEY = "tie"


@dataclass(frozen=True, kw_only=True)
class Pairs(CodedTrials):
    """N comparisons of two images of a clip.

    `left` and `right` (N,): the conditions that were shown. `chosen` (N,): LEFT, RIGHT or TIE.
    """

    left: np.ndarray
    right: np.ndarray
    chosen: np.ndarray

    @cached_property
    def shown(self) -> np.ndarray:
        """Which conditions were shown, shape (N, K)."""
        shown = np.zeros((self.n, self.k), dtype=bool)
        rows = np.arange(self.n)
        shown[rows, self.left] = shown[rows, self.right] = True
        return shown

    @cached_property
    def pair(self) -> np.ndarray:
        """The number of the pair in `pairs_of(K)`, whichever stood left; shape (N,)."""
        number = np.zeros((self.k, self.k), dtype=np.int64)
        for i, (a, b) in enumerate(pairs_of(self.k)):
            number[a, b] = number[b, a] = i
        return number[self.left, self.right]

    @cached_property
    def result(self) -> np.ndarray:
        """0 if the pair's first condition (`pairs_of`) won, 1 if the second, 2 for a tie; shape (N,)."""
        swapped = (self.left > self.right) & (self.chosen != TIE)
        return np.where(swapped, 1 - self.chosen, self.chosen).astype(np.int64)

    @property
    def round(self) -> np.ndarray:
        """A number for each participant, clip and repeat, shape (N,)."""
        return self.cell if self.repeat is None else within(self.cell, self.repeat)

    def same_images(self) -> np.ndarray:
        """A number for each participant, clip and pair, shape (N,)."""
        return self.cell * len(pairs_of(self.k)) + self.pair

    @cached_property
    def shares_cell(self) -> np.ndarray:
        """True for a comparison whose person and clip have another one before it; shape (N,)."""
        return later_of_pairs(self.cell)

    def to_values(self) -> Values:
        """The points of the two images, 1 for the winner, ½ each for a tie, 0 for the loser; NaN for the others."""
        values = np.full((self.n, self.k), np.nan)
        rows = np.arange(self.n)
        of_left = np.array([1.0, 0.0, 0.5])[self.chosen]
        values[rows, self.left], values[rows, self.right] = of_left, 1.0 - of_left
        order = np.full((self.n, self.k), -1, dtype=np.int8)
        order[:, 0], order[:, 1] = self.left, self.right
        return Values(
            conditions=self.conditions,
            participants=self.participants,
            clips=self.clips,
            participant=self.participant,
            clip=self.clip,
            values=values,
            lowest=0.0,
            highest=1.0,
            repeat=self.repeat,
            trial=self.trial,
            part=self.pair.astype(np.int32),
            order=order,
        )


def pairs_of(k: int) -> list[tuple[int, int]]:
    """All pairs of K conditions, the lower number first."""
    return list(combinations(range(k), 2))


def make_pairs(
    participant: Sequence[str],
    clip: Sequence[str],
    left: Sequence[str],
    right: Sequence[str],
    chosen: Sequence[str],
    *,
    conditions: Sequence[str],
    repeat: Sequence[int] | None = None,
    trial: Sequence[int] | None = None,
) -> Pairs:
    """Code and check comparisons given as labels; `chosen` is one of the two keys or "tie".

    Raises BallotsError with the row, DesignError.
    """
    keys = check_conditions(conditions)
    if TIE_KEY in keys:
        raise DesignError(f"a condition is named '{TIE_KEY}', the word for no difference; give it another key.")
    number = {key: i for i, key in enumerate(keys)}
    codes = np.empty((3, len(chosen)), dtype=np.int8)
    for row, (one, other, winner) in enumerate(zip(left, right, chosen, strict=True)):
        for key in (one, other):
            if key not in number:
                raise BallotsError(f"'{key}' is no condition ({', '.join(keys)}).", row)
        if winner not in (one, other, TIE_KEY):
            raise BallotsError(
                f"'{winner}' was chosen of '{one}' and '{other}'; name one of the two, or '{TIE_KEY}'.", row
            )
        codes[:, row] = number[one], number[other], (LEFT, RIGHT, TIE)[(one, other, TIE_KEY).index(winner)]
    participant_codes, participants = encode(participant)
    clip_codes, clips = encode(clip, natural=True)
    pairs = Pairs(
        conditions=keys,
        participants=participants,
        clips=clips,
        participant=participant_codes,
        clip=clip_codes,
        left=codes[0],
        right=codes[1],
        chosen=codes[2],
        repeat=None if repeat is None else np.asarray(repeat, dtype=np.int32),
        trial=None if trial is None else np.asarray(trial, dtype=np.int32),
    )
    check_pairs(pairs)
    return pairs


def check_pairs(pairs: Pairs) -> None:
    """Raise BallotsError for the first invalid comparison: of an image with itself, or of a pair twice."""
    if pairs.n == 0:
        raise BallotsError("there are no comparisons; at least one is needed.")
    codes = np.stack([pairs.left, pairs.right])
    wrong = ((codes < 0) | (codes >= pairs.k)).any(axis=0) | (pairs.chosen < LEFT) | (pairs.chosen > TIE)
    if wrong.any():
        raise BallotsError("left, right and chosen must be codes of conditions and answers.", _first(wrong))
    if (same := pairs.left == pairs.right).any():
        row = _first(same)
        key = pairs.conditions[pairs.left[row]]
        raise BallotsError(f"'{key}' is both left and right; a comparison shows two images.", row)
    twice = later_of_pairs(pairs.occasion)
    if twice.any():
        row = _first(twice)
        raise BallotsError(
            f"participant '{pairs.participants[pairs.participant[row]]}' has a second comparison of "
            f"'{pairs.conditions[pairs.left[row]]}' and '{pairs.conditions[pairs.right[row]]}' on clip "
            f"'{pairs.clips[pairs.clip[row]]}'; remove one, or number repeated trials in the column 'repeat'.",
            row,
        )


def _first(wrong: np.ndarray) -> int:
    return int(np.flatnonzero(wrong)[0])


def wins_and_ties(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Comparisons that the first index won against the second, and that were ties (symmetric); both (K, K)."""
    k = pairs.k
    table = np.zeros((3, k, k), dtype=int)
    flat = pairs.chosen.astype(np.int64) * k * k + pairs.left.astype(np.int64) * k + pairs.right
    table.flat[:] = np.bincount(flat, minlength=3 * k * k)
    return table[LEFT] + table[RIGHT].T, table[TIE] + table[TIE].T
