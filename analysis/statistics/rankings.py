"""Answers that rank images, from the best on, as coded arrays; their validation, points and worths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.statistics.ballots import NONE, Ballots, check_conditions, encode
from analysis.statistics.choices import GroupedOutcomes, group_codes, outcome_stages
from analysis.statistics.coded_trials import CodedTrials, conditions_in, later_of_pairs
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.values import Values
from analysis.statistics.worth_fit import WorthFit, fit_grouped


@dataclass(frozen=True, kw_only=True)
class Rankings(CodedTrials):
    """N rank orders of the images of a clip.

    `ranks` (N, R): the condition at each rank, the best first; `NONE` after the last that was given, and everywhere if
    none of the images fits. `order` (N, K): the condition at each position, `NONE` beyond the images that were shown;
    None: everybody saw all.
    """

    ranks: np.ndarray
    order: np.ndarray | None = None

    @property
    def depth(self) -> int:
        """How many ranks were asked."""
        return self.ranks.shape[1]

    @cached_property
    def shown(self) -> np.ndarray | None:
        """Which conditions were shown, shape (N, K); None if every trial showed all."""
        return None if self.order is None or bool((self.order >= 0).all()) else conditions_in(self.order, self.k)

    def cut(self, depth: int) -> Rankings:
        """The first `depth` ranks alone."""
        return replace(self, ranks=self.ranks[:, :depth])

    def to_ballots(self) -> Ballots:
        """The first two ranks as ballots."""
        ranks = self.cut(2).ranks
        second = ranks[:, 1] if ranks.shape[1] > 1 else np.full(self.n, NONE, dtype=np.int8)
        return Ballots(
            conditions=self.conditions,
            participants=self.participants,
            clips=self.clips,
            participant=self.participant,
            clip=self.clip,
            first=ranks[:, 0],
            second=second,
            repeat=self.repeat,
            trial=self.trial,
            order=self.order,
        )

    def to_values(self, points: Sequence[float]) -> Values:
        """The points of each image, one of `points` for each rank and 0 without a rank; NaN if it was not shown."""
        checked = check_rank_points(points, self.depth, self.k)
        values = np.zeros((self.n, self.k))
        rows, places = np.nonzero(self.ranks >= 0)
        values[rows, self.ranks[rows, places]] = np.array(checked)[places]
        if self.shown is not None:
            values[~self.shown] = np.nan
        return Values(
            conditions=self.conditions,
            participants=self.participants,
            clips=self.clips,
            participant=self.participant,
            clip=self.clip,
            values=values,
            lowest=0.0,
            highest=checked[0],
            repeat=self.repeat,
            trial=self.trial,
            order=self.order,
            points=checked,
        )


def check_rank_points(points: Sequence[float], depth: int, k: int) -> tuple[float, ...]:
    """One finite number for each rank, none above the one before, none negative, the first above 0; or DesignError."""
    numbers = tuple(float(x) for x in points)
    shown = ",".join(f"{x:g}" for x in numbers)
    if len(numbers) != depth:
        raise DesignError(f"points {shown or 'none'}: {depth} ranks need {depth} numbers, not {len(numbers)}.")
    if not (np.isfinite(numbers).all() and (np.diff(numbers) <= 0).all() and numbers[-1] >= 0 and numbers[0] > 0):
        raise DesignError(f"points {shown}: none may be above the one before or below 0, the first must be above 0.")
    if depth == k and numbers[0] == numbers[-1]:
        raise DesignError(f"points {shown}: every image gets the same points; let them fall from rank to rank.")
    return numbers


def default_points(depth: int, k: int) -> tuple[float, ...]:
    """`depth`, …, 1; if all K images are ranked K − 1, …, 0, the number of images that each was put above."""
    return tuple(float(depth - rank - (depth == k)) for rank in range(depth))


def make_rankings(
    participant: Sequence[str],
    clip: Sequence[str],
    ranks: Sequence[Sequence[str | None]],
    *,
    conditions: Sequence[str],
    order: np.ndarray | None = None,
    repeat: Sequence[int] | None = None,
    trial: Sequence[int] | None = None,
) -> Rankings:
    """Code and check rank orders given as labels, a row for each trial; None or "" is no image at that rank.

    Raises BallotsError with the row, DesignError.
    """
    keys = check_conditions(conditions)
    number = {key: i for i, key in enumerate(keys)} | {None: NONE, "": NONE}
    depth = max((len(row) for row in ranks), default=0)
    codes = np.full((len(ranks), depth), NONE, dtype=np.int8)
    for row, given in enumerate(ranks):
        for place, key in enumerate(given):
            if key not in number:
                raise BallotsError(f"'{key}' is no condition ({', '.join(keys)}).", row)
            codes[row, place] = number[key]
    participant_codes, participants = encode(participant)
    clip_codes, clips = encode(clip, natural=True)
    rankings = Rankings(
        conditions=keys,
        participants=participants,
        clips=clips,
        participant=participant_codes,
        clip=clip_codes,
        ranks=codes,
        order=order,
        repeat=None if repeat is None else np.asarray(repeat, dtype=np.int32),
        trial=None if trial is None else np.asarray(trial, dtype=np.int32),
    )
    check_rankings(rankings)
    return rankings


def check_rankings(rankings: Rankings) -> None:
    """Raise BallotsError for the first invalid rank order: a gap, an image twice or not shown, a clip twice."""
    ranks, k = rankings.ranks, rankings.k
    if rankings.n == 0:
        raise BallotsError("there are no rank orders; at least one is needed.")
    if not 1 <= rankings.depth <= k:
        raise DesignError(f"{rankings.depth} ranks of {k} conditions; give 1 to {k}.")

    def refuse(wrong: np.ndarray, message: str) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            person = rankings.participants[rankings.participant[row]]
            clip = rankings.clips[rankings.clip[row]]
            raise BallotsError(message.format(participant=person, clip=clip), row)

    gap = np.any((ranks[:, 1:] >= 0) & (ranks[:, :-1] < 0), axis=1)
    refuse(gap, "a rank of clip '{clip}' is empty, but a later one is not; fill it, or empty the later ones.")
    named = (ranks[:, :, None] == np.arange(k)).sum(axis=1)
    refuse((named > 1).any(axis=1), "an image of clip '{clip}' has two ranks; give each image one.")
    if rankings.shown is not None:
        refuse(
            (named.astype(bool) & ~rankings.shown).any(axis=1),
            "a ranked image was not among those shown on clip '{clip}'; correct the column 'order'.",
        )
    refuse(
        later_of_pairs(rankings.occasion),
        "participant '{participant}' has a second rank order of clip '{clip}'; "
        "remove one, or number repeated trials in the column 'repeat'.",
    )


def group_rankings(rankings: Rankings) -> GroupedOutcomes:
    """Count the distinct rank orders, in all and per participant."""
    k, depth = rankings.k, rankings.depth
    codes = (rankings.ranks + np.int64(1)) @ (k + 1) ** np.arange(depth - 1, -1, -1)
    if rankings.shown is not None:
        codes = codes + (rankings.shown @ (1 << np.arange(k))) * np.int64((k + 1) ** depth)
    return group_codes(codes, rankings.participant, rankings.p, lambda occur: outcome_stages(occur, k, ranks=depth))


def fit_rankings(rankings: Rankings) -> WorthFit | None:
    """Plackett–Luce on the whole orders, as `fit_worths` on the first two ranks."""
    return fit_grouped(rankings, group_rankings(rankings))
