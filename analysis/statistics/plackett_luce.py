"""Plackett–Luce worths of top-2 ballots: estimates, errors of four kinds, factorial effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
    probabilities,
    separated_conditions,
    win_components,
)
from analysis.statistics.contrast_tests import Cells, cells_of
from analysis.statistics.contrasts import factor_contrasts
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.errors import DesignError
from analysis.statistics.penalised import deviance_p, maximise_penalised, profile_interval
from analysis.statistics.quasi_variances import quasi_variances
from analysis.statistics.results import FactorEffect, Interval, PeopleBound, PlackettLuce

JACKKNIFE_CHUNK = 20_000


@dataclass(frozen=True, kw_only=True)
class WorthFit:
    """Estimates of the log worths, from which errors are computed. K conditions, P participants, U distinct outcomes.

    `theta` (K,) sums to 0. `inverse` (K, K): cᵀ inverse c is the model variance of cᵀθ for contrasts c.
    `scores` (U, K): gradient of an outcome's log-likelihood. `height`: the maximum of the (penalised) log-likelihood.
    """

    ballots: Ballots
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


def fit_worths(ballots: Ballots, *, first_only: bool = False) -> WorthFit | None:
    """Maximum likelihood, or Jeffreys-penalised if separated; None if the choices do not compare all conditions.

    Cost: one count over the ballots; all else works on outcome counts.
    """
    grouped = group_outcomes(ballots, first_only=first_only)
    outcomes, total = grouped.stages, grouped.total
    stages = outcomes.stages(total)
    if stages.chosen.sum() == 0 or not _all_compared(outcomes, total):
        return None
    beats = np.tensordot(total, outcomes.beats, axes=1)
    separated = tuple(separated_conditions(beats))
    if separated:
        theta, height, converged = maximise_penalised(stages)
        iterations = 0
    else:
        theta, iterations, done = maximise(stages)
        converged, height = bool(done), float(log_likelihood(theta, stages))
    _, information = gradient_and_information(theta, stages)
    k = ballots.k
    scale = float(stages.chosen.sum())
    inverse = np.linalg.inv(information + scale / k**2) - 1.0 / scale
    scores = outcomes.to_wins - outcomes.to_chosen @ probabilities(theta, outcomes.sets)
    return WorthFit(
        ballots=ballots,
        grouped=grouped,
        stages=stages,
        theta=theta,
        inverse=inverse,
        scores=scores,
        loglik=float(log_likelihood(theta, stages)),
        iterations=iterations,
        converged=converged,
        separated=separated,
        height=height,
    )


def _all_compared(outcomes: OutcomeStages, total: np.ndarray) -> bool:
    """Whether the choices compare all conditions, directly or by way of others; otherwise no worths exist."""
    sets = outcomes.sets[(total @ outcomes.to_chosen) > 0]
    together = (sets.T.astype(int) @ sets.astype(int)) > 0
    return win_components(together)[0] == 1


def robust_covariance(fit: WorthFit) -> np.ndarray:
    """Participant-clustered sandwich (K, K), without small-sample factor, as `coxph` with `cluster`."""
    scores = fit.grouped.participant_sums(fit.scores)
    return fit.inverse @ (scores.T @ scores) @ fit.inverse


def jackknife_estimates(fit: WorthFit) -> tuple[np.ndarray, np.ndarray, bool]:
    """θ without one participant: per pattern of answers (Q, K), participants with it (Q,), whether all are refits.

    If the remaining ballots are separated, one Newton step from the full estimate replaces the refit. If they do not
    even compare all conditions, their information has no inverse, and the step uses that of all ballots.
    """
    rows, _, counts = patterns(fit.counts)
    estimates = np.empty((len(rows), len(fit.theta)))
    exact = True
    total = fit.grouped.total
    has_win = np.tensordot(total, fit.outcomes.beats, axes=1) > 0
    for start in range(0, len(rows), JACKKNIFE_CHUNK):
        part = slice(start, start + JACKKNIFE_CHUNK)
        estimates[part], separated = _refit(total - rows[part], has_win, fit)
        exact = exact and not separated.any()
    return estimates, counts, exact


def _refit(remaining: np.ndarray, has_win: np.ndarray, fit: WorthFit) -> tuple[np.ndarray, np.ndarray]:
    """θ (Q, K) of Q data sets with the outcome counts `remaining` (Q, U), and which of them are separated (Q,).

    `has_win` (K, K): which pairs have a win in all ballots. Only a data set that loses such a pair can be separated.
    """
    outcomes = fit.outcomes
    stages = outcomes.stages(remaining)
    remaining_wins = remaining @ outcomes.beats.reshape(remaining.shape[1], -1)
    loses_pair = ((remaining_wins > 0) != has_win.reshape(-1)).any(axis=1)
    separated, disconnected = np.zeros((2, len(remaining)), dtype=bool)
    for i in np.flatnonzero(loses_pair):
        separated[i] = win_components(np.tensordot(remaining[i], outcomes.beats, axes=1))[0] > 1
        disconnected[i] = separated[i] and not _all_compared(outcomes, remaining[i])
    estimates = np.empty_like(stages.wins)
    for group, iterations in ((~separated, 30), (separated & ~disconnected, 1)):
        if group.any():
            estimates[group] = maximise(stages.select(group), fit.theta, iterations)[0]
    if disconnected.any():
        some = stages.select(disconnected)
        gradient, _ = gradient_and_information(np.broadcast_to(fit.theta, some.wins.shape), some)
        estimates[disconnected] = fit.theta + gradient @ fit.inverse
    return estimates, separated


def jackknife_covariance(fit: WorthFit) -> tuple[np.ndarray, bool]:
    """(P − 1)/P Σ (θ₍₋ᵢ₎ − mean)(…)ᵀ, shape (K, K), and whether every refit was exact."""
    estimates, counts, exact = jackknife_estimates(fit)
    p = counts.sum()
    centred = estimates - (counts @ estimates) / p
    return (p - 1) / p * (centred.T * counts) @ centred, exact


def influence_values(fit: WorthFit, contrast: np.ndarray) -> np.ndarray:
    """Each ballot's influence on contrastᵀθ, shape (N,); they sum to 0 at the maximum."""
    index = fit.ballot_outcome
    return (fit.scores @ (fit.inverse @ contrast))[index]


