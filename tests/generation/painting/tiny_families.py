"""A tiny model of each family in the product's table: the real parts at a small size, with random weights.

`SAVERS` has a function for each; the shapes follow the dummy components of diffusers' own tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.generation.painting import kinds
from tests.generation.painting import tiny_language_families as language
from tests.generation.painting.conftest import save_pipeline, tiny_parts, tiny_text_encoder, tiny_tokenizer, tiny_unet
from tests.generation.painting.tiny_parts import LETTERS, deep_vae, flow, louder, t5, t5_tokenizer, vae


def save_sd3(folder: Path, *, with_t5: bool = True) -> Path:
    """Stable Diffusion 3: two CLIP encoders and T5, which may be left out."""
    import torch
    from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline
    from transformers import CLIPTextModelWithProjection

    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=32,
        patch_size=1,
        in_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        out_channels=4,
    )
    clip, long_reader = tiny_tokenizer(), t5_tokenizer()
    StableDiffusion3Pipeline(
        transformer=louder(transformer, 1.0),
        scheduler=flow(),
        vae=vae(),
        text_encoder=tiny_text_encoder(clip, CLIPTextModelWithProjection),
        tokenizer=clip,
        text_encoder_2=tiny_text_encoder(clip, CLIPTextModelWithProjection),
        tokenizer_2=clip,
        text_encoder_3=t5(long_reader, 32) if with_t5 else None,
        tokenizer_3=long_reader if with_t5 else None,
    ).save_pretrained(folder)
    return folder


def save_flux_dev(folder: Path) -> Path:
    """Flux dev: guidance is an input of the transformer."""
    import torch
    from diffusers import FluxPipeline, FluxTransformer2DModel

    kinds.save_flux(folder)
    pipeline = FluxPipeline.from_pretrained(folder, local_files_only=True)
    torch.manual_seed(0)
    shape = {key: value for key, value in pipeline.transformer.config.items() if not key.startswith("_")}
    pipeline.transformer = FluxTransformer2DModel.from_config(shape | {"guidance_embeds": True})
    pipeline.save_pretrained(folder)
    return folder


def _save_pixart(folder: Path, pipeline_name: str) -> Path:
    import diffusers
    import torch

    torch.manual_seed(0)
    transformer = diffusers.PixArtTransformer2DModel(
        sample_size=32,
        num_layers=2,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=3,
        caption_channels=16,
        in_channels=4,
        cross_attention_dim=24,
        out_channels=8,
        num_embeds_ada_norm=1000,
        norm_type="ada_norm_single",
        norm_elementwise_affine=False,
        use_additional_conditions=False,
    )
    tokenizer = t5_tokenizer()
    getattr(diffusers, pipeline_name)(
        transformer=louder(transformer, 1.0),
        vae=deep_vae(shift_factor=None),
        scheduler=diffusers.DPMSolverMultistepScheduler(),
        tokenizer=tokenizer,
        text_encoder=t5(tokenizer),
    ).save_pretrained(folder)
    return folder


def save_aura_flow(folder: Path) -> Path:
    """AuraFlow: a transformer that reads UMT5."""
    import torch
    from diffusers import AuraFlowPipeline, AuraFlowTransformer2DModel

    torch.manual_seed(0)
    transformer = AuraFlowTransformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=4,
        num_mmdit_layers=1,
        num_single_dit_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=16,
        out_channels=4,
        pos_embed_max_size=256,
    )
    tokenizer = t5_tokenizer()
    AuraFlowPipeline(
        transformer=louder(transformer, 3.0),
        vae=vae(),
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=louder(t5(tokenizer, kind="UMT5"), 3.0),
    ).save_pretrained(folder)
    return folder


def save_hunyuan(folder: Path) -> Path:
    """HunyuanDiT: BERT and T5 as encoders; it paints at its own sizes only."""
    import torch
    from diffusers import DDPMScheduler, HunyuanDiT2DModel, HunyuanDiTPipeline
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    transformer = HunyuanDiT2DModel(
        sample_size=16,
        num_layers=2,
        patch_size=4,
        attention_head_dim=8,
        num_attention_heads=3,
        in_channels=4,
        cross_attention_dim=16,
        cross_attention_dim_t5=16,
        pooled_projection_dim=16,
        hidden_size=24,
        activation_fn="gelu-approximate",
    )
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [*special, *dict.fromkeys(LETTERS.lower()), *(f"##{letter}" for letter in dict.fromkeys(LETTERS.lower()))]
    words = BertTokenizer(vocab={token: number for number, token in enumerate(tokens)}, model_max_length=77)
    long_reader = t5_tokenizer(256)
    bert = BertConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    HunyuanDiTPipeline(
        transformer=louder(transformer, 1.0),
        vae=deep_vae(shift_factor=None),
        scheduler=DDPMScheduler(prediction_type="v_prediction", steps_offset=1),
        text_encoder=BertModel(bert).eval(),
        tokenizer=words,
        text_encoder_2=t5(long_reader),
        tokenizer_2=long_reader,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_kandinsky3(folder: Path) -> Path:
    """Kandinsky 3: T5 as encoder, a U-Net, the MoVQ decoder."""
    import torch
    from diffusers import DDPMScheduler, Kandinsky3Pipeline, Kandinsky3UNet, VQModel

    torch.manual_seed(0)
    unet = Kandinsky3UNet(
        in_channels=4,
        time_embedding_dim=4,
        groups=2,
        attention_head_dim=4,
        layers_per_block=3,
        block_out_channels=(32, 64),
        cross_attention_dim=4,
        encoder_hid_dim=16,
    )
    movq = VQModel(
        block_out_channels=[32, 32, 32, 32],
        down_block_types=["DownEncoderBlock2D"] * 3 + ["AttnDownEncoderBlock2D"],
        up_block_types=["AttnUpDecoderBlock2D"] + ["UpDecoderBlock2D"] * 3,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=8,
        norm_type="spatial",
        num_vq_embeddings=12,
        vq_embed_dim=4,
    )
    scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, steps_offset=1, beta_schedule="squaredcos_cap_v2")
    tokenizer = t5_tokenizer()
    Kandinsky3Pipeline(
        tokenizer=tokenizer, text_encoder=t5(tokenizer), unet=unet, scheduler=scheduler, movq=movq
    ).save_pretrained(folder)
    return folder


def save_cascade(folder: Path) -> Path:
    """Stable Cascade with both its stages in one folder: a prior paints an embedding, a decoder the picture."""
    import torch
    from diffusers import DDPMWuerstchenScheduler, StableCascadeCombinedPipeline, StableCascadeUNet
    from diffusers.pipelines.deprecated.wuerstchen import PaellaVQModel
    from transformers import CLIPTextModelWithProjection

    torch.manual_seed(0)
    prior = StableCascadeUNet(
        conditioning_dim=16,
        block_out_channels=(16, 16),
        num_attention_heads=(2, 2),
        down_num_layers_per_block=(1, 1),
        up_num_layers_per_block=(1, 1),
        clip_image_in_channels=16,
        switch_level=(False,),
        clip_text_in_channels=16,
        clip_text_pooled_in_channels=16,
    )
    blocks = ("SDCascadeResBlock", "SDCascadeTimestepBlock")
    decoder = StableCascadeUNet(
        in_channels=4,
        out_channels=4,
        conditioning_dim=16,
        block_out_channels=(8, 16),
        num_attention_heads=(-1, 2),
        down_num_layers_per_block=(1, 1),
        up_num_layers_per_block=(1, 1),
        down_blocks_repeat_mappers=(1, 1),
        up_blocks_repeat_mappers=(1, 1),
        block_types_per_layer=(blocks, (*blocks, "SDCascadeAttnBlock")),
        switch_level=None,
        clip_text_pooled_in_channels=16,
        dropout=(0.1, 0.1),
    )
    tokenizer = tiny_tokenizer()
    encoder = tiny_text_encoder(tokenizer, CLIPTextModelWithProjection)
    StableCascadeCombinedPipeline(
        tokenizer=tokenizer,
        text_encoder=encoder,
        decoder=louder(decoder.eval(), 1.0),
        scheduler=DDPMWuerstchenScheduler(),
        vqgan=PaellaVQModel(bottleneck_blocks=1, num_vq_embeddings=2).eval(),
        prior_prior=louder(prior.eval(), 1.0),
        prior_text_encoder=encoder,
        prior_tokenizer=tokenizer,
        prior_scheduler=DDPMWuerstchenScheduler(),
        prior_feature_extractor=None,
        prior_image_encoder=None,
    ).save_pretrained(folder)
    return folder


def save_chroma(folder: Path) -> Path:
    """Chroma: Flux's shape with T5 alone and guidance as usual."""
    import torch
    from diffusers import ChromaPipeline, ChromaTransformer2DModel

    torch.manual_seed(0)
    transformer = ChromaTransformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        axes_dims_rope=[4, 4, 8],
        approximator_hidden_dim=32,
        approximator_layers=1,
        approximator_num_channels=16,
    )
    tokenizer = t5_tokenizer()
    ChromaPipeline(
        transformer=louder(transformer, 1.0),
        vae=vae(
            1, block_out_channels=(4,), down_block_types=("DownEncoderBlock2D",), up_block_types=("UpDecoderBlock2D",)
        ),
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=t5(tokenizer),
    ).save_pretrained(folder)
    return folder


