"""Places under the sky. Each function draws everything behind the figures."""

from __future__ import annotations

import numpy as np

from generation.painting.sketch.canvas import Fade, ellipse_points, mirrored, mix, spline
from generation.painting.sketch.scene import Scene


def _rolling(scene: Scene, rough: float = 0.5, count: int = 3) -> None:
    """Far, middle and near ground in the palette's depths."""
    p, h = scene.palette, scene.skeleton.horizon
    steps = [
        (p.far, 0.02, 0.13),
        (mix(p.far, p.mid, 0.6), 0.10, 0.11),
        (p.mid, 0.2, 0.1),
        (mix(p.mid, p.near, 0.55), 0.3, 0.07),
    ]
    for n, (colour, drop, height) in enumerate(steps[: count + 1]):
        line = scene.ridge(h + drop, height, rough if n < 2 else 0.3, n * 2)
        scene.land(line, mix(colour, p.light, 0.22), mix(colour, p.mid, 0.35), 0.4)
        if n < 2:
            scene.fog(h + drop + 0.06, 0.05, 0.3)


def hills(scene: Scene) -> None:
    p = scene.palette
    scene.sky()
    scene.sun()
    scene.clouds(3, mix(p.light, p.sky_low, 0.2))
    _rolling(scene, 0.15)
    for x in scene.rng.uniform(0.02, 0.98, 7):
        y = scene.skeleton.horizon + scene.rng.uniform(0.08, 0.2)
        scene.tree(float(x), y, float(scene.rng.uniform(0.07, 0.13)), p.mid, mix(p.far, p.light, 0.25))
    scene.birds(5, p.near)
    scene.grass(0.97, 60, mix(p.near, p.mid, 0.2))


def forest(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.13)
    for row, (count, height, share) in enumerate(((17, 0.34, 0.15), (12, 0.5, 0.5), (8, 0.72, 0.85))):
        colour = mix(mix(p.far, p.sky_low, 0.25), mix(p.mid, p.near, 0.5), share)
        for n in range(count):
            x = (n + scene.rng.uniform(0.1, 0.9)) / count
            clear = 1 - 0.55 * np.exp(-(((x - 0.5) / 0.22) ** 2))
            scene.fir(
                x,
                h + 0.05 + 0.05 * row,
                height * clear * scene.rng.uniform(0.8, 1.15),
                colour,
                mix(colour, p.light, 0.16),
            )
        scene.fog(h + 0.03 * row, 0.06, 0.2 - 0.05 * row, p.light)
    light = scene.skeleton.light_x
    for n in range(4):
        scene.beam(light, 0.0, light + (n - 1.5) * 0.28, 0.95, 0.07, p.light, 0.16)
    scene.land(scene.ridge(h + 0.09, 0.05, 0.5, 4), mix(p.mid, p.light, 0.12), p.near, 0.4)
    scene.birds(4, p.near)
    scene.grass(0.97, 70, mix(p.near, p.mid, 0.25))


