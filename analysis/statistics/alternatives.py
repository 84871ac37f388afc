"""Do second choices follow from the same worths as first ones (independence of irrelevant alternatives)?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.choices import probabilities
from analysis.statistics.distributions import f_tail, two_sided_t
from analysis.statistics.results import IrrelevantAlternatives, TestResult
from analysis.statistics.worth_fit import WorthFit, fit_worths


def irrelevant_alternatives(
    fit: WorthFit, ballots: Ballots, high: Sequence[str] | None, reference: str
) -> IrrelevantAlternatives | None:
    """Two tests of second choices: their share on the first choice's side of the factor, and Hausman's comparison.

    `high`: conditions at the high level of the first factor. Errors are clustered by participant and allow for the
    estimated worths. None if the full fit is penalised, for one participant, and without second choices.
    """
    if fit.penalised or ballots.p < 2 or not bool((ballots.second >= 0).any()):
        return None
    found = _same_side(fit, ballots, high) if high else IrrelevantAlternatives()
    first_only = fit_worths(ballots, first_only=True)
    if first_only is None or first_only.penalised:
        return found
    theta = first_only.theta - first_only.theta[ballots.conditions.index(reference)]
    return replace(
        found,
        first_only_log_worth=tuple(float(x) for x in theta),
        test=_hausman(fit, first_only),
    )


def _hausman(fit: WorthFit, first_only: WorthFit) -> TestResult | None:
    """Wald test of equal worths; the covariance of the difference comes from clustered influence values."""
    people = fit.ballots.p
    influence = (
        first_only.grouped.participant_sums(first_only.scores) @ first_only.inverse
        - fit.grouped.participant_sums(fit.scores) @ fit.inverse
    )
    k = len(fit.theta)
    if people <= k:
        return None
    covariance = influence.T @ influence * people / (people - 1)
    values, vectors = np.linalg.eigh(covariance)
    keep = values > 1e-9 * max(float(values[-1]), 1e-300)
    df = int(keep.sum())
    if df == 0 or values[-1] < 1e-14:
        return None
    difference = vectors[:, keep].T @ (first_only.theta - fit.theta)
    statistic = float((difference**2 / values[keep]).sum())
    # Hotelling's T²: the covariance comes from P people.
    p = f_tail(statistic * (people - df) / (df * (people - 1)), df, people - df)
    return TestResult(statistic, float(df), p)


def _same_side(fit: WorthFit, ballots: Ballots, high: Sequence[str]) -> IrrelevantAlternatives:
    """The test of the shares alone; without any number if no ballot has two choices."""
    side = np.array([c in high for c in ballots.conditions])
    k = ballots.k
    codes = fit.outcomes.codes
    masks, outcome = np.divmod(codes, (k + 1) ** 2)
    first, second = outcome // (k + 1) - 1, outcome % (k + 1) - 1
    counted = (first >= 0) & (second >= 0) & (first != second)
    observed, expected = np.zeros(len(codes)), np.zeros(len(codes))
    slope = np.zeros((len(codes), k))
    for row in np.flatnonzero(counted):
        shown = np.array([masks[row] >> i & 1 for i in range(k)], dtype=bool) if masks[row] else np.ones(k, bool)
        shown[first[row]] = False
        p = probabilities(fit.theta, shown[None])[0]
        same = side == side[first[row]]
        expected[row] = p[same].sum()
        slope[row] = p * same - p * expected[row]
        observed[row] = same[second[row]]
    n = float(fit.grouped.total[counted].sum())
    if n == 0:
        return IrrelevantAlternatives()
    total_slope = fit.grouped.total @ slope
    values = (observed - expected)[:, None] - fit.scores @ (fit.inverse @ total_slope)[:, None]
    sums = fit.grouped.participant_sums(values)[:, 0]
    people = ballots.p
    se = float(np.sqrt((sums**2).sum() * people / (people - 1))) / n
    difference = float(fit.grouped.total @ (observed - expected)) / n
    return IrrelevantAlternatives(
        observed_share=float(fit.grouped.total @ observed) / n,
        expected_share=float(fit.grouped.total @ expected) / n,
        difference_se=se,
        p_share=two_sided_t(difference / se, people - 1) if se > 1e-12 else None,
    )
