"""Errors of the domain, with messages that a person can act on."""

from collections.abc import Sequence
from typing import Any


class StudyError(Exception):
    """Base of this app's errors; pages show `str(error)` unchanged."""


class NotAllowedNow(StudyError):
    """The study's state does not permit this."""


class PreflightFailed(StudyError):
    """The study cannot open yet; `findings` lists the reasons."""

    def __init__(self, findings: list) -> None:
        self.findings = findings
        super().__init__(" ".join(finding.message for finding in findings))


class ImportRefused(StudyError):
    """A file was refused as a whole; `problems` lists each fault with file, row and value.

    `unknown_clips` counts the rows about clips that the study does not have: most rows of a data set's table.
    `readings`: how the file's letters look in each encoding that it may have, if that is not clear.
    """

    def __init__(self, problems: list[str], *, unknown_clips: int = 0, readings: Sequence[Any] = ()) -> None:
        self.problems = problems
        self.unknown_clips = unknown_clips
        self.readings = readings
        super().__init__(" ".join(problems))
