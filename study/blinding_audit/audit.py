"""The audit: pilots walk the survey, a guesser tries every channel, the verdict goes into the study's log."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from study.blinding_audit.channels import SHARES, all_channels
from study.blinding_audit.crawl import Document, crawl
from study.blinding_audit.guess import ChannelVerdict, judge
from study.blinding_audit.observations import Observation
from study.blinding_audit.stored_files import differing_files
from study.blinding_audit.verdicts import ACTION, fingerprint
from study.errors import NotAllowedNow, StudyError
from study.models import BlindingAudit, Participant, Study
from study.models.studies import record
from study.participants.enrolment import design_of, practice_clip
from study.participants.links import create_personal_links
from study.simulation.transports import InProcess, OverHttp
from study.simulation.walking import SurveyBroken
from study.survey_images.versions import prepare_images

logger = logging.getLogger(__name__)
# The probability that an audit of a study without a leak fails, over all channels together.
ALPHA = 0.01
PILOTS = 24
MIN_TRIALS = 6  # of each pilot
# Pilots that see each clip: enough to learn and guess a leak that is in one clip only.
VIEWS_PER_CLIP = 12
# With at most this many trials, pilots go through to the end, so that the last pages are read too.
FULL_VISIT_TRIALS = 15
# Fields the audit updates. Not `opens_plan`: the console may set it while the audit runs.
_RESULT_FIELDS = ("state", "people_done", "moved_at", "images", "channels", "leaks", "problem")


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    `leaks` are channels from which the condition can be guessed better than by chance; `differing_files` are parts of
    image files that differ within a clip.
    """

    people: int
    images: int
    channels: tuple[ChannelVerdict, ...]
    differing_files: tuple[str, ...] = ()

    @property
    def leaks(self) -> tuple[ChannelVerdict, ...]:
        judged = [channel for channel in self.channels if channel.judged and channel.guesses]
        tried = Counter(channel.family for channel in judged)
        found = [
            channel
            for channel in judged
            if channel.p <= ALPHA * SHARES[channel.family] / tried[channel.family] and channel.right > channel.chance
        ]
        return tuple(sorted(found, key=lambda channel: (channel.p, -channel.right)))

    @property
    def reported(self) -> tuple[ChannelVerdict, ...]:
        """The channels that follow from the pixels themselves: reported, never a failure."""
        return tuple(channel for channel in self.channels if not channel.judged)

    @property
    def passed(self) -> bool:
        return not self.leaks and not self.differing_files

    @property
    def findings(self) -> list[str]:
        """Everything that reveals the condition, worst first."""
        return [*self.differing_files, *(channel.name for channel in self.leaks)]


def trials_per_pilot(study: Study, people: int = PILOTS) -> int:
    """Return the trials per pilot such that every clip is seen by VIEWS_PER_CLIP pilots; at least MIN_TRIALS."""
    design = design_of(study, Participant.Kind.PILOT)
    each = design.each or design.clips
    return min(each, max(MIN_TRIALS, -(-VIEWS_PER_CLIP * design.clips // people)))


def audit_study(
    study: Study,
    *,
    people: int = PILOTS,
    trials: int | None = None,
    base_url: str = "",
    actor: Any = None,
    audit: BlindingAudit | None = None,
) -> AuditReport:
    """Walk the survey as `people` pilots and try to guess conditions; the pilots are deleted afterwards.

    Args:
        trials: trials of each pilot with probed images; None means `trials_per_pilot`.
        base_url: a running server; an empty one means this process.
        audit: the row of a queued audit; None creates one.

    Raises:
        NotAllowedNow: the study is closed.
        SurveyBroken: a page failed, or does not show its images.
        ValueError: fewer than eight people; the guesser learns on one half of them and is tested on the other.
    """
    if people < 8:
        raise ValueError("An audit needs at least eight people: half of them teach the guesser, half test it.")
    if study.status == Study.Status.CLOSED:
        raise NotAllowedNow("The study is closed; audit it before.")
    audit = audit or BlindingAudit(study=study, actor=actor, state=BlindingAudit.State.RUNNING)
    audit.fingerprint, audit.people = fingerprint(study), people
    audit.save(update_fields=None if audit.pk is None else ("fingerprint", "people"))

    def report_progress(done: int) -> None:
        audit.people_done, audit.moved_at = done, timezone.now()
        audit.save(update_fields=_RESULT_FIELDS)

    report_progress(0)
    try:
        _delete_pilots_of_ended(study)
        if study.status == Study.Status.DRAFT:
            prepare_images(study, lambda: report_progress(0))
        report = _audit(audit, trials or trials_per_pilot(study, people), base_url, report_progress)
    except Exception as error:
        audit.state = BlindingAudit.State.FAILED
        audit.problem = str(error) if isinstance(error, StudyError) else repr(error)
        audit.save(update_fields=_RESULT_FIELDS)
        raise
    audit.state = BlindingAudit.State.PASSED if report.passed else BlindingAudit.State.LEAKS
    audit.images, audit.channels, audit.leaks = report.images, len(report.channels), report.findings[:20]
    with transaction.atomic():
        report_progress(people)
        record(
            study,
            ACTION,
            actor=actor,
            passed=report.passed,
            fingerprint=audit.fingerprint,
            people=people,
            images=report.images,
            channels=len(report.channels),
            leaks=audit.leaks,
        )
    return report


def run_queued_audit(audit: BlindingAudit) -> None:
    """Run a claimed audit; an error is saved in its row."""
    try:
        audit_study(audit.study, actor=audit.actor, audit=audit)
    except StudyError as error:
        logger.info("The blinding audit of %s could not be finished: %s", audit.study.slug, error)


def _audit(audit: BlindingAudit, trials: int, base_url: str, report_progress: Callable[[int], None]) -> AuditReport:
    observations, documents = _crawl_all(audit, trials, base_url, report_progress)
    conditions = len({observation.condition for observation in observations})
    channels = tuple(judge(observations, channel, conditions) for channel in all_channels(observations, documents))
    return AuditReport(audit.people, len(observations), channels, tuple(differing_files(audit.study)))


def _crawl_all(
    audit: BlindingAudit, trials: int, base_url: str, report_progress: Callable[[int], None]
) -> tuple[list[Observation], list[Document]]:
    study = audit.study
    design = design_of(study, Participant.Kind.PILOT)
    total = (design.each or design.clips) + design.repeats + design.match_controls + design.attention_trials
    practice = practice_clip(study) is not None
    stop_after = None if total <= FULL_VISIT_TRIALS else trials + practice
    links = create_personal_links(study, audit.people, kind=Participant.Kind.PILOT, audit=audit)
    observations: list[Observation] = []
    documents: list[Document] = []
    try:
        for person, (_, url) in enumerate(links):
            browser = OverHttp(base_url) if base_url else InProcess(quiet=True)
            crawled = crawl(study, person, browser, urlsplit(url).path, trials, stop_after)
            observations += crawled.observations
            documents += crawled.documents
            report_progress(person + 1)
    finally:
        _delete_pilots(audit)
    if not observations:
        raise SurveyBroken("Nobody came as far as a trial with images, so there was nothing to look at.")
    return observations, documents


def _delete_pilots(audit: BlindingAudit) -> None:
    """Delete the audit's pilots and their links."""
    Participant.objects.filter(invite_link__audit=audit).delete()
    audit.invite_links.all().delete()


def _delete_pilots_of_ended(study: Study) -> None:
    """Delete the pilots of audits that ended because their worker was killed."""
    for audit in study.blinding_audits.filter(invite_links__isnull=False).distinct():
        if not audit.is_going:
            _delete_pilots(audit)
