"""Fetches a trial's images and sound as a browser would, and in ways that a browser would not."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import log2

from study.blinding_audit import strip
from study.blinding_audit.sights import Sight
from study.blinding_audit.words import readings
from study.simulation.transports import Browser, Reply, follow
from study.simulation.walking import SurveyBroken

# Observables that follow from the picture itself: reported, never failed.
FROM_THE_PICTURE = ("image: bytes",)
# Times become steps of their own; no rank is made of them.
TIME = "number "
STEP_MS = 5.0
FRESH_SECONDS = 120
# Other ways to ask for the same image.
ASKED = {
    "if-modified-since": {"if-modified-since": "Sat, 01 Jan 2100 00:00:00 GMT"},
    "if-range": {"if-range": "Sat, 01 Jan 2100 00:00:00 GMT", "range": "bytes=0-9"},
    "range": {"range": "bytes=0-9"},
    "range at the end": {"range": "bytes=-1"},
    "range beyond the end": {"range": "bytes=999999999-"},
    "accept json": {"accept": "application/json"},
    "accept avif": {"accept": "image/avif,image/webp;q=0.9", "accept-encoding": "gzip, br"},
    "origin": {"origin": "https://elsewhere.example", "sec-fetch-mode": "cors"},
    "save-data": {"save-data": "on", "cache-control": "max-age=0"},
}


def look_at(sight: Sight, browser: Browser, url: str, *, closely: bool, name: str = "image") -> None:
    """Everything about one image's answer; `closely` also asks in unusual ways."""
    reply = follow(browser, "GET", url)
    if reply.status != 200:
        raise SurveyBroken(f"An image answered {reply.status}.")
    note_reply(sight, name, reply)
    sight.note(f"{name}: bytes", len(reply.body))
    declared = reply.header("Content-Length")
    sight.note(f"{name}: length is as declared", not declared or int(declared) == len(reply.body))
    sight.note(f"{name}: pieces", *sorted(set(reply.chunk_sizes)))
    for part, value in strip.parts(reply.body):
        sight.note(f"{name} file, {part}", *readings(value))
    if name != "image":
        return
    again = follow(browser, "GET", url)
    sight.note(f"{TIME}image: time", min(reply.milliseconds, again.milliseconds))
    sight.note(f"{TIME}image: first time", reply.milliseconds)
    sight.note(f"{TIME}image: time saved by asking again", reply.milliseconds - again.milliseconds)
    note_reply(sight, "image again", again)
    if closely:  # how a server answers special requests does not depend on the trial
        _ask_oddly(sight, browser, url, reply)


def _ask_oddly(sight: Sight, browser: Browser, url: str, reply: Reply) -> None:
    asked = ASKED | {"if-none-match": {"if-none-match": reply.header("ETag") or "*"}}
    # Half of the ways for half of the people: neither the teaching nor the tested half of them.
    for name, headers in sorted(asked.items())[(sight.person // 2) % 2 :: 2]:
        note_reply(sight, f"image asked with {name}", browser.send("GET", url, None, headers))
    note_reply(sight, "image, HEAD", browser.send("HEAD", url, None, {}))


def note_reply(sight: Sight, name: str, reply: Reply) -> None:
    """Status and headers, and those of the redirects on the way."""
    sight.note(f"{name}: status", reply.status, reply.reason)
    for header, value in headers_of(reply):
        sight.note(f"{name}, header {header}", *readings(value))
    for hop in reply.redirects:
        sight.note(f"{name}: led on", hop.status, *readings(hop.header("Location")))
        for header, value in headers_of(hop):
            sight.note(f"{name} led on, header {header}", *readings(value))


def headers_of(reply: Reply) -> Iterator[tuple[str, str]]:
    """All headers but lengths and the time of day; each cookie by its name; and their names in order."""
    for name, value in reply.headers:
        lower = name.lower()
        if lower in ("content-length", "content-range") or (lower == "date" and _is_now(value)):
            continue
        if lower == "set-cookie":
            yield f"Set-Cookie {value.partition('=')[0]}", value
        else:
            yield name, value
    yield "names in order", ",".join(name for name, _ in reply.headers)


def _is_now(date: str) -> bool:
    try:
        return abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()) < FRESH_SECONDS
    except (TypeError, ValueError):
        return False


def note_sound(sights: list[Sight], browser: Browser, source: str) -> None:
    """The trial's sound belongs to all its images: noted for each place apart."""
    found = re.search(r"<audio[^>]*\ssrc=[\"']?([^\"'\s>]+)", source)
    if not found:
        return
    reply = follow(browser, "GET", found.group(1))
    about = [("status", str(reply.status)), ("address", found.group(1)), ("length", str(len(reply.body)))]
    about += [(f"header {name}", value) for name, value in headers_of(reply)]
    # Tags stand at the ends of the file.
    about += [("beginning", _printable(reply.body[:4096])), ("end", _printable(reply.body[-512:]))]
    for sight in sights:
        for name, value in about:
            sight.note(f"sound, {name}", *(f"{sight.letter}|{word}" for word in readings(value)))


def _printable(data: bytes) -> str:
    return " ".join(re.findall(r"[\x20-\x7e]{4,}", data.decode("latin-1")))


def note_ranks(sights: list[Sight]) -> None:
    """Where each image of a trial has one value, its rank tells as much as the value: ordered ids, slow answers."""
    for channel in sorted({channel for sight in sights for channel in sight.seen}):
        if channel.startswith(TIME):
            _note_delays(sights, channel)
            continue
        values = [next(iter(sight.seen.get(channel, ())), "") for sight in sights]
        if len(set(values)) < 2 or channel.startswith(("sound", *FROM_THE_PICTURE)):
            continue
        for name, key in (("by name", str), ("by number", _number)):
            order = sorted(values, key=key)
            for sight, value in zip(sights, values, strict=True):
                sight.note(f"rank {name}: {channel}", order.index(value))


def _number(text: str) -> float:
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return float(found[-1]) if found else -1.0


def _note_delays(sights: list[Sight], channel: str) -> None:
    """How much slower than the trial's fastest, in doubling steps too coarse for a picture's size to show."""
    times = [float(sight.seen.pop(channel)[0]) for sight in sights]
    for sight, taken in zip(sights, times, strict=True):
        sight.note(channel.removeprefix(TIME), int(log2(1 + (taken - min(times)) / STEP_MS)))
