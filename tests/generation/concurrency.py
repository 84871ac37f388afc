"""Call functions at the same moment, for tests of races."""

import threading
from collections.abc import Callable

from django.db import connections


def run_at_once(*functions: Callable[[], object]) -> None:
    """Call each function in a thread of its own, all at the same moment, and wait for them."""
    together = threading.Barrier(len(functions), timeout=120)

    def call(function: Callable[[], object]) -> None:
        try:
            together.wait()
            function()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
