"""What a folder and a bucket have in common as places of backups.

A place holds `MARK`, a folder for each whole backup, and under `STORE` the stored files of all backups by their
SHA-256: a file that did not change is there once, however many backups hold it.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

MARK = "earsight-backups.json"
"""Which installation writes its backups to this place; without it, a place that is not empty is none of backups."""
STORE = "files"
MANIFEST = "manifest.json"


def stored_key(digest: str) -> str:
    """Return the key of a stored file by its SHA-256 (hex)."""
    return f"{STORE}/{digest[:2]}/{digest}"


class Place(Protocol):
    """Files by keys such as `files/ab/abcd…`. Every method raises `BackupError` if the place cannot be reached."""

    text: str
    """The place as messages name it."""
    scratch: Path
    """A folder for unfinished files; whatever it holds when a backup begins was left by one that was killed."""

    def keys(self, under: str = "") -> dict[str, int]:
        """Return size in bytes by key of all files, or of those in one folder."""

    def read(self, key: str) -> bytes:
        """Return a small file; raises `BackupError` if it is missing."""

    def local(self, key: str) -> Path:
        """Return the file's path on this machine; a bucket fetches it into `scratch`. The caller only reads it."""

    def digest(self, key: str, size: int) -> str:
        """Return the SHA-256 (hex) of a file of so many bytes; no copy of it stays on this machine."""

    def put(self, path: Path, key: str) -> None:
        """Move a file of `scratch` here, whole or not at all."""

    def commit(self, folder: Path, name: str) -> None:
        """Move a backup's own folder from `scratch` here: it is there whole, with its manifest, or not at all."""

    def delete(self, keys: Collection[str]) -> None:
        """Delete files; those that are gone already do not matter."""

    def require_room(self, sizes: Iterable[int]) -> None:
        """Raise `BackupError` if there is no room for new files of these sizes (bytes)."""
