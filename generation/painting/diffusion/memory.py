"""Where a model's weights lie and in which format, and whether torch compiles them: diffusers' own switches."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.errors import PainterNotReady

# The package that each weight format needs, and its name in diffusers.
_BACKENDS = {"int8": "torchao", "4bit": "bitsandbytes"}
COMPILER = "inductor"


def denoiser_of(parts: Mapping[str, str]) -> str:
    """The name of the part that denoises.

    Raises:
        PainterNotReady: the model has none that these settings could change.
    """
    for name in ("transformer", "unet"):
        if name in parts:
            return name
    raise PainterNotReady(
        "The model has no single denoiser: set weight_format to 'dtype' and leave compiled off for it."
    )


def check_memory(options: DiffusersOptions, device: str, dtype: str, parts: Mapping[str, str]) -> None:
    """Check weight format, offloading and compiler without loading the model.

    Raises:
        PainterNotReady: the device or this machine cannot do it; the message says what to set.
    """
    if options.weight_format != "dtype" or options.compiled:
        denoiser_of(parts)
    if device != "cuda":
        if options.offload != "none":
            raise PainterNotReady(
                "Offloading frees a GPU's memory and this worker has no GPU: set offload to 'none', or start the "
                "worker on a machine with a GPU."
            )
        if options.weight_format == "4bit":
            raise PainterNotReady("4bit weights need a GPU: set weight_format to 'fp8' or 'dtype'.")
    package = _BACKENDS.get(options.weight_format)
    if package is not None and find_spec(package) is None:
        raise PainterNotReady(
            f"{options.weight_format} weights need the package {package}, which is not installed: run "
            f"'pip install {package}' for the workers, or set weight_format to 'fp8' or 'dtype'."
        )
    if options.weight_format == "int8" and dtype == "float16":
        raise PainterNotReady("int8 weights are computed in bfloat16 or float32: set the dtype to one of them.")
    if options.compiled:
        _check_compiler(device)


def _check_compiler(device: str) -> None:
    missing = []
    if not any(shutil.which(name) for name in ("g++", "c++", "clang++")):
        missing.append("a C++ compiler (g++)")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        missing.append("Python's headers (Python.h)")
    if device == "cuda" and find_spec("triton") is None:
        missing.append("the package triton")
    if missing:
        raise PainterNotReady(
            f"torch cannot compile the model here, {' and '.join(missing)} missing: install what is missing, or leave "
            "compiled off."
        )


def loading_arguments(options: DiffusersOptions, parts: Mapping[str, str], dtype: Any) -> dict[str, Any]:
    """What `from_pretrained` is given to load the denoiser's weights in another format."""
    if options.weight_format not in _BACKENDS:
        return {}
    import diffusers

    if options.weight_format == "int8":
        from torchao.quantization import Int8WeightOnlyConfig

        chosen: Any = diffusers.TorchAoConfig(Int8WeightOnlyConfig())
    else:
        chosen = diffusers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    mapping = {denoiser_of(parts): chosen}
    return {"quantization_config": diffusers.PipelineQuantizationConfig(quant_mapping=mapping)}


def place(pipeline: Any, options: DiffusersOptions, device: str, dtype: Any, parts: Mapping[str, str]) -> Any:
    """Put the pipeline's weights where the options want them, in their format, and compile its denoiser if asked."""
    import torch

    if options.weight_format == "fp8":
        getattr(pipeline, denoiser_of(parts)).enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype
        )
    if options.offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    elif options.offload == "sequential":
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline = pipeline.to(device)
    if options.compiled:
        getattr(pipeline, denoiser_of(parts)).compile(backend=COMPILER)
    return pipeline


def identity_of_memory(options: DiffusersOptions) -> dict[str, str]:
    """What of these settings can change a picture's rounding, for the provenance; empty as they are by default."""
    found: dict[str, str] = {}
    if options.weight_format != "dtype":
        found["weight_format"] = options.weight_format
        package = _BACKENDS.get(options.weight_format)
        if package:
            found[package] = version(package)
    if options.offload != "none":
        found["offload"] = options.offload
    if options.compiled:
        found["compiled"] = COMPILER
    return found
