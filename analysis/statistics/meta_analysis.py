"""Several studies' estimates of one effect: fixed and random effects, heterogeneity, and what a new study would find.

Formulas: DerSimonian and Laird (1986); Viechtbauer (2005) for REML; Viechtbauer (2007) for the Q-profile interval;
Knapp and Hartung (2003) and Sidik and Jonkman (2002) for the interval of the mean; Higgins, Thompson and Spiegelhalter
(2009) for the prediction interval; Higgins and Thompson (2002) for I² and H². Numbers of R's metafor are in the tests.

The studies' standard errors are taken as known. With few degrees of freedom behind them that is too hopeful.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from analysis.statistics.distributions import chi_square_quantile, chi_square_tail, t_quantile, two_sided_t
from analysis.statistics.errors import DesignError
from analysis.statistics.results import Interval

METHODS = ("reml", "dl", "fixed")
FEWEST_FOR_PREDICTION = 3
SMALLEST, LARGEST = 1e-50, 1e50
"""Standard errors and sizes of estimates that can be combined: squares of squares of others are no numbers."""
_MOST_STEPS = 1_000
_GRID = 36  # values of τ² for each power of ten
_ROUNDING = 1e-9  # of a factor that is 1, as of two studies
_NORMAL = 1e10  # degrees of freedom with which Student's t is the normal distribution


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean effect over studies; `df` is None if its interval is from the normal distribution."""

    estimate: float
    se: float
    df: float | None
    p: float
    ci95: Interval


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """How far the studies' true effects differ. `tau2` is their variance, by the method; `q` tests that it is 0.

    `tau2_ci95`: Q-profile. `i2` (share of the variance, 0 to 1) and `h2` are from τ², as in metafor, their intervals
    from that of τ².
    """

    q: float
    df: int
    p: float
    tau2: float
    tau2_ci95: Interval
    i2: float
    i2_ci95: Interval
    h2: float
    h2_ci95: Interval


@dataclass(frozen=True, kw_only=True)
class WithoutOne:
    """The mean without the study at `left_out`; its interval is None of a single study that is left."""

    left_out: int
    estimate: float
    ci95: Interval | None
    tau2: float
    i2: float


@dataclass(frozen=True, kw_only=True)
class MetaAnalysis:
    """The effects of k studies together, in their order.

    `mean` is that of the method; `fixed` beside it is the inverse-variance mean, whose interval speaks of these k
    studies only. `random` has the normal interval of the random effects; None if the method is fixed. `raised`: the
    Knapp–Hartung error was smaller than that of `random`, and was raised to it. `prediction`: where the true effect of
    a new study lies; None with fewer than three studies, or with fixed effects. `weights` sum to 1.
    """

    method: str
    k: int
    mean: Mean
    fixed: Mean
    random: Mean | None
    raised: bool
    heterogeneity: Heterogeneity
    prediction: Interval | None
    weights: tuple[float, ...]
    fixed_weights: tuple[float, ...]
    without_one: tuple[WithoutOne, ...]


def meta_analysis(
    estimates: Sequence[float], errors: Sequence[float], method: str = "reml", *, leave_one_out: bool = True
) -> MetaAnalysis:
    """Combine estimates (k,) with standard errors (k,) of independent studies.

    Args:
        method: "reml" or "dl" for random effects with that estimate of τ², "fixed" for one true effect of all.
        leave_one_out: whether to combine again without each study; it takes nearly all of the time.

    Raises:
        DesignError: fewer than two studies, a number beyond `SMALLEST` or `LARGEST`, or an unknown method.
    """
    y, se = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    _check(y, se, method)
    v = se**2
    tau2 = _tau2_of(method)(y, v)
    weights, fixed_weights = 1 / (v + tau2), 1 / v
    fixed, random = _normal_mean(y, fixed_weights), _normal_mean(y, weights)
    mean, raised = (fixed, False) if method == "fixed" else _knapp_hartung(y, weights, random)
    heterogeneity = _heterogeneity(y, v, tau2 if method != "fixed" else _tau2_of("dl")(y, v))
    return MetaAnalysis(
        method=method,
        k=len(y),
        mean=mean,
        fixed=fixed,
        random=None if method == "fixed" else random,
        raised=raised,
        heterogeneity=heterogeneity,
        prediction=None if method == "fixed" else _prediction(random, tau2, len(y)),
        weights=_shares(weights),
        fixed_weights=_shares(fixed_weights),
        without_one=tuple(_without(y, v, method, i) for i in range(len(y))) if leave_one_out else (),
    )


