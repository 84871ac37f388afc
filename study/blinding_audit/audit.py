"""The audit: pilots visit the survey, bettors try every channel, the verdict goes into the study's log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop, override

from study import texts
from study.background_work import schema
from study.background_work.heartbeat import heartbeat
from study.blinding_audit.crawl import PROBLEM, crawl
from study.blinding_audit.devices import DeviceBrowser, profile_of
from study.blinding_audit.guessing import ChannelVerdict, guess
from study.blinding_audit.queueing import note_life
from study.blinding_audit.size import PILOTS, main_trials, trials_per_pilot
from study.blinding_audit.stored_files import differing_files
from study.blinding_audit.tables import Record
from study.blinding_audit.verdicts import ACTION, fingerprint
from study.errors import NotAllowedNow, StudyError
from study.models import BlindingAudit, Participant, ProblemReport, Study
from study.models.audits import SILENT
from study.models.log import record
from study.participants.enrolment import design_of
from study.participants.links import create_personal_links
from study.simulation.transports import InProcess, OverHttp
from study.simulation.walking import SurveyBroken
from study.stored_files.unavailable import StorageUnavailable
from study.survey_images.versions import prepare_images

logger = logging.getLogger(__name__)
# As the other problems (`queueing`), translated by the page.
STORAGE_AWAY = gettext_noop("the storage of files did not answer. Check again in a moment.")
# Fields the audit updates. Not `opens_plan`: the console may set it while the audit runs.
_RESULT_FIELDS = ("state", "people_done", "moved_at", "images", "channels", "leaks", "problem")


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    `leaks` are channels that reveal the condition; `differing_files` are parts of image files that differ within a
    clip; `reported` are channels that follow from the pixels themselves, which are never a failure.
    """

    people: int
    images: int
    channels: int  # ways to guess that were tried
    leaks: tuple[ChannelVerdict, ...]
    reported: tuple[ChannelVerdict, ...]
    best: tuple[ChannelVerdict, ...]  # the ways that won most, leaks or not
    differing_files: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.leaks and not self.differing_files

    @property
    def findings(self) -> list[str]:
        """Everything that reveals the condition, worst first."""
        return [*self.differing_files, *(channel.name for channel in self.leaks)]


def audit_study(
    study: Study,
    *,
    people: int = PILOTS,
    trials: int | None = None,
    base_url: str = "",
    actor: Any = None,
    audit: BlindingAudit | None = None,
) -> AuditReport:
    """Visit the survey as `people` pilots and try to guess conditions; the pilots are deleted afterwards.

    Args:
        trials: main trials that each pilot looks at closely; None means `trials_per_pilot`.
        base_url: a running server; an empty one means this process.
        audit: the row of a queued audit; None creates one.

    Raises:
        NotAllowedNow: the study is closed.
        SurveyBroken: a page failed, or does not show its images.
        ValueError: fewer than eight people: too few to learn from, and to visit by every language and device.
    """
    if people < 8:
        raise ValueError("An audit needs at least eight people, to learn from and to come by every kind of device.")
    if study.status == Study.Status.CLOSED:
        raise NotAllowedNow("The study is closed; audit it before.")
    audit = audit or BlindingAudit(study=study, actor=actor, state=BlindingAudit.State.RUNNING)
    audit.fingerprint, audit.people, audit.started_at = fingerprint(study), people, timezone.now()
    audit.save(update_fields=None if audit.pk is None else ("fingerprint", "people", "started_at"))

    def report_progress(people_done: int, channels: int = 0) -> None:
        audit.people_done, audit.channels, audit.moved_at = people_done, channels, timezone.now()
        audit.save(update_fields=_RESULT_FIELDS)

    report_progress(0)
    try:
        with heartbeat(lambda: note_life(audit), SILENT.total_seconds() / 6):
            _delete_pilots_of_ended(study)
            if study.status == Study.Status.DRAFT:
                prepare_images(study, lambda: report_progress(0))
            report = _audit(audit, trials or trials_per_pilot(study, people), base_url, report_progress)
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) or schema.is_cause_of(error):
            raise  # the database is away, or of another version: the look-out finds the row, and it begins again
        audit.state = BlindingAudit.State.FAILED
        audit.problem = _problem(error)
        audit.save(update_fields=_RESULT_FIELDS)
        raise
    audit.state = BlindingAudit.State.PASSED if report.passed else BlindingAudit.State.LEAKS
    audit.images, audit.channels, audit.leaks = report.images, report.channels, report.findings[:20]
    with transaction.atomic():
        # The study comes before the audit's row, as where somebody cancels the opening: the log's entry refers to it.
        Study.objects.select_for_update().filter(pk=study.pk).first()
        report_progress(people, report.channels)
        record(
            study,
            ACTION,
            actor=actor,
            passed=report.passed,
            fingerprint=audit.fingerprint,
            people=people,
            images=report.images,
            channels=report.channels,
            leaks=audit.leaks,
        )
    return report


def _problem(error: Exception) -> str:
    if isinstance(error, StorageUnavailable):
        return STORAGE_AWAY
    return str(error) if isinstance(error, StudyError) else repr(error)


def run_queued_audit(audit: BlindingAudit) -> None:
    """Run a claimed audit; an error is saved in its row."""
    try:
        audit_study(audit.study, actor=audit.actor, audit=audit)
    except StudyError as error:
        logger.info("The blinding audit of %s could not be finished: %s", audit.study.slug, error)


def _audit(audit: BlindingAudit, trials: int, base_url: str, report_progress: Callable[..., None]) -> AuditReport:
    seen = visit(audit, trials, base_url, report_progress)
    conditions = audit.study.conditions.count()
    guesses = guess(seen, conditions, lambda channels: report_progress(audit.people, channels))
    files = tuple(differing_files(audit.study))
    return AuditReport(
        audit.people,
        len(seen.table("image").places),
        guesses.tried,
        guesses.leaks,
        guesses.reported,
        guesses.best,
        differing_files=files,
    )


def visit(audit: BlindingAudit, trials: int, base_url: str, report_progress: Callable[[int], None]) -> Record:
    """Let the audit's pilots visit the survey; return what they observed.

    Raises:
        SurveyBroken: a page failed, or nobody came as far as a trial.
    """
    study = audit.study
    design = design_of(study, Participant.Kind.PILOT)
    every = max(1, round(main_trials(design) / trials))
    languages = texts.languages_of(study)
    links = create_personal_links(study, audit.people, kind=Participant.Kind.PILOT, audit=audit)
    seen = Record()
    try:
        for person, (_, url) in enumerate(links):
            browser = DeviceBrowser(
                OverHttp(base_url) if base_url else InProcess(quiet=True), profile_of(person, languages)
            )
            with override(get_language()):  # requests in this process leave their own language active
                crawl(study, person, browser, urlsplit(url).path, seen, every)
            report_progress(person + 1)
    finally:
        _delete_pilots(audit)
    if not seen.trials:
        raise SurveyBroken("Nobody came as far as a trial with images, so there was nothing to look at.")
    return seen


def _delete_pilots(audit: BlindingAudit) -> None:
    """Delete the audit's pilots, their links and their problem reports."""
    Participant.objects.filter(invite_link__audit=audit).delete()
    audit.invite_links.all().delete()
    ProblemReport.objects.filter(study=audit.study, text=PROBLEM).delete()


def _delete_pilots_of_ended(study: Study) -> None:
    """Delete the pilots of audits that ended because their worker was killed."""
    for audit in study.blinding_audits.filter(invite_links__isnull=False).distinct():
        if not audit.is_going:
            _delete_pilots(audit)
