"""Weighted scores per condition with studentized bootstrap intervals, and the points of each clip."""

from __future__ import annotations

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.contrasts import mean_shown
from analysis.statistics.distributions import t_quantile
from analysis.statistics.results import ClipTable, Interval, Scores

CELLS_AT_ONCE = 4_000_000
DEGENERATE = 0.01  # with a larger share of bootstrap samples without spread a t interval is given instead


def clip_table(ballots: Ballots, weights: tuple[float, float]) -> ClipTable:
    """Firsts, seconds, points and showings per clip and condition."""
    counts, answers = ballots.clip_answer_counts, ballots.answers
    first = (counts @ answers.points((1.0, 0.0))).astype(int)
    second = (counts @ answers.points((0.0, 1.0))).astype(int)
    points = first * weights[0] + second * weights[1]
    return ClipTable(
        points=points, first=first, second=second, shown=counts @ answers.shown, ballots=counts.sum(axis=1)
    )


def studentized_interval(
    values: np.ndarray, draws: int, seed: int, level: float = 0.95, most: int | None = None
) -> tuple[Interval, float, str]:
    """Interval of the mean of independent values (P,), its standard error, and the method used.

    Studentized bootstrap (Efron and Tibshirani 1993, ch. 12). A draw is a multinomial over the distinct values, so the
    cost does not grow with P. The generator starts from `seed` in each call, so the interval depends on the values
    alone. A t interval if the SD is 0, if more than one sample in a hundred would be without spread, or with more than
    `most` values.
    """
    people = len(values)
    mean = float(values.mean())
    distinct, counts = np.unique(np.round(values - mean, 12), return_counts=True)
    share = counts / people
    if people < 2 or len(distinct) == 1:
        return (mean, mean), 0.0, "t"
    sd = float(np.sqrt((share @ distinct**2 - (share @ distinct) ** 2) * people / (people - 1)))
    se = sd / np.sqrt(people)
    if float((share**people).sum()) > DEGENERATE or (most is not None and people > most):
        half = t_quantile(0.5 + level / 2, people - 1) * se
        return (mean - half, mean + half), se, "t"
    rng = np.random.default_rng(seed)
    statistics = np.empty(draws)
    chunk = max(1, CELLS_AT_ONCE // min(len(distinct), people))
    for start in range(0, draws, chunk):
        size = min(chunk, draws - start)
        if len(distinct) <= people // 2:
            drawn = rng.multinomial(people, share, size=size)
            means = drawn @ distinct / people
            squares = drawn @ distinct**2 / people
        else:
            sample = np.repeat(distinct, counts)[rng.integers(0, people, size=(size, people))]
            means, squares = sample.mean(axis=1), (sample**2).mean(axis=1)
        spread = np.sqrt(np.maximum(squares - means**2, 0) / (people - 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            statistics[start : start + size] = np.where(spread > 1e-9 * sd, means / spread, np.nan)
    statistics = statistics[~np.isnan(statistics)]
    low, high = np.quantile(statistics, [0.5 - level / 2, 0.5 + level / 2])
    return (mean - float(high) * se, mean - float(low) * se), se, "studentized bootstrap"


def scores(ballots: Ballots, weights: tuple[float, float], draws: int = 10_000, seed: int = 0) -> Scores:
    """Points, mean points per showing with intervals over participants (these clips), firsts and seconds."""
    table = clip_table(ballots, weights)
    means, seen = mean_shown(ballots, weights)
    intervals, errors, methods, averages = [], [], [], []
    for values, saw in zip(means.T, seen.T, strict=True):
        values = values[saw] if saw.any() else np.zeros(1)
        averages.append(float(values.mean()))
        (low, high), se, method = studentized_interval(values, draws, seed)
        intervals.append((max(low, 0.0), min(high, weights[0] + weights[1] * ballots.allow_same)))
        errors.append(float(se))
        methods.append(method)
    return Scores(
        points=tuple(float(x) for x in table.points.sum(axis=0)),
        mean_points=tuple(averages),
        se=tuple(errors),
        ci95=tuple(intervals),
        first=tuple(int(x) for x in table.first.sum(axis=0)),
        second=tuple(int(x) for x in table.second.sum(axis=0)),
        interval_method=tuple(methods),
        draws=draws,
    )
