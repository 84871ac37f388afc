"""The files of a clip's four stimuli differ in their pixels only, so that nothing else reveals the condition."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from generation.painting import build_painter
from generation.runs import execution, lifecycle
from generation.runs.steps import loaded_models
from study.models import Stimulus
from study.setup import preflight
from tests.generation.painting.test_normalise import png_chunks


@pytest.fixture
def sketched(study, monkeypatch):
    """A study painted by the sketch painter, which draws lists and sentences differently."""
    monkeypatch.setattr(loaded_models, "painter_of", lambda settings: build_painter(settings.painter))
    lifecycle.start_run(study)
    execution.run_pending(study)
    return study


def webp_chunks(data: bytes) -> list[bytes]:
    """Return the names of a WebP's chunks; the first one is the encoding."""
    found, place = [], 12
    while place < len(data):
        found.append(data[place : place + 4])
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + size + size % 2
    return found


def facts_beside_pixels(name: str) -> dict:
    """Return all that a stored file shows beside its pixels, but for its length, which follows from them."""
    path = Path(default_storage.path(name))
    data = path.read_bytes()
    with Image.open(path) as image:
        image.load()
        facts = {
            "kind": (image.format, image.mode, image.size),
            "info": dict(image.info),
            "exif": dict(image.getexif()),
            "frames": getattr(image, "n_frames", 1),
        }
    if name.endswith(".png"):
        chunks = png_chunks(data)
        facts |= {"chunks": list(dict.fromkeys(chunks)), "header": data[:33], "packing": data[41:43]}
    else:
        facts |= {"chunks": webp_chunks(data)}
    status = path.stat()
    shape = re.sub(r"[0-9a-f]", "x", name)
    return facts | {"mode": oct(status.st_mode), "owner": (status.st_uid, status.st_gid), "name": shape}


def test_files_of_a_clip_differ_in_their_pixels_and_in_nothing_else(sketched):
    for clip in sketched.clips.all():
        stimuli = list(clip.stimuli.all())
        assert len(stimuli) == 4
        for field in ("image", "preview"):
            facts = [facts_beside_pixels(getattr(stimulus, field).name) for stimulus in stimuli]
            assert all(one == facts[0] for one in facts), facts
        assert len({(s.width, s.height, s.painter, s.state) for s in stimuli}) == 1
        for one, other in itertools.combinations(stimuli, 2):
            pixels = [np.asarray(Image.open(default_storage.path(s.image.name))) for s in (one, other)]
            assert (pixels[0] != pixels[1]).any()


@pytest.mark.parametrize("keep", [{"dpi": (72, 72)}, {"optimize": True}, {"compress_level": 1}])
def test_other_encoder_settings_for_one_image_would_be_noticed(sketched, keep):
    """The control."""
    one, other = Stimulus.objects.filter(clip=sketched.clips.first())[:2]
    path = default_storage.path(one.image.name)
    with Image.open(path) as image:
        image.load()
    image.save(path, **keep)
    assert facts_beside_pixels(one.image.name) != facts_beside_pixels(other.image.name)


def test_neither_file_names_nor_the_order_of_painting_depend_on_the_condition(sketched):
    """Files are named by chance, and painted in an order drawn from the seed."""
    orders = {tuple(step.result["order"]) for clip in sketched.clips.all() for step in clip.steps.filter(kind="paint")}
    assert len(orders) > 1
    names = [name for pair in Stimulus.objects.values_list("image", "preview") for name in pair]
    assert len(set(names)) == len(names) == 24
    assert all(re.fullmatch(r"([0-9a-f]{2})/\1[0-9a-f]{30}\.(png|webp)", name) for name in names)


def test_preflight_reports_one_picture_under_two_conditions(sketched):
    def findings() -> list[str]:
        return [found.message for found in preflight.run(sketched) if "same picture" in found.message]

    assert findings() == []
    one, other = Stimulus.objects.filter(clip=sketched.clips.first())[:2]
    Stimulus.objects.filter(pk=other.pk).update(image_digest=one.image_digest)
    assert findings() == ["1 clip has the same picture under several conditions: clip1.wav."]
