"""What a service says is wrong, read from the body of an error, whatever its shape.

Servers of the OpenAI protocol answer `{"error": {"message": …}}`, `{"error": "…"}`, `{"detail": [{"loc": …}]}`
(FastAPI), `{"errors": {"field": […]}}`, lists, plain text, or an answer of another service within their own. What
stands between, a firewall or a proxy, answers with a web page.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

# Keys whose values are for people, or lead to them.
_SAYING = frozenset(
    {"error", "errors", "detail", "details", "message", "msg", "error_message", "error_description", "reason"}
    | {"title", "description", "metadata", "raw", "fault", "faultstring"}
)
_CODES = ("code", "type", "status", "error_code")
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|h1|center)\b", re.I | re.S
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)
_MOST_CHARACTERS = 100_000


@dataclass(frozen=True)
class Complaint:
    """A service's complaint.

    Attributes:
        text: everything it says, in one line.
        names: the fields of the request that it names as fields, not in words: "seed", "messages.0.role".
        codes: its codes and types, in lower case.
        page: the title of a web page, or how it begins; None if the body is none.
    """

    text: str
    names: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    page: str | None = None


def read_complaint(body: bytes) -> Complaint:
    """What the body of an error says."""
    text = body.decode("utf-8-sig", errors="replace")[:_MOST_CHARACTERS].strip()
    if _PAGE.match(text):
        return _of_page(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Complaint(_line(text))
    found = _Found()
    found.read(value)
    said = "; ".join(dict.fromkeys(found.said)) or json.dumps(value, ensure_ascii=False)
    return Complaint(_line(said), frozenset(found.names), frozenset(found.codes))


def _of_page(text: str) -> Complaint:
    words = _line(unescape(_UNSEEN.sub(" ", text)))
    title = _TITLE.search(text)
    heading = _line(unescape(title.group(1))) if title else ""
    return Complaint(f"{heading} {words}".strip(), page=(heading or words)[:100])


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


class _Found:
    """What was found in a complaint so far."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.names: set[str] = set()
        self.codes: set[str] = set()

    def read(self, value: Any, nesting: int = 10) -> None:
        """Collect what people are told, and the fields and codes beside it."""
        if nesting == 0:
            return
        if isinstance(value, str):
            self._read_text(value, nesting)
        elif isinstance(value, list):
            for item in value:
                self.read(item, nesting - 1)
        elif isinstance(value, dict):
            self._read_object(value, nesting)

    def _read_text(self, text: str, nesting: int) -> None:
        """Read a text, which may hold another service's answer as JSON."""
        if text.strip()[:1] in ("{", "["):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                pass
            else:
                self.read(value, nesting - 1)
                return
        if text.strip():
            self.said.append(text.strip())

    def _read_object(self, value: dict[str, Any], nesting: int) -> None:
        field = _field_of(value)
        if field:
            self.names.add(field)
        self.codes |= {str(value[key]).lower() for key in _CODES if isinstance(value.get(key), str | int)}
        before = len(self.said)
        for key, item in value.items():
            if key == "errors" and isinstance(item, dict):  # by field: {"seed": ["not allowed"]}
                for name, faults in item.items():
                    self.names.add(str(name))
                    start = len(self.said)
                    self.read(faults, nesting - 1)
                    self.said[start:] = [f"{name}: {fault}" for fault in self.said[start:]]
            elif key in _SAYING:
                self.read(item, nesting - 1)
        if field:
            self.said[before:] = [said if field in said else f"{field}: {said}" for said in self.said[before:]]


def _field_of(value: dict[str, Any]) -> str:
    """The field of the request that an object names: `loc` of FastAPI, `param` of OpenAI."""
    place = value.get("loc")
    if isinstance(place, list):
        return ".".join(str(part) for part in place if part != "body")
    param = value.get("param")
    return param if isinstance(param, str) else ""
