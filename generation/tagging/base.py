"""What every tagger offers. Light: NumPy only."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np


class TaggingError(Exception):
    """A tagger that cannot be built or used; the message says how to mend it."""


@runtime_checkable
class Tagger(Protocol):
    """Audio in, a probability for each tag of the vocabulary out."""

    name: str
    vocabulary: tuple[str, ...]
    thresholds: tuple[float, ...] | None
    """From which probability on each tag counts as heard, tuned on labelled clips; None where nobody tuned them."""
    identity: dict[str, str]
    """Everything needed to get the same probabilities again: weights' digest, version, settings."""

    def predict(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> np.ndarray:
        """Probabilities of mono waveforms, each of shape (n,), at one sample rate: float32 (clips, tags)."""
        ...


def read_thresholds(path: str | Path, vocabulary: Sequence[str]) -> tuple[float, ...]:
    """Thresholds per tag from what `evaluate_tagger --json` wrote, in the vocabulary's order.

    Raises TaggingError where the file is something else, or lacks a tag.
    """
    try:
        tags = json.loads(Path(path).read_text(encoding="utf-8"))["tags"]
        found = [tags[tag]["threshold"] for tag in vocabulary]
    except (OSError, ValueError) as error:
        raise TaggingError(f"{path}: the thresholds cannot be read ({error}).") from error
    except (KeyError, TypeError) as error:
        raise TaggingError(f"{path}: no thresholds for this tagger's tags ({error}); evaluate it first.") from error
    wrong = [tag for tag, value in zip(vocabulary, found, strict=True) if not _is_probability(value)]
    if wrong:
        raise TaggingError(f"{path}: the threshold of {wrong[0]!r} is no probability.")
    return tuple(float(value) for value in found)


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def check_waveforms(waveforms: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The waveforms as float32 arrays; raises TaggingError naming the one that is not mono or is empty."""
    checked = []
    for index, waveform in enumerate(waveforms):
        samples = np.asarray(waveform, dtype=np.float32)
        if samples.ndim != 1 or len(samples) == 0:
            raise TaggingError(
                f"waveform {index}: expected mono samples of shape (n,), got {samples.shape}; mix to mono first"
            )
        checked.append(samples)
    return checked
