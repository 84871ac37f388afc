"""Cut clips into segments of the encoder's length, the end of the clip included."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Segments:
    """`samples`: float32 (segments, length); `weights`: float32 (segments,), summing to 1.

    A clip's prediction is the mean over its segments, weighted by the new samples of each.
    """

    samples: np.ndarray
    weights: np.ndarray


def cut_segments(samples: np.ndarray, length: int, *, tail: bool = True) -> Segments:
    """Cut mono samples, shape (n,), into non-overlapping segments.

    The samples after the last whole segment become a segment that ends with the clip and is weighted only by its new
    samples (`tail=False` drops it, as the published evaluation does). A clip shorter than one segment is repeated
    until it fills one.
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"expected mono samples of shape (n,), got {samples.shape}")
    if len(samples) < length:
        return Segments(np.resize(samples, length)[None], np.ones(1, np.float32))
    count, rest = divmod(len(samples), length)
    segments = samples[: count * length].reshape(count, length)
    weights = np.ones(count, np.float32)
    if rest and tail:
        segments = np.concatenate([segments, samples[None, -length:]])
        weights = np.append(weights, np.float32(rest / length))
    return Segments(segments, weights / weights.sum())
