"""The addresses for load balancers."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from config.health import readiness
from config.health.checks import database
from config.health.finding import Finding, fault, ok


@pytest.fixture(autouse=True)
def _anew(monkeypatch: Any) -> Iterator[None]:
    """No answer is kept from before, and the checks need no database."""
    monkeypatch.setattr(readiness, "CHECKS", {"database": lambda: ok("written")})
    readiness.forget()
    yield
    readiness.forget()


def test_live_asks_no_database_under_any_host_and_leaves_no_cookie() -> None:
    # Without the mark of a database any query would fail.
    for host in ("10.0.0.7:8000", "elsewhere.example"):
        response = Client().get("/health/live", headers={"host": host})
        assert (response.status_code, response.json()) == (200, {"live": True})
        assert not response.cookies
        assert "no-store" in response.headers["Cache-Control"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "Vary" not in response.headers
    assert Client().get("/console/sign-in/", headers={"host": "elsewhere.example"}).status_code == 400, "the control"


def test_ready_names_faults_and_tells_strangers_nothing_more(monkeypatch: Any) -> None:
    assert Client().get("/health/ready").json() == {"ready": True, "faults": []}
    checks = {
        "database": lambda: fault("OperationalError: no route to 10.1.2.3", "Start it."),
        "disk": lambda: ok("free: 3 GiB"),
    }
    monkeypatch.setattr(readiness, "CHECKS", checks)
    readiness.forget()
    response = Client().get("/health/ready", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.json()) == (503, {"ready": False, "faults": ["database"]})


def test_ready_is_computed_once_for_many_requests(monkeypatch: Any) -> None:
    asked: list[int] = []

    def check() -> Finding:
        asked.append(1)
        return ok("written")

    monkeypatch.setattr(readiness, "CHECKS", {"database": check})
    threads = [threading.Thread(target=Client().get, args=("/health/ready",)) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]
    monkeypatch.setattr(readiness, "KEPT_SECONDS", -1.0)  # the control: without keeping, each request computes
    readiness.forget()
    Client().get("/health/ready")
    Client().get("/health/ready")
    assert asked == [1, 1, 1]


def test_other_methods_are_refused_and_other_addresses_go_on() -> None:
    assert Client().post("/health/live").status_code == 405
    assert Client().head("/health/ready").status_code == 200
    assert Client().get("/health/else").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_ready_really_writes_and_finds_a_database_that_takes_nothing(monkeypatch: Any) -> None:
    monkeypatch.undo()
    assert Client().get("/health/ready").json() == {"ready": True, "faults": []}
    readiness.forget()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE study_worker RENAME TO study_worker_away")
    try:
        assert Client().get("/health/ready").json() == {"ready": False, "faults": ["database"]}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE study_worker_away RENAME TO study_worker")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets several write")
@pytest.mark.django_db(transaction=True)
def test_a_writer_that_holds_the_database_for_a_moment_makes_no_server_unready(monkeypatch: Any) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 20)
    with transaction.atomic():  # holds the lock of writers
        assert Client().get("/health/ready").json() == {"ready": True, "faults": []}
        readiness.forget()
        monkeypatch.setattr(readiness, "CHECKS", {"database": database.database_is_written})  # the control
        monkeypatch.setattr(readiness, "SECONDS", 0.2)
        assert Client().get("/health/ready").json() == {"ready": False, "faults": ["database"]}
