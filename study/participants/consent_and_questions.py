"""What a participant gives beside ballots: consent, the sound check and the answers to questions; and screening out."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.lookups import Exact
from django.utils import timezone

from study.ballots.permission import check_may_answer
from study.design.slots import ACTIVE_MINUTES
from study.models import Participant, Study, StudyStage
from study.participants.enrolment import lock_study, still_there


def _lock(participant: Participant) -> Participant:
    """Lock the participant's row until the transaction ends.

    Raises:
        NotAllowedNow: the participant has finished or withdrawn, or the study is over.
    """
    row = Participant.objects.select_for_update(of=("self",)).select_related("study").get(pk=participant.pk)
    check_may_answer(row)
    return row


@transaction.atomic
def give_consent(
    participant: Participant, *, language: str = "", device: str = "", version: int | None = None
) -> Participant:
    """Store when the participant consented, to which version of the text, in which language and on which device.

    Args:
        device: as `device_of` names it.
        version: of the text that the participant read; None if that is not known. If the text has changed meanwhile,
            nothing is stored: the participant is to read the new one.

    Returns:
        The participant's row as it is then.
    """
    row = _lock(participant)
    is_outdated = version is not None and version != row.study.consent_version
    if row.consented_at is None and not is_outdated:
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
    row.last_seen_at, row.judged_at = timezone.now(), None
    row.save(update_fields=["answers", "last_seen_at", "judged_at"])
    return row


@transaction.atomic
def save_step_before_trials(participant: Participant, step: str, value: Any = True) -> Participant:
    """Store the sound check or the reading of the instructions, like `save_step`.

    A participant who comes back to it after their place in a quota was given to somebody else is screened out. Once
    they have begun the trials they may finish, also if they look at these pages again.
    """
    study = _lock_quotas(participant)
    was_away = timezone.now() - participant.last_seen_at > timedelta(minutes=ACTIVE_MINUTES)
    is_first = step not in participant.answers
    row = save_step(participant, step, value)
    if study is not None and was_away and is_first and quota_is_full(study, row.answers.get("before", {}), row):
        return screen_out(row, "quota full")
    return row


@transaction.atomic
def save_answers_before(participant: Participant, answers: dict[str, Any], *, unsuitable: bool) -> Participant:
    """Store the answers to the questions before the trials, which may screen the participant out.

    Args:
        unsuitable: whether an option was chosen that screens out.

    Returns:
        The participant's row as it is then.
    """
    study = _lock_quotas(participant)
    row = save_step(participant, "before", answers)
    if unsuitable or (study is not None and quota_is_full(study, answers, row)):
        return screen_out(row, "answers before the trials" if unsuitable else "quota full")
    return row


def _lock_quotas(participant: Participant) -> Study | None:
    """Lock the row of a study with quotas, so that two participants cannot both take a quota's last place."""
    return lock_study(participant.study) if participant.study.quotas else None


def quota_is_full(study: Study, answers: dict[str, Any], participant: Participant) -> bool:
    """Whether a quota for one of these answers is filled by other participants who are still there."""
    given = [quota for quota in study.quotas if answers.get(quota["question"]) == quota["answer"]]
    if not given:
        return False
    counts = quota_counts(study, participant.kind, participant.stage, quotas=given, others_than=participant)
    return any(counts[quota["question"], quota["answer"]] >= int(quota["limit"]) for quota in given)


def quota_counts(
    study: Study,
    kind: str,
    stage: str = StudyStage.MAIN,
    *,
    quotas: Sequence[Mapping[str, Any]] | None = None,
    others_than: Participant | None = None,
) -> dict[tuple[str, str], int]:
    """How many people of this kind and stage who are still there gave the answer of each quota, by question and answer.

    Args:
        quotas: those that are counted; None counts all of the study.
    """
    people = study.participants.filter(kind=kind, stage=stage)
    if others_than is not None:
        people = people.exclude(pk=others_than.pk)
    counted = [(quota["question"], quota["answer"]) for quota in (study.quotas if quotas is None else quotas)]
    found = still_there(people).aggregate(
        **{
            f"quota_{at}": Count("pk", filter=Exact(_Key(question, KeyTransform("before", "answers")), answer))
            for at, (question, answer) in enumerate(counted)
        }
    )
    return {key: found[f"quota_{at}"] for at, key in enumerate(counted)}


class _Key(KeyTextTransform):
    """The value of a key in JSON, also of one such as `2`, which SQLite would take for a place in a list."""

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters, keys = self.preprocess_lhs(compiler, connection)
        path = "$" + "".join(f".{json.dumps(key)}" for key in keys)
        return f"JSON_EXTRACT({column}, %s)", (*parameters, path)


@transaction.atomic
def screen_out(participant: Participant, reason: str) -> Participant:
    """End the visit of a participant whom the study does not ask; the slot is free again."""
    row = _lock(participant)
    row.status = Participant.Status.SCREENED_OUT
    if not row.excluded:  # whoever is left out keeps that reason
        row.exclusion_reason = reason[:200]
    row.save(update_fields=["status", "exclusion_reason"])
    return row
