"""The parts of a chat completion that are used, read from a server's answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, Field, ValidationError, field_validator, model_validator

from generation.writing.complaints import read_complaint

_COMPLAINTS = ("error", "errors", "detail", "message")
_REASONING_PARTS = ("thinking", "reasoning", "reasoning_content", "redacted_thinking")


class NoAnswer(Exception):
    """The server reports an error in place of an answer. Another attempt may help."""


class InvalidAnswer(NoAnswer):
    """The answer is not a chat completion. It may have been cut in transit, so another attempt may help."""


class Message(BaseModel):
    """A message; its content may come as a text, as a list of parts, or as the object that was asked for."""

    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = Field(None, validation_alias=AliasChoices("reasoning_content", "reasoning"))

    @model_validator(mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        content = value.get("content")
        parts = [content] if isinstance(content, dict) else content
        if not isinstance(parts, list):
            return value
        refusals = [part["refusal"] for part in parts if isinstance(part, dict) and part.get("refusal")]
        text = "".join(map(_text_of_part, parts))
        return {**value, "content": text, "refusal": value.get("refusal") or " ".join(map(str, refusals)) or None}

    @field_validator("reasoning", mode="before")
    @classmethod
    def _text_or_none(cls, value: Any) -> Any:
        return value if isinstance(value, str) else None

    @property
    def text(self) -> str:
        """The content; if there is none, the reasoning that is one JSON object as a whole: an answer put there.

        Some servers take an answer without reasoning marks for reasoning.
        """
        reasoning = (self.reasoning or "").strip()
        is_object = reasoning.startswith("{") and reasoning.endswith("}")
        return self.content if self.content and self.content.strip() else reasoning if is_object else ""


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

    @property
    def choice(self) -> Choice | None:
        return self.choices[0] if self.choices else None


def parse_completion(data: bytes | bytearray) -> Completion:
    """The completion in the body of an answer, also one that came as a stream of events though none was asked for.

    Raises:
        NoAnswer: the body reports an error. InvalidAnswer: it is no chat completion.
    """
    text = bytes(data).decode("utf-8-sig", errors="replace").strip()
    try:
        value = _joined_events(text) if text.startswith(("data:", "event:", ": ")) else json.loads(text)
    except (ValueError, RecursionError):
        page = read_complaint(bytes(data)).page
        fault = f"it is a web page, “{page}”" if page is not None else "it is no JSON" if text else "it is empty"
        raise InvalidAnswer(fault) from None
    if isinstance(value, dict) and not value.get("choices") and any(map(value.get, _COMPLAINTS)):
        raise NoAnswer(f"it says “{read_complaint(json.dumps(value).encode()).text[:200]}”")
    try:
        return Completion.model_validate(value)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InvalidAnswer(f"its '{field}' is of another kind" if field else "it is no object") from None


def _text_of_part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type") in _REASONING_PARTS:
        return ""
    text = part.get("text")
    if isinstance(text, dict):
        text = text.get("value")
    if isinstance(text, str):
        return text
    # The object that was asked for, not encoded as text.
    return "" if "type" in part else json.dumps(part, ensure_ascii=False)


def _joined_events(stream: str) -> dict[str, Any]:
    """The completion that server-sent events give piece by piece.

    Raises:
        ValueError: an event is no JSON.
    """
    whole: dict[str, Any] = {}
    pieces: list[str] = []
    finish_reason, refusal = None, ""
    for line in stream.splitlines():
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or data in ("", "[DONE]"):
            continue
        event = json.loads(data)
        if not isinstance(event, Mapping):
            raise ValueError("an event that is no object")
        whole |= {key: value for key, value in event.items() if value is not None and key != "choices"}
        for choice in (event.get("choices") or [])[:1]:
            delta = Message.model_validate(choice.get("delta") or choice.get("message") or {})
            pieces.append(delta.content or "")
            refusal += delta.refusal or ""
            finish_reason = choice.get("finish_reason") or finish_reason
    if "error" in whole and not pieces:
        return whole
    message = {"content": "".join(pieces), "refusal": refusal or None}
    return {**whole, "choices": [{"message": message, "finish_reason": finish_reason}]}
