"""An S3 storage that is away, slow, refuses or has lost a file: 503 with what to do, soon, and answers are saved."""

import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile

from config.media_storage import s3
from config.media_storage.gate import Gate
from config.service_faults import disk
from config.service_faults.responses import fault_of
from generation.models import LooseFile
from generation.runs import orphan_files
from study.models import Ballot, Clip
from study.setup.clip_selection import delete_clip
from study.setup.trash import erase
from study.stored_files.copies import delete_copies
from study.stored_files.unavailable import StorageUnavailable
from study.survey_images.versions import prepare_images
from tests.config.addresses import browser
from tests.config.media_storage.conftest import only_in_full
from tests.factories import make_study, open_with_images, tiny_sound
from tests.study.visits import Visit

pytestmark = [pytest.mark.django_db, only_in_full]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def go(settings: Any, monkeypatch: Any, address: str = "http://127.0.0.1:9", **options: Any) -> None:
    """Let the storage be at another address, or be asked with other options."""
    monkeypatch.setattr(s3, "ANSWER_SECONDS", 0.3)
    entry = settings.STORAGES["default"]
    changed = entry | {"OPTIONS": entry["OPTIONS"] | {"endpoint_url": address} | options}
    settings.STORAGES = settings.STORAGES | {"default": changed}
    assert storages["default"].endpoint_url == address


def test_a_storage_that_is_away_costs_no_answer_and_says_what_to_do(
    bucket: Any, settings: Any, monkeypatch: Any
) -> None:
    study = open_with_images(make_study(clips=2))
    visit = Visit(study).to_trials()
    heard = visit.participant.trials.get(number=1).clip
    visit.open(1)
    go(settings, monkeypatch)
    visit.client.raise_request_exception = False
    visit.open(1)  # images and sound are on this machine
    delete_copies([heard.survey_audio.name])
    trial = visit.participant.trials.get(number=1)
    sound = visit.get(f"m/{trial.media_key}/audio")
    assert (sound.status_code, sound.headers["Retry-After"]) == (503, "10")
    assert "EARSIGHT" not in sound.content.decode()
    assert visit.answer(1).status_code in (302, 303)
    assert Ballot.objects.count() == 1
    console = browser(study.owner, raise_request_exception=False)
    draft = make_study_without_files(study)
    page = console.post(f"/console/studies/{draft.slug}/clips/", {"files": SimpleUploadedFile("a.mp3", tiny_sound(3))})
    assert page.status_code == 503
    assert "EARSIGHT_MEDIA_URL" in page.content.decode()
    assert not draft.clips.exists()


def make_study_without_files(like: Any) -> Any:
    return make_study(clips=0, owner=like.owner)


def test_a_storage_that_answers_nothing_holds_one_thread_and_not_all(
    bucket: Any, settings: Any, monkeypatch: Any, silent: str
) -> None:
    name = default_storage.save("ab/x.bin", ContentFile(b"x"))
    go(settings, monkeypatch, silent)
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match=r"Read timeout|timed out"):
        default_storage.open(name)
    assert time.monotonic() - began < 30  # two attempts of 0.3 s and a pause between them, on a busy machine
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(StorageUnavailable, match="a moment ago"):
            default_storage.open(name)
    assert time.monotonic() - began < 1


def test_without_the_gate_each_asks_and_waits(bucket: Any, settings: Any, monkeypatch: Any, silent: str) -> None:
    go(settings, monkeypatch, silent)
    monkeypatch.setattr(Gate, "may_ask", lambda self: True)
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match=r"Read timeout|timed out"):
            default_storage.open("ab/x.bin")


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"bucket_name": "another-bucket"}, disk.REFUSED), ({"access_key": None, "secret_key": None}, disk.REFUSED)],
)
def test_a_wrong_bucket_and_no_key_are_refusals(
    bucket: Any, settings: Any, monkeypatch: Any, s3_address: str, options: dict[str, Any], fault: Any
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    keys = {"access_key": "k", "secret_key": "s"}
    go(settings, monkeypatch, s3_address, **keys | options)
    with pytest.raises(OSError, match="s3://") as refused:
        default_storage.open("ab/x.bin")
    assert fault_of(refused.value) is fault
    assert fault_of(refused.value).seconds >= 60


def answering(monkeypatch: Any, status: int, code: str) -> None:
    """Let the service answer every request with an error."""

    def answer(**_event: Any) -> tuple[Any, dict[str, Any]]:
        http = type("Answer", (), {"status_code": status})()
        parsed = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 9}}
        return http, parsed

    default_storage.connection.meta.client.meta.events.register("before-call.s3", answer)


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (403, "AccessDenied", disk.REFUSED),
        (403, "SignatureDoesNotMatch", disk.REFUSED),
        (507, "XMinioStorageFull", disk.REFUSED),
        (503, "SlowDown", disk.AWAY),
        (400, "RequestTimeout", disk.AWAY),
        (429, "TooManyRequests", disk.AWAY),
        (404, "NoSuchKey", disk.MISSING),
        (404, "NoSuchBucket", disk.REFUSED),
    ],
)
def test_each_answer_is_the_fault_that_it_tells_of(
    bucket: Any, monkeypatch: Any, status: int, code: str, fault: Any
) -> None:
    answering(monkeypatch, status, code)
    with pytest.raises(OSError, match="s3://") as met:
        default_storage.open("ab/x.bin")
    assert fault_of(met.value) is fault


def test_a_lost_sound_is_a_missing_file(bucket: Any) -> None:
    visit = Visit(open_with_images(make_study(clips=1))).to_trials()
    visit.client.raise_request_exception = False
    trial = visit.participant.trials.get()
    default_storage.delete(trial.clip.survey_audio.name)
    assert visit.get(f"m/{trial.media_key}/audio").status_code == 503


def test_files_are_deleted_when_the_storage_is_back(
    bucket: Any, settings: Any, monkeypatch: Any, s3_address: str, django_capture_on_commit_callbacks: Any
) -> None:
    study = make_study(clips=1)
    stored = len(list(bucket.objects.all()))
    go(settings, monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        delete_clip(study.clips.get())
        erase(study.deletions.all())
    assert not Clip.objects.exists()
    assert orphan_files.delete_orphans() == 0
    assert (LooseFile.objects.count(), len(list(bucket.objects.all()))) == (stored, stored)
    go(settings, monkeypatch, s3_address)
    orphan_files.delete_orphans()
    assert (LooseFile.objects.count(), list(bucket.objects.all())) == (0, [])


def test_an_image_that_cannot_be_fetched_now_is_not_called_unreadable(
    bucket: Any, settings: Any, monkeypatch: Any
) -> None:
    study = make_study(clips=1)
    go(settings, monkeypatch)
    with pytest.raises(StorageUnavailable):
        prepare_images(study)


def test_error_texts_hold_no_key(bucket: Any, settings: Any, monkeypatch: Any) -> None:
    go(settings, monkeypatch, access_key="AKIDSECRET", secret_key="verysecret")
    with pytest.raises(StorageUnavailable) as away:
        default_storage.open("ab/x.bin")
    assert not re.search("AKIDSECRET|verysecret", str(away.value))
