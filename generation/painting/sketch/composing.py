"""Compose a picture from a reading of the prompt: place, light, figures and rhythm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from generation.painting.sketch import halls, indoors, keys, outdoors, people, percussion, strings, winds
from generation.painting.sketch.canvas import Layer, Pen, blur, mix
from generation.painting.sketch.inks import Inks, inks_under
from generation.painting.sketch.palettes import HOME_MOOD, MOODS, palette_for
from generation.painting.sketch.reading import Reading
from generation.painting.sketch.scene import Scene, Skeleton


@dataclass(frozen=True)
class Figure:
    """How a thing is drawn: half its width and height in its own units, its size in the picture, its tilt (degrees).

    A bust (a singer) is cut by the lower edge of the picture.
    """

    draw: Callable[[Pen, Inks], None]
    half_width: float
    size: float
    tilt: float = 0.0
    is_bust: bool = False
    half_height: float = 1.0


FIGURES: dict[str, Figure] = {
    "guitar": Figure(strings.guitar, 0.4, 0.40, 16),
    "electric_guitar": Figure(strings.electric_guitar, 0.37, 0.40, 22),
    "bass_guitar": Figure(strings.bass_guitar, 0.34, 0.41, -20),
    "banjo": Figure(strings.banjo, 0.4, 0.40, 18),
    "lute": Figure(strings.lute, 0.42, 0.38, -14),
    "violin": Figure(strings.violin, 0.5, 0.36, 12),
    "cello": Figure(strings.cello, 0.55, 0.41, 6),
    "harp": Figure(strings.harp, 0.6, 0.39),
    "sitar": Figure(strings.sitar, 0.38, 0.41, 18),
    "flute": Figure(winds.flute, 0.12, 0.38, 42),
    "clarinet": Figure(winds.clarinet, 0.18, 0.38, 24),
    "oboe": Figure(winds.oboe, 0.13, 0.38, -28),
    "trumpet": Figure(winds.trumpet, 1.0, 0.32, -22, half_height=0.4),
    "horn": Figure(winds.horn, 0.85, 0.32, 0, half_height=0.92),
    "saxophone": Figure(winds.saxophone, 0.65, 0.37, 8),
    "accordion": Figure(winds.accordion, 1.0, 0.31, 8, half_height=0.75),
    "bells": Figure(winds.bells, 0.9, 0.34),
    "piano": Figure(keys.piano, 1.05, 0.37),
    "harpsichord": Figure(keys.harpsichord, 1.05, 0.37),
    "organ": Figure(keys.organ, 0.97, 0.40),
    "synth": Figure(keys.synth, 1.08, 0.32, -5, half_height=0.74),
    "keyboard": Figure(keys.keyboard, 1.05, 0.34),
    "turntable": Figure(keys.turntable, 1.0, 0.32, -7, half_height=0.78),
    "drum_kit": Figure(percussion.drum_kit, 1.2, 0.34),
    "hand_drums": Figure(percussion.hand_drums, 0.8, 0.35),
    "tabla": Figure(percussion.tabla, 0.95, 0.33),
    "female_voice": Figure(people.female_voice, 0.8, 0.40, is_bust=True),
    "male_voice": Figure(people.male_voice, 0.8, 0.40, is_bust=True),
    "choir": Figure(people.choir, 1.2, 0.38, is_bust=True),
    "monks": Figure(people.monks, 1.0, 0.37, is_bust=True),
    "microphone": Figure(people.microphone, 0.6, 0.40),
}

PLACES: dict[str, Callable[[Scene], None]] = {
    "hall": halls.hall,
    "church": halls.church,
    "club": indoors.club,
    "stage": indoors.stage,
    "palace": halls.palace,
    "factory": indoors.factory,
    "room": indoors.room,
    "forms": indoors.forms,
    "hills": outdoors.hills,
    "forest": outdoors.forest,
    "desert": outdoors.desert,
    "prairie": outdoors.prairie,
    "sea": outdoors.sea,
    "jungle": outdoors.jungle,
    "castle": outdoors.castle,
    "pagoda": outdoors.pagoda,
    "space": outdoors.space,
    "street": outdoors.street,
}

# Positions (x from the middle, y of the foot, scale) by number of things, nearest first. A list of tags becomes an
# ensemble of equals.
_LIST_SPOTS: dict[int, list[tuple[float, float, float]]] = {
    0: [],
    1: [(0.0, 0.95, 1.0)],
    2: [(-0.2, 0.94, 0.86), (0.22, 0.94, 0.86)],
    3: [(0.0, 0.96, 0.84), (-0.29, 0.87, 0.66), (0.3, 0.87, 0.66)],
    4: [(-0.16, 0.965, 0.72), (0.18, 0.965, 0.72), (-0.33, 0.82, 0.54), (0.34, 0.82, 0.54)],
}
# In a sentence the first thing is large and to one side; the others are farther back.
_SENTENCE_SPOTS: list[tuple[float, float, float]] = [
    (0.17, 0.96, 1.04),
    (-0.26, 0.88, 0.62),
    (-0.02, 0.80, 0.44),
    (-0.38, 0.78, 0.36),
]
MAX_THINGS = 4


def compose(reading: Reading, skeleton: Skeleton, size: int) -> Image.Image:
    """The picture of one reading; the pictures of one call share the skeleton."""
    rng = np.random.default_rng(np.random.SeedSequence([reading.digest & 0xFFFFFFFF, reading.digest >> 32]))
    place = reading.first("places") or _default_place(reading, rng)
    mood = reading.first("moods") or HOME_MOOD.get(place) or MOODS[skeleton.mood % len(MOODS)]
    palette = palette_for(mood, place, skeleton.hue_turn, skeleton.lightness)
    scene = Scene(size, palette, skeleton, rng)
    PLACES[place](scene)
    things = [name for name, _ in reading.things][: 1 if reading.is_solo else MAX_THINGS]
    _backlight(scene, things, reading)
    _rhythm(scene, reading, float(rng.uniform(0, 2 * math.pi)))
    inks = inks_under(palette.light, palette.near, palette.accent, palette.second, skeleton.person)
    for name, (x, foot, scale), depth in _placements(things, reading, skeleton):
        # Small changes drawn from the text's digest: prompts that name the same things still give different pictures.
        step, size_by, turn_by = rng.uniform(-1, 1, 3)
        spot = (x + 0.05 * step, foot, scale * (0.98 + 0.08 * size_by))
        _draw_figure(scene, FIGURES[name], inks, spot, depth, 7 * turn_by)
    return _finish(scene)


def _default_place(reading: Reading, rng: np.random.Generator) -> str:
    if not reading.things:
        return "forms"
    return str(rng.choice(["hills", "room", "hall", "forms", "sea"]))


def _placements(things: list[str], reading: Reading, skeleton: Skeleton):
    """Each thing's name, position and depth (0 near, 1 far), the farthest first."""
    if reading.is_sentence and len(things) > 1:
        spots = [(0.5 + skeleton.side * x, foot, scale) for x, foot, scale in _SENTENCE_SPOTS[: len(things)]]
        x, foot, scale = spots[0]  # if the first thing is wide, leave room for the others
        spots[0] = (x, foot, min(scale, 0.33 / _extent(FIGURES[things[0]], 1)[0]))
    elif reading.is_sentence:
        spots = [(0.5 + skeleton.side * 0.17, 0.965, 0.98)][: len(things)]
    else:
        spots = [(0.5 + x, foot, scale) for x, foot, scale in _LIST_SPOTS[len(things)]]
        if len(things) == 2:
            spots = _side_by_side(things, spots)
    placed = [
        (name, spot, float(np.clip((0.95 - spot[1]) / 0.3, 0, 1))) for name, spot in zip(things, spots, strict=True)
    ]
    # Busts are cut by the lower edge, so they are nearer than things on the ground.
    return sorted(placed, key=lambda item: (FIGURES[item[0]].is_bust and item[1][2] > 0.5, item[1][1]))


