"""The analysis of an instrument: each question by its kind, and Holm over the questions' primary contrasts.

A new kind of question that gives numbers to images makes `Values` of its answers and calls `analyse_values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from analysis.statistics.ballots import check_factors
from analysis.statistics.contrast_tests import contrast_tests, holm_tests, simple_effects
from analysis.statistics.contrasts import points_contrasts, simple_contrasts
from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.moderators import moderator_effects
from analysis.statistics.other_answers import Numbers, Picks, categories, trial_numbers
from analysis.statistics.pairs import Pairs, check_pairs
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.plane import plane
from analysis.statistics.question_cautions import OF_CHOSEN, question_cautions
from analysis.statistics.question_results import QuestionResult
from analysis.statistics.rankings import Rankings, check_rankings, default_points
from analysis.statistics.ratings import check_steps, distribution, rating_agreement, scale_use
from analysis.statistics.retest import retest_of_pairs, retest_of_ratings, retest_reliability
from analysis.statistics.smallest_difference import check_smallest, compare_with_smallest
from analysis.statistics.value_results import Plane, TextCounts
from analysis.statistics.value_tests import (
    ValuesTester,
    cannot_say,
    compare_values,
    value_scores,
    values_by_clip,
    values_by_position,
)
from analysis.statistics.values import Values, check_values
from analysis.statistics.worth_questions import with_pair_statistics, with_ranking_statistics


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of the instrument with its answers.

    `kind`: as the instrument names it. `steps`: of a scale of ratings, None for a slider. `points`: of the ranks of
    `Rankings`, None for `default_points`. `plane_with`: the name of
    another scale of ratings, across which this one is the height of a plane, as arousal is across valence.
    `of_chosen`: whether only images that the person had chosen were rated.
    """

    name: str
    kind: str
    data: Values | Pairs | Rankings | Picks | Numbers | TextCounts
    steps: int | None = None
    plane_with: str | None = None
    points: tuple[float, ...] | None = None
    of_chosen: bool = False


Groups = Mapping[str, Mapping[str, str]]
"""Moderators: name → participant → group. People who are not named belong to no group."""


def analyse_questions(
    questions: Sequence[Question],
    plan: AnalysisPlan | None = None,
    *,
    primary: str = "",
    moderators: Groups | None = None,
) -> dict[str, QuestionResult]:
    """The result of each question by its name, in their order.

    `primary`: the question that the plan names; its primary contrast is tested as it is, those of the others have
    Holm's adjustment over the others. Without a name Holm is over all. The plan's smallest difference is for that
    question, or for the first one that has contrasts. Raises BallotsError or DesignError.
    """
    plan = plan or AnalysisPlan()
    names = [question.name for question in questions]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DesignError(f"question '{twice}' is named twice; give each question a name of its own.")
    compared = [question.name for question in questions if isinstance(question.data, Values | Pairs | Rankings)]
    if primary and primary not in compared:
        known = ", ".join(compared) or "none"
        raise DesignError(f"the primary question '{primary}' compares no conditions; the questions that do: {known}.")
    main = primary or (compared[0] if compared else "")
    results = {}
    for question in questions:
        mine = plan if question.name == main else replace(plan, smallest=None)
        results[question.name] = analyse_question(question, mine, moderators)
    for question in questions:
        if question.plane_with is not None:
            results[question.name] = replace(results[question.name], plane=_plane(question, questions, plan))
    return _with_holm(results, primary)


def primary_question(results: Mapping[str, QuestionResult], primary: str = "") -> QuestionResult | None:
    """The result of the question that the plan names, else of the first that compares conditions."""
    if primary:
        return results[primary]
    return next((result for result in results.values() if result.scores is not None), None)


def analyse_question(question: Question, plan: AnalysisPlan, moderators: Groups | None = None) -> QuestionResult:
    """All statistics of one question. Raises BallotsError or DesignError; the message names the question."""
    data = question.data
    try:
        if isinstance(data, Values):
            return _of_ratings(question, data, plan, moderators)
        if isinstance(data, Pairs):
            return _of_pairs(question, data, plan, moderators)
        if isinstance(data, Rankings):
            return _of_rankings(question, data, plan, moderators)
        if isinstance(data, Picks):
            return QuestionResult(
                name=question.name,
                kind=question.kind,
                n_participants=len(data.participants),
                n_trials=len(data.participant),
                conditions=data.conditions,
                categories=categories(data, plan.draws, plan.seed),
            )
        if isinstance(data, Numbers):
            return QuestionResult(
                name=question.name,
                kind=question.kind,
                n_participants=len(data.participants),
                n_trials=len(data.participant),
                lowest=data.lowest,
                highest=data.highest,
                steps=data.steps,
                numbers=trial_numbers(data, plan.draws, plan.seed),
            )
    except BallotsError as error:
        raise BallotsError(f"question '{question.name}': {error}", error.row) from error
    except DesignError as error:
        raise DesignError(f"question '{question.name}': {error}") from error
    return QuestionResult(
        name=question.name,
        kind=question.kind,
        n_participants=data.participants,
        n_trials=data.trials,
        texts=data,
    )


