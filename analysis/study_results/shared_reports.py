"""Reports that are shared by a link: who may read what, until when, and the files that a worker makes for them.

A link shows the analysis that was the newest when it was made. Its files are made for it alone and kept as long as it
works. Like the console, it gives out nothing of an analysis since which somebody has withdrawn.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analysis.models import SharedReport
from analysis.study_results import analyses
from analysis.study_results.report_files import CONTENT_TYPES, LANGUAGES, Report
from study import jobs
from study.access import Right, lock_as_owner
from study.errors import NotAllowedNow, StudyError
from study.jobs import JobKind, RunningJob
from study.models import Job, Study
from study.models.log import record
from study.opaque_tokens import new_token
from study.participants.links import full_url
from study.participants.tokens import token_hash

KIND = "shared_report"
USUAL_DAYS, MOST_DAYS = 30, 365
SHARED, SHARE_ENDED = "report shared", "shared report ended"
"""Their entries in the log, which no file of the results tells."""


def share_report(study: Study, last_day: date, note: str = "", *, actor: Any) -> tuple[SharedReport, str]:
    """Share the newest analysis until the end of `last_day`, and ask a worker for its files.

    Returns:
        The link's row, and its address, which is known only now.

    Raises:
        StudyError: there is nothing to share, or the day is not one of the next 365.
        PermissionDenied: the actor does not own the study.
    """
    today = timezone.localdate()
    if not today <= last_day <= today + timedelta(days=MOST_DAYS):
        raise StudyError(
            _("Choose a last day between today and %(latest)s.")
            % {"latest": date_format(today + timedelta(days=MOST_DAYS), _("j M Y"))}
        )
    token = new_token()
    with transaction.atomic():
        study = lock_as_owner(study, actor)
        share = SharedReport.objects.create(
            analysis=analyses.ensure_results(study),
            token_hash=token_hash(token),
            note=note,
            shared_by=actor,
            last_day=last_day,
        )
        # Not the note: it may name somebody, and the log is for ever.
        record(study, SHARED, actor=actor, link=share.pk, until=last_day.isoformat())
    job_of(share)
    return share, full_url(reverse("shared_report", args=[token]))


def end_share(share: SharedReport, *, actor: Any) -> None:
    """End a link at once, and erase its files.

    Raises:
        PermissionDenied: the actor does not own the study.
    """
    with transaction.atomic():
        study = lock_as_owner(share.analysis.study, actor)
        number = share.pk
        for job in study.jobs.filter(kind=KIND):
            if job.arguments == {"share": number}:
                job.delete()
        if share.delete()[0]:
            record(study, SHARE_ENDED, actor=actor, link=number)


def shares_of(study: Study) -> list[SharedReport]:
    """The study's links that were not ended by hand, the newest first."""
    shares = SharedReport.objects.filter(analysis__study=study).select_related("analysis__study", "shared_by")
    return list(shares.defer("analysis__result"))


def find_share(token: str) -> SharedReport | None:
    """Return what the link with this token shows; None if it shows nothing, for whatever reason."""
    found = SharedReport.objects.select_related("analysis__study").filter(token_hash=token_hash(token)).first()
    return found if found is not None and shows_something(found) else None


def shows_something(share: SharedReport) -> bool:
    """Whether the link works: its day is not over, and its analysis may be used."""
    return not (share.has_ended or share.analysis.study.is_sealed or analyses.holds_erased(share.analysis))


def is_superseded(share: SharedReport) -> bool:
    """Whether the study was analysed anew since."""
    newest = analyses.latest(share.analysis.study)
    return newest is not None and newest.pk != share.analysis_id


def note_opened(share: SharedReport) -> None:
    """Store that the link was opened today; once a day, and nothing of who it was."""
    today = timezone.localdate()
    SharedReport.objects.filter(pk=share.pk).exclude(last_opened_on=today).update(last_opened_on=today)


def job_of(share: SharedReport) -> Job:
    """Return the job that makes or made the link's files; queue it if there is none, or if they were erased.

    One that failed is returned too: visitors must not repeat it again and again.

    Raises:
        NotAllowedNow: the link shows nothing any more.
    """
    study, arguments = share.analysis.study, {"share": share.pk}
    return jobs.newest_job(study, KIND, arguments) or jobs.request_job(study, KIND, arguments)


def file_names(language: str) -> tuple[str, str, str]:
    """The names of a link's files in this language: the report as a page and to print, and its figures."""
    return f"report-{language}.html", f"report-{language}.pdf", f"figures-{language}.zip"


def _share_of(study: Study, arguments: Mapping[str, Any]) -> SharedReport:
    """The link of a job.

    Raises:
        NotAllowedNow: it shows nothing any more.
    """
    rows = SharedReport.objects.select_related("analysis__study").filter(analysis__study=study)
    share = rows.filter(pk=arguments["share"]).first()
    if share is None or not shows_something(share):
        raise NotAllowedNow(_("This link has ended: share the report again."))
    return share


def _check(study: Study, arguments: Mapping[str, Any]) -> None:
    _share_of(study, arguments)


def _version(_study: Study, arguments: Mapping[str, Any]) -> list[Any]:
    """The analysis of a link stays the same."""
    return [arguments.get("share")]


def _make(job: RunningJob) -> None:
    """Make the link's files in every language, and note the figures' titles for its page."""
    analysis = _share_of(job.study, job.arguments).analysis
    for done, language in enumerate(LANGUAGES):
        report = Report(analysis, language)
        for name in file_names(language):
            job.report(done, len(LANGUAGES), name)
            job.new_result(name, CONTENT_TYPES[name.rpartition(".")[2]]).write_bytes(report.file(name))
        job.outcome[language] = [{"key": figure.key, "title": figure.title} for figure in report.figures()]


def _title(job: Job) -> str:
    share = SharedReport.objects.filter(pk=job.arguments.get("share")).first()
    if share is None:
        return _("Shared report")
    return _("Shared report, until %(day)s") % {"day": date_format(share.last_day, _("j M Y"))}


def _is_kept(job: Job) -> bool:
    share = SharedReport.objects.filter(pk=job.arguments.get("share")).first()
    return share is not None and not share.has_ended


jobs.register(JobKind(KIND, _make, _title, "study_share", _check, _version, is_kept=_is_kept, right=Right.RESULTS))
