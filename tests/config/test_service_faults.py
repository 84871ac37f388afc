"""A database that is locked, full, read-only or away: scripts keep what they sent, plain forms keep it in the page."""

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, InternalError, OperationalError, connection
from django.test import Client
from psycopg import errors as postgresql

from config.service_faults.database import BUSY, FULL, LOCKED, READ_ONLY, UNREACHABLE
from config.service_faults.responses import fault_of
from study.models import Ballot, Participant, ProblemReport
from tests.factories import PASSWORD, UserFactory, make_open_study
from tests.services import POSTGRES, need_server
from tests.study.visits import Visit

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="this locks SQLite's file")
stored = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit() -> Visit:
    visit = Visit(make_open_study(clips=2, ask_reason=True)).to_trials()
    visit.client.raise_request_exception = False
    return visit


@contextmanager
def pragma(name: str, value: object) -> Iterator[None]:
    with connection.cursor() as cursor:
        before = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        cursor.execute(f"PRAGMA {name}={value}")
        yield
        cursor.execute(f"PRAGMA {name}={before}")


@contextmanager
def locked() -> Iterator[None]:
    """Another process holds the write lock for longer than this one waits."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pragma("busy_timeout", 20):
            yield
    finally:
        other.rollback()
        other.close()


@contextmanager
def full() -> Iterator[None]:
    """The file cannot grow by one page."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
    with pragma("max_page_count", pages):
        yield


@contextmanager
def read_only() -> Iterator[None]:
    with pragma("query_only", 1):
        yield


def send(visit: Visit, **fields: str):
    data = {"first": "A", "second": "B", "key": str(uuid4()), **fields}
    return visit.post("trial/1/", data, accept="application/json")


@only_sqlite
@stored
@pytest.mark.parametrize("fault", [locked, read_only])
def test_the_script_learns_that_it_should_send_the_answer_again(visit, fault, caplog):
    with fault(), caplog.at_level(logging.ERROR):
        reply = send(visit)
    assert reply.status_code == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "no-store" in reply.headers["Cache-Control"]
    body = reply.json()
    assert body["retry"] is True
    assert body["saved"] is False
    assert "final" not in body
    assert "sent again" in body["error"]
    assert "The database is" in caplog.text
    assert not Ballot.objects.exists()
    assert send(visit).json()["saved"]  # and afterwards all is as before


@only_sqlite
@stored
def test_a_full_disk_keeps_the_answer_with_the_script(visit):
    with full():
        replies = [send(visit, reason="x" * 300) for _ in range(40)]  # each a revision, until no page is left
    last = replies[-1]
    assert last.status_code == 503
    assert last.json()["retry"] is True
    assert int(last.headers["Retry-After"]) >= 60


@only_sqlite
@stored
def test_a_plain_form_gets_a_page_that_keeps_what_was_written_and_sends_it_again(visit):
    answer = {"first": "B", "second": "C", "reason": 'so <b>"calm"</b> & wide'}
    with locked():
        page = visit.post("trial/1/", answer)
    assert page.status_code == 503
    text = page.content.decode()
    assert "Send it again" in text
    assert "<b>" not in text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text))
    kept = {name: unescape(value) for name, value in fields.items()}
    assert kept.items() >= answer.items()
    action = unescape(re.search(r'<form method="post" action="([^"]+)"', text)[1])
    assert visit.client.post(action, kept).status_code == 303
    assert Ballot.objects.get().reason == answer["reason"]


@only_sqlite
@stored
@pytest.mark.parametrize(("path", "data"), [("consent/", {"agree": "on"}), ("problem/", {"text": "no sound"})])
def test_every_form_of_the_survey_is_kept(path, data):
    visit = Visit(make_open_study(clips=1))
    visit.client.raise_request_exception = False
    with locked():
        page = visit.post(path, data)
    assert page.status_code == 503
    for name, value in data.items():
        assert f'name="{name}" value="{value}"' in page.content.decode()
    assert Participant.objects.get().consented_at is None
    assert not ProblemReport.objects.exists()


@only_sqlite
@stored
def test_a_password_is_never_written_into_a_page():
    user, client = UserFactory(), Client(raise_request_exception=False)
    with locked():
        page = client.post("/console/sign-in/", {"username": user.username, "password": PASSWORD})
    assert page.status_code == 503
    assert PASSWORD not in page.content.decode()
    assert "go back" in page.content.decode()


@only_sqlite
@stored
def test_a_page_says_it_in_the_language_of_the_visitor(visit):
    with locked():
        page = visit.client.post(
            visit.url("trial/1/"), {"first": "A", "second": "B"}, headers={"accept-language": "ko"}
        )
    assert "다시" in page.content.decode()


def wrapped(cause: Exception, kind: type[Exception] = OperationalError) -> Exception:
    """The error as Django raises it."""
    try:
        raise kind(str(cause)) from cause
    except kind as error:
        return error


@pytest.mark.parametrize(
    ("cause", "fault"),
    [
        (postgresql.LockNotAvailable(), LOCKED),
        (postgresql.DeadlockDetected(), LOCKED),
        (postgresql.SerializationFailure(), LOCKED),
        (postgresql.QueryCanceled(), LOCKED),
        (postgresql.DiskFull(), FULL),
        (postgresql.IoError(), FULL),
        (postgresql.TooManyConnections(), BUSY),
        (postgresql.OutOfMemory(), BUSY),
        (postgresql.AdminShutdown(), UNREACHABLE),
        (postgresql.CannotConnectNow(), UNREACHABLE),
        (postgresql.ConnectionFailure(), UNREACHABLE),
        (psycopg.OperationalError("server closed the connection unexpectedly"), UNREACHABLE),
        (postgresql.InvalidPassword(), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_passing_fault_of_postgresql_is_known(cause, fault):
    assert fault_of(wrapped(cause)) is fault


def test_what_postgresql_itself_answers_is_known():
    with psycopg.connect(need_server(POSTGRES), autocommit=True) as server:
        server.execute("SET default_transaction_read_only = on")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as read_only_error:
            server.execute("CREATE TABLE earsight_no_such_thing (x int)")
        server.execute("SET statement_timeout = 20")
        with pytest.raises(psycopg.errors.QueryCanceled) as timeout:
            server.execute("SELECT pg_sleep(60)")
        with psycopg.connect(POSTGRES, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [server.info.backend_pid])
        with pytest.raises(psycopg.OperationalError) as ended:
            server.execute("SELECT 1")
    assert fault_of(wrapped(read_only_error.value, InternalError)) is READ_ONLY
    assert fault_of(wrapped(timeout.value)) is LOCKED
    assert fault_of(wrapped(ended.value)) is UNREACHABLE
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect("postgres://nobody@127.0.0.1:1/nothing")
    assert fault_of(wrapped(refused.value)) is UNREACHABLE


def test_a_fault_of_the_code_stays_an_error():
    memory = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError) as missing:
        memory.execute("SELECT * FROM no_such_table")
    memory.close()
    assert fault_of(wrapped(missing.value)) is None
    assert fault_of(wrapped(postgresql.UndefinedTable(), OperationalError)) is None
    assert fault_of(wrapped(postgresql.UniqueViolation(), IntegrityError)) is None
    assert fault_of(ValueError()) is None
