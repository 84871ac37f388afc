"""The settings of a diffusion model. Imports nothing heavy: forms are built from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


class DiffusersOptions(BaseModel):
    """A text-to-image diffusion model: Stable Diffusion 1.5, XL, turbo and LCM kinds, Flux and others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["diffusers"] = Field("diffusers", description="A diffusion model run on our own machine.")
    model: str = Field(
        min_length=1,
        description="Name on the model hub ('owner/name'), or a folder (it starts with '/', './' or '~').",
    )
    revision: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{40}$",
        description="The model's commit on the hub, 40 digits, so that it stays the same; none for a folder.",
    )
    variant: str | None = Field(
        None,
        pattern=r"^[\w-]+$",
        description="Which of the model's weight files, for instance 'fp16'; usually empty.",
    )
    scheduler: Literal["model", "ddim", "dpm", "euler", "euler-ancestral", "heun", "lcm", "pndm", "unipc"] = Field(
        "model", description="The sampler; 'model' takes the one that the model comes with."
    )
    steps: int = Field(30, ge=1, le=500, description="Denoising steps; turbo and LCM kinds want 1 to 8.")
    guidance: float = Field(
        7.5, ge=0, le=50, description="How strictly the picture follows the prompt; 0 for turbo kinds."
    )
    size: int = Field(
        512,
        ge=32,
        le=2048,
        multiple_of=8,
        description="Width and height in pixels: 512 for SD 1.5, 1024 for XL.",
    )
    negative_prompt: str = Field(
        "", description="What the picture should not show, the same for all conditions; empty for none."
    )
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        "auto", description="Number format; 'auto' is float16 on a GPU and float32 on a processor."
    )
    device: Literal["auto", "cuda", "cpu"] = Field("auto", description="Where to paint; 'auto' takes a GPU if any.")
    safety_checker: bool = Field(
        True, description="Whether the model's own safety checker looks at each picture, if it has one."
    )

    @property
    def folder(self) -> Path | None:
        """The local folder, or None for a name on the hub."""
        return Path(self.model).expanduser() if self.model[0] in "/.~\\" or ":" in self.model else None

    @property
    def files(self) -> dict[str, Path]:
        """The files and folders of this machine that the painter reads, by the option that names each."""
        return {} if self.folder is None else {"model": self.folder}  # a commit on the hub is its own digest

    @field_validator("model")
    @classmethod
    def _folder_or_hub_name(cls, model: str) -> str:
        is_folder = model[0] in "/.~\\" or ":" in model
        if not is_folder and not _HUB_ID.fullmatch(model):
            raise ValueError(
                f"'{model}' is neither 'owner/name' on the hub nor a folder, which starts with '/', './' or '~'."
            )
        return model

    @model_validator(mode="after")
    def _reproducible(self) -> DiffusersOptions:
        if self.folder is None and self.revision is None:
            raise ValueError(
                f"'{self.model}' needs a revision: the 40-digit commit on the model's page, "
                "or pictures could not be made again after the model changes."
            )
        if self.device == "cpu" and self.dtype == "float16":
            raise ValueError("float16 needs a GPU: set the dtype to 'float32' or 'auto', or the device to 'auto'.")
        return self
