"""The audit: people who only watch, channels, guesses, a verdict; kept in the study's log."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from study.blinding_audit.channels import SHARES, observed
from study.blinding_audit.files import odd_files
from study.blinding_audit.guess import Channel, judge
from study.blinding_audit.record import ACTION, fingerprint
from study.blinding_audit.sights import Sight
from study.blinding_audit.watch import Document, watch
from study.errors import NotAllowedNow, StudyError
from study.models import BlindingAudit, Participant, Study
from study.models.studies import record
from study.participants.enrolment import design_of, practice_clip
from study.participants.links import create_personal_links
from study.simulation.transports import InProcess, OverHttp
from study.simulation.walking import SurveyBroken

logger = logging.getLogger(__name__)
# Over all channels together: how often an audit of a study without a leak may fail.
ALPHA = 0.01
PEOPLE, TRIALS = 24, 6
# Each clip is met by so many people, so that also a leak in one clip alone can be learnt and guessed.
MEETINGS = 12
# Where all trials are so few, people go through to the end, and what stands there is read too.
SHORT_WAY = 15
# What an audit writes into its row; whether the study is to open afterwards is said by others meanwhile.
_FOUND = ("state", "people_done", "moved_at", "images", "channels", "leaks", "problem")


@dataclass(frozen=True)
class AuditReport:
    """What was found; `leaks` tell the condition better than chance, `odd` are files that differ at once."""

    people: int
    images: int
    channels: tuple[Channel, ...]
    odd: tuple[str, ...] = ()

    @property
    def leaks(self) -> tuple[Channel, ...]:
        judged = [channel for channel in self.channels if channel.judged and channel.guesses]
        tried = Counter(channel.family for channel in judged)
        found = [
            channel
            for channel in judged
            if channel.p <= ALPHA * SHARES[channel.family] / tried[channel.family] and channel.right > channel.chance
        ]
        return tuple(sorted(found, key=lambda channel: (channel.p, -channel.right)))

    @property
    def reported(self) -> tuple[Channel, ...]:
        """What follows from the pictures themselves: said, not failed."""
        return tuple(channel for channel in self.channels if not channel.judged)

    @property
    def passed(self) -> bool:
        return not self.leaks and not self.odd

    @property
    def names(self) -> list[str]:
        """What tells, worst first."""
        return [*self.odd, *(channel.name for channel in self.leaks)]


def trials_to_watch(study: Study, people: int = PEOPLE) -> int:
    """As many trials of each person as let every clip be met often enough; at least six, where there are so many."""
    design = design_of(study, Participant.Kind.PILOT)
    each = design.each or design.clips
    return min(each, max(TRIALS, -(-MEETINGS * design.clips // people)))


def audit_study(
    study: Study,
    *,
    people: int = PEOPLE,
    trials: int | None = None,
    base_url: str = "",
    actor: Any = None,
    audit: BlindingAudit | None = None,
) -> AuditReport:
    """Walks the survey as `people` pilots and tries to tell conditions apart; the pilots are removed again.

    Args:
        trials: how many trials of each are looked at; None is `trials_to_watch`.
        base_url: a running server; empty is this process.
        audit: the row that was asked for; None makes one.

    Raises:
        NotAllowedNow: the study is closed.
        SurveyBroken: a page failed on the way, or does not show its images.
        ValueError: fewer than eight people, of whom half teach and half test.
    """
    if people < 8:
        raise ValueError("An audit needs at least eight people: half of them teach the guesser, half test it.")
    if study.status == Study.Status.CLOSED:
        raise NotAllowedNow("The study is closed; audit it before.")
    audit = audit or BlindingAudit(study=study, actor=actor, state=BlindingAudit.State.RUNNING)
    audit.fingerprint, audit.people = fingerprint(study), people
    audit.save(update_fields=None if audit.pk is None else ("fingerprint", "people"))

    def moved(done: int) -> None:
        audit.people_done, audit.moved_at = done, timezone.now()
        audit.save(update_fields=_FOUND)

    moved(0)
    try:
        _forget_ended(study)
        report = _audit(audit, trials or trials_to_watch(study, people), base_url, moved)
    except Exception as error:
        audit.state = BlindingAudit.State.FAILED
        audit.problem = str(error) if isinstance(error, StudyError) else repr(error)
        audit.save(update_fields=_FOUND)
        raise
    audit.state = BlindingAudit.State.PASSED if report.passed else BlindingAudit.State.LEAKS
    audit.images, audit.channels, audit.leaks = report.images, len(report.channels), report.names[:20]
    with transaction.atomic():
        moved(people)
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


def perform(audit: BlindingAudit) -> None:
    """Does an audit that was asked for; what goes wrong stands in its row."""
    try:
        audit_study(audit.study, actor=audit.actor, audit=audit)
    except StudyError as error:
        logger.info("The blinding audit of %s could not be finished: %s", audit.study.slug, error)


def _audit(audit: BlindingAudit, trials: int, base_url: str, moved: Callable[[int], None]) -> AuditReport:
    sights, documents = _watch_all(audit, trials, base_url, moved)
    conditions = len({sight.condition for sight in sights})
    channels = tuple(judge(sights, channel, conditions) for channel in observed(sights, documents))
    return AuditReport(audit.people, len(sights), channels, tuple(odd_files(audit.study)))


def _watch_all(
    audit: BlindingAudit, trials: int, base_url: str, moved: Callable[[int], None]
) -> tuple[list[Sight], list[Document]]:
    study = audit.study
    design = design_of(study, Participant.Kind.PILOT)
    own = (design.each or design.clips) + design.repeats + design.match_controls + design.attention_trials
    practice = practice_clip(study) is not None
    stop_after = None if own <= SHORT_WAY else trials + practice
    links = create_personal_links(study, audit.people, kind=Participant.Kind.PILOT, audit=audit)
    sights: list[Sight] = []
    documents: list[Document] = []
    try:
        for person, (_, url) in enumerate(links):
            browser = OverHttp(base_url) if base_url else InProcess(quiet=True)
            notes = watch(study, person, browser, urlsplit(url).path, trials, stop_after)
            sights += notes.sights
            documents += notes.documents
            moved(person + 1)
    finally:
        _forget(audit)
    if not sights:
        raise SurveyBroken("Nobody came as far as a trial with images, so there was nothing to look at.")
    return sights, documents


def _forget(audit: BlindingAudit) -> None:
    """Removes the audit's own people and their links."""
    Participant.objects.filter(invite_link__audit=audit).delete()
    audit.invite_links.all().delete()


def _forget_ended(study: Study) -> None:
    """Removes the people of audits whose worker was killed and could not do it."""
    for audit in study.blinding_audits.filter(invite_links__isnull=False).distinct():
        if not audit.is_going:
            _forget(audit)
