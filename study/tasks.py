"""The Celery task of a blinding audit. Its message holds the audit's id; the row decides whether there is work."""

from celery import shared_task

from study import lookout
from study.blinding_audit import queueing
from study.blinding_audit.audit import run_queued_audit
from study.setup.lifecycle import open_after_audit


@shared_task(name="study.audit_blinding")
def audit_blinding(audit_id: int) -> None:
    """Run an audit that still waits, then open the study if the audit was asked for that."""
    if (audit := queueing.claim_audit(audit_id)) is not None:
        run_queued_audit(audit)
        open_after_audit(audit)
    elif (audit := queueing.passed_and_unopened(audit_id)) is not None:
        open_after_audit(audit)


lookout.register("blinding checks", queueing.find_lost_audits)
