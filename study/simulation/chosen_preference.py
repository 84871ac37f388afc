"""A preference as researchers choose it in words: worths for the simulation, and what it lets expect.

Pure functions of plain values: no rows, so that a page can show the expectation before anybody is simulated.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

DRAWS = 6_000  # of one trial each: a share has a standard error of at most 0.7 %


@dataclass(frozen=True)
class Winner:
    """Of two images that differ in `factor` alone, that of `level` is chosen in `share` (0.5 to 1) of the trials."""

    factor: str
    level: str
    share: float


@dataclass(frozen=True)
class ChosenPreference:
    """What simulated people prefer.

    `winners` are about factors. `weights` are by condition: an image of weight 2 is chosen twice as often as one of
    weight 1. Without either nobody prefers anything, and each choice is a toss. `person_sd` and `clip_sd`: how far
    tastes lie apart between people, and between the images of different clips, in logits.
    """

    winners: tuple[Winner, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    person_sd: float = 0.6
    clip_sd: float = 0.4

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ChosenPreference":
        winners = tuple(Winner(**row) for row in stored.get("winners", ()))
        return cls(**{**stored, "winners": winners})

    def worth_of(self, key: str, levels: Mapping[str, str]) -> float:
        """Return the utility of a condition: the logarithm of its weight, and of the odds of levels that win."""
        worth = math.log(self.weights.get(key, 1.0))
        for winner in self.winners:
            if levels.get(winner.factor) == winner.level:
                worth += math.log(winner.share / (1 - winner.share))
        return worth


def expected_of(
    worths: Mapping[str, float],
    preference: ChosenPreference,
    *,
    weights: tuple[float, float],
    contrasts: Mapping[str, Sequence[str]] = {},
) -> dict[str, Any]:
    """Return what the preference lets expect over many people and clips, from `DRAWS` drawn trials.

    Args:
        worths: utility by condition.
        weights: points of the 1st and 2nd choice.
        contrasts: by name, the conditions at the high level of a factor.

    Returns:
        `shares`: of first choices, by condition. `points`: mean points of a trial, by condition. `contrasts`: points of
        the high level minus those of the others, in a trial, by name; scaled as those of the analysis.
    """
    rng, keys = random.Random(20261130), list(worths)
    sd = math.hypot(preference.person_sd, preference.clip_sd)
    firsts, points = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0.0)
    for _draw in range(DRAWS):
        utility = {key: worths[key] + sd * rng.gauss(0, 1) - math.log(-math.log(rng.random() or 0.5)) for key in keys}
        first, second = sorted(keys, key=lambda key: -utility[key])[:2]
        firsts[first] += 1
        points[first] += weights[0]
        points[second] += weights[1]
    mean = {key: total / DRAWS for key, total in points.items()}
    differences = {name: _difference(mean, high) for name, high in contrasts.items()}
    return {
        "shares": {key: count / DRAWS for key, count in firsts.items()},
        "points": mean,
        "contrasts": differences,
    }


def _difference(mean: Mapping[str, float], high: Sequence[str]) -> float:
    """The mean over the high level's conditions minus that over the others, times half the number of conditions."""
    highs = [value for key, value in mean.items() if key in high]
    lows = [value for key, value in mean.items() if key not in high]
    return (math.fsum(highs) / len(highs) - math.fsum(lows) / len(lows)) * len(mean) / 2
