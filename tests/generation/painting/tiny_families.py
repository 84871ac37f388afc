"""A tiny model of each family in the product's table: the real parts at a small size, with random weights.

`SAVERS` has a function for each; the shapes follow the dummy components of diffusers' own tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.generation.painting import kinds
from tests.generation.painting.conftest import save_pipeline, tiny_parts, tiny_text_encoder, tiny_tokenizer, tiny_unet

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;-<>'\"/_()|"


def _t5_tokenizer(max_length: int = 512):
    from transformers import T5Tokenizer

    pieces = ["<pad>", "</s>", "<unk>", "▁", *LETTERS]
    vocabulary = [(piece, -float(number)) for number, piece in enumerate(pieces)]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0, model_max_length=max_length)


def _t5(tokenizer, width: int = 16, kind: str = "T5"):
    import torch
    import transformers

    torch.manual_seed(1)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer),
        d_model=width,
        d_ff=32,
        d_kv=8,
        num_heads=2,
        num_layers=1,
        is_encoder_decoder=False,
    )
    return getattr(transformers, f"{kind}EncoderModel")(config).eval()


def _gemma_tokenizer():
    from transformers import GemmaTokenizer

    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *LETTERS]
    tokenizer = GemmaTokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])
    return _starting_with(tokenizer, "<bos>")


def _starting_with(tokenizer, token: str):
    """The tokenizer with a token before each text, as the real one has: an empty prompt is not empty to the encoder."""
    from tokenizers.processors import TemplateProcessing

    number = tokenizer.convert_tokens_to_ids(token)
    tokenizer._tokenizer.post_processor = TemplateProcessing(single=f"{token} $A", special_tokens=[(token, number)])
    return tokenizer


def _gemma(tokenizer, family: str = "Gemma2", head: str = "Model"):
    import torch
    import transformers

    torch.manual_seed(1)
    config = getattr(transformers, f"{family}Config")(
        vocab_size=len(tokenizer),
        head_dim=8,
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=2,
        num_key_value_heads=2,
    )
    return getattr(transformers, f"{family}{head}")(config).eval()


def _qwen_tokenizer():
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    tokens = [*sorted(ByteLevel.alphabet()), "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Qwen2Tokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    )
    return tokenizer


def _qwen3(tokenizer, head: str = "Model", layers: int = 2):
    import torch
    import transformers

    torch.manual_seed(1)
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
    )
    return getattr(transformers, f"Qwen3{head}")(config).eval()


def _deep_vae(channels: int = 4, **changes: Any):
    """A variational autoencoder with an eighth of the picture's side, as some pipelines take for granted."""
    shape = {
        "block_out_channels": (2, 2, 2, 4),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "mid_block_add_attention": False,  # of a large picture it would take most of a test's time
    }
    return _vae(channels, **shape | changes)


