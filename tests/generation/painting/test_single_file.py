"""A model that is one file paints what its folder paints, and is refused where anything would be guessed."""

from __future__ import annotations

import json
import shutil
import socket

import pytest
from pydantic import ValidationError

from generation.painting import DiffusersOptions
from generation.painting.diffusion.model_files import check_files, fetch_model
from generation.painting.diffusion.painter import DiffusersPainter
from generation.painting.errors import PainterNotReady
from tests.generation.painting.checkpoints import configuration_of, save_tensors, single_file_tensors
from tests.generation.painting.kinds import save_flux, save_xl
from tests.generation.painting.test_diffusers_painter import PROMPTS, assert_alike, painter_for

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def tensors(saved_model):
    return single_file_tensors(saved_model)


@pytest.fixture
def checkpoint(tensors, tmp_path):
    return save_tensors(tensors, tmp_path / "model.safetensors")


@pytest.fixture
def configuration(saved_model, tmp_path):
    return configuration_of(saved_model, tmp_path / "configuration")


def refusal(painter) -> str:
    with pytest.raises(PainterNotReady) as caught:
        painter.paint(PROMPTS[:1], seed=1)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_file_paints_the_pictures_of_the_folder_it_was_made_from_without_any_network(
    saved_model, checkpoint, configuration, monkeypatch
):
    expected = painter_for(saved_model).paint(PROMPTS, seed=4).images
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("reached for the network"))
    painter = painter_for(checkpoint, config=str(configuration))
    painter.check_ready()
    assert_alike(expected, painter.paint(PROMPTS, seed=4).images)
    assert painter.token_limit == 77
    assert fetch_model(painter._options) == configuration


def test_its_content_and_its_configuration_are_in_the_provenance(checkpoint, tensors, configuration):
    painter = painter_for(checkpoint, config=str(configuration))
    before = painter.identity
    assert (len(before["weights"]), len(before["config_files"]), before["config"]) == (64, 64, str(configuration))
    name = next(iter(tensors))
    save_tensors(tensors | {name: tensors[name] * 1.01}, checkpoint)
    assert painter.identity["weights"] != before["weights"]
    scheduler = configuration / "scheduler" / "scheduler_config.json"
    scheduler.write_text(json.dumps(json.loads(scheduler.read_text()) | {"steps_offset": 0}))
    assert painter.identity["config_files"] != before["config_files"]


def test_a_file_that_was_replaced_is_loaded_again(checkpoint, tensors, configuration):
    painter = painter_for(checkpoint, config=str(configuration))
    first = painter.paint(PROMPTS[:1], seed=4).images
    name = "model.diffusion_model.out.2.weight"
    save_tensors(tensors | {name: tensors[name] * 0}, checkpoint)
    second = painter.paint(PROMPTS[:1], seed=4).images
    assert first[0].tobytes() != second[0].tobytes()


def beside(key, new):
    """The tensors with one more, as another code's file has it."""
    return lambda found: found | {new: found[key].clone()}


def without(words):
    return lambda found: {key: value for key, value in found.items() if words not in key}


CLIP = "cond_stage_model.transformer.text_model."
ODD_FILES = [
    (beside("model.diffusion_model.out.2.bias", "model.diffusion_model.out.3.bias"), "its keys for 'unet' hold"),
    (beside("first_stage_model.quant_conv.bias", "first_stage_model.odd.bias"), "its keys for 'vae' hold"),
    (beside(f"{CLIP}final_layer_norm.bias", f"{CLIP}odd.bias"), "its keys for 'text_encoder' hold"),
    (without("middle_block.1"), "does not fit"),
    (without("final_layer_norm.weight"), "'text_encoder' lacks 1 of its tensors"),
    (without("decoder.norm_out"), "does not fit"),
    (without("diffusion_model"), "does not fit"),
]


@pytest.mark.parametrize(("change", "words"), ODD_FILES)
def test_keys_that_are_missing_or_left_over_are_named(tmp_path, tensors, configuration, change, words):
    path = save_tensors(change(dict(tensors)), tmp_path / "odd.safetensors")
    assert words in refusal(painter_for(path, config=str(configuration)))