def desert(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.15, 4)
    side = -scene.skeleton.side
    base, town = h + 0.02, mix(p.far, p.sky_low, 0.25)
    for x, w, tall in ((0.0, 0.06, 0.14), (0.1, 0.045, 0.1), (-0.1, 0.05, 0.09)):
        cx = 0.5 + side * 0.3 + x
        scene.pen.rect(cx - w, base - tall * 0.6, cx + w, base + 0.05, town)
        dome = [(0, -0.12), (0.3, -0.02), (0.85, 0.25), (0.98, 0.7), (0.8, 1.0)]
        scene.pen.at(cx, base - tall * 0.6 - w * 0.95, w).blob(
            mirrored(dome), Fade(mix(town, p.light, 0.35), town, (-1, 0), (1, 0.5))
        )
        scene.pen.stroke([(cx, base - tall * 0.6 - w * 1.4), (cx, base - tall * 0.6 - w)], 0.004, town)
    for x in (-0.19, 0.18):
        cx = 0.5 + side * 0.3 + x
        scene.pen.rect(cx - 0.012, base - 0.22, cx + 0.012, base + 0.05, town)
        scene.pen.shape([(cx - 0.014, base - 0.22), (cx + 0.014, base - 0.22), (cx, base - 0.27)], p.accent)
        scene.pen.rect(cx - 0.018, base - 0.16, cx + 0.018, base - 0.15, mix(town, p.near, 0.3))
    for n, (drop, height, share) in enumerate(((0.06, 0.08, 0.0), (0.15, 0.1, 0.4), (0.3, 0.12, 0.8))):
        colour = mix(p.far, p.mid, share)
        scene.land(scene.ridge(h + drop, height, 0.0, n * 3 + 1), mix(colour, p.light, 0.35), colour, 0.55)
    for n in range(9):
        line = scene.ridge(0.86 + 0.02 * n, 0.05, 0.0, 7)
        scene.pen.stroke(line[5 + n * 4 : 40 + n * 4], 0.0025, p.light, alpha=0.25)


def prairie(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.14, 4, y=h - 0.13)
    scene.clouds(5, mix(p.light, p.sky_low, 0.3))
    for x0, w, tall in ((0.08, 0.11, 0.2), (0.3, 0.08, 0.12), (0.88, 0.14, 0.17)):
        mesa = [
            (x0 - w, h + 0.04),
            (x0 - w * 0.72, h - tall * 0.55),
            (x0 - w * 0.6, h - tall),
            (x0 + w * 0.55, h - tall),
        ]
        mesa += [(x0 + w * 0.68, h - tall * 0.5), (x0 + w, h + 0.04)]
        scene.pen.shape(mesa, Fade(mix(p.far, p.light, 0.15), mix(p.far, p.mid, 0.5), (0, h - tall), (0, h)))
    scene.land(scene.ridge(h + 0.03, 0.02, 0.2, 1), mix(p.far, p.light, 0.3), p.far, 0.3)
    scene.land(scene.ridge(h + 0.12, 0.03, 0.2, 4), mix(p.far, p.light, 0.1), p.mid, 0.4)
    side = scene.skeleton.side
    mill = scene.pen.at(0.5 - side * 0.33, h + 0.06, 0.17)
    for x in (-0.25, 0.25):
        mill.stroke([(x, 0), (x * 0.2, -1.2)], 0.03, p.near)
    for y in (-0.3, -0.6, -0.9):
        mill.stroke([(-0.2 - y * 0.12, y), (0.2 + y * 0.12, y)], 0.02, p.near)
    for t in np.arange(0, 360, 30):
        mill.at(0, -1.25, 1, float(t)).shape([(0.03, 0.1), (-0.03, 0.1), (-0.1, 0.42), (0.1, 0.42)], p.near)
    for row, y in enumerate((h + 0.14, h + 0.155)):
        scene.pen.stroke([(-0.02, y), (1.02, y + 0.03 * (row - 0.5))], 0.006, p.near)
    for x in np.linspace(0, 1, 9):
        scene.pen.stroke([(x, h + 0.12), (x, h + 0.19)], 0.011, p.near)
    scene.land(scene.ridge(h + 0.24, 0.03, 0.2, 7), mix(p.mid, p.light, 0.1), p.near, 0.35)
    scene.grass(0.95, 110, mix(p.near, p.accent, 0.25))


