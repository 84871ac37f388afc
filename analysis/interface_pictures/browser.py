"""A headless Chromium that takes pictures of pages which never leave this process.

It is driven over two pipes by the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/), so no
port is open. Every request of a page is answered from here or refused, and no host name is resolved: nothing comes from
a network and nothing goes to one. The browser has a profile of its own, which is deleted, none of our environment, a
low priority, and a time after which it is killed with its children.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings

ORIGIN = "https://study.invalid"  # no such host exists (RFC 2606)
TALLEST = 4000  # pixels of the page; what is longer is cut, as nobody prints it
# The first one is without a window from the start, and starts several times as fast.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_MOST_BYTES = 2**26  # of one message
_SECONDS_TO_CLOSE = 5
_OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--disable-breakpad", "--disable-quic", "--mute-audio", "--hide-scrollbars", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--autoplay-policy=user-gesture-required",
)  # fmt: skip

# The answer to a path with its query: media type and content, or None if there is nothing.
Answer = Callable[[str], tuple[str, bytes] | None]


class BrowserFailed(Exception):
    """Chromium did not start, crashed, or took too long; the message says which."""


@dataclass(frozen=True)
class Device:
    """A screen: its size in pixels of the page, how many dots each has, and whether it is a phone's."""

    key: str
    width: int
    height: int
    dots: float
    is_phone: bool


DEVICES = (Device("desktop", 1280, 800, 1.5, False), Device("phone", 390, 844, 2.0, True))


