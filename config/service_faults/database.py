"""Faults of the database. Other errors of it, for example a missing table, are faults of the code and stay errors."""

import sqlite3

from django.db import InternalError, OperationalError
from django.utils.translation import gettext_noop

from config.service_faults.fault import Fault

_LOOK = gettext_noop("Look whether the database server runs and takes connections.")
_ROOM = gettext_noop("Free space on the database's disk, and look whether it can be written to.")
LOCKED, UNREACHABLE = Fault("The database is locked", 2), Fault("The database is not reachable", 5, _LOOK)
BUSY = Fault("The database is out of connections or memory", 5, _LOOK)
FULL, READ_ONLY = Fault("The database is full", 60, _ROOM), Fault("The database is read-only", 60, _ROOM)

_SQLITE = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_NOMEM: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: FULL,  # the disk failed: as with a full one, somebody has to look
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: UNREACHABLE,
}
# PostgreSQL's error codes, or their first two letters: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "55P03": LOCKED,  # lock_not_available
    "57014": LOCKED,  # query_canceled: a timeout of the server's
    "40": LOCKED,  # serialization_failure, deadlock_detected
    "53100": FULL,
    "53": BUSY,
    "58": FULL,  # the server's own files failed
    "25006": READ_ONLY,
    "08": UNREACHABLE,
    "57": UNREACHABLE,  # shutting down, or not yet up
}


def fault_of(error: BaseException) -> Fault | None:
    """The fault that this error tells of; None for other errors."""
    cause = error.__cause__
    if not isinstance(error, OperationalError | InternalError):
        return None
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)  # the low byte is the primary code
    state = getattr(cause, "sqlstate", None)
    if state is None:  # no answer of the server at all: refused, lost or timed out
        return UNREACHABLE if isinstance(error, OperationalError) and cause is not None else None
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
