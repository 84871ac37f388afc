"""A tiny model of each family: what its row in the table says is so, and the table in docs/painting.md is the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from generation.painting.diffusion import families
from generation.painting.diffusion.families import FAMILIES, family_of, what_it_takes
from generation.painting.errors import ModelRefused, PainterNotReady
from tests.generation.painting.test_diffusers_painter import assert_alike, painter_for, pixels
from tests.generation.painting.tiny_families import SAVERS

PROMPTS = ["a guitar", "piano and drums", "a slow piano piece", "drums"]
PAINTING = [name for name in SAVERS if name != "cascade"]
DOCS = Path(__file__).resolve().parents[3] / "docs/painting.md"


def settings_for(folder, **changes):
    """Settings that the model in `folder` takes: few steps, a size of its own, guidance if it has any."""
    takes = what_it_takes(folder)
    size, steps = (takes.family.sizes[0], 1) if takes.family.sizes else (64, 2)  # large pictures take long
    return {"steps": steps, "size": size, "guidance": 0 if takes.guidance == "none" else 4} | changes


@pytest.mark.parametrize("name", PAINTING)
def test_a_model_of_the_family_is_proven_and_its_settings_have_the_effects_of_the_table(tiny_family, name):
    folder = tiny_family(name)
    settings, takes = settings_for(folder), what_it_takes(folder)
    assert takes.family.tried
    painter = painter_for(folder, **settings)
    painter.check_ready()
    proof = painter.prove(PROMPTS)
    assert proof["difference"] > 0
    assert proof["vocabularies"]
    painted = painter.paint(PROMPTS[:2], seed=1).images
    assert {image.size for image in painted} == {(settings["size"],) * 2}
    if not takes.family.sizes:
        assert_alike(painter.paint(PROMPTS[1:2], seed=1).images, painted[1:], tolerance=1)

    one = _alone(folder, **settings)
    assert painter.identity["guidance_kind"] == takes.guidance
    if takes.guidance == "none":
        with pytest.raises(PainterNotReady, match="has no guidance: set the guidance to 0"):
            painter_for(folder, **settings | {"guidance": 4}).check_ready()
        # The control: without the check, guidance changes nothing.
        assert (one == _alone(folder, **settings | {"guidance": 9})).all()
    else:
        assert (one != _alone(folder, **settings | {"guidance": 9})).any()
    if takes.negative_prompt:
        painter_for(folder, **settings, negative_prompt="drums").check_ready()
        assert (one != _alone(folder, **settings, negative_prompt="drums")).any()
    else:
        with pytest.raises(PainterNotReady, match="takes no negative prompt"):
            painter_for(folder, **settings, negative_prompt="drums").check_ready()
    if takes.guidance in ("classifier-free", "true"):
        off = settings | {"guidance": takes.family.off_at}
        assert painter_for(folder, **off).identity["guidance"] == "none"
        assert (_alone(folder, **off) == _alone(folder, **off | {"guidance": 0})).all()
        fault = "negative prompt has no effect at guidance" if takes.negative_prompt else "takes no negative prompt"
        with pytest.raises(PainterNotReady, match=fault):
            painter_for(folder, **off, negative_prompt="drums").check_ready()


def _alone(folder, **settings):
    """The picture of one prompt as numbers from 0 to 1: small effects would be lost in 255 levels."""
    painter = painter_for(folder, **settings)
    return painter._run(painter._model(), painter._options, ["a guitar"], 1, output_type="np").images[0]


def test_qwen_image_is_guided_with_an_empty_negative_prompt_which_is_recorded(tiny_family):
    folder = tiny_family("qwen-image")
    identity = painter_for(folder, guidance=4).identity
    assert (identity["guidance"], identity["guidance_kind"], identity["negative_prompt"]) == ("4.0", "true", " ")
    identity = painter_for(folder, guidance=0).identity
    assert (identity["guidance"], identity["guidance_kind"], identity["negative_prompt"]) == ("none", "none", "")


def test_qwen_image_without_a_negative_prompt_ignores_its_guidance(tiny_family):
    """The control: the pipeline's own way, in which guidance 1 and 10 give the same bytes."""
    painter = painter_for(tiny_family("qwen-image"), steps=2, size=64)
    pipeline = painter._model().pipeline
    made = [
        pipeline(["drums"], width=64, height=64, num_inference_steps=1, true_cfg_scale=scale, generator=_seeded())
        for scale in (1.0, 10.0)
    ]
    assert made[0].images[0].tobytes() == made[1].images[0].tobytes()


