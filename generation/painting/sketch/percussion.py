"""Drums. The floor is y = 1."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mirrored
from generation.painting.sketch.inks import Inks


def _cymbal(pen: Pen, ink: Inks, x: float, y: float, width: float, turn: float, foot: float) -> None:
    pen.stroke([(x, y), (foot, 0.96)], 0.02, ink.silver_dark)
    disc = pen.at(x, y, 1, turn)
    disc.ellipse(0, 0, width, width * 0.2, ink.brass_dark)
    disc.ellipse(0, -0.012, width * 0.98, width * 0.18, Fade(ink.brass_light, ink.brass, (-width, 0), (width, 0)))
    disc.ellipse(0, -0.02, width * 0.25, width * 0.09, ink.brass_light)
    disc.ellipse(0, -0.04, 0.02, 0.02, ink.black)


def _drum(pen: Pen, ink: Inks, x: float, y: float, r: float, depth: float, turn: float = 0) -> None:
    """A drum seen a little from above: shell, hoops, lugs, head."""
    shell = pen.at(x, y, 1, turn)
    sides = [*ellipse_points(0, depth, r, r * 0.3, 0, (0, 180)), (-r, 0), (r, 0)]
    shell.shape(sides, Fade(ink.accent, ink.accent_dark, (-r, 0), (r, 0)))
    shell.stroke(ellipse_points(0, depth, r, r * 0.3, 0, (0, 180)), 0.03, ink.silver)
    for t in (25, 60, 90, 120, 155):
        px, py = r * np.cos(np.radians(t)), r * 0.3 * np.sin(np.radians(t))
        shell.stroke([(px, py + 0.04), (px, py + depth - 0.02)], 0.016, ink.silver)
    shell.ellipse(0, 0, r * 1.03, r * 0.32, ink.silver_dark)
    shell.ellipse(0, -0.008, r * 0.96, r * 0.28, Fade(ink.white, ink.cream, (-r, 0), (r, 0)))


def drum_kit(pen: Pen, ink: Inks) -> None:
    _cymbal(pen, ink, -0.76, -0.62, 0.36, 10, -0.66)
    _cymbal(pen, ink, 0.74, -0.68, 0.4, -10, 0.7)
    pen.ellipse(0, 0.42, 0.56, 0.56, ink.silver_dark)
    pen.ellipse(0, 0.42, 0.53, 0.53, Fade(ink.accent, ink.accent_dark, (-0.4, 0), (0.4, 1)))
    for t in np.radians(np.arange(15, 375, 30)):
        pen.stroke(
            [(0.47 * np.cos(t), 0.42 + 0.47 * np.sin(t)), (0.57 * np.cos(t), 0.42 + 0.57 * np.sin(t))],
            0.035,
            ink.silver,
        )
    pen.ellipse(0, 0.42, 0.46, 0.46, Fade(ink.white, ink.cream, (-0.2, 0), (0.3, 0.9)))
    pen.ring(0, 0.42, 0.34, 0.34, 0.012, ink.cream)
    pen.ellipse(0, 0.42, 0.17, 0.17, ink.accent)
    pen.ellipse(0, 0.42, 0.1, 0.1, ink.second)
    for side in (-1, 1):
        pen.stroke([(side * 0.46, 0.75), (side * 0.58, 0.99)], 0.03, ink.silver)
    pen.stroke([(0, 0.0), (0, -0.2)], 0.035, ink.silver)
    _drum(pen, ink, -0.29, -0.36, 0.24, 0.24, 6)
    _drum(pen, ink, 0.27, -0.36, 0.26, 0.26, -6)
    for x in (0.56, 0.72, 0.94):
        pen.stroke([(x, 0.4), (x, 0.99)], 0.024, ink.silver)
    _drum(pen, ink, 0.75, 0.22, 0.29, 0.44)
    for x in (-0.92, -0.6):
        pen.stroke([(-0.76, 0.5), (x, 0.98)], 0.026, ink.silver)
    _drum(pen, ink, -0.74, 0.22, 0.28, 0.17)
    _cymbal(pen, ink, -1.02, 0.0, 0.25, 3, -1.0)
    pen.stroke([(-0.9, 0.06), (-0.45, 0.16)], 0.024, ink.wood_light)
    pen.stroke([(-0.62, 0.02), (-0.52, 0.2)], 0.024, ink.wood_light)


def hand_drums(pen: Pen, ink: Inks) -> None:
    """Two tall drums for bare hands, the one in front of the other."""
    for x, scale, wood, base in ((0.34, 1.0, ink.wood, 1.0), (-0.36, 0.86, ink.varnish, 0.98)):
        drum = pen.at(x, base - scale, scale)
        half = [(0.36, -0.72), (0.43, -0.4), (0.42, -0.1), (0.33, 0.45), (0.25, 0.9), (0.22, 1.0)]
        drum.shape(mirrored(half), Fade(wood, ink.wood_dark, (-0.35, 0), (0.45, 0)))
        for t in np.linspace(-0.75, 0.75, 7):
            drum.stroke(
                [(t * 0.4, -0.68), (t * 0.44, -0.2), (t * 0.32, 0.5), (t * 0.23, 0.98)],
                0.01,
                ink.wood_dark,
                smooth=True,
                alpha=0.6,
            )
        for y, w in ((-0.16, 0.43), (0.46, 0.335)):
            drum.stroke(ellipse_points(0, y - 0.05, w, 0.09, 0, (10, 170)), 0.045, ink.brass)
        for t in np.linspace(-0.8, 0.8, 5):
            drum.stroke([(t * 0.38, -0.62), (t * 0.42, -0.34)], 0.028, ink.silver)
        drum.ellipse(0, -0.7, 0.405, 0.15, ink.silver_dark)
        drum.ellipse(0, -0.72, 0.375, 0.13, Fade(ink.white, ink.wood_light, (-0.3, -0.75), (0.35, -0.6)))
        drum.ellipse(0, -0.71, 0.2, 0.065, ink.cream)


def tabla(pen: Pen, ink: Inks) -> None:
    """The pair: a slim wooden drum and a round metal one, each with its black eye."""
    for x, w, wood, dark, y in (
        (-0.46, 0.4, ink.wood, ink.wood_dark, 0.0),
        (0.42, 0.53, ink.silver, ink.silver_dark, 0.06),
    ):
        drum = pen.at(x, y)
        round_one = w > 0.5
        half = [
            (w * 0.94, -0.36),
            (w * 1.08, 0.0),
            (w * (1.04 if round_one else 1.12), 0.3),
            (w * 0.72, 0.72),
            (w * 0.4, 0.86),
            (0, 0.88),
        ]
        drum.blob(mirrored([(0, -0.4), *half]), Fade(wood, dark, (-w, -0.2), (w, 0.7)))
        steps = 9
        for n in range(steps):
            a = -0.93 + 1.86 * n / (steps - 1)
            b = a + 0.93 / (steps - 1)
            top, low = (a * w, -0.28 + 0.1 * np.sqrt(1 - a * a)), (b * w * 0.92, 0.52)
            drum.stroke([top, low], 0.022, ink.cream)
            drum.stroke([low, ((a + 1.86 / (steps - 1)) * w if n < steps - 1 else a * w, top[1])], 0.022, ink.cream)
        if not round_one:
            for a in np.linspace(-0.7, 0.7, 5):
                drum.rect(a * w - 0.045, 0.12, a * w + 0.045, 0.26, ink.varnish, radius=0.03)
        ring = pen.at(x, y + 0.94)
        ring.ellipse(0, 0, w * 1.0, 0.11, ink.accent_dark)
        ring.ellipse(0, -0.035, w * 0.94, 0.09, ink.accent)
        drum.ellipse(0, -0.36, w, w * 0.36, ink.wood_dark)
        drum.ellipse(0, -0.385, w * 0.97, w * 0.34, ink.wood_light)
        drum.ellipse(0, -0.39, w * 0.84, w * 0.285, Fade(ink.white, ink.cream, (-w, 0), (w, 0)))
        drum.ellipse(0.0 if not round_one else 0.08, -0.39, w * 0.42, w * 0.145, ink.black)


def timpani(pen: Pen, ink: Inks) -> None:
    """Two copper kettles on stands, with two mallets."""
    for x, r, y in ((-0.48, 0.5, -0.1), (0.5, 0.42, 0.0)):
        kettle = [*ellipse_points(x, y, r, r * 1.15, 0, (0, 180))]
        for side in (-1, 0, 1):
            pen.stroke([(x + side * r * 0.85, y + 0.1), (x + side * r * 0.6, 0.97)], 0.04, ink.silver_dark)
        pen.shape(kettle, Fade(ink.brass, ink.varnish, (x - r, 0), (x + r, 0)))
        pen.stroke(ellipse_points(x - 0.05, y + 0.1, r * 0.7, r * 0.75, 0, (110, 170)), 0.035, ink.brass_light)
        pen.ellipse(x, y, r * 1.05, r * 0.3, ink.silver_dark)
        pen.ellipse(x, y - 0.015, r * 0.97, r * 0.25, Fade(ink.white, ink.cream, (x - r, 0), (x + r, 0)))
        for t in np.radians((20, 55, 90, 125, 160)):
            px, py = x + r * 1.03 * np.cos(t), y + r * 0.3 * np.sin(t)
            pen.stroke([(px, py - 0.05), (px, py + 0.12)], 0.03, ink.silver)
    for a, b in (((-0.95, -0.85), (-0.5, -0.2)), ((0.98, -0.8), (0.55, -0.1))):
        pen.stroke([a, b], 0.03, ink.wood_light)
        pen.ellipse(*b, 0.085, 0.085, ink.white)


def cymbals(pen: Pen, ink: Inks) -> None:
    """Two cymbals on stands."""
    _cymbal(pen, ink, -0.45, -0.62, 0.52, 9, -0.4)
    _cymbal(pen, ink, 0.52, -0.42, 0.46, -10, 0.48)
    for x in (-0.4, 0.48):
        for side in (-1, 1):
            pen.stroke([(x, 0.66), (x + side * 0.2, 0.98)], 0.03, ink.silver_dark)


def tambourine(pen: Pen, ink: Inks) -> None:
    """A wooden ring with a skin, pairs of jingles, and ribbons."""
    for n, x in enumerate((-0.62, -0.44, 0.5)):
        ribbon = (ink.accent, ink.second, ink.brass)[n]
        pen.taper([(x, 0.5), (x - 0.12, 0.7), (x + 0.06, 0.86), (x - 0.05, 0.95)], 0.11, 0.07, ribbon)
    pen.ellipse(0, 0, 0.88, 0.88, Fade(ink.wood, ink.wood_dark, (-0.5, -0.6), (0.6, 0.7)))
    pen.ellipse(0, 0, 0.7, 0.7, Fade(ink.white, ink.cream, (-0.4, -0.5), (0.5, 0.6)))
    pen.ring(0, 0, 0.7, 0.7, 0.03, ink.wood_dark)
    for t in np.radians(np.arange(20, 380, 60)):
        for away, colour in ((0.76, ink.brass_dark), (0.83, ink.brass_light)):
            pen.ellipse(away * np.cos(t), away * np.sin(t), 0.15, 0.055, colour, turn=float(np.degrees(t)) + 90)


def percussion(pen: Pen, ink: Inks) -> None:
    """A snare drum with crossed sticks, two shakers beside it."""
    for x, turn in ((0.66, -8), (0.92, 9)):
        shaker = pen.at(x, 0.36, 1, turn)
        shaker.stroke([(0, 0.0), (0, 0.6)], 0.075, ink.wood_dark)
        shaker.ellipse(0, -0.2, 0.19, 0.3, Fade(ink.accent, ink.accent_dark, (-0.15, -0.4), (0.2, 0)))
        for y in (-0.34, -0.2, -0.06):
            shaker.stroke([(-0.17, y), (0, y + 0.05), (0.17, y)], 0.03, ink.brass_light, smooth=True)
    for side in (-1, 1):
        pen.stroke([(side * 0.2 - 0.3, 0.5), (side * 0.52 - 0.3, 0.99)], 0.045, ink.silver_dark)
    _drum(pen, ink, -0.3, 0.22, 0.56, 0.4)
    for a, b in (((-0.87, -0.18), (0.01, 0.26)), ((0.27, -0.16), (-0.59, 0.28))):
        pen.stroke([a, b], 0.045, ink.wood_light)
        pen.ellipse(*b, 0.05, 0.035, ink.wood_light)
