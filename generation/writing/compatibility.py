"""The same request for servers that do not support all of it.

Many servers offer the OpenAI protocol, but some accept no JSON schema (or no JSON format at all) or no seed, and the
limit of an answer's tokens has two names. If a server rejects one of these, the request is changed, and the change is
kept for the life of the process; any other rejection is an error.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

_FORMAT = re.compile(r"response_format|json_schema|json_object|structured output|grammar")
_SEED = re.compile(r"\bseed\b")
_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
# Some servers answer 500 instead of 400; the error message shows what they reject.
REJECTION_STATUSES = (400, 422, 500, 501)


class Compatibility:
    """The parts of a request that one server rejects. Several threads may share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._formats_rejected = 0  # 1: the JSON schema; 2: any JSON format
        self._other_limit_name = False
        self._rejects_seed = False

    @property
    def not_taken(self) -> list[str]:
        """The parts that are left out of requests, for the provenance."""
        formats = ["json_schema", "json_object"][: self._formats_rejected]
        return formats + (["seed"] if self._rejects_seed else [])

    def adapt(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` without the parts that the server rejects."""
        adapted = dict(body)
        if self._formats_rejected and adapted.pop("response_format", None) and self._formats_rejected == 1:
            adapted["response_format"] = {"type": "json_object"}
        if self._rejects_seed:
            adapted.pop("seed", None)
        if self._other_limit_name:
            for name, other in (_TOKEN_LIMITS, _TOKEN_LIMITS[::-1]):
                if name in body:
                    adapted[other] = adapted.pop(name)
        return adapted

    def learn(self, body: Mapping[str, Any], sent: Mapping[str, Any], message: str) -> bool:
        """Note the part that the server's error `message` names; False if it names none that can be changed.

        `body` is the request and `sent` its adapted form that the server rejected. If another thread has adapted the
        request since, it can be sent again: True.
        """
        message = message.lower()
        with self._lock:
            if self.adapt(body) != sent:
                return True
            limit = next((name for name in _TOKEN_LIMITS if name in sent), None)
            if limit and not self._other_limit_name and re.search(rf"\b{limit}\b", message):
                self._other_limit_name = True
            elif "seed" in sent and _SEED.search(message):
                self._rejects_seed = True
            elif "response_format" in sent and _FORMAT.search(message):
                self._formats_rejected += 1
            else:
                return False
        return True


_known: dict[tuple[str, str], Compatibility] = {}


def compatibility_of(address: str, model: str) -> Compatibility:
    """What this process knows of the server at `address` with `model`."""
    return _known.setdefault((address, model), Compatibility())
