"""The embedded painter: composed pictures drawn by rule from what a prompt names."""

from generation.painting.sketch.painter import SketchPainter

__all__ = ["SketchPainter"]
