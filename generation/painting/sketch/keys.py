"""Keyboards and record players. The floor is y = 1."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mix, spline
from generation.painting.sketch.inks import Inks


def _lerp(a, b, t: float) -> tuple[float, float]:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)


def _keybed(pen: Pen, front_left, front_right, back_left, back_right, octaves: int, naturals, sharps, line) -> None:
    """Piano keys on any quadrilateral; the front edge is the player's side."""
    pen.shape([front_left, front_right, back_right, back_left], naturals)
    count = octaves * 7
    for n in range(1, count):
        pen.stroke(
            [_lerp(front_left, front_right, n / count), _lerp(back_left, back_right, n / count)],
            0.007,
            line,
            alpha=0.7,
        )
    for n in range(count):
        if n % 7 in (2, 6):
            continue
        left, right = (n + 0.68) / count, (n + 1.32) / count
        near_l = _lerp(_lerp(front_left, front_right, left), _lerp(back_left, back_right, left), 0.4)
        near_r = _lerp(_lerp(front_left, front_right, right), _lerp(back_left, back_right, right), 0.4)
        pen.shape([near_l, near_r, _lerp(back_left, back_right, right), _lerp(back_left, back_right, left)], sharps)


def piano(pen: Pen, ink: Inks) -> None:
    """A grand piano from the side, its lid up."""
    sheen = mix(ink.coal, ink.second, 0.25)
    lid = spline([(-0.56, 0.1), (-0.62, -0.3), (-0.5, -0.78), (-0.22, -0.97), (0.06, -0.9), (0.24, -0.62)], False)
    lid = np.vstack([lid, spline([(0.24, -0.62), (0.42, -0.4), (0.7, -0.26), (0.9, -0.1), (0.95, 0.1)], False)])
    pen.shape(lid, ink.black)
    pen.at(0.02, 0.02, 0.93).shape(
        lid, Fade(mix(ink.wood, ink.black, 0.25), mix(ink.black, ink.wood, 0.2), (-0.4, -0.8), (0.6, 0.1))
    )
    pen.stroke([(0.3, 0.06), (0.12, -0.68)], 0.022, ink.wood_light)
    for n in range(14):
        t = n / 13
        pen.stroke(
            [(-0.5 + 0.1 * t, 0.06), (-0.2 + 1.0 * t, 0.06 - 0.17 * (1 - t))],
            0.008,
            ink.brass_light,
            alpha=0.7,
        )
    pen.shape(
        [(-0.5, 0.06), (-0.1, 0.0), (0.8, 0.0), (0.93, 0.06)],
        Fade(ink.brass, ink.brass_dark, (-0.4, 0), (0.9, 0)),
        alpha=0.75,
    )
    for x in (-0.5, 0.72):
        pen.shape([(x - 0.06, 0.3), (x + 0.06, 0.3), (x + 0.03, 0.92), (x - 0.03, 0.92)], ink.black)
        pen.ellipse(x, 0.95, 0.045, 0.045, ink.brass)
    pen.shape([(-0.26, 0.3), (-0.16, 0.3), (-0.15, 0.84), (-0.27, 0.84)], ink.black)
    for x in (-0.245, -0.21, -0.175):
        pen.stroke([(x, 0.4), (x, 0.82)], 0.01, ink.brass)
        pen.stroke([(x, 0.88), (x - 0.05, 0.91)], 0.026, ink.brass_light)
    pen.rect(-0.28, 0.82, -0.14, 0.88, ink.black)
    case = [(-0.62, 0.04), (0.86, 0.04), (0.97, 0.08), (0.98, 0.28), (0.9, 0.35), (-0.62, 0.35)]
    pen.shape(case, Fade(sheen, ink.black, (0, 0.04), (0, 0.33)))
    pen.stroke([(-0.6, 0.075), (0.93, 0.075)], 0.01, ink.white, alpha=0.4)
    pen.shape([(-0.98, 0.16), (-0.6, 0.16), (-0.6, 0.36), (-0.94, 0.36)], ink.black)
    _keybed(pen, (-0.99, 0.16), (-0.86, -0.02), (-0.72, 0.16), (-0.59, -0.02), 2, ink.white, ink.black, ink.coal)
    pen.shape([(-0.72, 0.16), (-0.59, -0.02), (-0.56, -0.02), (-0.56, 0.2), (-0.72, 0.2)], ink.coal)
    pen.shape([(-0.55, 0.02), (-0.42, -0.3), (-0.4, -0.29), (-0.5, 0.03)], ink.coal)
    pen.shape([(-0.575, -0.02), (-0.465, -0.27), (-0.44, -0.26), (-0.53, 0.01)], ink.white)
    pen.rect(-1.2, 0.5, -0.86, 0.58, Fade(ink.accent, ink.accent_dark, (0, 0.5), (0, 0.58)), radius=0.03)
    for x in (-1.15, -0.91):
        pen.stroke([(x, 0.58), (x, 0.97)], 0.035, ink.black)


