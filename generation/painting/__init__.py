"""From prompts to pictures. Importing this loads no model library; building a painter may."""

from __future__ import annotations

from generation.painting.base import Painter, PaintingError, PromptTooLong
from generation.painting.options import DiffusersOptions, PainterOptions, SketchOptions

__all__ = [
    "DiffusersOptions",
    "Painter",
    "PainterOptions",
    "PaintingError",
    "PromptTooLong",
    "SketchOptions",
    "build_painter",
]


def build_painter(options: PainterOptions) -> Painter:
    """The painter that `options` describe. Heavy imports happen here, not at the top."""
    if isinstance(options, DiffusersOptions):
        from generation.painting.diffusers_painter import DiffusersPainter

        return DiffusersPainter(options)
    from generation.painting.sketch import SketchPainter

    return SketchPainter(options)
