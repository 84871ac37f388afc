"""Guesses the condition of images from one channel, on people whose images the guesser has not seen."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from math import sqrt

import numpy as np

from study.blinding_audit.channels import Observed
from study.blinding_audit.pictures import FROM_THE_PICTURE
from study.blinding_audit.sights import Sight

# A key seen fewer than twice, or no more often than by chance, gives no guess.
SPEAKS = 2.0
Key = tuple[str, int]
ANY_CLIP = -1


@dataclass(frozen=True)
class Channel:
    """How well one channel told the condition."""

    name: str
    family: str
    guesses: int
    right: int
    chance: float  # right guesses expected by chance
    p: float
    judged: bool  # whether it counts, or only follows from the picture

    @property
    def example(self) -> str:
        return f"{self.right} of {self.guesses} right, {self.chance:.1f} by chance"


def _keys(sights: Sequence[Sight], observed: Observed) -> list[list[Key]]:
    """What the guesser may know of each sight: the token, and the token together with the clip."""
    return [
        [(token, clip) for token in set(tokens) for clip in (ANY_CLIP, sight.clip)]
        for sight, tokens in zip(sights, observed.tokens, strict=True)
    ]


def _learn(conditions: Sequence[int], keys: Sequence[list[Key]], number: int) -> dict[Key, tuple[float, int]]:
    """For each key that speaks for a condition: by how many standard errors above chance, and which."""
    counts: dict[Key, Counter] = defaultdict(Counter)
    for condition, own in zip(conditions, keys, strict=True):
        for key in own:
            counts[key][condition] += 1
    learnt, share = {}, 1 / number
    for key, count in counts.items():
        condition, times = count.most_common(1)[0]
        total = count.total()
        score = (times - total * share) / sqrt(total * share * (1 - share))
        if score >= SPEAKS:
            learnt[key] = (score, -condition)
    return learnt


def judge(sights: Sequence[Sight], observed: Observed, conditions: int) -> Channel:
    """Learns on one half of the people and guesses the other, then the other way round.

    The chance of as many right guesses is exact under the null that each trial's order is random.
    """
    keys = _keys(sights, observed)
    guesses = right = 0
    chance = np.ones(1)  # the distribution of the number of right guesses
    for half in (0, 1):
        known = [index for index, sight in enumerate(sights) if sight.person % 2 == half]
        learnt = _learn([sights[i].condition for i in known], [keys[i] for i in known], conditions)
        if not learnt:
            continue
        trials: dict[tuple, list[int]] = defaultdict(list)
        for index, sight in enumerate(sights):
            if sight.person % 2 != half:
                trials[(sight.person, sight.trial)].append(index)
        for together in trials.values():
            guess = [max((learnt[key] for key in keys[i] if key in learnt), default=None) for i in together]
            if all(one is None for one in guess):
                continue
            truth = [sights[i].condition for i in together]
            hits = tuple(tuple(one is not None and -one[1] == there for there in truth) for one in guess)
            guesses += sum(one is not None for one in guess)
            right += sum(hits[place][place] for place in range(len(hits)))
            chance = np.convolve(chance, _by_chance(hits))
    expected = float(chance @ np.arange(len(chance)))
    p = float(min(1.0, chance[right:].sum())) if guesses else 1.0
    judged = not observed.name.endswith(FROM_THE_PICTURE)
    return Channel(observed.name, observed.family, guesses, right, expected, p, judged)


@lru_cache(maxsize=4096)
def _by_chance(hits: tuple[tuple[bool, ...], ...]) -> np.ndarray:
    """The distribution of right guesses in a trial whose order is random: over all orders of its images."""
    count = np.zeros(len(hits) + 1)
    for order in permutations(range(len(hits))):
        count[sum(hits[place][there] for place, there in enumerate(order))] += 1
    return count / count.sum()
