"""A study to come in which two images at a time are compared.

Each comparison has Gumbel noise of its own around u_ijk = μ_k + a_ik + c_jk. Ties as Davidson (1970) has them: with a
difference d in utility their chance is ν / (exp(d/2) + exp(−d/2) + ν).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from analysis.statistics.assumed_choices import AssumedShare, utility_difference, utility_differences
from analysis.statistics.assumed_studies import Answers
from analysis.statistics.errors import DesignError


@dataclass(frozen=True, kw_only=True)
class AssumedPairs(AssumedShare):
    """A study to come in which a person compares some or all of a clip's pairs of images.

    A pair within one side says nothing about the contrast: 1 for a won comparison of the two sides, 0 for a tie, −1
    for a lost one.

    Attributes:
        ties: share of ties between two images that are equally good.
        pairs_per_clip: pairs of a clip that a person compares; None: all K(K − 1)/2.
    """

    kind: ClassVar[str] = "pair"

    ties: float = 0.0
    pairs_per_clip: int | None = None

    def check_answers(self) -> None:
        if not 0 <= self.ties <= 0.95:
            raise DesignError(f"a share of ties of {self.ties:g} must lie between 0 and 0.95.")
        if self.pairs_per_clip is not None and not 1 <= self.pairs_per_clip <= self._pairs:
            raise DesignError(
                f"{self.pairs_per_clip} pairs a clip: {self.conditions} images have 1 to {self._pairs} pairs."
            )

    def in_words(self) -> str:
        ties = f"; {100 * self.ties:.0f} of 100 comparisons of equally good images are ties" if self.ties else ""
        shown = f"; a person compares {self.trials_per_clip} of {self._pairs} pairs a clip"
        return super().in_words() + ties + shown

    def as_numbers(self) -> Mapping[str, Any]:
        return {
            "kind": self.kind,
            "head_to_head": self.share,
            "sd_participants": self.sd_participants,
            "sd_clips": self.sd_clips,
            "ties": self.ties,
            "pairs_per_clip": self.pairs_per_clip,
        }

    @property
    def _pairs(self) -> int:
        return self.conditions * (self.conditions - 1) // 2

    @cached_property
    def compared(self) -> np.ndarray:
        """Number of the high and of the low image of each pair, shape (pairs, 2); (−1, −1) within a side."""
        found = []
        for one, other in combinations(range(self.conditions), 2):
            if one in self.high and other in self.low:
                found.append((one, other))
            elif one in self.low and other in self.high:
                found.append((other, one))
            else:
                found.append((-1, -1))
        return np.array(found)

    @property
    def trials_per_clip(self) -> int:
        return self.pairs_per_clip or self._pairs

    @property
    def entering_per_clip(self) -> float:
        return self.trials_per_clip * len(self.high) * len(self.low) / self._pairs

    @property
    def shows_everything(self) -> bool:
        return self.trials_per_clip == self._pairs

    @property
    def mean_contrast(self) -> float:
        average = utility_difference(self.share, self.sd_participants, self.sd_clips)
        difference, weights = utility_differences(average, self.sd_participants, self.sd_clips)
        return float(weights @ (np.tanh(difference / 2) * (1 - self._tie(difference))) / weights.sum())

    @property
    def values_of_an_answer(self) -> int:
        return 2 * len(self.high) * len(self.low)

    def answers_given(self, seen: np.ndarray) -> Answers:
        """Give each clip's pairs in rotation to the people who judge it, so that all are met equally often."""
        shown = self.trials_per_clip
        person, clip = np.nonzero(seen)
        start = (seen.cumsum(axis=0)[person, clip] + clip) * shown
        pair = ((start[:, None] + np.arange(shown)) % self._pairs).reshape(-1)
        person, clip = np.repeat(person, shown), np.repeat(clip, shown)
        enters = self.compared[pair, 0] >= 0
        return Answers(person[enters], clip[enters], pair[enters])

    def complete_tables(self, participants: int, clips: int, studies: int, rng: np.random.Generator) -> np.ndarray:
        k = self.conditions
        pairs = self.compared[self.compared[:, 0] >= 0]
        utility = rng.gumbel(size=(studies, participants, clips, len(pairs), 2)).astype(np.float32)
        felt = self.mu.astype(np.float32)[None, None, None]
        if self.sd_participants:
            people = rng.standard_normal((studies, participants, 1, k), dtype=np.float32)
            felt = felt + self.sd_participants * people
        if self.sd_clips:
            felt = felt + self.sd_clips * rng.standard_normal((studies, 1, clips, k), dtype=np.float32)
        felt = felt[..., pairs]
        return self._outcome(felt[..., 0] - felt[..., 1], utility, rng)

    def contrasts(self, answers: Answers, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        k = self.conditions
        felt = self.mu + self.sd_participants * rng.standard_normal((size[0], k))[:, None]
        felt = felt + self.sd_clips * rng.standard_normal((size[1], k))
        noise = rng.gumbel(size=(len(answers.clip), 2))
        high, low = self.compared[answers.pair].T
        difference = felt[answers.person, answers.clip, high] - felt[answers.person, answers.clip, low]
        return self._outcome(difference, noise, rng)

    def _outcome(self, difference: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """1, 0 or −1; `difference` of the utilities, broadcast to the shape of `noise` without its last axis."""
        won = np.where(difference + noise[..., 0] > noise[..., 1], 1.0, -1.0)
        if not self.ties:
            return won
        return np.where(rng.random(size=won.shape) < self._tie(difference), 0.0, won)

    def _tie(self, difference: np.ndarray) -> np.ndarray:
        """Chance of a tie between two images that differ so much in utility."""
        nu = 2 * self.ties / (1 - self.ties)  # that equally good images tie in this share
        return nu / (2 * np.cosh(np.asarray(difference, dtype=float) / 2) + nu)
