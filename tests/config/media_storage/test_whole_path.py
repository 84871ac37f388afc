"""A clip's way with every file in a bucket: uploaded, heard, painted, shown, exported, deleted."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config.bundles.write import export_study
from generation.painting import SketchOptions
from generation.runs import execution, lifecycle
from generation.runs.steps import listen, loaded_models
from generation.settings_model import GenerationSettings, store_settings
from study.blinding_audit.stored_files import differing_files
from study.models import Clip, Study
from study.setup.clip_selection import delete_clip
from study.setup.trash import erase
from study.stored_files import copies
from study.verification import Findings, check_files
from tests.config.addresses import browser
from tests.config.media_storage.conftest import only_in_full
from tests.config.media_storage.counting import Requests
from tests.factories import StudyFactory, open_with_images
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def painted(requests: Requests, monkeypatch: Any) -> Study:
    """A draft whose one clip was uploaded in the console, heard and painted."""
    study = StudyFactory()
    store_settings(study, GenerationSettings(painter=SketchOptions(kind="sketch", size=64)))
    sound = io.BytesIO()
    soundfile.write(sound, 0.1 * np.sin(np.arange(44_100) / 20), 22_050, format="WAV")
    upload = SimpleUploadedFile("a.wav", sound.getvalue())
    page = browser(study.owner).post(reverse("study_clips", args=[study.slug]), {"files": upload})
    assert page.status_code == 302, page.content
    Clip.objects.update(imported_tags=["classical", "classic", "piano", "piano solo", "slow"])
    monkeypatch.setattr("generation.runs.queueing._publish", lambda step_id, queue: None)
    monkeypatch.setattr(listen, "detect_voice", lambda *_args: _Voice())
    monkeypatch.setattr(loaded_models, "tagger_of", lambda _settings: _Tagger())
    lifecycle.start_run(study)
    run = execution.run_pending(study)
    assert (run.state, run.totals["images"]) == ("done", 4), list(run.steps.values_list("error", flat=True))
    study.refresh_from_db()
    return study


class _Voice:
    def record(self) -> dict[str, Any]:
        return {"share": 0.2, "peak": 0.4, "peak_time": 0.5, "curve": [], "segments": [], "duration": 2, "detector": {}}


class _Tagger:
    vocabulary = ("piano", "slow", "guitar")
    thresholds = None
    identity = {"name": "fixed"}

    def predict(self, sounds: Any, _rate: int) -> Any:
        assert len(sounds[0]) > 20_000
        return [[0.9, 0.8, 0.1]]


def test_a_clips_whole_way(painted: Study, requests: Requests, bucket: Any, tmp_path: Path, monkeypatch: Any) -> None:
    found = Findings()
    check_files(painted, found)
    assert (found.faults, found.checked) == (
        [],
        ["10 stored files, each read whole; clips and images by their digests"],
    )
    assert list(differing_files(painted)) == []

    visit = Visit(open_with_images(painted)).to_trials()
    page = visit.open(1, sound=False)
    requests.taken()
    images = re.findall(r'<img src="([^"]+)"', page)
    assert len({visit.client.get(address).content for address in images}) == 4
    assert requests.taken() == [], "images come from this machine"
    [sound] = re.findall(r'<audio[^>]* src="([^"]+)"', page)
    whole = visit.client.get(sound).content
    assert requests.taken() == ["GetObject"]
    part = visit.client.get(sound, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert requests.taken() == [], "the copy on this machine"
    monkeypatch.setattr(copies, "WHOLE", 100)
    copies.delete_copies([painted.clips.get().survey_audio.name])
    part = visit.client.get(sound, headers={"range": "bytes=-50"})
    assert b"".join(part.streaming_content) == whole[-50:]
    assert visit.answer(1).status_code in (302, 303)

    console = browser(painted.owner)
    audio = console.get(
        reverse("clip_audio", args=[painted.slug, painted.clips.get().pk]), headers={"range": "bytes=0-3"}
    )
    assert b"".join(audio.streaming_content) == b"RIFF"
    review = console.get(reverse("generation_review", args=[painted.slug])).content.decode()
    shown = [console.get(address) for address in re.findall(r'<img[^>]* src="([^"]+)"', review)]
    assert {page.status_code for page in shown} == {200}
    assert all(b"".join(page.streaming_content) for page in shown)

    Study.objects.update(status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=9))
    painted.refresh_from_db()
    monkeypatch.setattr(
        "config.bundles.write.report_files", lambda _analysis: ()
    )  # they take seconds, and no stored file
    names = export_study(painted, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        originals = {archive.read(name) for name in names if name.startswith("images/")}
    assert originals == {row.image.read() for row in painted.clips.get().stimuli.all()}


@only_in_full
def test_a_deleted_clip_leaves_no_object_and_no_copy(
    painted: Study, bucket: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    clip = painted.clips.get()
    copies.read_or_open(str(clip.survey_audio.name))
    open_with_images(painted)
    Study.objects.update(status=Study.Status.DRAFT)
    kept = [path for folder in ("media-copies", "survey-images") for path in (tmp_path / folder).rglob("*.*")]
    assert (len(list(bucket.objects.all())), len(kept)) == (10, 5)
    with django_capture_on_commit_callbacks(execute=True):
        delete_clip(clip)
    assert (len(list(bucket.objects.all())), sum(path.exists() for path in kept)) == (10, 5), "it may come back"
    with django_capture_on_commit_callbacks(execute=True):
        erase(painted.deletions.all())
    assert list(bucket.objects.all()) == []
    assert not any(path.exists() for path in kept)
