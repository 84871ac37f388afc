"""People who finish at the same moment, on PostgreSQL: run by test_postgresql.py, as SQLite takes one writer at a time.

One chain without a fork, and nobody waits for somebody who waits for them. The control is the same without the lock.
"""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction

from study.ballots.casting import Answer, cast_ballot
from study.ballots.commitments import FINISHED
from study.models import ChainHead, Participant, Study, log
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.verification import verify_study
from tests.factories import make_open_study

PEOPLE = 16
pytestmark = pytest.mark.django_db(transaction=True)


def ready() -> tuple[Study, list[Participant]]:
    """A study and people who have answered everything and not finished."""
    study = make_open_study(clips=1)
    people = [enrol(study)[0] for _ in range(PEOPLE)]
    for person in people:
        cast_ballot(person.trials.get(), Answer(uuid4(), "A", "B"))
    return study, people


def at_once(*actions: Callable[[], object]) -> list[str]:
    """Run each action in a thread of its own; return what went wrong."""
    together, errors = threading.Barrier(len(actions)), []

    def run(action: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            together.wait(60)
            action()
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def hold_study_and_record(study: Study) -> None:
    """As changes of a study do: lock its row, then write to its log."""
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        log.record(study, "described")


def test_people_who_finish_at_once_are_one_chain():
    study, people = ready()
    errors = at_once(
        *(lambda person=person: finish(person) for person in people),
        *(lambda: hold_study_and_record(study) for _ in range(4)),
        lambda: set_exclusion(study, people[0].code, "left early"),
    )
    assert errors == []
    assert study.log.filter(action=FINISHED).count() == PEOPLE
    assert ChainHead.objects.get(study=study).number == PEOPLE + 5
    found, _unknown = verify_study(study)
    assert [text for text in found.faults if text.startswith("Log") or "commitment" in text] == []


def test_without_the_lock_entries_collide(monkeypatch):
    study, people = ready()
    log.record(study, "described")
    monkeypatch.setattr(log, "lock_chain", lambda study: ChainHead.objects.get(study=study))
    assert at_once(*(lambda person=person: finish(person) for person in people))
