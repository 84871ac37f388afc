"""The bundle as a job: written by a worker, for the results page."""

from django.utils.translation import gettext as _

from analysis.study_results import analyses
from analysis.study_results.prepared import check_results, results_version
from analysis.tables.study_tables import settle_people
from config.bundles.write import outdated, write_bundle
from study import jobs
from study.access import Right
from study.jobs import JobKind, RunningJob
from study.models import Job, Study

BUNDLE = "bundle"


def ensure_current(study: Study) -> None:
    """Raise NotAllowedNow if the analysis that would go into the bundle is not of the answers as they are now."""
    analysis = analyses.latest_unsealed(study)
    if analysis is None or not analyses.is_current(analysis):  # also if somebody has withdrawn since
        raise outdated()


def _make(job: RunningJob) -> None:
    ensure_current(job.study)
    tables = job.folder / "tables"
    tables.mkdir()
    with job.new_result(file_name(job.study), "application/zip").open("wb") as file:
        for done, name in enumerate(write_bundle(job.study, file, tables), start=1):
            job.report(done, at_hand=name)


def file_name(study: Study) -> str:
    """Return the name of the study's bundle."""
    return f"{study.slug}.zip"


def _title(_job: Job) -> str:
    return _("Everything as one ZIP file")


jobs.register(
    JobKind(
        BUNDLE,
        _make,
        _title,
        "study_results",
        check_results,
        results_version,
        settle=settle_people,
        right=Right.DATA,
    )
)
