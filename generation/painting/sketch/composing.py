"""Compose a picture from a reading of the prompt: place, light, air, rhythm and figures."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from generation.painting.sketch import halls, indoors, outdoors
from generation.painting.sketch.air import AIRS
from generation.painting.sketch.arranging import Spot, arrange, extent
from generation.painting.sketch.canvas import Layer, Pen, blur, mix
from generation.painting.sketch.concepts import CONCEPTS
from generation.painting.sketch.figures import DRESSED, FIGURES
from generation.painting.sketch.inks import Inks, inks_under
from generation.painting.sketch.lexicon import DENIED_FAMILY, FAMILIES
from generation.painting.sketch.palettes import LIGHTS, blend, lamp
from generation.painting.sketch.props import ABSENCES, SIGNS
from generation.painting.sketch.reading import Reading
from generation.painting.sketch.rhythm import draw_rhythm
from generation.painting.sketch.scene import Scene, Skeleton

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
_NEUTRAL_PLACES = ("hills", "room", "hall", "sea")
_LAMP, _BRIGHTEST, _HAZE = 1.4, 0.7, 0.2
_BEAMS = {"spot": (0.0,), "pair": (-0.2, 0.2)}


def compose(reading: Reading, skeleton: Skeleton, size: int) -> Image.Image:
    """The picture of one reading; the pictures of one call share the skeleton.

    What is named decides what is shown; where that leaves a choice, the seed decides. The text itself only moves the
    hand: by a few hundredths of the picture, so that two texts of one meaning are not one picture.
    """
    hand = np.random.default_rng(np.random.SeedSequence([reading.digest & 0xFFFFFFFF, reading.digest >> 32]))
    variant = 1 if skeleton.hand ^ reading.is_sentence else -1
    lit = replace(skeleton, light_x=skeleton.light_x + 0.03 * variant)
    places = choose_places(reading, skeleton)
    lights = reading.lights or ({} if reading.concepts else {LIGHTS[skeleton.mood % len(LIGHTS)]: 1.0})
    palette = blend(lights, places[0], skeleton.hue_turn, skeleton.lightness)
    scene = Scene(size, palette, lit, _scene_rng(reading, skeleton))
    PLACES[places[0]](scene)
    if places[0] != "forms":
        _haze(scene)
    _draw_lamps(scene, reading)
    inks = inks_under(palette.light, palette.near, palette.accent, palette.second, skeleton.person)
    spots = arrange(reading.things, skeleton, reading.is_sentence, hand)
    sway = float(hand.uniform(-1, 1))
    _backlight(scene, spots, sway)
    _draw_props(scene, reading, places[1:], inks)
    _draw_airs(scene, reading)
    middle = 0.5 * (skeleton.light_y + skeleton.horizon) + (0.0 if spots else 0.06)
    draw_rhythm(
        scene.pen,
        reading.tempos,
        palette,
        middle,
        float(skeleton.phases[5] + 0.5 * variant + 0.6 * hand.uniform(-1, 1)),
    )
    for spot in spots:
        _draw_figure(scene, spot, inks, reading.dress)
    return _finish(scene)


def choose_places(reading: Reading, skeleton: Skeleton) -> list[str]:
    """The place of the picture, then the places that only have a sign in it.

    Where the prompt names no place, the seed chooses a neutral one; abstract forms if it names nothing at all.
    """
    places = reading.places(list(skeleton.place_order))
    if places:
        return places
    if not reading.concepts and not reading.denied:
        return ["forms"]
    return [min(_NEUTRAL_PLACES, key=skeleton.place_order.index)]


def _scene_rng(reading: Reading, skeleton: Skeleton) -> np.random.Generator:
    """Draws for trees and windows by the seed; for the forms of unknown words by these words."""
    words = " ".join(sorted(set(reading.unknown)))
    digest = int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") if words else 0
    return np.random.default_rng(np.random.SeedSequence([skeleton.grain, digest]))


def _patch(scene: Scene, number: int) -> tuple[float, float]:
    """The middle of a concept's own part of the picture: evenly spread over concepts, from a start that the seed draws.

    The points are those of a sequence of low discrepancy (Roberts's R2, of the plastic number).
    """
    s = scene.skeleton
    x = (s.phases[7] / (2 * math.pi) + 0.7548776662 * (number + 1)) % 1
    y = (s.phases[8] / (2 * math.pi) + 0.5698402910 * (number + 1)) % 1
    return 0.08 + 0.84 * x, 0.08 + 0.54 * y


def _haze(scene: Scene) -> None:
    """Air between the place and what is in front of it."""
    p = scene.palette
    down, ground = np.clip(scene.ys / 0.6, 0, 1), np.clip((scene.ys - 0.5) / 0.3, 0, 1)
    for plane, top, low, mid in zip(scene.layer.colour, p.sky_top, p.sky_low, p.mid, strict=True):
        air = top + (low - top) * down
        plane += _HAZE * (air + (mid - air) * ground - plane)


def _draw_lamps(scene: Scene, reading: Reading) -> None:
    """A soft coloured light for each concept in its own part of the picture; all together as strong in any picture."""
    order = list(CONCEPTS)
    for name in reading.concepts:
        number = order.index(name)
        x, y = _patch(scene, number)
        strength = min(_LAMP / math.sqrt(len(reading.concepts)), _BRIGHTEST)
        colour = lamp(CONCEPTS[name].light or "warm", number)
        share = np.float32(strength) * scene.spot(x, y, 0.25, 0.25)
        for plane, value in zip(scene.layer.colour, colour, strict=True):
            plane += share * (value - plane)


def _draw_airs(scene: Scene, reading: Reading) -> None:
    """The small shapes of each concept, in its own part of the picture."""
    p = scene.palette
    order = list(CONCEPTS)
    for name in reading.airs:
        if CONCEPTS[name].air in _BEAMS:
            for x in _BEAMS[CONCEPTS[name].air]:
                scene.beam(0.5 + 0.3 * x, -0.02, 0.5 + x, 0.98, 0.2, p.light, 0.5)
            continue
        number = order.index(name)
        air = AIRS[CONCEPTS[name].air]
        rng = np.random.default_rng(np.random.SeedSequence([scene.skeleton.grain, number]))
        colours = [(p.accent, p.second, p.light, p.sky_top)[(number + k) % 4] for k in (0, 1)]
        ground = mix(p.sky_low, p.sky_top, 0.4)
        colours = [mix(c, p.light, 0.7) if np.abs(c - ground).sum() < 0.45 else c for c in colours]
        mx, my = _patch(scene, number)
        for n in range(air.count):
            angle, away = 2.39996 * n + rng.uniform(0, 0.6), 0.24 * math.sqrt((n + rng.uniform(0.2, 0.8)) / air.count)
            size, turn = air.size * 1.2 * rng.uniform(0.75, 1.15), rng.uniform(-air.turn, air.turn)
            x, y = mx + away * math.cos(angle), my + 0.8 * away * math.sin(angle)
            pen = scene.pen.at(x % 1.0, abs(y), size, turn)
            pen.alpha = air.alpha
            air.draw(pen, *colours)


def _draw_props(scene: Scene, reading: Reading, signs: list[str], inks: Inks) -> None:
    """Signs of further places at the sides and above, and what stands for denied things."""
    s = scene.skeleton
    absent = list(dict.fromkeys(_family(name) for name in reading.denied))
    standing = [SIGNS[place][0] for place in signs if not SIGNS[place][1]] + [ABSENCES[family] for family in absent]
    for n, draw in enumerate(standing[:6]):
        far = n // 2
        x = 0.5 + s.side * (1 if n % 2 else -1) * (0.385 - 0.15 * far)
        foot, size = s.horizon + 0.1 - 0.015 * far, 0.28 - 0.03 * far
        sheet = Layer(scene.layer.size)
        draw(Pen(sheet, x, foot, size, flip=x > 0.5), inks)
        _ground_shadow(scene, x, foot, 0.09, 0.6)
        sheet.veil(0.16, mix(scene.palette.sky_low, scene.palette.far, 0.4))
        sheet.over(scene.layer)
    for n, draw in enumerate([SIGNS[place][0] for place in signs if SIGNS[place][1]]):
        draw(scene.pen.at(0.5 + s.side * (1 if n % 2 else -1) * (0.36 - 0.13 * (n // 2)), -0.01, 0.24), inks)


def _family(name: str) -> str:
    """The family of things to which a denied concept belongs; empty for another concept."""
    things = CONCEPTS[name].things
    families = [family for family, members in FAMILIES.items() if set(things) & set(members)]
    return DENIED_FAMILY.get(name) or (families[0] if families else "")


def _draw_figure(scene: Scene, spot: Spot, inks: Inks, dress: str) -> None:
    """Draw one figure with its light, its shadows and the haze of its distance."""
    figure, x = FIGURES[spot.name], spot.x
    half = figure.size * spot.scale
    width, height = extent(figure, spot.scale)
    y = (1.012 - half) if figure.is_bust else spot.foot - height
    dressed = DRESSED.get(spot.name)
    draw = (lambda pen, ink: dressed(pen, ink, dress)) if dressed else figure.draw
    sheet = Layer(scene.layer.size)
    draw(Pen(sheet, x, y, half, spot.tilt, flip=figure.is_bust and x > 0.5), inks)
    if not figure.is_bust:
        # A leaning thing ends above the lower side of its box: let it down to the ground.
        y += sheet.let_down(round(spot.foot * scene.layer.size)) / scene.layer.size
        _ground_shadow(scene, x, spot.foot, width, spot.scale)
    _cast_shadow(scene, sheet, spot.scale)
    _light_figure(scene, sheet, x, y, half)
    if spot.depth > 0:
        sheet.veil(0.30 * spot.depth, mix(scene.palette.sky_low, scene.palette.far, 0.4))
    sheet.over(scene.layer)


def _ground_shadow(scene: Scene, x: float, foot: float, width: float, scale: float) -> None:
    """A soft shadow at the foot of a thing."""
    s = scene.skeleton
    drift = 0.25 * width * (1 if s.light_x < x else -1)
    soft = scene.spot(x + drift, foot - 0.006, width * 1.5, 0.039 * scale + 0.01)
    scene.layer.multiply(soft * (0.53 + 0.19 * scene.noise), scene.palette.near)


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


def _backlight(scene: Scene, spots: list[Spot], sway: float) -> None:
    """Light behind the figures, so that they are distinct from any place."""
    if spots:
        amount = 0.34 if scene.palette.is_night else 0.36
        scene.glow(0.5 + 0.04 * sway, 0.6, 0.40, amount, mix(scene.palette.light, scene.palette.sky_low, 0.35))


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
