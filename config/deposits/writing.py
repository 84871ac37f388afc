"""Write a study's deposit, as a folder or a zip: complete or not at all, and the same bytes each time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.deposits.persons import Finding
from study.models import Study


@dataclass(frozen=True)
class Hindrance:
    """Why there can be no deposit yet: a sentence with the mend, and the name of the page's address where it is."""

    message: str
    page: str


def hindrances(study: Study) -> list[Hindrance]:
    """All that keeps the study from being deposited, but for findings about people; nothing is read of its answers."""
    raise NotImplementedError


def found_in(study: Study) -> list[Finding]:
    """What in the study's deposit might point to a person, without what is left out or was accepted already.

    Reads every table: of a large study the work of a worker.

    Raises:
        NotAllowedNow: the study is sealed.
    """
    raise NotImplementedError


def write_deposit(study: Study, folder: Path) -> Iterator[str]:
    """Write the deposit into `folder`, which is not there or empty; yield each file's name once it is written.

    Raises:
        NotAllowedNow: something keeps the study from being deposited; the message names all of it.
    """
    raise NotImplementedError


def zip_deposit(study: Study, file: IO[bytes], folder: Path) -> Iterator[str]:
    """Write the deposit as a zip to an open file; yield each file's name once it is written.

    Args:
        folder: an empty one, for the files until they are in the zip.

    Raises:
        NotAllowedNow: something keeps the study from being deposited; the message names all of it.
    """
    raise NotImplementedError
