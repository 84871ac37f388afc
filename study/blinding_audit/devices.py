"""Browsers as which pilots visit: every pair of language, device and encoding occurs among a few pilots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from study.simulation.transports import DECODED, Browser, Fields, Reply

Headers = dict[str, str]

# What the browser wants to do with the reply; the same request headers as Chromium and Safari send.
OPEN_PAGE = {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "upgrade-insecure-requests": "1",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
    "sec-fetch-dest": "document",
    "priority": "u=0, i",
}
FETCH_PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"} | {
    "sec-fetch-dest": "empty",
    "priority": "u=1, i",
}
FETCH_JSON = FETCH_PAGE | {"accept": "application/json"}
FETCH_FILE = FETCH_PAGE | {"accept": "*/*"}
SHOW_IMAGE = {
    "accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "image",
    "priority": "i",
}
PLAY_SOUND = {"accept": "*/*", "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"} | {
    "sec-fetch-dest": "audio",
    "range": "bytes=0-",
}

_CHROME = {"sec-ch-ua": '"Not)A;Brand";v="8", "Chromium";v="138", "Google Chrome";v="138"'}
DEVICES: tuple[tuple[str, Headers], ...] = (
    (
        "phone",
        _CHROME
        | {
            "sec-ch-ua-mobile": "?1",
            "sec-ch-ua-platform": '"Android"',
            "user-agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/138.0.0.0 Mobile Safari/537.36",
        },
    ),
    (
        "desktop",
        _CHROME
        | {
            "sec-ch-ua-mobile": "?0",
            "sec-ch-ua-platform": '"Windows"',
            "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/138.0.0.0 Safari/537.36",
        },
    ),
    (
        "iPhone",
        {
            "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
        },
    ),
    (
        "Firefox",
        {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "dnt": "1"},
    ),
)
ENCODINGS = ("gzip, deflate, br, zstd", "identity", "gzip")


@dataclass(frozen=True)
class Profile:
    """The browser of one pilot."""

    language: str
    device: str
    encoding: str
    headers: Headers = field(repr=False)


def profile_of(person: int, languages: Sequence[str]) -> Profile:
    """Return the browser of a pilot.

    The language changes with each pilot, the device with each round of languages, the encoding with each round of
    devices and shifted by one with every pilot of a round, so that every pair of two settings comes early.
    """
    language = languages[person % len(languages)]
    turn = person // len(languages)
    device, headers = DEVICES[turn % len(DEVICES)]
    encoding = ENCODINGS[(turn // len(DEVICES) + turn + person % len(languages)) % len(ENCODINGS)]
    asked = {"accept-language": f"{language},en;q=0.8", "accept-encoding": encoding}
    return Profile(language, device, encoding, headers | asked)


class DeviceBrowser:
    """Sends requests with a profile's headers. The headers of a request go before them."""

    def __init__(self, browser: Browser, profile: Profile) -> None:
        self.browser, self.profile = browser, profile

    def send(self, method: str, path: str, data: Fields | None, headers: Mapping[str, str]) -> Reply:
        reply = self.browser.send(method, path, data, {**self.profile.headers, **headers})
        encoding = reply.header("Content-Encoding")
        if encoding not in ("", "identity", *DECODED):
            # A server in between compresses in a way that cannot be read here; it must offer gzip too.
            readable = self.profile.headers | {"accept-encoding": "gzip, deflate"}
            self.profile = replace(self.profile, headers=readable)
            if method in ("GET", "HEAD"):
                reply = self.browser.send(method, path, data, {**readable, **headers})
        return reply
