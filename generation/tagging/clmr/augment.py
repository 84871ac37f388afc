"""CLMR's chain of augmentations, on whole batches, on any device.

Each augmentation is applied to each clip of the batch with its own probability and parameters, all drawn from one
generator, so that a recorded seed gives the same views again. Filters and reverb are products with the batch's
spectrum; the pitch shift uses a phase vocoder.
"""

import math

import torch
import torchaudio
from pydantic import BaseModel, ConfigDict, Field
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

_SHIFT_WINDOW = 0.046
"""Seconds of the phase vocoder's window: 1,024 samples at 22,050 Hz."""


class AugmentOptions(BaseModel):
    """Probability and strength of each augmentation; the defaults are CLMR's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    polarity: float = Field(default=0.8, ge=0, le=1, description="Probability of inverting the polarity.")
    noise: float = Field(default=0.01, ge=0, le=1, description="Probability of adding white noise.")
    noise_level: float = Field(default=0.01, ge=0, description="Highest noise level, relative to the clip's level.")
    gain: float = Field(default=0.3, ge=0, le=1, description="Probability of making the view quieter.")
    gain_db: float = Field(default=20.0, ge=1, description="Most decibels of this attenuation; the least is 1.")
    filter: float = Field(default=0.8, ge=0, le=1, description="Probability of a high- or low-pass filter.")
    delay: float = Field(default=0.3, ge=0, le=1, description="Probability of an echo (200 to 500 ms).")
    pitch: float = Field(default=0.6, ge=0, le=1, description="Probability of a pitch shift.")
    pitch_semitones: int = Field(default=7, ge=1, description="Most semitones of a pitch shift, up or down.")
    reverb: float = Field(default=0.6, ge=0, le=1, description="Probability of reverberation.")


def augment(clips: Tensor, sample_rate: int, options: AugmentOptions, generator: torch.Generator) -> Tensor:
    """A view of each clip: float32 (batch, samples) → the same shape. `generator` must be on the clips' device."""
    chance = _Chance(len(clips), clips.device, generator)
    x = torch.where(chance.of(options.polarity)[:, None], -clips, clips)
    level = x.std(dim=1, keepdim=True) * chance.uniform(0, options.noise_level)[:, None]
    noise = torch.randn(x.shape, generator=generator, device=x.device) * level
    x = torch.where(chance.of(options.noise)[:, None], x + noise, x)
    decibels = chance.uniform(-options.gain_db, -1.0)[:, None]
    x = torch.where(chance.of(options.gain)[:, None], x * 10 ** (decibels / 20), x)
    x = _filter(x, sample_rate, options, chance)
    x = _delay(x, sample_rate, options, chance)
    x = _pitch_shift(x, sample_rate, options, chance)
    return _reverb(x, sample_rate, options, chance)


class _Chance:
    """Random draws, one for each clip of a batch."""

    def __init__(self, count: int, device: torch.device, generator: torch.Generator) -> None:
        self.count, self.device, self.generator = count, device, generator

    def uniform(self, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(self.count, generator=self.generator, device=self.device)

    def of(self, probability: float) -> Tensor:
        return self.uniform(0, 1) < probability


def _filter(x: Tensor, sample_rate: int, options: AugmentOptions, chance: _Chance) -> Tensor:
    """Second-order Butterworth magnitude, without its phase: high-pass 200-1,200 Hz or low-pass 2,200-4,000."""
    length = x.shape[1]
    padded = next_fast_len(length + sample_rate // 50, real=True)
    spectrum = torch.fft.rfft(x, padded)
    frequency = torch.linspace(0, sample_rate / 2, spectrum.shape[1], device=x.device)
    high = chance.of(0.5)
    cutoff = torch.where(high, chance.uniform(200, 1200), chance.uniform(2200, 4000))
    order = torch.where(high, -4.0, 4.0)  # the gain is 1 / sqrt(1 + (f / cutoff) ** ±4)
    gain = (1 + (frequency.clamp_min(1.0) / cutoff[:, None]) ** order[:, None]).rsqrt()
    gain = torch.where(chance.of(options.filter)[:, None], gain, 1.0)
    return torch.fft.irfft(spectrum * gain, padded)[:, :length]


def _delay(x: Tensor, sample_rate: int, options: AugmentOptions, chance: _Chance) -> Tensor:
    """An echo at half the level after 200, 250 … 500 ms."""
    seconds = 0.2 + 0.05 * torch.floor(chance.uniform(0, 7))
    place = torch.arange(x.shape[1], device=x.device)[None] - (seconds * sample_rate).long()[:, None]
    echo = torch.where(place >= 0, x.gather(1, place.clamp_min(0)), 0.0)
    return torch.where(chance.of(options.delay)[:, None], (x + 0.5 * echo) / 1.5, x)


def _pitch_shift(x: Tensor, sample_rate: int, options: AugmentOptions, chance: _Chance) -> Tensor:
    """Phase vocoder to another length, then linear interpolation back to the old one."""
    steps = options.pitch_semitones
    chosen = chance.of(options.pitch)
    drawn = torch.floor(chance.uniform(0, 2 * steps)).long() - steps
    semitones = torch.where(chosen, torch.where(drawn >= 0, drawn + 1, drawn), 0)  # never a shift by 0
    length = x.shape[1]
    fft = 2 ** round(math.log2(_SHIFT_WINDOW * sample_rate))
    hop = fft // 4
    if length < fft:
        return x
    window = torch.hann_window(fft, device=x.device)
    advance = torch.linspace(0, math.pi * hop, fft // 2 + 1, device=x.device)[:, None]
    shifted = x.clone()
    for step in semitones.unique().tolist():
        if step == 0:
            continue
        rows = semitones == step
        rate = 2 ** (-step / 12)
        spectrum = torch.stft(x[rows], fft, hop, window=window, return_complex=True)
        stretched = torchaudio.functional.phase_vocoder(spectrum, rate, advance)
        wave = torch.istft(stretched, fft, hop, window=window, length=round(length / rate))
        shifted[rows] = functional.interpolate(wave[:, None], size=length, mode="linear")[:, 0]
    return shifted


def _reverb(x: Tensor, sample_rate: int, options: AugmentOptions, chance: _Chance) -> Tensor:
    """Convolve with noise that decays by 60 dB in 0.1 to 1.5 s, low-pass filtered, mixed in at 10 to 50 %."""
    length = x.shape[1]
    tail = min(sample_rate, length)
    time = torch.arange(tail, device=x.device) / sample_rate
    decay = 10 ** (-3 * time[None] / chance.uniform(0.1, 1.5)[:, None])
    impulse = torch.randn(len(x), tail, generator=chance.generator, device=x.device) * decay
    padded = next_fast_len(length + tail, real=True)
    room = torch.fft.rfft(impulse, padded)
    frequency = torch.linspace(0, sample_rate / 2, room.shape[1], device=x.device)
    damping = 1 / (1 + (frequency[None] / chance.uniform(1500, 8000)[:, None]) ** 2).sqrt()
    wet = torch.fft.irfft(torch.fft.rfft(x, padded) * room * damping, padded)[:, :length]
    wet = wet * (x.std(dim=1, keepdim=True) / wet.std(dim=1, keepdim=True).clamp_min(1e-8))
    mix = chance.uniform(0.1, 0.5)[:, None]
    return torch.where(chance.of(options.reverb)[:, None], (1 - mix) * x + mix * wet, x)
