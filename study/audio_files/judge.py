"""Judge whether a file holds sound that people can hear and judge, and read it: uploads, commands and data sets alike.

The length of a file is counted, never taken from its header: a parser for each kind of file puts together what
libsndfile can read to its end, and says what the header names.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from django.utils.translation import gettext as _

from study.audio_files import flac, mpeg, ogg, wave
from study.audio_files.container import Container, Note, check_rate_and_channels
from study.audio_files.errors import AudioError, changes, damaged, no_sound
from study.audio_files.level import Level, LevelMeter
from study.audio_files.pieces import Pieces
from study.audio_files.tags import without_tags

ACCEPTED_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")
MINIMUM_SECONDS = 1.0
"""Shorter clips cannot be judged by ear, and loudness (BS.1770) is not defined below 0.4 s."""
MAXIMUM_SECONDS = 3600.0
"""A participant hears a clip, not an album."""
MAXIMUM_SAMPLES = 345_600_000
"""Of all channels together: an hour of stereo at 48,000 Hz. Models hold a clip in memory."""
MAXIMUM_EXPANSION = 500
"""Two bytes a sample against the file's bytes, once FREE_SAMPLES are there. Opus at 6 kbit/s reaches 256."""
FREE_SAMPLES = 10_000_000
MINIMUM_SAMPLE_RATE = 4000
SILENCE = -90.0
"""Level (dBFS) of a file that counts as silent: little but the noise of 16 bits."""
TOO_QUIET = -60.0
"""Level (dBFS) below which the most gain of the survey leaves a clip that cannot be compared with others."""
QUIET = -48.0
"""Level (dBFS) below which the most gain (30 dB) does not reach the level of the survey's clips (−18)."""
LOSSY_OVERSHOOT = 2.0
"""Decoders of MP3, Vorbis and Opus pass full scale where the music was close to it; this is no wrong scale."""
BLOCK_FRAMES = 1 << 16

_SCALES = (2.0**15, 2.0**23, 2.0**31)
_LEAST_WHOLE = 256.0
_COMPRESSED = {"OGG", "MP3"}
_COMPRESSES_SILENCE = {"OGG", "MP3", "FLAC"}
_WITH_SECONDS = ("no_length", "no_start", "no_end", "garbage", "joined")


@dataclass(frozen=True)
class Mend:
    """What is done to samples before anybody hears them; `channel` None keeps all."""

    factor: float = 1.0
    offsets: tuple[float, ...] = ()
    channel: int | None = None

    def apply(self, samples: np.ndarray) -> np.ndarray:
        """Return the samples, float32 of shape (frames, channels), without offset, in ±1, of the channels to hear."""
        if self.offsets:
            samples = samples - np.array(self.offsets, np.float64)
        if self.channel is not None:
            samples = samples[:, [self.channel]]
        return (samples * self.factor).astype(np.float32) if self.factor != 1.0 or self.offsets else samples


@dataclass(frozen=True)
class AudioFacts:
    """Properties of a file that was read to its end.

    `format` is WAV, FLAC, OGG or MP3, `level` the RMS (dBFS) that it reaches for 0.4 s, `notes` what was odd and what
    is done about it (`notes.sentence`), `mend` what is done to the samples.
    """

    format: str
    duration: float  # seconds
    sample_rate: int
    channels: int
    level: float
    notes: tuple[Note, ...] = ()
    mend: Mend = Mend()


def inspect_audio(path: Path, name: str) -> AudioFacts:
    """Read the whole file once, block by block, and return its facts; `name` is what messages call the file.

    Raises:
        AudioError: the file is missing, empty, no audio, of another format, damaged, cut off, too short, an hour
            or longer, of a sample rate below 4,000 Hz, or too quiet to be heard.
    """
    return _judge(path, name, None)


def read_audio(path: Path, name: str) -> tuple[np.ndarray, AudioFacts]:
    """Read a file as people and models shall hear it: samples, float32 of shape (frames, channels), and its facts.

    Raises:
        AudioError: as `inspect_audio`.
    """
    blocks: list[np.ndarray] = []
    facts = _judge(path, name, blocks)
    return facts.mend.apply(np.concatenate(blocks)), facts


def _judge(path: Path, name: str, kept: list[np.ndarray] | None) -> AudioFacts:
    if not path.is_file():
        raise AudioError(_("%(file)s: there is no such file. Check the path, or upload it again.") % {"file": name})
    if path.stat().st_size == 0:
        raise AudioError(_("%(file)s is empty (0 bytes). Export it again.") % {"file": name})
    try:
        with path.open("rb") as file:
            kind, container = _container(file, path, name)
            return _read_through(file, kind, container, name, kept)
    except OSError as error:
        raise AudioError(
            _("%(file)s cannot be read: %(reason)s.") % {"file": name, "reason": error.strerror or error}
        ) from error


