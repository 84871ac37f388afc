"""Second choices that are missing for a reason: how often after which first choice, and what they could change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.statistics.ballots import points_of_outcomes
from analysis.statistics.contrast_tests import Cells, ContrastTester, cells_of, new_clips_test
from analysis.statistics.contrasts import PointsContrast
from analysis.statistics.design_results import MissingSeconds
from analysis.statistics.hotelling import hotelling_test
from analysis.statistics.results import ContrastTest


def missing_seconds(
    tester: ContrastTester, contrast: PointsContrast | None, *, first_choices_alone: bool
) -> MissingSeconds | None:
    """Missing second choices by the condition of the first choice, with a test and bounds of the primary contrast.

    `first_choices_alone`: the primary test uses no seconds, so the weighted contrast is given beside it. None if no
    second choice is missing, or none was ever made.
    """
    ballots, answers = tester.ballots, tester.ballots.answers
    first = points_of_outcomes(ballots.k, (1.0, 0.0))[answers.outcome]
    has_second = points_of_outcomes(ballots.k, (0.0, 1.0))[answers.outcome].any(axis=1)
    missing = first.any(axis=1) & ~has_second & (answers.shown.sum(axis=1) > 1)
    counts = ballots.answer_counts
    total = counts.sum(axis=0)
    if not total[missing].any() or not total[has_second].any():
        return None
    firsts, left_out = counts @ first, counts @ (first * missing[:, None])
    rate = left_out.sum(axis=1) / np.maximum(firsts.sum(axis=1), 1)
    return MissingSeconds(
        missing=int(total @ missing),
        firsts=tuple(int(x) for x in firsts.sum(axis=0)),
        missing_after=tuple(int(x) for x in left_out.sum(axis=0)),
        test=hotelling_test(left_out - firsts * rate[:, None]),
        bounds=None if contrast is None else _bounds(tester, contrast, missing, first > 0),
        weighted=tester.new_clips(contrast) if contrast is not None and first_choices_alone else None,
    )


def _bounds(
    tester: ContrastTester, contrast: PointsContrast, missing: np.ndarray, first: np.ndarray
) -> tuple[ContrastTest, ContrastTest] | None:
    """The contrast with every missing second given to the worst and to the best side that a shown image allows.

    `missing` (U,): answers without a second choice; `first` (U, K): the first choice of each answer.
    """
    answers, second = tester.ballots.answers, tester.weights[1]
    value, enters = contrast.of_answers(answers, tester.weights)
    gains = np.full((len(contrast.groups), len(value)), np.nan)
    for gain, (weight, members) in zip(gains, contrast.groups, strict=True):
        possible = (answers.shown & members & ~first).any(axis=1) & missing & enters
        gain[possible] = (second * weight / np.maximum(answers.shown[:, members].sum(axis=1), 1))[possible]
    known = np.where(np.isnan(gains), 0.0, gains)
    some = ~np.isnan(gains).all(axis=0)
    low = value + np.where(some, np.where(np.isnan(gains), np.inf, known).min(axis=0), 0.0)
    high = value + np.where(some, np.where(np.isnan(gains), -np.inf, known).max(axis=0), 0.0)
    cells = _cells(tester, enters)
    if cells is None:
        return None
    entering = enters[answers.index]
    lowest, highest = (new_clips_test(cells, y[answers.index][entering], contrast.name) for y in (low, high))
    if lowest is None or highest is None:
        return None
    limits = contrast.limits(answers, tester.weights)
    return replace(lowest, limits=limits), replace(highest, limits=limits)


def _cells(tester: ContrastTester, enters: np.ndarray) -> Cells | None:
    if enters.all():
        return tester.cells
    entering = enters[tester.ballots.answers.index]
    return cells_of(tester.ballots, entering) if entering.any() else None
