"""What runs beside the web server: workers, beat, their code, work that waits, mails, backups."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import get_connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from config.health.finding import Finding, fault, ok, warning
from config.health.waiting_work import depths, silent_queues, stuck
from study.background_work.running_code import code_digest, release
from study.background_work.signs_of_life import living
from study.models import Worker
from study.published_heads.places import mail_is_sent

BACKUP_IS_OLD, BACKUP_IS_MISSED = timedelta(days=2), timedelta(days=8)


def work_is_taken() -> Finding:
    """Look for work that waits in vain: without a worker, or although there is one."""
    if silent := silent_queues():
        shown = "; ".join(f"{one.queue} since {_time(one.since)}" for one in silent)
        names = ",".join(one.queue for one in silent)
        return fault(f"work waits without a worker: {shown}", f"Start one: celery -A config worker --queues {names}")
    all_depths = depths()
    if idle := stuck(all_depths):
        shown = "; ".join(f"{one.waiting} in {one.queue}, since {_time(one.since)}" for one in idle if one.since)
        return fault(
            f"work waits although workers live: {shown}",
            "Look whether the broker is reachable, then restart the workers.",
        )
    waiting = ", ".join(f"{one.waiting} in {one.queue}" for one in all_depths if one.waiting)
    return ok(f"waiting: {waiting}" if waiting else "nothing waits")


def _time(at: datetime) -> str:
    return at.astimezone(timezone.get_current_timezone()).strftime("%Y-%m-%d %H:%M")


def beat_runs() -> Finding:
    """Look for a sign of life of beat, which publishes heads and erases what is over."""
    if any(one.kind == Worker.Kind.BEAT for one in living()):
        return ok("it runs")
    last = Worker.objects.filter(kind=Worker.Kind.BEAT).order_by("-seen_at").first()
    since = f"was last seen {_time(last.seen_at)}" if last else "was never seen"
    return warning(
        f"beat {since}",
        "Start it (celery -A config beat), or run publish_heads and enforce_retention from cron once a day.",
    )


def one_release_runs() -> Finding:
    """Compare the code of workers and beats that live with the code that runs here."""
    other = [one for one in living() if one.code != code_digest()]
    if other:
        shown = ", ".join(f"{one.kind} {one.pid} on {one.host} ({one.version}, {one.code})" for one in other[:4])
        return fault(
            f"other code runs in {shown}; here it is {release()}, {code_digest()}", "Restart them after the upgrade."
        )
    return ok(f"{release()}, {code_digest()}")


def mails_are_sent() -> Finding:
    """Sign in to the mail server; send nothing."""
    if not mail_is_sent():
        if settings.OPERATOR_EMAILS:
            return fault("EARSIGHT_OPERATOR_EMAILS is set, but no mail server", "Set EARSIGHT_EMAIL_URL.")
        return warning("no mail server is set: nobody is told anything by mail", "Set EARSIGHT_EMAIL_URL.")
    server = get_connection(fail_silently=False)
    server.open()
    server.close()
    return ok(f"{settings.EMAIL_HOST or settings.EMAIL_BACKEND.rpartition('.')[0]} takes our sign-in")


@dataclass(frozen=True)
class LastBackup:
    """When and where to the last backup went, and what of it needs a look."""

    at: datetime
    to: str
    problems: list[str]


def last_backup() -> LastBackup | None:
    """Return the last backup, as `EARSIGHT_DATA/last_backup.json` tells; None if there is none.

    Raises:
        ValueError: the file is there and cannot be read.
    """
    path = Path(settings.DATA_DIR) / "last_backup.json"
    if not path.exists():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    at = parse_datetime(str(told.get("at", ""))) if isinstance(told, dict) else None
    if at is None or timezone.is_naive(at):
        raise ValueError(f"{path} names no time with a zone")
    problems = told.get("problems", [])
    if not isinstance(problems, list):
        raise ValueError(f"{path} names no list of problems")
    return LastBackup(at, str(told.get("to", "")), [str(text) for text in problems])


def backup_is_recent() -> Finding:
    """Look at the age of the last backup, and at what the command told of it."""
    mend = "Run: python manage.py backup FOLDER, and let a timer or cron do so daily."
    try:
        backup = last_backup()
    except ValueError as error:
        return fault(f"the note of the last backup cannot be read: {error}", mend)
    if backup is None:
        return warning("none was made by this installation", mend)
    age = timezone.now() - backup.at
    found = f"the last one went to {backup.to} {_time(backup.at)}"
    if age > BACKUP_IS_MISSED:
        return fault(found, mend)
    if backup.problems:
        return fault(f"{found}: {' '.join(backup.problems).rstrip('.')}", "Mend this, then make another backup.")
    return warning(found, mend) if age > BACKUP_IS_OLD else ok(found)