def _side_by_side(things: list[str], spots: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Two things with equal gaps, made smaller if they do not fit."""
    widths = [_extent(FIGURES[name], scale)[0] for name, (_, _, scale) in zip(things, spots, strict=True)]
    fit = min(1.0, 1.0 / (2 * sum(widths)))
    gap = max(0.0, (1 - 2 * fit * sum(widths)) / 3)
    left, right = gap + fit * widths[0], 1 - gap - fit * widths[1]
    return [(left, spots[0][1], spots[0][2] * fit), (right, spots[1][1], spots[1][2] * fit)]


def _extent(figure: Figure, scale: float) -> tuple[float, float]:
    """Half the width and half the height of a tilted figure in the picture."""
    half, lean = figure.size * scale, math.radians(abs(figure.tilt))
    width = figure.half_width * math.cos(lean) + figure.half_height * math.sin(lean)
    height = figure.half_height * math.cos(lean) + figure.half_width * math.sin(lean)
    return half * width, half * height


def _draw_figure(
    scene: Scene, figure: Figure, inks: Inks, spot: tuple[float, float, float], depth: float, sway: float
) -> None:
    """Draw one figure with its light, its shadows and the haze of its distance."""
    x, foot, scale = spot
    turn = (figure.tilt + (sway if figure.tilt else 0)) * (1 if x <= 0.5 else -1)
    half = figure.size * scale
    width, height = _extent(figure, scale)
    if width < 0.48:
        x = min(max(x, width + 0.015), 1 - width - 0.015)
    faces_out = figure.is_bust and x > 0.5
    y = (1.012 - half) if figure.is_bust else foot - height
    sheet = Layer(scene.layer.size)
    figure.draw(Pen(sheet, x, y, half, turn, flip=faces_out), inks)
    if not figure.is_bust:
        _ground_shadow(scene, x, foot, width, scale)
    _cast_shadow(scene, sheet, scale)
    _light_figure(scene, sheet, x, y, half)
    air = 0.30 * depth
    if air > 0:
        haze = mix(scene.palette.sky_low, scene.palette.far, 0.4)
        sheet.veil(air, haze)
    sheet.over(scene.layer)


def _ground_shadow(scene: Scene, x: float, foot: float, width: float, scale: float) -> None:
    """A soft shadow at the foot of a thing."""
    s = scene.skeleton
    drift = 0.25 * width * (1 if s.light_x < x else -1)
    far = ((scene.xs - x - drift) / (width * 1.15)) ** 2 + ((scene.ys - foot + 0.006) / (0.03 * scale + 0.008)) ** 2
    scene.layer.multiply(0.62 * np.exp(-far * 1.3) * (0.85 + 0.3 * scene.noise), scene.palette.near)


def _cast_shadow(scene: Scene, sheet: Layer, scale: float) -> None:
    """The shadow of a thing on the picture close behind it."""
    size = scene.layer.size
    shift = round(size * 0.016 * scale) * (1 if scene.skeleton.light_x < 0.5 else -1)
    soft = blur(np.roll(sheet.cover, (round(size * 0.01), shift), (0, 1)), size * 0.016)
    scene.layer.multiply(soft * 0.42, scene.palette.near)


def _light_figure(scene: Scene, sheet: Layer, x: float, y: float, half: float) -> None:
    """Light on the side of the scene's light, grainy shade on the other side, and a bright rim."""
    s, size = scene.skeleton, scene.layer.size
    towards = 1 if s.light_x >= x else -1
    across = (scene.xs - x) / half * -towards
    down = (scene.ys - y) / half
    tone = np.clip(0.28 * across + 0.24 * down + 0.12, 0, 1)
    sheet.multiply(0.5 * scene.shade(tone), scene.palette.near)
    step = max(1, round(size * 0.004))
    inside = np.roll(sheet.cover, (step, -towards * step), (0, 1))
    rim = np.clip(sheet.cover - inside, 0, 1)
    sheet.add_light(rim * 0.55, scene.palette.light)


def _backlight(scene: Scene, things: list[str], reading: Reading) -> None:
    """Light behind the figures, so that they are distinct from any place."""
    if not things:
        return
    x = 0.5 + (scene.skeleton.side * 0.12 if reading.is_sentence else 0)
    night = scene.palette.is_night
    scene.glow(x, 0.6, 0.40, 0.34 if night else 0.36, mix(scene.palette.light, scene.palette.sky_low, 0.35))


def _rhythm(scene: Scene, reading: Reading, phase: float) -> None:
    """Ribbons of sound behind the figures: few and long for a slow tempo, many and short for a fast one.

    They are level for a list of tags and rise for a sentence. `phase`: of their waves, drawn from the text's digest.
    """
    p, s, tempo = scene.palette, scene.skeleton, reading.first("tempos")
    x = np.linspace(-0.08, 1.08, 120)
    middle = 0.5 * (s.light_y + s.horizon) + (0.0 if reading.things else 0.06)
    swing = np.sin(x * np.pi)
    rise = 15 * s.side if reading.is_sentence else 0
    pen = scene.pen.at(0.5, middle, 1, rise).at(-0.5, -middle)
    if tempo == "fast":
        for n in range(11):
            y = middle + (n - 5) * 0.021 + 0.055 * swing * np.sin(x * 34 + n * 0.5 + phase) * (1 - 0.09 * abs(n - 5))
            colour = (p.accent, p.light, p.second)[n % 3]
            dash = 9 if n % 2 else 15
            for start in range((n * 5) % dash, 116, dash):
                piece = np.stack([x, y], 1)[start : start + dash - 4]
                if len(piece) > 2:
                    pen.stroke(piece, 0.0055, colour, alpha=0.75)
    elif tempo == "slow":
        for n in range(5):
            y = middle + 0.03 * (n - 2) + 0.065 * np.sin(x * 4.2 + n * 0.55 + phase)
            top = np.stack([x, y], 1)
            low = np.stack([x, y + 0.016 + 0.02 * np.abs(np.sin(x * 2.6 + n))], 1)[::-1]
            pen.shape(np.vstack([top, low]), (p.light, p.sky_low, p.second)[n % 3], alpha=0.3)
    elif tempo == "beat":
        for n in range(13):
            t = (n + 0.5) / 13
            level = middle + 0.075 * math.sin(t * 9 + phase)
            strong = n % 4 == 0
            r = 0.03 if strong else 0.013
            colour = p.accent if strong else p.light
            if strong:
                pen.ring(t, level, r * 1.6, r * 1.6, 0.005, colour, alpha=0.75)
            pen.ellipse(t, level, r, r, colour, alpha=0.85)
            pen.stroke([(t, level + r * 1.9), (t, level + 0.07 + (0.05 if strong else 0))], 0.004, colour, alpha=0.5)
    else:
        for n in range(5):
            y = middle + (n - 2) * 0.018 + 0.045 * np.sin(x * 9 + phase)
            pen.stroke(np.stack([x, y], 1), 0.0035, p.light, alpha=0.5)
        for n in range(6):
            t = (n + 0.7) / 6.6
            level = middle + 0.045 * math.sin(t * 9 + phase) + ((n * 2) % 5 - 2) * 0.018
            pen.ellipse(t, level, 0.013, 0.0105, (p.accent, p.second)[n % 2], turn=-20, alpha=0.9)


def _finish(scene: Scene) -> Image.Image:
    """Vignette, grain and paper texture, the same for all pictures."""
    size = scene.layer.size
    edge = np.clip(((scene.xs - 0.5) ** 2 + (scene.ys - 0.48) ** 2) * 2.1 - 0.28, 0, 1)
    scene.layer.multiply(0.55 * edge * (0.75 + 0.5 * scene.noise), mix(scene.palette.near, scene.palette.mid, 0.3))
    colour = scene.layer.colour
    fibre = np.random.default_rng(scene.skeleton.grain + 1).random((size // 4 + 1, size // 4 + 1), np.float32)
    fibre = np.asarray(Image.fromarray(fibre).resize((size, size), Image.Resampling.BILINEAR))
    grain = (scene.noise - 0.5) * 0.055 + (fibre - 0.5) * 0.03
    colour = colour + grain * (0.5 + colour.mean(0))
    pixels = np.clip(colour * 255 + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
