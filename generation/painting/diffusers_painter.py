"""Paints with a diffusion model. For workers: painting loads torch and the model's weights.

Fair by construction: the pictures of one call start from the same latents (each has a generator of its own
in the same state), go through the model in an order that follows from prompts and seed and not from the
caller's, and share every setting.
"""

from __future__ import annotations

import hashlib
import inspect
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.hardware import processor
from generation.painting.base import check_lengths
from generation.painting.diffusers_options import DiffusersOptions
from generation.painting.errors import OutOfMemory, PainterNotReady, PictureWithheld
from generation.painting.model_files import check_files, model_folder, model_index, weights_digest
from generation.painting.prompt_tokens import PromptTokens

if TYPE_CHECKING:
    from PIL import Image

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

# One model at a time is kept in memory: a worker paints study after study, and two models fill a GPU.
_loaded: dict[tuple[object, ...], Any] = {}
_loading = threading.RLock()


class DiffusersPainter:
    """See the module's docstring, and `Painter` for what is promised."""

    def __init__(self, options: DiffusersOptions) -> None:
        self._options = options
        # How many pictures go through the model together at most: found out where memory runs out.
        self.most_at_once: int | None = None
        # How many are to go through together, batch by batch, in order to paint again as it was done then.
        self.batches_as_then: tuple[int, ...] = ()
        # How many went through together in the last call: [4], or [2, 2] where memory ran out.
        self.last_batches: list[int] = []

    @property
    def identity(self) -> dict[str, str]:
        options = self._options
        folder = model_folder(options)
        scheduler = SCHEDULERS.get(options.scheduler) or model_index(folder)["scheduler"][1]
        return {
            "kind": "diffusers",
            "model": options.model,
            "revision": options.revision or "",
            "weights": weights_digest(folder) if options.revision is None else "",
            "variant": options.variant or "",
            "pipeline": model_index(folder)["_class_name"],
            "scheduler": scheduler,
            "steps": str(options.steps),
            "guidance": str(options.guidance),
            "size": str(options.size),
            "negative_prompt": options.negative_prompt,
            "dtype": self._dtype_name,
            "device": self._device,
            "hardware": hardware(self._device),
            **{name: version(name) for name in ("torch", "diffusers", "transformers")},
        }

    @property
    def token_limit(self) -> int:
        return self._tokens.limit

    def count_tokens(self, text: str) -> int:
        return self._tokens.count(text)

    def check_ready(self) -> None:
        """Everything that can be known before the first picture, without loading weights.

        Raises:
            PainterNotReady: with one message that says what is missing and how to mend it.
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
        index = model_index(folder)
        if options.scheduler != "model" and index["scheduler"][1].startswith("FlowMatch"):
            raise PainterNotReady(
                f"'{options.model}' works only with the scheduler it comes with: set scheduler to 'model'."
            )
        parameters = _parameters_of(index["_class_name"])
        if options.negative_prompt and ("negative_prompt" not in parameters or "true_cfg_scale" in parameters):
            raise PainterNotReady(f"'{options.model}' takes no negative prompt: leave the setting empty.")
        if options.negative_prompt and options.guidance <= 1:
            raise PainterNotReady(
                f"A negative prompt says nothing to a model at guidance {options.guidance:g}: leave it empty, or set "
                "the guidance above 1."
            )
        self._check_steps(folder)
        # Loads the tokenizers, which say themselves what is wrong with them.
        if self.count_tokens(options.negative_prompt) > self.token_limit:
            raise PainterNotReady(
                f"The negative prompt has {self.count_tokens(options.negative_prompt)} tokens and '{options.model}' "
                f"reads {self.token_limit}: shorten it."
            )

    def paint(self, prompts: Sequence[str], *, seed: int) -> list[Image.Image]:
        """All `prompts` together from the same initial latents; see `Painter.paint`.

        Where memory runs out, half as many go at once; the latents stay the same, so the pictures do too,
        to the rounding of the numbers. Equal prompts are painted once.

        Raises:
            PromptTooLong: a prompt that the model would cut.
            PictureWithheld: a picture came out black; all are to be painted again from another seed.
            OutOfMemory: not even one picture fits.
            PainterNotReady: the model cannot be loaded.
        """
        check_lengths(self, prompts)
        distinct = sorted(set(prompts), key=lambda prompt: _place_in_batch(prompt, seed))
        with _loading:
            pictures = dict(zip(distinct, self._paint_in_batches(distinct, seed), strict=True))
        return [pictures[prompt].copy() for prompt in prompts]

    def _paint_in_batches(self, prompts: Sequence[str], seed: int) -> list[Image.Image]:
        pipeline = self._pipeline()
        images: list[Image.Image] = []
        self.last_batches = []
        as_then = list(self.batches_as_then) if sum(self.batches_as_then) == len(prompts) else []
        while len(images) < len(prompts):
            left = prompts[len(images) :]
            batch = left[: as_then[0] if as_then else self.most_at_once or len(left)]
            painted = self._paint_batch(pipeline, batch, seed)
            if painted is None:
                if len(batch) == 1:
                    raise OutOfMemory(
                        f"One picture of {self._options.size} pixels does not fit into memory "
                        f"({self._device}): choose a smaller size or model, or float16 on a GPU."
                    )
                self.most_at_once, as_then = (len(batch) + 1) // 2, []
                continue
            images += painted
            self.last_batches.append(len(batch))
            as_then = as_then[1:]
        return images

    def _paint_batch(self, pipeline: Any, prompts: Sequence[str], seed: int) -> list[Image.Image] | None:
        """The pictures of one run of the model, or None where memory ran out."""
        import torch

        options = self._options
        arguments: dict[str, Any] = {
            "prompt": list(prompts),
            "width": options.size,
            "height": options.size,
            "num_inference_steps": options.steps,
            "guidance_scale": options.guidance,
            # On the processor, so that a seed means the same latents on every machine.
            "generator": [torch.Generator("cpu").manual_seed(seed) for _ in prompts],
        }
        if options.negative_prompt:
            arguments["negative_prompt"] = [options.negative_prompt] * len(prompts)
        pipeline.scheduler = self._fresh_scheduler(pipeline.earsight_scheduler)
        try:
            with torch.inference_mode(), _repeatable(torch):
                output = pipeline(**arguments)
        except (torch.OutOfMemoryError, MemoryError):
            output = None
        except RuntimeError as error:
            # The processor's allocator, and cuBLAS while it starts, say it in words only.
            if not any(words in str(error) for words in ("allocate memory", "out of memory", "ALLOC_FAILED")):
                raise
            output = None
        if output is None:
            # Outside the handler: there the traceback would still hold the tensors.
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

    def _fresh_scheduler(self, shipped: Any) -> Any:
        """The chosen sampler with the settings of the one that the model ships with.

        Made anew for each painting, since some keep state between calls.
        """
        import diffusers

        if self._options.scheduler == "model":
            return type(shipped).from_config(shipped.config)
        scheduler_class = getattr(diffusers, SCHEDULERS[self._options.scheduler])
        # Latent diffusion models are sampled without PNDM's first, Runge-Kutta steps; only PNDM's own
        # settings say so.
        extra = {"skip_prk_steps": True} if self._options.scheduler == "pndm" else {}
        return scheduler_class.from_config(shipped.config, **extra)

    def _check_steps(self, folder: Path) -> None:
        """Let the sampler lay out its steps, without a model: some take only so many."""
        import diffusers

        shipped_class = getattr(diffusers, model_index(folder)["scheduler"][1])
        if shipped_class.__name__.startswith("FlowMatch"):
            return
        try:
            shipped = shipped_class.from_pretrained(folder / "scheduler", local_files_only=True)
            self._fresh_scheduler(shipped).set_timesteps(self._options.steps)
        except (OSError, ValueError, IndexError) as error:
            raise PainterNotReady(
                f"The scheduler '{self._options.scheduler}' cannot do {self._options.steps} steps with "
                f"'{self._options.model}' ({error}): choose other steps or another scheduler."
            ) from error

    def _pipeline(self) -> Any:
        """The model on its device; loaded once per process, the model before it let go."""
        options = self._options
        key = (
            options.model,
            options.revision,
            options.variant,
            self._dtype_name,
            self._device,
            options.safety_checker,
        )
        if key not in _loaded:
            self.check_ready()
            _loaded.clear()
            _loaded[key] = _load(model_folder(options), options, self._device, self._dtype_name)
        return _loaded[key]

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
    """The part that paints, in words: the GPU's name, or the processor's."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return processor()


