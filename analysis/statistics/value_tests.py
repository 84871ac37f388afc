"""Contrasts, scores and pairs of conditions on numbers given to images: ratings, points of pairs, points of ranks.

The numbers of images that were not shown, and of those of which a person could not say, do not exist: they are in no
mean and count as nothing. A trial without a number on one side of a contrast does not enter it.
"""

from __future__ import annotations

import numpy as np

from analysis.statistics.contrast_tests import Cells, Tester, cells_of
from analysis.statistics.contrasts import PointsContrast, pair_contrasts
from analysis.statistics.hotelling import hotelling_test
from analysis.statistics.ranks import PairNumbers, compare_pairs, friedman, skillings_mack
from analysis.statistics.results import PairComparison
from analysis.statistics.scores import studentized_interval
from analysis.statistics.value_results import CannotSay, ValuesByClip, ValuesByPosition, ValueScores
from analysis.statistics.values import Values

MOST_RESAMPLED = 5_000  # people; with more, resampling takes long and a t interval is as good


class ValuesTester(Tester):
    """Tests contrasts of numbers; trials with a number for every condition share one design."""

    def __init__(self, trials: Values) -> None:
        self.trials, self.cells = trials, cells_of(trials)
        self.n, self.unit = trials.n, trials.points[0] if trials.points else 1.0

    def values(
        self, contrast: PointsContrast, weights: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, Cells | None]:
        """The contrast on each trial that enters it, and their cells; None if no trial enters."""
        _refuse(weights)
        y, enters = contrast.of_numbers(self.trials.filled, self.trials.given)
        if enters.all():
            return y, self.cells
        return y[enters], cells_of(self.trials, enters) if enters.any() else None

    def person_means(
        self, contrast: PointsContrast, weights: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Each person's mean of the contrast, and who has one, both (P,); how many trials enter."""
        _refuse(weights)
        y, enters = contrast.of_numbers(self.trials.filled, self.trials.given)
        means, present = people_means(self.trials, y[:, None], enters[:, None])
        return means[:, 0], present[:, 0], int(enters.sum())

    def limits(self, contrast: PointsContrast, weights: tuple[float, float] | None = None) -> tuple[float, float]:
        """The smallest and the largest value that a trial can have."""
        _refuse(weights)
        points = self.trials.points
        if points is None:
            ends = [
                sorted((weight * self.trials.lowest, weight * self.trials.highest)) for weight, _ in contrast.groups
            ]
            return sum(least for least, _ in ends), sum(most for _, most in ends)
        if not self.trials.given.all():
            largest = max(abs(weight) for weight, _ in contrast.groups) * points[0]
            return -largest, largest
        return -_most(-contrast.coefficients, points), _most(contrast.coefficients, points)


def _refuse(weights: tuple[float, float] | None) -> None:
    if weights is not None:
        raise ValueError("weights are of first and second choices; numbers have none")


def _most(coefficients: np.ndarray, points: tuple[float, ...]) -> float:
    """The largest sum of coefficient · points, the ranks given to different conditions, the last ranks to none."""
    best = np.sort(coefficients)[::-1][: len(points)]
    return float(max(np.cumsum(best * np.array(points)).max(), 0.0))


def people_means(values: Values, numbers: np.ndarray, exists: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each person's mean of the numbers (N, m) that exist (N, m), 0 without any, and who has one; both (P, m)."""
    sizes = np.stack([np.bincount(values.participant, weights=here, minlength=values.p) for here in exists.T], axis=1)
    sums = np.stack(
        [
            np.bincount(values.participant, weights=np.where(here, column, 0.0), minlength=values.p)
            for column, here in zip(numbers.T, exists.T, strict=True)
        ],
        axis=1,
    )
    return sums / np.maximum(sizes, 1), sizes > 0


def value_scores(values: Values, draws: int = 10_000, seed: int = 0) -> ValueScores:
    """Mean of each condition over people's means, with intervals over participants (these clips)."""
    means, present = people_means(values, values.filled, values.given)
    given = values.given
    found: list[tuple[float | None, float | None, tuple[float, float] | None, str | None]] = []
    for column, here in zip(means.T, present.T, strict=True):
        if not here.any():
            found.append((None, None, None, None))
            continue
        mean = float(column[here].mean())
        if here.sum() < 2:  # one person cannot show how people differ
            found.append((mean, None, None, None))
            continue
        (low, high), se, method = studentized_interval(column[here], draws, seed, most=MOST_RESAMPLED)
        found.append((mean, float(se), (max(low, values.lowest), min(high, values.highest)), method))
    average, errors, intervals, methods = zip(*found, strict=True)
    return ValueScores(
        answers=tuple(int(x) for x in given.sum(axis=0)),
        cannot_say=_unsaid(values),
        mean=average,
        sd=tuple(
            float(values.values[here, i].std(ddof=1)) if here.sum() > 1 else None for i, here in enumerate(given.T)
        ),
        se=errors,
        ci95=intervals,
        interval_method=methods,
        draws=draws,
    )


def _unsaid(values: Values) -> tuple[int, ...]:
    return (0,) * values.k if values.cannot_say is None else tuple(int(x) for x in values.cannot_say.sum(axis=0))


def values_by_clip(values: Values) -> ValuesByClip:
    """Mean and number of answers of each clip and condition, over the trials."""
    counts = np.stack([np.bincount(values.clip, weights=here, minlength=values.c) for here in values.given.T], axis=1)
    sums = np.stack([np.bincount(values.clip, weights=x, minlength=values.c) for x in values.filled.T], axis=1)
    return ValuesByClip(
        mean=tuple(
            tuple(float(total / n) if n else None for total, n in zip(totals, sizes, strict=True))
            for totals, sizes in zip(sums, counts, strict=True)
        ),
        answers=counts.astype(int),
    )


def compare_values(tester: ValuesTester) -> tuple[PairComparison, ...]:
    """The pairs of conditions for which two people or more gave numbers to both in a trial, on those trials.

    As `ranks.pairwise` compares points of ballots; of one person's numbers there is no interval.

    The probability of superiority is that of a higher number, ties one half.
    """
    values = tester.trials
    given = values.given
    pairs = [
        pair
        for pair in pair_contrasts(values.k)
        if len(np.unique(values.participant[given[:, pair[0]] & given[:, pair[1]]])) > 1
    ]
    if not pairs:
        return ()
    columns = [contrast.of_numbers(values.filled, given) for _, _, contrast in pairs]
    differences = np.stack([y for y, _ in columns], axis=1)
    enters = np.stack([here for _, here in columns], axis=1)
    signs = np.sign(differences)
    means, present = people_means(values, differences, enters)
    beats, _ = people_means(values, signs, enters)
    numbers = PairNumbers(
        differences=means,
        above=(1 + beats) / 2,
        present=present,
        wins=[
            (int((here & (sign > 0)).sum()), int((here & (sign < 0)).sum()), int((here & (sign == 0)).sum()))
            for sign, here in zip(signs.T, enters.T, strict=True)
        ],
    )
    return compare_pairs(tester, [(values.conditions[a], values.conditions[b], c) for a, b, c in pairs], numbers)


def cannot_say(values: Values) -> CannotSay | None:
    """How often people could not say, by condition, and whether more often of some conditions than of others.

    Friedman's test on people's shares (Cochran's Q if each saw one clip), Skillings and Mack's if some were not asked
    about all conditions; for these clips. None if everybody could always say.
    """
    if values.cannot_say is None or not values.cannot_say.any():
        return None
    asked = values.cannot_say | values.given
    shares, present = people_means(values, values.cannot_say.astype(float), asked)
    if present.all():
        ranked = friedman(shares)
        test = None if ranked is None else ranked[0]
    else:
        test = skillings_mack(shares, present)
    return CannotSay(counts=_unsaid(values), asked=tuple(int(x) for x in asked.sum(axis=0)), test=test)


def values_by_position(values: Values) -> ValuesByPosition | None:
    """Whether numbers depend on the position of the image, by people; None without positions or without spread.

    Numbers are taken minus the mean of their condition, then minus the trial's mean, and averaged by person and
    position: answers of one person are not independent.
    """
    if values.order is None:
        return None
    centred = values.filled - (values.filled.sum(axis=0) / np.maximum(values.given.sum(axis=0), 1))
    centred -= ((centred * values.given).sum(axis=1) / np.maximum(values.given.sum(axis=1), 1))[:, None]
    row = np.arange(values.n)[:, None]
    condition = np.maximum(values.order, 0)
    placed, exists = centred[row, condition], values.given[row, condition] & (values.order >= 0)
    used = exists.any(axis=0)
    means, present = people_means(values, placed[:, used], exists[:, used])
    complete = means[present.all(axis=1)]
    test = hotelling_test(complete) if used.sum() > 1 else None
    if test is None:
        return None
    return ValuesByPosition(mean=tuple(float(x) for x in complete.mean(axis=0)), participants=len(complete), test=test)
