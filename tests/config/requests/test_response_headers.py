"""Security headers of what is no page of a view: static files, errors, refusals, files to download."""

import logging
from typing import Any

import pytest
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from study.participants.log_masking import MaskingFormatter
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db


def broken(request: Any) -> None:
    raise RuntimeError("the key is 4711")


urlpatterns = [path("broken/", broken)]
handler500 = "config.service_faults.responses.server_error"


def responses() -> dict[str, Any]:
    owner = UserFactory()
    study = make_study(clips=1, owner=owner)
    with override_settings(ROOT_URLCONF=__name__):
        failed = Client(raise_request_exception=False).get("/broken/")
    return {
        "static": Client().get("/static/css/base.css"),
        "drawing": Client().get("/static/icon.svg"),
        "no such file": Client().get("/static/no-such.css"),
        "not found": Client().get("/nowhere/"),
        "error": failed,
        "bad host": Client().get("/console/", HTTP_HOST="evil.example"),
        "too large": Client().post("/language/", b"x" * 3_000_000, content_type="text/plain"),
        "refused form": Client(enforce_csrf_checks=True).post("/language/"),
        "wrong verb": Client().put("/language/"),
        "download": browser(owner).get(f"/console/studies/{study.slug}/tags/template.csv"),
        "sign-in": Client().get("/console/sign-in/"),
    }


def test_every_kind_of_response_has_the_security_headers() -> None:
    found = responses()
    assert {name: answer.status_code for name, answer in found.items()} == {
        "static": 200,
        "drawing": 200,
        "no such file": 404,
        "not found": 404,
        "error": 500,
        "bad host": 400,
        "too large": 413,
        "refused form": 403,
        "wrong verb": 405,
        "download": 200,
        "sign-in": 200,
    }
    for name, answer in found.items():
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'"), name
        assert "frame-ancestors 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "same-origin", name
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", name
        assert {"camera=()", "microphone=()", "autoplay=(self)"} <= set(
            answer.headers["Permissions-Policy"].split(", ")
        )
        assert "Access-Control-Allow-Origin" not in answer.headers, name


def test_no_cache_stores_a_page_of_the_console() -> None:
    found = responses()
    for name in ("download", "sign-in"):
        assert "no-store" in found[name].headers["Cache-Control"], name


def test_an_error_page_names_no_detail() -> None:
    with override_settings(ROOT_URLCONF=__name__):
        page = Client(raise_request_exception=False).get("/broken/").content.decode()
    assert "Something went wrong" in page
    for word in ("4711", "RuntimeError", "Traceback", "broken", ".py"):
        assert word not in page


def test_what_a_visitor_sends_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    forged = "a.wav\n2026-01-01 00:00:00 INFO study: signed in\x1b[2K"
    record = logging.LogRecord("study", logging.WARNING, "", 1, "refused: %s", (forged,), None)
    assert len(MaskingFormatter("%(name)s %(message)s").format(record).splitlines()) == 1
    assert "\x1b" not in MaskingFormatter("%(message)s").format(record)
    # The control: Python's own formatter writes two lines.
    assert len(logging.Formatter("%(message)s").format(record).splitlines()) == 2
    record.created = record.msecs = 0  # in UTC, whatever the zone of the site is
    assert MaskingFormatter("%(asctime)s").format(record) == "1970-01-01T00:00:00.000Z"
    # A traceback keeps its lines.
    try:
        raise ValueError("why")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    assert len(MaskingFormatter("%(message)s").format(record).splitlines()) > 3


def test_trace_repeats_nothing() -> None:
    for address in ("/console/sign-in/", "/static/css/base.css", "/nowhere/", "/language/"):
        answer = Client().trace(address, headers={"X-Secret": "4711"})
        assert "4711" not in b"".join(answer).decode(errors="replace"), address
