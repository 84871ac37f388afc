"""Drawing with antialiased shapes, gradients and layers: NumPy for colour, Pillow for outlines.

Colours are float32 arrays (3,), sRGB from 0 to 1. A layer is premultiplied and planar, (4, height, width).
Outlines are drawn at three or four times the size and reduced, which gives smooth edges.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Points = Sequence[tuple[float, float]] | np.ndarray


def rgb(code: str) -> np.ndarray:
    """The colour of a code such as '#e8b04a'."""
    code = code.lstrip("#")
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def mix(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """The mixture of `a` and `b` with `share` (0 to 1) of `b`."""
    return (a * (1 - share) + b * share).astype(np.float32)


@dataclass(frozen=True)
class Fade:
    """A gradient from `a` at point `start` to `b` at point `end`, in the pen's own units."""

    a: np.ndarray
    b: np.ndarray
    start: tuple[float, float]
    end: tuple[float, float]


Paint = np.ndarray | Fade


def spline(points: Points, closed: bool = True, steps: int = 10) -> np.ndarray:
    """A smooth curve through the points (Catmull–Rom, uniform), (n · steps, 2)."""
    p = np.asarray(points, float)
    if closed:
        before, after, after2 = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
        here = p
    else:
        padded = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
        before, here, after, after2 = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * here
        + (after - before) * t
        + (2 * before - 5 * here + 4 * after - after2) * t**2
        + (3 * here - before - 3 * after + after2) * t**3
    )
    flat = curve.transpose(1, 0, 2).reshape(-1, 2)
    return flat if closed else np.vstack([flat, p[-1]])


def ellipse_points(x: float, y: float, rx: float, ry: float, turn: float = 0, span=(0, 360)) -> np.ndarray:
    """Points on an ellipse turned by `turn` degrees, over the angles of `span`."""
    across, down = _arc(*span)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    u, v = rx * across, ry * down
    return np.stack([x + u * c - v * s, y + u * s + v * c], 1)


