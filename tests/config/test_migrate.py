"""Two that migrate one database at once: the second waits for the first."""

import time
from contextlib import nullcontext
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate as djangos
from django.db import connection

from config.management.commands.migrate import Command
from tests.generation.concurrency import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is locked by a file")
def test_the_lock_ends_with_its_transaction_so_that_a_pooler_keeps_none() -> None:
    def locks() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' "
                "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            return [state for (state,) in cursor.fetchall()]

    with Command()._alone("default"):
        assert locks() == ["idle in transaction"]
    assert locks() == []


@pytest.mark.parametrize("one_at_a_time", [True, False])
def test_one_migrates_at_a_time(one_at_a_time: bool, monkeypatch: Any) -> None:
    inside, most = 0, 0

    def handle(_command: Any, **_options: Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.1)
        inside -= 1

    def migrate() -> None:
        call_command("migrate", verbosity=0)
        connection.close()

    monkeypatch.setattr(djangos.Command, "handle", handle)
    if not one_at_a_time:
        monkeypatch.setattr(Command, "_alone", lambda *_arguments: nullcontext())
    run_at_once(*[migrate] * 3)
    assert (most == 1) is one_at_a_time