def _container(file: BinaryIO, path: Path, name: str) -> tuple[str, Container]:
    sound = without_tags(file, path.stat().st_size)
    file.seek(sound.start)
    head = file.read(4)
    if head in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        kind, container = "WAV", wave.parse(file, sound, name)
    elif head == b"fLaC":
        kind, container = "FLAC", flac.parse(file, sound)
    elif head == b"OggS":
        kind, container = "OGG", ogg.parse(file, sound, name)
    else:
        _refuse_other_kinds(path, name)
        kind, container = "MP3", mpeg.parse(file, sound, name)
    if container is None:
        raise no_sound(name) if sound.start else AudioError(_unreadable(path, name))
    return kind, container


def _refuse_other_kinds(path: Path, name: str) -> None:
    with contextlib.suppress(soundfile.SoundFileError), soundfile.SoundFile(path) as audio:
        if audio.format != "MP3":
            raise AudioError(
                _("%(file)s is audio of the kind %(kind)s. Save it as WAV, FLAC, OGG or MP3.")
                % {"file": name, "kind": audio.format}
            )


class _Forward(soundfile.SoundFile):
    """A file that is read from its start to its end: soundfile seeks after each block, which not all files allow."""

    def seekable(self) -> bool:
        return False


def _read_through(
    file: BinaryIO, kind: str, container: Container, name: str, kept: list[np.ndarray] | None
) -> AudioFacts:
    _check_maximum(container.held or 0.0, name)
    file_bytes = os.fstat(file.fileno()).st_size
    meter: LevelMeter | None = None
    rate = channels = frames = 0
    is_float = kind in _COMPRESSED
    for stream in container.streams:
        try:
            parts = Pieces(file, stream)
            with _Forward(parts) as audio:
                if meter is None:
                    rate, channels = audio.samplerate, audio.channels
                    check_rate_and_channels(rate, channels, name)
                    _check_amount((container.held or 0.0) * rate * channels, name)
                    meter = LevelMeter(rate, channels)
                elif (audio.samplerate, audio.channels) != (rate, channels):
                    raise changes(name)
                is_float = is_float or audio.subtype in ("FLOAT", "DOUBLE")
                for block in _blocks(audio, name):
                    block = block[: (container.most_frames or frames + len(block)) - frames]
                    if not len(block):
                        break
                    frames += len(block)
                    if frames >= MAXIMUM_SECONDS * rate:
                        _check_maximum(max(frames / rate, container.announced or 0.0), name)
                    _check_amount(frames * channels, name)
                    if kind in _COMPRESSES_SILENCE and frames * channels > FREE_SAMPLES:
                        # What the header says counts if the file keeps to it so far: a file that is cut off does not.
                        is_empty = _expands(frames * channels, parts.tell())
                        expected = max(frames, (container.announced or 0.0) * rate if is_empty else 0) * channels
                        _check_expansion(expected, file_bytes, name)
                    meter.add(block)
                    if kept is not None:
                        kept.append(block)
        except soundfile.SoundFileError as error:
            raise damaged(name) from error
    seconds = frames / rate if rate else 0.0
    notes = list(container.notes) + _compare(seconds, container, name)
    if meter is None or frames == 0:
        raise no_sound(name)
    _check_length_and_rate(seconds, rate, name)
    level, mend, further = _mend(meter.result(), kind in _COMPRESSED, is_float)
    _check_level(level, bool(mend.offsets), name)
    if level < QUIET:
        further.append({"kind": "quiet", "level": round(level, 1)})
    notes = [note | {"seconds": round(seconds, 2)} if note["kind"] in _WITH_SECONDS else note for note in notes]
    return AudioFacts(kind, seconds, rate, channels, level, (*notes, *further), mend)


