"""Which k of n clips each participant hears, in plans of version 1, which balance clips and pairs but not places."""

from functools import lru_cache

import numpy as np

from study.design.streams import stream

# Slots are allocated in runs of this length; the cached counts after each run make a later run quick to find.
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
        chosen = choose_clips(counts, pairs, each, rng)
        counts[chosen] += 1
        pairs[np.ix_(chosen, chosen)] += 1
        rows.append(tuple(int(clip) for clip in np.sort(chosen)))
    return tuple(rows), counts, pairs


def choose_clips(counts: np.ndarray, pairs: np.ndarray, each: int, rng: np.random.Generator) -> np.ndarray:
    """Choose the `each` least-heard clips; among equals, those least often heard together with the ones chosen."""
    chosen: list[int] = []
    order = rng.random(len(counts))
    together = np.zeros(len(counts), dtype=np.int64)  # how often each clip was heard with the chosen ones
    free = np.ones(len(counts), dtype=bool)
    for _ in range(each):
        candidates = np.flatnonzero(free)
        best = candidates[np.lexsort((order[candidates], together[candidates], counts[candidates]))[0]]
        chosen.append(int(best))
        free[best] = False
        together += pairs[best]
    return np.array(chosen)


def allocation(seed: int, kind: str, slot: int, clips: int, each: int) -> tuple[int, ...]:
    """The clips of the participant in `slot`, ascending.

    After any number of slots the counts of two clips differ by at most one; pairs of clips are heard by nearly equal
    numbers of participants (the tests state the bound).

    Raises:
        ValueError: `each` is not between 1 and `clips`.
    """
    if not 1 <= each <= clips:
        raise ValueError(f"Nobody can hear {each} of {clips} clips.")
    if each == clips:
        return tuple(range(clips))
    run, row = divmod(slot, RUN)
    for earlier in range(
        run
    ):  # in order, so that `_run` finds the run before it in the cache and never recurses deeply
        _run(seed, kind, clips, each, earlier)
    return _run(seed, kind, clips, each, run)[0][row]


def showings_before(seed: int, kind: str, slot: int, clips: int, each: int) -> list[int]:
    """How often each clip is shown in the slots before `slot`."""
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
