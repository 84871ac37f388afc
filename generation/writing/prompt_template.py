"""The prompts for a language model: versioned template files in the folder `prompts`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generation.writing.base import RequestRejected
from generation.writing.content.scripts import LANGUAGES

FOLDER = Path(__file__).with_name("prompts")
_PARTS = ("system", "user", "again")
# CLIP needs about 1.3 tokens for an English word, and two for start and end.
_TOKENS_PER_WORD = 1.4


@dataclass(frozen=True)
class PromptTemplate:
    """The parts of a request to a language model, and the SHA-256 of their file."""

    name: str
    digest: str
    system: str
    user: str
    again: str
    language: str = "English"

    def first(self, tags: Sequence[str], token_limit: int) -> list[dict[str, str]]:
        """The messages that ask for a sentence."""
        return [
            {"role": "system", "content": self._filled(self.system, tags, token_limit)},
            {"role": "user", "content": self._filled(self.user, tags, token_limit)},
        ]

    def once_more(self, answer: str, fault: str, tags: Sequence[str], token_limit: int) -> list[dict[str, str]]:
        """The messages that name the fault of the model's answer and ask again."""
        request = self._filled(self.again, tags, token_limit).replace("{fault}", fault)
        return [{"role": "assistant", "content": answer}, {"role": "user", "content": request}]

    def _filled(self, part: str, tags: Sequence[str], token_limit: int) -> str:
        """Fill in the placeholders. The tags come last and as JSON, so that no tag is taken for a placeholder."""
        words = str(max(8, int((token_limit - 2) / _TOKENS_PER_WORD)))
        return (
            part.replace("{words}", words)
            .replace("{language}", self.language)
            .replace("{tags}", json.dumps(list(tags), ensure_ascii=False))
        )


def load_template(name: str, language: str = "en") -> PromptTemplate:
    """Load a template by its name, to ask for sentences in `language`, "en" or "ko".

    Raises:
        RequestRejected: there is no such template, or it cannot ask for the language; the message says what to choose.
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
    if language != "en" and "{language}" not in parts["system"]:
        raise RequestRejected(
            f"The prompt template '{name}' asks for English only: choose 'default-v2' for sentences in "
            f"{LANGUAGES[language]}, or English sentences."
        )
    return PromptTemplate(name, hashlib.sha256(text.encode()).hexdigest(), language=LANGUAGES[language], **parts)
