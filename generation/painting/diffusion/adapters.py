"""LoRA adapters: find, check, identify and download them, and load them into a pipeline so that every key counts."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generation.painting.diffusion.adapter_lines import Adapter
from generation.painting.diffusion.hub import fetch_files, kept_folder
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.single_file import shapes_in
from generation.painting.errors import PainterNotReady
from study.digests import file_digest

# Keys of a LoRA file: the two factors of a change, its scale, and the magnitudes of DoRA.
_FACTOR = re.compile(r"lora(_|\.)(down|up|A|B|linear_layer)|lora_magnitude|dora_scale", re.IGNORECASE)
_SCALE = re.compile(r"\.alpha$")


def adapter_file(adapter: Adapter) -> Path:
    """The adapter's one file. Nothing is downloaded.

    Raises:
        PainterNotReady: it is not there, or it is not clear which file is meant.
    """
    path = adapter.path
    if path is None:
        path = kept_folder(adapter.name, adapter.revision, "The adapter")
        path = path / adapter.file if adapter.file else path
    if path.is_file():
        if path.suffix != ".safetensors":
            raise PainterNotReady(f"The adapter '{adapter.label}' is no .safetensors file: only those are read.")
        return path
    if not path.is_dir():
        raise PainterNotReady(
            f"The adapter '{adapter.label}' does not exist on this machine: correct the study's setting 'adapters', or "
            "fetch it with 'python manage.py fetch_models'."
        )
    files = sorted(path.glob("*.safetensors"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise PainterNotReady(
            f"The adapter '{adapter.label}' holds {len(files)} .safetensors files ({names}): name the one file to take."
        )
    return files[0]


def check_adapters(options: DiffusersOptions) -> None:
    """Check that every adapter's file is there, whole, and holds a LoRA and nothing else.

    Raises:
        PainterNotReady: the message names the adapter and what is wrong.
    """
    for adapter in options.adapter_list:
        keys = shapes_in(adapter_file(adapter))
        foreign = [key for key in keys if not _FACTOR.search(key) and not _SCALE.search(key)]
        if foreign or not keys:
            example = f": it has keys such as '{foreign[0]}'" if foreign else ": it is empty"
            raise PainterNotReady(
                f"The adapter '{adapter.label}' is not a LoRA{example}. Leave it out, or choose another file."
            )
    if options.adapters.strip() and find_spec("peft") is None:
        raise PainterNotReady(
            "LoRA adapters cannot be loaded without peft: install what workers need with "
            "\"pip install 'earsight[worker]'\"."
        )


def identity_of_adapters(options: DiffusersOptions) -> dict[str, str]:
    """The adapters with their weights and SHA-256, for the provenance; empty without adapters."""
    adapters = options.adapter_list
    if not adapters:
        return {}
    lines = [f"{each.label} weight {each.weight:g} sha256 {file_digest(adapter_file(each))}" for each in adapters]
    found = {"adapters": "\n".join(lines), "adapters_fused": str(options.adapters_fused)}
    with suppress(PackageNotFoundError):  # painting says that it is missing
        found["peft"] = version("peft")
    return found


def fetch_adapters(options: DiffusersOptions) -> list[Path]:
    """Download the adapters that are on the hub; returns the files of all."""
    for adapter in options.adapter_list:
        if adapter.path is None:
            patterns = [adapter.file or "*.safetensors"]
            fetch_files(adapter.name, adapter.revision, patterns, "The adapter")
    return [adapter_file(adapter) for adapter in options.adapter_list]


def load_adapters(pipeline: Any, options: DiffusersOptions) -> None:
    """Load the adapters of `options` into `pipeline` with their weights, fused if the options say so.

    Raises:
        PainterNotReady: an adapter does not fit the model, leaves keys unused or changes nothing.
    """
    adapters = options.adapter_list
    if not adapters:
        return
    if not hasattr(pipeline, "load_lora_weights"):
        raise PainterNotReady(f"'{options.model}' takes no LoRA adapters: leave the setting 'adapters' empty.")
    names = [f"adapter_{number}" for number in range(1, len(adapters) + 1)]
    for name, adapter in zip(names, adapters, strict=True):
        _load_adapter(pipeline, name, adapter, options.model)
    pipeline.set_adapters(names, [adapter.weight for adapter in adapters])
    if options.adapters_fused:
        pipeline.fuse_lora(components=_changed_parts(pipeline), adapter_names=names)
        pipeline.unload_lora_weights()


def _load_adapter(pipeline: Any, name: str, adapter: Adapter, model: str) -> None:
    path = adapter_file(adapter)
    in_file = _factors_in(path, adapter)
    converted: dict[str, Any] = {}
    convert = pipeline.lora_state_dict

    def noting(*args: Any, **settings: Any) -> Any:
        result = convert(*args, **settings)
        converted.update(result[0] if isinstance(result, tuple) else result)
        return result

    pipeline.lora_state_dict = noting
    try:
        pipeline.load_lora_weights(
            str(path.parent), weight_name=path.name, adapter_name=name, local_files_only=True, use_safetensors=True
        )
    except (ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PainterNotReady(
            f"The adapter '{adapter.label}' does not fit '{model}' ({first_line[:200]}): choose one made for it."
        ) from error
    finally:
        del pipeline.lora_state_dict
    wanted = [key for key in converted if not _SCALE.search(key)]
    taken = _tensors_of(pipeline, name)
    if not taken:
        raise PainterNotReady(
            f"The adapter '{adapter.label}' changes no part of '{model}': it was made for another model."
        )
    if len(taken) < len(wanted) or len(wanted) < in_file:
        unused = [key for key in wanted if _place(key) not in {_place(key) for key in taken}]
        example = f", among them '{unused[0]}'" if unused else ""
        raise PainterNotReady(
            f"The adapter '{adapter.label}' does not fit '{model}': {max(len(wanted), in_file) - len(taken)} of its "
            f"{max(len(wanted), in_file)} tensors have no place there{example}. Choose an adapter made for this model."
        )


def _factors_in(path: Path, adapter: Adapter) -> int:
    """How many tensors the file has, without scales; refuses numbers that are not finite or change nothing."""
    from safetensors.torch import load_file

    factors = {key: value.float() for key, value in load_file(path).items() if _FACTOR.search(key)}
    broken = [key for key, value in factors.items() if not value.isfinite().all()]
    if broken:
        raise PainterNotReady(f"The adapter '{adapter.label}' holds numbers that are not finite ('{broken[0]}').")
    second = [value for key, value in factors.items() if re.search(r"lora(_|\.)(up|B)", key)]
    if second and not any(value.any() for value in second):
        raise PainterNotReady(
            f"The adapter '{adapter.label}' changes nothing, all its numbers are 0: leave it out or choose another."
        )
    return len(factors)


def _tensors_of(pipeline: Any, name: str) -> list[str]:
    """The tensors of the adapter `name` that are in the pipeline, each as part.module.…"""
    import torch

    return [
        f"{part}.{key}"
        for part, module in pipeline.components.items()
        if isinstance(module, torch.nn.Module)
        for key, _ in module.named_parameters()
        if f".{name}." in f"{key}."
    ]


def _place(key: str) -> str:
    """The module that a tensor of an adapter changes, however its key is written."""
    return re.split(r"\.lora|\.dora", key)[0].replace(".text_model.", ".").replace(".processor", "")


def _changed_parts(pipeline: Any) -> list[str]:
    return [
        name for name in pipeline._lora_loadable_modules if getattr(getattr(pipeline, name, None), "peft_config", 0)
    ]
