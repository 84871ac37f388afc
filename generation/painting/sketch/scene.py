"""The draws that all pictures of one call share, and the drawing operations that all places use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generation.painting.sketch.canvas import Fade, Layer, Pen, mix
from generation.painting.sketch.palettes import Palette
from generation.painting.sketch.reading import all_places


@dataclass(frozen=True)
class Skeleton:
    """Everything that the seed alone decides, like the initial latents of a diffusion model.

    `hand`: which of two arrangements a list of tags takes. `place_order`: decides between places with equal votes.
    """

    horizon: float
    light_x: float
    light_y: float
    side: int
    hue_turn: float
    lightness: float
    phases: np.ndarray
    person: int
    mood: int
    grain: int
    hand: int
    place_order: tuple[str, ...]

    @classmethod
    def draw(cls, seed: int) -> Skeleton:
        rng = np.random.default_rng(np.random.SeedSequence([seed & 0xFFFFFFFF, seed >> 32, 0x5CE7C4]))
        side = int(rng.choice([-1, 1]))
        return cls(
            horizon=float(rng.uniform(0.60, 0.70)),
            light_x=float(0.5 - side * rng.uniform(0.08, 0.26)),
            light_y=float(rng.uniform(0.2, 0.36)),
            side=side,
            hue_turn=float(rng.uniform(-6, 6)),
            lightness=float(rng.uniform(0.95, 1.04)),
            phases=rng.uniform(0, 2 * np.pi, 12),
            person=int(rng.integers(16)),
            mood=int(rng.integers(1 << 16)),
            grain=int(rng.integers(1 << 31)),
            hand=int(rng.integers(2)),
            place_order=tuple(str(place) for place in rng.permutation(all_places())),
        )


class Scene:
    """A canvas with its palette and skeleton, and operations to draw light, ground, plants and birds."""

    def __init__(self, size: int, palette: Palette, skeleton: Skeleton, rng: np.random.Generator):
        self.palette, self.skeleton, self.rng = palette, skeleton, rng
        self.layer = Layer(size)
        self.pen = Pen(self.layer)
        self.noise = np.random.default_rng(skeleton.grain).random((size, size), np.float32)
        middle = (np.arange(size, dtype=np.float32) + 0.5) / size
        self.xs, self.ys = middle[None, :], middle[:, None]

    # -- light ------------------------------------------------------------------------------------

    def sky(self, low: float | None = None) -> None:
        """The sky from the top to the horizon, with a glow around the light."""
        p, low = self.palette, self.skeleton.horizon if low is None else low
        t = np.clip(self.ys / low, 0, 1) ** 1.25
        self.layer.fill(p.sky_top[:, None, None] + (p.sky_low - p.sky_top)[:, None, None] * t)
        self.glow(self.skeleton.light_x, self.skeleton.light_y, 0.5, 0.55)

    def wall(self, top: np.ndarray, low: np.ndarray) -> None:
        """A wall instead of a sky, for rooms."""
        self.layer.fill(top[:, None, None] + (low - top)[:, None, None] * self.ys)

    def glow(self, x: float, y: float, radius: float, amount: float, colour: np.ndarray | None = None) -> None:
        """Light that fades around a point, with the grain of a print."""
        light = self.spot(x, y, radius, radius) * (amount * 0.86 + amount * 0.28 * self.noise)
        self.layer.add_light(light, self.palette.light if colour is None else colour)

    def spot(self, x: float, y: float, wide: float, tall: float) -> np.ndarray:
        """A soft round field about a point, 1 in its middle and exp(-2.2) at the radii, (size, size)."""
        across, down = np.exp(-2.2 * ((self.xs - x) / wide) ** 2), np.exp(-2.2 * ((self.ys - y) / tall) ** 2)
        return across * down

    def sun(self, radius: float = 0.12, rings: int = 3, x: float | None = None, y: float | None = None) -> None:
        s = self.skeleton
        x, y = s.light_x if x is None else x, s.light_y if y is None else y
        for n in range(rings, 0, -1):
            self.pen.ellipse(x, y, radius * (1 + 0.5 * n), radius * (1 + 0.5 * n), self.palette.light, alpha=0.10)
        low = mix(self.palette.light, self.palette.sky_low, 0.35)
        self.pen.ellipse(x, y, radius, radius, Fade(self.palette.light, low, (x, y - radius), (x, y + radius)))

    def moon(self, radius: float = 0.09) -> None:
        s = self.skeleton
        self.sun(radius, 2)
        for dx, dy, r in ((-0.3, -0.2, 0.2), (0.25, 0.3, 0.26), (0.35, -0.35, 0.12)):
            shade = mix(self.palette.light, self.palette.sky_low, 0.45)
            self.pen.ellipse(s.light_x + dx * radius, s.light_y + dy * radius, r * radius, r * radius, shade, alpha=0.5)

    def stars(self, count: int, low: float = 0.6) -> None:
        spots = self.rng.random((count, 3))
        for x, y, r in spots:
            self.pen.ellipse(x, y * low, 0.0012 + 0.0032 * r**4, 0.0012 + 0.0032 * r**4, self.palette.light, alpha=0.9)

    def beam(self, x: float, y: float, to_x: float, to_y: float, width: float, colour, alpha: float = 0.3) -> None:
        """A shaft of light that widens and fades."""
        clear = Layer(self.layer.size)
        pen = Pen(clear)
        pen.shape(
            [(x - 0.006, y), (x + 0.006, y), (to_x + width, to_y), (to_x - width, to_y)],
            np.ones(3, np.float32),
        )
        fall = np.clip((self.ys - y) / (to_y - y), 0, 1) if to_y != y else np.zeros_like(self.ys)
        self.layer.add_light(clear.cover * alpha * (1 - 0.85 * fall), colour)

    # -- ground -----------------------------------------------------------------------------------

    def ridge(self, y: float, height: float, rough: float, phase: int) -> np.ndarray:
        """A line of hills from edge to edge, the same in all pictures of a seed."""
        x = np.linspace(-0.02, 1.02, 90)
        p = self.skeleton.phases
        wave = np.zeros_like(x)
        for n, (frequency, share) in enumerate(((1.3, 1.0), (2.9, 0.5), (6.1, 0.22), (13.7, 0.16), (29.0, 0.1))):
            weight = share if n < 2 else share * rough
            wave += weight * np.sin(frequency * 3.0 * x + p[(phase + n) % 12] + phase)
        return np.stack([x, y - height * (0.5 + 0.5 * wave / 1.4)], 1)

    def land(self, line: np.ndarray, top: np.ndarray, low: np.ndarray, shade: float = 0.35, depth=0.35) -> None:
        """Ground below a line, lit at the line and stippled darker below."""
        sheet = Layer(self.layer.size)
        pen = Pen(sheet)
        y0 = float(line[:, 1].min())
        pen.shape(
            [*map(tuple, line), (1.02, 1.02), (-0.02, 1.02)],
            Fade(top, low, (0, y0), (0, min(y0 + depth, 1.0))),
        )
        slope = np.gradient(line[:, 1]) / np.gradient(line[:, 0])
        lean = np.interp(self.xs[0], line[:, 0], slope) * (1 if self.skeleton.light_x > 0.5 else -1)
        edge = np.interp(self.xs[0], line[:, 0], line[:, 1])[None, :]
        below = np.clip((self.ys - edge) / 0.22, 0, 1)
        tone = below * 0.8 - lean[None, :] * 0.5 + 0.1
        sheet.multiply(shade * self.stipple(tone), mix(low, self.palette.near, 0.5))
        sheet.over(self.layer)

    def stipple(self, tone: np.ndarray) -> np.ndarray:
        """A tone as printed grain: dense if dark, sparse if light."""
        return np.clip((tone - self.noise * 0.9) * 3.0 + 0.5, 0, 1) * np.clip(tone * 1.5, 0, 1)

    def shade(self, tone: np.ndarray) -> np.ndarray:
        """A tone as a smooth shadow with little grain, for near things with visible detail."""
        return np.clip(tone * (0.72 + 0.56 * self.noise), 0, 1)

    def floor(self, y: float, top: np.ndarray, low: np.ndarray, boards: int = 0) -> None:
        """A floor in perspective, with boards that meet at the horizon."""
        self.pen.rect(-0.02, y, 1.02, 1.02, Fade(top, low, (0, y), (0, 1)))
        line = mix(low, self.palette.near, 0.5)
        for n in range(boards + 1):
            x = (n / max(boards, 1) - 0.5) * 3.2
            self.pen.stroke([(0.5 + x * 0.3, y), (0.5 + x, 1.02)], 0.0035, line, alpha=0.55)
        if boards:
            for n in range(1, 5):
                yy = y + (1 - y) * (n / 5) ** 1.8
                self.pen.stroke([(-0.02, yy), (1.02, yy)], 0.002, line, alpha=0.35)

    def fog(self, y: float, thickness: float, amount: float, colour: np.ndarray | None = None) -> None:
        drift = 0.02 * np.sin(self.xs * 9 + self.skeleton.phases[3])
        band = np.exp(-(((self.ys + drift - y) / thickness) ** 2)) * amount
        self.layer.add_light(band, self.palette.sky_low if colour is None else colour)

    # -- plants, clouds and birds ------------------------------------------------------------------

    def clouds(self, count: int, colour: np.ndarray, low: float = 0.4, alpha: float = 0.6) -> None:
        for _ in range(count):
            x, y = self.rng.uniform(0, 1), self.rng.uniform(0.06, low)
            w = self.rng.uniform(0.1, 0.26)
            for n in range(3):
                dx, dy = self.rng.uniform(-0.5, 0.5) * w, n * 0.014
                half = w * self.rng.uniform(0.35, 0.75)
                self.pen.rect(x + dx - half, y + dy, x + dx + half, y + dy + 0.018, colour, radius=0.009, alpha=alpha)

    def birds(self, count: int, colour: np.ndarray) -> None:
        x0, y0 = self.rng.uniform(0.2, 0.7), self.rng.uniform(0.1, 0.25)
        for _ in range(count):
            x, y = x0 + self.rng.normal(0, 0.1), y0 + self.rng.normal(0, 0.05)
            s = self.rng.uniform(0.012, 0.024)
            self.pen.taper([(x - s, y - s * 0.5), (x - s * 0.4, y - s * 0.5), (x, y)], 0.001, s * 0.2, colour)
            self.pen.taper([(x + s, y - s * 0.55), (x + s * 0.4, y - s * 0.5), (x, y)], 0.001, s * 0.2, colour)

    def fir(self, x: float, foot: float, height: float, colour: np.ndarray, light: np.ndarray) -> None:
        self.pen.rect(
            x - height * 0.02,
            foot - height * 0.2,
            x + height * 0.02,
            foot,
            mix(colour, self.palette.near, 0.6),
        )
        for n in range(4):
            y = foot - height * (0.12 + 0.2 * n)
            half = height * (0.24 - 0.045 * n)
            self.pen.shape(
                [(x, y - height * 0.34), (x + half, y), (x - half, y)],
                Fade(light, colour, (x, y - height * 0.3), (x, y)),
            )

    def tree(self, x: float, foot: float, height: float, colour: np.ndarray, light: np.ndarray) -> None:
        self.pen.taper(
            [(x, foot), (x + height * 0.02, foot - height * 0.4), (x, foot - height * 0.7)],
            height * 0.07,
            height * 0.02,
            self.palette.near,
        )
        crown = foot - height * 0.68
        for dx, dy, r in ((-0.16, 0.08, 0.19), (0.17, 0.1, 0.18), (0, -0.1, 0.24), (0.02, 0.12, 0.2)):
            cx, cy, rr = x + dx * height, crown + dy * height, r * height
            self.pen.ellipse(cx, cy, rr, rr * 0.92, Fade(light, colour, (cx - rr, cy - rr), (cx + rr * 0.6, cy + rr)))

    def frond(self, x: float, y: float, length: float, turn: float, colour: np.ndarray, light: np.ndarray) -> None:
        """A long leaf with a split blade."""
        pen = self.pen.at(x, y, length, turn)
        pen.blob(
            [(0, 0), (0.1, -0.14), (0.4, -0.2), (0.8, -0.1), (1.0, 0), (0.8, 0.1), (0.4, 0.18), (0.1, 0.12)],
            Fade(colour, light, (0, 0), (1, 0)),
        )
        for n in range(2, 10):
            for side in (-1, 1):
                pen.stroke(
                    [(n * 0.09, 0), (n * 0.09 + 0.09, side * 0.13)],
                    0.01,
                    mix(colour, self.palette.near, 0.5),
                    alpha=0.6,
                )
        pen.stroke([(0, 0), (0.97, 0)], 0.014, light)

    def grass(self, y: float, count: int, colour: np.ndarray) -> None:
        """Blades of grass along the bottom edge."""
        for _ in range(count):
            x, h = self.rng.uniform(-0.02, 1.02), self.rng.uniform(0.04, 0.12)
            edge = 0.6 + 1.2 * abs(x - 0.5)
            lean = self.rng.normal(0, 0.03)
            self.pen.taper(
                [
                    (x, 1.01),
                    (x + lean * 0.4, y + (1.01 - y) * 0.5 - h * 0.3 * edge),
                    (x + lean, y - h * 0.5 * edge),
                ],
                0.009,
                0.001,
                colour,
            )
