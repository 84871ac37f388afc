"""What a check found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.core.checks import ERROR, CheckMessage


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


def finding_of(messages: Sequence[CheckMessage], fine: str) -> Finding:
    """Return what a check of Django's kind says as a finding: the worst of its messages, or `fine` if there is none."""
    if not messages:
        return Finding(Level.OK, fine)
    worst = max(messages, key=lambda message: message.level)
    level = Level.FAULT if worst.level >= ERROR else Level.WARNING
    return Finding(level, worst.msg.rstrip("."), worst.hint or "Run: python manage.py check --deploy")


Check = Callable[[], Finding]


def ok(found: str) -> Finding:
    return Finding(Level.OK, found)


def warning(found: str, mend: str) -> Finding:
    return Finding(Level.WARNING, found, mend)


def fault(found: str, mend: str) -> Finding:
    return Finding(Level.FAULT, found, mend)
