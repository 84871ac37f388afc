"""Plucked and bowed instruments. Each is drawn upright between y = -1 (top) and y = 1 (bottom)."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mirrored, mix, spline
from generation.painting.sketch.inks import Inks


def _string_lines(pen: Pen, count: int, top: tuple, bottom: tuple, width: float, paint, alpha=0.9) -> None:
    """`count` strings between two places, each (half width, y)."""
    for t in np.linspace(-1, 1, count):
        pen.stroke([(t * top[0], top[1]), (t * bottom[0], bottom[1])], width, paint, alpha=alpha)


def _frets(pen: Pen, half: float, nut: float, end: float, count: int, paint) -> None:
    """Frets that draw closer towards the body, as real ones do."""
    for n in range(1, count + 1):
        y = nut + (end - nut) * (1 - 2 ** (-n / 12)) / (1 - 2 ** (-count / 12))
        pen.stroke([(-half, y), (half, y)], 0.011, paint)


def _pegs(pen: Pen, rows: list[float], x: float, radius: float, paint) -> None:
    for y in rows:
        for side in (-1, 1):
            pen.stroke([(side * x * 0.6, y), (side * x, y)], radius, paint)
            pen.ellipse(side * (x + radius), y, radius * 1.25, radius * 0.95, paint)


def guitar(pen: Pen, ink: Inks) -> None:
    body = [(0, -0.15), (0.13, -0.165), (0.245, -0.10), (0.275, 0.03), (0.225, 0.19), (0.255, 0.33)]
    body += [(0.365, 0.49), (0.395, 0.68), (0.31, 0.88), (0.15, 0.975), (0, 0.985)]
    pen.blob(mirrored(body), ink.wood_dark)
    inner = pen.at(0, 0.42, 0.945).at(0, -0.42)
    inner.blob(mirrored(body), Fade(ink.wood_light, ink.wood, (-0.35, 0), (0.35, 0.95)))
    for n in range(-5, 6):
        inner.stroke([(n * 0.06, 0.0), (n * 0.062, 0.9)], 0.006, ink.wood, alpha=0.35 if abs(n) < 5 else 0)
    pen.ellipse(0, 0.26, 0.145, 0.145, ink.cream)
    pen.ellipse(0, 0.26, 0.128, 0.128, ink.varnish)
    pen.ellipse(0, 0.26, 0.11, 0.11, Fade(ink.black, ink.wood_dark, (0, 0.15), (0, 0.4)))
    guard = [(0.13, 0.28), (0.2, 0.3), (0.215, 0.42), (0.15, 0.5), (0.08, 0.42), (0.09, 0.37)]
    pen.blob(guard, ink.wood_dark, alpha=0.85)
    pen.rect(-0.055, -0.74, 0.055, 0.19, Fade(ink.wood_dark, ink.black, (-0.06, 0), (0.06, 0)))
    _frets(pen, 0.052, -0.72, 0.17, 15, ink.brass_light)
    pen.blob([(-0.2, 0.71), (-0.1, 0.685), (0.1, 0.685), (0.2, 0.71), (0.1, 0.745), (-0.1, 0.745)], ink.wood_dark)
    head = [(0.055, -0.7), (0.085, -0.76), (0.095, -0.985), (0.03, -1.0)]
    _pegs(pen, [-0.92, -0.86, -0.80], 0.125, 0.022, ink.cream)
    pen.shape(mirrored(head[::-1]), Fade(ink.varnish, ink.wood_dark, (-0.1, -1), (0.1, -0.7)))
    _string_lines(pen, 6, (0.04, -0.75), (0.052, 0.705), 0.0065, ink.white)
    pen.rect(-0.06, -0.755, 0.06, -0.735, ink.white)


def electric_guitar(pen: Pen, ink: Inks) -> None:
    body = [(0.06, 0.03), (0.13, -0.1), (0.23, -0.15), (0.235, -0.03), (0.17, 0.12), (0.2, 0.28), (0.3, 0.47)]
    body += [
        (0.34, 0.67),
        (0.25, 0.86),
        (0.02, 0.93),
        (-0.22, 0.91),
        (-0.35, 0.78),
        (-0.36, 0.57),
        (-0.23, 0.37),
    ]
    body += [(-0.21, 0.22), (-0.3, 0.05), (-0.34, -0.16), (-0.29, -0.26), (-0.19, -0.14), (-0.07, 0.04)]
    pen.blob(body, ink.accent_dark)
    pen.at(-0.012, 0.022, 0.95).blob(
        body, Fade(ink.accent, mix(ink.accent, ink.accent_dark, 0.5), (-0.3, 0), (0.3, 0.9))
    )
    guard = [(-0.16, 0.08), (0.13, 0.07), (0.13, 0.25), (0.2, 0.42), (0.25, 0.62), (0.19, 0.74), (0.1, 0.66)]
    guard += [(-0.13, 0.62), (-0.2, 0.45), (-0.13, 0.25)]
    pen.blob(guard, ink.white)
    for y in (0.24, 0.39, 0.54):
        pen.rect(-0.11, y - 0.035, 0.11, y + 0.035, ink.black, radius=0.03)
        for x in np.linspace(-0.075, 0.075, 6):
            pen.ellipse(x, y, 0.009, 0.009, ink.silver)
    pen.rect(-0.1, 0.63, 0.1, 0.72, Fade(ink.silver, ink.silver_dark, (0, 0.63), (0, 0.72)), radius=0.02)
    pen.stroke([(0.08, 0.67), (0.17, 0.6), (0.2, 0.5)], 0.014, ink.silver, smooth=True)
    for x, y in ((0.19, 0.58), (0.225, 0.69), (0.16, 0.79)):
        pen.ellipse(x, y, 0.034, 0.034, ink.coal)
        pen.ellipse(x - 0.006, y - 0.006, 0.018, 0.018, ink.silver)
    pen.rect(-0.05, -0.76, 0.05, 0.16, Fade(ink.wood_light, ink.wood, (-0.05, 0), (0.05, 0)))
    _frets(pen, 0.048, -0.74, 0.14, 18, ink.silver_dark)
    for y in (-0.55, -0.36, -0.22, -0.09, 0.05):
        pen.ellipse(0, y, 0.012, 0.012, ink.black)
    head = [
        (-0.05, -0.72),
        (-0.07, -0.8),
        (-0.09, -0.9),
        (-0.06, -1.0),
        (0.06, -1.02),
        (0.12, -0.95),
        (0.09, -0.88),
    ]
    head += [(0.09, -0.8), (0.05, -0.72)]
    for n in range(6):
        pen.stroke([(-0.06, -0.78 - 0.037 * n), (-0.13, -0.78 - 0.037 * n)], 0.02, ink.silver)
        pen.ellipse(-0.14, -0.78 - 0.037 * n, 0.02, 0.015, ink.silver)
    pen.blob(head, Fade(ink.wood_light, ink.wood, (-0.1, -1), (0.1, -0.7)))
    _string_lines(pen, 6, (0.036, -0.78), (0.06, 0.68), 0.0065, ink.white)


def bass_guitar(pen: Pen, ink: Inks) -> None:
    body = [(0.06, 0.22), (0.12, 0.1), (0.2, 0.0), (0.27, -0.02), (0.24, 0.12), (0.2, 0.28), (0.26, 0.42)]
    body += [
        (0.31, 0.62),
        (0.27, 0.84),
        (0.08, 0.95),
        (-0.16, 0.93),
        (-0.32, 0.82),
        (-0.33, 0.6),
        (-0.22, 0.42),
    ]
    body += [(-0.21, 0.28), (-0.3, 0.06), (-0.31, -0.1), (-0.22, -0.07), (-0.12, 0.1), (-0.06, 0.22)]
    pen.blob(body, ink.black)
    pen.at(-0.01, 0.025, 0.94).blob(body, Fade(ink.brass, ink.wood_dark, (0, 0.5), (0.34, 0.9)))
    pen.at(-0.01, 0.16, 0.7).blob(body, Fade(ink.brass_light, ink.brass, (0, 0.4), (0.2, 0.9)), alpha=0.6)
    guard = [(-0.12, 0.28), (0.1, 0.24), (0.2, 0.4), (0.23, 0.62), (0.12, 0.72), (-0.08, 0.66), (-0.2, 0.5)]
    pen.blob(guard, ink.varnish)
    pen.rect(-0.1, 0.42, 0.1, 0.52, ink.black, radius=0.02)
    for x in (-0.066, -0.022, 0.022, 0.066):
        pen.ellipse(x, 0.47, 0.014, 0.014, ink.silver)
    pen.rect(-0.1, 0.7, 0.1, 0.82, Fade(ink.silver, ink.silver_dark, (0, 0.7), (0, 0.82)), radius=0.015)
    for x, y in ((0.17, 0.58), (0.2, 0.68), (0.15, 0.79)):
        pen.ellipse(x, y, 0.032, 0.032, ink.silver)
    pen.rect(-0.046, -0.8, 0.046, 0.34, Fade(ink.wood_dark, ink.black, (-0.05, 0), (0.05, 0)))
    _frets(pen, 0.044, -0.78, 0.32, 16, ink.silver)
    for y in (-0.56, -0.36, -0.2, -0.06):
        pen.rect(-0.03, y - 0.014, 0.03, y + 0.014, ink.cream)
    for n, side in enumerate((-1, 1, -1, 1)):
        y = -0.83 - 0.042 * n
        pen.stroke([(0, y), (side * 0.13, y)], 0.02, ink.silver)
        pen.ellipse(side * 0.15, y, 0.034, 0.024, ink.silver)
    head = [
        (-0.045, -0.77),
        (-0.085, -0.86),
        (-0.075, -0.99),
        (0.02, -1.02),
        (0.09, -0.96),
        (0.08, -0.86),
        (0.045, -0.77),
    ]
    pen.blob(head, ink.wood)
    _string_lines(pen, 4, (0.03, -0.82), (0.06, 0.76), 0.011, ink.silver)


def banjo(pen: Pen, ink: Inks) -> None:
    pen.ellipse(0, 0.6, 0.395, 0.395, ink.wood_dark)
    pen.ellipse(0, 0.6, 0.37, 0.37, Fade(ink.silver, ink.silver_dark, (-0.3, 0.3), (0.3, 0.9)))
    for t in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        pen.stroke(
            [(0.335 * np.cos(t), 0.6 + 0.335 * np.sin(t)), (0.395 * np.cos(t), 0.6 + 0.395 * np.sin(t))],
            0.026,
            ink.brass,
        )
    pen.ellipse(0, 0.6, 0.325, 0.325, Fade(ink.white, ink.cream, (-0.2, 0.3), (0.25, 0.9)))
    pen.ring(0, 0.6, 0.29, 0.29, 0.008, ink.cream)
    pen.rect(-0.05, -0.78, 0.05, 0.36, Fade(ink.wood, ink.wood_dark, (-0.05, 0), (0.05, 0)))
    _frets(pen, 0.048, -0.76, 0.34, 18, ink.brass_light)
    pen.stroke([(-0.05, -0.2), (-0.1, -0.2)], 0.024, ink.wood_dark)
    pen.ellipse(-0.12, -0.2, 0.028, 0.02, ink.cream)
    _pegs(pen, [-0.93, -0.84], 0.12, 0.024, ink.cream)
    head = [(0.0, -1.01), (0.06, -0.985), (0.1, -0.93), (0.075, -0.85), (0.085, -0.8), (0.05, -0.74)]
    pen.blob(mirrored([*head, (0, -0.735)]), ink.wood_dark)
    pen.ellipse(0, -0.88, 0.02, 0.03, ink.brass_light)
    pen.rect(-0.085, 0.715, 0.085, 0.745, ink.wood_dark)
    pen.shape([(-0.07, 0.96), (0.07, 0.96), (0.045, 0.86), (-0.045, 0.86)], ink.brass)
    _string_lines(pen, 4, (0.034, -0.77), (0.05, 0.88), 0.007, ink.coal)


def lute(pen: Pen, ink: Inks) -> None:
    bowl = [
        (0, -0.2),
        (0.07, -0.13),
        (0.17, 0.02),
        (0.3, 0.24),
        (0.395, 0.5),
        (0.38, 0.75),
        (0.24, 0.93),
        (0, 0.985),
    ]
    pen.blob(mirrored(bowl), ink.wood_dark)
    face = pen.at(0, 0.015, 0.95)
    face.blob(mirrored(bowl), Fade(ink.cream, ink.wood_light, (-0.3, 0), (0.3, 0.95)))
    pen.ellipse(0, 0.4, 0.14, 0.14, ink.wood_dark)
    pen.ellipse(0, 0.4, 0.12, 0.12, ink.black)
    for n in range(6):
        turn = n * 30
        pen.ring(0, 0.4, 0.11, 0.045, 0.013, ink.wood_light, turn=turn)
    pen.ellipse(0, 0.4, 0.025, 0.025, ink.wood_light)
    pen.rect(-0.075, -0.62, 0.075, 0.2, Fade(ink.varnish, ink.wood_dark, (-0.08, 0), (0.08, 0)))
    for y in np.linspace(-0.5, 0.06, 7):
        pen.stroke([(-0.075, y), (0.075, y)], 0.011, ink.cream)
    # The peg box bends back sharply: what distinguishes a lute from every other plucked instrument.
    box = [(-0.08, -0.64), (0.08, -0.6), (0.52, -0.86), (0.48, -0.95)]
    for n in range(6):
        x, y = 0.12 + 0.066 * n, -0.665 - 0.046 * n
        pen.stroke([(x - 0.045, y - 0.1), (x + 0.06, y + 0.12)], 0.018, ink.cream)
        pen.ellipse(x - 0.05, y - 0.11, 0.024, 0.016, ink.cream, turn=55)
        pen.ellipse(x + 0.065, y + 0.13, 0.024, 0.016, ink.cream, turn=55)
    pen.shape(box, Fade(ink.varnish, ink.wood_dark, (0, -0.6), (0.5, -0.9)))
    pen.rect(-0.2, 0.78, 0.2, 0.815, ink.wood_dark, radius=0.015)
    _string_lines(pen, 8, (0.06, -0.62), (0.15, 0.79), 0.006, ink.wood_dark, 0.8)


def _bowed_body(pen: Pen, ink: Inks) -> None:
    """The body of the violin family, from y = -0.25 to 0.97, with its f-holes."""
    body = [(0, -0.235), (0.14, -0.245), (0.25, -0.17), (0.275, -0.04), (0.235, 0.09), (0.25, 0.16)]
    corner_up = [(0.285, 0.185), (0.2, 0.23), (0.165, 0.36), (0.195, 0.48), (0.305, 0.53)]
    lower = [(0.285, 0.57), (0.345, 0.68), (0.335, 0.85), (0.21, 0.955), (0, 0.975)]
    right = np.vstack(
        [spline(body, False), spline(corner_up, False), spline(lower, False)],
    )
    outline = np.vstack([right, right[::-1] * [-1, 1]])
    pen.shape(outline, ink.wood_dark)
    inner = pen.at(0, 0.022, 0.94)
    inner.shape(outline, Fade(mix(ink.wood, ink.varnish, 0.25), ink.varnish, (-0.3, -0.1), (0.3, 0.95)))
    glow = pen.at(0, 0.13, 0.66)
    glow.shape(outline, Fade(ink.wood_light, ink.wood, (-0.3, 0), (0.35, 0.9)), alpha=0.35)
    for side in (-1, 1):
        hole = [(0.1, 0.22), (0.125, 0.26), (0.12, 0.34), (0.155, 0.44), (0.175, 0.52), (0.15, 0.56)]
        pen.taper([(side * x, y) for x, y in hole], 0.02, 0.026, ink.black)
        pen.ellipse(side * 0.098, 0.24, 0.019, 0.019, ink.black)
        pen.ellipse(side * 0.155, 0.555, 0.022, 0.022, ink.black)


def _scroll(pen: Pen, ink: Inks, neck_top: float) -> None:
    _pegs(pen, [neck_top + 0.03, neck_top - 0.05], 0.12, 0.022, ink.black)
    pen.shape(
        [(-0.045, neck_top + 0.1), (0.045, neck_top + 0.1), (0.04, neck_top - 0.1), (-0.04, neck_top - 0.1)],
        ink.varnish,
    )
    pen.ellipse(0, neck_top - 0.115, 0.062, 0.056, ink.varnish)
    pen.ring(0, neck_top - 0.115, 0.034, 0.03, 0.014, ink.wood_dark)


def _fittings(pen: Pen, ink: Inks, nut: float) -> None:
    """Fingerboard, bridge, tailpiece and strings."""
    pen.shape(
        [(-0.034, nut), (0.034, nut), (0.058, 0.25), (-0.058, 0.25)],
        Fade(ink.coal, ink.black, (-0.05, 0), (0.05, 0)),
    )
    pen.shape([(-0.085, 0.415), (0.085, 0.415), (0.1, 0.45), (-0.1, 0.45)], ink.cream)
    pen.blob([(-0.055, 0.66), (0.055, 0.66), (0.03, 0.9), (-0.03, 0.9)], ink.black)
    _string_lines(pen, 4, (0.022, nut), (0.05, 0.42), 0.007, ink.white)
    _string_lines(pen, 4, (0.05, 0.42), (0.036, 0.68), 0.007, ink.white)


def violin(pen: Pen, ink: Inks) -> None:
    _scroll(pen, ink, -0.83)
    _bowed_body(pen, ink)
    _fittings(pen, ink, -0.78)
    pen.ellipse(-0.14, 0.84, 0.1, 0.075, ink.black, turn=-15)
    bow = pen.at(0.5, 0.05, 1, 16)
    bow.stroke([(0.0, -0.93), (0.025, -0.45), (0.025, 0.3), (0, 0.85)], 0.022, ink.wood_dark, smooth=True)
    bow.shape([(-0.005, -0.95), (-0.06, -0.93), (-0.045, -0.87), (0.01, -0.89)], ink.white)
    bow.shape([(-0.045, -0.88), (-0.055, -0.88), (-0.075, 0.78), (-0.055, 0.78)], ink.white)
    bow.rect(-0.085, 0.74, 0.012, 0.83, ink.black, radius=0.012)


def cello(pen: Pen, ink: Inks) -> None:
    """Similar to a violin, but with a spike, a slender body and a low bow."""
    pen.stroke([(0, 0.7), (0, 1.0)], 0.02, ink.silver)
    upper = pen.at(0, -0.16, 1.02)
    wide = pen.at(0, 0.02, 0.9)
    _scroll(upper.at(0, 0, 0.95), ink, -0.78)
    upper.rect(-0.035, -0.7, 0.035, 0, ink.varnish)
    _bowed_body(wide, ink)
    _fittings(wide, ink, -0.85)
    bow = pen.at(0.02, 0.27, 0.72, 97)
    bow.stroke([(0.0, -0.95), (0.03, -0.4), (0.03, 0.3), (0, 0.85)], 0.03, ink.wood_dark, smooth=True)
    bow.shape([(-0.045, -0.93), (-0.058, -0.93), (-0.085, 0.8), (-0.06, 0.8)], ink.white)
    bow.rect(-0.1, 0.74, 0.015, 0.84, ink.black, radius=0.015)


def harp(pen: Pen, ink: Inks) -> None:
    neck = np.array([(-0.5, -0.83), (-0.38, -0.7), (-0.2, -0.63), (-0.02, -0.72), (0.16, -0.74), (0.36, -0.52)])
    curve = spline(neck, False, 16)
    foot, top = np.array([-0.44, 0.86]), np.array([0.4, -0.48])
    for t in np.linspace(0.04, 0.93, 26):
        end = foot + (top - foot) * t
        start_at = np.argmin(np.abs(curve[:, 0] - end[0]))
        colour = ink.accent if round(t * 29) % 7 == 0 else ink.white
        pen.stroke([tuple(curve[start_at]), tuple(end)], 0.008, colour)
    sound = [(-0.52, 0.82), (-0.38, 0.92), (0.44, -0.44), (0.36, -0.55)]
    pen.shape([(-0.5, 0.8), (-0.3, 0.92), (0.5, -0.42), (0.36, -0.55)], ink.wood_dark)
    pen.shape(sound, Fade(ink.wood_light, ink.wood, (-0.5, 0.8), (0.4, -0.5)))
    pen.stroke([(-0.52, -0.8), (-0.5, 0.85)], 0.085, Fade(ink.brass_light, ink.brass_dark, (-0.56, 0), (-0.46, 0)))
    for y in (-0.74, -0.66, 0.6, 0.68):
        pen.stroke([(-0.57, y), (-0.45, y)], 0.028, ink.brass)
    pen.taper(neck.tolist(), 0.11, 0.13, ink.brass_dark)
    pen.taper(
        (neck - [0.006, 0.012]).tolist(),
        0.075,
        0.09,
        Fade(ink.brass_light, ink.brass, (-0.5, -0.8), (0.4, -0.5)),
    )
    pen.ellipse(-0.52, -0.87, 0.085, 0.085, ink.brass)
    pen.ellipse(-0.535, -0.885, 0.04, 0.04, ink.brass_light)
    pen.blob([(-0.66, 1.0), (-0.62, 0.88), (-0.4, 0.82), (-0.22, 0.9), (-0.16, 1.0)], ink.brass_dark)


def sitar(pen: Pen, ink: Inks) -> None:
    pen.blob(
        [(-0.17, -0.7), (0.0, -0.77), (0.17, -0.7), (0.2, -0.55), (0.1, -0.43), (-0.1, -0.43), (-0.2, -0.55)],
        ink.varnish,
    )
    pen.ellipse(-0.05, -0.62, 0.07, 0.06, ink.wood, alpha=0.6)
    for n in range(4):
        y = -0.9 + 0.11 * n
        pen.stroke([(-0.06, y), (-0.2, y - 0.02)], 0.02, ink.cream)
        pen.ellipse(-0.22, y - 0.02, 0.035, 0.03, ink.wood_dark)
    for n in range(7):
        y = -0.36 + 0.1 * n
        pen.stroke([(0.06, y), (0.14, y)], 0.014, ink.cream)
        pen.ellipse(0.155, y, 0.022, 0.02, ink.wood_dark)
    gourd = [(0, 0.3), (0.13, 0.34), (0.32, 0.46), (0.39, 0.66), (0.31, 0.88), (0.12, 0.99), (0, 1.0)]
    pen.blob(mirrored(gourd), ink.wood_dark)
    pen.at(0, 0.035, 0.95).blob(mirrored(gourd), Fade(ink.wood, ink.varnish, (-0.3, 0.4), (0.3, 1)))
    for side in (-1, 1):
        leaf = [(side * 0.08, 0.46), (side * 0.25, 0.55), (side * 0.3, 0.72), (side * 0.2, 0.87)]
        pen.taper(leaf, 0.012, 0.03, ink.brass_light)
        for t in (0.3, 0.55, 0.8):
            pen.ellipse(side * (0.12 + 0.14 * t), 0.5 + 0.36 * t, 0.03, 0.014, ink.brass_light, turn=side * 40)
    pen.rect(-0.075, -0.96, 0.075, 0.52, Fade(ink.wood, ink.wood_dark, (-0.08, 0), (0.08, 0)), radius=0.03)
    for y in np.linspace(-0.72, 0.36, 15):
        pen.stroke(ellipse_points(0, y + 0.02, 0.085, 0.03, 0, (180, 360)), 0.018, ink.brass_light)
    pen.rect(-0.12, 0.7, 0.12, 0.765, ink.cream, radius=0.01)
    _string_lines(pen, 6, (0.05, -0.92), (0.08, 0.72), 0.0065, ink.white)
    pen.blob([(-0.06, -0.93), (0, -1.02), (0.06, -0.93), (0.04, -0.88), (-0.04, -0.88)], ink.brass)
