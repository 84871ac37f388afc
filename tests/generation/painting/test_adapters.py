"""LoRA adapters: the same for all pictures, fused or not, recorded, and refused if any of their keys does nothing."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from pydantic import ValidationError

from generation.painting import DiffusersOptions
from generation.painting.diffusion import adapters as adapters_module
from generation.painting.diffusion.model_files import check_files
from generation.painting.errors import PainterNotReady
from tests.generation.painting.kinds import SAVERS
from tests.generation.painting.test_diffusers_painter import PROMPTS, assert_alike, painter_for, pixels
from tests.generation.painting.test_single_file import COMMIT


@pytest.fixture
def needs_peft():
    pytest.importorskip("peft")


def factors(saved_model, *, part="unet", scale=0.5, seed=1, kind="peft"):
    """The tensors of a LoRA of rank 2 for the attention of one part, in the layout of diffusers or of kohya."""
    import torch
    from safetensors import safe_open

    is_encoder = part.startswith("text_encoder")
    file = f"{part}/model" if is_encoder else f"{part}/diffusion_pytorch_model"
    places = ("q_proj.weight", "out_proj.weight", "fc1.weight") if is_encoder else ("to_q.weight", "to_v.weight")
    generator = torch.Generator().manual_seed(seed)
    found = {}
    with safe_open(saved_model / f"{file}.safetensors", framework="pt") as weights:
        for key in weights.keys():  # noqa: SIM118
            if key.endswith(places):
                out, into = weights.get_slice(key).get_shape()
                place = key.removesuffix(".weight")
                down, up = torch.randn(2, into, generator=generator), torch.randn(out, 2, generator=generator) * scale
                if kind == "kohya":
                    before = "lora_unet_" if part == "unet" else "lora_te_text_model_"
                    flat = before + place.removeprefix("text_model.").replace(".", "_")
                    found |= {f"{flat}.lora_down.weight": down, f"{flat}.lora_up.weight": up}
                    found[f"{flat}.alpha"] = torch.tensor(2.0)
                else:
                    found |= {f"{part}.{place}.lora_A.weight": down, f"{part}.{place}.lora_B.weight": up}
    return found


def save(path, tensors):
    from safetensors.torch import save_file

    save_file({key: value.clone() for key, value in tensors.items()}, path)
    return path


@pytest.fixture
def ink(saved_model, tmp_path):
    return save(tmp_path / "ink.safetensors", factors(saved_model))


def different(one, other) -> bool:
    return any((a != b).any() for a, b in zip(pixels(one), pixels(other), strict=True))


def test_an_adapter_changes_all_pictures_by_its_weight_and_fused_it_gives_the_same(needs_peft, saved_model, ink):
    plain = painter_for(saved_model).paint(PROMPTS, seed=2).images
    painter = painter_for(saved_model, adapters=f"{ink} 0.8")
    painter.check_ready()
    adapted = painter.paint(PROMPTS, seed=2).images
    assert all((a != b).any() for a, b in zip(pixels(plain), pixels(adapted), strict=True))
    assert different(adapted, painter_for(saved_model, adapters=f"{ink} 0.4").paint(PROMPTS, seed=2).images)
    fused = painter_for(saved_model, adapters=f"{ink} 0.8", adapters_fused=True)
    assert_alike(adapted, fused.paint(PROMPTS, seed=2).images, tolerance=1)
    assert_alike(plain, painter_for(saved_model).paint(PROMPTS, seed=2).images)


def test_with_an_adapter_one_prompt_in_four_places_is_one_picture(needs_peft, saved_model, ink):
    painter = painter_for(saved_model, adapters=str(ink))
    same = painter._paint_batch(painter._model(), ["drums"] * 4, 3)
    assert_alike(same[:1] * 3, same[1:], tolerance=1)


@pytest.mark.parametrize("kind", ["peft", "kohya"])
def test_adapters_of_both_layouts_reach_denoiser_and_encoder_and_add_up(needs_peft, saved_model, tmp_path, kind):
    denoiser = save(tmp_path / "a.safetensors", factors(saved_model, kind=kind))
    encoder = save(tmp_path / "b.safetensors", factors(saved_model, part="text_encoder", scale=2.0, kind=kind))
    one = painter_for(saved_model, adapters=str(denoiser)).paint(PROMPTS, seed=2).images
    two = painter_for(saved_model, adapters=f"{denoiser} 1\n\n{encoder} 1.5").paint(PROMPTS, seed=2).images
    fused = painter_for(saved_model, adapters=f"{denoiser} 1\n{encoder} 1.5", adapters_fused=True)
    assert different(one, two)
    assert_alike(two, fused.paint(PROMPTS, seed=2).images, tolerance=1)


def test_both_layouts_of_one_adapter_paint_the_same(needs_peft, saved_model, tmp_path):
    """kohya's scale is alpha by rank, here 2 / 2."""
    one = save(tmp_path / "a.safetensors", factors(saved_model))
    other = save(tmp_path / "b.safetensors", factors(saved_model, kind="kohya"))
    assert_alike(
        painter_for(saved_model, adapters=str(one)).paint(PROMPTS, seed=2).images,
        painter_for(saved_model, adapters=str(other)).paint(PROMPTS, seed=2).images,
        tolerance=1,
    )


