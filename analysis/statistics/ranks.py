"""Rank tests on participants' mean points, and pairs of conditions; all for these clips only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.contrast_tests import ContrastTester, Tester, pair_tests
from analysis.statistics.contrasts import PointsContrast, pair_contrasts, participant_means
from analysis.statistics.distributions import chi_square_tail, midranks, normal_tail, t_quantile, t_tail
from analysis.statistics.multiplicity import holm, simultaneous_critical_value
from analysis.statistics.results import Interval, PairComparison, Superiority, TestResult, Wilcoxon

EXACT_UP_TO = 50
DIGITS = 10  # rounding of values in units of the first weight, so that equal means compare as equal


def row_midranks(values: np.ndarray, present: np.ndarray | None = None) -> np.ndarray:
    """Ranks within rows of (P, K) from 1, ties averaged; 0 if not present."""
    here = np.ones(values.shape, dtype=bool) if present is None else present
    ranks = np.full(values.shape, 0.5)
    for other in range(values.shape[1]):
        column = values[:, other : other + 1]
        ranks += ((column < values) + 0.5 * (column == values)) * here[:, other : other + 1]
    return ranks * here


def friedman(values: np.ndarray) -> tuple[TestResult, float] | None:
    """Friedman's χ² with tie correction over rows of (P, K), and Kendall's W; None for one row or if all is tied.

    `values` are in units of the first weight, here and below.
    """
    people, k = values.shape
    ranks = row_midranks(np.round(values, DIGITS))
    centred = ranks - (k + 1) / 2
    spread = float((centred**2).sum())
    if people < 2 or spread == 0:
        return None
    statistic = (k - 1) * float((centred.sum(axis=0) ** 2).sum()) / spread
    test = TestResult(statistic, k - 1.0, chi_square_tail(statistic, k - 1))
    return test, statistic / (people * (k - 1))


def skillings_mack(values: np.ndarray, present: np.ndarray) -> TestResult | None:
    """Skillings and Mack (1981) for rows that lack some conditions, with the covariance given the ties.

    `values`, `present`: (P, K). Without ties this is the published statistic, on complete data Friedman's
    with tie correction. None if the conditions are not linked or all is tied.
    """
    usable = present.sum(axis=1) >= 2
    values, present = np.round(values[usable], DIGITS), present[usable]
    seen = present.sum(axis=1, keepdims=True)
    if not len(values):
        return None
    centred = (row_midranks(values, present) - (seen + 1) / 2) * present
    scaled = np.sqrt(12 / (seen + 1)) * centred
    adjusted = scaled.sum(axis=0)
    # Given the ties, ranks within a row are exchangeable: variance s², covariance −s²/(m − 1).
    variance = (scaled**2).sum(axis=1, keepdims=True) / seen
    covariance_of_row = present * (variance / (seen - 1))
    covariance = -(covariance_of_row.T @ present)
    np.fill_diagonal(covariance, 0.0)
    np.fill_diagonal(covariance, -covariance.sum(axis=1))
    eigenvalues, vectors = np.linalg.eigh(covariance)
    keep = eigenvalues > 1e-10 * max(float(eigenvalues[-1]), 1e-300)
    df = int(keep.sum())
    if df < values.shape[1] - 1:
        return None
    statistic = float((((vectors[:, keep].T @ adjusted) ** 2) / eigenvalues[keep]).sum())
    return TestResult(statistic, float(df), chi_square_tail(statistic, df))


def wilcoxon(differences: np.ndarray) -> Wilcoxon:
    """Signed-rank test on differences (P,): R's V, zeros dropped.

    Up to 50 differences the exact distribution given the midranks, above that the normal approximation with
    tie correction and without continuity correction.
    """
    d = np.round(differences, DIGITS)
    d = d[d != 0]
    n = len(d)
    if n == 0:
        return Wilcoxon(statistic=0.0, p=1.0, n=0, exact=True)
    ranks = midranks(np.abs(d))
    v = float(ranks[d > 0].sum())
    if n <= EXACT_UP_TO:
        return Wilcoxon(statistic=v, p=_exact_p(ranks, v), n=n, exact=True)
    mean = n * (n + 1) / 4
    variance = float((ranks**2).sum()) / 4
    z = (v - mean) / math.sqrt(variance)
    return Wilcoxon(statistic=v, p=min(1.0, 2 * normal_tail(abs(z))), n=n, exact=False)


def _exact_p(ranks: np.ndarray, v: float) -> float:
    """Two-sided p from the distribution of V over all sign patterns; ranks doubled are whole numbers."""
    doubled = np.rint(2 * ranks).astype(int)
    probability = np.zeros(int(doubled.sum()) + 1)
    probability[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(probability)
        shifted[rank:] = probability[: len(probability) - rank]
        probability = (probability + shifted) / 2
    at = round(2 * v)
    return float(min(1.0, 2 * min(probability[: at + 1].sum(), probability[at:].sum())))


def pairwise(tester: ContrastTester) -> tuple[PairComparison, ...]:
    """All pairs: difference of mean points, Wilcoxon with Holm, probability of superiority, and for new clips.

    Only ballots that showed both images of a pair count. Single intervals by t over participants, simultaneous ones by
    the multivariate t over all pairs. A pair that nobody saw together is left out.
    """
    ballots, weights = tester.ballots, tester.weights
    seen = [pair for pair in pair_contrasts(ballots.k) if pair[2].of_answers(ballots.answers, weights)[1].any()]
    if not seen:
        return ()
    values, enters = (
        np.stack(columns, axis=1)
        for columns in zip(*(pair.of_answers(ballots.answers, weights) for _, _, pair in seen), strict=True)
    )
    differences, present = participant_means(ballots, values, enters)
    above, wins = _superiority(ballots, [(a, b) for a, b, _ in seen], enters)
    named = [(ballots.conditions[a], ballots.conditions[b], contrast) for a, b, contrast in seen]
    return compare_pairs(tester, named, PairNumbers(differences, above, present, wins))


@dataclass(frozen=True)
class PairNumbers:
    """People's mean difference and share of trials with a above b, ties one half, and who has any; all (P, pairs).

    `wins`: in how many trials of each pair a was above, below, and tied.
    """

    differences: np.ndarray
    above: np.ndarray
    present: np.ndarray
    wins: Sequence[tuple[int, int, int]]


def compare_pairs(
    tester: Tester, pairs: Sequence[tuple[str, str, PointsContrast]], numbers: PairNumbers
) -> tuple[PairComparison, ...]:
    """The comparison of each pair of conditions (a, b, contrast) from the numbers of people."""
    present = numbers.present
    together = [_critical(columns, present) for columns in (numbers.differences, numbers.above)]
    tests = [wilcoxon(d[here] / tester.unit) for d, here in zip(numbers.differences.T, present.T, strict=True)]
    adjusted = holm([test.p for test in tests])
    new_clips = pair_tests(tester, [contrast for _, _, contrast in pairs])
    compared = []
    for i, (a, b, _) in enumerate(pairs):
        n_above, n_below, n_tied = numbers.wins[i]
        difference, share = numbers.differences[present[:, i], i], numbers.above[present[:, i], i]
        single = t_quantile(0.975, max(len(difference) - 1, 1))
        superiority = Superiority(
            estimate=float(share.mean()),
            ci95=share_interval(share, single),
            ci95_simultaneous=share_interval(share, max(together[1], single)),
            above=n_above,
            below=n_below,
            tied=n_tied,
        )
        compared.append(
            PairComparison(
                a=a,
                b=b,
                difference=float(difference.mean()),
                ci95=_interval(difference, single),
                ci95_simultaneous=_interval(difference, max(together[0], single)),
                wilcoxon=replace(tests[i], p_holm=adjusted[i]),
                superiority=superiority,
                new_clips=new_clips[i],
            )
        )
    return tuple(compared)


def _critical(values: np.ndarray, present: np.ndarray) -> float:
    """Critical value of simultaneous intervals of the columns of (P, pairs), from people with all of them."""
    complete = values[present.all(axis=1)]
    fewest = int(present.sum(axis=0).min())
    single = t_quantile(0.975, max(fewest - 1, 1))
    if fewest < 2:
        return single
    if len(complete) < 2:  # nobody saw all pairs: Bonferroni needs no covariance
        return t_quantile(1 - 0.025 / values.shape[1], fewest - 1)
    return simultaneous_critical_value(np.atleast_2d(np.cov(complete, rowvar=False)), fewest - 1.0)


def _interval(values: np.ndarray, critical: float) -> Interval:
    mean = float(values.mean())
    if len(values) < 2:
        return mean, mean
    half = critical * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean - half, mean + half


def share_interval(values: np.ndarray, critical: float) -> Interval:
    """Interval of a mean share within [0, 1]; if all are 0 or all are 1, the exact binomial bound in people."""
    low, high = _interval(values, critical)
    people = len(values)
    tail = float(t_tail(critical, max(people - 1, 1))) ** (1 / people)
    if values.max() == 0.0:
        return 0.0, 1 - tail
    if values.min() == 1.0:
        return tail, 1.0
    return max(low, 0.0), min(high, 1.0)


def _superiority(
    ballots: Ballots, pairs: Sequence[tuple[int, int]], enters: np.ndarray
) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Participants' share of ballots with a above b, ties one half (P, pairs); above, below, tied counts.

    `enters` (U, pairs): which answers showed both images.
    """
    level = ballots.answers.points((2.0, 1.0))
    beats = np.stack([np.sign(level[:, a] - level[:, b]) for a, b in pairs], axis=1)
    total = ballots.answer_counts.sum(axis=0)
    counts = [
        (int(total @ ((column > 0) & here)), int(total @ ((column < 0) & here)), int(total @ ((column == 0) & here)))
        for column, here in zip(beats.T, enters.T, strict=True)
    ]
    return (1 + participant_means(ballots, beats, enters)[0]) / 2, counts
