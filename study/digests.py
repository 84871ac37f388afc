"""Digests of plain data, files and folders that stay the same from process to process."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

MISSING = "missing"
"""The digest of a path where nothing is."""
QUICK = 64 * 2**20
"""Bytes that a process reads at once even if it should not wait for large files: a tenth of a second."""
# A file that changed a moment ago may change again without another time stamp: the coarsest file systems count in
# steps of two seconds.
_SETTLED_NS = 2_000_000_000
# By device, inode, size and both times of a file. The time of the last status change (ctime) cannot be set by a
# program, so a copy of the same size that keeps its modification time is noticed too.
_known: dict[tuple[int, ...], str] = {}


class DigestUnknown(Exception):
    """The files are too large to read here, or not on this machine; a process that needs them reads them anyway."""


def canonical_digest(values: Any) -> str:
    """Return the SHA-256 (hex) of `values` as canonical JSON: sorted keys, no blanks, UTF-8."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def entry_digest(nonce: str, number: int, at: str, actor: str, action: str, reason: str, data: Any) -> str:
    """Return the digest of a log entry. The random `nonce` keeps what was erased from being guessed and tried.

    Args:
        number: its place in its chain, from 1.
        at: when, in ISO 8601 and UTC: to the second, or to the hour for entries about a participant.
        actor: the name of the account; empty if nobody was signed in.
        data: the details, as JSON.
    """
    return canonical_digest([nonce, number, at, actor, action, reason, data])


def next_head(previous: str, number: int, digest: str) -> str:
    """Return a chain's head after the entry with this number and digest; `previous` is empty for the first entry."""
    return canonical_digest([previous, number, digest])


def file_digest(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's content; the file is read again only if it changed."""
    stamp = _stamp(path)
    if stamp in _known:
        return _known[stamp]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    after = _stamp(path)
    if after == stamp and time.time_ns() - max(stamp[3:]) > _SETTLED_NS:
        _known[stamp] = digest
    return digest


def path_digest(path: Path, only: tuple[str, ...] = (), *, read: bool = True) -> str:
    """Return the SHA-256 (hex) of a file, or of a folder's file names and contents; `MISSING` if nothing is there.

    In a folder hidden files, texts for people (`*.md`) and pictures do not count. `only`: patterns of the paths within
    the folder that count. `read=False` reads at most `QUICK` bytes that are not known yet.

    Raises:
        DigestUnknown: `read` is False, and more would have to be read, or nothing is there.
    """
    if not read:
        if not path.exists():
            raise DigestUnknown(f"{path} is not on this machine")
        stamps = [_stamp(file) for file in _files_of(path, only) if file.exists()]
        if sum(stamp[2] for stamp in stamps if stamp not in _known) > QUICK:
            raise DigestUnknown(f"{path} is large and was not read yet")
    if not path.is_dir():
        return _digest_or_missing(path)
    lines = (f"{file.relative_to(path).as_posix()} {_digest_or_missing(file)}\n" for file in _files_of(path, only))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_or_missing(path: Path) -> str:
    try:
        return file_digest(path)
    except FileNotFoundError:  # also a link to a file that was deleted
        return MISSING


def _files_of(path: Path, only: tuple[str, ...]) -> list[Path]:
    return sorted(_files_in(path, only)) if path.is_dir() else [path]


def _files_in(folder: Path, only: tuple[str, ...]) -> Iterator[Path]:
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        place = Path(root).resolve()
        if place in seen:  # a link to a folder above it
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith(".") or name.lower().endswith((".md", ".png", ".jpg", ".jpeg", ".webp", ".gif")):
                continue
            file = Path(root, name)
            if not only or any(fnmatch(file.relative_to(folder).as_posix(), pattern) for pattern in only):
                yield file


def _stamp(path: Path) -> tuple[int, ...]:
    """Device, inode, size, and the times of the last change of content and of status, in nanoseconds."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
