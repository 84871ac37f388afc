"""Count the tokens of a prompt by a diffusion model's own tokenizers. Loads vocabularies, never weights."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generation.painting.diffusion.model_files import components, model_index
from generation.painting.diffusion.prompt_limits import Reading, names_of_readers, reading
from generation.painting.errors import PainterNotReady

# What reads a vocabulary that was saved as a SentencePiece model only, without tokenizer.json.
_FOR_SENTENCEPIECE = {"sentencepiece": "sentencepiece", "protobuf": "google.protobuf"}


class PromptTokens:
    """Counts tokens as the text encoders that read a prompt's words do, start and end tokens included.

    If several read them (XL), a prompt is cut at the first limit that it exceeds: `limit` is the smallest of their
    limits, and `count` is shifted so that a prompt within `limit` fits every encoder. `readers` names their tokenizers.
    """

    def __init__(self, folder: Path) -> None:
        self._readings = _load_readings(folder)
        self.readers = tuple(self._readings)
        self.limit = min(each.limit for each in self._readings.values())

    def count(self, text: str) -> int:
        room = min(each.limit - each.count(text) for each in self._readings.values())
        return self.limit - room


def _load_readings(folder: Path) -> dict[str, Reading]:
    import transformers

    index = model_index(folder)
    parts = components(index)
    loaded = {name: _load_tokenizer(folder / name, parts[name]) for name in parts if name.startswith("tokenizer")}
    clip = {name for name, tokenizer in loaded.items() if isinstance(tokenizer, transformers.CLIPTokenizer)}
    readings = {
        name: reading(index["_class_name"], name, loaded[name], is_clip=name in clip)
        for name in names_of_readers(parts, clip.__contains__)
    }
    if not readings:
        raise PainterNotReady(f"The model in '{folder}' has no tokenizer: it does not paint from text.")
    if min(each.limit for each in readings.values()) > 100_000:
        raise PainterNotReady(
            f"The tokenizer in '{folder}' does not say how many tokens the model reads: "
            "set 'model_max_length' in its tokenizer_config.json (77 for CLIP)."
        )
    return readings


def _load_tokenizer(folder: Path, class_name: str) -> Any:
    import transformers

    _check_libraries(folder)
    tokenizer_class = getattr(transformers, class_name, transformers.AutoTokenizer)
    try:
        tokenizer = tokenizer_class.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, ImportError) as error:
        raise PainterNotReady(
            f"The model's {folder.name} in '{folder.parent}' cannot be loaded ({error}): fetch the model again."
        ) from error
    # No warning that the text would be cut: only the count is used.
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return tokenizer


def _check_libraries(folder: Path) -> None:
    """Check for the libraries that a SentencePiece vocabulary needs; without them transformers asks for another."""
    if (folder / "tokenizer.json").exists() or not any(folder.glob("*.model")):
        return
    missing = [package for package, module in _FOR_SENTENCEPIECE.items() if not _is_installed(module)]
    if missing:
        raise PainterNotReady(
            f"The model's {folder.name} in '{folder.parent}' cannot be read without {' and '.join(missing)}: install "
            "what workers need with \"pip install 'earsight[worker]'\"."
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package above it
        return False
