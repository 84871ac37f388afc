"""The headphone screening of Woods, Siegel, Traer and McDermott (2017), "Headphone screening to facilitate web-based
auditory experiments", Attention, Perception, & Psychophysics 79, 2064–2072.

Each of six sounds has three tones of 200 Hz: one as it is, one 6 dB quieter, and one with its two channels in opposite
phase. Loudspeakers cancel the latter, so that it seems the quietest; headphones do not. Whoever names the quiet tone in
at least five of the six sounds passes.
"""

import random
from collections.abc import Mapping
from typing import Any

from study.models import Participant

# The place of the quiet tone in each sound, `static/audio/headphones-1.mp3` and so on; all six orders of the tones.
QUIETEST = {1: 2, 2: 3, 3: 1, 4: 1, 5: 3, 6: 2}
PASSES_FROM = 5


def sound_order(participant: Participant) -> list[int]:
    """The six sounds in the order in which this participant hears them: drawn for each, the same on a reload."""
    order = sorted(QUIETEST)
    random.Random(participant.handle).shuffle(order)
    return order


def headphones_right(answers: Mapping[str, Any]) -> int | None:
    """How many sounds a participant with these stored answers had right; None without the screening of six sounds."""
    right: int | None = (answers.get("sound") or {}).get("right")
    return right


def number_right(chosen: Mapping[int, int]) -> int:
    """In how many sounds the quiet tone was named; `chosen`: the place that was named, by sound."""
    return sum(chosen.get(sound) == place for sound, place in QUIETEST.items())
