"""Values that forms, addresses and headers do not expect, and files of the wrong kind, name and content."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st

from tests.factories import tiny_image, tiny_sound

LONG = 10**6
_DEEP = "[" * 100_000
# Text as it is sent: surrogates stand for bytes that are no UTF-8.
TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\udcff\udcfe",
    "\ud800",
    "x" * 61,
    "x" * 301,
    "x" * 5000,
    "é" * 2000,
    "x" * LONG,
    "\u202eright to left\u202c",
    "👩‍👩‍👧‍👦🎻",
    "é\u0301\u0301\u0301",
    "\ufeff\u200b\u2028",
    "\r\nSet-Cookie: a=b\r\n",
    "<script>alert(1)</script>{{ 7*7 }}{% csrf_token %}${x}%s%n%(x)s",
    "'; DROP TABLE study_study; --",
    "=1+1",
    "../../../../etc/passwd",
    "null",
    "None",
    "true",
    "\x1b[31m\x07\x08\x7f",
    "-",
    "\ud83d",
    "١٢٣",
    "²",
)
NUMBERS = (
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "7",
    "0.5",
    "0.0000001",
    "1e3",
    "32767",
    "32768",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "1e308",
    "1e309",
    "1e-320",
    "9" * 19,
    "9" * 400,
    "9" * 4301,
    "nan",
    "inf",
    "-Infinity",
    "1_000",
    "0x10",
    "1,5",
    "１２",
    " 3 ",
    "3\n",
    "1e999999999",
)
DATES = ("0000-01-01", "0001-01-01", "9999-12-31T23:59:59Z", "10000-01-01", "2026-02-30", "2026-13-01T25:61")
JSON = (
    "{}",
    "[]",
    "null",
    '"x"',
    "1e999",
    "NaN",
    "[1, 2",
    '{"a": "\\u0000"}',
    '["\\ud800"]',
    '{"": {"": {"": []}}}',
    "9" * 5000,
    _DEEP,
    '[{"trial": 1, "kind": "play", "data": {"a": "\\ud800", "b": 1e400, "c": "\\u0000", "d": {}}}]',
    '[{"trial": {}, "kind": ["play"]}, 7, null, {"kind": "play", "trial": 99999999999999999999}]',
    '{"pastes": 1, "inputs": 1e300, "largest": true, "seconds": -1}',
)
YAML = (
    "questions:\n  - key: a\n    type: scale\n    text: {en: a}\n    from: 1\n    to: 99999999\n",
    "questions: [{key: a, type: choice, text: x, options: []}]",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "!!python/object/apply:os.system [true]",
    "? [a]\n: 2001-99-99\n",
    "- " * 3000,
    "{" * 3000,
    "a: 0o99999999999999999999\nb: .inf\nc: 1:99:99\n",
    "key: \x01",
    "<<: 3",
    "🎻: [\u202e]",
)
TEXTS_OF_ANY_KIND = TEXTS + NUMBERS + DATES + JSON + YAML


def texts() -> st.SearchStrategy[str]:
    """Return hostile text of any kind; most are written down, some are drawn."""
    return st.one_of(
        st.sampled_from(TEXTS),
        st.sampled_from(NUMBERS),
        st.sampled_from(TEXTS_OF_ANY_KIND),
        st.text(max_size=20),
        st.integers().map(str),
    )


NAMES_OF_FILES = (
    "clip1.wav",
    "tags.csv",
    "images.zip",
    "rules.yaml",
    "table.xlsx",
    "01/redefined_tags.png",
    "a.mp3",
    "x" * 300 + ".wav",
    "../../etc/passwd.csv",
    "..\\..\\boot.csv",
    "a\0b.csv",
    "🎻.wav",
    "CON.csv",
    ".csv",
    "noending",
    'a";filename="b.csv',
    "\u202evaw.csv",
    "-rf.zip",
)


@cache
def _zip_of(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in members:
            folder.writestr(name, content)
    return buffer.getvalue()


@cache
def _workbook() -> bytes:
    from openpyxl import Workbook

    buffer = io.BytesIO()
    book = Workbook()
    book.active.append(["clip", "tags"])
    book.active.append(["clip1.wav", 3.5])
    book.save(buffer)
    return buffer.getvalue()


# Files that pages take; each makes its content.
GOOD_FILES: dict[str, Callable[[], bytes]] = {
    "tags.csv": lambda: b"clip,tags\nclip1.wav,piano;slow\nclip2.wav,techno\n",
    "probabilities.csv": lambda: b"clip,rock,slow\nclip1.wav,0.5,0.1\nclip2.wav,1,0\n",
    "ballots.csv": lambda: b"participant,clip,first,second\np1,a,x,y\np2,a,y,x\np1,b,x,y\np2,b,x,y\n",
    "more.mp3": lambda: tiny_sound(3),
    "1.png": lambda: tiny_image(1),
    "rules.yaml": lambda: b"name: Own\nthen: curated\n",
    "images.zip": lambda: _zip_of(*((f"clip1/painter_{x}.png", tiny_image(n)) for n, x in enumerate("abcd"))),
    "table.xlsx": lambda: _workbook(),
}
# Contents that no page takes.
FILES: tuple[Callable[[], bytes], ...] = (
    lambda: b"clip,rock,slow\nclip1.wav,0.5,nan\nclip2.wav,1e999,-1\n",
    lambda: b"participant,clip,first,second\np1,a,x,y\n",
    lambda: b"",
    lambda: b"\0" * 5000,
    lambda: b"clip,tags\nclip1.wav,a\0b\n",
    lambda: b"clip,tags\n" + b"x" * 200_000 + b",piano\n",
    lambda: b'clip,tags\n"clip1.wav,piano\n' * 50,
    lambda: "clip,tags\nclip1.wav,피아노\n".encode("utf-16"),
    lambda: b"clip,tags\nclip1.wav,\xff\xfe\xed\xa0\x80\n",
    lambda: b",".join(b"c" * 3 for _ in range(5000)) + b"\n" * 50,
    lambda: tiny_sound(1)[:400],
    lambda: tiny_image(1)[:60],
    lambda: tiny_image(1) + b"x" * 500,
    lambda: b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\xff\xff\x80\xbb\0\0\0\0\0\0\0\0\0\0",
    lambda: _zip_of(("../../evil.png", tiny_image(1)), ("/abs.png", b""), ("a\0b.png", b"")),
    lambda: _zip_of(("01/x.png", b"\0" * 100_000))[:-30],
    lambda: _zip_of(("[Content_Types].xml", b"<"), ("xl/workbook.xml", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>")),
    lambda: YAML[2].encode(),
    lambda: _DEEP.encode(),
    lambda: json.dumps({"clips": [{"name": "a"}]}).encode(),
    lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
)
# Parts of addresses, encoded as a browser sends them.
SEGMENTS = (
    "0",
    "-1",
    "00001",
    "99",
    "2147483648",
    "9223372036854775808",
    "9" * 60,
    "9" * 4400,
    "%00",
    "a%00b",
    "%252e%252e",
    "%2e%2e",
    "..",
    "%ff%fe",
    "%ed%a0%80",
    "%F0%9F%8E%BB",
    "%D9%A1",  # an Arabic digit one
    "%C2%B2",  # a superscript two
    "x" * 3000,
    "%0d%0aSet-Cookie:a=b",
    "%2561",
    ";",
    "A",
    "G",
    "begin",
    "r0001",
    "r99999999999999999999",
    "ballots.csv",
    "points.svg",
    "points.pdf",
    "en",
    "no-such",
    "%20",
    "%27%22%3C",
    "",
)
RANGES = (
    "bytes=0-",
    "bytes=0-0",
    "bytes=-1",
    "bytes=-0",
    "bytes=5-2",
    "bytes=" + "9" * 4300 + "-",
    "bytes=0-" + "9" * 5000,
    "bytes=-" + "9" * 4400,
    "bytes=0-1,3-4",
    "bytes=\u00b2-",
    "items=0-1",
    "bytes=",
    "bytes=--1",
)
# Headers by the name under which Django finds them.
HEADERS: tuple[tuple[str, str], ...] = (
    *(("HTTP_RANGE", value) for value in RANGES),
    ("HTTP_IF_RANGE", '"x"'),
    ("HTTP_IF_NONE_MATCH", "*"),
    ("HTTP_IF_NONE_MATCH", '"' + "x" * 9000),
    ("HTTP_IF_MODIFIED_SINCE", "Thu, 01 Jan 0000 00:00:00 GMT"),
    ("HTTP_IF_MODIFIED_SINCE", "Sun, 99 Nov 99999 08:49:37 GMT"),
    ("HTTP_IF_UNMODIFIED_SINCE", "x"),
    ("HTTP_ACCEPT_LANGUAGE", "ko"),
    ("HTTP_ACCEPT_LANGUAGE", "xx-YY;q=2, *;q=nan, \xff"),
    ("HTTP_ACCEPT_LANGUAGE", "en-" + "a" * 5000),
    ("HTTP_ACCEPT_LANGUAGE", ",".join(f"a{n}" for n in range(3000))),
    ("HTTP_ACCEPT", "application/json"),
    ("HTTP_ACCEPT", "\xff/\xff;q=x"),
    ("HTTP_ACCEPT_ENCODING", "gzip, br;q=nan, identity;q=0"),
    ("HTTP_HOST", "evil.example"),
    ("HTTP_HOST", "127.0.0.1:99999999"),
    ("HTTP_HOST", "[::1"),
    ("HTTP_HOST", "a@b"),
    ("HTTP_X_FORWARDED_HOST", "evil.example"),
    ("HTTP_X_FORWARDED_FOR", "1.2.3.4, 999.1.1.1, ::ffff:1.2.3.4, \xff"),
    ("HTTP_X_FORWARDED_FOR", "," * 9000),
    ("HTTP_X_FORWARDED_PROTO", "https"),
    ("HTTP_FORWARDED", 'for="[::1]:x"'),
    ("HTTP_X_REQUESTED_WITH", "XMLHttpRequest"),
    ("HTTP_REFERER", "http://[evil"),
    ("HTTP_REFERER", "https://evil.example/"),
    ("HTTP_ORIGIN", "https://evil.example"),
    ("HTTP_ORIGIN", "null"),
    ("HTTP_ORIGIN", "http://["),
    ("HTTP_X_CSRFTOKEN", "x" * 64),
    ("HTTP_X_CSRFTOKEN", "\xff\0"),
    ("HTTP_AUTHORIZATION", "Basic !!!"),
    ("HTTP_CONTENT_ENCODING", "gzip"),
    ("HTTP_EXPECT", "100-continue"),
    ("HTTP_TRANSFER_ENCODING", "chunked"),
    ("HTTP_USER_AGENT", "\xff" * 3000),
    ("HTTP_X_HTTP_METHOD_OVERRIDE", "DELETE"),
    ("CONTENT_LENGTH", "0"),
    ("CONTENT_LENGTH", "-1"),
    ("CONTENT_LENGTH", "x"),
    ("CONTENT_LENGTH", ""),
    ("CONTENT_LENGTH", "3"),
    ("CONTENT_LENGTH", "9" * 30),
    ("CONTENT_LENGTH", "9" * 4400),
    ("CONTENT_LENGTH", "\u00b2"),
    ("REMOTE_ADDR", ""),
    ("REMOTE_ADDR", "fe80::1%eth0"),
)
CONTENT_TYPES = (
    "",
    "text/plain",
    "application/json",
    "application/octet-stream",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=zither; charset=utf-16",
    "multipart/form-data; boundary=zither; charset=base64",
    "multipart/form-data; boundary=zither; charset=no-such",
    "multipart/form-data; boundary=zither; charset=idna",
    "multipart/form-data; boundary=zither; charset=\0",
    "multipart/form-data; boundary=\xff",
    "multipart/mixed; boundary=zither",
    "application/x-www-form-urlencoded; charset=latin-1",
    "application/x-www-form-urlencoded; charset=rot13",
    "application/x-www-form-urlencoded; charset=unicode_escape",
    "application/x-www-form-urlencoded; charset=utf-7",
    "text/html; charset=hex",
    "\xff/\0;;;=;",
)
COOKIES: tuple[tuple[str, str], ...] = (
    ("earsight_session", "x" * 32),
    ("earsight_session", "x" * 5000),
    ("earsight_session", "\0"),
    ("earsight_session", "\xff\xfe"),
    ("earsight_people", ""),
    ("earsight_people", ".".join("x" * 22 for _ in range(300))),
    ("earsight_people", "\xff\xfe"),
    ("earsight_participant", "x" * 5000),
    ("earsight_begun", ".".join("x" * 22 for _ in range(100))),
    ("earsight_begun", "\xff.\0"),
    ("earsight_language", "ko"),
    ("earsight_language", "en-" + "x" * 5000),
    ("earsight_language", "../../etc"),
    ("earsight_language", "\0"),
    ("csrftoken", "\xff" * 32),
    ("csrftoken", "short"),
    ("messages", "x"),
    ("messages", '[["__json_message",0,25,"x"]]:x:x'),
    ("a b;c", 'd="e'),
)
