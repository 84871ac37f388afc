"""Where things stand in a picture: own places, rows, sizes, and the two arrangements for the two forms of a prompt.

Every thing has a place of its own, and gives way to its neighbours only as far as it must. So a thing stands at about
the same place in all pictures of a clip, whatever stands beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from generation.painting.sketch.figures import FIGURES, SEATS, Figure
from generation.painting.sketch.scene import Skeleton

MAX_THINGS = 8
_SCALES = (0.9, 0.9, 0.82, 0.74, 0.67, 0.61, 0.55, 0.51, 0.48)
_FEET, _ROW_SCALES = (0.955, 0.85), (1.0, 0.9)
_MARGIN = 0.015


@dataclass(frozen=True)
class Spot:
    """A thing with the middle of its foot (x, foot), its scale, its tilt in degrees, its depth (0 near, 1 far)."""

    name: str
    x: float
    foot: float
    scale: float
    tilt: float
    depth: float


def arrange(things: list[str], skeleton: Skeleton, is_sentence: bool, hand: np.random.Generator) -> list[Spot]:
    """The spots of things, the farthest first.

    The seed decides which of two arrangements a list of tags takes; a sentence takes the other one. So both forms are
    arranged alike on average, and nobody can read the form from a picture. `hand` moves things a little.
    """
    variant = 1 if skeleton.hand ^ is_sentence else -1
    seated = sorted(things[:MAX_THINGS], key=SEATS.__getitem__)
    singers = [name for name in seated if FIGURES[name].is_bust]
    low, high = _room_beside(singers)
    rows = _rows([name for name in seated if name not in singers])
    size = _SCALES[len(seated)]
    spots = _seat(singers, 1.0, max(size, 0.6), 0.0, 1.0, 0)
    for row, names in enumerate(rows):
        scale = size * _ROW_SCALES[row] * (0.6 + 0.4 * (high - low))
        spots += _seat(names, _FEET[row] - 0.02 * len(rows[0]) * row, scale, low, high, row)
    moved = []
    for n, spot in enumerate(spots):
        step, size_by, turn_by = hand.uniform(-1, 1, 3)
        figure = FIGURES[spot.name]
        scale = spot.scale * (1 + 0.03 * variant * (1 if n % 2 else -1) + 0.02 * size_by)
        x = spot.x + 0.018 * variant + 0.01 * step
        tilt = figure.tilt + (5 * variant + 3 * turn_by if figure.tilt else 0)
        half, _ = extent(figure, scale, tilt)
        if half < 0.48:
            x = min(max(x, half + _MARGIN), 1 - half - _MARGIN)
        moved.append(Spot(spot.name, x, spot.foot, scale, tilt, spot.depth))
    # Busts are cut by the lower edge, so they are nearer than things on the ground.
    return sorted(moved, key=lambda spot: (FIGURES[spot.name].is_bust, spot.foot))


def _own_place(name: str) -> tuple[float, int]:
    """The place of a thing from left (0) to right (1), and its row; neighbours in `FIGURES` are far apart."""
    if FIGURES[name].is_bust:
        return (0.22 if SEATS[name] < len(SEATS) // 2 else 0.78), 0
    turn = 0.6180339887 * SEATS[name] % 1
    return 0.12 + 0.76 * turn, SEATS[name] % 2


def _room_beside(singers: list[str]) -> tuple[float, float]:
    """The part of the picture that singers leave to other things."""
    sides = [_own_place(name)[0] < 0.5 for name in singers]
    return (0.34 if any(sides) else 0.0), (0.66 if not all(sides) else 1.0)


def _rows(names: list[str]) -> list[list[str]]:
    """The front and the back row; the widest of a full row moves to the other."""
    rows: list[list[str]] = [[], []]
    for name in names:
        rows[_own_place(name)[1]].append(name)
    while abs(len(rows[0]) - len(rows[1])) > 1 and len(names) > 2:
        full = 0 if len(rows[0]) > len(rows[1]) else 1
        widest = max(rows[full], key=lambda name: (extent(FIGURES[name], 1)[0], SEATS[name]))
        rows[full].remove(widest)
        rows[1 - full].append(widest)
    return rows


def _seat(names: list[str], foot: float, scale: float, low: float, high: float, row: int) -> list[Spot]:
    """The things of a row between `low` and `high`, each as near to its own place as its neighbours allow."""
    if not names:
        return []
    names = sorted(names, key=lambda name: (_own_place(name)[0], SEATS[name]))
    halves = np.array([extent(FIGURES[name], scale)[0] for name in names])
    room = high - low - 2 * _MARGIN
    overlap = 0.9 if len(names) > 1 else 1.0
    fit = min(1.0, room / (2 * halves.sum() * overlap))
    halves *= fit
    xs = low + (high - low) * np.array([_own_place(name)[0] for name in names])
    for _ in range(40):
        for n in range(len(names) - 1):
            push = (halves[n] + halves[n + 1]) * overlap - (xs[n + 1] - xs[n])
            if push > 0:
                xs[n] -= push / 2
                xs[n + 1] += push / 2
        xs = np.clip(xs, low + _MARGIN + halves * overlap, high - _MARGIN - halves * overlap)
    depth = 0.45 * row
    return [Spot(name, float(x), foot, scale * fit, 0, depth) for name, x in zip(names, xs, strict=True)]


def extent(figure: Figure, scale: float, tilt: float | None = None) -> tuple[float, float]:
    """Half the width and half the height of a figure in the picture, tilted by `tilt` degrees or as it usually is."""
    half, lean = figure.size * scale, math.radians(abs(figure.tilt if tilt is None else tilt))
    width = figure.half_width * math.cos(lean) + figure.half_height * math.sin(lean)
    height = figure.half_height * math.cos(lean) + figure.half_width * math.sin(lean)
    return half * width, half * height
