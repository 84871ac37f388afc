"""Every record of a request, and of the tasks that it started, has the request's id; participants get none."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client, RequestFactory

from config.logs import request_ids
from config.logs.formats import JsonFormatter
from config.logs.request_ids import HEADER, AddRequestId, RequestIdMiddleware, within
from study.participants.log_masking import MaskingFormatter
from tests.factories import make_open_study
from tests.study.visits import Visit

HEX = re.compile("[0-9a-f]{32}")
GIVEN = "0123456789ABCDEF0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_id_from_before() -> Iterator[None]:
    """A middleware that is called alone leaves its id: nothing tells it that the response was sent."""
    with within(""):
        yield


def answer(path: str, status: int = 200, **headers: str) -> HttpResponse:
    request = RequestFactory().get(path, headers=headers)
    return RequestIdMiddleware(lambda _request: HttpResponse(status=status))(request)


def test_each_response_for_staff_has_an_id_of_its_own() -> None:
    found = {answer("/console/").headers[HEADER] for _number in range(20)}
    assert len(found) == 20
    assert all(HEX.fullmatch(one) for one in found)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (GIVEN, GIVEN.lower()),
        ("01234567-89ab-cdef-0123-456789abcdef", GIVEN.lower()),
        ("0123", ""),
        ("0" * 33, ""),
        (f"{GIVEN}\nforged", ""),
        ("../../etc/passwd................", ""),
    ],
)
def test_an_id_is_taken_from_a_trusted_proxy_only_and_if_well_formed(given: str, taken: str, settings: Any) -> None:
    settings.PROXIES = 0
    assert answer("/console/", x_request_id=given).headers[HEADER] != taken
    settings.PROXIES = 1
    told = answer("/console/", x_request_id=given).headers[HEADER]
    assert told == taken if taken else HEX.fullmatch(told)


@pytest.mark.django_db
def test_participants_get_an_id_with_errors_of_the_server_only() -> None:
    visit = Visit(make_open_study(clips=2, conditions=2)).to_trials()
    pages = [Client().get("/withdraw/"), Client().get("/p/nobody/"), Client().get("/"), visit.get("trial/1/")]
    assert [page.status_code for page in pages] == [200, 404, 302, 200]
    assert [page.headers.get(HEADER) for page in pages] == [None] * len(pages)
    assert HEX.fullmatch(answer("/p/word/", status=503).headers[HEADER])


@pytest.fixture
def records() -> Any:
    """A handler as the settings make it, whose output can be read."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(AddRequestId())
    logger = logging.getLogger("study.request_ids")
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield handler, logger, stream
    logger.removeHandler(handler)


def test_a_record_in_json_is_one_object_with_the_id_and_without_tokens(records: Any) -> None:
    handler, logger, stream = records
    handler.setFormatter(JsonFormatter())
    with within("a" * 32):
        logger.info("asked for %s", "/p/abcdefghijklmnopqrstuvwxyz/\nforged")
        try:
            raise ValueError("/j/abcdefghijklmnopqrstuvwxyz/")
        except ValueError:
            logger.exception("it failed")
    logger.info("later")
    first, second, third = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["message"] == "asked for /p/abcd…/\nforged"
    assert (first["level"], first["logger"], first["request_id"]) == ("INFO", "study.request_ids", "a" * 32)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert "ValueError: /j/abcd…/" in second["traceback"]
    assert "request_id" not in third


def test_a_record_in_text_ends_with_the_id(records: Any) -> None:
    handler, logger, stream = records
    text = configured.LOGGING["formatters"]["masked"]
    handler.setFormatter(MaskingFormatter(text["format"], style=text["style"]))
    with within("a" * 32):
        logger.info("asked")
    logger.info("later")
    assert [line.partition(": ")[2] for line in stream.getvalue().splitlines()] == [f"asked [{'a' * 32}]", "later"]


def test_the_record_of_a_refused_request_has_its_id(settings: Any, caplog: Any) -> None:
    """Django writes it after all middleware has ended."""
    settings.PROXIES = 1
    caplog.handler.addFilter(AddRequestId())
    with caplog.at_level("WARNING"):
        Client().post("/health/live", headers={"x-request-id": GIVEN})
    assert [record.request_id for record in caplog.records if record.name == "django.request"] == [GIVEN.lower()]
    assert request_ids.current() == ""


def test_the_tasks_of_a_request_have_its_id_and_send_it_on() -> None:
    app = Celery("test", broker="memory://", set_as_current=False)
    with within("a" * 32):
        app.send_task("study.audit_blinding", (1,), queue="ids")
    app.send_task("study.audit_blinding", (1,), queue="ids")
    with app.connection_for_read() as connection:
        sent = [connection.default_channel.basic_get("ids", no_ack=True).headers for _number in range(2)]
    assert [headers.get(request_ids.FIELD) for headers in sent] == ["a" * 32, None]

    seen: list[str] = []

    @app.task(name="test.look")
    def look() -> None:
        seen.append(request_ids.current())

    for given in ("a" * 32, "forged\nline", None):
        look.apply(headers={request_ids.FIELD: given} if given else {})
    assert seen == ["a" * 32, "", ""]
    assert request_ids.current() == ""
