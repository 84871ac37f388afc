"""Retention: what is erased by itself once its time is over, and how much that is now.

Of a study, time runs from the end of answering (closing and the grace period). What results and their verification rest
on stays: ballots with their digests, finished people's answers, flags and the log.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from study.jobs import files as job_files
from study.jobs import imports
from study.models import Ballot, Event, Invitation, Participant, ProblemReport, Study
from study.models.log import record
from study.participants.exclusion_rules import refresh_unfinished
from study.participants.visits import scatter

ERASED = "erased after its time"
# A file that something wrote in part and never finished.
_PART_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """Something whose time is over: its name in the log, how many there are, and how they are erased."""

    name: str
    number: int
    erase: Callable[[], object]


@dataclass(frozen=True)
class Erased:
    """What was erased of a study, or of the installation (None), as numbers by name."""

    study: Study | None
    numbers: dict[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in self.numbers.items())


def enforce_retention(*, now: datetime | None = None, dry_run: bool = False, strays: bool = True) -> list[Erased]:
    """Erase what is over its time, and record the numbers; repeating it changes nothing.

    Args:
        dry_run: only count.
        strays: also delete stored files of jobs, and work folders, that the database does not know.
    """
    now = now or timezone.now()
    found = [_enforce(study, now, dry_run=dry_run) for study in (*Study.objects.filter(rehearsal_of=None), None)]
    if not dry_run:
        for study in Study.objects.filter(platform_visits__isnull=False).distinct():
            with transaction.atomic():
                scatter(Study.objects.select_for_update().get(pk=study.pk), most=1_000_000)
        if strays:
            job_files.erase_strays(now)
    return [row for row in found if row.numbers]


@transaction.atomic
def _enforce(study: Study | None, now: datetime, *, dry_run: bool) -> Erased:
    if study is not None:
        study = Study.objects.select_for_update().get(pk=study.pk)
    due = [row for row in (_due_of(study, now) if study else _due_of_installation(now)) if row.number]
    erased = Erased(study, {row.name: row.number for row in due})
    if due and not dry_run:
        for row in due:
            row.erase()
        if study is not None:
            job_files.erase_results(study)
        record(study, ERASED, what=str(erased))
    return erased


def _due_of(study: Study, now: datetime) -> Iterator[Due]:
    ended = study.results_open_at
    if ended is None:
        return
    if now >= ended + timedelta(days=study.keep_ids_days):
        yield _rows("platform ids", study.platform_visits.all())
        codes = study.participants.exclude(support_digest="")
        yield Due("support codes", codes.count(), lambda: codes.update(support_digest=""))
        yield _rows("problem reports", ProblemReport.objects.filter(study=study))
    if now >= ended + timedelta(days=settings.KEEP_EVENTS_DAYS):
        events = Event.objects.filter(participant__study=study)
        yield Due("events", events.count(), lambda: _erase_events(study, now))
        answered = Ballot.objects.filter(trial__participant=OuterRef("pk"))
        starts = (
            study.participants.filter(status__in=(Participant.Status.STARTED, Participant.Status.SCREENED_OUT))
            .exclude(Exists(answered))
            .exclude(answers={})
        )
        yield Due("answers of people without ballots", starts.count(), lambda: starts.update(answers={}))


def _erase_events(study: Study, now: datetime) -> None:
    """Erase the events; the flags that rest on them are judged a last time before."""
    refresh_unfinished(study)
    Event.objects.filter(participant__study=study).delete()
    Study.objects.filter(pk=study.pk).update(events_erased_at=now)


def _due_of_installation(now: datetime) -> Iterator[Due]:
    old = now - timedelta(days=settings.KEEP_SIGN_INS_DAYS)
    yield _rows("failed sign-ins", AccessAttempt.objects.filter(attempt_time__lt=old))
    yield _rows("failures to sign in", AccessFailureLog.objects.filter(attempt_time__lt=old))
    expired = Session.objects.filter(expire_date__lt=now).count()
    yield _rows("invitations", Invitation.objects.filter(ends_at__lt=old))
    yield Due("sessions", expired, import_module(settings.SESSION_ENGINE).SessionStore.clear_expired)
    yield Due("downloads", job_files.over_their_time(now).distinct().count(), lambda: job_files.expire(now))
    yield _rows("jobs", job_files.forgettable(now))
    yield _rows("imports", imports.forgettable(now))
    parts = [path for path in Path(settings.DATA_DIR).rglob("*.part") if _is_forgotten(path, now)]
    yield Due("files", len(parts), lambda: _unlink(parts))


def _rows(name: str, rows: QuerySet) -> Due:
    return Due(name, rows.count(), rows.delete)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _is_forgotten(path: Path, now: datetime) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < (now - _PART_AFTER).timestamp()
    except OSError:  # finished or removed meanwhile
        return False
