"""Measure the detectors on sounds with a known voice at known levels, to choose the thresholds for voice evidence.

    EARSIGHT_SHARED_DATA=… python benchmarks/choose_voice_thresholds.py [--out FILE.md]

Voices: real read speech, the demo's sung vowels, and one real song in which a woman sings throughout (from
EARSIGHT_SHARED_DATA, unchanged). Instrumentals: two real clips in which people heard no voice, and the demo's five
pieces. Each voice is mixed with each instrumental at three levels, throughout and in a quarter of the clip. For each
sound the voice detector's share and the tagger's highest probabilities for a voice and for none are measured. The
tables show for each candidate threshold how often it gives a verdict, and how often that verdict is wrong.
"""

import argparse
import itertools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from config.demo import music as demo_music
from generation.listening.audio import decode, resample
from generation.listening.voice import detect_voice
from generation.redefinition.rules.rule_files import load_rules
from generation.redefinition.voice_evidence import clip_evidence
from generation.tagging import MusicnnOptions, build_tagger

RATE = 16_000
SECONDS = 29
LEVELS = (-12, -3, 6)
"""Decibels of the voice against the instrumental."""
VOICE_AT = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
NONE_AT = (0.0, 0.01, 0.02, 0.05, 0.1)
TAGGER_AT = (0.08, 0.1, 0.12, 0.15, 0.2, 0.3)


@dataclass(frozen=True)
class Measurement:
    """One sound, its voice (None without one; present `part` of the time), and the detectors' output."""

    name: str
    voice: str | None
    level: float
    part: float
    share: float
    tagger_heard: float
    tagger_denied: float


def fit(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mono, 16 kHz, SECONDS long (repeated where shorter), at one level."""
    mono = samples.mean(axis=1) if samples.ndim == 2 else samples
    found = np.resize(resample(mono.astype(np.float32), sample_rate, RATE), SECONDS * RATE)
    return 0.05 * found / np.sqrt(np.mean(found**2))


def sounds(shared: Path) -> Iterator[tuple[str, str | None, float, float, np.ndarray]]:
    """(name, voice, level in dB, part of the time, samples) of every sound."""

    def real(word: str) -> np.ndarray:
        audio = decode(next(path for path in (shared / "clips").iterdir() if word in path.name))
        return fit(audio.samples, audio.sample_rate)

    made = ("plucked_guitar", "piano", "drum_loop", "pad", "techno")
    instrumentals = {"tilopa": real("tilopa"), "joram": real("joram")}
    instrumentals |= {name: fit(getattr(demo_music, name)(), 44_100) for name in made}
    voices = {"speech": real("librispeech"), "sung vowels": fit(demo_music.sung_vowels(), 44_100)}
    for name, music in instrumentals.items():
        yield name, None, 0.0, 0.0, music
        for (voice, samples), level, part in itertools.product(voices.items(), LEVELS, (1.0, 0.25)):
            there = np.arange(len(samples)) < part * len(samples)
            mixed = music + 10 ** (level / 20) * samples * there
            yield f"{voice} over {name}", voice, level, part, mixed / max(1.0, np.abs(mixed).max())
    yield "arthur_yoria (a woman sings)", "song", 0.0, 1.0, real("arthur_yoria")


def measure(shared: Path) -> list[Measurement]:
    tagger, policy = build_tagger(MusicnnOptions()), load_rules("curated").voice_policy
    assert policy
    found = []
    for name, voice, level, part, samples in sounds(shared):
        samples = samples.astype(np.float32)
        share = detect_voice(samples, RATE).share
        probabilities = dict(zip(tagger.vocabulary, tagger.predict([samples], RATE)[0].tolist(), strict=True))
        evidence = clip_evidence(share, probabilities, policy)
        found.append(
            Measurement(
                name,
                voice,
                level,
                part,
                share,
                float(evidence.tagger_heard[0]),
                float(evidence.tagger_denied[0]),
            )
        )
        print(found[-1], file=sys.stderr)
    return found


def tables(found: list[Measurement]) -> Iterator[str]:
    """The report, line by line."""
    none = [one for one in found if one.voice is None]
    voiced = [one for one in found if one.voice is not None]
    yield f"{len(none)} sounds without a voice, {len(voiced)} with one."
    yield ""
    yield "| voice | level (dB) | part | share: lowest, median, highest | tagger, voice: median | none: median |"
    yield "|---|---|---|---|---|---|"
    kinds = sorted({(one.voice or "none", one.level, one.part) for one in found})
    for kind in kinds:
        group = [one for one in found if (one.voice or "none", one.level, one.part) == kind]
        shares = np.array([one.share for one in group])
        heard, denied = (np.median([getattr(one, f"tagger_{name}") for one in group]) for name in ("heard", "denied"))
        yield (
            f"| {kind[0]} | {kind[1]:+g} | {kind[2]:g} | {shares.min():.2f}, {np.median(shares):.2f}, "
            f"{shares.max():.2f} | {heard:.2f} | {denied:.2f} |"
        )
    yield ""
    yield "| threshold | says voice: of those with one | of those without |"
    yield "|---|---|---|"
    for at in VOICE_AT:
        right, wrong = (sum(one.share >= at for one in group) for group in (voiced, none))
        yield f"| share ≥ {at:g} | {right} of {len(voiced)} | {wrong} of {len(none)} |"
    for at in TAGGER_AT:
        right, wrong = (
            sum(one.tagger_heard >= at and one.tagger_heard > one.tagger_denied for one in group)
            for group in (voiced, none)
        )
        yield f"| tagger ≥ {at:g} | {right} of {len(voiced)} | {wrong} of {len(none)} |"
    yield ""
    yield "| threshold | says none: of those without | of those with one |"
    yield "|---|---|---|"
    for at in NONE_AT:
        right, wrong = (sum(one.share <= at for one in group) for group in (none, voiced))
        yield f"| share ≤ {at:g} | {right} of {len(none)} | {wrong} of {len(voiced)} |"
    for at in TAGGER_AT:
        right, wrong = (
            sum(
                one.share <= 0.05 and not (one.tagger_heard >= at and one.tagger_heard > one.tagger_denied)
                for one in group
            )
            for group in (none, voiced)
        )
        yield (
            f"| share ≤ 0.05, tagger without objection from {at:g} on | {right} of {len(none)} | "
            f"{wrong} of {len(voiced)} |"
        )
    for at in TAGGER_AT:
        right, wrong = (
            sum(one.tagger_denied >= at and one.tagger_denied > one.tagger_heard for one in group)
            for group in (none, voiced)
        )
        yield f"| tagger ≥ {at:g} | {right} of {len(none)} | {wrong} of {len(voiced)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    shared = os.environ.get("EARSIGHT_SHARED_DATA")
    if not shared:
        sys.exit("Set EARSIGHT_SHARED_DATA to the folder that holds clips/; the real clips are not in the repository.")
    text = "\n".join(tables(measure(Path(shared))))
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
