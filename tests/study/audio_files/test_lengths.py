"""The length of a file is counted: nothing is taken for the whole without a word, whatever headers say."""

import struct

import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from study.audio_files.errors import AudioError
from study.audio_files.mpeg import frame_at
from study.audio_files.notes import sentences
from tests.study.audio_files.sounds import RATE, encoded, flac_of_length, id3, ogg_pages, pcm, tone, wav

SIZE = len(pcm())


def mp3_frames(content: bytes) -> list[bytes]:
    """The frames after the encoder's own: what a recorder or a stream writes."""
    frames, at = [], 0
    while at < len(content):
        frame = frame_at(content, at)
        assert frame
        frames.append(content[at : at + frame.size])
        at += frame.size
    return frames[1:]


def varying_mp3(tmp_path, seconds=8.0, rate=44_100, channels=1):
    """Half a tone and half noise, so that the frames of the halves have quite different sizes."""
    import numpy as np

    quiet = tone(seconds / 2, 0.05, rate=rate)
    loud = np.random.default_rng(0).uniform(-0.5, 0.5, len(quiet)).astype(np.float32)
    samples = np.repeat(np.concatenate([quiet, loud])[:, None], channels, axis=1)
    path = tmp_path / "made.mp3"
    soundfile.write(path, samples, rate, bitrate_mode="VARIABLE", compression_level=0.4)
    return path.read_bytes()


