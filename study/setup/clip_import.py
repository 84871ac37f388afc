"""Clips come in and go out: what is accepted as audio, and why a file is refused.

Each file stands for itself: it is taken whole or not at all, and its refusal does not touch the others.
"""

import contextlib
import hashlib
import math
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.errors import StudyError
from study.models import Clip, Study
from study.models.studies import record
from study.setup.draft_lock import lock_draft

# What libsndfile calls the accepted containers, and the suffix each is stored under.
SUFFIX_OF_FORMAT = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "FLAC": "flac", "OGG": "ogg", "MP3": "mp3"}
ACCEPTED_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")
CONTENT_TYPE = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}
MINIMUM_SECONDS = 1.0
MAXIMUM_SECONDS = 3600.0
MAXIMUM_BYTES = 400 * 1024 * 1024
# −80 dBFS: below it nothing is heard at any volume that is bearable otherwise.
SILENCE = 1e-4
_BLOCK = 1 << 16

ACCEPTED_TEXT = gettext_lazy("WAV, FLAC, OGG or MP3, from one second to an hour, up to 400 MB each")


class ClipRefused(StudyError):
    """A file that is no usable clip; the message names it and says how to mend it."""


@dataclass(frozen=True)
class AudioFacts:
    """What a look through a whole file found."""

    format: str
    seconds: float
    sample_rate: int
    channels: int
    digest: str


@dataclass(frozen=True)
class ImportedFile:
    """What became of one uploaded file: a clip, or the reason why not."""

    name: str
    clip: Clip | None = None
    problem: str = ""


def clip_name(uploaded_name: str) -> str:
    """The file's own name, composed (macOS sends decomposed Hangul) and without its folders."""
    return unicodedata.normalize("NFC", uploaded_name.replace("\\", "/").rpartition("/")[2]).strip()


def inspect_audio(path: Path, name: str) -> AudioFacts:
    """Decodes the file once, block by block, and says what it is.

    Raises:
        ClipRefused: it is empty, no audio, another format, damaged, cut off, too short, too long or silent.
    """
    size = path.stat().st_size
    if size == 0:
        raise ClipRefused(_("%(file)s is empty (0 bytes). Export it again.") % {"file": name})
    if size > MAXIMUM_BYTES:
        raise ClipRefused(
            _("%(file)s has %(size)d MB; a clip may have %(limit)d MB. Cut it, or save it as FLAC or MP3.")
            % {"file": name, "size": math.ceil(size / 2**20), "limit": MAXIMUM_BYTES // 2**20}
        )
    try:
        with soundfile.SoundFile(path) as audio:
            _refuse_other_formats(audio, name)
            frames, peak = _read_through(audio, name)
            facts = AudioFacts(
                SUFFIX_OF_FORMAT[audio.format],
                frames / audio.samplerate,
                audio.samplerate,
                audio.channels,
                _digest(path),
            )
            cut_off = frames < 0.98 * audio.frames or _announces_more(audio, path)
    except soundfile.LibsndfileError as error:
        raise ClipRefused(_not_audio(path, name)) from error
    if frames == 0:
        raise ClipRefused(_("%(file)s holds no sound (0 seconds), or was cut off. Export it again.") % {"file": name})
    if cut_off:
        raise ClipRefused(
            _("%(file)s is cut off: it announces more sound than it holds. Copy or export it again.") % {"file": name}
        )
    _refuse_length_and_silence(facts, peak, name)
    return facts


def _refuse_other_formats(audio: soundfile.SoundFile, name: str) -> None:
    if audio.format not in SUFFIX_OF_FORMAT:
        raise ClipRefused(
            _("%(file)s is audio of the kind %(kind)s. Save it as WAV, FLAC, OGG or MP3.")
            % {"file": name, "kind": audio.format}
        )
    # Before anything is decoded: a file that claims a day of sound is not worth the processor's time.
    if audio.frames / audio.samplerate >= 2 * MAXIMUM_SECONDS:
        raise ClipRefused(_too_long(audio.frames / audio.samplerate, name))


def _read_through(audio: soundfile.SoundFile, name: str) -> tuple[int, float]:
    """Frames that can be decoded, and the loudest sample."""
    frames, peak = 0, 0.0
    for block in audio.blocks(_BLOCK, dtype="float32"):
        frames += len(block)
        peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
        if not math.isfinite(peak) or not np.isfinite(block).all():
            raise ClipRefused(
                _("%(file)s is damaged: it holds samples that are no numbers. Export it again.") % {"file": name}
            )
    return frames, peak


def _announces_more(audio: soundfile.SoundFile, path: Path) -> bool:
    """Whether the file's own header promises more bytes than came."""
    if audio.format == "MP3":
        head = _first_bytes(path, 8192)
        at = max(head.find(b"Xing"), head.find(b"Info"))
        if at >= 0 and len(head) >= at + 16 and int.from_bytes(head[at + 4 : at + 8], "big") & 0b11 == 0b11:
            return path.stat().st_size < 0.97 * int.from_bytes(head[at + 12 : at + 16], "big")
        return False
    # libsndfile's words: "data : 264600 (should be 132278)".
    for line in audio.extra_info.splitlines():
        words = line.replace("(", " ").replace(")", " ").split()
        if words[:2] == ["data", ":"] and "should" in words and words[2].isdigit() and words[-1].isdigit():
            announced, held = int(words[2]), int(words[-1])
            # Streams are written with the largest number, for "to the end of the file".
            return held < 0.98 * announced and announced < 0x7FFFF000
    return False


def _first_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _too_long(seconds: float, name: str) -> str:
    return _(
        "%(file)s lasts %(minutes)d minutes; a clip must be shorter than %(limit)d minutes, and people judge "
        "best after 15 to 60 seconds. Cut out the part to be heard."
    ) % {"file": name, "minutes": round(seconds / 60), "limit": round(MAXIMUM_SECONDS / 60)}


def _refuse_length_and_silence(facts: AudioFacts, peak: float, name: str) -> None:
    if facts.seconds < MINIMUM_SECONDS:
        raise ClipRefused(
            _("%(file)s lasts %(seconds).2f seconds; a clip needs at least one. Choose a longer part.")
            % {"file": name, "seconds": facts.seconds}
        )
    if facts.seconds >= MAXIMUM_SECONDS:
        raise ClipRefused(_too_long(facts.seconds, name))
    if peak < SILENCE:
        raise ClipRefused(
            _("%(file)s is silent from start to end. Check the export, or leave it out.") % {"file": name}
        )


def _not_audio(path: Path, name: str) -> str:
    head = _first_bytes(path, 512)
    if head and all(byte in b"\t\n\r\f\x1b" or byte >= 0x20 for byte in head):
        return _("%(file)s is a text file with an audio file's name. Upload the audio itself.") % {"file": name}
    return _(
        "%(file)s cannot be read as audio: it is damaged, or of another kind than its name says. Open it in "
        "an audio editor and export it again as WAV, FLAC, OGG or MP3."
    ) % {"file": name}


@contextlib.contextmanager
def _on_disk(upload: UploadedFile, suffix: str) -> Iterator[Path]:
    """A path with the upload's content: its own temporary file, or a copy of a small one."""
    if hasattr(upload, "temporary_file_path"):
        yield Path(upload.temporary_file_path())
        return
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)


