"""The preferences of simulated people.

The utility of an image is the worth of its condition + the person's own taste for the condition + the luck of the
clip's image; `answering` turns utilities into answers to the study's instrument.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from study.instruments.of_study import instrument_of, is_classic
from study.models import Stimulus, Study, Trial
from study.participants.listening import listening_minimum
from study.simulation.answering import (
    Fields,
    Habits,
    ScaleUse,
    answer_as_expected,
    answer_trial,
    draw_scale_use,
)
from study.simulation.transports import Reply
from study.simulation.walking import Chooser


@dataclass(frozen=True)
class PreferenceModel:
    """The preferences of simulated people.

    `worth` is the utility of each condition by key. If it is None, redefined tags and sentences are worth
    `redefined` and `sentence` more, and conditions without such factors are all alike. `worths` are other utilities for
    single questions or scales, by their key. `person_sd` and `clip_sd` are the standard deviations of the
    person × condition and clip × condition effects.
    """

    worth: Mapping[str, float] | None = None
    redefined: float = 0.9
    sentence: float = 0.3
    person_sd: float = 0.6
    clip_sd: float = 0.4
    worths: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)

    def worth_of(self, condition: Any, question: str = "") -> float:
        """Return the utility of a condition, as the question or scale of this key sees it."""
        worth = self.worths.get(question, self.worth)
        if worth is not None:
            return float(worth.get(condition.key, 0.0))
        levels = condition.levels
        return self.redefined * (levels.get("tags") == "redefined") + self.sentence * (levels.get("form") == "sentence")


class Population:
    """Simulated people of one study, who share the luck of its stimuli."""

    def __init__(self, study: Study, model: PreferenceModel, rng: np.random.Generator) -> None:
        self.study, self.model, self.rng = study, model, rng
        self.instrument = instrument_of(study)
        self.conditions = list(study.conditions.order_by("number"))
        self.worths = {key: self._worths(key) for key in self.instrument.keys()}  # noqa: SIM118
        rows = Stimulus.objects.filter(clip__study=study).order_by("pk")
        self.condition_of = dict(rows.values_list("pk", "condition_id"))
        self.luck = {pk: model.clip_sd * rng.standard_normal() for pk in self.condition_of}

    def trials_of(self, clips: int | None = None) -> int:
        """Return how many trials a person has who hears so many clips; None: all."""
        all_clips, n = len(self.luck) // len(self.conditions), len(self.conditions)
        pairs = (self.instrument.pairs_per_clip or n * (n - 1) // 2) if self.instrument.pair else 1
        return min(clips or all_clips, all_clips) * pairs

    def _worths(self, key: str) -> dict[int, float]:
        """Return the utility of each condition around their mean, so that ratings lie around the middle of a scale."""
        worths = {row.pk: self.model.worth_of(row, key) for row in self.conditions}
        mean = sum(worths.values()) / len(worths)
        return {pk: worth - mean for pk, worth in worths.items()}

    def draw_person(self) -> Chooser:
        """Draw a person's tastes and pace, and return how this person answers a trial."""
        draws = self.rng.standard_normal(len(self.conditions)) * self.model.person_sd
        tastes = dict(zip((condition.pk for condition in self.conditions), draws, strict=True))
        pace = float(self.rng.lognormal(np.log(18), 0.3))
        use = ScaleUse() if is_classic(self.study) else draw_scale_use(self.model.habits, self.rng.random)

        def choose(page: Reply) -> Fields:
            _, handle, _, number = page.path.strip("/").split("/")
            trial = Trial.objects.select_related("clip").get(participant__handle=handle, number=int(number))
            seconds = max(4.0, pace * self.rng.lognormal(0, 0.25))
            # As on the page, which takes no choice before.
            listened = max(seconds * 0.7, listening_minimum(trial, self.study))
            timing = {"seconds": f"{max(seconds, listened):.1f}", "listened": f"{listened:.1f}"}
            if trial.expected and is_classic(self.study):
                return timing | trial.expected

            def utilities_of(key: str) -> list[float]:
                return [
                    self.worths[key][self.condition_of[pk]] + tastes[self.condition_of[pk]] + self.luck[pk]
                    for pk in trial.position_order
                ]

            fields = answer_trial(self.instrument, utilities_of, use, self.model.habits, self.rng.random)
            if trial.expected:
                fields = answer_as_expected(self.instrument, fields, trial.expected)
            return timing | fields

        return choose
