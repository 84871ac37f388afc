"""An upload that finds no free process is told to come again; pages that read no files do not notice."""

import resource
import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from config.wsgi import allow_open_files
from study.untrusted_files import bounded_process
from tests.factories import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(client, django_user_model):
    owner = django_user_model.objects.create_user("ada")
    client.force_login(owner)
    return make_study(owner=owner)


def test_an_upload_too_many_is_told_to_come_again(client, study, monkeypatch):
    monkeypatch.setattr(bounded_process, "AT_ONCE", 0)
    monkeypatch.setattr(bounded_process, "MOST_WAITING", 0)
    address = reverse("study_clips", args=[study.slug])

    def send(**headers):
        return client.post(address, {"files": SimpleUploadedFile("a.wav", b"RIFF")}, headers=headers)

    page, script = send(), send(accept="application/json")
    assert (page.status_code, script.status_code) == (503, 503)
    assert page["Retry-After"] == script["Retry-After"] == "10"
    assert "send them again in a moment" in " ".join(page.content.decode().split())
    assert script.json()["retry"] is True
    assert client.get(address).status_code == 200


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS gives a limit that it does not allow")
def test_the_web_process_may_open_the_hundreds_of_files_of_an_upload():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
