"""The seeds of a clip, and painting from the first of them that gives all pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from generation.painting.base import Painter
from generation.painting.errors import EqualPictures, PictureWithheld, SeedsExhausted

if TYPE_CHECKING:
    from PIL import Image

ATTEMPTS = 8


@dataclass(frozen=True)
class PaintedFromSequence:
    """All pictures of a clip, in the order of their prompts, and the seed that they share.

    `batch_sizes` as in `Painted`. `withheld`: for each earlier seed of the sequence, why it was skipped.
    """

    images: list[Image.Image]
    batch_sizes: tuple[int, ...]
    seed: int
    withheld: tuple[str, ...] = ()


def seed_sequence(study_seed: int, clip_digest: str, length: int = ATTEMPTS) -> tuple[int, ...]:
    """The seeds of one clip, in the order in which they are used: the first painting takes the first.

    All conditions of the clip share each seed. The sequence depends only on the study's seed and the SHA-256 of the
    audio, so it can be recorded before anything is painted, and a longer sequence begins with the shorter one.
    Seeds are 32-bit: every generator in use accepts them.
    """
    return tuple(
        int.from_bytes(hashlib.sha256(f"earsight {study_seed} {clip_digest} {attempt}".encode()).digest()[:4], "big")
        for attempt in range(length)
    )


def paint_from_sequence(painter: Painter, prompts: Sequence[str], seeds: Sequence[int]) -> PaintedFromSequence:
    """Paint all `prompts` from the first of `seeds`; if a picture is withheld, paint all from the next seed.

    Raises:
        SeedsExhausted: no seed gave all pictures.
        EqualPictures: different prompts gave one picture.
        PaintingError: any other error of the painter.
    """
    reasons: list[str] = []
    for seed in seeds:
        try:
            painted = painter.paint(prompts, seed=seed)
        except PictureWithheld as withheld:
            reasons.append(withheld.reason)
        else:
            _refuse_equal(prompts, painted.images)
            return PaintedFromSequence(painted.images, painted.batch_sizes, seed, tuple(reasons))
    raise SeedsExhausted(
        f"The model withheld a picture of this clip from each of {len(seeds)} seeds "
        f"({', '.join(sorted(set(reasons)))}): change its tags or prompts, or leave the clip out."
    )


def _refuse_equal(prompts: Sequence[str], images: Sequence[Image.Image]) -> None:
    """Raise EqualPictures if two different prompts gave pictures that differ by rounding at most."""
    painted: dict[str, np.ndarray] = {}
    for prompt, image in zip(prompts, images, strict=True):
        if prompt in painted:
            continue
        levels = np.asarray(image.convert("RGB"), dtype=np.int16)
        for other, earlier in painted.items():
            if levels.shape == earlier.shape and np.abs(levels - earlier).max() <= 1:
                raise EqualPictures(
                    f"'{other[:60]}' and '{prompt[:60]}' gave one and the same picture: the painter does not read what "
                    "tells these prompts apart. Change the tags or the painter, or leave the clip out."
                )
        painted[prompt] = levels
