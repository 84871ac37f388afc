"""Detect voice by Silero-VAD: the probability of a voice in each frame of a clip.

The detector was trained on speech; singing over a band often scores near zero. So this is evidence, not a verdict: the
redefinition weighs it against people's tags.

The network runs over a whole clip at once, with the weights of the `silero-vad` package's model file: only its
recurrent cell depends on earlier frames, so all frames pass through the other layers as one batch. The probabilities
equal the package's to 1e-5 (tested), ten times faster.
"""

import hashlib
import threading
import warnings
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from generation.listening.audio import resample

if TYPE_CHECKING:
    import torch

SAMPLE_RATE = 16_000
FRAME = 512
"""Samples per probability: 32 ms."""
_CONTEXT = 64
"""Samples of the previous frame that the network receives with each frame."""
_BATCH = 2048


class VoiceOptions(BaseModel):
    """How frame probabilities become segments; the defaults are Silero-VAD's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(default=0.5, gt=0, lt=1, description="Frames at or above this count as voice.")
    minimum_segment: float = Field(default=0.25, ge=0, description="Shorter segments (seconds) are dropped.")
    minimum_silence: float = Field(
        default=0.1, ge=0, description="Silence (seconds) that ends a segment; shorter gaps are bridged."
    )
    padding: float = Field(default=0.03, ge=0, description="Seconds added on both sides of every segment that is kept.")


@dataclass(frozen=True)
class VoiceEvidence:
    """The detector's output for one clip.

    `probabilities`: float32, shape (frames,), one per `frame_seconds`; `segments`: (start, end) in seconds; `share`:
    part of the clip inside segments, 0 to 1; `peak` and `peak_time` (seconds): the highest probability and the middle
    of its frame, where one should listen first.
    """

    share: float
    segments: tuple[tuple[float, float], ...]
    probabilities: np.ndarray
    peak: float
    peak_time: float
    duration: float
    frame_seconds: float
    identity: dict[str, str]

    def curve(self, points: int = 120) -> list[float]:
        """The probabilities as at most `points` numbers for a figure, each the maximum of an interval."""
        if len(self.probabilities) <= points:
            return [round(float(value), 3) for value in self.probabilities]
        edges = np.linspace(0, len(self.probabilities), points + 1).astype(int)[:-1]
        return [round(float(value), 3) for value in np.maximum.reduceat(self.probabilities, edges)]

    def record(self) -> dict[str, Any]:
        """The evidence as JSON-able data for the clip's row and for provenance."""
        return {
            "share": round(self.share, 4),
            "segments": [[round(start, 3), round(end, 3)] for start, end in self.segments],
            "peak": round(self.peak, 4),
            "peak_time": round(self.peak_time, 3),
            "duration": round(self.duration, 3),
            "curve": self.curve(),
            "detector": self.identity,
        }


def detect_voice(samples: np.ndarray, sample_rate: int, options: VoiceOptions | None = None) -> VoiceEvidence:
    """Detect voice in mono samples, shape (n,), of any sample rate.

    Raises ValueError if the samples are empty or not mono.
    """
    options = options or VoiceOptions()
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"voice detection takes mono samples of shape (n,), got {samples.shape}")
    resampled = resample(samples, sample_rate, SAMPLE_RATE)
    probabilities = frame_probabilities(resampled)
    segments = _segments(probabilities, len(resampled), options)
    duration = len(resampled) / SAMPLE_RATE
    top = int(probabilities.argmax())
    return VoiceEvidence(
        share=min(1.0, sum(end - start for start, end in segments) / duration),
        segments=segments,
        probabilities=probabilities,
        peak=float(probabilities[top]),
        peak_time=min((top + 0.5) * FRAME / SAMPLE_RATE, duration),
        duration=duration,
        frame_seconds=FRAME / SAMPLE_RATE,
        identity=detector_identity() | {"threshold": f"{options.threshold:g}"},
    )


