"""Send messages that wake workers, without ever waiting long for the broker or failing because of it.

A message only names a row. If the broker is away, the row waits and the look-out of a worker (`lookout.py`) sends its
message later, so whoever asked for the work may go on.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

from celery import current_app
from kombu.exceptions import ChannelError, OperationalError

logger = logging.getLogger(__name__)

# After a failure this process asks the broker no more for so many seconds: each try may take some seconds, and a page
# that sends a dozen messages must not wait for each.
PAUSE = 10.0
_NO_SUCH_QUEUE = "404"  # nobody has sent anything to it yet
_paused_until = 0.0


def send(task: str, arguments: Sequence[Any], *, queue: str = "") -> bool:
    """Send a task's message, after the transaction that stores its row; return whether the broker took it."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return False
    try:
        current_app.send_task(task, tuple(arguments), **({"queue": queue} if queue else {}))
    except (OperationalError, ChannelError, OSError) as error:
        _paused_until = time.monotonic() + PAUSE
        logger.warning("No message could be sent (%s); a worker will find the work by its row.", error)
        return False
    return True


def count_queued(queue: str = "") -> int | None:
    """Return how many messages wait in a queue of the broker, by default the one for work of the web; None if unknown.

    Messages that workers have fetched are not counted. Waits some seconds at most.
    """
    name = queue or current_app.conf.task_default_queue
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.1, interval_step=0.1)
            return int(connection.default_channel.queue_declare(name, passive=True).message_count)
    except ChannelError as error:
        return 0 if str(error.reply_code) == _NO_SUCH_QUEUE else None
    except (OperationalError, OSError):
        return None


def try_again_at_once() -> None:
    """Forget that the broker was away."""
    global _paused_until
    _paused_until = 0.0
