"""A check of the proof by simulation: what was found in how many data sets, and what is accepted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

SEED = 20_260_101


@dataclass(frozen=True)
class Check:
    name: str
    sets: int
    value: float
    low: float
    high: float
    control: bool = False

    @property
    def passed(self) -> bool:
        return self.low <= self.value <= self.high


def generator(*key: int) -> np.random.Generator:
    return np.random.default_rng([SEED, *key])


def band(level: float, sets: int) -> tuple[float, float]:
    """Return the binomial band, 99.9 % two-sided."""
    half = float(stats.norm.ppf(0.9995)) * math.sqrt(level * (1 - level) / sets)
    return level - half, level + half


def one_sided(level: float, sets: int) -> float:
    return float(stats.norm.ppf(0.999)) * math.sqrt(level * (1 - level) / sets)


def row(check: Check) -> str:
    if check.high >= 1:
        accept = f"≥ {check.low:.4f}"
    elif check.low <= 0:
        accept = f"≤ {check.high:.4f}"
    else:
        accept = f"{check.low:.4f}–{check.high:.4f}"
    name = f"control: {check.name}" if check.control else check.name
    verdict = "as promised" if check.passed else "**broken**"
    return f"| {name} | {check.sets:,} | {check.value:.4f} | {accept} | {verdict} |"
