"""Which k of n clips each person hears: a balanced incomplete allocation."""

from functools import lru_cache

import numpy as np

from study.design.streams import stream

# People are allocated in runs of this length, so that finding a late slot costs one step, not a replay.
RUN = 64

Allocation = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=64)
def _run(seed: int, kind: str, clips: int, each: int, run: int) -> tuple[Allocation, np.ndarray, np.ndarray]:
    """One run of allocations, with the counts of clips and of pairs after it."""
    if run:
        _, counts, pairs = _run(seed, kind, clips, each, run - 1)
        counts, pairs = counts.copy(), pairs.copy()
    else:
        counts, pairs = np.zeros(clips, dtype=np.int64), np.zeros((clips, clips), dtype=np.int64)
    rng = stream(seed, "allocation", kind, clips, each, run)
    rows = []
    for _ in range(RUN):
        chosen = _choose(counts, pairs, each, rng)
        counts[chosen] += 1
        pairs[np.ix_(chosen, chosen)] += 1
        rows.append(tuple(int(clip) for clip in np.sort(chosen)))
    return tuple(rows), counts, pairs


def _choose(counts: np.ndarray, pairs: np.ndarray, each: int, rng: np.random.Generator) -> np.ndarray:
    """The `each` least-heard clips; among equals, those least often heard together with the ones chosen."""
    chosen: list[int] = []
    order = rng.random(len(counts))
    met = np.zeros(len(counts), dtype=np.int64)
    free = np.ones(len(counts), dtype=bool)
    for _ in range(each):
        candidates = np.flatnonzero(free)
        best = candidates[np.lexsort((order[candidates], met[candidates], counts[candidates]))[0]]
        chosen.append(int(best))
        free[best] = False
        met += pairs[best]
    return np.array(chosen)


def allocation(seed: int, kind: str, slot: int, clips: int, each: int) -> tuple[int, ...]:
    """The clips of the person in `slot`, ascending.

    After any number of slots two clips' counts differ by at most one; pairs of clips are heard by nearly
    equal numbers of people (tests state how nearly).

    Raises:
        ValueError: `each` is not between 1 and `clips`.
    """
    if not 1 <= each <= clips:
        raise ValueError(f"Nobody can hear {each} of {clips} clips.")
    if each == clips:
        return tuple(range(clips))
    run, row = divmod(slot, RUN)
    for earlier in range(run):  # fills the cache from the start, so that no call nests deeply
        _run(seed, kind, clips, each, earlier)
    return _run(seed, kind, clips, each, run)[0][row]


def showings_before(seed: int, kind: str, slot: int, clips: int, each: int) -> list[int]:
    """How often each clip was given to the slots before `slot`."""
    if each == clips:
        return [slot] * clips
    run, row = divmod(slot, RUN)
    counts = np.zeros(clips, dtype=np.int64)
    for earlier in range(run):
        _, counts, _ = _run(seed, kind, clips, each, earlier)
    counts = counts.copy()
    for chosen in _run(seed, kind, clips, each, run)[0][:row]:
        counts[list(chosen)] += 1
    return [int(count) for count in counts]
