"""The primary contrast of a question from other trials: without single clips, with excluded people and so on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.statistics.ballots import check_factors
from analysis.statistics.contrast_tests import new_clips_test
from analysis.statistics.contrasts import PointsContrast, points_contrasts
from analysis.statistics.pairs import Pairs
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question
from analysis.statistics.rankings import Rankings, default_points
from analysis.statistics.results import KnownPieces, LeftOut, LeftOutEach
from analysis.statistics.value_tests import ValuesTester, people_means
from analysis.statistics.values import Values

MOST_CLIPS = 60
MOST_WORK = 20_000_000  # numbers read for all clips together


def left_out(name: str, question: Question, plan: AnalysisPlan) -> LeftOut:
    """The answer from the trials of this question; only the mean of the contrast if it cannot be tested.

    `order`: conditions by mean number, the highest first; none without numbers.
    """
    values = primary_numbers(question, plan)
    return _answer(name, values, _contrast(values, plan), _order(values))


def leave_one_clip_out(question: Question, plan: AnalysisPlan) -> LeftOutEach | None:
    """The answer without each clip in turn; None with fewer than three clips, or with too many trials for that."""
    values = primary_numbers(question, plan)
    if not 3 <= values.c <= MOST_CLIPS or values.c * values.n > MOST_WORK:
        return None
    contrast, best = _contrast(values, plan), _order(values)[:1]
    answers = []
    for number, name in enumerate(values.clips):
        rest = values.select(values.clip != number)
        answers.append(_answer(name, rest, contrast, _order(rest)))
    return LeftOutEach(
        units=values.c, same_best=sum(answer.order[:1] == best for answer in answers), answers=tuple(answers)
    )


def without_known_pieces(known: int, question: Question | None, plan: AnalysisPlan) -> KnownPieces:
    """The answer without the trials on pieces that people knew; `question` None: none are left, or none is known."""
    name = "without trials on known pieces"
    if not known or question is None:
        return KnownPieces(name=name, order=(), ballots=known)
    return KnownPieces(**vars(left_out(name, question, plan)), ballots=known)


def primary_numbers(question: Question, plan: AnalysisPlan) -> Values:
    """The numbers of which the question's primary contrast is made: of ranks that may be left out, first places alone.

    Raises:
        ValueError: the question gives no numbers to images.
    """
    data = question.data
    if isinstance(data, Pairs):
        values = data.to_values()
    elif isinstance(data, Rankings):
        points = question.points or default_points(data.depth, data.k)
        if plan.second_choice == "optional":
            points = (points[0], *(0.0 for _ in points[1:]))
        values = data.to_values(points)
    elif isinstance(data, Values):
        values = data
    else:
        raise ValueError(f"question '{question.name}' compares no conditions")
    return values.select(~values.is_repeat) if plan.repeats == "first" and values.is_repeat.any() else values


def _contrast(values: Values, plan: AnalysisPlan) -> PointsContrast | None:
    factors = check_factors(plan.factors, values.conditions)
    found = points_contrasts(factors, values.conditions, per_trial=values.points is not None)
    if not found:
        return None
    return found[0].of_two_images() if values.part is not None else found[0]


def _answer(name: str, values: Values, contrast: PointsContrast | None, order: tuple[str, ...]) -> LeftOut:
    if contrast is None:
        return LeftOut(name=name, order=order)
    y, cells = ValuesTester(values).values(contrast)
    if cells is None:
        return LeftOut(name=name, order=order)
    test = new_clips_test(cells, y, contrast.name)
    if test is None:
        return LeftOut(name=name, estimate=float(cells.means(y).mean()), order=order)
    return LeftOut(name=name, estimate=test.estimate, p=test.p, ci95=test.ci95, order=order)


def _order(values: Values) -> tuple[str, ...]:
    means, present = people_means(values, values.filled, values.given)
    people = present.sum(axis=0)
    average = np.where(people > 0, means.sum(axis=0) / np.maximum(people, 1), -np.inf)
    ranked = np.argsort(-np.round(average, 12), kind="stable")
    return tuple(values.conditions[i] for i in ranked if people[i])


def of_trials(question: Question, keep: np.ndarray) -> Question:
    """The question with the trials for which `keep` (N,) is true."""
    assert isinstance(question.data, Values | Pairs | Rankings)
    return replace(question, data=question.data.select(keep))