def frame_probabilities(samples: np.ndarray) -> np.ndarray:
    """Voice probability of every 512 samples at 16 kHz (the last frame padded): float32, shape (frames,)."""
    import torch
    from torch.nn import functional

    weights = _weights()
    padded = np.pad(samples, (_CONTEXT, -len(samples) % FRAME))
    frames = torch.from_numpy(padded).unfold(0, FRAME + _CONTEXT, FRAME)  # (frames, 576), overlapping views
    with torch.inference_mode():
        encoded = []
        basis = weights["stft.forward_basis_buffer"]
        for batch in frames.split(_BATCH):
            x = functional.pad(batch, (0, _CONTEXT), mode="reflect").unsqueeze(1)
            spectrum = functional.conv1d(x, basis, stride=128)  # (batch, 258, 4)
            real, imaginary = spectrum.chunk(2, dim=1)
            x = torch.sqrt(real**2 + imaginary**2)
            for number, stride in enumerate((1, 2, 2, 1)):
                x = functional.relu(
                    functional.conv1d(
                        x,
                        weights[f"encoder.{number}.reparam_conv.weight"],
                        weights[f"encoder.{number}.reparam_conv.bias"],
                        stride=stride,
                        padding=1,
                    )
                )
            encoded.append(x.squeeze(-1))  # (batch, 128)
        hidden, _ = _recurrence()(torch.cat(encoded))  # (frames, 128)
        last = weights["decoder.decoder.2.weight"].squeeze(-1)  # (1, 128)
        logits = functional.linear(functional.relu(hidden), last, weights["decoder.decoder.2.bias"])
        return torch.sigmoid(logits).squeeze(1).numpy().astype(np.float32)


@lru_cache(maxsize=1)
def detector_identity() -> dict[str, str]:
    """The detector's name, version and the digest of its weights, for provenance."""
    return {
        "name": "silero-vad",
        "version": version("silero-vad"),
        "weights_sha256": hashlib.sha256(_weights_path().read_bytes()).hexdigest(),
    }


def _weights_path() -> Path:
    # Found without importing the package: its import sets torch's thread count to one in this process.
    spec = find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("silero-vad is not installed; pip install 'earsight[worker]'")
    return Path(spec.submodule_search_locations[0]) / "data" / "silero_vad.jit"


@lru_cache(maxsize=1)
def _weights() -> "dict[str, torch.Tensor]":
    """The 16 kHz network's parameters by the module's own names (`encoder.0.reparam_conv.weight` …).

    Read from the scripted model, the package's default; the package's safetensors file holds another model.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript, the format of the file, is deprecated
        scripted = torch.jit.load(str(_weights_path()), map_location="cpu")
    return {
        name.removeprefix("_model."): value.detach()
        for name, value in scripted.state_dict().items()
        if name.startswith("_model.")
    }


@lru_cache(maxsize=1)
def _recurrence() -> "torch.nn.LSTM":
    import torch

    weights = _weights()
    lstm = torch.nn.LSTM(128, 128)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    lstm.load_state_dict({f"{name}_l0": weights[f"decoder.rnn.{name}"] for name in names})
    return lstm.eval().requires_grad_(False)


_import_lock = threading.Lock()


@lru_cache(maxsize=1)
def _segmenter() -> Any:
    """The package's function from probabilities to segments, imported without changing torch's thread count."""
    import torch

    with _import_lock:
        threads = torch.get_num_threads()
        try:
            from silero_vad.utils_vad import get_speech_timestamps_from_probs
        finally:
            torch.set_num_threads(threads)
    return get_speech_timestamps_from_probs


def _segments(probabilities: np.ndarray, length: int, options: VoiceOptions) -> tuple[tuple[float, float], ...]:
    found = _segmenter()(
        probabilities.tolist(),
        sampling_rate=SAMPLE_RATE,
        threshold=options.threshold,
        min_speech_duration_ms=round(options.minimum_segment * 1000),
        min_silence_duration_ms=round(options.minimum_silence * 1000),
        speech_pad_ms=round(options.padding * 1000),
        audio_length_samples=length,
    )
    return tuple((part["start"] / SAMPLE_RATE, min(part["end"], length) / SAMPLE_RATE) for part in found)
