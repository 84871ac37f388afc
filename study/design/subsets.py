"""Which k of n clips each participant hears, and at which place: balanced in clips, pairs and places.

Slots come in blocks of n. In a block each clip is heard k times, because the clips heard least often are chosen first.
Slots and clips of a block are then a bipartite graph in which every vertex has k edges, and its edges can be coloured
with k colours so that no two edges at a vertex have the same one (D. Kőnig, Mathematische Annalen, 1916). The colours
are the places: in each block, each clip is heard once at each place.
"""

from functools import lru_cache
from threading import Lock

import numpy as np

from study.design.allocation import choose_clips
from study.design.streams import stream

# How many orders of the places are tried in each block; the one that evens out neighbours best is taken.
TRIED_ORDERS = 500

Row = tuple[int, ...]
_Table = list[list[int | None]]


class SubsetPlan:
    """The clips of all slots by place; grows by whole blocks, each of which depends on those before it."""

    def __init__(self, seed: int, kind: str, clips: int, each: int) -> None:
        self._seed, self._kind = seed, kind
        self._clips, self._each = clips, each
        self._rows: list[tuple[Row, Row]] = []
        self._pairs = np.zeros((clips, clips), dtype=np.int64)
        self._follows = np.zeros((clips, clips), dtype=np.int64)  # how often the column's clip comes after the row's
        self._lock = Lock()

    def row(self, slot: int) -> tuple[Row, Row]:
        """The clips of the slot by place, and how often each of them is shown in the slots before."""
        with self._lock:
            while len(self._rows) <= slot:
                self._add_block()
            return self._rows[slot]

    def _add_block(self) -> None:
        block = len(self._rows) // self._clips
        rng = stream(self._seed, "subsets", self._kind, self._clips, self._each, block)
        counts = np.zeros(self._clips, dtype=np.int64)
        chosen = []
        for _ in range(self._clips):
            subset = choose_clips(counts, self._pairs, self._each, rng)
            counts[subset] += 1
            self._pairs[np.ix_(subset, subset)] += 1
            chosen.append([int(clip) for clip in subset])
        by_place = np.array(_place(chosen, self._clips, self._each, rng))
        by_place = by_place[:, self._order_of_places(by_place, rng)]
        np.add.at(self._follows, (by_place[:, :-1], by_place[:, 1:]), 1)
        shown = np.full(self._clips, block * self._each)
        for row in by_place:
            self._rows.append((tuple(map(int, row)), tuple(map(int, shown[row]))))
            shown[row] += 1

    def _order_of_places(self, by_place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The order of the block's places in which clips follow those that they have followed least often."""
        cost = self._follows[by_place[:, :, None], by_place[:, None, :]].sum(axis=0)  # place × place after it
        orders = np.argsort(rng.random((TRIED_ORDERS, self._each)), axis=1)
        return np.asarray(orders[cost[orders[:, :-1], orders[:, 1:]].sum(axis=1).argmin()])


@lru_cache(maxsize=64)
def subset_plan(seed: int, kind: str, clips: int, each: int) -> SubsetPlan:
    """The plan of a study's participants of one kind, kept because a later slot needs all blocks before it."""
    return SubsetPlan(seed, kind, clips, each)


def _place(chosen: list[list[int]], clips: int, each: int, rng: np.random.Generator) -> _Table:
    """Colour the edges: the clip of each slot and place, so that a clip has each place in at most one slot.

    Each edge takes a place that is free at both ends. If there is none, the places of the path that begins at the clip
    and alternates between a place free at the slot and one free at the clip are exchanged; it cannot end at the slot.
    """
    by_slot: _Table = [[None] * each for _ in chosen]
    by_clip: _Table = [[None] * each for _ in range(clips)]
    edges = [(slot, clip) for slot, subset in enumerate(chosen) for clip in subset]
    for index in rng.permutation(len(edges)):
        slot, clip = edges[int(index)]
        here = [place for place, taken in enumerate(by_slot[slot]) if taken is None]
        there = [place for place, taken in enumerate(by_clip[clip]) if taken is None]
        both = [place for place in here if place in there]
        options = both or here
        place = options[int(rng.integers(len(options)))]
        if not both:
            _exchange(by_slot, by_clip, clip, place, there[0])
        by_slot[slot][place], by_clip[clip][place] = clip, slot
    return by_slot


def _exchange(by_slot: _Table, by_clip: _Table, start: int, place: int, other: int) -> None:
    """Exchange two places along the path from the clip `start`, so that `place` becomes free there."""
    path = []
    clip: int | None = start
    while clip is not None and (slot := by_clip[clip][place]) is not None:
        path.append((slot, clip, other))
        clip = by_slot[slot][other]
        if clip is not None:
            path.append((slot, clip, place))
    for slot, clip, _new in path:
        by_slot[slot][place] = by_slot[slot][other] = by_clip[clip][place] = by_clip[clip][other] = None
    for slot, clip, new in path:
        by_slot[slot][new], by_clip[clip][new] = clip, slot
