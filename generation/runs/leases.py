"""Leases: a worker's right to do a step, its renewal, and what happens to the steps of workers that have ended.

Times are the database's, so that machines with different clocks agree on them.
"""

import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from generation.models import ClipStep, GenerationRun
from generation.runs.processes import parent_is_alive, process_has_ended, this_process
from study.background_work.clocks import TOLERANCE
from study.background_work.heartbeat import heartbeat

State = ClipStep.State

# Fail a step after this many deaths of the pool process that ran it.
MAX_PROCESS_DEATHS = 3
# Deaths of the whole worker may be restarts, so allow more of them.
MAX_WORKER_DEATHS = 25
TOO_MANY_DEATHS = (
    "Given up after %d attempts: each time the worker was killed during this step. Usual reasons are too little "
    "memory and a crash of a library; the worker's log may say which. Fix it and retry."
)
NO_LEASE = {"lease_token": "", "leased_until": None, "lease_holder": "", "queued_at": None}
NO_DEATHS = {"attempts": 0, "interruptions": 0}


def lease_time() -> timedelta:
    """Return how long a lease lasts without a heartbeat."""
    return timedelta(seconds=settings.GENERATION_LEASE_SECONDS)


class LeaseLost(Exception):
    """The step is another worker's by now, or gone: its result must not be saved."""


@dataclass(frozen=True)
class Lease:
    """The right to do a step and to save its outcome."""

    step_id: int
    token: str

    def held(self) -> QuerySet[ClipStep]:
        """Return the step while this lease is its own, else nothing."""
        return ClipStep.objects.filter(pk=self.step_id, lease_token=self.token, state=State.RUNNING)


def is_due() -> Q:
    """The condition of a step that waits for no service that is away."""
    return Q(not_before=None) | Q(not_before__lte=Now())


def acquire(step_id: int) -> Lease | None:
    """Acquire a waiting step of a running run; None if it is held, finished, or its run has ended, or it waits for a
    service that is away.

    One conditional update: of any number of workers that try at once, one changes the row.
    """
    token = secrets.token_hex(16)
    running = GenerationRun.objects.filter(state=GenerationRun.State.RUNNING)
    changed = ClipStep.objects.filter(is_due(), pk=step_id, state=State.WAITING, run__in=running).update(
        state=State.RUNNING,
        lease_token=token,
        leased_until=Now() + lease_time(),
        lease_holder=this_process(),
        attempts=F("attempts") + 1,
    )
    return Lease(step_id, token) if changed else None


def renew(lease: Lease) -> bool:
    """Renew the lease; return False if it was lost."""
    return bool(lease.held().update(leased_until=Now() + lease_time()))


def release(lease: Lease, **fields: object) -> None:
    """Let the step wait for a worker again; do nothing if the lease was lost."""
    lease.held().update(state=State.WAITING, **NO_LEASE | fields)


def end_step(lease: Lease, state: str, **fields: object) -> None:
    """End the step in `state`. Call it first in the transaction that saves the outcome.

    Raises:
        LeaseLost: nothing may be saved.
    """
    changed = lease.held().update(
        state=state, **NO_LEASE | NO_DEATHS | ClipStep.NO_WAITS | {"finished_at": Now(), "error": ""} | fields
    )
    if not changed:
        raise LeaseLost(f"step {lease.step_id}")


def keep_renewing(lease: Lease) -> AbstractContextManager[None]:
    """Renew the lease from a thread while the body works."""
    return heartbeat(lambda: renew(lease), lease_time().total_seconds() / 4)


def free_abandoned_steps() -> int:
    """Let a step wait again if its lease has expired or its process has ended; return the number of such steps.

    A step with too many deaths (see the two maxima) fails with a message instead.
    """
    freed = 0
    held = ClipStep.objects.filter(state=State.RUNNING)
    # No lease is longer than that: it was taken before the clock was set back.
    held.filter(leased_until__gt=Now() + lease_time() + TOLERANCE).update(leased_until=Now() + lease_time())
    expired = set(held.filter(leased_until__lt=Now()).values_list("pk", flat=True))
    for step in held:
        if step.pk not in expired and not process_has_ended(step.lease_holder):
            continue
        same = held.filter(pk=step.pk, lease_token=step.lease_token)
        if step.pk in expired:
            same = same.filter(leased_until__lt=Now())  # a heartbeat may have renewed it in between
        # `attempts` was counted when the step was acquired: it stays if the process died alone, else it is moved.
        worker_died = 0 if parent_is_alive(step.lease_holder) else 1
        process_deaths, worker_deaths = step.attempts - worker_died, step.interruptions + worker_died
        if process_deaths >= MAX_PROCESS_DEATHS or worker_deaths >= MAX_WORKER_DEATHS:
            message = TOO_MANY_DEATHS % (process_deaths + worker_deaths)
            same.update(state=State.FAILED, error=message, finished_at=Now(), **NO_LEASE | NO_DEATHS)
        else:
            freed += same.update(state=State.WAITING, attempts=process_deaths, interruptions=worker_deaths, **NO_LEASE)
    return freed