def harpsichord(pen: Pen, ink: Inks) -> None:
    """Long and angular, painted and gilded, with dark naturals and turned legs."""
    green, deep = mix(ink.second, ink.black, 0.25), mix(ink.second, ink.black, 0.6)
    lid = [(-0.62, 0.06), (-0.5, -0.86), (-0.18, -0.9), (0.98, -0.16), (1.02, 0.06)]
    pen.shape(lid, deep)
    inner = pen.at(0.025, 0.01, 0.91)
    inner.shape(lid, Fade(ink.cream, mix(ink.cream, ink.accent, 0.45), (-0.3, -0.9), (0.4, 0.1)))
    # A painted landscape inside the lid, as the fashion was.
    inner.blob(
        [(-0.57, -0.02), (-0.4, -0.2), (-0.15, -0.14), (0.2, -0.28), (0.6, -0.16), (0.9, -0.02)],
        mix(green, ink.cream, 0.35),
    )
    inner.ellipse(-0.2, -0.58, 0.08, 0.08, ink.brass_light)
    for x in (-0.42, 0.12, 0.32):
        inner.stroke([(x, -0.14), (x, -0.32)], 0.018, ink.wood_dark)
        inner.ellipse(x, -0.36, 0.07, 0.1, green)
    pen.stroke([(0.1, 0.06), (0.02, -0.72)], 0.02, ink.brass)
    for x in (-0.78, -0.36, 0.2, 0.82):
        for y, r in ((0.42, 0.05), (0.56, 0.075), (0.72, 0.045), (0.84, 0.05)):
            pen.ellipse(x, y, r, 0.075, Fade(ink.brass, ink.wood_dark, (x - 0.05, 0), (x + 0.07, 0)))
        pen.ellipse(x, 0.94, 0.055, 0.06, ink.wood_dark)
    pen.stroke([(-0.78, 0.8), (0.82, 0.8)], 0.04, ink.wood_dark)
    pen.shape([(-0.9, 0.06), (1.0, 0.04), (1.02, 0.34), (-0.9, 0.36)], Fade(green, deep, (0, 0.04), (0, 0.36)))
    for x0, x1 in ((-0.52, -0.08), (-0.02, 0.42), (0.48, 0.94)):
        for a, b in (
            ((x0, 0.11), (x1, 0.11)),
            ((x1, 0.11), (x1, 0.29)),
            ((x1, 0.29), (x0, 0.29)),
            ((x0, 0.29), (x0, 0.11)),
        ):
            pen.stroke([a, b], 0.014, ink.brass_light)
        pen.ellipse((x0 + x1) / 2, 0.2, 0.07, 0.035, ink.brass)
    for lift in (0.0, 0.11):
        shift = lift * 0.7
        _keybed(
            pen,
            (-1.06 + shift, 0.2 - lift),
            (-0.94 + shift, 0.04 - lift),
            (-0.86 + shift, 0.2 - lift),
            (-0.74 + shift, 0.04 - lift),
            2,
            ink.black,
            ink.cream,
            ink.coal,
        )
    pen.shape([(-1.06, 0.2), (-0.84, 0.2), (-0.84, 0.34), (-1.02, 0.34)], ink.wood_dark)


