"""The study's Celery tasks. Messages hold ids at most; the rows decide whether there is work."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from study.blinding_audit import queueing
from study.blinding_audit.audit import run_queued_audit
from study.published_heads.publishing import publish_due
from study.setup.lifecycle import open_after_audit


@shared_task(name="study.audit_blinding")
def audit_blinding(audit_id: int) -> None:
    """Run an audit that still waits, then open the study if the audit was asked for that."""
    if (audit := queueing.claim_audit(audit_id)) is not None:
        run_queued_audit(audit)
        open_after_audit(audit)


@shared_task(name="study.publish_heads")
def publish_heads() -> None:
    """Publish the heads that are due; beat sends it, and opening and closing a study do."""
    publish_due()


@worker_ready.connect
def queue_waiting(**_kwargs: Any) -> None:
    """Queue waiting audits again: a killed worker may have taken their messages with it. Duplicates do no harm."""
    for audit_id in queueing.waiting_audits():
        queueing.queue_audit(audit_id)
