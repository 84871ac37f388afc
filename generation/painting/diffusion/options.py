"""The settings of a diffusion model. Imports nothing heavy: forms are built from them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from generation.painting.diffusion.adapter_lines import HUB_NAME, Adapter, is_local, parse_adapters

_COMMIT = r"^[0-9a-f]{40}$"
_COULD_RUN_CODE = (".ckpt", ".pt", ".pth", ".bin")


class DiffusersOptions(BaseModel):
    """A text-to-image diffusion model: Stable Diffusion 1.5, XL, turbo and LCM kinds, Flux and others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["diffusers"] = Field("diffusers", description="A diffusion model run on our own machine.")
    model: str = Field(
        min_length=1,
        description="Name on the model hub ('owner/name'), or a folder or a .safetensors file (it starts with '/', "
        "'./' or '~').",
    )
    revision: str | None = Field(
        None,
        pattern=_COMMIT,
        description="The model's commit on the hub, 40 digits, so that it stays the same; none for a folder.",
    )
    variant: str | None = Field(
        None,
        pattern=r"^[\w-]+$",
        description="Which of the model's weight files, for instance 'fp16'; usually empty.",
    )
    checkpoint: str | None = Field(
        None,
        pattern=r"^[\w][\w./ -]*\.safetensors$",
        description="For a model on the hub that is one file: the file's name there; else empty.",
    )
    config: str | None = Field(
        None,
        description="For a single file: name on the hub or folder of the model it was made from, for its settings, "
        "tokenizers and the parts that the file lacks; else empty.",
    )
    config_revision: str | None = Field(
        None, pattern=_COMMIT, description="The commit of that model on the hub, 40 digits; none for a folder."
    )
    adapters: str = Field(
        "",
        max_length=4000,
        description="LoRA adapters, one a line: a .safetensors file or folder, or 'owner/name@commit', then a space "
        "and its weight (1 if none is given).",
    )
    adapters_fused: bool = Field(
        False,
        description="Whether adapters are added into the model's weights first: faster, equal up to rounding.",
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
    weight_format: Literal["dtype", "fp8", "int8", "4bit"] = Field(
        "dtype",
        description="How the denoiser's weights are kept: 'dtype' as they compute; 'fp8' in half the memory of float16;"
        " 'int8' (torchao) and '4bit' (bitsandbytes, on a GPU) where those packages are installed.",
    )
    device: Literal["auto", "cuda", "cpu"] = Field("auto", description="Where to paint; 'auto' takes a GPU if any.")
    offload: Literal["none", "model", "sequential"] = Field(
        "none",
        description="What waits in the machine's memory until the GPU needs it: nothing, whole parts of the model, or "
        "single layers, which is far slower.",
    )
    images_at_once: int | None = Field(
        None,
        ge=1,
        le=8,
        description="How many images of a clip go through the model together; empty for all, or as many as fit.",
    )
    compiled: bool = Field(
        False, description="Whether torch compiles the denoiser: minutes at the start, then faster steps."
    )
    safety_checker: bool = Field(
        True, description="Whether the model's own safety checker looks at each picture, if it has one."
    )

    @property
    def folder(self) -> Path | None:
        """The local folder or file, or None for a name on the hub."""
        return Path(self.model).expanduser() if is_local(self.model) else None

    @property
    def is_single_file(self) -> bool:
        """Whether the model is one .safetensors file instead of a folder of parts."""
        return self.checkpoint is not None or (self.folder is not None and self.folder.suffix == ".safetensors")

    @property
    def adapter_list(self) -> tuple[Adapter, ...]:
        """The adapters, in the order of their lines."""
        return parse_adapters(self.adapters)

    @property
    def files(self) -> dict[str, Path]:
        """The files and folders of this machine that the painter reads, by the option that names each."""
        named = {"model": self.model, "config": self.config}  # a commit on the hub is its own digest
        paths = {name: Path(value).expanduser() for name, value in named.items() if value and is_local(value)}
        own = [adapter.path for adapter in self.adapter_list if adapter.path is not None]
        return paths | {f"adapter {number}": path for number, path in enumerate(own, start=1)}

    @field_validator("model")
    @classmethod
    def _folder_or_hub_name(cls, model: str) -> str:
        if not is_local(model) and not HUB_NAME.fullmatch(model):
            raise ValueError(
                f"'{model}' is neither 'owner/name' on the hub nor a folder, which starts with '/', './' or '~'."
            )
        if is_local(model) and Path(model).suffix in _COULD_RUN_CODE:
            raise ValueError(
                f"'{model}' could run code when it is read: take the model's .safetensors file, or convert it to one."
            )
        return model

    @field_validator("adapters")
    @classmethod
    def _readable_adapters(cls, adapters: str) -> str:
        parse_adapters(adapters)
        # One way to write them, so that a browser's line ends make no other settings.
        return "\n".join(line.strip() for line in adapters.splitlines() if line.strip())

    @model_validator(mode="after")
    def _reproducible(self) -> DiffusersOptions:
        if self.folder is None and self.revision is None:
            raise ValueError(
                f"'{self.model}' needs a revision: the 40-digit commit on the model's page, "
                "or pictures could not be made again after the model changes."
            )
        if self.config and not is_local(self.config):
            if not HUB_NAME.fullmatch(self.config):
                raise ValueError(f"The configuration '{self.config}' is neither 'owner/name' nor a folder.")
            if self.config_revision is None:
                raise ValueError(f"The configuration '{self.config}' needs its revision, a 40-digit commit.")
        return self

    @model_validator(mode="after")
    def _single_file(self) -> DiffusersOptions:
        if self.checkpoint and self.folder is not None:
            raise ValueError("A checkpoint is named for a model on the hub only: give the file's path as the model.")
        if self.is_single_file and not self.config:
            raise ValueError(
                f"'{self.checkpoint or self.model}' is a single file and needs a configuration: the folder or hub name "
                "of the model that it was made from. It is never guessed."
            )
        if self.config and not self.is_single_file:
            raise ValueError("A configuration has an effect for a single .safetensors file only: leave it empty.")
        if self.is_single_file and self.variant:
            raise ValueError("A variant has no effect for a single file: leave it empty.")
        if self.is_single_file and self.weight_format in ("int8", "4bit"):
            raise ValueError(
                f"The weights of a single file cannot be kept as {self.weight_format}: choose 'fp8', or convert the "
                "model to a folder."
            )
        return self

    @model_validator(mode="after")
    def _fits_the_device(self) -> DiffusersOptions:
        if self.device == "cpu" and self.dtype == "float16":
            raise ValueError("float16 needs a GPU: set the dtype to 'float32' or 'auto', or the device to 'auto'.")
        if self.device == "cpu" and self.offload != "none":
            raise ValueError("Offloading frees a GPU's memory and does nothing on a processor: set offload to 'none'.")
        if self.device == "cpu" and self.weight_format == "4bit":
            raise ValueError(
                "4bit weights need a GPU: set the weight_format to 'fp8' or 'dtype', or the device to 'auto'."
            )
        return self

    @model_validator(mode="after")
    def _fit_each_other(self) -> DiffusersOptions:
        if self.adapters_fused and not self.adapters.strip():
            raise ValueError("No adapter is there to be fused: name adapters, or leave adapters_fused off.")
        if self.weight_format in ("int8", "4bit") and self.adapters_fused:
            raise ValueError(f"Adapters cannot be fused into {self.weight_format} weights: leave adapters_fused off.")
        if self.compiled and (self.offload != "none" or self.weight_format != "dtype"):
            raise ValueError(
                "A compiled denoiser cannot move between memories or change its weights' format: set offload to 'none' "
                "and weight_format to 'dtype', or leave compiled off."
            )
        if self.offload == "sequential" and self.weight_format != "dtype":
            raise ValueError("Layers of another weight format cannot be offloaded singly: set offload to 'model'.")
        return self