def _check(y: np.ndarray, se: np.ndarray, method: str) -> None:
    if method not in METHODS:
        raise DesignError(f"'{method}' is no method; choose one of {', '.join(METHODS)}.")
    if y.shape != se.shape or y.ndim != 1 or len(y) < 2:
        raise DesignError("a comparison needs at least two studies, each with an estimate and its standard error.")
    if not ((np.abs(y) <= LARGEST).all() and (se >= SMALLEST).all() and (se <= LARGEST).all()):
        raise DesignError(
            "each estimate must be a number, and each standard error a number above 0, none of them beyond 1e50."
        )


def _shares(weights: np.ndarray) -> tuple[float, ...]:
    return tuple(float(w) for w in weights / weights.sum())


def _tau2_of(method: str) -> Callable[[np.ndarray, np.ndarray], float]:
    return {"fixed": lambda y, v: 0.0, "dl": dersimonian_laird, "reml": reml}[method]


def cochran_q(y: np.ndarray, v: np.ndarray, tau2: float = 0.0) -> float:
    """Σ w (y − mean)² with w = 1 / (v + τ²); Cochran's Q if τ² is 0."""
    w = 1 / (v + tau2)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def dersimonian_laird(y: np.ndarray, v: np.ndarray) -> float:
    """The moment estimate of τ², at least 0."""
    return max(0.0, (cochran_q(y, v) - (len(y) - 1)) / _spread(1 / v))


def _spread(w: np.ndarray) -> float:
    """Σ w − Σ w² / Σ w, by the sum of the other weights of each: of weights that differ much nothing cancels."""
    before, after = np.zeros_like(w), np.zeros_like(w)
    before[1:], after[:-1] = np.cumsum(w[:-1]), np.cumsum(w[:0:-1])[::-1]
    return float(w @ (before + after) / w.sum())


def reml(y: np.ndarray, v: np.ndarray) -> float:
    """The restricted maximum likelihood estimate of τ², at least 0.

    The score has several roots in rare cases: the restricted likelihood is compared over a grid, then the score's root
    near the best point is found.
    """
    first, last = np.log10([1e-8 * v.min(), 1e3 * (v.mean() + y.var())])
    grid = np.concatenate([[0.0], np.logspace(first, last, int(_GRID * (last - first)) + 2)])
    best = int(np.argmax(_restricted_likelihood(y, v, grid)))
    if best == 0:
        low, high = 0.0, float(grid[1])
        if _score(y, v, low) <= 0:
            return 0.0
    else:
        low, high = float(grid[best - 1]), float(grid[min(best + 1, len(grid) - 1)])
    if _score(y, v, low) <= 0:
        return low
    return float(brentq(lambda tau2: _score(y, v, tau2), low, high, xtol=1e-16 * v.min(), rtol=1e-13))


def _restricted_likelihood(y: np.ndarray, v: np.ndarray, tau2: np.ndarray) -> np.ndarray:
    """The restricted log likelihood at each τ² (n,), without its constant."""
    w = 1 / (v + tau2[:, None])
    mean = (w @ y / w.sum(axis=1))[:, None]
    return -0.5 * (-np.log(w).sum(axis=1) + np.log(w.sum(axis=1)) + (w * (y - mean) ** 2).sum(axis=1))


