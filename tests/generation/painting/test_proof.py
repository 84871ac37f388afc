"""Each fault that a proof finds, and the control: with the check off, the model paints on without an error."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from generation.painting.base import Painted
from generation.painting.diffusion import loaded_model, proof
from generation.painting.diffusion.model_files import check_files
from generation.painting.diffusion.proof import probe_prompts
from generation.painting.errors import EqualPictures, ModelRefused, PainterNotReady
from generation.painting.seeds import paint_from_sequence
from tests.generation.painting.test_diffusers_painter import PROMPTS, painter_for, pixels, short_of_memory
from tests.generation.painting.test_model_files import options

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture(autouse=True)
def _load_anew():
    yield
    loaded_model._loaded.clear()


@pytest.fixture
def copy_of(tiny_family, tmp_path):
    """A function: the name of a family → a copy of its tiny model that a test may damage."""
    return lambda name: shutil.copytree(tiny_family(name), tmp_path / name)


def change_weights(path, change) -> None:
    """Save a file of weights again after `change` was applied to its tensors by name."""
    tensors = dict(load_file(path))
    tensors = change(tensors) or tensors
    save_file(tensors, path, metadata={"format": "pt"})


def paints_all_the_same(folder) -> None:
    """The control: nothing but the proof refuses the model."""
    painter = painter_for(folder)
    painter.check_ready()
    assert len(painter.paint(PROMPTS, seed=1).images) == 4


def test_a_good_model_is_proven_once_and_the_proof_is_plain_data(saved_model, monkeypatch):
    painter = painter_for(saved_model)
    found = painter.prove(PROMPTS)
    assert found == json.loads(json.dumps(found))
    assert found["tensors"].keys() == {"text_encoder", "unet", "vae"}
    assert found["vocabularies"] == {"tokenizer": 527}
    assert found["prompts"] == ["a guitar", "piano and drums"]
    monkeypatch.setattr(painter, "_run", lambda *_, **__: pytest.fail("painted again"))
    assert painter.prove(["other", "prompts"]) == found
    loaded_model._loaded.clear()
    monkeypatch.undo()
    assert painter.prove(["drums", "a slow piano piece"])["prompts"] != found["prompts"], "loaded anew, proven anew"


def test_probes_have_as_few_words_in_common_as_there_are():
    assert probe_prompts(["slow piano", "slow piano, rock", "fast rock"]) == ("slow piano", "fast rock")
    assert probe_prompts(["slow piano", "slow piano"]) == ("slow piano", "slow")
    assert len(set(probe_prompts(["rock"]))) == 2


class TestAFolderWithoutItsVocabulary:
    def strip(self, folder) -> None:
        for file in (folder / "tokenizer").iterdir():
            if file.name not in ("tokenizer_config.json", "special_tokens_map.json"):
                file.unlink()

    def test_it_is_refused_by_its_list_of_files(self, model_copy):
        self.strip(model_copy)
        with pytest.raises(PainterNotReady, match="'tokenizer' has no vocabulary"):
            check_files(options(model_copy))
        (model_copy / "tokenizer" / "vocab.json").write_text("{}")
        with pytest.raises(PainterNotReady, match=r"'tokenizer/merges\.txt' is missing"):
            check_files(options(model_copy))
        (model_copy / "tokenizer" / "merges.txt").write_text("")
        check_files(options(model_copy))

    def test_without_that_the_proof_refuses_it_and_without_both_the_clip_fails(self, model_copy, monkeypatch):
        self.strip(model_copy)
        painter = painter_for(model_copy)
        monkeypatch.setattr("generation.painting.diffusion.painter.check_files", lambda options: model_copy)
        with pytest.raises(ModelRefused, match=r"tokenizer of .* knows \d+ tokens and its text encoder 527"):
            painter.prove(PROMPTS)
        # The control: transformers builds an empty vocabulary, and all prompts give one picture.
        first, *others = pixels(painter.paint(PROMPTS, seed=1).images)
        assert all((first == other).all() for other in others)
        with pytest.raises(EqualPictures, match="'a guitar' and 'piano and drums' gave one and the same picture"):
            paint_from_sequence(painter, PROMPTS, [1])


class TestForeignWeights:
    def test_missing_tensors_are_named(self, model_copy):
        file = model_copy / "text_encoder" / "model.safetensors"
        change_weights(file, lambda tensors: {k: v for k, v in tensors.items() if "layers.1.mlp" not in k})
        with pytest.raises(ModelRefused, match=r"'text_encoder' lacks 4 tensors \(.*layers\.1\.mlp.*drawn at random"):
            painter_for(model_copy).prove(PROMPTS)
        paints_all_the_same(model_copy)

    def test_names_of_another_model_are_named(self, model_copy):
        file = model_copy / "text_encoder" / "model.safetensors"
        change_weights(file, lambda tensors: {f"other.{name}": value for name, value in tensors.items()})
        with pytest.raises(ModelRefused, match="'text_encoder' lacks 36 tensors"):
            painter_for(model_copy).prove(PROMPTS)
        paints_all_the_same(model_copy)

    def test_tensors_left_over_are_named(self, model_copy):
        config = model_copy / "text_encoder" / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"num_hidden_layers": 1}))
        with pytest.raises(ModelRefused, match=r"'text_encoder' has 16 tensors .* config\.json has no place"):
            painter_for(model_copy).prove(PROMPTS)
        paints_all_the_same(model_copy)

    def test_another_shape_is_named(self, model_copy):
        config = model_copy / "unet" / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"cross_attention_dim": 24}))
        with pytest.raises(PainterNotReady, match=r"cannot be loaded.*shape"):
            painter_for(model_copy).prove(PROMPTS)

    def test_so_is_a_tensor_that_a_shard_lacks(self, copy_of):
        from diffusers import UNet2DConditionModel

        folder = copy_of("sd") / "unet"
        unet = UNet2DConditionModel.from_pretrained(folder)
        (folder / WEIGHTS).unlink()
        unet.save_pretrained(folder, max_shard_size="40KB")
        shards = sorted(folder.glob("*.safetensors"))
        assert len(shards) > 1
        assert painter_for(folder.parent).prove(PROMPTS)["tensors"]["unet"] == 208
        loaded_model._loaded.clear()
        change_weights(shards[-1], lambda tensors: dict(list(tensors.items())[1:]))
        with pytest.raises((ModelRefused, PainterNotReady), match=r"'unet' lacks 1 tensor|cannot be loaded"):
            painter_for(folder.parent).prove(PROMPTS)


class TestWhatGoodModelsHave:
    """Files of real models that look odd: each is proven, so that no good model is refused."""

    def test_a_buffer_of_older_days(self, model_copy):
        def older(tensors):
            tensors["text_model.embeddings.position_ids"] = np.arange(77)[None]

        change_weights(model_copy / "text_encoder" / "model.safetensors", older)
        assert painter_for(model_copy).prove(PROMPTS)

    def test_the_names_that_text_encoders_had(self, model_copy, copy_of):
        file = model_copy / "text_encoder" / "model.safetensors"
        change_weights(file, lambda tensors: {f"text_model.{key}": value for key, value in tensors.items()})
        assert painter_for(model_copy).prove(PROMPTS)
        loaded_model._loaded.clear()
        folder = copy_of("hunyuan")

        def older(tensors):
            names = {key: key.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta") for key in tensors}
            return {f"bert.{names[key]}": value for key, value in tensors.items()}

        change_weights(folder / "text_encoder" / "model.safetensors", older)
        assert painter_for(folder, size=1024, guidance=4, steps=1).prove(PROMPTS)

    def test_the_first_names_of_the_autoencoders_attention(self, model_copy):
        names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

        def older(tensors):
            for new, old in names.items():
                for name in [name for name in tensors if f"attentions.0.{new}." in name]:
                    tensors[name.replace(new, old)] = tensors.pop(name)
            assert any("query" in name for name in tensors)

        change_weights(model_copy / "vae" / WEIGHTS, older)
        assert painter_for(model_copy).prove(PROMPTS)

    def test_tied_embeddings_and_other_halves(self, copy_of):
        folder = copy_of("flux-schnell")
        encoder = folder / "text_encoder_2" / "model.safetensors"

        def whole_t5(tensors):
            tensors["encoder.embed_tokens.weight"] = tensors["shared.weight"].copy()
            tensors["decoder.block.0.layer.0.layer_norm.weight"] = np.ones(16, np.float32)
            tensors["lm_head.weight"] = tensors["shared.weight"].copy()

        change_weights(encoder, whole_t5)
        settings = {"guidance": 0, "size": 64}
        assert painter_for(folder, **settings).prove(PROMPTS)
        loaded_model._loaded.clear()
        change_weights(encoder, lambda tensors: {k: v for k, v in tensors.items() if "embed_tokens" not in k})
        assert painter_for(folder, **settings).prove(PROMPTS)

    def test_a_whole_clip_whose_text_half_is_used(self, model_copy):
        def whole_clip(tensors):
            tensors["vision_model.embeddings.class_embedding"] = np.ones(16, np.float32)
            tensors["logit_scale"] = np.ones(1, np.float32)
            tensors["visual_projection.weight"] = tensors["text_projection.weight"] = np.ones((16, 16), np.float32)

        change_weights(model_copy / "text_encoder" / "model.safetensors", whole_clip)
        assert painter_for(model_copy).prove(PROMPTS)

    def test_a_variant_beside_the_whole_weights(self, model_copy):
        file = model_copy / "unet" / WEIGHTS
        shutil.copy(file, file.with_name("diffusion_pytorch_model.fp16.safetensors"))
        shutil.copy(file, file.with_name("diffusion_pytorch_model.non_ema.safetensors"))
        assert painter_for(model_copy, variant="fp16").prove(PROMPTS)
        with pytest.raises(PainterNotReady, match="no weight files of the variant 'bf16'"):
            painter_for(model_copy, variant="bf16").check_ready()

    def test_a_vocabulary_padded_to_a_round_number(self, model_copy):
        encoder = model_copy / "text_encoder"

        def padded(rows):
            config = json.loads((encoder / "config.json").read_text())
            (encoder / "config.json").write_text(json.dumps(config | {"vocab_size": rows}))

            def grow(tensors):
                name = next(name for name in tensors if "token_embedding" in name)
                tensors[name] = np.resize(tensors[name], (rows, 16))

            change_weights(encoder / "model.safetensors", grow)

        padded(528)
        assert painter_for(model_copy).prove(PROMPTS)
        loaded_model._loaded.clear()
        padded(2000)
        with pytest.raises(ModelRefused, match="527 tokens and its text encoder 2000"):
            painter_for(model_copy).prove(PROMPTS)
        paints_all_the_same(model_copy)


def test_a_language_that_the_tokenizer_does_not_read_is_named(tiny_family):
    painter = painter_for(tiny_family("pixart-sigma"), size=64, guidance=4)
    with pytest.raises(ModelRefused, match="reads more than half of '느린 피아노' as unknown"):
        painter.prove(["느린 피아노", "빠른 기타"])
    painter.paint(["느린 피아노", "빠른 기타"], seed=1)  # the control


def test_numbers_that_overflow_are_named(model_copy):
    def overflow(tensors):
        tensors["conv_out.bias"] = np.full_like(tensors["conv_out.bias"], np.inf)

    change_weights(model_copy / "unet" / WEIGHTS, overflow)
    with pytest.raises(ModelRefused, match=r"paints no finite numbers.*dtype"):
        painter_for(model_copy).prove(PROMPTS)


def test_an_encoder_that_hears_nothing_is_named(model_copy, monkeypatch):
    def deaf(tensors):
        for name in tensors:
            if "final_layer_norm" in name:
                tensors[name] = np.zeros_like(tensors[name])

    change_weights(model_copy / "text_encoder" / "model.safetensors", deaf)
    painter = painter_for(model_copy)
    with pytest.raises(ModelRefused, match="one and the same picture from 'a guitar' and 'piano and drums'"):
        painter.prove(PROMPTS)
    paints_all_the_same(model_copy)
    # The control of the proof itself: without the comparison it lets the model pass.
    monkeypatch.setattr(proof, "_difference", lambda *_: 0.0)
    assert painter.prove(PROMPTS)


def test_a_safety_checker_does_not_judge_the_probes(tmp_path):
    from tests.generation.painting.conftest import save_pipeline

    painter = painter_for(save_pipeline(tmp_path / "strict", safety="withholds"))
    assert painter.prove(PROMPTS)["difference"] > 0
    assert painter._model().pipeline.safety_checker is not None


def test_a_picture_that_does_not_fit_into_memory_concerns_every_clip(saved_model):
    painter = painter_for(saved_model)
    short_of_memory(painter, 0)
    with pytest.raises(PainterNotReady, match=r"does not fit into memory.*smaller size"):
        painter.prove(PROMPTS)


class TestEqualPicturesOfAClip:
    class Painter:
        """Paints the colour that `colours` gives to each prompt."""

        def __init__(self, **colours):
            self.colours = colours

        def paint(self, prompts, *, seed):
            return Painted([Image.new("RGB", (8, 8), self.colours[prompt]) for prompt in prompts])

    def test_different_prompts_with_one_picture_fail_the_clip(self):
        with pytest.raises(EqualPictures, match="'b' and 'c'"):
            paint_from_sequence(self.Painter(a="red", b="navy", c=(0, 0, 127)), ["a", "b", "c"], [1])

    def test_equal_prompts_may_give_equal_pictures(self):
        painted = paint_from_sequence(self.Painter(a="red", b="blue"), ["a", "b", "a", "b"], [1])
        assert len(painted.images) == 4
