"""What stands at the sides: a sign of each other place that a prompt names, and the case of each thing that it denies.

A prop is drawn upright, its foot at y = 0, its top about y = -1. A prop that hangs is drawn from y = 0 downwards.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from generation.painting.sketch.canvas import Fade, Pen, ellipse_points, mirrored, mix
from generation.painting.sketch.inks import Inks

Draw = Callable[[Pen, Inks], None]


def _column(pen: Pen, ink: Inks) -> None:
    """A gilded column with a lamp, for the concert hall."""
    pen.rect(-0.18, -0.08, 0.18, 0, ink.brass_dark)
    pen.rect(-0.11, -0.68, 0.11, -0.08, Fade(ink.cream, ink.wood_light, (-0.11, 0), (0.12, 0)))
    for x in (-0.06, 0, 0.06):
        pen.stroke([(x, -0.66), (x, -0.1)], 0.012, ink.brass_dark, alpha=0.6)
    pen.rect(-0.19, -0.74, 0.19, -0.66, ink.brass)
    for x in (-0.2, 0, 0.2):
        pen.stroke([(0, -0.74), (x, -0.82), (x, -0.88)], 0.025, ink.brass, smooth=True)
        pen.ellipse(x, -0.94, 0.075, 0.075, ink.brass_light)


def _lancet(pen: Pen, ink: Inks) -> None:
    """A leaded window of coloured glass in a stone frame, for the church."""
    t = np.linspace(0, np.pi / 2, 10)
    half = [(0.3 * np.cos(a) ** 0.6, -0.62 - 0.4 * np.sin(a)) for a in t[::-1]]
    outline = [*half, (0.3, 0), *[(-x, y) for x, y in [(0.3, 0), *half[::-1]]]]
    pen.shape(outline, ink.silver_dark)
    inner = pen.at(0, -0.04, 0.82)
    inner.shape(outline, ink.brass_light)
    for row in range(5):
        for column in (-1, 1):
            colour = (ink.accent, ink.second, ink.white)[(row * 2 + column) % 3]
            inner.rect(
                0.02 if column > 0 else -0.24,
                -0.16 - row * 0.16,
                0.24 if column > 0 else -0.02,
                -0.03 - row * 0.16,
                colour,
            )


def _mirror_ball(pen: Pen, ink: Inks) -> None:
    pen.stroke([(0, 0), (0, 0.4)], 0.025, ink.silver)
    pen.ellipse(0, 0.64, 0.26, 0.26, Fade(ink.white, ink.silver_dark, (-0.2, 0.5), (0.2, 0.85)))
    for row in range(-2, 3):
        for column in range(-2, 3):
            x, y = column * 0.09 * (1 - 0.07 * row * row), row * 0.09
            if (row + column) % 2 == 0 and x * x + y * y < 0.05:
                pen.rect(x - 0.035, 0.61 + y, x + 0.035, 0.67 + y, (ink.accent, ink.second)[column % 2])


def _palm(pen: Pen, ink: Inks) -> None:
    pen.taper([(0, 0), (0.06, -0.35), (0.0, -0.7)], 0.11, 0.06, ink.wood_dark)
    leaf = mix(ink.second, ink.black, 0.2)
    for turn in (-170, -140, -100, -70, -35, -5, 20, 165):
        pen.at(0, -0.7, 0.42, turn).blob(
            [(0, 0), (0.35, -0.14), (0.75, -0.1), (1, 0.08), (0.6, 0.06), (0.3, 0.08)], leaf
        )


def _dome(pen: Pen, ink: Inks) -> None:
    """A small domed pavilion, for the palace."""
    pen.rect(-0.36, -0.06, 0.36, 0, ink.wood_light)
    for x in (-0.29, 0, 0.29):
        pen.rect(x - 0.04, -0.48, x + 0.04, -0.06, ink.cream)
    pen.rect(-0.4, -0.54, 0.4, -0.46, ink.accent)
    dome = [(0, -0.98), (0.05, -0.88), (0.26, -0.76), (0.34, -0.62), (0.28, -0.54)]
    pen.blob(mirrored([*dome, (0, -0.53)]), Fade(ink.white, ink.wood_light, (-0.2, -0.8), (0.3, -0.55)))
    pen.ellipse(0, -0.99, 0.035, 0.05, ink.brass)


def _fir(pen: Pen, ink: Inks) -> None:
    green = mix(ink.second, ink.black, 0.3)
    pen.rect(-0.05, -0.16, 0.05, 0, ink.wood_dark)
    for n in range(4):
        y, half = -0.1 - 0.2 * n, 0.36 - 0.07 * n
        pen.shape([(0, y - 0.34), (half, y), (-half, y)], Fade(mix(green, ink.cream, 0.2), green, (0, y - 0.3), (0, y)))


def _banner(pen: Pen, ink: Inks) -> None:
    """A banner on a lance, for the castle."""
    pen.stroke([(0, 0), (0, -1.0)], 0.045, ink.wood_dark)
    pen.shape([(0.02, -0.96), (0.5, -0.96), (0.5, -0.3), (0.26, -0.44), (0.02, -0.3)], ink.accent)
    pen.shape([(0.18, -0.96), (0.34, -0.96), (0.34, -0.38), (0.26, -0.44), (0.18, -0.4)], ink.brass_light)
    pen.shape([(0, -1.12), (0.05, -0.98), (-0.05, -0.98)], ink.silver)


def _street_lamp(pen: Pen, ink: Inks) -> None:
    pen.rect(-0.12, -0.06, 0.12, 0, ink.black)
    pen.stroke([(0, 0), (0, -0.74)], 0.05, ink.black)
    pen.ellipse(0, -0.86, 0.3, 0.3, ink.brass_light, alpha=0.25)
    pen.shape([(-0.1, -0.74), (0.1, -0.74), (0.15, -0.96), (-0.15, -0.96)], ink.brass_light)
    pen.shape([(-0.19, -0.95), (0.19, -0.95), (0, -1.08)], ink.black)


def _speakers(pen: Pen, ink: Inks) -> None:
    """Two loudspeakers, for the stage."""
    for y in (-0.5, 0.0):
        pen.rect(-0.3, y - 0.5, 0.3, y, Fade(ink.coal, ink.black, (-0.3, 0), (0.3, 0)), radius=0.04)
        pen.ellipse(0, y - 0.2, 0.17, 0.17, ink.silver_dark)
        pen.ellipse(0, y - 0.2, 0.13, 0.13, ink.black)
        pen.ellipse(0, y - 0.2, 0.05, 0.05, ink.accent)
        pen.ellipse(0, y - 0.42, 0.05, 0.04, ink.silver)


def _wagon_wheel(pen: Pen, ink: Inks) -> None:
    """A wheel that leans against a post, for the prairie."""
    pen.stroke([(0.3, 0), (0.3, -0.9)], 0.08, ink.wood_dark)
    pen.ring(0, -0.4, 0.37, 0.37, 0.07, ink.wood)
    for turn in range(0, 180, 30):
        pen.at(0, -0.4, 1, turn).stroke([(-0.36, 0), (0.36, 0)], 0.04, ink.wood_dark)
    pen.ellipse(0, -0.4, 0.09, 0.09, ink.wood_light)


def _sheep(pen: Pen, ink: Inks) -> None:
    """A sheep on its tuft, for the hills."""
    for x in (-0.2, -0.08, 0.14, 0.26):
        pen.stroke([(x, -0.2), (x, 0)], 0.05, ink.black)
    for x, y, r in ((-0.22, -0.34, 0.19), (0, -0.42, 0.22), (0.24, -0.36, 0.2), (0.04, -0.28, 0.22)):
        pen.ellipse(x, y, r, r * 0.85, ink.white)
    pen.ellipse(0.46, -0.44, 0.12, 0.15, ink.coal, turn=-25)
    pen.ellipse(0.36, -0.52, 0.09, 0.045, ink.coal, turn=20)
    pen.ellipse(0.5, -0.47, 0.02, 0.02, ink.white)


def _planet(pen: Pen, ink: Inks) -> None:
    pen.stroke(ellipse_points(0, 0.45, 0.42, 0.13, -18, (180, 360)), 0.04, ink.brass_light)
    pen.ellipse(0, 0.45, 0.24, 0.24, Fade(mix(ink.accent, ink.white, 0.5), ink.accent, (-0.15, 0.3), (0.15, 0.65)))
    pen.stroke(ellipse_points(0, 0.45, 0.42, 0.13, -18, (0, 180)), 0.05, ink.brass_light)


def _boat(pen: Pen, ink: Inks) -> None:
    """A sailing boat drawn up on the ground, for the sea."""
    pen.shape([(-0.42, -0.2), (0.42, -0.2), (0.26, 0), (-0.28, 0)], ink.varnish)
    pen.stroke([(-0.4, -0.17), (0.4, -0.17)], 0.03, ink.white)
    pen.stroke([(0, -0.2), (0, -1.0)], 0.035, ink.wood_dark)
    pen.shape([(0.04, -0.98), (0.44, -0.28), (0.04, -0.26)], ink.white)
    pen.shape([(-0.04, -0.9), (-0.36, -0.28), (-0.04, -0.26)], ink.accent)


def _fronds(pen: Pen, ink: Inks) -> None:
    green = mix(ink.second, ink.black, 0.15)
    for n, turn in enumerate((-150, -125, -100, -78, -55, -28)):
        leaf = pen.at(0, 0, 0.62 + 0.1 * (n % 3), turn)
        leaf.blob(
            [(0, 0), (0.3, -0.16), (0.8, -0.1), (1, 0), (0.8, 0.1), (0.3, 0.14)],
            mix(green, ink.brass_light, 0.1 * (n % 3)),
        )
        leaf.stroke([(0, 0), (0.95, 0)], 0.025, ink.cream, alpha=0.5)
    for x in (-0.14, 0.18):
        pen.ellipse(x, -0.1, 0.1, 0.1, ink.accent)
        pen.ellipse(x, -0.1, 0.04, 0.04, ink.brass_light)


def _cogs(pen: Pen, ink: Inks) -> None:
    for x, y, r in ((-0.08, -0.36, 0.36), (0.3, -0.76, 0.24)):
        for turn in range(0, 180, 30):
            pen.at(x, y, r, turn).rect(-1.0, -0.13, 1.0, 0.13, ink.silver_dark)
        pen.ellipse(x, y, r * 0.82, r * 0.82, Fade(ink.silver, ink.silver_dark, (x - r, y - r), (x + r, y + r)))
        pen.ellipse(x, y, r * 0.3, r * 0.3, ink.coal)
        pen.ring(x, y, r * 0.56, r * 0.56, 0.035, ink.accent)


def _paper_lanterns(pen: Pen, ink: Inks) -> None:
    for x, drop, r in ((-0.2, 0.3, 0.17), (0.2, 0.56, 0.2)):
        pen.stroke([(x, 0), (x, drop)], 0.02, ink.black)
        pen.ellipse(
            x,
            drop + r,
            r,
            r * 1.1,
            Fade(mix(ink.accent, ink.brass_light, 0.5), ink.accent, (x, drop), (x, drop + 2 * r)),
        )
        for y in (0.5, 0.95, 1.4):
            half = r * (1 - (y - 1) ** 2) ** 0.5
            pen.stroke([(x - half, drop + r * y), (x + half, drop + r * y)], 0.018, ink.accent_dark)
        pen.rect(x - 0.06, drop - 0.02, x + 0.06, drop + 0.03, ink.black)
        pen.stroke([(x, drop + 2.1 * r), (x, drop + 2.1 * r + 0.14)], 0.035, ink.brass)


def _armchair(pen: Pen, ink: Inks) -> None:
    """An armchair and a floor lamp, for the room."""
    pen.rect(
        -0.34,
        -0.64,
        0.2,
        -0.1,
        Fade(mix(ink.accent, ink.white, 0.15), ink.accent_dark, (0, -0.6), (0, -0.1)),
        radius=0.12,
    )
    pen.rect(-0.3, -0.36, 0.16, -0.12, ink.accent, radius=0.05)
    for x in (-0.42, 0.14):
        pen.rect(x, -0.42, x + 0.14, -0.08, ink.accent_dark, radius=0.06)
    for x in (-0.34, 0.2):
        pen.stroke([(x, -0.08), (x, 0)], 0.05, ink.wood_dark)
    pen.stroke([(0.4, 0), (0.4, -0.8)], 0.03, ink.black)
    pen.shape([(0.28, -0.78), (0.52, -0.78), (0.46, -1.0), (0.34, -1.0)], ink.brass_light)


SIGNS: dict[str, tuple[Draw, bool]] = {
    "hall": (_column, False),
    "church": (_lancet, False),
    "club": (_mirror_ball, True),
    "desert": (_palm, False),
    "palace": (_dome, False),
    "forest": (_fir, False),
    "castle": (_banner, False),
    "street": (_street_lamp, False),
    "stage": (_speakers, False),
    "prairie": (_wagon_wheel, False),
    "hills": (_sheep, False),
    "space": (_planet, True),
    "sea": (_boat, False),
    "jungle": (_fronds, False),
    "factory": (_cogs, False),
    "pagoda": (_paper_lanterns, True),
    "room": (_armchair, False),
}
"""For each place, its sign in the pictures of other places, and whether the sign hangs from above."""


def _music_stand(pen: Pen, ink: Inks) -> None:
    """A music stand that nobody sings at, for denied voices."""
    for x in (-0.2, 0.2):
        pen.stroke([(0, -0.16), (x, 0)], 0.035, ink.black)
    pen.stroke([(0, -0.02), (0, -0.62)], 0.04, ink.black)
    pen.shape([(-0.36, -0.58), (0.36, -0.58), (0.3, -1.0), (-0.3, -1.0)], ink.coal)
    pen.shape([(-0.3, -0.62), (-0.01, -0.6), (-0.01, -0.97), (-0.26, -0.98)], ink.white)
    pen.shape([(0.3, -0.62), (0.01, -0.6), (0.01, -0.97), (0.26, -0.98)], ink.cream)
    for y in (-0.9, -0.82, -0.74, -0.67):
        pen.stroke([(-0.23, y), (-0.05, y)], 0.014, ink.coal)
        pen.stroke([(0.05, y), (0.23, y)], 0.014, ink.coal)


def _case(outline: list[tuple[float, float]], band: float) -> Draw:
    """A closed instrument case with two clasps."""

    def draw(pen: Pen, ink: Inks) -> None:
        pen.blob(mirrored(outline), ink.black)
        pen.at(0, -0.03, 0.9).blob(
            mirrored(outline), Fade(ink.coal, mix(ink.accent, ink.black, 0.6), (-0.3, 0), (0.3, 0))
        )
        for y in (-0.22, band):
            pen.rect(-0.07, y - 0.03, 0.07, y + 0.03, ink.brass)

    return draw


def _covered(pen: Pen, ink: Inks) -> None:
    """A keyboard under a cloth."""
    pen.shape([(-0.55, 0), (-0.5, -0.62), (0.5, -0.62), (0.55, 0)], Fade(ink.cream, ink.silver_dark, (0, -0.6), (0, 0)))
    for x in (-0.36, -0.12, 0.12, 0.36):
        pen.taper([(x * 0.9, -0.6), (x, -0.3), (x * 1.1, 0)], 0.02, 0.07, ink.silver_dark, alpha=0.5)


def _drum_case(pen: Pen, ink: Inks) -> None:
    for y, half in ((0.0, 0.42), (-0.44, 0.32)):
        pen.rect(-half, y - 0.42, half, y, Fade(ink.coal, ink.black, (-half, 0), (half, 0)), radius=0.08)
        pen.rect(-half, y - 0.3, half, y - 0.25, ink.accent)
        pen.rect(-0.06, y - 0.32, 0.06, y - 0.2, ink.brass)


def _empty_chair(pen: Pen, ink: Inks) -> None:
    for a, b in (
        ((-0.26, -0.42), (-0.3, 0)),
        ((0.26, -0.42), (0.3, 0)),
        ((-0.22, -0.42), (-0.22, -1.0)),
        ((0.22, -0.42), (0.22, -1.0)),
    ):
        pen.stroke([a, b], 0.05, ink.wood_dark)
    pen.rect(-0.3, -0.46, 0.3, -0.38, ink.accent, radius=0.03)
    for y in (-0.96, -0.76):
        pen.stroke([(-0.22, y), (0.22, y)], 0.06, ink.wood)


_GUITAR_CASE = [(0, -1.0), (0.1, -0.98), (0.12, -0.62), (0.22, -0.54), (0.18, -0.38), (0.3, -0.16), (0.2, 0), (0, 0.0)]
_VIOLIN_CASE = [(0, -0.84), (0.12, -0.8), (0.2, -0.5), (0.16, -0.36), (0.25, -0.14), (0.16, 0), (0, 0.0)]
_PIPE_CASE = [(0, -0.95), (0.13, -0.94), (0.15, -0.5), (0.15, -0.04), (0, 0.0)]
_HORN_CASE = [(0, -0.7), (0.16, -0.66), (0.3, -0.4), (0.36, -0.1), (0.2, 0), (0, 0.0)]

ABSENCES: dict[str, Draw] = {
    "voices": _music_stand,
    "guitars": _case(_GUITAR_CASE, -0.7),
    "strings": _case(_VIOLIN_CASE, -0.6),
    "winds": _case(_PIPE_CASE, -0.7),
    "brass": _case(_HORN_CASE, -0.5),
    "drums": _drum_case,
    "keys": _covered,
    "": _empty_chair,
}
"""What stands for the denied things of a family; an empty chair for anything else."""
