"""Second implementations of the statistics, slow and simple: loops over ballots and general-purpose optimisers.

They share no code with analysis/statistics, so that no fault can be in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import permutations, product

import numpy as np
from scipy import optimize, stats

Rows = Sequence[tuple[str, str, str | None, str | None]]  # participant, clip, first, second


def choices(rows: Rows, keys: Sequence[str]) -> list[tuple[str, list[str], str]]:
    """(participant, what was there to choose from, what was chosen) of every choice."""
    found = []
    for person, _clip, first, second in rows:
        left = list(keys)
        for chosen in (first, second):
            if not chosen or len(left) < 2:
                break
            found.append((person, list(left), chosen))
            left.remove(chosen)
    return found


def log_likelihood(theta: dict[str, float], made: Sequence[tuple[str, list[str], str]]) -> float:
    """Plackett–Luce, one choice at a time."""
    return sum(theta[one] - math.log(sum(math.exp(theta[key]) for key in left)) for _p, left, one in made)


def information(theta: dict[str, float], made: Sequence[tuple[str, list[str], str]], keys: Sequence[str]) -> np.ndarray:
    """Fisher information of all log worths (K, K): the sum of the covariances of the choices."""
    total = np.zeros((len(keys), len(keys)))
    for _person, left, _one in made:
        p = np.array([math.exp(theta[key]) if key in left else 0.0 for key in keys])
        p /= p.sum()
        total += np.diag(p) - np.outer(p, p)
    return total


def maximum(keys: Sequence[str], reference: str, height: Callable[[dict[str, float]], float]) -> dict[str, float]:
    """Where `height` of the log worths is greatest, 0 at the reference."""
    free = [key for key in keys if key != reference]

    def named(values: np.ndarray) -> dict[str, float]:
        return {reference: 0.0} | dict(zip(free, values.tolist(), strict=True))

    start = np.zeros(len(free))
    for _ in range(3):
        found = optimize.minimize(
            lambda values: -height(named(values)),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 8000, "maxfev": 8000, "adaptive": True},
        )
        start = found.x
    return named(start)


def firth_height(theta: dict[str, float], made: Sequence[tuple[str, list[str], str]], keys: Sequence[str]) -> float:
    """l(θ) + ½ log |I(θ)|, the information without the last condition's row and column."""
    determinant = np.linalg.slogdet(information(theta, made, keys)[:-1, :-1])
    return log_likelihood(theta, made) + 0.5 * float(determinant[1])


def henderson(rows: Sequence[int], columns: Sequence[int], y: np.ndarray) -> tuple[float, float, float, float, float]:
    """Henderson's method III by least squares: components of rows, columns and residual, then V and df.

    Reductions of the sum of squares by fitting dummies; the coefficient of a component is the trace of
    Zᵀ M Z, M the projection that the reduction stands for.
    """
    n = len(y)
    one = np.ones((n, 1))
    z_rows = np.eye(max(rows) + 1)[list(rows)]
    z_columns = np.eye(max(columns) + 1)[list(columns)]

    def projection(*parts: np.ndarray) -> np.ndarray:
        return np.hstack(parts) @ np.linalg.pinv(np.hstack(parts))

    full, by_rows, by_columns = (
        projection(one, z_rows, z_columns),
        projection(one, z_rows),
        projection(one, z_columns),
    )

    def rank(matrix: np.ndarray) -> int:
        return round(float(np.trace(matrix)))

    residual = float(y @ (np.eye(n) - full) @ y) / (n - rank(full))
    components = []
    for less, z in ((by_columns, z_rows), (by_rows, z_columns)):
        extra = full - less
        components.append((float(y @ extra @ y) - rank(extra) * residual) / float(np.trace(z.T @ extra @ z)))
    n_rows, n_columns = z_rows.sum(axis=0), z_columns.sum(axis=0)
    ms_rows = residual + components[0] * float((n_rows**2).sum()) / n
    ms_columns = residual + components[1] * float((n_columns**2).sum()) / n
    scale = max(ms_rows + ms_columns - residual, ms_rows, ms_columns)
    p, effective = len(n_rows), n**2 / float((n_columns**2).sum())
    spread = ms_rows**2 / (p - 1) + ms_columns**2 / (effective - 1) + residual**2 / (n - rank(full))
    return components[0], components[1], residual, scale / n, max(effective - 1.0, scale**2 / spread)


