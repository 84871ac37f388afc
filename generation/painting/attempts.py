"""Paint a clip's pictures from the first seed of its sequence that gives them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.painting.base import Painter
from generation.painting.errors import PictureWithheld, SeedsExhausted

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Painted:
    """All pictures of a clip, in the order of their prompts, and the seed they share.

    `withheld` says why each earlier seed of the sequence was left behind, one reason for each.
    """

    images: list[Image.Image]
    seed: int
    withheld: tuple[str, ...] = ()


def paint_from_sequence(painter: Painter, prompts: Sequence[str], seeds: Sequence[int]) -> Painted:
    """Paint all `prompts` together from the first of `seeds`; one picture withheld, all from the next.

    Raises:
        SeedsExhausted: no seed gave a full set of pictures.
        PaintingError: whatever else the painter raises.
    """
    reasons: list[str] = []
    for seed in seeds:
        try:
            return Painted(painter.paint(prompts, seed=seed), seed, tuple(reasons))
        except PictureWithheld as withheld:
            reasons.append(withheld.reason)
    raise SeedsExhausted(
        f"The model withheld a picture of this clip from each of {len(seeds)} seeds "
        f"({', '.join(sorted(set(reasons)))}): change its tags or prompts, or leave the clip out."
    )
