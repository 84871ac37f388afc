"""The level is judged as ears do, and what is wrong with it is mended and said."""

import numpy as np
import pytest

from study.audio_files.errors import AudioError
from study.audio_files.judge import inspect_audio, read_audio
from study.audio_files.notes import sentences
from tests.study.audio_files.sounds import encoded, tone


def read(tmp_path, samples, subtype="FLOAT", kind="WAV"):
    path = tmp_path / "song"
    path.write_bytes(encoded(kind, samples, subtype))
    heard, facts = read_audio(path, "song")
    assert inspect_audio(path, "song") == facts
    return heard, facts


def stereo(left, right):
    return np.stack([left, right], axis=1)


def decibels(samples):
    return 10 * np.log10((np.asarray(samples, np.float64) ** 2).mean())


@pytest.mark.parametrize(
    ("largest", "heard_peak"),
    [
        (1.5, 1.0),
        (20.0, 1.0),
        (20_000, 20_000 / 2**15),
        (5e6, 5e6 / 2**23),
        (2e9, 2e9 / 2**31),
        (1e20, 1.0),
        (3e38, 1.0),
    ],
)
def test_float_samples_beyond_one_are_scaled(tmp_path, largest, heard_peak):
    heard, facts = read(tmp_path, tone(level=1.0).astype(np.float64) * largest, "DOUBLE")
    assert np.abs(heard).max() == pytest.approx(heard_peak, rel=1e-3)
    assert [note["kind"] for note in facts.notes] == ["scaled"]
    said = (
        f"Its samples run to {largest:g} instead of 1: they are made {decibels(largest) - decibels(heard_peak):.1f} dB"
    )
    assert sentences(facts.notes)[0].startswith(said)
    assert facts.level == pytest.approx(decibels(heard), abs=0.1)


def test_samples_within_one_are_not_touched(tmp_path):
    samples = tone(level=1.0)
    heard, facts = read(tmp_path, samples)
    assert (heard[:, 0] == samples).all()
    assert facts.notes == ()


def test_an_mp3_a_little_above_full_scale_is_as_decoded_but_a_wrong_scale_is_mended(tmp_path):
    assert read(tmp_path, tone(level=1.2), "VORBIS", "OGG")[1].notes == ()
    heard, facts = read(tmp_path, tone(level=5.0), "VORBIS", "OGG")
    assert np.abs(heard).max() == pytest.approx(1.0, abs=0.01)
    assert [note["kind"] for note in facts.notes] == ["scaled"]


def partly(samples):
    """The second half with the opposite sign."""
    return np.concatenate([samples[: len(samples) // 2], -samples[len(samples) // 2 :]])


@pytest.mark.parametrize("right", [lambda x: -x, lambda x: -0.9 * x, lambda x: -1.1 * x, partly])
def test_of_channels_that_cancel_each_other_the_louder_is_heard(tmp_path, right):
    left = tone()
    heard, facts = read(tmp_path, stereo(left, right(left)))
    assert heard.shape == (len(left), 1)
    assert decibels(heard) >= decibels(left) - 0.1
    assert "opposite phase" in sentences(facts.notes)[0]
    assert facts.channels == 2


@pytest.mark.parametrize(
    "right",
    [
        lambda x: x,
        lambda x: 0 * x,
        lambda x: 0.3 * x,
        lambda x: tone(pitch=700),
        lambda x: np.random.default_rng(1).uniform(-0.3, 0.3, len(x)).astype(np.float32),
    ],
    ids=["same", "one-sided", "softer", "other", "noise"],
)
def test_channels_that_do_not_cancel_are_kept(tmp_path, right):
    heard, facts = read(tmp_path, stereo(tone(), right(tone())))
    assert heard.shape[1] == 2
    assert facts.notes == ()


@pytest.mark.parametrize("offsets", [(0.4, 0.4), (0.4, -0.2), (0.05, 0.0)])
def test_an_offset_is_taken_out_of_each_channel(tmp_path, offsets):
    music = stereo(tone(level=0.2), tone(level=0.2, pitch=300))
    heard, facts = read(tmp_path, music + np.array(offsets, np.float32))
    np.testing.assert_allclose(heard, music, atol=1e-3)
    assert sentences(facts.notes) == [f"A constant offset of {100 * offsets[0]:g} % of full scale is taken out."]


def test_an_offset_is_not_taken_for_a_wrong_scale(tmp_path):
    heard, facts = read(tmp_path, tone(level=0.5) + 0.8)
    np.testing.assert_allclose(heard[:, 0], tone(level=0.5), atol=1e-3)
    assert [note["kind"] for note in facts.notes] == ["offset"]


def click(*places):
    samples = np.zeros(66_150, np.float32)
    samples[list(places)] = 0.9
    return samples


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(66_150, np.float32), "silent from start to end"),
        (np.full(66_150, 0.1, np.float32), "it holds a constant offset and no sound"),
        (np.repeat([0.3, -0.3], 33_075).astype(np.float32), "silent|too quiet"),
        (click(1000), "silent from start to end, at most with a click"),
        (click(1000, 50_000), "silent from start to end, at most with a click"),
        (click(1000) + 0.1, "silent"),
        (tone(3.0, 0.9, pitch=2.0), "silent|too quiet"),
        (tone(3.0, 1.8e-4), "too quiet: it hardly reaches -78 dBFS, and -60 is needed"),
        (tone(3.0, 1e-3), "too quiet: it hardly reaches -63 dBFS"),
    ],
    ids=["silence", "offset", "step", "click", "two clicks", "click on offset", "infrasound", "-78", "-63"],
)
def test_what_nobody_hears_is_refused(tmp_path, samples, said):
    with pytest.raises(AudioError, match=said):
        read(tmp_path, samples, "PCM_24")


def test_beats_are_sound(tmp_path):
    assert read(tmp_path, click(*range(0, 66_150, 11_025)), "PCM_16")[1].notes == ()


def test_quiet_music_is_taken_and_said(tmp_path):
    _heard, facts = read(tmp_path, tone(3.0, 0.004), "PCM_24")
    assert facts.level == pytest.approx(-51, abs=0.1)
    assert sentences(facts.notes) == [
        "It is quiet (-51.0 dBFS): the survey makes it 30 dB louder at most, so that people hear it quieter than "
        "other clips."
    ]
