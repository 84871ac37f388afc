"""A study to come in which people choose the best images: the first, the first and second, or more.

u_ijk = μ_k + a_ik + c_jk + Gumbel noise, the best are chosen. The standard deviations of a and c are given, and the
effect as the share of head-to-head choices that a redefined image wins over an original one, averaged over people and
clips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from scipy import optimize

from analysis.statistics.assumed_studies import Answers, AssumedStudy, EffectRange
from analysis.statistics.ballots import check_weights
from analysis.statistics.errors import DesignError

MOST_SPREAD = 10.0  # on the utility scale: beyond, no effect can be seen, nor be solved for
LARGEST_POINTS = 1e6


def head_to_head(mu: float, sd_participants: float, sd_clips: float) -> float:
    """Share of choices between two images that differ by mu on average, over people and clips."""
    differences, weights = utility_differences(mu, sd_participants, sd_clips)
    return float(weights @ (1 / (1 + np.exp(-differences))) / weights.sum())


def utility_differences(mu: float, sd_participants: float, sd_clips: float) -> tuple[np.ndarray, np.ndarray]:
    """Differences between two images over people and clips, and their weights (Gauss–Hermite)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    spread = math.sqrt(2 * (sd_participants**2 + sd_clips**2))
    return mu + spread * nodes, weights


def utility_difference(share: float, sd_participants: float, sd_clips: float) -> float:
    """The average difference in utility that gives this head-to-head share."""

    def gap(mu: float) -> float:
        return head_to_head(mu, sd_participants, sd_clips) - share

    return float(optimize.brentq(gap, -60.0, 60.0))


def simulate_ranks(
    mu: np.ndarray,
    participants: int,
    clips: int,
    sd_participants: float,
    sd_clips: float,
    studies: int,
    rng: np.random.Generator,
    *,
    ranks: int,
) -> list[np.ndarray]:
    """First, second and further choices of simulated studies, each of shape (studies, P, C)."""
    k = len(mu)
    utility = rng.gumbel(size=(studies, participants, clips, k)).astype(np.float32)
    utility += mu.astype(np.float32)
    if sd_participants:
        utility += sd_participants * rng.standard_normal((studies, participants, 1, k), dtype=np.float32)
    if sd_clips:
        utility += sd_clips * rng.standard_normal((studies, 1, clips, k), dtype=np.float32)
    chosen = []
    for _ in range(ranks):
        best = utility.argmax(axis=-1)
        np.put_along_axis(utility, best[..., None], -np.inf, axis=-1)
        chosen.append(best.astype(np.int8))
    return chosen


