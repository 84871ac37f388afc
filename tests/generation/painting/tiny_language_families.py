"""Tiny models of the families that read prompts with a language model."""

from __future__ import annotations

from pathlib import Path

from tests.generation.painting.tiny_parts import (
    deep_vae,
    flow,
    gemma,
    gemma_tokenizer,
    louder,
    qwen3,
    qwen_tokenizer,
    starting_with,
    vae,
)


def save_sana(folder: Path) -> Path:
    """Sana: a linear transformer, the deep autoencoder, Gemma as encoder, a flow that DPM-Solver samples."""
    import torch
    from diffusers import AutoencoderDC, DPMSolverMultistepScheduler, SanaPipeline, SanaTransformer2DModel

    torch.manual_seed(0)
    transformer = SanaTransformer2DModel(
        patch_size=1,
        in_channels=4,
        out_channels=4,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=4,
        num_cross_attention_heads=2,
        cross_attention_head_dim=4,
        cross_attention_dim=8,
        caption_channels=16,
        sample_size=16,
    )
    vae = AutoencoderDC(
        in_channels=3,
        latent_channels=4,
        attention_head_dim=2,
        encoder_block_types=("ResBlock",) * 3 + ("EfficientViTBlock",),
        decoder_block_types=("ResBlock",) * 3 + ("EfficientViTBlock",),
        encoder_block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        encoder_qkv_multiscales=((), (), (), (5,)),
        decoder_qkv_multiscales=((), (), (), (5,)),
        encoder_layers_per_block=(1, 1, 1, 1),
        decoder_layers_per_block=[1, 1, 1, 1],
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
        scaling_factor=0.41407,
    )
    tokenizer = gemma_tokenizer()
    scheduler = DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)
    SanaPipeline(
        transformer=louder(transformer, 1.0),
        vae=vae,
        scheduler=scheduler,
        tokenizer=tokenizer,
        text_encoder=gemma(tokenizer),
    ).save_pretrained(folder)
    return folder


def save_qwen_image(folder: Path) -> Path:
    """Qwen-Image: the language part of a vision-language model as encoder, true guidance."""
    import torch
    from diffusers import AutoencoderKLQwenImage, QwenImagePipeline, QwenImageTransformer2DModel
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    transformer = QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=3,
        joint_attention_dim=16,
        guidance_embeds=False,
        axes_dims_rope=(8, 4, 4),
    )
    vae = AutoencoderKLQwenImage(
        base_dim=24,
        z_dim=4,
        dim_mult=[1, 2, 4],
        num_res_blocks=1,
        temperal_downsample=[False, True],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    tokenizer = qwen_tokenizer()
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"},
        "rope_theta": 1000000.0,
    }
    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    encoder = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision)).eval()
    QwenImagePipeline(
        transformer=louder(transformer, 1.0),
        vae=louder(vae, 2.0),
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=encoder,
    ).save_pretrained(folder)
    return folder


def save_lumina(folder: Path) -> Path:
    """Lumina Next: Gemma as encoder, a flow."""
    import torch
    from diffusers import LuminaNextDiT2DModel, LuminaPipeline

    torch.manual_seed(0)
    transformer = LuminaNextDiT2DModel(
        sample_size=4,
        patch_size=2,
        in_channels=4,
        hidden_size=16,
        num_layers=2,
        num_attention_heads=1,
        num_kv_heads=1,
        multiple_of=16,
        ffn_dim_multiplier=None,
        norm_eps=1e-5,
        learn_sigma=True,
        qk_norm=True,
        cross_attention_dim=16,
        scaling_factor=1.0,
    )
    tokenizer = gemma_tokenizer()
    LuminaPipeline(
        transformer=transformer,
        vae=deep_vae(shift_factor=None),
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=gemma(tokenizer, "Gemma", "ForCausalLM"),
    ).save_pretrained(folder)
    return folder


