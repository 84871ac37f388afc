"""Jeffreys-penalised Plackett–Luce (Firth 1993): finite estimates if the graph of wins is not connected.

Maximises l(θ) + ½ log |I(θ)|; intervals by the profile of the penalised likelihood, χ² with 1 df
(Heinze and Schemper 2002).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from analysis.statistics.choices import (
    Stages,
    gradient_and_information,
    log_likelihood,
    probabilities,
)
from analysis.statistics.distributions import chi_square_quantile, chi_square_tail


def _penalised(theta: np.ndarray, stages: Stages) -> tuple[float, np.ndarray]:
    """Penalised log-likelihood and its gradient in θ, shape (M,)."""
    gradient, information = gradient_and_information(theta, stages)
    design, flat = stages.design, stages.flat
    # Its determinant is ∝ that of I without a reference.
    regular = information + stages.chosen.sum() / stages.k**2 * np.outer(flat, flat)
    sign, log_determinant = np.linalg.slogdet(regular)
    if sign <= 0:
        return -1e300, np.zeros(len(theta))
    inverse = np.linalg.inv(regular)
    if design is not None:
        inverse = design @ inverse @ design.T
    p = probabilities(stages.utilities(theta), stages.sets)  # (T, A)
    n = stages.chosen
    # d I_ab / dθ_m from dp_a/dθ_m = p_a (δ_am − p_m), traced with the inverse.
    diagonal = np.diag(inverse)
    quadratic = np.einsum("ta,ab,tb->t", p, inverse, p)
    linear = p * (p @ inverse)
    penalty = np.einsum("t,tm->m", n, p * diagonal) - np.einsum("t,t,tm->m", n, p @ diagonal, p)
    penalty -= np.einsum("t,tm->m", n, 2 * linear) - np.einsum("t,t,tm->m", n, 2 * quadratic, p)
    if design is not None:
        penalty = penalty @ design
    return float(log_likelihood(theta, stages)) + 0.5 * float(log_determinant), gradient + 0.5 * penalty


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
        return offset, _penalised(offset, stages)[0], True

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        height, slope = _penalised(offset + basis @ parameters, stages)
        return -height, -(basis.T @ slope)

    options = {"gtol": 1e-9, "maxiter": 500}
    tolerance = 1e-8 * (1.0 + float(stages.chosen.sum()))
    parameters = _newton(free, objective)
    height, slope = objective(parameters)
    if np.abs(slope).max() > tolerance:  # far from the maximum Newton may fail; BFGS is slower but safer
        found = optimize.minimize(objective, free, jac=True, method="BFGS", options=options)
        parameters = _newton(found.x, objective)
        height, slope = objective(parameters)
    return offset + basis @ parameters, -height, bool(np.abs(slope).max() < 100 * tolerance)


def _newton(parameters: np.ndarray, objective) -> np.ndarray:
    """Newton steps with a finite-difference Hessian, until a step no longer improves the objective."""
    for _ in range(12):
        height, slope = objective(parameters)
        width = 1e-5
        hessian = np.stack(
            [
                (objective(parameters + width * unit)[1] - objective(parameters - width * unit)[1]) / 2 / width
                for unit in np.eye(len(parameters))
            ]
        )
        try:
            step = np.linalg.solve((hessian + hessian.T) / 2, slope)
        except np.linalg.LinAlgError:
            return parameters
        candidate = parameters - step
        if objective(candidate)[0] > height + 1e-9:
            return parameters
        parameters = candidate
        if np.abs(step).max() < 1e-9:
            break
    return parameters


def profile_interval(
    stages: Stages, contrast: np.ndarray, theta: np.ndarray, height: float, level: float = 0.95
) -> tuple[float, float]:
    """Profile-penalised interval of contrastᵀθ; finite, because the penalty grows faster than the likelihood."""
    drop = chi_square_quantile(level, 1) / 2
    estimate = float(contrast @ theta)

    def excess(value: float) -> float:
        return height - maximise_penalised(stages, contrast, value, theta)[1] - drop

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
