"""What each family of diffusion models takes: guidance, negative prompt, sizes, samplers. Imports nothing heavy.

One table, read from the model's own files alone: the settings page, the check before a run, the arguments of the
pipeline, the provenance and docs/painting.md (`tests/generation/painting/test_families.py`) all follow it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from generation.painting.diffusion.model_files import components, model_index
from generation.painting.errors import gettext_noop

Guidance = Literal["classifier-free", "true", "embedded", "none"]
"""How guidance reaches a model.

classifier-free: two predictions, with and without the prompt, by `guidance_scale`. true: the same by `true_cfg_scale`,
which does nothing without a negative prompt. embedded: a number that the network reads. none: nothing reads it.
"""


ALL_SAMPLERS = frozenset({"ddim", "dpm", "euler", "euler-ancestral", "heun", "lcm", "pndm", "unipc"})


@dataclass(frozen=True)
class Family:
    """A family of models.

    `pipelines`: its classes in diffusers. `off_at`: the guidance up to which classifier-free guidance is off.
    `size_step`, `sizes`: sizes are multiples of the first, and one of the second if there are any. `samplers`: the
    schedulers that may replace the model's own. `one_by_one`: its pipeline pads prompts to the longest and reads the
    padding, so a picture would depend on the prompts beside it; each is painted alone. `arguments`: what its pipeline
    is given besides. `refused`: why the family does not paint here; empty if it does.
    """

    name: str
    pipelines: tuple[str, ...]
    guidance: Guidance = "classifier-free"
    off_at: float = 1.0
    negative_prompt: bool = True
    size_step: int = 16
    sizes: tuple[int, ...] = ()
    samplers: frozenset[str] = frozenset()
    one_by_one: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    tried: bool = True


# Cleaning depends on whether Beautiful Soup is installed, so that a picture could not be painted again elsewhere.
_UNCLEANED = {"clean_caption": False}
_ONE_STAGE = gettext_noop("its stages are models in folders of their own, which do not paint together here")

FAMILIES = (
    Family(
        "Stable Diffusion 1 and 2",
        ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"),
        size_step=8,
        samplers=ALL_SAMPLERS,
    ),
    Family(
        "Stable Diffusion XL",
        ("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline"),
        size_step=8,
        samplers=ALL_SAMPLERS,
    ),
    Family("Stable Diffusion 3", ("StableDiffusion3Pipeline",)),
    Family(
        "Latent consistency (LCM)",
        ("LatentConsistencyModelPipeline",),
        "embedded",
        negative_prompt=False,
        size_step=8,
        samplers=frozenset({"lcm"}),
    ),
    Family("Flux", ("FluxPipeline",), "embedded", negative_prompt=False),
    Family("Flux 2 klein", ("Flux2KleinPipeline",), negative_prompt=False),
    Family("Chroma", ("ChromaPipeline",)),
    Family(
        "PixArt-α, PixArt-Σ",
        ("PixArtAlphaPipeline", "PixArtSigmaPipeline"),
        size_step=8,
        samplers=ALL_SAMPLERS,
        arguments=_UNCLEANED,
    ),
    Family("Sana", ("SanaPipeline",), size_step=32),
    Family("AuraFlow", ("AuraFlowPipeline",)),
    Family("Qwen-Image", ("QwenImagePipeline",), "true"),
    Family("Z-Image", ("ZImagePipeline",), off_at=0.0),
    Family("HunyuanDiT", ("HunyuanDiTPipeline",), sizes=(1024, 1280), samplers=ALL_SAMPLERS),
    Family("Lumina Next", ("LuminaPipeline",), arguments=_UNCLEANED),
    Family("Lumina 2", ("Lumina2Pipeline",)),
    Family("Kandinsky 3", ("Kandinsky3Pipeline",), size_step=64),
    Family("CogView 4", ("CogView4Pipeline",), one_by_one=True),
    Family(
        "Stable Cascade, Würstchen",
        (
            "StableCascadeCombinedPipeline",
            "StableCascadeDecoderPipeline",
            "StableCascadePriorPipeline",
            "WuerstchenCombinedPipeline",
            "WuerstchenDecoderPipeline",
            "WuerstchenPriorPipeline",
        ),
        refused=gettext_noop("the installed diffusers can no longer load its decoder"),
    ),
    Family(
        "Kandinsky 2",
        (
            "KandinskyCombinedPipeline",
            "KandinskyPipeline",
            "KandinskyPriorPipeline",
            "KandinskyV22CombinedPipeline",
            "KandinskyV22Pipeline",
            "KandinskyV22PriorPipeline",
        ),
        refused=_ONE_STAGE,
    ),
    Family(
        "DeepFloyd IF",
        ("IFPipeline", "IFSuperResolutionPipeline"),
        refused=_ONE_STAGE,
    ),
)


@dataclass(frozen=True)
class Takes:
    """What one model takes: its family's row, with what its own files say of guidance.

    `family`: a row of the table, or one made from nothing but the class's name, which is not `tried`.
    """

    family: Family
    guidance: Guidance
    negative_prompt: bool

    def as_called(self, parameters: Collection[str]) -> Takes:
        """Of a family that was not tried, what the parameters of its pipeline show; else the same."""
        if self.family.tried:
            return self
        guidance: Guidance = "none"
        if "guidance_scale" in parameters:
            guidance = "classifier-free"
        elif "true_cfg_scale" in parameters:
            guidance = "true"
        return Takes(self.family, guidance, "negative_prompt" in parameters)

    def guides(self, guidance: float) -> bool:
        """Whether this guidance has an effect on the picture."""
        if self.guidance in ("classifier-free", "true"):
            return guidance > self.family.off_at
        return self.guidance == "embedded"


def family_of(pipeline_name: str) -> Family:
    """The family of a pipeline class of diffusers; one that is not in the table is not `tried`."""
    for family in FAMILIES:
        if pipeline_name in family.pipelines:
            return family
    return Family(pipeline_name, (pipeline_name,), size_step=8, tried=False)


def what_it_takes(folder: Path) -> Takes:
    """What the model in `folder` takes, from its model_index.json and its parts' config.json.

    Raises:
        PainterNotReady: the folder holds no diffusers model.
    """
    index = model_index(folder)
    family = family_of(pipeline_name(index))
    guidance, negative_prompt = family.guidance, family.negative_prompt
    parts = components(index)
    if "FluxPipeline" in family.pipelines and not _config(folder, "transformer").get("guidance_embeds"):
        guidance = "none"  # schnell: distilled to a few steps, without any guidance
    elif "unet" in parts and _config(folder, "unet").get("time_cond_proj_dim") is not None:
        guidance, negative_prompt = "embedded", False
    elif "Flux2KleinPipeline" in family.pipelines and index.get("is_distilled"):
        guidance = "none"
    return Takes(family, guidance, negative_prompt)


def pipeline_name(index: dict[str, Any]) -> str:
    """The pipeline class that model_index.json names; of one with code of its own, the class's name."""
    name = index["_class_name"]
    return str(name[-1] if isinstance(name, list) and name else name)


def _config(folder: Path, part: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / part / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # the check of the files reports it
    return config if isinstance(config, dict) else {}
