"""Decoded audio of a whole data set in one memory-mapped file; building it resumes after an interruption.

A store is a folder: `samples.i16` (mono samples of all clips, one after the other), `clips.jsonl` (one line per clip,
in order: name, offset and length, or the reason why it could not be read) and `store.json` (the sample rate). A line is
written after its samples, so that incomplete samples of a killed process can be removed and decoded again.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from generation.listening.audio import decode, resample
from generation.tagging.files import replace_file
from study.audio_files.errors import AudioError
from study.audio_files.notes import sentences
from study.digests import canonical_digest, file_digest

NO_FILE = "there is no such file"
"""The error of a clip whose file is missing."""


class StoreError(Exception):
    """A store cannot be used; the message says how to fix it."""


class ClipSource(Protocol):
    """The clips of a training: mono float32 at one sample rate."""

    def __len__(self) -> int: ...

    def length(self, index: int) -> int:
        """The number of samples of a clip."""
        ...

    def read(self, index: int, start: int = 0, count: int | None = None) -> np.ndarray:
        """Read `count` samples of a clip from `start` (to its end by default), and nothing else of the file."""
        ...


@dataclass(frozen=True)
class Entry:
    """A clip's place in the store, or the `error` because of which it has none.

    `deleted`: the file could not be read before, and somebody has deleted it since. `notes`: what was odd in the file,
    and what was done about it.
    """

    name: str
    offset: int
    length: int
    error: str | None = None
    deleted: bool = False
    notes: Sequence[str] = ()


class AudioStore:
    """A complete or growing store, open for reading."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "store.json").is_file():
            raise StoreError(f"{folder}: no audio store; make it with `manage.py prepare_magnatagatune`.")
        self.sample_rate = int(json.loads((folder / "store.json").read_text())["sample_rate"])
        self.folder = folder
        entries = list(_read_entries(folder))
        self.failed = [entry for entry in entries if entry.error and not entry.deleted]
        self.deleted = [entry for entry in entries if entry.deleted]
        self.entries = [entry for entry in entries if not entry.error]
        self.names = [entry.name for entry in self.entries]
        path = folder / "samples.i16"
        empty = not path.is_file() or path.stat().st_size == 0
        self._samples = np.zeros(0, np.int16) if empty else np.memmap(path, np.int16, mode="r")

    def __len__(self) -> int:
        return len(self.entries)

    def length(self, index: int) -> int:
        return self.entries[index].length

    def read(self, index: int, start: int = 0, count: int | None = None) -> np.ndarray:
        entry = self.entries[index]
        stop = entry.length if count is None else min(entry.length, start + count)
        return self._samples[entry.offset + start : entry.offset + stop].astype(np.float32) / 32768

    def digest(self) -> str:
        """SHA-256 over the clips' names and samples, in order.

        Reading 33 GB takes a minute or two, so the digest of the samples is kept in `digest.json` beside them, with the
        size and times of the file for which it holds.
        """
        path, kept = self.folder / "samples.i16", self.folder / "digest.json"
        if not path.is_file():
            return canonical_digest([])
        status = path.stat()
        stamp = [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        try:
            known = json.loads(kept.read_text())
        except (OSError, ValueError):
            known = {}
        if known.get("stamp") != stamp:
            known = {"stamp": stamp, "sha256": file_digest(path)}
            with contextlib.suppress(OSError):  # a folder that only others may write
                replace_file(kept, lambda part: part.write_text(json.dumps(known)))
        clips = [[entry.name, entry.offset, entry.length] for entry in self.entries]
        return canonical_digest([self.sample_rate, clips, known["sha256"]])

    def subset(self, indices: Sequence[int]) -> "Subset":
        return Subset(self, tuple(indices))


@dataclass(frozen=True)
class Subset:
    """Some clips of a source, in the order given."""

    source: ClipSource
    indices: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.indices)

    def length(self, index: int) -> int:
        return self.source.length(self.indices[index])

    def read(self, index: int, start: int = 0, count: int | None = None) -> np.ndarray:
        return self.source.read(self.indices[index], start, count)


