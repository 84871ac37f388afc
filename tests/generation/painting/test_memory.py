"""Weight formats, offloading, batches and compiling: diffusers' own switches, refused where they make no sense."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from generation.painting import DiffusersOptions
from generation.painting.diffusion import memory
from generation.painting.errors import PainterNotReady
from tests.generation.painting.kinds import save_flux
from tests.generation.painting.test_diffusers_painter import PROMPTS, assert_alike, painter_for, pixels


@pytest.fixture(scope="module")
def flux(tmp_path_factory):
    return save_flux(tmp_path_factory.mktemp("models") / "flux")


KINDS = pytest.mark.parametrize("kind", ["sd", "flux"])


@pytest.fixture
def paints(saved_model, flux):
    """A painter of the tiny Stable Diffusion or Flux with some settings."""

    def painter(kind, **settings):
        if kind == "flux":
            return painter_for(flux, **{"guidance": 0, "steps": 2} | settings)
        return painter_for(saved_model, **settings)

    return painter


def denoiser(painter):
    pipeline = painter._model().pipeline
    return getattr(pipeline, "unet", None) or pipeline.transformer


@KINDS
def test_fp8_keeps_the_denoisers_weights_in_a_byte_and_paints_nearly_the_same(paints, kind):
    import torch

    plain = paints(kind).paint(PROMPTS, seed=3).images
    painter = paints(kind, weight_format="fp8")
    painter.check_ready()
    images = painter.paint(PROMPTS, seed=3).images
    stored = {value.dtype for value in denoiser(painter).parameters()}
    assert torch.float8_e4m3fn in stored
    assert any((one != other).any() for one, other in zip(pixels(plain), pixels(images), strict=True))
    assert_alike(plain, images, tolerance=40)
    assert_alike(images, painter.paint(PROMPTS, seed=3).images)
    same = painter._paint_batch(painter._model(), ["drums"] * 4, 3)
    assert_alike(same[:1] * 3, same[1:], tolerance=1)
    assert painter.identity["weight_format"] == "fp8"
    assert "weight_format" not in paints(kind).identity


def test_int8_through_torchao(paints):
    pytest.importorskip("torchao")
    plain = paints("sd").paint(PROMPTS, seed=3).images
    painter = paints("sd", weight_format="int8")
    painter.check_ready()
    assert_alike(plain, painter.paint(PROMPTS, seed=3).images, tolerance=20)
    assert any("Int8" in type(value).__name__ for value in denoiser(painter).parameters())
    assert {"weight_format", "torchao"} <= painter.identity.keys()


def test_a_package_that_a_format_needs_is_named(paints, monkeypatch):
    monkeypatch.setattr(memory, "find_spec", lambda name: None)
    with pytest.raises(PainterNotReady, match="need the package torchao, which is not installed"):
        paints("sd", weight_format="int8").check_ready()
    options = DiffusersOptions(model="./m", weight_format="4bit")
    with pytest.raises(PainterNotReady, match="need the package bitsandbytes"):
        memory.check_memory(options, "cuda", "float16", {"unet": "UNet2DConditionModel"})
    with pytest.raises(PainterNotReady, match="4bit weights need a GPU"):
        memory.check_memory(options, "cpu", "float32", {"unet": "UNet2DConditionModel"})


def test_4bit_asks_diffusers_for_the_denoiser_alone(monkeypatch):
    import diffusers

    asked = {}
    monkeypatch.setattr(diffusers, "PipelineQuantizationConfig", lambda quant_mapping: asked.update(quant_mapping))
    monkeypatch.setattr(diffusers, "BitsAndBytesConfig", lambda **settings: SimpleNamespace(**settings))
    memory.loading_arguments(DiffusersOptions(model="./m", weight_format="4bit"), {"transformer": "X"}, "bfloat16")
    assert list(asked) == ["transformer"]
    assert (asked["transformer"].load_in_4bit, asked["transformer"].bnb_4bit_quant_type) == (True, "nf4")


def test_offloading_without_a_gpu_is_refused_before_anything_starts(paints, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for offload in ("model", "sequential"):
        with pytest.raises(PainterNotReady, match="this worker has no GPU: set offload to 'none'"):
            paints("sd", device="auto", offload=offload).check_ready()


@pytest.mark.parametrize(
    ("offload", "calls"),
    [
        ("none", ["to cuda"]),
        ("model", ["enable_model_cpu_offload cuda"]),
        ("sequential", ["enable_sequential_cpu_offload cuda"]),
    ],
)
def test_offloading_takes_the_place_of_moving_the_model(offload, calls):
    done = []

    class Pipeline:
        def to(self, device):
            done.append(f"to {device}")
            return self

        def __getattr__(self, name):
            return lambda device: done.append(f"{name} {device}")

    options = DiffusersOptions(model="./m", offload=offload)
    memory.place(Pipeline(), options, "cuda", None, {"unet": "X"})
    assert done == calls
    assert memory.identity_of_memory(options) == ({} if offload == "none" else {"offload": offload})


@KINDS
def test_how_many_go_through_the_model_together_changes_no_picture(paints, kind):
    """Bit for bit on a processor; a GPU chooses its sums by the size of a batch, so there up to rounding."""
    whole = paints(kind).paint(PROMPTS, seed=9)
    assert whole.batch_sizes == (4,)
    for at_once, sizes in ((1, (1, 1, 1, 1)), (2, (2, 2)), (3, (3, 1)), (8, (4,))):
        painted = paints(kind, images_at_once=at_once).paint(PROMPTS, seed=9)
        assert painted.batch_sizes == sizes
        assert_alike(whole.images, painted.images, tolerance=1)


@KINDS
def test_one_at_a_time_a_picture_is_the_same_whatever_is_painted_beside_it(paints, kind):
    painter = paints(kind, images_at_once=1)
    alone = painter.paint(["drums"], seed=9).images
    for others in (["a guitar"], ["piano", "slow drums", "guitar guitar"]):
        assert_alike(alone, painter.paint(["drums", *others], seed=9).images[:1])


@KINDS
def test_in_a_batch_of_one_size_a_picture_does_not_depend_on_the_others(paints, kind):
    painter = paints(kind)
    one, two = (painter._paint_batch(painter._model(), ["drums", other], 9) for other in ("a guitar", "slow piano"))
    assert_alike(one[:1], two[:1])
    assert (pixels(one)[1] != pixels(two)[1]).any()


def test_the_batches_of_a_record_are_repeated_whatever_is_set_now(paints):
    assert paints("sd", images_at_once=1).paint(PROMPTS, seed=9, batch_sizes=(2, 2)).batch_sizes == (2, 2)


def test_a_compiled_denoiser_paints_the_same_and_is_recorded(paints, monkeypatch):
    """The eager backend here: the whole way of torch.compile but for generating code, which takes minutes."""
    monkeypatch.setattr(memory, "COMPILER", "eager")
    plain = paints("flux").paint(PROMPTS, seed=3).images
    painter = paints("flux", compiled=True)
    assert painter.identity["compiled"] == "eager"
    assert_alike(plain, painter.paint(PROMPTS, seed=3).images, tolerance=1)
    assert denoiser(painter)._compiled_call_impl is not None


def test_a_compiler_that_is_missing_or_fails_is_named(paints, monkeypatch):
    import torch._dynamo

    monkeypatch.setattr(memory.shutil, "which", lambda name: None)
    with pytest.raises(PainterNotReady, match=r"a C\+\+ compiler \(g\+\+\) missing.*leave compiled off"):
        paints("sd", compiled=True).check_ready()
    monkeypatch.undo()

    def broken(*args, **kwargs):
        raise torch._dynamo.exc.InternalTorchDynamoError(ValueError("no"))

    model = paints("sd")._model()
    painter = paints("sd", compiled=True)
    monkeypatch.setattr(model.pipeline.unet, "forward", broken)
    monkeypatch.setattr(painter, "_model", lambda: model)
    with pytest.raises(PainterNotReady, match="torch could not compile"):
        painter.paint(PROMPTS[:1], seed=1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"device": "cpu", "offload": "model"}, "does nothing on a processor"),
        ({"device": "cpu", "weight_format": "4bit"}, "4bit weights need a GPU"),
        ({"compiled": True, "offload": "model"}, "compiled denoiser cannot move"),
        ({"compiled": True, "weight_format": "fp8"}, "compiled denoiser cannot move"),
        ({"offload": "sequential", "weight_format": "fp8"}, "set offload to 'model'"),
        ({"adapters": "./a.safetensors", "adapters_fused": True, "weight_format": "4bit"}, "cannot be fused into 4bit"),
        ({"images_at_once": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_make_no_sense_together_are_refused(settings, words):
    with pytest.raises(ValidationError, match=words):
        DiffusersOptions(model="./m", **settings)
