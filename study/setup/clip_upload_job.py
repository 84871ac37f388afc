"""The work of a worker that imports uploaded clips which are too many or too large for a request."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.jobs import JobFaults, JobKind, RunningJob, register
from study.models import Job, Study
from study.setup.clip_import import ImportedFile, import_clips
from study.setup.draft_lock import refuse_unless_draft

KIND = "import-clips"


def in_words(added: int) -> str:
    """Say how many clips an upload brought."""
    return ngettext("%(n)d clip added.", "%(n)d clips added.", added) % {"n": added}


def _work(job: RunningJob) -> None:
    """Import each file on its own. What a killed predecessor has imported is in the outcome, and stays."""
    job.outcome.setdefault("read", 0)
    job.outcome.setdefault("added", 0)

    def note(result: ImportedFile) -> None:
        job.outcome["read"] += 1
        if result.clip is None:
            job.faults.append(result.problem)
        else:
            job.outcome["added"] += 1
            job.outcome["message"] = in_words(job.outcome["added"])
        job.keep_outcome()

    with job.input_files() as files:
        rest = files[job.outcome["read"] :]
        total = len(files)
        import_clips(
            job.study,
            rest,
            actor=job.job.actor,
            report=lambda done, name: job.report(total - len(rest) + done, total, name),
            imported=note,
        )
    if not job.outcome["added"]:
        raise JobFaults(_("No clip was added."), job.faults)


def _check(study: Study, _arguments: object) -> None:
    refuse_unless_draft(study)


def _progress(job: Job) -> str:
    return _("%(done)d of %(total)d clips are checked.") % {"done": job.done, "total": job.total}


register(
    JobKind(
        name=KIND,
        work=_work,
        title=lambda _job: _("Upload of clips"),
        page="study_clips",
        check=_check,
        progress=_progress,
    )
)
