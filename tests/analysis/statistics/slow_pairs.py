"""Davidson's model a second time, slow and simple: loops over comparisons, a general-purpose optimiser, an LP.

It shares no code with analysis/statistics, so that no fault can be in both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize

Rows = Sequence[tuple[str, str, str, str, str]]  # participant, clip, left, right, chosen (a key or "tie")


def log_likelihood(values: np.ndarray, rows: Rows, keys: Sequence[str]) -> float:
    """`values`: the log worths of all keys but the last, whose is 0, then log ν."""
    worth = dict(zip(keys, np.exp(np.append(values[:-1], 0.0)), strict=True))
    nu, total = math.exp(values[-1]), 0.0
    for _person, _clip, left, right, chosen in rows:
        between = nu * math.sqrt(worth[left] * worth[right])
        of_chosen = between if chosen == "tie" else worth[chosen]
        total += math.log(of_chosen / (worth[left] + worth[right] + between))
    return total


def information(values: np.ndarray, rows: Rows, keys: Sequence[str]) -> np.ndarray:
    """The expected information: for each comparison the covariance of what its three results add to the score."""
    worth = dict(zip(keys, np.exp(np.append(values[:-1], 0.0)), strict=True))
    nu, total = math.exp(values[-1]), np.zeros((len(values), len(values)))
    for _person, _clip, left, right, _chosen in rows:
        one, other, tie = np.zeros((3, len(keys) + 1))
        one[keys.index(left)] = other[keys.index(right)] = 1
        tie[[keys.index(left), keys.index(right)]] = 0.5
        tie[-1] = 1
        gains = np.delete(np.stack([one, other, tie]), len(keys) - 1, axis=1)
        p = np.array([worth[left], worth[right], nu * math.sqrt(worth[left] * worth[right])])
        p /= p.sum()
        total += gains.T @ (np.diag(p) - np.outer(p, p)) @ gains
    return total


def maximum(rows: Rows, keys: Sequence[str], *, firth: bool = False) -> np.ndarray:
    """Where the log-likelihood, with `firth` l + ½ log |I|, is greatest."""

    def depth(values: np.ndarray) -> float:
        height = log_likelihood(values, rows, keys)
        return -(height + 0.5 * np.linalg.slogdet(information(values, rows, keys))[1] if firth else height)

    start = np.zeros(len(keys))
    for _ in range(2):
        options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 8000, "maxfev": 8000, "adaptive": True}
        start = optimize.minimize(depth, start, method="Nelder-Mead", options=options).x
    return start


def is_separated(rows: Rows, keys: Sequence[str]) -> bool:
    """Whether a direction exists in which the likelihood rises for ever: a linear program over worths and log ν."""
    gains = []  # what each result that did not happen adds, minus what happened: ≤ 0 in such a direction
    for _person, _clip, left, right, chosen in rows:
        results = {}
        for name in (left, right):
            results[name] = np.eye(len(keys) + 1)[keys.index(name)]
        results["tie"] = (results[left] + results[right]) / 2 + np.eye(len(keys) + 1)[-1]
        gains += [results[name] - results[chosen] for name in results if name != chosen]
    table = np.array(gains)
    found = optimize.linprog(
        table.sum(axis=0), A_ub=table, b_ub=np.zeros(len(table)), bounds=[(-1, 1)] * table.shape[1], method="highs"
    )
    return bool(found.fun < -1e-9)
