"""What a backup reads of a database beside its copy, in the same snapshot: heads, withdrawals, names of files."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import FileField

from study.models import Ballot, ChainHead, Participant, Study
from study.published_heads.heads import INSTALLATION

ALIAS = "backup"


@dataclass(frozen=True)
class Facts:
    """Facts of a database at one moment; the attributes are those of `Manifest`.

    `names`: the media files that rows refer to.
    """

    migrations: list[str]
    heads: list[tuple[str, int, str]]
    withdrawn: list[str]
    counts: dict[str, int]
    names: set[str]


@contextmanager
def other_connection(**changed: Any) -> Iterator[str]:
    """Yield the alias of one more connection, with the settings of the usual one but for those `changed`."""
    settings = deepcopy(connections[DEFAULT_DB_ALIAS].settings_dict) | changed
    connections.settings[ALIAS] = settings
    try:
        yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]


def read_facts(alias: str) -> Facts:
    """Read the facts by columns that every version has, so that a database can be backed up before it is migrated."""
    rows = ChainHead.objects.using(alias).filter(number__gt=0).order_by("study_id")
    return Facts(
        migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connections[alias]).applied_migrations()),
        heads=[
            (slug or INSTALLATION, number, head)
            for slug, number, head in rows.values_list("study__slug", "number", "head")
        ],
        withdrawn=list(
            Participant.objects.using(alias)
            .filter(status=Participant.Status.WITHDRAWN)
            .order_by("pk")
            .values_list("handle", flat=True)
        ),
        counts={
            "studies": Study.objects.using(alias).count(),
            "participants": Participant.objects.using(alias).count(),
            "ballots": Ballot.objects.using(alias).count(),
        },
        names=names_in_rows(alias),
    )


def names_in_rows(alias: str = DEFAULT_DB_ALIAS) -> set[str]:
    """Return the names of all stored files that rows refer to."""
    found: set[str] = set()
    connection = connections[alias]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for model in apps.get_models():
            table = model._meta.db_table
            fields = [field for field in model._meta.local_concrete_fields if isinstance(field, FileField)]
            if not fields or table not in tables:
                continue
            # Of SQLite's tables Django's own description parses how they were made, which takes longer than all else.
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} LIMIT 0")  # noqa: S608
            columns = {column[0] for column in cursor.description}
            for field in fields:
                if field.column in columns:
                    rows = model._base_manager.using(alias).values_list(field.attname, flat=True)
                    found.update(filter(None, rows.iterator()))
    return found
