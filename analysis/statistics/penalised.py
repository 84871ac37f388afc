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

# Of a step in a log worth: where the penalised likelihood is nearly flat, Newton's would lead to where it has no value.
_LONGEST = 4.0
# Of parameters (…, D): the height (…) and its slope (…, D).
Objective = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def _penalised(theta: np.ndarray, stages: Stages) -> tuple[np.ndarray, np.ndarray]:
    """Penalised log-likelihood, shape (…), and its gradient in θ, shape (…, M); `stages` are of one data set."""
    gradient, information = gradient_and_information(theta, stages)
    design, flat = stages.design, stages.flat
    # Its determinant is ∝ that of I without a reference.
    regular = information + stages.chosen.sum() / stages.k**2 * np.outer(flat, flat)
    with np.errstate(divide="ignore"):  # a determinant of 0
        sign, log_determinant = np.linalg.slogdet(regular)
    exists = sign > 0
    inverse = np.linalg.inv(np.where(exists[..., None, None], regular, np.eye(len(flat))))
    if design is not None:
        inverse = design @ inverse @ design.T
    p = probabilities(stages.utilities(theta), stages.sets)  # (…, T, A)
    # d I_ab / dθ_m from dp_a/dθ_m = p_a (δ_am − p_m), traced with the inverse.
    diagonal = np.diagonal(inverse, axis1=-2, axis2=-1)[..., None, :]
    traced = p * (diagonal - 2 * (p @ inverse))
    penalty = (stages.chosen[:, None] * (traced - p * traced.sum(axis=-1, keepdims=True))).sum(axis=-2)
    if design is not None:
        penalty = penalty @ design
    height = log_likelihood(theta, stages) + 0.5 * np.where(exists, log_determinant, 0.0)
    return np.where(exists, height, -1e300), np.where(exists[..., None], gradient + 0.5 * penalty, 0.0)


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


def _newton(parameters: np.ndarray, objective: Objective) -> tuple[np.ndarray, float, np.ndarray]:
    """Newton steps with a finite-difference Hessian, until a step no longer improves the objective.

    Returns the parameters, their height and their slope.
    """
    width, number = 1e-5, len(parameters)
    around = width * np.concatenate([np.zeros((1, number)), np.eye(number), -np.eye(number)])

    def look(at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        heights, slopes = objective(at + around)  # all in one call, which takes hardly longer than one of them
        return float(heights[0]), slopes[0], (slopes[1 : number + 1] - slopes[number + 1 :]) / 2 / width

    height, slope, hessian = look(parameters)
    for _ in range(12):
        try:
            step = np.linalg.solve((hessian + hessian.T) / 2, slope)
        except np.linalg.LinAlgError:
            break
        step *= min(1.0, _LONGEST / max(np.abs(step).max(), 1e-300))
        found = look(parameters - step)
        while found[0] > height + 1e-9 and np.abs(step).max() > 1e-3:  # too far
            step = step / 2
            found = look(parameters - step)
        if found[0] > height + 1e-9:
            break
        parameters, (height, slope, hessian) = parameters - step, found
        if np.abs(step).max() < 1e-7:  # the error is of the order of its square
            break
    return parameters, height, slope


def profile_interval(
    stages: Stages, contrast: np.ndarray, theta: np.ndarray, height: float, level: float = 0.95
) -> tuple[float, float]:
    """Profile-penalised interval of contrastᵀθ; finite, because the penalty grows faster than the likelihood."""
    drop = chi_square_quantile(level, 1) / 2
    estimate, last = float(contrast @ theta), theta

    def excess(value: float) -> float:
        nonlocal last  # the maximum is near that of the value before
        last, highest, _ = maximise_penalised(stages, contrast, value, last)
        return height - highest - drop

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