def test_the_provenance_names_file_weight_and_content_and_a_changed_file_is_loaded_again(needs_peft, saved_model, ink):
    painter = painter_for(saved_model, adapters=f"{ink} 0.8")
    before, images = painter.identity, painter.paint(PROMPTS[:1], seed=2).images
    assert before["adapters"].startswith(f"{ink} weight 0.8 sha256 ")
    assert before["adapters_fused"] == "False"
    assert "adapters" not in painter_for(saved_model).identity
    save(ink, factors(saved_model, seed=9))
    assert different(images, painter.paint(PROMPTS[:1], seed=2).images)
    assert painter.identity["adapters"] != before["adapters"]


@pytest.mark.parametrize(
    ("kind", "parts", "settings"),
    [
        ("xl", ("unet", "text_encoder", "text_encoder_2"), {"guidance": 5}),
        ("flux", ("transformer",), {"guidance": 0, "steps": 2}),
    ],
)
def test_adapters_of_other_kinds_of_models(needs_peft, tmp_path, kind, parts, settings):
    folder = SAVERS[kind](tmp_path / kind)
    tensors = {key: value for part in parts for key, value in factors(folder, part=part).items()}
    path = save(tmp_path / "ink.safetensors", tensors)
    plain = painter_for(folder, **settings).paint(PROMPTS, seed=2).images
    adapted = painter_for(folder, adapters=str(path), **settings).paint(PROMPTS, seed=2).images
    fused = painter_for(folder, adapters=str(path), adapters_fused=True, **settings).paint(PROMPTS, seed=2).images
    assert all((a != b).any() for a, b in zip(pixels(plain), pixels(adapted), strict=True))
    assert_alike(adapted, fused, tolerance=1)


@pytest.mark.parametrize("fused", [True, False])
def test_an_adapter_counts_also_with_weights_in_fp8(needs_peft, saved_model, ink, fused):
    plain = painter_for(saved_model, weight_format="fp8").paint(PROMPTS, seed=2).images
    full = painter_for(saved_model, adapters=str(ink)).paint(PROMPTS, seed=2).images
    painter = painter_for(saved_model, adapters=str(ink), weight_format="fp8", adapters_fused=fused)
    adapted = painter.paint(PROMPTS, seed=2).images
    assert_alike(full, adapted, tolerance=60)
    distance = [
        sum(np.abs(a - b).mean() for a, b in zip(pixels(adapted), pixels(other), strict=True))
        for other in (full, plain)
    ]
    assert distance[0] < distance[1]


def misfits(saved_model):
    import torch

    fitting = factors(saved_model)
    first = next(iter(fitting))
    elsewhere = {key.replace("to_q", "to_x"): value for key, value in fitting.items()}
    other_part = {key.replace("unet.", "text_encoder_2."): value for key, value in fitting.items()}
    return {
        "some keys have no place": (elsewhere, "does not fit"),
        "another model's part beside a fitting one": (fitting | other_part, "of its .* tensors have no place there"),
        "only another model's part": (other_part, "changes no part of"),
        "another width": (
            {key: value[:, :-1].contiguous() if ".lora_A" in key else value for key, value in fitting.items()},
            "does not fit",
        ),
        "all zero": ({key: torch.zeros_like(value) for key, value in fitting.items()}, "changes nothing"),
        "not finite": (fitting | {first: fitting[first] * float("nan")}, "not finite"),
        "a whole model": ({"unet.conv_in.weight": torch.ones(2, 2)}, "is not a LoRA"),
        "another kind beside": (fitting | {"unet.x.hada_w1_a": torch.ones(2, 2)}, "is not a LoRA"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "some keys have no place",
        "another model's part beside a fitting one",
        "only another model's part",
        "another width",
        "all zero",
        "not finite",
        "a whole model",
        "another kind beside",
    ],
)
def test_an_adapter_whose_keys_do_nothing_is_refused_by_name(needs_peft, saved_model, tmp_path, name):
    tensors, words = misfits(saved_model)[name]
    path = save(tmp_path / "odd.safetensors", tensors)
    with pytest.raises(PainterNotReady, match=words) as caught:
        painter_for(saved_model, adapters=str(path)).paint(PROMPTS[:1], seed=2)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_diffusers_itself_takes_a_key_without_a_place_in_silence(needs_peft, saved_model, tmp_path):
    """The control: the pipeline loads what it knows and goes on."""
    tensors, _ = misfits(saved_model)["another model's part beside a fitting one"]
    path = save(tmp_path / "odd.safetensors", tensors)
    pipeline = painter_for(saved_model, dtype="bfloat16")._model().pipeline
    pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name="odd")
    pipeline.unload_lora_weights()


