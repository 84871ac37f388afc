"""Parts of tiny models: tokenizers, text encoders and autoencoders at a small size, with random weights."""

from __future__ import annotations

from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;-<>'\"/_()|"


def t5_tokenizer(max_length: int = 512):
    from transformers import T5Tokenizer

    pieces = ["<pad>", "</s>", "<unk>", "▁", *LETTERS]
    vocabulary = [(piece, -float(number)) for number, piece in enumerate(pieces)]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0, model_max_length=max_length)


def t5(tokenizer, width: int = 16, kind: str = "T5"):
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


def gemma_tokenizer():
    from transformers import GemmaTokenizer

    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *LETTERS]
    tokenizer = GemmaTokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])
    return starting_with(tokenizer, "<bos>")


def starting_with(tokenizer, token: str):
    """The tokenizer with a token before each text, as the real one has: an empty prompt is not empty to the encoder."""
    from tokenizers.processors import TemplateProcessing

    number = tokenizer.convert_tokens_to_ids(token)
    tokenizer._tokenizer.post_processor = TemplateProcessing(single=f"{token} $A", special_tokens=[(token, number)])
    return tokenizer


def gemma(tokenizer, family: str = "Gemma2", head: str = "Model"):
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


def qwen_tokenizer():
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    tokens = [*sorted(ByteLevel.alphabet()), "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Qwen2Tokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    )
    return tokenizer


def qwen3(tokenizer, head: str = "Model", layers: int = 2):
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


def deep_vae(channels: int = 4, **changes: Any):
    """A variational autoencoder with an eighth of the picture's side, as some pipelines take for granted."""
    shape = {
        "block_out_channels": (2, 2, 2, 4),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "mid_block_add_attention": False,  # of a large picture it would take most of a test's time
    }
    return vae(channels, **shape | changes)


def vae(channels: int = 4, **changes: Any):
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


def flow():
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler()


def louder(module, factor: float = 4.0):
    """Strengthen what the text does: with weights as small as at the start of training it would hardly show."""
    import torch

    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                weight.normal_(0, factor * 0.1)
            elif not weight.abs().sum():
                weight.normal_(0, 0.1)
    return module
