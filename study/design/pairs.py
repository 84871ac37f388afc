"""Which two images of each clip a participant compares, at which of the participant's trials, on which side.

The pairs of a clip are drawn for the people who hear it, one after the other: each person gets the pairs of the clip
that were given least often, so that at any number of people the counts of two pairs of a clip differ by at most one.
Each time that a pair of a clip comes again, its sides are exchanged. Among equals, the pairs are taken of which this
person has had the fewest, so that pairs and conditions are spread over the clips; and sides that are about even.

Blocks end when all pairs of all clips have come equally often on both sides, and depend on nothing before them. For
slots that are given back, the bound of `study.design.slots` holds for the pairs of a clip as for its orders.
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import gcd
from threading import Lock

from study.design.orders import clip_order
from study.design.streams import stream
from study.design.subsets import subset_plan

_UNEVEN = 4  # two trials more with the one on the left than with the other

Pair = tuple[int, int]  # of conditions, the lower one first
PairTrial = tuple[int, int, int, int]  # clip, round, condition on the left, condition on the right


def number_of_pairs(conditions: int) -> int:
    return conditions * (conditions - 1) // 2


def block_of_showings(conditions: int, pairs_per_clip: int) -> int:
    """After how many people who hear a clip each of its pairs has come equally often on both sides."""
    pairs = number_of_pairs(conditions)
    return 2 * pairs // gcd(2 * pairs, pairs_per_clip)


def pair_trials(
    seed: int, kind: str, slot: int, *, clips: int, each: int, conditions: int, pairs_per_clip: int
) -> tuple[PairTrial, ...]:
    """Return the trials of a slot: `pairs_per_clip` rounds, each with all clips of the slot in the same order."""
    showings = block_of_showings(conditions, pairs_per_clip)
    # Where people hear some clips, each clip comes `each` times in `clips` slots.
    length = showings if each == clips else clips * (showings // gcd(showings, each))
    block, row = divmod(slot, length)
    return _block(seed, kind, clips, each, conditions, pairs_per_clip, block * length).row(row)


class _Block:
    """The slots of a block; grows by one slot at a time, each of which depends on those before it."""

    def __init__(
        self, seed: int, kind: str, clips: int, each: int, conditions: int, pairs_per_clip: int, start: int
    ) -> None:
        self._seed, self._kind, self._start = seed, kind, start
        self._clips, self._each, self._rounds = clips, each, pairs_per_clip
        self._pairs: list[Pair] = list(combinations(range(conditions), 2))
        self._rng = stream(seed, "pairs", kind, clips, each, conditions, pairs_per_clip, start)
        self._given: list[Counter[Pair]] = [Counter() for _ in range(clips)]  # by clip: how often each pair has come
        self._left: dict[tuple[int, Pair], int] = {}  # by clip and pair: the condition that was on the left last
        self._rows: list[tuple[PairTrial, ...]] = []
        self._lock = Lock()

    def row(self, index: int) -> tuple[PairTrial, ...]:
        with self._lock:
            while len(self._rows) <= index:
                self._rows.append(tuple(self._next_person()))
            return self._rows[index]

    def _next_person(self) -> Iterator[PairTrial]:
        slot = self._start + len(self._rows)
        heard = _clips_in_order(self._seed, self._kind, slot, self._clips, self._each)
        person = _Person()
        for round_number in range(self._rounds):
            lots = self._rng.random((len(heard), len(self._pairs) + 1)).tolist()
            for clip, (side_lot, *pair_lots) in zip(heard, lots, strict=True):
                pair = self._choose_pair(clip, person, pair_lots)
                first = self._choose_left(clip, pair, person, side_lot)
                self._left[clip, pair] = first
                self._given[clip][pair] += 1
                person.note(clip, pair, first)
                yield clip, round_number, first, sum(pair) - first

    def _choose_pair(self, clip: int, person: "_Person", lots: list[float]) -> Pair:
        given = self._given[clip]
        ranked = (
            (given[pair], person.pairs[pair], person.shown[pair[0]] + person.shown[pair[1]], lot, pair)
            for pair, lot in zip(self._pairs, lots, strict=True)
            if (clip, pair) not in person.had
        )
        return min(ranked)[-1]

    def _choose_left(self, clip: int, pair: Pair, person: "_Person", lot: float) -> int:
        """Return the condition on the left: every second time the one that was on the right before."""
        if self._given[clip][pair] % 2:
            return sum(pair) - self._left[clip, pair]
        one, other = pair
        # By lot as long as the person's sides are about even: strict turns could be learned.
        if abs(person.lefts[one] - person.lefts[other]) < _UNEVEN:
            return one if lot < 0.5 else other
        return one if person.lefts[one] < person.lefts[other] else other


class _Person:
    """What one participant has been given so far."""

    def __init__(self) -> None:
        self.had: set[tuple[int, Pair]] = set()  # pairs by clip
        self.pairs: Counter[Pair] = Counter()
        self.shown: Counter[int] = Counter()  # by condition
        self.lefts: Counter[int] = Counter()  # times on the left less times on the right, by condition

    def note(self, clip: int, pair: Pair, first: int) -> None:
        self.had.add((clip, pair))
        self.pairs[pair] += 1
        self.shown.update(pair)
        self.lefts[first] += 1
        self.lefts[sum(pair) - first] -= 1


@lru_cache(maxsize=64)
def _block(seed: int, kind: str, clips: int, each: int, conditions: int, pairs_per_clip: int, start: int) -> _Block:
    """Return the block that begins with the slot `start`, kept because a later slot needs those before it."""
    return _Block(seed, kind, clips, each, conditions, pairs_per_clip, start)


def _clips_in_order(seed: int, kind: str, slot: int, clips: int, each: int) -> tuple[int, ...]:
    """Return the clips of a slot in the order in which each round plays them."""
    return clip_order(seed, kind, slot, clips) if each == clips else subset_plan(seed, kind, clips, each).row(slot)[0]
