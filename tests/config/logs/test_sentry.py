"""What reaches a Sentry server, tried against one that speaks its protocol: where errors happen, never with what."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.logs.sentry import LEFT_OUT, scrub

ROOT = Path(__file__).resolve().parents[3]
SECRET = "zither@example.org"

# A request with everything that an event could hold: address, cookie, form, user, header, local variable, error text.
PROGRAM = """
import django, sys
django.setup()
import sentry_sdk
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.conf import settings
import logging
import types

def broken(request, word):
    local = "SECRET"
    len(request.POST)
    logging.getLogger("study.broken").error("An answer of %s failed.", local)
    logging.getLogger("elsewhere").error("An answer of SECRET failed.")
    sentry_sdk.set_user({"email": local, "ip_address": "203.0.113.9"})
    sentry_sdk.set_extra("answer", local)
    sentry_sdk.add_breadcrumb(message=local)
    raise ValueError(f"{local} is no answer")

urls = types.ModuleType("broken_urls")
urls.urlpatterns = [path("p/<str:word>/", csrf_exempt(broken))]
sys.modules["broken_urls"] = urls
settings.ROOT_URLCONF = "broken_urls"
import config.service_faults.responses
config.service_faults.responses.difference = lambda: ""  # this process has no database
if sys.argv[1:] == ["unscrubbed"]:
    sentry_sdk.get_client().options.update(before_send=None, send_default_pii=True, include_local_variables=True)
request = RequestFactory(SERVER_NAME="localhost").post(
    "/p/SECRET/?q=SECRET", {"text": "SECRET"}, headers={"cookie": "survey=SECRET", "user-agent": "SECRET"},
    REMOTE_ADDR="203.0.113.9",
)
WSGIHandler()(request.environ, lambda *_args: None)
sentry_sdk.flush(30)
""".replace("SECRET", SECRET)


class Server(HTTPServer):
    """A server that keeps the events of the envelopes that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.paths: list[str] = []
        self.bodies: list[str] = []

    def events(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for body in self.bodies for line in body.splitlines() if line]
        return [line for line in lines if "event_id" in line and "platform" in line]


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.bodies.append((gzip.decompress(body) if packed else body).decode())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def send(server: Server, folder: Path, *options: str) -> None:
    """Let a process of its own meet the error: the library stays in a process once it is started."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "EARSIGHT_TEST_DATA": str(folder),
        "EARSIGHT_SENTRY_DSN": f"http://key@127.0.0.1:{server.server_port}/7",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *options], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_event_tells_where_and_not_with_what(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("sentry_sdk")
    send(server, tmp_path)
    assert set(server.paths) == {"/api/7/envelope/"}
    everything = "\n".join(server.bodies)
    for word in (SECRET, "zither", "203.0.113.9", "survey=", str(ROOT)):
        assert word not in everything, word
    events = server.events()
    raised = next(event for event in events if "exception" in event)
    [error] = [one for one in raised["exception"]["values"] if one["type"] == "ValueError"]
    assert error["value"] == LEFT_OUT
    assert error["stacktrace"]["frames"][-1]["function"] == "broken"
    assert len(raised["tags"]["request_id"]) == 32
    assert raised["transaction"].endswith("broken")
    sentences = {event["logentry"]["message"] for event in events if "logentry" in event}
    assert sentences == {"An answer of %s failed."}


def test_without_the_scrubbing_the_same_error_tells_everything(server: Server, tmp_path: Path) -> None:
    """The control of the test above."""
    pytest.importorskip("sentry_sdk")
    send(server, tmp_path, "unscrubbed")
    everything = "\n".join(server.bodies)
    assert SECRET in everything
    assert "203.0.113.9" in everything


def test_what_a_new_version_of_the_library_adds_is_left_out() -> None:
    event = {
        "event_id": "1",
        "level": "error",
        "novelty": SECRET,
        "request": {"url": SECRET},
        "transaction": f"/p/{SECRET}/",
        "exception": {"values": [{"type": "ValueError", "value": SECRET, "data": SECRET, "stacktrace": None}]},
    }
    assert SECRET not in json.dumps(scrub(event))
    assert scrub({})["transaction"] == ""


def test_without_the_package_the_start_stops_with_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "sentry_sdk.py"
    blocked.write_text("raise ImportError('not installed')\n", encoding="utf-8")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EARSIGHT_DATA": str(tmp_path / "data"),
        "EARSIGHT_SENTRY_DSN": "https://key@sentry.example.org/7",
        "PYTHONPATH": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    [line] = done.stderr.splitlines()
    assert "EARSIGHT_SENTRY_DSN" in line
    assert "pip install" in line
