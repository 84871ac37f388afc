"""A study to come in which each image is rated on a scale.

A rating is m + μ_k + a_ik + c_jk + e_ijk, rounded to the scale's whole numbers and cut at its ends. What lifts all
ratings of a person or of a clip alike cancels in the contrast, and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy import optimize, special

from analysis.statistics.assumed_studies import Answers, AssumedStudy, EffectRange
from analysis.statistics.errors import DesignError
from analysis.statistics.rating_scales import LARGEST_SHARE_OF_SCALE


@dataclass(frozen=True, kw_only=True)
class AssumedRatings(AssumedStudy):
    """A study to come whose effect is a difference of mean ratings; all spreads are in units of the scale.

    Attributes:
        difference: mean rating of the high side less that of the low side, as the people's ratings will show it.
        sd_participants, sd_clips: of a condition's ratings between people, and between clips, before rounding.
        sd_residual: of what is left, from one answer to the next, before rounding.
        lowest, highest: ends of the scale, whose answers are whole numbers.
    """

    kind: ClassVar[str] = "rate"

    sd_participants: float = 0.5
    sd_clips: float = 0.6
    sd_residual: float = 1.2
    difference: float = 0.5
    lowest: int = 1
    highest: int = 7

    @property
    def width(self) -> int:
        """Distance between the ends of the scale."""
        return self.highest - self.lowest

    def check_effect(self) -> None:
        if self.lowest >= self.highest:
            raise DesignError(f"a scale from {self.lowest} to {self.highest}: its end must be above its beginning.")
        most = LARGEST_SHARE_OF_SCALE * self.width
        if not abs(self.difference) <= most:
            raise DesignError(
                f"a difference of {self.difference:g} must lie between {-most:g} and {most:g} {self._scale()}."
            )
        spreads = (
            ("between people", self.sd_participants),
            ("between clips", self.sd_clips),
            ("between answers", self.sd_residual),
        )
        for name, spread in spreads:
            if not 0 <= spread <= self.width / 2:
                raise DesignError(
                    f"the spread {name}, {spread:g}, must lie between 0 and {self.width / 2:g} {self._scale()}."
                )
        if self.sd_residual == 0:
            raise DesignError("the spread between answers is 0: people who rate twice never agree so well; give more.")

    def check_answers(self) -> None:
        """Check nothing: every image shown is rated, however many there are."""

    @property
    def mean_contrast(self) -> float:
        return self.difference

    def with_effect(self, effect: float) -> Self:
        return replace(self, difference=effect)

    @property
    def effects(self) -> EffectRange:
        width = self.width
        return EffectRange(least=width / 1000, most=LARGEST_SHARE_OF_SCALE * width, tolerance=width / 10_000)

    def _scale(self) -> str:
        return f"on the scale from {self.lowest} to {self.highest}"

    def effect_with_unit(self, effect: float) -> str:
        return f"a difference of {effect:.3g} {self._scale()}"

    def in_words(self) -> str:
        return (
            f"images of the high side (redefined ones, say) are rated {self.difference:+.3g} against those of the low "
            f"side, {self._scale()}; a condition's ratings differ between people by SD {self.sd_participants:g}, "
            f"between clips by SD {self.sd_clips:g}, and from answer to answer by SD {self.sd_residual:g}"
        )

    def as_numbers(self) -> Mapping[str, Any]:
        return {
            "kind": self.kind,
            "difference": self.difference,
            "sd_participants": self.sd_participants,
            "sd_clips": self.sd_clips,
            "sd_residual": self.sd_residual,
            "lowest": self.lowest,
            "highest": self.highest,
        }

    def mean_difference(self, latent: float) -> float:
        """What is left of a difference `latent` between two images once ratings are rounded and cut at the ends."""
        total = math.sqrt(self.sd_participants**2 + self.sd_clips**2 + self.sd_residual**2)
        edges = np.arange(self.lowest, self.highest) + 0.5
        centre = (self.lowest + self.highest) / 2
        # The mean of whole numbers from `lowest` on is `lowest` plus the chances of lying above each edge.
        high, low = (special.ndtr((centre + half - edges) / total) for half in (latent / 2, -latent / 2))
        return float((high - low).sum())

    @cached_property
    def mu(self) -> np.ndarray:
        """Averages before rounding, shape (K,), around the middle of the scale."""
        most = 20.0 * self.width
        latent = optimize.brentq(lambda value: self.mean_difference(value) - self.difference, -most, most)
        mu = np.full(self.conditions, (self.lowest + self.highest) / 2)
        mu[list(self.high)] += latent / 2
        mu[list(self.low)] -= latent / 2
        return mu

    @property
    def values_of_an_answer(self) -> int:
        return self.conditions

    def complete_tables(self, participants: int, clips: int, studies: int, rng: np.random.Generator) -> np.ndarray:
        k = self.conditions
        felt = self.sd_residual * rng.standard_normal((studies, participants, clips, k), dtype=np.float32)
        felt += self.mu.astype(np.float32)
        if self.sd_participants:
            felt += self.sd_participants * rng.standard_normal((studies, participants, 1, k), dtype=np.float32)
        if self.sd_clips:
            felt += self.sd_clips * rng.standard_normal((studies, 1, clips, k), dtype=np.float32)
        return self._contrast(felt)[..., None]

    def contrasts(self, answers: Answers, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        k = self.conditions
        people = self.sd_participants * rng.standard_normal((size[0], k))
        clips = self.sd_clips * rng.standard_normal((size[1], k))
        each = self.sd_residual * rng.standard_normal((len(answers.clip), k))
        return self._contrast(self.mu + people[answers.person] + clips[answers.clip] + each)

    def _contrast(self, felt: np.ndarray) -> np.ndarray:
        ratings = np.clip(np.rint(felt), self.lowest, self.highest)
        high, low = ratings[..., list(self.high)], ratings[..., list(self.low)]
        return high.mean(axis=-1, dtype=float) - low.mean(axis=-1, dtype=float)
