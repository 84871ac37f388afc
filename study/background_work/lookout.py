"""The look-out of every worker: find rows that wait without a message, and rows whose worker was killed.

Brokers lose messages: those that a killed worker had fetched (the filesystem and SQL transports lose the running task
too), and those sent while the broker was away. Rows are not lost. Each wing registers a function that looks through its
own rows; a worker calls all of them when it starts and from time to time while it runs. Each time it also leaves a
sign of life.
"""

import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connections
from django.utils import timezone

from study.background_work import messages, schema
from study.background_work.clocks import ClockWatch, database_time
from study.background_work.messages import try_again_at_once
from study.background_work.signs_of_life import note_life
from study.models import Worker

logger = logging.getLogger(__name__)

# A row whose message was sent so long ago gets another. Its task does nothing if the row no longer waits.
RESEND_AFTER = timedelta(minutes=1)
# The same while the queue is long: the message is most likely in it, behind others.
RESEND_IF_BUSY = timedelta(minutes=30)
# Messages in the queue beside those of the rows that wait: steps of runs, periodic tasks.
_OTHER_MESSAGES = 50

_looks: dict[str, Callable[[bool], int]] = {}
_stopping = threading.Event()
_clocks = ClockWatch({"machine's clock": time.time, "database's clock": database_time})


def register(what: str, look: Callable[[bool], int]) -> None:
    """Add a function to the look-out.

    Args:
        what: the rows in words, for the log.
        look: takes whether the worker has just started, in which case the messages that a killed predecessor had
            fetched are lost; returns how many rows it took care of.
    """
    _looks[what] = look


def resend_before(waiting: int, *, starting: bool) -> datetime:
    """Return the time such that a waiting row gets another message if its last one was sent before it.

    While workers are busy, hundreds of rows may wait for hours, each with its message in the queue. So the queue's
    length bounds what is sent again: it never holds many more messages than twice the rows.

    Args:
        waiting: how many rows of this kind wait.
        starting: a worker has just started: what a killed predecessor had fetched is lost, so all are sent again.
    """
    now = timezone.now()
    queued = messages.count_queued() if waiting else 0
    if queued is not None and queued > waiting + _OTHER_MESSAGES:
        return now - RESEND_IF_BUSY
    return now if starting else now - RESEND_AFTER


def look_out(*, starting: bool = False) -> int:
    """Look through all rows once; return how many were taken care of. A failure in one wing stops no other.

    Nothing is looked through while live work may look dead, because a clock was set.
    """
    try:
        if not _clocks.is_calm():
            return 0
    except Exception:  # the database is away
        logger.warning("Looking for lost work failed; it is tried again.", exc_info=True)
        return 0
    found = 0
    for what, look in list(_looks.items()):
        try:
            count = look(starting)
        except Exception:
            logger.warning("Looking for lost %s failed; it is tried again.", what, exc_info=True)
            continue
        if count:
            logger.info("Lost %s found again: %s.", what, count)
        found += count
    return found


def _look_out_periodically(queues: Collection[str]) -> None:
    starting = True
    # The random factor keeps workers that start together from looking together.
    while starting or not _stopping.wait(settings.GENERATION_RESCUE_SECONDS * random.uniform(0.8, 1.2)):
        try_again_at_once()
        try:
            if problem := schema.difference():
                _stop_worker(problem)
                return
            note_life(Worker.Kind.WORKER, queues, starting=starting)
            look_out(starting=starting)
        finally:
            connections.close_all()
        starting = False


def _stop_worker(problem: str) -> None:
    """Stop this worker as its supervisor would: it finishes its tasks and takes no more."""
    logger.critical("This worker stops, and does no work on a database of another version. %s", problem)
    os.kill(os.getpid(), signal.SIGTERM)


@worker_init.connect
def refuse_another_version(**kwargs: Any) -> None:
    """End a worker that starts on a database of another version, with one sentence."""
    schema.remember_own()
    if problem := schema.difference():
        sys.exit(f"The worker does not start. {problem}")
    connections.close_all()  # its processes are forked after this


@worker_ready.connect
def start_lookout(sender: Any = None, **kwargs: Any) -> None:
    """Start the look-out's thread in the worker's main process.

    Args:
        sender: the worker's consumer, which knows the names of the queues that it serves.
    """
    _stopping.clear()
    queues = list(sender.app.amqp.queues.consume_from) if sender is not None else []
    threading.Thread(target=_look_out_periodically, args=(queues,), name="lookout", daemon=True).start()


@worker_shutting_down.connect
def stop_lookout(**kwargs: Any) -> None:
    """Send no more messages from a worker that shuts down."""
    _stopping.set()
