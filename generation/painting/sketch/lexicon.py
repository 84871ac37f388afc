"""The vocabulary of the sketch painter: which words mean which concepts, and what a denial takes away."""

from __future__ import annotations

import re

from generation.painting.sketch.concepts import CONCEPTS
from generation.painting.sketch.further_words import FURTHER_WORDS

TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[.,;:!?()]")

# Things that one denial removes together ("no vocals" removes every singer).
FAMILIES: dict[str, tuple[str, ...]] = {
    "voices": ("female_voice", "male_voice", "child_voice", "choir", "monks", "microphone"),
    "guitars": ("guitar", "acoustic_guitar", "electric_guitar", "ukulele"),
    "drums": (
        "drum_kit",
        "percussion",
        "hand_drums",
        "tabla",
        "timpani",
        "drum_machine",
        "hands",
        "tambourine",
        "cymbals",
    ),
    "strings": ("violin", "fiddle", "viola", "strings", "cello", "double_bass"),
    "keys": ("piano", "harpsichord", "organ", "synth", "keyboard"),
    "winds": ("flute", "recorder", "clarinet", "woodwind", "oboe", "bassoon", "saxophone"),
    "brass": ("trumpet", "trombone", "brass", "horn", "tuba"),
}

# The family that a denied general concept removes; any other concept removes only its own things.
DENIED_FAMILY: dict[str, str] = {
    "vocals": "voices",
    "guitar": "guitars",
    "drums": "drums",
    "percussion": "drums",
    "beat": "drums",
    "strings": "strings",
    "keyboard": "keys",
    "woodwind": "winds",
    "brass": "brass",
}

# Words that deny a concept by themselves.
DENYING = {"instrumental": "vocals"}

_COMPOUNDS: dict[str, tuple[str, ...]] = {
    "female opera": ("female vocals", "opera"),
    "male opera": ("male vocals", "opera"),
    "fast beat": ("fast", "beat"),
    "slow beat": ("slow", "beat"),
    "piano solo": ("piano", "solo"),
    "duo": ("duet",),
}


def _build() -> dict[tuple[str, ...], tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    for name, concept in CONCEPTS.items():
        for phrase in concept.phrases:
            if phrase in words:
                raise ValueError(f"'{phrase}' means two concepts: {words[phrase][0]} and {name}")
            words[phrase] = (name,)
    for name, phrases in FURTHER_WORDS.items():
        words |= {phrase: (name,) for phrase in phrases.split(", ") if phrase not in words}
    words |= _COMPOUNDS
    return {tuple(TOKEN.findall(phrase)): names for phrase, names in words.items()}


LEXICON: dict[tuple[str, ...], tuple[str, ...]] = _build()
MAX_PHRASE_WORDS = max(len(phrase) for phrase in LEXICON)
