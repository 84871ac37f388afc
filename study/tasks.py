"""The study's Celery tasks. Messages hold ids at most; the rows decide whether there is work."""

from celery import shared_task

from study.background_work import lookout
from study.blinding_audit import queueing
from study.blinding_audit.audit import run_queued_audit
from study.jobs.requests import find_lost_jobs
from study.jobs.work import run_job
from study.notices.sending import tell_what_is_due
from study.participants.retention import enforce_retention
from study.published_heads.publishing import publish_due
from study.setup.lifecycle import open_after_audit
from study.setup.schedule import keep_all
from study.setup.trash import empty_trash


@shared_task(name="study.audit_blinding")
def audit_blinding(audit_id: int) -> None:
    """Run an audit that still waits, then open the study if the audit was asked for that."""
    if (audit := queueing.claim_audit(audit_id)) is not None:
        run_queued_audit(audit)
        open_after_audit(audit)
    elif (audit := queueing.passed_and_unopened(audit_id)) is not None:
        open_after_audit(audit)


@shared_task(name="study.enforce_retention")
def erase_what_is_over() -> None:
    """Erase what is kept for a time only; sent daily, and nothing is left to do if it has been done."""
    enforce_retention()


@shared_task(name="study.publish_heads")
def publish_heads() -> None:
    """Publish the heads that are due; beat sends it, and opening and closing a study do."""
    publish_due()


@shared_task(name="study.tell_what_is_due")
def send_notices() -> None:
    """Mail what those who run a study want to be told; sent by beat, and once it is told nothing is left to do."""
    tell_what_is_due()


@shared_task(name="study.keep_schedules")
def keep_schedules() -> None:
    """Open and close the studies for which it is time; beat sends it every minute."""
    keep_all()


@shared_task(name="study.empty_trash")
def erase_what_was_deleted() -> None:
    """Erase what was deleted more than a day ago; beat sends it every hour."""
    empty_trash()


@shared_task(name="study.run_job")
def do_job(job_id: int) -> None:
    """Do a job's work, unless it has ended or another worker does it."""
    run_job(job_id)


lookout.register("jobs", find_lost_jobs)
lookout.register("blinding checks", queueing.find_lost_audits)
