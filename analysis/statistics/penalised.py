"""Jeffreys-penalised Plackett–Luce (Firth 1993): finite estimates if the graph of wins is not connected.

Maximises l(θ) + ½ log |I(θ)|; intervals by the profile of the penalised likelihood, χ² with 1 df
(Heinze and Schemper 2002).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from analysis.statistics.choices import (
    Stages,
    gradient_and_information,
    log_likelihood,
    probabilities,
)
from analysis.statistics.distributions import chi_square_quantile, chi_square_tail

_WIDTH = 1e-5  # of the finite differences of a Hessian


def _penalised(theta: np.ndarray, stages: Stages) -> tuple[np.ndarray, np.ndarray]:
    """Penalised log-likelihood (…) and its gradient (…, M) at θ (…, M), many at once: numpy's calls take longest."""
    gradient, information = gradient_and_information(theta, stages)
    design, flat = stages.design, stages.flat
    # Its determinant is ∝ that of I without a reference.
    regular = information + stages.chosen.sum() / stages.k**2 * np.outer(flat, flat)
    sign, log_determinant = np.linalg.slogdet(regular)
    outside = sign <= 0
    inverse = np.linalg.inv(np.where(outside[..., None, None], np.eye(len(flat)), regular))
    if design is not None:
        inverse = design @ inverse @ design.T
    p = probabilities(stages.utilities(theta), stages.sets)  # (…, T, A)
    # d I_ab / dθ_m from dp_a/dθ_m = p_a (δ_am − p_m), traced with the inverse.
    diagonal = np.diagonal(inverse, axis1=-2, axis2=-1)[..., None, :]
    crossed = p @ inverse
    traces = diagonal - 2 * crossed - (p * (diagonal - 2 * crossed)).sum(axis=-1, keepdims=True)
    penalty = (stages.chosen[:, None] * p * traces).sum(axis=-2)
    if design is not None:
        penalty = penalty @ design
    height = log_likelihood(theta, stages) + 0.5 * log_determinant
    return np.where(outside, -1e300, height), np.where(outside[..., None], 0.0, gradient + 0.5 * penalty)


def maximise_penalised(
    stages: Stages, contrast: np.ndarray | None = None, value: float = 0.0, start: np.ndarray | None = None
) -> tuple[np.ndarray, float, bool]:
    """θ (M,), worths summing to 0, and its penalised log-likelihood; with a contrast, under contrastᵀθ = value."""
    flat = stages.flat
    fixed = flat[None] if contrast is None else np.stack([flat, contrast])
    basis = np.linalg.svd(fixed)[2][len(fixed) :].T
    offset = np.zeros(len(flat)) if contrast is None else contrast * value / float(contrast @ contrast)
    free = np.zeros(basis.shape[1]) if start is None else basis.T @ (start - offset)
    if basis.shape[1] == 0:
        return offset, float(_penalised(offset, stages)[0]), True

    def objective(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        height, slope = _penalised(offset + parameters @ basis.T, stages)
        return -height, -(slope @ basis)

    options = {"gtol": 1e-9, "maxiter": 500}
    tolerance = 1e-8 * (1.0 + float(stages.chosen.sum()))
    parameters, height, slope = _newton(free, objective)
    if np.abs(slope).max() > tolerance:  # far from the maximum Newton may fail; BFGS is slower but safer
        found = optimize.minimize(objective, free, jac=True, method="BFGS", options=options)
        parameters, height, slope = _newton(found.x, objective)
    return offset + basis @ parameters, -height, bool(np.abs(slope).max() < 100 * tolerance)


def _newton(
    parameters: np.ndarray, objective: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, float, np.ndarray]:
    """Newton steps with a finite-difference Hessian, until a step no longer improves the objective.

    Returns:
        The parameters, and the objective and its gradient there.
    """
    size = len(parameters)
    around = _WIDTH * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)])
    heights, slopes = objective(parameters + around)
    for _ in range(12):
        hessian = (slopes[1 : size + 1] - slopes[size + 1 :]) / 2 / _WIDTH
        try:
            step = np.linalg.solve((hessian + hessian.T) / 2, slopes[0])
        except np.linalg.LinAlgError:
            break
        candidate = parameters - step
        next_heights, next_slopes = objective(candidate + around)
        if next_heights[0] > heights[0] + 1e-9:
            break
        parameters, heights, slopes = candidate, next_heights, next_slopes
        if np.abs(step).max() < 1e-9:
            break
    return parameters, float(heights[0]), slopes[0]


def profile_interval(
    stages: Stages, contrast: np.ndarray, theta: np.ndarray, height: float, level: float = 0.95
) -> tuple[float, float]:
    """Profile-penalised interval of contrastᵀθ; finite, because the penalty grows faster than the likelihood."""
    drop = chi_square_quantile(level, 1) / 2
    estimate = float(contrast @ theta)
    found = {estimate: theta}  # by the value of the contrast

    def excess(value: float) -> float:
        # From the nearest maximum that is known, Newton needs few steps.
        start = found[min(found, key=lambda known: abs(known - value))]
        maximum, penalised, converged = maximise_penalised(stages, contrast, value, start)
        if converged:
            found[value] = maximum
        return height - penalised - drop

    def bound(direction: float) -> float:
        step = 1.0
        while excess(estimate + direction * step) < 0 and step < 1e3:
            step *= 2
        return float(optimize.brentq(excess, estimate, estimate + direction * step, xtol=1e-8))

    return bound(-1.0), bound(1.0)


def deviance_p(stages: Stages, contrast: np.ndarray, theta: np.ndarray, height: float) -> float:
    """p of contrastᵀθ = 0 by the penalised likelihood ratio, χ² with 1 df."""
    restricted = maximise_penalised(stages, contrast, 0.0, theta)[1]
    return chi_square_tail(max(2 * (height - restricted), 0.0), 1)
