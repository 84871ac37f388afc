"""Whatever changes the ballot table changes its state too; the numbers of answers agree with the answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Count, Max, Q
from django.utils import timezone

from analysis.tables.study_tables import ballots_csv_parts
from study.ballots.casting import Answer, cast_ballot
from study.ballots.table_state import table_state
from study.models import Ballot, Clip, Condition, Participant, Stimulus, Study, Trial
from study.participants.completion import finish
from study.participants.consent_and_questions import save_step
from study.participants.enrolment import enrol, note_presence
from study.participants.exclusion import set_exclusion
from study.participants.exclusion_rules import refresh_unfinished
from study.participants.questions import shipped_question_set
from study.participants.withdrawal import withdraw
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """The first of three people has answered all trials, the second one, and the third has finished."""
    study = make_open_study(clips=2, questions_before=shipped_question_set("musical_experience"))
    for answers in (2, 1, 2):
        person, _token = enrol(study)
        for trial in list(person.trials.order_by("number"))[:answers]:
            cast_ballot(trial, Answer(uuid4(), "A", "B"))
    finish(person)
    return study


def first(study: Study) -> Participant:
    return study.participants.get(number=1)


def second(study: Study) -> Participant:
    return study.participants.get(number=2)


def leave_tab(study: Study) -> None:
    second(study).events.create(trial=second(study).trials.get(number=1), kind="hidden")
    note_presence(second(study))
    refresh_unfinished(study)


def rename(study: Study, model: Any, **values: Any) -> None:
    field = "clip__study" if model is Stimulus else "study"
    row = model.objects.filter(**{field: study}).first()
    model.objects.filter(pk=row.pk).update(**values)


# What the columns of the table are made of, and everything that people and researchers do to it.
CHANGES: dict[str, Callable[[Study], object]] = {
    "a new answer": lambda study: cast_ballot(second(study).trials.get(number=2), Answer(uuid4(), "C", "D")),
    "a changed answer": lambda study: cast_ballot(second(study).trials.get(number=1), Answer(uuid4(), "C", "D")),
    "an answer to questions": lambda study: save_step(second(study), "before", {"importance": 5}),
    "somebody finishes with a flag": lambda study: (
        first(study).events.create(trial=first(study).trials.get(number=1), kind="hidden"),
        first(study).events.create(trial=first(study).trials.get(number=2), kind="hidden"),
        finish(first(study)),
    ),
    "a flag of somebody unfinished": leave_tab,
    "a withdrawal": lambda study: withdraw(second(study)),
    "left out by hand": lambda study: set_exclusion(study, "r0001", "asked"),
    "left out by a rule": lambda study: study.participants.filter(number=3).update(rule_exclusions=[{"kind": "x"}]),
    "left out in bulk": lambda study: Participant.objects.bulk_update(
        [Participant(pk=first(study).pk, excluded=True)], ["excluded"]
    ),
    "the key of a condition": lambda study: rename(study, Condition, key="renamed"),
    "the name of a clip": lambda study: rename(study, Clip, name="renamed.wav"),
    "the condition of images": lambda study: (
        rename(study, Stimulus, condition=Condition.objects.create(study=study, number=9, key="z", sealed_label="Z")),
    ),
    "the questions": lambda study: Study.objects.filter(pk=study.pk).update(questions_before=""),
    "who counts": lambda study: Study.objects.filter(pk=study.pk).update(simulated=True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_table_changes_its_state(study: Study, change: str) -> None:
    study = close(study)
    table, state = list(ballots_csv_parts(study)), table_state(study)
    reopen(study)
    CHANGES[change](study)
    study = close(study)
    assert list(ballots_csv_parts(study)) != table, "the change is one"
    assert table_state(study) != state


def test_what_the_table_does_not_show_leaves_its_state(study: Study) -> None:
    refresh_unfinished(study)
    state = table_state(study)
    note_presence(first(study))
    refresh_unfinished(study)
    pilot = Participant.objects.create(study=study, number=1, kind=Participant.Kind.PILOT, token_hash="p")
    Participant.objects.filter(pk=pilot.pk).update(excluded=True)
    assert table_state(study) == state


def close(study: Study) -> Study:
    """The study after its answers have ended: the table shows everything then."""
    at = timezone.now() - timedelta(days=1)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=at)
    return Study.objects.get(pk=study.pk)


def reopen(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN, closed_at=None)
    study.refresh_from_db()


def test_the_numbers_of_answers_are_those_of_the_answers() -> None:
    study = make_open_study(clips=3, repeats=1, attention_trials=1, match_controls=1, practice_trial=True)
    Clip.objects.filter(study=study, number=3).update(is_practice=True)
    study.refresh_from_db()
    people = [enrol(study)[0] for _ in range(3)]
    for count, person in enumerate(people):
        for trial in list(person.trials.order_by("number"))[: 2 + 2 * count]:
            cast_ballot(trial, Answer(uuid4(), "A", "B"))
            cast_ballot(trial, Answer(uuid4(), "C", "D"))
    assert Trial.objects.filter(ballot__isnull=False).values("kind").distinct().count() > 2
    withdraw(people[0])
    main = Q(trials__kind=Trial.Kind.MAIN)
    counted = study.participants.annotate(
        n=Count("trials__ballot", filter=~Q(trials__kind=Trial.Kind.PRACTICE)),
        n_main=Count("trials__ballot", filter=main),
        last=Max("trials__ballot__answered_at", filter=main),
    )
    rows = counted.values_list("answered", "main_answered", "last_answer_at", "n", "n_main", "last")
    assert [row[:3] for row in rows] == [row[3:] for row in rows]
    assert Ballot.objects.exists()


def test_an_answer_given_earlier_and_arriving_later_is_not_the_last_one(study: Study) -> None:
    last = second(study).last_answer_at
    late = Answer(uuid4(), "A", "B", age=timedelta(days=1))
    Participant.objects.filter(pk=second(study).pk).update(created_at=timezone.now() - timedelta(days=2))
    cast_ballot(second(study).trials.select_related("participant__study").get(number=2), late)
    assert second(study).last_answer_at == last
