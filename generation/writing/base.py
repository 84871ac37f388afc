"""The interface of all sentence writers (the tags of one set in, one sentence out) and their errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

CountTokens = Callable[[str], int]


class WritingError(Exception):
    """A sentence could not be written; the message names the tags and how to fix it.

    `reason` is the word stored in the database. The error concerns one tag set and the others go on, unless it is a
    `StopsTheBatch`.
    """

    reason = "failed"


class SentenceTooLong(WritingError):
    """No form of the sentence fits the painter's token limit. Sentences are never cut."""

    reason = "too_long"


class SentenceRefused(WritingError):
    """The model refused to write."""

    reason = "refused"


class SentenceEmpty(WritingError):
    """The model gave an empty answer."""

    reason = "empty"


class SentenceUnusable(WritingError):
    """The model's answer is not one sentence that can be used as a prompt."""

    reason = "unusable"


class SentenceUnfaithful(SentenceUnusable):
    """The model's sentences do not say their tags, or add music that no tag names."""

    reason = "unfaithful"


class ServiceUnavailable(WritingError):
    """The service did not answer after all attempts; it may later. `asked`: seconds that it wants to be left alone."""

    reason = "unavailable"

    def __init__(self, message: str, asked: float | None = None) -> None:
        self.asked = asked
        super().__init__(message)


class StopsTheBatch(WritingError):
    """Every tag set would fail for the same reason: the batch stops with one message."""

    reason = "stopped"


class KeyRejected(StopsTheBatch):
    """The service rejects the key, or there is none."""

    reason = "key_rejected"


class AccessRefused(StopsTheBatch):
    """The service, a proxy or a firewall refuses this machine or this key's rights, not the key itself."""

    reason = "access_refused"


class RequestRejected(StopsTheBatch):
    """The service rejects the request: an unknown model or setting, a wrong address."""

    reason = "request_rejected"


class QuotaExhausted(StopsTheBatch):
    """The account at the service has no credit left."""

    reason = "quota_exhausted"


class SpendingCapReached(StopsTheBatch):
    """One more call could exceed the cap of the study."""

    reason = "spending_cap"


@dataclass(frozen=True)
class Sentence:
    """One sentence, its number of tokens as the painter counts, and everything needed to write it again.

    `provenance` also holds what the sentence does not say of its tags ("missing") and what it says without one
    ("added"), as lists.
    """

    text: str
    tokens: int
    provenance: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class SentenceWriter(Protocol):
    """Writes one sentence for one tag set.

    `identity`: everything that names the writer and its settings, to write the same sentence again (plain JSON values,
    stored in the stimulus's provenance; never a key).
    """

    @property
    def identity(self) -> dict[str, str]: ...

    def write(self, tags: Sequence[str], *, count_tokens: CountTokens, token_limit: int, seed: int) -> Sentence:
        """Write one sentence about `tags` and nothing else, within `token_limit` tokens.

        `count_tokens` counts as the painter does. Both tag sets of a clip are written with the same `seed`, so that
        only the tags make the sentences differ.

        Raises:
            WritingError
        """
        ...


def clean_tag(tag: str) -> str:
    """A tag as words on one line, without control characters and marks that could end a sentence."""
    words = "".join(
        " " if (not character.isprintable() or character in '_.!?;:"`<>{}[]\\|') else character for character in tag
    )
    return " ".join(words.split()).strip(" ,-")


def clean_tags(tags: Sequence[str]) -> list[str]:
    """The tags cleaned, without empty ones, each once (ignoring case), in the order given."""
    kept: dict[str, str] = {}
    for tag in tags:
        cleaned = clean_tag(tag)
        if cleaned:
            kept.setdefault(cleaned.casefold(), cleaned)
    return list(kept.values())
