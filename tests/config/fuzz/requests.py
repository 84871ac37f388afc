"""Requests to draw: an address, somebody who sends it, and a form that is right, nearly right or wrong."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from hypothesis import strategies as st

from tests.config.fuzz import values
from tests.config.fuzz.page_forms import Field, Form
from tests.config.fuzz.world import SECRET, Address, Role, World

METHODS = ("GET", "POST", "POST")
OTHER_METHODS = ("HEAD", "HEAD", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
BOUNDARY = "zither"
FORM_TYPE, MULTIPART = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Upload:
    """A file of a form: its name, its content and the type that the browser says."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Request:
    """One request as the server gets it; `str` shows it so that it can be sent again by hand."""

    role: Role
    method: str
    path: str
    query: str = ""
    fields: tuple[tuple[str, str | Upload], ...] = ()
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    cut: int = 0  # bytes that are missing at the body's end
    has_token: bool = True

    @property
    def body(self) -> bytes:
        """The form as it is sent; other methods than POST send it too."""
        if self.method in ("GET", "HEAD"):
            return b""
        fields = [*self.fields, *([("csrfmiddlewaretoken", SECRET)] if self.has_token else [])]
        if self.content_type.startswith("multipart"):
            body = _multipart(fields)
        elif self.content_type == "application/json":
            body = json.dumps({name: value for name, value in fields if isinstance(value, str)}).encode()
        else:
            pairs = [(_bytes(name), _bytes(value)) for name, value in fields if isinstance(value, str)]
            body = urlencode(pairs).encode()
        return body[: len(body) - self.cut]

    def environ(self) -> dict[str, Any]:
        """The request as WSGI hands it to Django."""
        body = self.body
        cookies = dict(self.role.cookies) | dict(self.cookies)
        path = re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), self.path)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": path,
            "QUERY_STRING": self.query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.content_type,
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        return environ | dict(self.headers)

    def __str__(self) -> str:
        lines = [f"{self.method} {_short(self.path + (self.query and '?' + self.query))} as {self.role.name}"]
        lines += [f"  {name}: {_short(ascii(value))}" for name, value in self.headers]
        lines += [f"  cookie {name}: {_short(ascii(value))}" for name, value in self.cookies]
        if self.method not in ("GET", "HEAD"):
            cut = f", {self.cut} bytes cut off" if self.cut else ""
            lines.append(f"  {self.content_type!r}{cut}{'' if self.has_token else ', without a CSRF token'}")
            lines += [f"  {_short(ascii(name))} = {_short(ascii(value))}" for name, value in self.fields]
        return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:120]}… ({len(text)} characters)"


