"""Do a job in a worker: claim it, call its kind's function, store the result or the failure."""

import errno
import hashlib
import logging

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from study.background_work import rows, schema
from study.errors import StudyError
from study.jobs import files
from study.jobs.kinds import JobKind, current_key, key_of, kind_named
from study.jobs.running import JobCancelled, JobFaults, RunningJob
from study.models import Job, JobFile, Study
from study.models.jobs import job_path
from study.stored_files.unavailable import StorageUnavailable

logger = logging.getLogger(__name__)


def run_job(job_id: int) -> None:
    """Do the work of a job, unless it has ended or another process does it."""
    job = rows.claim(Job.objects.filter(pk=job_id).select_related("study"))
    if job is None:
        return
    with translation.override(job.language or settings.LANGUAGE_CODE):
        try:
            with rows.kept_alive(job), files.work_folder(job) as folder:
                _work(RunningJob(job, folder))
        except JobCancelled:
            logger.info("The job %s (%s) was cancelled.", job.pk, job.kind)
        except JobFaults as error:
            _fail(job, str(error), error.faults)
        except StudyError as error:
            _fail(job, str(error))
        except OperationalError:  # the database is away: the row stays as it is, and the look-out finds it
            raise
        except Exception as error:
            if schema.is_cause_of(error):  # a worker of the other version does it
                raise
            if isinstance(error, StorageUnavailable) and not error.refused and job.attempts < rows.ATTEMPTS:
                raise  # as with a database that is away
            _fail(job, _storage_fault(error) or _unexpected(job, error))
    files.erase_unneeded(job)


def _work(running: RunningJob) -> None:
    job, kind = running.job, kind_named(running.job.kind)
    if kind is None:
        raise StudyError(_("This worker's version of the software cannot do this. Update the worker, then ask again."))
    key = current_key(kind, running.study, running.arguments)
    if not rows.still_ours(job).update(key=key):
        raise JobCancelled
    running.study.refresh_from_db()  # not older than the key
    kind.work(running)
    if not running.is_ready:
        _finish(running, kind, key)


def _finish(running: RunningJob, kind: JobKind, key: str) -> None:
    """Store the results and set the job to ready, if it is still ours and its data are as they were.

    Raises:
        JobCancelled: it is no longer ours.
        StudyError: data changed meanwhile, or the kind may not give out its files now.
    """
    job = running.job
    stored = [_store(running, name) for name in running.results]
    with transaction.atomic():
        study = Study.objects.select_for_update().get(pk=job.study_id)
        if key:
            kind.check(study, job.arguments)
            if key_of(kind, study, job.arguments) != key:
                raise StudyError(_("Something changed while the files were made. Ask for them again."))
        running.set_ready()
        for row in job.results.exclude(pk__in=[row.pk for row in stored]):  # of a killed predecessor
            row.delete()


def _store(running: RunningJob, name: str) -> JobFile:
    content_type, path = running.results[name]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        # The row first: a file without a row would be found only after a day. The update locks the job's row, so that
        # a process that has lost the job adds no file to those of the one that took it over.
        with transaction.atomic():
            if not rows.still_ours(running.job).update(alive_at=timezone.now()):
                raise JobCancelled
            row = JobFile.objects.create(
                job=running.job,
                is_result=True,
                file=job_path(JobFile(), name),
                name=name,
                content_type=content_type,
                size=path.stat().st_size,
                digest=digest,
            )
        default_storage.save(str(row.file), File(file))
    path.unlink()
    return row


def _fail(job: Job, error: str, faults: list[str] | None = None) -> None:
    rows.still_ours(job).update(
        state=Job.State.FAILED, error=error, faults=faults or [], at_hand="", finished_at=timezone.now()
    )


def _storage_fault(error: Exception) -> str:
    if isinstance(error, StorageUnavailable):
        return _("The storage of files does not answer, or refuses access. Ask again when it is back.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("The server's disk is full. Whoever runs the server has to make room; then ask again.")
    return ""


def _unexpected(job: Job, error: Exception) -> str:
    if rows.still_ours(job).exists():  # a cancelled job's inputs may be gone already
        logger.exception("The job %s (%s) of %s failed.", job.pk, job.kind, job.study.slug)
    return rows.unexpected(error)
