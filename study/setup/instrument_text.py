"""The questions of a trial as YAML: read with the line of each fault, written in one layout."""

import json
from typing import Any

import yaml
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from study.instruments.questions import KINDS, Instrument, Rate
from study.instruments.reading import InstrumentRefused, instrument_from, to_data
from study.untrusted_files.yaml_text import Limits, Lines, YamlRefused, read_yaml

LIMITS = Limits(characters=100_000, values=6000, levels=12)
_FIRST = ("kind", "key", "text")


def read_instrument(text: str) -> dict[str, Any]:
    """Return the instrument of a text as plain data; {} of an empty text, which is the first and the second choice.

    Raises:
        InstrumentRefused: it is none; the message names the line and the question.
    """
    try:
        content, lines = read_yaml(text, LIMITS)
    except YamlRefused as error:
        raise InstrumentRefused(_("line %(n)d: %(why)s") % {"n": error.line, "why": error}) from error
    if content is None or content == {}:
        return {}
    plain = json.loads(json.dumps(content, default=str))  # a date is the text that was written
    try:
        return to_data(instrument_from(plain))
    except InstrumentRefused as error:
        raise InstrumentRefused(_("line %(n)d: %(why)s") % {"n": _line_of(error, lines), "why": error}) from error


def _line_of(error: InstrumentRefused, lines: Lines) -> int:
    cause = error.__cause__
    loc = cause.errors()[0]["loc"] if isinstance(cause, ValidationError) else ()
    place = tuple(part for at, part in enumerate(loc) if not (at == 2 and part in KINDS))
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def short_data(instrument: Instrument) -> dict[str, Any]:
    """Return the instrument as plain data without what is a default, as people read it."""
    return _plain(instrument) | {"questions": [_question(each) for each in instrument.questions]}


def instrument_yaml(instrument: Instrument) -> str:
    """Return the instrument's text; `read_instrument` gives the same instrument again."""
    return str(
        yaml.dump(
            short_data(instrument),
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=None,
            width=110,
        )
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)


def _question(question: Any) -> dict[str, Any]:
    """Return a question's values; its kind and the steps of its scales are worth reading even if they are defaults."""
    values = _plain(question) | {"kind": question.kind}
    if isinstance(question, Rate):
        values["scales"] = [_ordered(_plain(scale) | {"steps": scale.steps}) for scale in question.scales]
    for name in ("ranks", "tie", "steps"):
        if hasattr(question, name):
            values[name] = getattr(question, name)
    return _ordered(values)


def _ordered(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in _FIRST if name in values} | values
