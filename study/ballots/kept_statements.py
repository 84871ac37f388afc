"""Statements that differ from call to call in a few values only: the ORM writes their text once, then they only run.

Django builds the text of every query anew, and on the path that everybody takes again and again, the answer to a trial,
that costs several times what the database does. What a statement says stays the ORM's: it is given as a query set with
names in the places of values.

PostgreSQL also keeps the plans of these statements, where the settings let it prepare any (`prepare_threshold`).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery

# What stands in a place while the text is written: values that no statement of ours holds by itself, within the range
# of the smallest integer column (beyond it Django knows that nothing can be found).
_MARKS: dict[type, Callable[[int], Any]] = {
    int: lambda number: 31_001 + number,
    str: lambda number: f"\x1fplace {number}\x1f",
    datetime: lambda number: datetime(1901, 1, 1 + number, tzinfo=UTC),
}


def _adapted(value: Any) -> Any:
    """A value as the database's driver takes it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _cursor() -> CursorWrapper:
    """A cursor; on PostgreSQL one that sends the values beside the text, so that the text can be prepared."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrapped(ServerBindingCursor(connection.connection))  # type: ignore[call-arg, arg-type]


@dataclass(frozen=True)
class _Text:
    """A statement's text; `places` holds the name of the value in each place, or a tuple with one that never changes."""

    sql: str
    places: tuple[str | tuple[Any], ...]

    def values(self, given: dict[str, Any]) -> list[Any]:
        return [_adapted(given[place]) if isinstance(place, str) else place[0] for place in self.places]


def _text(sql: str, parameters: Sequence[Any], marks: dict[str, Any]) -> _Text:
    names = {_adapted(mark): name for name, mark in marks.items()}
    places = tuple(names.get(value, (value,)) for value in parameters)
    missing = set(marks) - set(places)
    if missing:
        raise ValueError(f"The statement has no place for {', '.join(sorted(missing))}: {sql}")
    return _Text(sql, places)


