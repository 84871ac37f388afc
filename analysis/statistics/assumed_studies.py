"""What is assumed about a study that does not exist yet, whatever is asked in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from analysis.statistics.errors import DesignError

FEWEST_CONDITIONS, MOST_CONDITIONS = 2, 6


@dataclass(frozen=True, kw_only=True)
class EffectRange:
    """The effects among which the smallest is looked for, and how exactly it is found."""

    least: float
    most: float
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class AssumedStudy(ABC):
    """Design and spreads of a study to come; a subclass adds the effect and what an answer is.

    Attributes:
        sd_participants, sd_clips: spreads of what people feel for a condition, and of how its image of a clip came out.
        conditions: number of conditions K.
        high, low: numbers of the conditions on the two sides; the others are in the middle.
        clips_per_participant: clips that a person judges; None: all.
        drop_out: share of people who leave, halfway on average.
        alpha: level of the test.
    """

    kind: ClassVar[str]

    sd_participants: float = 0.8
    sd_clips: float = 0.7
    conditions: int = 4
    high: tuple[int, ...] = (0, 1)
    low: tuple[int, ...] = (2, 3)
    clips_per_participant: int | None = None
    drop_out: float = 0.0
    alpha: float = 0.05

    def check(self) -> None:
        """Raise DesignError unless the assumptions describe a study."""
        self.check_effect()
        if not 0 < self.alpha < 1:
            raise DesignError(f"alpha {self.alpha:g} must lie between 0 and 1, as 0.05 does.")
        if not FEWEST_CONDITIONS <= self.conditions <= MOST_CONDITIONS:
            raise DesignError(f"{self.conditions} conditions: a study has {FEWEST_CONDITIONS} to {MOST_CONDITIONS}.")
        sides = (*self.high, *self.low)
        if not self.high or not self.low or len(set(sides)) < len(sides):
            raise DesignError("the two sides must each name a condition, and none twice.")
        if not all(0 <= number < self.conditions for number in sides):
            raise DesignError(f"the sides must name conditions 1 to {self.conditions}.")
        if not 0 <= self.drop_out < 1:
            raise DesignError(f"a drop-out of {self.drop_out:g} must lie between 0 and 1, as a share of people.")
        if self.clips_per_participant is not None and self.clips_per_participant < 1:
            raise DesignError(f"{self.clips_per_participant} clips a person: at least one is needed.")
        self.check_answers()

    @abstractmethod
    def check_effect(self) -> None:
        """Raise DesignError for an effect or spreads that no study can have."""

    @abstractmethod
    def check_answers(self) -> None:
        """Raise DesignError for answers that the conditions do not allow."""

    @abstractmethod
    def with_effect(self, effect: float) -> Self:
        """The same with another effect, in the unit of the kind."""

    @property
    @abstractmethod
    def effects(self) -> EffectRange:
        """Where the smallest effect lies, if there is one."""

    @abstractmethod
    def effect_with_unit(self, effect: float) -> str:
        """An effect with its unit, for a sentence."""

    @abstractmethod
    def in_words(self) -> str:
        """The assumptions as a sentence without a full stop."""

    @abstractmethod
    def as_numbers(self) -> Mapping[str, Any]:
        """The assumptions for a JSON file."""

    @property
    def mean_contrast(self) -> float | None:
        """The contrast's mean if it is known exactly; None: only a simulation tells it."""
        return None

    @property
    @abstractmethod
    def values_of_an_answer(self) -> int:
        """Random numbers that simulate one person's answer about one clip."""

    @abstractmethod
    def complete_tables(self, participants: int, clips: int, studies: int, rng: np.random.Generator) -> np.ndarray:
        """The contrast on every answer of studies in which everybody judges everything, (studies, P, C, n).

        n is the number of answers of a person about a clip that enter the contrast.
        """

    @abstractmethod
    def contrasts(self, answers: Answers, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        """The contrast on the answers of one study, shape (N,); `size`: people and clips."""

    def answers_given(self, seen: np.ndarray) -> Answers:
        """The answers that enter the contrast if `seen` (P, C) says who judged which clip."""
        person, clip = np.nonzero(seen)
        return Answers(person, clip, np.zeros(len(person), dtype=int))

    @property
    def trials_per_clip(self) -> int:
        """Trials in which a person judges one clip."""
        return 1

    @property
    def entering_per_clip(self) -> float:
        """Answers of a person about a clip that enter the contrast, on average."""
        return 1.0

    @property
    def shows_everything(self) -> bool:
        """Whether a person who judges a clip judges all that can be asked about it."""
        return True

    def clips_judged(self, clips: int) -> int:
        """Clips that a person judges who does not leave."""
        return min(clips, self.clips_per_participant or clips)

    def is_complete(self, clips: int) -> bool:
        """Whether everybody judges everything."""
        return self.clips_judged(clips) == clips and self.drop_out == 0 and self.shows_everything


@dataclass(frozen=True)
class Answers:
    """Codes of the answers of one study, each of shape (N,); `pair`: which two images, 0 if all are shown."""

    person: np.ndarray
    clip: np.ndarray
    pair: np.ndarray
