"""The format that a language model is asked to answer in, and the sentence in its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generation.writing.json_in_text import texts_under, without_fence, without_reasoning
from generation.writing.sentence_checks import find_fault, with_full_stop

KEY = "sentence"
ANSWER_FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {KEY: {"type": "string"}},
            "required": [KEY],
            "additionalProperties": False,
        },
    },
}


def is_empty(content: str) -> bool:
    """Whether an answer says nothing but, at most, reasoning without a sentence."""
    return not without_reasoning(content) and not holds_sentence(content)


def holds_sentence(content: str) -> bool:
    return bool(texts_under(KEY, content))


def spoken_part(content: str) -> str:
    """What of an answer goes back to the model when it is asked again: servers refuse marks of reasoning there."""
    return without_reasoning(content) or "(no answer)"


def read_sentence(answer: Mapping[str, Any], tags: Sequence[str]) -> tuple[str, str | None]:
    """The sentence in an answer, and its fault as a prompt for `tags` (None without a fault).

    The JSON object may stand anywhere in the answer, also among the model's reasoning if nothing follows it, but there
    must be exactly one: of two sentences, none is known to be the answer.
    """
    content = without_reasoning(answer["content"])
    found = [text.strip() for text in texts_under(KEY, content or answer["content"])]
    bare = without_fence(content)
    if len(found) == 1:
        text = found[0]
    elif found:
        return "", f"the answer holds {len(found)} sentences; give one JSON object with one sentence."
    elif "json_object" in answer.get("not_taken", ()) and bare and not bare.startswith(("{", "[")):
        # A server that accepts no JSON format may answer with the bare sentence.
        text = bare.strip('"“”') if bare[0] in '"“' and bare[-1] in '"”' else bare
    elif answer.get("finish_reason") == "length":
        return "", "it was cut off before its end; answer at once and shorter."
    else:
        return "", 'the answer is not a JSON object with the single key "sentence".'
    if not text:
        return "", "it is empty."
    text = with_full_stop(text)
    return text, find_fault(text, tags)
