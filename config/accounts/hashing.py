"""Hash passwords one at a time in each web process, at a low priority, so that the survey's pages come first.

A hash takes a third of a second of processor time on purpose. Without a limit, sixteen sign-ins at once would take all
cores and, while they wait for each other, all threads of the server. Every way to a hash goes through here: signing in,
also under a name that no account has, and setting a password.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from functools import cache

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.translation import gettext_noop

from config.service_faults.fault import Fault, Unavailable

# Requests of one process that may wait for a hash or have it computed: fewer than its threads (eight in
# docs/operations.md), so that the others are left to the survey.
PLACES = 3
# Seconds that one of them waits at most.
PATIENCE = 10.0
# Above that of the web process: the system prefers the survey's threads. Not more, or a worker that paints would keep
# everybody from signing in.
NICENESS = 5

_places = threading.BoundedSemaphore(PLACES)
BUSY = Fault(
    "Too many passwords at once",
    2,
    message=gettext_noop(
        "Many people are signing in at this moment, so your password was not looked at and nothing was changed. Go "
        "back to the page before in a few seconds, and send it again."
    ),
)


def _give_way() -> None:
    """Lower the priority of this thread alone, which only Linux can do."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@cache
def _hasher() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="passwords", initializer=_give_way)


def in_turn(compute: Callable[[], str]) -> str:
    """Compute a hash when its turn comes.

    Raises:
        Unavailable: as many requests wait already as may, or the turn did not come for ten seconds.
    """
    if not _places.acquire(blocking=False):
        raise Unavailable(BUSY)
    try:
        future = _hasher().submit(compute)
        try:
            return future.result(PATIENCE)
        except TooSlow:
            future.cancel()
            raise Unavailable(BUSY) from None
    finally:
        _places.release()


class PasswordHasher(PBKDF2PasswordHasher):
    """Django's default, in turn. The hashes are the same, so that stored ones stay valid."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        encode = super().encode
        return in_turn(lambda: encode(password, salt, iterations))
