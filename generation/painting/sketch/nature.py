"""Things that sound without being played: birds, water, clapping hands."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mix, spline
from generation.painting.sketch.inks import Inks


def _songbird(pen: Pen, ink: Inks, coat: np.ndarray, breast: np.ndarray) -> None:
    """A small bird in profile to the right, its beak open."""
    dark = mix(coat, ink.black, 0.45)
    pen.shape([(-0.5, 0.18), (-1.05, 0.5), (-0.95, 0.62), (-0.36, 0.36)], dark)
    body = [
        (0.42, -0.52),
        (0.6, -0.3),
        (0.5, 0.1),
        (0.2, 0.42),
        (-0.2, 0.44),
        (-0.56, 0.2),
        (-0.3, -0.1),
        (0.08, -0.44),
    ]
    pen.blob(body, Fade(mix(coat, ink.white, 0.15), coat, (0, -0.5), (-0.2, 0.4)))
    pen.blob([(0.56, -0.24), (0.5, 0.1), (0.2, 0.4), (-0.1, 0.4), (0.14, 0.12), (0.32, -0.1)], breast)
    pen.blob([(0.1, -0.12), (-0.1, 0.22), (-0.62, 0.34), (-0.42, 0.06), (-0.16, -0.12)], dark)
    for n in range(3):
        pen.stroke([(-0.05 - 0.08 * n, 0.05 + 0.06 * n), (-0.4 - 0.06 * n, 0.2 + 0.05 * n)], 0.025, coat)
    pen.shape([(0.57, -0.4), (0.86, -0.5), (0.6, -0.31)], ink.brass)
    pen.shape([(0.59, -0.29), (0.82, -0.24), (0.56, -0.2)], ink.brass_dark)
    pen.ellipse(0.42, -0.33, 0.065, 0.065, ink.black)
    pen.ellipse(0.44, -0.35, 0.022, 0.022, ink.white)
    for x in (0.02, 0.2):
        pen.stroke([(x, 0.4), (x + 0.03, 0.6)], 0.03, ink.wood_dark)


def birds(pen: Pen, ink: Inks) -> None:
    """Two songbirds on a twig that grows from a post."""
    pen.taper(
        [(0.66, 1.0), (0.62, 0.5), (0.68, 0.0), (0.6, -0.5)],
        0.2,
        0.1,
        Fade(ink.wood, ink.wood_dark, (0.5, 0), (0.8, 0)),
    )
    pen.taper([(0.66, 0.16), (0.2, 0.12), (-0.35, 0.2), (-0.9, 0.1)], 0.1, 0.04, ink.wood_dark)
    pen.taper([(0.62, -0.42), (0.9, -0.62), (1.0, -0.9)], 0.06, 0.02, ink.wood_dark)
    leaf = mix(ink.second, ink.black, 0.15)
    for x, y, turn in (
        (-0.9, 0.1, 200),
        (-0.72, 0.2, 120),
        (0.98, -0.9, -60),
        (0.84, -0.6, 20),
        (0.1, 0.18, 80),
        (0.6, -0.52, -110),
    ):
        pen.at(x, y, 1, turn).blob([(0, 0), (0.1, -0.07), (0.26, 0), (0.1, 0.07)], leaf)
    _songbird(pen.at(-0.35, -0.22, 0.6), ink, ink.accent, ink.cream)
    _songbird(pen.at(0.36, -0.2, 0.5, 0, True), ink, ink.second, ink.brass_light)
    for n, r in enumerate((0.12, 0.22, 0.32)):
        pen.stroke(ellipse_points(0.2, -0.62, r, r, 0, (-120, -60)), 0.025, (ink.accent, ink.white, ink.second)[n])


def water(pen: Pen, ink: Inks) -> None:
    """A stone fountain: a jet that falls into two bowls."""
    wet, pale = mix(ink.second, ink.white, 0.45), mix(ink.second, ink.white, 0.8)
    stone, dark = mix(ink.silver, ink.cream, 0.4), mix(ink.silver_dark, ink.wood_dark, 0.3)
    lit = Fade(stone, dark, (-0.7, 0), (0.8, 0))
    pen.shape([(-0.95, 0.62), (0.95, 0.62), (0.82, 0.95), (-0.82, 0.95)], lit)
    pen.rect(-0.9, 0.93, 0.9, 1.0, dark, radius=0.02)
    pen.ellipse(0, 0.62, 0.98, 0.13, stone)
    pen.ellipse(0, 0.62, 0.88, 0.09, wet)
    for x, r in ((-0.5, 0.2), (0.5, 0.2), (0, 0.3)):
        pen.ring(x, 0.62, r, r * 0.13, 0.015, pale)
    pen.shape([(-0.13, 0.6), (-0.08, 0.0), (0.08, 0.0), (0.13, 0.6)], lit)
    pen.blob([(-0.56, -0.08), (-0.3, 0.14), (0, 0.2), (0.3, 0.14), (0.56, -0.08), (0, -0.02)], lit)
    pen.ellipse(0, -0.09, 0.56, 0.08, stone)
    pen.ellipse(0, -0.09, 0.48, 0.055, wet)
    for side in (-1, 1):
        for n, reach in enumerate((0.16, 0.3, 0.42)):
            top = -0.92 + 0.1 * n
            jet = [(0, -0.12), (side * reach * 0.35, top), (side * reach, top + 0.3), (side * (reach + 0.03), -0.08)]
            pen.stroke(spline(jet, False), 0.035 - 0.006 * n, (pale, wet, pale)[n], alpha=0.9)
        for n in range(3):
            x = side * (0.52 - 0.06 * n)
            pen.taper(
                [(x, -0.06), (x + side * 0.08, 0.2), (x + side * 0.1, 0.6)], 0.03, 0.045, (pale, wet)[n % 2], alpha=0.8
            )
        pen.ellipse(side * 0.62, 0.6, 0.16, 0.03, ink.white, alpha=0.8)
    for x, y in ((-0.3, -0.86), (0.28, -0.9), (0.5, -0.6), (-0.52, -0.55), (0.02, -1.0)):
        pen.ellipse(x, y, 0.03, 0.04, pale)


def hands(pen: Pen, ink: Inks) -> None:
    """Two clapping hands with lines of sound."""
    shade = mix(ink.skin, ink.wood_dark, 0.35)
    for side, colour in ((1, shade), (-1, ink.skin)):
        hand = pen.at(side * 0.1, 0.1, 1, side * 14, side > 0)
        hand.shape([(-0.46, 0.98), (-0.02, 0.98), (0.02, 0.5), (-0.42, 0.5)], ink.accent if side < 0 else ink.second)
        palm = [(-0.36, 0.55), (-0.42, 0.1), (-0.3, -0.16), (0.04, -0.16), (0.12, 0.1), (0.04, 0.56)]
        hand.blob(palm, colour)
        for n, (x, tip) in enumerate(((-0.3, -0.66), (-0.17, -0.8), (-0.05, -0.76), (0.07, -0.58))):
            hand.stroke([(x, 0.0), (x + 0.01 * n, tip)], 0.115, colour)
        hand.stroke([(-0.34, 0.3), (-0.56, 0.0), (-0.54, -0.16)], 0.12, colour, smooth=True)
        for x in (-0.235, -0.11, 0.01):
            hand.stroke([(x, -0.02), (x, -0.5)], 0.016, mix(colour, ink.wood_dark, 0.4))
    for t in np.radians((205, 235, 270, 305, 335)):
        a, b = (0.72, 0.92)
        pen.stroke([(a * np.cos(t), a * np.sin(t)), (b * np.cos(t), b * np.sin(t))], 0.05, ink.brass_light)
