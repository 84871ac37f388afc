"""The database: reachable, writable, of this release, and SQLite as it must be set."""

import re
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from config.health.finding import Finding, fault, ok, warning
from config.service_faults.database import LOCKED, fault_of
from study.background_work import schema
from study.models import Worker

# File systems of other machines, as /proc/mounts names them. SQLite's locks and its WAL's shared memory need one
# machine: https://www.sqlite.org/wal.html, "All processes using a database must be on the same host computer".
_OF_OTHER_MACHINES = re.compile(r"nfs|cifs|smb|sshfs|davfs|afs|ceph|gluster|lustre|gpfs|beegfs|s3fs|rclone")
_SHARED_WITH_A_HOST = re.compile(r"9p|virtiofs|vboxsf|prl_fs|vmhgfs|drvfs")

BUSY_MILLISECONDS = 1000  # less than `readiness` waits


def database_is_written() -> Finding:
    """Write a row and delete it in one transaction that is committed: a full or read-only disk refuses that."""
    now = timezone.now()
    with transaction.atomic():
        row = Worker.objects.create(
            kind="check", host="doctor", pid=secrets.randbelow(2**31), started_at=now, seen_at=now
        )
        row.delete()
    return ok(f"{_database_name()} can be read and written")


def database_serves() -> Finding:
    """Do the same for a load balancer: a database that another writer holds for a moment is no reason to send nobody.

    Called in a thread of its own (`run_checks`), whose connection is closed afterwards.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    try:
        return database_is_written()
    except OperationalError as error:
        if fault_of(error) is LOCKED:
            return ok("it is busy with another writer; answers wait")
        raise


def _database_name() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}, {_database_file()}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [version] = cursor.fetchone()
    return (
        f"PostgreSQL {version}, {connection.settings_dict['NAME']} on {connection.settings_dict['HOST'] or 'a socket'}"
    )


def _database_file() -> Path:
    return Path(str(connection.settings_dict["NAME"])).resolve()


def migrations_are_applied() -> Finding:
    """Compare the migrations of this process's code with those of the database, which may be of another release."""
    found, _dot, mend = schema.difference_now().partition(". ")
    return fault(found, mend) if found else ok("all are applied")


def sqlite_writes_ahead() -> Finding:
    """Read back the settings on which Earsight's promises rest: WAL, waiting for the disk, overwriting."""
    if connection.vendor != "sqlite":
        return ok("not SQLite")
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    with connection.cursor() as cursor:
        is_now = {name: _pragma(cursor, name) for name in wanted}
    if wrong := {name: value for name, value in is_now.items() if value != wanted[name]}:
        shown = ", ".join(f"{name} is {value}" for name, value in wrong.items())
        return fault(
            f"{shown} ({_database_file()})",
            "Put the database on a local disk that can be written to, and set no OPTIONS of your own for it.",
        )
    return ok("journal_mode is wal, synchronous is full, secure_delete and foreign_keys are on")


def _pragma(cursor: Any, name: str) -> Any:
    cursor.execute(f"PRAGMA {name}")
    [value] = cursor.fetchone()
    return value


def has_wal_reset_fault(version: tuple[int, ...]) -> bool:
    """Return whether a SQLite of this version may damage a database in WAL mode.

    The WAL-reset bug (https://www.sqlite.org/wal.html, "The WAL-Reset Bug") is in 3.7.0 to 3.51.2 and corrected in
    3.51.3, and in 3.44.6 and 3.50.7 of the older branches.
    """
    if version[:2] in ((3, 44), (3, 50)):
        return version < {44: (3, 44, 6), 50: (3, 50, 7)}[version[1]]
    return (3, 7, 0) <= version < (3, 51, 3)


def sqlite_is_sound() -> Finding:
    """Look for the versions of SQLite that may damage a database in WAL mode."""
    if connection.vendor != "sqlite":
        return ok("not SQLite")
    if has_wal_reset_fault(sqlite3.sqlite_version_info):
        return warning(
            f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug, which can damage the database in rare moments "
            "(unless your system's maker has corrected it without a new number)",
            "Use SQLite 3.51.3 or newer (3.50.7, 3.44.6), or PostgreSQL; keep daily backups until then.",
        )
    return ok(f"SQLite {sqlite3.sqlite_version} has no known fault that damages databases")


def sqlite_is_local() -> Finding:
    """Look whether the database's folder is of another machine."""
    if connection.vendor != "sqlite":
        return ok("not SQLite")
    kind = file_system_of(_database_file().parent)
    mend = "Put EARSIGHT_DATA on a local disk, or use PostgreSQL: EARSIGHT_DATABASE_URL=postgres://…"
    if _OF_OTHER_MACHINES.search(kind):
        return fault(f"the database is on a network file system ({kind}), where SQLite can be damaged", mend)
    if _SHARED_WITH_A_HOST.search(kind):
        return warning(f"the database is on a folder shared with another system ({kind})", mend)
    return ok(f"the database is on a local disk ({kind})" if kind else "the kind of disk is not known here")


def file_system_of(folder: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the type of the file system that holds a folder, for example "ext4"; empty if it cannot be known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return ""
    best, kind = -1, ""
    for line in lines:
        _device, place, found, *_rest = line.split(" ")
        point = Path(place.encode().decode("unicode_escape"))
        if (folder == point or point in folder.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), found
    return kind
