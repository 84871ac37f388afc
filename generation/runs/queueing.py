"""Waking workers. The database is the queue: a message only names a row, and losing or doubling it does no harm.

Few messages are under way at a time (`window`), and whoever finishes a step sends the next ones, so that a
broker never holds thousands and copies never pile up.
"""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import ChannelError, OperationalError

from generation.models import ClipStep, GenerationRun

logger = logging.getLogger(__name__)


def window(running: int) -> int:
    """How many messages may be under way in a queue: it grows with the workers that are seen to be there."""
    return 8 + 2 * running


def top_up(run: GenerationRun) -> int:
    """Sends messages for waiting steps, those furthest along first, as far as the window allows.

    Steps under which a worker ended come last, so that what kills workers cannot hold up the others.
    """
    if not GenerationRun.objects.filter(pk=run.pk, state=GenerationRun.State.RUNNING).exists():
        return 0
    sent = 0
    waiting = ClipStep.objects.filter(run=run, state=ClipStep.State.WAITING)
    for queue in waiting.filter(queued_at=None).values_list("queue", flat=True).distinct().order_by():
        running = ClipStep.objects.filter(run=run, state=ClipStep.State.RUNNING, queue=queue).count()
        room = window(running) - waiting.filter(queue=queue, queued_at__isnull=False).count()
        if room <= 0:
            continue
        for step_id in list(
            waiting.filter(queue=queue, queued_at=None)
            .order_by("attempts", "interruptions", "-position", "clip__number")
            .values_list("pk", flat=True)[:room]
        ):
            # Two that top up at once: only the one that changes the row sends the message.
            if waiting.filter(pk=step_id, queued_at=None).update(queued_at=Now()):
                _send_after_commit(step_id, queue)
                sent += 1
    return sent


def queue_name(queue: str) -> str:
    """The broker's name for a queue; a prefix keeps installations apart that share a broker."""
    return getattr(settings, "GENERATION_QUEUE_PREFIX", "") + queue


def _send_after_commit(step_id: int, queue: str) -> None:
    transaction.on_commit(lambda: _publish(step_id, queue))


def _publish(step_id: int, queue: str) -> None:
    try:
        current_app.send_task("generation.perform_step", (step_id,), queue=queue_name(queue), ignore_result=True)
    except (OperationalError, ChannelError, OSError) as error:
        # The broker is away. The row says what is left; a worker that comes up finds it.
        logger.warning("No message could be sent (%s); a worker will find the step by its row.", error)
        ClipStep.objects.filter(pk=step_id, state=ClipStep.State.WAITING).update(queued_at=None)
