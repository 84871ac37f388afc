"""Minimal browsers, in this process or over HTTP, that keep each reply whole: status, headers, body and time."""

import http.client
import logging
import time
import urllib.parse
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.http.request import validate_host
from django.test import Client

# The audit provokes errors on purpose: Django must not log warnings about its requests.
_QUIET = "earsight.audit"
logging.getLogger("django.request").addFilter(
    lambda record: not getattr(getattr(record, "request", None), "META", {}).get(_QUIET, False)
)
MAX_REDIRECTS = 5
DECODED = ("gzip", "deflate")  # content encodings that a reply's `content` undoes
FORM = "application/x-www-form-urlencoded"
# A form's fields; a list for a field that is there several times.
Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Reply:
    """One reply of the server; `redirects` are the replies that led to it, first to last."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]  # in the order received, cookies among them
    body: bytes
    url: str  # the path that was asked for, with its query
    milliseconds: float = 0.0
    chunk_sizes: tuple[int, ...] = ()  # of a streamed body, without the last
    redirects: tuple["Reply", ...] = field(default=(), compare=False)
    received_at: float = 0.0  # seconds since 1970

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def content(self) -> bytes:
        """The body without its content encoding."""
        if self.body and self.header("Content-Encoding") in DECODED:
            return zlib.decompress(self.body, wbits=47)
        return self.body

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Browser(Protocol):
    """Sends one request without following redirects; keeps cookies."""

    def send(self, method: str, path: str, data: Fields | None, headers: Mapping[str, str]) -> Reply: ...


def own_host() -> str:
    """Return a host name that this installation accepts."""
    named = urlsplit(settings.BASE_URL).hostname or "localhost"
    if validate_host(named, settings.ALLOWED_HOSTS):
        return named
    return next((host for host in settings.ALLOWED_HOSTS if host[:1] not in "*."), "localhost")


class InProcess:
    """Sends requests through every middleware of this process, without a server.

    `quiet` keeps refused requests out of the log.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.client = Client(raise_request_exception=False, SERVER_NAME=own_host())
        if quiet:
            self.client.defaults[_QUIET] = "audit"

    def send(self, method: str, path: str, data: Fields | None, headers: Mapping[str, str]) -> Reply:
        body = urllib.parse.urlencode(dict(data or {}), doseq=True).encode()
        start = time.perf_counter()
        response: Any = self.client.generic(method, path, body, FORM, headers=dict(headers))
        chunks: list[bytes] = list(response.streaming_content) if response.streaming else [response.content]
        milliseconds = 1000 * (time.perf_counter() - start)
        sent_headers = [*response.headers.items()]
        sent_headers += [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
        return Reply(
            response.status_code,
            response.reason_phrase,
            tuple(sent_headers),
            b"".join(chunks),
            path,
            milliseconds,
            tuple(map(len, chunks[:-1])),
            received_at=time.time(),
        )


class OverHttp:
    """Sends requests to a running server, through the proxies before it.

    Raises:
        ValueError: the address is no web address.
        ConnectionError: nothing answers there.
    """

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base!r} is no web address; give one that starts with http:// or https://.")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=60)
        try:
            self.connection.connect()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConnectionError(f"Nothing answers at {base} ({reason}); start the server, or mend --url.") from error
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.cookies: dict[tuple[str, str], str] = {}  # by path and name

    def send(self, method: str, path: str, data: Fields | None, headers: Mapping[str, str]) -> Reply:
        sent = {"cookie": self._cookies_for(path), "referer": self.origin + path, **headers}
        body = urllib.parse.urlencode(dict(data), doseq=True).encode() if data is not None else None
        if body is not None:
            sent["Content-Type"] = FORM
        start = time.perf_counter()
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError):  # the server closed an idle connection
            self.connection.close()
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
        content = response.read()
        milliseconds = 1000 * (time.perf_counter() - start)
        received = tuple(response.getheaders())
        for name, value in received:
            if name.lower() == "set-cookie":
                self._keep(value)
        return Reply(response.status, response.reason, received, content, path, milliseconds, received_at=time.time())

    def _keep(self, line: str) -> None:
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        where = next((text[5:] for text in attributes if text.lower().startswith("path=")), "/")
        self.cookies[(where, name)] = value

    def _cookies_for(self, path: str) -> str:
        fitting = sorted((key for key in self.cookies if path.startswith(key[0])), key=lambda key: -len(key[0]))
        return "; ".join(f"{name}={self.cookies[(where, name)]}" for where, name in fitting)


def follow(browser: Browser, method: str, path: str, data: Fields | None = None, **headers: str) -> Reply:
    """Return the reply after all redirects, with these as its `redirects`."""
    redirects: list[Reply] = []
    reply = browser.send(method, path, data, headers)
    while reply.status in (301, 302, 303, 307, 308) and len(redirects) < MAX_REDIRECTS:
        redirects.append(reply)
        target = urlsplit(urljoin(reply.url, reply.header("Location")))
        path = target.path + (f"?{target.query}" if target.query else "")
        if reply.status not in (307, 308):
            method, data = "GET", None
        reply = browser.send(method, path, data, headers)
    return replace(reply, redirects=tuple(redirects))


class Session:
    """Gets and posts pages with a browser, following redirects."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def get(self, path: str) -> Reply:
        return follow(self.browser, "GET", path, accept="text/html")

    def post(self, path: str, data: Fields) -> Reply:
        return follow(self.browser, "POST", path, data, accept="text/html")
