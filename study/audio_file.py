"""Judge whether a file holds sound that people can hear and judge; uploads and commands share the verdict.

Light on purpose (NumPy and soundfile): the web process checks uploads with it.
"""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from django.utils.translation import gettext as _

from study.errors import StudyError

MINIMUM_SECONDS = 1.0
"""Shorter clips cannot be judged by ear, and loudness (BS.1770) is not defined below 0.4 s."""
MAXIMUM_SECONDS = 3600.0
"""A participant hears a clip, not an album."""
SILENCE = 1e-4
"""Largest sample of a file that counts as silent (−80 dBFS): nothing is heard at any bearable volume."""
BLOCK_FRAMES = 1 << 16


class AudioError(StudyError, ValueError):
    """An audio file that cannot be used; the message names the file and what to do."""


@dataclass(frozen=True)
class AudioFacts:
    """Properties of a file that was read to its end; `format` is libsndfile's name (`WAV`, `MP3`)."""

    format: str
    duration: float  # seconds
    sample_rate: int
    channels: int


def inspect_audio(path: Path, name: str, *, formats: Collection[str] | None = None) -> AudioFacts:
    """Read the whole file once, block by block, and return its facts.

    Args:
        name: what messages call the file.
        formats: libsndfile's names of the accepted formats; None accepts every format that can be read.

    Raises:
        AudioError: the file is missing, empty, no audio, of another format, damaged, cut off, too short, an hour
            or longer, or silent throughout.
    """
    with open_audio(path, name) as audio:
        if formats is not None and audio.format not in formats:
            raise AudioError(
                _("%(file)s is audio of the kind %(kind)s. Save it as WAV, FLAC, OGG or MP3.")
                % {"file": name, "kind": audio.format}
            )
        # Before decoding: a file that claims a day of sound is not worth the processor's time.
        _check_maximum(audio.frames / audio.samplerate, name)
        frames, peak = _read_through(audio, name)
        facts = AudioFacts(audio.format, frames / audio.samplerate, audio.samplerate, audio.channels)
        is_cut_off = frames < 0.98 * audio.frames or _header_announces_more(audio, path)
    if frames == 0:
        raise AudioError(_("%(file)s holds no sound (0 seconds), or was cut off. Export it again.") % {"file": name})
    if is_cut_off:
        raise AudioError(
            _("%(file)s is cut off: its header announces more sound than the file holds. Copy or export it again.")
            % {"file": name}
        )
    if facts.duration < MINIMUM_SECONDS:
        raise AudioError(
            _("%(file)s lasts %(seconds).2f seconds; a clip needs at least one. Choose a longer part.")
            % {"file": name, "seconds": facts.duration}
        )
    _check_maximum(facts.duration, name)
    if peak < SILENCE:
        raise AudioError(_("%(file)s is silent from start to end. Check the export, or leave it out.") % {"file": name})
    return facts


@contextlib.contextmanager
def open_audio(path: Path, name: str) -> Iterator[soundfile.SoundFile]:
    """Open a file for reading; what libsndfile cannot read, now or later in the block, raises AudioError."""
    if not path.is_file():
        raise AudioError(_("%(file)s: there is no such file. Check the path, or upload it again.") % {"file": name})
    if path.stat().st_size == 0:
        raise AudioError(_("%(file)s is empty (0 bytes). Export it again.") % {"file": name})
    try:
        with soundfile.SoundFile(path) as audio:
            yield audio
    except soundfile.LibsndfileError as error:
        raise AudioError(_unreadable(path, name)) from error


def check_samples(samples: np.ndarray, name: str) -> None:
    """Raise AudioError if a sample is not a finite number."""
    if not np.isfinite(samples).all():
        raise AudioError(
            _("%(file)s is damaged: it holds samples that are no numbers. Export it again.") % {"file": name}
        )


def _check_maximum(seconds: float, name: str) -> None:
    if seconds >= MAXIMUM_SECONDS:
        raise AudioError(
            _(
                "%(file)s lasts %(minutes)d minutes; a clip must be shorter than %(limit)d minutes, and people judge "
                "best after 15 to 60 seconds. Cut out the part to be heard."
            )
            % {"file": name, "minutes": round(seconds / 60), "limit": round(MAXIMUM_SECONDS / 60)}
        )


def _read_through(audio: soundfile.SoundFile, name: str) -> tuple[int, float]:
    """Return the number of frames that can be decoded and the largest absolute sample."""
    frames, peak = 0, 0.0
    while len(block := audio.read(BLOCK_FRAMES, dtype="float32")):  # blocks() trusts the header
        check_samples(block, name)
        frames += len(block)
        peak = max(peak, float(np.abs(block).max()))
    return frames, peak


def _header_announces_more(audio: soundfile.SoundFile, path: Path) -> bool:
    """Whether the file's own header promises more bytes than the file has."""
    if audio.format == "MP3":
        head = _first_bytes(path, 8192)
        at = max(head.find(b"Xing"), head.find(b"Info"))
        if at >= 0 and len(head) >= at + 16 and int.from_bytes(head[at + 4 : at + 8], "big") & 0b11 == 0b11:
            return path.stat().st_size < 0.97 * int.from_bytes(head[at + 12 : at + 16], "big")
        return False
    # libsndfile reports this as text: "data : 264600 (should be 132278)".
    for line in audio.extra_info.splitlines():
        words = line.replace("(", " ").replace(")", " ").split()
        if words[:2] == ["data", ":"] and "should" in words and words[2].isdigit() and words[-1].isdigit():
            announced, held = int(words[2]), int(words[-1])
            # Streams are written with the largest number, which means "to the end of the file".
            return held < 0.98 * announced and announced < 0x7FFFF000
    return False


def _unreadable(path: Path, name: str) -> str:
    head = _first_bytes(path, 512)
    if head[4:8] == b"ftyp":
        return _("%(file)s is M4A, AAC or video, which cannot be read. Save it as WAV, FLAC, OGG or MP3.") % {
            "file": name
        }
    if head and all(byte in b"\t\n\r\f\x1b" or byte >= 0x20 for byte in head):
        return _("%(file)s is a text file with an audio file's name. Upload the audio itself.") % {"file": name}
    return _(
        "%(file)s cannot be read as audio: it is damaged, or not of the kind that its name suggests. Open it in an "
        "audio editor and export it again as WAV, FLAC, OGG or MP3."
    ) % {"file": name}


def _first_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)
