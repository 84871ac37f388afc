"""What singers wear, by the music: a jacket for jazz, a hood and a cap for hip hop, a checked shirt for country.

A singer looks to the right. The torso is drawn from the neck (y = 0.2) to the lower edge (y = 1), the head is about
(0, -0.45).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mix, spline
from generation.painting.sketch.inks import Inks

_OUTLINE = [
    (-0.26, 0.18),
    (-0.44, 0.32),
    (-0.74, 0.52),
    (-0.9, 1.0),
    (0.76, 1.0),
    (0.6, 0.54),
    (0.34, 0.38),
    (0.16, 0.24),
]
_OPEN_NECK = [(-0.2, 0.2), (-0.1, 0.42), (0.02, 0.66), (0.1, 0.44), (0.17, 0.26)]


def _body(pen: Pen, light: np.ndarray, dark: np.ndarray) -> None:
    shoulders = spline(_OUTLINE[:4], False)
    right = spline(_OUTLINE[4:], False)
    pen.shape(np.vstack([shoulders, right]), Fade(light, dark, (0.3, 0.3), (-0.5, 1.0)))


def _collar(pen: Pen, colour: np.ndarray) -> None:
    """Two points of a shirt's collar."""
    pen.shape([(-0.27, 0.14), (-0.34, 0.3), (-0.16, 0.52), (-0.03, 0.42)], colour)
    pen.shape([(0.16, 0.2), (0.27, 0.32), (0.17, 0.54), (0.05, 0.44)], colour)


def _tuxedo(pen: Pen, ink: Inks) -> None:
    pen.blob([(0.14, 0.22), (0.32, 0.5), (0.2, 1.0), (-0.3, 1.0), (-0.3, 0.3), (-0.2, 0.16)], ink.white)
    left = [(-0.26, 0.18), (-0.44, 0.32), (-0.74, 0.52), (-0.88, 1.0), (0.0, 1.0), (0.02, 0.78)]
    right = [(0.16, 0.24), (0.34, 0.38), (0.6, 0.54), (0.74, 1.0), (0.08, 1.0), (0.02, 0.78)]
    pen.shape(left, Fade(ink.coal, ink.black, (0, 0.2), (-0.6, 1.0)))
    pen.shape(right, Fade(ink.coal, ink.black, (0.1, 0.3), (0.6, 1.0)))
    pen.shape([(-0.26, 0.18), (-0.36, 0.34), (-0.26, 0.46), (0.02, 0.78), (-0.1, 0.46)], ink.coal)
    pen.shape([(0.16, 0.24), (0.26, 0.38), (0.22, 0.5), (0.02, 0.78), (0.1, 0.46)], ink.coal)
    pen.blob([(0.0, 0.36), (-0.1, 0.29), (-0.11, 0.44), (0.0, 0.38), (0.13, 0.45), (0.13, 0.3)], ink.accent)


def _jumper(pen: Pen, ink: Inks) -> None:
    _body(pen, ink.second, mix(ink.second, ink.black, 0.45))
    pen.taper([(-0.25, 0.2), (-0.08, 0.36), (0.06, 0.38), (0.18, 0.26)], 0.1, 0.1, mix(ink.second, ink.black, 0.25))
    for n in range(4):
        y = 0.66 + 0.09 * n
        pen.taper(
            [(-0.76 - 0.03 * n, y), (0, y + 0.05), (0.64 + 0.03 * n, y)], 0.02, 0.02, mix(ink.second, ink.white, 0.3)
        )


def _hoodie(pen: Pen, ink: Inks) -> None:
    dark = mix(ink.accent, ink.black, 0.45)
    pen.blob([(-0.16, -0.02), (-0.42, 0.06), (-0.54, 0.3), (-0.3, 0.5), (0.02, 0.48), (0.22, 0.36), (0.14, 0.2)], dark)
    _body(pen, ink.accent, dark)
    pen.blob([(-0.24, 0.1), (-0.46, 0.22), (-0.42, 0.42), (-0.1, 0.56), (0.2, 0.46), (0.24, 0.3), (0.05, 0.4)], dark)
    for x in (-0.1, 0.12):
        pen.stroke([(x, 0.5), (x + 0.01, 0.8)], 0.028, ink.white)
        pen.ellipse(x + 0.01, 0.82, 0.028, 0.035, ink.white)
    chain = [(-0.2, 0.3), (-0.14, 0.56), (0.0, 0.7), (0.14, 0.58), (0.18, 0.34)]
    pen.stroke(chain, 0.05, ink.brass, smooth=True)
    pen.ellipse(0.0, 0.76, 0.09, 0.09, ink.brass_light)
    pen.ellipse(0.0, 0.76, 0.05, 0.05, ink.brass)


def _checked_shirt(pen: Pen, ink: Inks) -> None:
    _body(pen, ink.accent, ink.accent_dark)
    line = mix(ink.accent, ink.cream, 0.55)
    for n in range(7):
        x = -0.72 + 0.22 * n
        pen.stroke([(x * 0.8, max(0.36, 0.3 + abs(x) * 0.36)), (x, 1.0)], 0.035, line, alpha=0.75)
    for y, half in ((0.56, 0.62), (0.72, 0.7), (0.88, 0.76)):
        pen.stroke([(-half - 0.08, y), (half, y)], 0.035, line, alpha=0.75)
    _collar(pen, ink.accent_dark)
    scarf = ink.second
    pen.blob([(-0.24, 0.16), (-0.16, 0.34), (0.04, 0.44), (0.2, 0.34), (0.18, 0.24), (0.02, 0.32)], scarf)
    pen.shape([(0.0, 0.38), (0.14, 0.36), (0.1, 0.66), (-0.04, 0.6)], mix(scarf, ink.black, 0.3))


def _jacket(pen: Pen, ink: Inks) -> None:
    """A loose suit jacket over an open shirt, with braces."""
    cloth = mix(ink.second, ink.wood_dark, 0.55)
    _body(pen, mix(cloth, ink.white, 0.12), mix(cloth, ink.black, 0.4))
    pen.shape([(-0.26, 0.2), (-0.2, 0.7), (-0.08, 1.0), (0.3, 1.0), (0.3, 0.6), (0.17, 0.26)], ink.cream)
    pen.shape(_OPEN_NECK, mix(ink.skin, ink.wood_dark, 0.2))
    for x in (-0.13, 0.24):
        pen.stroke([(x, 0.52), (x + 0.02, 1.0)], 0.06, ink.accent)
    _collar(pen, ink.white)
    pen.shape([(-0.3, 0.2), (-0.46, 0.36), (-0.36, 0.5), (-0.08, 1.0), (-0.16, 0.6)], mix(cloth, ink.black, 0.2))
    pen.shape([(0.2, 0.28), (0.4, 0.42), (0.36, 0.56), (0.24, 1.0), (0.28, 0.6)], mix(cloth, ink.black, 0.2))


def _leather(pen: Pen, ink: Inks) -> None:
    _body(pen, mix(ink.coal, ink.silver_dark, 0.25), ink.black)
    pen.shape([(-0.24, 0.22), (-0.2, 0.6), (-0.1, 1.0), (0.2, 1.0), (0.26, 0.6), (0.17, 0.28)], ink.white)
    pen.taper([(-0.23, 0.24), (-0.06, 0.42), (0.08, 0.42), (0.17, 0.3)], 0.05, 0.05, ink.silver)
    pen.shape([(-0.28, 0.14), (-0.52, 0.4), (-0.36, 0.66), (-0.16, 0.56)], ink.coal)
    pen.shape([(0.16, 0.2), (0.44, 0.44), (0.34, 0.7), (0.2, 0.58)], ink.coal)
    for n in range(6):
        pen.ellipse(-0.14 + 0.012 * n, 0.66 + 0.065 * n, 0.022, 0.022, ink.silver)
        pen.ellipse(0.26 - 0.004 * n, 0.7 + 0.06 * n, 0.022, 0.022, ink.silver)
    for x, y in ((-0.62, 0.5), (-0.52, 0.44), (0.5, 0.5)):
        pen.ellipse(x, y, 0.03, 0.03, ink.silver)


