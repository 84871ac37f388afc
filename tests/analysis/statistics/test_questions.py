"""The questions of an instrument together: Holm, the plan's primary question, what is said beside the numbers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.errors import BallotsError, DesignError
from analysis.statistics.multiplicity import holm
from analysis.statistics.other_answers import Numbers, Picks
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question, analyse_questions, primary_question
from analysis.statistics.value_results import TextCounts
from analysis.statistics.values import Values
from analysis.tables.result_json import plain

PLAN = AnalysisPlan(draws=200, factors={"new": ("a", "b")})


def rated(seed=0, people=12, clips=8, shift=0.5, missing=0.0):
    """Seven steps, four images a trial; the images of `a` and `b` are better by `shift`."""
    rng = np.random.default_rng(seed)
    table = 4 + shift * np.array([1, 1, 0, 0]) + rng.standard_normal((people * clips, 4)) + 0.3 * rng.standard_normal(4)
    table = np.clip(np.rint(table), 1, 7)
    unsaid = rng.random(table.shape) < missing
    return Values(
        conditions=("a", "b", "c", "d"),
        participants=tuple(f"p{i}" for i in range(people)),
        clips=tuple(f"c{j}" for j in range(clips)),
        participant=np.repeat(np.arange(people), clips),
        clip=np.tile(np.arange(clips), people),
        values=np.where(unsaid, np.nan, table),
        lowest=1,
        highest=7,
        cannot_say=unsaid if unsaid.any() else None,
    )


def scale(name, seed=0, **options):
    return Question(name=name, kind="rate", data=rated(seed, **options), steps=7)


def test_holm_is_over_the_primary_contrasts_of_all_questions():
    found = analyse_questions([scale("match", 1), scale("quality", 2), scale("beauty", 3, shift=0)], PLAN)
    tests = [result.primary for result in found.values()]
    assert [test.p_holm for test in tests] == holm([test.p for test in tests])
    assert primary_question(found).name == "match"


def test_the_question_that_the_plan_names_is_tested_as_it_is():
    questions = [scale("match", 1), scale("quality", 2, shift=0.2), scale("beauty", 3, shift=0)]
    found = analyse_questions(questions, replace(PLAN, smallest=0.3), primary="quality")
    others = [found[name].primary for name in ("match", "beauty")]
    assert [test.p_holm for test in others] == holm([test.p for test in others])
    assert found["quality"].primary.p_holm is None
    assert [name for name, result in found.items() if result.smallest] == ["quality"]
    assert primary_question(found, "quality") is found["quality"]


def test_one_question_needs_no_adjustment():
    found = analyse_questions([scale("match"), *described()], PLAN)
    assert found["match"].primary.p_holm is None


def described():
    """A question of each kind that is described only."""
    people, person = ("p", "q"), np.array([0, 1])
    return [
        Question(
            name="emotion",
            kind="pick",
            data=Picks(
                categories=("joy", "calm"),
                participants=people,
                participant=person,
                picked=np.array([[[True, False]], [[False, True]]]),
                answered=np.ones((2, 1), dtype=bool),
            ),
        ),
        Question(
            name="sure",
            kind="confidence",
            data=Numbers(
                participants=people, participant=person, numbers=np.array([1.0, np.nan]), lowest=1, highest=5, steps=5
            ),
            steps=5,
        ),
        Question(name="why", kind="text", data=TextCounts(trials=4, given=1, participants=2)),
    ]


def test_what_is_described_has_counts_and_no_test():
    found = analyse_questions(described(), PLAN)
    assert found["emotion"].categories.counts.tolist() == [[1, 1]]
    assert found["sure"].numbers.mean.estimate == 1
    assert found["why"].texts.given == 1
    assert [result.primary for result in found.values()] == [None] * 3
    assert primary_question(found) is None


@pytest.mark.parametrize(
    ("questions", "options", "message"),
    [
        ([scale("match"), scale("match")], {}, "question 'match' is named twice"),
        ([scale("match"), *described()], {"primary": "sure"}, "'sure' compares no conditions; .* that do: match"),
        ([replace(scale("match"), steps=5)], {}, "question 'match': 5 steps do not fit a scale from 1 to 7"),
        ([replace(scale("match"), plane_with="joy")], {}, "'match' has no plane with 'joy'"),
        ([scale("match")], {"plan": replace(PLAN, smallest=7)}, "question 'match': the smallest difference"),
        ([scale("match")], {"plan": AnalysisPlan(draws=200, smallest=1)}, "question 'match': a smallest difference"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_question(questions, options, message):
    with pytest.raises(DesignError, match=message):
        analyse_questions(questions, **({"plan": PLAN} | options))


def test_an_invalid_number_is_refused_with_question_and_row():
    values = rated()
    values.values[17, 2] = 9
    with pytest.raises(BallotsError, match="question 'match': 9 lies outside") as refused:
        analyse_questions([Question(name="match", kind="rate", data=values)], PLAN)
    assert refused.value.row == 17


def test_a_scale_on_which_nobody_could_say_anything_has_no_numbers_but_a_warning():
    values = rated()
    silent = replace(values, values=np.full_like(values.values, np.nan), cannot_say=np.ones(values.values.shape, bool))
    found = analyse_questions([Question(name="match", kind="rate", data=silent, steps=7)], PLAN)["match"]
    assert found.primary is None
    assert found.scores.mean == (None,) * 4
    assert {"no_numbers", "cannot_say"} <= {caution.code for caution in found.warnings}
    json.dumps(plain(found), allow_nan=False)


def codes(values):
    found = analyse_questions([Question(name="match", kind="rate", data=values, steps=7)], PLAN)["match"]
    return {caution.code for caution in found.warnings}


def test_cannot_say_that_depends_on_the_condition_is_a_warning():
    values = rated(people=30)
    unsaid = np.zeros(values.values.shape, dtype=bool)
    unsaid[::3, 0] = True
    hidden = replace(values, values=np.where(unsaid, np.nan, values.values), cannot_say=unsaid)
    assert {"cannot_say_differs"} == {code for code in codes(hidden) if code.startswith("cannot_say")}
    assert {"cannot_say"} == {code for code in codes(rated(7, missing=0.1)) if code.startswith("cannot_say")}


def test_few_clips_and_one_number_throughout_are_said():
    values = rated(clips=4)
    values.values[values.participant == 0] = 5
    assert {"too_few_clips", "one_number"} <= codes(values)
    assert analyse_questions([Question(name="match", kind="rate", data=values, steps=7)], PLAN)["match"].primary is None


def test_groups_of_people_are_compared_by_their_names():
    values = rated(people=12)
    groups = {"device": {f"p{i}": "phone" if i % 2 else "desktop" for i in range(11)}}
    found = analyse_questions([Question(name="match", kind="rate", data=values)], PLAN, moderators=groups)["match"]
    (moderator,) = found.moderators
    assert [group.participants for group in moderator.groups] == [6, 5]
    assert moderator.unknown == 1
    phones = [values.values[values.participant == i] for i in range(1, 11, 2)]
    expected = np.mean([(y[:, :2].mean(axis=1) - y[:, 2:].mean(axis=1)).mean() for y in phones])
    assert moderator.groups[1].estimate == pytest.approx(expected)


def test_two_scales_of_a_plane():
    found = analyse_questions([scale("valence", 1), replace(scale("arousal", 2), plane_with="valence")], PLAN)
    assert found["arousal"].plane.scales == ("valence", "arousal")
    assert found["valence"].plane is None


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 5), st.integers(1, 6), st.sampled_from([0.0, 0.3, 0.9]), st.integers(0, 10**6))
def test_any_ratings_give_finite_numbers_or_none(people, clips, missing, seed):
    values = rated(seed, people=people, clips=clips, missing=missing)
    question = Question(name="match", kind="rate", data=values, steps=7)
    json.dumps(plain(analyse_questions([question], PLAN)["match"]), allow_nan=False)
