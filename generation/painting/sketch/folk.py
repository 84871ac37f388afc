"""Instruments of many traditions: zithers, mallets, pipes, gongs. Drawn between -1 and 1; the floor is y = 1."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mix, spline
from generation.painting.sketch.inks import Inks


def koto(pen: Pen, ink: Inks) -> None:
    """A long zither on two low stands, each of its strings over a bridge of its own."""
    for x in (-0.72, 0.68):
        pen.shape([(x - 0.13, 0.3), (x + 0.13, 0.3), (x + 0.18, 0.75), (x - 0.18, 0.75)], ink.wood_dark)
        pen.rect(x - 0.24, 0.68, x + 0.24, 0.78, ink.black, radius=0.03)
    pen.blob(
        [(-1.08, 0.12), (-0.9, -0.2), (0.0, -0.36), (0.9, -0.26), (1.08, 0.02), (0.95, 0.4), (0, 0.44), (-0.95, 0.42)],
        ink.wood_dark,
    )
    top = [(-1.0, 0.02), (-0.8, -0.2), (0.0, -0.33), (0.85, -0.24), (1.0, -0.04), (0.9, 0.14), (0, 0.12), (-0.9, 0.2)]
    pen.blob(top, Fade(ink.wood_light, ink.wood, (0, -0.35), (0, 0.2)))
    for x, side in ((-0.84, -1), (0.84, 1)):
        pen.shape(
            [(x - 0.05, -0.2), (x + 0.05, -0.22), (x + 0.05 + side * 0.04, 0.16), (x - 0.05 + side * 0.04, 0.17)],
            ink.cream,
        )
    for n in range(7):
        t = n / 6
        y = -0.2 + 0.31 * t
        x = 0.42 - 0.85 * t + 0.12 * (n % 2)
        pen.stroke([(-0.82, y), (x, y - 0.07), (0.82, y - 0.02)], 0.011, ink.white)
        pen.shape([(x, y - 0.1), (x + 0.055, y + 0.05), (x - 0.055, y + 0.05)], ink.white)
        pen.stroke([(x - 0.055, y + 0.05), (x + 0.055, y + 0.05)], 0.02, ink.wood_dark)
    pen.blob([(-1.08, 0.14), (-0.99, 0.02), (-0.93, 0.2), (-0.95, 0.4), (-1.05, 0.34)], ink.accent)
    pen.rect(0.94, 0.04, 1.02, 0.3, ink.accent, radius=0.03)


def harmonica(pen: Pen, ink: Inks) -> None:
    """A mouth organ held up at an angle: steel cover plates over a comb of square holes."""
    pen.rect(-1.0, -0.26, 1.0, 0.34, ink.wood_dark, radius=0.1)
    pen.rect(-0.97, -0.06, 0.97, 0.14, ink.varnish, radius=0.03)
    for n in range(10):
        x = -0.82 + n * 0.182
        pen.rect(x - 0.06, -0.03, x + 0.06, 0.11, ink.black, radius=0.015)
    cover = [(-1.0, -0.06), (-0.98, -0.32), (-0.84, -0.46), (0.84, -0.46), (0.98, -0.32), (1.0, -0.06)]
    pen.shape(cover, Fade(ink.white, ink.silver_dark, (0, -0.46), (0, 0.02)))
    pen.stroke([(-0.84, -0.36), (0.84, -0.36)], 0.03, ink.white)
    for x in (-0.88, 0.88):
        pen.ellipse(x, -0.18, 0.05, 0.05, ink.silver_dark)
    flower = pen.at(0, -0.22, 1)
    for turn in range(0, 360, 60):
        flower.at(0, 0, 1, turn).ellipse(0.08, 0, 0.07, 0.035, ink.silver_dark)
    for x in (-0.5, 0.5):
        pen.stroke([(x - 0.22, -0.22), (x, -0.28), (x + 0.22, -0.22)], 0.022, ink.silver_dark, smooth=True)
    lower = [(-1.0, 0.14), (1.0, 0.14), (0.97, 0.36), (0.84, 0.46), (-0.84, 0.46), (-0.97, 0.36)]
    pen.shape(lower, Fade(ink.silver, ink.silver_dark, (0, 0.14), (0, 0.46)))
    pen.stroke([(-0.8, 0.36), (0.8, 0.36)], 0.02, ink.white)


def xylophone(pen: Pen, ink: Inks) -> None:
    """Bars of falling length on a frame, with two mallets."""
    for x, half in ((-0.82, 0.55), (0.82, 0.3)):
        for side in (-1, 1):
            pen.stroke([(x, 0.0), (x + side * 0.14, 0.97)], 0.05, ink.wood_dark)
        pen.stroke([(x - 0.1, 0.62), (x + 0.1, 0.62)], 0.04, ink.wood_dark)
        pen.stroke([(x, -half), (x, half * 0.8)], 0.06, ink.wood_dark)
    for a, b in (((-1.0, -0.36), (1.0, -0.2)), ((-1.0, 0.36), (1.0, 0.2))):
        pen.stroke([a, b], 0.06, ink.wood_dark)
    colours = (ink.varnish, ink.wood, ink.wood_light)
    for n in range(11):
        x, half = -0.88 + n * 0.176, 0.58 - n * 0.028
        colour = mix(colours[n % 3], ink.accent, 0.25)
        pen.rect(
            x - 0.072,
            -half,
            x + 0.072,
            half,
            Fade(mix(colour, ink.white, 0.2), colour, (0, -half), (0, half)),
            radius=0.03,
        )
        for y in (-0.6 * half, 0.6 * half):
            pen.ellipse(x, y, 0.018, 0.018, ink.black)
    for a, b in (((-0.5, -0.95), (-0.22, -0.12)), ((0.62, -0.92), (0.28, -0.08))):
        pen.stroke([a, b], 0.035, ink.wood_light)
        pen.ellipse(*b, 0.1, 0.1, ink.accent)
        pen.ellipse(b[0] - 0.03, b[1] - 0.03, 0.04, 0.04, mix(ink.accent, ink.white, 0.5))


def marimba(pen: Pen, ink: Inks) -> None:
    """Broad wooden bars above tubes of falling length, on a frame with wheels, and two mallets."""
    for side in (-1, 1):
        pen.stroke([(side * 0.92, -0.3), (side * 0.92, 0.9)], 0.07, ink.wood_dark)
        pen.ellipse(side * 0.92, 0.93, 0.07, 0.07, ink.black)
    pen.stroke([(-0.92, 0.7), (0.92, 0.7)], 0.045, ink.wood_dark)
    for n in range(9):
        x, low = -0.8 + 0.2 * n, 0.62 - 0.075 * n
        tube = Fade(ink.brass_light, ink.brass_dark, (x - 0.07, 0), (x + 0.07, 0))
        pen.rect(x - 0.07, -0.1, x + 0.07, low, tube, radius=0.05)
    pen.rect(-1.0, -0.16, 1.0, -0.08, ink.wood_dark, radius=0.02)
    for n in range(9):
        x = -0.8 + 0.2 * n
        bar = Fade(ink.wood_light, ink.varnish, (x, -0.42), (x, -0.12))
        pen.shape([(x - 0.075 + 0.02, -0.42), (x + 0.075 + 0.02, -0.42), (x + 0.09, -0.12), (x - 0.09, -0.12)], bar)
    for a, b in (((-0.62, -0.98), (-0.3, -0.36)), ((0.66, -0.98), (0.34, -0.36))):
        pen.stroke([a, b], 0.035, ink.wood_light)
        pen.ellipse(*b, 0.1, 0.09, ink.second)


def bagpipes(pen: Pen, ink: Inks) -> None:
    """A bag in checked cloth, three drones above, the chanter below."""
    for x, tip in ((-0.5, -0.86), (-0.16, -1.0), (0.2, -0.9)):
        foot = (x * 0.5 - 0.02, -0.05)
        pen.stroke([foot, (x, tip)], 0.075, ink.black)
        for t in (0.35, 0.68, 0.97):
            px, py = foot[0] + (x - foot[0]) * t, foot[1] + (tip - foot[1]) * t
            pen.ellipse(px, py, 0.075, 0.05, ink.cream)
    pen.stroke([(0.3, 0.02), (0.56, -0.32), (0.72, -0.46)], 0.07, ink.black, smooth=True)
    pen.ellipse(0.73, -0.47, 0.06, 0.05, ink.cream)
    bag = [
        (-0.62, 0.25),
        (-0.5, -0.06),
        (0.0, -0.14),
        (0.42, 0.0),
        (0.6, 0.3),
        (0.34, 0.62),
        (-0.2, 0.7),
        (-0.52, 0.55),
    ]
    pen.blob(bag, Fade(ink.accent, ink.accent_dark, (-0.4, -0.1), (0.4, 0.7)))
    for n in range(4):
        pen.taper([(-0.42 + n * 0.25, 0.0), (-0.4 + n * 0.25, 0.3), (-0.44 + n * 0.22, 0.55)], 0.03, 0.03, ink.second)
        y = 0.06 + n * 0.15
        pen.taper([(-0.5, y), (0, y + 0.05), (0.46, y)], 0.03, 0.03, ink.second)
    pen.stroke([(0.36, 0.5), (0.52, 0.98)], 0.075, ink.black)
    pen.ellipse(0.535, 0.98, 0.1, 0.05, ink.cream)
    for n in range(5):
        pen.ellipse(0.395 + 0.03 * n, 0.6 + 0.075 * n, 0.018, 0.018, ink.cream)
    for x in (-0.5, -0.16):
        pen.stroke([(x, -0.8), (x + 0.2, -0.62), (x + 0.34, -0.8)], 0.03, ink.brass, smooth=True)


def didgeridoo(pen: Pen, ink: Inks) -> None:
    """A painted hollow branch, upright."""
    outline = [(-0.1, -0.98), (0.1, -0.98), (0.13, -0.3), (0.17, 0.4), (0.26, 1.0), (-0.26, 1.0), (-0.17, 0.4)]
    pen.shape([*outline, (-0.13, -0.3)], Fade(ink.wood, ink.wood_dark, (-0.15, 0), (0.2, 0)))
    pen.ellipse(0, -0.98, 0.1, 0.035, ink.black)
    for n, y in enumerate(np.linspace(-0.75, 0.85, 9)):
        half = 0.115 + 0.07 * (y + 0.75) ** 1.5 / 2
        pen.stroke([(-half, y), (half, y)], 0.07, (ink.accent, ink.cream, ink.black)[n % 3])
        if n % 2:
            for x in np.linspace(-half, half, 5):
                pen.ellipse(x, y + 0.1, 0.022, 0.022, ink.white)
    pen.ellipse(0, 0.98, 0.25, 0.05, ink.black)


def gong(pen: Pen, ink: Inks) -> None:
    """A bronze disc in a frame."""
    for x in (-0.78, 0.78):
        pen.stroke([(x, -0.92), (x, 0.95)], 0.1, Fade(ink.varnish, ink.wood_dark, (x - 0.05, 0), (x + 0.06, 0)))
        pen.rect(x - 0.24, 0.9, x + 0.24, 1.0, ink.wood_dark, radius=0.03)
    pen.stroke([(-0.96, -0.84), (0, -0.92), (0.96, -0.84)], 0.11, ink.varnish, smooth=True)
    for x in (-0.26, 0.26):
        pen.stroke([(x, -0.86), (x * 1.2, -0.5)], 0.03, ink.cream)
    pen.ellipse(0, 0.06, 0.62, 0.62, ink.brass_dark)
    pen.ellipse(0, 0.04, 0.58, 0.58, Fade(ink.brass_light, ink.brass_dark, (-0.4, -0.4), (0.45, 0.55)))
    pen.ring(0, 0.04, 0.42, 0.42, 0.03, ink.brass_dark)
    pen.ellipse(0, 0.04, 0.2, 0.2, Fade(ink.white, ink.brass, (-0.1, -0.1), (0.15, 0.2)))


def hang_drum(pen: Pen, ink: Inks) -> None:
    """A lens of steel with a ring of dimples."""
    pen.blob([(-1.0, 0.1), (-0.6, 0.46), (0, 0.56), (0.6, 0.46), (1.0, 0.1), (0, 0.2)], ink.silver_dark)
    pen.ellipse(0, 0.0, 1.0, 0.42, Fade(ink.silver, ink.coal, (-0.7, -0.4), (0.8, 0.4)))
    pen.ellipse(0, -0.1, 0.22, 0.1, ink.silver_dark)
    pen.ellipse(0, -0.13, 0.19, 0.085, ink.silver)
    for t in np.radians(np.arange(0, 360, 45)):
        pen.ellipse(0.64 * np.cos(t), 0.24 * np.sin(t), 0.15, 0.07, ink.silver_dark)
        pen.ellipse(0.64 * np.cos(t), 0.24 * np.sin(t) + 0.008, 0.1, 0.045, ink.coal)


def erhu(pen: Pen, ink: Inks) -> None:
    """Two strings on a long neck over a small drum, with its bow."""
    pen.stroke([(0, -0.95), (0, 0.9)], 0.05, ink.wood_dark)
    pen.stroke([(0, -0.95), (0.05, -1.0), (0.12, -0.98)], 0.05, ink.wood_dark, smooth=True)
    for y in (-0.8, -0.66):
        pen.stroke([(-0.24, y), (0.06, y)], 0.04, ink.varnish)
        pen.ellipse(-0.26, y, 0.05, 0.045, ink.wood_dark)
    pen.shape([(-0.24, 0.5), (0.2, 0.5), (0.28, 0.68), (0.2, 0.88), (-0.24, 0.88), (-0.3, 0.68)], ink.varnish)
    pen.ellipse(0.05, 0.69, 0.17, 0.18, ink.wood_light)
    pen.rect(-0.18, 0.86, 0.22, 0.96, ink.wood_dark, radius=0.03)
    for x in (-0.012, 0.03):
        pen.stroke([(x, -0.66), (x + 0.03, 0.68)], 0.01, ink.white)
    pen.stroke([(-0.6, 0.36), (0.0, 0.26), (0.66, 0.32)], 0.03, ink.wood_light, smooth=True)
    pen.stroke([(-0.6, 0.37), (0.66, 0.38)], 0.02, ink.white)


def recorder(pen: Pen, ink: Inks) -> None:
    """A wooden pipe with a beak and finger holes."""
    body = [(-0.05, -1.0), (0.07, -0.93), (0.1, -0.7), (0.085, 0.55), (0.13, 0.66), (0.1, 0.98), (-0.1, 0.98)]
    pen.shape(
        [*body, (-0.13, 0.66), (-0.085, 0.55), (-0.1, -0.7)], Fade(ink.wood_light, ink.wood, (-0.1, 0), (0.12, 0))
    )
    pen.shape([(-0.055, -0.7), (0.055, -0.7), (0.04, -0.58), (-0.04, -0.58)], ink.wood_dark)
    for y in (-0.5, 0.56, 0.7):
        pen.rect(-0.13, y - 0.025, 0.13, y + 0.025, ink.cream, radius=0.01)
    for y in np.linspace(-0.32, 0.44, 7):
        pen.ellipse(0, y, 0.034, 0.034, ink.wood_dark)
    pen.ellipse(0, 0.98, 0.1, 0.03, ink.black)


def trombone(pen: Pen, ink: Inks) -> None:
    """Lies along x: a long slide to the left, the bell to the right."""
    light, dark = ink.brass_light, ink.brass_dark
    slide = np.vstack([[(0.3, 0.32)], ellipse_points(-0.86, 0.2, 0.12, 0.12, 0, (90, 270)), [(0.3, 0.08)]])
    pen.stroke(slide, 0.05, dark)
    pen.stroke(slide - [0, 0.01], 0.026, light)
    for x in (-0.3, 0.14):
        pen.stroke([(x, 0.07), (x, 0.33)], 0.035, ink.silver)
    pen.stroke([(0.3, 0.08), (0.48, 0.06)], 0.06, ink.silver)
    bow = np.vstack([[(0.3, 0.32)], ellipse_points(0.7, 0.0, 0.26, 0.32, 0, (90, -90)), [(0.2, -0.32)]])
    pen.stroke(bow, 0.065, dark)
    pen.stroke(bow - [0.01, 0.012], 0.03, light)
    bell = [(0.25, -0.36), (-0.2, -0.38), (-0.46, -0.46), (-0.62, -0.66)]
    low = [(-0.62, 0.0), (-0.46, -0.2), (-0.2, -0.27), (0.25, -0.28)]
    pen.shape(np.vstack([spline(bell, False), spline(low, False)]), Fade(light, dark, (0, -0.6), (0, -0.1)))
    pen.ellipse(-0.62, -0.33, 0.07, 0.34, dark)
    pen.ellipse(-0.63, -0.33, 0.05, 0.3, ink.wood_dark)
