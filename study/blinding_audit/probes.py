"""Fetch a trial's images and sound, as browsers do and with unusual requests, and note every reply."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import log2

from study.blinding_audit.image_metadata import image_metadata
from study.blinding_audit.observations import Observation
from study.blinding_audit.tokens import tokens_of
from study.simulation.transports import Browser, Reply, follow
from study.simulation.walking import SurveyBroken

# Channels that follow from the pixels themselves: reported, never a failure.
FROM_THE_PIXELS = ("image: bytes",)
# Prefix of channels of times, which `note_ranks` turns into steps instead of ranks.
TIME = "number "
STEP_MS = 5.0
FRESH_SECONDS = 120
# Headers of unusual requests for an image.
UNUSUAL_HEADERS = {
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


def probe_image(observation: Observation, browser: Browser, url: str, *, closely: bool, name: str = "image") -> None:
    """Note everything about the reply to one image's request; `closely` also sends unusual requests."""
    reply = follow(browser, "GET", url)
    if reply.status != 200:
        raise SurveyBroken(f"An image answered {reply.status}.")
    note_reply(observation, name, reply)
    observation.note(f"{name}: bytes", len(reply.body))
    declared = reply.header("Content-Length")
    observation.note(f"{name}: length is as declared", not declared or int(declared) == len(reply.body))
    observation.note(f"{name}: pieces", *sorted(set(reply.chunk_sizes)))
    for part, value in image_metadata(reply.body):
        observation.note(f"{name} file, {part}", *tokens_of(value))
    if name != "image":
        return
    again = follow(browser, "GET", url)
    observation.note(f"{TIME}image: time", min(reply.milliseconds, again.milliseconds))
    observation.note(f"{TIME}image: first time", reply.milliseconds)
    observation.note(f"{TIME}image: time saved by asking again", reply.milliseconds - again.milliseconds)
    note_reply(observation, "image again", again)
    if closely:  # for one trial of each person: such replies do not depend on the trial
        _probe_unusually(observation, browser, url, reply)


def _probe_unusually(observation: Observation, browser: Browser, url: str, reply: Reply) -> None:
    asked = UNUSUAL_HEADERS | {"if-none-match": {"if-none-match": reply.header("ETag") or "*"}}
    # Each half of the requests is sent by half of the pilots, a half that cuts across the guesser's two halves.
    for name, headers in sorted(asked.items())[(observation.person // 2) % 2 :: 2]:
        note_reply(observation, f"image asked with {name}", browser.send("GET", url, None, headers))
    note_reply(observation, "image, HEAD", browser.send("HEAD", url, None, {}))


def note_reply(observation: Observation, name: str, reply: Reply) -> None:
    """Note status and headers of a reply and of its redirects."""
    observation.note(f"{name}: status", reply.status, reply.reason)
    for header, value in headers_of(reply):
        observation.note(f"{name}, header {header}", *tokens_of(value))
    for hop in reply.redirects:
        observation.note(f"{name}: led on", hop.status, *tokens_of(hop.header("Location")))
        for header, value in headers_of(hop):
            observation.note(f"{name} led on, header {header}", *tokens_of(value))


def headers_of(reply: Reply) -> Iterator[tuple[str, str]]:
    """Yield all headers except lengths and the current date, each cookie by its name, and the order of names."""
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


def probe_sound(observations: list[Observation], browser: Browser, source: str) -> None:
    """Note the trial's sound for each of its images, with the letter, since it could reveal their order."""
    found = re.search(r"<audio[^>]*\ssrc=[\"']?([^\"'\s>]+)", source)
    if not found:
        return
    reply = follow(browser, "GET", found.group(1))
    about = [("status", str(reply.status)), ("address", found.group(1)), ("length", str(len(reply.body)))]
    about += [(f"header {name}", value) for name, value in headers_of(reply)]
    # Metadata is at the beginning or the end of a file.
    about += [("beginning", _printable(reply.body[:4096])), ("end", _printable(reply.body[-512:]))]
    for observation in observations:
        for name, value in about:
            observation.note(f"sound, {name}", *(f"{observation.letter}|{word}" for word in tokens_of(value)))


def _printable(data: bytes) -> str:
    return " ".join(re.findall(r"[\x20-\x7e]{4,}", data.decode("latin-1")))


def note_ranks(observations: list[Observation]) -> None:
    """Note the rank of each image's value within the trial: ids in order and slow replies reveal by rank."""
    for channel in sorted({channel for observation in observations for channel in observation.seen}):
        if channel.startswith(TIME):
            _note_delays(observations, channel)
            continue
        values = [next(iter(observation.seen.get(channel, ())), "") for observation in observations]
        if len(set(values)) < 2 or channel.startswith(("sound", *FROM_THE_PIXELS)):
            continue
        for name, key in (("by name", str), ("by number", _number)):
            order = sorted(values, key=key)
            for observation, value in zip(observations, values, strict=True):
                observation.note(f"rank {name}: {channel}", order.index(value))


def _number(text: str) -> float:
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return float(found[-1]) if found else -1.0


def _note_delays(observations: list[Observation], channel: str) -> None:
    """Note each reply's delay after the trial's fastest, in doubling steps too coarse for file sizes to show."""
    times = [float(observation.seen.pop(channel)[0]) for observation in observations]
    for observation, taken in zip(observations, times, strict=True):
        observation.note(channel.removeprefix(TIME), int(log2(1 + (taken - min(times)) / STEP_MS)))
