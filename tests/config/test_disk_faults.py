"""A disk that is full, read-only or has lost a file, and two that meet: a page or JSON that says what to do."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.db import DataError
from django.test import Client
from kombu.exceptions import OperationalError as BrokerAway

from config.service_faults import broker, disk
from config.service_faults.responses import fault_of
from study.models import Clip
from tests.config.addresses import browser
from tests.factories import make_open_study, make_study, tiny_sound
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def failing(number: int) -> Any:
    def fail(*_args: Any, **_more: Any) -> Any:
        raise OSError(number, os.strerror(number), "/somewhere")

    return fail


def upload(client: Client, study: Any, **headers: str) -> Any:
    files = {"files": SimpleUploadedFile("a.mp3", tiny_sound(1))}
    return client.post(f"/console/studies/{study.slug}/clips/", files, headers=headers)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_an_upload_to_a_full_disk_says_so_and_stores_nothing(number: int, monkeypatch: Any) -> None:
    study = make_study(clips=0)
    client = browser(study.owner, raise_request_exception=False)
    monkeypatch.setattr(FileSystemStorage, "_save", failing(number))
    page = upload(client, study)
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) >= 60
    assert "EARSIGHT_DATA" in page.content.decode()
    reply = upload(client, study, accept="application/json")
    assert (reply.status_code, reply.json()["retry"]) == (503, True)
    assert not Clip.objects.exists()


def test_a_full_folder_of_temporary_files_is_answered_though_no_view_began(monkeypatch: Any) -> None:
    """The form is read, and its files are written, before the view: by the check of its token."""
    study = make_study(clips=0)
    client = browser(study.owner, raise_request_exception=False)
    monkeypatch.setattr(MemoryFileUploadHandler, "receive_data_chunk", failing(errno.ENOSPC))
    assert upload(client, study).status_code == 503


def test_a_participant_whose_sound_cannot_be_read_is_told_to_come_again_without_the_operators_affairs() -> None:
    visit = Visit(make_open_study(clips=1)).to_trials()
    visit.client.raise_request_exception = False
    trial = visit.participant.trials.get()
    Path(trial.clip.survey_audio.path).unlink()
    page = visit.get(f"m/{trial.media_key}/audio")
    assert page.status_code == 503
    assert "EARSIGHT_DATA" not in page.content.decode()


def test_without_the_handler_it_is_an_error_page(settings: Any, monkeypatch: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "ServiceFault" not in name]
    monkeypatch.setattr("config.service_faults.responses.response_to", lambda *_args: None)
    study = make_study(clips=0)
    monkeypatch.setattr(FileSystemStorage, "_save", failing(errno.ENOSPC))
    assert upload(browser(study.owner, raise_request_exception=False), study).status_code == 500


def test_each_fault_is_known_and_faults_of_the_code_stay_errors(settings: Any) -> None:
    lost = FileNotFoundError(errno.ENOENT, "No such file", str(Path(settings.MEDIA_ROOT) / "x" / "y.png"))
    assert fault_of(lost) is disk.MISSING
    assert fault_of(OSError(errno.EMFILE, "Too many open files")) is disk.BUSY
    assert fault_of(BlockingIOError(errno.EAGAIN, "no process")) is disk.BUSY
    assert fault_of(PermissionError(errno.EACCES, "Permission denied")) is disk.READ_ONLY
    assert fault_of(BrokerAway("refused")) is broker.UNREACHABLE
    code: list[Exception] = [FileNotFoundError(errno.ENOENT, "x", "/etc/x"), OSError("?"), DataError("x"), KeyError()]
    assert [fault_of(error) for error in code] == [None] * 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("handled", [True, False])
def test_two_that_do_the_same_at_once_are_told_so(handled: bool, monkeypatch: Any) -> None:
    study = make_study(clips=0)
    monkeypatch.setattr("study.setup.lifecycle.free_slug", lambda _title: study.slug)  # it was free a moment ago
    if not handled:
        monkeypatch.setattr("config.service_faults.responses.response_to", lambda *_args: None)
    form = {"title": "Another", "design": "preset"}
    client = browser(study.owner, raise_request_exception=False)
    page = client.post("/console/new/", form)
    assert page.status_code == (409 if handled else 500)
    assert ("Somebody did the same" in page.content.decode()) is handled
