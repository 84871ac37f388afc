"""Audio files: checking, decoding, resampling, and the MP3 that participants hear.

This module stays light (NumPy, soundfile): the web process imports it to check uploads. What only a worker
needs (soxr, pyloudnorm, SciPy's filters) is imported inside the functions that use it.
"""

import io
import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

MINIMUM_SECONDS = 1.0
"""Shorter clips cannot be judged by ear, and loudness (BS.1770) is not defined below 0.4 s."""
MAXIMUM_SECONDS = 3600.0
"""Clips of an hour or longer are refused: a participant hears a clip, not an album."""
MINIMUM_SAMPLE_RATE = 4000

SURVEY_SAMPLE_RATE = 44_100
"""The one MP3 rate that every phone and browser plays."""
SURVEY_LUFS = -18.0
"""Integrated loudness of the survey's clips: loud enough for a phone, with room for most music's peaks."""
SURVEY_TRUE_PEAK = -1.0
"""Highest true peak (dBTP) of the survey's clips; a clip that would pass it is made quieter instead."""
SURVEY_MAXIMUM_GAIN = 30.0
"""More gain (dB) than this would lift the noise of a nearly silent recording, not its music."""

_BLOCK = 1 << 16
_CODEC_PADDING = 4 * 1152
"""Frames that an MP3's header may count and its decoder drop: the encoder's and the decoder's delay."""
_MP3_KBPS = {1: 128, 2: 192}
_MEND_FORMAT = "Export the piece as WAV, FLAC, OGG or MP3 and upload that."
_MEND_AGAIN = "Export or copy it again from its source and upload the new file."


class AudioError(ValueError):
    """An audio file that cannot be used; the message names the file and says how to mend it."""


@dataclass(frozen=True)
class AudioFacts:
    """What a file holds, found by reading all of it once.

    `peak` is the largest absolute sample (1.0 is full scale); `format` is libsndfile's name (`WAV`, `MP3`).
    """

    duration: float
    sample_rate: int
    channels: int
    frames: int
    format: str
    peak: float


@dataclass(frozen=True)
class Audio:
    """Decoded audio: `samples` float32, shape (n,), mono, nominally in [-1, 1]."""

    samples: np.ndarray
    sample_rate: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class SurveyAudio:
    """The MP3 for participants, and how it was made.

    Loudness in LUFS (ITU-R BS.1770-4), gain in dB, peak in dBTP, measured before encoding. `peak_limited`
    says that the gain was lowered to keep the peak, so that the clip is quieter than the target.
    """

    data: bytes
    sample_rate: int
    channels: int
    duration: float
    loudness_before: float
    loudness: float
    gain: float
    true_peak: float
    peak_limited: bool

    def record(self) -> dict[str, float | int | bool | str | None]:
        """The settings and measurements as JSON-able provenance (a silent clip's loudness is null)."""
        finite = {
            key: round(value, 3) if np.isfinite(value) else None
            for key, value in (
                ("loudness_before", self.loudness_before),
                ("loudness", self.loudness),
                ("gain", self.gain),
                ("true_peak", self.true_peak),
            )
        }
        return {
            **finite,
            "format": "MP3",
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "duration": round(self.duration, 3),
            "peak_limited": self.peak_limited,
        }


