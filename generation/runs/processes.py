"""Name processes so that a lease's holder can be recognised, and notice that it has ended.

A holder is `machine|pid|start time`, followed by `|pid|start time` of the worker's main process if it has one. The
machine includes the boot and the process table (a container has its own); the start time keeps a reused process
number from being taken for the holder.
"""

import os
import socket
from functools import cache
from pathlib import Path


@cache
def _machine() -> str:
    """Return this boot of this machine and this process table; empty if the system has no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{socket.gethostname()[:40]}/{boot[:18]}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start_time(pid: int) -> str | None:
    """Return when the process started, in the system's ticks; None if there is none (a zombie is none)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _process(pid: int) -> str:
    return f"{pid}|{_start_time(pid)}"


_parent_worker = ""


def set_parent_worker(pid: int) -> None:
    """Remember the main process of the worker that this pool process belongs to."""
    global _parent_worker
    _parent_worker = _process(pid)


def holder_of(pid: int, parent_pid: int | None = None) -> str:
    """Return a process's name as the holder of a lease; empty on a system where processes cannot be recognised."""
    parent = "" if parent_pid is None else f"|{_process(parent_pid)}"
    return f"{_machine()}|{_process(pid)}{parent}" if _machine() else ""


def this_process() -> str:
    """Return this process's name as the holder of a lease."""
    own = holder_of(os.getpid())
    return f"{own}|{_parent_worker}" if own and _parent_worker else own


def process_has_ended(holder: str) -> bool:
    """Return whether the holder was a process of this machine that has ended; False if that cannot be known."""
    machine, processes = _parse(holder)
    return machine == _machine() and bool(processes) and not _is_alive(*processes[0])


def parent_is_alive(holder: str) -> bool:
    """Return whether the worker of the holder's process is alive: then the step itself ended that process."""
    machine, processes = _parse(holder)
    return machine == _machine() and len(processes) == 2 and _is_alive(*processes[1])


def _parse(holder: str) -> tuple[str, list[tuple[str, str]]]:
    """Split a holder into its machine and its processes as (pid, start time)."""
    machine, *numbers = holder.split("|")
    return machine, list(zip(numbers[::2], numbers[1::2], strict=False))


def _is_alive(pid: str, start_time: str) -> bool:
    return _start_time(int(pid)) == start_time
