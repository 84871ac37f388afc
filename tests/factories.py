"""Factories of users, studies and clips.

`make_open_study(clips=6, conditions=4)` returns a study that participants can answer at once: its stimuli are ready,
with tiny generated images and sounds.
"""

import io
from functools import lru_cache
from typing import Any

import factory
import numpy as np
import soundfile
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from study.design.conditions import TAGS_BY_FORM, ConditionPreset, create_conditions
from study.models import Clip, Stimulus, Study
from study.survey_images.versions import prepare_images

PASSWORD = "a long enough password"
# Who answers to the participants of a study: without it no study opens.
RESPONSIBLE = {
    "researcher": "Mina Kim",
    "institution": "University of Somewhere",
    "contact": "mina@example.org",
    "ethics": "none",
    "ethics_reason": "a test",
}


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"researcher{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password(PASSWORD)


def presets(count: int) -> tuple[ConditionPreset, ...]:
    """Return the 2 × 2 preset for four conditions, else conditions named by letters: painter_a, painter_b, …"""
    if count == 4:
        return TAGS_BY_FORM
    return tuple(ConditionPreset(f"painter_{letter}", f"Painter {letter}", {}) for letter in "abcdef"[:count])


class StudyFactory(factory.django.DjangoModelFactory):
    """A draft with four conditions, or `conditions=n`."""

    class Meta:
        model = Study
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Study {n}")
    slug = factory.Sequence(lambda n: f"study-{n}")
    owner = factory.SubFactory(UserFactory)
    seed = 20260101
    sound_check = False
    researcher = RESPONSIBLE["researcher"]
    institution = RESPONSIBLE["institution"]
    contact = RESPONSIBLE["contact"]
    ethics = RESPONSIBLE["ethics"]
    ethics_reason = RESPONSIBLE["ethics_reason"]

    @factory.post_generation
    def conditions(self, create: bool, count: int | None, **kwargs: Any) -> None:
        if create:
            create_conditions(self, presets(count or 4))


@lru_cache(maxsize=64)
def tiny_image(number: int, size: int = 64) -> bytes:
    """Return a small PNG without metadata, different for each number."""
    rng = np.random.default_rng(number)
    blocks = rng.integers(0, 255, size=(4, 4, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.kron(blocks, np.ones((size // 4, size // 4, 1), dtype=np.uint8))).save(buffer, "PNG")
    return buffer.getvalue()


@lru_cache(maxsize=8)
def tiny_sound(number: int, seconds: float = 2.0) -> bytes:
    """Return a short quiet tone as MP3."""
    time = np.arange(int(seconds * 22050)) / 22050
    tone = 0.1 * np.sin(2 * np.pi * (220 + 55 * number) * time)
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, 22050, format="MP3")
    return buffer.getvalue()


def add_clip(study: Study, number: int, *, seconds: float = 2.0, size: int = 64, **fields: Any) -> Clip:
    """Add a clip with a survey sound and one ready stimulus for each condition."""
    clip = Clip(
        study=study,
        number=number,
        name=fields.pop("name", f"clip{number}.wav"),
        duration=seconds,
        survey_duration=seconds,
        sample_rate=22050,
        audio_digest=f"{number:064x}",
        outline=[round(0.2 + 0.8 * abs(np.sin(0.37 * bar + number)), 2) for bar in range(60)],
        **fields,
    )
    sound = tiny_sound(number % 8, seconds)
    clip.audio.save("sound.mp3", ContentFile(sound), save=False)
    clip.survey_audio.save("sound.mp3", ContentFile(sound), save=False)
    clip.save()
    for condition in study.conditions.order_by("number"):
        picture = tiny_image(number * 10 + condition.number, size)
        stimulus = Stimulus(
            clip=clip,
            condition=condition,
            state=Stimulus.State.READY,
            painter="uploaded",
            width=size,
            height=size,
            painted_at=timezone.now(),
        )
        stimulus.image.save("image.png", ContentFile(picture), save=False)
        stimulus.preview.save("image.png", ContentFile(picture), save=False)
        stimulus.save()
    return clip


def make_study(*, clips: int = 6, conditions: int = 4, seconds: float = 2.0, size: int = 64, **fields: Any) -> Study:
    """Return a draft with clips whose stimuli are all ready, `size` pixels wide and high."""
    study = StudyFactory(conditions=conditions, **fields)
    for number in range(1, clips + 1):
        add_clip(study, number, seconds=seconds, size=size)
    return study


def open_with_images(study: Study) -> Study:
    """Open a draft with the files of its images made, as opening does, but without checks and audit."""
    prepare_images(study)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN, opened_at=timezone.now())
    study.refresh_from_db()
    return study


def make_open_study(*, clips: int = 6, conditions: int = 4, seconds: float = 2.0, **fields: Any) -> Study:
    """Return a study that participants can answer at once, opened without the preflight checks."""
    fields = {"status": Study.Status.OPEN, "opened_at": timezone.now()} | fields
    return make_study(clips=clips, conditions=conditions, seconds=seconds, **fields)