def sea(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.12, 4, y=h - 0.15)
    scene.clouds(5, mix(p.light, p.sky_low, 0.2))
    scene.land(scene.ridge(h + 0.01, 0.09, 0.35, 2), mix(p.far, p.sky_low, 0.4), p.far, 0.3)
    scene.pen.rect(-0.02, h, 1.02, 1.02, Fade(mix(p.sky_low, p.mid, 0.3), mix(p.mid, p.near, 0.6), (0, h), (0, 1)))
    x = scene.skeleton.light_x
    for n in range(26):
        t = n / 25
        y = h + (1 - h) * t**1.5 + 0.004
        for _ in range(2):
            half = (0.012 + 0.12 * t) * scene.rng.uniform(0.3, 1)
            dx = scene.rng.normal(0, 0.02 + 0.09 * t)
            scene.pen.rect(
                x + dx - half,
                y,
                x + dx + half,
                y + 0.003 + 0.005 * t,
                p.light,
                radius=0.0015,
                alpha=0.7 - 0.35 * t,
            )
        dx = scene.rng.uniform(0, 1)
        scene.pen.rect(
            dx - 0.05 - 0.1 * t,
            y,
            dx + 0.05 + 0.1 * t,
            y + 0.003 + 0.003 * t,
            mix(p.mid, p.near, 0.4),
            radius=0.0015,
            alpha=0.4,
        )
    boat = scene.pen.at(0.5 - scene.skeleton.side * 0.34, h + 0.035, 0.07)
    boat.shape([(-0.8, 0), (0.8, 0), (0.5, 0.3), (-0.55, 0.3)], p.near)
    boat.blob([(0.05, -1.9), (0.6, -0.9), (0.75, -0.15), (0.05, -0.12)], mix(p.light, p.accent, 0.15))
    boat.shape([(-0.03, -1.7), (-0.03, -0.12), (-0.6, -0.12)], p.accent)
    for n, turn in enumerate((-195, -172, -150, -128, 140)):
        if scene.skeleton.side > 0:
            scene.frond(1.03, 0.05 + 0.012 * n, 0.42, turn + 10, p.near, mix(p.near, p.mid, 0.6))
        else:
            scene.frond(-0.03, 0.05 + 0.012 * n, 0.42, 180 - turn - 10, p.near, mix(p.near, p.mid, 0.6))


def jungle(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.16, 3)
    scene.land(scene.ridge(h - 0.05, 0.2, 0.4, 3), mix(p.far, p.light, 0.3), p.far, 0.4)
    scene.fog(h - 0.02, 0.08, 0.25, p.light)
    scene.land(scene.ridge(h + 0.08, 0.12, 0.6, 6), p.far, p.mid, 0.4)
    scene.land(scene.ridge(h + 0.2, 0.06, 0.3, 1), mix(p.mid, p.light, 0.12), mix(p.mid, p.near, 0.7), 0.4)
    for depth, colour in ((0.0, mix(p.mid, p.far, 0.4)), (1.0, p.mid), (2.0, mix(p.mid, p.near, 0.75))):
        for side in (0, 1):
            for n in range(5):
                y = 0.02 + 0.2 * n + scene.rng.uniform(-0.05, 0.05) + 0.05 * depth
                x = (-0.06 if side == 0 else 1.06) + (0.05 - 0.03 * depth) * (1 if side == 0 else -1)
                turn = scene.rng.uniform(-55, 40)
                scene.frond(
                    x,
                    y,
                    0.34 - 0.03 * depth,
                    turn if side == 0 else 180 - turn,
                    colour,
                    mix(colour, p.light, 0.3 - 0.08 * depth),
                )
    for n in range(6):
        x = scene.rng.uniform(0.02, 0.98)
        scene.frond(x, 1.05, 0.2, -90 + scene.rng.uniform(-40, 40), mix(p.mid, p.near, 0.7), p.mid)
        if n < 3:
            bloom = scene.pen.at(float(scene.rng.choice([0.06, 0.94])), 0.86 + 0.04 * n, 0.035)
            for t in range(0, 360, 72):
                bloom.at(0, 0, 1, t).ellipse(0.6, 0, 0.6, 0.35, p.accent)
            bloom.ellipse(0, 0, 0.35, 0.35, p.light)


