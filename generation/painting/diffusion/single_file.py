"""A model that is one .safetensors file: its configuration, its parts, and loading it without any guess.

diffusers' `from_single_file` converts the keys. It also looks up a configuration on the network, takes parts from
elsewhere and ignores keys that it does not know, each in silence: here each is decided beforehand or refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

from generation.painting.diffusion.adapter_lines import is_local
from generation.painting.diffusion.hub import fetch_files, kept_folder
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.errors import PainterNotReady

# What a configuration is made of: settings and vocabularies, no weights.
CONFIGURATION_FILES = ("*.json", "**/*.json", "*.txt", "**/*.txt", "**/*.model")
# Parts whose weights may lie in the file, and how their keys begin there: (part, class) → prefixes. A T5 is the third
# encoder of Stable Diffusion 3 and the second of Flux.
_VAE = ("first_stage_model.", "vae.")
_CLIP = {
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0.", "text_encoders.clip_l."),
    "text_encoder_2": ("conditioner.embedders.1.", "text_encoders.clip_g."),
}
_T5 = ("text_encoders.t5xxl.",)
_DENOISER = "model.diffusion_model."
_DENOISERS = ("unet", "transformer")
# Beside the parts: a training's running averages and the constants of its schedule.
_OF_NO_PART = ("model_ema.", "first_stage_model.loss.", "denoiser.", "ema.")
_WITHOUT_WEIGHTS = ("tokenizer", "scheduler", "feature_extractor", "image_processor", "processor")


def configuration_folder(options: DiffusersOptions) -> Path:
    """The folder with the settings and vocabularies of a single file's model. Nothing is downloaded.

    Raises:
        PainterNotReady: no such folder, or a model of the hub that was never fetched.
    """
    assert options.config is not None
    if not is_local(options.config):
        return kept_folder(options.config, options.config_revision, "The configuration")
    folder = Path(options.config).expanduser()
    if not folder.is_dir():
        raise PainterNotReady(
            f"The configuration '{options.config}' does not exist: correct the study's setting 'config'."
        )
    return folder


def checkpoint_path(options: DiffusersOptions) -> Path:
    """The model's file. Nothing is downloaded.

    Raises:
        PainterNotReady: no such file, or one of the hub that was never fetched.
    """
    if options.checkpoint is None:
        assert options.folder is not None
        if not options.folder.is_file():
            raise PainterNotReady(f"The model's file '{options.model}' does not exist: correct the setting 'model'.")
        return options.folder
    path = kept_folder(options.model, options.revision, "The model") / options.checkpoint
    if not path.is_file():
        raise PainterNotReady(
            f"The file '{options.checkpoint}' of '{options.model}' is not on this machine: fetch it with "
            "'python manage.py fetch_models', and correct the setting 'checkpoint' if the model has no such file."
        )
    return path


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """The keys of a safetensors file and the shapes of their tensors, read from its header.

    Raises:
        PainterNotReady: the file is damaged, cut short, or no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise PainterNotReady(
            f"'{path}' is damaged, was not downloaded whole, or is no safetensors file ({error}): copy it again."
        ) from error


def check_single_file(options: DiffusersOptions, parts: Mapping[str, str]) -> Path:
    """Check that the file is whole and that it and its configuration have all `parts`; returns the latter's folder.

    Raises:
        PainterNotReady: the message names everything that is missing.
    """
    folder, path = configuration_folder(options), checkpoint_path(options)
    elsewhere = parts_elsewhere(parts, shapes_in(path))
    faults = []
    for name in parts:
        if name in ("safety_checker", "feature_extractor", "image_encoder"):
            continue
        if not (folder / name).is_dir():
            faults.append(f"the configuration has no folder '{name}'")
        elif not name.startswith(_WITHOUT_WEIGHTS) and not (folder / name / "config.json").is_file():
            faults.append(f"the configuration has no '{name}/config.json'")
        elif name in elsewhere and not has_weights(folder / name):
            faults.append(f"neither the file nor the configuration has the weights of '{name}'")
    if faults:
        raise PainterNotReady(
            f"The model '{path.name}' with the configuration '{options.config}' is not complete: {'; '.join(faults)}. "
            "Choose the whole model that the file was made from as its configuration, and fetch it if it is on the hub."
        )
    return folder


def has_weights(folder: Path) -> bool:
    return any(folder.glob("*.safetensors"))


def parts_elsewhere(parts: Mapping[str, str], keys: Iterable[str]) -> list[str]:
    """The parts with weights that the file does not hold: they come from the configuration's folder."""
    known = list(keys)
    return [
        name
        for name, class_name in parts.items()
        if not name.startswith((*_WITHOUT_WEIGHTS, "safety_checker", "image_encoder"))
        and not _is_within(name, class_name, known)
    ]


def _prefixes(name: str, class_name: str) -> tuple[str, ...]:
    if name == "vae":
        return _VAE
    return _T5 if class_name.startswith("T5") else _CLIP.get(name, ())


def _is_within(name: str, class_name: str, keys: Iterable[str]) -> bool:
    if name in _DENOISERS:
        return True
    prefixes = _prefixes(name, class_name)
    return any(key.startswith(prefixes) for key in keys) if prefixes else False


