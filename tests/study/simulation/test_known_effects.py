"""Simulated people answer through the pages, and the analysis of what is stored finds the effects that they have."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from analysis.statistics.pairs import make_pairs
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question, analyse_questions
from analysis.statistics.rankings import make_rankings
from analysis.statistics.values import make_values
from config.rehearsals.truth import true_effects
from study.instruments.of_study import instrument_of, points_of
from study.models import Ballot, Participant, Study
from study.simulation.expectation import Expected
from study.simulation.people import simulate_participants
from study.simulation.preferences import PreferenceModel
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db

PEOPLE, CLIPS = 20, 3
PLAN = AnalysisPlan(factors={"redefined": ("redefined_tags", "redefined_sentence")}, draws=200)
MODEL = PreferenceModel(redefined=1.4, sentence=0.0, person_sd=0.4, clip_sd=0.0)
PAIRS = {"pairs_per_clip": 1, "questions": [{"kind": "pair", "key": "pair", "tie": True}]}
RANKS_AND_RATINGS = {
    "questions": [
        {"kind": "choose", "key": "order", "ranks": 4},
        {
            "kind": "rate",
            "key": "rating",
            "scales": [{"key": "match", "cannot_say": True}, {"key": "beauty", "steps": "slider"}],
        },
    ]
}


def answered(instrument: Mapping[str, Any], model: PreferenceModel) -> Study:
    study = make_open_study(clips=CLIPS, simulated=True, instrument=instrument)
    people = simulate_participants(study, PEOPLE, np.random.default_rng(11), model=model)
    assert {person.status for person in people} == {Participant.Status.COMPLETED}
    return study


def rows(study: Study) -> Iterator[tuple[str, str, list[str], Ballot, Mapping[int, str]]]:
    """Yield participant, clip, the conditions shown, the ballot, and the conditions by the image's id."""
    keys = dict(study.clips.values_list("stimuli__pk", "stimuli__condition__key"))
    for ballot in Ballot.objects.filter(trial__participant__study=study).select_related("trial__clip"):
        trial = ballot.trial
        shown = [keys[image] for image in trial.position_order]
        yield str(trial.participant_id), trial.clip.name, shown, ballot, keys


def question_of_pairs(study: Study) -> Question:
    columns: list[tuple[str, ...]] = []
    for person, clip, shown, ballot, keys in rows(study):
        winner = keys[ballot.first_id] if ballot.first_id else ballot.content["pair"]
        columns.append((person, clip, *shown, winner))
    people, clips, left, right, chosen = zip(*columns, strict=True)
    conditions = list(study.conditions.values_list("key", flat=True))
    return Question(
        name="pair", kind="pair", data=make_pairs(people, clips, left, right, chosen, conditions=conditions)
    )


def question_of_ranks(study: Study) -> Question:
    columns = [
        (person, clip, [keys[image] for image in (ballot.first_id, ballot.second_id, *ballot.content["order"])])
        for person, clip, _shown, ballot, keys in rows(study)
    ]
    people, clips, ranks = zip(*columns, strict=True)
    conditions = list(study.conditions.values_list("key", flat=True))
    data = make_rankings(people, clips, ranks, conditions=conditions)
    choose = instrument_of(study).choose
    assert choose is not None
    return Question(name="order", kind="choose", data=data, points=points_of(study, choose))


def question_of_ratings(study: Study, key: str, lowest: int, highest: int) -> Question:
    conditions = list(study.conditions.values_list("key", flat=True))
    people, clips, numbers = [], [], []
    for person, clip, _shown, ballot, keys in rows(study):
        given = {keys[int(image)]: value for image, value in ballot.content[key].items()}
        people.append(person)
        clips.append(clip)
        numbers.append([np.nan if given[name] is None else given[name] for name in conditions])
    values = make_values(people, clips, np.array(numbers), conditions=conditions, lowest=lowest, highest=highest)
    return Question(name=key, kind="rate", data=values, steps=None if highest == 100 else highest)


def assert_found(questions: list[Question], truth: Mapping[str, Expected]) -> None:
    """The interval of each question's contrast holds the true effect and not 0."""
    results = analyse_questions(questions, PLAN)
    for question in questions:
        (test,) = results[question.name].these_clips
        low, high = test.ci95
        true = truth[question.name].contrasts["redefined"]
        assert low <= true <= high, (question.name, true, test)
        assert low > 0


def test_pairs_come_back() -> None:
    study = answered(PAIRS, MODEL)
    assert Ballot.objects.count() == PEOPLE * CLIPS
    assert Ballot.objects.filter(content={"pair": "tie"}).count() > 3
    assert_found([question_of_pairs(study)], true_effects(study, MODEL))


def test_rank_orders_and_ratings_come_back() -> None:
    study = answered(RANKS_AND_RATINGS, MODEL)
    assert Ballot.objects.count() == PEOPLE * CLIPS
    questions = [
        question_of_ranks(study),
        question_of_ratings(study, "match", 1, 7),
        question_of_ratings(study, "beauty", 0, 100),
    ]
    assert_found(questions, true_effects(study, MODEL))
    unsaid = sum(None in ballot.content["match"].values() for ballot in Ballot.objects.all())
    assert 0 < unsaid < PEOPLE * CLIPS / 3
