"""The kinds of models that studies use, each through the automatic pipeline: XL, LCM and turbo, Flux."""

from __future__ import annotations

import pytest

from generation.painting.diffusion.loaded_model import LoadedModel
from generation.painting.errors import PainterNotReady
from tests.generation.painting.kinds import SAVERS
from tests.generation.painting.test_diffusers_painter import PROMPTS, assert_alike, painter_for, pixels

KINDS = [
    ("xl", {"guidance": 6, "negative_prompt": "text"}, "StableDiffusionXLPipeline"),
    ("xl", {"guidance": 0, "steps": 1}, "StableDiffusionXLPipeline"),  # as turbo kinds want it
    ("lcm", {"guidance": 1, "steps": 4}, "LatentConsistencyModelPipeline"),
    ("flux", {"guidance": 0, "steps": 2}, "FluxPipeline"),
]
each_kind = pytest.mark.parametrize(("kind", "settings", "pipeline"), KINDS, ids=["xl", "turbo", "lcm", "flux"])


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """The folder of each kind, made when it is first asked for."""
    made = {}

    def folder(kind):
        if kind not in made:
            made[kind] = SAVERS[kind](tmp_path_factory.mktemp("kinds") / kind)
        return made[kind]

    return folder


@each_kind
def test_it_paints_and_its_pictures_differ_by_their_prompts(models, kind, settings, pipeline):
    painter = painter_for(models(kind), **settings)
    painter.check_ready()
    assert painter.identity["pipeline"] == pipeline
    painted = painter.paint(PROMPTS, seed=1)
    assert {image.size for image in painted.images} == {(32, 32)}
    assert len({image.tobytes() for image in painted.images}) == 4
    assert painted.batch_sizes == (4,)


@each_kind
def test_one_prompt_in_four_places_is_one_picture_and_order_changes_none(models, kind, settings, pipeline):
    painter = painter_for(models(kind), **settings)
    same = painter._paint_batch(painter._model(), ["drums"] * 4, 3)
    assert_alike(same[:1] * 3, same[1:], tolerance=1)
    images = painter.paint(PROMPTS, seed=5).images
    assert_alike(painter.paint(PROMPTS[::-1], seed=5).images[::-1], images)
    assert (pixels(painter.paint(PROMPTS, seed=6).images)[0] != pixels(images)[0]).any()


@each_kind
def test_half_as_many_at_once_give_the_same_pictures(models, kind, settings, pipeline):
    painter = painter_for(models(kind), **settings)
    whole = painter.paint(PROMPTS, seed=9).images
    painter.max_batch = 2
    assert_alike(whole, painter.paint(PROMPTS, seed=9).images, tolerance=1)


@each_kind
def test_the_encoders_that_read_the_words_limit_a_prompt(models, kind, settings, pipeline):
    painter = painter_for(models(kind), **settings)
    # Flux: CLIP gives a vector of the whole prompt, T5 reads the words.
    assert painter.token_limit == (512 if kind == "flux" else 77)
    # "piano" is one token to the first encoder of XL and five letters to its second; T5 here knows only letters.
    assert painter.count_tokens("piano") == {"xl": 7, "flux": 7}.get(kind, 3)


@pytest.mark.parametrize("kind", ["lcm", "flux"])
def test_a_kind_that_takes_no_negative_prompt_says_so(models, kind):
    with pytest.raises(PainterNotReady, match="takes no negative prompt"):
        painter_for(models(kind), negative_prompt="text").check_ready()


def test_flux_keeps_the_sampler_it_comes_with(models):
    with pytest.raises(PainterNotReady, match="only with the scheduler it comes with"):
        painter_for(models("flux"), scheduler="ddim").check_ready()


def test_a_size_that_the_model_would_change_is_refused(models, monkeypatch):
    """Flux rounds a size that is no multiple of its own, with only a warning."""
    painter = painter_for(models("xl"), size=40, guidance=0)
    pipeline, shipped_scheduler, _ = painter._model()

    class Rounding:
        def __call__(self, **arguments):
            return pipeline(**arguments | {"width": 32, "height": 32})

    monkeypatch.setattr(painter, "_model", lambda: LoadedModel(Rounding(), shipped_scheduler))
    with pytest.raises(PainterNotReady, match="paints 32 × 32 pixels where 40 are asked for"):
        painter.paint(PROMPTS, seed=1)
