"""The parts of a chat completion that are used, read from a server's answer."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError, field_validator


class NoAnswer(Exception):
    """The server reports an error in place of an answer. Another attempt may help."""


class InvalidAnswer(NoAnswer):
    """The answer is not a chat completion. It may have been cut in transit, so another attempt may help."""


class Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class TokenCounts(BaseModel):
    prompt_tokens: int
    completion_tokens: int

    @field_validator("prompt_tokens", "completion_tokens")
    @classmethod
    def _not_negative(cls, value: int) -> int:
        if value < 0:
            raise ValueError("a count below 0")
        return value


class Completion(BaseModel):
    """A chat completion. Servers send other fields too, and some omit some of these."""

    choices: list[Choice] | None = None
    usage: TokenCounts | None = None
    model: str | None = None
    system_fingerprint: str | None = None

    @field_validator("usage", mode="before")
    @classmethod
    def _valid_or_none(cls, value: Any) -> Any:
        """Treat invalid counts as missing: the answer itself can still be used."""
        try:
            return TokenCounts.model_validate(value)
        except ValidationError:
            return None


def parse_completion(data: bytes | bytearray) -> Completion:
    """The completion in the body of an answer.

    Raises:
        NoAnswer: the body reports an error. InvalidAnswer: it is no chat completion.
    """
    try:
        value = json.loads(data)
    except ValueError:
        raise InvalidAnswer("it is no JSON" if data.strip() else "it is empty") from None
    if isinstance(value, dict) and value.get("error") and not value.get("choices"):
        raise NoAnswer(f"it says {json.dumps(value['error'], ensure_ascii=False)[:200]}")
    try:
        return Completion.model_validate(value)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InvalidAnswer(f"its '{field}' is of another kind" if field else "it is no object") from None
