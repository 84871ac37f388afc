"""Tests of contrasts of points: by crossed random effects for new clips, and by t for these clips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.coded_trials import CodedTrials
from analysis.statistics.contrasts import PointsContrast, participant_means
from analysis.statistics.crossed_design import CrossedDesign
from analysis.statistics.distributions import t_quantile, two_sided_t
from analysis.statistics.multiplicity import holm
from analysis.statistics.results import NEW_CLIPS, THESE_CLIPS, ContrastTest, SimpleEffect

FEWEST_CLIPS = 5
"""Effective clips below which nothing is said about new clips: the level is up to 0.10 with fewer."""


@dataclass(frozen=True)
class Cells:
    """Participant × clip cells. A repeated trial belongs to the cell of its first: it is no independent observation.

    Without repeats a ballot is a cell, and `cell` and `counts` are None.
    """

    design: CrossedDesign
    cell: np.ndarray | None  # each ballot's cell (N,)
    counts: np.ndarray | None  # ballots in each cell

    def means(self, y: np.ndarray) -> np.ndarray:
        """Mean per cell of y (N,)."""
        return y if self.cell is None or self.counts is None else np.bincount(self.cell, weights=y) / self.counts

    def sums(self, y: np.ndarray) -> np.ndarray:
        """Sum per cell of y (N,)."""
        return y if self.cell is None else np.bincount(self.cell, weights=y)

    @property
    def speak_of_new_clips(self) -> bool:
        """Whether there are enough effective clips."""
        return has_enough_clips(self.design)


def has_enough_clips(design: CrossedDesign) -> bool:
    """Whether there are at least FEWEST_CLIPS effective clips."""
    return design.effective_columns >= FEWEST_CLIPS - 1e-9


def cells_of(trials: CodedTrials, entering: np.ndarray | None = None) -> Cells:
    """The crossed design of the trials, or of those where `entering` (N,) is true; they must not be none."""
    participant, clip, shares_cell = trials.participant, trials.clip, trials.shares_cell
    if entering is not None:
        participant, clip, shares_cell = participant[entering], clip[entering], shares_cell[entering]
    if not shares_cell.any():
        return Cells(CrossedDesign(participant, clip), None, None)
    pair = trials.cell if entering is None else trials.cell[entering]
    cells, inverse, counts = np.unique(pair, return_inverse=True, return_counts=True)
    return Cells(CrossedDesign(cells // trials.c, cells % trials.c), inverse, counts)


class Tester(ABC):
    """Tests contrasts on one set of trials. `weights`: other points than the trials' own, if they have any.

    `n`: the number of trials. `unit`: the numbers of people are rounded in this unit before they are ranked.
    """

    n: int
    unit: float
    cells: Cells

    @abstractmethod
    def values(
        self, contrast: PointsContrast, weights: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, Cells | None]:
        """The contrast on each trial that enters it, and their cells; None if no trial enters."""

    @abstractmethod
    def person_means(
        self, contrast: PointsContrast, weights: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Each person's mean of the contrast, and who has one, both (P,); how many trials enter."""

    @abstractmethod
    def limits(self, contrast: PointsContrast, weights: tuple[float, float] | None = None) -> tuple[float, float]:
        """The smallest and the largest value that a trial can have."""

    def new_clips(self, contrast: PointsContrast, weights: tuple[float, float] | None = None) -> ContrastTest | None:
        """The contrast for new people and new clips; None with fewer than FEWEST_CLIPS effective clips."""
        y, cells = self.values(contrast, weights)
        test = None if cells is None else new_clips_test(cells, y, contrast.name)
        return test and replace(test, limits=self.limits(contrast, weights), left_out=self.n - len(y))

    def these_clips(self, contrast: PointsContrast, weights: tuple[float, float] | None = None) -> ContrastTest | None:
        """The contrast for new people and these clips."""
        means, present, entering = self.person_means(contrast, weights)
        test = these_clips_test(means[present], contrast.name)
        return test and replace(test, limits=self.limits(contrast, weights), left_out=self.n - entering)