@functools.lru_cache(maxsize=256)
def _arc(start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of the unit circle between two angles in degrees: cosines and sines, (49,) each."""
    t = np.radians(np.linspace(start, end, 49))
    return np.cos(t), np.sin(t)


def mirrored(right_half: Points) -> list[tuple[float, float]]:
    """A closed outline, symmetrical about x = 0, from its right half (top to bottom)."""
    return [*right_half, *[(-x, y) for x, y in reversed(list(right_half)) if abs(x) > 1e-9]]


class Layer:
    """A transparent sheet of `size` × `size` pixels: red, green, blue (premultiplied) and cover, in planes."""

    def __init__(self, size: int):
        self.size = size
        self.planes = np.zeros((4, size, size), np.float32)
        self._low = np.array([size, size])
        self._high = np.array([0, 0])

    @property
    def colour(self) -> np.ndarray:
        return self.planes[:3]

    @property
    def cover(self) -> np.ndarray:
        return self.planes[3]

    def draw_area(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The planes within a box of pixels, (4, height, width); the box is marked as drawn."""
        self._low = np.minimum(self._low, low)
        self._high = np.maximum(self._high, high)
        return self.planes[:, low[1] : high[1], low[0] : high[0]]

    @property
    def _drawn(self) -> tuple[slice, slice]:
        """Rows and columns that have been drawn: operations skip the rest."""
        (x0, y0), (x1, y1) = self._low, self._high
        return slice(y0, max(y0, y1)), slice(x0, max(x0, x1))

    def fill(self, colour: np.ndarray) -> None:
        """Cover everything with colours, (3, size, size) or broadcast to it."""
        self.draw_area(np.array([0, 0]), np.array([self.size, self.size]))[:3] = colour
        self.cover[:] = 1

    def over(self, below: Layer) -> None:
        """Lay this sheet on `below`."""
        rows, columns = self._drawn
        area = below.draw_area(self._low, np.maximum(self._high, self._low))
        area *= 1 - self.cover[rows, columns]
        area += self.planes[:, rows, columns]

    def let_down(self, foot: int) -> int:
        """Move everything drawn down, or up, so that it ends at the row `foot`; returns the rows moved."""
        drawn = np.flatnonzero((self.cover > 0.3).any(1))
        rows = int(foot - 1 - drawn[-1]) if len(drawn) else 0
        if rows:
            self.planes = np.roll(self.planes, rows, 1)
            self.planes[:, slice(rows) if rows > 0 else slice(rows, None)] = 0
            self._low[1], self._high[1] = np.clip((self._low[1] + rows, self._high[1] + rows), 0, self.size)
        return rows

    def add_light(self, amount: np.ndarray, colour: np.ndarray) -> None:
        """Add light in screen mode; `amount` (size, size) from 0 to 1."""
        rows, columns = self._drawn
        share, cover = np.clip(amount[rows, columns], 0, 1), self.cover[rows, columns]
        for plane, value in zip(self.colour, colour, strict=True):
            area = plane[rows, columns]
            area += share * value * (cover - area)

    def veil(self, amount: float, colour: np.ndarray) -> None:
        """Move everything drawn towards a colour, like haze over distant things."""
        rows, columns = self._drawn
        for plane, value in zip(self.colour, colour, strict=True):
            area = plane[rows, columns]
            area += amount * (self.cover[rows, columns] * value - area)

    def multiply(self, amount: np.ndarray, colour: np.ndarray) -> None:
        """Multiply with a darker colour; `amount` (size, size) from 0 to 1."""
        rows, columns = self._drawn
        share = np.clip(amount[rows, columns], 0, 1)
        for plane, value in zip(self.colour, colour, strict=True):
            plane[rows, columns] *= 1 - share * (1 - value)


def blur(field: np.ndarray, radius: float) -> np.ndarray:
    """A Gaussian blur of a field from 0 to 1; radius in pixels."""
    image = Image.fromarray(np.clip(field * 255, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


class Pen:
    """Draws on a layer in its own units: a scale, a turn, and a place; x to the right, y down."""

    def __init__(self, layer: Layer, x: float = 0, y: float = 0, scale: float = 1, turn: float = 0, flip=False):
        """The pen's origin is at (x, y) of the unit square; `scale` of it is one unit; degrees clockwise."""
        self.layer = layer
        c, s = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
        f = -1 if flip else 1
        self._matrix = np.array([[c * f, -s, x], [s * f, c, y]])
        self.alpha = 1.0

    def at(self, x: float = 0, y: float = 0, scale: float = 1, turn: float = 0, flip: bool = False) -> Pen:
        """A pen placed within this pen's units."""
        inner = Pen(self.layer, x, y, scale, turn, flip)
        inner._matrix = self._matrix @ np.vstack([inner._matrix, [0, 0, 1]])
        inner.alpha = self.alpha
        return inner

    def _pixels(self, points: Points) -> np.ndarray:
        p = np.asarray(points, float).reshape(-1, 2)
        return (p @ self._matrix[:, :2].T + self._matrix[:, 2]) * self.layer.size

    @property
    def _unit(self) -> float:
        """Pixels in one unit."""
        return math.hypot(self._matrix[0, 0], self._matrix[1, 0]) * self.layer.size

    def shape(self, points: Points, paint: Paint, holes: Iterable[Points] = (), alpha: float = 1) -> None:
        """A filled polygon, less its holes."""
        outline = self._pixels(points)
        cut = [self._pixels(h) for h in holes]

        def draw(sheet: ImageDraw.ImageDraw, place) -> None:
            sheet.polygon(place(outline), fill=255)
            for hole in cut:
                sheet.polygon(place(hole), fill=0)

        self._draw(draw, outline, 1, paint, alpha)

    def blob(self, points: Points, paint: Paint, holes: Iterable[Points] = (), alpha: float = 1) -> None:
        """A smooth closed shape through the points."""
        self.shape(spline(points), paint, holes, alpha)

    def ellipse(self, x, y, rx, ry, paint: Paint, turn: float = 0, alpha: float = 1) -> None:
        self.shape(ellipse_points(x, y, rx, ry, turn), paint, (), alpha)

    def ring(self, x, y, rx, ry, width: float, paint: Paint, turn: float = 0, alpha: float = 1) -> None:
        self.stroke(ellipse_points(x, y, rx, ry, turn), width, paint, alpha=alpha)

    def rect(self, x0, y0, x1, y1, paint: Paint, radius: float = 0, alpha: float = 1) -> None:
        if radius <= 0:
            self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], paint, (), alpha)
            return
        corners = [(x1, y0, -90), (x1, y1, 0), (x0, y1, 90), (x0, y0, 180)]
        points = []
        for x, y, angle in corners:
            cx = x - radius if x == x1 else x + radius
            cy = y - radius if y == y1 else y + radius
            points.append(ellipse_points(cx, cy, radius, radius, 0, (angle, angle + 90))[::8])
        self.shape(np.vstack(points), paint, (), alpha)

    def stroke(self, points: Points, width: float, paint: Paint, smooth=False, alpha: float = 1) -> None:
        """A line of even width with round ends, optionally smoothed."""
        line = self._pixels(spline(points, closed=False) if smooth else points)
        pixels = max(width * self._unit, 0.8)

        def draw(sheet: ImageDraw.ImageDraw, place) -> None:
            placed = place(line)
            thick = pixels * place.factor
            sheet.line(placed, fill=255, width=max(1, round(thick)), joint="curve")
            r = thick / 2
            if r > 1:
                for x, y in (placed[0], placed[-1]):
                    sheet.ellipse((x - r, y - r, x + r, y + r), fill=255)

        self._draw(draw, line, pixels / 2 + 1, paint, alpha)

    def taper(self, points: Points, start: float, end: float, paint: Paint, alpha: float = 1) -> None:
        """A smooth line with a width from `start` to `end`."""
        middle = spline(points, closed=False)
        slope = np.gradient(middle, axis=0)
        normal = np.stack([-slope[:, 1], slope[:, 0]], 1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        half = np.linspace(start, end, len(middle))[:, None] / 2
        self.shape(np.vstack([middle + normal * half, (middle - normal * half)[::-1]]), paint, (), alpha)

    def _draw(self, draw, outline: np.ndarray, margin: float, paint: Paint, alpha: float) -> None:
        size = self.layer.size
        low = np.maximum(np.floor(outline.min(0) - margin), 0).astype(int)
        high = np.minimum(np.ceil(outline.max(0) + margin), size).astype(int)
        width, height = high - low
        if width <= 0 or height <= 0:
            return
        factor = 4 if width * height < size * size // 6 else 3
        mask = Image.new("L", (int(width) * factor, int(height) * factor))
        draw(ImageDraw.Draw(mask), _ToMask(low, factor))
        shares = np.frombuffer(mask.reduce(factor).tobytes(), np.uint8).reshape(height, width)
        cover = shares * np.float32(alpha * self.alpha / 255)
        area = self.layer.draw_area(low, high)
        area *= 1 - cover
        area[:3] += self._colours(paint, low, high) * cover
        area[3] += cover

    def _colours(self, paint: Paint, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The paint in a box of pixels, (3, height, width) or (3, 1, 1)."""
        if not isinstance(paint, Fade):
            return paint[:, None, None]
        start, end = self._pixels([paint.start, paint.end])
        along = (end - start) / max(float(np.sum((end - start) ** 2)), 1e-9)
        xs = (np.arange(low[0], high[0]) + 0.5 - start[0]) * along[0]
        ys = (np.arange(low[1], high[1]) + 0.5 - start[1]) * along[1]
        t = np.clip(xs.astype(np.float32)[None, :] + ys.astype(np.float32)[:, None], 0, 1)
        return paint.a[:, None, None] + (paint.b - paint.a)[:, None, None] * t


class _ToMask:
    """Converts pixels of the layer to pixels of the enlarged mask."""

    def __init__(self, low: np.ndarray, factor: int):
        self.low, self.factor = low, factor

    def __call__(self, points: np.ndarray) -> list[tuple[float, float]]:
        return list(map(tuple, ((points - self.low) * self.factor).tolist()))
