"""Send messages that wake workers. The database is the queue: a message only names a step's row.

A lost or doubled message does no harm. Few messages are under way at a time (`max_queued`), and each finished step
sends the next ones, so that a broker never holds thousands.
"""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from generation.models import ClipStep, GenerationRun
from generation.runs.leases import is_due
from study.background_work import messages

# Steps that are furthest along go first. Steps whose worker died are last: a step that crashes workers must not block
# the rest.
WORK_ORDER = ("attempts", "interruptions", "-position", "clip__number")


def max_queued(running: int) -> int:
    """Return how many messages may be under way in a queue in which `running` steps are being done."""
    return 8 + 2 * running


def send_waiting_steps(run: GenerationRun) -> int:
    """Send messages for waiting steps, in each queue at most `max_queued`; return how many were sent."""
    if not GenerationRun.objects.filter(pk=run.pk, state=GenerationRun.State.RUNNING).exists():
        return 0
    sent = 0
    waiting = ClipStep.objects.filter(is_due(), run=run, state=ClipStep.State.WAITING)
    for queue in waiting.filter(queued_at=None).values_list("queue", flat=True).distinct().order_by():
        running = ClipStep.objects.filter(run=run, state=ClipStep.State.RUNNING, queue=queue).count()
        room = max_queued(running) - waiting.filter(queue=queue, queued_at__isnull=False).count()
        if room <= 0:
            continue
        unsent = waiting.filter(queue=queue, queued_at=None).order_by(*WORK_ORDER)
        for step_id in list(unsent.values_list("pk", flat=True)[:room]):
            # Of two processes that send at once, only the one that changes the row sends the message.
            if waiting.filter(pk=step_id, queued_at=None).update(queued_at=Now()):
                _send_after_commit(step_id, queue)
                sent += 1
    return sent


def queue_name(queue: str) -> str:
    """Return the broker's name for a queue; the prefix keeps installations apart that share a broker."""
    return settings.GENERATION_QUEUE_PREFIX + queue


def _send_after_commit(step_id: int, queue: str) -> None:
    transaction.on_commit(lambda: _publish(step_id, queue))


def _publish(step_id: int, queue: str) -> None:
    if not messages.send("generation.perform_step", (step_id,), queue=queue_name(queue)):
        # The row is marked as unsent, so that the next worker sends it again.
        ClipStep.objects.filter(pk=step_id, state=ClipStep.State.WAITING).update(queued_at=None)
