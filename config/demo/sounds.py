"""Sounds of the demo's music, synthesised by code: strings, a piano, drums, a filter, reverberation.

Sounds are mono arrays at `RATE`; tracks are stereo, (samples, 2).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

RATE = 44100
LOUDNESS = 0.10  # root mean square of every clip, about -20 dB of full scale
PEAK = 0.84  # no sample beyond this, -1.5 dB of full scale


def pitch(note: float) -> float:
    """Frequency in hertz of a MIDI note number (69 is the A of 440 Hz)."""
    return 440.0 * 2 ** ((note - 69) / 12)


def time_axis(length: float) -> np.ndarray:
    return (np.arange(int(length * RATE)) / RATE).astype(np.float32)


def add(track: np.ndarray, sound: np.ndarray, at: float, gain: float = 1.0, pan: float = 0.0) -> None:
    """Add a mono sound to a stereo track (samples, 2) at a time in seconds; pan from -1 to 1."""
    start = int(at * RATE)
    part = sound[: max(0, len(track) - start)]
    angle = (pan + 1) * np.pi / 4
    track[start : start + len(part), 0] += gain * np.cos(angle) * part
    track[start : start + len(part), 1] += gain * np.sin(angle) * part


def reverb(track: np.ndarray, seconds: float, share: float, seed: int) -> np.ndarray:
    """Add reverberation, `share` of the sound: convolution with decaying noise that loses its high frequencies."""
    rng = np.random.default_rng(seed)
    t = time_axis(seconds)
    room = rng.standard_normal((len(t), 2)) * np.exp(-6.9 * t / seconds)[:, None]
    room[1:] = 0.5 * (room[1:] + room[:-1])
    late = len(t) // 4
    room[late + 3 :] = (room[late + 3 :] + room[late + 2 : -1] + room[late + 1 : -2] + room[late:-3]) / 4
    room /= np.sqrt((room**2).sum(0))
    need = len(track) + len(room)
    size = min(n << k for k in range(12, 22) for n in (4, 5, 6, 7) if n << k >= need)  # lengths with a fast FFT
    dry, room = np.ascontiguousarray(track.T, np.float32), np.ascontiguousarray(room.T, np.float32)
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(room, size), size)[:, : len(track)]
    return ((1 - share) * dry + share * wet).T


def finish(track: np.ndarray, fade: float = 1.5) -> np.ndarray:
    """Fade in and out, set the loudness to `LOUDNESS`, and compress peaks softly below `PEAK`."""
    track = (track - track.mean(0)).astype(np.float32)
    edge = int(0.01 * RATE)
    track[:edge] *= np.linspace(0, 1, edge)[:, None]
    tail = int(fade * RATE)
    track[-tail:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, tail)))[:, None]
    for _ in range(3):  # compression lowers the loudness, so repeat
        track = track * np.float32(LOUDNESS / np.sqrt(np.mean(track**2)))
        track = PEAK * np.tanh(track / PEAK)
    return track


def one_cycle(harmonics: np.ndarray) -> np.ndarray:
    """One cycle (2048 samples) with the given strengths of partials 1, 2, 3 …"""
    t = np.arange(2048) / 2048
    return sum(a * np.sin(2 * np.pi * (n + 1) * t) for n, a in enumerate(harmonics)).astype(np.float32)


def play(wave: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Read a wave at phases counted in cycles."""
    return wave[(phase * 2048).astype(np.int32) & 2047]


@lru_cache(maxsize=64)
def pluck(note: int, length: float, soft: bool) -> np.ndarray:
    """Return a plucked string (Karplus and Strong 1983): a burst of noise in a loop with a low-pass filter.

    The loop computes one period at a time, so that NumPy does the work.
    """
    exact = RATE / pitch(note) - 0.5
    period = int(exact)
    late = exact - period  # the fraction of a sample that tunes the string
    burst = np.random.default_rng(note).uniform(-1, 1, period)
    for _ in range(4 if soft else 2):
        burst = 0.5 * (burst + np.roll(burst, 1))
    burst = burst - np.roll(burst, max(1, int(0.14 * period)))  # plucking near the bridge removes one partial
    rounds = int(length * RATE / period) + 1
    loss = 0.5 * 0.998 ** (220 / pitch(note))
    here, earlier, later = loss * (1 - late), loss, loss * late
    out = np.zeros((rounds + 1) * period + 2)
    out[2 + period : 2 + 2 * period] = burst
    for n in range(2, rounds + 1):
        start = 2 + n * period
        back = out[start - period - 2 : start]
        out[start : start + period] = here * back[2:] + earlier * back[1:-1] + later * back[:-2]
    sound = out[2 + period :][: int(length * RATE)]
    return sound * np.minimum(1, (len(sound) - np.arange(len(sound))) / (0.05 * RATE))