def _place_in_batch(prompt: str, seed: int) -> bytes:
    """A sorting key that follows from prompt and seed alone: no condition has a place of its own."""
    return hashlib.blake2b(prompt.encode(), key=str(seed).encode()[:64], digest_size=16).digest()


def _load(folder: Path, options: DiffusersOptions, device: str, dtype_name: str) -> Any:
    import torch
    from diffusers import AutoPipelineForText2Image

    arguments: dict[str, Any] = {
        "dtype": getattr(torch, dtype_name),
        "variant": options.variant,
        "use_safetensors": True,
        "local_files_only": True,
    }
    if not options.safety_checker and "safety_checker" in model_index(folder):
        arguments |= {"safety_checker": None, "requires_safety_checker": False}
    try:
        pipeline = AutoPipelineForText2Image.from_pretrained(folder, **arguments)
        pipeline = pipeline.to(device)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(f"The model '{options.model}' does not fit into memory ({device}).") from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise PainterNotReady(f"The model '{options.model}' cannot be loaded: {error}") from error
    pipeline.set_progress_bar_config(disable=True)
    pipeline.earsight_scheduler = pipeline.scheduler
    return pipeline


def _parameters_of(pipeline_name: str) -> set[str]:
    import diffusers

    return set(inspect.signature(getattr(diffusers, pipeline_name).__call__).parameters)


def _refuse_withheld(output: Any) -> None:
    flagged = getattr(output, "nsfw_content_detected", None)
    if flagged is not None and any(flagged):
        raise PictureWithheld("The model's safety checker withheld a picture.", reason="safety_checker")
    if any(image.convert("L").getextrema()[1] == 0 for image in output.images):
        raise PictureWithheld("A picture came out black.", reason="black")


@contextmanager
def _repeatable(torch: Any) -> Iterator[None]:
    """Let the GPU's library choose algorithms that give the same numbers every time."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield
