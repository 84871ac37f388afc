"""A stimulus is made again from its record alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PIL import Image
from pydantic import ValidationError

from generation import hardware
from generation.hardware import machine
from generation.painting import DiffusersOptions, build_painter
from generation.painting.comparison import compare_images
from generation.painting.diffusion import loaded_model
from generation.painting.diffusion.model_files import PainterNotReady
from generation.painting.normalise import normalise
from generation.painting.picture_files import open_picture
from generation.painting.provenance import Provenance, library_versions
from generation.painting.reproduce import reproduce
from tests.generation.painting.checkpoints import single_file_tensors
from tests.generation.painting.conftest import save_pipeline
from tests.generation.painting.test_adapters import factors, save

PROMPTS = ("a guitar", "piano and drums", "a slow piano piece", "drums")


def record(options, painter, image: Image.Image, **changes) -> Provenance:
    now = datetime.now(UTC)
    return Provenance(
        **{
            "audio_digest": "ab" * 32,
            "tag_source": "people",
            "tag_set": "redefined",
            "original_tags": ("guitars",),
            "redefined_tags": ("guitar",),
            "rule_set": {"name": "curated", "version": "1"},
            "voice_detector": {"name": "silero-vad", "share": 0.1},
            "tagger": {"kind": "musicnn"},
            "prompt_form": "sentence",
            "prompt": PROMPTS[1],
            "prompt_tokens": 6,
            "writer": {"kind": "template", "seed": 3},
            "batch": PROMPTS,
            "painter_options": options.model_dump(mode="json"),
            "painter": painter.identity,
            "seed": 21,
            "picture": {"size": "32", "format": "PNG"},
            "picture_digest": "cd" * 32,
            "versions": library_versions(),
            "machine": machine(),
            "started_at": now,
            "painted_at": now,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_pipeline(tmp_path_factory.mktemp("models") / "tiny")


def made(model):
    options = DiffusersOptions(model=str(model), steps=2, size=32, device="cpu")
    painter = build_painter(options)
    image = painter.paint(PROMPTS, seed=21).images[1]
    return record(options, painter, image), image


def test_it_is_painted_again_from_the_stored_record(model):
    provenance, image = made(model)
    stored = normalise(image, 32)
    loaded_model._loaded.clear()
    again = reproduce(Provenance.model_validate_json(provenance.model_dump_json()))
    assert len(again.batch) == 4
    assert (
        compare_images(open_picture(stored).image, open_picture(normalise(again.image, 32)).image).verdict
        == "bit-identical"
    )
    assert again.changed == {}


def test_another_seed_would_be_noticed(model):
    """The control: the comparison is not blind."""
    provenance, image = made(model)
    other = reproduce(provenance.model_copy(update={"seed": 22}))
    assert compare_images(image, other.image).verdict == "different"


def test_changed_versions_are_listed(model):
    provenance, _ = made(model)
    older = provenance.model_copy(update={"versions": {**provenance.versions, "torch": "1.0"}})
    again = reproduce(older.model_copy(update={"painter": {**older.painter, "torch": "1.0"}}))
    assert again.changed == {"torch": ("1.0", library_versions()["torch"])}


@pytest.mark.parametrize("kind", ["single file", "fp8, two at once", "adapter"])
def test_the_settings_beyond_a_folder_are_repeated_and_changed_content_is_listed(model, tmp_path, kind):
    path = tmp_path / "weights.safetensors"
    if kind == "adapter":
        pytest.importorskip("peft")
        save(path, factors(model))
        options = DiffusersOptions(model=str(model), adapters=f"{path} 0.7", steps=2, size=32, device="cpu")
    elif kind == "single file":
        save(path, single_file_tensors(model))
        options = DiffusersOptions(model=str(path), config=str(model), steps=2, size=32, device="cpu")
    else:
        options = DiffusersOptions(
            model=str(model), weight_format="fp8", images_at_once=2, steps=2, size=32, device="cpu"
        )
    painter = build_painter(options)
    painted = painter.paint(PROMPTS, seed=21)
    provenance = record(options, painter, painted.images[1], batch_sizes=painted.batch_sizes)
    provenance = Provenance.model_validate_json(provenance.model_dump_json())
    again = reproduce(provenance)
    assert compare_images(painted.images[1], again.image).verdict == "bit-identical"
    assert again.changed == {}
    if kind == "adapter":
        save(path, factors(model, seed=8))
        assert reproduce(provenance).changed.keys() == {"adapters"}
    elif kind == "single file":
        changed = single_file_tensors(model)
        changed["model.diffusion_model.out.2.weight"] *= 1.5
        save(path, changed)
        assert reproduce(provenance).changed.keys() == {"weights"}


def test_a_missing_model_is_reported(model, tmp_path):
    provenance, _ = made(model)
    gone = {**provenance.painter_options, "model": str(tmp_path / "gone")}
    with pytest.raises(PainterNotReady, match="does not exist"):
        reproduce(provenance.model_copy(update={"painter_options": gone}))


def test_a_prompt_outside_its_batch_is_no_provenance(model):
    provenance, _ = made(model)
    with pytest.raises(ValidationError, match="not among the prompts"):
        Provenance.model_validate({**provenance.model_dump(), "prompt": "another"})


def test_the_record_has_no_host_name(monkeypatch):
    monkeypatch.setattr(hardware.platform, "node", lambda: "the-name-of-a-person")
    assert "the-name-of-a-person" not in str(machine())
