"""A diffusion model's files on this machine: find, check, identify and download them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generation.painting.diffusion.adapters import check_adapters, fetch_adapters
from generation.painting.diffusion.hub import kept_folder, not_fetched
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.single_file import (
    check_single_file,
    checkpoint_path,
    configuration_folder,
    fetch_single_file,
)
from generation.painting.errors import PainterNotReady
from study.digests import file_digest, path_digest

# Parts of a pipeline without weights, also as parts of a first stage ("prior_tokenizer").
_WITHOUT_WEIGHTS = ("tokenizer", "scheduler", "feature_extractor", "image_processor", "processor")
# Files that hold a vocabulary whole, each of them enough. Without any, transformers makes an empty one in silence.
_VOCABULARIES = ("tokenizer.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "vocab.txt")
_BYTE_PAIRS = ("vocab.json", "merges.txt")  # only together


def model_folder(options: DiffusersOptions) -> Path:
    """The folder with the model's files, of a single file the one with its configuration. Nothing is downloaded.

    Raises:
        PainterNotReady: no such folder, or a model of the hub that was never fetched.
    """
    if options.is_single_file:
        return configuration_folder(options)
    folder = options.folder
    if folder is not None:
        if not folder.is_dir():
            raise PainterNotReady(
                f"The model's folder '{options.model}' does not exist: correct the study's setting 'model'."
            )
        return folder
    return kept_folder(options.model, options.revision, "The model")


def model_index(folder: Path) -> dict[str, Any]:
    """The model's table of contents, `model_index.json`.

    Raises:
        PainterNotReady: the folder holds no diffusers model.
    """
    path = folder / "model_index.json"
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(index, dict) or "_class_name" not in index:
            raise ValueError("no pipeline is named")
    except FileNotFoundError:
        raise PainterNotReady(
            f"'{folder}' holds no diffusers model: model_index.json is missing. Choose the folder that "
            "has it (a single .safetensors file is named itself, with its configuration)."
        ) from None
    except (OSError, ValueError) as error:
        raise PainterNotReady(f"'{path}' cannot be read ({error}): fetch the model again.") from error
    return index


def components(index: dict[str, Any]) -> dict[str, str]:
    """The parts of the model: name → class name."""
    return {
        name: value[1]
        for name, value in index.items()
        if isinstance(value, list) and len(value) == 2 and value[0] is not None and value[1] is not None
    }


def check_files(options: DiffusersOptions) -> Path:
    """Check that every part of the model is there and every weight file is complete; returns the folder.

    Raises:
        PainterNotReady: the message names everything that is missing.
    """
    check_adapters(options)
    folder = model_folder(options)
    parts = components(model_index(folder))
    if options.is_single_file:
        check_single_file(options, parts)
        parts = {name: kind for name, kind in parts.items() if "tokenizer" in name}
    faults = []
    for name in parts:
        kind = name.removeprefix("prior_")
        if name == "safety_checker" and not options.safety_checker:
            continue
        if not (folder / name).is_dir():
            faults.append(f"the folder '{name}' is missing")
        elif kind.startswith("tokenizer"):
            faults += _vocabulary_faults(folder / name)
        elif not kind.startswith(_WITHOUT_WEIGHTS):
            faults += _weight_faults(folder / name, options.variant)
    if faults:
        remedy = (
            "fetch it again with 'python manage.py fetch_models'" if options.folder is None else "copy it again whole"
        )
        raise PainterNotReady(
            f"The model '{options.model}' is not complete: {'; '.join(faults)}. To repair it, {remedy}."
        )
    if options.is_single_file:
        return folder
    if options.variant and not any(_is_of(file, options.variant) for file in folder.glob("*/*.safetensors")):
        raise PainterNotReady(
            f"The model '{options.model}' has no weight files of the variant '{options.variant}': leave the setting "
            "'variant' empty, or fetch them."
        )
    return folder


def _vocabulary_faults(folder: Path) -> list[str]:
    if any((folder / name).exists() for name in _VOCABULARIES):
        return []
    missing = [name for name in _BYTE_PAIRS if not (folder / name).exists()]
    if not missing:
        return []
    if len(missing) == len(_BYTE_PAIRS):
        return [f"'{folder.name}' has no vocabulary (tokenizer.json, vocab.json with merges.txt, spiece.model …)"]
    return [f"'{folder.name}/{missing[0]}' is missing"]


def _is_of(file: Path, variant: str) -> bool:
    return f".{variant}." in file.name or f".{variant}-" in file.name


def _weight_files(folder: Path, variant: str | None) -> list[Path]:
    """The weight files of one part; those of the variant, if there are any."""
    files = sorted(folder.glob("*.safetensors"))
    if variant:
        return [file for file in files if _is_of(file, variant)] or files
    return files


def _weight_faults(folder: Path, variant: str | None) -> list[str]:
    from safetensors import SafetensorError, safe_open

    files = _weight_files(folder, variant)
    if not files:
        if any(folder.glob("*.bin")):
            return [f"'{folder.name}' has weights only as .bin, which could run code; safetensors are needed"]
        return [f"the weights of '{folder.name}' are missing"]
    faults = []
    for list_of_shards in folder.glob("*.safetensors.index*.json"):
        shards = set(json.loads(list_of_shards.read_text(encoding="utf-8")).get("weight_map", {}).values())
        faults += [f"'{folder.name}/{shard}' is missing" for shard in sorted(shards) if not (folder / shard).exists()]
    for file in files:
        try:
            with safe_open(file, framework="numpy"):
                pass
        except (SafetensorError, OSError):
            faults.append(f"'{folder.name}/{file.name}' is damaged or was not downloaded whole")
    return faults


def weights_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a local model's files, as it has no revision to identify it."""
    return path_digest(folder)


def identity_of_files(options: DiffusersOptions) -> dict[str, str]:
    """What the model's files are, for the provenance: the hub's commit, or the SHA-256 of everything."""
    if not options.is_single_file:
        digest = weights_digest(model_folder(options)) if options.revision is None else ""
        return {"revision": options.revision or "", "weights": digest}
    assert options.config is not None
    is_folder = options.config_revision is None
    return {
        "revision": options.revision or "",
        "weights": file_digest(checkpoint_path(options)),
        "checkpoint": options.checkpoint or "",
        "config": options.config,
        "config_revision": options.config_revision or "",
        "config_files": weights_digest(configuration_folder(options)) if is_folder else "",
    }


def fetch_model(options: DiffusersOptions) -> Path:
    """Download the model of `options` and its adapters unless they are on this machine already; returns its folder.

    Raises:
        PainterNotReady: no connection, no such model or revision, a model that asks for a licence first.
    """
    fetch_adapters(options)
    if options.is_single_file:
        fetch_single_file(options)
    if options.is_single_file or options.folder is not None:
        return check_files(options)
    from diffusers import DiffusionPipeline

    try:
        DiffusionPipeline.download(
            options.model, revision=options.revision, variant=options.variant, use_safetensors=True
        )
    except Exception as error:
        raise not_fetched(options.model, options.revision, "The model", error) from error
    return check_files(options)
