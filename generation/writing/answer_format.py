"""The format that a language model is asked to answer in, and the sentence in its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from generation.writing.sentence_checks import find_fault, with_full_stop

_FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)

ANSWER_FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"sentence": {"type": "string"}},
            "required": ["sentence"],
            "additionalProperties": False,
        },
    },
}


class _Answer(BaseModel):
    """An answer in ANSWER_FORMAT."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sentence: str


def read_sentence(answer: Mapping[str, Any], tags: Sequence[str]) -> tuple[str, str | None]:
    """The sentence in an answer, and its fault as a prompt for `tags` (None without a fault)."""
    content = _without_wrapping(answer["content"])
    try:
        text = _Answer.model_validate(json.loads(content)).sentence.strip()
    except (ValueError, ValidationError, RecursionError):
        # A server that accepts no JSON format may answer with the bare sentence.
        if "json_object" in answer.get("not_taken", ()) and not content.startswith(("{", "[")):
            text = content
        elif answer.get("finish_reason") == "length":
            return "", "it was cut off before its end; answer at once and shorter."
        else:
            return "", 'the answer is not a JSON object with the single key "sentence".'
    if not text:
        return "", "it is empty."
    text = with_full_stop(text)
    return text, find_fault(text, tags)


def _without_wrapping(content: str) -> str:
    """The answer without the reasoning before it and the code fence around it that some models add."""
    reasoning, end, after = content.partition("</think>")
    bare = (after if end else reasoning).strip()
    fenced = _FENCE.fullmatch(bare)
    return fenced.group(1) if fenced else bare
