"""The files of jobs in storage: made in a private folder, stored when complete, erased when needed no more.

The row of a file is deleted first, and the file after the commit. What a killed process leaves without a row is found
by `erase_strays`.
"""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.signals import post_delete
from django.utils import timezone
from django.utils.translation import gettext_noop

from study.jobs.kinds import kind_named
from study.models import Job, JobFile, Study
from study.stored_files.deleting import delete_stored

logger = logging.getLogger(__name__)

# A file without a row, or a work folder, is older than any upload or job that is still going on.
STRAY_AFTER = timedelta(days=1)
WITHDRAWN = gettext_noop("Somebody's data have been erased since, and with them these files. Ask for them again.")


@contextmanager
def work_folder(job: Job | None = None) -> Iterator[Path]:
    """Yield an empty folder on the disk of the data, which is large; the usual temporary folder may lie in memory.

    A killed process leaves its folder: that of a job is deleted when another process takes the job over.
    """
    parent = _work_parent()
    parent.mkdir(mode=0o700, exist_ok=True)
    prefix = f"job-{job.pk}-{job.attempts}-" if job is not None else None
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def erase_left_folders() -> None:
    """Delete the work folders of jobs on which their process works no more: it was killed."""
    for folder in _work_parent().glob("job-*-*-*"):
        _job, pk, attempt, _random = folder.name.split("-", 3)
        if not Job.objects.filter(pk=pk, attempts=attempt, state=Job.State.RUNNING).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _work_parent() -> Path:
    return Path(settings.DATA_DIR) / "work"


def _delete_stored(sender: Any, instance: JobFile, **_more: Any) -> None:
    name = str(instance.file)

    def delete() -> None:
        try:
            default_storage.delete(name)
        except OSError:
            logger.warning("%s could not be deleted; it is tried again.", name, exc_info=True)

    transaction.on_commit(delete)


def connect() -> None:
    """Delete the stored file whenever its row is deleted, also with its job or its study."""
    post_delete.connect(_delete_stored, sender=JobFile, dispatch_uid="study.jobs.stored-file")


def erase_unneeded(job: Job | None = None) -> None:
    """Erase what ended jobs have read, and what those made that did not end well; of one job, or of all."""
    needed = Q(job__state__in=Job.UNFINISHED) | Q(job__state=Job.State.READY, is_result=True)
    unneeded = JobFile.objects.exclude(needed)
    for row in unneeded.filter(job=job) if job is not None else unneeded:
        row.delete()


def erase_results(study: Study) -> None:
    """Erase all files made from the study's data, because somebody's are erased; in the transaction that erases them.

    Work that goes on notices at its end that its data have changed.
    """
    _expire(study.jobs.filter(state=Job.State.READY, files__is_result=True), WITHDRAWN)


def _expire(jobs: QuerySet[Job], reason: str) -> None:
    ids = list(jobs.values_list("pk", flat=True))
    JobFile.objects.filter(job__in=ids).delete()
    Job.objects.filter(pk__in=ids).update(state=Job.State.EXPIRED, error=reason)


def over_their_time(now: datetime) -> QuerySet[Job]:
    """Jobs whose files have been kept for as long as they may be."""
    old = Job.objects.filter(
        state=Job.State.READY, finished_at__lt=now - timedelta(days=settings.KEEP_DOWNLOADS_DAYS)
    ).filter(files__isnull=False)
    kept = [job.pk for job in old.distinct() if (kind := kind_named(job.kind)) is not None and kind.is_kept(job)]
    return old.exclude(pk__in=kept)


def expire(now: datetime) -> None:
    """Erase files that have been kept for long enough."""
    _expire(over_their_time(now), "")


def forgettable(now: datetime) -> QuerySet[Job]:
    """Ended jobs without files that nobody needs to see in the list any more."""
    long_ago = now - 2 * timedelta(days=settings.KEEP_DOWNLOADS_DAYS)
    return Job.objects.filter(finished_at__lt=long_ago, files=None).exclude(state__in=Job.UNFINISHED)


def _strays(now: datetime) -> list[str]:
    """Return the names in storage of files of jobs that no row refers to."""
    try:
        names = [f"jobs/{name}" for name in default_storage.listdir("jobs")[1]]
    except FileNotFoundError:  # none was ever stored
        return []
    known = set(JobFile.objects.values_list("file", flat=True))
    return [name for name in names if name not in known and _is_old(name, now)]


def _is_old(name: str, now: datetime) -> bool:
    try:
        return bool(default_storage.get_modified_time(name) < now - STRAY_AFTER)
    except OSError:  # deleted meanwhile
        return False


def erase_strays(now: datetime | None = None) -> None:
    """Delete the files and work folders that killed processes have left."""
    now = now or timezone.now()
    if _work_parent().is_dir():
        for path in _work_parent().iterdir():
            with suppress(OSError):
                if path.stat().st_mtime < (now - STRAY_AFTER).timestamp():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()  # uploads that were coming in
    try:
        delete_stored(_strays(now))
    except OSError:
        logger.warning("Stray files of jobs could not be looked for; it is tried again tomorrow.", exc_info=True)
