"""Ask for a job, cancel it, find its files, and send its message to a worker."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from study.background_work import messages, rows
from study.errors import NotAllowedNow
from study.jobs import files
from study.jobs.kinds import JobKind, current_key, key_of, kind_named
from study.models import Job, JobFile, Study
from study.models.jobs import job_path
from study.models.log import person_of


def request_job(
    study: Study,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    actor: Any = None,
    inputs: Iterable[UploadedFile] = (),
    alone: bool = False,
) -> Job:
    """Queue a job of the kind `name`, or return one that gives or has given the same files.

    Not inside a transaction: storing the inputs may take long.

    Args:
        arguments: what the kind's function gets, as JSON.
        inputs: uploads that the job reads; they are stored before this returns, and erased when the job has ended.
        alone: refuse it while another of its kind goes on.

    Raises:
        StudyError: the kind may not run now.
    """
    kind = _known(name)
    arguments = dict(sorted((arguments or {}).items()))
    kind.check(study, arguments)
    key = key_of(kind, study, arguments)
    if (job := _same(study, kind, arguments, key)) is not None:
        return job
    stored: list[JobFile] = []
    try:
        for upload in inputs:
            stored.append(_store(upload))
        with transaction.atomic():
            Study.objects.select_for_update().get(pk=study.pk)
            if alone:
                refuse_second(study, name)
            if not stored and (job := _same(study, kind, arguments, key)) is not None:
                return job
            job = Job.objects.create(
                study=study,
                kind=name,
                arguments=arguments,
                key=key,
                actor=person_of(actor),
                language=(translation.get_language() or "").split("-")[0],
            )
            for row in stored:
                row.job = job
            JobFile.objects.bulk_create(stored)
    except BaseException:
        for row in stored:
            default_storage.delete(str(row.file))
        raise
    wake(job)
    return job


def going_on(study: Study, name: str) -> Job | None:
    """Return the study's unfinished job of a kind, if there is one."""
    return study.jobs.filter(kind=name, state__in=Job.UNFINISHED).first()


def refuse_second(study: Study, name: str) -> None:
    """Refuse an upload while another one of its kind is read.

    Raises:
        NotAllowedNow
    """
    if going_on(study, name) is not None:
        raise NotAllowedNow(_("Another upload is being read. Wait for it, or cancel it, and upload then."))


def _known(name: str) -> JobKind:
    kind = kind_named(name)
    if kind is None:
        raise LookupError(f"no kind of job is registered as {name!r}")
    return kind


def _same(study: Study, kind: JobKind, arguments: dict[str, Any], key: str) -> Job | None:
    """Return a job that gives the same files: ready, running, or waiting, in which case it reads the data later."""
    if not key:
        return None
    going = study.jobs.filter(kind=kind.name, state__in=(*Job.UNFINISHED, Job.State.READY))
    for job in going.order_by("-pk"):
        if job.key == key or (job.state == Job.State.WAITING and job.arguments == arguments):
            return job
    return None


def _store(upload: UploadedFile) -> JobFile:
    name = (upload.name or "")[-255:]
    path = default_storage.save(job_path(JobFile(), name), upload)
    return JobFile(file=path, name=name, content_type=(upload.content_type or "")[:120], size=upload.size or 0)


def wake(job: Job) -> None:
    """Send the job's message, after the commit."""
    transaction.on_commit(lambda: queue_job(job.pk))


def queue_job(job_id: int) -> None:
    """Send the job's message to a worker. The task goes by name because its module imports this room."""
    if messages.send("study.run_job", (job_id,)):
        Job.objects.filter(pk=job_id).update(sent_at=timezone.now())


def find_lost_jobs(starting: bool) -> int:
    """Send again the messages of jobs that no process works on, and erase files that are needed no more.

    Args:
        starting: a worker has just started; messages that a killed predecessor had fetched are lost.

    Returns:
        How many jobs were lost.
    """
    files.erase_unneeded()
    files.erase_left_folders()
    ids = rows.lost(Job.objects.all(), starting)
    for job_id in ids:
        queue_job(job_id)
    return len(ids)


def cancel(job: Job) -> None:
    """End an unfinished job; a worker that works on it stops at its next report of progress.

    Raises:
        NotAllowedNow: it has ended already.
    """
    unfinished = Job.objects.filter(pk=job.pk, state__in=Job.UNFINISHED)
    if not unfinished.update(state=Job.State.CANCELLED, finished_at=timezone.now()):
        raise NotAllowedNow(_("This work has ended already."))
    job.refresh_from_db()
    files.erase_unneeded(job)


def newest_job(study: Study, name: str, arguments: Mapping[str, Any]) -> Job | None:
    """Return the newest job about the data as they are now, also one that failed; None if its files are erased.

    Raises:
        StudyError: the kind's files may not be given out now.
    """
    kind = _known(name)
    kind.check(study, arguments)
    same = study.jobs.filter(kind=name, key=key_of(kind, study, arguments))
    return same.exclude(state=Job.State.EXPIRED).first()


def ready_file(study: Study, name: str, arguments: Mapping[str, Any], file_name: str) -> JobFile | None:
    """Return the file that a job has made from the data as they are now; None if there is none.

    Raises:
        StudyError: the kind's files may not be given out now.
    """
    key = current_key(_known(name), study, arguments)
    found = JobFile.objects.filter(job__study=study, job__state=Job.State.READY, job__key=key, is_result=True)
    return found.filter(name=file_name).select_related("job").last()


def ensure_current(job: Job) -> None:
    """Raise NotAllowedNow if the job's files are not to be given out (any more).

    Raises:
        NotAllowedNow: the study is sealed, somebody has withdrawn or data have changed since, or the files are erased.
    """
    kind = kind_named(job.kind)
    if job.state == Job.State.EXPIRED or kind is None:
        raise NotAllowedNow(_("These files are erased. Ask for them again."))
    if job.state != Job.State.READY:
        raise NotAllowedNow(_("These files are not ready."))
    if job.key != current_key(kind, job.study, job.arguments):
        raise NotAllowedNow(_("Something has changed since these files were made. Ask for them again."))
