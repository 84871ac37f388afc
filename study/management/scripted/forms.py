"""Values for a form of the console, given as NAME=VALUE or in a JSON file: checked by the form, saved by its verb."""

import json
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict

from study.console.forms.versions import KeptForm, put
from study.errors import StudyError
from study.management.scripted.command import Argument, Given, argument

_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0", "")

VALUES: tuple[Argument, ...] = (
    argument("values", "what to change; without any, what is stored is printed", nargs="*", metavar="NAME=VALUE"),
    argument("--from", "a JSON file with an object of names and values; - reads it from standard input", dest="file"),
)


def values_of(given: Given) -> dict[str, Any]:
    """Return the values that were given, by name.

    Raises:
        StudyError: a word is no NAME=VALUE, or the file holds no JSON object.
    """
    values: dict[str, Any] = {}
    if given.get("file"):
        values |= _read(given["file"])
    for text in given.get("values") or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise StudyError(f"'{text}' is not NAME=VALUE.")
        values[name] = value
    return values


def _read(name: str) -> dict[str, Any]:
    try:
        if name == "-":
            content = json.load(sys.stdin)
        else:
            with Path(name).open(encoding="utf-8") as file:
                content = json.load(file)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{name}: this is no JSON ({error}).") from error
    if isinstance(content, dict) and isinstance(content.get("values"), dict):  # as the same command prints them
        content = content["values"]
    if not isinstance(content, dict):
        raise StudyError(f"{name}: write a JSON object of names and values.")
    return content


def stored_values(form: KeptForm) -> dict[str, Any]:
    """Return what the form shows, by name, as `--from` reads it."""
    return {name: _plain(value) for name, value in form.shown_values().items()}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str | list) else str(value)


def checked(make: Callable[[QueryDict | None], Any], values: Mapping[str, Any]) -> Any:
    """Return the form with these values and all others as they are stored; it is valid.

    Args:
        make: returns the form of a request with these data, or as the page first shows it. Without `editing`: who
            saved what is told beside a form that is sent again, and a command prints only what is refused.

    Raises:
        StudyError: a name is no field, a field cannot be changed now, or the form refuses a value; each is named.
    """
    shown = make(None)
    unknown = [name for name in values if name not in shown.fields]
    if unknown:
        near = get_close_matches(unknown[0], shown.fields, 1)
        hint = f"did you mean {near[0]}?" if near else "without any value, this command prints the names."
        raise StudyError(f"There is no value '{unknown[0]}' here: {hint}")
    fixed = [name for name in values if shown.fields[name].disabled]
    if fixed:
        raise StudyError(f"{', '.join(fixed)}: this cannot be changed any more.")
    data = shown.as_shown() if isinstance(shown, KeptForm) else _as_first_shown(shown)
    for name, value in values.items():
        put(data, shown.add_prefix(name), shown.fields[name].widget, _typed(name, shown.fields[name], value))
    form = make(data)
    if not form.is_valid():
        raise StudyError(faults_of(form))
    return form


def _as_first_shown(form: forms.BaseForm) -> QueryDict:
    """Return what a browser sends of a form that shows nothing stored, if nothing is written into it."""
    data = QueryDict(mutable=True)
    for name, field in form.fields.items():
        if not field.disabled and (value := form.get_initial_for_field(field, name)) is not None:
            put(data, form.add_prefix(name), field.widget, value)
    return data


def faults_of(form: forms.BaseForm) -> str:
    """Return what the form refuses, each with the name of its field."""
    told = (
        str(text) if name == NON_FIELD_ERRORS else f"{name}: {text}"
        for name, texts in form.errors.items()
        for text in texts
    )
    return " ".join(told)


def _typed(name: str, form_field: forms.Field, value: Any) -> Any:
    """Return a value as the field's widget holds it: ticks and lists may be given as words."""
    if isinstance(form_field, forms.BooleanField):
        word = "no" if value is None else str(value).lower()
        if word not in _YES + _NO:
            raise StudyError(f"{name}: write yes or no, not '{value}'.")
        return word in _YES
    if isinstance(form_field, forms.MultipleChoiceField) and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, Mapping) or (
        isinstance(value, list) and not isinstance(form_field, forms.MultipleChoiceField)
    ):
        raise StudyError(f"{name}: write one value.")
    return value
