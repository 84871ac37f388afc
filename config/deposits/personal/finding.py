"""What was found that might point to a person."""

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What a finding is about."""

    IDENTIFIER = "identifier"  # looks like one
    NAME = "name"  # the column's name
    WORDS = "words"  # people's own
    VALUE = "value"  # of nearly one person each, or more exact than it needs to be
    TIME = "time"
    ARRIVAL = "arrival"  # the order in which people came
    TOGETHER = "together"  # all columns that others may know
    PART = "part"  # some of these


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that might point to a person.

    Attributes:
        where: "participants.csv, column city", or "study: description".
        what: one sentence, what was found and the mend, in the active language.
        rows: how many rows, people or places in the text it is in.
        example: one of them, masked; empty if none says more.
        blocks: whether the deposit is refused until it is left out or accepted.
        accept_as: the key by which it is, "participants.csv:city"; the same whenever the same is found.
        about: the sort of it, for who sums findings up.
    """

    where: str
    what: str
    rows: int
    example: str
    blocks: bool
    accept_as: str
    about: About = About.IDENTIFIER
