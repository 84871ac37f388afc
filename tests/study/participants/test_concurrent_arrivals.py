"""Fifty people at once take fifty slots, one person many times at once takes one; without protection they do not."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.services import PATIENCE, POSTGRES, need_server

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'race.sqlite3'}"
        return
    import psycopg

    name = f"earsight_race_{uuid.uuid4().hex[:8]}"
    server = need_server(POSTGRES)
    admin = psycopg.connect(server, autocommit=True, connect_timeout=30)
    with admin:
        admin.execute(f"create database {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        admin.execute(f"drop database {name} with (force)")


def arrivals(database, folder, *options, people=50):
    done = subprocess.run(
        [sys.executable, "-m", "tests.study.participants.arrivals", str(folder), str(people), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"EARSIGHT_DATABASE_URL": database, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_fifty_at_once_take_the_first_fifty_slots(database, tmp_path):
    assert arrivals(database, tmp_path) == {"slots": list(range(50)), "errors": []}


def test_without_the_lock_the_race_happens(database, tmp_path):
    found = arrivals(database, tmp_path, "--without-lock")
    assert found["errors"] or found["slots"] != list(range(50))


ONE_PERSON = ("--one-person", "--without-check", "--without-constraint")


@pytest.mark.parametrize("database", ["postgres"], indirect=True)  # SQLite lets one request write at a time
@pytest.mark.parametrize("removed", [0, 1, 2], ids=["protected", "by-the-database-alone", "by-nothing"])
def test_requests_of_one_person_that_overlap_make_one_participant(database, tmp_path, removed):
    found = arrivals(database, tmp_path, *ONE_PERSON[: removed + 1], people=10)
    if removed < 2:
        assert found["slots"] == [0]
        assert bool(found["errors"]) == bool(removed)  # protected, the others learn that they have begun
    else:  # the control
        assert len(found["slots"]) > 1
