"""The things that can be drawn, and where each has its seat.

The order of `FIGURES` is the order of seats from left to right, so that the same things sit alike whatever the order of
the words that name them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from generation.painting.sketch import folk, keys, nature, people, percussion, strings, winds
from generation.painting.sketch.canvas import Pen, mix
from generation.painting.sketch.inks import Inks

Draw = Callable[[Pen, Inks], None]


@dataclass(frozen=True)
class Figure:
    """How a thing is drawn: half its width and height in its own units, its size in the picture, its tilt (degrees).

    A bust (a singer) is cut by the lower edge of the picture.
    """

    draw: Draw
    half_width: float
    size: float
    tilt: float = 0.0
    is_bust: bool = False
    half_height: float = 1.0


def _stained(draw: Draw, share: float) -> Draw:
    """The same instrument of darker (or, below 0, lighter) wood."""

    def drawn(pen: Pen, ink: Inks) -> None:
        towards = ink.black if share > 0 else ink.cream
        woods = {name: mix(getattr(ink, name), towards, abs(share)) for name in ("wood", "wood_light", "varnish")}
        draw(pen, replace(ink, **woods))  # type: ignore[arg-type]

    return drawn


def _reddened(draw: Draw) -> Draw:
    """The same instrument in the accent's colour."""

    def drawn(pen: Pen, ink: Inks) -> None:
        woods = {name: mix(getattr(ink, name), ink.accent, 0.6) for name in ("wood", "wood_light", "varnish")}
        draw(pen, replace(ink, **woods))  # type: ignore[arg-type]

    return drawn


def _pair(one: Draw, other: Draw, apart: float, scale: float, lean: float) -> Draw:
    """Two instruments side by side, leaning apart."""

    def drawn(pen: Pen, ink: Inks) -> None:
        one(pen.at(-apart, 1 - scale, scale, -lean), ink)
        other(pen.at(apart, 1 - scale, scale, lean), ink)

    return drawn


