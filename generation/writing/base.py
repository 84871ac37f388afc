"""What every sentence writer is: the tags of one set in, one sentence out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

CountTokens = Callable[[str], int]


class WritingError(Exception):
    """A sentence could not be written; the message says for which tags and how to mend it.

    `reason` is one word for the state of the sentence in the database. An error of this tree belongs to
    one tag set and lets the others go on, unless it is a `StopsTheBatch`.
    """

    reason = "failed"


class SentenceTooLong(WritingError):
    """No form of the sentence fits the painter's token limit. Nothing is cut in silence."""

    reason = "too_long"


class SentenceRefused(WritingError):
    """The model declined to write, and said so."""

    reason = "refused"


class SentenceEmpty(WritingError):
    """The model answered with nothing."""

    reason = "empty"


class SentenceUnusable(WritingError):
    """The model answered, but not with one sentence that may stand as a prompt."""

    reason = "unusable"


class ServiceUnavailable(WritingError):
    """The service did not answer after all attempts; trying again later may help."""

    reason = "unavailable"


class StopsTheBatch(WritingError):
    """What failed will fail for every tag set: the batch stops with one message."""

    reason = "stopped"


class KeyRejected(StopsTheBatch):
    """The service does not take the key, or there is none."""

    reason = "key_rejected"


class RequestRejected(StopsTheBatch):
    """The service does not take the request: an unknown model or setting, a wrong address."""

    reason = "request_rejected"


class QuotaExhausted(StopsTheBatch):
    """The account at the service has no credit left."""

    reason = "quota_exhausted"


class SpendingCapReached(StopsTheBatch):
    """One more call could pass the cap of the study."""

    reason = "spending_cap"


@dataclass(frozen=True)
class Sentence:
    """One sentence, its length as the painter counts it, and what it takes to write it again."""

    text: str
    tokens: int
    provenance: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class SentenceWriter(Protocol):
    """Writes one sentence for one tag set.

    `identity` names the writer well enough to write the same sentence again (plain JSON values, kept
    in the stimulus's provenance; never a key).
    """

    @property
    def identity(self) -> dict[str, str]: ...

    def write(self, tags: Sequence[str], *, count_tokens: CountTokens, token_limit: int, seed: int) -> Sentence:
        """One sentence that speaks of `tags` and nothing else, within `token_limit` tokens.

        `count_tokens` is the painter's own count. Both tag sets of a clip are written with the same
        `seed`, so that what differs between the sentences comes from the tags.

        Raises:
            WritingError: and its kinds above; the message names the tags and the mend.
        """
        ...


def clean_tag(tag: str) -> str:
    """A tag as words on one line: no control characters, and nothing that would end a sentence."""
    words = "".join(
        " " if (not character.isprintable() or character in '_.!?;:"`<>{}[]\\|') else character for character in tag
    )
    return " ".join(words.split()).strip(" ,-")


def clean_tags(tags: Sequence[str]) -> list[str]:
    """The tags that say something, each once (case apart), in the order given."""
    kept: dict[str, str] = {}
    for tag in tags:
        cleaned = clean_tag(tag)
        if cleaned:
            kept.setdefault(cleaned.casefold(), cleaned)
    return list(kept.values())
