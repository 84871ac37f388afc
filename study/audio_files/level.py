"""How loud a file is for ears: neither an offset, nor what is too low to hear, nor a click is sound."""

from dataclasses import dataclass

import numpy as np

SLOT = 0.1
"""Seconds over which ears, roughly, sum up."""
LEAST_SOUND = 0.4
"""Seconds of sound, together, below which a file holds none: the block of ITU-R BS.1770."""
_SLOTS, _EDGE_SLOTS = 30, 5  # of a segment: those that are measured, and those on each side that the filter needs
_INAUDIBLE, _AUDIBLE = 15.0, 35.0  # Hz: below the one nothing counts, above the other all
_CANCELLED = 0.1
"""Power of the mean of the channels, as a part of what unrelated channels would give, below which they cancel."""
_CANCELLED_SHARE = 0.1
"""Share of the loud slots from which on channels count as of opposite phase."""
_LARGE = 1e9  # samples whose transform 32 bits cannot hold
_LOUD = 1e-3  # of the loudest slot's power


@dataclass(frozen=True)
class Level:
    """What was measured.

    `level`: the RMS (dBFS, a full-scale sine has −3) that the file reaches for 0.4 s. `peak`, `peak_less_offset`: the
    largest sample, as it is and without the offset. `offsets`: the mean of each channel. `opposite`: the mean of the
    channels loses sound. `loudest`: the channel with the most power.
    """

    level: float
    peak: float
    peak_less_offset: float
    offsets: tuple[float, ...]
    opposite: bool
    loudest: int


class LevelMeter:
    """Measures a file block by block: `add` samples of shape (frames, channels), then `result`."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._slot = round(SLOT * sample_rate)
        self._hop = _SLOTS * self._slot
        self._edge = _EDGE_SLOTS * self._slot
        frequencies = np.fft.rfftfreq(self._hop + 2 * self._edge, 1 / sample_rate)
        part = np.clip((frequencies - _INAUDIBLE) / (_AUDIBLE - _INAUDIBLE), 0, 1)
        self._gain = (0.5 - 0.5 * np.cos(np.pi * part)).astype(np.float32)
        self._rest: np.ndarray | None = None
        self._frames = 0
        self._sum = np.zeros(channels)
        self._top, self._bottom = np.full(channels, -np.inf), np.full(channels, np.inf)
        self._powers: list[np.ndarray] = []  # (slots, channels)
        self._mean_powers: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Add samples, float32 of shape (frames, channels), at least one."""
        rows = np.ascontiguousarray(block.T)  # NumPy is several times faster along rows
        self._frames += len(block)
        self._sum += rows.sum(axis=1, dtype=np.float64)
        self._top = np.maximum(self._top, rows.max(axis=1))
        self._bottom = np.minimum(self._bottom, rows.min(axis=1))
        # The file begins and ends as if it went on at its first and last value: an offset makes no click there.
        before = np.repeat(rows[:, :1], self._edge, axis=1) if self._rest is None else self._rest
        self._rest = self._measure(np.concatenate([before, rows], axis=1))

    def _measure(self, rows: np.ndarray) -> np.ndarray:
        """Measure whole segments; return what is left, which begins an edge before the next slot."""
        count = max(0, (rows.shape[1] - 2 * self._edge) // self._hop)
        is_large = max(self._top.max(), -self._bottom.min()) > _LARGE
        precision = np.float64 if is_large else np.float32
        for number in range(count):
            segment = rows[:, number * self._hop :][:, : self._hop + 2 * self._edge]
            centred = segment - segment.mean(axis=1, keepdims=True, dtype=np.float64).astype(precision)
            heard = np.fft.irfft(np.fft.rfft(centred) * self._gain, segment.shape[1])[:, self._edge : -self._edge]
            slots = heard.reshape(len(heard), _SLOTS, self._slot)
            self._powers.append(np.square(slots, dtype=np.float64).mean(axis=2).T)
            self._mean_powers.append(np.square(slots.mean(axis=0), dtype=np.float64).mean(axis=1))
        return rows[:, count * self._hop :]

    def result(self) -> Level:
        """Return what was measured; at least one sample must have been added."""
        assert self._rest is not None
        whole = self._frames // self._slot  # slots; what is left of one is too short to tell
        self._measure(
            np.concatenate([self._rest, np.repeat(self._rest[:, -1:], self._hop + 2 * self._edge, axis=1)], axis=1)
        )
        powers = np.concatenate(self._powers)[: max(1, whole)]
        means = np.concatenate(self._mean_powers)[: max(1, whole)]
        offsets = self._sum / self._frames
        loudest = np.sort(powers.max(axis=1))[::-1]
        power = float(loudest[min(len(loudest), round(LEAST_SOUND / SLOT)) - 1])
        return Level(
            level=10 * float(np.log10(power)) if power > 0 else float("-inf"),
            peak=float(np.maximum(self._top, -self._bottom).max()),
            peak_less_offset=float(np.maximum(self._top - offsets, offsets - self._bottom).max()),
            offsets=tuple(float(offset) for offset in offsets),
            opposite=_is_opposite(powers, means, power),
            loudest=int(powers.sum(axis=0).argmax()),
        )


def _is_opposite(powers: np.ndarray, means: np.ndarray, power: float) -> bool:
    channels = powers.shape[1]
    if channels == 1 or power == 0:
        return False
    loud = powers.max(axis=1) >= _LOUD * power
    cancelled = means < _CANCELLED * powers.sum(axis=1) / channels**2
    return bool((loud & cancelled).sum() >= _CANCELLED_SHARE * loud.sum())
