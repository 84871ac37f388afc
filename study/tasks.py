"""The Celery task of a blinding audit. It carries an id; the row says whether there is anything to do."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from study.blinding_audit import perform, record
from study.setup.lifecycle import open_checked


@shared_task(name="study.audit_blinding")
def audit_blinding(audit_id: int) -> None:
    """Does the audit, if it is still to do, and opens the study where that is what it was asked for."""
    if (audit := record.take(audit_id)) is not None:
        perform(audit)
        open_checked(audit)


@worker_ready.connect
def queue_waiting(**_kwargs: Any) -> None:
    """Whose message a killed worker had is queued again; a second message does nothing."""
    for audit_id in record.waiting():
        record.queue_audit(audit_id)
