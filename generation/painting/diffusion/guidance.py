"""Guidance and negative prompt as a model takes them: the pipeline's arguments, and what had an effect."""

from __future__ import annotations

from typing import Any

from generation.painting.diffusion.families import Takes
from generation.painting.diffusion.options import DiffusersOptions

# True guidance is switched on by a negative prompt; a space is the empty one that the authors of Qwen-Image use.
EMPTY_NEGATIVE_PROMPT = " "


def guidance_arguments(options: DiffusersOptions, takes: Takes, pictures: int) -> dict[str, Any]:
    """The arguments of the pipeline for guidance and negative prompt of so many pictures."""
    negative_prompt = used_negative_prompt(options, takes)
    arguments: dict[str, Any] = {}
    if takes.guidance == "true":
        arguments["true_cfg_scale"] = options.guidance if takes.guides(options.guidance) else 1.0
    elif takes.guidance != "none":
        arguments["guidance_scale"] = options.guidance
    if negative_prompt:
        arguments["negative_prompt"] = [negative_prompt] * pictures
    return arguments


def used_negative_prompt(options: DiffusersOptions, takes: Takes) -> str:
    """The negative prompt that goes into the model; empty if none does."""
    if takes.guidance == "true" and takes.guides(options.guidance):
        return options.negative_prompt or EMPTY_NEGATIVE_PROMPT
    return options.negative_prompt


def effects(options: DiffusersOptions, takes: Takes) -> dict[str, str]:
    """What had an effect on the pictures, for their provenance."""
    guides = takes.guides(options.guidance)
    return {
        "family": takes.family.name if takes.family.tried else "not tried",
        "guidance": str(options.guidance) if guides else "none",
        "guidance_kind": takes.guidance if guides else "none",
        "negative_prompt": used_negative_prompt(options, takes),
    }