def save_lumina2(folder: Path) -> Path:
    """Lumina 2: Gemma 2 as encoder, a flow."""
    import torch
    from diffusers import Lumina2Pipeline, Lumina2Transformer2DModel

    torch.manual_seed(0)
    transformer = Lumina2Transformer2DModel(
        sample_size=4,
        patch_size=2,
        in_channels=4,
        hidden_size=8,
        num_layers=2,
        num_attention_heads=1,
        num_kv_heads=1,
        multiple_of=16,
        ffn_dim_multiplier=None,
        norm_eps=1e-5,
        scaling_factor=1.0,
        axes_dim_rope=[4, 2, 2],
        cap_feat_dim=16,
    )
    tokenizer = gemma_tokenizer()
    Lumina2Pipeline(
        transformer=transformer,
        vae=deep_vae(),
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=gemma(tokenizer),
    ).save_pretrained(folder)
    return folder


def save_cogview4(folder: Path) -> Path:
    """CogView 4: GLM as encoder, a flow."""
    import torch
    from diffusers import CogView4Pipeline, CogView4Transformer2DModel, FlowMatchEulerDiscreteScheduler
    from transformers import GlmConfig, GlmModel

    torch.manual_seed(0)
    transformer = CogView4Transformer2DModel(
        patch_size=2,
        in_channels=4,
        num_layers=2,
        attention_head_dim=4,
        num_attention_heads=4,
        out_channels=4,
        text_embed_dim=16,
        time_embed_dim=8,
        condition_dim=4,
    )
    tokenizer = starting_with(qwen_tokenizer(), "<|im_start|>")
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    encoder = GlmModel(
        GlmConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            pad_token_id=end,
            eos_token_id=end,
        )
    ).eval()
    scheduler = FlowMatchEulerDiscreteScheduler(
        base_shift=0.25, max_shift=0.75, base_image_seq_len=256, use_dynamic_shifting=True, time_shift_type="linear"
    )
    CogView4Pipeline(
        transformer=louder(transformer, 3.0),
        vae=vae(shift_factor=None),
        scheduler=scheduler,
        tokenizer=tokenizer,
        text_encoder=encoder,
    ).save_pretrained(folder)
    return folder


def save_z_image(folder: Path) -> Path:
    """Z-Image: Qwen 3 as encoder, a flow; guidance counts from 0 instead of 1."""
    import torch
    from diffusers import ZImagePipeline, ZImageTransformer2DModel

    torch.manual_seed(0)
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        qk_norm=True,
        cap_feat_dim=16,
        rope_theta=256.0,
        t_scale=1000.0,
        axes_dims=[8, 4, 4],
        axes_lens=[256, 32, 32],
    )
    with torch.no_grad():
        transformer.x_pad_token.fill_(1.0)
        transformer.cap_pad_token.fill_(1.0)
    tokenizer = qwen_tokenizer()
    ZImagePipeline(
        transformer=transformer,
        vae=vae(16),
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=qwen3(tokenizer),
    ).save_pretrained(folder)
    return folder


def save_flux2_klein(folder: Path) -> Path:
    """Flux 2 klein: Qwen 3 as encoder."""
    import torch
    from diffusers import AutoencoderKLFlux2, Flux2KleinPipeline, Flux2Transformer2DModel

    torch.manual_seed(0)
    transformer = Flux2Transformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=256,
        axes_dims_rope=[4, 4, 4, 4],
        guidance_embeds=False,
    )
    vae = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",),
        up_block_types=("UpDecoderBlock2D",),
        block_out_channels=(4,),
        layers_per_block=1,
        latent_channels=1,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    tokenizer = qwen_tokenizer()
    Flux2KleinPipeline(
        transformer=louder(transformer, 2.0),
        vae=vae,
        scheduler=flow(),
        tokenizer=tokenizer,
        text_encoder=qwen3(tokenizer, "ForCausalLM", 28),
        is_distilled=False,
    ).save_pretrained(folder)
    return folder
