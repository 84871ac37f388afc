"""The answers of each clip are counted as they are given, and agree with the ballots whatever happens."""

from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from study.ballots.casting import Answer, cast_ballot
from study.ballots.clip_answers import clip_counts, recount
from study.models import Ballot, ClipAnswers, InviteLink, Participant, Study, Trial
from study.participants.enrolment import enrol
from study.participants.study_stages import begin_stage
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db


def answer(person: Participant, trials: int) -> None:
    for trial in person.trials.order_by("number")[:trials]:
        cast_ballot(trial, Answer(uuid4(), "A", "B"))


def by_ballots(study: Study) -> dict[int, int]:
    """Answers of real people by the clip's number, counted one by one."""
    first = Ballot.objects.filter(trial__participant__kind="real", trial__kind=Trial.Kind.MAIN, trial__repeat=0)
    numbers = first.filter(trial__participant__study=study).values_list("trial__clip__number", flat=True)
    return {clip.number: list(numbers).count(clip.number) for clip in study.clips.all()}


def counted(study: Study) -> dict[int, int]:
    return {row.number: row.answered for row in clip_counts(study)}


@pytest.fixture
def study(owner: Any) -> Study:
    return make_open_study(clips=4, owner=owner, repeats=1, attention_trials=1)


def test_each_answer_counts_once_for_its_clip(study: Study) -> None:
    pilots = InviteLink.objects.create(study=study, token_hash="0" * 64, kind=Participant.Kind.PILOT)
    for answers in (6, 3, 1):
        answer(enrol(study)[0], answers)
    answer(enrol(study, link=pilots)[0], 4)
    last = Ballot.objects.filter(trial__kind=Trial.Kind.MAIN).latest("pk")
    cast_ballot(last.trial, Answer(last.submission_key, "A", "B"))  # sent twice
    cast_ballot(last.trial, Answer(uuid4(), "B", "C"))  # changed
    stored = ClipAnswers.objects.filter(clip__study=study)
    assert sum(row.answered for row in stored) == sum(by_ballots(study).values()) == 8
    assert sum(row.repeated for row in stored) == 1
    assert counted(study) == by_ballots(study)


def test_a_withdrawal_takes_the_answers_back(study: Study) -> None:
    one, other = enrol(study)[0], enrol(study)[0]
    answer(one, 6)
    answer(other, 2)
    withdraw(one)
    stored = ClipAnswers.objects.filter(clip__study=study).order_by("clip")
    assert {row.clip.number: row.answered for row in stored} == by_ballots(study)
    assert {row.repeated for row in stored} == {0}


def test_counts_that_do_not_agree_with_the_people_are_made_again(study: Study, django_assert_num_queries: Any) -> None:
    answer(enrol(study)[0], 6)
    ClipAnswers.objects.filter(clip__study=study).delete()  # as of a study that was written in bulk
    assert counted(study) == by_ballots(study)
    with django_assert_num_queries(2):
        clip_counts(study)


def test_nobody_is_kept_from_withdrawing_by_counts_that_are_wrong(study: Study) -> None:
    one, other = enrol(study)[0], enrol(study)[0]
    answer(one, 6)
    answer(other, 6)
    ClipAnswers.objects.filter(clip__study=study).update(answered=0, repeated=0)
    withdraw(one)
    assert counted(study) == by_ballots(study)


def test_who_waited_for_somebody_else_to_count_does_not_count_again(
    study: Study,
) -> None:
    answer(enrol(study)[0], 6)
    ClipAnswers.objects.filter(clip__study=study).update(answered=0, repeated=0)
    with CaptureQueriesContext(connection) as first:
        recount(study)
    with CaptureQueriesContext(connection) as again:
        recount(study)
    assert any(Ballot._meta.db_table in query["sql"] for query in first)
    assert not any(Ballot._meta.db_table in query["sql"] for query in again)
    assert counted(study) == by_ballots(study)


def test_the_first_person_of_each_stage_begins_its_counts(owner: Any) -> None:
    study = make_open_study(clips=3, owner=owner)
    enrol(study)
    begin_stage(study, "follow_up", target=4, reason="Later.")
    with patch("study.ballots.clip_answers.recount", side_effect=AssertionError("counted every ballot")):
        answer(enrol(study)[0], 3)
        assert {row.answered for row in clip_counts(study, "follow_up")} == {1}
    assert ClipAnswers.objects.filter(clip__study=study, stage="follow_up").count() == 3