def simulate_choices(
    mu: np.ndarray,
    participants: int,
    clips: int,
    sd_participants: float,
    sd_clips: float,
    studies: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """First and second choices of simulated studies, each of shape (studies, P, C)."""
    first, second = simulate_ranks(mu, participants, clips, sd_participants, sd_clips, studies, rng, ranks=2)
    return first, second


def check_points(points: Sequence[float]) -> tuple[float, ...]:
    """Points of the first, second and further choices: w1 ≥ w2 ≥ … ≥ 0, w1 > 0 and finite, or DesignError."""
    if len(points) == 2:
        return check_weights(points)
    numbers = tuple(map(float, points))
    falling = all(later <= earlier for earlier, later in pairwise(numbers))
    if not numbers or not np.isfinite(numbers).all() or not falling or numbers[-1] < 0 or numbers[0] <= 0:
        written = ",".join(f"{number:g}" for number in numbers)
        raise DesignError(f"weights {written}: the first must be above 0, each other between 0 and the one before it.")
    if not 1 / LARGEST_POINTS <= numbers[0] <= LARGEST_POINTS:
        raise DesignError(f"weights {numbers[0]:g}: the first must lie between 0.000001 and 1,000,000.")
    return numbers


@dataclass(frozen=True, kw_only=True)
class AssumedShare(AssumedStudy):
    """A study to come whose effect is a share of head-to-head choices, with spreads on the utility scale.

    Attributes:
        share: head-to-head choices that an image of the high side wins over one of the low side.
    """

    share: float = 0.59

    def check_effect(self) -> None:
        if not 0.01 <= self.share <= 0.99:
            raise DesignError(f"a head-to-head share of {self.share:g} must lie between 0.01 and 0.99.")
        for name, spread in (("people", self.sd_participants), ("clips", self.sd_clips)):
            if not 0 <= spread <= MOST_SPREAD:
                raise DesignError(f"the spread between {name}, {spread:g}, must lie between 0 and {MOST_SPREAD:g}.")

    def with_effect(self, effect: float) -> Self:
        return replace(self, share=effect)

    @property
    def effects(self) -> EffectRange:
        return EffectRange(least=0.501, most=0.99, tolerance=5e-4)

    def effect_with_unit(self, effect: float) -> str:
        return f"{100 * effect:.0f} of 100 head-to-head choices"

    def in_words(self) -> str:
        return (
            f"an image of the high side (a redefined one, say) wins {self.effect_with_unit(self.share)} against "
            f"one of the low side; tastes differ between people by SD {self.sd_participants:g} and between clips by SD "
            f"{self.sd_clips:g} on the utility scale"
        )

    @cached_property
    def mu(self) -> np.ndarray:
        """Average utilities, shape (K,)."""
        half = utility_difference(self.share, self.sd_participants, self.sd_clips) / 2
        mu = np.zeros(self.conditions)
        mu[list(self.high)], mu[list(self.low)] = half, -half
        return mu


@dataclass(frozen=True, kw_only=True)
class AssumedChoices(AssumedShare):
    """A study to come in which people choose the best images of all that are shown.

    Attributes:
        weights: points of the first, second and further choices; as many as are chosen.
    """

    kind: ClassVar[str] = "choose"

    weights: tuple[float, ...] = (3.0, 1.0)

    def check_answers(self) -> None:
        check_points(self.weights)
        if len(self.weights) > self.conditions:
            raise DesignError(
                f"{len(self.weights)} weights for {self.conditions} images: give at most one for each image."
            )

    @cached_property
    def coefficients(self) -> np.ndarray:
        """The contrast on points, shape (K,); with as many high as low conditions their plain difference."""
        coefficients = np.zeros(self.conditions)
        scale = (len(self.high) + len(self.low)) / 2
        coefficients[list(self.high)] = scale / len(self.high)
        coefficients[list(self.low)] = -scale / len(self.low)
        return coefficients

    def as_numbers(self) -> Mapping[str, Any]:
        return {
            "head_to_head": self.share,
            "sd_participants": self.sd_participants,
            "sd_clips": self.sd_clips,
            "weights": list(self.weights),
        }

    @property
    def values_of_an_answer(self) -> int:
        return self.conditions

    def complete_tables(self, participants: int, clips: int, studies: int, rng: np.random.Generator) -> np.ndarray:
        spreads = self.sd_participants, self.sd_clips
        chosen = simulate_ranks(self.mu, participants, clips, *spreads, studies, rng, ranks=len(self.weights))
        return self._points(chosen)[..., None]

    def contrasts(self, answers: Answers, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        k = self.conditions
        people = self.sd_participants * rng.standard_normal((size[0], k))
        clips = self.sd_clips * rng.standard_normal((size[1], k))
        utility = self.mu + people[answers.person] + clips[answers.clip] + rng.gumbel(size=(len(answers.clip), k))
        return self._points(np.argsort(-utility, axis=1)[:, : len(self.weights)].T)

    def _points(self, chosen: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """Points of the high side less those of the low one; `chosen`: first, second and further choices."""
        gains = self.coefficients
        points = self.weights[0] * gains[chosen[0]]
        for weight, choice in zip(self.weights[1:], chosen[1:], strict=True):
            points = points + weight * gains[choice]
        return points
