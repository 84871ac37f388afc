"""How the answer depends on the weights, on single clips and participants, and on exclusions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.statistics.ballots import Ballots, points_of_outcomes
from analysis.statistics.contrasts import Cells, CrossedDesign, cells_of, new_clips_test, participant_means
from analysis.statistics.results import Crossing, LeftOut, LeftOutEach, WeightLine

MOST_SHOWN = 300  # with more clips or participants only the lowest and the highest answer are kept
MOST_WORK = 20_000_000  # ballots read to compute each answer; likewise


def weight_line(ballots: Ballots, weights: tuple[float, float], contrast: np.ndarray | None = None) -> WeightLine:
    """Mean points in units of w1 as exact lines first + ratio · second, with every ratio at which an order changes.

    `contrast` (K,): coefficients of the primary contrast; its own line and the ratio at which it changes sign.
    """
    firsts, seconds = (points_of_outcomes(ballots.k, unit) for unit in ((1.0, 0.0), (0.0, 1.0)))
    first = participant_means(ballots, firsts).mean(axis=0)
    second = participant_means(ballots, seconds).mean(axis=0)
    crossings = []
    for a in range(ballots.k):
        for b in range(a + 1, ballots.k):
            ratio = _zero(first[a] - first[b], second[a] - second[b])
            if ratio is not None:
                above = a if first[a] > first[b] else b
                names = ballots.conditions
                crossings.append(Crossing(ratio=ratio, a=names[a], b=names[b], above=names[above]))
    crossings.sort(key=lambda crossing: crossing.ratio)
    line: dict[str, float | None] = {}
    if contrast is not None:
        share = ballots.outcome_counts.sum(axis=0) / ballots.n
        constant, slope = float(share @ firsts @ contrast), float(share @ seconds @ contrast)
        line = {
            "contrast_first": constant,
            "contrast_second": slope,
            "contrast_crossing": _zero(constant, slope),
        }
    return WeightLine(
        ratio=weights[1] / weights[0],
        first=tuple(map(float, first)),
        second=tuple(map(float, second)),
        crossings=tuple(crossings),
        **line,
    )


def _zero(constant: float, slope: float) -> float | None:
    """The ratio strictly within (0, 1) at which constant + ratio · slope is 0, or None."""
    if abs(slope) < 1e-12 or abs(constant) < 1e-12:
        return None
    ratio = -constant / slope
    return float(ratio) if 1e-12 < ratio < 1 - 1e-12 else None


def _order(conditions: Sequence[str], means: np.ndarray) -> tuple[str, ...]:
    return tuple(conditions[i] for i in np.argsort(-np.round(means, 12), kind="stable"))


def other_ballots(name: str, ballots: Ballots, weights: tuple[float, float], contrast: np.ndarray | None) -> LeftOut:
    """The primary answer from another set of ballots, such as with the excluded ones kept."""
    points = points_of_outcomes(ballots.k, weights)
    order = _order(ballots.conditions, participant_means(ballots, points).mean(axis=0))
    if contrast is None:
        return LeftOut(name=name, order=order)
    return _left_out(name, cells_of(ballots), (points @ contrast)[ballots.outcome], order)


def _left_out(name: str, cells: Cells, y: np.ndarray, order: tuple[str, ...]) -> LeftOut:
    """The test for new clips of the ballots that remain; without a test only their mean."""
    test = new_clips_test(cells, y, name)
    if test is None:
        return LeftOut(name=name, estimate=float(y.mean()), order=order)
    return LeftOut(name=name, estimate=test.estimate, p=test.p, ci95=test.ci95, order=order)


def leave_one_clip_out(
    ballots: Ballots, weights: tuple[float, float], contrast: np.ndarray | None, cells: Cells
) -> LeftOutEach | None:
    """The answer without each clip in turn; None with fewer than three clips."""
    if ballots.c < 3:
        return None
    return _leave_one_out(
        ballots,
        weights,
        contrast,
        cells,
        ballots.clips,
        cells.design.column,
        _means_without_clips(ballots, weights, cells),
    )


def leave_one_participant_out(
    ballots: Ballots, weights: tuple[float, float], contrast: np.ndarray | None, cells: Cells
) -> LeftOutEach | None:
    """The answer without each participant in turn; None with fewer than three."""
    if ballots.p < 3:
        return None
    means = participant_means(ballots, points_of_outcomes(ballots.k, weights))
    without = (means.sum(axis=0) - means) / (ballots.p - 1)
    return _leave_one_out(ballots, weights, contrast, cells, ballots.participants, cells.design.row, without)


def _means_without_clips(ballots: Ballots, weights: tuple[float, float], cells: Cells) -> np.ndarray:
    """Mean points over participants without each clip, shape (C, K)."""
    points = points_of_outcomes(ballots.k, weights)
    sums, sizes = ballots.outcome_counts @ points, ballots.outcome_counts.sum(axis=1)
    person, clip, size = cells.design.row, cells.design.column, cells.counts
    remaining = sizes[person] - (1 if size is None else size)  # the participant's ballots without each cell
    people = ballots.p - np.bincount(clip, weights=remaining == 0, minlength=ballots.c)
    totals = np.empty((ballots.c, ballots.k))
    for k, of_condition in enumerate(points.T):
        own = cells.sums(of_condition[ballots.outcome])
        all_of_person = sums[person, k]
        mean_without = (all_of_person - own) / np.maximum(remaining, 1) * (remaining > 0)
        change = mean_without - all_of_person / sizes[person]
        totals[:, k] = (sums[:, k] / sizes).sum() + np.bincount(clip, weights=change, minlength=ballots.c)
    return totals / np.maximum(people, 1)[:, None]


def _leave_one_out(
    ballots: Ballots,
    weights: tuple[float, float],
    contrast: np.ndarray | None,
    cells: Cells,
    names: Sequence[str],
    unit: np.ndarray,
    means: np.ndarray,
) -> LeftOutEach:
    """The answers without each unit, a clip or a participant.

    `names`: of the units; `unit`: each cell's unit; `means` (units, K): mean points without the unit.
    """
    all_means = participant_means(ballots, points_of_outcomes(ballots.k, weights)).mean(axis=0)
    best = _order(ballots.conditions, all_means)[0]
    same_best = int((np.round(means, 12).argmax(axis=1) == ballots.conditions.index(best)).sum())
    units = len(names)
    if contrast is None:
        shown = range(units) if units <= MOST_SHOWN else ()
        answers = [LeftOut(name=names[i], order=_order(ballots.conditions, means[i])) for i in shown]
        return LeftOutEach(units=units, same_best=same_best, answers=tuple(answers))
    y = cells.means((points_of_outcomes(ballots.k, weights) @ contrast)[ballots.outcome])
    chosen: Sequence[int] = range(units)
    if units > MOST_SHOWN or units * len(y) > MOST_WORK:
        sums, sizes = np.bincount(unit, weights=y, minlength=units), np.bincount(unit, minlength=units)
        without = (y.sum() - sums) / np.maximum(len(y) - sizes, 1)
        chosen = sorted({int(without.argmin()), int(without.argmax())})
    answers = []
    for i in chosen:
        keep = unit != i
        remaining = Cells(CrossedDesign(cells.design.row[keep], cells.design.column[keep]), None, None)
        answers.append(_left_out(names[i], remaining, y[keep], _order(ballots.conditions, means[i])))
    return LeftOutEach(units=units, same_best=same_best, answers=tuple(answers))
