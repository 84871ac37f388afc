"""Hand audits to a worker: ask for one, queue its message, claim it."""

from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from study.blinding_audit.verdicts import fingerprint, last_audits
from study.models import BlindingAudit, Study


def ask_for_audit(study: Study, actor: Any = None, *, opens_plan: str = "") -> BlindingAudit:
    """Queue an audit of the study as it is now, or return the one that is queued or running already.

    Args:
        opens_plan: digest of the plan with which the study opens if the audit passes.
    """
    known, _ = last_audits(study)
    if known is not None and known.is_going:
        if opens_plan:
            going = BlindingAudit.objects.filter(pk=known.pk, state__in=BlindingAudit.GOING)
            if not going.update(opens_plan=opens_plan, actor=actor):  # the audit ended meanwhile
                return ask_for_audit(study, actor, opens_plan=opens_plan)
        return known
    with transaction.atomic():
        audit = BlindingAudit.objects.create(
            study=study, actor=actor, fingerprint=fingerprint(study), opens_plan=opens_plan
        )
        transaction.on_commit(lambda: queue_audit(audit.pk))
    return audit


def queue_audit(audit_id: int) -> None:
    """Send the audit's message to a worker. The task goes by name because its module imports this one."""
    current_app.send_task("study.audit_blinding", (audit_id,))


def waiting_audits() -> list[int]:
    """Return the ids of the audits that wait for a worker."""
    rows = BlindingAudit.objects.filter(state=BlindingAudit.State.WAITING)
    return [audit.pk for audit in rows.order_by("pk") if audit.is_going]


def claim_audit(audit_id: int) -> BlindingAudit | None:
    """Claim a waiting audit, or return None if another worker has it.

    An audit that waited too long no longer opens the study.
    """
    row = BlindingAudit.objects.filter(pk=audit_id, state=BlindingAudit.State.WAITING)
    audit = row.select_related("study", "actor").first()
    if audit is None:
        return None
    opens_plan = audit.opens_plan if audit.is_going else ""
    if not row.update(state=BlindingAudit.State.RUNNING, moved_at=timezone.now(), opens_plan=opens_plan):
        return None
    audit.refresh_from_db()
    return audit
