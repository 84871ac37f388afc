"""The preferences of simulated people.

The utility of an image is the worth of its condition + the person's own taste for the condition + the luck of the
clip's image + Gumbel noise; the two best are chosen (Plackett–Luce).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.design import LETTERS
from study.models import Stimulus, Study, Trial
from study.participants.listening import listening_minimum
from study.simulation.transports import Reply
from study.simulation.walking import Chooser


@dataclass(frozen=True)
class PreferenceModel:
    """The preferences of simulated people.

    `worth` is the utility of each condition by key. If it is None, redefined tags and sentences are worth
    `redefined` and `sentence` more, and conditions without such factors are all alike. `person_sd` and
    `clip_sd` are the standard deviations of the person × condition and clip × condition effects.
    """

    worth: Mapping[str, float] | None = None
    redefined: float = 0.9
    sentence: float = 0.3
    person_sd: float = 0.6
    clip_sd: float = 0.4

    def worth_of(self, condition: Any) -> float:
        if self.worth is not None:
            return float(self.worth.get(condition.key, 0.0))
        levels = condition.levels
        return self.redefined * (levels.get("tags") == "redefined") + self.sentence * (levels.get("form") == "sentence")


class Population:
    """Simulated people of one study, who share the drawn worths of its stimuli."""

    def __init__(self, study: Study, model: PreferenceModel, rng: np.random.Generator) -> None:
        self.study, self.model, self.rng = study, model, rng
        self.conditions = list(study.conditions.order_by("number"))
        rows = Stimulus.objects.filter(clip__study=study).select_related("condition").order_by("pk")
        self.worth = {row.pk: model.worth_of(row.condition) + model.clip_sd * rng.standard_normal() for row in rows}
        self.condition_of = {row.pk: row.condition_id for row in rows}

    def draw_person(self) -> Chooser:
        """Draw a person's tastes and pace, and return how this person answers a trial."""
        draws = self.rng.standard_normal(len(self.conditions)) * self.model.person_sd
        tastes = dict(zip((condition.pk for condition in self.conditions), draws, strict=True))
        pace = float(self.rng.lognormal(np.log(18), 0.3))

        def choose(page: Reply) -> dict[str, str]:
            _, handle, _, number = page.path.strip("/").split("/")
            trial = Trial.objects.select_related("clip").get(participant__handle=handle, number=int(number))
            seconds = max(4.0, pace * self.rng.lognormal(0, 0.25))
            # As on the page, which takes no choice before.
            listened = max(seconds * 0.7, listening_minimum(trial, self.study))
            timing = {"seconds": f"{max(seconds, listened):.1f}", "listened": f"{listened:.1f}"}
            if trial.expected:
                return timing | trial.expected
            noise = self.rng.gumbel(size=len(trial.position_order))
            utility = [
                self.worth[pk] + tastes[self.condition_of[pk]] + noise[place]
                for place, pk in enumerate(trial.position_order)
            ]
            best = np.argsort(utility)[::-1]
            return timing | {"first": LETTERS[best[0]], "second": LETTERS[best[1]]}

        return choose
