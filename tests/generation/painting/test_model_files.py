"""What is missing from a model is said in one message, before anything starts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from pydantic import ValidationError

from generation.painting.diffusion.model_files import check_files, fetch_model, weights_digest
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.prompt_tokens import PromptTokens
from generation.painting.errors import PainterNotReady
from tests.generation.painting.conftest import tiny_tokenizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def options(folder, **settings) -> DiffusersOptions:
    return DiffusersOptions(model=str(folder), **settings)


def test_a_whole_model_passes(saved_model):
    assert check_files(options(saved_model)) == saved_model
    assert fetch_model(options(saved_model)) == saved_model


def test_a_wrong_folder(tmp_path):
    with pytest.raises(PainterNotReady, match="does not exist"):
        check_files(options(tmp_path / "nowhere"))
    with pytest.raises(PainterNotReady, match=r"model_index\.json is missing"):
        check_files(options(tmp_path))


def test_one_message_names_everything_that_is_missing(model_copy):
    shutil.rmtree(model_copy / "tokenizer")
    (model_copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(PainterNotReady) as caught:
        check_files(options(model_copy))
    assert "the folder 'tokenizer' is missing" in str(caught.value)
    assert "the weights of 'unet' are missing" in str(caught.value)


def test_a_download_that_broke_off_is_noticed(model_copy):
    weights = model_copy / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(PainterNotReady, match=r"vae/diffusion_pytorch_model\.safetensors' is damaged"):
        check_files(options(model_copy))


def test_a_pointer_in_place_of_the_weights_is_noticed(model_copy):
    (model_copy / "vae" / "diffusion_pytorch_model.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 334643276\n"
    )
    with pytest.raises(PainterNotReady, match="not downloaded whole"):
        check_files(options(model_copy))


def test_a_missing_shard_is_named(model_copy):
    shards = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (model_copy / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(shards))
    with pytest.raises(PainterNotReady, match=r"unet/model-00001-of-00002\.safetensors' is missing"):
        check_files(options(model_copy))


def test_weights_that_could_run_code_are_not_taken(model_copy):
    weights = model_copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(PainterNotReady, match="could run code"):
        check_files(options(model_copy))


def test_a_model_of_the_hub_that_was_never_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(PainterNotReady, match="fetch_models"):
        check_files(DiffusersOptions(model="someone/some-model", revision=COMMIT))


def test_a_model_of_the_hub_needs_its_commit():
    with pytest.raises(ValidationError, match="needs a revision"):
        DiffusersOptions(model="someone/some-model")
    with pytest.raises(ValidationError, match="revision"):
        DiffusersOptions(model="someone/some-model", revision="main")
    with pytest.raises(ValidationError, match="neither"):
        DiffusersOptions(model="some folder/with/parts", revision=COMMIT)


def test_another_weight_gives_another_digest(saved_model, model_copy):
    assert weights_digest(model_copy) == weights_digest(saved_model)
    weights = model_copy / "unet" / "diffusion_pytorch_model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert weights_digest(model_copy) != weights_digest(saved_model)


def test_tokens_are_counted_with_start_and_end_and_without_weights(model_copy):
    for weights in model_copy.glob("**/*.safetensors"):
        weights.unlink()
    tokens = PromptTokens(model_copy)
    assert tokens.limit == 77
    assert tokens.count("") == 2
    assert tokens.count("guitar") == 3
    assert tokens.count("guitar piano xyz") == 7
    assert tokens.count("guitar " * 100) == 102


def test_with_two_tokenizers_the_smaller_limit_counts(model_copy):
    """The second encoder here knows no words and reads 40 tokens; the first still has much room."""
    tiny_tokenizer(words=(), max_length=40).save_pretrained(model_copy / "tokenizer_2")
    index = json.loads((model_copy / "model_index.json").read_text())
    index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
    index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
    (model_copy / "model_index.json").write_text(json.dumps(index))
    tokens = PromptTokens(model_copy)
    assert tokens.limit == 40
    assert tokens.count("guitar " * 6) == 38
    assert tokens.count("guitar " * 7) > 40


def test_the_options_load_no_model_library():
    """A web page that offers the choice must not import torch."""
    code = "import sys, generation.painting, generation.writing; print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"