def organ(pen: Pen, ink: Inks) -> None:
    """A church organ's front: towers of pipes over a console."""
    pen.rect(-0.92, 0.18, 0.92, 1.0, Fade(ink.wood, ink.wood_dark, (0, 0.1), (0, 1.0)))
    for x in (-0.72, 0.72):
        pen.rect(x - 0.14, 0.34, x + 0.14, 0.92, ink.wood_dark, radius=0.02)
        pen.rect(x - 0.11, 0.38, x + 0.11, 0.88, ink.wood, radius=0.02)
    groups = [
        (-0.78, 5, -0.62, 0.10),
        (-0.36, 5, -0.2, -0.16),
        (0.0, 7, -0.94, 0.16),
        (0.36, 5, -0.2, -0.16),
        (0.78, 5, -0.62, 0.10),
    ]
    for centre, count, tip, arch in groups:
        spread = 0.17 if count == 5 else 0.2
        xs = np.linspace(-spread, spread, count)
        for x in xs:
            top = tip + arch * (abs(x) / spread) ** 1.4
            half = spread / count * 0.92
            place = centre + x
            pipe = Fade(ink.white, ink.silver_dark, (place - half, 0), (place + half * 1.3, 0))
            pen.rect(place - half, top, place + half, 0.06, pipe)
            pen.ellipse(place, top, half, half * 0.45, ink.silver_dark)
            pen.shape(
                [
                    (place - half, 0.06),
                    (place + half, 0.06),
                    (place + half * 0.3, 0.2),
                    (place - half * 0.3, 0.2),
                ],
                ink.silver_dark,
            )
            pen.shape([(place - half * 0.6, 0.0), (place + half * 0.6, 0.0), (place, -0.09)], ink.coal)
        for side in (-1, 1):
            x = centre + side * (spread + 0.035)
            pen.rect(
                x - 0.022,
                min(tip, tip + arch) - 0.02,
                x + 0.022,
                0.2,
                Fade(ink.brass, ink.wood_dark, (x - 0.02, 0), (x + 0.03, 0)),
            )
    for centre, width, y in ((-0.78, 0.24, -0.68), (0.0, 0.27, -1.0), (0.78, 0.24, -0.68)):
        pen.blob(
            [(centre - width, y + 0.06), (centre, y - 0.06), (centre + width, y + 0.06), (centre, y + 0.02)],
            ink.brass,
        )
    pen.rect(-0.96, 0.16, 0.96, 0.24, Fade(ink.brass_light, ink.brass_dark, (0, 0.16), (0, 0.24)))
    pen.rect(-0.48, 0.3, 0.48, 0.62, ink.black, radius=0.03)
    for n, y in enumerate((0.42, 0.5, 0.58)):
        half = 0.34 + 0.02 * n
        _keybed(
            pen,
            (-half, y + 0.05),
            (half, y + 0.05),
            (-half, y - 0.02),
            (half, y - 0.02),
            4,
            ink.white,
            ink.black,
            ink.coal,
        )
    for side in (-1, 1):
        for n in range(6):
            pen.ellipse(side * (0.41 + 0.04 * (n % 2)), 0.37 + 0.035 * n, 0.014, 0.014, ink.cream)
    pen.rect(-0.36, 0.8, 0.36, 0.86, ink.wood_light, radius=0.02)
    for x in (-0.3, 0.3):
        pen.rect(x - 0.03, 0.85, x + 0.03, 1.0, ink.wood_dark)


