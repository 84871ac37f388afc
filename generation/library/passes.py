"""A whole library of music, listened to in resumable chunks: voice, tags, representations.

Plain functions: a pass is a folder, a chunk is a file in it. Chunks are done in any order, by any number of
workers that share the folder; one that is there is done, so a pass goes on where it was after any kill. Who works
on a chunk holds a lock that ends with the process, so no chunk is worked on twice at a time, and one whose worker
was killed is free at once. Memory does not grow with the number of clips.
"""

import csv
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generation.listening.audio import AudioError, decode, resample
from generation.listening.voice import SAMPLE_RATE as VOICE_RATE
from generation.listening.voice import VoiceOptions, detect_voice
from generation.redefinition import DEFAULT_RULES, load_rules
from generation.tagging.base import Tagger

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
CHUNK = 64
MOST_TRIES = 5
"""A chunk at which so many workers ended is left alone: what kills workers must not hold up the others."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LibraryProgress:
    """How far a pass is; `seconds_left` is None until two chunks are done."""

    clips: int
    clips_done: int
    chunks: int
    chunks_done: int
    seconds_left: float | None


def find_audio(folder: Path) -> list[Path]:
    """The audio files under a folder, in a stable order, as paths within it."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)


def plan_pass(out: Path, root: Path, files: Sequence[Path], tagger: str = "", *, chunk: int = CHUNK) -> int:
    """Writes what a pass is over, and with which tagger (its options as JSON), once; returns its number of chunks.

    Raises ValueError where `out` holds a pass over other files or with another tagger.
    """
    out.mkdir(parents=True, exist_ok=True)
    plan = {"root": str(root), "chunk": chunk, "tagger": tagger, "files": [str(file) for file in files]}
    path = out / "plan.json"
    if path.is_file():
        then = json.loads(path.read_text())
        if then != plan:
            other = "with another tagger" if then | {"tagger": tagger} == plan else "over other files"
            raise ValueError(f"{out}: holds a pass {other}; name another folder or delete it.")
    else:
        _write(path, json.dumps(plan))
    return -(-len(files) // chunk)


def chunks_left(out: Path) -> list[int]:
    """Numbers of the chunks that are not done yet."""
    plan = json.loads((out / "plan.json").read_text())
    count = -(-len(plan["files"]) // plan["chunk"])
    return [number for number in range(count) if not _chunk_path(out, number).is_file()]


def listen_to_free_chunk(out: Path, tagger: Tagger) -> bool:
    """Listens to the next chunk that nobody is at, those tried least first; False where there is none."""
    tries = {number: _tries(out, number) for number in chunks_left(out)}
    return any(
        listen_to_chunk(out, number, tagger)
        for number in sorted(tries, key=lambda number: (tries[number], number))
        if tries[number] < MOST_TRIES
    )


def given_up(out: Path) -> list[int]:
    """Numbers of the chunks at which too many workers ended."""
    return [number for number in chunks_left(out) if _tries(out, number) >= MOST_TRIES]


def listen_to_chunk(out: Path, number: int, tagger: Tagger, voice: VoiceOptions | None = None) -> int:
    """Listens to one chunk's clips and writes its rows; returns how many.

    A chunk that is finished, or that another process is at, is left alone. A clip that cannot be read becomes a row
    with its error and does not stop the others.
    """
    with _claim(out, number) as ours:
        if not ours or _chunk_path(out, number).is_file():
            return 0
        return _listen_to_all(out, number, tagger, voice)


def _listen_to_all(out: Path, number: int, tagger: Tagger, voice: VoiceOptions | None) -> int:
    plan = json.loads((out / "plan.json").read_text())
    files = plan["files"][number * plan["chunk"] : (number + 1) * plan["chunk"]]
    began = time.time()
    rows, representations = [], []
    for file in files:
        try:
            row, representation = _listen(Path(plan["root"]) / file, tagger, voice)
        except AudioError as error:
            row, representation = {"error": str(error)}, None
        except Exception as error:  # one strange file must not cost the other 25,862
            logger.exception("%s could not be listened to.", file)
            row, representation = {"error": f"{file}: {type(error).__name__}: {error}"}, None
        rows.append({"file": file, **row})
        representations.append(representation)
    known = next((vector for vector in representations if vector is not None), None)
    if known is not None:
        missing = np.full_like(known, np.nan)
        matrix = np.stack([missing if vector is None else vector for vector in representations])
        scratch = out / f"representations-{number:06d}.{os.getpid()}.part"
        with scratch.open("wb") as file_out:
            np.save(file_out, matrix.astype(np.float32))
        scratch.replace(out / f"representations-{number:06d}.npy")
    facts = {"identity": tagger.identity, "seconds": time.time() - began, "rows": rows}
    _write(_chunk_path(out, number), json.dumps(facts, ensure_ascii=False))
    return len(rows)


@contextmanager
def _claim(out: Path, number: int) -> Iterator[bool]:
    """Whether the chunk is ours while this lasts. The lock's file grows by a byte with each try."""
    with _lock_path(out, number).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:  # a network folder without locks: work may be done twice, its result is written once
            logger.debug("%s cannot be locked.", file.name, exc_info=True)
        file.write(b".")
        file.flush()
        yield True
    if _chunk_path(out, number).is_file():
        _lock_path(out, number).unlink(missing_ok=True)


def _tries(out: Path, number: int) -> int:
    path = _lock_path(out, number)
    return path.stat().st_size if path.is_file() else 0


def _lock_path(out: Path, number: int) -> Path:
    return out / f"lock-{number:06d}"


def progress_of(out: Path) -> LibraryProgress:
    """How far a pass is, from the files alone."""
    plan = json.loads((out / "plan.json").read_text())
    total, size = len(plan["files"]), plan["chunk"]
    left = chunks_left(out)
    clips_left = sum(min(size, total - number * size) for number in left)
    # The last chunks' times tell the rate of all workers together, whatever came before an interruption.
    times = sorted(path.stat().st_mtime for path in out.glob("chunk-*.json"))[-21:]
    rate = size * (len(times) - 1) / max(times[-1] - times[0], 1e-3) if len(times) > 1 else None
    return LibraryProgress(
        total,
        total - clips_left,
        -(-total // size),
        -(-total // size) - len(left),
        rate and clips_left / rate,
    )


def read_rows(out: Path) -> Iterator[dict[str, Any]]:
    """The finished clips' rows, one chunk in memory at a time, in the plan's order."""
    for path in sorted(out.glob("chunk-*.json")):
        yield from json.loads(path.read_text())["rows"]


def write_voice_csv(out: Path, target: Path) -> int:
    """The voice evidence as `redefine_tags --voice` reads it; returns the rows.

    `file,voice,tagger_heard,tagger_denied`: the share of the clip with voice, and the tagger's highest probability
    for a voice and for none, by the voice words of the default rules (empty where the tagger has none of them).
    """
    policy = load_rules(DEFAULT_RULES).voice_policy
    assert policy, "the default rules weigh voices"
    count = 0
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "voice", "tagger_heard", "tagger_denied"])
        for row in read_rows(out):
            if "error" in row:
                continue
            heard, denied = (
                max((row["tags"][tag] for tag in tags if tag in row["tags"]), default="")
                for tags in (policy.tagger_heard, policy.tagger_denied)
            )
            writer.writerow([row["file"], row["voice"]["share"], heard, denied])
            count += 1
    return count


def _listen(path: Path, tagger: Tagger, voice: VoiceOptions | None) -> tuple[dict[str, Any], np.ndarray | None]:
    audio = decode(path)
    evidence = detect_voice(resample(audio.samples, audio.sample_rate, VOICE_RATE), VOICE_RATE, voice)
    hear = getattr(tagger, "hear", None)  # probabilities and representation in one go
    if hear is None:
        probabilities, representation = tagger.predict([audio.samples], audio.sample_rate)[0], None
    else:
        probabilities, representation = hear(audio.samples, audio.sample_rate)
    heard = evidence.record()
    del heard["detector"]  # the same for all
    tags = {tag: round(float(p), 5) for tag, p in zip(tagger.vocabulary, probabilities, strict=True)}
    return {"duration": round(audio.duration, 3), "voice": heard, "tags": tags}, representation


def _chunk_path(out: Path, number: int) -> Path:
    return out / f"chunk-{number:06d}.json"


def _write(path: Path, text: str) -> None:
    """Written beside and renamed, each writer its own scratch file: two workers cannot spoil one chunk."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
