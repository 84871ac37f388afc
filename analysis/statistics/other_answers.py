"""Answers beside those that compare images: categories picked, numbers for the music, sureness, texts; described only.

Shares and means are over people, for these clips: the mean of each participant's own share or mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.ratings import bin_of, bins_of
from analysis.statistics.results import Estimate
from analysis.statistics.scores import studentized_interval
from analysis.statistics.value_results import Categories, Distribution, TrialNumbers


@dataclass(frozen=True, kw_only=True)
class Picks:
    """Categories picked in N trials by P participants: for each of K images, or for the music (K = 1).

    `conditions` (K): of the images; none for the music. `picked` (N, K, M): whether a category was picked; `answered`
    (N, K): whether the question was answered, perhaps without any category. `participant` (N,): codes from 0.
    """

    categories: tuple[str, ...]
    participants: Sequence[str]
    participant: np.ndarray
    picked: np.ndarray
    answered: np.ndarray
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A number for each of N trials, of the music or of how sure a person is; NaN if there is none.

    `steps` of the scale, None for a slider. `unsaid`: trials in which the person could not say.
    """

    participants: Sequence[str]
    participant: np.ndarray
    numbers: np.ndarray
    lowest: float
    highest: float
    steps: int | None
    unsaid: int = 0


def check_picks(picks: Picks) -> None:
    """Raise BallotsError or DesignError for picks that contradict each other."""
    n, k, m = picks.picked.shape
    if m != len(picks.categories) or picks.answered.shape != (n, k) or len(picks.participant) != n:
        raise DesignError("picks are trials × images × categories, with one answer a trial and image.")
    if picks.conditions and len(picks.conditions) != k:
        raise DesignError(f"picks for {k} images have {len(picks.conditions)} conditions; name one for each image.")
    if len(set(picks.categories)) < m:
        raise DesignError("a category is named twice; give each a key of its own.")
    wrong = (picks.picked.any(axis=2) & ~picks.answered).any(axis=1)
    if wrong.any():
        raise BallotsError("a category is picked where the question was not answered.", int(np.flatnonzero(wrong)[0]))


def categories(picks: Picks, draws: int = 10_000, seed: int = 0) -> Categories:
    """Counts of the categories per image's condition, and people's shares with intervals over participants."""
    check_picks(picks)
    people = len(picks.participants)
    shares: list[tuple[Estimate | None, ...]] = []
    for column in range(picks.answered.shape[1]):
        here = picks.answered[:, column]
        size = np.bincount(picks.participant[here], minlength=people)
        row: list[Estimate | None] = []
        for category in range(len(picks.categories)):
            mine = np.bincount(picks.participant[here], weights=picks.picked[here, column, category], minlength=people)
            row.append(_estimate(mine[size > 0] / size[size > 0], (0.0, 1.0), draws, seed))
        shares.append(tuple(row))
    return Categories(
        categories=picks.categories,
        answers=tuple(int(x) for x in picks.answered.sum(axis=0)),
        counts=picks.picked.sum(axis=0).astype(int),
        share=tuple(shares),
    )


def _estimate(values: np.ndarray, limits: tuple[float, float], draws: int, seed: int) -> Estimate | None:
    if not len(values):
        return None
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(estimate=mean, ci95=None)
    (low, high), _, _ = studentized_interval(values, draws, seed)
    return Estimate(estimate=mean, ci95=(max(low, limits[0]), min(high, limits[1])))


def trial_numbers(numbers: Numbers, draws: int = 10_000, seed: int = 0) -> TrialNumbers:
    """Mean over people's means with its interval, and the distribution of the answers."""
    here = ~np.isnan(numbers.numbers)
    given, person = numbers.numbers[here], numbers.participant[here]
    wrong = (given < numbers.lowest) | (given > numbers.highest)
    if wrong.any():
        row = int(np.flatnonzero(here)[wrong][0])
        raise BallotsError(
            f"{numbers.numbers[row]:g} lies outside the scale from {numbers.lowest:g} to {numbers.highest:g}.", row
        )
    size = np.bincount(person, minlength=len(numbers.participants))
    sums = np.bincount(person, weights=given, minlength=len(numbers.participants))
    bins = bins_of(numbers.lowest, numbers.highest, numbers.steps)
    index = bin_of(given, numbers.lowest, numbers.highest, numbers.steps)
    return TrialNumbers(
        answers=len(given),
        cannot_say=numbers.unsaid,
        mean=_estimate(sums[size > 0] / size[size > 0], (numbers.lowest, numbers.highest), draws, seed),
        distribution=Distribution(bins=bins, counts=np.bincount(index, minlength=len(bins))[None, :]),
    )
