"""Store a language model's answers by their request, so that no request is paid for twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from study.stored_files.whole import write_whole


class Answers(Protocol):
    """A store of answers under the key of their request."""

    def get(self, key: str) -> dict[str, Any] | None: ...

    def put(self, key: str, value: Mapping[str, Any]) -> None: ...


def request_key(request: Mapping[str, Any]) -> str:
    """SHA-256 of the request as sorted JSON: another model, template, tag, limit or seed gives another key."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class FolderAnswers:
    """Answers as JSON files in one folder, which several workers may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        """The stored answer; None if there is none or it is damaged."""
        try:
            value = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Store the answer; a process that ends meanwhile leaves no partial file."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(dict(value), ensure_ascii=False).encode())

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


class NoAnswers:
    """Stores nothing."""

    def get(self, key: str) -> dict[str, Any] | None:
        return None

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        return
