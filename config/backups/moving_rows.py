"""Copy all rows of a SQLite database into PostgreSQL, for a restore into the other database."""

from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from config.backups.errors import BackupError

_AT_ONCE = 2000


def copy_rows(source: str) -> None:
    """Copy each table of the other database into the usual one, PostgreSQL; both have the same migrations.

    Values are read and written by their fields, so JSON, times, numbers and booleans become what PostgreSQL stores.
    Columns that the database computes are computed there. It runs in the caller's transaction.

    Raises:
        BackupError: a table has not as many rows afterwards.
        django.db.DatabaseError: PostgreSQL refuses a row.
    """
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        # What migrations have written goes first, and with it checks of keys that wait for the transaction's end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"TRUNCATE {', '.join(quote(model._meta.db_table) for model in models)}")
        for model in models:
            _copy_table(model, source, cursor)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for text in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(text)
    for model in models:
        before, after = (model._base_manager.using(alias).count() for alias in (source, connection.alias))
        if before != after:
            raise BackupError(f"{model._meta.label}: {after:,} of {before:,} rows arrived. Nothing was changed.")


def _copy_table(model: type[Model], source: str, cursor: Any) -> None:
    fields = [field for field in model._meta.local_concrete_fields if not field.generated]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    rows = model._base_manager.using(source).order_by("pk").values_list(*(field.attname for field in fields))
    copying = f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN"
    with connection.wrap_database_errors, cursor.copy(copying) as table:
        for row in rows.iterator(_AT_ONCE):
            table.write_row(
                [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
            )
