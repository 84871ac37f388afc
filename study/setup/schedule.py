"""Open and close a study at stated times.

Beat asks every minute what is due, and so does whoever comes by a link or opens the console's page: without beat the
study opens with the first of them. A server that was off at the time does it as soon as it is back, and says how late.
What cannot be opened stays a draft; the people who can mend it get the reason by mail. So does the owner if those who
set a time may no longer open or close the study when it comes: then nothing happens.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.access import Right, access_or_404, studies_of
from study.blinding_audit.queueing import ask_for_audit, audit_will_open, keep_from_opening
from study.blinding_audit.verdicts import VERDICTS, last_audits
from study.digests import canonical_digest
from study.errors import NotAllowedNow, StudyError
from study.models import Schedule, Study, StudyStage
from study.models.log import record
from study.participants.monitoring import progress
from study.published_heads.places import mail_is_sent
from study.setup import lifecycle, preflight
from study.setup.draft_lock import settings_fixed
from study.survey_images.versions import is_prepared

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=5)  # what is done later than this says so
FURTHEST = timedelta(days=3 * 365)


class WrongTime(StudyError):
    """A time that a study cannot open or close at; the message says why."""


def moment(local: datetime, zone: str) -> datetime:
    """Return the moment at which the clocks of a time zone show `local`, in UTC.

    Raises:
        WrongTime: they never do, since they are put forward then, or they do twice.
    """
    clock = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(clock).replace(tzinfo=None) != local:
        raise WrongTime(
            _("%(time)s does not exist in %(zone)s: the clocks are put forward then. Choose another time.")
            % {"time": local.strftime("%Y-%m-%d %H:%M"), "zone": zone}
        )
    if first != second:
        raise WrongTime(
            _("%(time)s comes twice in %(zone)s: the clocks are put back. Choose another time, or write it in UTC.")
            % {"time": local.strftime("%Y-%m-%d %H:%M"), "zone": zone}
        )
    return first


def in_words(at: datetime, zone: str) -> str:
    """Return a moment as the clocks of a time zone show it, and in UTC."""
    clock = ZoneInfo(zone)
    here = f"{_at(at.astimezone(clock))} ({zone.replace('_', ' ')})"
    return here if zone == "UTC" else f"{here}, {_at(at.astimezone(UTC))} (UTC)"


def _at(local: datetime) -> str:
    return date_format(local, _("j M Y, H:i"))


@transaction.atomic
def schedule_study(
    study: Study,
    *,
    opens_at: datetime | None,
    closes_at: datetime | None,
    closes_at_target: bool = False,
    time_zone: str,
    actor: Any,
) -> Schedule:
    """Set when a study opens and closes, in place of what was set before; check at once whether it could open now.

    A closing that an editor leaves as it is stays that of the owner who set it.

    Raises:
        PermissionDenied: the actor does not own the study, and the closing is another than before.
        WrongTime: a time is past, too far away, or in the wrong order; or nothing is scheduled.
        PreflightFailed: a finding blocks the opening.
        NotAllowedNow: the study is open already, or closed, or a rehearsal.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    before = schedule_of(study) or Schedule()
    access = access_or_404(actor, study.slug)
    if (closes_at, closes_at_target) != (before.closes_at, before.closes_at_target):
        access.require(Right.OWN)
    _refuse_times(study, opens_at, closes_at, closes_at_target)
    digest = ""
    if opens_at is not None:
        preflight.refuse_if_blocked(study)
        digest = canonical_digest(lifecycle.current_plan(study))
    schedule, _made = Schedule.objects.update_or_create(
        study=study,
        defaults={
            "opens_at": opens_at,
            "closes_at": closes_at,
            "closes_at_target": closes_at_target,
            "time_zone": time_zone,
            "plan_digest": digest,
            "by": actor,
            "closes_by": actor if access.allows(Right.OWN) else before.closes_by,
            "note": "",
        },
    )
    if opens_at is not None:
        keep_from_opening(study)  # an audit that the earlier time asked for; the new time asks again
    record(
        study, "scheduled", actor=actor, opens=_logged(opens_at), closes=_logged(closes_at), at_target=closes_at_target
    )
    if opens_at is not None and lifecycle.needs_audit(study):
        ask_for_audit(study, actor)
    return schedule


