"""What is no usable clip is refused in one sentence with the remedy; what is taken is read as it is."""

import numpy as np
import pytest

from study.audio_files import judge, ogg
from study.audio_files.errors import AudioError
from study.audio_files.judge import inspect_audio, read_audio
from tests.study.audio_files.sounds import encoded, id3, tone


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_the_formats_that_people_bring_are_read(judged, kind):
    facts = judged(encoded(kind))
    assert facts.duration == pytest.approx(2.0, abs=0.01)
    assert (facts.format, facts.sample_rate, facts.channels, facts.notes) == (kind, 22_050, 1, ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"song is empty \(0 bytes\). Export it again"),
        (b"dear diary,\n" * 50, "song is a text file with an audio file's name"),
        ("안녕하세요 ".encode() * 50, "song is a text file"),
        (bytes(range(256)) * 40, "song cannot be read as audio: .* export it again as WAV"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "song cannot be read as audio: it is damaged"),
        (b"fLaC\0\0\0\x22", "song cannot be read as audio: it is damaged"),
        (b"OggS\0", "song cannot be read as audio: it is damaged"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(200), "song is M4A, AAC or video, which cannot be read"),
        (id3(5000), r"song holds no sound \(0 seconds\)"),
        (id3(5000)[:700], r"song holds no sound \(0 seconds\)"),
        (encoded("WAV", np.zeros(0, np.float32)), r"song holds no sound \(0 seconds\)"),
        (encoded("AIFF"), "song is audio of the kind AIFF. Save it as WAV, FLAC, OGG or MP3"),
        (encoded("W64"), "song is audio of the kind W64"),
        (encoded("WAV", tone(0.5)), r"song lasts 0\.50 seconds; a clip needs at least one"),
        (encoded("WAV", tone(rate=2000), rate=2000), "song has a sample rate of 2000 Hz, too low for music"),
        (b"\xff" * 2_000_000, "song is damaged|song cannot be read"),
    ],
)
def test_what_is_no_clip_is_refused_with_the_remedy(judged, content, reason):
    with pytest.raises(AudioError, match=reason):
        judged(content)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(AudioError, match="song: there is no such file"):
        inspect_audio(tmp_path / "nothing.wav", "song")


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_too_long_a_file_is_refused(judged, monkeypatch, kind):
    monkeypatch.setattr(judge, "MAXIMUM_SECONDS", 3.0)
    assert judged(encoded(kind, tone(2.5))).duration == pytest.approx(2.5, abs=0.01)
    with pytest.raises(AudioError, match=r"song lasts .* Cut out the part to be heard"):
        judged(encoded(kind, tone(4.0)))


@pytest.mark.parametrize(
    ("limit", "value", "kind", "said"),
    [
        ("MAXIMUM_SAMPLES", 40_000, "WAV", r"holds over 0 million samples .* Mix it down to two channels"),
        ("MAXIMUM_SAMPLES", 40_000, "OGG", r"holds over 0 million samples"),
        ("FREE_SAMPLES", 40_000, "FLAC", r"unpacks to over 500 times its size"),
    ],
)
def test_a_file_that_decodes_to_too_much_is_refused(judged, monkeypatch, limit, value, kind, said):
    content = encoded(kind, np.zeros(3_000_000, np.float32) if limit == "FREE_SAMPLES" else tone())
    monkeypatch.setattr(judge, limit, value)
    with pytest.raises(AudioError, match=f"^song {said}"):
        judged(content)


def test_an_ogg_of_too_many_recordings_is_refused(judged, monkeypatch):
    two = encoded("OGG") + encoded("OGG", tone(pitch=300))
    assert judged(two).duration == pytest.approx(4, abs=0.1)
    monkeypatch.setattr(ogg, "MAXIMUM_PARTS", 1)
    with pytest.raises(AudioError, match="song is more than 1 recordings one after the other"):
        judged(two)


def test_samples_that_are_not_numbers_are_refused(judged):
    samples = tone()
    samples[100] = np.nan
    with pytest.raises(AudioError, match="samples that are no numbers"):
        judged(encoded("WAV", samples, "FLOAT"))


def test_the_samples_are_those_of_the_file_in_its_order(tmp_path):
    samples = np.stack([tone(7.3), tone(7.3, pitch=500.0)], axis=1)
    (tmp_path / "a.wav").write_bytes(encoded("WAV", samples, "FLOAT"))
    heard, facts = read_audio(tmp_path / "a.wav", "a.wav")
    assert (heard == samples).all()
    assert facts.channels == 2
