"""The demo's music: six clips of equal loudness and different sound, in time, with tags that need correction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from config.demo import music
from config.demo.music import MINUET_LEFT, MINUET_RIGHT, RATE, DemoClip, write_demo_clips
from generation.redefinition import load_rules, redefine


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[DemoClip]:
    return write_demo_clips(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="module")
def sounds(clips) -> dict[str, np.ndarray]:
    """Return mono samples by name."""
    return {clip.name: soundfile.read(clip.path, dtype="float32")[0].mean(1) for clip in clips}


def onsets(sound: np.ndarray) -> np.ndarray:
    """Return the rise of energy, one value every 10 ms."""
    hop = RATE // 100
    energy = np.sqrt((sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2).mean(1))
    return np.maximum(np.diff(np.log(energy + 1e-3)), 0)


def spectrum(sound: np.ndarray) -> np.ndarray:
    """Return the share of energy in 24 bands of equal width in octaves."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    edges = np.geomspace(40, 16000, 25) / (RATE / 2) * len(power)
    bands = np.add.reduceat(power, edges.astype(int))[:24]
    return bands / bands.sum()


def test_six_clips_are_written_with_their_names(clips):
    assert [clip.path.name for clip in clips] == [
        "plucked-guitar.flac",
        "piano.flac",
        "drum-loop.flac",
        "pad.flac",
        "techno.flac",
        "sung-vowels.flac",
    ]


def test_each_clip_lasts_twenty_to_twenty_nine_seconds_at_44100_hertz(clips):
    for clip in clips:
        facts = soundfile.info(clip.path)
        assert facts.samplerate == 44100
        assert 20 <= facts.duration <= 29, clip.name


def test_all_clips_are_equally_loud_and_none_is_clipped(clips):
    for clip in clips:
        samples = soundfile.read(clip.path, dtype="float32")[0]
        assert np.abs(samples).max() < 0.85, clip.name
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.10, abs=0.01), clip.name
        assert np.abs(samples.mean()) < 1e-3


def test_no_clip_falls_silent_before_its_end(sounds):
    for name, sound in sounds.items():
        seconds = sound[: len(sound) // RATE * RATE].reshape(-1, RATE)[:-3]
        assert np.sqrt((seconds**2).mean(1)).min() > 0.002, name


def test_clips_differ_in_their_spectra(sounds):
    spectra = {name: spectrum(sound) for name, sound in sounds.items()}
    names = list(spectra)
    for n, a in enumerate(names):
        for b in names[n + 1 :]:
            assert 0.5 * np.abs(spectra[a] - spectra[b]).sum() > 0.15, (a, b)


@pytest.mark.parametrize(("name", "beats_per_minute"), [("Techno", 128), ("Drum loop", 98)])
def test_rhythmic_clips_keep_their_tempo(sounds, name, beats_per_minute):
    rises = onsets(sounds[name])
    times = np.arange(len(rises)) / 100

    def strength(bpm: float) -> float:
        return float(np.abs(np.sum(rises * np.exp(-2j * np.pi * times * bpm / 60 * 4))))

    near = [strength(bpm) for bpm in np.arange(beats_per_minute - 12, beats_per_minute + 13)]
    assert int(np.argmax(near)) == 12


def test_the_same_code_gives_the_same_music(clips, tmp_path):
    again = music.drum_loop()
    stored = soundfile.read(next(c.path for c in clips if c.name == "Drum loop"), dtype="float32")[0]
    assert np.abs(again - stored).max() < 1 / 20000


@pytest.mark.parametrize("hand", [MINUET_RIGHT, MINUET_LEFT])
def test_each_hand_of_the_minuet_fills_sixteen_bars_of_six_eighths(hand):
    ends = np.cumsum([length for _, length in hand])
    assert set(range(6, 97, 6)) <= set(ends.tolist())
    assert ends[-1] == 96


@pytest.mark.parametrize("rules", ["curated", "seed"])
@pytest.mark.parametrize("voice_share", [None, 0.0, 0.9])
def test_redefinition_changes_every_clips_tags(clips, rules, voice_share):
    for clip in clips:
        assert 6 <= len(clip.tags) <= 10
        redefined = redefine(clip.tags, load_rules(rules), voice_share=voice_share)
        assert set(redefined.tags) != set(clip.tags), clip.name


def test_tags_are_of_magnatagatune(clips, shared_data: Path):
    known = set((shared_data / "mtat" / "tags188.txt").read_text(encoding="utf-8").split("\n"))
    for clip in clips:
        assert set(clip.tags) <= known, clip.name
