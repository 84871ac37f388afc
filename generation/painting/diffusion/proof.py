"""Prove a model before it paints: its weights and vocabularies, and that two prompts give two pictures.

What a proof refuses would otherwise paint without an error: random weights, an empty vocabulary, numbers that overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from generation.painting.base import PaintingError
from generation.painting.diffusion.loaded_model import LoadedModel
from generation.painting.diffusion.weights import check_weights
from generation.painting.errors import ModelRefused

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROBE_STEPS = 2
# An embedding has rows to spare up to a round number; a tokenizer that fills fewer than this is another model's.
_LEAST_FILLED = 0.98

Probe = Callable[..., "NDArray[np.floating]"]
"""Paint one prompt in PROBE_STEPS steps: prompt, changed options → an array (height, width, 3) from 0 to 1."""


@dataclass(frozen=True)
class Proof:
    """What was found: tensors by part, entries by tokenizer, and the probes with their mean difference in levels."""

    tensors: dict[str, int]
    vocabularies: dict[str, int]
    prompts: tuple[str, str]
    difference: float

    def record(self) -> dict[str, Any]:
        """The proof as plain data, for provenance."""
        return {
            "tensors": dict(sorted(self.tensors.items())),
            "vocabularies": dict(sorted(self.vocabularies.items())),
            "prompts": list(self.prompts),
            "steps": PROBE_STEPS,
            "difference": round(self.difference, 3),
        }


def prove(model: LoadedModel, name: str, prompts: Sequence[str], probe: Probe) -> Proof:
    """Prove a loaded model by two of `prompts`.

    Raises:
        ModelRefused: the message names what is wrong and what to do.
    """
    check_weights(name, model.parts)
    first, second = probe_prompts(prompts)
    vocabularies = check_vocabularies(name, model.pipeline, (first, second))
    with _without_safety_checker(model.pipeline):
        difference = _difference(name, first, second, probe)
    tensors = {part.name: part.tensors for part in model.parts}
    return Proof(tensors, vocabularies, (first, second), difference)


def probe_prompts(prompts: Sequence[str]) -> tuple[str, str]:
    """Two different prompts with as few words in common as there are; a single one is paired with its first word."""
    distinct = list(dict.fromkeys(prompts))
    first = distinct[0]
    others = distinct[1:] or [first.split()[0] if len(first.split()) > 1 else f"{first}, {first}"]
    words = set(first.casefold().split())
    return first, min(others, key=lambda other: len(words & set(other.casefold().split())))


def check_vocabularies(name: str, pipeline: Any, prompts: Sequence[str]) -> dict[str, int]:
    """Check each tokenizer's number of entries against the rows of its encoder's embedding; returns the entries.

    Raises:
        ModelRefused: the tokenizer has more entries than rows, leaves many rows without a word, or does not know
            most words of a prompt.
    """
    entries = {}
    for part, tokenizer in pipeline.components.items():
        encoder = pipeline.components.get(part.replace("tokenizer", "text_encoder"))
        rows = _rows_of(encoder)
        if "tokenizer" not in part or tokenizer is None or rows is None:
            continue
        entries[part] = len(tokenizer)
        if tokenizer.vocab_size > rows or len(tokenizer) < _LEAST_FILLED * rows:
            raise ModelRefused(
                f"The {part} of '{name}' knows {len(tokenizer)} tokens and its text encoder {rows}: files of the "
                f"{part} are missing or another model's. Fetch or copy the model again."
            )
        for prompt in prompts:
            words = prompt.split()
            read = tokenizer(words, add_special_tokens=False).input_ids
            if 2 * sum(tokenizer.unk_token_id in tokens for tokens in read) > len(words):
                raise ModelRefused(
                    f"The {part} of '{name}' reads more than half of '{prompt[:60]}' as unknown: choose a model that "
                    "reads the language of the prompts, or write them in English."
                )
    return entries


def _rows_of(encoder: Any) -> int | None:
    """The rows of a text encoder's embedding; None for what is no text encoder, or one that does not give it out."""
    try:
        return int(encoder.get_input_embeddings().weight.shape[0])
    except (AttributeError, NotImplementedError):
        return None


def _difference(name: str, first: str, second: str, probe: Probe) -> float:
    """The mean difference of two probes, in levels of 255."""
    one, other = (_painted(name, prompt, probe) for prompt in (first, second))
    if np.array_equal(_levels(one), _levels(other)):
        raise ModelRefused(
            f"'{name}' paints one and the same picture from '{first[:60]}' and '{second[:60]}': its text encoder or "
            "tokenizer does not belong to it. Fetch the model again or choose another."
        )
    return float(np.abs(one - other).mean() * 255)


def prove_effects(name: str, prompt: str, probe: Probe, settings: dict[str, Any]) -> None:
    """Check that each of `settings` (option → a value without effect) changes the picture of `prompt`.

    Raises:
        ModelRefused: a setting does nothing.
    """
    if not settings:
        return
    as_set = _levels(_painted(name, prompt, probe))
    for setting, off in settings.items():
        if np.array_equal(as_set, _levels(_painted(name, prompt, probe, **{setting: off}))):
            raise ModelRefused(
                f"The setting '{setting}' has no effect on '{name}', whose family was not tried: set it to "
                f"{off if off != '' else 'nothing'}."
            )


def _painted(name: str, prompt: str, probe: Probe, **changes: Any) -> NDArray[np.floating]:
    try:
        picture = probe(prompt, **changes)
    except PaintingError:
        raise
    except Exception as error:  # whatever the library raises, every clip would meet it
        raise ModelRefused(
            f"'{name}' cannot paint with these settings ({type(error).__name__}: {str(error)[:300]}): change them, or "
            "choose another model."
        ) from error
    if not np.isfinite(picture).all():
        raise ModelRefused(
            f"'{name}' paints no finite numbers: its weights overflow in this number format. Set dtype to 'float32', "
            "or 'bfloat16' on a GPU; if that does not help, fetch the model again."
        )
    return picture


def _levels(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.round(picture * 255)


@contextmanager
def _without_safety_checker(pipeline: Any) -> Iterator[None]:
    """A picture of two steps is noise, about which the checker knows nothing."""
    checker = getattr(pipeline, "safety_checker", None)
    if checker is None:
        yield
        return
    pipeline.safety_checker = None
    try:
        yield
    finally:
        pipeline.safety_checker = checker
