"""Answers of a language model, kept by content: the same request is never paid for twice."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Answers(Protocol):
    """A store of answers under the digest of everything that was asked."""

    def get(self, key: str) -> dict[str, Any] | None: ...

    def put(self, key: str, value: Mapping[str, Any]) -> None: ...


def request_key(request: Mapping[str, Any]) -> str:
    """SHA-256 over the request as sorted JSON: another model, template, tag, limit or seed is another key."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class FolderAnswers:
    """Answers as JSON files under one folder. Several workers may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        """The stored answer; None where there is none, or only a damaged one, which is then asked again."""
        try:
            value = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Store the answer whole or not at all, whenever the process may end."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(dict(value), file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


class NoAnswers:
    """Keeps nothing."""

    def get(self, key: str) -> dict[str, Any] | None:
        return None

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        return
