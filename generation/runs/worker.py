"""Requeue orphaned steps: what the look-out of every worker does about generation."""

import os
from datetime import timedelta
from typing import Any

from celery.signals import worker_process_init
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from generation.models import ClipStep, GenerationRun
from generation.runs import leases, lifecycle, orphan_files, waiting
from generation.runs.processes import set_parent_worker
from generation.runs.queueing import send_waiting_steps
from study.background_work import lookout
from study.background_work.clocks import TOLERANCE
from study.models import Study

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
        requeued += _requeue_lost(run, starting)
        send_waiting_steps(run)
        lifecycle.finish_if_complete(run)
    orphan_files.delete_orphans()
    return requeued


def _requeue_lost(run: GenerationRun, starting: bool) -> int:
    with transaction.atomic():
        # Under the study's lock, as all that changes several steps, so that two such changes never wait for each other.
        Study.objects.select_for_update().filter(pk=run.study_id).first()
        waiting.pull_back_waits(run)
        lost = ClipStep.objects.filter(run=run, state=ClipStep.State.WAITING, queued_at__isnull=False)
        if not starting:
            lost.filter(queued_at__gt=Now() + TOLERANCE).update(queued_at=Now())  # sent before the clock was set back
            busy = ClipStep.objects.filter(run=run, state=ClipStep.State.RUNNING).values("queue")
            lost = lost.filter(
                Q(queued_at__lt=Now() - RESEND_IF_BUSY) | (~Q(queue__in=busy) & Q(queued_at__lt=Now() - RESEND_IF_IDLE))
            )
        return lost.update(queued_at=None)


lookout.register("steps", lambda starting: requeue_orphans(starting=starting))


@worker_process_init.connect
def remember_parent_worker(**kwargs: Any) -> None:
    """Name the worker in the leases of this pool process, so that its death and the worker's can be distinguished."""
    set_parent_worker(os.getppid())
