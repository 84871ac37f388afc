"""What a participant gives beside ballots: consent, the sound check and the answers to questions; and screening out."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from study.ballots.permission import check_may_answer
from study.models import Participant, Study


def _lock(participant: Participant) -> Participant:
    """Lock the participant's row until the transaction ends.

    Raises:
        NotAllowedNow: the participant has finished or withdrawn, or the study is over.
    """
    row = Participant.objects.select_for_update(of=("self",)).select_related("study").get(pk=participant.pk)
    check_may_answer(row)
    return row


@transaction.atomic
def give_consent(participant: Participant, *, language: str = "", device: str = "") -> Participant:
    """Store when the participant consented, to which version of the text, in which language and on which device.

    Args:
        device: as `device_of` names it.

    Returns:
        The participant's row as it is then.
    """
    row = _lock(participant)
    if row.consented_at is None:
        row.consented_at, row.consent_version = timezone.now(), row.study.consent_version
        row.answers = row.answers | {"consent": {"language": language, "device": device}}
        row.save(update_fields=["consented_at", "consent_version", "answers"])
    return row


@transaction.atomic
def save_step(participant: Participant, step: str, value: Any = True) -> Participant:
    """Store the answers of a step before or after the trials ("before", "sound", "instructions" or "after").

    Returns:
        The participant's row as it is then.
    """
    row = _lock(participant)
    row.answers = row.answers | {step: value}
    row.last_seen_at = timezone.now()
    row.save(update_fields=["answers", "last_seen_at"])
    return row


@transaction.atomic
def save_answers_before(participant: Participant, answers: dict[str, Any], *, unsuitable: bool) -> bool:
    """Store the answers to the questions before the trials; return False if they screen the participant out.

    If the study has quotas its row is locked, so that two participants cannot both take a quota's last place.

    Args:
        unsuitable: whether an option was chosen that screens out.
    """
    study = Study.objects.select_for_update().get(pk=participant.study_id) if participant.study.quotas else None
    save_step(participant, "before", answers)
    if unsuitable or (study is not None and quota_is_full(study, answers, participant)):
        screen_out(participant, "answers before the trials" if unsuitable else "quota full")
        return False
    return True


def quota_is_full(study: Study, answers: dict[str, Any], participant: Participant) -> bool:
    """Whether a quota for one of these answers is filled by other participants."""
    others = study.participants.filter(
        kind=participant.kind, status__in=(Participant.Status.STARTED, Participant.Status.COMPLETED)
    ).exclude(pk=participant.pk)
    return any(
        answers.get(quota["question"]) == quota["answer"]
        and others.filter(**{f"answers__before__{quota['question']}": quota["answer"]}).count() >= int(quota["limit"])
        for quota in study.quotas
    )


@transaction.atomic
def screen_out(participant: Participant, reason: str) -> None:
    """End the visit of a participant whom the study does not ask; the slot is free again."""
    row = _lock(participant)
    row.status = Participant.Status.SCREENED_OUT
    row.exclusion_reason = reason[:200]
    row.save(update_fields=["status", "exclusion_reason"])
