"""Listen to a whole library of music in resumable chunks: voice, tags, representations.

A pass is a folder, and a chunk is a file in it. Chunks are done in any order, by any number of workers that share the
folder; a chunk is done if its file exists, so a pass resumes after any kill. A worker holds a lock on its chunk that
ends with its process: no two workers do a chunk at the same time, and the chunk of a killed worker is free at once.
Memory does not grow with the number of clips.
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

from generation.listening.audio import decode, resample
from generation.listening.voice import SAMPLE_RATE as VOICE_RATE
from generation.listening.voice import VoiceOptions, detect_voice
from generation.redefinition import DEFAULT_RULES, load_rules
from generation.runs.steps.content import content_of
from generation.tagging import TaggerOptions
from generation.tagging.base import Tagger
from study.audio_files.errors import AudioError
from study.audio_files.judge import ACCEPTED_SUFFIXES
from study.audio_files.notes import sentences

CHUNK = 64
# A chunk during which so many workers ended is left alone: a file that crashes workers must not block the rest.
MAX_TRIES = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LibraryProgress:
    """The progress of a pass; `seconds_left` is None until two chunks are done."""

    clips: int
    clips_done: int
    chunks: int
    chunks_done: int
    seconds_left: float | None


def find_audio(folder: Path) -> list[Path]:
    """Return the audio files under a folder, sorted, as paths relative to it."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in ACCEPTED_SUFFIXES)


def plan_pass(out: Path, root: Path, files: Sequence[Path], tagger: str = "", *, chunk: int = CHUNK) -> int:
    """Write the pass's files and tagger (its `tagger_content`) into its plan; return the number of chunks.

    Raises:
        ValueError: `out` holds a pass over other files or with another tagger.
    """
    out.mkdir(parents=True, exist_ok=True)
    plan = {"root": str(root), "chunk": chunk, "tagger": tagger, "files": [str(file) for file in files]}
    path = out / "plan.json"
    if path.is_file():
        existing = json.loads(path.read_text())
        if existing != plan:
            other = "with another tagger" if existing | {"tagger": tagger} == plan else "over other files"
            raise ValueError(f"{out}: holds a pass {other}; name another folder or delete it.")
    else:
        _write(path, json.dumps(plan))
    return -(-len(files) // chunk)


def tagger_content(options: TaggerOptions) -> str:
    """Return the tagger's options as JSON, with the digests of its files in place of their paths."""
    return json.dumps(content_of(options), sort_keys=True)


def check_tagger(out: Path, options: TaggerOptions) -> None:
    """Check that the files of the tagger are those with which the pass began.

    Raises:
        ValueError: a file was replaced: a pass with two taggers would be worthless.
    """
    if json.loads((out / "plan.json").read_text())["tagger"] != tagger_content(options):
        raise ValueError(
            f"{out}: the tagger's files are no longer those with which the pass began; put them back, or begin a pass "
            "in another folder."
        )


def chunks_left(out: Path) -> list[int]:
    """Return the numbers of the chunks that are not done yet."""
    plan = json.loads((out / "plan.json").read_text())
    count = -(-len(plan["files"]) // plan["chunk"])
    return [number for number in range(count) if not _chunk_path(out, number).is_file()]


def listen_to_free_chunk(out: Path, tagger: Tagger) -> bool:
    """Listen to the next chunk that no worker holds, the least tried first; return False if there is none."""
    tries = {number: _tries(out, number) for number in chunks_left(out)}
    return any(
        listen_to_chunk(out, number, tagger)
        for number in sorted(tries, key=lambda number: (tries[number], number))
        if tries[number] < MAX_TRIES
    )


def abandoned_chunks(out: Path) -> list[int]:
    """Return the numbers of the chunks that were tried MAX_TRIES times."""
    return [number for number in chunks_left(out) if _tries(out, number) >= MAX_TRIES]


def listen_to_chunk(out: Path, number: int, tagger: Tagger, voice: VoiceOptions | None = None) -> int:
    """Listen to one chunk's clips and write its rows; return how many.

    Nothing is done if the chunk is finished or another process holds it. A clip that cannot be read becomes a row with
    its error and does not stop the others.
    """
    with _lock_chunk(out, number) as locked:
        if not locked or _chunk_path(out, number).is_file():
            return 0
        return _listen_to_clips(out, number, tagger, voice)


def _listen_to_clips(out: Path, number: int, tagger: Tagger, voice: VoiceOptions | None) -> int:
    plan = json.loads((out / "plan.json").read_text())
    files = plan["files"][number * plan["chunk"] : (number + 1) * plan["chunk"]]
    began = time.time()
    rows, representations = [], []
    for file in files:
        try:
            row, representation = _listen_to_clip(Path(plan["root"]) / file, tagger, voice)
        except AudioError as error:
            row, representation = {"error": str(error)}, None
        except Exception as error:  # one odd file must not cost the others
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
def _lock_chunk(out: Path, number: int) -> Iterator[bool]:
    """Hold the chunk's lock for the body; yield False if another process holds it.

    The size of the lock's file counts the tries: it grows by a byte with each.
    """
    with _lock_path(out, number).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:  # a network folder without locks: a chunk may be done twice; its result is the same
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
    """Return the progress of a pass, from its files alone."""
    plan = json.loads((out / "plan.json").read_text())
    total, size = len(plan["files"]), plan["chunk"]
    left = chunks_left(out)
    clips_left = sum(min(size, total - number * size) for number in left)
    # The times of the last chunks give the rate of all workers together, even after an interruption.
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
    """Yield the finished clips' rows in the plan's order, with one chunk in memory at a time."""
    for path in sorted(out.glob("chunk-*.json")):
        yield from json.loads(path.read_text())["rows"]


def write_voice_csv(out: Path, target: Path) -> int:
    """Write the voice evidence as `redefine_tags --voice` reads it; return the number of rows.

    `file,voice,tagger_heard,tagger_denied`: the share of the clip with voice, and the tagger's highest probability for
    a voice and for none, by the voice words of the default rules (empty if the tagger has none of them).
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


def _listen_to_clip(path: Path, tagger: Tagger, voice: VoiceOptions | None) -> tuple[dict[str, Any], np.ndarray | None]:
    audio = decode(path)
    evidence = detect_voice(resample(audio.samples, audio.sample_rate, VOICE_RATE), VOICE_RATE, voice)
    hear = getattr(tagger, "hear", None)  # returns probabilities and representation together
    if hear is None:
        probabilities, representation = tagger.predict([audio.samples], audio.sample_rate)[0], None
    else:
        probabilities, representation = hear(audio.samples, audio.sample_rate)
    heard = evidence.record()
    del heard["detector"]  # the same for all
    tags = {tag: round(float(p), 5) for tag, p in zip(tagger.vocabulary, probabilities, strict=True)}
    row = {"duration": round(audio.duration, 3), "voice": heard, "tags": tags}
    return row | ({"notes": sentences(audio.notes)} if audio.notes else {}), representation


def _chunk_path(out: Path, number: int) -> Path:
    return out / f"chunk-{number:06d}.json"


def _write(path: Path, text: str) -> None:
    """Write a scratch file of this process and rename it, so that two workers cannot mix their results."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
