"""Is the database that of this version? A process of another one must not work on it, in silence or by accident."""

import logging
import time
from functools import cache
from importlib.util import find_spec
from pkgutil import iter_modules

from django.apps import apps
from django.db import DatabaseError, Error, ProgrammingError
from django.db.migrations.recorder import MigrationRecorder

logger = logging.getLogger(__name__)

# Seconds for which an answer holds. One query is asked then; the rows are some hundred names.
HOLDS = 5.0
_answer: tuple[float, str] | None = None


def difference() -> str:
    """Return how the database differs from what this version needs, as a sentence with the mend; empty if it does not.

    The answer is some seconds old at most. While the database is away the last one stands.
    """
    global _answer
    answer = _answer  # another thread may forget it meanwhile
    if answer is None or time.monotonic() > answer[0]:
        try:
            answer = _answer = time.monotonic() + HOLDS, difference_now()
        except Error:  # away: whoever needs it will say so
            return answer[1] if answer is not None else ""
    return answer[1]


def is_cause_of(error: BaseException) -> bool:
    """Whether an error may be due to a database of another version."""
    if not isinstance(error, DatabaseError):
        return False
    forget()
    return bool(difference())


def remember_own() -> None:
    """Note what this version needs when a process starts: its files may be replaced while it runs."""
    known()


def forget() -> None:
    """Ask anew next time."""
    global _answer
    _answer = None


def difference_now() -> str:
    """Return what `difference` does, as it is at this moment; what the others were told stays.

    Raises:
        django.db.Error: the database is away, or cannot be asked.
    """
    applied, own = _applied(), known()
    if missing := sorted(own - applied):
        return (
            f"The database lacks {len(missing)} changes that this version needs, the first is {'.'.join(missing[0])}. "
            "Run manage.py migrate."
        )
    if newer := sorted((app, name) for app, name in applied - own if app in _labels()):
        return (
            f"The database was changed by another version of Earsight ({'.'.join(newer[-1])} is not known to this one)."
            " Start the version that belongs to it."
        )
    return ""


def _applied() -> set[tuple[str, str]]:
    try:
        return set(MigrationRecorder.Migration.objects.values_list("app", "name"))
    except DatabaseError as error:
        # The table is missing: the database is new. A broken one is not.
        if isinstance(error, ProgrammingError) or "no such table" in str(error):
            return set()
        raise


@cache
def _labels() -> frozenset[str]:
    return frozenset(config.label for config in apps.get_app_configs())


@cache
def known() -> frozenset[tuple[str, str]]:
    """The migrations that this version has, by their files: importing all of them takes longer than a page."""
    found = set()
    for config in apps.get_app_configs():
        spec = find_spec(f"{config.name}.migrations") if find_spec(config.name) else None
        for folder in (spec and spec.submodule_search_locations) or ():
            found |= {(config.label, name) for _, name, _ in iter_modules([folder]) if not name.startswith("_")}
    return frozenset(found)