def check_audio(path: str | Path, name: str | None = None) -> AudioFacts:
    """Reads the whole file once, block by block, and returns its facts.

    `name` is what messages call the file (an upload's own name). Raises AudioError for a file that is
    missing, empty, no audio, corrupt, cut short, too short, an hour or longer, or silent throughout.
    """
    path = Path(path)
    name = name or path.name
    _check_there(path, name)
    try:
        with soundfile.SoundFile(path) as file:
            if file.samplerate < MINIMUM_SAMPLE_RATE:
                raise AudioError(
                    f"{name}: its sample rate of {file.samplerate} Hz is too low for music; "
                    "export it at 16,000 Hz or more."
                )
            if 0 <= file.frames < MAXIMUM_SECONDS * file.samplerate:
                frames, peak = _scan(file, name)
            else:  # no need to read it all to refuse it
                frames, peak = file.frames, 0.0
            facts = AudioFacts(frames / file.samplerate, file.samplerate, file.channels, frames, file.format, peak)
            promised = file.frames
    except soundfile.LibsndfileError as error:
        raise AudioError(_unreadable(path, name, error)) from error
    if facts.frames == 0:
        raise AudioError(f"{name}: there is no sound in it (0 seconds). {_MEND_AGAIN}")
    if facts.frames < 0.98 * promised or _cut_short(path):
        raise AudioError(f"{name}: the file ends before its own header says, so it was cut short. {_MEND_AGAIN}")
    if facts.duration < MINIMUM_SECONDS:
        raise AudioError(
            f"{name}: {facts.duration:.2f} s is too short to be heard and judged; "
            f"use a clip of {MINIMUM_SECONDS:g} s or more (half a minute is usual)."
        )
    if facts.duration >= MAXIMUM_SECONDS:
        raise AudioError(
            f"{name}: {facts.duration / 60:.0f} minutes is too long; cut out a clip shorter than an hour "
            "(half a minute is usual)."
        )
    if facts.peak < 1e-5:
        raise AudioError(f"{name}: it is silent from start to end. {_MEND_AGAIN}")
    return facts


def decode(path: str | Path, name: str | None = None) -> Audio:
    """Decodes a file to mono (mean of the channels). Raises AudioError where it cannot be read."""
    samples, sample_rate = _read(Path(path), name)
    return Audio(np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), sample_rate)


def resample(samples: np.ndarray, sample_rate: int, target_rate: int) -> np.ndarray:
    """Resamples float32 samples, shape (n,) or (n, channels), with soxr's high-quality filter."""
    samples = np.asarray(samples, dtype=np.float32)
    if sample_rate == target_rate or len(samples) == 0:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, sample_rate, target_rate), dtype=np.float32)


def survey_mp3(
    path: str | Path,
    *,
    target_lufs: float = SURVEY_LUFS,
    true_peak: float = SURVEY_TRUE_PEAK,
    sample_rate: int = SURVEY_SAMPLE_RATE,
) -> SurveyAudio:
    """Makes the MP3 that participants hear: every clip equally loud, at one sample rate, without metadata.

    Mono stays mono; two channels stay stereo; more are mixed to mono. The gain brings the integrated
    loudness (ITU-R BS.1770-4, by pyloudnorm) to `target_lufs`, or less where the true peak (four times
    oversampled) would pass `true_peak` dBTP: no compression, the music keeps its dynamics. The same file
    gives the same bytes. Raises AudioError where the file cannot be read.
    """
    import pyloudnorm

    samples, source_rate = _read(Path(path), None)
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, dtype=np.float32, keepdims=True)
    samples = resample(samples, source_rate, sample_rate)
    if len(samples) < 0.4 * sample_rate:
        raise AudioError(f"{Path(path).name}: too short for its loudness to be measured; use a longer clip.")
    before = float(pyloudnorm.Meter(sample_rate).integrated_loudness(samples.astype(np.float64)))
    peak_before = true_peak_db(samples)
    wanted = min(target_lufs - before, SURVEY_MAXIMUM_GAIN) if np.isfinite(before) else 0.0
    gain = min(wanted, true_peak - peak_before) if np.isfinite(peak_before) else 0.0
    levelled = np.clip(samples * np.float32(10 ** (gain / 20)), -1.0, 1.0)
    return SurveyAudio(
        data=_encode_mp3(levelled, sample_rate),
        sample_rate=sample_rate,
        channels=samples.shape[1],
        duration=len(samples) / sample_rate,
        loudness_before=before,
        loudness=before + gain,
        gain=gain,
        true_peak=peak_before + gain,
        peak_limited=gain < wanted,
    )


