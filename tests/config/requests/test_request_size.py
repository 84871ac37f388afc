"""How much a request may have: little without an account, and with one what the operator allows."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from tests.factories import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(settings: Any) -> tuple[Client, str]:
    """A researcher of a site that takes 3 MB at once, and the address of their clips."""
    settings.MAX_UPLOAD_BYTES = 3_000_000
    study = make_study(clips=0)
    client = Client()
    client.force_login(study.owner)
    return client, f"/console/studies/{study.slug}/clips/"


def test_an_upload_beyond_the_limit_is_refused_with_the_limit(owner: tuple[Client, str]) -> None:
    client, address = owner
    file = BytesIO(b"x" * 3_000_000)
    file.name = "a.wav"
    for headers in ({}, {"Accept": "application/json"}):
        file.seek(0)
        answer = client.post(address, {"files": file}, headers=headers)
        assert answer.status_code == 413
        assert "All files of an upload together may have 3 MB here. Send them in parts." in answer.content.decode()


def test_an_upload_up_to_the_limit_is_read(owner: tuple[Client, str]) -> None:
    client, address = owner
    file = BytesIO(b"x" * 2_900_000)
    file.name = "a.wav"
    answer = client.post(address, {"files": file}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert "a.wav is a text file" in answer.json()["files"][0]["problem"]