def save_distilled_sd(folder: Path) -> Path:
    """Stable Diffusion whose guidance is an input of the U-Net."""
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline(
        **tiny_parts() | {"unet": tiny_unet(time_cond_proj_dim=32)},
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


SAVERS: dict[str, Callable[[Path], Path]] = {
    "sd": save_pipeline,
    "sd-distilled": save_distilled_sd,
    "xl": kinds.save_xl,
    "lcm": kinds.save_lcm,
    "sd3": save_sd3,
    "sd3-without-t5": lambda folder: save_sd3(folder, with_t5=False),
    "flux-schnell": kinds.save_flux,
    "flux-dev": save_flux_dev,
    "flux2-klein": language.save_flux2_klein,
    "chroma": save_chroma,
    "pixart-alpha": lambda folder: _save_pixart(folder, "PixArtAlphaPipeline"),
    "pixart-sigma": lambda folder: _save_pixart(folder, "PixArtSigmaPipeline"),
    "sana": language.save_sana,
    "auraflow": save_aura_flow,
    "qwen-image": language.save_qwen_image,
    "z-image": language.save_z_image,
    "hunyuan": save_hunyuan,
    "lumina": language.save_lumina,
    "lumina2": language.save_lumina2,
    "kandinsky3": save_kandinsky3,
    "cogview4": language.save_cogview4,
    "cascade": save_cascade,
}
