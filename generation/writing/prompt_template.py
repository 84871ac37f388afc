"""Requests to a language model, as versioned files beside this one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generation.writing.base import RequestRejected

FOLDER = Path(__file__).with_name("prompts")
_PARTS = ("system", "user", "again")
# CLIP takes about 1.3 tokens for an English word and two for the ends.
_TOKENS_PER_WORD = 1.4


@dataclass(frozen=True)
class PromptTemplate:
    """The parts of a request, and the digest of the file that they came from."""

    name: str
    digest: str
    system: str
    user: str
    again: str

    def first(self, tags: Sequence[str], token_limit: int) -> list[dict[str, str]]:
        """The messages that ask for a sentence."""
        return [
            {"role": "system", "content": self._filled(self.system, tags, token_limit)},
            {"role": "user", "content": self._filled(self.user, tags, token_limit)},
        ]

    def once_more(self, answer: str, fault: str, tags: Sequence[str], token_limit: int) -> list[dict[str, str]]:
        """The messages that say what was wrong with an answer."""
        asked = self._filled(self.again, tags, token_limit).replace("{fault}", fault)
        return [{"role": "assistant", "content": answer}, {"role": "user", "content": asked}]

    def _filled(self, part: str, tags: Sequence[str], token_limit: int) -> str:
        """The tags go in last and as JSON, so that nothing in them is taken for a place to fill."""
        words = str(max(8, int((token_limit - 2) / _TOKENS_PER_WORD)))
        return part.replace("{words}", words).replace("{tags}", json.dumps(list(tags), ensure_ascii=False))


def load_template(name: str) -> PromptTemplate:
    """The template of this name.

    Raises:
        RequestRejected: there is none; the message lists those that are there.
    """
    path = FOLDER / f"{name}.md"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.md")))
        raise RequestRejected(f"There is no prompt template '{name}': choose one of {known}.")
    text = path.read_text(encoding="utf-8")
    pieces = re.split(r"^## (\w+)\s*$", text, flags=re.MULTILINE)
    parts = {key: body.strip() for key, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    if set(parts) != set(_PARTS):
        raise RequestRejected(f"The prompt template '{name}' needs the parts {', '.join(_PARTS)}.")
    return PromptTemplate(name, hashlib.sha256(text.encode()).hexdigest(), **parts)
