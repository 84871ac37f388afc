"""A browser's bare bones that hide nothing: every answer with its status, headers as they came, and time."""

import http.client
import logging
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from django.test import Client

from study.simulation.people import own_host

# Answers to odd questions are asked for on purpose and are no warnings for the log.
MARK = "earsight.audit"
logging.getLogger("django.request").addFilter(
    lambda record: not getattr(getattr(record, "request", None), "META", {}).get(MARK, False)
)
MOST_REDIRECTS = 5
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Reply:
    """One answer of the server; `hops` are the redirects that led to it, first to last."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]  # cookies among them, in the order they came
    body: bytes
    path: str
    milliseconds: float = 0.0
    pieces: tuple[int, ...] = ()  # how a streamed body was cut
    hops: tuple["Reply", ...] = field(default=(), compare=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Browser(Protocol):
    """Asks once, without following; keeps cookies."""

    def ask(self, method: str, path: str, data: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply: ...


class InProcess:
    """Through every middleware of this process, without a server."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False, SERVER_NAME=own_host())
        self.client.defaults[MARK] = "audit"

    def ask(self, method: str, path: str, data: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        body = urllib.parse.urlencode(dict(data or {})).encode()
        start = time.perf_counter()
        response: Any = self.client.generic(method, path, body, FORM, headers=dict(headers))
        pieces: list[bytes] = list(response.streaming_content) if response.streaming else [response.content]
        taken = 1000 * (time.perf_counter() - start)
        listed = [*response.headers.items()]
        listed += [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
        return Reply(
            response.status_code,
            response.reason_phrase,
            tuple(listed),
            b"".join(pieces),
            path,
            taken,
            tuple(map(len, pieces[:-1])),
        )


class OverHttp:
    """From a running server, with what stands in front of it."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base!r} is no web address; give one that starts with http:// or https://.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=60)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.cookies: dict[tuple[str, str], str] = {}  # by path and name

    def ask(self, method: str, path: str, data: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        sent = {"Cookie": self._cookies_for(path), "Referer": self.origin + path, **headers}
        body = urllib.parse.urlencode(dict(data)).encode() if data is not None else None
        if body is not None:
            sent["Content-Type"] = FORM
        start = time.perf_counter()
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError):  # it closed a connection kept too long
            self.connection.close()
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        content = response.read()
        taken = 1000 * (time.perf_counter() - start)
        listed = tuple(response.getheaders())
        for name, value in listed:
            if name.lower() == "set-cookie":
                self._keep(value)
        return Reply(response.status, response.reason, listed, content, path, taken)

    def _keep(self, line: str) -> None:
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        where = next((text[5:] for text in attributes if text.lower().startswith("path=")), "/")
        self.cookies[(where, name)] = value

    def _cookies_for(self, path: str) -> str:
        fitting = sorted((key for key in self.cookies if path.startswith(key[0])), key=lambda key: -len(key[0]))
        return "; ".join(f"{name}={self.cookies[(where, name)]}" for where, name in fitting)


def follow(browser: Browser, method: str, path: str, data: Mapping[str, str] | None = None, **headers: str) -> Reply:
    """The answer after all redirects, which are kept."""
    hops: list[Reply] = []
    reply = browser.ask(method, path, data, headers)
    while reply.status in (301, 302, 303, 307, 308) and len(hops) < MOST_REDIRECTS:
        hops.append(reply)
        there = urlsplit(urljoin(reply.path, reply.header("Location")))
        path = there.path + (f"?{there.query}" if there.query else "")
        if reply.status not in (307, 308):
            method, data = "GET", None
        reply = browser.ask(method, path, data, headers)
    return Reply(
        reply.status,
        reply.reason,
        reply.headers,
        reply.body,
        reply.path,
        reply.milliseconds,
        reply.pieces,
        tuple(hops),
    )
