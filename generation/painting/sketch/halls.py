"""Places of ceremony: the concert hall, the church, the palace."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, mirrored, mix, spline
from generation.painting.sketch.scene import Scene


def _arch(x: float, top: float, foot: float, half: float, pointed: float = 0.0) -> list[tuple[float, float]]:
    """An arched opening: round, or the more pointed the larger `pointed`."""
    spring = top + half * (1 + pointed)
    left = [
        (x - half * np.cos(t) ** (1 - 0.45 * pointed), spring - (spring - top) * np.sin(t))
        for t in np.linspace(0, np.pi / 2, 14)
    ]
    right = [(2 * x - a, b) for a, b in reversed(left)]
    return [(x - half, foot), *left, *right, (x + half, foot)]


def hall(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon + 0.06
    wall, gold = mix(p.far, p.sky_low, 0.25), mix(p.accent, p.light, 0.35)
    scene.wall(mix(p.sky_top, p.near, 0.25), wall)
    scene.glow(0.5, 0.4, 0.5, 0.5)
    for tier, (y, tall) in enumerate(((0.16, 0.15), (0.36, 0.17))):
        for n in range(7):
            x = 0.5 + (n - 3) * 0.15
            scene.pen.shape(
                _arch(x, y, y + tall, 0.052),
                Fade(mix(p.near, p.mid, 0.5), mix(p.accent, p.near, 0.55), (x, y), (x, y + tall)),
            )
            scene.pen.stroke(_arch(x, y, y + tall, 0.052)[1:-1], 0.008, gold)
            for k in range(3):
                scene.pen.ellipse(x - 0.028 + 0.028 * k, y + tall - 0.022, 0.011, 0.013, mix(p.near, p.far, 0.2 * k))
        scene.pen.rect(
            -0.02,
            y + tall - 0.008,
            1.02,
            y + tall + 0.026,
            Fade(gold, mix(gold, p.near, 0.55), (0, y + tall - 0.01), (0, y + tall + 0.03)),
        )
        for n in range(26):
            scene.pen.ellipse(n / 25, y + tall + 0.009, 0.007, 0.009, mix(p.near, gold, 0.35 * (tier + 1)))
    for n in range(5):
        t = (n - 2) * 0.055
        scene.pen.stroke([(0.5, 0.0), (0.5 + t, 0.1 + 0.02 * abs(n - 2))], 0.004, gold)
        scene.pen.ellipse(0.5 + t, 0.11 - 0.006 * abs(n - 2), 0.013, 0.018, p.light)
    scene.glow(0.5, 0.11, 0.2, 0.8)
    scene.floor(h, mix(p.far, p.light, 0.2), mix(p.mid, p.near, 0.3), 14)
    scene.glow(0.5, h + 0.15, 0.36, 0.35)
    red = mix(p.sky_top, p.accent, 0.14)
    for side in (-1, 1):
        for n in range(6):
            x0 = 0.5 + side * (0.53 - n * 0.04)
            fall = 1.0 - n * 0.012
            hem = 0.5 + side * (0.53 - n * 0.027)
            colour = mix(red, p.near, 0.55 if n % 2 else 0.15)
            pull = [
                (x0, -0.02),
                (x0 - side * 0.05, -0.02),
                (hem - side * 0.045, 0.5),
                (hem - side * 0.035, fall),
                (hem, fall),
            ]
            scene.pen.shape([*map(tuple, spline(pull[1:4], False)), (hem, fall), (x0 + side * 0.05, -0.02)], colour)
    for n in range(7):
        x = n / 6
        swag = [(x - 0.1, -0.03), (x - 0.06, 0.05), (x, 0.075), (x + 0.06, 0.05), (x + 0.1, -0.03)]
        scene.pen.shape(
            spline(swag, False),
            Fade(mix(red, p.light, 0.12), mix(red, p.near, 0.5), (x - 0.05, 0), (x + 0.08, 0.06)),
        )
        scene.pen.stroke(swag[1:4], 0.008, gold, smooth=True)


def church(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon + 0.06
    stone, dark = mix(p.far, p.sky_low, 0.35), mix(p.mid, p.near, 0.5)
    scene.wall(mix(p.mid, p.near, 0.35), stone)
    scene.glow(0.5, 0.32, 0.5, 0.55)
    glass = (p.accent, p.second, p.light, mix(p.accent, p.light, 0.5), mix(p.second, p.sky_top, 0.4))
    for x, top, half in ((0.16, 0.16, 0.075), (0.84, 0.16, 0.075)):
        opening = _arch(x, top, h - 0.1, half, 0.9)
        scene.pen.shape(opening, p.light)
        for row in range(9):
            for column in range(3):
                cx, cy = x + (column - 1) * half * 0.62, top + 0.1 + row * 0.045
                if cy < h - 0.11:
                    scene.pen.shape(
                        [(cx, cy - 0.023), (cx + 0.021, cy), (cx, cy + 0.023), (cx - 0.021, cy)],
                        glass[(row * 2 + column) % 5],
                    )
        scene.pen.stroke(opening, 0.014, dark)
        scene.pen.stroke([(x, top), (x, h - 0.1)], 0.007, dark)
    scene.pen.ellipse(0.5, 0.24, 0.165, 0.165, dark)
    for ring, (radius, count) in enumerate(((0.125, 12), (0.07, 8))):
        for n in range(count):
            t = 2 * np.pi * (n + ring * 0.5) / count
            scene.pen.ellipse(
                0.5 + radius * np.cos(t),
                0.24 + radius * np.sin(t),
                0.027,
                0.021,
                glass[(n + ring) % 5],
                turn=float(np.degrees(t)),
            )
    scene.pen.ellipse(0.5, 0.24, 0.036, 0.036, p.light)
    for side in (-1, 1):
        for x in (0.29, 0.5):
            cx = 0.5 + side * x
            for k in (-0.018, 0, 0.018):
                scene.pen.rect(
                    cx + k - 0.014,
                    -0.02,
                    cx + k + 0.014,
                    h + 0.02,
                    Fade(
                        mix(stone, p.light, 0.3),
                        mix(stone, dark, 0.7),
                        (cx + k - 0.014, 0),
                        (cx + k + 0.014, 0),
                    ),
                )
            scene.pen.rect(cx - 0.045, h - 0.02, cx + 0.045, h + 0.03, mix(stone, dark, 0.5))
            scene.pen.rect(cx - 0.042, 0.12, cx + 0.042, 0.145, mix(stone, p.light, 0.2))
    for x in (0.105, 0.5, 0.895):
        half = 0.285 if x == 0.5 else 0.105
        line = _arch(x, -0.06 if x == 0.5 else 0.06, 0.2, half, 0.55)[1:-1]
        scene.pen.stroke(line, 0.03, mix(stone, dark, 0.35))
        scene.pen.stroke(line, 0.01, mix(stone, p.light, 0.3))
    scene.floor(h, mix(stone, p.light, 0.1), dark, 10)
    for n, x in enumerate((-0.26, 0.0, 0.26)):
        scene.beam(0.5, 0.2, 0.5 + x - 0.12 * scene.skeleton.side, 1.0, 0.12, glass[n], 0.38)


def palace(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon + 0.05
    scene.sky(h)
    scene.sun(0.13, 3, x=0.5, y=0.36)
    town = mix(p.far, p.sky_low, 0.3)
    for x, w in ((0.5, 0.1), (0.33, 0.05), (0.67, 0.05)):
        scene.pen.rect(x - w, h - w * 1.5, x + w, h + 0.02, mix(town, p.light, 0.2))
        dome = [(0, -0.45), (0.16, -0.1), (0.75, 0.2), (1.02, 0.65), (0.85, 1.05)]
        scene.pen.at(x, h - w * 2.45, w).blob(mirrored(dome), Fade(p.light, town, (-0.8, 0), (0.9, 0.6)))
        scene.pen.shape(_arch(x, h - w * 1.2, h + 0.02, w * 0.45, 0.5), mix(town, p.mid, 0.5))
    for x in (0.23, 0.77):
        scene.pen.rect(x - 0.011, h - 0.3, x + 0.011, h, mix(town, p.light, 0.25))
        scene.pen.ellipse(x, h - 0.3, 0.018, 0.022, p.light)
    scene.pen.rect(-0.02, h, 1.02, h + 0.06, Fade(mix(p.second, p.light, 0.4), p.second, (0, h), (0, h + 0.06)))
    scene.floor(h + 0.045, mix(p.far, p.light, 0.3), mix(p.mid, p.near, 0.2), 12)
    wall = mix(p.mid, p.accent, 0.35)
    # The near arch, with its nine cusps, frames the court behind.
    opening = []
    for n in range(9):
        a = np.pi + np.pi * n / 9
        b = np.pi + np.pi * (n + 1) / 9
        for t in np.linspace(a, b, 8):
            bulge = 1 + 0.10 * np.sin((t - a) / (b - a) * np.pi)
            opening.append(
                (
                    0.5 + 0.375 * bulge * np.cos(t),
                    0.43 + 0.34 * bulge * np.sin(t) - 0.03 * np.exp(-(((t - 1.5 * np.pi) / 0.2) ** 2)),
                )
            )
    frame = [(-0.02, -0.02), (1.02, -0.02), (1.02, 1.02), (-0.02, 1.02)]
    hole = [(0.1, 1.03), *opening, (0.9, 1.03)]
    scene.pen.shape(frame, Fade(mix(wall, p.light, 0.1), mix(wall, p.near, 0.6), (0, 0), (0, 1)), holes=[hole])
    scene.pen.stroke(hole, 0.018, mix(p.light, p.sky_low, 0.6))
    scene.pen.stroke(
        [(0.5 + (x - 0.5) * 1.1, 0.5 + (y - 0.5) * 1.09) for x, y in hole], 0.006, mix(p.light, p.accent, 0.3)
    )
    for x in (0.09, 0.91):
        for y in (0.09,):
            for t in range(0, 360, 45):
                scene.pen.at(x, y, 0.055, t).ellipse(0.55, 0, 0.42, 0.2, mix(p.light, p.sky_low, 0.5))
            scene.pen.ellipse(x, y, 0.018, 0.018, p.second)
    for x in (0.04, 0.96):
        for y in np.linspace(0.3, 0.94, 7):
            scene.pen.shape([(x, y - 0.035), (x + 0.02, y), (x, y + 0.035), (x - 0.02, y)], p.second, alpha=0.8)
            scene.pen.ellipse(x, y, 0.006, 0.006, p.light)
