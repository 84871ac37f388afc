"""A job at work, as its kind's function gets it: arguments, inputs, progress, paths for its results."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from study.background_work import rows
from study.errors import StudyError
from study.models import Job, JobFile, Study
from study.untrusted_files.uploads import LocalFile

# Seconds between two reports of progress to the database.
REPORT_EVERY = 1.0
# What was uploaded longer ago is not imported: whoever sent it may have helped themselves in another way.
INPUTS_WAIT = timedelta(days=1)


class JobCancelled(Exception):
    """Somebody cancelled the job, or another process has taken it over: the work is to stop, nothing is stored."""


class JobFaults(StudyError):
    """What came in cannot be used; `faults` has a sentence for each fault."""

    def __init__(self, message: str, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(message)


class RunningJob:
    """A job that this process works on.

    Stored with the job are its `outcome`, what to tell beside the files (`message`, and what the kind keeps), and
    `faults`, a sentence for each part that was left out. Both begin as a killed predecessor left them.
    """

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.study: Study = job.study
        self.arguments: dict[str, Any] = job.arguments
        self.inputs: list[JobFile] = list(job.inputs)
        self.outcome: dict[str, Any] = dict(job.outcome)
        self.faults: list[str] = list(job.faults)
        self.is_ready = False
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

    def keep_outcome(self) -> None:
        """Store outcome and faults as they are now, in the transaction that stores what they tell of.

        Raises:
            JobCancelled: stop, and store nothing.
        """
        if not self._ours.update(outcome=self.outcome, faults=self.faults):
            raise JobCancelled

    def set_ready(self) -> None:
        """End the job in the transaction that stores what it changes: both are done, once, or neither.

        Kinds with result files leave it to `study.jobs.work`.

        Raises:
            JobCancelled: store nothing.
        """
        done: dict[str, Any] = {"state": Job.State.READY, "error": "", "at_hand": "", "finished_at": timezone.now()}
        if not self._ours.update(outcome=self.outcome, faults=self.faults, **done):
            raise JobCancelled
        self.is_ready = True

    @contextmanager
    def input_files(self) -> Iterator[list[LocalFile]]:
        """Yield what was uploaded, as files on this machine under their own names.

        Raises:
            StudyError: it has waited for too long.
        """
        if timezone.now() - self.job.requested_at > INPUTS_WAIT:
            raise StudyError(_("No worker had time for this upload within a day. Nothing was imported; upload again."))
        with ExitStack() as stack:
            yield [stack.enter_context(LocalFile(self.input_path(row), row.name)) for row in self.inputs]

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
