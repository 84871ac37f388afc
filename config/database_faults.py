"""Faults of the database that pass by themselves or by an operator's hand: locked, full, read-only, not reachable.

A request that meets one is answered with 503 and `Retry-After`. A page's script gets JSON, keeps what it sent and sends
it again; a plain form gets a page that holds what was written, with a button that sends it again. Other errors of the
database, for example a missing table, are faults of the code and stay errors.
"""

import logging
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views import defaults

from study.http import wants_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fault:
    """A fault by its name in the log, and the seconds after which to try again."""

    name: str
    seconds: int


LOCKED, UNREACHABLE = Fault("locked", 2), Fault("not reachable", 5)
BUSY, FULL, READ_ONLY = Fault("out of connections or memory", 5), Fault("full", 60), Fault("read-only", 60)

_SQLITE = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_NOMEM: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: FULL,  # the disk failed: as with a full one, somebody has to look
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: UNREACHABLE,
}
# PostgreSQL's error codes, or their first two letters: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "55P03": LOCKED,  # lock_not_available
    "57014": LOCKED,  # query_canceled: a timeout of the server's
    "40": LOCKED,  # serialization_failure, deadlock_detected
    "53100": FULL,
    "53": BUSY,
    "58": FULL,  # the server's own files failed
    "25006": READ_ONLY,
    "08": UNREACHABLE,
    "57": UNREACHABLE,  # shutting down, or not yet up
}


def fault_of(error: BaseException) -> Fault | None:
    """The fault that this error tells of; None for other errors."""
    cause = error.__cause__
    if not isinstance(error, OperationalError | InternalError):
        return None
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)  # the low byte is the primary code
    state = getattr(cause, "sqlstate", None)
    if state is None:  # no answer of the server at all: refused, lost or timed out
        return UNREACHABLE if isinstance(error, OperationalError) and cause is not None else None
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])


def response_to(request: HttpRequest, error: BaseException) -> HttpResponse | None:
    """The response to a request that met a fault of the database; None for other errors."""
    fault = fault_of(error)
    if fault is None:
        return None
    logger.error("The database is %s: %s", fault.name, str(error).strip())
    if wants_json(request):
        message = _("This could not be saved just now. Nothing is lost: it is sent again by itself.")
        response: HttpResponse = JsonResponse({"saved": False, "retry": True, "error": message}, status=503)
    else:
        response = render(request, "database_fault.html", _form_again(request), status=503)
    response.headers["Retry-After"] = str(fault.seconds)
    add_never_cache_headers(response)
    return response


def _form_again(request: HttpRequest) -> dict[str, object]:
    """What the page needs to send a form again: its fields, unless it held a file or a password."""
    # A form is shown again only to the site's own pages: the check of its token has passed.
    sent = request.method == "POST" and getattr(request, "csrf_processing_done", False)
    if not sent:
        return {"sent": request.method == "POST", "fields": None}
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    if request.FILES or any("password" in name for name, _value in fields):
        return {"sent": True, "fields": None}
    return {"sent": True, "fields": [(name, value) for name, value in fields if name != "csrfmiddlewaretoken"]}


class DatabaseFaultMiddleware:
    """Answer requests whose view met a fault of the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return response_to(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: faults outside a view, for example when a session is read, are answered alike."""
    error = sys.exc_info()[1]
    return (error and response_to(request, error)) or defaults.server_error(request)
