"""A heartbeat whose database restarts: the next beat opens another connection."""

import threading

import pytest
from django.db import OperationalError, connection

from study.background_work import heartbeat as module
from study.background_work.heartbeat import heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


class KeptConnection:
    """The control: a connection that nobody closes, so that each beat meets the broken one again."""

    in_atomic_block = False

    def close(self) -> None:
        pass


@pytest.mark.parametrize("closes", [True, False])
def test_a_heartbeat_goes_on_after_the_database_restarted(closes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: set[int] = set()
    beats: list[str] = []
    enough = threading.Event()

    def beat() -> bool:
        """The server has restarted once: the connection that was open then fails for ever."""
        connection.ensure_connection()
        if not beats:
            broken.add(id(connection.connection))
            kept.append(connection.connection)
        failed = id(connection.connection) in broken
        beats.append("failed" if failed else "beat")
        if len(beats) == 3:
            enough.set()
        if failed:
            raise OperationalError("the connection is closed")
        return True

    kept: list[object] = []  # so that no other connection gets its id
    if not closes:
        monkeypatch.setattr(module, "connection", KeptConnection())
    with heartbeat(beat, 0.01):
        assert enough.wait(60)
    assert beats[:3] == (["failed", "beat", "beat"] if closes else ["failed"] * 3)
