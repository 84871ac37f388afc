"""The same request for servers that do not support all of it.

Many servers offer the OpenAI protocol, but some accept no JSON schema (or no JSON format at all), no seed, no
temperature or no system message, and the limit of an answer's tokens has two names. If a server rejects one of these,
the request is changed. The change is kept for the life of the process if the changed request is taken; any other
rejection is an error.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from generation.writing.complaints import Complaint

JSON_SCHEMA, JSON_OBJECT, SEED, TEMPERATURE, SYSTEM = "json_schema", "json_object", "seed", "temperature", "system"
_LIMIT_NAME = "limit_name"
_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
# Some servers answer 500 instead of 400; the error message shows what they reject.
REJECTION_STATUSES = (400, 422, 500, 501)
_IN_WORDS = {
    SEED: re.compile(r"\bseeds?\b"),
    TEMPERATURE: re.compile(r"\btemperature\b"),
    JSON_SCHEMA: re.compile(r"response.?format|json.?(schema|object|mode)|structured.?outputs?|\bgrammar"),
    SYSTEM: re.compile(
        r"\b(system|developer)\W{0,3}(role|message|prompt|instruction)|roles? must alternate"
        r"|\broles?\b[^.;]{0,60}\W(system|developer)\b|\b(system|developer)\W{0,3}is not (a )?(supported|valid|allowed)"
    ),
}
# A value that is outside of its range is the study's to correct, and must not be left out in silence.
_OF_RANGE = re.compile(
    r"between|at (most|least)|(less|greater|more|lower|higher) than|too (large|big|high|low|small|long|many)|exceed"
    r"|maximum|minimum|out of range|in the range|[<>]=?\s*\d"
)


class Compatibility:
    """The parts of a request that one server rejects. Several threads may share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rejected: set[str] = set()

    @property
    def not_taken(self) -> list[str]:
        """The parts that are left out of requests, for the provenance."""
        return [part for part in (JSON_SCHEMA, JSON_OBJECT, SEED, TEMPERATURE, SYSTEM) if part in self._rejected]

    def adapt(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` without the parts that the server rejects."""
        adapted = dict(body)
        if JSON_OBJECT in self._rejected:
            adapted.pop("response_format", None)
        elif JSON_SCHEMA in self._rejected and "response_format" in body:
            adapted["response_format"] = {"type": "json_object"}
        for part in (SEED, TEMPERATURE):
            if part in self._rejected:
                adapted.pop(part, None)
        if _LIMIT_NAME in self._rejected:
            for name, other in (_TOKEN_LIMITS, _TOKEN_LIMITS[::-1]):
                if name in body:
                    adapted[other] = adapted.pop(name)
        if SYSTEM in self._rejected:
            adapted["messages"] = _without_system(body["messages"])
        return adapted

    def learn(self, body: Mapping[str, Any], sent: Mapping[str, Any], complaint: Complaint) -> set[str] | None:
        """Note the parts that the server's complaint names; None if it names none that can be changed.

        `body` is the request and `sent` its adapted form that the server rejected. If another thread has adapted the
        request since, it can be sent again: the set is empty.
        """
        with self._lock:
            if self.adapt(body) != sent:
                return set()
            found = {self._next(part) for part in parts_named(complaint, sent)}
            self._rejected |= found
        return found or None

    def forget(self, parts: Iterable[str]) -> None:
        """Take back what was learnt from complaints, if the request is rejected without these parts too."""
        with self._lock:
            self._rejected -= set(parts)

    def _next(self, part: str) -> str:
        return JSON_OBJECT if part == JSON_SCHEMA and JSON_SCHEMA in self._rejected else part


def parts_named(complaint: Complaint, sent: Mapping[str, Any]) -> set[str]:
    """The parts of the request `sent` that a complaint rejects and that can be changed.

    Fields that it names as such are taken together; otherwise the first part in its words, since another one may be
    an example or the remedy.
    """
    words = complaint.text.lower()
    limit = next((name for name in _TOKEN_LIMITS if name in sent), "")
    has_system = any(message["role"] == "system" for message in sent["messages"])
    sendable = {SEED: "seed" in sent, TEMPERATURE: "temperature" in sent, SYSTEM: has_system}
    sendable |= {JSON_SCHEMA: "response_format" in sent, _LIMIT_NAME: bool(limit)}
    if _OF_RANGE.search(words):
        sendable |= {TEMPERATURE: False, _LIMIT_NAME: False}
    heads = {name.split(".")[0].split("[")[0] for name in complaint.names}
    fields = {"seed": SEED, "temperature": TEMPERATURE, "response_format": JSON_SCHEMA, limit: _LIMIT_NAME}
    named = {fields[head] for head in heads if head in fields}
    if any(re.fullmatch(r"messages\W.*role", name) for name in complaint.names):
        named.add(SYSTEM)
    if named or heads & set(sent) - {"messages"}:
        return {part for part in named if sendable[part]}
    if limit and sendable[_LIMIT_NAME] and re.search(rf"\b{limit}\b", words):
        return {_LIMIT_NAME}
    for part, pattern in _IN_WORDS.items():
        if sendable[part] and pattern.search(words):
            return {part}
    return set()


def _without_system(messages: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The messages with what the system message says at the head of the first one after it."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    others = [dict(message) for message in messages if message["role"] != "system"]
    if system and others:
        others[0]["content"] = f"{system}\n\n{others[0]['content']}"
    return others


_known: dict[tuple[str, str], Compatibility] = {}


def compatibility_of(address: str, model: str) -> Compatibility:
    """What this process knows of the server at `address` with `model`."""
    return _known.setdefault((address, model), Compatibility())