class KeptRead:
    """A query of `values_list`, run again and again: `rows = read(handle="…", number=3)`.

    Args:
        build: makes the query set from one value for each name.
        kinds: by name, `int`, `str` or `datetime`.
    """

    def __init__(self, build: Callable[..., QuerySet], **kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._kept: dict[str, tuple[_Text, list]] = {}

    def __call__(self, **values: Any) -> list[tuple]:
        kept = self._kept.get(connection.vendor)
        if kept is None:
            kept = self._kept[connection.vendor] = self._written()
        text, converters = kept
        with _cursor() as cursor:
            cursor.execute(text.sql, text.values(values))
            return [_converted(row, converters) for row in cursor.fetchall()]

    def _written(self) -> tuple[_Text, list]:
        marks = _marks(self._kinds)
        compiler = self._build(**marks).query.get_compiler(connection.alias)
        sql, parameters = compiler.as_sql()
        # As in Django's own results_iter: each column's converters, from what is selected.
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return _text(sql, parameters, marks), list(converters.items())


class Parts:
    """Rows of several models that stand side by side in one row of values, and the objects they are.

    Args:
        parts: for each model the way to it from the row that is asked for ("participant__", empty for that row
            itself) and the names of the columns wanted, all of them where there are none. What is not wanted is
            fetched when it is looked at, as with `only`.
    """

    def __init__(self, parts: Mapping[type[Model], tuple[str, Sequence[str]]]) -> None:
        self._parts = []
        for model, (way, names) in parts.items():
            known = [field.attname for field in model._meta.concrete_fields]
            wanted = [name for name in known if not names or name in names]
            if unknown := set(names) - set(known):
                raise ValueError(f"{model.__name__} has no column {', '.join(sorted(unknown))}.")
            self._parts.append((model, way, wanted, wanted.index(model._meta.pk.attname)))
        self.columns = [way + name for _model, way, wanted, _key in self._parts for name in wanted]

    def objects(self, row: Sequence[Any]) -> list[Any]:
        """One object for each model, None where there is no such row, and after them what else the row holds."""
        found: list[Any] = []
        start = 0
        for model, _way, names, key in self._parts:
            values = row[start : start + len(names)]
            found.append(None if values[key] is None else model.from_db(connection.alias, names, values))
            start += len(names)
        return [*found, *row[start:]]


def _converted(row: Sequence[Any], converters: list) -> tuple:
    """A row of the driver's values as the fields' own."""
    values = list(row)
    for place, (functions, expression) in converters:
        for function in functions:
            values[place] = function(values[place], expression, connection)
    return tuple(values)


class KeptUpdate:
    """An update, run again and again; says how many rows it changed.

    Args:
        build: makes the query set and the new values by field from one value for each name.
        kinds: by name, `int`, `str` or `datetime`.
    """

    def __init__(self, build: Callable[..., tuple[QuerySet, dict[str, Any]]], **kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._kept: dict[str, _Text] = {}

    def __call__(self, **values: Any) -> int:
        text = self.text()
        with _cursor() as cursor:
            cursor.execute(text.sql, text.values(values))
            return cursor.rowcount

    def text(self) -> _Text:
        text = self._kept.get(connection.vendor)
        if text is None:
            marks = _marks(self._kinds)
            rows, new = self._build(**marks)
            query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]
            query.add_update_values(new)
            sql, parameters = query.get_compiler(connection.alias).as_sql()
            text = self._kept[connection.vendor] = _text(sql, parameters, marks)
        return text


class KeptInsert:
    """Puts one row of a model with a key of its own into the database, as `save(force_insert=True)` without signals.

    Args:
        model: the row's model.
        where: an update that has to change a row first, in the same transaction; where it changes none, no row is
            put in. It is given its values as `insert(row, name=value, …)`. On PostgreSQL both are one statement.
    """

    def __init__(self, model: type[Model], where: KeptUpdate | None = None) -> None:
        self._model, self._where = model, where
        self._fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
        self._kept: dict[str, str] = {}

    @property
    def _in_one(self) -> bool:
        """Whether the update, where there is one, is part of the insert's statement."""
        return connection.vendor == "postgresql"

    def __call__(self, row: Model, **values: Any) -> bool:
        """Whether the row was put in; it then has its key."""
        before = None if self._in_one else self._where
        given = self._where.text().values(values) if self._where is not None and self._in_one else []
        # One statement is a transaction of its own; inside another one, an error must not end that.
        alone = before is None and not connection.in_atomic_block
        with nullcontext() if alone else transaction.atomic():
            if before is not None and not before(**values):
                return False
            sql = self._kept.get(connection.vendor)
            if sql is None:
                sql = self._kept[connection.vendor] = self._written(row)
            given += [field.get_db_prep_save(field.pre_save(row, True), connection) for field in self._fields]
            with _cursor() as cursor:
                cursor.execute(sql, given)
                found = cursor.fetchone()
        if found is None:
            return False
        row.pk = found[0]
        row._state.adding, row._state.db = False, connection.alias
        return True

    def _written(self, row: Model) -> str:
        query = InsertQuery(self._model)
        query.insert_values(self._fields, [row])
        compiler = query.get_compiler(connection.alias)
        compiler.returning_fields = [self._model._meta.pk]
        [(sql, _values)] = compiler.as_sql()
        if self._where is None or not self._in_one:
            return sql
        places = ", ".join(["%s"] * len(self._fields))
        into, values, key = sql.partition(f" VALUES ({places}) ")
        if not values:
            raise ValueError(f"The statement does not put one row of plain values in: {sql}")
        # A parameter in a SELECT has no type by itself.
        typed = ", ".join(f"%s::{field.db_type(connection)}" for field in self._fields)
        return f"WITH changed AS ({self._where.text().sql} RETURNING 1) {into} SELECT {typed} FROM changed {key}"  # noqa: S608 (all of it the ORM's)


def _marks(kinds: dict[str, type]) -> dict[str, Any]:
    return {name: _MARKS[kind](number) for number, (name, kind) in enumerate(kinds.items())}
