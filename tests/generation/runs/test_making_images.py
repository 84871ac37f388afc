"""What the report's methods say of sentences and images."""

import pytest

from generation.settings_model import GenerationSettings, store_settings
from study.models import Stimulus
from study.setup.making_facts import making_facts
from tests.generation.studies import SMALL, generate

MODEL = {
    "kind": "diffusers",
    "model": "owner/name",
    "revision": "a" * 40,
    "pipeline": "StableDiffusionPipeline",
    "scheduler": "DDIMScheduler",
    "steps": "30",
    "guidance": "7.5",
    "size": "512",
    "dtype": "float16",
}
SERVICE = {
    "kind": "openai",
    "model": "a-model",
    "base_url": "https://api.openai.com/v1",
    "prompt_template": "default-v2",
    "template_digest": "0123456789abcdef",
    "temperature": "0.2",
}


@pytest.fixture
def painted(study):
    store_settings(study, GenerationSettings(painter=SMALL))
    generate(study)
    return study


def changed(stimulus: Stimulus, **parts) -> None:
    stimulus.provenance = stimulus.provenance | {
        name: part for name, part in parts.items() if stimulus.provenance.get(name) is not None
    }
    stimulus.save()


def test_the_built_in_writer_and_painter_are_named(painted):
    *_, sentences, images = making_facts(painted)
    assert sentences.startswith("The sentences were written by the built-in grammar, version ")
    assert images.startswith("The images were drawn by the built-in sketch painter, version ")


def test_a_model_and_a_service_are_named_with_their_settings(painted):
    for stimulus in Stimulus.objects.filter(clip__study=painted):
        changed(stimulus, painter=MODEL, writer=SERVICE)
    *_, sentences, images = making_facts(painted)
    assert sentences == (
        "The sentences were written by a-model (https://api.openai.com/v1) with the prompt template “default-v2” "
        "(01234567), temperature 0.2."
    )
    assert f"owner/name (revision {'a' * 40}; StableDiffusionPipeline, scheduler DDIMScheduler, 30 steps" in images
    assert "guidance 7.5, 512 × 512 pixels, float16)" in images
    assert "negative prompt" not in images


def test_images_that_differ_are_counted(painted):
    changed(Stimulus.objects.filter(clip__study=painted).first(), painter=MODEL)
    facts = making_facts(painted)
    assert any(fact.startswith("For 11 of 12 images: The images were drawn") for fact in facts)
    assert any(fact.startswith("For 1 of 12 images: The images were painted by owner/name") for fact in facts)
