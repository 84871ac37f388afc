"""What runs beside the web server: workers, beat, their code, work that waits, mails, backups."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.mail import get_connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from analysis.interface_pictures.browser import chromium_path
from config.backups.unfinished import unfinished_restore
from config.backups.write import LAST
from config.health.finding import Finding, fault, finding_of, ok, warning
from config.health.waiting_work import depths, silent_queues, stuck
from config.installation import checks
from study.background_work.running_code import code_digest, release
from study.background_work.signs_of_life import living
from study.models import Worker

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
    if messages := checks.mail():
        return finding_of(messages, "")
    server = get_connection(fail_silently=False)
    server.open()
    server.close()
    return ok(f"{settings.EMAIL_HOST or settings.EMAIL_BACKEND.rpartition('.')[0]} takes our sign-in")


class LastBackup(NamedTuple):
    """When and where to the last backup went, and what somebody should look at: sentences.

    `files_at`: of when the newest backup with stored files is, there or in a place before; None if there is none.
    """

    at: datetime
    files_at: datetime | None
    to: str
    problems: list[str]


def last_backup() -> LastBackup | None:
    """Return what `EARSIGHT_DATA/last_backup.json` tells of the last backup; None if there is none.

    Raises:
        ValueError: the file is there and cannot be read.
    """
    path = Path(settings.DATA_DIR) / LAST
    if not path.exists():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(told, dict):
        raise ValueError(f"{path} names no time with a zone")
    at = _moment(path, told.get("at"))
    files_at = told.get("files_at", told.get("at"))  # earlier versions did not write it
    to, problems = str(told.get("to", "")), told.get("problems", [])
    if not isinstance(problems, list):
        raise ValueError(f"{path} names problems that are no list")
    return LastBackup(at, files_at and _moment(path, files_at), to, [str(problem) for problem in problems])


def _moment(path: Path, text: object) -> datetime:
    at = parse_datetime(str(text))
    if at is None or timezone.is_naive(at):
        raise ValueError(f"{path} names no time with a zone")
    return at


def backup_is_recent() -> Finding:
    """Look at the last backup: its age, its problems, and whether stored files are in one.

    Of files in a bucket the service itself may keep copies.
    """
    mend = "Run: python manage.py backup FOLDER, and let a timer or cron do so daily."
    try:
        backup = last_backup()
    except ValueError as error:
        return fault(f"the note of the last backup cannot be read: {error}", mend)
    if backup is None:
        return warning("none was made by this installation", mend)
    now = timezone.now()
    age = now - backup.at
    found = f"the last one went to {backup.to} {_time(backup.at)}"
    if backup.files_at != backup.at:
        with_files = f"the newest with them is of {_time(backup.files_at)}" if backup.files_at else "none has them"
        found = f"{found}, without stored files: {with_files}"
    if backup.problems:
        return fault(f"{found}. {' '.join(backup.problems)}", "Mend what it says, then run the backup again.")
    if age > BACKUP_IS_MISSED:
        return fault(found, mend)
    if age > BACKUP_IS_OLD:
        return warning(found, mend)
    if isinstance(default_storage, FileSystemStorage) and (
        backup.files_at is None or now - backup.files_at > BACKUP_IS_MISSED
    ):
        return warning(found, "Run it without --no-media, once a week at least.")
    return ok(found)


def restore_has_ended() -> Finding:
    """Look whether a restore was killed, or still runs: the database may be one of two, and lacks what comes last."""
    found, _dot, mend = unfinished_restore().partition(". ")
    return fault(found, mend) if found else ok("none was left unfinished")


def chromium_is_there() -> Finding:
    """Look for the browser that takes pictures of the participants' pages; nothing else needs it."""
    path = chromium_path()
    if path is None and settings.CHROMIUM:
        return warning(f"EARSIGHT_CHROMIUM names no program: {settings.CHROMIUM}", "Correct it, or leave it empty.")
    return ok(f"pictures of the interface are taken by {path}" if path else "not installed; only pictures need it")
