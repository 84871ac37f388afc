"""The answers of each clip are counted as they are given, and agree with the ballots whatever happens."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from study.ballots.casting import Answer, cast_ballot
from study.ballots.clip_answers import clip_counts, recount
from study.models import Ballot, ClipAnswers, InviteLink, Participant, Study, Trial
from study.participants.coverage import coverage
from study.participants.enrolment import enrol
from study.participants.pace import Outlook, pace_of
from study.participants.study_stages import begin_stage
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study
from tests.study.api.scripts import ask, token_for

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


def test_each_stage_counts_for_itself_on_the_page_and_in_the_api(study: Study, owner: Any) -> None:
    Study.objects.filter(pk=study.pk).update(target_participants=40)
    study.refresh_from_db()
    one = enrol(study)[0]
    answer(one, 6)
    begin_stage(study, Study.Stage.FOLLOW_UP, target=3, reason="a month later")
    other, third = enrol(study)[0], enrol(study)[0]
    answer(other, 6)
    answer(third, 6)
    stored = ClipAnswers.objects.filter(clip__study=study)
    assert set(stored.values_list("stage", "answered")) == {("main", 1), ("follow_up", 2)}, "before anybody reads"
    Participant.objects.filter(pk__in=(other.pk, third.pk)).update(status="completed", completed_at=timezone.now())
    for stage, answers, target, completed in ((Study.Stage.MAIN, 1, 40, 0), (Study.Stage.FOLLOW_UP, 2, 3, 2)):
        found = coverage(study, stage)
        assert (found.fewest, found.most, found.planned) == (answers, answers, target)
        assert pace_of(study, completed, stage=stage).left == target - completed
        numbers = ask(token_for(owner, study), study, "api_monitor", query=f"?stage={stage}").json()
        assert (numbers["stage"], numbers["target"], numbers["completed"]) == (stage, target, completed)
        assert (numbers["answers_per_clip"]["most"], numbers["answers_per_clip"]["planned"]) == (answers, target)
    assert pace_of(study, 0, stage=Study.Stage.MAIN).outlook == Outlook.NOT_OPEN, "nobody enters it any more"
    assert ask(token_for(owner, study), study, "api_monitor").json()["stage"] == "follow_up"
    withdraw(other)
    assert (coverage(study, Study.Stage.MAIN).most, coverage(study, Study.Stage.FOLLOW_UP).most) == (1, 1)
    assert not ClipAnswers.objects.filter(clip__study=study, stage="main").exclude(answered=1).exists()


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


def test_who_waited_for_somebody_else_to_count_does_not_count_again(study: Study) -> None:
    answer(enrol(study)[0], 6)
    ClipAnswers.objects.filter(clip__study=study).update(answered=0, repeated=0)
    with CaptureQueriesContext(connection) as first:
        recount(study)
    with CaptureQueriesContext(connection) as again:
        recount(study)
    assert any(Ballot._meta.db_table in query["sql"] for query in first)
    assert not any(Ballot._meta.db_table in query["sql"] for query in again)
    assert counted(study) == by_ballots(study)
