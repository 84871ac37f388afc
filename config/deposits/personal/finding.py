"""What was found that might point to a person."""

from dataclasses import dataclass


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
    """

    where: str
    what: str
    rows: int
    example: str
    blocks: bool
    accept_as: str
