"""A researcher's browser on the machine inside: `browser.py upload|sign-in|stay`. Standard library only."""

import http.cookiejar
import io
import math
import re
import socket
import ssl
import struct
import sys
import urllib.parse
import urllib.request
import wave

SITE = "https://earsight.example.org"
COOKIES = "/srv/cookies.txt"
FORM = "application/x-www-form-urlencoded"
_find = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: _find("127.0.0.1", *rest, **more)  # type: ignore[assignment]


class Browser:
    def __init__(self, site: str = SITE) -> None:
        self.site = site
        self.cookies = http.cookiejar.LWPCookieJar(COOKIES)
        trust = ssl.create_default_context(cafile="/etc/earsight/tls/fullchain.pem")
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )

    def open(self, path: str, data: bytes | None = None, kind: str = FORM) -> tuple[str, str]:
        """Return the address at the end of all redirects, and the page."""
        headers = {"Origin": self.site, "Referer": self.site + path, "Content-Type": kind} if data is not None else {}
        if kind != FORM:
            headers["Accept"] = "application/json"
        with self._opener.open(urllib.request.Request(self.site + path, data, headers), timeout=120) as page:
            return page.url, page.read().decode()

    def form_key(self, page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found, page[:500]
        return found[1]

    def sign_in(self) -> str:
        _url, page = self.open("/console/sign-in/")
        fields = {"csrfmiddlewaretoken": self.form_key(page), "username": "ada", "password": "seven lamps under water"}
        url, _page = self.open("/console/sign-in/", urllib.parse.urlencode(fields).encode())
        self.cookies.save(ignore_discard=True)
        return url


def clip(pitch: float) -> bytes:
    """A WAV of two seconds."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        waves = (
            0.4 * math.sin(math.tau * pitch * n / 16_000) + 0.2 * math.sin(math.tau * 2.5 * pitch * n / 16_000)
            for n in range(32_000)
        )
        out.writeframes(b"".join(struct.pack("<h", int(20_000 * value)) for value in waves))
    return file.getvalue()


def upload(browser: Browser) -> None:
    browser.sign_in()
    _url, page = browser.open("/console/studies/lab/clips/")
    parts = [b'name="csrfmiddlewaretoken"\r\n\r\n' + browser.form_key(page).encode()]
    for number, pitch in enumerate((220.0, 330.0)):
        head = f'name="files"; filename="clip{number}.wav"\r\nContent-Type: audio/wav\r\n\r\n'
        parts.append(head.encode() + clip(pitch))
    body = b"".join(b"--edge\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    _url, answer = browser.open("/console/studies/lab/clips/", body, "multipart/form-data; boundary=edge")
    print(answer)


def main(what: str, site: str = SITE) -> None:
    browser = Browser(site)
    if what == "upload":
        upload(browser)
    elif what == "sign-in":
        print("signed in:", browser.sign_in())
    else:
        browser.cookies.load(ignore_discard=True)
        url, _page = browser.open("/console/")
        print("signed out" if "sign-in" in url else "still in")


main(*sys.argv[1:])
