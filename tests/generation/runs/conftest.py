"""A study with clips whose redefinition changes something, and the light pipeline."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generation.painting import SketchOptions
from generation.settings_model import GenerationSettings, store_settings
from study.models import Clip, Study
from study.setup.lifecycle import create_study

SMALL = SketchOptions(kind="sketch", size=64)


@pytest.fixture(autouse=True)
def light(settings, tmp_path, monkeypatch):
    settings.GENERATION_PIPELINE = "tests.generation.runs.light"
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("generation.runs.queueing._publish", lambda step_id, queue: None)


def add_clips(study: Study, count: int, tags=("classical", "classic", "piano", "piano solo", "slow")) -> None:
    first = study.clips.count() + 1
    for number in range(first, first + count):
        name = default_storage.save(f"{number:02d}/clip{number}.wav", ContentFile(b"RIFF%d" % number))
        Clip.objects.create(
            study=study,
            number=number,
            name=f"clip{number}.wav",
            audio=name,
            audio_digest=f"{number:064x}",
            duration=1.0,
            sample_rate=16000,
            imported_tags=list(tags),
        )


def stored_files() -> set[str]:
    """The names of all stored files, relative to the media folder."""
    root = Path(default_storage.location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def owned_files(study: Study) -> set[str]:
    """The names of all files that rows of the study own."""
    names = set()
    for clip in study.clips.all():
        names |= {clip.audio.name, clip.survey_audio.name}
        for stimulus in clip.stimuli.all():
            names |= {stimulus.image.name, stimulus.preview.name}
    return names - {""}


@pytest.fixture
def owner(django_user_model):
    return django_user_model.objects.create_user("owner", "owner@example.org", "long-enough-password")


@pytest.fixture
def study(db, light, owner):
    study = create_study(title="A study", owner=owner)
    store_settings(study, GenerationSettings(painter=SMALL))
    add_clips(study, 3)
    return study