def chromium_path() -> str | None:
    """Where Chromium is on this machine: as the setting says, else by its usual names; None if there is none."""
    named = settings.CHROMIUM
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Browser:
    """A running Chromium; use it with `with`.

    Args:
        seconds: after which all that goes on fails and the browser is killed.

    Raises:
        BrowserFailed: by any method.
    """

    def __init__(self, path: str, answer: Answer, *, seconds: float) -> None:
        self._path, self._answer = path, answer
        self._until = time.monotonic() + seconds
        self._numbers = itertools.count(1)
        self._unread = b""
        self._session = ""
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            self._profile = ends.enter_context(
                tempfile.TemporaryDirectory(prefix="earsight-chromium-", ignore_cleanup_errors=True)
            )
            self._start(ends)
            target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
            attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
            self._session = attached["sessionId"]
            self._ask("Page.enable")
            self._ask("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        # Asked first, so that it waits for the end of its own children; it is killed in any case.
        self._until, self._session = time.monotonic() + _SECONDS_TO_CLOSE, ""
        with self._ends, contextlib.suppress(BrowserFailed):
            self._ask("Browser.close")
            while True:
                self._take(self._read())

    def picture(self, path: str, device: Device) -> bytes:
        """Return the page at `path` as PNG, from its top to its end."""
        screen = {"width": device.width, "height": device.height}
        more = {"deviceScaleFactor": device.dots, "mobile": device.is_phone}
        self._ask("Emulation.setDeviceMetricsOverride", screen | more)
        self._events.clear()
        reply = self._ask("Page.navigate", {"url": ORIGIN + path})
        if reply.get("errorText"):
            raise BrowserFailed(f"the page {path} did not open: {reply['errorText']}")
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._take(self._read())
        # Fonts and images are decoded, and what the page's script shows then is drawn.
        script = """Promise.all([document.fonts.ready, ...[...document.images].map(i => i.decode().catch(() => 0))])
            .then(() => new Promise(done => setTimeout(done, 400)))"""
        self._ask("Runtime.evaluate", {"expression": script, "awaitPromise": True})
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        height = min(max(size["height"], device.height), TALLEST)
        clip = {"x": 0, "y": 0, "width": device.width, "height": height, "scale": 1}
        shot = self._ask("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})
        return base64.b64decode(shot["data"])

    def _start(self, ends: contextlib.ExitStack) -> None:
        """Start the browser, which reads from its descriptor 3 and writes to 4."""
        theirs_in, self._to = _pipe()
        self._from, theirs_out = _pipe()
        ends.callback(os.close, self._to)
        ends.callback(os.close, self._from)
        nothing = os.open(os.devnull, os.O_RDWR)
        places = [(theirs_in, 3), (theirs_out, 4), *((nothing, place) for place in range(3))]
        # Chromium's own sandbox does not work for root; each page is ours, and its images were checked before.
        options = [*_OPTIONS, f"--user-data-dir={self._profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": self._profile, "LANG": "C.UTF-8"}
        try:
            pid = os.posix_spawn(
                "/usr/bin/env",
                ["env", "nice", "-n", "10", self._path, *options],
                environment,
                file_actions=[(os.POSIX_SPAWN_DUP2, ours, place) for ours, place in places],
                setpgroup=0,
            )
        except OSError as error:
            raise BrowserFailed(f"{self._path} did not start: {error.strerror}") from error
        finally:
            for ours in (theirs_in, theirs_out, nothing):
                os.close(ours)
        ends.callback(_end, pid)

    def _ask(self, method: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command and return its result; what comes meanwhile is taken."""
        number = self._send(method, given)
        while True:
            message = self._read()
            if message.get("id") != number:
                self._take(message)
            elif "error" in message:
                raise BrowserFailed(f"{method}: {message['error'].get('message', '')}")
            else:
                result: dict[str, Any] = message["result"]
                return result

    def _send(self, method: str, given: dict[str, Any] | None = None) -> int:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": given or {}}
        rest = memoryview(
            json.dumps(message | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        )
        while rest:
            self._wait([], [self._to])
            try:
                rest = rest[os.write(self._to, rest[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise BrowserFailed("Chromium ended") from None
        return number

    def _read(self) -> dict[str, Any]:
        """Return the next message."""
        while b"\0" not in self._unread:
            self._wait([self._from], [])
            part = os.read(self._from, 2**16)
            if not part:
                raise BrowserFailed("Chromium ended; start it by hand to see why")
            self._unread += part
            if len(self._unread) > _MOST_BYTES:
                raise BrowserFailed("a page is too large for a picture")
        line, _end_of_message, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _wait(self, read: list[int], write: list[int]) -> None:
        left = self._until - time.monotonic()
        if left <= 0 or not any(select.select(read, write, [], left)):
            raise BrowserFailed("Chromium took too long")

    def _take(self, message: dict[str, Any]) -> None:
        """Answer a request of the page; keep other events."""
        if message.get("method") == "Fetch.requestPaused":
            self._answer_request(message["params"])
        elif "method" in message:
            self._events.append({"method": message["method"]})

    def _answer_request(self, paused: dict[str, Any]) -> None:
        url, number = paused["request"]["url"], paused["requestId"]
        found = self._answer(url.removeprefix(ORIGIN)) if url.startswith(f"{ORIGIN}/") else None
        if found is None:
            self._send("Fetch.failRequest", {"requestId": number, "errorReason": "BlockedByClient"})
            return
        kind, content = found
        headers = [{"name": "Content-Type", "value": kind}, {"name": "Accept-Ranges", "value": "none"}]
        body = base64.b64encode(content).decode()
        reply = {"requestId": number, "responseCode": 200, "responseHeaders": headers, "body": body}
        self._send("Fetch.fulfillRequest", reply)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are no descriptors below ten, so that none stands where the browser's are to be."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _end(pid: int) -> None:
    """Kill the browser with its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@contextlib.contextmanager
def running_browser(answer: Answer, *, seconds: float) -> Iterator[Browser]:
    """Yield a browser.

    Raises:
        BrowserFailed: there is no Chromium, or as above.
    """
    path = chromium_path()
    if path is None:
        raise BrowserFailed("there is no Chromium on this machine")
    with Browser(path, answer, seconds=seconds) as browser:
        yield browser