def _of_ratings(question: Question, values: Values, plan: AnalysisPlan, moderators: Groups | None) -> QuestionResult:
    """Numbers given to images, and what is said of ratings alone."""
    check_steps(values, question.steps)
    result = analyse_values(question.name, question.kind, values, plan, moderators)
    counted = _counted(values, plan)
    result = replace(
        result,
        steps=question.steps,
        distribution=distribution(counted, question.steps),
        agreement=rating_agreement(counted, question.steps),
        scale_use=scale_use(counted),
        test_retest=retest_of_ratings(values),
        position_bias=values_by_position(counted),
    )
    cautions = [*question_cautions(result, plan), *([OF_CHOSEN] if question.of_chosen else [])]
    return replace(result, warnings=tuple(cautions))


def _of_pairs(question: Question, pairs: Pairs, plan: AnalysisPlan, moderators: Groups | None) -> QuestionResult:
    check_pairs(pairs)
    result = analyse_values(question.name, question.kind, pairs.to_values(), plan, moderators)
    result = replace(result, test_retest=retest_of_pairs(pairs))
    return with_pair_statistics(result, _counted(pairs, plan), plan)


def _of_rankings(
    question: Question, rankings: Rankings, plan: AnalysisPlan, moderators: Groups | None
) -> QuestionResult:
    """Points of ranks, and worths. If ranks may be left out, the primary contrast counts first places alone."""
    check_rankings(rankings)
    points = question.points or default_points(rankings.depth, rankings.k)
    weighted, optional = rankings.to_values(points), plan.second_choice == "optional"
    result = analyse_values(
        question.name, question.kind, weighted, replace(plan, smallest=None) if optional else plan, moderators
    )
    if optional:
        first_alone = rankings.to_values((points[0], *(0.0 for _ in points[1:])))
        first = analyse_values(question.name, question.kind, first_alone, plan, moderators)
        result = replace(
            result,
            primary=first.primary,
            these_clips=(*first.these_clips[:1], *result.these_clips[1:]),
            smallest=first.smallest,
            moderators=first.moderators,
        )
    result = replace(result, test_retest=retest_reliability(rankings.to_ballots()))
    return with_ranking_statistics(result, _counted(rankings, plan), points, plan)


Trials = TypeVar("Trials", Values, Pairs, Rankings)


def _counted(trials: Trials, plan: AnalysisPlan) -> Trials:
    """The trials that the plan counts."""
    return trials.select(~trials.is_repeat) if plan.repeats == "first" and trials.is_repeat.any() else trials


def analyse_values(
    name: str, kind: str, values: Values, plan: AnalysisPlan, moderators: Groups | None = None
) -> QuestionResult:
    """Contrasts, scores and pairs of numbers given to images, whatever the kind of question."""
    check_values(values)
    repeats = int(values.is_repeat.sum())
    values = _counted(values, plan)
    factors = check_factors(plan.factors, values.conditions)
    per_trial = values.points is not None
    contrasts = points_contrasts(factors, values.conditions, per_trial=per_trial)
    if values.part is not None:  # the images of a clip come two at a time
        contrasts = [contrast.of_two_images() for contrast in contrasts]
    tester = ValuesTester(values)
    if plan.smallest is not None:
        if not contrasts:
            raise DesignError("a smallest difference needs a primary contrast; name the factors.")
        check_smallest(plan.smallest, tester.limits(contrasts[0]))
    new, these = contrast_tests(tester, contrasts)
    primary = new[0] if new else None
    groups = {
        moderator: [str(of.get(person, "")) for person in values.participants]
        for moderator, of in (moderators or {}).items()
    }
    return QuestionResult(
        name=name,
        kind=kind,
        n_participants=values.p,
        n_trials=values.n,
        n_clips=values.c,
        n_repeats=repeats,
        effective_clips=tester.cells.design.effective_columns,
        conditions=values.conditions,
        clips=tuple(values.clips),
        factors=factors,
        lowest=values.lowest,
        highest=values.highest,
        primary=primary,
        secondary=tuple(test for test in new[1:] if test is not None),
        these_clips=tuple(test for test in these if test is not None),
        simple_effects=simple_effects(tester, simple_contrasts(factors, values.conditions, per_trial=per_trial)),
        smallest=None
        if plan.smallest is None or primary is None
        else compare_with_smallest(primary, plan.smallest, plan.alpha),
        scores=value_scores(values, plan.draws, plan.seed),
        by_clip=values_by_clip(values),
        pairwise=compare_values(tester),
        moderators=moderator_effects(tester, contrasts[0], None, groups) if contrasts and groups else (),
        cannot_say=cannot_say(values),
    )


def _plane(question: Question, questions: Sequence[Question], plan: AnalysisPlan) -> Plane:
    other = next((one for one in questions if one.name == question.plane_with), None)
    if other is None or not isinstance(other.data, Values) or not isinstance(question.data, Values):
        raise DesignError(
            f"question '{question.name}' has no plane with '{question.plane_with}': both must be ratings."
        )
    return plane((other.name, question.name), _counted(other.data, plan), _counted(question.data, plan))


def _with_holm(results: dict[str, QuestionResult], primary: str) -> dict[str, QuestionResult]:
    """The results with `p_holm` of their primary contrasts."""
    tests = {name: r.primary for name, r in results.items() if r.primary is not None and name != primary}
    if not primary and len(tests) < 2:
        return results
    adjusted = dict(zip(tests, holm_tests(list(tests.values())), strict=True))
    return {name: replace(r, primary=adjusted[name]) if name in adjusted else r for name, r in results.items()}
