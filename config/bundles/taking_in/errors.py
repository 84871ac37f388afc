"""The refusal of a bundle."""

from collections.abc import Iterable

from study.errors import StudyError


class BundleRefused(StudyError):
    """The bundle is not taken in; the message says why and what to do, `faults` what is wrong, a sentence each."""

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)