@pytest.mark.parametrize("is_reversed", [False, True])
def test_an_mp3_of_varying_bit_rate_without_a_header_is_read_to_its_end(judged, tmp_path, is_reversed):
    frames = mp3_frames(varying_mp3(tmp_path))
    content = b"".join(frames[len(frames) // 2 :] + frames[: len(frames) // 2] if is_reversed else frames)
    (tmp_path / "plain.mp3").write_bytes(content)
    # The control: without the walk libsndfile guesses by the first frame.
    assert abs(soundfile.info(tmp_path / "plain.mp3").duration - 8) > 1
    facts = judged(content)
    assert facts.duration == pytest.approx(8.0, abs=0.1)
    assert facts.notes == ()


@pytest.mark.parametrize("rate", [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_frame_is_walked(judged, tmp_path, rate, channels):
    whole = varying_mp3(tmp_path, 3.0, rate, channels)
    assert judged(whole).duration == pytest.approx(3.0, abs=0.01)
    facts = judged(b"".join(mp3_frames(whole)))
    assert facts.duration == pytest.approx(3.0, abs=0.25)
    assert (facts.sample_rate, facts.channels) == (rate, channels)


@pytest.mark.parametrize("picture", [0, 100, 9000, 300_000])
@pytest.mark.parametrize("words", [b"", b"Info from the label" + bytes([0, 0, 3, 0, 9]), b"Xing" + bytes([0, 0, 0, 3])])
def test_what_tags_say_is_no_header_and_no_sound(judged, picture, words):
    mp3 = encoded("MP3")
    facts = judged(id3(picture + len(words), words) + mp3 + b"TAG" + words[:50].ljust(125, b"\0"))
    assert facts.duration == pytest.approx(2.0, abs=0.01)
    assert facts.notes == ()


@pytest.mark.parametrize("picture", [0, 300_000])
def test_an_mp3_cut_off_behind_a_picture_is_refused_with_both_lengths(judged, picture):
    mp3 = encoded("MP3", tone(4.0))
    with pytest.raises(AudioError, match=r"song is cut off: its header says 4\.\d s, 2\.\d s are there"):
        judged(id3(picture) + mp3[: len(mp3) // 2])


def test_bytes_between_frames_are_left_out_and_said(judged):
    frames = mp3_frames(encoded("MP3", tone(4.0)))
    title = b"StreamTitle='a song \xff\xfb';"
    facts = judged(b"".join([*frames[:40], title, *frames[40:], title]))
    assert facts.duration == pytest.approx(4.05, abs=0.1)
    assert sentences(facts.notes) == [
        f"{2 * len(title)} bytes of it are no sound and were left out: {facts.duration:.2f} s are there."
    ]
    assert judged(b"".join([*frames[:40], id3(50000), *frames[40:]])).notes == ()


def test_a_tag_after_other_bytes_is_passed_over_whatever_it_contains(judged):
    frames = mp3_frames(encoded("MP3", tone(4.0)))
    picture = b"".join(mp3_frames(encoded("MP3", tone(2.0, pitch=900.0), rate=RATE)))  # looks like sound
    facts = judged(b"".join([*frames[:40], b"junk", id3(len(picture), picture), *frames[40:]]))
    assert facts.duration == pytest.approx(4.05, abs=0.1)
    assert [(note["kind"], note["bytes"]) for note in facts.notes] == [("garbage", 4)]


@pytest.mark.parametrize("length", [300, 3000, 2**27])
def test_the_letters_of_a_tag_among_other_bytes_hide_no_sound(judged, length):
    frames = mp3_frames(encoded("MP3", tone(4.0)))
    junk = id3(0)[:6] + bytes(length >> shift & 127 for shift in (21, 14, 7, 0))
    facts = judged(b"".join([*frames[:40], b"junk", junk, *frames[40:]]))
    assert facts.duration == pytest.approx(4.05, abs=0.1)
    assert facts.notes[0]["bytes"] == 14


def test_an_mp3_with_a_hole_is_refused(judged):
    mp3 = encoded("MP3", tone(6.0))
    third = len(mp3) // 3
    with pytest.raises(AudioError, match="song is damaged"):
        judged(mp3[:third] + bytes(third) + mp3[2 * third :])


def test_two_mp3s_in_one_file_are_both_taken_and_said(judged):
    facts = judged(encoded("MP3") + encoded("MP3", tone(3.0)))
    assert facts.duration == pytest.approx(5.1, abs=0.1)
    assert [note["kind"] for note in facts.notes] == ["more"]


@pytest.mark.parametrize(
    "other", [encoded("MP3", rate=44_100), encoded("MP3", tone()[:, None].repeat(2, axis=1))], ids=["rate", "stereo"]
)
def test_an_mp3_that_changes_its_kind_on_the_way_is_refused(judged, other):
    with pytest.raises(AudioError, match="song changes its sample rate or channels on the way"):
        judged(encoded("MP3") + other)


def test_an_mp3_that_ends_within_a_frame_says_what_is_there(judged):
    content = b"".join(mp3_frames(encoded("MP3", tone(4.0))))
    facts = judged(content[: len(content) // 2 + 7])
    assert facts.duration == pytest.approx(2.0, abs=0.15)
    assert sentences(facts.notes) == [f"It has no end, as if it was cut off: {facts.duration:.2f} s are there."]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_all_parts_of_a_chained_ogg_are_taken(judged, tmp_path, subtype):
    chain = b"".join(encoded("OGG", tone(seconds, rate=48_000), subtype, 48_000) for seconds in (2.0, 1.0, 1.5))
    (tmp_path / "chain.ogg").write_bytes(chain)
    assert soundfile.info(tmp_path / "chain.ogg").duration < 3  # the control: libsndfile reads the first part
    facts = judged(chain)
    assert facts.duration == pytest.approx(4.5, abs=0.01)
    assert sentences(facts.notes) == ["It is 3 recordings one after the other, together 4.5 s."]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("part_of_page", [0, 10, 40])
def test_an_ogg_without_its_end_says_what_is_there(judged, subtype, part_of_page):
    pages = ogg_pages(encoded("OGG", tone(20.0, rate=48_000), subtype, 48_000))
    facts = judged(b"".join(pages[:-1]) + pages[-1][:part_of_page])
    assert 10 < facts.duration < 20
    assert [note["kind"] for note in facts.notes] == ["no_end"]
    assert facts.notes[0]["seconds"] == pytest.approx(facts.duration, abs=0.01)


def test_an_ogg_with_a_lost_or_changed_page_is_refused(judged):
    pages = ogg_pages(encoded("OGG", tone(30.0)))
    changed = pages[4][:-1] + bytes([pages[4][-1] ^ 1])
    for content in (pages[:4] + pages[5:], [*pages[:4], changed, *pages[5:]]):
        with pytest.raises(AudioError, match="song is damaged or cut off"):
            judged(b"".join(content))


def test_an_ogg_recorded_from_a_stream_says_that_it_begins_on_the_way(judged):
    pages = ogg_pages(encoded("OGG", tone(30.0)))
    facts = judged(b"".join(pages[:2] + pages[6:]))
    assert 10 < facts.duration < 28
    assert [note["kind"] for note in facts.notes] == ["no_start"]


def test_a_flac_of_unknown_length_is_decoded_to_its_end(judged):
    facts = judged(flac_of_length(0))
    assert facts.duration == 2.0
    assert sentences(facts.notes) == ["Its header gives no length: 2.0 s are there."]
    assert judged(id3(500) + flac_of_length(0) + b"TAG" + bytes(125)).duration == 2.0


def test_a_flac_that_holds_more_than_its_header_says_is_taken_whole(judged):
    facts = judged(flac_of_length(11_025))
    assert facts.duration == 2.0
    assert sentences(facts.notes) == ["Its header says 0.5 s; 2.0 s are there, and all of it is taken."]


@pytest.mark.parametrize("samples", [50_000, 2**36 - 1])
def test_a_flac_that_holds_less_than_its_header_says_is_refused(judged, samples):
    with pytest.raises(AudioError, match=rf"its header says {samples / 22_050:.1f} s, 2\.0 s are there"):
        judged(flac_of_length(samples))


@pytest.mark.parametrize("of", [encoded("FLAC", tone(6.0)), flac_of_length(0, encoded("FLAC", tone(6.0)))])
def test_a_flac_cut_within_a_frame_is_refused(judged, of):
    with pytest.raises(AudioError, match="song is damaged or cut off"):
        judged(of[: len(of) // 2])


@pytest.mark.parametrize("announced", [0, 0x7FFFFFDB, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF])
def test_a_wav_of_unknown_length_is_read_to_its_end_and_says_so(judged, announced):
    facts = judged(wav(announced=announced, riff=announced))
    assert facts.duration == 2.0
    assert sentences(facts.notes) == ["Its header gives no length: 2.0 s are there."]


@pytest.mark.parametrize(
    "content",
    [
        wav(riff=0),
        wav(riff=SIZE + 44),
        wav(riff=0xFFFFFFFF),
        wav(announced=SIZE + 8),
        wav(announced=SIZE + 36),
        wav(announced=SIZE + 44),
        wav(before=b"junk" + struct.pack("<I", 5) + b"abcde\0"),
        wav(before=b"junk" + struct.pack("<I", 5) + b"abcde"),
        wav(after=b"LIST" + struct.pack("<I", 4) + b"INFO"),
        wav(after=bytes(10_000)),
        wav() + b"TAG" + bytes(125),
        encoded("WAVEX"),
        encoded("RF64"),
        encoded("WAV", subtype="PCM_24"),
        encoded("WAV", subtype="PCM_U8"),
        encoded("WAV", subtype="ULAW"),
        encoded("WAV", subtype="ALAW"),
        encoded("WAV", subtype="MS_ADPCM"),
    ],
)
def test_a_wav_whose_sizes_are_off_by_its_headers_is_whole(judged, content):
    facts = judged(content)
    assert facts.duration == 2.0
    assert facts.notes == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (wav(announced=2 * SIZE), r"its header says 4\.0 s, 2\.0 s are there"),
        (wav()[:-20_000], r"its header says 2\.0 s, 1\.5 s are there"),
        (wav(announced=SIZE // 2), "a header that contradicts what the file holds"),
        (wav(after=b"data" + struct.pack("<I", SIZE) + pcm()), "a header that contradicts what the file holds"),
        (wav(b"", after=b"LIST" + struct.pack("<I", 4) + b"INFO"), r"holds no sound \(0 seconds\)"),
        (wav(block=0), "a header that contradicts"),
        (wav(channels=0), "a header that contradicts"),
        (wav(channels=1000, block=2000), r"has 1000 channels; at most 8 are taken\. Mix it down"),
        (wav(rate=0), "a header that contradicts"),
        (wav(rate=2**31), "has a sample rate of 2147483648 Hz; at most 768000 are taken"),
        (wav(rate=400_000, channels=8, block=16), "has a sample rate of 400000 Hz; at most 200000 are taken"),
        (wav(channels=2), "a header that contradicts"),
    ],
)
def test_a_wav_that_contradicts_itself_is_refused(judged, content, said):
    with pytest.raises(AudioError, match=f"^song .*{said}"):
        judged(content)


@pytest.mark.parametrize(
    ("content", "codec"),
    [
        (encoded("WAV", subtype="GSM610", rate=8000), "GSM 6.10"),
        (encoded("WAV", subtype="G721_32"), "G.721 ADPCM"),
        (encoded("WAV", subtype="NMS_ADPCM_16"), "NMS ADPCM"),
        (wav(codec=0x55), "MP3"),
        (wav(codec=0x161), "WMA"),
        (wav(codec=0x4242), "0x4242"),
    ],
)
def test_a_codec_that_is_not_read_is_named(judged, content, codec):
    with pytest.raises(AudioError, match=f"song is WAV with the codec {codec}, which is not read. Save it as WAV"):
        judged(content)


@given(
    kind=st.sampled_from(["WAV", "FLAC", "OGG", "MP3"]),
    changes=st.lists(st.tuples(st.integers(0, 60_000), st.binary(max_size=6), st.integers(0, 3000)), max_size=4),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_broken_file_is_right_or_refused_in_one_sentence(judged, kind, changes):
    content = bytearray(encoded(kind))
    for at, written, removed in changes:
        # Nothing tells that the beginning of an MP3 is missing: it needs no header.
        at = max(at % (len(content) + 1), 1000 if kind == "MP3" else 0)
        content[at : at + removed] = written
    try:
        facts = judged(bytes(content))
    except AudioError:
        return
    assert facts.duration > 1.9 or facts.notes, "a part was taken for the whole without a word"
