"""Do the steps of a run: one step under its lease, or all steps that are left, in this process."""

import enum
import errno
import logging
import time
from collections.abc import Callable

from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from generation.errors import GenerationError, RunStopped, ServiceAway
from generation.models import ClipStep, GenerationRun
from generation.runs import leases, lifecycle, orphan_files, waiting
from generation.runs.leases import Lease, LeaseLost
from generation.runs.queueing import WORK_ORDER, send_waiting_steps
from generation.runs.steps import by_kind
from generation.runs.steps.context import load_step_context
from generation.runs.steps.sequence import prepare_next_step
from study.background_work import schema
from study.background_work.heartbeat import heartbeat
from study.digests import canonical_digest
from study.models import Clip, Study
from study.stored_files.unavailable import StorageUnavailable

logger = logging.getLogger(__name__)

State = ClipStep.State
# How often the database may refuse a step's outcome.
MAX_SAVE_ATTEMPTS = 3
# Seconds for which a worker waits for a database that is away: a step that is put back then counts no failure.
PATIENCE = 300
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_NO_ROOM = gettext_noop("The disk is full (%(fault)s). Free some space, then start again. Finished steps are kept.")

_STORAGE_AWAY = gettext_noop("The storage of uploads and images does not answer (%(fault)s).")
_REFUSED = gettext_noop(
    "The storage of uploads and images refuses access (%(fault)s). Have its address, its key or its rights corrected, "
    "then start again. Finished steps are kept."
)


