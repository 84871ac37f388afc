"""The sketch painter: pictures by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from generation.painting.base import check_lengths
from generation.painting.sketch.composing import compose
from generation.painting.sketch.reading import count_tokens, read
from generation.painting.sketch.scene import Skeleton

if TYPE_CHECKING:
    from PIL import Image

    from generation.painting.options import SketchOptions

# Raise it with every change that changes a picture: it is part of each stimulus's provenance.
VERSION = "2"


class SketchPainter:
    """Draws what a prompt names, as a flat illustration; no model, no download, no text in the picture.

    The seed alone decides horizon, light, hue and grain, so that the pictures of one call differ by
    what their prompts say and not by the draw, as with common first latents in an image model.
    """

    token_limit = 77

    def __init__(self, options: SketchOptions):
        self.options = options

    @property
    def identity(self) -> dict[str, str]:
        return {"painter": "sketch", "version": VERSION, "size": str(self.options.size)}

    def count_tokens(self, text: str) -> int:
        """Words, marks and two more; `reading.count_tokens` says how exactly."""
        return count_tokens(text)

    def paint(self, prompts: Sequence[str], *, seed: int) -> list[Image.Image]:
        check_lengths(self, prompts)
        skeleton = Skeleton.draw(seed)
        return [compose(read(prompt), skeleton, self.options.size) for prompt in prompts]
