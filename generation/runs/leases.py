"""Leases: who works on a step, for how long, and how one sees that the holder is gone.

Times are the database's, so that machines whose clocks differ agree on them.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from generation.models import ClipStep, GenerationRun

logger = logging.getLogger(__name__)

# A step under which a worker's process died this often, while the worker lived on, is what kills them …
MAXIMUM_ATTEMPTS = 3
# … and where the whole worker went, it may have been switched off: more patience, but not for ever.
MAXIMUM_INTERRUPTIONS = 25


def lease_time() -> timedelta:
    """How long a lease holds without a heartbeat."""
    return timedelta(seconds=getattr(settings, "GENERATION_LEASE_SECONDS", 60))


class LeaseLost(Exception):
    """Another worker has the step by now; what was made is thrown away."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a step and to save what came of it."""

    step_id: int
    token: str


def take(step_id: int) -> Lease | None:
    """Takes a waiting step, or None where it is taken, finished or cancelled.

    One conditional update: of any number of workers that try at once, one changes the row. What a gone worker
    held is made waiting again by `free_dead`.
    """
    token = secrets.token_hex(16)
    changed = ClipStep.objects.filter(
        pk=step_id,
        state=ClipStep.State.WAITING,
        run__in=GenerationRun.objects.filter(state=GenerationRun.State.RUNNING),
    ).update(
        state=ClipStep.State.RUNNING,
        lease_token=token,
        leased_until=Now() + lease_time(),
        lease_holder=this_process(),
        attempts=F("attempts") + 1,
        error="",
    )
    return Lease(step_id, token) if changed else None


def extend(lease: Lease) -> bool:
    """Renews the lease; False where it is another's by now."""
    held = ClipStep.objects.filter(pk=lease.step_id, lease_token=lease.token, state=ClipStep.State.RUNNING).update(
        leased_until=Now() + lease_time()
    )
    return bool(held)


def end(lease: Lease, state: str, **fields: object) -> None:
    """Ends the step in `state`; call it first in the transaction that saves what was made.

    Raises:
        LeaseLost: another worker has it, so that the transaction must save nothing.
    """
    changed = ClipStep.objects.filter(pk=lease.step_id, lease_token=lease.token, state=ClipStep.State.RUNNING).update(
        state=state,
        lease_token="",
        leased_until=None,
        lease_holder="",
        queued_at=None,
        attempts=0,
        interruptions=0,
        **({"finished_at": Now()} | fields),
    )
    if not changed:
        raise LeaseLost(f"step {lease.step_id}")


@contextmanager
def heartbeat(lease: Lease) -> Iterator[None]:
    """Renews the lease from a thread while the body works."""
    finished = threading.Event()

    def beat() -> None:
        if finished.wait(lease_time().total_seconds() / 4):
            return  # a short step: no connection was opened
        try:
            while not finished.is_set():
                try:
                    if not extend(lease):
                        return
                except Exception:  # a busy database: the next beat tries again
                    logger.warning("A heartbeat failed; the next one tries again.", exc_info=True)
                finished.wait(lease_time().total_seconds() / 4)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="lease-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


@cache
def _machine() -> str:
    """This boot of this machine and this process table; empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{socket.gethostname()[:40]}/{boot[:18]}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When the process started, in the system's ticks; None where there is none (a zombie is none)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


_guardian = ""


def serve_under(pid: int) -> None:
    """Says that this process is one of a worker's pool; `pid` is the worker's main process."""
    global _guardian
    _guardian = f"{pid}|{_started(pid)}"


def this_process() -> str:
    """A name for this process that no later process of the machine shares, with its worker's where it has one."""
    return f"{_machine()}|{os.getpid()}|{_started(os.getpid())}|{_guardian}" if _machine() else ""


def _is_alive(pid: str, started: str) -> bool:
    return _started(int(pid)) == started


def is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine and has ended; False where one cannot know."""
    machine, _, processes = holder.partition("|")
    if not machine or machine != _machine():
        return False
    pid, started, *_guard = processes.split("|")
    return not _is_alive(pid, started)


def is_survived(holder: str) -> bool:
    """Whether the worker lives on whose process the holder was: then the step itself ended that process."""
    machine, _, processes = holder.partition("|")
    guard = processes.split("|")[2:]
    return machine == _machine() and len(guard) == 2 and _is_alive(*guard)


KILLED = (
    "Given up after %d attempts: each time the worker was killed during this step. Usual reasons are too little "
    "memory and a crash of a library; the worker's log may say which. Mend it and retry."
)
RELEASED = {"lease_token": "", "leased_until": None, "lease_holder": "", "queued_at": None}


def free_dead() -> int:
    """Frees steps whose lease ran out, or whose holder was a process of this machine that has ended.

    Those that went too often fail with a message. Returns how many are waiting again.
    """
    freed = 0
    held = ClipStep.objects.filter(state=ClipStep.State.RUNNING)
    expired = set(held.filter(leased_until__lt=Now()).values_list("pk", flat=True))
    for step in held:
        if step.pk not in expired and not is_gone(step.lease_holder):
            continue
        same = held.filter(pk=step.pk, lease_token=step.lease_token)
        if step.pk in expired:
            same = same.filter(leased_until__lt=Now())  # a heartbeat may have come in between
        is_blamed = is_survived(step.lease_holder)
        attempts = step.attempts if is_blamed else step.attempts - 1
        interruptions = step.interruptions if is_blamed else step.interruptions + 1
        if attempts >= MAXIMUM_ATTEMPTS or interruptions >= MAXIMUM_INTERRUPTIONS:
            same.update(
                state=ClipStep.State.FAILED,
                error=KILLED % (attempts + interruptions),
                attempts=0,
                interruptions=0,
                finished_at=Now(),
                **RELEASED,
            )
        else:
            freed += same.update(
                state=ClipStep.State.WAITING, attempts=attempts, interruptions=interruptions, **RELEASED
            )
    return freed
