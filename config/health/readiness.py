"""Readiness: the few checks without which the web server can serve nobody. Its answer is kept for some seconds.

Not the broker and not the workers: pages go on without them, and a load balancer that took every web server away would
turn work that waits into a site that is down.
"""

import threading
import time
from collections.abc import Mapping

from config.health.checks import database, files
from config.health.doctor import faults_of
from config.health.finding import Check
from config.health.running import run_checks

CHECKS: Mapping[str, Check] = {
    "database": database.database_serves,
    "migrations": database.migrations_are_applied,
    "disk": files.room_is_left,
    "static-files": files.static_files_are_named,
}
SECONDS = 4.0  # a load balancer waits five or more
KEPT_SECONDS = 5.0  # requests within this time get the same answer: polling costs the server nothing

_lock = threading.Lock()
_kept: tuple[float, list[str]] | None = None


def faults() -> list[str]:
    """Return the names of the checks that found a fault, at most KEPT_SECONDS ago; none if the server is ready."""
    global _kept
    with _lock:  # requests that come meanwhile wait for the same answer
        if _kept is None or time.monotonic() > _kept[0]:
            found = sorted(faults_of(run_checks(CHECKS, SECONDS)))
            _kept = (time.monotonic() + KEPT_SECONDS, found)
        return _kept[1]


def forget() -> None:
    """Ask anew at the next request."""
    global _kept
    _kept = None
