"""The diffusion model in memory: loaded once per process, one model at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from generation.painting.diffusion.adapters import identity_of_adapters, load_adapters
from generation.painting.diffusion.memory import loading_arguments, place
from generation.painting.diffusion.model_files import components, identity_of_files, model_folder, model_index
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.prompt_limits import forbid_cuts
from generation.painting.diffusion.prompt_tokens import PromptTokens
from generation.painting.diffusion.single_file import load_single_file
from generation.painting.diffusion.weights import LoadedPart, recorded_parts
from generation.painting.errors import OutOfMemory, PainterNotReady


class LoadedModel(NamedTuple):
    """A diffusers pipeline on its device, the scheduler that the model ships with, and the account of its weights."""

    pipeline: Any
    shipped_scheduler: Any
    parts: tuple[LoadedPart, ...] = ()
    files: Mapping[str, str] = {}
    """What its files were when they were loaded, as the provenance names them: the disk may hold others by now."""


# One model at a time: a worker paints for one study after another, and two models would fill a GPU.
_loaded: dict[tuple[object, ...], LoadedModel] = {}

model_lock = threading.RLock()
"""Held while a model is loaded and while it paints."""


def load_model(options: DiffusersOptions, device: str, dtype: str, *, check_ready: Callable[[], None]) -> LoadedModel:
    """The model of `options` on `device`, from its files as they are now.

    Before loading, `check_ready` is called and another model is released.

    Raises:
        OutOfMemory, PainterNotReady
    """
    with model_lock:
        files = files_of(options)
        key = (dtype, device, *_what_is_loaded(options, files))
        if key not in _loaded:
            check_ready()
            _loaded.clear()
            model = _load(options, device, dtype)
            if files_of(options) != files:
                raise PainterNotReady(
                    f"The files of the model '{options.model}' changed while they were read: start again when they "
                    "have been copied completely."
                )
            _loaded[key] = model._replace(files=files)
        return _loaded[key]


def files_of(options: DiffusersOptions) -> dict[str, str]:
    """What the files of model and adapters are now, for the provenance."""
    return identity_of_files(options) | identity_of_adapters(options)


def _what_is_loaded(options: DiffusersOptions, files: Mapping[str, str]) -> tuple[object, ...]:
    """The settings that make another model in memory, with the content of the files."""
    settings = options.model_dump(
        exclude={"scheduler", "steps", "guidance", "size", "negative_prompt", "images_at_once", "dtype", "device"}
    )
    return (*sorted((name, str(value)) for name, value in settings.items()), *files.values())


def _load(options: DiffusersOptions, device: str, dtype: str) -> LoadedModel:
    import torch
    from diffusers import AutoPipelineForText2Image

    folder = model_folder(options)
    index = model_index(folder)
    parts = components(index)
    number_format = getattr(torch, dtype)
    arguments: dict[str, Any] = {
        # Parts that the model was saved without, such as the T5 of Stable Diffusion 3: diffusers asks for them.
        **{name: None for name, value in index.items() if isinstance(value, list) and value and value[0] is None},
        "dtype": number_format,
        "variant": options.variant,
        "use_safetensors": True,
        "local_files_only": True,
    }
    if not options.safety_checker and "safety_checker" in index:
        arguments |= {"safety_checker": None, "requires_safety_checker": False}
    try:
        with recorded_parts() as loaded:
            if options.is_single_file:
                pipeline = load_single_file(options, index, parts, number_format)
            else:
                arguments |= loading_arguments(options, parts, number_format)
                pipeline = AutoPipelineForText2Image.from_pretrained(folder, **arguments)
        load_adapters(pipeline, options)
        pipeline = place(pipeline, options, device, number_format, parts)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(f"The model '{options.model}' does not fit into memory ({device}).") from error
    except PainterNotReady:
        raise
    except Exception as error:  # each library raises its own; none of them concerns a single clip
        raise PainterNotReady(f"The model '{options.model}' cannot be loaded: {error}") from error
    pipeline.set_progress_bar_config(disable=True)
    forbid_cuts(getattr(pipeline, name) for name in PromptTokens(folder).readers)
    return LoadedModel(pipeline, pipeline.scheduler, tuple(loaded))