def load_single_file(options: DiffusersOptions, index: Mapping[str, Any], parts: Mapping[str, str], dtype: Any) -> Any:
    """The pipeline of a single file, on the processor.

    Raises:
        PainterNotReady: the file does not fit its configuration: keys are missing or left over, or shapes differ.
    """
    import diffusers
    from diffusers.loaders.single_file_utils import SingleFileComponentError

    folder, path = configuration_folder(options), checkpoint_path(options)
    pipeline_class: Any = getattr(diffusers, index["_class_name"], None)
    if not hasattr(pipeline_class, "from_single_file"):
        raise PainterNotReady(
            f"diffusers reads no single file of the kind '{index['_class_name']}': convert '{path.name}' to a folder."
        )
    shapes = shapes_in(path)
    given = {name: _load_part(folder, index[name], name, dtype) for name in parts_elsewhere(parts, shapes)}
    given |= _safety_checker(options, folder, index, parts, dtype)
    misfit = f"The file '{path.name}' does not fit the configuration '{options.config}'"
    try:
        pipeline = pipeline_class.from_single_file(
            str(path), config=str(folder), torch_dtype=dtype, local_files_only=True, **given
        )
    except (SingleFileComponentError, ValueError, KeyError, RuntimeError, OSError, AttributeError, IndexError) as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PainterNotReady(
            f"{misfit} ({first_line[:200]}): choose the model that it was made from as its configuration."
        ) from error
    faults = [fault for name in parts if name not in given for fault in _faults_of(pipeline, name, parts[name], shapes)]
    if faults:
        raise PainterNotReady(f"{misfit}: {'; '.join(faults)}. Choose the model that it was made from, or convert it.")
    return pipeline


def _load_part(folder: Path, kind: Any, name: str, dtype: Any) -> Any:
    import importlib

    part_class = getattr(importlib.import_module(kind[0]), kind[1])
    return part_class.from_pretrained(
        folder / name, torch_dtype=dtype, local_files_only=True, use_safetensors=True
    ).eval()


def _safety_checker(
    options: DiffusersOptions, folder: Path, index: Mapping[str, Any], parts: Mapping[str, str], dtype: Any
) -> dict[str, Any]:
    """The safety checker of the configuration's folder if that has one with weights; a single file holds none."""
    if "safety_checker" not in index:
        return {}
    if not (options.safety_checker and "safety_checker" in parts and has_weights(folder / "safety_checker")):
        return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    return {
        "safety_checker": StableDiffusionSafetyChecker.from_pretrained(
            folder / "safety_checker", torch_dtype=dtype, local_files_only=True, use_safetensors=True
        )
    }


def _faults_of(pipeline: Any, name: str, class_name: str, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """What of one part was not in the file, or is in the file and was not used.

    Converting splits, joins and turns tensors but keeps their numbers: a part's keys hold as many as the part has.
    """
    import torch

    part = getattr(pipeline, name, None)
    if not isinstance(part, torch.nn.Module):
        return []
    missing = [key for key, value in part.state_dict().items() if value.is_meta]
    if missing:
        return [f"'{name}' lacks {len(missing)} of its tensors, among them '{missing[0]}'"]
    if name in _DENOISERS:
        own = {key for key in shapes if key.startswith(_DENOISER)} or {key for key in shapes if not _is_of_a_part(key)}
    else:
        own = {key for key in shapes if key.startswith(_prefixes(name, class_name))}
        if any(key.startswith("cond_stage_model.model.") for key in own):
            return []  # Stable Diffusion 2: its file has a layer more than is used
    own = {key for key in own if not key.startswith(_OF_NO_PART) and not key.endswith(("position_ids", "logit_scale"))}
    in_file = sum(prod(shapes[key]) for key in own)
    used = sum(value.numel() for key, value in part.state_dict().items() if not key.endswith("position_ids"))
    if in_file > used:
        return [f"its keys for '{name}' hold {in_file:,} numbers and {used:,} have a place there"]
    return []


def _is_of_a_part(key: str) -> bool:
    return key.startswith((*_VAE, *_T5, *(prefix for prefixes in _CLIP.values() for prefix in prefixes), *_OF_NO_PART))


def fetch_single_file(options: DiffusersOptions) -> None:
    """Download the file, its configuration, and the weights of the parts that the file lacks, as far as on the hub."""
    if options.checkpoint is not None:
        fetch_files(options.model, options.revision, [options.checkpoint], "The model")
    if options.config is None or is_local(options.config):
        return
    folder = fetch_files(options.config, options.config_revision, CONFIGURATION_FILES, "The configuration")
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # the check that follows names it
    parts = {name: kind[1] for name, kind in index.items() if isinstance(kind, list) and kind[1:] and kind[1]}
    missing = parts_elsewhere(parts, shapes_in(checkpoint_path(options)))
    if missing:
        patterns = [f"{name}/*.safetensors*" for name in missing]
        fetch_files(options.config, options.config_revision, [*CONFIGURATION_FILES, *patterns], "The configuration")
