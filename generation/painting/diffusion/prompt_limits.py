"""How many tokens of a prompt a model's encoders read, and the text that its pipeline puts around the prompt.

Read from the pipelines of diffusers themselves, so that a count agrees with what they do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from generation.painting.base import PromptTooLong
from generation.painting.errors import PainterNotReady

# Limits that a pipeline writes into its code, where no argument names them.
_FIXED_LIMITS: Mapping[str, Mapping[str, int]] = {
    "HunyuanDiTPipeline": {"tokenizer": 77, "tokenizer_2": 256},
    "HunyuanDiTPAGPipeline": {"tokenizer": 77, "tokenizer_2": 256},
    "IFPipeline": {"tokenizer": 77},
    "Kandinsky3Pipeline": {"tokenizer": 128},
}
# Pipelines that put the prompt into a conversation, and whether they ask the encoder to think aloud.
_CONVERSATIONS: Mapping[str, bool] = {"ZImagePipeline": True, "Flux2KleinPipeline": False}


class Reading(NamedTuple):
    """A tokenizer whose encoder reads the words of a prompt.

    `limit`: tokens that reach the model, start and end tokens included. `surround`: the prompt as the pipeline gives it
    to the tokenizer. `uncounted`: tokens of the surrounding text for which the pipeline makes room of its own.
    """

    tokenizer: Any
    limit: int
    surround: Callable[[str], str]
    uncounted: int = 0

    def count(self, prompt: str) -> int:
        return len(self.tokenizer(self.surround(prompt)).input_ids) - self.uncounted


def names_of_readers(parts: Mapping[str, str], is_clip: Callable[[str], bool]) -> list[str]:
    """The tokenizers of `parts` (name → class name) whose encoders read the words of a prompt.

    A tokenizer without its encoder (Stable Diffusion 3 saved without T5) reads nothing. Beside a longer encoder, the
    CLIP encoders give a vector of the whole prompt (Flux, HiDream) or repeat its first 77 tokens (Stable Diffusion 3):
    they do not limit the prompt.
    """
    names = [name for name in parts if name.startswith("tokenizer")]
    names = [name for name in names if name.replace("tokenizer", "text_encoder", 1) in parts] or names
    longer = [name for name in names if not is_clip(name)]
    return longer or names


def reading(pipeline_name: str, tokenizer_name: str, tokenizer: Any, *, is_clip: bool) -> Reading:
    """How the pipeline reads a prompt through one of its tokenizers.

    Raises:
        PainterNotReady: this version of diffusers does not know the pipeline.
    """
    limit = int(tokenizer.model_max_length)
    if is_clip:
        return Reading(tokenizer, limit, str)
    pipeline = _pipeline_class(pipeline_name)
    fixed = _FIXED_LIMITS.get(pipeline_name, {}).get(tokenizer_name) or _default(pipeline, "max_sequence_length")
    if isinstance(fixed, int):
        limit = min(limit, fixed)
    surround, uncounted = _surrounding_text(pipeline, tokenizer)
    return Reading(tokenizer, limit, surround, uncounted)


def _surrounding_text(pipeline: type, tokenizer: Any) -> tuple[Callable[[str], str], int]:
    """The prompt as the pipeline gives it to the tokenizer, and how many tokens of it take no room from the prompt."""
    name = pipeline.__name__
    tidy: Callable[[str], str] = _lower if hasattr(pipeline, "_text_preprocessing") else str
    if name in _CONVERSATIONS:
        return lambda prompt: tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=_CONVERSATIONS[name],
        ), 0
    instruction = _default(pipeline, "complex_human_instruction")
    if instruction:  # Sana: room for the instruction, less its start token and one more, beside that of the prompt
        before = "\n".join(instruction)
        return lambda prompt: before + tidy(prompt), len(tokenizer.encode(before)) - 2
    if name == "Lumina2Pipeline":
        before = f"{_without_parts(pipeline).system_prompt} <Prompt Start> "
        return lambda prompt: before + prompt, 0
    if name == "QwenImagePipeline":
        template = _without_parts(pipeline)
        return template.prompt_template_encode.format, template.prompt_template_encode_start_idx
    return tidy, 0


def _lower(prompt: str) -> str:
    return prompt.lower().strip()


def _pipeline_class(name: str) -> type:
    import diffusers

    pipeline = getattr(diffusers, name, None)
    if pipeline is None:
        raise PainterNotReady(f"This version of diffusers does not know the pipeline '{name}': choose another model.")
    return pipeline


def _default(pipeline: Any, parameter: str) -> Any:
    found = inspect.signature(pipeline.__call__).parameters.get(parameter)
    return None if found is None or found.default is inspect.Parameter.empty else found.default


def _without_parts(pipeline: type) -> Any:
    """A pipeline of this class without any model, for the texts that its constructor sets."""
    names = inspect.signature(pipeline.__init__).parameters  # type: ignore[misc]
    return pipeline(**{name: None for name in names if name != "self"})


def forbid_cuts(tokenizers: Iterable[Any]) -> None:
    """Make tokenizers of a loaded pipeline raise PromptTooLong where they would cut a text.

    The pipelines cut with a warning at most. Counting beforehand knows the families above; this is true of every one.
    """
    for tokenizer in tokenizers:
        whole_class = type(tokenizer)
        if not getattr(whole_class, "cuts_nothing", False):
            tokenizer.__class__ = type(whole_class.__name__, (_CutsNothing, whole_class), {})


class _CutsNothing:
    """The refusal that `forbid_cuts` adds to a tokenizer's class."""

    cuts_nothing = True

    def __call__(self, text: Any = None, *args: Any, **settings: Any) -> Any:
        read: Callable[..., Any] = super().__call__  # type: ignore[misc]
        limit = settings.get("max_length")
        if settings.get("truncation") and limit and text is not None:
            plain = {"padding", "max_length", "truncation", "return_tensors", "return_length", "padding_side"}
            texts = [text] if isinstance(text, str) else list(text)
            kept = {key: value for key, value in settings.items() if key not in plain}
            longest = max((len(ids) for ids in read(texts, *args, **kept).input_ids), default=0)
            if longest > limit:
                raise PromptTooLong(
                    f"A prompt has {longest} tokens as the model's pipeline puts it, and the model reads {limit}: "
                    "shorten it or use fewer tags."
                )
        return read(text, *args, **settings)