@dataclass(frozen=True, kw_only=True)
class ContrastErrors:
    """Errors of one contrast of the log worths; None if the error does not exist."""

    estimate: float
    se: float
    se_robust: float | None = None
    se_jackknife: float | None = None
    ci95: Interval | None = None
    p: float | None = None
    se_new_clips: float | None = None
    ci95_new_clips: Interval | None = None
    p_new_clips: float | None = None


class WorthErrors:
    """The errors of a fit: computed once, then `of(contrast)` for contrasts (K,) with coefficients that sum to 0."""

    def __init__(self, fit: WorthFit, cells: Cells) -> None:
        self.fit, self.cells = fit, cells
        self.people = fit.ballots.p
        usable = not fit.penalised and self.people > 1
        self.robust = robust_covariance(fit) if usable else None
        self.jackknife: np.ndarray | None = None
        self.exact = True
        if usable:
            self.jackknife, self.exact = jackknife_covariance(fit)

    def of(self, contrast: np.ndarray) -> ContrastErrors:
        """Jackknife with t(P − 1) for these clips; influence values by the crossed formula for new ones."""
        fit = self.fit
        estimate = float(contrast @ fit.theta)
        se = _root(contrast @ fit.inverse @ contrast)
        if fit.penalised:
            return ContrastErrors(
                estimate=estimate,
                se=se,
                ci95=profile_interval(fit.stages, contrast, fit.theta, fit.height),
                p=deviance_p(fit.stages, contrast, fit.theta, fit.height),
            )
        if self.robust is None or self.jackknife is None:
            return ContrastErrors(estimate=estimate, se=se)
        se_jackknife = _root(contrast @ self.jackknife @ contrast)
        interval, p = _t_interval(estimate, se_jackknife, self.people - 1.0)
        se_new_clips, interval_new_clips, p_new_clips = self._new_clips(contrast, estimate)
        return ContrastErrors(
            estimate=estimate,
            se=se,
            se_robust=_root(contrast @ self.robust @ contrast),
            se_jackknife=se_jackknife,
            ci95=interval,
            p=p,
            se_new_clips=se_new_clips,
            ci95_new_clips=interval_new_clips,
            p_new_clips=p_new_clips,
        )

    def _new_clips(self, contrast: np.ndarray, estimate: float) -> tuple[float | None, Interval | None, float | None]:
        """Standard error, interval and p for new clips; None with too few clips."""
        if not self.cells.speak_of_new_clips:
            return None, None, None
        design = self.cells.design
        influence = influence_values(self.fit, contrast)
        crossed = design.mean(self.cells.sums(influence) * design.n)
        if crossed is None:
            return None, None, None
        se = _root(crossed.variance)
        interval, p = _t_interval(estimate, se, crossed.df)
        return se, interval, p


