"""`verify --files` reads every stored file: a lost and a changed one are named, and no other."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from study.models import Clip, Stimulus
from study.stored_files.unavailable import StorageUnavailable
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def verify(slug: str) -> tuple[int, str]:
    """Return the exit code, and what was written."""
    out = io.StringIO()
    try:
        call_command("verify", slug, files=True, stdout=out, stderr=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def study() -> Any:
    study = make_study(clips=2)
    for clip in Clip.objects.all():
        Clip.objects.filter(pk=clip.pk).update(audio_digest=hashlib.sha256(clip.audio.read()).hexdigest())
    for row in Stimulus.objects.all():
        Stimulus.objects.filter(pk=row.pk).update(image_digest=hashlib.sha256(row.image.read()).hexdigest())
    return study


def test_whole_files_are_counted(study: Any) -> None:
    code, text = verify(study.slug)
    assert (code, "checked: 20 stored files" in text) == (0, True), text


def test_a_lost_and_a_changed_file_are_named(study: Any) -> None:
    clip, image = study.clips.first(), Stimulus.objects.filter(clip__number=2).first()
    Path(clip.survey_audio.path).unlink()
    Path(image.image.path).write_bytes(Path(image.preview.path).read_bytes() + b"!")
    code, text = verify(study.slug)
    assert code == 1
    assert f"WRONG: sound of clip1.wav: the file {clip.survey_audio.name} is missing" in text
    assert f"WRONG: an image of clip2.wav: the file {image.image.name} is not the one that was stored" in text
    assert text.count("WRONG") == 2
    assert "checked: 19 stored files" in text
    assert not [key for key in study.conditions.values_list("key", flat=True) if key in text]


def test_a_storage_that_is_away_is_no_finding(study: Any, monkeypatch: Any) -> None:
    def away(*_args: Any) -> Any:
        raise StorageUnavailable("s3://b/x: no answer")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._open", away)
    with pytest.raises(CommandError, match="The stored files cannot be read"):
        verify(study.slug)
