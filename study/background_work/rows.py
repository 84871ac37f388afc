"""The life of a row that a worker works on: claimed by one process, alive while that works, found again when lost.

The process that set a row to "running" does its work. If it was killed, another one takes the row over, three times at
most. `attempts` tells the two apart: what the first one still writes changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from study.background_work.clocks import pull_back
from study.background_work.heartbeat import heartbeat
from study.background_work.lookout import resend_before
from study.models.work import BackgroundWork

# Running work without a heartbeat for so long was killed.
STALE_AFTER = timedelta(minutes=3)
ATTEMPTS = 3

Row = TypeVar("Row", bound=BackgroundWork)


def _claimable() -> Q:
    """Rows that wait, or whose process was killed."""
    killed = Q(alive_at__lt=timezone.now() - STALE_AFTER) | Q(alive_at=None)  # None: started by an older version
    return Q(state="waiting") | (Q(state="running") & killed)


def claim(rows: QuerySet[Row]) -> Row | None:
    """Set a row to "running" for this process; None if it is finished or another process works on it.

    Args:
        rows: the row, as a query for its primary key.
    """
    claimable = rows.filter(_claimable())
    row = claimable.first()
    if row is None:
        return None
    now = timezone.now()
    if row.attempts >= ATTEMPTS:
        claimable.update(state="failed", finished_at=now, error=gave_up(row.attempts))
        return None
    same = claimable.filter(attempts=row.attempts)
    if not same.update(state="running", started_at=now, alive_at=now, attempts=row.attempts + 1):
        return None
    row.refresh_from_db()
    return row


def gave_up(attempts: int) -> str:
    """The sentence for work under which workers ended again and again."""
    return _("The worker ended %(n)d times during this work. Look at the worker's log.") % {"n": attempts}


def unexpected(error: Exception) -> str:
    """The sentence for an error that nobody foresaw."""
    return _("It ended with an error that nobody foresaw (%(error)s). The worker's log has the details.") % {
        "error": f"{type(error).__name__}: {error}"[:300]
    }


def still_ours(row: Row) -> QuerySet[Row]:
    """Return the query for the row as this process claimed it; empty once it was cancelled or taken over."""
    rows: QuerySet[Row] = type(row)._default_manager.filter(pk=row.pk)
    return rows.filter(state="running", attempts=row.attempts)


@contextmanager
def kept_alive(row: BackgroundWork) -> Iterator[None]:
    """Note while the body works that the row's process lives."""
    ours = still_ours(row)
    with heartbeat(lambda: bool(ours.update(alive_at=timezone.now())), STALE_AFTER.total_seconds() / 6):
        yield


def lost(rows: QuerySet[Row], starting: bool) -> list[int]:
    """Return the primary keys of rows that no process works on and whose message is lost.

    Args:
        starting: a worker has just started; messages that a killed predecessor had fetched are lost.
    """
    pull_back(rows.filter(state__in=("waiting", "running")), "requested_at", "sent_at", "alive_at")
    found = rows.filter(_claimable())
    before = resend_before(found.count(), starting=starting)
    return list(found.filter(Q(sent_at=None) | Q(sent_at__lt=before)).values_list("pk", flat=True))
