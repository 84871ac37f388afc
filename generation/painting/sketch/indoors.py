"""Other places under a roof, and abstract forms for prompts that name no place."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, ellipse_points, mix, spline
from generation.painting.sketch.scene import Scene


def club(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon + 0.04
    scene.wall(p.near, mix(p.sky_top, p.mid, 0.6))
    scene.glow(0.5, h, 0.5, 0.6, p.sky_low)
    x0, y0 = scene.skeleton.light_x, 0.16
    for n in range(9):
        x = -0.2 + 1.4 * n / 8 + 0.04 * np.sin(scene.skeleton.phases[n])
        scene.beam(x0 + 0.0, y0 - 0.04, float(x), 1.0, 0.05, (p.accent, p.second, p.light)[n % 3], 0.42)
    bars = 30
    for n in range(bars):
        t = n / bars
        level = abs(np.sin(t * 9 + scene.skeleton.phases[1]) * np.cos(t * 23 + scene.skeleton.phases[2])) * 0.24 + 0.05
        colour = mix(p.second, p.accent, abs(t - 0.5) * 2)
        for k in range(int(level / 0.022)):
            scene.pen.rect(
                t + 0.005,
                h - 0.016 - k * 0.022,
                t + 1 / bars - 0.004,
                h - k * 0.022,
                colour,
                radius=0.004,
                alpha=0.9 - 0.05 * k,
            )
    scene.pen.stroke([(x0, -0.02), (x0, y0 - 0.1)], 0.005, p.light)
    scene.glow(x0, y0, 0.2, 0.6)
    scene.pen.ellipse(
        x0,
        y0,
        0.1,
        0.1,
        Fade(mix(p.light, p.second, 0.2), p.mid, (x0 - 0.07, y0 - 0.07), (x0 + 0.08, y0 + 0.09)),
    )
    for row in range(-4, 5):
        yy = row * 0.022
        half = (0.1**2 - yy**2) ** 0.5
        for k in range(-4, 5):
            xx = half * np.sin(k / 4.6 * np.pi / 2)
            if (row * 5 + k * 3) % 4 == 0:
                scene.pen.rect(x0 + xx - 0.008, y0 + yy - 0.009, x0 + xx + 0.008, y0 + yy + 0.009, p.light, alpha=0.85)
            elif (row + k) % 3 == 0:
                scene.pen.rect(
                    x0 + xx - 0.008,
                    y0 + yy - 0.009,
                    x0 + xx + 0.008,
                    y0 + yy + 0.009,
                    (p.accent, p.second)[k % 2],
                    alpha=0.7,
                )
    scene.floor(h, mix(p.mid, p.near, 0.3), p.near)
    edges = [0.0]
    for n in range(6):
        edges.append(edges[-1] + 0.6 ** (5 - n))
    rows = [h + (1.02 - h) * e / edges[-1] for e in edges]
    for r in range(6):
        for n in range(-7, 7):
            near, far = (rows[r + 1] - h) / (1 - h), (rows[r] - h) / (1 - h)
            a, b = 0.5 + n * (0.07 + 0.1 * far), 0.5 + (n + 1) * (0.07 + 0.1 * far)
            c, d = 0.5 + (n + 1) * (0.07 + 0.1 * near), 0.5 + n * (0.07 + 0.1 * near)
            if (n + r) % 2 == 0:
                scene.pen.shape(
                    [(a, rows[r]), (b, rows[r]), (c, rows[r + 1]), (d, rows[r + 1])],
                    (p.accent, p.second, p.sky_low)[(n * 5 + r * 3) % 3],
                    alpha=0.3 + 0.1 * ((n * 7 + r) % 3),
                )


def stage(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon + 0.08
    scene.wall(p.near, mix(p.sky_low, p.mid, 0.45))
    scene.glow(0.5, h - 0.1, 0.5, 0.65, p.sky_low)
    for n in range(7):
        x = 0.08 + 0.84 * n / 6
        to = x + (0.5 - x) * 0.9 + 0.25 * np.sin(scene.skeleton.phases[n])
        scene.beam(x, 0.09, float(to), 1.0, 0.1, (p.light, p.accent, p.second)[(0, 1, 0, 2, 0, 1, 0)[n]], 0.42)
    for side in (-1, 1):
        for column in range(2):
            for row in range(3):
                x, y = 0.5 + side * (0.45 - 0.15 * column), h - 0.015 - row * 0.125 - column * 0.0
                if column == 1 and row == 2:
                    continue
                scene.pen.rect(
                    x - 0.07,
                    y - 0.118,
                    x + 0.07,
                    y,
                    Fade(mix(p.near, p.far, 0.35), p.near, (x - 0.07, y), (x + 0.07, y)),
                    radius=0.008,
                )
                for k in (-1, 1):
                    scene.pen.ellipse(x + k * 0.032, y - 0.05, 0.027, 0.036, mix(p.near, p.mid, 0.15))
                    scene.pen.ellipse(x + k * 0.032, y - 0.05, 0.012, 0.016, mix(p.mid, p.far, 0.7))
                scene.pen.rect(x - 0.06, y - 0.112, x + 0.06, y - 0.097, mix(p.accent, p.near, 0.35), radius=0.004)
    for y in (0.045, 0.1):
        scene.pen.rect(-0.02, y, 1.02, y + 0.009, mix(p.far, p.near, 0.35))
    for n in range(21):
        scene.pen.stroke([(n / 20, 0.05), ((n + (1 if n % 2 else -1)) / 20, 0.103)], 0.005, mix(p.far, p.near, 0.45))
    for n in range(7):
        x = 0.08 + 0.84 * n / 6
        scene.pen.shape([(x - 0.018, 0.1), (x + 0.018, 0.1), (x + 0.026, 0.14), (x - 0.026, 0.14)], p.near)
        scene.pen.ellipse(x, 0.142, 0.026, 0.009, p.light)
    scene.floor(h, mix(p.mid, p.sky_low, 0.2), p.near, 12)
    scene.glow(0.5, h + 0.16, 0.32, 0.4)


def factory(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.13, 3)
    for row, share in enumerate((0.1, 0.65)):
        colour = mix(p.far, p.near, share)
        for n in range(5):
            x = (n + 0.3 + 0.5 * row) / 5 + scene.rng.uniform(-0.03, 0.03)
            tall = scene.rng.uniform(0.22, 0.42) * (1 if row == 0 else 0.85)
            if row and 0.35 < x < 0.65:
                continue
            scene.pen.shape(
                [(x - 0.022, h + 0.05), (x - 0.015, h - tall), (x + 0.015, h - tall), (x + 0.022, h + 0.05)],
                Fade(mix(colour, p.light, 0.15), colour, (x - 0.02, 0), (x + 0.02, 0)),
            )
            scene.pen.rect(x - 0.018, h - tall + 0.03, x + 0.018, h - tall + 0.05, p.accent)
            for k in range(4):
                r = 0.024 + 0.014 * k
                scene.pen.ellipse(
                    x + 0.03 * k * scene.skeleton.side,
                    h - tall - 0.03 - 0.036 * k,
                    r,
                    r * 0.85,
                    mix(p.far, p.sky_low, 0.3),
                    alpha=0.5 - 0.08 * k,
                )
        teeth = 6 if row else 9
        for n in range(teeth):
            x0, w = n / teeth, 1 / teeth
            scene.pen.shape(
                [
                    (x0, h + 0.08),
                    (x0, h - 0.09 + 0.04 * row),
                    (x0 + w, h - 0.02 + 0.05 * row),
                    (x0 + w, h + 0.08),
                ],
                colour,
            )
            scene.pen.rect(x0 + 0.02, h + 0.01 + 0.02 * row, x0 + w - 0.02, h + 0.03 + 0.02 * row, p.light, alpha=0.65)
    scene.floor(h + 0.07, mix(p.mid, p.near, 0.3), p.near, 8)
    for x, y, r, teeth in ((0.05, 0.8, 0.13, 12), (0.96, 0.88, 0.16, 14), (0.9, 0.63, 0.08, 9)):
        gear = scene.pen.at(x, y, r)
        rim = [
            (
                (1.0 if (n // 2) % 2 else 0.84) * np.cos(n * np.pi / (2 * teeth)),
                (1.0 if (n // 2) % 2 else 0.84) * np.sin(n * np.pi / (2 * teeth)),
            )
            for n in range(4 * teeth)
        ]
        gear.shape(
            rim,
            Fade(mix(p.mid, p.far, 0.5), p.near, (-0.7, -0.7), (0.8, 0.8)),
            holes=[ellipse_points(0, 0, 0.3, 0.3)],
        )
        gear.ring(0, 0, 0.56, 0.56, 0.06, mix(p.accent, p.near, 0.35))


def room(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon + 0.08
    wall = mix(p.far, p.sky_low, 0.5)
    scene.wall(mix(wall, p.mid, 0.35), mix(wall, p.light, 0.2))
    for n in range(24):
        scene.pen.rect(n / 23 - 0.012, -0.02, n / 23, h, mix(wall, p.mid, 0.4), alpha=0.22)
    s = scene.skeleton
    x, y = 0.5 - s.side * 0.16, 0.09
    w, tall = 0.21, 0.42
    scene.pen.rect(x - w - 0.02, y - 0.02, x + w + 0.02, y + tall + 0.02, mix(p.light, wall, 0.25))
    scene.pen.rect(x - w, y, x + w, y + tall, Fade(p.sky_top, p.sky_low, (x, y), (x, y + tall)))
    scene.pen.ellipse(x + w * 0.35, y + 0.13, 0.06, 0.06, p.light)
    line = scene.ridge(y + tall - 0.05, 0.1, 0.4, 2)
    inside = line[(line[:, 0] > x - w) & (line[:, 0] < x + w)]
    scene.pen.shape(
        [
            (x - w, inside[0, 1]),
            *map(tuple, inside),
            (x + w, inside[-1, 1]),
            (x + w, y + tall),
            (x - w, y + tall),
        ],
        p.mid,
    )
    for k in (-0.33, 0.33):
        scene.pen.rect(x + k * w - 0.005, y, x + k * w + 0.005, y + tall, mix(p.light, wall, 0.25))
    scene.pen.rect(x - w, y + tall * 0.45, x + w, y + tall * 0.45 + 0.01, mix(p.light, wall, 0.25))
    cloth = mix(p.accent, p.light, 0.25)
    for side in (-1, 1):
        for n in range(4):
            x0 = x + side * (w + 0.06 - n * 0.034)
            scene.pen.shape(
                spline(
                    [
                        (x0, y - 0.04),
                        (x0 + side * 0.036, y - 0.04),
                        (x0 + side * 0.05, h - 0.03),
                        (x0 + side * 0.012, h - 0.03),
                    ][0:4],
                    True,
                    6,
                ),
                mix(cloth, p.mid, 0.15 + 0.3 * (n % 2)),
            )
    # A pelmet holds the curtains: it covers their upper ends.
    for n in range(8):
        left = x - w - 0.115 + n * (2 * w + 0.23) / 8
        right = left + (2 * w + 0.23) / 8
        hem = [(right, y + 0.0), ((left + right) / 2, y + 0.03), (left, y + 0.0)]
        fold = mix(cloth, p.near, 0.12 + 0.14 * (n % 2))
        scene.pen.shape([(left, y - 0.07), (right, y - 0.07), *spline(hem, closed=False)], fold)
    scene.pen.rect(x - w - 0.125, y - 0.085, x + w + 0.125, y - 0.06, mix(cloth, p.near, 0.55), radius=0.01)
    scene.floor(h, mix(p.mid, p.far, 0.35), mix(p.mid, p.near, 0.5), 12)
    scene.pen.rect(-0.02, h - 0.018, 1.02, h + 0.006, mix(p.light, wall, 0.4))
    rug = mix(p.second, p.light, 0.2)
    scene.pen.ellipse(0.5, 0.9, 0.46, 0.09, mix(rug, p.near, 0.3))
    scene.pen.ellipse(0.5, 0.897, 0.43, 0.08, rug)
    scene.pen.ring(0.5, 0.897, 0.37, 0.066, 0.007, p.light)
    shine = [
        (x - w * 0.9, h),
        (x + w * 0.9, h),
        (x + w * 1.5 + s.side * 0.2, 1.0),
        (x - w * 1.2 + s.side * 0.2, 1.0),
    ]
    scene.pen.shape(shine, p.light, alpha=0.16)
    px = 0.5 + s.side * 0.42
    for t in (-150, -125, -100, -80, -58, -32):
        scene.frond(px, h - 0.05, 0.22, t, mix(p.second, p.near, 0.45), mix(p.second, p.light, 0.3))
    scene.pen.shape(
        [(px - 0.055, h - 0.08), (px + 0.055, h - 0.08), (px + 0.04, h + 0.05), (px - 0.04, h + 0.05)],
        Fade(p.accent, mix(p.accent, p.near, 0.5), (px - 0.05, 0), (px + 0.05, 0)),
    )


def forms(scene: Scene) -> None:
    """Discs, arcs and bars in balance, for prompts that name no place."""
    p, s, rng = scene.palette, scene.skeleton, scene.rng
    scene.wall(mix(p.sky_low, p.light, 0.55), mix(p.sky_low, p.far, 0.3))
    scene.glow(s.light_x, s.light_y, 0.5, 0.5)
    colours = [p.accent, p.second, p.far, p.mid, p.near, p.sky_top]
    x, y = s.light_x, s.light_y + 0.1
    for n, r in enumerate((0.33, 0.25, 0.17, 0.09)):
        colour = colours[(n + int(rng.integers(3))) % 6]
        scene.pen.ellipse(
            x, y, r, r, Fade(mix(colour, p.light, 0.35), colour, (x - r, y - r), (x + r, y + r)), alpha=0.82
        )
    for _ in range(int(rng.integers(3, 6))):
        cx, cy, r = rng.uniform(0.05, 0.95), rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.24)
        turn, colour = float(rng.choice([0, 45, 90, 180, 270])), colours[int(rng.integers(6))]
        half = ellipse_points(cx, cy, r, r, turn, (0, 180))
        scene.pen.shape(half, Fade(colour, mix(colour, p.light, 0.4), (cx - r, cy - r), (cx + r, cy + r)), alpha=0.78)
    for _ in range(int(rng.integers(2, 4))):
        cx, cy, r0 = rng.uniform(0.1, 0.9), rng.uniform(0.15, 0.85), rng.uniform(0.1, 0.2)
        start = float(rng.choice([0, 90, 180, 270]))
        for n in range(4):
            scene.pen.stroke(
                ellipse_points(cx, cy, r0 + n * 0.032, r0 + n * 0.032, 0, (start, start + 120)),
                0.011,
                colours[(n + 2) % 6],
            )
    tilt = float(rng.uniform(-32, 32))
    pen = scene.pen.at(0.5, 0.5, 1, tilt)
    for n in range(int(rng.integers(4, 8))):
        yy, x0, length = rng.uniform(-0.45, 0.45), rng.uniform(-0.6, 0.2), rng.uniform(0.15, 0.5)
        pen.rect(
            x0,
            yy,
            x0 + length,
            yy + 0.013 + 0.02 * rng.random(),
            colours[int(rng.integers(6))],
            radius=0.006,
            alpha=0.85,
        )
        pen.ellipse(x0 + length + 0.05, yy + 0.01, 0.02, 0.02, colours[(n + 1) % 6])
    scene.land(scene.ridge(s.horizon + 0.24, 0.1, 0.0, 5), mix(p.far, p.light, 0.2), mix(p.mid, p.far, 0.4), 0.45)
