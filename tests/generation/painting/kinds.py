"""Tiny models of the kinds that studies use, with the real parts at a small size and random weights."""

from __future__ import annotations

from pathlib import Path

from tests.generation.painting.conftest import tiny_parts, tiny_text_encoder, tiny_tokenizer, tiny_unet


def save_xl(folder: Path, *, second_width: int = 16) -> Path:
    """Stable Diffusion XL: two text encoders, the second of which knows fewer words."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
    from transformers import CLIPTextModelWithProjection

    parts = tiny_parts()
    unet = tiny_unet(
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 1),
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=16 + 6 * 8,
        cross_attention_dim=16 + second_width,
    )
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )
    second = tiny_tokenizer(words=("guitar",))
    StableDiffusionXLPipeline(
        unet=unet,
        vae=parts["vae"],
        scheduler=scheduler,
        tokenizer=parts["tokenizer"],
        text_encoder=parts["text_encoder"],
        tokenizer_2=second,
        text_encoder_2=tiny_text_encoder(second, CLIPTextModelWithProjection, width=second_width),
    ).save_pretrained(folder)
    return folder


def save_lcm(folder: Path) -> Path:
    """A latent consistency model: its guidance goes in as an embedding, its sampler adds noise at each step."""
    from diffusers import LatentConsistencyModelPipeline, LCMScheduler

    scheduler = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    parts = tiny_parts() | {"scheduler": scheduler, "unet": tiny_unet(time_cond_proj_dim=32)}
    LatentConsistencyModelPipeline(
        **parts,
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_flux(folder: Path) -> Path:
    """Flux: a transformer as denoiser, a flow as sampler, CLIP and T5 as encoders."""
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        FluxPipeline,
        FluxTransformer2DModel,
    )
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    parts = tiny_parts()
    pieces = ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz.,"]
    long_reader = T5Tokenizer(
        vocab=[(piece, -float(number)) for number, piece in enumerate(pieces)],
        extra_ids=0,
        model_max_length=512,
    )
    reads = T5Config(
        vocab_size=len(long_reader),
        d_model=16,
        d_ff=32,
        d_kv=8,
        num_heads=2,
        num_layers=1,
        is_encoder_decoder=False,
    )
    denoiser = FluxTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=[4, 4, 8],
    )
    vae = AutoencoderKL(
        block_out_channels=(4,),
        latent_channels=1,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.06,
        scaling_factor=1.5,
    )
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        transformer=denoiser,
        tokenizer=parts["tokenizer"],
        text_encoder=parts["text_encoder"],
        tokenizer_2=long_reader,
        text_encoder_2=T5EncoderModel(reads),
    ).save_pretrained(folder)
    return folder


SAVERS = {"xl": save_xl, "lcm": save_lcm, "flux": save_flux}
