"""Clocks that are set while work waits or runs: a clock set forward makes live work look dead, one set back dead alive.

Times in rows are of the machine or of the database, and so are heartbeats. A clock that is set forward is noticed by
every look-out, which then waits until all heartbeats have come again. Times that lie in the future were written before
a clock was set back: they are set to now, so that nothing waits until the clock has caught up.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

logger = logging.getLogger(__name__)

# What the clocks of several machines may differ by.
TOLERANCE = timedelta(seconds=10)
# Seconds within which every heartbeat comes again; the slowest are those of analyses and audits, every half minute.
_HEARTBEATS_WITHIN = 45.0


def database_time() -> float:
    """Return the database's clock, in seconds since 1970."""
    with connection.cursor() as cursor:
        at = cursor.execute("SELECT CURRENT_TIMESTAMP").fetchone()[0]
    return (datetime.fromisoformat(at).replace(tzinfo=UTC) if isinstance(at, str) else at).timestamp()


class ClockWatch:
    """Compares clocks with the time that has passed, which no setting of a clock changes."""

    def __init__(self, clocks: dict[str, Callable[[], float]]) -> None:
        self._clocks = clocks
        self._read: dict[str, tuple[float, float]] = {}  # clock → when it was read, and what it said
        self._calm_from = 0.0

    def is_calm(self) -> bool:
        """Read the clocks; return whether none was set forward since the last call, nor a moment ago.

        A machine that was suspended counts as one whose clock was set forward: its heartbeats paused too.
        """
        for name, read in self._clocks.items():
            before, says, after = time.monotonic(), read(), time.monotonic()
            then, said = self._read.get(name, (before, says))
            self._read[name] = after, says
            # At least so much: the clock may have been read anywhere between `before` and `after`.
            step = says - said - (after - then)
            if step > TOLERANCE.total_seconds():
                wait = max(_HEARTBEATS_WITHIN, settings.GENERATION_LEASE_SECONDS / 2)
                self._calm_from = after + wait
                logger.warning(
                    "The %s was set forward by %.0f s; lost work is looked for again in %.0f s.", name, step, wait
                )
        return time.monotonic() >= self._calm_from


def pull_back(rows: QuerySet, *names: str) -> None:
    """Set times of rows that lie in the future to now: they were written before the clock was set back."""
    now = timezone.now()
    for name in names:
        rows.filter(**{f"{name}__gt": now + TOLERANCE}).update(**{name: now})


def is_in_future(at: datetime | None) -> bool:
    """Return whether a time was written before the clock was set back."""
    return at is not None and at > timezone.now() + TOLERANCE
