"""Answers, withdrawals and a counting of all at the same moment, on PostgreSQL: run by test_postgresql.py.

Each answer is counted once, and nobody waits for somebody who waits for them.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db.models import F, Sum

from study.ballots.casting import Answer, cast_ballot
from study.ballots.clip_answers import recount
from study.models import Ballot, ClipAnswers, Participant
from study.participants.enrolment import enrol
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study
from tests.study.ballots.finishing_at_once import at_once

CLIPS, PEOPLE = 4, 10
pytestmark = pytest.mark.django_db(transaction=True)


def answering(person: Participant) -> Callable[[], object]:
    def answer() -> None:
        for trial in person.trials.order_by("number"):
            cast_ballot(trial, Answer(uuid4(), "A", "B"))

    return answer


def test_each_answer_is_counted_once_whatever_happens_meanwhile() -> None:
    study = make_open_study(clips=CLIPS)
    gone = [enrol(study)[0] for _ in range(3)]
    for person in gone:
        answering(person)()
    people = [enrol(study)[0] for _ in range(PEOPLE)]
    errors = at_once(
        *(answering(person) for person in people),
        *(lambda person=person: withdraw(person) for person in gone),
        *(lambda: [recount(study) for _ in range(5)] for _ in range(2)),
    )
    assert errors == []
    counted = ClipAnswers.objects.filter(clip__study=study).aggregate(n=Sum(F("answered") + F("repeated")))["n"]
    told = study.participants.aggregate(n=Sum("main_answered"))["n"]
    assert counted == told == Ballot.objects.count() == CLIPS * PEOPLE
