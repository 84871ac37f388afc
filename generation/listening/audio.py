"""Audio files: decoding, resampling, and the MP3 that participants hear.

This module stays light (NumPy, soundfile): the web process imports it. What only a worker needs (soxr, pyloudnorm,
SciPy's filters) is imported inside the functions that use it.
"""

import io
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from study.audio_files.container import Note
from study.audio_files.judge import BLOCK_FRAMES, read_audio

SURVEY_SAMPLE_RATE = 44_100
"""The one MP3 rate that every phone and browser plays."""
SURVEY_LUFS = -18.0
"""Integrated loudness of the survey's clips: loud enough for a phone, with room for most music's peaks."""
SURVEY_TRUE_PEAK = -1.0
"""Highest true peak (dBTP) of the survey's clips; a clip that would pass it is made quieter instead."""
SURVEY_MAXIMUM_GAIN = 30.0
"""More gain (dB) than this would lift the noise of a nearly silent recording, not its music."""

_MP3_KBPS = {1: 128, 2: 192}
_FADE_SECONDS = 0.01  # where an excerpt begins or ends within the music: a hard cut clicks

Excerpt = tuple[int, int] | None
"""Start and end in a file in milliseconds; None is all of it."""


@dataclass(frozen=True)
class Audio:
    """Decoded audio: `samples` float32, shape (n,), mono, nominally in [-1, 1]; `notes`: what was odd in the file."""

    samples: np.ndarray
    sample_rate: int
    notes: tuple[Note, ...] = ()

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class SurveyAudio:
    """The MP3 for participants, and how it was made.

    Loudness in LUFS (ITU-R BS.1770-4), gain in dB, peak in dBTP, measured before encoding. `peak_limited` and
    `gain_limited` say that the gain was lowered to keep the peak, or is the largest, so that the clip is quieter than
    the target. The loudness is -inf if all is below the gate of BS.1770.
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
    gain_limited: bool

    def record(self) -> dict[str, float | int | bool | str | None]:
        """The settings and measurements as JSON-able provenance (null: below the gate)."""
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
            "gain_limited": self.gain_limited,
        }


def cut(samples: np.ndarray, sample_rate: int, excerpt: Excerpt) -> np.ndarray:
    """Return the excerpt of float32 samples, shape (n,) or (n, channels), faded over 10 ms where it cuts the music."""
    if excerpt is None:
        return samples
    first, last = (min(len(samples), round(edge * sample_rate / 1000)) for edge in excerpt)
    part = samples[first:last].copy()
    length = min(round(_FADE_SECONDS * sample_rate), len(part) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32).reshape(-1, *[1] * (part.ndim - 1))
    if first > 0:
        part[:length] *= ramp
    if last < len(samples):
        part[len(part) - length :] *= ramp[::-1]
    return part


def decode(path: str | Path, name: str | None = None) -> Audio:
    """Decode a file to mono: the mean of its channels, or one of them if they cancel each other.

    Raises:
        AudioError: the file is no usable clip (`study.audio_files.judge`).
    """
    samples, facts = read_audio(Path(path), name or Path(path).name)
    return Audio(np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), facts.sample_rate, facts.notes)


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
    excerpt: Excerpt = None,
    target_lufs: float = SURVEY_LUFS,
    true_peak: float = SURVEY_TRUE_PEAK,
    sample_rate: int = SURVEY_SAMPLE_RATE,
) -> SurveyAudio:
    """Make the MP3 that participants hear, of an excerpt: every clip equally loud, at one rate, without metadata.

    Mono stays mono; two channels stay stereo unless they cancel each other; more are mixed to mono. The gain brings the
    integrated loudness (ITU-R BS.1770-4, by pyloudnorm) to `target_lufs`, or less if the true peak (four times
    oversampled) would pass `true_peak` dBTP: no compression, the music keeps its dynamics. The same file gives the same
    bytes.

    Raises:
        AudioError: the file is no usable clip (`study.audio_files.judge`).
    """
    import pyloudnorm

    samples, facts = read_audio(Path(path), Path(path).name)
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, dtype=np.float32, keepdims=True)
    samples = resample(cut(samples, facts.sample_rate, excerpt), facts.sample_rate, sample_rate)
    before = float(pyloudnorm.Meter(sample_rate).integrated_loudness(samples.astype(np.float64)))
    peak_before = true_peak_db(samples)
    wanted = target_lufs - before  # without bound if all is below the gate of BS.1770
    gain = min(wanted, SURVEY_MAXIMUM_GAIN, true_peak - peak_before)
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
        peak_limited=gain == true_peak - peak_before < wanted,
        gain_limited=gain == SURVEY_MAXIMUM_GAIN < wanted,
    )


def true_peak_db(samples: np.ndarray) -> float:
    """True peak in dBTP by fourfold oversampling (ITU-R BS.1770-4, annex 2); -inf for silence."""
    from scipy.signal import resample_poly

    peak = 0.0
    overlap = 64  # more than the interpolation filter is long, so that blocks join without a seam
    for start in range(0, len(samples), BLOCK_FRAMES):
        block = samples[max(0, start - overlap) : start + BLOCK_FRAMES + overlap]
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


def _encode_mp3(samples: np.ndarray, sample_rate: int) -> bytes:
    """MP3 at 128 kbit/s mono or 192 stereo, constant; libsndfile writes no ID3 tags unless asked to."""
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
        for start in range(0, len(samples), BLOCK_FRAMES):
            file.write(samples[start : start + BLOCK_FRAMES])
    return buffer.getvalue()