def _seeded():
    import torch

    return torch.Generator().manual_seed(1)


@pytest.mark.parametrize("name", ["sd", "xl", "pixart-sigma", "hunyuan"])
def test_the_schedulers_of_the_table_paint(tiny_family, name):
    folder = tiny_family(name)
    samplers = sorted(what_it_takes(folder).family.samplers)
    for scheduler in ["euler"] if name == "hunyuan" else samplers:
        painter = painter_for(folder, **settings_for(folder, scheduler=scheduler))
        painter.check_ready()
        assert painter.prove(PROMPTS)["difference"] > 0


def test_a_scheduler_that_the_family_cannot_use_is_refused_before_anything_is_painted(tiny_family, monkeypatch):
    folder = tiny_family("sana")
    painter = painter_for(folder, **settings_for(folder, scheduler="euler"))
    with pytest.raises(PainterNotReady, match=r"\(Sana\) works only with the scheduler it comes with"):
        painter.check_ready()
    with pytest.raises(PainterNotReady, match="Sana"):
        painter.prove(PROMPTS)
    # The control: with the check off, the library's own error comes in the middle of the painting; the proof names it.
    monkeypatch.setattr("generation.painting.diffusion.painter.check_settings", lambda *_: None)
    with pytest.raises(ValueError, match="prediction_type given as flow_prediction"):
        painter.paint(PROMPTS, seed=1)
    with pytest.raises(ModelRefused, match="cannot paint with these settings"):
        painter.prove(PROMPTS)


def test_a_picture_from_before_the_check_can_be_painted_again(tiny_family):
    """Its settings are in its record, also one that did nothing."""
    painter = painter_for(tiny_family("flux-schnell"), size=64, steps=2, guidance=3.5)
    assert painter.paint(PROMPTS[:1], seed=1).images
    assert painter.identity["guidance"] == "none"


def test_hunyuan_paints_its_own_sizes_only(tiny_family):
    folder = tiny_family("hunyuan")
    painter = painter_for(folder, **settings_for(folder, size=512))
    with pytest.raises(PainterNotReady, match=r"\(HunyuanDiT\) paints 1024, 1280 pixels, not 512: set one of"):
        painter.check_ready()
    painter_for(folder, **settings_for(folder)).paint(PROMPTS[:1], seed=1)
    # The control: the pipeline paints another size than it was asked for.
    with pytest.raises(PainterNotReady, match="paints 1024 × 1024 pixels where 512"):
        painter.paint(PROMPTS[:1], seed=1)
    with pytest.raises(PainterNotReady, match="multiples of 32, not 80"):
        painter_for(tiny_family("sana"), size=80).check_ready()


def test_stable_cascade_is_refused_by_name_since_its_decoder_cannot_be_loaded(tiny_family):
    from diffusers import AutoPipelineForText2Image

    folder = tiny_family("cascade")
    with pytest.raises(PainterNotReady, match=r"Stable Cascade, Würstchen.*can no longer load its decoder"):
        painter_for(folder).check_ready()
    with pytest.raises(ValueError, match="PaellaVQModel"):
        AutoPipelineForText2Image.from_pretrained(folder, local_files_only=True)


@pytest.mark.parametrize("family", [row for row in FAMILIES if row.refused], ids=lambda family: family.name)
def test_a_refused_family_is_known_from_its_model_index_alone(tmp_path, family):
    for pipeline in family.pipelines:
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
        with pytest.raises(PainterNotReady, match="cannot paint here"):
            painter_for(tmp_path).check_ready()


def test_an_unknown_pipeline_is_one_message(tmp_path):
    for name in ("NoSuchPipeline", ["pipeline_of_its_own", "NoSuchPipeline"]):
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": name}))
        painter = painter_for(tmp_path)
        with pytest.raises(PainterNotReady, match="does not know the pipeline 'NoSuchPipeline'"):
            painter.check_ready()
        with pytest.raises(PainterNotReady):
            _ = painter.identity


