"""Doing what is left: a step under its lease, all steps in this process, and the rescue of what was left lying."""

import errno
import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generation.errors import GenerationError, RunStopped
from generation.models import ClipStep, GenerationRun
from generation.runs import lifecycle, orphan_files
from generation.runs.leases import MAXIMUM_ATTEMPTS, RELEASED, Lease, LeaseLost, end, free_dead, heartbeat, take
from generation.runs.queueing import top_up
from generation.runs.steps import by_kind
from generation.runs.steps.context import load_step_context
from generation.runs.steps.sequence import prepare_next_step
from study.digests import canonical_digest
from study.models import Study

logger = logging.getLogger(__name__)

State = ClipStep.State
# A message that woke nobody in this time is taken for lost where no worker of its queue is at work …
IDLE_MESSAGE = timedelta(seconds=20)
# … and where one is, only after this: it may stand behind long steps.
BUSY_MESSAGE = timedelta(minutes=30)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_NO_ROOM = gettext_noop(
    "The disk of the stored files takes no more (%(fault)s): make room, then start again. What is made stays."
)


def perform(step_id: int, *, wake: bool = True) -> str:
    """Does one step if it is left to do, and says how that went: done, failed, stopped, put back, taken or lost.

    May be called any number of times, by several workers at once, and be killed anywhere. `wake` sends
    messages for what comes next.
    """
    lease = take(step_id)
    if lease is None:
        return "taken"
    step = ClipStep.objects.select_related("clip__study", "run").get(pk=step_id)
    goes_on = False
    try:
        goes_on = _do(lease, step)
        result = "done"
    except LeaseLost as lost:
        logger.info("The result of a step is thrown away: %s.", lost)
        result = "lost"
    except RunStopped as error:
        result = _stop(lease, step, str(error))
    except OperationalError as error:  # the database is locked, full or away: nothing of the step's own making
        logger.warning("%s could not be saved: %s", step, error)
        result = _put_back(lease, step, error)
    except OSError as error:
        if error.errno in DISK_FULL:
            logger.warning("%s could not be stored: %s", step, error)
            result = _stop(lease, step, _(_NO_ROOM) % {"fault": error.strerror})
        else:
            logger.exception("%s failed.", step)
            result = _fail(lease, str(error))
    except Exception as error:
        if isinstance(error, GenerationError):
            logger.info("%s failed: %s", step, error)
        else:
            logger.exception("%s failed.", step)
        result = _fail(lease, str(error) or type(error).__name__)
    if result != "done":
        orphan_files.sweep()  # what was written under the lost lease
    if wake:
        top_up(step.run)
    if not goes_on:
        lifecycle.finish_if_complete(step.run)
    return result


def _do(lease: Lease, step: ClipStep) -> bool:
    """Does the step and saves what came of it; says whether the clip has a step after it."""
    started = time.monotonic()
    context = load_step_context(step)
    inputs = by_kind.collect_inputs(context)
    outcome = None
    if not by_kind.is_current(step, inputs):
        with heartbeat(lease):
            outcome = by_kind.run_step(context, inputs, lease.token)
    with transaction.atomic():
        # The study's row is locked first, so that the study cannot open between this look and the commit.
        study = Study.objects.select_for_update().filter(pk=step.clip.study_id).first()
        if study is None:
            raise LeaseLost("the study was deleted")
        if study.status != Study.Status.DRAFT:
            raise RunStopped(_("The study is not a draft any more: its images stay as participants see them."))
        if not ClipStep.objects.filter(pk=step.pk, run_id=step.run_id).exists():
            # Another run began meanwhile, maybe with other settings: the step is left to it.
            end(lease, State.WAITING, finished_at=None)
            goes_on, left_behind = True, True
        elif outcome is None:
            end(lease, State.DONE)
            goes_on, left_behind = prepare_next_step(context), False
        else:
            seconds = round(time.monotonic() - started, 4)
            end(lease, State.DONE, input_digest=canonical_digest(inputs), result=outcome.result, seconds=seconds)
            step.result = outcome.result
            left_behind = by_kind.save_outcome(context, outcome)
            goes_on = prepare_next_step(context)
    if left_behind:
        orphan_files.sweep()
    return goes_on


def _stop(lease: Lease, step: ClipStep, message: str) -> str:
    """Stops the run, since every other step would fail alike; this one is left to the next run."""
    held = ClipStep.objects.filter(pk=lease.step_id, lease_token=lease.token)
    held.update(state=State.WAITING, attempts=0, **RELEASED)
    lifecycle.stop_run(step.run, message)
    return "stopped"


def _put_back(lease: Lease, step: ClipStep, error: OperationalError) -> str:
    """Lets the step be tried again, but not for ever. Where the database is still away, its lease runs out."""
    if not connection.in_atomic_block:
        connection.close()  # it may be broken; the next query opens another
    if step.attempts >= MAXIMUM_ATTEMPTS:
        return _fail(lease, f"The database did not take the result after {step.attempts} attempts: {error}")
    held = ClipStep.objects.filter(pk=lease.step_id, lease_token=lease.token)
    held.update(state=State.WAITING, **RELEASED)
    return "put back"


def _fail(lease: Lease, message: str) -> str:
    try:
        end(lease, State.FAILED, error=message[:4000])
    except LeaseLost:
        return "lost"
    return "failed"


def rescue(*, starting: bool = False) -> int:
    """Queues again what was left lying; returns how many steps that were.

    `starting`: a worker has just come up, so that messages which its killed forerunner had fetched are lost.
    """
    freed = free_dead()
    for run in GenerationRun.objects.filter(state=GenerationRun.State.RUNNING):
        lost = ClipStep.objects.filter(run=run, state=State.WAITING, queued_at__isnull=False)
        if not starting:
            busy = ClipStep.objects.filter(run=run, state=State.RUNNING).values("queue")
            lost = lost.filter(
                Q(queued_at__lt=Now() - BUSY_MESSAGE) | (~Q(queue__in=busy) & Q(queued_at__lt=Now() - IDLE_MESSAGE))
            )
        freed += lost.update(queued_at=None)
        top_up(run)
        lifecycle.finish_if_complete(run)
    orphan_files.sweep()
    return freed


def run_pending(
    study: Study, progress: Callable[[GenerationRun], None] | None = None, *, patience: float = 0.2
) -> GenerationRun | None:
    """Does what is left of the study's run in this process; returns the run, or None where there is none.

    The same rows, leases and functions as the workers', so it may run beside them: where others hold the
    last steps it waits for them, `patience` seconds between looks.
    """
    run = GenerationRun.objects.filter(study=study).last()
    if run is None:
        return None
    free_dead()
    while run.is_running:
        waiting = ClipStep.objects.filter(run=run, state=State.WAITING)
        step_id = (
            waiting.order_by("attempts", "interruptions", "-position", "clip__number")
            .values_list("pk", flat=True)
            .first()
        )
        if step_id is not None:
            perform(step_id, wake=False)
        else:
            free_dead()
            lifecycle.finish_if_complete(run)
            time.sleep(patience if ClipStep.objects.filter(run=run, state=State.RUNNING).exists() else 0)
        run.refresh_from_db()
        if progress is not None:
            progress(run)
    return run
