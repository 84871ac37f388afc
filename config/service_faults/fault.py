"""A fault of something that Earsight needs beside its own code: database, disk, broker, processor time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault as the log states it, the seconds after which to try again, and what people can do.

    `reason` is for everybody and `advice` for researchers, beside what people are told; `message` replaces that.
    """

    name: str
    seconds: int
    advice: str = ""
    message: str = ""
    reason: str = ""


class Unavailable(Exception):
    """Raised by our own code where it refuses work for a while."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.name)
