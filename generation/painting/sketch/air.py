"""Small shapes in the air for each genre, mood and origin: leaves for folk, rain for sadness, notes for classics.

Each function draws one item of about one unit in width, in colours `a` and `b`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generation.painting.sketch.canvas import Pen, ellipse_points

Shape = Callable[[Pen, np.ndarray, np.ndarray], None]


@dataclass(frozen=True)
class Air:
    """How many items of a shape fly, how large (shares of the picture), how turned (degrees either way), how clear."""

    draw: Shape
    count: int = 9
    size: float = 0.045
    turn: float = 25
    alpha: float = 0.85
    aspect: float = 1.0


def _polygon(*points: tuple[float, float]) -> Shape:
    return lambda pen, a, b: pen.shape(points, a)


def _petals(count: int, length: float, width: float) -> Shape:
    def draw(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
        for turn in np.arange(count) * 360 / count:
            pen.at(0, 0, 1, float(turn)).ellipse(0.5 * length, 0, 0.5 * length, width, a)
        pen.ellipse(0, 0, 0.16, 0.16, b)

    return draw


def _star(points: int, inner: float) -> Shape:
    t = np.arange(2 * points) * np.pi / points - np.pi / 2
    r = np.where(np.arange(2 * points) % 2, inner, 0.55)
    outline = np.stack([r * np.cos(t), r * np.sin(t)], 1)
    return lambda pen, a, b: pen.shape(outline, a)


def _arcs(count: int, span: tuple[float, float]) -> Shape:
    def draw(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
        for n in range(count):
            r = 0.18 + 0.36 * n / max(count - 1, 1)
            pen.stroke(ellipse_points(0, 0, r, r, 0, span), 0.09, (a, b)[n % 2])

    return draw


def _lines(*lines: list[tuple[float, float]], width: float = 0.08, smooth: bool = True) -> Shape:
    def draw(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
        for n, line in enumerate(lines):
            pen.stroke(line, width, (a, b)[n % 2], smooth=smooth)

    return draw


def _dots(*dots: tuple[float, float, float]) -> Shape:
    def draw(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
        for n, (x, y, r) in enumerate(dots):
            pen.ellipse(x, y, r, r, (a, b)[n % 2])

    return draw


def _note(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.ellipse(-0.12, 0.34, 0.2, 0.15, a, turn=-20)
    pen.stroke([(0.06, 0.3), (0.06, -0.5)], 0.07, a)
    pen.taper([(0.06, -0.5), (0.2, -0.3), (0.34, -0.2), (0.3, 0.02)], 0.14, 0.03, a)


def _staff(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for n in range(5):
        pen.stroke([(-0.8, -0.24 + 0.12 * n), (0, -0.34 + 0.12 * n), (0.8, -0.24 + 0.12 * n)], 0.03, a, smooth=True)
    for x, y in ((-0.5, 0.1), (-0.1, -0.1), (0.35, 0.06)):
        pen.ellipse(x, y, 0.1, 0.075, b, turn=-20)
        pen.stroke([(x + 0.09, y), (x + 0.09, y - 0.4)], 0.035, b)


def _leaf(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.blob([(-0.5, 0.1), (-0.1, -0.26), (0.5, -0.1), (0.05, 0.26)], a)
    pen.stroke([(-0.6, 0.16), (0.36, -0.06)], 0.05, b)


def _feather(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.taper([(-0.5, 0.3), (0.0, 0.05), (0.5, -0.35)], 0.08, 0.26, a)
    pen.stroke([(-0.6, 0.38), (0.0, 0.05), (0.46, -0.3)], 0.035, b, smooth=True)


def _bird(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.taper([(-0.6, -0.2), (-0.25, -0.26), (0, 0.06)], 0.02, 0.14, a)
    pen.taper([(0.6, -0.24), (0.22, -0.26), (0, 0.06)], 0.02, 0.14, a)
    pen.ellipse(0.02, 0.06, 0.13, 0.09, a)


def _bat(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    wing = [(0, -0.1), (0.2, -0.26), (0.6, -0.22), (0.5, 0.02), (0.36, -0.04), (0.26, 0.12), (0.12, 0.04), (0, 0.2)]
    pen.shape([*wing, *[(-x, y) for x, y in wing[::-1]]], a)
    pen.ellipse(0, -0.08, 0.1, 0.13, a)
    for side in (-1, 1):
        pen.shape([(side * 0.02, -0.16), (side * 0.1, -0.12), (side * 0.09, -0.3)], a)


def _butterfly(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for side in (-1, 1):
        pen.blob([(0, 0), (side * 0.2, -0.4), (side * 0.52, -0.34), (side * 0.34, 0.02)], a)
        pen.blob([(0, 0.02), (side * 0.34, 0.06), (side * 0.34, 0.36), (side * 0.12, 0.3)], b)
    pen.stroke([(0, -0.24), (0, 0.28)], 0.07, b)


def _balloon(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(0, 0.3), (0.06, 0.6), (-0.05, 0.95)], 0.03, b, smooth=True)
    pen.ellipse(0, -0.12, 0.34, 0.42, a)
    pen.shape([(0, 0.26), (0.08, 0.38), (-0.08, 0.38)], a)
    pen.ellipse(-0.12, -0.26, 0.08, 0.12, b, turn=20, alpha=0.6)


def _heart(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    half = [(0, -0.2), (0.2, -0.42), (0.46, -0.34), (0.48, -0.06), (0.24, 0.24), (0, 0.48)]
    pen.shape([*half, *[(-x, y) for x, y in half[::-1]]], a)


def _cloud(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for x, y, r in ((-0.45, 0.06, 0.24), (-0.12, -0.08, 0.34), (0.3, 0.0, 0.3), (0.6, 0.12, 0.17)):
        pen.ellipse(x, y, r, r * 0.8, a)
    pen.rect(-0.62, 0.06, 0.72, 0.28, a, radius=0.1)


def _flame(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.ellipse(0, -0.16, 0.5, 0.5, a, alpha=0.25)
    pen.rect(-0.13, 0.06, 0.13, 0.62, b)
    pen.blob([(0, -0.46), (0.14, -0.14), (0, 0.06), (-0.14, -0.14)], a)


def _lantern(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(0, -0.9), (0, -0.4)], 0.04, b)
    pen.shape([(-0.16, -0.42), (0.16, -0.42), (0.36, 0.0), (0.16, 0.42), (-0.16, 0.42), (-0.36, 0.0)], a)
    pen.shape([(-0.06, -0.34), (0.06, -0.34), (0.14, 0.0), (0.06, 0.34), (-0.06, 0.34), (-0.14, 0)], b)
    pen.stroke([(0, 0.42), (0, 0.62)], 0.06, b)


def _umbrella(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(0, -0.5), (0, 0.5), (0.1, 0.58), (0.18, 0.48)], 0.06, b, smooth=True)
    scallop = [(0.5, 0.0), (0.34, -0.08), (0.17, 0.0), (0, -0.08), (-0.17, 0.0), (-0.34, -0.08), (-0.5, 0.0)]
    pen.shape([*ellipse_points(0, 0, 0.5, 0.46, 0, (180, 360)), *scallop], a)


def _rose(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(0.0, 0.1), (0.06, 0.4), (0.0, 0.75)], 0.06, b, smooth=True)
    pen.at(0.03, 0.5, 1, 30).ellipse(0.16, 0, 0.18, 0.09, b)
    pen.ellipse(0, -0.08, 0.3, 0.28, a)
    pen.stroke(ellipse_points(0, -0.08, 0.18, 0.16, 0, (20, 300)), 0.05, b)
    pen.ellipse(0, -0.08, 0.06, 0.06, b)


def _fan(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.shape([(0, 0.35), *ellipse_points(0, 0.35, 0.6, 0.7, 0, (205, 335))], a)
    for t in np.radians(np.arange(212, 335, 20)):
        pen.stroke([(0, 0.35), (0.58 * np.cos(t), 0.35 + 0.68 * np.sin(t))], 0.03, b)


def _pennant(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(-0.4, -0.55), (-0.4, 0.7)], 0.06, b)
    pen.shape([(-0.4, -0.5), (0.6, -0.32), (0.3, -0.2), (0.6, -0.05), (-0.4, 0.05)], a)


def _globe(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.ellipse(0, 0, 0.45, 0.45, a)
    pen.ring(0, 0, 0.18, 0.43, 0.05, b)
    for y in (-0.2, 0, 0.2):
        pen.stroke([(-((0.19 - y * y) ** 0.5), y), ((0.19 - y * y) ** 0.5, y)], 0.05, b)


def _plane(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.shape([(-0.55, -0.1), (0.6, -0.3), (-0.1, 0.12)], a)
    pen.shape([(-0.1, 0.12), (0.6, -0.3), (0.04, 0.4)], b)


def _gear(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for turn in range(0, 180, 36):
        pen.at(0, 0, 1, turn).rect(-0.5, -0.09, 0.5, 0.09, a)
    pen.ellipse(0, 0, 0.38, 0.38, a)
    pen.ellipse(0, 0, 0.16, 0.16, b)


def _clover(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.taper([(0, 0), (0.06, 0.3), (0.2, 0.55)], 0.08, 0.06, b)
    for turn in (-90, 30, 150):
        pen.at(0, 0, 1, turn).blob([(0, 0), (0.3, -0.24), (0.46, -0.12), (0.4, 0), (0.46, 0.12), (0.3, 0.24)], a)


def _paisley(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.blob([(0.05, -0.55), (0.12, -0.3), (0.36, 0.0), (0.3, 0.34), (0, 0.45), (-0.28, 0.3), (-0.26, 0), (0, -0.2)], a)
    pen.ring(0.02, 0.16, 0.15, 0.15, 0.06, b)


def _kite(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(0, 0.4), (0.1, 0.65), (-0.08, 0.85), (0.05, 1.05)], 0.04, b, smooth=True)
    pen.shape([(0, -0.55), (0.34, -0.1), (0, 0.42), (-0.34, -0.1)], a)
    pen.stroke([(0, -0.5), (0, 0.4)], 0.04, b)
    pen.stroke([(-0.32, -0.1), (0.32, -0.1)], 0.04, b)


def _circuit(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    pen.stroke([(-0.7, 0.25), (-0.2, 0.25), (0.1, -0.15), (0.6, -0.15)], 0.07, a)
    pen.stroke([(-0.5, -0.2), (-0.1, -0.2), (0.15, 0.2), (0.45, 0.2)], 0.07, a)
    for x, y in ((-0.7, 0.25), (0.6, -0.15), (-0.5, -0.2), (0.45, 0.2)):
        pen.ellipse(x, y, 0.12, 0.12, b)


def _crescent(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    outer = ellipse_points(0, 0, 0.46, 0.46, 0, (50, 310))
    inner = ellipse_points(0.2, 0, 0.37, 0.37, 0, (70, 290))[::-1]
    pen.shape(np.vstack([outer, inner]), a)


def _spiral(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    t = np.linspace(0, 4.4 * np.pi, 40)
    pen.stroke(np.stack([0.035 * t * np.cos(t), 0.035 * t * np.sin(t)], 1), 0.08, a)


def _tumbleweed(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for turn in (0, 45, 90, 135):
        pen.ring(0, 0, 0.48, 0.26, 0.05, (a, b)[turn // 45 % 2], turn=turn)


def _splash(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    _star(9, 0.3)(pen, a, b)
    for x, y, r in ((0.6, 0.2, 0.09), (-0.55, -0.4, 0.11), (-0.4, 0.55, 0.07), (0.4, -0.55, 0.06)):
        pen.ellipse(x, y, r, r, a)


def _bars(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for n, tall in enumerate((0.4, 0.75, 0.55, 0.95)):
        pen.rect(-0.45 + 0.25 * n, 0.5 - tall, -0.27 + 0.25 * n, 0.5, (a, b)[n % 2], radius=0.04)


_SQUARE = _polygon((-0.4, -0.4), (0.4, -0.4), (0.4, 0.4), (-0.4, 0.4))
_PIXEL = ((0, 0), (1, 0), (1, 1), (2, 1), (0, 2), (2, 2))


def _pixel(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for n, (column, row) in enumerate(_PIXEL):
        pen.rect(-0.48 + column * 0.33, -0.48 + row * 0.33, -0.18 + column * 0.33, -0.18 + row * 0.33, (a, b)[n % 2])


def _grid(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for t in (-0.45, -0.15, 0.15, 0.45):
        pen.stroke([(-0.5, t), (0.5, t)], 0.06, a)
        pen.stroke([(t, -0.5), (t, 0.5)], 0.06, b)


def _confetti(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for n, (x, y) in enumerate(((-0.5, -0.3), (0.1, -0.5), (0.5, 0.1), (-0.2, 0.2), (0.2, 0.55))):
        pen.at(x, y, 1, 50 * n).rect(-0.15, -0.08, 0.15, 0.08, (a, b)[n % 2])


def _snow(pen: Pen, a: np.ndarray, b: np.ndarray) -> None:
    for turn in (0, 60, 120):
        pen.at(0, 0, 1, turn).stroke([(-0.45, 0), (0.45, 0)], 0.1, a)


_WAVE = [(-0.8, 0.1), (-0.4, -0.15), (0, 0.1), (0.4, -0.15), (0.8, 0.1)]

AIRS: dict[str, Air] = {
    "arcs": Air(_arcs(4, (-50, 50)), 7, 0.1, 180),
    "balloon": Air(_balloon, 8, 0.07, 12),
    "band": Air(_lines([(-2.6, 0), (2.6, 0)], [(-2.2, 0.3), (2.2, 0.3)], width=0.16), 6, 0.09, 0, 0.5),
    "bars": Air(_bars, 8, 0.07, 0),
    "bat": Air(_bat, 8, 0.085, 15),
    "birds": Air(_bird, 9, 0.07, 12),
    "bokeh": Air(_dots((0, 0, 0.5)), 11, 0.1, 0, 0.3),
    "bolt": Air(_polygon((0.1, -0.7), (-0.3, 0.1), (0, 0.05), (-0.12, 0.7), (0.34, -0.16), (0.04, -0.1)), 7, 0.09, 15),
    "boulder": Air(_polygon((-0.5, 0.1), (-0.3, -0.36), (0.2, -0.42), (0.5, -0.06), (0.36, 0.36), (-0.28, 0.4)), 8,
        0.08),
    "bubble": Air(lambda pen, a, b: (pen.ring(0, 0, 0.45, 0.45, 0.08, a), pen.ellipse(-0.15, -0.18, 0.09, 0.09, b))[0],  # type: ignore[func-returns-value]
                  11, 0.06, 0),
    "butterfly": Air(_butterfly, 8, 0.065),
    "circuit": Air(_circuit, 8, 0.09, 0),
    "cloud": Air(_cloud, 6, 0.13, 0, 0.55),
    "clover": Air(_clover, 9, 0.06, 40),
    "confetti": Air(_confetti, 13, 0.06, 90),
    "crescent": Air(_crescent, 8, 0.065, 20),
    "cross": Air(_lines([(-0.4, -0.4), (0.4, 0.4)], [(-0.4, 0.4), (0.4, -0.4)], width=0.2, smooth=False), 9, 0.055),
    "daisy": Air(_petals(7, 0.55, 0.15), 8, 0.07, 90),
    "diamond": Air(_polygon((0, -0.55), (0.36, 0), (0, 0.55), (-0.36, 0)), 10, 0.06, 0),
    "dot": Air(_dots((-0.3, 0, 0.2), (0.3, 0, 0.2)), 10, 0.055, 0),
    "drops": Air(lambda pen, a, b: pen.blob([(0, -0.55), (0.2, -0.05), (0.26, 0.2), (0, 0.42), (-0.26, 0.2), (-0.2,
        -0.05)], a),
                 10, 0.05, 0),
    "echo": Air(_arcs(3, (0, 360)), 7, 0.1, 0, 0.6),
    "fan": Air(_fan, 7, 0.075, 30),
    "feather": Air(_feather, 8, 0.075, 50),
    "flake": Air(_snow, 15, 0.04, 60),
    "flame": Air(_flame, 9, 0.07, 0),
    "gear": Air(_gear, 7, 0.075),
    "globe": Air(_globe, 7, 0.07),
    "grid": Air(_grid, 8, 0.07, 0),
    "gust": Air(_lines([(-1, 0), (0, -0.1), (0.6, 0), (0.7, -0.3), (0.4, -0.34)], [(-0.8, 0.25), (0.4, 0.2)]), 7,
        0.09, 0),
    "heart": Air(_heart, 9, 0.06, 20),
    "kite": Air(_kite, 7, 0.075, 25),
    "lantern": Air(_lantern, 7, 0.08, 0),
    "leaf": Air(_leaf, 10, 0.06, 90),
    "lotus": Air(_petals(5, 0.6, 0.2), 7, 0.075, 90),
    "note": Air(_note, 9, 0.065, 12),
    "pair": Air(_dots((-0.22, 0, 0.3), (0.22, 0, 0.3)), 6, 0.06, 0),
    "paisley": Air(_paisley, 8, 0.07, 40),
    "pennant": Air(_pennant, 8, 0.08, 6),
    "petal": Air(_petals(5, 0.5, 0.18), 9, 0.055, 90),
    "pixel": Air(_pixel, 9, 0.06, 0),
    "plane": Air(_plane, 7, 0.08, 20),
    "pluck": Air(_arcs(3, (200, 340)), 9, 0.06, 0),
    "rain": Air(_lines([(0.1, -0.6), (-0.1, 0.6)], [(0.6, -0.3), (0.4, 0.7)], width=0.09), 18, 0.06, 0, 0.7),
    "ring": Air(lambda pen, a, b: pen.ring(0, 0, 0.45, 0.3, 0.1, a), 8, 0.09, 30, 0.6),
    "ripple": Air(_lines(_WAVE, [(x, y + 0.3) for x, y in _WAVE]), 8, 0.075, 0),
    "rose": Air(_rose, 8, 0.075, 30),
    "scroll": Air(lambda pen, a, b: (_spiral(pen.at(-0.3), a, b), _spiral(pen.at(0.3, 0, 1, 180), b, a))[0], 7, 0.08),  # type: ignore[func-returns-value]
    "seed": Air(lambda pen, a, b: (_star(7, 0.06)(pen, a, b), pen.stroke([(0, 0), (0.1, 0.9)], 0.05, b))[0], 9, 0.06),  # type: ignore[func-returns-value]
    "shard": Air(_polygon((-0.12, -0.7), (0.3, -0.2), (0.05, 0.7), (-0.25, 0.1)), 9, 0.075, 90),
    "smoke": Air(_cloud, 7, 0.15, 0, 0.4),
    "spark": Air(_star(4, 0.12), 12, 0.06, 45),
    "sparkle": Air(_star(8, 0.24), 9, 0.055, 0),
    "spiral": Air(_spiral, 7, 0.085, 180),
    "splash": Air(_splash, 7, 0.09, 180),
    "spot": Air(_dots((0, 0, 0.3)), 5, 0.05, 0, 0.5),
    "staff": Air(_staff, 6, 0.085, 8),
    "star": Air(_star(5, 0.23), 10, 0.06, 30),
    "streak": Air(_lines([(-0.9, 0), (0.9, 0)], [(-0.4, 0.25), (0.7, 0.25)]), 10, 0.07, 0, 0.7),
    "sunstripe": Air(_lines([(-0.6, -0.2), (0.6, -0.2)], [(-0.6, 0.0), (0.6, 0.0)], [(-0.6, 0.2), (0.6, 0.2)],
        width=0.16),
                     7, 0.075, 0),
    "tile": Air(lambda pen, a, b: (_SQUARE(pen, a, b), _SQUARE(pen.at(0, 0, 0.5), b, a))[0], 9, 0.055, 0),
    "triangle": Air(_polygon((0, -0.5), (0.46, 0.34), (-0.46, 0.34)), 8, 0.07, 180),
    "tumbleweed": Air(_tumbleweed, 7, 0.075, 90),
    "umbrella": Air(_umbrella, 7, 0.08, 15),
    "wave": Air(_lines(_WAVE, width=0.16), 8, 0.09, 0),
    "wisp": Air(_lines([(-0.7, 0.2), (-0.3, -0.25), (0.1, 0.15), (0.6, -0.25)], width=0.12), 8, 0.1, 20, 0.55),
    "zigzag": Air(_lines([(-0.7, 0.2), (-0.35, -0.2), (0, 0.2), (0.35, -0.2), (0.7, 0.2)], width=0.13, smooth=False),
                  8, 0.08, 0),
}  # fmt: skip