@lru_cache(maxsize=64)
def piano_note(note: int, length: float, strength: float) -> np.ndarray:
    """Return a piano note: two slightly detuned stiff strings; partials n·f·√(1 + B n²), the higher decay faster."""
    f = pitch(note)
    t = time_axis(length + 0.25)
    stiffness = 0.0004 * 2 ** ((note - 60) / 14)
    sound, after = np.zeros_like(t), 0.25 * np.exp(-0.5 * t)
    for n in range(1, min(16, int(7000 / f) + 1)):
        partial = n * f * np.sqrt(1 + stiffness * n * n)
        level = np.exp(-0.34 * (n - 1) / (0.6 + strength)) / n**0.6 * abs(np.sin(np.pi * n / 8.1))
        decay = np.exp(-t * np.float32((0.7 + 0.5 * n) * (f / 262) ** 0.4)) + after
        turn = np.float32(2 * np.pi * partial) * t
        sound += np.float32(level) * decay * (np.sin(turn) + np.sin(np.float32(1.0007) * turn + n))
    knock = np.random.default_rng(int(note)).standard_normal(len(t)) * np.exp(-t * 180) * 0.05
    damper = np.clip((length + 0.25 - t) / 0.25, 0, 1) ** 2
    return strength * (sound + knock) * np.minimum(1, t / 0.003) * damper


def kick_drum(length: float = 0.32, click: float = 0.3) -> np.ndarray:
    t = time_axis(length)
    sweep = 48 * t + 118 * (1 - np.exp(-t * 32)) / 32
    noise = np.random.default_rng(3).standard_normal(len(t)) * np.exp(-t * 400) * click
    return np.sin(2 * np.pi * sweep) * np.exp(-t * 9) + noise


def hiss(length: float, decay: float, seed: int, bright: int = 2) -> np.ndarray:
    """Return decaying noise without low frequencies: hats, brushes, claps."""
    t = time_axis(length)
    noise = np.random.default_rng(seed).standard_normal(len(t) + bright)
    for _ in range(bright):
        noise = np.diff(noise) * 0.6
    return noise * np.exp(-t * decay)


def snare_drum() -> np.ndarray:
    t = time_axis(0.26)
    body = np.sin(2 * np.pi * (182 * t + 1.5 * (1 - np.exp(-t * 60)))) * np.exp(-t * 22)
    return 0.7 * body + 0.55 * hiss(0.26, 17, 4, 1)


def tom(frequency: float) -> np.ndarray:
    t = time_axis(0.5)
    return np.sin(2 * np.pi * (frequency * t + 3 * (1 - np.exp(-t * 14)))) * np.exp(-t * 8) + 0.15 * hiss(0.5, 60, 5, 1)


def acid_note(note: float, length: float, cutoff: float) -> np.ndarray:
    """Return a saw wave through a resonant low-pass filter with a falling cutoff."""
    f, t = pitch(note), time_axis(length)
    edge = cutoff * np.exp(-t * 9) + 180
    sound = np.zeros_like(t)
    for n in range(1, min(40, int(9000 / f))):
        distance = np.log2(n * f / edge)
        level = 1 / (1 + np.exp(6 * distance)) + 1.1 * np.exp(-((distance / 0.22) ** 2))
        sound += level / n * np.sin(2 * np.pi * n * f * t)
    return sound * np.exp(-t * 3) * np.minimum(1, t / 0.002) * np.clip((length - t) / 0.01, 0, 1)
