"""How the answer depends on the weights, on single clips and participants, and on exclusions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.statistics.ballots import Ballots
from analysis.statistics.contrast_tests import Cells, ContrastTester, cells_of, new_clips_test
from analysis.statistics.contrasts import PointsContrast, mean_shown
from analysis.statistics.crossed_design import CrossedDesign
from analysis.statistics.results import Crossing, KnownPieces, LeftOut, LeftOutEach, WeightLine

MOST_SHOWN = 300  # with more clips or participants only the lowest and the highest answer are kept
MOST_WORK = 20_000_000  # ballots read to compute each answer; likewise


def weight_line(ballots: Ballots, weights: tuple[float, float], contrast: PointsContrast | None = None) -> WeightLine:
    """Mean points in units of w1 as exact lines first + ratio · second, with every ratio at which an order changes.

    `contrast`: the primary contrast; its own line and the ratio at which it changes sign.
    """
    units = (1.0, 0.0), (0.0, 1.0)
    first, second = (_column_means(*mean_shown(ballots, unit)) for unit in units)
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
    counts = ballots.answer_counts.sum(axis=0)
    if contrast is not None and counts @ contrast.of_answers(ballots.answers, weights)[1]:
        constant, slope = (
            float(counts @ value / (counts @ enters))
            for value, enters in (contrast.of_answers(ballots.answers, unit) for unit in units)
        )
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


def _column_means(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Mean of each column of (P, K) over the rows that are present; 0 for a column without any."""
    return (values * present).sum(axis=0) / np.maximum(present.sum(axis=0), 1)


def _zero(constant: float, slope: float) -> float | None:
    """The ratio strictly within (0, 1) at which constant + ratio · slope is 0, or None."""
    if abs(slope) < 1e-12 or abs(constant) < 1e-12:
        return None
    ratio = -constant / slope
    return float(ratio) if 1e-12 < ratio < 1 - 1e-12 else None


def _order(conditions: Sequence[str], means: np.ndarray) -> tuple[str, ...]:
    return tuple(conditions[i] for i in np.argsort(-np.round(means, 12), kind="stable"))


def other_ballots(
    name: str,
    ballots: Ballots,
    weights: tuple[float, float],
    contrast: PointsContrast | None,
    primary_weights: tuple[float, float],
) -> LeftOut:
    """The primary answer from another set of ballots, such as with the excluded ones kept."""
    order = _order(ballots.conditions, _column_means(*mean_shown(ballots, weights)))
    if contrast is None:
        return LeftOut(name=name, order=order)
    y, cells = ContrastTester(ballots, cells_of(ballots), weights).values(contrast, primary_weights)
    return LeftOut(name=name, order=order) if cells is None else _left_out(name, cells, y, order)


def without_known_pieces(
    n_known: int,
    ballots: Ballots | None,
    weights: tuple[float, float],
    contrast: PointsContrast | None,
    primary_weights: tuple[float, float],
) -> KnownPieces:
    """The primary answer from the `ballots` on pieces that people did not know; None if no ballot is left."""
    name = "without ballots on known pieces"
    if not n_known or ballots is None:
        return KnownPieces(name=name, order=(), ballots=n_known)
    found = other_ballots(name, ballots, weights, contrast, primary_weights)
    return KnownPieces(**vars(found), ballots=n_known)


def _left_out(name: str, cells: Cells, y: np.ndarray, order: tuple[str, ...]) -> LeftOut:
    """The test for new clips of the ballots that remain; without a test only their mean."""
    test = new_clips_test(cells, y, name)
    if test is None:
        return LeftOut(name=name, estimate=float(cells.means(y).mean()), order=order)
    return LeftOut(name=name, estimate=test.estimate, p=test.p, ci95=test.ci95, order=order)


def leave_one_clip_out(
    tester: ContrastTester, contrast: PointsContrast | None, primary_weights: tuple[float, float]
) -> LeftOutEach | None:
    """The answer without each clip in turn; None with fewer than three clips."""
    ballots = tester.ballots
    if ballots.c < 3:
        return None
    return _leave_one_out(tester, contrast, primary_weights, ballots.clips, False, _means_without_clips(tester))


