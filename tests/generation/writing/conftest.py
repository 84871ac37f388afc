"""A local server that speaks the OpenAI protocol as its script says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from generation.writing import OpenAIOptions, compatibility
from generation.writing.openai_writer import OpenAIWriter


def sentence(text: str, **message: Any) -> tuple[int, dict, dict]:
    """A good answer that holds `text`."""
    return content(json.dumps({"sentence": text}), **message)


def content(text: str | None, *, finish_reason: str = "stop", refusal: str | None = None) -> tuple[int, dict, dict]:
    body = {
        "id": "answer-1",
        "object": "chat.completion",
        "created": 1,
        "model": "model-2024-01-01",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220},
    }
    return 200, {}, body


def failure(status: int, *, code: str | None = None, message: str = "no", **headers: str) -> tuple[int, dict, dict]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, {"error": {"message": message, "type": "error", "code": code, "param": None}}


class Server(ThreadingHTTPServer):
    """Answers with `script`, one entry a request; the last entry stays. `requests` is what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Any] = []
        self.requests: list[dict] = []
        self.keys: list[str] = []
        self.given_up = threading.Event()  # until then a slow answer waits

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_entry(self) -> Any:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.requests.append(json.loads(self.rfile.read(length)))
        self.server.keys.append(self.headers.get("Authorization", ""))
        entry = self.server.next_entry()
        if entry == "slow":
            self.server.given_up.wait(120)
            entry = sentence("Too late.")
        if entry == "drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b" ")
                time.sleep(0.1)
            return
        if entry == "hang up":
            self.connection.close()
            return
        status, headers, body = entry
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client did not wait

    def do_CONNECT(self) -> None:
        """Refuse to lead on, as a proxy does that lets nobody out."""
        self.send_error(403)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.given_up.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def other_server() -> Iterator[Server]:
    with served() as server:
        yield server


GOOD = "A guitar plays a sad tune."
TAGS = ["guitar", "sad"]
KEY = "sk-secret-0123456789abcdef"


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(compatibility, "_known", {})


class Writer:
    """A writer on the local server, with its waits recorded instead of waited."""

    def __init__(self, server, *, answers=None, usage=None, **settings):
        self.server = server
        self.waits: list[float] = []
        options = OpenAIOptions(
            **{
                "model": "a-model",
                "base_url": server.base_url,
                "timeout_seconds": 120,
                "attempts": 3,
                **settings,
            }
        )
        self.writer = OpenAIWriter(options, answers=answers, usage=usage, sleep=self.waits.append)

    def write(self, *script, tags=TAGS, limit=77, seed=3):
        if script:
            self.server.script = list(script)
        return self.writer.write(tags, count_tokens=lambda text: len(text.split()) + 2, token_limit=limit, seed=seed)


@pytest.fixture
def writer(server):
    return Writer(server)
