"""A heartbeat: a thread that notes, while work is being done, that its process lives."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

logger = logging.getLogger(__name__)


@contextmanager
def heartbeat(beat: Callable[[], object], seconds: float) -> Iterator[None]:
    """Call `beat` every `seconds` while the body works, from a thread; no more once it returns False.

    Not inside a transaction: on SQLite the thread would wait for the transaction's lock, and the body for the thread.
    """
    if connection.in_atomic_block:
        yield
        return
    finished = threading.Event()

    def keep_beating() -> None:
        # The first beat comes after a pause: short work opens no connection.
        try:
            while not finished.wait(seconds):
                try:
                    if beat() is False:
                        return
                except Exception:  # a busy database
                    logger.warning("A heartbeat failed; the next one tries again.", exc_info=True)
                    connection.close()  # of a server that has restarted, it would fail for ever
        finally:
            connection.close()

    thread = threading.Thread(target=keep_beating, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