def import_clip(study: Study, upload: UploadedFile, *, actor: Any = None) -> Clip:
    """Adds one uploaded file to a draft as its next clip.

    Raises:
        ClipRefused: the file is no usable clip, or the study has it already.
        NotAllowedNow: the study is no draft.
    """
    name = clip_name(upload.name or "")
    suffix = Path(name).suffix.lower()
    if suffix not in ACCEPTED_SUFFIXES:
        raise ClipRefused(
            _("%(file)s: only WAV, FLAC, OGG and MP3 files are taken. Convert it, or leave it out.")
            % {"file": name or _("The file")}
        )
    if len(name) > 255:
        raise ClipRefused(
            _("%(file)s…: the name has %(n)d characters; 255 fit. Rename it.") % {"file": name[:60], "n": len(name)}
        )
    _refuse_second_name(study, name)
    with _on_disk(upload, suffix) as path:
        facts = inspect_audio(path, name)
        with transaction.atomic(), path.open("rb") as content:
            # The lock gives two uploads at once two numbers, and refuses the second of two equal files.
            lock_draft(study.pk)
            _refuse_second_name(study, name)
            same = study.clips.filter(audio_digest=facts.digest).first()
            if same is not None:
                raise ClipRefused(
                    _("%(file)s has the same content as %(other)s, which is in the study already. Leave one out.")
                    % {"file": name, "other": same.name}
                )
            clip = Clip(
                study=study,
                number=(study.clips.aggregate(last=Max("number"))["last"] or 0) + 1,
                name=name,
                audio_digest=facts.digest,
                duration=facts.seconds,
                sample_rate=facts.sample_rate,
                channels=facts.channels,
            )
            clip.audio.save(f"clip.{facts.format}", File(content), save=False)
            try:
                clip.save()
                record(study, "clip added", actor=actor, clip=name, digest=facts.digest)
            except BaseException:
                clip.audio.delete(save=False)
                raise
    return clip


def import_clips(study: Study, uploads: list[UploadedFile], *, actor: Any = None) -> list[ImportedFile]:
    """Imports each file on its own and says of each what became of it.

    Raises:
        NotAllowedNow: the study is no draft.
    """
    results = []
    for upload in uploads:
        name = clip_name(upload.name or "")
        try:
            results.append(ImportedFile(name, clip=import_clip(study, upload, actor=actor)))
        except ClipRefused as error:
            results.append(ImportedFile(name, problem=str(error)))
    return results


def _refuse_second_name(study: Study, name: str) -> None:
    if study.clips.filter(name__iexact=name).exists():
        raise ClipRefused(
            _("%(file)s: the study has a clip of this name. Rename the file, or delete the clip first.")
            % {"file": name}
        )