def _bright_shirt(pen: Pen, ink: Inks) -> None:
    _body(pen, ink.accent, mix(ink.accent, ink.second, 0.6))
    for n, colour in enumerate((ink.white, ink.second, ink.brass_light)):
        y = 0.6 + 0.13 * n
        pen.taper([(-0.8, y + 0.12), (-0.1, y), (0.3, y + 0.06), (0.68, y - 0.06)], 0.075, 0.06, colour)
    pen.taper([(-0.25, 0.22), (-0.08, 0.4), (0.06, 0.42), (0.18, 0.28)], 0.07, 0.07, ink.white)


def _striped_shirt(pen: Pen, ink: Inks) -> None:
    green, gold, red = mix(ink.second, ink.brass, 0.2), ink.brass, ink.varnish
    _body(pen, gold, mix(gold, ink.black, 0.4))
    for n, colour in enumerate((red, ink.brass_light, green)):
        y = 0.54 + 0.16 * n
        pen.taper([(-0.74 - 0.05 * n, y), (0, y + 0.06), (0.6 + 0.05 * n, y)], 0.13, 0.13, colour)
    pen.taper([(-0.25, 0.22), (-0.08, 0.4), (0.06, 0.42), (0.18, 0.28)], 0.08, 0.08, red)


def _tunic(pen: Pen, ink: Inks) -> None:
    _body(pen, mix(ink.accent, ink.white, 0.12), ink.accent_dark)
    band = ink.brass_light
    pen.taper([(-0.27, 0.2), (-0.1, 0.42), (0.06, 0.44), (0.19, 0.28)], 0.11, 0.11, band)
    pen.stroke([(0.0, 0.46), (0.02, 1.0)], 0.12, band)
    for n in range(5):
        pen.shape(
            [(0.01, 0.5 + 0.11 * n), (0.045, 0.55 + 0.11 * n), (0.01, 0.6 + 0.11 * n), (-0.025, 0.55 + 0.11 * n)],
            ink.second,
        )
    for side in (-0.8, 0.68):
        pen.taper([(side * 0.8, 0.62), (side, 0.98)], 0.06, 0.09, band)


def _cap(pen: Pen, ink: Inks) -> None:
    crown = [(0.33, -0.7), (0.24, -0.92), (0.0, -1.08), (-0.28, -0.98), (-0.4, -0.66), (-0.1, -0.68)]
    pen.blob(crown, Fade(mix(ink.second, ink.white, 0.15), mix(ink.second, ink.black, 0.4), (0, -1.0), (-0.3, -0.6)))
    pen.blob([(0.18, -0.78), (0.42, -0.8), (0.68, -0.7), (0.44, -0.66), (0.2, -0.67)], mix(ink.second, ink.black, 0.3))
    pen.ellipse(-0.02, -1.06, 0.04, 0.025, ink.white)
    pen.stroke([(0.0, -1.04), (0.12, -0.86), (0.14, -0.7)], 0.014, ink.white, smooth=True, alpha=0.5)


def _cowboy_hat(pen: Pen, ink: Inks) -> None:
    felt, dark = mix(ink.wood_light, ink.cream, 0.3), ink.wood
    pen.blob([(0.3, -0.74), (0.3, -1.0), (0.16, -1.2), (-0.02, -1.12), (-0.2, -1.2), (-0.36, -1.0), (-0.38, -0.72),
        (0, -0.7)],
             Fade(felt, dark, (0.1, -1.2), (-0.3, -0.7)))  # fmt: skip
    pen.taper([(-0.37, -0.8), (0, -0.75), (0.3, -0.8)], 0.08, 0.08, ink.wood_dark)
    pen.blob([(-0.8, -0.86), (-0.5, -0.74), (0, -0.72), (0.42, -0.74), (0.72, -0.88), (0.5, -0.64), (0, -0.6),
        (-0.56, -0.62)],
             Fade(felt, dark, (0, -0.8), (0, -0.6)))  # fmt: skip


