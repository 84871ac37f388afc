"""Tails and quantiles straight from SciPy's special functions: `scipy.stats` takes half a second to import."""

from __future__ import annotations

import numpy as np
from scipy import special


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(df, probability))


def t_tail(t, df):
    """P(T > t) of Student's t; element by element for arrays."""
    return special.stdtr(df, -np.asarray(t, dtype=float))


def two_sided_t(t: float, df: float) -> float:
    """Two-sided p of a t statistic."""
    return float(2 * t_tail(abs(t), df))


def normal_tail(z: float) -> float:
    """P(Z > z) of the standard normal."""
    return float(special.ndtr(-z))


def chi_square_tail(statistic: float, df: float) -> float:
    """P(χ² > statistic)."""
    return float(special.chdtrc(df, statistic))


def chi_square_quantile(probability: float, df: float) -> float:
    """Quantile of χ²."""
    return float(special.chdtri(df, 1 - probability))


def f_tail(statistic: float, df: float, df_error: float) -> float:
    """P(F > statistic)."""
    return float(special.fdtrc(df, df_error, statistic))


def f_quantile(probability: float, df: float, df_error: float) -> float:
    """Quantile of F."""
    return float(special.fdtri(df, df_error, probability))


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks of values (n,) from 1, ties averaged."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
