"""What a server does not take of a request, and the same request without it.

The protocol is one, its servers are many: some know no JSON schema (or no JSON at all), some no seed, and the most
tokens of an answer go by two names. What a server's complaint names is said otherwise, and remembered for the
process; everything else that it refuses stays refused.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

_FORMAT = re.compile(r"response_format|json_schema|json_object|structured output|grammar")
_SEED = re.compile(r"\bseed\b")
_LENGTHS = ("max_tokens", "max_completion_tokens")
# Some of the family say 500 where they mean 400; what the message names decides.
COMPLAINTS = (400, 422, 500, 501)


class Dialect:
    """What one server was found not to take. Several threads may learn at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plainer = 0  # how often a plainer format was chosen: the schema, any JSON object, none
        self._other_length = False
        self._seedless = False

    @property
    def not_taken(self) -> list[str]:
        """What is not sent as the request has it, in words for the provenance."""
        format_ = [[], ["json_schema"], ["json_schema", "json_object"]][self._plainer]
        return format_ + (["seed"] if self._seedless else [])

    def spoken(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` as this server takes it."""
        spoken = dict(body)
        if self._plainer and spoken.pop("response_format", None) and self._plainer == 1:
            spoken["response_format"] = {"type": "json_object"}
        if self._seedless:
            spoken.pop("seed", None)
        if self._other_length:
            for name, other in (_LENGTHS, _LENGTHS[::-1]):
                if name in body:
                    spoken[other] = spoken.pop(name)
        return spoken

    def learn(self, body: Mapping[str, Any], sent: Mapping[str, Any], complaint: str) -> bool:
        """Takes note of what the complaint about `sent` names; False where nothing of it can be said otherwise.

        `body` is the request, `sent` what was made of it then: another thread may have learnt the same meanwhile.
        """
        complaint = complaint.lower()
        with self._lock:
            if self.spoken(body) != sent:
                return True
            length = next((name for name in _LENGTHS if name in sent), None)
            if length and not self._other_length and re.search(rf"\b{length}\b", complaint):
                self._other_length = True
            elif "seed" in sent and _SEED.search(complaint):
                self._seedless = True
            elif "response_format" in sent and _FORMAT.search(complaint):
                self._plainer += 1
            else:
                return False
        return True


_known: dict[tuple[str, str], Dialect] = {}


def dialect_of(address: str, model: str) -> Dialect:
    """What this process knows of the server at `address` with `model`."""
    return _known.setdefault((address, model), Dialect())
