"""Many comparisons at once: Holm's p values and the critical value of simultaneous t intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.statistics.distributions import t_quantile


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values (Holm 1979), in the order given."""
    p = np.asarray(p_values, dtype=float)
    ranked = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[ranked] * np.arange(len(p), 0, -1))
    result = np.empty_like(p)
    result[ranked] = np.minimum(adjusted, 1.0)
    return [float(value) for value in result]


def simultaneous_critical_value(covariance: np.ndarray, df: float, level: float = 0.95, draws: int = 50_000) -> float:
    """Critical value c of max |t| over contrasts with this covariance, by simulation of the multivariate t.

    `covariance`: shape (m, m); rows without variance are left out. The contrasts are sorted by their correlations
    before the draws, so that the order of the conditions does not matter. Never below the single critical value.
    """
    single = t_quantile(0.5 + level / 2, df)
    scale = np.sqrt(np.clip(np.diag(covariance), 0, None))
    keep = np.flatnonzero(scale > 1e-12 * max(float(scale.max(initial=0.0)), 1e-300))
    if len(keep) < 2:
        return single
    correlation = np.abs(covariance[np.ix_(keep, keep)] / np.outer(scale[keep], scale[keep]))
    order = np.lexsort((np.round(correlation.sum(axis=1), 9), np.round(np.sort(correlation, axis=1)[:, -2], 9)))
    keep = keep[order]
    ordered = covariance[np.ix_(keep, keep)] / np.outer(scale[keep], scale[keep])
    values, vectors = np.linalg.eigh(ordered)
    rank = values > 1e-10 * values[-1]
    root = vectors[:, rank] * np.sqrt(values[rank])
    rng = np.random.default_rng(20_240_601)
    largest = np.abs(rng.standard_normal((draws, int(rank.sum()))) @ root.T).max(axis=1)
    chi = np.sqrt(rng.chisquare(df, draws) / df)
    return max(single, float(np.quantile(largest / chi, level)))
