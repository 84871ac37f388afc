"""The fit of the worths, and the covariances and influence values from which errors are computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from analysis.statistics.ballots import Ballots, patterns
from analysis.statistics.choices import (
    GroupedOutcomes,
    OutcomeStages,
    Stages,
    gradient_and_information,
    group_outcomes,
    log_likelihood,
    maximise,
    outcome_index,
    separated_in,
    win_components,
)
from analysis.statistics.penalised import maximise_penalised

JACKKNIFE_CHUNK = 20_000


class ComparedAnswers(Protocol):
    """Answers that compare conditions: `Ballots`, or answers of another kind with the same attributes."""

    @property
    def conditions(self) -> tuple[str, ...]: ...
    @property
    def participant(self) -> np.ndarray: ...
    @property
    def k(self) -> int: ...
    @property
    def p(self) -> int: ...
    @property
    def shown(self) -> np.ndarray | None: ...


@dataclass(frozen=True, kw_only=True)
class WorthFit:
    """Estimates of the log worths, from which errors are computed. K conditions, P participants, U distinct outcomes.

    `theta` (M,): the log worths, which sum to 0, and with ties the log of the tie parameter (see Stages). `inverse`
    (M, M): cᵀ inverse c is the model variance of cᵀθ for contrasts c. `scores` (U, M): gradient of an outcome's
    log-likelihood. `height`: the maximum of the (penalised) log-likelihood.
    """

    ballots: ComparedAnswers
    grouped: GroupedOutcomes
    stages: Stages
    theta: np.ndarray
    inverse: np.ndarray
    scores: np.ndarray
    loglik: float
    iterations: int
    converged: bool
    separated: tuple[int, ...]
    height: float

    @cached_property
    def ballot_outcome(self) -> np.ndarray:
        """Each ballot's outcome as an index into the distinct ones, shape (N,)."""
        if self.grouped.index is not None:
            return self.grouped.index
        assert isinstance(self.ballots, Ballots)
        return outcome_index(self.ballots, self.outcomes)

    @property
    def outcomes(self) -> OutcomeStages:
        return self.grouped.stages

    @property
    def counts(self) -> np.ndarray:
        """Outcomes per participant, shape (P, U)."""
        return self.grouped.counts

    @property
    def penalised(self) -> bool:
        return bool(self.separated)

    @property
    def log_worth(self) -> np.ndarray:
        """The log worths alone, shape (K,); they sum to 0."""
        return self.theta[: self.ballots.k]

    def on_parameters(self, contrast: np.ndarray) -> np.ndarray:
        """Coefficients (K,) on the log worths as coefficients (M,) on all parameters."""
        return np.append(contrast, np.zeros(len(self.theta) - len(contrast)))


def fit_worths(ballots: Ballots, *, first_only: bool = False) -> WorthFit | None:
    """Maximum likelihood, or Jeffreys-penalised if separated; None if the choices do not compare all conditions.

    Cost: one count over the ballots; all else works on outcome counts.
    """
    return fit_grouped(ballots, group_outcomes(ballots, first_only=first_only))


def fit_grouped(ballots: ComparedAnswers, grouped: GroupedOutcomes) -> WorthFit | None:
    """`fit_worths` of answers of any kind, from their outcome counts."""
    outcomes, total = grouped.stages, grouped.total
    stages = outcomes.stages(total)
    if stages.chosen.sum() == 0 or not _all_compared(outcomes, total, ballots.k):
        return None
    separated = tuple(separated_in(outcomes, total))
    if separated:
        theta, height, converged = maximise_penalised(stages)
        iterations = 0
    else:
        theta, iterations, done = maximise(stages)
        converged, height = bool(done), float(log_likelihood(theta, stages))
    _, information = gradient_and_information(theta, stages)
    k, scale, flat = ballots.k, float(stages.chosen.sum()), np.outer(stages.flat, stages.flat)
    inverse = np.linalg.inv(information + scale / k**2 * flat) - 1.0 / scale * flat
    return WorthFit(
        ballots=ballots,
        grouped=grouped,
        stages=stages,
        theta=theta,
        inverse=inverse,
        scores=outcomes.scores(theta),
        loglik=float(log_likelihood(theta, stages)),
        iterations=iterations,
        converged=converged,
        separated=separated,
        height=height,
    )


