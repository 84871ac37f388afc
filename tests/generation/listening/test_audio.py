"""Decoding, and the participants' MP3."""

import subprocess
import sys

import numpy as np
import pyloudnorm
import pytest
import soundfile

from generation.listening.audio import (
    SURVEY_LUFS,
    SURVEY_MAXIMUM_GAIN,
    SURVEY_TRUE_PEAK,
    cut,
    decode,
    resample,
    survey_mp3,
    true_peak_db,
    waveform_peaks,
)
from study.audio_files.judge import inspect_audio


def test_checking_uploads_needs_no_torch():
    modules = "generation.listening.audio, generation.listening.voice, generation.tagging, generation.library.passes"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_decoding_mixes_channels_to_mono(write_audio, tone):
    left = tone()
    audio = decode(write_audio("a.wav", np.stack([left, np.zeros_like(left)], axis=1), subtype="FLOAT"))
    np.testing.assert_allclose(audio.samples, left / 2, atol=1e-6)
    assert audio.samples.dtype == np.float32


def test_resampling_keeps_a_tone_and_its_length(tone):
    wave = resample(tone(2.0, 22_050, 440.0), 22_050, 16_000)
    assert abs(len(wave) - 32_000) <= 1
    spectrum = np.abs(np.fft.rfft(wave))
    assert np.argmax(spectrum) / 2.0 == pytest.approx(440, abs=1)


def test_an_excerpt_is_what_was_asked_for_and_ends_without_a_click(tone):
    wave = tone(3.0, 16_000, 440.0)
    part = cut(wave, 16_000, (500, 2000))
    assert len(part) == 24_000
    np.testing.assert_array_equal(part[160:-160], wave[8160:31_840])
    assert part[0] == part[-1] == 0
    np.testing.assert_array_equal(cut(wave, 16_000, (0, 1000))[:100], wave[:100])  # the file's own beginning stays
    assert wave[8000] != 0 or wave[8001] != 0, "the file's samples are not changed"
    stereo = cut(np.stack([wave, -wave], axis=1), 16_000, (500, 2000))
    np.testing.assert_array_equal(stereo[:, 0], part)
    assert cut(wave, 16_000, None) is wave


def test_the_survey_plays_the_excerpt_alone(write_audio, tone, tmp_path):
    quiet_then_high = np.concatenate([tone(2.0, 22_050, 220.0) * 0.01, tone(2.0, 22_050, 880.0)])
    made = survey_mp3(write_audio("a.wav", quiet_then_high, subtype="FLOAT"), excerpt=(2500, 3700))
    assert made.duration == pytest.approx(1.2, abs=1e-3)
    (tmp_path / "made.mp3").write_bytes(made.data)
    samples, rate = soundfile.read(tmp_path / "made.mp3")
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(880, abs=3)
    assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(SURVEY_LUFS, abs=0.7)


@pytest.mark.parametrize("gain", [0.03, 0.1, 1.0])
def test_every_survey_clip_is_equally_loud(write_audio, tone, tmp_path, gain):
    made = survey_mp3(write_audio("a.wav", tone(3.0) * gain, subtype="FLOAT"))
    (tmp_path / "made.mp3").write_bytes(made.data)
    samples, rate = soundfile.read(tmp_path / "made.mp3")
    heard = pyloudnorm.Meter(rate).integrated_loudness(samples)
    assert heard == pytest.approx(SURVEY_LUFS, abs=0.5)
    assert (rate, made.channels) == (44_100, 1)


def test_a_peaky_clip_is_made_quieter_instead_of_clipped(write_audio):
    samples = np.random.default_rng(0).standard_normal(66_150).astype(np.float32) * 0.001
    samples[::11_025] = 0.9
    made = survey_mp3(write_audio("a.wav", samples))
    assert made.peak_limited
    assert made.true_peak == pytest.approx(SURVEY_TRUE_PEAK, abs=0.01)
    assert made.loudness < SURVEY_LUFS


def test_stereo_stays_stereo_without_metadata_and_with_the_same_bytes(write_audio, tone):
    path = write_audio("a.wav", np.stack([tone(), tone(pitch=330)], axis=1))
    soundfile_name = path.with_name("tagged.flac")
    with soundfile.SoundFile(soundfile_name, "w", 22_050, 2) as file:
        file.title = "secret title"
        file.write(soundfile.read(path)[0])
    made = survey_mp3(soundfile_name)
    assert made.channels == 2
    assert b"secret title" not in made.data
    assert not made.data.startswith(b"ID3")
    assert survey_mp3(soundfile_name).data == made.data


def opposite(tone):
    return np.stack([tone(3.0), -tone(3.0)], axis=1)


@pytest.mark.parametrize(
    ("make", "subtype"),
    [
        (opposite, "FLOAT"),
        (lambda tone: tone(3.0) + np.float32(0.5), "FLOAT"),
        (lambda tone: tone(3.0) * 20_000, "FLOAT"),
        (lambda tone: tone(3.0) * 5, "FLOAT"),
    ],
    ids=["opposite phase", "offset", "int16 as float", "beyond 1"],
)
def test_models_and_people_hear_the_music_of_an_odd_file(write_audio, tone, tmp_path, make, subtype):
    path = write_audio("odd.wav", make(tone), subtype=subtype)
    audio = decode(path)
    assert np.abs(np.corrcoef(audio.samples, tone(3.0))[0, 1]) > 0.999
    assert 0.1 < np.abs(audio.samples).max() <= 1.0
    assert abs(audio.samples.mean()) < 1e-3
    assert [note["kind"] for note in audio.notes]
    (tmp_path / "made.mp3").write_bytes(survey_mp3(path).data)
    samples, rate = soundfile.read(tmp_path / "made.mp3")
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)  # as one loudspeaker plays it
    assert pyloudnorm.Meter(rate).integrated_loudness(mono) == pytest.approx(SURVEY_LUFS, abs=0.5)


def test_quiet_music_gets_the_largest_gain_and_the_record_says_so(write_audio, tone):
    made = survey_mp3(write_audio("a.wav", tone(3.0) * 0.012, subtype="PCM_24"))
    assert made.gain == SURVEY_MAXIMUM_GAIN
    assert made.record()["gain_limited"]
    assert not made.peak_limited


def test_true_peak_finds_what_lies_between_samples():
    time = np.arange(4800) / 48_000
    wave = np.sin(2 * np.pi * 12_000 * time + np.pi / 4).astype(np.float32)  # every sample at 0.707
    assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(-3.01, abs=0.05)
    assert true_peak_db(wave) == pytest.approx(0.0, abs=0.4)


def test_peaks_for_the_player_follow_the_music(tone):
    wave = tone(1.0)
    wave[: len(wave) // 2] *= 0.1
    peaks = waveform_peaks(wave, 60)
    assert len(peaks) == 60
    assert max(peaks) == 1.0
    assert max(peaks[:29]) < 0.2
    assert waveform_peaks(np.zeros(100, np.float32), 8) == [0.0] * 8


def test_real_clips_pass(shared_data):
    for path in sorted((shared_data / "clips").iterdir()):
        assert inspect_audio(path, path.name).notes == ()
        made = survey_mp3(path)
        assert made.loudness == pytest.approx(SURVEY_LUFS, abs=0.01)
