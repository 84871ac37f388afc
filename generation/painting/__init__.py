"""Paint pictures from prompts; the seeds, file format, comparison and provenance of pictures.

Imports no other room but `generation.hardware`. Importing it loads no model library; building a painter may. Doors: the
names below, and `seeds`, `normalise`, `provenance`, `reproduce`, `comparison`.
"""

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
    """The painter that `options` describe."""
    if isinstance(options, DiffusersOptions):
        # Imported here: only a painter that is built may load its libraries.
        from generation.painting.diffusion.painter import DiffusersPainter

        return DiffusersPainter(options)
    from generation.painting.sketch import SketchPainter

    return SketchPainter(options)
