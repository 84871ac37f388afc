"""A saved Stable Diffusion as one file, with the keys of the original code, as single-file models come."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
# The denoiser of `tiny_unet`, whose blocks have one layer: each part with its place in the original code.
_UNET = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "down_blocks.0.resnets.0": "input_blocks.1.0",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
    "down_blocks.1.resnets.0": "input_blocks.3.0",
    "down_blocks.1.attentions.0": "input_blocks.3.1",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "up_blocks.0.resnets.0": "output_blocks.0.0",
    "up_blocks.0.attentions.0": "output_blocks.0.1",
    "up_blocks.0.resnets.1": "output_blocks.1.0",
    "up_blocks.0.attentions.1": "output_blocks.1.1",
    "up_blocks.0.upsamplers.0": "output_blocks.1.2",
    "up_blocks.1.resnets.0": "output_blocks.2.0",
    "up_blocks.1.resnets.1": "output_blocks.3.0",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def unet_key(key: str) -> str:
    part = max((part for part in _UNET if key.startswith(f"{part}.")), key=len)
    rest = key.removeprefix(f"{part}.")
    if ".resnets." in part or part.startswith("mid_block.resnets"):
        name, _, last = rest.rpartition(".")
        rest = f"{_RESNET[name]}.{last}"
    return f"model.diffusion_model.{_UNET[part]}.{rest}"


def vae_key(key: str) -> str:
    last_up = 1  # two blocks, counted from the other end
    key = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", key)
    key = re.sub(r"up_blocks\.(\d)\.resnets", lambda found: f"up.{last_up - int(found[1])}.block", key)
    key = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", key)
    key = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda found: f"up.{last_up - int(found[1])}.upsample", key)
    key = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", key)
    if "mid_block.attentions.0" in key:
        before, _, rest = key.partition("mid_block.attentions.0.")
        name, _, last = rest.rpartition(".")
        key = f"{before}mid.attn_1.{_VAE_ATTENTION[name]}.{last}"
    return "first_stage_model." + key.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")


def clip_key(key: str) -> str:
    return "transformer.text_model." + key.removeprefix("text_model.")


_OPEN_CLIP = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "final_layer_norm": "ln_final",
    "encoder.layers.": "transformer.resblocks.",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn": "attn",
}


def open_clip_tensors(encoder: dict, prefix: str) -> dict:
    """The tensors of a CLIP encoder as OpenCLIP names them, with query, key and value in one."""
    import torch

    found, joined = {}, {}
    for key, value in encoder.items():
        if key == "text_projection.weight":
            found[f"{prefix}text_projection"] = value.T.contiguous()
            continue
        new = key.removeprefix("text_model.")
        for ours, theirs in _OPEN_CLIP.items():
            new = new.replace(ours, theirs)
        if (part := re.search(r"\.([qkv])_proj\.(weight|bias)$", new)) is not None:
            joined.setdefault(f"{new[: part.start()]}.in_proj_{part[2]}", {})[part[1]] = value
        else:
            found[prefix + new] = value.contiguous()
    return found | {prefix + key: torch.cat([parts[name] for name in "qkv"]) for key, parts in joined.items()}


def single_file_tensors(model: Path, *, clip: str = "cond_stage_model.") -> dict:
    """All tensors of the saved model by the keys of the original code; `clip`: where the first encoder lies."""
    from safetensors.torch import load_file

    found = {}
    if (second := model / "text_encoder_2" / "model.safetensors").is_file():
        found |= open_clip_tensors(load_file(second), "conditioner.embedders.1.model.")
    for folder, name, rename in (
        ("unet", "diffusion_pytorch_model", unet_key),
        ("vae", "diffusion_pytorch_model", vae_key),
        ("text_encoder", "model", lambda key: clip + clip_key(key)),
    ):
        for key, value in load_file(model / folder / f"{name}.safetensors").items():
            new = rename(key)
            if "mid.attn_1" in new and value.ndim == 2:
                value = value[:, :, None, None]  # a convolution of one pixel there
            found[new] = value.contiguous()
    return found


def save_tensors(tensors: dict, path: Path) -> Path:
    from safetensors.torch import save_file

    save_file(tensors, path)
    return path


def configuration_of(model: Path, folder: Path) -> Path:
    """The model's settings and vocabularies without any weights."""
    return Path(shutil.copytree(model, folder, ignore=shutil.ignore_patterns("*.safetensors")))
