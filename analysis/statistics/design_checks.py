"""Checks of the design and of the people: positions, fatigue, agreement, drop-out."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from analysis.statistics.ballots import Ballots, points_of_outcomes
from analysis.statistics.coded_trials import CodedTrials
from analysis.statistics.design_results import (
    Agreement,
    DropOut,
    Exposure,
    Fatigue,
    PositionBalance,
    PositionBias,
)
from analysis.statistics.distributions import two_sided_t
from analysis.statistics.hotelling import hotelling_test
from analysis.statistics.ranks import row_midranks


def position_bias(ballots: Ballots) -> PositionBias | None:
    """First choices by position minus those expected from the positions offered, by people (Hotelling's T²).

    Answers of one person are not independent: a χ² over answers rejects too often if people have tastes of their own.
    None without positions, and for as few people as positions.
    """
    if ballots.position_first is None:
        return None
    known = (ballots.position_first > 0) & (ballots.first >= 0)
    if not known.any():
        return None
    person, place = ballots.participant[known], ballots.position_first[known] - 1
    offered = np.full(ballots.n, ballots.k) if ballots.order is None else (ballots.order >= 0).sum(axis=1)
    offered = offered[known]
    k, p = ballots.k, ballots.p
    observed = np.bincount(person * np.intp(k) + place, minlength=p * k).reshape(p, k).astype(float)
    by_size = np.bincount(person * np.intp(k) + offered - 1, minlength=p * k).reshape(p, k)
    sizes = np.arange(1, k + 1)
    expected = by_size @ ((sizes[:, None] >= sizes) / sizes[:, None])  # rows: images offered, columns: positions
    answered = by_size.any(axis=1)
    test = hotelling_test((observed - expected)[answered][:, expected.any(axis=0)])
    if test is None:
        return None
    return PositionBias(
        statistic=test.statistic,
        df=test.df,
        df_error=test.df_error,
        p=test.p,
        observed=tuple(int(x) for x in observed.sum(axis=0)),
        expected=tuple(float(x) for x in expected.sum(axis=0)),
    )


class ShownInOrder(Protocol):
    """Trials of K conditions; `order` (N, K): the condition at each position."""

    @property
    def k(self) -> int: ...
    @property
    def order(self) -> np.ndarray | None: ...


def position_balance(ballots: ShownInOrder) -> PositionBalance | None:
    """How often each condition was shown at each position; None if the orders are not known."""
    if ballots.order is None:
        return None
    counts = np.zeros((ballots.k, ballots.k), dtype=int)
    rows, places = np.nonzero(ballots.order >= 0)
    np.add.at(counts, (ballots.order[rows, places], places), 1)
    even = counts.sum(axis=1, keepdims=True) / ballots.k
    return PositionBalance(counts=counts, largest_imbalance=float((np.abs(counts - even) / np.maximum(even, 1)).max()))


def fatigue(ballots: Ballots) -> Fatigue | None:
    """Change over the trials of how common a first choice is (the overall share of the condition put first).

    Each participant's least-squares slope over trials; their unweighted mean is tested against 0 by t over
    participants. None without trial numbers, and for fewer than two slopes.
    """
    trial = ballots.trial
    if trial is None or ballots.p < 2:
        return None
    counted = ballots.first >= 0
    if not counted.any():
        return None
    share = np.bincount(ballots.first[counted], minlength=ballots.k) / counted.sum()
    y = np.where(counted, share[ballots.first], 0.0)
    numbers, inverse = np.unique(trial[counted], return_inverse=True)
    per_trial = np.bincount(inverse)
    means = np.bincount(inverse, weights=y[counted]) / per_trial
    person, x, y = ballots.participant[counted], trial[counted].astype(float), y[counted]
    size = np.maximum(np.bincount(person, minlength=ballots.p), 1)
    x = x - (np.bincount(person, weights=x, minlength=ballots.p) / size)[person]
    y = y - (np.bincount(person, weights=y, minlength=ballots.p) / size)[person]
    spread = np.bincount(person, weights=x * x, minlength=ballots.p)
    slopes = (np.bincount(person, weights=x * y, minlength=ballots.p))[spread > 0] / spread[spread > 0]
    if len(slopes) < 2:
        return None
    slope, se = float(slopes.mean()), float(slopes.std(ddof=1)) / math.sqrt(len(slopes))
    df = len(slopes) - 1.0
    p = two_sided_t(slope / se, df) if se > 1e-15 else None
    return Fatigue(
        trials=tuple(map(int, numbers)),
        ballots=tuple(map(int, per_trial)),
        consensus=tuple(map(float, means)),
        slope=slope,
        se=se,
        df=df,
        p=p,
    )


def krippendorff_alpha(units: np.ndarray, values: np.ndarray) -> float | None:
    """Nominal α (Krippendorff 2004) of values (N,) from 0 given to units (N,); None without variation."""
    if not len(units):
        return None
    width = int(values.max()) + 1
    flat = np.bincount(units.astype(np.intp) * width + values, minlength=(int(units.max()) + 1) * width)
    table = flat.reshape(-1, width).astype(float)
    table = table[table.sum(axis=1) >= 2]
    if not len(table):
        return None
    size = table.sum(axis=1)
    total = table.sum(axis=0)
    n = total.sum()
    expected = n * n - float(total @ total)
    if expected <= 0:
        return None
    disagreement = (size**2 - (table**2).sum(axis=1)) / (size - 1)
    return float(1 - (n - 1) * disagreement.sum() / expected)


def agreement(ballots: Ballots) -> Agreement | None:
    """Krippendorff's α of first and of second choices over clips, Kendall's W of people's rankings per clip.

    W of m people who rank by chance is 1/m on average. It is given if every ballot showed all images.
    """
    if ballots.p < 2:
        return None
    chosen, second = ballots.first >= 0, ballots.second >= 0
    ranks = row_midranks(-points_of_outcomes(ballots.k, (2.0, 1.0))) - (ballots.k + 1) / 2
    counts = ballots.clip_answer_counts if ballots.shown is None else np.zeros((ballots.c, len(ranks)))
    spread, sums, people = counts @ (ranks**2).sum(axis=1), counts @ ranks, counts.sum(axis=1)
    usable = (spread > 0) & (people > 1)
    by_clip = tuple(
        float((sums[j] ** 2).sum() / (spread[j] * people[j])) if usable[j] else None for j in range(ballots.c)
    )
    known = [w for w in by_clip if w is not None]
    chance = [1 / float(people[j]) for j, w in enumerate(by_clip) if w is not None]
    return Agreement(
        alpha_first=krippendorff_alpha(ballots.clip[chosen], ballots.first[chosen]),
        alpha_second=krippendorff_alpha(ballots.clip[second], ballots.second[second]),
        kendall_w_by_clip=by_clip,
        kendall_w_mean=float(np.mean(known)) if known else None,
        kendall_w_chance=float(np.mean(chance)) if chance else None,
    )


def drop_out(ballots: CodedTrials, clips_per_participant: int | None = None) -> DropOut:
    """How many participants cast at least 1, 2, … ballots, and how many of the ballots that were due.

    `clips_per_participant`: clips (or trials, without repeats) in each participant's plan; None: not known, then as
    many as the most answered by one person.
    """
    cast = np.bincount(ballots.participant, minlength=ballots.p)
    most = int(cast.max())
    reached = ballots.p - np.cumsum(np.bincount(cast, minlength=most + 1))[:most]
    clips = np.bincount(ballots.participant[~ballots.is_repeat], minlength=ballots.p)
    due = int(clips.max()) if clips_per_participant is None else clips_per_participant
    return DropOut(
        ballots=tuple(range(1, most + 1)),
        reached=tuple(map(int, reached)),
        complete=int((clips >= due).sum()),
        due=ballots.p * due,
        given=int(np.minimum(clips, due).sum()),
        assumed=clips_per_participant is None,
    )


def exposure(ballots: Ballots) -> Exposure | None:
    """How often each condition was shown; None if every ballot showed all."""
    if ballots.shown is None:
        return None
    shown = ballots.answer_counts.sum(axis=0) @ ballots.answers.shown
    unequal = float(shown.min()) < 0.95 * float(shown.max())
    return Exposure(shown=tuple(int(x) for x in shown), unequal=unequal)
