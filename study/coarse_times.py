"""Times and durations of people as they leave the house.

A recruiting platform knows to the second when each of its people began and finished. Equal times in a table that is
published would name its rows, so exports give times to the hour and durations to the second.
"""

from datetime import UTC, datetime


def to_the_hour(at: datetime) -> datetime:
    """The beginning of the hour, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def to_the_minute(at: datetime) -> datetime:
    """The beginning of the minute: pages of a study that runs say no more of when somebody came or answered."""
    return at.replace(second=0, microsecond=0)


def this_hour() -> datetime:
    """The beginning of the current hour."""
    return to_the_hour(datetime.now(UTC))


def hour_text(at: datetime | None) -> str:
    """The hour as ISO 8601 in UTC, "2026-11-29T22:00+00:00"; empty if it is not known."""
    return "" if at is None else to_the_hour(at).isoformat(timespec="minutes")


def whole_seconds(seconds: float | None) -> int | str:
    """A duration in whole seconds; empty if it is not known."""
    return "" if seconds is None else round(seconds)