def _root(variance: float) -> float:
    return float(np.sqrt(max(float(variance), 0.0)))


def _t_interval(estimate: float, se: float, df: float) -> tuple[Interval, float | None]:
    half = t_quantile(0.975, df) * se
    interval = (estimate - half, estimate + half)
    return interval, two_sided_t(estimate / se, df) if se > 0 else None


def plackett_luce(
    ballots: Ballots, reference: str, cells: Cells | None = None, errors: WorthErrors | None = None
) -> PlackettLuce | None:
    """The worths of all conditions against `reference`; None without a fit (see `fit_worths`)."""
    if reference not in ballots.conditions:
        raise DesignError(f"reference '{reference}' is no condition ({', '.join(ballots.conditions)}).")
    if errors is None:
        fit = fit_worths(ballots)
        if fit is None:
            return None
        errors = WorthErrors(fit, cells if cells is not None else cells_of(ballots))
    fit = errors.fit
    at = ballots.conditions.index(reference)
    against = np.eye(ballots.k) - np.eye(ballots.k)[at]  # a contrast with the reference in each row
    zero, point = 0.0, (0.0, 0.0)
    of_reference = ContrastErrors(
        estimate=zero, se=zero, se_robust=zero, se_jackknife=zero, ci95=point, se_new_clips=zero, ci95_new_clips=point
    )
    each = [of_reference if i == at else errors.of(contrast) for i, contrast in enumerate(against)]
    others = [e for i, e in enumerate(each) if i != at]
    covariance = against @ fit.inverse @ against.T
    worth = np.exp(fit.theta - fit.theta.max())

    def column(name: str):
        return None if any(getattr(e, name) is None for e in others) else tuple(getattr(e, name) for e in each)

    base = errors.jackknife if errors.jackknife is not None else fit.inverse
    return PlackettLuce(
        reference=reference,
        log_worth=tuple(e.estimate for e in each),
        se=tuple(e.se for e in each),
        se_robust=column("se_robust"),
        se_jackknife=column("se_jackknife"),
        ci95=column("ci95"),
        se_new_clips=column("se_new_clips"),
        ci95_new_clips=column("ci95_new_clips"),
        worth=tuple(float(w) for w in worth / worth.sum()),
        loglik=fit.loglik,
        converged=fit.converged,
        iterations=fit.iterations,
        penalised=fit.penalised,
        separated=tuple(ballots.conditions[i] for i in fit.separated),
        bounds=tuple(people_bounds(ballots, fit)),
        quasi_variances=quasi_variances(against @ base @ against.T),
        covariance=covariance,
        n_choices=int(fit.stages.chosen.sum()),
    )


def people_bounds(ballots: Ballots, fit: WorthFit) -> list[PeopleBound]:
    """Bounds 1 − 0.05^(1/P) for separated conditions that nobody chose or that everybody chose first."""
    bounds = []
    people = ballots.p
    upper = 1 - 0.05 ** (1 / people)
    beaten = np.tensordot(fit.counts, fit.outcomes.beats, axes=1)  # (P, K, K)
    for i in fit.separated:
        name = ballots.conditions[i]
        chosen = int((beaten[:, i, :].sum(axis=1) > 0).sum())
        below = int((beaten[:, :, i].sum(axis=1) > 0).sum())
        if chosen == 0:
            text = (
                f"0 of {people} participants ever chose {name}, so at most {100 * upper:.1f} % of such "
                "people would (one-sided 95 %)."
            )
        elif below == 0:
            text = (
                f"0 of {people} participants ever put anything above {name}, so at most {100 * upper:.1f} % "
                "of such people would (one-sided 95 %)."
            )
        else:
            continue
        bounds.append(
            PeopleBound(condition=name, ever_chosen=chosen, participants=people, upper_share=float(upper), text=text)
        )
    return bounds


def factorial_effects(
    errors: WorthErrors, factors: Mapping[str, Sequence[str]], conditions: Sequence[str]
) -> tuple[FactorEffect, ...]:
    """The effects of the factors on the log worths, for these clips and for new ones."""
    effects = []
    for contrast in factor_contrasts(factors, conditions):
        found = errors.of(contrast.coefficients)
        effects.append(
            FactorEffect(
                name=contrast.name,
                estimate=found.estimate,
                se_robust=found.se_robust,
                ci95=found.ci95,
                p=found.p,
                ci95_new_clips=found.ci95_new_clips,
                p_new_clips=found.p_new_clips,
            )
        )
    return tuple(effects)
