"""What in a deposit might point to a person: named before anything is published."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that might point to a person.

    Attributes:
        where: "participants.csv: column city", or "study: description".
        what: what was found, and the mend.
        rows: how many rows it is in.
        example: one of them, masked.
        blocks: whether the deposit is refused until it is left out or accepted.
        accept_as: the key by which it is, "participants.csv:city"; the same for the same finding.
    """

    where: str
    what: str
    rows: int
    example: str
    blocks: bool
    accept_as: str


def findings(
    tables: Mapping[str, Iterable[Mapping[str, str]]], texts: Mapping[str, str], **_hints: object
) -> list[Finding]:
    """What of these tables, read row by row, and texts might point to a person."""
    return []
