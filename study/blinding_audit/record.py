"""What blinding audits of a study said; light, so that the preflight can ask on every page."""

import hashlib
import json
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from study.models import BlindingAudit, Stimulus, Study

ACTION = "blinding audited"
VERDICTS = (BlindingAudit.State.PASSED, BlindingAudit.State.LEAKS)
# Settings that change what stands on the pages.
SHOWN = (
    "languages",
    "question",
    "consent_text",
    "instructions",
    "questions_before",
    "questions_after",
    "trials_per_participant",
    "second_choice_required",
    "allow_none_fits",
    "ask_reason",
    "ask_familiarity",
    "practice_trial",
    "sound_check",
    "headphone_check",
    "repeats",
    "match_controls",
    "attention_trials",
    "feedback",
    "seed",
)


def fingerprint(study: Study) -> str:
    """Changes with anything a participant is shown."""
    images = Stimulus.objects.filter(clip__study=study, clip__included=True).order_by("pk")
    what = (
        "pk",
        "condition",
        "image",
        "image_digest",
        "clip",
        "clip__number",
        "clip__survey_audio",
        "clip__is_practice",
    )
    shown = {
        "images": list(images.values_list(*what)),
        "settings": {name: getattr(study, name) for name in SHOWN},
    }
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:32]


def last_verdict(study: Study) -> BlindingAudit | None:
    """The last finished audit of the study as it is now, or None."""
    return study.blinding_audits.filter(fingerprint=fingerprint(study), state__in=VERDICTS).first()


def last_audits(study: Study) -> tuple[BlindingAudit | None, BlindingAudit | None]:
    """The last audit of the study as it is now, finished or not, and the last that came to a verdict."""
    audits = list(study.blinding_audits.filter(fingerprint=fingerprint(study))[:20])
    return next(iter(audits), None), next((audit for audit in audits if audit.state in VERDICTS), None)


def ask_for_audit(study: Study, actor: Any = None, *, opens_plan: str = "") -> BlindingAudit:
    """Lets a worker audit the study as it is now; where one is at it already, that one.

    Args:
        opens_plan: the digest of the plan with which the study is to open once the audit has passed.
    """
    known, _ = last_audits(study)
    if known is not None and known.is_going:
        if opens_plan:
            going = BlindingAudit.objects.filter(pk=known.pk, state__in=BlindingAudit.GOING)
            if not going.update(opens_plan=opens_plan, actor=actor):  # it ended meanwhile
                return ask_for_audit(study, actor, opens_plan=opens_plan)
        return known
    with transaction.atomic():
        audit = BlindingAudit.objects.create(
            study=study, actor=actor, fingerprint=fingerprint(study), opens_plan=opens_plan
        )
        transaction.on_commit(lambda: queue_audit(audit.pk))
    return audit


def queue_audit(audit_id: int) -> None:
    """Send the audit's message to a worker; the task is named, since its module imports this one."""
    current_app.send_task("study.audit_blinding", (audit_id,))


def waiting() -> list[int]:
    """The audits that wait for a worker; their messages may have been lost with one that was killed."""
    rows = BlindingAudit.objects.filter(state=BlindingAudit.State.WAITING)
    return [audit.pk for audit in rows.order_by("pk") if audit.is_going]


def take(audit_id: int) -> BlindingAudit | None:
    """The audit, if it is still to do: of two workers one gets it. One that nobody took for long opens nothing."""
    row = BlindingAudit.objects.filter(pk=audit_id, state=BlindingAudit.State.WAITING)
    audit = row.select_related("study", "actor").first()
    if audit is None:
        return None
    opens_plan = audit.opens_plan if audit.is_going else ""
    if not row.update(state=BlindingAudit.State.RUNNING, moved_at=timezone.now(), opens_plan=opens_plan):
        return None
    audit.refresh_from_db()
    return audit
