"""`manage.py migrate`, one at a time: a second one waits, and then finds nothing left to do."""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connections


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        with self._alone(options["database"]):
            super().handle(*args, **options)

    @contextmanager
    def _alone(self, database: str) -> Iterator[None]:
        """Wait until no other process migrates this database; a killed one holds no lock."""
        settings = connections[database].settings_dict
        if connections[database].vendor == "postgresql":
            # A connection of its own, with a transaction as long as the command: a pooler in transaction mode would
            # give a connection whose lock outlives the transaction to others, with the lock.
            lock = connections.create_connection(database)
            try:
                lock.set_autocommit(False)
                with lock.cursor() as cursor:
                    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(b"earsight.migrate")])
                yield
            finally:
                lock.close()
        elif (folder := Path(str(settings["NAME"])).parent).is_dir() and Path(str(settings["NAME"])).is_absolute():
            with (folder / "migrate.lock").open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        else:  # a database in memory
            yield