def _logged(at: datetime | None) -> str:
    """Return a time as the log has it; empty for none."""
    return at.astimezone(UTC).isoformat(timespec="minutes") if at else ""


def _refuse_times(study: Study, opens_at: datetime | None, closes_at: datetime | None, closes_at_target: bool) -> None:
    now = timezone.now()
    if study.rehearsal_of_id is not None:
        raise NotAllowedNow(_("A rehearsal opens and closes by itself. Schedule the study that it rehearses."))
    if study.status == Study.Status.CLOSED or (opens_at is not None and study.status != Study.Status.DRAFT):
        raise settings_fixed(study)
    if opens_at is None and closes_at is None and not closes_at_target:
        raise WrongTime(_("Write when the study opens or closes."))
    if any(at is not None and at <= now for at in (opens_at, closes_at)):
        raise WrongTime(_("This time has passed. Choose a later one."))
    if any(at is not None and at > now + FURTHEST for at in (opens_at, closes_at)):
        raise WrongTime(_("This is more than three years away. Choose an earlier time."))
    if study.status == Study.Status.DRAFT and opens_at is None:
        raise WrongTime(_("Write when the study opens, too: a draft cannot close."))
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise WrongTime(_("The study would close before it opens. Choose a later time for closing."))
    if closes_at_target and not study.target_participants:
        raise WrongTime(_("The plan has no target number of participants at which the study could close."))
    if closes_at_target and study.stage == StudyStage.FOLLOW_UP:
        raise WrongTime(_("The target is that of the main stage, which is over. Write when the study closes."))


@transaction.atomic
def cancel_schedule(study: Study, *, actor: Any) -> None:
    """Let nothing happen by itself any more.

    Raises:
        PermissionDenied: the study would close, and the actor does not own it.
        NotAllowedNow: nothing is scheduled, or it has just happened.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    schedule = schedule_of(study)
    if schedule is None or schedule.is_empty:
        raise NotAllowedNow(_("Nothing is scheduled."))
    if schedule.closes_at is not None or schedule.closes_at_target:
        access_or_404(actor, study.slug).require(Right.OWN)
    schedule.delete()
    keep_from_opening(study)
    record(study, "schedule cancelled", actor=actor)


def schedule_of(study: Study) -> Schedule | None:
    """Return the study's schedule, or None."""
    return Schedule.objects.filter(study=study).select_related("by", "closes_by").first()


def changed_since(study: Study, schedule: Schedule) -> bool:
    """Whether the plan is no longer the one that was scheduled to open, so that it will not."""
    return schedule.opens_at is not None and canonical_digest(lifecycle.current_plan(study)) != schedule.plan_digest


def keep_all() -> None:
    """Open and close what is due. For beat: repeating it does nothing twice."""
    now = timezone.now()
    due = Q(opens_at__lte=now) | Q(closes_at__lte=now) | Q(closes_at_target=True)
    studies = Study.objects.exclude(status=Study.Status.CLOSED)  # closed by hand before its time: nothing is left to do
    for study in studies.filter(pk__in=Schedule.objects.filter(due).values("study")):
        try:
            keep_schedule(study)
        except Exception:
            # One study must not keep the others from opening.
            logger.exception("The schedule of %s could not be kept.", study.slug)


def keep_schedule(study: Study, *, in_request: bool = False) -> Study:
    """Open or close a study if that is due; return it as it is then.

    Args:
        in_request: somebody waits for a page, so that what takes long is left to beat: making images, counting people.
    """
    schedule = schedule_of(study)
    if schedule is None or schedule.is_empty:
        return study
    if schedule.opening_is_due() or schedule.closing_is_due():
        study.refresh_from_db()
        opens = study.status == Study.Status.DRAFT and schedule.opening_is_due()
        if opens and (not in_request or _opens_quickly(study)):
            _open_if_possible(study, schedule)
            study.refresh_from_db()
        if study.status != Study.Status.DRAFT and schedule.opens_at is not None:
            _note_opened(study, schedule)
    if study.status in Study.TAKES_ANSWERS:
        if schedule.closes_at_target and study.stage == StudyStage.FOLLOW_UP:
            _note_follow_up(schedule)
        _close_if_due(study, schedule, count=not in_request)
    return study


