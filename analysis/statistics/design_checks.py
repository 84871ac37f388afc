"""Checks of the design and of the people: positions, fatigue, test–retest, agreement, drop-out."""

from __future__ import annotations

import math

import numpy as np

from analysis.statistics.ballots import Ballots, clip_outcomes, points_of_outcomes
from analysis.statistics.contrasts import participant_means
from analysis.statistics.distributions import chi_square_tail, t_quantile, two_sided_t
from analysis.statistics.ranks import row_midranks
from analysis.statistics.results import (
    Agreement,
    DropOut,
    Fatigue,
    PositionBalance,
    PositionBias,
    TestRetest,
)


def position_bias(ballots: Ballots) -> PositionBias | None:
    """First choices by position, χ² against the positions offered; None without positions."""
    if ballots.position_first is None:
        return None
    known = (ballots.position_first > 0) & (ballots.first >= 0)
    if not known.any():
        return None
    offered = np.full(ballots.n, ballots.k) if ballots.order is None else (ballots.order >= 0).sum(axis=1)
    places = np.arange(1, ballots.k + 1)
    expected = ((places <= offered[known, None]) / offered[known, None]).sum(axis=0)
    observed = np.bincount(ballots.position_first[known], minlength=ballots.k + 1)[1 : ballots.k + 1]
    used = expected > 0
    df = int(used.sum()) - 1
    if df < 1:
        return None
    statistic = float(((observed - expected)[used] ** 2 / expected[used]).sum())
    p = chi_square_tail(statistic, df)
    return PositionBias(
        statistic=statistic, df=df, p=p, observed=tuple(map(int, observed)), expected=tuple(map(float, expected))
    )


def position_balance(ballots: Ballots) -> PositionBalance | None:
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


def retest_reliability(ballots: Ballots) -> TestRetest | None:
    """The first repeat compared with the first trial of the same clip and person; None without repeats."""
    if not ballots.is_repeat.any() or ballots.repeat is None:
        return None
    pair = ballots.participant.astype(np.int64) * ballots.c + ballots.clip
    ranked = np.lexsort((ballots.repeat, pair))
    same = np.flatnonzero(pair[ranked[1:]] == pair[ranked[:-1]])
    earlier, later = ranked[same], ranked[same + 1]
    keep = ~ballots.is_repeat[earlier]
    earlier, later = earlier[keep], later[keep]
    agree = (ballots.first[earlier] == ballots.first[later]).astype(float)
    both = agree * (ballots.second[earlier] == ballots.second[later])
    people, person = np.unique(ballots.participant[earlier], return_inverse=True)
    means = np.bincount(person, weights=agree) / np.bincount(person)
    interval = None
    if len(people) > 1:
        half = t_quantile(0.975, len(people) - 1) * float(means.std(ddof=1)) / math.sqrt(len(people))
        interval = (max(0.0, float(means.mean()) - half), min(1.0, float(means.mean()) + half))
    margins = [np.bincount(ballots.first[x] + 1, minlength=ballots.k + 1) / len(x) for x in (earlier, later)]
    chance = float(margins[0] @ margins[1])
    kappa = (float(agree.mean()) - chance) / (1 - chance) if chance < 1 - 1e-12 else None
    return TestRetest(
        pairs=len(earlier),
        participants=len(people),
        same_first=float(agree.mean()),
        ci95=interval,
        same_both=float(both.mean()),
        kappa=kappa,
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
    """Krippendorff's α of first and of second choices over clips, Kendall's W of people's rankings per clip."""
    if ballots.p < 2:
        return None
    chosen, second = ballots.first >= 0, ballots.second >= 0
    ranks = row_midranks(-points_of_outcomes(ballots.k, (2.0, 1.0))) - (ballots.k + 1) / 2
    counts = clip_outcomes(ballots)
    spread, sums, people = counts @ (ranks**2).sum(axis=1), counts @ ranks, counts.sum(axis=1)
    usable = (spread > 0) & (people > 1)
    by_clip = tuple(
        float((sums[j] ** 2).sum() / (spread[j] * people[j])) if usable[j] else None for j in range(ballots.c)
    )
    known = [w for w in by_clip if w is not None]
    if ballots.shown is not None:
        by_clip, known = tuple(None for _ in by_clip), []
    return Agreement(
        alpha_first=krippendorff_alpha(ballots.clip[chosen], ballots.first[chosen]),
        alpha_second=krippendorff_alpha(ballots.clip[second], ballots.second[second]),
        kendall_w_by_clip=by_clip,
        kendall_w_mean=float(np.mean(known)) if known else None,
    )


def drop_out(ballots: Ballots) -> DropOut:
    """How many participants cast at least 1, 2, … ballots, and how many cast one on every clip (`complete`)."""
    cast = np.bincount(ballots.participant, minlength=ballots.p)
    most = int(cast.max())
    reached = ballots.p - np.cumsum(np.bincount(cast, minlength=most + 1))[:most]
    first = ~ballots.is_repeat
    clips = np.bincount(ballots.participant[first], minlength=ballots.p)
    missing = int(ballots.p * ballots.c - first.sum())
    return DropOut(
        ballots=tuple(range(1, most + 1)),
        reached=tuple(map(int, reached)),
        complete=int((clips == ballots.c).sum()),
        missing_ballots=missing,
    )


def mean_shown(ballots: Ballots, weights: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Participants' mean points over the ballots that showed a condition, and whether they saw it; both (P, K)."""
    points = points_of_outcomes(ballots.k, weights)
    if ballots.shown is None:
        return participant_means(ballots, points), np.ones((ballots.p, ballots.k), bool)
    person = ballots.participant
    seen = np.stack([np.bincount(person, weights=s, minlength=ballots.p) for s in ballots.shown.T], axis=1)
    sums = ballots.outcome_counts @ points
    return sums / np.maximum(seen, 1), seen > 0