class StepResult(enum.StrEnum):
    """The result of an attempt at a step."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # with its run, since every other step would fail alike
    PUT_OFF = "put off"  # a service that it needs is away; the step waits and no worker with it
    PUT_BACK = "put back"  # the database refused the outcome; the step waits to be tried again
    TAKEN = "taken"  # nothing to do: another worker has the step, or it does not wait
    LOST = "lost"  # another worker has the step by now, or it was deleted; nothing was saved


def perform_step(step_id: int, *, wake: bool = True) -> StepResult:
    """Do one step if it waits to be done.

    1. Acquire the step's lease.
    2. Collect its inputs. If its result was made from the same inputs and its files are there, skip to 4.
    3. Do the work outside of any transaction, while a thread renews the lease.
    4. In one transaction: check that the study is a draft, end the step, save its outcome, prepare the next step.
    5. Translate an error: fail the step, stop the run, or let the step wait again or for a service that is away.
    6. Send messages for the steps that wait now (`wake`), and end the run if no step is left.

    May be called any number of times, by several workers at once, and be killed at any point.
    """
    lease = leases.acquire(step_id)
    if lease is None:
        return StepResult.TAKEN
    step = ClipStep.objects.select_related("clip__study", "run").get(pk=step_id)
    has_next = False
    try:
        has_next = _do_and_save(lease, step)
        result = StepResult.DONE
    except LeaseLost as lost:
        logger.info("The result of a step is thrown away: %s.", lost)
        result = StepResult.LOST
    except Exception as error:
        result = _handle_error(lease, step, error)
    if result != StepResult.DONE:
        orphan_files.delete_orphans()  # files written under this lease
    if wake:
        send_waiting_steps(step.run)
    if not has_next:
        lifecycle.finish_if_complete(step.run)
    return result


def _do_and_save(lease: Lease, step: ClipStep) -> bool:
    """Do the step and save its outcome; return whether the clip has a step after it."""
    started = time.monotonic()
    context = load_step_context(step)
    outcome = None
    with leases.keep_renewing(lease):  # a model's files may be gigabytes to digest
        inputs = by_kind.collect_inputs(context)
        if not (by_kind.is_current(step, inputs) and by_kind.has_output(context)):
            outcome = by_kind.run_step(context, inputs, lease.token)
    with transaction.atomic():
        # The study's row is locked first, so that the study cannot open between this check and the commit.
        study = Study.objects.select_for_update().filter(pk=step.clip.study_id).first()
        if study is None:
            raise LeaseLost("the study was deleted")
        if study.status != Study.Status.DRAFT:
            raise RunStopped(_("The study is no longer a draft: its images can no longer change."))
        if not ClipStep.objects.filter(pk=step.pk, run_id=step.run_id).exists() or _is_trimmed_anew(step):
            # Another run began meanwhile, maybe with other settings, and has this step to do; or it listened to what
            # is no longer heard.
            leases.end_step(lease, State.WAITING, finished_at=None)
            has_next, has_orphans = True, True
        elif outcome is None:
            leases.end_step(lease, State.DONE)
            has_next, has_orphans = prepare_next_step(context), False
        else:
            seconds = round(time.monotonic() - started, 4)
            digest = canonical_digest(inputs)
            leases.end_step(lease, State.DONE, input_digest=digest, result=outcome.result, seconds=seconds)
            step.result = outcome.result
            has_orphans = by_kind.save_outcome(context, outcome)
            has_next = prepare_next_step(context)
            waiting.resume(step)
    if has_orphans:
        orphan_files.delete_orphans()
    return has_next


def _is_trimmed_anew(step: ClipStep) -> bool:
    """Whether a step of listening began before the clip got its present excerpt."""
    return step.kind == ClipStep.Kind.LISTEN and step.clip.excerpt != Clip.objects.get(pk=step.clip_id).excerpt


def _handle_error(lease: Lease, step: ClipStep, error: Exception) -> StepResult:
    """Fail the step, stop its run, or let the step wait again, as the error demands."""
    if isinstance(error, RunStopped):
        return _stop_run(lease, step, str(error))
    if schema.is_cause_of(error):
        logger.error("%s waits for a worker of the database's version: %s", step, error)
        leases.release(lease, attempts=F("attempts") - 1)
        return StepResult.PUT_BACK
    if isinstance(error, ServiceAway):
        return _put_off(lease, step, str(error), error.asked)
    if isinstance(error, StorageUnavailable):
        if error.refused:
            return _stop_run(lease, step, _(_REFUSED) % {"fault": error.strerror})
        return _put_off(lease, step, _(_STORAGE_AWAY) % {"fault": error.strerror})
    if isinstance(error, OperationalError):  # the database is locked, full or away, which is no fault of the step
        logger.warning("%s could not be saved: %s", step, error)
        return _put_back(lease, step, error)
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        logger.warning("%s could not be stored: %s", step, error)
        return _stop_run(lease, step, _(_NO_ROOM) % {"fault": error.strerror})
    if isinstance(error, GenerationError):
        logger.info("%s failed: %s", step, error)
    else:
        logger.error("%s failed.", step, exc_info=error)
    return _fail(lease, str(error) or type(error).__name__)


def _stop_run(lease: Lease, step: ClipStep, message: str) -> StepResult:
    """Stop the run, since every other step would fail alike; leave this step to the next run."""
    leases.release(lease, attempts=0)
    lifecycle.stop_run(step.run, message)
    return StepResult.STOPPED


def _put_off(lease: Lease, step: ClipStep, reason: str, asked: float | None = None) -> StepResult:
    """Let the step wait for a service that is away, for a day at most."""
    if sentence := waiting.put_off(lease, step, reason, asked):
        return _fail(lease, sentence)
    logger.info("%s waits: %s", step, reason)
    return StepResult.PUT_OFF


def _put_back(lease: Lease, step: ClipStep, error: OperationalError) -> StepResult:
    """Let the step wait to be tried again: a few times if the database refused it, always if the database was away."""
    was_away = False
    if not connection.in_atomic_block:
        was_away = not connection.is_usable()
        connection.close()  # it may be broken; the next query opens another
    if step.attempts >= MAX_SAVE_ATTEMPTS and not was_away:
        return _fail(lease, f"The database did not take the result after {step.attempts} attempts: {error}")
    again_by = time.monotonic() + PATIENCE
    while True:
        try:
            leases.release(lease, **({"attempts": F("attempts") - 1} if was_away else {}))
        except OperationalError:
            connection.close()
            if not was_away or time.monotonic() > again_by:  # the lease expires instead
                raise
            time.sleep(1)
        else:
            return StepResult.PUT_BACK


def _fail(lease: Lease, message: str) -> StepResult:
    try:
        leases.end_step(lease, State.FAILED, error=message[:4000])
    except LeaseLost:
        return StepResult.LOST
    return StepResult.FAILED


def run_pending(
    study: Study, progress: Callable[[GenerationRun], None] | None = None, *, patience: float = 0.2
) -> GenerationRun | None:
    """Do the steps that are left of the study's last run, in this process; return the run, or None if there is none.

    It uses the same rows, leases and functions as workers, so it may run beside them: while they hold the last steps,
    it waits, `patience` seconds at a time.
    """
    run = GenerationRun.objects.filter(study=study).last()
    if run is None:
        return None
    leases.free_abandoned_steps()
    # Also during a step: it may wait for room under a cap, which the call of a killed worker takes until it is freed.
    with heartbeat(leases.free_abandoned_steps, leases.lease_time().total_seconds() / 4):
        while run.is_running:
            left = ClipStep.objects.filter(run=run, state__in=ClipStep.ACTIVE)
            step_id = (
                left.filter(leases.is_due(), state=State.WAITING)
                .order_by(*WORK_ORDER)
                .values_list("pk", flat=True)
                .first()
            )
            if step_id is not None:
                perform_step(step_id, wake=False)
            else:
                leases.free_abandoned_steps()
                lifecycle.finish_if_complete(run)
                time.sleep(patience if left.exists() else 0)  # with other workers, or waiting for a service
            run.refresh_from_db()
            if progress is not None:
                progress(run)
    return run
