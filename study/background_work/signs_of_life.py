"""Signs of life: every worker and every beat keeps a row (`Worker`) that tells when it was last seen.

The rows answer what a broker cannot while it is away: does a worker serve this queue at all, since when not, and does
it run the same code as the web server?
"""

import logging
import os
import socket
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery.signals import beat_init, worker_shutdown
from django.conf import settings
from django.db import Error, connections
from django.utils import timezone

from study.background_work.clocks import pull_back
from study.background_work.running_code import code_digest, release
from study.models import Worker

logger = logging.getLogger(__name__)
# A row of a process that was killed stays so long, so that one can read since when it is silent.
KEPT = timedelta(days=7)


def silent_after() -> timedelta:
    """Return the time without a sign of life after which a worker counts as silent: four signs were missed."""
    return timedelta(seconds=max(120.0, 4 * settings.GENERATION_RESCUE_SECONDS))


def note_life(kind: Worker.Kind, queues: Iterable[str] = (), *, starting: bool = False) -> None:
    """Note that this process lives. A database that is away or busy is no reason to stop: the next sign is noted."""
    now = timezone.now()
    fields: dict[str, Any] = {
        "queues": ",".join(sorted(queues))[:300],
        "version": release(),
        "code": code_digest(),
        "seen_at": now,
    }
    try:
        pull_back(Worker.objects.all(), "seen_at")  # else a dead one would look alive until the clock has caught up
        if starting:
            Worker.objects.filter(seen_at__lt=now - KEPT).delete()
            fields["started_at"] = now
        Worker.objects.update_or_create(
            kind=kind, **_this_process(), defaults=fields, create_defaults=fields | {"started_at": now}
        )
    except Error:
        logger.warning("A sign of life could not be noted; the next one tries again.", exc_info=True)


def forget_process(kind: Worker.Kind) -> None:
    """Delete the row of this process, which ends as it was asked to."""
    try:
        Worker.objects.filter(kind=kind, **_this_process()).delete()
    except Error:
        logger.warning("The row of this process could not be deleted; it is silent from now on.", exc_info=True)


def living() -> list[Worker]:
    """Return the workers and beats that were seen lately."""
    return list(Worker.objects.filter(seen_at__gte=timezone.now() - silent_after()))


def _this_process() -> dict[str, Any]:
    return {"host": socket.gethostname()[:100], "pid": os.getpid()}


@worker_shutdown.connect
def _forget_worker(**_kwargs: Any) -> None:
    forget_process(Worker.Kind.WORKER)
    connections.close_all()


@beat_init.connect
def _begin_beat(**_kwargs: Any) -> None:
    threading.Thread(target=_note_beat, name="signs-of-life", daemon=True).start()


def _note_beat() -> None:
    starting, pause = True, threading.Event()
    while starting or not pause.wait(settings.GENERATION_RESCUE_SECONDS):
        note_life(Worker.Kind.BEAT, starting=starting)
        connections.close_all()
        starting = False
