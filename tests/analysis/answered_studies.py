"""Studies with answers, for tests of results, exports and reports."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from analysis.study_results.checklists import filled_checklists
from study.ballots.casting import Answer, cast_ballot
from study.models import Participant, Stimulus, Study
from study.models.log import record
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.questions import shipped_question_set
from tests.factories import make_open_study


def answered_study(
    *, people: int = 4, clips: int = 3, conditions: int = 4, answers: Sequence[dict[str, Any]] = (), **fields: Any
) -> Study:
    """An open study whose people have all finished; the condition with the lowest number is liked best.

    `answers`: of each person by step ("before", "sound", …).
    """
    study = make_open_study(clips=clips, conditions=conditions, **fields)
    record_opening(study)
    for number in range(people):
        answer_and_finish(enrol(study)[0], number, answers[number] if answers else None)
    return study


def answer_and_finish(person: Participant, number: int = 0, said: dict[str, Any] | None = None) -> Participant:
    """Answer all trials of a person as the one with this `number` does, and finish; `said`: the answers by step."""
    conditions = person.study.conditions.count()
    best = {row.pk for row in person.study.conditions.filter(number__lte=conditions // 2)}
    person.trials.update(images_sent=None)  # no server has seen these people
    for trial in person.trials.order_by("number"):
        liked = [
            letter
            for letter, stimulus in zip("ABCDEF", trial.position_order, strict=False)
            if Stimulus.objects.get(pk=stimulus).condition_id in best
        ]
        others = [letter for letter in "ABCDEF"[:conditions] if letter not in liked]
        first = (
            others[0]
            if others and (number + trial.clip.number) % 4 == 0
            else [*liked, *others][number % max(1, len(liked))]
        )
        second = next(letter for letter in [*liked, *others] if letter != first)
        cast_ballot(trial, Answer(uuid4(), first, second))
    if said is not None:
        person.answers = said
        person.save(update_fields=["answers"])
    finish(person)
    return person


def record_opening(study: Study) -> None:
    """Write to the log that the study was opened, as opening does, unless it stands there."""
    if not study.log.filter(action="opened").exists():
        record(study, "opened", plan_digest=study.plan_digest)


def close(study: Study) -> Study:
    """Close the study long enough ago that its results are not sealed."""
    record_opening(study)
    record(study, "closed")
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=7))
    study.refresh_from_db()
    return study


def closed_study(**fields: Any) -> Study:
    """An answered study whose results are not sealed."""
    return close(answered_study(**fields))


def asked_study(answers: Sequence[dict[str, Any]], questions: str = "", **fields: Any) -> Study:
    """A closed study of as many people as `answers`, each of whom has these answers by step ("before", "sound", …)."""
    questions = questions or shipped_question_set("musical_experience")
    chosen = {"people": len(answers), "clips": 2, "questions_before": questions} | fields
    return close(answered_study(answers=answers, **chosen))


def receipt_of(study: Study) -> str:
    """The first finished person's receipt."""
    return str(study.participants.filter(status=Participant.Status.COMPLETED).first().receipt)


def checklist_answers(study: Study, checklist: str) -> dict[str, str]:
    """The answers of one reporting checklist by item number, "" if missing."""
    return {entry.item.number: entry.answer for entry in dict(filled_checklists(study))[checklist]}
