"""The forms of pages as browsers see them: where each is sent, and its fields with their kinds and choices."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from django.test import Client

ROOT = Path(__file__).resolve().parents[3]
# Names that views read without a form: sent by scripts, or in the query of an address.
_READ = re.compile(r"""(POST|GET)(?:\.get(?:list)?\(|\[)\s*"([\w-]+)"|"([\w-]+)"\s+in\s+request\.(POST|GET)""")


@dataclass
class Field:
    """One field of a form: its name, the type of its input, what stands in it and, if it has choices, these."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    accept: str = ""
    ticked: list[str] = field(default_factory=list)

    @property
    def sent(self) -> list[str]:
        """The values that a browser sends of a field that nobody touched."""
        if self.kind in ("radio", "checkbox"):
            return self.ticked
        if self.kind == "select" and self.value not in self.choices:
            return self.choices[:1]
        return [] if self.kind in ("button", "submit", "file") else [self.value]


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)

    def sent(self, **changed: str | list[str]) -> dict[str, list[str]]:
        """What a browser sends of the form, with the fields that a person has changed; an empty list for no tick."""
        untouched = {name: field.sent for name, field in self.fields.items()}
        return untouched | {name: [to] if isinstance(to, str) else to for name, to in changed.items()}


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.ids: dict[str, Form] = {}
        self._inside: Form | None = None
        self._select: Field | None = None
        self._textarea: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urlsplit(urljoin(self.path, given.get("action") or self.path))
            self._inside = Form(action.path, given.get("method", "get").lower())
            self.forms.append(self._inside)
            self.ids[given.get("id", "")] = self._inside
        elif tag == "option" and self._select is not None:
            self._select.choices.append(given.get("value", ""))
            if "selected" in given:
                self._select.value = given.get("value", "")
        elif tag in ("input", "select", "textarea", "button") and given.get("name"):
            form = self.ids.get(given["form"]) if "form" in given else self._inside
            if form is not None:
                self._take(form, tag, given)

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        known = form.fields.setdefault(given["name"], Field(given["name"], kind, accept=given.get("accept", "")))
        if kind in ("radio", "checkbox", "button"):
            known.choices.append(given.get("value", "on"))
            if "checked" in given:
                known.value = given.get("value", "on")
                known.ticked.append(known.value)
        elif tag == "select":
            self._select = known
        elif tag == "textarea":
            self._textarea = known
        else:
            known.value = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea.value += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None


def forms_of(path: str, page: str) -> Iterator[Form]:
    """Yield each form of a page at this path, without its CSRF token."""
    reader = _Reader(path)
    reader.feed(page)
    for form in reader.forms:
        form.fields.pop("csrfmiddlewaretoken", None)
        yield form


def form_in(path: str, page: str, field: str) -> Form:
    """Return the one form of a page at this path that has this field."""
    (form,) = (form for form in forms_of(path, page) if field in form.fields)
    return form


def form_with(client: Client, page: str, field: str) -> Form:
    """Return the form with this field on a page, as the client gets it."""
    return form_in(page, client.get(page).content.decode(), field)


def names_that_views_read() -> tuple[list[str], list[str]]:
    """Return the names that the code reads from POST and from GET, by its text."""
    found: dict[str, set[str]] = {"POST": set(), "GET": set()}
    for wing in ("config", "study", "generation", "analysis"):
        for file in (ROOT / wing).rglob("*.py"):
            for method, name, other, other_method in _READ.findall(file.read_text(encoding="utf-8")):
                found[method or other_method].add(name or other)
    return sorted(found["POST"]), sorted(found["GET"])
