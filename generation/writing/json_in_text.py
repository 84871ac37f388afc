"""Find a JSON object in a model's answer: behind its reasoning, between talk, in a fence, quoted, encoded twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

# What separates a model's reasoning from its answer; some servers cut off the opening mark.
_REASONING_END = re.compile(
    r"</\s*(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)\s*>"
    r"|\[/(?:THINK|THINKING|REASONING)\]|◁/think▷|<\|end_of_thought\|>|<\|/?think_end\|>",
    re.IGNORECASE,
)
# Harmony, the format of gpt-oss: channels of which only "final" is meant for people.
_HARMONY = re.compile(r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_HARMONY_MARK = re.compile(r"<\|(?:start|end|return|call|channel|message|constrain)\|>")
_FENCE = re.compile(r"```(?:\w+\s*\n|json\s*)?\s*(.*?)\s*```", re.DOTALL)
# An object whose quotation marks are not those of JSON, or not doubled within: {'a': '…'}, {“a”: “…”}.
_LOOSE = r"""\{{\s*['"“”‘’]?{key}['"“”‘’]?\s*:\s*(['"“”‘’])(?P<text>[^{{}}\\]*)['"“”‘’]\s*,?\s*\}}"""
_DECODER = json.JSONDecoder(strict=False)
_MOST_NESTING = 3
# More than any answer of 8,192 tokens: a longer text is not searched.
_MOST_CHARACTERS = 200_000


def without_reasoning(content: str) -> str:
    """The part of an answer that is meant for people; empty if there is reasoning alone."""
    channels = list(_HARMONY.finditer(content))
    if channels:
        last = channels[-1]
        return _HARMONY_MARK.split(content[last.end() :])[0].strip() if last.group(1) == "final" else ""
    ends = list(_REASONING_END.finditer(content))
    return content[ends[-1].end() :].strip() if ends else content.strip()


def without_fence(text: str) -> str:
    """The text in a code fence, if it is all there is."""
    fenced = _FENCE.fullmatch(text.strip())
    return fenced.group(1) if fenced else text.strip()


def texts_under(key: str, content: str) -> list[str]:
    """The texts that JSON objects in `content` have under `key`, each once, in order."""
    if len(content) > _MOST_CHARACTERS:
        return []
    found = dict.fromkeys(_exact(key, content, _MOST_NESTING))
    if not found and '\\"' in content:  # encoded twice, and the outer quotation marks lost
        found = dict.fromkeys(_exact(key, content.replace('\\"', '"'), _MOST_NESTING))
    if not found:
        pattern = re.compile(_LOOSE.format(key=re.escape(key)), re.IGNORECASE)
        found = dict.fromkeys(match.group("text") for match in pattern.finditer(content))
    return list(found)


def _exact(key: str, content: str, nesting: int) -> Iterator[str]:
    """Texts under `key` of well-formed objects, and of those in well-formed strings (JSON encoded again)."""
    at = 0
    while nesting and (start := _next(content, at)) >= 0:
        at = start + 1
        try:
            value, end = _DECODER.raw_decode(content, start)
        except (ValueError, RecursionError):
            continue
        texts = list(_in_value(key, value, nesting))
        yield from texts
        if texts or not isinstance(value, str):
            at = end


def _next(content: str, at: int) -> int:
    found = re.compile(r'[{"]').search(content, at)
    return found.start() if found else -1


def _in_value(key: str, value: Any, nesting: int) -> Iterator[str]:
    if isinstance(value, str):
        if "{" in value:
            yield from _exact(key, value, nesting - 1)
    elif isinstance(value, list):
        for item in value:
            yield from _in_value(key, item, nesting)
    elif isinstance(value, dict):
        own = [text for name, text in value.items() if name.strip().casefold() == key]
        if own:
            yield from (text for text in own if isinstance(text, str))
        else:
            for item in value.values():
                yield from _in_value(key, item, nesting)
