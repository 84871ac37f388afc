"""Request ids: every record of a request has one, and so has every record of the tasks that the request started.

The response tells it as `X-Request-ID`, so that somebody who reports an error can quote it. Participants get it with
errors only: their other responses carry no word that differs from one to the next without need.
"""

import re
import secrets
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from logging import Filter, LogRecord
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# In the headers of a task's message.
FIELD = "earsight_request_id"
# What a trusted proxy may send: 32 hexadecimal digits, as nginx's $request_id, or a UUID. Both are told alike.
_WELL_FORMED = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FOR_STAFF = ("/console/", "/health/", "/metrics")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id of the request that this thread answers, or that started its task; empty if there is none."""
    return _current.get()


@contextmanager
def within(request_id: str) -> Iterator[None]:
    """Let the body run for the request with this id."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def id_of(request: HttpRequest) -> str:
    """Return the id that a trusted proxy gave the request if it is well-formed, or a new one: 32 hexadecimal digits."""
    given = request.headers.get(HEADER, "") if settings.PROXIES else ""
    return given.replace("-", "").lower() if _WELL_FORMED.fullmatch(given) else secrets.token_hex(16)


class RequestIdMiddleware:
    """Give each request its id; first of all middleware, so that every record has it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Until the response is sent: Django logs its status, and a stream its errors, when the middleware has ended.
        _current.set(id_of(request))
        response = self.get_response(request)
        if request.path.startswith(_FOR_STAFF) or response.status_code >= 500:
            response.headers[HEADER] = current()
        return response


class AddRequestId(Filter):
    """A filter for handlers: gives each record the attributes `request_id` and `in_request`, its end of a line."""

    def filter(self, record: LogRecord) -> bool:
        vars(record).update(request_id=current(), in_request=f" [{current()}]" if current() else "")
        return True


@before_task_publish.connect
def _send_along(headers: MutableMapping[str, Any] | None = None, **_kwargs: Any) -> None:
    if headers is not None and current():
        headers[FIELD] = current()


@task_prerun.connect
def _take_over(task: Any = None, **_kwargs: Any) -> None:
    given = task.request.get(FIELD) or (task.request.headers or {}).get(FIELD) or ""
    _current.set(given if re.fullmatch("[0-9a-f]{32}", str(given)) else "")


@receiver(request_finished)
@task_postrun.connect
def _end(**_kwargs: Any) -> None:
    _current.set("")
