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
from analysis.statistics.contrasts import Cells, cells_of, interaction
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.errors import DesignError
from analysis.statistics.penalised import deviance_p, maximise_penalised, profile_interval
from analysis.statistics.quasi_variances import quasi_variances
from analysis.statistics.results import FactorEffect, Interval, PeopleBound, PlackettLuce

JACKKNIFE_CHUNK = 20_000


@dataclass(frozen=True)
class WorthFit:
    """A fit before it is told as intervals. K conditions, P participants, U distinct outcomes.

    `theta` (K,) sums to 0. `inverse` (K, K): cᵀ inverse c is the model variance of cᵀθ for contrasts c.
    `scores` (U, K): score of an outcome.
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
    height: float  # maximum of what was maximised

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
    """Maximum likelihood, or Jeffreys-penalised where separated; None where no ballot compares anything.

    Cost: one count over the ballots; all else works on outcome counts.
    """
    grouped = group_outcomes(ballots, first_only=first_only)
    outcomes, total = grouped.stages, grouped.total
    stages = outcomes.stages(total)
    if stages.chosen.sum() == 0 or not _comparable(outcomes, total):
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
        ballots,
        grouped,
        stages,
        theta,
        inverse,
        scores,
        float(log_likelihood(theta, stages)),
        iterations,
        converged,
        separated,
        height,
    )


def _comparable(outcomes: OutcomeStages, total: np.ndarray) -> bool:
    """Whether choices link all conditions: with a set of conditions never compared, no worth exists."""
    sets = outcomes.sets[(total @ outcomes.to_chosen) > 0]
    together = (sets.T.astype(int) @ sets.astype(int)) > 0
    return win_components(together)[0] == 1


def robust_covariance(fit: WorthFit) -> np.ndarray:
    """Participant-clustered sandwich (K, K), without small-sample factor, as `coxph` with `cluster`."""
    scores = fit.grouped.participant_sums(fit.scores)
    return fit.inverse @ (scores.T @ scores) @ fit.inverse


def jackknife_estimates(fit: WorthFit) -> tuple[np.ndarray, np.ndarray, bool]:
    """θ without one participant, per pattern of answers (Q, K), how many share it (Q,), all exact.

    Where the rest without a person is separated, one Newton step from the full estimate stands for the refit,
    and the third value is False. Where the rest compares not even all conditions, its own information has no
    inverse, so that step takes the full one.
    """
    rows, _, counts = patterns(fit.counts)
    estimates = np.empty((len(rows), len(fit.theta)))
    exact = True
    total = fit.grouped.total
    linked = np.tensordot(total, fit.outcomes.beats, axes=1) > 0
    for start in range(0, len(rows), JACKKNIFE_CHUNK):
        part = slice(start, start + JACKKNIFE_CHUNK)
        rest = total - rows[part]
        stages = fit.outcomes.stages(rest)
        unlinked = ((rest @ fit.outcomes.beats.reshape(len(total), -1)) > 0) != linked.reshape(-1)
        doubtful = np.flatnonzero(unlinked.any(axis=1))
        estimates[part] = _refit(stages, fit.theta, doubtful, rest, fit)
        exact = exact and not _separated_among(doubtful, rest, fit).size
    return estimates, counts, exact


def _separated_among(doubtful: np.ndarray, rest: np.ndarray, fit: WorthFit) -> np.ndarray:
    beats = fit.outcomes.beats
    apart = [i for i in doubtful if win_components(np.tensordot(rest[i], beats, axes=1))[0] > 1]
    return np.array(apart, dtype=int)


def _refit(stages: Stages, theta: np.ndarray, doubtful: np.ndarray, rest: np.ndarray, fit: WorthFit) -> np.ndarray:
    apart = np.zeros(len(stages.wins), dtype=bool)
    apart[_separated_among(doubtful, rest, fit)] = True
    estimates = np.empty_like(stages.wins)
    bare = np.zeros(len(stages.wins), dtype=bool)
    bare[[i for i in np.flatnonzero(apart) if not _comparable(fit.outcomes, rest[i])]] = True
    for group, iterations in ((~apart, 30), (apart & ~bare, 1)):
        if group.any():
            some = Stages(stages.sets, stages.chosen[group], stages.wins[group])
            estimates[group] = maximise(some, theta, iterations)[0]
    if bare.any():
        some = Stages(stages.sets, stages.chosen[bare], stages.wins[bare])
        gradient, _ = gradient_and_information(np.broadcast_to(theta, some.wins.shape), some)
        estimates[bare] = theta + gradient @ fit.inverse
    return estimates


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


@dataclass(frozen=True)
class ContrastErrors:
    """Errors of one contrast of the log worths."""

    estimate: float
    se: float
    se_robust: float | None
    se_jackknife: float | None
    ci95: Interval | None
    p: float | None
    se_new_clips: float | None
    ci95_new_clips: Interval | None
    p_new_clips: float | None


class WorthErrors:
    """All errors of a fit, computed once and asked per contrast (K,) with coefficients that sum to 0."""

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
            interval = profile_interval(fit.stages, contrast, fit.theta, fit.height)
            by_deviance = deviance_p(fit.stages, contrast, fit.theta, fit.height)
            return ContrastErrors(estimate, se, None, None, interval, by_deviance, None, None, None)
        if self.robust is None or self.jackknife is None:
            return ContrastErrors(estimate, se, None, None, None, None, None, None, None)
        se_jackknife = _root(contrast @ self.jackknife @ contrast)
        interval, p = _t_interval(estimate, se_jackknife, self.people - 1.0)
        new = self._new_clips(contrast, estimate)
        return ContrastErrors(estimate, se, _root(contrast @ self.robust @ contrast), se_jackknife, interval, p, *new)

    def _new_clips(self, contrast: np.ndarray, estimate: float) -> tuple[float | None, Interval | None, float | None]:
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
    """The worths of all conditions against `reference`; None where no ballot compares anything."""
    if reference not in ballots.conditions:
        raise DesignError(f"reference '{reference}' is no condition ({', '.join(ballots.conditions)}).")
    if errors is None:
        fit = fit_worths(ballots)
        if fit is None:
            return None
        errors = WorthErrors(fit, cells if cells is not None else cells_of(ballots))
    fit = errors.fit
    k, at = ballots.k, ballots.conditions.index(reference)
    zero = ContrastErrors(0.0, 0.0, 0.0, 0.0, (0.0, 0.0), None, 0.0, (0.0, 0.0), None)
    each = [zero if i == at else errors.of(np.eye(k)[i] - np.eye(k)[at]) for i in range(k)]
    others = [e for i, e in enumerate(each) if i != at]
    against = np.eye(k) - np.eye(k)[at]
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
    """For a separated condition that nobody chose, or that nobody ever put anything above: 1 − 0.05^(1/P)."""
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
        bounds.append(PeopleBound(name, chosen, people, float(upper), text))
    return bounds


def effect_contrasts(factors: Mapping[str, Sequence[str]], conditions: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """Contrasts (K,) of the log worths: mean of high − mean of low, which in the 2 × 2 is the ±½ coding."""
    high = {name: np.array([c in members for c in conditions]) for name, members in factors.items()}
    found = [(name, up / up.sum() - ~up / (~up).sum()) for name, up in high.items()]
    names = list(high)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for a, b in pairs:
        coefficients = interaction(high[a], high[b])
        if coefficients is not None:
            # (θ2 − θ1) − (θ4 − θ3): the difference of differences of cell means
            found.append(("interaction" if len(pairs) == 1 else f"interaction_{a}_{b}", coefficients))
    return found


def factorial_effects(
    errors: WorthErrors, factors: Mapping[str, Sequence[str]], conditions: Sequence[str]
) -> tuple[FactorEffect, ...]:
    """The effects of the factors on the log worths, for these clips and for new ones."""
    effects = []
    for name, contrast in effect_contrasts(factors, conditions):
        e = errors.of(contrast)
        effects.append(FactorEffect(name, e.estimate, e.se_robust, e.ci95, e.p, e.ci95_new_clips, e.p_new_clips))
    return tuple(effects)
