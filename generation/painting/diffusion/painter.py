"""Paint with a diffusion model. For workers: painting loads torch and the model's weights.

No condition has an advantage: the pictures of one call start from the same latents (each has its own generator in the
same state), pass through the model in an order that depends on prompts and seed but not on the caller, and share every
setting.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from generation.hardware import processor
from generation.painting.base import Painted, check_lengths
from generation.painting.diffusion.adapters import identity_of_adapters
from generation.painting.diffusion.loaded_model import LoadedModel, load_model, model_lock
from generation.painting.diffusion.memory import check_memory, identity_of_memory
from generation.painting.diffusion.model_files import (
    check_files,
    components,
    identity_of_files,
    model_folder,
    model_index,
)
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.prompt_tokens import PromptTokens
from generation.painting.diffusion.schedulers import check_scheduler, fresh_scheduler, scheduler_class_name
from generation.painting.errors import OutOfMemory, PainterNotReady, PictureWithheld

if TYPE_CHECKING:
    from PIL import Image


class DiffusersPainter:
    """A `Painter` that runs a model of the diffusers library; see the module's docstring."""

    def __init__(self, options: DiffusersOptions) -> None:
        self._options = options
        # The most pictures that go through the model together: as set, and fewer once memory ran out; None for all.
        self.max_batch: int | None = options.images_at_once

    @property
    def identity(self) -> dict[str, str]:
        options = self._options
        folder = model_folder(options)
        return {
            "kind": "diffusers",
            "model": options.model,
            **identity_of_files(options),
            "variant": options.variant or "",
            "pipeline": model_index(folder)["_class_name"],
            "scheduler": scheduler_class_name(options, folder),
            "steps": str(options.steps),
            "guidance": str(options.guidance),
            "size": str(options.size),
            "negative_prompt": options.negative_prompt,
            "dtype": self._dtype_name,
            "device": self._device,
            "hardware": hardware(self._device),
            **identity_of_adapters(options),
            **identity_of_memory(options),
            **{name: version(name) for name in ("torch", "diffusers", "transformers")},
        }

    @property
    def token_limit(self) -> int:
        return self._tokens.limit

    def count_tokens(self, text: str) -> int:
        return self._tokens.count(text)

    def check_ready(self) -> None:
        """Check everything that can be checked without loading weights.

        Raises:
            PainterNotReady: the message names what is missing and how to fix it.
        """
        folder = check_files(self._options)
        options = self._options
        if options.device == "cuda" and self._device != "cuda":
            raise PainterNotReady(
                "The study asks for a GPU and torch sees none: set its device to 'cpu' or 'auto', "
                "or start this worker on a machine with a GPU and a torch built for it."
            )
        if self._device == "cpu" and self._dtype_name == "float16":
            raise PainterNotReady("float16 needs a GPU: set the dtype to 'float32' or 'auto'.")
        check_memory(options, self._device, self._dtype_name, components(model_index(folder)))
        check_scheduler(options, folder)
        parameters = _parameters_of(model_index(folder)["_class_name"])
        if options.negative_prompt and ("negative_prompt" not in parameters or "true_cfg_scale" in parameters):
            raise PainterNotReady(f"'{options.model}' takes no negative prompt: leave the setting empty.")
        if options.negative_prompt and options.guidance <= 1:
            raise PainterNotReady(
                f"A negative prompt has no effect at guidance {options.guidance:g}: "
                "leave it empty, or set the guidance above 1."
            )
        # Counting loads the tokenizers, which raise PainterNotReady if something is wrong with them.
        if self.count_tokens(options.negative_prompt) > self.token_limit:
            raise PainterNotReady(
                f"The negative prompt has {self.count_tokens(options.negative_prompt)} tokens and '{options.model}' "
                f"reads {self.token_limit}: shorten it."
            )

    def paint(self, prompts: Sequence[str], *, seed: int, batch_sizes: Sequence[int] | None = None) -> Painted:
        """Paint all `prompts` from the same initial latents; see `Painter.paint`.

        If memory runs out, the batch is halved; the latents stay the same, so the pictures are equal up to rounding.
        Equal prompts are painted once.

        Raises:
            PromptTooLong: the model would cut a prompt.
            PictureWithheld: a picture came out black; paint all again from another seed.
            OutOfMemory: not even one picture fits.
            PainterNotReady: the model cannot be loaded.
        """
        check_lengths(self, prompts)
        distinct = sorted(set(prompts), key=lambda prompt: _batch_order_key(prompt, seed))
        with model_lock:
            painted = self._paint_in_batches(distinct, seed, batch_sizes or ())
        pictures = dict(zip(distinct, painted.images, strict=True))
        return Painted([pictures[prompt].copy() for prompt in prompts], painted.batch_sizes)

    def _paint_in_batches(self, prompts: Sequence[str], seed: int, batch_sizes: Sequence[int]) -> Painted:
        model = self._model()
        images: list[Image.Image] = []
        sizes: list[int] = []
        wanted = list(batch_sizes) if sum(batch_sizes) == len(prompts) else []
        while len(images) < len(prompts):
            left = prompts[len(images) :]
            batch = left[: wanted[0] if wanted else self.max_batch or len(left)]
            painted = self._paint_batch(model, batch, seed)
            if painted is None:
                if len(batch) == 1:
                    raise OutOfMemory(
                        f"One picture of {self._options.size} pixels does not fit into memory "
                        f"({self._device}): choose a smaller size or model, or float16 on a GPU."
                    )
                self.max_batch, wanted = (len(batch) + 1) // 2, []
                continue
            images += painted
            sizes.append(len(batch))
            wanted = wanted[1:]
        return Painted(images, tuple(sizes))

    def _paint_batch(self, model: LoadedModel, prompts: Sequence[str], seed: int) -> list[Image.Image] | None:
        """The pictures of one run of the model, or None if memory ran out."""
        import torch

        options = self._options
        arguments: dict[str, Any] = {
            "prompt": list(prompts),
            "width": options.size,
            "height": options.size,
            "num_inference_steps": options.steps,
            "guidance_scale": options.guidance,
            # On the processor, so that a seed gives the same latents on every machine.
            "generator": [torch.Generator("cpu").manual_seed(seed) for _ in prompts],
        }
        if options.negative_prompt:
            arguments["negative_prompt"] = [options.negative_prompt] * len(prompts)
        model.pipeline.scheduler = fresh_scheduler(options.scheduler, model.shipped_scheduler)
        try:
            # Without cuDNN's benchmarking, which would choose algorithms by their speed on this run.
            with (
                torch.inference_mode(),
                torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
            ):
                output = model.pipeline(**arguments)
        except (torch.OutOfMemoryError, MemoryError):
            output = None
        except RuntimeError as error:
            if options.compiled and type(error).__module__.startswith("torch._"):
                raise PainterNotReady(
                    f"torch could not compile '{options.model}' ({type(error).__name__}): leave compiled off."
                ) from error
            # The processor's allocator and cuBLAS raise a plain RuntimeError; only its text shows that memory ran out.
            if not any(words in str(error) for words in ("allocate memory", "out of memory", "ALLOC_FAILED")):
                raise
            output = None
        if output is None:
            # Not in the handler above: the traceback there still refers to the tensors.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            return None
        _refuse_withheld(output)
        if (painted := output.images[0].size) != (options.size, options.size):
            raise PainterNotReady(
                f"'{options.model}' paints {painted[0]} × {painted[1]} pixels where {options.size} are asked for: set "
                "the size to a multiple of 16, or to what the model paints."
            )
        return list(output.images)

    def _model(self) -> LoadedModel:
        return load_model(self._options, self._device, self._dtype_name, check_ready=self.check_ready)

    @cached_property
    def _tokens(self) -> PromptTokens:
        return PromptTokens(model_folder(self._options))

    @cached_property
    def _device(self) -> str:
        import torch

        return "cuda" if self._options.device != "cpu" and torch.cuda.is_available() else "cpu"

    @property
    def _dtype_name(self) -> str:
        if self._options.dtype != "auto":
            return self._options.dtype
        return "float16" if self._device == "cuda" else "float32"


def hardware(device: str) -> str:
    """The name of the GPU or processor that paints."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return processor()


def _batch_order_key(prompt: str, seed: int) -> bytes:
    """A sorting key from prompt and seed alone, so that no condition always has the same place in the batch."""
    return hashlib.blake2b(prompt.encode(), key=str(seed).encode()[:64], digest_size=16).digest()


def _parameters_of(pipeline_name: str) -> set[str]:
    import diffusers

    return set(inspect.signature(getattr(diffusers, pipeline_name).__call__).parameters)


def _refuse_withheld(output: Any) -> None:
    flagged = getattr(output, "nsfw_content_detected", None)
    if flagged is not None and any(flagged):
        raise PictureWithheld("The model's safety checker withheld a picture.", reason="safety_checker")
    if any(image.convert("L").getextrema()[1] == 0 for image in output.images):
        raise PictureWithheld("A picture came out black.", reason="black")
