"""Put the database of a backup in the place of the one here: all of it or, if anything fails before, nothing."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from config.backups.copying_database import (
    REPLACED,
    check_sqlite,
    engine,
    require_program,
    run_program,
    server_version,
    sqlite_path,
)
from config.backups.errors import BackupError
from config.backups.facts import other_connection
from config.backups.manifest import POSTGRESQL, SQLITE, Manifest
from config.backups.moving_rows import copy_rows

_NAMES = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}
# Rows that every migrated database has.
_ALWAYS = {"contenttypes.ContentType", "auth.Permission", "study.ChainHead"}


def require_loadable(manifest: Manifest) -> None:
    """Raise `BackupError` if this database cannot take that of the backup."""
    if manifest.engine == engine() == POSTGRESQL:
        for program in ("pg_restore", "psql"):
            require_program(program)
        if int(manifest.server.partition(".")[0]) > int(server_version().partition(".")[0]):
            raise BackupError(
                f"The backup is of PostgreSQL {manifest.server}, and the server here is {server_version()}. "
                "Use one that is no older."
            )
    elif manifest.engine == POSTGRESQL:
        raise BackupError(
            "The backup is of PostgreSQL, and the database here is SQLite. Restore it into PostgreSQL: set "
            "EARSIGHT_DATABASE_URL. There is no way from PostgreSQL to SQLite."
        )


def tables_with_rows() -> list[str]:
    """Return the models whose tables hold rows here."""
    if engine() == SQLITE and not sqlite_path().exists():
        return []
    tables = set(connection.introspection.table_names())
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in tables]
    return [
        model._meta.label
        for model in models
        if model._meta.label not in _ALWAYS and model._base_manager.only("pk").exists()
    ]


def foreign_tables() -> list[str]:
    """Return the tables and views of PostgreSQL's schema here that are not Earsight's, and belong to no extension."""
    if engine() == SQLITE:  # the whole file is moved aside
        return []
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return [name for name in _tables_here() if name not in known | {MigrationRecorder.Migration._meta.db_table}]


def _tables_here() -> list[str]:
    """Return the tables, views and foreign tables of PostgreSQL's first schema, without those of extensions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) "
            "AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT FROM pg_depend "
            "WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e') ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


def require_unused() -> None:
    """Raise `BackupError` if another process has the database open: what it writes now would be lost."""
    stop = "Stop web and workers (and cron's commands), then restore."
    if engine() == POSTGRESQL:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            )
            if others := cursor.fetchone()[0]:
                raise BackupError(f"{others} other connections to the database are open. {stop}")
    elif sqlite_path().exists():
        connection.close()
        try:
            _leave_wal(sqlite_path())
        except sqlite3.OperationalError as error:
            raise BackupError(f"{sqlite_path()}: another process has it open ({error}). {stop}") from error
        except sqlite3.DatabaseError:
            pass  # it is damaged: maybe that is why it is to be replaced


def _leave_wal(path: Path) -> None:
    """Make the database one file, without a log beside it. SQLite refuses while another process has it open."""
    with closing(sqlite3.connect(path, timeout=1)) as database:
        database.execute("PRAGMA journal_mode=DELETE").fetchone()


def load_database(manifest: Manifest, dump: Path, time: str, finish: Callable[[], None]) -> list[str]:
    """Load the backup's database, migrate it and call `finish`; return where what was here is now.

    With SQLite `finish` works on the new database before it takes the place of the old one. With PostgreSQL the rows
    are loaded in one transaction and `finish` comes after it.

    Args:
        dump: the backup's file, on this machine.
        time: names what is moved aside.

    Raises:
        BackupError: it failed, and the message says what is there now.
    """
    if engine() == SQLITE:
        return _replace_sqlite(dump, time, finish)
    aside = _dump_into_postgresql(dump, time) if manifest.engine == POSTGRESQL else _rows_into_postgresql(dump, time)
    call_command("migrate", interactive=False, verbosity=0)
    finish()
    return aside


def _replace_sqlite(dump: Path, time: str, finish: Callable[[], None]) -> list[str]:
    path = sqlite_path()
    staged = path.with_name(path.name + ".restoring")
    with _default_database_at(staged):
        _copy_dump(dump, staged)
        call_command("migrate", interactive=False, verbosity=0)
        finish()
    _leave_wal(staged)
    os.sync()
    require_unused()
    aside = []
    if path.exists():
        kept = path.with_name(f"{path.name}.replaced-{time}")
        try:
            os.link(path, kept)
        except OSError:  # the disk has no hard links
            path.replace(kept)
        aside.append(str(kept))
        for log in (f"{path}-wal", f"{path}-shm"):  # of a database that is damaged
            if Path(log).exists():
                Path(log).replace(f"{kept}{log.removeprefix(str(path))}")
    staged.replace(path)
    return aside


def _copy_dump(dump: Path, target: Path) -> None:
    for leftover in (target, Path(f"{target}-wal"), Path(f"{target}-shm"), Path(f"{target}-journal")):
        leftover.unlink(missing_ok=True)
    target.touch(mode=0o600)
    shutil.copyfile(dump, target)
    with closing(sqlite3.connect(target)) as copy:
        check_sqlite(copy, dump)


@contextmanager
def _default_database_at(path: Path) -> Iterator[None]:
    """Let this process use another SQLite file as its database."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _dump_into_postgresql(dump: Path, time: str) -> list[str]:
    script, first = dump.with_name("restore.sql"), dump.with_name("first.sql")
    run_program("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dump), connect=False)
    script.chmod(0o600)
    statements, aside = _statements_to_clear(time)
    first.write_text("".join(f"{text};\n" for text in statements), encoding="utf-8")
    connection.close()
    run_program(
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--output=/dev/null",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
        f"--file={first}",
        f"--file={script}",
    )
    return aside


def _rows_into_postgresql(dump: Path, time: str) -> list[str]:
    """Move a SQLite database into PostgreSQL: migrated to this version there, its rows copied table by table."""
    staged = dump.with_name("staged.sqlite3")
    _copy_dump(dump, staged)
    statements, aside = _statements_to_clear(time)
    options = {"init_command": "PRAGMA foreign_keys=ON"}
    changed = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(staged), "OPTIONS": options}
    try:
        with other_connection(**changed) as alias:
            call_command("migrate", database=alias, interactive=False, verbosity=0)
            with transaction.atomic():
                with connection.cursor() as cursor:
                    for text in statements:
                        cursor.execute(text)
                call_command("migrate", interactive=False, verbosity=0)
                copy_rows(alias)
    except DatabaseError as error:
        raise BackupError(f"PostgreSQL refused what SQLite holds ({error}). Nothing was changed in it.") from error
    finally:
        staged.unlink(missing_ok=True)
    return aside


def _statements_to_clear(time: str) -> tuple[list[str], list[str]]:
    """Return SQL that moves the tables here into another schema, and that schema.

    If they are all Earsight's and empty, it drops them; it fails if somebody's view in another schema needs one.
    """
    quote = connection.ops.quote_name
    tables = _tables_here()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = quote(cursor.fetchone()[0])
    if not tables:
        return [], []
    if not tables_with_rows() and not foreign_tables():
        return [f"DROP TABLE {', '.join(f'{schema}.{quote(table)}' for table in tables)}"], []
    aside = f"{REPLACED}{time.lower()}"
    moves = [f"ALTER TABLE {schema}.{quote(table)} SET SCHEMA {quote(aside)}" for table in tables]
    return [f"CREATE SCHEMA {quote(aside)}", *moves], [f"the schema {aside} of the database"]
