"""Models with random weights for speed measurements: tiny ones for any machine, full sizes for a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from tests.generation.painting.conftest import save_pipeline, tiny_tokenizer
from tests.generation.painting.kinds import save_flux, save_xl

_SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def _text_encoder(model: Any, tokenizer: Any, **shape: Any) -> Any:
    from transformers import CLIPTextConfig

    ends = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    return model(CLIPTextConfig(vocab_size=49408, **ends, **shape))


def _image_decoder(size: int) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        latent_channels=4,
        sample_size=size,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )


def save_sd15(folder: Path, dtype: str) -> Path:
    """Stable Diffusion 1.5: 860 million weights in the denoiser."""
    from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel

    tokenizer = tiny_tokenizer()
    with _drawn_as(dtype):
        parts = {
            "unet": UNet2DConditionModel(sample_size=64, cross_attention_dim=768),
            "vae": _image_decoder(512),
            "text_encoder": _text_encoder(
                CLIPTextModel,
                tokenizer,
                hidden_size=768,
                intermediate_size=3072,
                num_attention_heads=12,
                num_hidden_layers=12,
            ),
        }
    StableDiffusionPipeline(
        **parts,
        tokenizer=tokenizer,
        scheduler=DDIMScheduler(**_SCHEDULE, clip_sample=False, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_sdxl(folder: Path, dtype: str) -> Path:
    """Stable Diffusion XL: 2.6 billion weights in the denoiser, two text encoders."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    first, second = tiny_tokenizer(), tiny_tokenizer()
    with _drawn_as(dtype):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            layers_per_block=2,
            cross_attention_dim=2048,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10),
            attention_head_dim=(5, 10, 20),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )
        encoder = _text_encoder(
            CLIPTextModel,
            first,
            hidden_size=768,
            intermediate_size=3072,
            num_attention_heads=12,
            num_hidden_layers=12,
        )
        encoder_2 = _text_encoder(
            CLIPTextModelWithProjection,
            second,
            hidden_size=1280,
            intermediate_size=5120,
            num_attention_heads=20,
            num_hidden_layers=32,
            projection_dim=1280,
            hidden_act="gelu",
        )
        vae = _image_decoder(1024)
    StableDiffusionXLPipeline(
        unet=unet,
        vae=vae,
        scheduler=EulerDiscreteScheduler(**_SCHEDULE),
        tokenizer=first,
        tokenizer_2=second,
        text_encoder=encoder,
        text_encoder_2=encoder_2,
    ).save_pretrained(folder)
    return folder


# What each is painted with: size in pixels, steps, guidance.
ARCHITECTURES: dict[str, tuple[Callable[[Path, str], Path], int, int, float]] = {
    "tiny": (lambda folder, dtype: save_pipeline(folder), 64, 10, 7.5),
    "tiny-xl": (lambda folder, dtype: save_xl(folder), 64, 10, 6.0),
    "tiny-flux": (lambda folder, dtype: save_flux(folder), 64, 4, 3.5),
    "sd15": (save_sd15, 512, 30, 7.5),
    "sdxl": (save_sdxl, 1024, 30, 6.0),
}


@contextmanager
def _drawn_as(dtype: str) -> Iterator[None]:
    """Weights are drawn in the number format that they will be used in; by a GPU, where billions take seconds."""
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(getattr(torch, dtype))
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            yield
    finally:
        torch.set_default_dtype(before)


def save_architecture(folder: Path, name: str, dtype: str) -> Path:
    """The folder of the model `name`, saved with random weights."""
    return ARCHITECTURES[name][0](folder, dtype)
