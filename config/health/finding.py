"""What a check found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, but something is to be known or bettered
    FAULT = "fault"  # something does not work, or is open to strangers


@dataclass(frozen=True)
class Finding:
    """The result of one check in one sentence, and what to do unless all is well."""

    level: Level
    found: str
    mend: str = ""


Check = Callable[[], Finding]


def ok(found: str) -> Finding:
    return Finding(Level.OK, found)


def warning(found: str, mend: str) -> Finding:
    return Finding(Level.WARNING, found, mend)


def fault(found: str, mend: str) -> Finding:
    return Finding(Level.FAULT, found, mend)
