"""The whole way through the survey, as a participant's browser without script goes."""

import numpy as np
import pytest

from study.ballots.table import COLUMNS, ballot_rows
from study.models import Ballot, Participant
from study.simulation.people import simulate_participants
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("conditions", [2, 3, 4, 5, 6])
def test_simulated_people_answer_every_trial_through_the_pages(conditions):
    study = make_open_study(clips=3, conditions=conditions, simulated=True, sound_check=True, headphone_check=True)
    people = simulate_participants(study, 2, np.random.default_rng(1))
    assert [person.status for person in people] == ["completed", "completed"]
    assert {person.kind for person in people} == {Participant.Kind.SIMULATED}
    rows = ballot_rows(study, sealed=False)
    assert len(rows) == 6
    assert tuple(rows[0]) == COLUMNS
    assert {row["first"] for row in rows} <= set(study.conditions.values_list("key", flat=True))


def test_simulated_people_hear_as_much_as_the_page_asks_for():
    study = make_open_study(clips=2, simulated=True)
    study.clips.update(survey_duration=60)
    simulate_participants(study, 4, np.random.default_rng(1))
    heard = list(Ballot.objects.values_list("listened_seconds", "seconds"))
    assert len(heard) == 8
    assert all(15 <= listened <= seconds for listened, seconds in heard)


def test_simulated_people_give_various_answers_that_the_questions_take():
    questions = """
questions:
  - key: lessons
    type: choice
    text: {en: Lessons}
    options:
      - {key: child, text: {en: I am a child}, screen_out: true}
      - {key: none, text: {en: None}}
      - {key: some, text: {en: Some}}
  - {key: age, type: number, min: 18, max: 30, text: {en: Age}}
  - {key: share, type: number, min: 0, max: 0.5, text: {en: Share}}
  - {key: mood, type: scale, from: -2, to: 2, text: {en: Mood}}
"""
    study = make_open_study(clips=1, simulated=True, headphone_check=True, questions_before=questions)
    people = simulate_participants(study, 8, np.random.default_rng(1))
    given = [person.answers["before"] for person in people]
    assert {answers["lessons"] for answers in given} == {"none", "some"}
    assert len({answers["age"] for answers in given}) > 3
    assert all(18 <= answers["age"] <= 30 and 0 <= answers["share"] <= 0.5 for answers in given)
    assert len({answers["mood"] for answers in given}) > 2
    assert sum(person.answers["sound"]["right"] >= 5 for person in people) >= 5


def test_simulated_people_are_pilots_in_a_real_study():
    study = make_open_study(clips=2)
    (person,) = simulate_participants(study, 1, np.random.default_rng(1))
    assert person.kind == Participant.Kind.PILOT
    assert ballot_rows(study) == []
