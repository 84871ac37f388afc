"""The sampler of a diffusion model: the model's own, or another one with the same settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generation.painting.diffusion.model_files import components, model_index
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.errors import PainterNotReady

SCHEDULERS = {
    "ddim": "DDIMScheduler",
    "dpm": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-ancestral": "EulerAncestralDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "lcm": "LCMScheduler",
    "pndm": "PNDMScheduler",
    "unipc": "UniPCMultistepScheduler",
}


def scheduler_class_name(options: DiffusersOptions, folder: Path) -> str:
    """The class of the chosen sampler in diffusers."""
    return SCHEDULERS.get(options.scheduler) or _shipped_name(folder)


def _shipped_name(folder: Path) -> str:
    name = components(model_index(folder)).get("scheduler")
    if name is None:
        raise PainterNotReady(f"The model in '{folder}' names no scheduler: it is no text-to-image diffusion model.")
    return name


def fresh_scheduler(choice: str, shipped: Any) -> Any:
    """The chosen sampler with the settings of `shipped`, the one that the model ships with.

    Build one for each run of the model: some keep state between runs.
    """
    import diffusers

    if choice == "model":
        return type(shipped).from_config(shipped.config)
    scheduler_class = getattr(diffusers, SCHEDULERS[choice])
    # Latent diffusion models are sampled without PNDM's first, Runge-Kutta steps; the settings of other samplers
    # lack this.
    extra = {"skip_prk_steps": True} if choice == "pndm" else {}
    return scheduler_class.from_config(shipped.config, **extra)


def check_scheduler(options: DiffusersOptions, folder: Path) -> None:
    """Check sampler and number of steps without loading the model: some samplers accept only certain numbers.

    Raises:
        PainterNotReady: the sampler does not fit the model, or cannot do the steps.
    """
    import diffusers

    shipped_name = _shipped_name(folder)
    if shipped_name.startswith("FlowMatch"):
        return  # it takes any number of steps, and needs the pipeline's own settings for them
    try:
        shipped = getattr(diffusers, shipped_name).from_pretrained(folder / "scheduler", local_files_only=True)
        fresh_scheduler(options.scheduler, shipped).set_timesteps(options.steps)
    except (OSError, ValueError, IndexError) as error:
        raise PainterNotReady(
            f"The scheduler '{options.scheduler}' cannot do {options.steps} steps with "
            f"'{options.model}' ({error}): choose other steps or another scheduler."
        ) from error