class ContrastTester(Tester):
    """Tests contrasts of points on ballots; ballots that show all images share one design."""

    def __init__(self, ballots: Ballots, cells: Cells, weights: tuple[float, float]) -> None:
        self.ballots, self.cells, self.weights = ballots, cells, weights
        self.n, self.unit = ballots.n, weights[0]

    def values(
        self, contrast: PointsContrast, weights: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, Cells | None]:
        """The contrast on each ballot that enters it, and their cells; None if no ballot enters."""
        answers = self.ballots.answers
        value, enters = contrast.of_answers(answers, weights or self.weights)
        y = value[answers.index]
        if enters.all():
            return y, self.cells
        entering = enters[answers.index]
        return y[entering], cells_of(self.ballots, entering) if entering.any() else None

    def person_means(
        self, contrast: PointsContrast, weights: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Each person's mean of the contrast, and who has one, both (P,); how many ballots enter."""
        value, enters = contrast.of_answers(self.ballots.answers, weights or self.weights)
        means, present = participant_means(self.ballots, value, enters)
        return means, present, int(self.ballots.answer_counts.sum(axis=0) @ enters)

    def limits(self, contrast: PointsContrast, weights: tuple[float, float] | None = None) -> tuple[float, float]:
        """The smallest and the largest value that a ballot can have, with or without a second choice."""
        return contrast.limits(self.ballots.answers, weights or self.weights)


def new_clips_test(cells: Cells, y: np.ndarray, contrast: str) -> ContrastTest | None:
    """The crossed random-effects test of mean(y) = 0, y per ballot (N,), for new people and new clips.

    None with fewer than FEWEST_CLIPS effective clips, or without residual degrees of freedom.
    """
    crossed = cells.design.mean(cells.means(y)) if cells.speak_of_new_clips else None
    if crossed is None:
        return None
    return t_test(
        contrast,
        crossed.mean,
        crossed.variance,
        crossed.df,
        NEW_CLIPS,
        var_participants=crossed.var_rows,
        var_clips=crossed.var_columns,
        var_residual=crossed.var_residual,
    )


def these_clips_test(means: np.ndarray, contrast: str) -> ContrastTest | None:
    """Student's t over participants' means (P,), for new people and these clips; None for one participant."""
    people = len(means)
    if people < 2:
        return None
    variance = float(means.var(ddof=1)) / people
    return t_test(contrast, float(means.mean()), variance, people - 1.0, THESE_CLIPS)


def t_test(
    contrast: str, estimate: float, variance: float, df: float, population: str, **components: Any
) -> ContrastTest:
    """Two-sided t test with its interval; without spread t and p are None, or 0 and 1 if the estimate is 0 too."""
    se = float(np.sqrt(max(variance, 0.0)))
    t: float | None
    p: float | None
    if se <= 1e-12 * max(abs(estimate), 1.0):
        se, half = 0.0, 0.0
        t, p = (0.0, 1.0) if abs(estimate) <= 1e-12 else (None, None)
    else:
        half = t_quantile(0.975, df) * se
        t = estimate / se
        p = two_sided_t(t, df)
    return ContrastTest(
        contrast=contrast,
        estimate=estimate,
        se=se,
        df=df,
        t=t,
        p=p,
        ci95=(estimate - half, estimate + half),
        population=population,
        **components,
    )


def holm_tests(tests: Sequence[ContrastTest]) -> list[ContrastTest]:
    """The tests with `p_holm`; a test without p is not counted."""
    adjusted = iter(holm([test.p for test in tests if test.p is not None]))
    return [test if test.p is None else replace(test, p_holm=next(adjusted)) for test in tests]


def contrast_tests(
    tester: Tester, contrasts: Sequence[PointsContrast], primary_weights: tuple[float, float] | None = None
) -> tuple[list[ContrastTest | None], list[ContrastTest | None]]:
    """Each contrast for new clips and for these clips; Holm over all but the first, within each question.

    `primary_weights`: of the first contrast, if not the trials' own. A test that does not exist is None; if the first
    does not, the others may.
    """
    found = []
    for test in (tester.new_clips, tester.these_clips):
        first = [test(contrast, primary_weights) for contrast in contrasts[:1]]
        others = [result for contrast in contrasts[1:] if (result := test(contrast)) is not None]
        found.append([*first, *holm_tests(others)])
    return found[0], found[1]


def pair_tests(tester: Tester, pairs: Sequence[PointsContrast]) -> list[ContrastTest | None]:
    """Each pair of conditions for new clips, Holm over the pairs; None if a pair cannot be tested."""
    tests = [tester.new_clips(pair) for pair in pairs]
    adjusted = iter(holm_tests([test for test in tests if test is not None]))
    return [None if test is None else next(adjusted) for test in tests]


def simple_effects(tester: Tester, contrasts: Sequence[tuple[str, str, PointsContrast]]) -> tuple[SimpleEffect, ...]:
    """The first factor within each level of the second, for new clips, Holm over the two."""
    tests = [(factor, level, tester.new_clips(contrast)) for factor, level, contrast in contrasts]
    adjusted = holm_tests([test for _, _, test in tests if test is not None])
    if len(adjusted) < len(tests):
        return ()
    return tuple(
        SimpleEffect(factor=factor, within=level, test=test)
        for (factor, level, _), test in zip(tests, adjusted, strict=True)
    )
