"""An instrument from stored or sent data, and the one sentence with which it is refused."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from study.errors import StudyError
from study.instruments.questions import Instrument


class InstrumentRefused(StudyError):
    """The questions of the trials cannot be used; the message names the question and what to correct."""


def instrument_from(data: Mapping[str, Any]) -> Instrument:
    """Read an instrument, which nobody may change.

    Raises:
        InstrumentRefused: it is none; the message names the question.
    """
    return _read(json.dumps(data, sort_keys=True))


@lru_cache(maxsize=256)  # each page and each answer asks for it
def _read(text: str) -> Instrument:
    data = json.loads(text)
    try:
        return Instrument.model_validate(data)
    except ValidationError as error:
        raise InstrumentRefused(_sentence(data, error.errors()[0])) from error


def to_data(instrument: Instrument) -> dict[str, Any]:
    """Return the instrument as plain data, all its values named, in a stable order."""
    return instrument.model_dump(mode="json")


def _sentence(data: Any, fault: Any) -> str:
    """Describe a fault by the question's place and key and the path within it."""
    why = _short(fault["msg"].removeprefix("Value error, ").rstrip("."))
    place, path = _question_of(fault["loc"])
    if place is None:
        return _("The questions in each trial: %(why)s.") % {"why": f"{path}: {why}" if path else why}
    key = _key_at(data, place)
    return _("Question %(n)d of each trial (%(key)s): %(why)s.") % {
        "n": place + 1,
        "key": _short(key, 60) or "?",
        "why": f"{path}: {why}" if path else why,
    }


def _question_of(loc: tuple[str | int, ...]) -> tuple[int | None, str]:
    """Return the place of the question of a fault, None if it is of none, and the path of the rest."""
    if len(loc) > 1 and loc[0] == "questions" and isinstance(loc[1], int):
        rest = loc[2:]
        if rest and isinstance(rest[0], str):  # the kind, which pydantic puts into the path
            rest = rest[1:]
        return loc[1], _path(rest)
    return None, _path(loc)


def _path(parts: tuple[str | int, ...]) -> str:
    return " ".join(str(part + 1) if isinstance(part, int) else _short(part, 60) for part in parts)


def _short(text: str, most: int = 300) -> str:
    """Return the beginning of what somebody wrote, which may be as long as a file."""
    return text if len(text) <= most else f"{text[:most]}…"


def _key_at(data: Any, place: int) -> str:
    try:
        return str(data["questions"][place]["key"])
    except (KeyError, IndexError, TypeError):
        return ""
