"""The fixed cast: an owner, a teammate who shares the study, a stranger who does not."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from study.models import Study
from tests.factories import StudyFactory, UserFactory


@pytest.fixture
def owner(db: None) -> Any:
    return UserFactory(username="owner")


@pytest.fixture
def teammate(db: None) -> Any:
    return UserFactory(username="teammate")


@pytest.fixture
def stranger(db: None) -> Any:
    return UserFactory(username="stranger")


@pytest.fixture
def draft(owner: Any, teammate: Any) -> Study:
    """A draft without clips, shared with the teammate."""
    study = StudyFactory(owner=owner, title="Rock and piano", slug="rock-piano")
    study.members.add(teammate)
    return study


@pytest.fixture
def as_user() -> Callable[[Any], Client]:
    """A browser that `user` has signed in with."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def tone(seconds: float = 2.0, *, kind: str = "WAV", pitch: float = 440.0, loud: float = 0.3) -> bytes:
    """A tone as a file of this kind."""
    time = np.arange(int(seconds * 16000)) / 16000
    buffer = io.BytesIO()
    soundfile.write(buffer, loud * np.sin(2 * np.pi * pitch * time), 16000, format=kind)
    return buffer.getvalue()


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")
