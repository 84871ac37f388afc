"""Published heads as text, and what they prove. Functions of plain values, which need no database."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

INSTALLATION = "(installation)"
"""Stands for the short name of a study in lines of the installation's own chain; no study can have this name."""
_HEAD = re.compile(r"[0-9a-f]{64}")


class NoHead(ValueError):
    """A text is no published head; the message says where, and what one looks like."""


@dataclass(frozen=True)
class Head:
    """The head of a chain after its entry `number`, as it was published."""

    slug: str
    number: int
    head: str  # hex

    def line(self, at: str) -> str:
        """Return the line of a file of heads: time, short name of the study, number and head."""
        return f"{at} {self.slug} {self.number} {self.head}\n"


def parse_head(text: str, slug: str) -> Head:
    """Read `NUMBER:HEAD`, as mails and the console give it, as a head of the study `slug`.

    Raises:
        NoHead: it is something else.
    """
    number, _colon, head = text.strip().lower().partition(":")
    return _checked(
        slug, number, head, f"“{text[:80]}” is no head. Write NUMBER:HEAD, the head with all 64 characters."
    )


def read_heads(text: str, source: str) -> list[Head]:
    """Read a file of heads, with a line `TIME NAME NUMBER HEAD` for each; empty lines are ignored.

    Raises:
        NoHead: a line is something else, for example because it was cut off. `source` names the file in the message.
    """
    found = []
    for row, line in enumerate(text.splitlines(), start=1):
        if not (words := line.split()):
            continue
        message = (
            f"{source}, line {row}: “{line[:80]}” is no published head. A line is TIME NAME NUMBER HEAD; remove one "
            "that was cut off."
        )
        if len(words) != 4:
            raise NoHead(message)
        found.append(_checked(words[1], words[2], words[3].lower(), message))
    return found


def _checked(slug: str, number: str, head: str, message: str) -> Head:
    if not (number.isascii() and number.isdecimal() and 0 < len(number) < 10 and _HEAD.fullmatch(head)):
        raise NoHead(message)
    return Head(slug, int(number), head)


def head_faults(published: Iterable[Head], chain: Mapping[int, str]) -> list[str]:
    """Return what the published heads of one chain disprove.

    Args:
        chain: the head after each entry of the chain as it is now, by the entry's number.
    """
    faults = []
    for one in published:
        if one.number not in chain:
            end = max(chain, default=0)
            faults.append(
                f"Head {one.number} of {one.slug} was published, but its chain ends at {end}: entries were cut off."
            )
        elif chain[one.number] != one.head:
            faults.append(
                f"Head {one.number} of {one.slug} was published as {one.head[:16]}…, but is {chain[one.number][:16]}… "
                "now: that entry or one before it was changed, removed or added."
            )
    return faults