FIGURES: dict[str, Figure] = {
    # Singers at either side, looking inwards.
    "female_voice": Figure(people.female_voice, 0.8, 0.40, is_bust=True),
    "child_voice": Figure(people.child_voice, 0.7, 0.40, is_bust=True),
    "choir": Figure(people.choir, 1.2, 0.38, is_bust=True),
    "harp": Figure(strings.harp, 0.7, 0.39),
    "organ": Figure(keys.organ, 0.97, 0.40),
    "piano": Figure(keys.piano, 1.18, 0.37),
    "harpsichord": Figure(keys.harpsichord, 1.05, 0.37),
    "strings": Figure(_pair(strings.violin, strings.cello, 0.5, 0.9, 8), 1.05, 0.38),
    "violin": Figure(strings.violin, 0.76, 0.36, 12),
    "fiddle": Figure(_stained(strings.violin, -0.4), 0.76, 0.36, -16),
    "viola": Figure(_stained(strings.violin, 0.35), 0.76, 0.41, 8),
    "lute": Figure(strings.lute, 0.42, 0.38, -14),
    "oud": Figure(_stained(strings.lute, 0.35), 0.42, 0.40, -20),
    "mandolin": Figure(_reddened(strings.lute), 0.42, 0.32, 16),
    "sitar": Figure(strings.sitar, 0.38, 0.41, 18),
    "koto": Figure(folk.koto, 1.08, 0.34, 0, half_height=0.76),
    "erhu": Figure(folk.erhu, 0.6, 0.38, 0),
    "banjo": Figure(strings.banjo, 0.4, 0.40, 18),
    "ukulele": Figure(_reddened(strings.guitar), 0.4, 0.30, 20),
    "guitar": Figure(strings.guitar, 0.4, 0.40, 16),
    "acoustic_guitar": Figure(_stained(strings.guitar, -0.45), 0.4, 0.42, -14),
    "electric_guitar": Figure(strings.electric_guitar, 0.37, 0.40, 22),
    "accordion": Figure(winds.accordion, 1.0, 0.31, 8, half_height=0.75),
    "flute": Figure(winds.flute, 0.12, 0.38, 42),
    "recorder": Figure(folk.recorder, 0.14, 0.36, 34),
    "woodwind": Figure(_pair(winds.flute, winds.clarinet, 0.22, 0.95, 14), 0.55, 0.38),
    "oboe": Figure(winds.oboe, 0.13, 0.38, -28),
    "clarinet": Figure(winds.clarinet, 0.18, 0.38, 24),
    "bassoon": Figure(_reddened(winds.oboe), 0.13, 0.43, -18),
    "bagpipes": Figure(folk.bagpipes, 0.78, 0.37),
    "birds": Figure(nature.birds, 1.12, 0.35),
    "water": Figure(nature.water, 1.0, 0.35),
    "harmonica": Figure(folk.harmonica, 1.0, 0.26, 0, half_height=0.46),
    "microphone": Figure(people.microphone, 0.84, 0.40),
    "synth": Figure(keys.synth, 1.08, 0.32, -5, half_height=0.74),
    "keyboard": Figure(keys.keyboard, 1.05, 0.34),
    "turntable": Figure(keys.turntable, 1.0, 0.32, -7, half_height=0.78),
    "drum_machine": Figure(keys.drum_machine, 1.0, 0.31, 6, half_height=0.76),
    "hands": Figure(nature.hands, 0.86, 0.34),
    "didgeridoo": Figure(folk.didgeridoo, 0.26, 0.41, 12),
    "saxophone": Figure(winds.saxophone, 0.65, 0.37, 8),
    "trumpet": Figure(winds.trumpet, 1.0, 0.32, -22, half_height=0.4),
    "trombone": Figure(folk.trombone, 1.0, 0.37, 14, half_height=0.6),
    "brass": Figure(_pair(winds.horn, winds.trumpet, 0.5, 0.62, 6), 1.05, 0.36, half_height=0.95),
    "horn": Figure(winds.horn, 0.85, 0.32, 0, half_height=0.92),
    "tuba": Figure(winds.horn, 0.85, 0.39, -62, half_height=0.92),
    "cello": Figure(strings.cello, 0.68, 0.41, 6),
    "double_bass": Figure(_stained(strings.cello, 0.5), 0.68, 0.48, -5),
    "bass_guitar": Figure(strings.bass_guitar, 0.34, 0.41, -20),
    "tabla": Figure(percussion.tabla, 0.95, 0.33),
    "hand_drums": Figure(percussion.hand_drums, 0.8, 0.35),
    "hang_drum": Figure(folk.hang_drum, 1.0, 0.27, 0, half_height=0.56),
    "xylophone": Figure(folk.xylophone, 1.02, 0.33),
    "marimba": Figure(folk.marimba, 1.02, 0.37),
    "bells": Figure(winds.bells, 0.9, 0.34),
    "gong": Figure(folk.gong, 1.0, 0.35),
    "cymbals": Figure(percussion.cymbals, 1.0, 0.35),
    "tambourine": Figure(percussion.tambourine, 0.9, 0.27, -10, half_height=0.9),
    "percussion": Figure(percussion.percussion, 1.1, 0.33),
    "timpani": Figure(percussion.timpani, 1.0, 0.34),
    "drum_kit": Figure(percussion.drum_kit, 1.28, 0.34),
    "monks": Figure(people.monks, 1.0, 0.37, is_bust=True),
    "male_voice": Figure(people.male_voice, 0.8, 0.40, is_bust=True),
}
DRESSED: dict[str, Callable[[Pen, Inks, str], None]] = {
    "female_voice": people.female_voice,
    "child_voice": people.child_voice,
    "male_voice": people.male_voice,
}
SEATS = {name: seat for seat, name in enumerate(FIGURES)}
