"""Make the analysis of a deposit again, from the deposit alone, and compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came of it.

    Attributes:
        title: of the study.
        checked: what was checked, a sentence each; `unchecked` what was not.
        differences: where the analysis made again differs, the first of them, each by its path in the JSON.
        faults: what is wrong with the files.
        versions: name → (version that made the deposit, version that made it again).
        digests: file → SHA-256 (hex) of what was read.
        at: when it was done, UTC.
    """

    title: str
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    differences: tuple[str, ...]
    faults: tuple[str, ...]
    versions: Mapping[str, tuple[str, str]]
    digests: Mapping[str, str]
    at: datetime
    simulated: bool = False

    @property
    def is_reproduced(self) -> bool:
        """Whether the analysis made again is that of the deposit, and no file was changed."""
        return not self.differences and not self.faults


def reproduce(path: Path, *, fresh: bool = False) -> Reproduction:
    """Analyse the deposit (a folder or a zip) again in a process of its own, without database or settings; compare.

    Args:
        fresh: in a new virtual environment with the versions that the deposit names.

    Raises:
        Unreadable: it is no deposit, or cannot be read.
    """
    raise NotImplementedError


def badge_page(reproduction: Reproduction) -> str:
    """A page of HTML that needs no other file: a badge, and what was checked, when and with which versions."""
    raise NotImplementedError