def _opens_quickly(study: Study) -> bool:
    """Whether a visitor may open the study: nothing has to be made first, and no audit is going that opens it."""
    return not audit_will_open(study) and (lifecycle.needs_audit(study) or is_prepared(study))


def _open_if_possible(study: Study, schedule: Schedule) -> None:
    """Open the study, let its blinding be checked first, or note why it stays a draft."""
    with translation.override(settings.LANGUAGE_CODE):
        try:
            if not changed_since(study, schedule) and not lifecycle.needs_audit(study):
                lifecycle.make_images_first(study)
            with transaction.atomic():
                # Making images takes long: meanwhile it may have been cancelled, or set to another time.
                Study.objects.select_for_update().get(pk=study.pk)
                current = schedule_of(study)
                if current is not None and current.opening_is_due():
                    _open(study, current)
        except StudyError as error:
            study.refresh_from_db()
            if study.status == Study.Status.DRAFT:  # else another process was faster
                _note_failure(study, schedule, str(error))


def _open(study: Study, schedule: Schedule) -> None:
    if not _has_right(schedule.by, study, Right.EDIT):
        raise NotAllowedNow(_("Who scheduled it may no longer open this study. Look at it and schedule it again."))
    if changed_since(study, schedule):
        raise NotAllowedNow(_("The study was changed after it was scheduled. Look at it and schedule it again."))
    if lifecycle.needs_audit(study) and schedule.opens_at and (why := _failed_audit(study, schedule.opens_at)):
        raise NotAllowedNow(why)
    lifecycle.open_or_audit_first(study, actor=schedule.by)


def _failed_audit(study: Study, due: datetime) -> str:
    """Say why the audit that was to come before the opening gave no verdict; empty if there was none since then."""
    audit, _verdict = last_audits(study)
    if audit is None or audit.is_going or audit.asked_at < due or audit.state in VERDICTS:
        return ""
    return _("The blinding check could not be finished. Check again, then open the study.")


def _has_right(user: Any, study: Study, right: Right) -> bool:
    """Whether somebody who set a time may still do by hand what is due; nobody (None) may."""
    return user is not None and user.is_active and studies_of(user, right).filter(pk=study.pk).exists()


def _close_if_due(study: Study, schedule: Schedule, *, count: bool) -> None:
    due = schedule.closes_at if schedule.closing_is_due() else None
    reached = schedule.closes_at_target and count and _has_reached_target(study)
    if due is None and not reached:
        return
    if not _has_right(schedule.closes_by, study, Right.OWN):
        _note_not_closed(study, schedule)
        return
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        reason = _("As scheduled.") if due else _("The target number of participants was reached, as scheduled.")
        # Counting takes a moment: meanwhile it may have been cancelled, or set to another time.
        Study.objects.select_for_update().get(pk=study.pk)
        current = schedule_of(study)
        if current is None or not (current.closing_is_due() if due else current.closes_at_target):
            return
        try:
            lifecycle.close_study(study, actor=schedule.closes_by, reason=reason)
        except NotAllowedNow:  # somebody else was faster
            return
    with transaction.atomic():
        minutes = _minutes_late(due or timezone.now(), timezone.now())
        note = _late_in_words(minutes)
        Schedule.objects.filter(pk=schedule.pk).update(opens_at=None, closes_at=None, closes_at_target=False, note=note)
        record(study, "closed as scheduled", actor=schedule.closes_by, due=_logged(due), late_minutes=minutes)


def _has_reached_target(study: Study) -> bool:
    """Whether the main stage has the people that the plan asks for; a pilot stage that is full closes nothing."""
    target = study.target_participants if study.stage == StudyStage.MAIN else None
    return target is not None and progress(study).completed >= target


