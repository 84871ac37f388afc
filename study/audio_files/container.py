"""What the parsers of the four kinds of file hand to the judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from study.audio_files.errors import rate_too_high, too_many_channels
from study.audio_files.pieces import Span

MAXIMUM_SAMPLE_RATE = 768_000
MAXIMUM_CHANNELS = 8
MAXIMUM_SAMPLES_PER_SECOND = 1_600_000
"""Of all channels together: eight at 192 kHz, two at 768 kHz."""

MAXIMUM_PARTS = 1000
"""Recordings one after the other in an OGG; each is opened on its own."""

Note = dict[str, Any]
"""One thing to be said about a file: `kind` and its numbers (`notes.sentence` makes the sentence)."""


@dataclass(frozen=True)
class Container:
    """The sound of a file as libsndfile can read it to its end.

    `streams`: the parts of the file, or headers of our own, that make up each stream; they are decoded one after the
    other. `held`: seconds of sound that were counted, None if only decoding tells. `announced`: the seconds that the
    header names, None if it names none. `exact`: decoding must give what was counted. `most_frames`: where the sound
    ends, if the last block is filled up with silence.
    """

    streams: Sequence[Sequence[Span | bytes]]
    held: float | None = None
    announced: float | None = None
    tolerance: float = 0.0
    exact: bool = False
    most_frames: int | None = None
    notes: tuple[Note, ...] = ()


def check_rate_and_channels(rate: int, channels: int, name: str) -> None:
    """Refuse what takes too much memory to measure, before anything is decoded.

    Raises:
        AudioError: too many channels, or too many samples a second.
    """
    if channels > MAXIMUM_CHANNELS:
        raise too_many_channels(name, channels, MAXIMUM_CHANNELS)
    if rate > MAXIMUM_SAMPLE_RATE or rate * channels > MAXIMUM_SAMPLES_PER_SECOND:
        raise rate_too_high(name, rate, min(MAXIMUM_SAMPLE_RATE, MAXIMUM_SAMPLES_PER_SECOND // channels))