def test_what_is_not_there_is_named_before_anything_starts(saved_model, ink, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))

    def check(adapters):
        check_files(DiffusersOptions(model=str(saved_model), adapters=adapters))

    with pytest.raises(PainterNotReady, match=r"adapter '.*nowhere\.safetensors' does not exist"):
        check(str(tmp_path / "nowhere.safetensors"))
    with pytest.raises(PainterNotReady, match=r"The adapter 'owner/ink' at revision .* fetch_models"):
        check(f"owner/ink@{COMMIT}")
    two = tmp_path / "two"
    two.mkdir()
    for name in ("a", "b"):
        shutil.copy(ink, two / f"{name}.safetensors")
    with pytest.raises(PainterNotReady, match=r"holds 2 .safetensors files \(a.safetensors, b.safetensors\)"):
        check(str(two))
    ink.write_bytes(ink.read_bytes()[:-10])
    with pytest.raises(PainterNotReady, match="was not downloaded whole"):
        check(str(ink))


def test_without_peft_the_way_to_install_it_is_named(saved_model, ink, monkeypatch):
    monkeypatch.setattr(adapters_module, "find_spec", lambda name: None)
    with pytest.raises(PainterNotReady, match=r"without peft: install .*earsight\[worker\]"):
        check_files(DiffusersOptions(model=str(saved_model), adapters=str(ink)))


def test_an_adapter_of_the_hub_is_found_where_it_was_fetched_to(saved_model, ink, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "models--owner--ink" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    for name in ("thin", "thick"):
        shutil.copy(ink, folder / f"{name}.safetensors")
    options = DiffusersOptions(model=str(saved_model), adapters=f"owner/ink@{COMMIT}/thin.safetensors -0.5")
    assert adapters_module.adapter_file(options.adapter_list[0]) == folder / "thin.safetensors"
    assert (
        f"owner/ink@{COMMIT}/thin.safetensors weight -0.5" in adapters_module.identity_of_adapters(options)["adapters"]
    )
    assert json.loads(options.model_dump_json())["adapters"] == options.adapters


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("./ink.safetensors 0", "line 1: an adapter of weight 0 changes nothing"),
        ("./ink.safetensors 0.0", "weight 0 changes nothing"),
        ("./ink.safetensors 1\n./ink.safetensors 2", "line 2: './ink.safetensors' is named twice"),
        ("owner/ink 1", "needs its commit"),
        (f"owner/ink@{COMMIT[:-1]}", "needs its commit"),
        (f"owner/ink@{COMMIT}/ink.bin", "no .safetensors file"),
        ("./ink.pt", "could run code"),
        ("./ink.safetensors 40", "outside -10 to 10"),
        ("what is this", "neither 'owner/name@commit'"),
        ("./ink.safetensors 1.2.3", "is not a number"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(lines, words):
    with pytest.raises(ValidationError, match=words):
        DiffusersOptions(model="./model", adapters=lines)


def test_a_path_with_spaces_keeps_them():
    first, second = DiffusersOptions(
        model="./m", adapters="./my inks/a b.safetensors\n ~/x.safetensors 2 "
    ).adapter_list
    assert (first.name, first.weight) == ("./my inks/a b.safetensors", 1.0)
    assert (second.name, second.weight) == ("~/x.safetensors", 2.0)
    with pytest.raises(ValidationError, match="No adapter is there to be fused"):
        DiffusersOptions(model="./m", adapters_fused=True)
