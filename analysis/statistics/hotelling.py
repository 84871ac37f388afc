"""Hotelling's T²: is the mean of people's vectors zero?"""

from __future__ import annotations

import numpy as np

from analysis.statistics.design_results import HotellingTest
from analysis.statistics.distributions import f_tail


def hotelling_test(vectors: np.ndarray) -> HotellingTest | None:
    """Test that the mean of independent rows (P, m) is 0; rows that always sum to 0 lose a degree of freedom.

    Hotelling (1931): with d the rank of the covariance, F = T² (P − d) / (d (P − 1)) has d and P − d degrees of
    freedom. None without spread, and for P ≤ d.
    """
    people = len(vectors)
    if people < 2:
        return None
    values, axes = np.linalg.eigh(np.atleast_2d(np.cov(vectors, rowvar=False)))
    keep = values > 1e-10 * max(float(values[-1]), 1e-300)
    rank = int(keep.sum())
    if float(values[-1]) <= 1e-14 or people <= rank:
        return None
    mean = axes[:, keep].T @ vectors.mean(axis=0)
    statistic = people * float((mean**2 / values[keep]).sum()) * (people - rank) / (rank * (people - 1))
    return HotellingTest(statistic=statistic, df=rank, df_error=people - rank, p=f_tail(statistic, rank, people - rank))