def test_a_configuration_of_another_model_is_refused(checkpoint, configuration):
    settings = configuration / "unet" / "config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"cross_attention_dim": 24}))
    message = refusal(painter_for(checkpoint, config=str(configuration)))
    assert "'model.safetensors' does not fit the configuration" in message
    assert "choose the model that it was made from" in message


def test_a_part_that_the_file_lacks_comes_from_the_configuration_or_is_missed(
    saved_model, tmp_path, tensors, configuration
):
    painted = painter_for(saved_model).paint(PROMPTS, seed=4).images
    bare = {key: value for key, value in tensors.items() if not key.startswith(("cond_stage", "first_stage"))}
    path = save_tensors(bare, tmp_path / "denoiser.safetensors")
    with pytest.raises(PainterNotReady, match=r"weights of 'text_encoder'.*weights of 'vae'"):
        painter_for(path, config=str(configuration)).check_ready()
    whole = painter_for(path, config=str(saved_model))
    whole.check_ready()
    assert_alike(painted, whole.paint(PROMPTS, seed=4).images)


def test_xl_as_one_file_with_both_of_its_encoders(tmp_path):
    """The second encoder is wider than the first, as in the real ones: diffusers tells them apart by that."""
    folder = save_xl(tmp_path / "xl", second_width=24)
    found = single_file_tensors(folder, clip="conditioner.embedders.0.")
    path = save_tensors(found, tmp_path / "xl.safetensors")
    configuration = configuration_of(folder, tmp_path / "configuration")
    expected = painter_for(folder, guidance=5).paint(PROMPTS, seed=2).images
    painter = painter_for(path, config=str(configuration), guidance=5)
    painter.check_ready()
    assert_alike(expected, painter.paint(PROMPTS, seed=2).images)
    assert painter.token_limit == 77
    second = "conditioner.embedders.1.model."
    odd = save_tensors(found | {f"{second}odd": found[f"{second}ln_final.bias"].clone()}, tmp_path / "odd.safetensors")
    assert "its keys for 'text_encoder_2' hold" in refusal(painter_for(odd, config=str(configuration)))


def test_flux_as_one_file_with_the_rest_from_a_whole_model(tmp_path):
    folder = save_flux(tmp_path / "flux")
    path = tmp_path / "denoiser.safetensors"
    shutil.copy(folder / "transformer" / "diffusion_pytorch_model.safetensors", path)
    settings = {"guidance": 0, "steps": 1}
    expected = painter_for(folder, **settings).paint(PROMPTS, seed=2).images
    painter = painter_for(path, config=str(folder), **settings)
    painter.check_ready()
    assert painter.prove(PROMPTS)["vocabularies"].keys() == {"tokenizer", "tokenizer_2"}
    assert_alike(expected, painter.paint(PROMPTS, seed=2).images)


def test_what_is_not_there_is_named_before_anything_starts(checkpoint, configuration, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))

    def check(path=checkpoint, **settings):
        return check_files(DiffusersOptions(model=str(path), **settings))

    with pytest.raises(PainterNotReady, match=r"configuration '.*nowhere' does not exist"):
        check(config=str(tmp_path / "nowhere"))
    with pytest.raises(PainterNotReady, match=r"The model's file '.*other\.safetensors' does not exist"):
        check(tmp_path / "other.safetensors", config=str(configuration))
    with pytest.raises(PainterNotReady, match=r"configuration 'owner/name' at revision .* fetch_models"):
        check(config="owner/name", config_revision=COMMIT)
    shutil.rmtree(configuration / "scheduler")
    (configuration / "vae" / "config.json").unlink()
    with pytest.raises(PainterNotReady, match=r"no 'vae/config\.json'; the configuration has no folder 'scheduler'|"
                       r"no folder 'scheduler'.*no 'vae/config\.json'"):  # fmt: skip
        check(config=str(configuration))
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(PainterNotReady, match="was not downloaded whole"):
        check(config=str(configuration))


