"""The interface of all taggers. Imports only NumPy."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np


class TaggingError(Exception):
    """A tagger cannot be built or used; the message says how to fix it."""


@runtime_checkable
class Tagger(Protocol):
    """Predicts a probability for each tag of its vocabulary from audio."""

    name: str
    vocabulary: tuple[str, ...]
    thresholds: tuple[float, ...] | None
    """For each tag the lowest probability that counts as present, tuned on labelled clips; None if not tuned."""
    identity: dict[str, str]
    """Everything needed to get the same probabilities again: digest of the weights, version, settings."""

    def predict(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> np.ndarray:
        """Probabilities of mono waveforms, each of shape (n,), at one sample rate: float32 (clips, tags)."""
        ...


class ClipwiseTagger(ABC):
    """Tags clips one by one; a subclass analyses one clip."""

    @abstractmethod
    def analyse(self, samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
        """One clip's probabilities (tags,) and representation (dimensions,), float32, from mono samples (n,)."""

    def predict(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> np.ndarray:
        """Probabilities, float32 (clips, tags), of mono waveforms at one sample rate."""
        return np.stack([self.analyse(samples, sample_rate)[0] for samples in check_waveforms(waveforms)])

    def represent(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> np.ndarray:
        """Representations, float32 (clips, dimensions), of mono waveforms at one sample rate."""
        return np.stack([self.analyse(samples, sample_rate)[1] for samples in check_waveforms(waveforms)])


def read_thresholds(path: str | Path, vocabulary: Sequence[str]) -> tuple[float, ...]:
    """Read thresholds per tag, in the vocabulary's order, from a file that `evaluate_tagger --json` wrote.

    Raises TaggingError for any other file, or if a tag is missing.
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
    """The waveforms as float32 arrays; raises TaggingError for one that is empty or not mono."""
    checked = []
    for index, waveform in enumerate(waveforms):
        samples = np.asarray(waveform, dtype=np.float32)
        if samples.ndim != 1 or len(samples) == 0:
            raise TaggingError(
                f"waveform {index}: expected mono samples of shape (n,), got {samples.shape}; mix to mono first"
            )
        checked.append(samples)
    return checked