def synth(pen: Pen, ink: Inks) -> None:
    """Keys below a wall of knobs and patch cables, between wooden cheeks."""
    pen.shape(
        [(-0.9, -0.72), (0.9, -0.72), (0.96, 0.02), (-0.96, 0.02)],
        Fade(ink.coal, ink.black, (0, -0.7), (0, 0.05)),
    )
    for column in range(9):
        for row in range(3):
            x, y = -0.74 + column * 0.185, -0.56 + row * 0.19
            colour = (ink.silver, ink.accent, ink.second)[(column * 2 + row) % 3]
            pen.ellipse(x, y, 0.058, 0.058, ink.black)
            pen.ellipse(x, y, 0.046, 0.046, colour)
            angle = (column * 67 + row * 41) % 270 - 225
            tip = (x + 0.042 * np.cos(np.radians(angle)), y + 0.042 * np.sin(np.radians(angle)))
            pen.stroke([(x, y), tip], 0.016, ink.black)
    for n, (a, b, colour) in enumerate(
        ((-0.65, 0.1, ink.accent), (-0.28, 0.46, ink.second), (-0.1, 0.65, ink.brass_light))
    ):
        y = -0.46 + 0.02 * n
        pen.stroke([(a, y), ((a + b) / 2, 0.2 - 0.04 * n), (b, y + 0.1)], 0.03, colour, smooth=True)
        pen.ellipse(a, y, 0.035, 0.035, colour)
        pen.ellipse(b, y + 0.1, 0.035, 0.035, colour)
    pen.shape([(-0.96, 0.02), (0.96, 0.02), (1.02, 0.6), (-1.02, 0.6)], ink.coal)
    _keybed(pen, (-0.93, 0.54), (0.93, 0.54), (-0.89, 0.1), (0.89, 0.1), 3, ink.white, ink.black, ink.coal)
    for side in (-1, 1):
        cheek = [(side * 0.9, -0.76), (side * 1.0, -0.76), (side * 1.1, 0.68), (side * 0.96, 0.68)]
        pen.shape(cheek, Fade(ink.wood_light, ink.wood_dark, (0, -0.7), (0, 0.7)))
    pen.shape([(-1.0, 0.6), (1.0, 0.6), (1.0, 0.7), (-1.0, 0.7)], ink.wood_dark)


def keyboard(pen: Pen, ink: Inks) -> None:
    """A stage keyboard on crossed legs."""
    for a, b in (((-0.62, 0.12), (0.5, 0.96)), ((0.62, 0.12), (-0.5, 0.96))):
        pen.stroke([a, b], 0.065, ink.coal)
        pen.stroke([(b[0] - 0.14, 0.96), (b[0] + 0.14, 0.96)], 0.065, ink.black)
    pen.ellipse(0, 0.54, 0.065, 0.065, ink.silver)
    pen.rect(-1.05, -0.34, 1.05, 0.2, ink.black, radius=0.07)
    pen.rect(-1.0, -0.31, 1.0, -0.02, Fade(ink.accent, ink.accent_dark, (-1, 0), (1, 0)), radius=0.05)
    pen.rect(-0.24, -0.26, 0.24, -0.08, ink.black, radius=0.03)
    for n in range(12):
        h = 0.03 + 0.06 * abs(np.sin(n * 1.7))
        pen.rect(-0.2 + n * 0.034, -0.1 - h, -0.18 + n * 0.034, -0.1, ink.brass_light)
    for side in (-1, 1):
        for n in range(4):
            pen.ellipse(side * (0.38 + n * 0.14), -0.17, 0.045, 0.045, ink.black)
            pen.ellipse(side * (0.38 + n * 0.14), -0.175, 0.033, 0.033, ink.cream)
    _keybed(pen, (-1.0, 0.16), (1.0, 0.16), (-1.0, -0.04), (1.0, -0.04), 4, ink.white, ink.black, ink.coal)
    pen.stroke([(0.3, -0.33), (0.34, -0.62)], 0.03, ink.coal)
    pen.shape([(0.02, -0.44), (0.6, -0.38), (0.64, -0.86), (0.08, -0.9)], ink.white)
    for n in range(4):
        y = -0.8 + n * 0.1
        pen.stroke([(0.13, y), (0.58, y + 0.03)], 0.008, ink.coal)
        for k in range(4):
            pen.ellipse(0.18 + k * 0.11 + 0.02 * n, y + 0.012 + 0.03 * np.sin(k * 2 + n), 0.022, 0.017, ink.black)


