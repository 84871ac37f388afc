"""Paint with a diffusion model. For workers: painting loads torch and the model's weights.

No condition has an advantage: the pictures of one call start from the same latents (each has its own generator in the
same state), pass through the model in an order that depends on prompts and seed but not on the caller, and share every
setting.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from generation.hardware import processor
from generation.painting.base import Painted, PaintingError, check_lengths
from generation.painting.diffusion.families import Takes, pipeline_name, what_it_takes
from generation.painting.diffusion.guidance import effects, guidance_arguments
from generation.painting.diffusion.loaded_model import LoadedModel, files_of, load_model, model_lock
from generation.painting.diffusion.memory import check_memory, identity_of_memory
from generation.painting.diffusion.model_files import (
    check_files,
    components,
    model_folder,
    model_index,
)
from generation.painting.diffusion.options import DiffusersOptions
from generation.painting.diffusion.prompt_tokens import PromptTokens
from generation.painting.diffusion.proof import PROBE_STEPS, Proof, prove, prove_effects
from generation.painting.diffusion.schedulers import check_scheduler, fresh_scheduler, scheduler_class_name
from generation.painting.diffusion.settings_check import check_settings
from generation.painting.errors import OutOfMemory, PainterNotReady, PictureWithheld

if TYPE_CHECKING:
    from PIL import Image


class DiffusersPainter:
    """A `Painter` that runs a model of the diffusers library; see the module's docstring."""

    def __init__(self, options: DiffusersOptions) -> None:
        self._options = options
        # The most pictures that go through the model together: as set, and fewer once memory ran out; None for all.
        self.max_batch: int | None = options.images_at_once
        self._proof: tuple[LoadedModel, Proof] | None = None
        # What the files were that painted last: those on the disk may be others by now.
        self._painted_from: Mapping[str, str] | None = None

    @property
    def identity(self) -> dict[str, str]:
        options = self._options
        folder = model_folder(options)
        return {
            "kind": "diffusers",
            "model": options.model,
            **(self._painted_from or files_of(options)),
            "variant": options.variant or "",
            "pipeline": pipeline_name(model_index(folder)),
            "scheduler": scheduler_class_name(options, folder),
            "steps": str(options.steps),
            "size": str(options.size),
            **effects(options, self._takes),
            "dtype": self._dtype_name,
            "device": self._device,
            "hardware": hardware(self._device),
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
        self.check_settings()
        self._check_loadable()

    def check_settings(self) -> None:
        """Check that the model takes each setting, from its files alone; see `settings_check`."""
        check_settings(self._options, self._takes)

    def _check_loadable(self) -> None:
        """Check what loading needs. Settings without an effect do not matter: older pictures were painted with them."""
        options = self._options
        folder = check_files(options)
        if options.device == "cuda" and self._device != "cuda":
            raise PainterNotReady(
                "The study asks for a GPU and torch sees none: set its device to 'cpu' or 'auto', "
                "or start this worker on a machine with a GPU and a torch built for it."
            )
        if self._device == "cpu" and self._dtype_name == "float16":
            raise PainterNotReady("float16 needs a GPU: set the dtype to 'float32' or 'auto'.")
        check_memory(options, self._device, self._dtype_name, components(model_index(folder)))
        check_scheduler(options, folder)
        # Counting loads the tokenizers, which raise PainterNotReady if something is wrong with them.
        if self.count_tokens(options.negative_prompt) > self.token_limit:
            raise PainterNotReady(
                f"The negative prompt has {self.count_tokens(options.negative_prompt)} tokens and '{options.model}' "
                f"reads {self.token_limit}: shorten it."
            )

    def prove(self, prompts: Sequence[str]) -> dict[str, Any]:
        """Prove the model by two of `prompts`, once for each time that it is loaded; returns the proof as plain data.

        Raises:
            ModelRefused: the model would paint wrongly; the message names what is wrong and what to do.
            PainterNotReady: it cannot be loaded, or not even one picture fits into memory.
            PromptTooLong
        """
        self.check_settings()
        try:
            with model_lock:
                model = self._model()
                if self._proof is None or self._proof[0] is not model:
                    self._proof = (model, self._new_proof(model, prompts))
        except OutOfMemory as error:  # every clip would meet it
            raise PainterNotReady(str(error)) from error
        return self._proof[1].record()

    def _new_proof(self, model: LoadedModel, prompts: Sequence[str]) -> Proof:
        options, takes = self._options, self._takes

        def probe(prompt: str, **changes: Any) -> Any:
            changed = options.model_copy(update={"steps": min(options.steps, PROBE_STEPS), **changes})
            output = self._run(model, changed, [prompt], seed=0, output_type="np")
            if output is None:
                raise self._no_room()
            return output.images[0]

        proof = prove(model, options.model, prompts, probe)
        if not takes.family.tried:
            off: dict[str, Any] = {"guidance": 1.0} if takes.guides(options.guidance) else {}
            prove_effects(
                options.model, prompts[0], probe, off | ({"negative_prompt": ""} if options.negative_prompt else {})
            )
        return proof

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
        self._painted_from = model.files
        images: list[Image.Image] = []
        sizes: list[int] = []
        wanted = list(batch_sizes) if sum(batch_sizes) == len(prompts) else []
        while len(images) < len(prompts):
            left = prompts[len(images) :]
            most = 1 if self._takes.family.one_by_one else self.max_batch or len(left)
            batch = left[: wanted[0] if wanted else most]
            painted = self._paint_batch(model, batch, seed)
            if painted is None:
                if len(batch) == 1:
                    raise self._no_room()
                self.max_batch, wanted = (len(batch) + 1) // 2, []
                continue
            images += painted
            sizes.append(len(batch))
            wanted = wanted[1:]
        return Painted(images, tuple(sizes))

    def _paint_batch(self, model: LoadedModel, prompts: Sequence[str], seed: int) -> list[Image.Image] | None:
        """The pictures of one run of the model, or None if memory ran out."""
        options = self._options
        output = self._run(model, options, prompts, seed)
        if output is None:
            return None
        _refuse_withheld(output)
        if (painted := output.images[0].size) != (options.size, options.size):
            raise PainterNotReady(
                f"'{options.model}' paints {painted[0]} × {painted[1]} pixels where {options.size} are asked for: set "
                "the size to a multiple of 16, or to what the model paints."
            )
        return list(output.images)

    def _run(
        self, model: LoadedModel, options: DiffusersOptions, prompts: Sequence[str], seed: int, **more: Any
    ) -> Any | None:
        """The output of one run of the model, or None if memory ran out."""
        import torch

        arguments: dict[str, Any] = {
            "prompt": list(prompts),
            "width": options.size,
            "height": options.size,
            "num_inference_steps": options.steps,
            **guidance_arguments(options, self._takes, len(prompts)),
            **self._takes.family.arguments,
            **more,
            # On the processor, so that a seed gives the same latents on every machine.
            "generator": [torch.Generator("cpu").manual_seed(seed) for _ in prompts],
        }
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
        if output is None and torch.cuda.is_available():
            # Not in the handler above: the traceback there still refers to the tensors.
            torch.cuda.empty_cache()
        return output

    def _no_room(self) -> OutOfMemory:
        return OutOfMemory(
            f"One picture of {self._options.size} pixels does not fit into memory "
            f"({self._device}): choose a smaller size or model, or float16 on a GPU."
        )

    def _model(self) -> LoadedModel:
        return load_model(self._options, self._device, self._dtype_name, check_ready=self._check_loadable)

    @cached_property
    def _takes(self) -> Takes:
        takes = what_it_takes(model_folder(self._options))
        return takes if takes.family.tried else takes.as_called(_parameters_of(takes.family.name))

    @cached_property
    def _tokens(self) -> PromptTokens:
        try:
            return PromptTokens(model_folder(self._options))
        except PaintingError:
            raise
        except Exception as error:  # each tokenizer raises its own; none of them concerns a single clip
            raise PainterNotReady(f"The tokenizers of '{self._options.model}' cannot be loaded: {error}") from error

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


def _parameters_of(name: str) -> set[str]:
    import diffusers

    pipeline = getattr(diffusers, name, None)
    if pipeline is None:
        raise PainterNotReady(f"This version of diffusers does not know the pipeline '{name}': choose another model.")
    return set(inspect.signature(pipeline.__call__).parameters)


def _refuse_withheld(output: Any) -> None:
    flagged = getattr(output, "nsfw_content_detected", None)
    if flagged is not None and any(flagged):
        raise PictureWithheld("The model's safety checker withheld a picture.", reason="safety_checker")
    if any(image.convert("L").getextrema()[1] == 0 for image in output.images):
        raise PictureWithheld("A picture came out black.", reason="black")