def _score(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """Twice the derivative of the restricted log likelihood by τ²."""
    w = 1 / (v + tau2)
    mean = w @ y / w.sum()
    return float(w**2 @ (y - mean) ** 2) - _spread(w)


def _normal_mean(y: np.ndarray, w: np.ndarray) -> Mean:
    return _mean(float(w @ y / w.sum()), float(w.sum() ** -0.5), None)


def _mean(estimate: float, se: float, df: float | None) -> Mean:
    half = t_quantile(0.975, df or _NORMAL) * se
    return Mean(
        estimate=estimate,
        se=se,
        df=df,
        p=two_sided_t(estimate / se, df or _NORMAL),
        ci95=(estimate - half, estimate + half),
    )


def _knapp_hartung(y: np.ndarray, w: np.ndarray, random: Mean) -> tuple[Mean, bool]:
    """The mean with the Hartung–Knapp–Sidik–Jonkman error and t(k − 1), and whether the error was raised.

    The factor of the variance is at least 1, the "ad hoc" rule of Knapp and Hartung (2003): without it studies that
    happen to agree give an interval shorter than that of the fixed effect.
    """
    df = len(y) - 1.0
    factor = float(w @ (y - random.estimate) ** 2) / df
    return _mean(random.estimate, random.se * max(1.0, factor) ** 0.5, df), factor < 1 - _ROUNDING


def _prediction(random: Mean, tau2: float, k: int) -> Interval | None:
    if k < FEWEST_FOR_PREDICTION:
        return None
    half = t_quantile(0.975, k - 2.0) * (tau2 + random.se**2) ** 0.5
    return random.estimate - half, random.estimate + half


def _heterogeneity(y: np.ndarray, v: np.ndarray, tau2: float) -> Heterogeneity:
    w, df = 1 / v, len(y) - 1
    typical = df / _spread(w)  # variance of a study (Higgins and Thompson 2002)
    q, (low, high) = cochran_q(y, v), q_profile(y, v)
    return Heterogeneity(
        q=q,
        df=df,
        p=chi_square_tail(q, df),
        tau2=tau2,
        tau2_ci95=(low, high),
        i2=tau2 / (tau2 + typical),
        i2_ci95=(low / (low + typical), high / (high + typical)),
        h2=tau2 / typical + 1,
        h2_ci95=(low / typical + 1, high / typical + 1),
    )


def q_profile(y: np.ndarray, v: np.ndarray) -> Interval:
    """The 95 % interval of τ²: where the generalised Q lies between its χ² quantiles; an end is 0 if none is above."""
    return _where_q_is(y, v, 0.975), _where_q_is(y, v, 0.025)


def _where_q_is(y: np.ndarray, v: np.ndarray, probability: float) -> float:
    wanted = chi_square_quantile(probability, len(y) - 1)

    def above(tau2: float) -> float:
        return cochran_q(y, v, tau2) - wanted

    if above(0.0) <= 0:
        return 0.0
    high = float(v.mean() + y.var())
    for _ in range(_MOST_STEPS):
        if above(high) < 0:
            break
        high *= 2
    return float(brentq(above, 0.0, high, xtol=1e-16 * v.min(), rtol=1e-12, maxiter=_MOST_STEPS))


def _without(y: np.ndarray, v: np.ndarray, method: str, place: int) -> WithoutOne:
    y, v = np.delete(y, place), np.delete(v, place)
    if len(y) == 1:
        return WithoutOne(left_out=place, estimate=float(y[0]), ci95=None, tau2=0.0, i2=0.0)
    tau2 = _tau2_of(method)(y, v)
    w = 1 / (v + tau2)
    random = _normal_mean(y, w)
    mean = random if method == "fixed" else _knapp_hartung(y, w, random)[0]
    found = _heterogeneity(y, v, tau2)
    return WithoutOne(left_out=place, estimate=mean.estimate, ci95=mean.ci95, tau2=tau2, i2=found.i2)


def error_of_interval(estimate: float, ci95: Interval, p: float) -> tuple[float, float] | None:
    """The standard error and the degrees of freedom of a t interval, from the interval and the two-sided p.

    None if they are no interval and p of one t distribution, or if these do not tell the degrees of freedom: p is 0.05
    at an end of the interval, and 1 at an estimate of 0, whatever they are.
    """
    half = (ci95[1] - ci95[0]) / 2
    if not (half > 0 and 0 < p < 1 and abs(ci95[0] + ci95[1] - 2 * estimate) <= 1e-9 * half):
        return None
    ratio = abs(estimate) / half
    if ratio < 1e-6 or abs(ratio - 1) < 1e-6:
        return None

    def too_large(log_df: float) -> float:
        df = float(np.exp(log_df))
        return float(np.log(two_sided_t(ratio * t_quantile(0.975, df), df) / p))

    low, high = 0.0, float(np.log(1e7))
    at_low, at_high = too_large(low), too_large(high)
    if not (np.isfinite(at_low) and np.isfinite(at_high)) or at_low * at_high > 0:
        return None
    df = float(np.exp(brentq(too_large, low, high, xtol=1e-12)))
    return half / t_quantile(0.975, df), df
