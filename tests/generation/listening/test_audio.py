"""Audio files: what is refused and how that is said, decoding, and the participants' MP3."""

import subprocess
import sys

import numpy as np
import pyloudnorm
import pytest
import soundfile

from generation.listening.audio import (
    SURVEY_LUFS,
    SURVEY_TRUE_PEAK,
    AudioError,
    check_audio,
    decode,
    resample,
    survey_mp3,
    true_peak_db,
    waveform_peaks,
)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_the_formats_that_people_bring_are_read(write_audio, suffix):
    facts = check_audio(write_audio(f"a.{suffix}"))
    assert facts.duration == pytest.approx(2.0, abs=0.15)
    assert (facts.sample_rate, facts.channels) == (22_050, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"bad.mp3 is empty \(0 bytes\). Export it again"),
        (b"dear diary,\n" * 50, "bad.mp3 is a text file with an audio file's name"),
        ("안녕하세요 ".encode() * 50, "bad.mp3 is a text file"),
        (bytes(range(256)) * 40, "bad.mp3 cannot be read as audio: .* export it again as WAV"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "bad.mp3 cannot be read as audio: it is damaged"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(200), "bad.mp3 is M4A, AAC or video, which cannot be read"),
    ],
)
def test_what_is_no_audio_is_refused_with_the_mend(tmp_path, content, reason):
    path = tmp_path / "bad.mp3"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=reason):
        check_audio(path)


def test_a_wave_file_cut_short_is_refused(write_audio):
    path = write_audio("a.wav")
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(AudioError, match="cut off: its header announces more sound than the file holds"):
        check_audio(path)


def test_a_header_without_samples_is_refused(write_audio):
    with pytest.raises(AudioError, match=r"holds no sound \(0 seconds\)"):
        check_audio(write_audio("a.wav", np.zeros(0, np.float32)))


def test_an_hour_of_audio_is_refused_without_reading_it_all(write_audio):
    path = write_audio("long.flac", np.zeros(3600 * 8000, np.float32), 8000)
    with pytest.raises(
        AudioError, match=r"lasts 60 minutes; a clip must be shorter than 60 minutes.* Cut out the part"
    ):
        check_audio(path)


def test_a_clip_too_short_to_judge_is_refused(write_audio, tone):
    with pytest.raises(AudioError, match=r"lasts 0.50 seconds; a clip needs at least one"):
        check_audio(write_audio("a.wav", tone(0.5)))


def test_silence_is_refused(write_audio):
    with pytest.raises(AudioError, match="silent from start to end"):
        check_audio(write_audio("a.wav", np.zeros(44_100, np.float32)))


def test_samples_that_are_not_numbers_are_refused(write_audio, tone):
    samples = tone()
    samples[100] = np.nan
    path = write_audio("a.wav", samples, subtype="FLOAT")
    for read in (check_audio, decode):
        with pytest.raises(AudioError, match="samples that are no numbers"):
            read(path)


def test_messages_use_the_uploads_own_name(tmp_path):
    (tmp_path / "tmp83hf").write_bytes(b"")
    with pytest.raises(AudioError, match=r"^my song\.mp3 is empty"):
        check_audio(tmp_path / "tmp83hf", "my song.mp3")


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
        assert check_audio(path).duration > 5
        made = survey_mp3(path)
        assert made.loudness == pytest.approx(SURVEY_LUFS, abs=0.01)
