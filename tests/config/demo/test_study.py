"""The demo's study from a researcher's own folder: complete or absent, and continued where it was stopped."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from config.demo import study as demo
from config.management.commands.demo import refusal
from study.errors import ImportRefused
from study.models import Study
from study.untrusted_files.uploads import LocalFile
from tests.factories import UserFactory
from tests.study.conftest import tone

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    music = tmp_path / "my music"
    music.mkdir()
    for number, name in enumerate(("a.wav", "b.flac", "한글 이름.wav")):
        kind = "FLAC" if name.endswith("flac") else "WAV"
        (music / name).write_bytes(tone(kind=kind, pitch=300 + 40 * number))
    return music


def table(folder: Path, text: str) -> Path:
    path = folder.parent / "tags.csv"
    path.write_text(text, encoding="utf-8")
    return path


def make(folder: Path, tags: Path | None = None, **options: Any) -> Study:
    owner = UserFactory(username="demo") if not Study.objects.exists() else Study.objects.all()[0].owner
    return demo.ensure_study(demo.DemoSource(folder, tags, **options), owner, print)


def stored_files() -> list[Path]:
    return [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


def test_a_folder_and_its_table_become_a_study(folder):
    (folder / "cover.jpg").write_bytes(b"a picture")
    study = make(folder, table(folder, "clip,tags\na.wav,piano;slow\n한글 이름.wav,rock\n"))
    assert {clip.name: clip.imported_tags for clip in study.clips.all()} == {
        "a.wav": ["piano", "slow"],
        "b.flac": [],
        "한글 이름.wav": ["rock"],
    }


def test_a_refused_table_leaves_neither_study_nor_files(folder):
    with pytest.raises(ImportRefused) as refused:
        make(folder, table(folder, "clip,tags\na.wav,piano\nnope.wav,slow\n"))
    assert refused.value.problems == ["tags.csv, row 3: unknown clip “nope.wav”; upload it first or fix the name."]
    assert not Study.objects.exists()
    assert stored_files() == []


def test_a_table_whose_encoding_is_not_clear_is_refused_with_the_candidates_and_the_option(folder):
    tags = table(folder, "")
    tags.write_bytes("clip,tags\na.wav,钢琴;安静\n".encode("gb18030"))
    with pytest.raises(ImportRefused) as refused:
        make(folder, tags)
    assert "gb18030 (“a.wav,钢琴;安静”)" in refusal(refused.value)
    assert refusal(refused.value).endswith("Name the encoding by --encoding.")
    source = demo.DemoSource(folder, tags, encoding="gb18030")
    study = demo.ensure_study(source, UserFactory(username="other"), print)
    assert study.clips.get(name="a.wav").imported_tags == ["钢琴", "安静"]


def test_skip_unknown_skips_rows_about_other_clips(folder):
    study = make(folder, table(folder, "clip,tags\na.wav,piano\nnope.wav,slow\n"), skip_unknown=True)
    assert study.clips.get(name="a.wav").imported_tags == ["piano"]


def test_each_refused_file_is_named_and_nothing_is_kept(folder):
    (folder / "notes.mp3").write_text("only words\n" * 50)
    (folder / "song.m4a").write_bytes(b"\0\0\0 ftypM4A ")
    with pytest.raises(demo.DemoError) as refused:
        make(folder)
    notes, song, end = str(refused.value).splitlines()
    assert notes.startswith("notes.mp3 is a text file")
    assert song.startswith("song.m4a: only WAV, FLAC, OGG and MP3 files are taken")
    assert end == "Nothing was imported."
    assert not Study.objects.exists()
    assert stored_files() == []


def test_a_demo_stopped_between_clips_continues_with_the_next(folder, monkeypatch):
    opened = []

    def stop_at_the_second(path):
        if len(opened) == 1:
            raise KeyboardInterrupt
        opened.append(path)
        return LocalFile(path)

    monkeypatch.setattr(demo, "LocalFile", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        make(folder)
    monkeypatch.undo()
    assert len(stored_files()) == 1
    study = make(folder)
    assert sorted(study.clips.values_list("name", flat=True)) == ["a.wav", "b.flac", "한글 이름.wav"]
    assert len(stored_files()) == 3


def test_another_folder_of_the_same_name_is_refused(folder, tmp_path):
    study = make(folder)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    other = tmp_path / "elsewhere" / folder.name
    other.mkdir(parents=True)
    (other / "c.wav").write_bytes(tone(pitch=900))
    with pytest.raises(demo.DemoError, match="already, made from other clips"):
        make(other)
    assert make(folder) == study


@pytest.mark.parametrize(("name", "message"), [("missing", "is no folder"), ("empty", "holds no WAV")])
def test_a_folder_without_audio_is_named(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(demo.DemoError, match=message):
        make(tmp_path / name)
