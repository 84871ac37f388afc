"""Plackett–Luce worths of top-2 ballots: estimates, errors of four kinds, factorial effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.contrast_tests import Cells, cells_of
from analysis.statistics.contrasts import factor_contrasts
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.errors import DesignError
from analysis.statistics.penalised import deviance_p, profile_interval
from analysis.statistics.people_bounds import people_bounds
from analysis.statistics.quasi_variances import quasi_variances
from analysis.statistics.results import FactorEffect, Interval, PlackettLuce
from analysis.statistics.worth_fit import (
    WorthFit,
    fit_worths,
    influence_values,
    jackknife_covariance,
    robust_covariance,
)


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
    """The errors of a fit: computed once, then `of(contrast)` for contrasts whose coefficients on worths sum to 0."""

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
        """Jackknife with t(P − 1) for these clips; influence values by the crossed formula for new ones.

        `contrast`: on the log worths (K,), or on all parameters of the fit.
        """
        fit = self.fit
        contrast = fit.on_parameters(contrast)
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
    return worths_against(reference, errors)


def worths_against(reference: str, errors: WorthErrors) -> PlackettLuce:
    """The worths of a fit, with their errors, against the condition `reference`."""
    fit = errors.fit
    conditions = fit.ballots.conditions
    at = conditions.index(reference)
    against = np.eye(len(conditions)) - np.eye(len(conditions))[at]  # a contrast with the reference in each row
    zero, point = 0.0, (0.0, 0.0)
    of_reference = ContrastErrors(
        estimate=zero, se=zero, se_robust=zero, se_jackknife=zero, ci95=point, se_new_clips=zero, ci95_new_clips=point
    )
    each = [of_reference if i == at else errors.of(contrast) for i, contrast in enumerate(against)]
    others = [e for i, e in enumerate(each) if i != at]
    k = len(conditions)
    covariance = against @ fit.inverse[:k, :k] @ against.T
    worth = np.exp(fit.log_worth - fit.log_worth.max())

    def column(name: str):
        return None if any(getattr(e, name) is None for e in others) else tuple(getattr(e, name) for e in each)

    base = (errors.jackknife if errors.jackknife is not None else fit.inverse)[:k, :k]
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
        separated=tuple(conditions[i] for i in fit.separated),
        bounds=tuple(people_bounds(fit)),
        quasi_variances=quasi_variances(against @ base @ against.T),
        covariance=covariance,
        n_choices=int(fit.stages.chosen.sum()),
    )


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
