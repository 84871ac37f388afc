"""A folder as the place of backups: on another disk, or a network folder."""

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.backups.errors import BackupError
from config.backups.places.place import MANIFEST
from study.digests import file_digest

SPARE = 16 * 2**20
"""Bytes that stay free on a disk besides those that are needed."""


class FolderPlace:
    """A folder, readable by this user only if it is made here."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.text = str(self.path)
        self.scratch = self.path / ".unfinished"

    def keys(self, under: str = "") -> dict[str, int]:
        with _faults(self.path):
            return {
                path.relative_to(self.path).as_posix(): size
                for path, size in _files(self.path / under)
                if self.scratch not in path.parents
            }

    def read(self, key: str) -> bytes:
        with _faults(self.path / key):
            return (self.path / key).read_bytes()

    def local(self, key: str) -> Path:
        return self.path / key

    def digest(self, key: str, size: int) -> str:
        with _faults(self.path / key):
            return file_digest(self.path / key)

    def put(self, path: Path, key: str) -> None:
        target = self.path / key
        with _faults(target):
            _make_folder(target.parent)
            _sync(path)
            path.replace(target)

    def commit(self, folder: Path, name: str) -> None:
        with _faults(self.path / name):
            for path, _size in _files(folder):
                _sync(path)
            folder.replace(self.path / name)
            _sync(self.path)

    def delete(self, keys: Collection[str]) -> None:
        with _faults(self.path):
            # Without its manifest a folder is no backup any more, however early this ends.
            for key in sorted(keys, key=lambda key: not key.endswith("/" + MANIFEST)):
                (self.path / key).unlink(missing_ok=True)
            for folder in {(self.path / key).parent for key in keys} - {self.path}:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()

    def require_room(self, sizes: Iterable[int]) -> None:
        with _faults(self.path):
            _make_folder(self.path)
        require_free(self.path, sum(sizes))


def require_free(folder: Path, needed: int) -> None:
    """Raise `BackupError` unless so many bytes are free on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise BackupError(
            f"{folder}: {needed / 2**20:,.0f} MiB are needed and {free / 2**20:,.0f} MiB are free. "
            "Make room, or name a place on another disk."
        )


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield (path, size in bytes) of the files in a folder and below it; none if it does not exist."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path), entry.stat().st_size


def _make_folder(path: Path) -> None:
    for folder in [*reversed(path.parents), path]:
        folder.mkdir(mode=0o700, exist_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or path}: {error.strerror}. Look at the disk of {path}.") from error
