"""Rows of the database from what a bundle says of them, with every value checked."""

import json
import math
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from config.bundles.reading import Unreadable
from config.bundles.whole.carried import carried_fields

_YEARS = range(1970, 2200)  # a clock that was never set begins in the first

Row = TypeVar("Row", bound=models.Model)


def row_from(model: type[Row], values: Any, where: str, **given: Any) -> Row:
    """Return an unsaved row.

    Args:
        values: its carried columns, as `carried` gave them.
        where: the file and line in the bundle, for messages.
        given: its other columns.

    Raises:
        Unreadable: a value is none that the column may have.
    """
    fields = {field.name: field for field in carried_fields(model)}
    if not isinstance(values, dict):
        raise Unreadable(f"{where}: not what an export holds there.")
    if unknown := sorted(values.keys() - fields.keys()):
        raise Unreadable(
            f"{where}: {', '.join(unknown)[:200]}: unknown here; a newer Earsight wrote it. Update this one."
        )
    try:
        known = {name: _typed(fields[name], value) for name, value in values.items()}
        row = model(**known, **given)
        row.clean_fields(exclude=[field.name for field in model._meta.fields if field.name not in fields])
    except ValidationError as error:
        raise Unreadable(f"{where}: {'; '.join(f'{name}: {texts[0]}' for name, texts in _texts(error))}") from error
    except (TypeError, ValueError, InvalidOperation) as error:
        raise Unreadable(f"{where}: {error}.") from error
    return row


def insert(row: models.Model) -> None:
    """Insert a row with its times as they are: `save` and `bulk_create` set those of its making or change to now."""
    row.save_base(raw=True, force_insert=True)


def time_from(text: str, name: str) -> datetime:
    """Return a time with its zone; ValueError if it is none, or one that some time zone cannot show."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    if at.year not in _YEARS:
        raise ValueError(f"{name} is in the year {at.year}")
    return at


def ensure_storable(data: Any, where: str) -> None:
    """Raise Unreadable if a text has a character that no database stores."""
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise Unreadable(f"{where}: a text or a number in it cannot be stored.") from error
    if "\\u0000" in json.dumps(data):
        raise Unreadable(f"{where}: a text in it cannot be stored.")


def _texts(error: ValidationError) -> list[tuple[str, list[str]]]:
    return sorted(error.message_dict.items())


_TYPES: dict[type[models.Field], tuple[type, ...]] = {
    models.BooleanField: (bool,),
    models.IntegerField: (int,),
    models.FloatField: (int, float),
    models.CharField: (str,),
    models.TextField: (str,),
    models.DateTimeField: (str,),
    models.DecimalField: (str,),
}


def _typed(field: models.Field, value: Any) -> Any:
    """Return the value as the column holds it; TypeError or ValueError if it is of another type."""
    if value is None:
        if not field.null:
            raise ValueError(f"{field.name} is missing")
        return None
    if isinstance(field, models.JSONField):
        default = field.get_default()
        if default is not None and type(default) is not type(value):
            raise ValueError(f"{field.name} is not what it has to be")
        return value
    expected = next(types for kind, types in _TYPES.items() if isinstance(field, kind))
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        raise ValueError(f"{field.name} is not what it has to be")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{field.name} is no number")
    if isinstance(field, models.DateTimeField):
        return time_from(str(value), field.name)
    return Decimal(str(value)) if isinstance(field, models.DecimalField) else value
