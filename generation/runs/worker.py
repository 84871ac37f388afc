"""What a Celery worker does beside tasks: on start and every half minute it looks for work left lying.

Brokers lose messages: those that a killed worker had fetched (filesystem and SQL transports lose the running
task too), those sent while a broker was away. Rows are not lost, so whoever runs a worker looks at them.
"""

import logging
import os
import random
import threading
from typing import Any

from celery.signals import worker_process_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connections

from generation.runs.leases import serve_under

logger = logging.getLogger(__name__)
_stopping = threading.Event()


def look_period() -> float:
    """Seconds between two looks."""
    return getattr(settings, "GENERATION_RESCUE_SECONDS", 30)


def look(*, starting: bool = False) -> None:
    """One look for work left lying; whatever goes wrong, the next one tries again."""
    from generation.runs.execution import rescue

    try:
        freed = rescue(starting=starting)
        if freed:
            logger.info("%s steps were left lying and are queued again.", freed)
    except Exception:
        logger.warning("Looking for work left lying failed; it is tried again.", exc_info=True)
    finally:
        connections.close_all()


def _keep_looking() -> None:
    look(starting=True)
    # Workers that start together do not look together.
    while not _stopping.wait(look_period() * random.uniform(0.8, 1.2)):
        look()


@worker_ready.connect
def start_looking(**kwargs: Any) -> None:
    """Starts the look-out in the worker's main process."""
    _stopping.clear()
    threading.Thread(target=_keep_looking, name="generation-rescue", daemon=True).start()


@worker_shutting_down.connect
def stop_looking(**kwargs: Any) -> None:
    """No new messages from a worker that is going."""
    _stopping.set()


@worker_process_init.connect
def name_the_worker(**kwargs: Any) -> None:
    """A process of the pool remembers whose it is, so that one can tell what ended it."""
    serve_under(os.getppid())
