"""Winds, brass and bells. Long winds are drawn upright between y = -1 and y = 1."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, spline
from generation.painting.sketch.inks import Inks


def flute(pen: Pen, ink: Inks) -> None:
    tube = Fade(ink.white, ink.silver_dark, (-0.05, 0), (0.06, 0))
    pen.rect(-0.055, -0.97, 0.055, 0.97, tube, radius=0.03)
    for y in (-0.97, -0.42, 0.6):
        pen.rect(-0.07, y, 0.07, y + 0.035, ink.silver_dark, radius=0.012)
    pen.blob(
        [(-0.1, -0.82), (0, -0.88), (0.1, -0.82), (0.12, -0.74), (0.09, -0.66), (0, -0.62), (-0.09, -0.68)],
        ink.silver,
    )
    pen.ellipse(0.01, -0.75, 0.035, 0.05, ink.black)
    pen.stroke([(0.085, -0.36), (0.085, 0.55)], 0.014, ink.silver_dark)
    for n, y in enumerate(np.linspace(-0.3, 0.5, 9)):
        x = 0.0 if n % 4 else 0.035
        pen.ellipse(x, y, 0.068, 0.042, ink.silver_dark)
        pen.ellipse(x - 0.008, y - 0.006, 0.05, 0.03, ink.white)
    for y in (0.7, 0.78, 0.86):
        pen.ellipse(0.05, y, 0.05, 0.03, ink.silver_dark)
        pen.ellipse(0.043, y - 0.005, 0.036, 0.02, ink.white)
    pen.taper([(0.02, 0.62), (0.12, 0.72), (0.1, 0.9)], 0.016, 0.03, ink.silver)


def clarinet(pen: Pen, ink: Inks) -> None:
    pen.shape([(-0.03, -1.0), (0.02, -1.0), (0.04, -0.76), (-0.04, -0.76)], ink.coal)
    pen.shape([(-0.032, -0.99), (-0.012, -0.99), (-0.015, -0.83), (-0.036, -0.83)], ink.cream)
    bell = [(-0.06, -0.76), (0.06, -0.76), (0.068, 0.62), (0.1, 0.8), (0.2, 0.97), (0.14, 1.0), (-0.14, 1.0)]
    bell += [(-0.2, 0.97), (-0.1, 0.8), (-0.068, 0.62)]
    pen.shape(bell, Fade(ink.coal, ink.black, (-0.06, 0), (0.05, 0)))
    pen.ellipse(0, 0.985, 0.19, 0.03, ink.silver_dark)
    for y in (-0.76, -0.58, 0.08, 0.64):
        pen.rect(-0.078, y - 0.018, 0.078, y + 0.018, Fade(ink.white, ink.silver_dark, (-0.07, 0), (0.07, 0)))
    for y in (-0.44, -0.32, -0.2, 0.22, 0.34, 0.46):
        pen.ring(0, y, 0.042, 0.034, 0.016, ink.silver)
    pen.stroke([(0.095, -0.5), (0.095, -0.06)], 0.016, ink.silver)
    for y in (-0.48, -0.26, -0.1):
        pen.ellipse(0.09, y, 0.05, 0.03, ink.silver)
    pen.stroke([(-0.09, 0.18), (-0.1, 0.52)], 0.016, ink.silver)
    for y in (0.4, 0.52, 0.58):
        pen.ellipse(-0.09, y, 0.055, 0.026, ink.silver)


def oboe(pen: Pen, ink: Inks) -> None:
    pen.stroke([(0, -1.0), (0, -0.8)], 0.02, ink.cream)
    pen.shape([(-0.035, -1.02), (0.035, -1.02), (0.014, -0.88), (-0.014, -0.88)], ink.wood_light)
    bell = [
        (-0.035, -0.82),
        (0.035, -0.82),
        (0.06, 0.62),
        (0.11, 0.78),
        (0.12, 0.9),
        (0.075, 1.0),
        (-0.075, 1.0),
    ]
    bell += [(-0.12, 0.9), (-0.11, 0.78), (-0.06, 0.62)]
    pen.shape(bell, Fade(ink.varnish, ink.wood_dark, (-0.06, 0), (0.07, 0)))
    for y in (-0.8, -0.2, 0.6):
        pen.rect(-0.072, y - 0.016, 0.072, y + 0.016, ink.brass)
    for y in np.linspace(-0.64, 0.5, 10):
        pen.ellipse(0.012, y, 0.04, 0.03, ink.brass_dark)
        pen.ellipse(0.006, y - 0.006, 0.03, 0.02, ink.brass_light)
    pen.stroke([(0.082, -0.6), (0.095, 0.5)], 0.014, ink.brass)
    pen.stroke([(-0.08, 0.0), (-0.1, 0.62)], 0.014, ink.brass)
    pen.ellipse(-0.095, 0.64, 0.05, 0.034, ink.brass)


def trumpet(pen: Pen, ink: Inks) -> None:
    """Lies along x, the bell to the right, from -1 to 1."""
    tube = Fade(ink.brass_light, ink.brass_dark, (0, -0.05), (0, 0.06))
    pen.stroke(
        np.vstack([[(-0.55, 0.26)], ellipse_points(-0.52, 0.13, 0.13, 0.13, 0, (100, 260)), [(0.1, 0.0)]]),
        0.055,
        ink.brass_dark,
    )
    loop = np.vstack(
        [[(-0.5, 0.0)], [(0.42, 0.0)], ellipse_points(0.42, 0.13, 0.14, 0.13, 0, (-90, 90)), [(-0.5, 0.26)]]
    )
    pen.stroke(loop, 0.058, ink.brass_dark)
    pen.stroke(loop - [0, 0.012], 0.03, ink.brass_light)
    pen.rect(-0.92, -0.026, 0.2, 0.026, tube)
    bell = [
        (0.0, -0.03),
        (0.45, -0.045),
        (0.68, -0.1),
        (0.85, -0.22),
        (0.95, -0.36),
        (0.95, 0.36),
        (0.85, 0.22),
    ]
    bell += [(0.68, 0.1), (0.45, 0.045), (0.0, 0.03)]
    pen.shape(
        spline(bell[:5], False).tolist() + spline(bell[5:], False).tolist(),
        Fade(ink.brass_light, ink.brass_dark, (0, -0.25), (0, 0.32)),
    )
    pen.ellipse(0.95, 0, 0.075, 0.365, ink.brass_dark)
    pen.ellipse(0.955, 0, 0.055, 0.33, Fade(ink.wood_dark, ink.brass, (0.9, -0.3), (1.0, 0.3)))
    pen.shape(
        [(-1.0, -0.06), (-0.96, -0.06), (-0.86, -0.024), (-0.86, 0.024), (-0.96, 0.06), (-1.0, 0.06)],
        ink.silver,
    )
    for x in (-0.18, -0.02, 0.14):
        pen.stroke([(x, -0.25), (x, -0.1)], 0.03, ink.silver)
        pen.ellipse(x, -0.26, 0.05, 0.024, ink.white)
        pen.rect(
            x - 0.062,
            -0.14,
            x + 0.062,
            0.38,
            Fade(ink.brass_light, ink.brass_dark, (x - 0.05, 0), (x + 0.07, 0)),
            radius=0.02,
        )
        pen.rect(x - 0.068, -0.1, x + 0.068, -0.07, ink.brass_dark)
        pen.rect(x - 0.068, 0.3, x + 0.068, 0.33, ink.brass_dark)
    pen.ring(0.3, -0.07, 0.045, 0.05, 0.016, ink.brass)


def horn(pen: Pen, ink: Inks) -> None:
    """A French horn: a wide coil and a great bell."""
    light, dark = ink.brass_light, ink.brass_dark
    for radius, width in ((0.56, 0.1), (0.42, 0.075), (0.3, 0.06)):
        pen.ring(-0.05, -0.12, radius, radius, width, dark)
        pen.ring(-0.062, -0.135, radius, radius, width * 0.5, ink.brass if radius > 0.5 else light)
    pen.stroke([(-0.1, -0.66), (-0.45, -0.78), (-0.75, -0.86)], 0.045, ink.brass, smooth=True)
    pen.shape([(-0.72, -0.88), (-0.86, -0.95), (-0.89, -0.88), (-0.74, -0.83)], ink.silver)
    for n in range(3):
        pen.rect(
            -0.3 + n * 0.15,
            -0.22,
            -0.19 + n * 0.15,
            0.12,
            Fade(light, dark, (-0.3 + n * 0.15, 0), (-0.18 + n * 0.15, 0)),
            radius=0.03,
        )
        pen.stroke([(-0.245 + n * 0.15, -0.2), (-0.34 + n * 0.13, -0.38)], 0.026, ink.silver)
        pen.ellipse(-0.35 + n * 0.13, -0.4, 0.05, 0.03, ink.white)
    cone = [(-0.55, 0.12), (-0.45, 0.42), (-0.15, 0.52), (0.1, 0.44), (0.16, 0.25)]
    pen.taper(cone[::-1][1:][::-1], 0.1, 0.3, dark)
    pen.ellipse(0.34, 0.46, 0.52, 0.47, dark, turn=-20)
    pen.ellipse(0.33, 0.445, 0.5, 0.45, Fade(light, ink.brass, (0, 0.1), (0.6, 0.9)), turn=-20)
    pen.ellipse(0.35, 0.47, 0.34, 0.3, Fade(dark, ink.brass, (0.1, 0.2), (0.6, 0.8)), turn=-20)
    pen.ellipse(0.31, 0.45, 0.15, 0.13, ink.wood_dark, turn=-20)


def saxophone(pen: Pen, ink: Inks) -> None:
    light, dark = ink.brass_light, ink.brass_dark
    body = [
        (-0.12, -0.72),
        (-0.1, -0.3),
        (-0.08, 0.3),
        (-0.05, 0.66),
        (0.1, 0.86),
        (0.3, 0.8),
        (0.4, 0.52),
        (0.46, 0.2),
    ]
    pen.taper(body, 0.1, 0.33, dark)
    pen.taper(
        [(x - 0.012, y - 0.008) for x, y in body],
        0.08,
        0.285,
        Fade(light, ink.brass, (-0.2, -0.5), (0.4, 0.9)),
    )
    rim = [(0.25, 0.2), (0.32, 0.12), (0.62, 0.06), (0.72, 0.12), (0.63, 0.24), (0.4, 0.3)]
    pen.blob(rim, ink.brass)
    pen.ellipse(0.485, 0.16, 0.235, 0.085, dark, turn=-9)
    pen.ellipse(0.485, 0.165, 0.2, 0.062, ink.wood_dark, turn=-9)
    neck = [(-0.12, -0.7), (-0.13, -0.85), (-0.24, -0.94), (-0.4, -0.9), (-0.5, -0.8)]
    pen.taper(neck, 0.085, 0.05, ink.brass)
    pen.taper([(-0.42, -0.885), (-0.5, -0.81), (-0.62, -0.7)], 0.075, 0.03, ink.black)
    pen.rect(-0.185, -0.74, -0.055, -0.69, dark, radius=0.015)
    pen.stroke([(-0.01, -0.55), (0.04, 0.5)], 0.02, dark)
    for n, y in enumerate(np.linspace(-0.55, 0.52, 8)):
        r = 0.05 + 0.006 * n
        x = -0.11 + 0.012 * n
        pen.ellipse(x, y, r, r * 0.9, dark)
        pen.ellipse(x - 0.008, y - 0.008, r * 0.76, r * 0.68, ink.cream)
    for y in (-0.4, -0.24, 0.06):
        pen.stroke([(-0.18, y), (-0.27, y + 0.03)], 0.03, ink.brass)
    for x, y in ((0.2, 0.62), (0.29, 0.46)):
        pen.ellipse(x, y, 0.085, 0.08, dark)
        pen.ellipse(x - 0.01, y - 0.01, 0.065, 0.06, light)
    pen.stroke(ellipse_points(0.16, 0.42, 0.13, 0.05, 0, (180, 360)), 0.02, dark)


def accordion(pen: Pen, ink: Inks) -> None:
    """Bellows drawn open between two cases, from x = -1 to 1."""
    folds = 9
    xs = np.linspace(-0.42, 0.5, folds * 2 + 1)
    top = [(x, -0.56 - 0.10 * np.cos((x - 0.05) * 2.4) + (0.05 if n % 2 else 0)) for n, x in enumerate(xs)]
    bottom = [(x, 0.56 + 0.16 * np.cos((x - 0.05) * 2.4) - (0.05 if n % 2 else 0)) for n, x in enumerate(xs)]
    pen.shape([*top, *bottom[::-1]], ink.accent_dark)
    for n in range(0, folds * 2, 2):
        pen.shape([top[n], top[n + 1], bottom[n + 1], bottom[n]], ink.accent)
        pen.stroke([top[n], bottom[n]], 0.02, ink.cream)
    pen.shape([(-0.95, -0.62), (-0.42, -0.68), (-0.42, 0.7), (-0.95, 0.62)], ink.accent_dark)
    pen.shape(
        [(-0.9, -0.57), (-0.46, -0.62), (-0.46, 0.64), (-0.9, 0.57)],
        Fade(ink.accent, ink.accent_dark, (-0.9, -0.6), (-0.5, 0.8)),
    )
    pen.rect(-0.86, -0.5, -0.62, 0.5, ink.white)
    for n in range(14):
        y = -0.5 + n / 14
        pen.stroke([(-0.86, y), (-0.62, y)], 0.008, ink.coal)
        if n % 7 not in (0, 3):
            pen.rect(-0.74, y - 0.02, -0.62, y + 0.02, ink.black)
    for y in np.linspace(-0.45, 0.45, 6):
        pen.stroke([(-0.56, y - 0.03), (-0.5, y + 0.03)], 0.03, ink.brass_light)
    pen.shape([(0.5, -0.6), (0.95, -0.54), (0.95, 0.56), (0.5, 0.68)], ink.accent_dark)
    pen.shape(
        [(0.54, -0.55), (0.91, -0.5), (0.91, 0.51), (0.54, 0.62)],
        Fade(ink.accent, ink.accent_dark, (0.5, -0.5), (1, 0.7)),
    )
    for row in range(4):
        for n in range(8):
            pen.ellipse(0.61 + row * 0.075, -0.38 + n * 0.11 + row * 0.02, 0.026, 0.026, ink.white)
    pen.stroke([(-0.7, -0.62), (-0.5, -0.9), (-0.3, -0.66)], 0.045, ink.wood_dark, smooth=True)


def bells(pen: Pen, ink: Inks) -> None:
    """Tubular chimes on a frame, with a hand bell's shape at either side."""
    pen.rect(-0.72, -0.92, 0.72, -0.8, Fade(ink.wood, ink.wood_dark, (0, -0.92), (0, -0.8)), radius=0.03)
    for n, x in enumerate(np.linspace(-0.4, 0.4, 7)):
        length = 0.92 - n * 0.15
        pen.stroke([(x, -0.82), (x, -0.66)], 0.012, ink.cream)
        pen.rect(
            x - 0.042,
            -0.68,
            x + 0.042,
            length,
            Fade(ink.brass_light, ink.brass_dark, (x - 0.04, 0), (x + 0.045, 0)),
            radius=0.03,
        )
        pen.ellipse(x, -0.64, 0.012, 0.016, ink.wood_dark)
    for side in (-1, 1):
        bell = pen.at(side * 0.62, -0.35, 0.42, side * -7)
        shape = [
            (-0.08, -0.6),
            (0.08, -0.6),
            (0.24, -0.46),
            (0.3, -0.05),
            (0.5, 0.42),
            (-0.5, 0.42),
            (-0.3, -0.05),
            (-0.24, -0.46),
        ]
        bell.stroke([(0, -1.05), (0, -0.5)], 0.03, ink.cream)
        bell.ellipse(0, 0.5, 0.12, 0.12, ink.brass_dark)
        bell.shape(shape, Fade(ink.brass_light, ink.brass_dark, (-0.4, 0), (0.5, 0.2)))
        bell.rect(-0.54, 0.36, 0.54, 0.48, ink.brass, radius=0.05)
        bell.stroke([(-0.31, 0.0), (0.31, 0.0)], 0.03, ink.brass_dark)