def _fedora(pen: Pen, ink: Inks) -> None:
    felt = mix(ink.coal, ink.second, 0.3)
    pen.blob([(0.3, -0.72), (0.27, -1.0), (0.1, -1.1), (-0.06, -1.04), (-0.24, -1.12), (-0.38, -0.96), (-0.38,
        -0.68), (0, -0.68)],
             Fade(mix(felt, ink.white, 0.15), ink.black, (0.1, -1.1), (-0.3, -0.6)))  # fmt: skip
    pen.taper([(-0.38, -0.76), (0, -0.73), (0.3, -0.76)], 0.09, 0.09, ink.accent)
    pen.blob(
        [(-0.58, -0.72), (-0.3, -0.7), (0.2, -0.72), (0.56, -0.66), (0.3, -0.62), (-0.2, -0.6), (-0.54, -0.62)], felt
    )


def _headphones(pen: Pen, ink: Inks) -> None:
    pen.stroke(ellipse_points(-0.02, -0.52, 0.4, 0.52, -8, (186, 322)), 0.075, ink.coal)
    pen.ellipse(-0.08, -0.42, 0.15, 0.19, ink.black, turn=-8)
    pen.ellipse(-0.07, -0.42, 0.1, 0.14, ink.second, turn=-8)


def _knitted_cap(pen: Pen, ink: Inks) -> None:
    """A large cap over long locks."""
    for n in range(5):
        x = -0.36 + 0.07 * n
        pen.taper([(x, -0.5), (x - 0.1, -0.1), (x - 0.14 + 0.02 * n, 0.36)], 0.08, 0.05, ink.hair)
    outline = [(0.3, -0.72), (0.26, -1.0), (-0.08, -1.16), (-0.44, -1.04), (-0.56, -0.7), (-0.4, -0.46), (-0.1, -0.62)]
    pen.blob(outline, mix(ink.second, ink.brass, 0.2))
    pen.taper([(-0.55, -0.68), (-0.2, -0.86), (0.28, -0.9)], 0.13, 0.1, ink.brass_light)
    pen.taper([(-0.5, -0.52), (-0.15, -0.7), (0.3, -0.76)], 0.12, 0.08, ink.varnish)


def _tiara(pen: Pen, ink: Inks) -> None:
    pen.taper([(-0.2, -0.94), (0.02, -0.96), (0.22, -0.82)], 0.05, 0.05, ink.brass_light)
    for x, y, r in ((-0.14, -1.0, 0.03), (-0.02, -1.04, 0.045), (0.1, -0.98, 0.03)):
        pen.ellipse(x, y, r, r, ink.brass_light)
    for t in np.linspace(0, 1, 8):
        pen.ellipse(-0.16 + 0.3 * t, 0.36 + 0.16 * np.sin(np.pi * t), 0.03, 0.03, ink.white)


Draw = Callable[[Pen, Inks], None]

TORSOS: dict[str, Draw] = {
    "": _jumper,
    "tuxedo": _tuxedo,
    "hip hop": _hoodie,
    "country": _checked_shirt,
    "hat": _jacket,
    "leather": _leather,
    "club": _bright_shirt,
    "reggae": _striped_shirt,
    "tunic": _tunic,
}
"""What is worn, by dress; a woman in evening dress wears a gown instead of a tuxedo."""

HEADGEAR: dict[str, Draw] = {
    "hip hop": _cap,
    "country": _cowboy_hat,
    "hat": _fedora,
    "club": _headphones,
    "reggae": _knitted_cap,
}
WOMENS_HEADGEAR: dict[str, Draw] = {**HEADGEAR, "tuxedo": _tiara}
