"""Whole round trips between processes, databases and places: minutes, so `make backups` runs them."""

import os
import signal
import sqlite3
import stat
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import psycopg
import pytest

from tests.config.backups.installation import Installation, drop_database, new_database
from tests.services import PATIENCE, need_program, own_port

pytestmark = pytest.mark.processes


@pytest.fixture
def database() -> Iterator[Callable[[str], str]]:
    """Make databases by kind; those of PostgreSQL are dropped at the end."""
    made: list[str] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            return ""
        need_program("pg_dump", "postgresql-client")
        made.append(new_database())
        return made[-1]

    yield make
    for url in made:
        drop_database(url)


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    """Start an S3 service with one bucket; yield the variables that lead to it."""
    import boto3
    from moto.server import ThreadedMotoServer

    port = own_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{port}"
    variables = {
        "EARSIGHT_S3_ENDPOINT": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="backups")
    yield variables
    server.stop()


def differences(before: bytes, after: bytes) -> list[str]:
    """Return the names of files in which two exports differ."""
    with zipfile.ZipFile(BytesIO(before)) as old, zipfile.ZipFile(BytesIO(after)) as new:
        assert old.namelist() == new.namelist()
        return [name for name in old.namelist() if old.read(name) != new.read(name)]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_restored_into_an_empty_place_the_export_is_equal_to_the_byte(
    database: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    here = Installation(tmp_path / "here", database(kind)).fill()
    here.manage("backup", str(tmp_path / "out"))
    before = here.export(tmp_path / "before.zip")
    there = Installation(tmp_path / "there", database(kind))
    assert "Nothing is wrong." in there.manage("restore", str(tmp_path / "out"))
    assert there.export(tmp_path / "after.zip") == before


def test_a_bucket_holds_backups_as_a_folder_does(
    database: Callable[[str], str], bucket: dict[str, str], tmp_path: Path
) -> None:
    place = "s3://backups/earsight"
    here = Installation(tmp_path / "here", **bucket).fill()
    first = here.manage("backup", place, "--keep", "2")
    second = here.manage("backup", place, "--keep", "2")
    assert "of which 0." in second  # the files are there already
    assert "deleted: 000001-" in here.manage("backup", place, "--keep", "2")
    assert "no whole backup" in here.manage("restore", f"{place}/{first.splitlines()[-1].split(':')[0]}", status=2)
    before = here.export(tmp_path / "before.zip")
    there = Installation(tmp_path / "there", **bucket)
    assert "is whole." in there.manage("restore", place, "--check")
    assert "Nothing is wrong." in there.manage("restore", place)
    assert there.export(tmp_path / "after.zip") == before
    assert "of another installation" in there.manage("backup", place, status=2)
    assert "Look at the bucket's name" in there.manage("backup", "s3://no-such-bucket", status=2)
    away = Installation(tmp_path / "there", **bucket | {"EARSIGHT_S3_ENDPOINT": f"http://127.0.0.1:{own_port()}"})
    assert "Look at EARSIGHT_S3_ENDPOINT" in away.manage("backup", place, status=2)


def test_a_backup_of_sqlite_moves_to_postgresql(database: Callable[[str], str], tmp_path: Path) -> None:
    here = Installation(tmp_path / "here").fill()
    here.manage("backup", str(tmp_path / "out"))
    there = Installation(tmp_path / "there", database("postgres"))
    assert "Nothing is wrong." in there.manage("restore", str(tmp_path / "out"))
    before, after = here.export(tmp_path / "before.zip"), there.export(tmp_path / "after.zip")
    assert differences(before, after) == []
    # Sequences go on after the last row.
    there.manage("add_researcher", "new")
    assert "Nothing is wrong." in there.manage("verify")


def test_what_postgresql_refuses_of_sqlite_changes_nothing(database: Callable[[str], str], tmp_path: Path) -> None:
    here = Installation(tmp_path / "here").fill()
    there = Installation(tmp_path / "there", database("postgres"))
    # The client refuses the one, the server the other.
    for number, title in enumerate(("a' || char(0) || 'b", "long" * 1000)):
        with closing(sqlite3.connect(here.folder / "earsight.sqlite3")) as rows:
            rows.execute(f"UPDATE study_study SET title = '{title}'")
            rows.commit()
        here.manage("backup", str(tmp_path / "out"))
        said = there.manage("restore", str(tmp_path / "out"), *["--replace"] * number, status=2)
        assert "PostgreSQL refused what SQLite holds" in said
        assert "Nothing was changed in it." in said
        assert "Traceback" not in said
    with psycopg.connect(there.env["EARSIGHT_DATABASE_URL"]) as left:
        assert left.execute("SELECT to_regclass('study_study')").fetchone() == (None,)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_backup_while_four_processes_write_verifies_and_holds_what_was_confirmed(
    database: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    here = Installation(tmp_path / "here", database(kind)).fill()
    writers = [here.start("-m", "tests.config.backups.installation", "write", str(number)) for number in range(4)]
    confirmed = {writer.stdout.readline().strip() for writer in writers for _ballot in range(5)}
    here.manage("backup", str(tmp_path / "out"))
    for writer in writers:
        _out, err = writer.communicate("", timeout=PATIENCE)
        assert writer.returncode == 0, err[-2000:]
    there = Installation(tmp_path / "there", database(kind))
    assert "Nothing is wrong." in there.manage("restore", str(tmp_path / "out"))
    code = (
        "import django; django.setup(); from study.models import Ballot\n"
        "print(*(str(key) for key in Ballot.objects.values_list('submission_key', flat=True)))"
    )
    process = there.start("-c", code)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err[-2000:]
    assert len(confirmed) == 20
    assert confirmed <= set(out.split())


def test_a_restore_into_postgresql_is_all_or_nothing(database: Callable[[str], str], tmp_path: Path) -> None:
    url = database("postgres")
    here = Installation(tmp_path / "here", url).fill()
    here.manage("backup", str(tmp_path / "out"))
    before = here.export(tmp_path / "before.zip")
    # psql that fails in the middle of the script stands for a server that goes away.
    programs = tmp_path / "programs"
    programs.mkdir()
    fake(
        programs / "psql",
        'for last; do file="$last"; [ "${last#--file=}" = "$last" ] || script="${last#--file=}"; done\n'
        'echo "select 1/0;" >> "$script"',
    )
    failing = Installation(tmp_path / "here", url, PATH=f"{programs}:{os.environ['PATH']}")
    assert "division by zero" in failing.manage("restore", str(tmp_path / "out"), "--replace", status=2)
    assert contents_without_log(here.export(tmp_path / "still.zip")) == contents_without_log(before)
    assert "A restore did not end. Run it again" in here.manage("restore", str(tmp_path / "out"), "--replace")
    assert here.export(tmp_path / "after.zip") == before
    # What was there is in a schema beside it, and in no backup.
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced_%'").fetchall()
        assert connection.execute(f"SELECT count(*) FROM {rows[0][0]}.study_ballot").fetchone() == (6,)
        with psycopg.connect(url) as other:
            other.execute("SELECT 1")
            assert "connections to the database are open" in here.manage(
                "restore", str(tmp_path / "out"), "--replace", status=2
            )
    here.manage("backup", str(tmp_path / "out"))
    empty = Installation(tmp_path / "empty", database("postgres"))
    empty.manage("migrate")
    assert "Nothing is wrong." in empty.manage("restore", str(tmp_path / "out"))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_tables_of_others_are_never_dropped(database: Callable[[str], str], tmp_path: Path, kind: str) -> None:
    Installation(tmp_path / "here", database(kind)).fill().manage("backup", str(tmp_path / "out"))
    url = database("postgres")
    there = Installation(tmp_path / "there", url)
    there.manage("migrate")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE TABLE somebodys (number integer)")
        other.execute("INSERT INTO somebodys VALUES (7)")
        other.execute("CREATE VIEW people AS SELECT id FROM study_participant")
        other.execute("CREATE EXTENSION pg_stat_statements")  # its views are nobody's
    assert "not Earsight's, such as people, somebodys." in there.manage("restore", str(tmp_path / "out"), status=2)
    assert "Nothing is wrong." in there.manage("restore", str(tmp_path / "out"), "--replace")
    with psycopg.connect(url) as other:
        [(aside,)] = other.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced_%'").fetchall()
        assert other.execute(f"SELECT * FROM {aside}.somebodys").fetchall() == [(7,)]
        assert other.execute(f"SELECT count(*) FROM {aside}.people").fetchone() == (0,)
        assert other.execute("SELECT count(*) FROM study_participant").fetchone() == (3,)


def contents_without_log(export: bytes) -> dict[str, bytes]:
    """The tables of answers: the log has one entry more after each export."""
    with zipfile.ZipFile(BytesIO(export)) as bundle:
        return {name: bundle.read(name) for name in ("ballots.csv", "participants.csv", "stimuli.csv")}


def fake(path: Path, lines: str) -> None:
    """Make a program that does something before it becomes the real one."""
    real = subprocess.run(["which", path.name], capture_output=True, text=True, check=True).stdout.strip()
    path.write_text(f'#!/bin/sh\n{lines}\nexec {real} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_postgresqls_programs_get_the_password_by_the_environment_and_are_new_enough(
    database: Callable[[str], str], tmp_path: Path
) -> None:
    url = database("postgres").replace("postgres@", "postgres:a-secret-word@")
    programs = tmp_path / "programs"
    programs.mkdir()
    noted = tmp_path / "noted"
    fake(programs / "pg_dump", f'echo "$@" >> {noted}; env | grep PGPASSWORD >> {noted}')
    path = f"{programs}:{os.environ['PATH']}"
    Installation(tmp_path / "here", url).fill().manage("check")
    Installation(tmp_path / "here", url, PATH=path).manage("backup", str(tmp_path / "out"))
    lines = noted.read_text().splitlines()
    assert [line for line in lines if "a-secret-word" in line] == ["PGPASSWORD=a-secret-word"]

    (programs / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    older = Installation(tmp_path / "here", url, PATH=path)
    assert "older than the server" in older.manage("backup", str(tmp_path / "out"), status=2)
    none = Installation(tmp_path / "here", url, PATH=str(tmp_path / "nothing"))
    assert "pg_dump is not installed. Install PostgreSQL's client" in none.manage(
        "backup", str(tmp_path / "out"), status=2
    )


def test_a_backup_or_restore_that_is_killed_anywhere_can_be_made_again(tmp_path: Path) -> None:
    """Real kills, at moments spread over what a whole one takes."""
    here = Installation(tmp_path / "here").fill()
    here.manage("backup", str(tmp_path / "out"))
    before = contents_without_log(here.export(tmp_path / "before.zip"))
    for command in (("backup",), ("restore", "--replace")):
        began = time.monotonic()
        here.manage(command[0], str(tmp_path / "out"), *command[1:])
        seconds = time.monotonic() - began
        for part in range(1, 8):
            process = here.start("manage.py", command[0], str(tmp_path / "out"), *command[1:])
            time.sleep(seconds * part / 8)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert contents_without_log(here.export(tmp_path / "between.zip")) == before
            assert "is whole." in here.manage("restore", str(tmp_path / "out"), "--check")
    here.manage("restore", str(tmp_path / "out"), "--replace")
    assert not (here.folder / "restore.json").exists()
    assert "Nothing is wrong." in here.manage("verify")
