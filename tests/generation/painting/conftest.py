"""A tiny Stable Diffusion pipeline, built and saved here, loaded back by path as any model is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


def tiny_tokenizer(words: tuple[str, ...] = ("guitar", "piano", "drums"), max_length: int = 77):
    """A CLIP tokenizer with the bytes' alphabet and whole tokens for a few words."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    tokens = letters + [f"{letter}</w>" for letter in letters]
    merges = []
    for word in words:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            merges.append((parts[0], parts[1]))
            parts[:2] = [parts[0] + parts[1]]
            tokens.append(parts[0])
    tokens = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=list(dict.fromkeys(merges)), model_max_length=max_length)


def tiny_unet(**changes):
    """A denoiser with one attention block, as small as its parts allow."""
    import torch
    from diffusers import UNet2DConditionModel

    shape = {
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "sample_size": 8,
        "in_channels": 4,
        "out_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 16,
        "attention_head_dim": 4,
        "norm_num_groups": 4,
    }
    torch.manual_seed(0)
    return UNet2DConditionModel(**shape | changes)


def tiny_text_encoder(tokenizer, model=None, width=16):
    from transformers import CLIPTextConfig, CLIPTextModel

    return (model or CLIPTextModel)(
        CLIPTextConfig(
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            hidden_size=width,
            intermediate_size=32,
            num_attention_heads=4,
            num_hidden_layers=2,
            projection_dim=16,
            vocab_size=len(tokenizer),
            max_position_embeddings=77,
        )
    )


def tiny_parts():
    from diffusers import AutoencoderKL, DDIMScheduler

    tokenizer = tiny_tokenizer()
    unet = tiny_unet()
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=4,
        norm_num_groups=4,
    )
    text_encoder = tiny_text_encoder(tokenizer)
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    return {
        "unet": unet,
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "scheduler": scheduler,
    }


def tiny_safety_checker(*, withholds: bool):
    """The real checker at a tiny size, with thresholds that let everything or nothing pass."""
    import torch
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessorPil

    vision = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "image_size": 16,
        "patch_size": 8,
    }
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=16))
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(-2.0 if withholds else 2.0)
        checker.special_care_embeds_weights.fill_(2.0)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    return {"safety_checker": checker, "feature_extractor": processor}


def save_pipeline(folder: Path, *, safety: str | None = None) -> Path:
    from diffusers import StableDiffusionPipeline

    checker = (
        {"safety_checker": None, "feature_extractor": None}
        if safety is None
        else tiny_safety_checker(withholds=safety == "withholds")
    )
    pipeline = StableDiffusionPipeline(
        **tiny_parts(), **checker, image_encoder=None, requires_safety_checker=safety is not None
    )
    pipeline.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny tensors; threads would only wait for each other
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory) -> Path:
    return save_pipeline(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def model_copy(saved_model, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(saved_model, tmp_path / "model"))