def turntable(pen: Pen, ink: Inks) -> None:
    """Seen from above: a record, its arm, a fader."""
    pen.rect(-1.0, -0.78, 1.0, 0.78, ink.black, radius=0.1)
    pen.rect(-0.96, -0.75, 0.96, 0.72, Fade(ink.silver, ink.silver_dark, (-0.9, -0.7), (0.9, 0.8)), radius=0.08)
    x, y = -0.22, -0.01
    pen.ellipse(x, y, 0.68, 0.68, ink.silver_dark)
    pen.ellipse(x, y, 0.64, 0.64, ink.black)
    for r in np.linspace(0.28, 0.6, 9):
        pen.ring(x, y, r, r, 0.008, ink.coal)
    for turn in (-40, 140):
        wedge = np.vstack([[(x, y)], ellipse_points(x, y, 0.62, 0.62, 0, (turn - 13, turn + 13))])
        pen.shape(wedge, ink.white, alpha=0.16)
    pen.ellipse(x, y, 0.22, 0.22, ink.accent)
    pen.ring(x, y, 0.16, 0.16, 0.012, ink.accent_dark)
    pen.ellipse(x, y, 0.03, 0.03, ink.white)
    pen.ellipse(0.72, -0.5, 0.17, 0.17, ink.silver_dark)
    pen.ellipse(0.72, -0.5, 0.11, 0.11, ink.coal)
    pen.stroke([(0.76, -0.66), (0.7, -0.3), (0.6, 0.12), (0.3, 0.4)], 0.045, ink.white, smooth=True)
    pen.shape([(0.34, 0.31), (0.4, 0.38), (0.25, 0.52), (0.18, 0.45)], ink.black)
    pen.rect(0.68, 0.05, 0.86, 0.6, ink.coal, radius=0.03)
    pen.stroke([(0.77, 0.12), (0.77, 0.53)], 0.02, ink.black)
    pen.rect(0.7, 0.27, 0.84, 0.34, ink.cream, radius=0.015)
    pen.ellipse(-0.82, 0.58, 0.07, 0.07, ink.coal)
    pen.ellipse(-0.82, 0.58, 0.035, 0.035, ink.second)


def drum_machine(pen: Pen, ink: Inks) -> None:
    """A box of knobs over a grid of lit pads."""
    pen.rect(-1.0, -0.76, 1.0, 0.76, ink.black, radius=0.09)
    pen.rect(-0.95, -0.72, 0.95, 0.7, Fade(ink.coal, ink.black, (0, -0.7), (0, 0.7)), radius=0.07)
    pen.rect(-0.86, -0.62, -0.3, -0.3, mix(ink.second, ink.black, 0.5), radius=0.03)
    for n in range(7):
        tall = 0.06 + 0.16 * abs(np.sin(n * 1.9))
        pen.rect(-0.8 + n * 0.068, -0.35 - tall, -0.76 + n * 0.068, -0.35, ink.brass_light)
    for n in range(6):
        x, y = -0.12 + n * 0.19, -0.46
        pen.ellipse(x, y, 0.075, 0.075, ink.silver)
        angle = np.radians(-140 + n * 47)
        pen.stroke([(x, y), (x + 0.06 * np.cos(angle), y + 0.06 * np.sin(angle))], 0.02, ink.black)
    for row in range(3):
        for column in range(6):
            lit = (row * 5 + column * 3) % 4
            colour = (ink.accent, ink.cream, ink.second, ink.cream)[lit]
            x, y = -0.72 + column * 0.288, -0.06 + row * 0.27
            pen.rect(x - 0.11, y - 0.1, x + 0.11, y + 0.1, colour, radius=0.03)