def leave_one_participant_out(
    tester: ContrastTester, contrast: PointsContrast | None, primary_weights: tuple[float, float]
) -> LeftOutEach | None:
    """The answer without each participant in turn; None with fewer than three."""
    ballots = tester.ballots
    if ballots.p < 3:
        return None
    means, seen = mean_shown(ballots, tester.weights)
    without = (means.sum(axis=0) - means) / np.maximum(seen.sum(axis=0) - seen, 1)
    return _leave_one_out(tester, contrast, primary_weights, ballots.participants, True, without)


def _means_without_clips(tester: ContrastTester) -> np.ndarray:
    """Mean points per showing over participants without each clip, shape (C, K)."""
    ballots, cells = tester.ballots, tester.cells
    answers = ballots.answers
    points, shown = answers.points(tester.weights), answers.shown.astype(float)
    sums, sizes = ballots.answer_counts @ points, ballots.answer_counts @ shown
    person, clip = cells.design.row, cells.design.column
    result = np.empty((ballots.c, ballots.k))
    for k in range(ballots.k):
        own_points = cells.sums(points[answers.index, k])
        if ballots.shown is not None:
            own_size = cells.sums(shown[answers.index, k])
        else:
            own_size = np.ones(len(person)) if cells.counts is None else cells.counts
        size, total = sizes[:, k], sums[:, k]
        remaining = size[person] - own_size  # the participant's showings without each cell
        mean = total / np.maximum(size, 1)
        without = (total[person] - own_points) / np.maximum(remaining, 1) * (remaining > 0)
        change = np.bincount(clip, weights=without - mean[person], minlength=ballots.c)
        gone = (remaining == 0) & (size[person] > 0)
        people = (size > 0).sum() - np.bincount(clip, weights=gone, minlength=ballots.c)
        result[:, k] = (mean.sum() + change) / np.maximum(people, 1)
    return result


def _leave_one_out(
    tester: ContrastTester,
    contrast: PointsContrast | None,
    primary_weights: tuple[float, float],
    names: Sequence[str],
    people: bool,
    means: np.ndarray,
) -> LeftOutEach:
    """The answers without each unit: a participant if `people`, else a clip.

    `names`: of the units; `means` (units, K): mean points without the unit.
    """
    ballots = tester.ballots
    best = _order(ballots.conditions, _column_means(*mean_shown(ballots, tester.weights)))[0]
    same_best = int((np.round(means, 12).argmax(axis=1) == ballots.conditions.index(best)).sum())
    units = len(names)
    values, cells = (None, None) if contrast is None else tester.values(contrast, primary_weights)
    if values is None or cells is None:
        shown = range(units) if units <= MOST_SHOWN else ()
        answers = [LeftOut(name=names[i], order=_order(ballots.conditions, means[i])) for i in shown]
        return LeftOutEach(units=units, same_best=same_best, answers=tuple(answers))
    y, unit = cells.means(values), cells.design.row if people else cells.design.column
    chosen: Sequence[int] = range(units)
    if units > MOST_SHOWN or units * len(y) > MOST_WORK:
        sums, sizes = np.bincount(unit, weights=y, minlength=units), np.bincount(unit, minlength=units)
        without = (y.sum() - sums) / np.maximum(len(y) - sizes, 1)
        chosen = sorted({int(without.argmin()), int(without.argmax())})
    answers = []
    for i in chosen:
        keep = unit != i
        order = _order(ballots.conditions, means[i])
        if keep.any():
            remaining = Cells(CrossedDesign(cells.design.row[keep], cells.design.column[keep]), None, None)
            answers.append(_left_out(names[i], remaining, y[keep], order))
        else:
            answers.append(LeftOut(name=names[i], order=order))
    return LeftOutEach(units=units, same_best=same_best, answers=tuple(answers))
