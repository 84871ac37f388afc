"""Permutation tests: relabel the images within each participant, never each ballot by itself.

Statistic: sum of squared deviations of the conditions' mean points. Relabelling each ballot by itself would reject far
too often if people's tastes or clips differ.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from analysis.statistics.ballots import Ballots, patterns, points_of_outcomes
from analysis.statistics.contrasts import participant_means
from analysis.statistics.results import Permutation

NULL_ALL = (
    "Null: taken over all these clips, a participant's answers would be as likely with the conditions' labels "
    "exchanged, the same way for all clips of that participant."
)
NULL_CLIP = (
    "Null: for this clip, the images are exchangeable to each participant: none of them is liked better than another."
)
MOST_CELLS = 10_000_000  # multinomial cells drawn in one test; a test that needs more gets fewer draws
MIN_DRAWS = 999


def _statistic(totals: np.ndarray) -> np.ndarray:
    return ((totals - totals.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)


def permutation_test(
    vectors: np.ndarray,
    draws: int,
    rng: np.random.Generator,
    null: str,
    people: np.ndarray | None = None,
    most_cells: int = MOST_CELLS,
) -> Permutation | None:
    """Relabel each row of (P, K) by an independent random permutation. None if every row is one tie.

    `people` (P,): how many people have the row, None: one each. `most_cells`: limits the draws, but not below 999.
    `null`: the null hypothesis in words.

    Rows that are rearrangements of each other are one kind: a draw is one multinomial for each kind, over its
    rearrangements. p = (1 + #{T* ≥ T}) / (1 + draws).
    """
    k = vectors.shape[1]
    people = np.ones(len(vectors), dtype=int) if people is None else people
    observed = float(_statistic(people @ vectors))
    levels, codes = np.unique(np.round(vectors, 10), return_inverse=True)
    coded, row_kind, _ = patterns(np.sort(codes.reshape(vectors.shape), axis=1))
    kinds, counts = levels[coded], np.bincount(row_kind, weights=people).astype(int)
    movable = kinds[:, 0] != kinds[:, -1]
    kinds, counts = kinds[movable], counts[movable]
    if not len(kinds):
        return None
    every = np.array(list(permutations(range(k))))
    cost = int(np.minimum(counts, len(every)).sum())
    draws = int(min(draws, max(MIN_DRAWS, most_cells // max(cost, 1))))
    totals = np.zeros((draws, k))
    single = counts < len(every)
    few = np.repeat(kinds[single], counts[single], axis=0)
    for row in few:
        totals += row[every[rng.integers(len(every), size=draws)]]
    for row, count in zip(kinds[~single], counts[~single], strict=True):
        arranged = np.unique(row[every], axis=0)
        drawn = rng.multinomial(count, np.full(len(arranged), 1 / len(arranged)), size=draws)
        totals += drawn @ arranged
    reached = int((_statistic(totals) >= observed * (1 - 1e-9) - 1e-12).sum())
    return Permutation(
        statistic=observed / int(people.sum()) ** 2, p=(1 + reached) / (1 + draws), draws=draws, null=null
    )


def permutation_over_clips(
    ballots: Ballots, weights: tuple[float, float], draws: int, rng: np.random.Generator
) -> Permutation | None:
    """One relabelling per participant for all clips, on participants' mean points; every ballot showed all images."""
    means, _ = participant_means(ballots, ballots.answers.points(weights))
    return permutation_test(means, draws, rng, NULL_ALL)


def permutation_by_clip(
    ballots: Ballots, weights: tuple[float, float], draws: int, rng: np.random.Generator
) -> tuple[Permutation | None, ...]:
    """For each clip: relabel its images within each participant, which tests that clip's images exactly."""
    table = points_of_outcomes(ballots.k, weights)
    counts = ballots.clip_answer_counts
    tests = []
    for clip in range(ballots.c):
        rows = np.flatnonzero(ballots.clip == clip) if ballots.is_repeat.any() else None
        if rows is None:
            occur = np.flatnonzero(counts[clip])
            vectors, people = table[occur], counts[clip, occur]
        else:
            _, person = np.unique(ballots.participant[rows], return_inverse=True)
            columns = table[ballots.outcome[rows]].T
            vectors = np.stack([np.bincount(person, weights=column) for column in columns], axis=1)
            people = None
        tests.append(permutation_test(vectors, draws, rng, NULL_CLIP, people, MOST_CELLS // ballots.c))
    return tuple(tests)
