"""The work of a worker that reads an upload of pictures which is too large for a request.

Every command registers it when it starts, so that what reads pictures is imported by the work alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.jobs import JobFaults, JobKind, RunningJob, register
from study.models import Job, Study

if TYPE_CHECKING:
    from generation.ready_made.uploading import Taken

KIND = "import-images"


def in_words(taken: Taken) -> str:
    """Say what an upload brought."""
    done = ngettext("The images of %(n)d clip are imported.", "The images of %(n)d clips are imported.", taken.clips)
    return " ".join([done % {"n": taken.clips}, *taken.notes])


def _work(job: RunningJob) -> None:
    from generation.ready_made.uploading import UploadRefused, take_upload

    def set_ready(taken: Taken) -> None:
        job.outcome["message"] = in_words(taken)
        job.set_ready()

    with job.input_files() as files:
        try:
            take_upload(job.study, files, actor=job.job.actor, report=job.report, taken=set_ready)
        except UploadRefused as error:
            raise JobFaults(_("Nothing was imported."), list(error.faults)) from error


def _check(study: Study, _arguments: Mapping[str, Any]) -> None:
    from generation.ready_made.uploading import check_state

    check_state(study)


def _progress(job: Job) -> str:
    return _("%(done)d of %(total)d images are checked.") % {"done": job.done, "total": job.total}


register(
    JobKind(
        name=KIND,
        work=_work,
        title=lambda _job: _("Upload of images"),
        page="generation_upload",
        check=_check,
        progress=_progress,
    )
)
