"""What a comparison of a sentence with its tags finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generation.redefinition.spelling import normalise
from generation.redefinition.vocabulary import denied_part


@dataclass(frozen=True)
class ContentFaults:
    """What a sentence does not say of its tags, and what it says without a tag.

    `missing`: tags that are not said, or are denied, or (for "no …") are not denied. `added`: words of music that no
    tag covers, as the sentence has them, with "no" if it denies them.
    """

    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.added)

    def as_record(self) -> dict[str, list[str]]:
        """The faults for a sentence's provenance."""
        return {"missing_tags": list(self.missing), "added_words": list(self.added)}

    def as_request(self) -> str:
        """The faults as a model is asked to repair them."""
        parts = []
        denied = [tag for tag in self.missing if denied_part(normalise(tag)) is not None]
        plain = [tag for tag in self.missing if tag not in denied]
        if plain:
            parts.append(f"it does not say {_quoted(plain)}: say each by its own word, and as something that is there")
        if denied:
            parts.append(f"it does not say {_quoted(denied)}: say plainly that it is absent")
        if self.added:
            parts.append(f"it adds {_quoted(self.added)}, which no tag says: leave this out")
        return f"{'; '.join(parts)}."


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
