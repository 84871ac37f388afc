"""Ribbons of sound behind the figures, one kind for each tempo."""

from __future__ import annotations

import math

import numpy as np

from generation.painting.sketch.canvas import Pen
from generation.painting.sketch.palettes import Palette

X = np.linspace(-0.08, 1.08, 120)


def draw_rhythm(pen: Pen, tempos: list[str], palette: Palette, middle: float, phase: float) -> None:
    """Draw the ribbons of all tempos about the height `middle`; `phase` of their waves in radians."""
    for tempo in tempos or [""]:
        _RIBBONS[tempo](pen, palette, middle, phase)


def _fast(pen: Pen, p: Palette, middle: float, phase: float) -> None:
    """Many short dashes on quick waves."""
    swing = np.sin(X * np.pi)
    for n in range(11):
        y = middle + (n - 5) * 0.021 + 0.055 * swing * np.sin(X * 34 + n * 0.5 + phase) * (1 - 0.09 * abs(n - 5))
        colour = (p.accent, p.light, p.second)[n % 3]
        dash = 9 if n % 2 else 15
        for start in range((n * 5) % dash, 116, dash):
            piece = np.stack([X, y], 1)[start : start + dash - 4]
            if len(piece) > 2:
                pen.stroke(piece, 0.0055, colour, alpha=0.75)


def _slow(pen: Pen, p: Palette, middle: float, phase: float) -> None:
    """Few, long, broad waves."""
    for n in range(5):
        y = middle + 0.03 * (n - 2) + 0.065 * np.sin(X * 4.2 + n * 0.55 + phase)
        top = np.stack([X, y], 1)
        low = np.stack([X, y + 0.016 + 0.02 * np.abs(np.sin(X * 2.6 + n))], 1)[::-1]
        pen.shape(np.vstack([top, low]), (p.light, p.sky_low, p.second)[n % 3], alpha=0.34)


def _beat(pen: Pen, p: Palette, middle: float, phase: float) -> None:
    """Even beads, each fourth one strong."""
    for n in range(13):
        t = (n + 0.5) / 13
        level = middle + 0.075 * math.sin(t * 9 + phase)
        strong = n % 4 == 0
        r = 0.03 if strong else 0.013
        colour = p.accent if strong else p.light
        if strong:
            pen.ring(t, level, r * 1.6, r * 1.6, 0.005, colour, alpha=0.75)
        pen.ellipse(t, level, r, r, colour, alpha=0.85)
        pen.stroke([(t, level + r * 1.9), (t, level + 0.07 + (0.05 if strong else 0))], 0.004, colour, alpha=0.5)


def _walking(pen: Pen, p: Palette, middle: float, phase: float) -> None:
    """A row of even bows, for a moderate tempo."""
    for n in range(9):
        t = (n + 0.5) / 9
        span = np.linspace(0, math.pi, 12)
        bow = np.stack([t + 0.05 * np.cos(span), middle - 0.07 * np.sin(span) + 0.02 * math.sin(phase + n)], 1)
        pen.stroke(bow, 0.007, (p.accent, p.light, p.second)[n % 3], alpha=0.8)


def _plain(pen: Pen, p: Palette, middle: float, phase: float) -> None:
    """Five thin lines with notes, where no tempo is named."""
    for n in range(5):
        y = middle + (n - 2) * 0.018 + 0.045 * np.sin(X * 9 + phase)
        pen.stroke(np.stack([X, y], 1), 0.0035, p.light, alpha=0.5)
    for n in range(6):
        t = (n + 0.7) / 6.6
        level = middle + 0.045 * math.sin(t * 9 + phase) + ((n * 2) % 5 - 2) * 0.018
        pen.ellipse(t, level, 0.013, 0.0105, (p.accent, p.second)[n % 2], turn=-20, alpha=0.9)


_RIBBONS = {"fast": _fast, "slow": _slow, "beat": _beat, "walk": _walking, "": _plain}