def _blocks(audio: soundfile.SoundFile, name: str) -> Iterator[np.ndarray]:
    while len(block := audio.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
        if not np.isfinite(block).all():
            raise AudioError(
                _("%(file)s is damaged: it holds samples that are no numbers. Export it again.") % {"file": name}
            )
        yield block


def _compare(decoded: float, container: Container, name: str) -> list[Note]:
    """Compare what was decoded with what was counted, and both with what the header names."""
    held = decoded if container.held is None else container.held
    announced, tolerance = container.announced, container.tolerance
    if announced is not None and held < announced - tolerance:
        raise _cut_off(held, announced, name)
    # An encoder's header takes the silence off that the encoder added: a few frames.
    if container.exact and abs(decoded - held) > max(4 * tolerance, 0.1):
        raise damaged(name)
    if announced is not None and held > announced + tolerance:
        return [{"kind": "more", "announced": round(announced, 2), "seconds": round(held, 2)}]
    return []


def _mend(level: Level, is_lossy: bool, is_float: bool) -> tuple[float, Mend, list[Note]]:
    """Return the level after the mend, the mend, and what is to be said of it."""
    notes: list[Note] = []
    largest_offset = max(map(abs, level.offsets))
    has_offset = largest_offset > max(1e-4, 0.03 * level.peak_less_offset)
    peak = level.peak_less_offset if has_offset else level.peak
    factor, largest = 1.0, LOSSY_OVERSHOOT if is_lossy else 1.001
    if is_float and peak > largest:
        # Whole numbers of 16, 24 or 32 bits, written as they are: their own full scale gives the level that was meant.
        whole = next((scale for scale in _SCALES if peak <= scale), peak)
        factor = 1 / (whole if peak > _LEAST_WHOLE else peak)
        notes.append({"kind": "scaled", "peak": float(f"{peak:.4g}"), "factor": float(f"{factor:.4g}")})
    offsets = level.offsets if has_offset else ()
    if has_offset:
        notes.append({"kind": "offset", "offset": round(largest_offset * factor, 4)})
    channel = level.loudest if level.opposite else None
    if channel is not None:
        notes.append({"kind": "opposite", "channel": channel + 1})
    return level.level + 20 * float(np.log10(factor)), Mend(factor, offsets, channel), notes


def _check_level(level: float, has_offset: bool, name: str) -> None:
    if level >= TOO_QUIET:
        return
    if level >= SILENCE:
        raise AudioError(
            _(
                "%(file)s is too quiet: it hardly reaches %(level).0f dBFS, and %(limit).0f is needed. Make it louder "
                "in an audio editor (“normalise”), best from the original recording."
            )
            % {"file": name, "level": level, "limit": TOO_QUIET}
        )
    if has_offset:
        raise AudioError(
            _("%(file)s is silent: it holds a constant offset and no sound. Check the export, or leave it out.")
            % {"file": name}
        )
    raise AudioError(
        _(
            "%(file)s is silent from start to end, at most with a click: no sound is there for 0.4 seconds. Check the "
            "export, or leave it out."
        )
        % {"file": name}
    )


def _check_length_and_rate(seconds: float, rate: int, name: str) -> None:
    if seconds < MINIMUM_SECONDS:
        raise AudioError(
            _("%(file)s lasts %(seconds).2f seconds; a clip needs at least one. Choose a longer part.")
            % {"file": name, "seconds": seconds}
        )
    _check_maximum(seconds, name)
    if rate < MINIMUM_SAMPLE_RATE:
        raise AudioError(
            _("%(file)s has a sample rate of %(rate)d Hz, too low for music. Export it at 16,000 Hz or more.")
            % {"file": name, "rate": rate}
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


def _check_amount(samples: float, name: str) -> None:
    """Refuse more samples, of all channels together, than memory is planned for."""
    if samples > MAXIMUM_SAMPLES:
        raise AudioError(
            _(
                "%(file)s holds over %(limit)d million samples (seconds × sample rate × channels), more than an hour "
                "of stereo at 48,000 Hz. Mix it down to two channels, or export it at 48,000 Hz."
            )
            % {"file": name, "limit": MAXIMUM_SAMPLES // 10**6}
        )


def _check_expansion(samples: float, file_bytes: int, name: str) -> None:
    """Refuse a file that unpacks to far more than music does."""
    if _expands(samples, file_bytes):
        raise AudioError(
            _(
                "%(file)s unpacks to over %(ratio)d times its size: that is silence or a test file, no music. Cut out "
                "the part to be heard."
            )
            % {"file": name, "ratio": MAXIMUM_EXPANSION}
        )


def _expands(samples: float, file_bytes: int) -> bool:
    return 2 * samples > MAXIMUM_EXPANSION * file_bytes


def _cut_off(held: float, announced: float, name: str) -> AudioError:
    return AudioError(
        _("%(file)s is cut off: its header says %(announced).1f s, %(held).1f s are there. Copy or export it again.")
        % {"file": name, "announced": announced, "held": held}
    )


def _unreadable(path: Path, name: str) -> str:
    with path.open("rb") as file:
        head = file.read(512)
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
