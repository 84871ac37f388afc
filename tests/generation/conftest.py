"""Sounds, studies and a language model's service that the tests of several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generation.runs.steps import by_kind
from generation.settings_model import GenerationSettings, store_settings
from generation.writing import OpenAIOptions
from study.setup.lifecycle import create_study
from tests.factories import RESPONSIBLE
from tests.generation.runs import fake_pipeline
from tests.generation.studies import SMALL, add_clips
from tests.generation.writing.conftest import Server, sentence, served


@pytest.fixture
def tone():
    """A function: seconds, sample rate → a sung-like tone, float32."""

    def make(seconds: float = 2.0, sample_rate: int = 22_050, pitch: float = 220.0) -> np.ndarray:
        time = np.arange(round(seconds * sample_rate)) / sample_rate
        wave = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 6))
        return (0.2 * wave).astype(np.float32)

    return make


@pytest.fixture
def write_audio(tmp_path, tone):
    """A function that writes a file of a tone and returns its path."""

    def write(name: str, samples: np.ndarray | None = None, sample_rate: int = 22_050, **options) -> Path:
        path = tmp_path / name
        soundfile.write(path, tone() if samples is None else samples, sample_rate, **options)
        return path

    return write


@pytest.fixture
def sound_files(tmp_path, tone):
    """Three short sounds of 8 kHz, as (name, path)."""
    made = []
    for number, seconds in enumerate((1.0, 2.0, 1.5)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, tone(seconds, 8000), 8000)
        made.append((str(number), path))
    return made


@pytest.fixture
def fake_steps(settings, tmp_path, monkeypatch):
    """Steps without models (see `fake_pipeline`), files in a folder of the test's own, and no messages to workers."""
    fake_pipeline.install(monkeypatch.setattr)
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("generation.runs.queueing._publish", lambda step_id, queue: None)


@pytest.fixture
def owner(django_user_model):
    return django_user_model.objects.create_user("owner", "owner@example.org", "long-enough-password")


@pytest.fixture
def study(db, fake_steps, owner):
    """A draft with three clips, small images and the fake pipeline."""
    study = create_study(title="A study", owner=owner, **RESPONSIBLE)
    store_settings(study, GenerationSettings(painter=SMALL))
    add_clips(study, 3)
    return study


@pytest.fixture
def performed_kinds(monkeypatch) -> list[str]:
    """The kinds of the steps whose work was done, in order."""
    kinds: list[str] = []
    run_step = by_kind.run_step

    def recorded(context, *rest):
        kinds.append(context.step.kind)
        return run_step(context, *rest)

    monkeypatch.setattr(by_kind, "run_step", recorded)
    return kinds


@pytest.fixture(scope="session")
def tiny_family(tmp_path_factory):
    """A function: the name of a family in `tiny_families` → the folder of its tiny model, made when first asked for."""
    from tests.generation.painting.tiny_families import SAVERS

    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = SAVERS[name](tmp_path_factory.mktemp("families") / name)
        return made[name]

    return folder


@pytest.fixture
def server() -> Iterator[Server]:
    """A local service that speaks the OpenAI protocol."""
    with served() as server:
        yield server


@pytest.fixture
def with_service(study, server):
    """A function: options of the writer → the study, whose sentences the local server writes.

    The server gives every tag set one answer, which the writer accepts at once.
    """
    server.script = [sentence("A slow piano plays a classical tune.")]

    def choose(**options):
        options = {"attempts": 1, "rewrites": 0, "unfaithful": "accept"} | options
        writer = OpenAIOptions(model="m", base_url=server.base_url, **options)
        store_settings(study, GenerationSettings(painter=SMALL, writer=writer))
        return study

    return choose
