"""Quotas count the people who are still there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from study.models import Participant, Study
from study.participants.consent_and_questions import quota_counts
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db

QUESTIONS = """
questions:
  - key: age
    type: choice
    text: {en: "How old are you?"}
    options:
      - {key: young, text: {en: under 30}}
      - {key: old, text: {en: 30 or more}}
"""


@pytest.fixture
def study() -> Study:
    quotas = [{"question": "age", "answer": "old", "limit": 3}]
    return make_open_study(clips=2, questions_before=QUESTIONS, quotas=quotas)


def screened(study: Study, answer: str = "old") -> Visit:
    """A visit that has come past the questions before the trials."""
    visit = Visit(study)
    visit.post("consent/", {"agree": "on"})
    visit.post("questions/before/", {"age": answer})
    return visit


def leave(*visits: Visit) -> None:
    """The browsers of these people have sent nothing for an hour."""
    handles = [visit.participant.handle for visit in visits]
    Participant.objects.filter(handle__in=handles).update(last_seen_at=timezone.now() - timedelta(hours=1))


def test_a_full_quota_ends_the_visit_of_who_gives_its_answer(study):
    assert [screened(study).participant.status for _ in range(4)] == ["started"] * 3 + ["screened_out"]
    assert screened(study, "young").participant.status == "started"


def test_those_who_left_long_ago_hold_no_place_and_those_who_finished_do(study):
    gone = [screened(study) for _ in range(3)]
    leave(*gone)
    assert screened(study).participant.status == "started"
    for visit in gone[:2]:
        visit.post("instructions/")
        visit.finish()
    leave(*gone)
    assert screened(study).participant.status == "screened_out"


def test_who_comes_back_before_the_trials_to_a_full_quota_is_screened_out_then(study):
    late = screened(study)
    leave(late)
    for _ in range(3):
        screened(study)
    assert late.post("instructions/").headers["Location"].endswith("/not-this-time/")
    assert late.participant.status == "screened_out"


def test_who_comes_back_in_the_middle_of_the_trials_may_finish(study):
    late = screened(study)
    late.post("instructions/")
    late.answer(1)
    leave(late)
    for _ in range(3):
        screened(study)
    assert late.post("instructions/").headers["Location"].endswith("/trial/2/")
    assert late.finish().status == "completed"


def test_who_comes_back_while_there_is_a_place_goes_on(study):
    late = screened(study)
    leave(late)
    assert late.post("instructions/").headers["Location"].endswith("/trial/1/")


@pytest.mark.parametrize("key", ["2", "in", "a__b", "contains"])
def test_a_quota_counts_whatever_its_question_is_called(key):
    """Keys that a database's path into JSON would take for a number, a comparison or a way to another table."""
    quotas = [{"question": key, "answer": "old", "limit": 1}]
    questions = QUESTIONS.replace("key: age", f'key: "{key}"')
    study = make_open_study(clips=1, questions_before=questions, quotas=quotas)
    visits = [Visit(study) for _ in range(2)]
    for visit in visits:
        visit.post("consent/", {"agree": "on"})
        visit.post("questions/before/", {key: "old"})
    assert [visit.participant.status for visit in visits] == ["started", "screened_out"]
    with CaptureQueriesContext(connection) as queries:
        assert quota_counts(study, "real") == {(key, "old"): 1}
    (query,) = queries
    assert "COUNT(" in query["sql"], "the answers are not read one by one while the study is locked"
