"""Voices: singers in profile, a choir, monks, and a microphone for a voice of unknown kind."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mirrored, mix, spline
from generation.painting.sketch.dress import HEADGEAR, TORSOS, WOMENS_HEADGEAR
from generation.painting.sketch.inks import Inks

_FACE = [
    (0.02, -0.86),
    (0.2, -0.79),
    (0.3, -0.66),
    (0.315, -0.56),
    (0.3, -0.5),
    (0.35, -0.43),
    (0.41, -0.365),
]
_MOUTH = [(0.345, -0.325), (0.35, -0.3), (0.37, -0.265), (0.25, -0.225), (0.345, -0.15), (0.325, -0.115)]
_JAW = [(0.335, -0.06), (0.28, 0.0), (0.16, -0.0), (0.06, 0.02)]


def _head(pen: Pen, ink: Inks, skin, neck: float) -> None:
    """A face in profile to the right, mouth open in song."""
    outline = np.vstack([spline(_FACE, False, 6), spline(_MOUTH, False, 5), spline(_JAW, False, 6)])
    shade = mix(skin, ink.wood_dark, 0.35)
    pen.blob(
        [(0.05, -0.1), (0.08, 0.2), (0.16, 0.42), (-0.3, 0.42), (-neck, 0.2), (-neck, -0.2)],
        Fade(shade, skin, (0, -0.02), (0, 0.3)),
    )
    back = [(-0.05, -0.02), (-0.2, -0.15), (-0.3, -0.45), (-0.2, -0.78)]
    pen.shape(
        np.vstack([outline, spline(back, False, 6)]),
        Fade(skin, mix(skin, shade, 0.55), (0.3, -0.6), (-0.2, -0.2)),
    )
    pen.shape([(0.358, -0.27), (0.25, -0.225), (0.338, -0.16), (0.33, -0.2)], ink.wood_dark)
    pen.taper([(0.372, -0.275), (0.33, -0.255), (0.27, -0.235)], 0.03, 0.012, mix(ink.varnish, skin, 0.2))
    pen.taper([(0.35, -0.155), (0.31, -0.18), (0.27, -0.21)], 0.03, 0.012, mix(ink.varnish, skin, 0.2))
    pen.stroke(ellipse_points(0.2, -0.52, 0.062, 0.04, 8, (15, 165)), 0.018, ink.hair)
    pen.taper([(0.12, -0.635), (0.2, -0.66), (0.28, -0.63)], 0.012, 0.03, ink.hair)
    pen.ellipse(0.17, -0.36, 0.075, 0.055, mix(skin, ink.accent, 0.5), alpha=0.35)


def _song(pen: Pen, ink: Inks) -> None:
    """Ribbons of sound that leave the mouth."""
    for n, colour in enumerate((ink.accent, ink.brass_light, ink.second)):
        rise = (-0.34, -0.12, 0.12)[n]
        line = [(0.5, -0.23), (0.68, -0.3 + rise * 0.4), (0.84, -0.16 + rise), (1.05, -0.3 + rise * 1.5)]
        pen.taper(line, 0.012, 0.07, colour)
        pen.ellipse(1.12, -0.34 + rise * 1.6, 0.05, 0.05, colour)


def female_voice(pen: Pen, ink: Inks, dress: str = "") -> None:
    """A woman in song, in the clothes of the music."""
    _song(pen, ink)
    behind = [(-0.02, -0.95), (-0.32, -0.86), (-0.46, -0.55), (-0.42, -0.2), (-0.56, 0.15), (-0.44, 0.48)]
    behind += [(-0.6, 0.8), (-0.15, 0.72), (0.02, 0.3), (-0.05, -0.3)]
    pen.blob(behind, Fade(ink.hair, mix(ink.hair, ink.black, 0.5), (-0.1, -0.8), (-0.5, 0.7)))
    _head(pen, ink, ink.skin, 0.17)
    if dress in ("", "tuxedo"):
        _gown(pen, ink)
    else:
        TORSOS[dress](pen.at(-0.01, 0.14, 0.86), ink)
    hair = [(0.24, -0.8), (0.12, -0.93), (-0.12, -0.95), (-0.34, -0.82), (-0.4, -0.5), (-0.3, -0.18), (-0.36, 0.15)]
    hair += [(-0.26, 0.42), (-0.12, 0.16), (-0.14, -0.14), (-0.02, -0.36), (0.05, -0.6)]
    pen.blob(hair, Fade(mix(ink.hair, ink.brass, 0.22), ink.hair, (0.1, -0.9), (-0.35, -0.1)))
    for n in range(4):
        s = n * 0.055
        pen.taper(
            [(0.1 - s, -0.86 + s * 0.4), (-0.16 - s, -0.68), (-0.24 - s * 0.6, -0.3), (-0.3 + s * 0.4, 0.1)],
            0.008,
            0.018,
            mix(ink.hair, ink.brass_light, 0.35),
            alpha=0.7,
        )
    if dress in ("", "tuxedo", "tunic"):
        pen.ellipse(-0.34, -0.9, 0.16, 0.15, ink.hair)
        pen.ellipse(-0.37, -0.93, 0.09, 0.08, mix(ink.hair, ink.brass, 0.25))
    pen.ellipse(-0.03, -0.22, 0.028, 0.05, ink.brass_light)
    if dress in WOMENS_HEADGEAR:
        WOMENS_HEADGEAR[dress](pen, ink)


def _gown(pen: Pen, ink: Inks) -> None:
    shoulders = [
        (0.12, 0.38),
        (0.34, 0.46),
        (0.5, 0.66),
        (0.55, 1.1),
        (-0.7, 1.1),
        (-0.6, 0.62),
        (-0.32, 0.4),
        (-0.2, 0.3),
    ]
    pen.blob(shoulders, ink.skin)
    dress = [(0.46, 0.62), (0.3, 0.7), (0.1, 0.86), (-0.1, 0.66), (-0.4, 0.5), (-0.62, 0.62), (-0.78, 1.0), (0.64, 1.0)]
    pen.shape(
        [*spline(dress[:6], False), *dress[6:]],
        Fade(ink.second, mix(ink.second, ink.black, 0.6), (0.3, 0.6), (-0.5, 1.0)),
    )


def male_voice(pen: Pen, ink: Inks, dress: str = "") -> None:
    """A man in song, in the clothes of the music; one in three has a beard."""
    skin = mix(ink.skin, ink.wood, 0.2)
    for r in (0.16, 0.28, 0.4, 0.53):
        pen.stroke(ellipse_points(0.44, -0.22, r, r, 0, (-42, 40)), 0.035, mix(ink.second, ink.brass_light, r))
    if dress == "leather":
        long = [(0.05, -0.9), (-0.34, -0.8), (-0.46, -0.3), (-0.54, 0.2), (-0.4, 0.5), (-0.12, 0.36), (0.0, -0.3)]
        pen.blob(long, Fade(ink.hair, mix(ink.hair, ink.black, 0.5), (0, -0.8), (-0.4, 0.4)))
    _head(pen, ink, skin, 0.26)
    TORSOS[dress](pen, ink)
    if ink.person % 3 == 0:
        _beard(pen, ink)
    else:
        pen.blob([(0.02, -0.42), (0.05, -0.3), (0.01, -0.22), (-0.04, -0.28), (-0.05, -0.42)], ink.hair)
    hair = [(0.3, -0.74), (0.22, -0.92), (0.0, -1.0), (-0.24, -0.9), (-0.35, -0.6), (-0.3, -0.28), (-0.18, -0.14)]
    hair += [(-0.1, -0.3), (-0.02, -0.44), (0.02, -0.64), (0.16, -0.74)]
    pen.blob(hair, Fade(mix(ink.hair, ink.brass, 0.15), ink.hair, (0.1, -0.9), (-0.3, -0.2)))
    pen.ellipse(-0.05, -0.4, 0.055, 0.085, skin, turn=-12)
    pen.stroke(ellipse_points(-0.045, -0.4, 0.028, 0.05, -12, (40, 250)), 0.012, mix(skin, ink.wood_dark, 0.45))
    if dress in HEADGEAR:
        HEADGEAR[dress](pen, ink)


def _beard(pen: Pen, ink: Inks) -> None:
    beard = [(0.04, -0.36), (0.12, -0.2), (0.22, -0.19), (0.27, -0.2), (0.33, -0.12), (0.37, 0.02), (0.28, 0.15)]
    beard += [(0.1, 0.1), (-0.03, -0.08), (-0.05, -0.34)]
    pen.blob(beard, Fade(ink.hair, mix(ink.hair, ink.black, 0.4), (0.3, -0.1), (0, 0)))
    pen.taper([(0.37, -0.315), (0.31, -0.31), (0.24, -0.25)], 0.025, 0.045, ink.hair)


def child_voice(pen: Pen, ink: Inks, dress: str = "") -> None:
    """A child in song: a smaller head, short hair, the clothes of the music or a striped shirt."""
    small = pen.at(0, 0.3, 0.7)
    _song(small, ink)
    skin = mix(ink.skin, ink.white, 0.15)
    _head(small, ink, skin, 0.15)
    TORSOS[dress if dress not in ("", "tuxedo") else "club"](small.at(-0.02, 0.2, 0.8), ink)
    hair = [(0.3, -0.7), (0.26, -0.92), (0.02, -1.04), (-0.28, -0.94), (-0.42, -0.6), (-0.36, -0.26), (-0.2, -0.12)]
    hair += [(-0.12, -0.34), (0.0, -0.5), (0.1, -0.66), (0.2, -0.62)]
    small.blob(hair, Fade(mix(ink.hair, ink.brass, 0.35), ink.hair, (0.1, -0.9), (-0.3, -0.2)))
    small.ellipse(-0.05, -0.38, 0.055, 0.08, skin, turn=-12)
    if dress in HEADGEAR:
        HEADGEAR[dress](small, ink)


def _singer(pen: Pen, ink: Inks, robe, skin, hair, long_hair: bool) -> None:
    """One of a choir, from the front: head, open mouth, robe, a folder of music."""
    if long_hair:
        pen.blob(
            [
                (0, -0.98),
                (0.24, -0.88),
                (0.27, -0.5),
                (0.22, -0.3),
                (-0.22, -0.3),
                (-0.27, -0.5),
                (-0.24, -0.88),
            ],
            hair,
        )
    robe_shape = [(0.08, -0.36), (0.34, -0.22), (0.48, 0.3), (0.54, 1.0)]
    pen.shape(mirrored(robe_shape), Fade(robe, mix(robe, ink.black, 0.5), (-0.2, -0.2), (0.3, 1.0)))
    pen.shape([(-0.2, -0.3), (0.2, -0.3), (0.06, 0.12), (0, 0.2), (-0.06, 0.12)], ink.white)
    pen.rect(-0.075, -0.52, 0.075, -0.26, mix(skin, ink.wood_dark, 0.25), radius=0.05)
    pen.ellipse(0, -0.66, 0.19, 0.235, Fade(skin, mix(skin, ink.wood_dark, 0.25), (-0.1, -0.8), (0.18, -0.5)))
    cap = [
        (0.2, -0.62),
        (0.21, -0.8),
        (0.08, -0.94),
        (-0.08, -0.94),
        (-0.21, -0.8),
        (-0.2, -0.62),
        (-0.12, -0.78),
        (0.06, -0.82),
    ]
    pen.blob(cap, hair)
    for side in (-1, 1):
        pen.stroke(ellipse_points(side * 0.08, -0.66, 0.036, 0.026, 0, (190, 350)), 0.018, ink.black)
    pen.ellipse(0, -0.535, 0.042, 0.06, ink.wood_dark)
    pen.shape([(-0.34, 0.2), (0, 0.28), (0.34, 0.2), (0.34, 0.48), (0, 0.56), (-0.34, 0.48)], ink.black)
    pen.shape([(-0.3, 0.17), (0, 0.25), (0.3, 0.17), (0.3, 0.22), (0, 0.3), (-0.3, 0.22)], ink.white)


def choir(pen: Pen, ink: Inks) -> None:
    skins = [
        ink.skin,
        mix(ink.skin, ink.wood, 0.4),
        mix(ink.skin, ink.white, 0.3),
        mix(ink.skin, ink.wood_dark, 0.55),
    ]
    hairs = [ink.hair, ink.black, mix(ink.hair, ink.brass, 0.4), mix(ink.hair, ink.silver, 0.5)]
    for row, (count, y, scale) in enumerate(((4, -0.36, 0.6), (5, -0.1, 0.64), (4, 0.3, 0.7))):
        for n, x in enumerate(np.linspace(-0.86, 0.86, count) * (1, 1.1, 0.92)[row]):
            k = n * 3 + row * 2
            robe = mix(ink.second, ink.black, (0.5, 0.28, 0.05)[row])
            _singer(pen.at(float(x), y, scale), ink, robe, skins[k % 4], hairs[(k + row) % 4], (n + row) % 2 == 0)


def monks(pen: Pen, ink: Inks) -> None:
    """Three in hoods, with candles: chant."""
    for x, y, scale in ((-0.62, 0.06, 0.92), (0.62, 0.06, 0.92), (0.0, 0.0, 1.0)):
        monk = pen.at(x, y, scale)
        robe, deep = mix(ink.wood_dark, ink.wood, 0.4), mix(ink.wood_dark, ink.black, 0.45)
        body = [(0, -0.5), (0.24, -0.4), (0.38, -0.1), (0.45, 0.5), (0.52, 1.0)]
        monk.shape(mirrored(body), Fade(robe, deep, (-0.3, -0.4), (0.3, 1.0)))
        for t in (-0.2, -0.06, 0.1, 0.24):
            monk.taper([(t * 0.6, 0.25), (t, 0.6), (t * 1.3, 1.0)], 0.012, 0.035, deep, alpha=0.7)
        hood = [(0, -1.0), (0.2, -0.92), (0.3, -0.68), (0.28, -0.4), (0.12, -0.24), (0, -0.2)]
        monk.blob(mirrored(hood), Fade(mix(robe, ink.wood_light, 0.2), deep, (-0.25, -0.9), (0.25, -0.3)))
        monk.blob(mirrored([(0, -0.86), (0.14, -0.78), (0.18, -0.58), (0.13, -0.4), (0, -0.32)]), ink.black)
        monk.blob(
            mirrored([(0, -0.7), (0.1, -0.66), (0.13, -0.54), (0.09, -0.4), (0, -0.34)]),
            mix(ink.skin, ink.wood_dark, 0.25),
        )
        monk.ellipse(0, -0.44, 0.032, 0.042, ink.black)
        for side in (-1, 1):
            monk.stroke([(side * 0.03, -0.575), (side * 0.085, -0.565)], 0.016, ink.wood_dark)
            monk.blob(
                [(side * 0.36, -0.1), (side * 0.42, 0.22), (side * 0.1, 0.34), (0, 0.22), (side * 0.1, 0.1)],
                robe,
            )
        monk.rect(-0.04, -0.06, 0.04, 0.24, ink.cream)
        monk.blob([(0, -0.22), (0.035, -0.12), (0, -0.06), (-0.035, -0.12)], ink.brass_light)
        monk.ellipse(0, -0.12, 0.15, 0.15, ink.brass_light, alpha=0.22)
        monk.ellipse(0, 0.2, 0.085, 0.06, ink.skin)


def microphone(pen: Pen, ink: Inks) -> None:
    """An old microphone on a stand, with sound around it."""
    for r in (0.5, 0.66, 0.82):
        for a, b in ((-30, 30), (150, 210)):
            pen.stroke(
                ellipse_points(0, -0.42, r, r, 0, (a, b)),
                0.04,
                mix(ink.accent, ink.brass_light, (r - 0.5) * 2),
            )
    pen.stroke([(0, 0.1), (0, 0.95)], 0.05, Fade(ink.silver, ink.silver_dark, (-0.03, 0), (0.03, 0)))
    pen.blob([(-0.4, 1.0), (-0.3, 0.92), (0, 0.87), (0.3, 0.92), (0.4, 1.0)], ink.black)
    pen.rect(-0.07, 0.06, 0.07, 0.24, ink.black, radius=0.02)
    capsule = mirrored([(0, -0.94), (0.17, -0.9), (0.29, -0.72), (0.32, -0.42), (0.28, -0.1), (0.16, 0.06), (0, 0.09)])
    pen.blob(capsule, ink.silver_dark)
    inner = pen.at(0, -0.04, 0.91)
    inner.blob(capsule, Fade(ink.white, ink.silver_dark, (-0.25, -0.8), (0.3, 0)))
    for x in (-0.18, -0.09, 0, 0.09, 0.18):
        pen.stroke([(x, -0.82 + abs(x) * 0.5), (x, -0.5)], 0.036, ink.coal)
        pen.stroke([(x, -0.36), (x, -0.06 - abs(x) * 0.6)], 0.036, ink.coal)
    pen.rect(-0.325, -0.5, 0.325, -0.35, Fade(ink.silver, ink.silver_dark, (-0.3, 0), (0.3, 0)), radius=0.03)
    pen.rect(-0.06, -0.47, 0.06, -0.38, ink.accent, radius=0.02)
