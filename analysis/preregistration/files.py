"""A preregistration as a file: Markdown, DOCX, or JSON with the keys of the form. English, as the forms are."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.utils import translation

from analysis.preregistration.document import Item, Preregistration

_MISSING = "Missing"


def as_markdown(text: Preregistration) -> str:
    """The text with a heading for each question, and what is missing in bold."""
    with translation.override("en"):
        return "\n\n".join(_markdown(text)) + "\n"


def _markdown(text: Preregistration) -> Iterator[str]:
    yield f"# {_plain(text.title)}"
    yield _form_and_digest(text)
    yield from (f"**{notice}**" for notice in text.notices)
    section = ""
    for item in text.items:
        if item.question.section not in ("", section):
            section = item.question.section
            yield f"## {section}"
        yield f"### {item.question.title}"
        yield from (f"- [x] {option}" for option in item.answer.chosen)
        yield from (_plain(part) for part in item.answer.text.split("\n\n") if part)
        yield from (f"**{_MISSING}: {what}.**" for what in _missing(item))


def _plain(text: str) -> str:
    """A paragraph that Markdown shows as it is: researchers' words may begin as a list or hold its signs."""
    for sign in "\\`*_<[#":
        text = text.replace(sign, f"\\{sign}")
    lines = text.splitlines()
    return "  \n".join(f"\\{line}" if line[:1] in ("-", "+", ">", "=", "|") else line for line in lines)


def _missing(item: Item) -> list[str]:
    return [str(missing.what) for missing in item.answer.missing]


def _form_and_digest(text: Preregistration) -> str:
    state = "as it was fixed at opening" if text.is_fixed else "of the draft; any change alters it"
    return f"{text.form.name}, {text.form.version}. Plan digest (SHA-256), {state}: {text.digest}"


def as_docx(text: Preregistration) -> bytes:
    """The same as a document of a word processor."""
    # Imported here: it loads lxml, and only this file needs it.
    from docx import Document

    document = Document()
    document.core_properties.title = text.title
    document.core_properties.author = ""
    document.core_properties.comments = ""
    with translation.override("en"):
        document.add_heading(_storable(text.title), level=0)
        document.add_paragraph(_form_and_digest(text))
        for notice in text.notices:
            document.add_paragraph().add_run(notice).bold = True
        section = ""
        for item in text.items:
            if item.question.section not in ("", section):
                section = item.question.section
                document.add_heading(section, level=1)
            document.add_heading(item.question.title, level=2)
            for option in item.answer.chosen:
                document.add_paragraph(option, style="List Bullet")
            for part in item.answer.text.split("\n\n"):
                if part:
                    document.add_paragraph(_storable(part))
            for what in _missing(item):
                document.add_paragraph().add_run(f"{_MISSING}: {_storable(what)}.").bold = True
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _storable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return "".join(sign for sign in text if sign in "\t\n" or sign >= " ").replace("\ufffe", "").replace("\uffff", "")


def as_json(text: Preregistration) -> dict[str, Any]:
    """The answers by the keys of the form; of the OSF those of `registration_responses`, beside title and description.

    A question with one choice has it as a text, one with several as a list. What is missing is under `missing`, by key.
    """
    responses = {item.question.key: _response(item) for item in text.items}
    own: dict[str, Any] = {str(key): responses.pop(key) for key in ("title", "description") if key in responses}
    with translation.override("en"):
        missing = {item.question.key: _missing(item) for item in text.items if item.answer.missing}
    return {
        "form": text.form.name,
        "form_version": text.form.version,
        **own,
        "registration_responses": responses,
        "missing": missing,
        "notices": list(text.notices),
        "plan_digest": text.digest,
        "plan_is_fixed": text.is_fixed,
    }


def _response(item: Item) -> Any:
    chosen = item.answer.chosen
    if item.question.several:
        return list(chosen)
    return chosen[0] if chosen else item.answer.text


def _json_bytes(text: Preregistration) -> bytes:
    return (json.dumps(as_json(text), indent=2, ensure_ascii=False) + "\n").encode()


# By the ending of the file's name: its type and its writer.
WRITERS: dict[str, tuple[str, Callable[[Preregistration], bytes]]] = {
    "md": ("text/markdown; charset=utf-8", lambda text: as_markdown(text).encode()),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
    "json": ("application/json", _json_bytes),
}
