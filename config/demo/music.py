"""The demo's music: six short pieces synthesised by code, so that the demo needs no download.

Each piece is a stereo array (samples, 2) at `RATE`, the same on every run. The tags have, on purpose, the faults that
tag redefinition corrects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from config.demo.sounds import (
    RATE,
    acid_note,
    add,
    finish,
    hiss,
    kick_drum,
    one_cycle,
    piano_note,
    pitch,
    play,
    pluck,
    reverb,
    snare_drum,
    time_axis,
    tom,
)


@dataclass(frozen=True)
class DemoClip:
    """A piece of demo music: its name, its file, and tags as people might give them."""

    name: str
    path: Path
    tags: tuple[str, ...]


def write_demo_clips(folder: Path) -> list[DemoClip]:
    """Write the six clips as FLAC files into `folder` (created if missing) and return them with their tags."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for name, (make, tags) in PIECES.items():
        path = folder / f"{name.lower().replace(' ', '-')}.flac"
        soundfile.write(path, make(), RATE, subtype="PCM_16")
        clips.append(DemoClip(name, path, tags))
    return clips


# -- plucked guitar ----------------------------------------------------------------------------------


def plucked_guitar() -> np.ndarray:
    """A slow study in A minor: broken chords with a melody above."""
    rng = np.random.default_rng(11)
    beat = 0.29
    bars = [
        ((45, 52, 57, 60), (64, 67, 64)),
        ((45, 52, 57, 60), (69, 67, 64)),
        ((41, 53, 57, 60), (65, 69, 65)),
        ((48, 52, 55, 60), (67, 64, 62)),
        ((43, 50, 55, 59), (62, 67, 65)),
        ((45, 52, 57, 60), (64, 60, 64)),
        ((50, 53, 57, 62), (65, 69, 72)),
        ((40, 52, 56, 59), (71, 68, 64)),
        ((45, 52, 57, 60), (69, 72, 69)),
        ((41, 53, 57, 60), (69, 65, 69)),
        ((50, 53, 57, 62), (65, 62, 65)),
        ((40, 52, 56, 59), (64, 62, 59)),
        ((45, 52, 57, 60), (60, 64, 69)),
    ]
    track = np.zeros((int((len(bars) * 6 * beat + 2.6) * RATE), 2))
    for bar, (chord, tune) in enumerate(bars):
        at = bar * 6 * beat
        add(track, pluck(chord[0], 2.8, False), at, 0.9, -0.15)
        for step, note in enumerate((chord[1], chord[2], chord[3], chord[2], chord[1])):
            when = at + (step + 1) * beat + rng.normal(0, 0.006)
            add(track, pluck(note, 1.9, True), when, 0.37 + 0.05 * rng.random(), -0.25 + 0.1 * step)
        for step, note in enumerate(tune):
            when = at + step * 2 * beat + abs(rng.normal(0, 0.008))
            add(track, pluck(note, 2.1, False), when, 0.8, 0.2)
    for n, note in enumerate((45, 52, 57, 60, 64, 69)):  # the last chord, rolled
        add(track, pluck(note, 2.8, False), len(bars) * 6 * beat + 0.05 * n, 0.7, -0.2 + 0.1 * n)
    return finish(reverb(track, 1.4, 0.22, 1))


# -- piano -------------------------------------------------------------------------------------------


# The first half of the Minuet in G by Christian Petzold (BWV Anh. 114), 1725, two bars a line: (MIDI note, eighths)
# for the right hand, (chord, eighths) for the left.
# fmt: off
MINUET_RIGHT = [
    (74, 2), (67, 1), (69, 1), (71, 1), (72, 1), (74, 2), (67, 2), (67, 2),
    (76, 2), (72, 1), (74, 1), (76, 1), (78, 1), (79, 2), (67, 2), (67, 2),
    (72, 2), (74, 1), (72, 1), (71, 1), (69, 1), (71, 2), (72, 1), (71, 1), (69, 1), (67, 1),
    (66, 2), (67, 1), (69, 1), (71, 1), (67, 1), (69, 6),
    (74, 2), (67, 1), (69, 1), (71, 1), (72, 1), (74, 2), (67, 2), (67, 2),
    (76, 2), (72, 1), (74, 1), (76, 1), (78, 1), (79, 2), (67, 2), (67, 2),
    (72, 2), (74, 1), (72, 1), (71, 1), (69, 1), (71, 2), (72, 1), (71, 1), (69, 1), (67, 1),
    (69, 2), (71, 1), (69, 1), (67, 1), (66, 1), (67, 6),
]
MINUET_LEFT = [
    ((55, 59, 62), 4), ((57,), 2), ((59,), 6),
    ((60,), 6), ((59,), 6),
    ((57,), 6), ((55,), 6),
    ((62,), 2), ((59,), 2), ((55,), 2), ((62,), 2), ((50,), 1), ((60,), 1), ((59,), 1), ((57,), 1),
    ((59,), 4), ((57,), 2), ((55,), 2), ((59,), 2), ((55,), 2),
    ((60,), 6), ((59,), 2), ((60,), 1), ((59,), 1), ((57,), 1), ((55,), 1),
    ((57,), 4), ((54,), 2), ((55,), 4), ((59,), 2),
    ((60,), 2), ((62,), 2), ((50,), 2), ((55,), 4), ((43,), 2),
]
# fmt: on


