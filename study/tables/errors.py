"""Errors of reading a table."""

from dataclasses import dataclass


class TableRefused(ValueError):
    """A file cannot be read as a table. The message is one sentence with file, row, value and what to do."""


@dataclass(frozen=True)
class Reading:
    """A possible encoding of a file. `name`: as people know it; `sample`: lines of the file, read in it."""

    codec: str
    name: str
    sample: tuple[str, ...]


class EncodingUnclear(TableRefused):
    """A text can be read in several encodings, or in none that is known; a person must choose among `readings`."""

    def __init__(self, message: str, readings: tuple[Reading, ...]) -> None:
        self.readings = readings
        super().__init__(message)


def message_for_command(error: Exception) -> str:
    """Return the message of an error, with the option by which a command is given what it, or its cause, asks for."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, EncodingUnclear):
        cause = cause.__cause__
    return f"{error} Give the name by --encoding." if cause else str(error)