def _bytes(text: str) -> bytes:
    """The text as bytes; surrogates become bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def _multipart(fields: Sequence[tuple[str, str | Upload]]) -> bytes:
    parts = []
    for name, value in fields:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, Upload):
            head += f'; filename="{value.name}"\r\nContent-Type: {value.content_type}'
        content = value.content if isinstance(value, Upload) else _bytes(value)
        parts.append(_bytes(head) + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Book:
    """What is known of the project's forms: those of its pages by the URL's name that they are sent to, and names."""

    forms: dict[str, list[Form]] = field(default_factory=dict)
    posted_names: list[str] = field(default_factory=list)
    query_names: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # of the pages as they are, before anything is drawn


@st.composite
def requests(draw: st.DrawFn, world: World, book: Book, address: Address) -> Request:
    """Return a request to this address."""
    method = draw(st.sampled_from(METHODS if draw(st.integers(0, 9)) < 9 else OTHER_METHODS))
    is_theirs = draw(st.integers(0, 9)) < 8
    role = draw(st.sampled_from(world.roles_of(address) if is_theirs else [*world.roles.values()]))
    request = Request(role, method, quote(address.path, safe="/%"))
    if method not in ("GET", "HEAD"):
        request = draw(_filled(request, book, address.name))
    if draw(st.integers(0, 9)) < 3:
        request = replace(request, query=draw(_queries(book.query_names)))
    if draw(st.integers(0, 9)) == 0:
        request = replace(request, path=draw(_changed_paths(request.path)))
    match draw(st.integers(0, 9)):
        case 0 | 1:
            request = replace(request, headers=(("HTTP_ACCEPT", "application/json"),))
        case 2 | 3:
            request = replace(request, headers=tuple(draw(st.lists(st.sampled_from(values.HEADERS), max_size=3))))
    if draw(st.integers(0, 19)) < 2:
        request = replace(request, cookies=tuple(draw(st.lists(st.sampled_from(values.COOKIES), max_size=3))))
    return request


@st.composite
def _filled(draw: st.DrawFn, request: Request, book: Book, name: str) -> Request:
    """The request with one of the forms that pages send there, or with names that views read."""
    forms = book.forms.get(name, [])
    known = list(draw(st.sampled_from(forms)).fields.values()) if forms else []
    # How much is wrong with it: nothing, one field, each with some chance.
    spoiled = draw(st.sampled_from(("none", "none", "one", "one", "one", "many")))
    if not known or draw(st.integers(0, 9)) == 0:
        names = draw(st.lists(st.sampled_from(book.posted_names), max_size=4))
        known = [*known, *(Field(other, "text") for other in names)]
    one = draw(st.sampled_from([item.name for item in known])) if known else ""
    fields: list[tuple[str, str | Upload]] = []
    for item in known:
        is_wrong = item.name == one if spoiled == "one" else spoiled == "many" and draw(st.booleans())
        fields += draw(_wrong_values(item) if is_wrong else _right_values(item))
    has_files = any(isinstance(value, Upload) for _name, value in fields)
    content_type = MULTIPART if has_files or draw(st.integers(0, 3)) == 0 else FORM_TYPE
    # A body that is none of a browser's.
    broken = draw(st.integers(0, 19)) if spoiled != "none" else 19
    if broken == 0:
        content_type = draw(st.sampled_from(values.CONTENT_TYPES))
    cut = draw(st.integers(1, 90)) if broken == 1 else 0
    has_token = draw(st.integers(0, 14)) > 0
    return replace(request, fields=tuple(fields), content_type=content_type, cut=cut, has_token=has_token)


@st.composite
def _right_values(draw: st.DrawFn, item: Field) -> list[tuple[str, str | Upload]]:
    """What a browser sends of this field when it is filled in as the page asks."""
    match item.kind:
        case "hidden":
            value: str | Upload = item.value
        case "checkbox" | "button" | "submit":
            if not draw(st.booleans()):
                return []
            value = draw(st.sampled_from(item.choices or [item.value or "on"]))
        case "radio" | "select":
            value = draw(st.sampled_from(item.choices)) if item.choices else item.value
        case "number":
            value = draw(st.sampled_from([item.value, "1", "2", "12", "0.5"]))
        case "file":
            value = draw(_fitting_files(item.accept))
        case _:
            value = draw(st.sampled_from([item.value, item.value or "text", "piano; slow", "because"]))
    return [(item.name, value)]


@st.composite
def _wrong_values(draw: st.DrawFn, item: Field) -> list[tuple[str, str | Upload]]:
    """The field missing, hostile, twice, as another kind, or under another name."""
    hostile: st.SearchStrategy[str | Upload] = _hostile_files() if item.kind == "file" else values.texts()
    match draw(st.integers(0, 9)):
        case 0:
            return []
        case 1:
            return [(item.name, draw(hostile)), (item.name, draw(hostile))]
        case 2:
            other: st.SearchStrategy[str | Upload] = values.texts() if item.kind == "file" else _hostile_files()
            return [(item.name, draw(other))]
        case 3:
            return [(item.name + draw(st.sampled_from(("[]", "-0", "\0", " "))), draw(hostile))]
        case _:
            return [(item.name, draw(hostile))]


@st.composite
def _fitting_files(draw: st.DrawFn, accept: str) -> Upload:
    """A file of a kind that the field takes; any of the usual kinds if it does not say."""
    fitting = [name for name in values.GOOD_FILES if f".{name.rpartition('.')[2]}" in accept]
    name = draw(st.sampled_from(fitting or [*values.GOOD_FILES]))
    return Upload(name, values.GOOD_FILES[name]())


@st.composite
def _hostile_files(draw: st.DrawFn) -> Upload:
    content = draw(st.sampled_from((*values.FILES, *values.GOOD_FILES.values())))()
    kind = draw(st.sampled_from(("application/octet-stream", "text/csv", "audio/wav", "\xff; charset=hex", "")))
    return Upload(draw(st.sampled_from(values.NAMES_OF_FILES)), content, kind)


@st.composite
def _queries(draw: st.DrawFn, names: Sequence[str]) -> str:
    pairs = draw(st.lists(st.tuples(st.sampled_from(names), values.texts()), max_size=3))
    query = "&".join(f"{quote_plus(name)}={quote_plus(_bytes(value[:20_000]))}" for name, value in pairs)
    return query + draw(
        st.sampled_from(("", "", "&&=;", "&%", "&%ff=%00", "&next=//evil.example/", "&a[b]=1", "&a" * 6000))
    )


@st.composite
def _changed_paths(draw: st.DrawFn, path: str) -> str:
    """The path with one part that is hostile, of another kind, or encoded once more."""
    parts = path.split("/")
    place = draw(st.integers(1, len(parts) - 1))
    match draw(st.integers(0, 9)):
        case 0:
            return path.rstrip("/") if path.endswith("/") else path + "/"
        case 1:
            return "/".join([*parts[:place], "", *parts[place:]])
        case 2:
            return "/".join([*parts[:place], parts[place].replace("-", "%2d").replace("_", "%5F"), *parts[place + 1 :]])
        case 3:
            return "/".join(quote(part) if index == place else part for index, part in enumerate(parts)).upper()
        case _:
            return "/".join([*parts[:place], draw(st.sampled_from(values.SEGMENTS)), *parts[place + 1 :]])