@dataclass(frozen=True)
class ArrayClips:
    """Clips in memory."""

    clips: Sequence[np.ndarray]

    def __len__(self) -> int:
        return len(self.clips)

    def length(self, index: int) -> int:
        return len(self.clips[index])

    def read(self, index: int, start: int = 0, count: int | None = None) -> np.ndarray:
        return self.clips[index][start : None if count is None else start + count]


def build_store(
    folder: Path,
    files: Sequence[tuple[str, Path]],
    sample_rate: int,
    *,
    workers: int = 1,
    on_clip: Callable[[int, int], None] | None = None,
) -> AudioStore:
    """Decode the `files` (name, path) that the store lacks and return the store.

    A file that cannot be read is listed with the reason and does not stop the others; the next call tries it again,
    or, if it was deleted since, leaves it out for good.
    `on_clip(done, total)` is called after each clip. Raises StoreError if the folder holds a store of another sample
    rate.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "store.json"
    if settings.is_file() and json.loads(settings.read_text())["sample_rate"] != sample_rate:
        raise StoreError(f"{folder}: holds a store of another sample rate; name another folder or delete it.")
    settings.write_text(json.dumps({"sample_rate": sample_rate, "format": "int16 mono"}))
    before = list(_read_entries(folder))
    kept = [entry for entry in before if not entry.error]
    unreadable = {entry.name for entry in before if entry.deleted or (entry.error and entry.error != NO_FILE)}
    _remove_incomplete(folder, kept)
    done = {entry.name for entry in kept}
    todo = [(name, path) for name, path in files if name not in done]
    end = max((entry.offset + entry.length for entry in kept), default=0)
    with (folder / "samples.i16").open("ab") as samples, (folder / "clips.jsonl").open("a") as lines:
        for number, (name, result) in enumerate(_decoded(todo, sample_rate, workers), len(done) + 1):
            if isinstance(result, str):
                entry = Entry(name, end, 0, result, deleted=result == NO_FILE and name in unreadable)
            else:
                decoded, notes = result
                entry = Entry(name, end, len(decoded), notes=notes)
                samples.write(decoded.tobytes())
                samples.flush()
                end += len(decoded)
            lines.write(json.dumps(entry.__dict__) + "\n")
            lines.flush()
            if on_clip:
                on_clip(number, len(files))
    return AudioStore(folder)


_Decoded = tuple[np.ndarray, list[str]]
"""Samples, and the notes on the file."""


def _decoded(files: Sequence[tuple[str, Path]], sample_rate: int, workers: int) -> Iterator[tuple[str, _Decoded | str]]:
    paths, rates = [path for _, path in files], [sample_rate] * len(files)
    names = (name for name, _ in files)
    if workers <= 1:
        yield from zip(names, map(_decode_one, paths, rates), strict=True)
        return
    with ProcessPoolExecutor(workers) as pool:
        for start in range(0, len(paths), 64 * workers):  # in chunks, so that results do not accumulate in memory
            chunk = slice(start, start + 64 * workers)
            for result in pool.map(_decode_one, paths[chunk], rates[chunk], chunksize=4):
                yield next(names), result


def _decode_one(path: Path, sample_rate: int) -> _Decoded | str:
    if not path.exists():
        return NO_FILE
    try:
        audio = decode(path)
    except AudioError as error:
        return str(error)
    samples = resample(audio.samples, audio.sample_rate, sample_rate)
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16), sentences(audio.notes)


def _read_entries(folder: Path) -> Iterator[Entry]:
    path = folder / "clips.jsonl"
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        try:
            yield Entry(**json.loads(line))
        except (json.JSONDecodeError, TypeError):  # the last line, cut short when the process was killed
            return


def _remove_incomplete(folder: Path, kept: Sequence[Entry]) -> None:
    """Remove incomplete clips from both files."""
    lines = "".join(json.dumps(entry.__dict__) + "\n" for entry in kept)
    replace_file(folder / "clips.jsonl", lambda part: part.write_text(lines))
    samples = folder / "samples.i16"
    if samples.is_file():
        os.truncate(samples, 2 * max((entry.offset + entry.length for entry in kept), default=0))