def piano() -> np.ndarray:
    """The first half of the Minuet in G by Christian Petzold (BWV Anh. 114), 1725."""
    eighth = 0.24
    rng = np.random.default_rng(12)
    track = np.zeros((int((96 * eighth + 2.2) * RATE), 2))
    at = 0
    for note, length in MINUET_RIGHT:
        accent = 0.95 if at % 6 == 0 else 0.72
        hold = length * eighth * (1.6 if length > 1 else 1.15)
        add(
            track,
            piano_note(note, hold, accent),
            at * eighth + 0.02 * rng.random(),
            0.8,
            0.15,
        )
        at += length
    at = 0
    for chord, length in MINUET_LEFT:
        for note in chord:
            add(
                track,
                piano_note(note, length * eighth * 1.2, 0.6),
                at * eighth + 0.01 * rng.random(),
                0.8,
                -0.2,
            )
        at += length
    return finish(reverb(track, 1.8, 0.24, 2))


# -- drums -------------------------------------------------------------------------------------------


def drum_loop() -> np.ndarray:
    """A swung funk beat with ghost notes, a hand drum, and a fill every fourth bar."""
    rng = np.random.default_rng(13)
    step = 60 / 98 / 4
    kick, snare, closed, opened = kick_drum(), snare_drum(), hiss(0.09, 60, 6), hiss(0.4, 10, 7)
    low, high, deep = tom(196), tom(262), tom(110)
    bars = 10
    track = np.zeros((int((bars * 16 * step + 1.0) * RATE), 2))
    for bar in range(bars):
        for n in range(16):
            at = (bar * 16 + n + (0.16 if n % 2 else 0)) * step + rng.normal(0, 0.002)
            at = max(at, 0)
            filling = bar % 4 == 3 and n >= 10
            if n in (0, 7, 10) or (n == 3 and bar % 2):
                add(track, kick, at, 1.0)
            if n in (4, 12) and not filling:
                add(track, snare, at, 0.9, 0.05)
            elif n in (6, 9, 15) and not filling:
                add(track, snare, at, 0.12 + 0.08 * rng.random(), 0.05)
            if filling:
                add(track, (high, low, deep)[(n - 10) // 2], at, 0.7, (0.4, 0, -0.4)[(n - 10) // 2])
            elif n == 14:
                add(track, opened, at, 0.3, 0.35)
            else:
                add(track, closed, at, (0.34, 0.14, 0.26, 0.14)[n % 4], 0.35)
            if bar >= 2 and n in (3, 6, 11, 13, 14):
                add(track, (high, low)[n % 2], at, 0.28, -0.5)
    add(track, kick, bars * 16 * step, 1.0)
    add(track, opened, bars * 16 * step, 0.6, 0.2)
    return finish(reverb(track, 0.6, 0.10, 3), 0.6)


# -- pad ---------------------------------------------------------------------------------------------


def pad() -> np.ndarray:
    """Wide chords that fade into one another, with slow bells above."""
    rng = np.random.default_rng(14)
    soft, bright = one_cycle(1 / np.arange(1, 7) ** 2.2), one_cycle(1 / np.arange(1, 22) ** 1.15)
    chords = [
        (36, 55, 59, 62, 64),
        (33, 55, 60, 64, 71),
        (41, 53, 57, 60, 64),
        (43, 50, 57, 60, 62),
        (36, 55, 60, 64, 67),
    ]
    hold, overlap = 5.2, 2.2
    track = np.zeros((int((hold * len(chords) + overlap + 0.5) * RATE), 2))
    t = time_axis(hold + overlap)
    swell = np.sin(np.pi * np.clip(t / (hold + overlap), 0, 1)) ** 1.3
    glow = 0.35 * swell**2
    for n, chord in enumerate(chords):
        for note in chord:
            for detune, pan in ((-0.06, -0.7), (0.0, 0.0), (0.07, 0.7)):
                drift = 0.03 * np.sin(2 * np.pi * 0.23 * t + 6 * rng.random())
                phase = t * pitch(note + detune) + drift
                voice = play(soft, phase) + glow * play(bright, phase)
                add(track, voice * swell, n * hold, 0.5 if note < 48 else 0.28, pan)
    bell = np.exp(-time_axis(3.0) * 1.8)
    for n, note in enumerate((83, 79, 88, 84, 91, 86, 83, 88, 84)):
        tone = np.sin(2 * np.pi * pitch(note) * time_axis(3.0)) * bell
        add(
            track,
            tone * np.minimum(1, time_axis(3.0) / 0.08),
            1.9 + 2.6 * n,
            0.16,
            float(rng.uniform(-0.8, 0.8)),
        )
    return finish(reverb(track, 3.5, 0.45, 4), 3.0)


# -- techno ------------------------------------------------------------------------------------------


def techno() -> np.ndarray:
    """128 beats a minute: a kick on every beat, an acid bass with a rising filter, chords with an echo."""
    step = 60 / 128 / 4
    bars = 13
    kick, clap, closed, opened = (
        kick_drum(0.3, 0.5),
        hiss(0.22, 18, 8, 1),
        hiss(0.06, 70, 9),
        hiss(0.2, 18, 10),
    )
    line = (33, 33, 45, 33, 36, 33, 43, 33, 33, 45, 33, 40, 36, 33, 31, 43)
    drums = np.zeros((int((bars * 16 * step + 0.8) * RATE), 2))
    music = np.zeros_like(drums)
    t = time_axis(0.34)
    for bar in range(bars):
        cutoff = 500 + 2200 * (0.5 - 0.5 * np.cos(2 * np.pi * bar / 8))
        acid = {note: acid_note(note, step * 0.92, cutoff) for note in set(line)}
        break_bar = bar == 8
        for n in range(16):
            at = (bar * 16 + n) * step
            if n % 4 == 0 and not break_bar:
                add(drums, kick, at, 1.1)
            if n in (4, 12) and bar >= 2:
                add(drums, clap, at, 0.32, 0.1)
            if n % 4 == 2 and bar >= 1:
                add(drums, opened, at, 0.26, -0.2)
            if bar >= 4:
                add(drums, closed, at, 0.12 + 0.08 * (n % 2), 0.3)
            add(music, acid[line[n]], at, 0.62 if n % 3 else 0.8, -0.1)
            if n in (3, 6, 11) and bar >= 2:
                root = 57 if bar % 4 < 2 else 53
                stab = sum(play(one_cycle(1 / np.arange(1, 12)), t * pitch(root + k)) for k in (0, 3, 7, 10)) * np.exp(
                    -t * 13
                )
                for echo in range(4):
                    add(music, stab, at + echo * 3 * step, 0.16 * 0.55**echo, (-0.6, 0.6)[echo % 2])
    duck = 1 - 0.65 * np.exp(-((time_axis(len(music) / RATE + 1)[: len(music)] % (4 * step)) * 11))
    track = reverb(music * duck[:, None], 0.9, 0.16, 5) + drums
    return finish(track, 0.8)


# -- voice -------------------------------------------------------------------------------------------

# Formants (centre and width in hertz, level) of a woman's vowels, as in the usual tables for singing synthesis.
_VOWELS = {
    "a": ((800, 80, 1.0), (1150, 90, 0.5), (2900, 120, 0.06), (3900, 130, 0.04), (4950, 140, 0.004)),
    "e": ((400, 60, 1.0), (1600, 80, 0.08), (2700, 120, 0.06), (3300, 150, 0.02), (4950, 200, 0.002)),
    "i": ((350, 50, 1.0), (1700, 100, 0.15), (2700, 120, 0.05), (3700, 150, 0.02), (4950, 200, 0.002)),
    "o": ((450, 70, 1.0), (800, 80, 0.35), (2830, 100, 0.12), (3500, 130, 0.06), (4950, 135, 0.004)),
    "u": ((325, 50, 1.0), (700, 60, 0.16), (2530, 170, 0.02), (3500, 180, 0.01), (4950, 200, 0.001)),
}


def _formant_levels(frequencies: np.ndarray, vowel: str) -> np.ndarray:
    """Return the level of each frequency in a vowel: the sum of its resonances."""
    centres, widths, levels = np.array(_VOWELS[vowel]).T[:, :, None]
    return (levels / (1 + ((frequencies - centres) / (widths * 1.6)) ** 2)).sum(0) + 0.004


def sung_vowels() -> np.ndarray:
    """A solo voice over a soft drone that glides between notes and vowels, with vibrato."""
    beat = 0.62
    # fmt: off
    line = [  # (MIDI note, beats, vowel); note 0 is a rest
        (62, 2, "a"), (64, 1, "a"), (65, 2, "e"), (69, 3, "a"), (67, 1, "o"), (65, 1, "o"), (64, 2, "u"), (0, 1, "u"),
        (65, 2, "a"), (67, 1, "e"), (69, 2, "i"), (72, 3, "a"), (74, 1, "a"), (72, 1, "o"), (69, 3, "o"), (0, 1, "o"),
        (67, 1, "e"), (65, 1, "a"), (64, 2, "a"), (60, 1, "o"), (62, 4, "u"),
    ]
    # fmt: on
    total = sum(length for _, length, _ in line) * beat + 1.4
    t = time_axis(total)
    control = np.arange(0, total, 0.01)
    notes, levels = np.zeros(len(control)), np.zeros(len(control))
    vowels = {name: np.zeros(len(control)) for name in _VOWELS}
    at, current = 0.0, 62.0
    for note, length, vowel in line:
        inside = (control >= at) & (control < at + length * beat)
        current = note or current
        notes[inside], levels[inside], vowels[vowel][inside] = current, 1.0 if note else 0.0, 1.0
        at += length * beat
    notes[control >= at], vowels["u"][control >= at] = current, 1.0
    smooth = np.hanning(13) / np.hanning(13).sum()
    notes = np.convolve(np.pad(notes, 6, mode="edge"), smooth, "valid")
    swell = np.hanning(29) / np.hanning(29).sum()
    levels = np.convolve(np.pad(levels, 14), swell, "valid") * (0.82 + 0.18 * np.sin(control * 1.7))
    rng = np.random.default_rng(16)
    wander = np.convolve(rng.standard_normal(len(control) + 40), np.hanning(41) / 20, "valid")[: len(control)]
    depth = 0.32 * np.clip((control % (2 * beat)) / 0.7, 0.25, 1)
    notes = notes + depth * np.sin(2 * np.pi * 5.4 * control + 0.4 * wander) + 0.05 * wander
    f = 440 * 2 ** ((notes - 69) / 12)
    cycles = np.cumsum(np.interp(t, control, f)) / RATE
    phase = (2 * np.pi * (cycles % 1)).astype(np.float32)
    voice = np.zeros_like(t)
    mouth = {
        name: np.convolve(np.pad(share, 12, mode="edge"), np.hanning(25) / 12, "valid")
        for name, share in vowels.items()
    }
    for n in range(1, 19):
        level = sum(mouth[name] * _formant_levels(n * f, name) for name in _VOWELS) / n**0.7
        voice += np.interp(t, control, level * levels).astype(np.float32) * np.sin(n * phase)
    breath = np.diff(rng.standard_normal(len(t) + 1)) * 0.010 * np.interp(t, control, levels)
    track = np.zeros((len(t), 2))
    add(track, voice + breath, 0.0, 1.0)
    wave = one_cycle(1 / np.arange(1, 8) ** 1.8)
    for note, pan in ((38, 0.0), (45, -0.5), (50, 0.5)):
        add(track, play(wave, t * pitch(note)) * np.minimum(1, t / 2), 0.0, 0.10, pan)
    return finish(reverb(track, 2.6, 0.30, 6), 2.0)


# -- the six pieces, with tags that need correction ----------------------------------------------------

# fmt: off
PIECES: dict[str, tuple[Callable[[], np.ndarray], tuple[str, ...]]] = {
    "Plucked guitar": (plucked_guitar, (
        "guitar", "guitars", "acoustic guitar", "plucking", "string", "strings", "slow", "clasical", "no vocals",
    )),
    "Piano": (piano, (
        "piano", "no piano", "piano solo", "clasical", "classical", "harpsicord", "baroque", "quick", "fast",
    )),
    "Drum loop": (drum_loop, (
        "drum", "drums", "percussion", "beat", "beats", "funky", "funk", "no voice", "no vocals",
    )),
    "Pad": (pad, (
        "ambient", "synth", "synthesizer", "slow", "spacey", "space", "airy", "drone", "no beat",
    )),
    "Techno": (techno, (
        "techno", "electro", "electronic", "electronica", "beat", "beats", "fast", "quick", "dance", "synth",
    )),
    "Sung vowels": (sung_vowels, (
        "vocal", "no vocal", "female", "female voice", "woman singing", "singing", "chant", "slow", "solo",
    )),
}
# fmt: on