def _vae(channels: int = 4, **changes: Any):
    """A variational autoencoder with half of the picture's side."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(2)
    shape = {
        "block_out_channels": (4, 8),
        "down_block_types": ("DownEncoderBlock2D", "DownEncoderBlock2D"),
        "up_block_types": ("UpDecoderBlock2D", "UpDecoderBlock2D"),
        "latent_channels": channels,
        "norm_num_groups": 2,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
        "shift_factor": 0.06,
        "scaling_factor": 1.5,
    }
    return AutoencoderKL(**shape | changes)


def _flow():
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler()


def _louder(module, factor: float = 4.0):
    """Strengthen what the text does: with weights as small as at the start of training it would hardly show."""
    import torch

    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                weight.normal_(0, factor * 0.1)
            elif not weight.abs().sum():
                weight.normal_(0, 0.1)
    return module


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
    clip, long_reader = tiny_tokenizer(), _t5_tokenizer()
    StableDiffusion3Pipeline(
        transformer=_louder(transformer, 1.0),
        scheduler=_flow(),
        vae=_vae(),
        text_encoder=tiny_text_encoder(clip, CLIPTextModelWithProjection),
        tokenizer=clip,
        text_encoder_2=tiny_text_encoder(clip, CLIPTextModelWithProjection),
        tokenizer_2=clip,
        text_encoder_3=_t5(long_reader, 32) if with_t5 else None,
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
    tokenizer = _t5_tokenizer()
    getattr(diffusers, pipeline_name)(
        transformer=_louder(transformer, 1.0),
        vae=_deep_vae(shift_factor=None),
        scheduler=diffusers.DPMSolverMultistepScheduler(),
        tokenizer=tokenizer,
        text_encoder=_t5(tokenizer),
    ).save_pretrained(folder)
    return folder


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
    tokenizer = _gemma_tokenizer()
    scheduler = DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)
    SanaPipeline(
        transformer=_louder(transformer, 1.0),
        vae=vae,
        scheduler=scheduler,
        tokenizer=tokenizer,
        text_encoder=_gemma(tokenizer),
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
    tokenizer = _t5_tokenizer()
    AuraFlowPipeline(
        transformer=_louder(transformer, 3.0),
        vae=_vae(),
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=_louder(_t5(tokenizer, kind="UMT5"), 3.0),
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
    tokenizer = _qwen_tokenizer()
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
        transformer=_louder(transformer, 1.0),
        vae=_louder(vae, 2.0),
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=encoder,
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
    long_reader = _t5_tokenizer(256)
    bert = BertConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    HunyuanDiTPipeline(
        transformer=_louder(transformer, 1.0),
        vae=_deep_vae(shift_factor=None),
        scheduler=DDPMScheduler(prediction_type="v_prediction", steps_offset=1),
        text_encoder=BertModel(bert).eval(),
        tokenizer=words,
        text_encoder_2=_t5(long_reader),
        tokenizer_2=long_reader,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
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
    tokenizer = _gemma_tokenizer()
    LuminaPipeline(
        transformer=transformer,
        vae=_deep_vae(shift_factor=None),
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=_gemma(tokenizer, "Gemma", "ForCausalLM"),
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
    tokenizer = _gemma_tokenizer()
    Lumina2Pipeline(
        transformer=transformer,
        vae=_deep_vae(),
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=_gemma(tokenizer),
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
    tokenizer = _t5_tokenizer()
    Kandinsky3Pipeline(
        tokenizer=tokenizer, text_encoder=_t5(tokenizer), unet=unet, scheduler=scheduler, movq=movq
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
        decoder=_louder(decoder.eval(), 1.0),
        scheduler=DDPMWuerstchenScheduler(),
        vqgan=PaellaVQModel(bottleneck_blocks=1, num_vq_embeddings=2).eval(),
        prior_prior=_louder(prior.eval(), 1.0),
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
    tokenizer = _t5_tokenizer()
    ChromaPipeline(
        transformer=_louder(transformer, 1.0),
        vae=_vae(
            1, block_out_channels=(4,), down_block_types=("DownEncoderBlock2D",), up_block_types=("UpDecoderBlock2D",)
        ),
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=_t5(tokenizer),
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
    tokenizer = _starting_with(_qwen_tokenizer(), "<|im_start|>")
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
        transformer=_louder(transformer, 3.0),
        vae=_vae(shift_factor=None),
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
    tokenizer = _qwen_tokenizer()
    ZImagePipeline(
        transformer=transformer,
        vae=_vae(16),
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=_qwen3(tokenizer),
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
    tokenizer = _qwen_tokenizer()
    Flux2KleinPipeline(
        transformer=_louder(transformer, 2.0),
        vae=vae,
        scheduler=_flow(),
        tokenizer=tokenizer,
        text_encoder=_qwen3(tokenizer, "ForCausalLM", 28),
        is_distilled=False,
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
    "flux2-klein": save_flux2_klein,
    "chroma": save_chroma,
    "pixart-alpha": lambda folder: _save_pixart(folder, "PixArtAlphaPipeline"),
    "pixart-sigma": lambda folder: _save_pixart(folder, "PixArtSigmaPipeline"),
    "sana": save_sana,
    "auraflow": save_aura_flow,
    "qwen-image": save_qwen_image,
    "z-image": save_z_image,
    "hunyuan": save_hunyuan,
    "lumina": save_lumina,
    "lumina2": save_lumina2,
    "kandinsky3": save_kandinsky3,
    "cogview4": save_cogview4,
    "cascade": save_cascade,
}