def test_each_pipeline_of_the_table_exists_in_one_row():
    import diffusers

    named = [pipeline for family in FAMILIES for pipeline in family.pipelines]
    assert len(named) == len(set(named))
    assert [name for name in named if not hasattr(diffusers, name)] == []


class TestAFamilyThatWasNotTried:
    """Its settings are proven by painting with and without them."""

    @pytest.fixture(autouse=True)
    def _no_table(self, monkeypatch):
        monkeypatch.setattr(families, "FAMILIES", ())
        assert not family_of("ChromaPipeline").tried

    def test_it_paints_when_its_settings_have_an_effect(self, tiny_family):
        painter = painter_for(tiny_family("chroma"), size=64, steps=2, guidance=4, negative_prompt="drums")
        painter.check_ready()
        assert painter.prove(PROMPTS)["difference"] > 0
        assert painter.identity["family"] == "not tried"

    def test_guidance_without_an_effect_is_refused(self, tiny_family):
        painter = painter_for(tiny_family("flux-schnell"), size=64, steps=2, guidance=4)
        with pytest.raises(ModelRefused, match="setting 'guidance' has no effect"):
            painter.prove(PROMPTS)
        assert painter_for(tiny_family("flux-schnell"), size=64, steps=2, guidance=0).prove(PROMPTS)["difference"] > 0

    def test_its_scheduler_stays(self, tiny_family):
        with pytest.raises(PainterNotReady, match="only with the scheduler it comes with"):
            painter_for(tiny_family("chroma"), scheduler="euler").check_ready()


def test_stable_diffusion_3_paints_without_t5_as_diffusers_can(tiny_family):
    without, whole = tiny_family("sd3-without-t5"), tiny_family("sd3")
    painter = painter_for(without, size=64, steps=2)
    painter.check_ready()
    images = painter.paint(PROMPTS, seed=1).images
    assert painter._model().pipeline.text_encoder_3 is None
    assert (pixels(images)[0] != pixels(painter_for(whole, size=64, steps=2).paint(PROMPTS, seed=1).images)[0]).any()


def test_a_pipeline_that_reads_padding_paints_each_prompt_alone(tiny_family):
    painter = painter_for(tiny_family("cogview4"), size=64, steps=2, guidance=4)
    assert painter.paint(PROMPTS, seed=1).batch_sizes == (1, 1, 1, 1)
    # The control: beside a longer prompt the same prompt gives another picture.
    model = painter._model()
    both = painter._run(model, painter._options, PROMPTS[:2], 1, output_type="np").images
    alone = painter._run(model, painter._options, PROMPTS[:1], 1, output_type="np").images
    assert np.abs(both[0] - alone[0]).max() > 1e-4


def row_of_docs(family) -> str:
    """The row of a family in docs/painting.md."""
    guidance = {"true": "true, by a negative prompt", "embedded": "read by the network"}.get(family.guidance, "yes")
    if family.off_at == 0:
        guidance += ", from 0"
    if family.name == "Flux":
        guidance = "dev: read by the network; schnell: none"
    sizes = " or ".join(map(str, family.sizes)) or f"multiples of {family.size_step}"
    samplers = "its own"
    if family.samplers:
        samplers = "any" if family.samplers == families.ALL_SAMPLERS else f"its own, {', '.join(family.samplers)}"
    tried = "yes; each picture alone" if family.one_by_one else "yes"
    if family.refused:
        guidance = sizes = samplers = "–"
        tried = f"refused: {family.refused}"
    negative = "–" if family.refused else "yes" if family.negative_prompt else "no"
    return f"| {family.name} | {guidance} | {negative} | {sizes} | {samplers} | {tried} |"


def test_the_table_of_the_docs_is_the_table_of_the_code():
    rows = [row_of_docs(family) for family in FAMILIES]
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    start = lines.index("| family | guidance | negative prompt | size | scheduler | paints |")
    assert lines[start + 2 : start + 2 + len(rows)] == rows, "\n".join(rows)
    assert not lines[start + 2 + len(rows)].startswith("|")


def test_each_family_that_paints_was_built_tiny(tiny_family):
    built = {what_it_takes(tiny_family(name)).family.name for name in SAVERS}
    assert built >= {family.name for family in FAMILIES if not family.refused}
