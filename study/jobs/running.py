"""A job at work, as its kind's function gets it: arguments, inputs, progress, paths for its results."""

import shutil
import time
from pathlib import Path
from typing import Any

from django.utils import timezone

from study.background_work import rows
from study.errors import StudyError
from study.models import Job, JobFile, Study

# Seconds between two reports of progress to the database.
REPORT_EVERY = 1.0


class JobCancelled(Exception):
    """Somebody cancelled the job, or another process has taken it over: the work is to stop, nothing is stored."""


class JobFaults(StudyError):
    """What came in cannot be used; `faults` has a sentence for each fault."""

    def __init__(self, message: str, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(message)


class RunningJob:
    """A job that this process works on. Its `outcome` is stored with the job: what to tell beside the files."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.study: Study = job.study
        self.arguments: dict[str, Any] = job.arguments
        self.inputs: list[JobFile] = list(job.inputs)
        self.outcome: dict[str, Any] = {}
        self.folder = folder
        self._ours = rows.still_ours(job)
        self.results: dict[str, tuple[str, Path]] = {}  # by name: content type and path
        self._reported = float("-inf")

    def report(self, done: int, total: int = 0, at_hand: str = "") -> None:
        """Tell how much is done; to the database once a second at most.

        Call it often: it is also where cancelled work stops. Within a transaction nobody sees it before the commit.

        Args:
            total: of how much; 0 if that is not known.
            at_hand: the file or step that comes now, in words.

        Raises:
            JobCancelled: stop, and store nothing.
        """
        if time.monotonic() - self._reported < REPORT_EVERY:
            return
        self._reported = time.monotonic()
        now = timezone.now()
        if not self._ours.update(done=done, total=total, at_hand=at_hand[:200], alive_at=now):
            raise JobCancelled

    def new_result(self, name: str, content_type: str) -> Path:
        """Return the path to write the result file `name` to; it is stored once the kind's function has returned."""
        path = self.folder / f"result-{len(self.results)}"
        self.results[name] = content_type, path
        return path

    def input_path(self, row: JobFile) -> Path:
        """Return a path on this machine with the content of an input; not to be changed."""
        try:
            return Path(row.file.path)
        except NotImplementedError:  # the storage is no folder: S3
            path = self.folder / f"input-{row.pk}"
            if not path.exists():
                with row.file.open("rb") as source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
            return path