def true_peak_db(samples: np.ndarray) -> float:
    """True peak in dBTP by fourfold oversampling (ITU-R BS.1770-4, annex 2); -inf for silence."""
    from scipy.signal import resample_poly

    peak = 0.0
    overlap = 64  # more than the interpolation filter is long, so that blocks join without a seam
    for start in range(0, len(samples), _BLOCK):
        block = samples[max(0, start - overlap) : start + _BLOCK + overlap]
        peak = max(peak, float(np.abs(block).max()), float(np.abs(resample_poly(block, 4, 1, axis=0)).max()))
    return float(20 * np.log10(peak)) if peak > 0 else float("-inf")


def waveform_peaks(samples: np.ndarray, bars: int = 60) -> list[float]:
    """The player's picture of a clip: `bars` numbers from 0 to 1, each the peak of its stretch of time.

    Scaled so that the highest is 1 (all 0 for silence).
    """
    magnitude = np.abs(np.asarray(samples, dtype=np.float32))
    if len(magnitude) == 0:
        return [0.0] * bars
    edges = np.linspace(0, len(magnitude), bars + 1).astype(int)
    heights = np.array([magnitude[a : max(b, a + 1)].max(initial=0.0) for a, b in itertools.pairwise(edges)])
    top = heights.max()
    return [round(float(height), 3) for height in (heights / top if top > 0 else heights)]


def _read(path: Path, name: str | None) -> tuple[np.ndarray, int]:
    """Samples (frames, channels) float32 and their rate."""
    name = name or path.name
    _check_there(path, name)
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(_unreadable(path, name, error)) from error
    if len(samples) == 0:
        raise AudioError(f"{name}: there is no sound in it (0 seconds). {_MEND_AGAIN}")
    if not np.isfinite(samples).all():
        raise AudioError(f"{name}: some of its samples are not numbers. {_MEND_AGAIN}")
    return samples, sample_rate


def _check_there(path: Path, name: str) -> None:
    if not path.is_file():
        raise AudioError(f"{name}: there is no such file; check the path or upload it again.")
    if path.stat().st_size == 0:
        raise AudioError(f"{name}: the file is empty (0 bytes). {_MEND_AGAIN}")


def _scan(file: soundfile.SoundFile, name: str) -> tuple[int, float]:
    """Frames that can really be read, and the largest absolute sample."""
    frames, peak = 0, 0.0
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):  # blocks() trusts the header
        if not np.isfinite(block).all():
            raise AudioError(f"{name}: some of its samples are not numbers. {_MEND_AGAIN}")
        frames += len(block)
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
    return frames, peak


def _unreadable(path: Path, name: str, error: soundfile.LibsndfileError) -> str:
    with path.open("rb") as file:
        head = file.read(512)
    known = head[:4] in (b"RIFF", b"fLaC", b"OggS") or head[:3] == b"ID3" or head[:2] in (b"\xff\xfb", b"\xff\xf3")
    if known:
        return f"{name}: the audio in it is corrupt ({error.error_string.strip().rstrip('.')}). {_MEND_AGAIN}"
    if head[4:8] == b"ftyp":
        return f"{name}: M4A, AAC and video files cannot be read. {_MEND_FORMAT}"
    if _is_text(head):
        return f"{name}: this is a text file, whatever its name says, not audio. {_MEND_FORMAT}"
    return f"{name}: this is not an audio file that can be read. {_MEND_FORMAT}"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character cut by the end of `head` is no sign of anything
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t\f﻿" for character in text)


def _cut_short(path: Path) -> bool:
    """Whether a RIFF file is shorter than its header says (libsndfile reads on in silence)."""
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] != b"RIFF" or len(head) < 8:
        return False
    (size,) = struct.unpack("<I", head[4:8])
    if size in (0, 0xFFFFFFFF):  # written by a stream that did not know its length
        return False
    return size + 8 > path.stat().st_size + 1  # some writers count the pad byte, some do not


def _encode_mp3(samples: np.ndarray, sample_rate: int) -> bytes:
    """MP3 at 128 kbit/s mono or 192 stereo, constant; libsndfile writes no ID3 tags unless told to."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        samplerate=sample_rate,
        channels=samples.shape[1],
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=(320 - _MP3_KBPS[samples.shape[1]]) / (320 - 32),  # libsndfile's scale
        bitrate_mode="CONSTANT",
    ) as file:
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK])
    return buffer.getvalue()
