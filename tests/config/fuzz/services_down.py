"""Services that fail: the broker, the database from some statement of a request on, the disk."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import kombu.exceptions
import psycopg.errors
from django.conf import settings
from django.db import OperationalError, connection
from hypothesis import strategies as st

_STORAGE = "django.core.files.storage.filesystem.FileSystemStorage"
# The fuzzer's own transactions go on; a request's statements meet the fault.
_OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


def _broker() -> AbstractContextManager[Any]:
    error = kombu.exceptions.OperationalError("[Errno 111] Connection refused")
    return patch("kombu.messaging.Producer.publish", side_effect=error)


@contextmanager
def lost_database(first: int) -> Iterator[None]:
    """The database is away from the statement with this number on."""
    asked = 0

    def fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked < first or sql.startswith(_OF_TRANSACTIONS):
            return execute(sql, *args)
        raise OperationalError("the connection is lost") from _cause()

    with connection.execute_wrapper(fail):
        yield


def _cause() -> Exception:
    if connection.vendor == "postgresql":
        return psycopg.errors.AdminShutdown("terminating connection")
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


def _disk(number: int, verb: str) -> AbstractContextManager[Any]:
    """The folder of stored files is full, read-only, or has lost a file."""
    name = str(Path(settings.MEDIA_ROOT) / "file")
    return patch(f"{_STORAGE}.{verb}", side_effect=OSError(number, "the disk", name))


def services_down() -> st.SearchStrategy[Callable[[], AbstractContextManager[Any]]]:
    """Return what makes a service fail while the context lasts."""
    disks = st.sampled_from(
        [(errno.ENOSPC, "_save"), (errno.EROFS, "_save"), (errno.EIO, "_open"), (errno.ENOENT, "_open")]
    )
    return st.one_of(
        st.just(_broker),
        st.integers(1, 12).map(lambda first: lambda: lost_database(first)),
        disks.map(lambda drawn: lambda: _disk(*drawn)),
    )
