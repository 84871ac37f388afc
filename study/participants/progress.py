"""What a person does before and after the trials: consent, steps, question sets, screening out. Each a verb."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from study.ballots.permission import check_may_answer
from study.ballots.receipts import new_receipt
from study.errors import NotAllowedNow
from study.models import Participant, Study
from study.participants.quality import flags_of


def _held(participant: Participant) -> Participant:
    """The person's row, held until the transaction ends; only people in the middle may change."""
    row = Participant.objects.select_for_update(of=("self",)).select_related("study").get(pk=participant.pk)
    check_may_answer(row)
    return row


@transaction.atomic
def give_consent(participant: Participant) -> Participant:
    """Notes that the person agreed, when, and to which version of the text; returns them as they are then."""
    row = _held(participant)
    if row.consented_at is None:
        row.consented_at, row.consent_version = timezone.now(), row.study.consent_version
        row.save(update_fields=["consented_at", "consent_version"])
    return row


@transaction.atomic
def note_step(participant: Participant, step: str, value: Any = True) -> Participant:
    """Keeps what a step before or after the trials gave; again replaces it. Returns the person as they are then."""
    row = _held(participant)
    row.answers = row.answers | {step: value}
    row.last_seen_at = timezone.now()
    row.save(update_fields=["answers", "last_seen_at"])
    return row


@transaction.atomic
def screen_out(participant: Participant, reason: str) -> None:
    """Ends the visit of somebody the study does not ask, and gives the slot back."""
    row = _held(participant)
    row.status = Participant.Status.SCREENED_OUT
    row.exclusion_reason = reason[:200]
    row.save(update_fields=["status", "exclusion_reason"])


def quota_is_full(study: Study, answers: dict[str, Any], participant: Participant) -> bool:
    """Whether as many people as wanted have given one of these answers already."""
    people = study.participants.filter(
        kind=participant.kind, status__in=(Participant.Status.STARTED, Participant.Status.COMPLETED)
    ).exclude(pk=participant.pk)
    return any(
        answers.get(quota["question"]) == quota["answer"]
        and people.filter(**{f"answers__before__{quota['question']}": quota["answer"]}).count() >= int(quota["limit"])
        for quota in study.quotas
    )


@transaction.atomic
def answer_before(participant: Participant, answers: dict[str, Any], *, unsuitable: bool) -> bool:
    """Keeps the answers to the questions before the trials; False where they end the visit.

    The study's row is held, so that two people cannot both take a quota's last place.
    """
    study = Study.objects.select_for_update().get(pk=participant.study_id) if participant.study.quotas else None
    note_step(participant, "before", answers)
    if unsuitable or (study is not None and quota_is_full(study, answers, participant)):
        screen_out(participant, "answers before the trials" if unsuitable else "quota full")
        return False
    return True


def set_language(participant: Participant, language: str) -> None:
    Participant.objects.filter(pk=participant.pk).update(language=language)


def answered_by_number(participant: Participant) -> dict[int, bool]:
    """The numbers of a participant's trials, in order, and whether each has an answer."""
    trials = participant.trials.order_by("number").values_list("number", "ballot__pk")
    return {number: ballot is not None for number, ballot in trials}


@transaction.atomic
def finish(participant: Participant, *, now: datetime | None = None) -> Participant:
    """Ends a person's part and gives the receipt; again changes nothing.

    Raises:
        NotAllowedNow: trials are unanswered, the study is over, or the person has withdrawn.
    """
    participant = Participant.objects.select_for_update(of=("self",)).select_related("study").get(pk=participant.pk)
    if participant.status == Participant.Status.COMPLETED:
        return participant
    now = now or timezone.now()
    check_may_answer(participant, now)
    left = list(answered_by_number(participant).values()).count(False)
    if left:
        raise NotAllowedNow(_("There are %(n)d answers left to give.") % {"n": left})
    participant.status = Participant.Status.COMPLETED
    participant.completed_at = participant.last_seen_at = now
    participant.receipt = participant.receipt or new_receipt()
    participant.flags = flags_of(participant)
    participant.save(update_fields=["status", "completed_at", "last_seen_at", "receipt", "flags"])
    return participant
