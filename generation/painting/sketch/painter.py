"""The sketch painter: pictures drawn by rules."""

from __future__ import annotations

from collections.abc import Sequence

from generation.painting.base import Painted, check_lengths
from generation.painting.options import SketchOptions
from generation.painting.sketch.composing import compose
from generation.painting.sketch.reading import count_tokens, read
from generation.painting.sketch.scene import Skeleton

VERSION = "3"
"""Part of each stimulus's provenance: raise it with every change that changes a picture."""


class SketchPainter:
    """Draws the things that a prompt names as a flat illustration; no model, no download, no text in the picture.

    The seed alone decides horizon, light, hue and grain, so that the pictures of one call differ only by their
    prompts, as with common initial latents in a diffusion model.
    """

    token_limit = 77

    def __init__(self, options: SketchOptions):
        self.options = options

    @property
    def identity(self) -> dict[str, str]:
        return {"painter": "sketch", "version": VERSION, "size": str(self.options.size)}

    def count_tokens(self, text: str) -> int:
        """Words and marks, and two for start and end; see `reading.count_tokens`."""
        return count_tokens(text)

    def paint(self, prompts: Sequence[str], *, seed: int, batch_sizes: Sequence[int] | None = None) -> Painted:
        """See `Painter.paint`; each picture is drawn by itself, so `batch_sizes` has no effect."""
        check_lengths(self, prompts)
        skeleton = Skeleton.draw(seed)
        return Painted([compose(read(prompt), skeleton, self.options.size) for prompt in prompts])