def castle(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun()
    scene.clouds(4, mix(p.light, p.sky_low, 0.3))
    scene.land(scene.ridge(h + 0.0, 0.16, 0.6, 0), mix(p.far, p.sky_low, 0.45), p.far, 0.35)
    scene.fog(h, 0.06, 0.35)
    cx = 0.5 - scene.skeleton.side * 0.28
    hill = spline(
        [
            (cx - 0.42, h + 0.16),
            (cx - 0.2, h - 0.02),
            (cx, h - 0.07),
            (cx + 0.2, h - 0.01),
            (cx + 0.44, h + 0.16),
        ],
        False,
    )
    scene.pen.shape([*map(tuple, hill), (cx, 1.0)], Fade(mix(p.far, p.mid, 0.5), p.mid, (0, h - 0.07), (0, h + 0.2)))
    stone, lit = mix(p.mid, p.far, 0.35), mix(p.far, p.light, 0.4)
    keep = scene.pen.at(cx, h - 0.03, 0.17)
    for x, w, top in (
        (0, 0.34, -1.15),
        (-0.62, 0.17, -1.0),
        (0.62, 0.17, -1.25),
        (-0.3, 0.16, -0.75),
        (0.32, 0.16, -0.7),
    ):
        keep.rect(x - w, top, x + w, 0.15, Fade(lit, stone, (x - w, 0), (x + w, 0)))
        for n in range(3):
            keep.rect(
                x - w + n * w * 0.8,
                top - 0.09,
                x - w + n * w * 0.8 + w * 0.4,
                top + 0.01,
                mix(lit, stone, n / 3),
            )
        keep.rect(x - 0.035, top + 0.24, x + 0.035, top + 0.42, p.light, radius=0.03)
    for x, top in ((-0.62, -1.05), (0.62, -1.3)):
        keep.shape(
            [(x - 0.22, top), (x + 0.22, top), (x, top - 0.55)],
            Fade(p.accent, mix(p.accent, p.near, 0.5), (x - 0.2, 0), (x + 0.2, 0)),
        )
        keep.shape([(x, top - 0.55), (x, top - 0.8), (x + 0.26, top - 0.72), (x, top - 0.64)], p.second)
    keep.rect(-0.11, -0.2, 0.11, 0.15, p.near, radius=0.1)
    scene.land(scene.ridge(h + 0.14, 0.08, 0.2, 5), mix(p.mid, p.light, 0.15), p.mid, 0.4)
    for x in scene.rng.uniform(0, 1, 9):
        scene.tree(
            float(x),
            h + scene.rng.uniform(0.12, 0.2),
            0.09,
            mix(p.mid, p.near, 0.4),
            mix(p.mid, p.light, 0.25),
        )
    scene.land(scene.ridge(h + 0.27, 0.05, 0.3, 8), mix(p.mid, p.near, 0.4), p.near, 0.35)
    scene.birds(6, p.near)
    scene.grass(0.97, 60, p.near)


def pagoda(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky()
    scene.sun(0.15, 4)
    for n, (drop, height, share) in enumerate(((-0.06, 0.34, 0.0), (0.02, 0.26, 0.4), (0.1, 0.16, 0.75))):
        colour = mix(mix(p.far, p.sky_low, 0.45), p.mid, share)
        scene.land(
            scene.ridge(h + drop, height, 0.9, n * 4),
            mix(colour, p.light, 0.12),
            mix(colour, p.sky_low, 0.45),
            0.2,
        )
        scene.fog(h + drop + 0.05, 0.05, 0.5, p.light)
    tower = scene.pen.at(0.5 - scene.skeleton.side * 0.31, h + 0.12, 0.13)
    for n in range(4):
        w, y = 0.62 - 0.1 * n, -0.62 * n
        tower.rect(-w * 0.72, y - 0.42, w * 0.72, y, mix(p.accent, p.near, 0.25))
        for x in (-0.4, 0, 0.4):
            tower.rect(x * w - 0.06, y - 0.32, x * w + 0.06, y - 0.04, p.light, alpha=0.8)
        roof = [
            (-w * 1.5, y - 0.36),
            (-w * 0.95, y - 0.46),
            (-w * 0.6, y - 0.68),
            (w * 0.6, y - 0.68),
            (w * 0.95, y - 0.46),
            (w * 1.5, y - 0.36),
        ]
        tower.shape([*map(tuple, spline(roof, False)), (w * 0.8, y - 0.36), (-w * 0.8, y - 0.36)], p.near)
    tower.stroke([(0, -2.5), (0, -3.0)], 0.05, p.near)
    scene.land(scene.ridge(h + 0.17, 0.05, 0.2, 2), mix(p.mid, p.light, 0.1), p.mid, 0.4)
    scene.land(scene.ridge(h + 0.28, 0.05, 0.2, 5), mix(p.mid, p.near, 0.5), p.near, 0.3)
    s = 1 if scene.skeleton.side > 0 else -1
    edge = 1.02 if s > 0 else -0.02
    scene.pen.taper(
        [(edge, 0.2), (edge - s * 0.14, 0.13), (edge - s * 0.24, 0.16), (edge - s * 0.4, 0.1)],
        0.026,
        0.004,
        p.near,
    )
    scene.pen.taper([(edge - s * 0.14, 0.13), (edge - s * 0.2, 0.06), (edge - s * 0.3, 0.04)], 0.014, 0.003, p.near)
    for _ in range(46):
        t = scene.rng.uniform(0.05, 0.42)
        x, y = edge - s * t, 0.2 - 0.22 * t + scene.rng.normal(0, 0.032)
        r = scene.rng.uniform(0.008, 0.016)
        scene.pen.ellipse(x, y, r, r * 0.9, mix(p.light, p.accent, scene.rng.uniform(0.2, 0.7)))
    for _ in range(12):
        x, y = scene.rng.uniform(0, 1), scene.rng.uniform(0.2, 0.9)
        scene.pen.ellipse(x, y, 0.007, 0.004, mix(p.light, p.accent, 0.4), turn=scene.rng.uniform(0, 180))


def space(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    dark = mix(p.sky_top, p.near, 0.6)
    scene.wall(dark, mix(p.sky_top, p.mid, 0.5))
    for n in range(4):
        x, y = 0.5 + 0.4 * np.sin(scene.skeleton.phases[n]), 0.35 + 0.25 * np.cos(scene.skeleton.phases[n])
        scene.glow(float(x), float(y), 0.32, 0.42, (p.sky_low, p.accent, p.second, p.light)[n])
    scene.stars(170, 1.0)
    s = scene.skeleton
    x, y = s.light_x, s.light_y + 0.04
    scene.pen.stroke(
        ellipse_points(x, y, 0.29, 0.075, -18 * s.side, (180, 360)),
        0.016,
        mix(p.light, p.accent, 0.3),
        alpha=0.9,
    )
    scene.pen.ellipse(x, y, 0.165, 0.165, Fade(p.light, p.accent, (x - 0.12, y - 0.14), (x + 0.1, y + 0.14)))
    for n in range(5):
        yy = -0.11 + 0.052 * n
        half = (0.165**2 - yy**2) ** 0.5 * 0.98
        scene.pen.at(x, y, 1, -18 * s.side).rect(
            -half, yy, half, yy + 0.016, mix(p.accent, p.sky_low, 0.5), alpha=0.45, radius=0.008
        )
    for width, alpha, r in ((0.016, 0.95, 0.29), (0.006, 0.8, 0.325)):
        scene.pen.stroke(
            ellipse_points(x, y, r, r * 0.26, -18 * s.side, (0, 180)),
            width,
            mix(p.light, p.accent, 0.3),
            alpha=alpha,
        )
    mx, my = 0.5 + s.side * 0.33, 0.2
    scene.pen.ellipse(mx, my, 0.05, 0.05, Fade(p.light, p.second, (mx - 0.04, my - 0.04), (mx + 0.04, my + 0.04)))
    scene.land(scene.ridge(h + 0.08, 0.16, 1.0, 2), mix(p.far, p.light, 0.1), p.mid, 0.5)
    ground = scene.ridge(h + 0.2, 0.05, 0.3, 6)
    scene.land(ground, mix(p.far, p.light, 0.25), mix(p.mid, p.near, 0.6), 0.5)
    for _ in range(9):
        x, y = scene.rng.uniform(0, 1), scene.rng.uniform(h + 0.22, 0.97)
        r = scene.rng.uniform(0.02, 0.05) * (0.4 + (y - h) * 2)
        scene.pen.ellipse(x, y, r, r * 0.3, mix(p.mid, p.near, 0.6))
        scene.pen.ellipse(x, y + r * 0.06, r * 0.9, r * 0.22, mix(p.far, p.mid, 0.4))


def street(scene: Scene) -> None:
    p, h = scene.palette, scene.skeleton.horizon
    scene.sky(h)
    scene.moon(0.085)
    scene.stars(50, 0.4)
    for row, (share, low, high, count) in enumerate(((0.0, 0.24, 0.4, 11), (0.55, 0.2, 0.46, 7))):
        colour = mix(mix(p.far, p.sky_low, 0.3), p.near, share)
        for n in range(count):
            x0 = (n + scene.rng.uniform(-0.1, 0.2)) / count
            x1 = x0 + scene.rng.uniform(0.8, 1.1) / count
            clear = 1 - (0.35 * np.exp(-((((x0 + x1) / 2 - 0.5) / 0.2) ** 2)) if row else 0)
            top = h + 0.04 - scene.rng.uniform(low, high) * clear
            scene.pen.rect(x0, top, x1, h + 0.1, Fade(mix(colour, p.light, 0.08), colour, (x0, top), (x1, h)))
            if scene.rng.random() < 0.5:
                mid = (x0 + x1) / 2
                scene.pen.stroke([(mid, top - 0.06), (mid, top)], 0.004, colour)
                scene.pen.rect(mid - 0.014, top - 0.03, mid + 0.014, top, colour)
            step = 0.03
            for wx in np.arange(x0 + 0.014, x1 - 0.016, step * 0.78):
                for wy in np.arange(top + 0.022, h - 0.01, step):
                    if scene.rng.random() < (0.3 if row else 0.2):
                        scene.pen.rect(
                            wx,
                            wy,
                            wx + 0.011,
                            wy + 0.015,
                            mix(p.light, p.accent, 0.35 * scene.rng.random()),
                            alpha=0.85,
                        )
        scene.fog(h, 0.1, 0.25, p.sky_low)
    scene.floor(h + 0.06, mix(p.mid, p.near, 0.2), p.near)
    scene.pen.rect(-0.02, h + 0.055, 1.02, h + 0.075, mix(p.far, p.near, 0.3))
    for n in range(30):
        x, y = scene.rng.uniform(0, 1), scene.rng.uniform(h + 0.1, 1)
        half = 0.02 + 0.08 * (y - h)
        colour = (p.accent, p.second, p.light)[n % 3]
        scene.pen.rect(x - half, y, x + half, y + 0.005, colour, radius=0.002, alpha=0.28)
    side = scene.skeleton.side
    x = 0.5 + side * 0.43
    scene.pen.stroke([(x, 0.28), (x, h + 0.16)], 0.013, p.near)
    scene.pen.stroke([(x, 0.28), (x - side * 0.02, 0.235), (x - side * 0.08, 0.225)], 0.011, p.near, smooth=True)
    scene.beam(x - side * 0.08, 0.24, x - side * 0.1, h + 0.18, 0.14, p.light, 0.5)
    scene.glow(x - side * 0.08, 0.245, 0.1, 0.8)
    scene.pen.ellipse(x - side * 0.08, 0.24, 0.024, 0.015, p.light)
