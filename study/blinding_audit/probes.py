"""Fetch a trial's images and sound, as browsers do and with unusual requests."""

import hashlib
import re
from collections.abc import Iterator
from statistics import median_low

from study.blinding_audit.devices import FETCH_FILE, OPEN_PAGE, PLAY_SOUND, SHOW_IMAGE, Headers
from study.blinding_audit.facts import Fact, addresses_in, envelope_facts, markup_facts, shorten
from study.blinding_audit.image_metadata import image_metadata
from study.blinding_audit.tables import Record
from study.design import LETTERS
from study.simulation.transports import Browser, Reply, follow
from study.simulation.walking import SurveyBroken

# The fact that is reported and not judged while every image has a length of its own: it follows from the pixels.
BYTES = "bytes"
MILLISECONDS = "milliseconds"
# Headers of unusual requests for an image.
UNUSUAL_HEADERS = {
    "if-modified-since": {"if-modified-since": "Sat, 01 Jan 2100 00:00:00 GMT"},
    "if-none-match": {"if-none-match": "*"},
    "if-range": {"if-range": "Sat, 01 Jan 2100 00:00:00 GMT", "range": "bytes=0-9"},
    "range": {"range": "bytes=0-9"},
    "range at the end": {"range": "bytes=-1"},
    "range beyond the end": {"range": "bytes=999999999-"},
    "accept json": {"accept": "application/json"},
    "origin": {"origin": "https://elsewhere.example", "sec-fetch-mode": "cors", "sec-fetch-site": "cross-site"},
    "save-data": {"save-data": "on", "cache-control": "max-age=0"},
}
MAX_ADDRESSES = 6  # of one image's part of the page


class ImageProbe:
    """Looks at the images of one trial, by position."""

    def __init__(self, browser: Browser, record: Record, trial: int) -> None:
        self.browser, self.record, self.trial = browser, record, trial

    def look_at(self, blocks: list[str], state: str) -> None:
        """Note each image's part of a page."""
        for position, block in enumerate(blocks):
            own = addresses_in(block)
            plain = block
            # What has to differ is written alike: the letter and the addresses, which are looked at on their own.
            for number, address in sorted(enumerate(own), key=lambda item: -len(item[1])):
                plain = plain.replace(address, f"@{number}").replace(address.replace("&", "&amp;"), f"@{number}")
            facts = list(markup_facts(re.sub(rf"\b{LETTERS[position]}\b", "*", plain)))
            facts += [(f"address {number}", address) for number, address in enumerate(own)]
            facts.append(("number of addresses", str(len(own))))
            self.record.table(f"{state}, image's part").add((self.trial, position), facts)

    def look_for_order(self, source: str, blocks: list[str], state: str) -> None:
        """Note where a page names each image's address, headers included: the browser loads them in this order."""
        addresses = [first_address(block) for block in blocks]
        for position, address in enumerate(addresses):
            facts = [("number of mentions", str(source.count(address)))]
            for name, find in (("first", source.find), ("last", source.rfind)):
                facts.append((f"{name} mention", str(sorted(addresses, key=find).index(address))))
            self.record.table(f"{state}, load order").add((self.trial, position), facts)

    def fetch(self, blocks: list[str]) -> None:
        """Fetch every address of every image as a browser shows, fetches and opens it, and time it."""
        for position, block in enumerate(blocks):
            for number, address in enumerate(addresses_in(block)[:MAX_ADDRESSES]):
                what = "image" if number == 0 else f"image, address {number}"
                asked: list[tuple[str, Headers]] = [(what, SHOW_IMAGE)]
                if number == 0:
                    asked += [(f"{what} fetched", FETCH_FILE), (f"{what} opened", OPEN_PAGE)]
                times = [self._fetch(name, position, address, headers) for name, headers in asked]
                if len(times) > 1:
                    self.record.table(f"{what}, time").add((self.trial, position), _times(times))

    def fetch_once(self, blocks: list[str], what: str) -> None:
        """Fetch each image once more, in another state of its trial."""
        for position, block in enumerate(blocks):
            self._fetch(what, position, first_address(block), FETCH_FILE)

    def _fetch(self, what: str, position: int, address: str, headers: Headers) -> float:
        reply = follow(self.browser, "GET", address, None, **headers)
        if reply.status != 200:
            raise SurveyBroken(f"An image answered {reply.status}.")
        self.record.table(what).add((self.trial, position), _file_facts(reply))
        return reply.milliseconds

    def ask_unusually(self, blocks: list[str], turn: int) -> None:
        """Send requests with unusual headers and methods: with all headers, since few trials are asked so."""
        chosen: list[tuple[str, str, Headers]] = [
            (f"image asked with {name}", "GET", SHOW_IMAGE | headers)
            for name, headers in sorted(UNUSUAL_HEADERS.items())
        ]
        chosen += [(f"image, {method}", method, SHOW_IMAGE) for method in ("HEAD", ("POST", "OPTIONS")[turn % 2])]
        for position, block in enumerate(blocks):
            address = first_address(block)
            length = len(follow(self.browser, "GET", address, None, **SHOW_IMAGE).content)
            for name, method, headers in chosen:
                reply = self.browser.send(method, address, {} if method == "POST" else None, headers)
                facts = list(envelope_facts(reply, length))
                if reply.status >= 400:
                    facts += markup_facts(reply.text)
                elif len(reply.body) < length:  # whole images are looked at elsewhere
                    facts.append(("length of the part", str(len(reply.body))))
                self.record.table(name).add((self.trial, position), facts)


def first_address(block: str) -> str:
    """Return the address of the image in an image's part of a page.

    Raises:
        SurveyBroken: there is none.
    """
    found = addresses_in(block)
    if not found:
        raise SurveyBroken("An image of the trial page has no address.")
    return found[0]


def _file_facts(reply: Reply) -> Iterator[Fact]:
    yield from envelope_facts(reply, len(reply.content))
    yield BYTES, str(len(reply.content))
    for part, value in image_metadata(reply.content):
        yield f"file, {part}", value


def _times(times: list[float]) -> list[Fact]:
    """Return the median of repeated requests, and the least: on a busy machine it is the better measure."""
    return [(MILLISECONDS, f"{median_low(times):.3f}"), (f"{MILLISECONDS}, least", f"{min(times):.3f}")]


def sound_facts(browser: Browser, source: str) -> list[Fact]:
    """Return the facts of a trial's sound."""
    found = re.search(r"<audio[^>]*\ssrc=[\"']?([^\"'\s>]+)", source)
    if not found:
        return []
    address = found.group(1).replace("&amp;", "&")
    facts: list[Fact] = [("address", address)]
    times = []
    for name, headers in (("played", PLAY_SOUND), ("fetched", FETCH_FILE)):
        reply = follow(browser, "GET", address, None, **headers)
        times.append(reply.milliseconds)
        facts += [(f"{name}, {label}", value) for label, value in envelope_facts(reply)]
        facts.append((f"{name}, content", hashlib.blake2b(reply.content, digest_size=8).hexdigest()))
        # Metadata is at the beginning or the end of a file.
        facts += [
            (f"{name}, beginning", _printable(reply.content[:4096])),
            (f"{name}, end", _printable(reply.content[-512:])),
        ]
    return [*facts, *_times(times)]


def _printable(data: bytes) -> str:
    return shorten(" ".join(re.findall(r"[\x20-\x7e]{4,}", data.decode("latin-1"))))
