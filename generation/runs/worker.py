"""Requeue orphaned steps when a Celery worker starts and from time to time while it runs.

Brokers lose messages: those that a killed worker had fetched (the filesystem and SQL transports lose the running task
too), and those sent while the broker was away. Rows are not lost, so every worker looks for rows without a message.
"""

import logging
import os
import random
import threading
from datetime import timedelta
from typing import Any

from celery.signals import worker_process_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.db.models.functions import Now

from generation.models import ClipStep, GenerationRun
from generation.runs import leases, lifecycle, orphan_files
from generation.runs.processes import set_parent_worker
from generation.runs.queueing import send_waiting_steps

logger = logging.getLogger(__name__)
_stopping = threading.Event()

# Send a message again after this time if no worker of its queue is busy.
RESEND_IF_IDLE = timedelta(seconds=20)
# If one is busy, wait this long: the message may be behind long steps.
RESEND_IF_BUSY = timedelta(minutes=30)


def requeue_orphans(*, starting: bool = False) -> int:
    """Queue a step again if its worker has ended or its message is lost; return the number of such steps.

    `starting`: a worker has just started. The messages that a killed predecessor had fetched are lost, so all are sent
    again.
    """
    requeued = leases.free_abandoned_steps()
    for run in GenerationRun.objects.filter(state=GenerationRun.State.RUNNING):
        lost = ClipStep.objects.filter(run=run, state=ClipStep.State.WAITING, queued_at__isnull=False)
        if not starting:
            busy = ClipStep.objects.filter(run=run, state=ClipStep.State.RUNNING).values("queue")
            lost = lost.filter(
                Q(queued_at__lt=Now() - RESEND_IF_BUSY) | (~Q(queue__in=busy) & Q(queued_at__lt=Now() - RESEND_IF_IDLE))
            )
        requeued += lost.update(queued_at=None)
        send_waiting_steps(run)
        lifecycle.finish_if_complete(run)
    orphan_files.delete_orphans()
    return requeued


def _try_to_requeue(*, starting: bool = False) -> None:
    try:
        requeued = requeue_orphans(starting=starting)
        if requeued:
            logger.info("%s orphaned steps are queued again.", requeued)
    except Exception:
        logger.warning("Requeueing orphaned steps failed; it is tried again.", exc_info=True)
    finally:
        connections.close_all()


def _requeue_periodically() -> None:
    _try_to_requeue(starting=True)
    # The random factor keeps workers that start together from requeueing together.
    while not _stopping.wait(settings.GENERATION_RESCUE_SECONDS * random.uniform(0.8, 1.2)):
        _try_to_requeue()


@worker_ready.connect
def start_requeueing(**kwargs: Any) -> None:
    """Start the requeueing thread in the worker's main process."""
    _stopping.clear()
    threading.Thread(target=_requeue_periodically, name="generation-rescue", daemon=True).start()


@worker_shutting_down.connect
def stop_requeueing(**kwargs: Any) -> None:
    """Send no more messages from a worker that shuts down."""
    _stopping.set()


@worker_process_init.connect
def remember_parent_worker(**kwargs: Any) -> None:
    """Name the worker in the leases of this pool process, so that its death and the worker's can be distinguished."""
    set_parent_worker(os.getppid())
