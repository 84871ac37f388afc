"""Clocks: of this machine, the database and the broker; and steps back, which the newest rows betray."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.health.finding import Finding, fault, ok, warning
from study.models import Ballot, LogEntry, Worker

NOTABLE, WRONG = timedelta(seconds=5), timedelta(minutes=1)
SYNC = "Let NTP set the clocks of all machines (timedatectl set-ntp true)."


def clocks_agree() -> Finding:
    """Compare this machine's clock with those of the database's and the broker's machines."""
    away = dict(_differences())
    if not away:
        return ok("database and broker have no clock of their own")
    name, most = max(away.items(), key=lambda item: abs(item[1]))
    found = f"{name}'s clock is {abs(most).total_seconds():.1f} s {'before' if most > timedelta(0) else 'behind'} ours"
    if abs(most) > WRONG:
        return fault(found, SYNC)
    return warning(found, SYNC) if abs(most) > NOTABLE else ok(found)


def _differences() -> Iterator[tuple[str, timedelta]]:
    """Yield how far other clocks are before ours, halfway between question and answer."""
    if connection.vendor == "postgresql":
        asked = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            [theirs] = cursor.fetchone()
        yield "the database", theirs - (asked + (timezone.now() - asked) / 2)
    if settings.CELERY_BROKER_URL.startswith("redis"):
        with current_app.connection_for_read() as broker, broker.channel() as channel:
            asked = timezone.now()
            seconds, micro = channel.client.time()
            theirs = datetime.fromtimestamp(seconds + micro / 1e6, tz=asked.tzinfo)
            yield "the broker", theirs - (asked + (timezone.now() - asked) / 2)


def clock_has_not_gone_back() -> Finding:
    """Look for rows of the future: the clock was set back, or was wrong when they were written."""
    now = timezone.now()
    newest = [
        *LogEntry.objects.order_by("-pk").values_list("at", flat=True)[:1],
        *Ballot.objects.order_by("-pk").values_list("received_at", flat=True)[:1],
        *Worker.objects.order_by("-seen_at").values_list("seen_at", flat=True)[:1],
    ]
    ahead = max((at - now for at in newest if at is not None), default=timedelta(0))
    if ahead > NOTABLE:
        return warning(
            f"the newest rows are {ahead.total_seconds():.0f} s in the future: the clock was set back",
            f"{SYNC} Ages and deadlines are wrong until that time has passed.",
        )
    return ok(f"no row is of the future (it is {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC)")
