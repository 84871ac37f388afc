"""Fifty people at once take fifty slots, one id many times at once counts once; without protection they do not.

The controls, in which servers and visitors wait for each other for long, are run by `make controls`.
"""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.services import PATIENCE, POSTGRES, control, need_server

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
    assert arrivals(database, tmp_path) == {"slots": list(range(50)), "counted": 50, "errors": []}


@control
def test_without_the_lock_the_race_happens(database, tmp_path):
    found = arrivals(database, tmp_path, "--without-lock")
    assert found["errors"] or found["slots"] != list(range(50))


several_writers = pytest.mark.parametrize("database", ["postgres"], indirect=True)  # SQLite has one


@several_writers
def test_of_requests_under_one_id_that_overlap_one_is_counted(database, tmp_path):
    found = arrivals(database, tmp_path, "--one-person", people=10)
    assert (found["errors"], found["counted"]) == ([], 1)  # all are let in


@control
@several_writers
def test_without_the_check_all_requests_under_one_id_are_counted(database, tmp_path):
    found = arrivals(database, tmp_path, "--one-person", "--without-check", people=10)
    assert (found["errors"], found["counted"]) == ([], 10)
