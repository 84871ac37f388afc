"""A fault of something that Earsight needs beside its own code: database, disk, broker."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault as the log states it, the seconds after which to try again, and what a researcher can do about it."""

    name: str
    seconds: int
    advice: str = ""
