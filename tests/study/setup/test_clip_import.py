"""Each file is imported or refused on its own; a refusal names the file and the remedy."""

import io
import unicodedata
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.files.storage import default_storage

from study.audio_files import checking
from study.errors import NotAllowedNow
from study.models import Clip, Study
from study.setup import clip_import
from study.setup.clip_import import ClipRefused, import_clip, import_clips
from tests.factories import make_open_study
from tests.study.audio_files.sounds import wav
from tests.study.conftest import tone, upload

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_each_accepted_kind_becomes_a_clip(draft: Study, kind: str) -> None:
    content = tone(kind=kind)
    clip = import_clip(draft, upload(f"a.{kind.lower()}", content))
    assert (clip.number, clip.name) == (1, f"a.{kind.lower()}")
    assert clip.duration == pytest.approx(2, abs=0.2)
    assert clip.audio.name.endswith(kind.lower())
    assert default_storage.open(clip.audio.name).read() == content


def test_the_stored_suffix_follows_the_content_and_not_the_name(draft: Study) -> None:
    assert import_clip(draft, upload("really_a_wave.mp3", tone())).audio.name.endswith(".wav")


def _truncated(kind: str) -> bytes:
    content = tone(4, kind=kind)
    return content[: len(content) // 2]


def _damaged() -> bytes:
    content = bytearray(tone(4, kind="FLAC"))
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.wav", b"These are my notes about the music.\n" * 40, "text file with an audio file's name"),
        ("notes.mp3", "이것은 음악이 아닙니다.\n".encode() * 40, "text file with an audio file's name"),
        ("noise.flac", bytes(range(256)) * 30, "cannot be read as audio"),
        ("nothing.wav", b"", "empty (0 bytes)"),
        ("no_frames.wav", tone(0), "holds no sound"),
        ("half.wav", _truncated("WAV"), "cut off"),
        ("half.mp3", _truncated("MP3"), "cut off"),
        ("half.ogg", _truncated("OGG"), "or was cut off"),
        ("half.flac", _truncated("FLAC"), "is damaged or cut off"),
        ("damaged.flac", _damaged(), "is damaged or cut off"),
        ("short.wav", tone(0.5), "lasts 0.50 seconds"),
        ("silent.wav", tone(loud=0), "silent from start to end"),
        ("sheet.pdf", b"%PDF", "only WAV, FLAC, OGG and MP3"),
        ("sound.wav", tone(kind="AIFF"), "audio of the kind AIFF"),
    ],
)
@pytest.mark.usefixtures("read_here")
def test_what_is_no_clip_is_refused_by_name(draft: Study, name: str, content: bytes, said: str) -> None:
    with pytest.raises(ClipRefused) as refusal:
        import_clip(draft, upload(name, content))
    assert name in str(refusal.value)
    assert said in str(refusal.value)
    assert not draft.clips.exists()


def test_an_hour_is_too_long(draft: Study) -> None:
    with pytest.raises(ClipRefused, match=r"exact\.wav lasts 60 minutes.* Cut out the part"):
        import_clip(draft, upload("exact.wav", wav(bytes(3600 * 2 * 100), rate=100)))


def test_a_file_that_ends_its_process_is_refused_alone(draft: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [upload("a.wav", tone()), upload("b.wav", tone(pitch=220))]
    monkeypatch.setattr(checking, "MEMORY", 2**27)
    results = import_clips(draft, files)
    assert [result.problem for result in results] == [
        f"{name} takes too much memory to decode. Open it in an audio editor and export it again."
        for name in ("a.wav", "b.wav")
    ]


def test_a_file_beyond_the_size_limit_is_refused(draft: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_import, "MAXIMUM_BYTES", 1000)
    with pytest.raises(ClipRefused, match=r"big\.wav has 1 MB"):
        import_clip(draft, upload("big.wav", tone()))


def test_the_same_name_and_the_same_content_are_refused(draft: Study) -> None:
    import_clip(draft, upload("a.wav", tone()))
    with pytest.raises(ClipRefused, match=r"A\.WAV: the study has a clip of this name"):
        import_clip(draft, upload("A.WAV", tone(pitch=220)))
    with pytest.raises(ClipRefused, match=r"b\.wav has the same content as a\.wav"):
        import_clip(draft, upload("b.wav", tone()))


def test_one_bad_file_among_good_ones_is_named_and_the_good_ones_stay(draft: Study, owner: Any) -> None:
    results = import_clips(
        draft,
        [
            upload("a.wav", tone()),
            upload("bad.wav", b"x" * 50),
            upload("c.flac", tone(pitch=300, kind="FLAC")),
        ],
        actor=owner,
    )
    assert [result.clip is not None for result in results] == [True, False, True]
    assert "bad.wav" in results[1].problem
    assert [(clip.number, clip.name) for clip in draft.clips.all()] == [(1, "a.wav"), (2, "c.flac")]
    assert draft.log.filter(action="clip added", actor=owner).count() == 2


def test_what_was_odd_in_a_file_stands_in_its_row(draft: Study) -> None:
    loud = io.BytesIO()
    soundfile.write(loud, 20_000 * np.sin(np.arange(32_000) / 10), 16_000, format="WAV", subtype="FLOAT")
    clip = import_clip(draft, upload("loud.wav", loud.getvalue()))
    clip.refresh_from_db()
    assert clip.audio_notes == [{"kind": "scaled", "peak": 20000.0, "factor": 3.052e-05}]


@pytest.mark.parametrize("kind", ["GSM610", "NMS_ADPCM_16"])
def test_a_file_that_cannot_be_read_does_not_stop_those_after_it(draft: Study, kind: str) -> None:
    content = io.BytesIO()
    soundfile.write(content, np.sin(np.arange(16_000) / 5), 8000, format="WAV", subtype=kind)
    phone, music = import_clips(draft, [upload("phone.wav", content.getvalue()), upload("a.wav", tone())])
    assert "phone.wav is WAV with the codec" in phone.problem
    assert music.clip is not None


def test_a_decomposed_korean_name_is_composed(draft: Study) -> None:
    clip = import_clip(draft, upload(unicodedata.normalize("NFD", "음악.wav"), tone()))
    assert clip.name == unicodedata.normalize("NFC", "음악.wav")


def test_an_open_study_takes_no_clips() -> None:
    study = make_open_study(clips=1)
    with pytest.raises(NotAllowedNow, match="its plan is fixed"):
        import_clip(study, upload("new.wav", tone()))


def test_real_clips_are_taken(draft: Study, shared_data: Any) -> None:
    files = sorted((shared_data / "clips").iterdir())
    results = import_clips(draft, [upload(file.name, file.read_bytes()) for file in files])
    assert [result.problem for result in results] == [""] * len(files)
    assert Clip.objects.get(name__startswith="joram").duration == pytest.approx(29.1, abs=0.2)
