"""Quasi-variances (Firth and de Menezes 2004): one variance per condition, to compare any pair."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from analysis.statistics.results import QuasiVariances


def quasi_variances(covariance: np.ndarray) -> QuasiVariances | None:
    """Values q with q_i + q_j ≈ var(θ_i − θ_j), by least squares on the logarithms, as R's `qvcalc`.

    `covariance`: (K, K), with any condition as reference. Values may be negative. None for K = 2, for which they do
    not exist, and if a difference has no variance.
    """
    k = len(covariance)
    if k < 3:
        return None
    i, j = np.triu_indices(k, 1)
    variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
    if variance.min() <= 1e-14 * max(float(variance.max()), 1e-300):
        return None
    design = np.zeros((len(i), k))
    design[np.arange(len(i)), i] = design[np.arange(len(i)), j] = 1
    scale = float(variance.mean())
    target = variance / scale

    def residuals(q: np.ndarray) -> np.ndarray:
        sums = design @ q
        return np.where(sums > 1e-12, np.log(np.maximum(sums, 1e-12) / target), -30 + sums)

    def slopes(q: np.ndarray) -> np.ndarray:
        sums = np.maximum(design @ q, 1e-12)
        return design / sums[:, None]

    start = np.linalg.lstsq(design, target, rcond=None)[0]
    if (design @ start).min() <= 0:
        start = np.full(k, 0.5)
    found = optimize.least_squares(
        residuals, start, jac=slopes, method="trf", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=2000
    )
    fitted = design @ found.x
    if fitted.min() <= 0:
        return None
    worst = float(np.abs(np.sqrt(fitted / target) - 1).max())
    return QuasiVariances(values=tuple(float(q) for q in found.x * scale), largest_relative_error=worst)
