"""Send a request and judge the response: what must hold of each, whoever sends what to which address."""

import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.test import TestCase
from django.test.client import ClientHandler
from django.utils import translation

from config.wsgi import application
from tests.config.fuzz.requests import Request
from tests.config.fuzz.world import SEALED_MARK, TITLE_MARK, World, is_for_anybody, name_at

# The most queries of one request: a number that does not grow with the study. The export makes every file.
MOST_QUERIES = {"study_bundle": 500}
MOST_QUERIES_ELSEWHERE = 100
_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)
# Rows that any request may add or change: sessions, the count of failed sign-ins, names of files to be deleted, and the
# log, which notes downloads and who asks for a study of others.
_OF_NO_STUDY = ("django_session", "axes_", "generation_loosefile", "study_logentry", "study_chainhead")
# Notes that asking for a page leaves: what was sent of a trial, the flags of those who have not finished and when they
# were judged, and the day on which a shared report was opened.
_NOTES = re.compile(
    r'UPDATE "study_trial" SET "(?:page_sent_at|sound_sent_at|images_sent)'
    r'|UPDATE "study_participant" SET (?:"flags" = \(?CASE|"judged_at" = %s WHERE)'
    r'|UPDATE "analysis_sharedreport" SET "last_opened_on"'
)
# Asked for, these files are made by a worker if they are not ready.
_PREPARED = {
    *("study_results", "study_report", "study_figures", "study_figure", "study_result_file", "study_bundle"),
    *("shared_report", "shared_report_file", "shared_figure"),
}
_REFUSED = frozenset({400, 403, 404, 405, 409, 410, 411, 413, 414, 415, 416, 422, 429})
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control", "X-Frame-Options")
_SECRETS = (settings.SECRET_KEY.encode(), str(settings.BASE_DIR).encode(), str(settings.DATA_DIR).encode())
_ROOT = str(Path(settings.BASE_DIR)).encode()

# How many responses came with each status, for the summary of the run.
statuses: Counter[int] = Counter()


class Faults(AssertionError):
    """What is wrong with a response, and the request."""


class _Logged(logging.Handler):
    """Collect errors, and what holds a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        # Requests that Django refuses, for their host or their body for example, are logged with the traceback too.
        refused = record.name == "django.request" and record.levelno < logging.ERROR
        if not refused and not record.name.startswith("django.security"):
            self.records.append(record)


class Server:
    """Django in this process, with CSRF checks, as a server would call it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.handler = ClientHandler(enforce_csrf_checks=True)
        self._logged = _Logged()
        self._queries: list[str] = []
        self._errors: list[str] = []

    def send(self, request: Request, *, is_service_down: bool = False) -> tuple[int, bytes]:
        """Return status and body.

        Args:
            is_service_down: whether the request may be answered with 503, and the reason be logged.

        Raises:
            Faults: the response, the log or the database is not as it must be.
        """
        self._queries, self._errors, self._logged.records = [], [], []
        with self._watched(), TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
            response = self.handler(request.environ())
            body = response.getvalue() if response.streaming else response.content
            if response.status_code >= 500:
                transaction.set_rollback(True)
        statuses[response.status_code] += 1
        faults = self._faults_while_down(response) if is_service_down else self._faults(request, response, body)
        if faults := list(faults):
            raise Faults("\n".join([f"{response.status_code} to {request}", *faults]))
        return response.status_code, body

    @contextmanager
    def _watched(self) -> Iterator[None]:
        root = logging.getLogger()
        root.addHandler(self._logged)
        got_request_exception.connect(self._note_exception)
        try:
            with (
                translation.override(settings.LANGUAGE_CODE),
                connection.execute_wrapper(self._note_query),
                patch("django.test.client.WSGIRequest", application.request_class),  # as in `config.wsgi`
            ):
                yield
        finally:
            got_request_exception.disconnect(self._note_exception)
            root.removeHandler(self._logged)

    def _note_exception(self, **kwargs: Any) -> None:
        self._errors.append(traceback.format_exc())

    def _note_query(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        self._queries.append(sql)
        return execute(sql, *args)

    def _faults_while_down(self, response: Any) -> Iterator[str]:
        status = response.status_code
        if status >= 500 and (status != 503 or "Retry-After" not in response.headers):
            yield f"a {status} while a service is down"
            yield from self._errors
        yield from (f"no {name}" for name in HEADERS if name not in response.headers)

    def _faults(self, request: Request, response: Any, body: bytes) -> Iterator[str]:
        status = response.status_code
        if status >= 500:
            yield f"a {status}"
        yield from self._errors
        for record in self._logged.records:
            if record.levelno >= logging.ERROR or record.exc_info:
                yield f"logged: {record.name} {record.getMessage()}"
        if len(self._queries) > MOST_QUERIES.get(name_at(request.path), MOST_QUERIES_ELSEWHERE):
            [(sql, times)] = Counter(self._queries).most_common(1)
            yield f"{len(self._queries)} queries, {times} of them {sql}"
        yield from (f"no {name}" for name in HEADERS if name not in response.headers)
        everything = body + repr(sorted(response.headers.items())).encode()
        if b"Traceback (most recent call last)" in everything or any(secret in everything for secret in _SECRETS):
            yield "the response shows a traceback, a path of the server or its key"
        yield from self._changes(request, status)
        yield from self._reach(request, response, everything)

    def _changes(self, request: Request, status: int) -> Iterator[str]:
        """What was written although the request was refused, only asks, or may not."""
        written = {table for sql in self._queries if not _NOTES.match(sql) for table in _WRITES.findall(sql)}
        written = {table for table in written if not table.startswith(_OF_NO_STUDY)}
        if not written or any(sql.startswith("ROLLBACK TO") for sql in self._queries):
            return
        if status in _REFUSED:
            yield f"refused, but wrote {sorted(written)}"
        if self._is_of_others(request):
            yield f"{request.role.name} wrote {sorted(written)}"
        if request.method in ("GET", "HEAD") and name_at(request.path) in _PREPARED:
            written -= {"study_job"}
        if written and request.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            yield f"{request.method} wrote {sorted(written)}"
        if written and not request.has_token and "HTTP_X_CSRFTOKEN" not in dict(request.headers):
            yield f"without a CSRF token, wrote {sorted(written)}"

    def _is_of_others(self, request: Request) -> bool:
        """Whether the path is of a study of which the sender is no researcher."""
        if request.role.is_insider or not request.path.startswith("/console/"):
            return False
        parts = request.path.split("/")
        if request.role.name != "stranger":
            return not is_for_anybody(request.path)
        return parts[2] == "studies" and len(parts) > 3 and parts[3] not in self.world.own_slugs

    def _reach(self, request: Request, response: Any, everything: bytes) -> Iterator[str]:
        """What the sender must not see."""
        status = response.status_code
        if SEALED_MARK.encode() in everything.lower():
            yield "the response names a condition of a sealed study"
        if self._is_of_others(request):
            if 200 <= status < 300:
                yield f"{request.role.name} got {status}"
            if TITLE_MARK.encode() in everything:
                yield f"{request.role.name} got the title of a study of others"
        holder = self.world.holder_of(request.path)
        # 301: to the same address with a slash at its end, whoever asks.
        is_strange = (
            holder and holder != request.role.name and settings.PARTICIPANT_COOKIE_NAME not in dict(request.cookies)
        )
        if is_strange and status < 400 and status != 301:
            yield f"{request.role.name} got {status} on a page of the participant {holder}"