def groups_compared(outcomes: OutcomeStages, total: np.ndarray, k: int) -> tuple[int, np.ndarray]:
    """In how many groups the choices link the conditions, and each condition's, shape (K,).

    Conditions in one group are compared, directly or by way of others.
    """
    sets = outcomes.sets[(total @ outcomes.to_chosen) > 0][:, :k]
    return win_components((sets.T.astype(int) @ sets.astype(int)) > 0)


def _all_compared(outcomes: OutcomeStages, total: np.ndarray, k: int) -> bool:
    """Whether the choices compare all conditions; otherwise no worths exist."""
    return groups_compared(outcomes, total, k)[0] == 1


def robust_covariance(fit: WorthFit) -> np.ndarray:
    """Participant-clustered sandwich (M, M), without small-sample factor, as `coxph` with `cluster`."""
    scores = fit.grouped.participant_sums(fit.scores)
    return fit.inverse @ (scores.T @ scores) @ fit.inverse


def jackknife_estimates(fit: WorthFit) -> tuple[np.ndarray, np.ndarray, bool]:
    """θ without one participant: per pattern of answers (Q, M), participants with it (Q,), whether all are refits.

    If the remaining ballots are separated, one Newton step from the full estimate replaces the refit. If they do not
    even compare all conditions, their information has no inverse, and the step uses that of all ballots.
    """
    rows, _, counts = patterns(fit.counts)
    estimates = np.empty((len(rows), len(fit.theta)))
    exact = True
    total = fit.grouped.total
    occurs = (total @ fit.outcomes.kinds) > 0
    for start in range(0, len(rows), JACKKNIFE_CHUNK):
        part = slice(start, start + JACKKNIFE_CHUNK)
        estimates[part], separated = _refit(total - rows[part], occurs, fit)
        exact = exact and not separated.any()
    return estimates, counts, exact


def _refit(remaining: np.ndarray, occurs: np.ndarray, fit: WorthFit) -> tuple[np.ndarray, np.ndarray]:
    """θ (Q, M) of Q data sets with the outcome counts `remaining` (Q, U), and which of them are separated (Q,).

    `occurs`: which kinds (`OutcomeStages.kinds`) occur in all ballots. Only a data set that loses one can be separated.
    """
    outcomes = fit.outcomes
    stages = outcomes.stages(remaining)
    loses_kind = (((remaining @ outcomes.kinds) > 0) != occurs).any(axis=1)
    separated, disconnected = np.zeros((2, len(remaining)), dtype=bool)
    for i in np.flatnonzero(loses_kind):
        separated[i] = bool(separated_in(outcomes, remaining[i]))
        disconnected[i] = separated[i] and not _all_compared(outcomes, remaining[i], fit.ballots.k)
    estimates = np.empty((len(remaining), len(fit.theta)))
    for group, iterations in ((~separated, 30), (separated & ~disconnected, 1)):
        if group.any():
            estimates[group] = maximise(stages.select(group), fit.theta, iterations)[0]
    if disconnected.any():
        some = stages.select(disconnected)
        gradient, _ = gradient_and_information(np.broadcast_to(fit.theta, (disconnected.sum(), len(fit.theta))), some)
        estimates[disconnected] = fit.theta + gradient @ fit.inverse
    return estimates, separated


def jackknife_covariance(fit: WorthFit) -> tuple[np.ndarray, bool]:
    """(P − 1)/P Σ (θ₍₋ᵢ₎ − mean)(…)ᵀ, shape (M, M), and whether every refit was exact."""
    estimates, counts, exact = jackknife_estimates(fit)
    p = counts.sum()
    centred = estimates - (counts @ estimates) / p
    return (p - 1) / p * (centred.T * counts) @ centred, exact


def influence_values(fit: WorthFit, contrast: np.ndarray) -> np.ndarray:
    """Each ballot's influence on contrastᵀθ, shape (N,); they sum to 0 at the maximum."""
    index = fit.ballot_outcome
    return (fit.scores @ (fit.inverse @ contrast))[index]