def test_a_file_and_a_configuration_of_the_hub_are_found_where_they_were_fetched_to(
    checkpoint, configuration, saved_model, tmp_path, monkeypatch
):
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("reached for the network"))
    shutil.copytree(configuration, cache / "models--owner--base" / "snapshots" / COMMIT)
    tuned = cache / "models--owner--tuned" / "snapshots" / COMMIT
    tuned.mkdir(parents=True)
    shutil.copy(checkpoint, tuned / "tuned.safetensors")
    settings = {"revision": COMMIT, "config": "owner/base", "config_revision": COMMIT, "steps": 3, "size": 32}
    painter = DiffusersPainter(
        DiffusersOptions(model="owner/tuned", checkpoint="tuned.safetensors", device="cpu", **settings)
    )
    painter.check_ready()
    assert_alike(painter_for(saved_model).paint(PROMPTS, seed=4).images, painter.paint(PROMPTS, seed=4).images)
    with pytest.raises(PainterNotReady, match=r"'other\.safetensors' of 'owner/tuned' is not on this machine"):
        check_files(DiffusersOptions(model="owner/tuned", checkpoint="other.safetensors", **settings))


def test_a_safety_checker_of_the_configuration_is_used_and_none_is_made_up(tmp_path, tensors):
    from tests.generation.painting.conftest import save_pipeline

    folder = save_pipeline(tmp_path / "strict", safety="withholds")
    path = save_tensors(tensors, tmp_path / "model.safetensors")
    watched = painter_for(path, config=str(folder))
    assert watched._model().pipeline.safety_checker is not None
    free = painter_for(path, config=str(folder), safety_checker=False)
    assert free._model().pipeline.safety_checker is None
    assert len(free.paint(PROMPTS, seed=4).images) == 4


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "./x.safetensors"}, "needs a configuration"),
        ({"model": "./x.ckpt"}, "could run code"),
        ({"model": "./x.safetensors", "config": "owner/name"}, "needs its revision"),
        ({"model": "./x.safetensors", "config": "a b"}, "neither 'owner/name' nor a folder"),
        ({"model": "./folder", "config": "./y"}, "for a single .safetensors file only"),
        ({"model": "./x.safetensors", "config": "./y", "variant": "fp16"}, "variant has no effect"),
        ({"model": "./folder", "checkpoint": "x.safetensors"}, "for a model on the hub only"),
        ({"model": "./x.safetensors", "config": "./y", "weight_format": "4bit"}, "cannot be kept as 4bit"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, words):
    with pytest.raises(ValidationError, match=words):
        DiffusersOptions(**settings)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub whose repositories are folders: what is fetched lands in the cache, by the patterns that were asked for."""
    from huggingface_hub.utils import filter_repo_objects

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    remote, fetched = tmp_path / "remote", []

    def download(name, revision, allow_patterns=None, local_files_only=False):
        kept = tmp_path / "cache" / f"models--{name.replace('/', '--')}" / "snapshots" / revision
        if local_files_only:
            if kept.is_dir():
                return str(kept)
            raise FileNotFoundError(name)
        files = [str(file.relative_to(remote / name)) for file in (remote / name).rglob("*") if file.is_file()]
        for file in filter_repo_objects(files, allow_patterns=allow_patterns):
            (kept / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(remote / name / file, kept / file)
            fetched.append(f"{name}/{file}")
        return str(kept)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    return remote, fetched


def test_fetching_takes_the_file_its_configuration_and_only_the_weights_that_the_file_lacks(
    hub, saved_model, tensors, tmp_path
):
    remote, fetched = hub
    shutil.copytree(saved_model, remote / "owner" / "base")
    (remote / "owner" / "tuned").mkdir(parents=True)
    bare = {key: value for key, value in tensors.items() if not key.startswith("first_stage")}
    save_tensors(bare, remote / "owner" / "tuned" / "tuned.safetensors")
    save_tensors(bare, remote / "owner" / "tuned" / "another.safetensors")
    options = DiffusersOptions(
        model="owner/tuned",
        revision=COMMIT,
        checkpoint="tuned.safetensors",
        config="owner/base",
        config_revision=COMMIT,
    )
    fetch_model(options)
    weights = {name for name in fetched if name.endswith(".safetensors")}
    assert weights == {
        "owner/tuned/tuned.safetensors",
        "owner/base/vae/diffusion_pytorch_model.safetensors",
    }
    assert check_files(options)