def _note_follow_up(schedule: Schedule) -> None:
    """Let the target close nothing any more: its last people may finish while the follow-up stage has just begun."""
    with translation.override(settings.LANGUAGE_CODE):
        note = _("The follow-up stage has begun, so the study no longer closes at the target of its main stage.")
    Schedule.objects.filter(pk=schedule.pk, closes_at_target=True).update(closes_at_target=False, note=note)
    schedule.closes_at_target = False


def _note_opened(study: Study, schedule: Schedule) -> None:
    """Note that the study is open, by its schedule or by somebody who did not wait for it."""
    due, opened_at = schedule.opens_at, study.opened_at
    if due is None or opened_at is None:
        return
    by_schedule = opened_at >= due
    minutes = _minutes_late(due, opened_at) if by_schedule else 0
    with transaction.atomic():
        rows = Schedule.objects.filter(pk=schedule.pk, opens_at=due)
        # Whoever empties it first also logs it.
        if rows.update(opens_at=None, note=_late_in_words(minutes)) and by_schedule:
            record(study, "opened as scheduled", actor=schedule.by, due=_logged(due), late_minutes=minutes)
    schedule.opens_at = None


def _minutes_late(due: datetime, done: datetime) -> int:
    """Return how many minutes late something was done; 0 if beat was simply on its round."""
    return int((done - due).total_seconds() // 60) if done - due >= LATE else 0


def _late_in_words(minutes: int) -> str:
    if not minutes:
        return ""
    with translation.override(settings.LANGUAGE_CODE):
        return ngettext(
            "This was done %(n)d minute later than scheduled: the server was not at work at the time.",
            "This was done %(n)d minutes later than scheduled: the server was not at work at the time.",
            minutes,
        ) % {"n": minutes}


def _note_failure(study: Study, schedule: Schedule, why: str) -> None:
    """Keep the reason for the page and the log, and send it to the owner and to the person who scheduled it."""
    with transaction.atomic():
        noted = Schedule.objects.filter(pk=schedule.pk, opens_at=schedule.opens_at).update(
            opens_at=None, closes_at=None, closes_at_target=False, note=why
        )
        if not noted:
            return
        if schedule.plan_digest:
            keep_from_opening(study, schedule.plan_digest)
        record(study, "not opened as scheduled", actor=schedule.by, reason=why)
        subject = _("“%(study)s” was not opened") % {"study": study.title}
        text = _("The study “%(study)s” was to open at %(time)s and is still a draft: %(why)s") % {
            "study": study.title,
            "time": in_words(schedule.opens_at, schedule.time_zone) if schedule.opens_at else "",
            "why": why,
        }
        transaction.on_commit(lambda: _mail(study, (study.owner, schedule.by), subject, text))


def _note_not_closed(study: Study, schedule: Schedule) -> None:
    """Empty the closing of somebody who no longer owns the study, and say so: page, log, a mail to the owner."""
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic():
        why = _("Who scheduled this does not own the study any more, so it was not closed. Schedule it again.")
        due = Schedule.objects.filter(
            pk=schedule.pk, closes_at=schedule.closes_at, closes_at_target=schedule.closes_at_target
        )
        if not due.update(closes_at=None, closes_at_target=False, note=why):
            return
        record(study, "not closed as scheduled", actor=schedule.closes_by, reason=why)
        subject = _("“%(study)s” was not closed") % {"study": study.title}
        transaction.on_commit(lambda: _mail(study, (study.owner,), subject, f"{study.title}: {why}"))


def _mail(study: Study, people: Iterable[Any], subject: str, text: str) -> None:
    """Mail those of these people who still work on the study."""
    addresses = {
        user.email for user in people if user is not None and user.email and _has_right(user, study, Right.LOOK)
    }
    if not addresses or not mail_is_sent():
        return
    send_mail(" ".join(subject.split())[:200], text + "\n", None, sorted(addresses), fail_silently=True)
