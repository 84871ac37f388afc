"""Guess the condition of images from one channel, for people with images that the guesser has not seen."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from math import sqrt

import numpy as np

from study.blinding_audit.channel_data import ChannelData
from study.blinding_audit.observations import Observation
from study.blinding_audit.probes import FROM_THE_PIXELS

# A key gives a guess if its most frequent condition is this many standard errors above chance.
MIN_Z = 2.0
Key = tuple[str, int]
ANY_CLIP = -1


@dataclass(frozen=True)
class ChannelVerdict:
    """How well the condition could be guessed from one channel."""

    name: str
    family: str
    guesses: int
    right: int
    chance: float  # right guesses expected by chance
    p: float
    judged: bool  # False: follows from the pixels, so it is reported but cannot fail the audit

    @property
    def example(self) -> str:
        return f"{self.right} of {self.guesses} right, {self.chance:.1f} by chance"


def _keys(observations: Sequence[Observation], channel: ChannelData) -> list[list[Key]]:
    """Return what the guesser uses of each observation: its tokens, alone and together with the clip."""
    return [
        [(token, clip) for token in set(tokens) for clip in (ANY_CLIP, observation.clip)]
        for observation, tokens in zip(observations, channel.tokens, strict=True)
    ]


def _learn(conditions: Sequence[int], keys: Sequence[list[Key]], number: int) -> dict[Key, tuple[float, int]]:
    """Return for each telling key its z score and the negative of its condition (ties go to the lower number)."""
    counts: dict[Key, Counter] = defaultdict(Counter)
    for condition, own in zip(conditions, keys, strict=True):
        for key in own:
            counts[key][condition] += 1
    learnt, share = {}, 1 / number
    for key, count in counts.items():
        condition, times = count.most_common(1)[0]
        total = count.total()
        score = (times - total * share) / sqrt(total * share * (1 - share))
        if score >= MIN_Z:
            learnt[key] = (score, -condition)
    return learnt


def judge(observations: Sequence[Observation], channel: ChannelData, conditions: int) -> ChannelVerdict:
    """Learn on one half of the people and guess for the other half, then the other way round.

    p is exact under the null hypothesis that each trial's order is random.
    """
    keys = _keys(observations, channel)
    guesses = right = 0
    chance = np.ones(1)  # the distribution of the number of right guesses
    for half in (0, 1):
        known = [index for index, observation in enumerate(observations) if observation.person % 2 == half]
        learnt = _learn([observations[i].condition for i in known], [keys[i] for i in known], conditions)
        if not learnt:
            continue
        trials: dict[tuple, list[int]] = defaultdict(list)
        for index, observation in enumerate(observations):
            if observation.person % 2 != half:
                trials[(observation.person, observation.trial)].append(index)
        for together in trials.values():
            guess = [max((learnt[key] for key in keys[i] if key in learnt), default=None) for i in together]
            if all(one is None for one in guess):
                continue
            truth = [observations[i].condition for i in together]
            hits = tuple(tuple(one is not None and -one[1] == there for there in truth) for one in guess)
            guesses += sum(one is not None for one in guess)
            right += sum(hits[place][place] for place in range(len(hits)))
            chance = np.convolve(chance, _by_chance(hits))
    expected = float(chance @ np.arange(len(chance)))
    p = float(min(1.0, chance[right:].sum())) if guesses else 1.0
    judged = not channel.name.endswith(FROM_THE_PIXELS)
    return ChannelVerdict(channel.name, channel.family, guesses, right, expected, p, judged)


@lru_cache(maxsize=4096)
def _by_chance(hits: tuple[tuple[bool, ...], ...]) -> np.ndarray:
    """Return the distribution of right guesses in one trial over all orders of its images."""
    count = np.zeros(len(hits) + 1)
    for order in permutations(range(len(hits))):
        count[sum(hits[place][there] for place, there in enumerate(order))] += 1
    return count / count.sum()
