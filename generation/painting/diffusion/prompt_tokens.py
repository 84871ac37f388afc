"""Count the tokens of a prompt by a diffusion model's own tokenizers. Loads vocabularies, never weights."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from generation.painting.diffusion.model_files import components, model_index
from generation.painting.errors import PainterNotReady


class PromptTokens:
    """Counts tokens as the model's text encoders do, start and end tokens included.

    A model with several encoders (XL, SD 3, Flux) cuts a prompt at the first limit that it exceeds. `limit` is the
    smallest of their limits, and `count` is shifted so that a prompt within `limit` fits every encoder.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizers = _load_tokenizers(folder)
        self.limit = min(limit for _, limit in self._tokenizers)

    def count(self, text: str) -> int:
        room = min(limit - len(tokenizer(text).input_ids) for tokenizer, limit in self._tokenizers)
        return self.limit - room


def _load_tokenizers(folder: Path) -> list[tuple[Any, int]]:
    import transformers

    index = model_index(folder)
    sequence_limit = _sequence_limit(index["_class_name"])
    loaded = []
    for name, class_name in components(index).items():
        if not name.startswith("tokenizer"):
            continue
        tokenizer_class = getattr(transformers, class_name, transformers.AutoTokenizer)
        try:
            tokenizer = tokenizer_class.from_pretrained(folder / name, local_files_only=True)
        except (OSError, ValueError) as error:
            raise PainterNotReady(
                f"The model's {name} in '{folder}' cannot be loaded ({error}): fetch the model again."
            ) from error
        limit = tokenizer.model_max_length
        if not isinstance(tokenizer, transformers.CLIPTokenizer) and sequence_limit is not None:
            limit = min(limit, sequence_limit)
        # No warning that the text would be cut: only the count is used.
        tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
        loaded.append((tokenizer, int(limit)))
    if not loaded:
        raise PainterNotReady(f"The model in '{folder}' has no tokenizer: it does not paint from text.")
    if min(limit for _, limit in loaded) > 100_000:
        raise PainterNotReady(
            f"The tokenizer in '{folder}' does not say how many tokens the model reads: "
            "set 'model_max_length' in its tokenizer_config.json (77 for CLIP)."
        )
    return loaded


def _sequence_limit(pipeline_name: str) -> int | None:
    """The default number of tokens that a pipeline passes to its long text encoder (256 for SD 3)."""
    import diffusers

    pipeline = getattr(diffusers, pipeline_name, None)
    if pipeline is None:
        raise PainterNotReady(
            f"This version of diffusers does not know the pipeline '{pipeline_name}': choose another model."
        )
    parameter = inspect.signature(pipeline.__call__).parameters.get("max_sequence_length")
    return parameter.default if parameter is not None and isinstance(parameter.default, int) else None
