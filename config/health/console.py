"""What the console's pages say of queues in which work waits in vain."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from config.health.waiting_work import silent_queues


def silent_work(_request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """Context processor: a function for templates, so that only pages that show it ask the database."""
    return {"silent_queues": silent_queues}