def hotelling(vectors: np.ndarray) -> tuple[float, float]:
    """F and p of Hotelling's T² for rows that sum to 0: the last column is left out."""
    part = vectors[:, :-1]
    n, m = part.shape
    centred = part - part.mean(axis=0)
    covariance = centred.T @ centred / (n - 1)
    t2 = n * part.mean(axis=0) @ np.linalg.solve(covariance, part.mean(axis=0))
    f = float(t2 * (n - m) / (m * (n - 1)))
    return f, float(stats.f.sf(f, m, n - m))


def permutation_p(vectors: np.ndarray) -> float:
    """The share of all relabellings within rows whose statistic reaches the observed one."""
    k = vectors.shape[1]
    every = product(*[sorted(set(permutations(row))) for row in vectors.tolist()])

    def statistic(total: np.ndarray) -> float:
        return float(((total - total.sum() / k) ** 2).sum())

    observed = statistic(vectors.sum(axis=0))
    return float(np.mean([statistic(np.array(rows).sum(axis=0)) >= observed - 1e-9 for rows in every]))


def bootstrap_t(values: np.ndarray, draws: int, rng: np.random.Generator) -> tuple[float, float]:
    """Studentized bootstrap interval of a mean, people drawn one by one."""
    n, mean = len(values), float(values.mean())
    se = float(values.std(ddof=1)) / math.sqrt(n)
    drawn = values[rng.integers(0, n, (draws, n))]
    spread = drawn.std(axis=1, ddof=1)
    t = (drawn.mean(axis=1) - mean)[spread > 1e-12] / (spread[spread > 1e-12] / math.sqrt(n))
    low, high = np.quantile(t, [0.025, 0.975])
    return mean - float(high) * se, mean - float(low) * se


def krippendorff(units: Sequence[int], values: Sequence[int]) -> float:
    """Nominal α from the matrix of coincidences (Krippendorff 2011, step by step)."""
    size = max(values) + 1
    coincidences = np.zeros((size, size))
    for unit in set(units):
        given = [v for u, v in zip(units, values, strict=True) if u == unit]
        for i, a in enumerate(given):
            for j, b in enumerate(given):
                if i != j:
                    coincidences[a, b] += 1 / (len(given) - 1)
    totals = coincidences.sum(axis=1)
    n = totals.sum()
    observed = n - np.trace(coincidences)
    expected = sum(totals[a] * totals[b] for a in range(size) for b in range(size) if a != b) / (n - 1)
    return float(1 - observed / expected)


def skillings_mack(values: Sequence[Sequence[float | None]]) -> tuple[float, int]:
    """The published statistic (Skillings and Mack 1981) for rows without ties; None where not seen."""
    k = len(values[0])
    adjusted = np.zeros(k)
    together = np.zeros((k, k))
    for row in values:
        seen = [i for i in range(k) if row[i] is not None]
        ranks = stats.rankdata([row[i] for i in seen])
        for i, rank in zip(seen, ranks, strict=True):
            adjusted[i] += math.sqrt(12 / (len(seen) + 1)) * (rank - (len(seen) + 1) / 2)
            for j in seen:
                together[i, j] -= i != j
    covariance = together - np.diag(together.sum(axis=1))
    part = adjusted[:-1]
    return float(part @ np.linalg.solve(covariance[:-1, :-1], part)), k - 1


def e_values(differences: Sequence[float]) -> list[float]:
    """E after each person: the mean over 199 bets of the product so far."""
    found = []
    for n in range(1, len(differences) + 1):
        bets = [-0.99 + 0.01 * i for i in range(199)]
        found.append(sum(math.prod(1 + bet * d for d in differences[:n]) for bet in bets) / 199)
    return found
