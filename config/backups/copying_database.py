"""Copy the database to a file while others write to it, with what is read of the same moment."""

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.postgresql.client import DatabaseClient

from config.backups.errors import BackupError
from config.backups.facts import Facts, other_connection, read_facts
from config.backups.manifest import POSTGRESQL, SQLITE
from config.parent_death import end_with_parent

REPLACED = "replaced_"
"""Schemas of PostgreSQL into which a restore moves what was there begin like this; they are in no backup."""


def engine() -> str:
    """Return which database is used: SQLITE or POSTGRESQL."""
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def server_version() -> str:
    """Return the version of SQLite or of PostgreSQL's server."""
    if engine() == SQLITE:
        return sqlite3.sqlite_version
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
    return f"{number // 10_000}.{number % 10_000}"


def database_size() -> int:
    """Return the bytes that a copy takes; of PostgreSQL, whose dumps are compressed, the most that it may take."""
    if engine() == SQLITE:
        path = sqlite_path()
        return sum(file.stat().st_size for file in (path, Path(f"{path}-wal")) if file.exists())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def sqlite_path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def copy_database(path: Path) -> Facts:
    """Copy the whole database of one moment to `path`, and read the facts of that moment.

    Raises:
        BackupError: the database is damaged, or PostgreSQL's programs are missing, too old or fail.
    """
    path.unlink(missing_ok=True)
    return _copy_sqlite(path) if engine() == SQLITE else _dump_postgresql(path)


def _copy_sqlite(path: Path) -> Facts:
    """Copy by SQLite's online backup in one step: in WAL mode, others read and write meanwhile."""
    if not sqlite_path().exists():
        raise BackupError(
            f"{sqlite_path()}: there is no database. Run manage.py migrate, or look at EARSIGHT_DATABASE_URL."
        )
    path.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(sqlite_path(), timeout=60)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target, pages=-1)
        with closing(sqlite3.connect(path)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")  # one file that can be read anywhere
            check_sqlite(copy, sqlite_path())
    except sqlite3.Error as error:
        raise BackupError(
            f"{sqlite_path()}: {error}. Nothing was backed up; look at the database and its disk."
        ) from error
    with other_connection(NAME=str(path), OPTIONS={"init_command": "PRAGMA query_only=ON"}) as alias:
        return read_facts(alias)


def check_sqlite(database: sqlite3.Connection, path: Path) -> None:
    """Raise `BackupError` if SQLite finds the database damaged."""
    if (found := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise BackupError(f"{path} is damaged ({found}). Restore the newest whole backup; see docs/backup.md.")


def _dump_postgresql(path: Path) -> Facts:
    """Dump by `pg_dump` in the snapshot of a transaction in which the facts are read too."""
    require_program("pg_dump")
    with other_connection() as alias, transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        run_program(
            "pg_dump",
            "--format=custom",
            "--compress=3",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            f"--exclude-schema={REPLACED}*",
            f"--snapshot={snapshot}",
            f"--file={path}",
        )
        path.chmod(0o600)
        return read_facts(alias)


def require_program(name: str) -> None:
    """Raise `BackupError` unless this program of PostgreSQL is installed and no older than the server."""
    server = int(server_version().partition(".")[0])
    mend = f"Install PostgreSQL's client programs of version {server} or newer (Debian: postgresql-client-{server})."
    if shutil.which(name) is None:
        raise BackupError(f"{name} is not installed. {mend}")
    done = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"\) (\d+)", done.stdout)
    if found is None or int(found[1]) < server:
        raise BackupError(f"{name} is older than the server ({done.stdout.strip() or done.stderr.strip()}). {mend}")


def run_program(name: str, *options: str, connect: bool = True) -> None:
    """Run a program of PostgreSQL on the database; its password goes by the environment, never in an argument.

    Raises:
        BackupError: it failed; the message holds the last lines that it wrote.
    """
    from os import environ

    settings: dict[str, Any] = connections[DEFAULT_DB_ALIAS].settings_dict
    arguments, variables = DatabaseClient.settings_to_cmd_args_env(settings, list(options))
    done = subprocess.run(  # noqa: S603
        [name, *(arguments[1:] if connect else options)],
        env=dict(environ) | (variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        preexec_fn=end_with_parent,
    )
    if done.returncode:
        raise BackupError(f"{name} failed: {' '.join(done.stderr.split())[-600:]}")
