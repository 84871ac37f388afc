"""What the random-effects model predicts for a person and a clip that were not in the study."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.statistics.random_effects import RandomEffectsFit, at_limit
from analysis.statistics.results import Estimate, Prediction

DRAWS = 1_000  # of the parameters
TASTES = 400  # people × clips averaged within each draw
STEP = 0.15  # of log SD, for the curvature of the log-likelihood


def predict(fit: RandomEffectsFit, coefficients: np.ndarray | None, rng: np.random.Generator) -> Prediction:
    """Chance of each condition to come first, and the share of new clips that the primary contrast favours.

    `coefficients` (K,): of the primary contrast on the utilities, summing to 0; None without factors. Parametric draws:
    the worths from their normal approximation given the SDs, the SDs from that of their logarithms (by the curvature of
    the Laplace log-likelihood); an SD at its lower limit is drawn from half a normal with the width at which the
    log-likelihood has fallen by ½.
    """
    k = len(fit.mu)
    sds = draw_sds(fit, rng)
    values, axes = np.linalg.eigh((fit.covariance + fit.covariance.T) / 2)
    root = axes * np.sqrt(np.maximum(values, 0))
    mu = fit.mu + rng.standard_normal((DRAWS, k)) @ root.T
    tastes = rng.standard_normal((TASTES, k))
    spread = np.sqrt(sds**2 @ np.ones(2))
    chances = _first(mu, spread, tastes)
    best = _first(fit.mu[None], np.sqrt(np.square(fit.sd).sum(keepdims=True)), rng.standard_normal((20_000, k)))[0]
    share = None
    if coefficients is not None:
        size = float(np.linalg.norm(coefficients))
        share = _estimate(
            float(_share(fit.mu[None] @ coefficients, np.array([fit.sd[1] * size]))[0]),
            _share(mu @ coefficients, sds[:, 1] * size),
        )
    return Prediction(
        first=tuple(_estimate(float(b), column) for b, column in zip(best, chances.T, strict=True)),
        share_of_clips=share,
        sd_participants=_estimate(fit.sd[0], sds[:, 0]),
        sd_clips=_estimate(fit.sd[1], sds[:, 1]),
        draws=DRAWS,
    )


def _estimate(estimate: float, draws: np.ndarray) -> Estimate:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(estimate=estimate, ci95=(min(float(low), estimate), max(float(high), estimate)))


def _first(mu: np.ndarray, spread: np.ndarray, tastes: np.ndarray) -> np.ndarray:
    """Chance to come first, (draws, K), averaged over tastes (m, K) of SD `spread` (draws,)."""
    utilities = mu[:, None, :] + spread[:, None, None] * tastes
    odds = np.exp(utilities - utilities.max(axis=2, keepdims=True))
    return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=1)


def _share(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """P(mean + sd · z > 0); one half for a difference of exactly 0 without spread."""
    return np.where(sd > 0, special.ndtr(mean / np.where(sd > 0, sd, 1.0)), (1 + np.sign(mean)) / 2)


def draw_sds(fit: RandomEffectsFit, rng: np.random.Generator, draws: int = DRAWS) -> np.ndarray:
    """Draws of the SDs of participants' and clips' effects, shape (draws, 2)."""
    lowest = fit.negative_loglik(fit.log_sd)
    sds = np.empty((draws, 2))
    for i, log_sd in enumerate(fit.log_sd):
        unit = np.eye(2)[i]
        if at_limit(log_sd):
            width = _fall(fit, lowest, unit)
            sds[:, i] = np.abs(rng.standard_normal(draws)) * width
            continue
        around = [fit.negative_loglik(fit.log_sd + sign * STEP * unit) for sign in (-1, 1)]
        curvature = (around[0] - 2 * lowest + around[1]) / STEP**2
        se = 1 / np.sqrt(curvature) if curvature > 0.25 else 2.0
        sds[:, i] = np.exp(np.clip(log_sd + se * rng.standard_normal(draws), -6, 3))
    return sds


def _fall(fit: RandomEffectsFit, lowest: float, unit: np.ndarray) -> float:
    """The SD at which the log-likelihood is ½ below its maximum, for one at its lower limit."""
    for sd in np.geomspace(0.05, 3.0, 12):
        if fit.negative_loglik(fit.log_sd * (1 - unit) + np.log(sd) * unit) - lowest >= 0.5:
            return float(sd)
    return 3.0
