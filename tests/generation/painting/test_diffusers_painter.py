"""Painting with a diffusion model, on a tiny Stable Diffusion saved and loaded by path."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from generation.painting import DiffusersOptions, Painter, PromptTooLong, build_painter
from generation.painting.base import Painted
from generation.painting.diffusion import loaded_model
from generation.painting.diffusion.painter import DiffusersPainter, _batch_order_key
from generation.painting.errors import OutOfMemory, PainterNotReady, PictureWithheld, SeedsExhausted
from generation.painting.seeds import paint_from_sequence, seed_sequence
from tests.generation.painting.conftest import save_pipeline

PROMPTS = ["a guitar", "piano and drums", "a slow piano piece", "drums"]


@pytest.fixture(autouse=True)
def _no_spies_stay():
    """Remove what a test patched into the model, which stays loaded from test to test."""
    yield
    for pipeline, *_ in loaded_model._loaded.values():
        for part, method in (("unet", "forward"), ("vae", "decode")):
            vars(getattr(pipeline, part, pipeline)).pop(method, None)


def painter_for(folder, **settings) -> DiffusersPainter:
    options = {"steps": 3, "size": 32, "device": "cpu", **settings}
    return DiffusersPainter(DiffusersOptions(model=str(folder), **options))


def pixels(images) -> list[np.ndarray]:
    return [np.asarray(image, dtype=int) for image in images]


def assert_alike(some, others, tolerance=0):
    for one, other in zip(pixels(some), pixels(others), strict=True):
        assert np.abs(one - other).max() <= tolerance


def spied_latents(painter) -> list[np.ndarray]:
    """What goes into the denoiser at the first step of each run."""
    pipeline, seen = painter._model().pipeline, []
    forward = pipeline.unet.forward

    def spy(sample, timestep, *args, **kwargs):
        seen.append((int(timestep), sample.detach().clone().numpy()))
        return forward(sample, timestep, *args, **kwargs)

    pipeline.unet.forward = spy
    return seen


def test_it_is_a_painter(saved_model):
    painter = build_painter(DiffusersOptions(model=str(saved_model), steps=2, size=32, device="cpu"))
    assert isinstance(painter, Painter)
    images = painter.paint(PROMPTS, seed=1).images
    assert [image.size for image in images] == [(32, 32)] * 4
    assert {image.mode for image in images} == {"RGB"}


def test_prompts_give_different_pictures_and_seeds_too(saved_model):
    painter = painter_for(saved_model)
    images = pixels(painter.paint(PROMPTS, seed=1).images)
    for one, other in itertools.combinations(images, 2):
        assert (one != other).any()
    assert (pixels(painter.paint(PROMPTS[:1], seed=2).images)[0] != images[0]).any()


def test_painting_again_gives_the_same_pictures(saved_model):
    painter = painter_for(saved_model)
    first = painter.paint(PROMPTS, seed=7).images
    assert_alike(first, painter.paint(PROMPTS, seed=7).images)
    loaded_model._loaded.clear()
    assert_alike(first, painter_for(saved_model).paint(PROMPTS, seed=7).images)


@pytest.mark.parametrize("scheduler", ["model", "euler-ancestral", "lcm", "dpm", "pndm", "unipc"])
def test_all_start_from_the_same_latents_and_share_all_later_noise(saved_model, scheduler):
    """One prompt in four batch places would give one picture: nothing but the prompt tells them apart."""
    painter = painter_for(saved_model, scheduler=scheduler)
    latents = spied_latents(painter)
    painter.paint(PROMPTS, seed=3)
    first = latents[0][1].reshape(2, 4, 4, *latents[0][1].shape[-2:])  # guidance doubles the batch
    assert (first == first[:, :1]).all()
    same = painter._paint_batch(painter._model(), ["drums"] * 4, 3)
    assert_alike(same[:1] * 3, same[1:], tolerance=1)


def test_one_generator_for_the_batch_would_not_share_latents(saved_model):
    """The control: the way that comes to mind first gives each picture latents of its own."""
    import torch

    painter = painter_for(saved_model)
    latents = spied_latents(painter)
    painter._model().pipeline(
        PROMPTS, num_inference_steps=1, height=32, width=32, generator=torch.Generator().manual_seed(3)
    )
    first = latents[0][1][:4]
    assert (first != first[:1]).any()


def test_the_order_of_the_prompts_changes_no_picture(saved_model):
    """No condition has a place of its own in the batch: bit for bit the same in any order."""
    painter = painter_for(saved_model)
    images = dict(zip(PROMPTS, painter.paint(PROMPTS, seed=5).images, strict=True))
    for order in [PROMPTS[::-1], [PROMPTS[2], PROMPTS[0], PROMPTS[3], PROMPTS[1]]]:
        assert_alike(painter.paint(order, seed=5).images, [images[prompt] for prompt in order])


def test_each_prompt_takes_each_place_over_the_seeds(saved_model):
    places = {prompt: set() for prompt in PROMPTS}
    for seed in range(60):
        batch = sorted(PROMPTS, key=lambda prompt: _batch_order_key(prompt, seed))
        for place, prompt in enumerate(batch):
            places[prompt].add(place)
    assert all(len(seen) == 4 for seen in places.values())


def test_the_same_prompt_twice_is_one_picture_twice(saved_model):
    painter = painter_for(saved_model)
    painted = painter.paint(["drums", "a guitar", "drums"], seed=1)
    assert_alike(painted.images[:1], painted.images[2:])
    assert painted.images[0] is not painted.images[2]
    assert painted.batch_sizes == (2,)


def test_the_model_is_loaded_once_per_process(saved_model, monkeypatch):
    loaded_model._loaded.clear()
    loads = []
    load = loaded_model._load
    monkeypatch.setattr(loaded_model, "_load", lambda *args: loads.append(1) or load(*args))
    painter_for(saved_model).paint(PROMPTS[:1], seed=1)
    painter_for(saved_model, steps=2, scheduler="euler").paint(PROMPTS[:1], seed=1)
    assert len(loads) == 1


def test_a_model_whose_files_were_replaced_is_loaded_again(saved_model, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(saved_model, tmp_path / "model")
    painter = painter_for(folder)
    first = painter.paint(PROMPTS[:1], seed=1).images
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({key: value * 1.1 for key, value in load_file(path).items()}, path)
    assert (pixels(painter.paint(PROMPTS[:1], seed=1).images)[0] != pixels(first)[0]).any()


def short_of_memory(painter, most: int, error=None) -> list[int]:
    """The denoiser fails for more than `most` pictures, as a GPU does. Returns the batches that it was given."""
    import torch

    pipeline, given = painter._model().pipeline, []
    forward = pipeline.unet.forward

    def limited(sample, *args, **kwargs):
        given.append(len(sample) // 2)
        if len(sample) // 2 > most:
            raise error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(sample, *args, **kwargs)

    pipeline.unet.forward = limited
    return given


@pytest.mark.parametrize(("most", "batches"), [(4, (4,)), (3, (2, 2)), (2, (2, 2)), (1, (1, 1, 1, 1))])
def test_a_batch_that_does_not_fit_is_halved(saved_model, most, batches):
    whole = painter_for(saved_model).paint(PROMPTS, seed=9).images
    painter = painter_for(saved_model)
    given = short_of_memory(painter, most)
    painted = painter.paint(PROMPTS, seed=9)
    assert_alike(whole, painted.images, tolerance=1)
    assert painted.batch_sizes == batches
    failures = sum(count > most for count in given)
    painter.paint(PROMPTS, seed=10)
    assert sum(count > most for count in given) == failures, "what did not fit is not tried again"


def test_the_processors_memory_error_is_recognised_by_its_text(saved_model):
    painter = painter_for(saved_model)
    short_of_memory(painter, 2, RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    assert len(painter.paint(PROMPTS, seed=9).images) == 4


def test_not_even_one_picture_fits(saved_model):
    painter = painter_for(saved_model)
    short_of_memory(painter, 0)
    with pytest.raises(OutOfMemory, match="smaller size"):
        painter.paint(PROMPTS, seed=9)


def test_another_error_is_not_taken_for_memory(saved_model):
    painter = painter_for(saved_model)
    short_of_memory(painter, 0, RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        painter.paint(PROMPTS, seed=9)


def test_a_withheld_picture_never_comes_out(tmp_path):
    painter = painter_for(save_pipeline(tmp_path / "strict", safety="withholds"))
    with pytest.raises(PictureWithheld) as caught:
        painter.paint(PROMPTS, seed=1)
    assert caught.value.reason == "safety_checker"


def test_without_the_flag_the_checker_hands_out_black(tmp_path):
    """The control: what the pipeline itself returns is a black picture and a flag."""
    painter = painter_for(save_pipeline(tmp_path / "strict", safety="withholds"))
    output = painter._model().pipeline(["drums"], num_inference_steps=1, height=32, width=32)
    assert output.nsfw_content_detected == [True]
    assert np.asarray(output.images[0]).max() == 0


def test_a_lenient_checker_lets_pictures_through_and_can_be_left_out(tmp_path):
    folder = save_pipeline(tmp_path / "lenient", safety="passes")
    checked = painter_for(folder)
    images = checked.paint(PROMPTS, seed=1).images
    assert checked._model().pipeline.safety_checker is not None
    unchecked = painter_for(folder, safety_checker=False)
    assert_alike(images, unchecked.paint(PROMPTS, seed=1).images)
    assert unchecked._model().pipeline.safety_checker is None


def test_numbers_that_overflow_are_noticed(saved_model):
    painter = painter_for(saved_model)
    decode = painter._model().pipeline.vae.decode

    def overflowing(latents, **kwargs):
        image = decode(latents, **kwargs)[0]
        image[0] = -1.0
        return (image,)

    painter._model().pipeline.vae.decode = overflowing
    with pytest.raises(PictureWithheld) as caught:
        painter.paint(PROMPTS, seed=1)
    assert caught.value.reason == "black"


class Withholding:
    """A painter that withholds from some seeds."""

    def __init__(self, refused):
        self.refused = refused
        self.calls = []

    def paint(self, prompts, *, seed):
        self.calls.append((tuple(prompts), seed))
        if seed in self.refused:
            raise PictureWithheld("withheld", reason="safety_checker")
        return Painted([Image.new("RGB", (8, 8), (20 * number, 0, 0)) for number, _ in enumerate(prompts)])


def test_all_pictures_of_a_clip_come_from_the_first_seed_that_gives_all():
    painter = Withholding({11, 12})
    painted = paint_from_sequence(painter, PROMPTS, [11, 12, 13, 14])
    assert (painted.seed, painted.withheld) == (13, ("safety_checker",) * 2)
    assert painter.calls == [(tuple(PROMPTS), 11), (tuple(PROMPTS), 12), (tuple(PROMPTS), 13)]


def test_when_no_seed_is_left_a_person_is_asked():
    with pytest.raises(SeedsExhausted, match="each of 2 seeds"):
        paint_from_sequence(Withholding({1, 2}), PROMPTS, [1, 2])


def test_a_prompt_that_would_be_cut_is_refused(saved_model):
    painter = painter_for(saved_model)
    with pytest.raises(PromptTooLong, match="Prompt 2 has 82 tokens, the painter reads 77"):
        painter.paint(["drums", "drums " * 80], seed=1)


def test_the_identity_says_what_painted(saved_model):
    identity = painter_for(saved_model, scheduler="euler").identity
    assert identity["scheduler"] == "EulerDiscreteScheduler"
    assert identity["pipeline"] == "StableDiffusionPipeline"
    assert identity["dtype"] == "float32"
    assert len(identity["weights"]) == 64
    assert all(isinstance(value, str) for value in identity.values())


def test_a_gpu_that_is_not_there_is_named_before_anything_starts(saved_model, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PainterNotReady, match="torch sees none"):
        painter_for(saved_model, device="cuda").check_ready()
    with pytest.raises(PainterNotReady, match="float16 needs a GPU"):
        painter_for(saved_model, dtype="float16", device="auto").check_ready()
    with pytest.raises(ValidationError, match="float16 needs a GPU"):
        painter_for(saved_model, dtype="float16")


def test_a_negative_prompt_that_would_do_nothing_or_be_cut_is_named_before_anything_starts(saved_model):
    painter_for(saved_model, negative_prompt="piano").check_ready()
    with pytest.raises(PainterNotReady, match="has no effect at guidance 0"):
        painter_for(saved_model, negative_prompt="piano", guidance=0).check_ready()
    with pytest.raises(PainterNotReady, match="82 tokens"):
        painter_for(saved_model, negative_prompt="piano " * 80).check_ready()


def test_a_negative_prompt_is_the_same_for_all_and_changes_them(saved_model):
    plain = pixels(painter_for(saved_model).paint(PROMPTS, seed=3).images)
    without_drums = painter_for(saved_model, negative_prompt="drums")
    images = pixels(without_drums.paint(PROMPTS, seed=3).images)
    assert all((one != other).any() for one, other in zip(plain, images, strict=True))
    same = without_drums._paint_batch(without_drums._model(), ["piano"] * 4, 3)
    assert_alike(same[:1] * 3, same[1:], tolerance=1)


@pytest.mark.parametrize("sizes", [(4,), (2, 2), (2, 1, 1), (1, 3)])
def test_the_batches_of_an_earlier_call_can_be_repeated(saved_model, sizes):
    whole = painter_for(saved_model).paint(PROMPTS, seed=9).images
    painted = painter_for(saved_model).paint(PROMPTS, seed=9, batch_sizes=sizes)
    assert_alike(whole, painted.images, tolerance=1)
    assert painted.batch_sizes == sizes


def test_batches_are_smaller_than_in_the_earlier_call_if_memory_is(saved_model):
    painter = painter_for(saved_model)
    short_of_memory(painter, 1)
    assert painter.paint(PROMPTS, seed=9, batch_sizes=(1, 3)).batch_sizes == (1, 1, 1, 1)


def test_a_ready_model_is_ready_without_loading_weights(saved_model, monkeypatch):
    loaded_model._loaded.clear()
    monkeypatch.setattr(loaded_model, "_load", lambda *args: pytest.fail("loaded"))
    painter = painter_for(saved_model)
    painter.check_ready()
    assert painter.token_limit == 77


def test_steps_that_the_scheduler_cannot_do_are_named_before_anything_starts(saved_model):
    with pytest.raises(PainterNotReady, match="'lcm' cannot do 80 steps"):
        painter_for(saved_model, scheduler="lcm", steps=80).check_ready()


def test_a_seed_sequence_is_fixed_by_study_and_audio():
    seeds = seed_sequence(7, "ab" * 32)
    assert seeds == seed_sequence(7, "ab" * 32)
    assert seed_sequence(7, "ab" * 32, length=3) == seeds[:3]
    assert len(set(seeds)) == len(seeds) == 8
    assert not set(seeds) & set(seed_sequence(8, "ab" * 32))
    assert all(0 <= seed < 2**32 for seed in seeds)
