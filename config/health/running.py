"""Run checks beside each other, each for a bounded time: what hangs is named and holds up nothing."""

import threading
import time
from collections.abc import Mapping

from django.db import connections

from config.health.finding import Check, Finding, fault
from config.service_faults.responses import fault_of
from study.participants.log_masking import mask, one_line

# Checks that gave no answer in time and may still wait for one. A check that hangs is not begun again beside itself, so
# that asking every second leaves one thread waiting and not thousands.
_hanging: dict[Check, tuple[threading.Thread, float]] = {}


class _Running:
    """One check in a thread of its own, with database connections of its own."""

    def __init__(self, name: str, check: Check) -> None:
        self.check = check
        self.finding: Finding | None = None
        self.thread = threading.Thread(target=self._run, name=f"check {name}", daemon=True)

    def _run(self) -> None:
        try:
            self.finding = self.check()
        except Exception as error:
            self.finding = failed(error)
        finally:
            connections.close_all()


def failed(error: Exception) -> Finding:
    """Return the finding of a check that ended with an error."""
    lines = str(error).strip().splitlines()
    text = one_line(mask(lines[0] if lines else ""))[:300]
    found = f"{type(error).__name__}: {text}".rstrip(": ")
    known = fault_of(error)
    return fault(found, known.advice if known and known.advice else "Look at the error; the log may tell more.")


def run_checks(checks: Mapping[str, Check], seconds: float) -> dict[str, Finding]:
    """Return each check's finding, in the order of the checks, after `seconds` at most."""
    begun: dict[str, _Running] = {}
    for name, check in checks.items():
        thread, _since = _hanging.get(check, (None, 0.0))
        if thread is None or not thread.is_alive():
            _hanging.pop(check, None)
            begun[name] = _Running(name, check)
            begun[name].thread.start()
    start = time.monotonic()
    for running in begun.values():
        running.thread.join(max(0.0, start + seconds - time.monotonic()))
    return {name: _finding_of(check, begun.get(name), start) for name, check in checks.items()}


def _finding_of(check: Check, running: _Running | None, start: float) -> Finding:
    if running is not None and running.finding is not None:
        return running.finding
    if running is not None:
        _hanging[check] = (running.thread, start)
    waited = time.monotonic() - _hanging[check][1]
    return fault(
        f"no answer within {waited:.0f} seconds", "Find out what it waits for: a server that hangs, a disk, a lock."
    )
