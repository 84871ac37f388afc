"""Whether the weights on disk are those of the model: no tensor missing, none left over, all of the right shape.

transformers and diffusers load what fits, draw the rest at random and say so in a log. They know how old names became
new ones and which tensors are one; so their own account of each part is read, instead of comparing names here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.painting.errors import ModelRefused

# Left over without harm: what is computed today, and the heads and towers of a model whose text encoder alone is used.
_COMPUTED = re.compile(r"(^|\.)(position_ids|inv_freq|masked_bias|num_batches_tracked|relative_position_index)$")
_OTHER_TOWERS = re.compile(
    r"(lm_head|logit_scale|logit_bias|text_projection|visual_projection|vision_model|decoder|pooler|cls)"
)
_SHOWN = 3


@dataclass(frozen=True)
class LoadedPart:
    """A part of a model as it was loaded: its folder's name, tensors, and what did not fit."""

    name: str
    tensors: int
    missing: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()


@contextmanager
def recorded_parts() -> Iterator[list[LoadedPart]]:
    """Record each part that transformers or diffusers load within the block.

    Both give their account of a load on request only (`output_loading_info`), which a pipeline does not pass on; so the
    request is added to the calls that it makes.
    """
    from diffusers import ModelMixin
    from transformers import PreTrainedModel

    parts: list[LoadedPart] = []

    def recording(original: Any) -> classmethod:
        def from_pretrained(cls: type, path: Any, *args: Any, **settings: Any) -> Any:
            wanted = settings.pop("output_loading_info", False)
            model, account = original.__func__(cls, path, *args, output_loading_info=True, **settings)
            parts.append(_part(Path(str(path), settings.get("subfolder") or "").name, model, account))
            return (model, account) if wanted else model

        return classmethod(from_pretrained)

    originals = [(library, library.__dict__["from_pretrained"]) for library in (ModelMixin, PreTrainedModel)]
    for library, original in originals:
        library.from_pretrained = recording(original)
    try:
        yield parts
    finally:
        for library, original in originals:
            library.from_pretrained = original


def _part(name: str, model: Any, account: dict[str, Any]) -> LoadedPart:
    left_over = [key for key in account["unexpected_keys"] if not _is_harmless(key, model)]
    return LoadedPart(
        name,
        len(model.state_dict()),
        tuple(sorted(account["missing_keys"])),
        tuple(sorted(left_over)),
        tuple(sorted(str(key[0] if isinstance(key, tuple) else key) for key in account["mismatched_keys"])),
    )


def _is_harmless(key: str, model: Any) -> bool:
    """Whether the model loses nothing by a tensor of the file for which it has no place."""
    tower = key.partition(".")[0]
    if _OTHER_TOWERS.fullmatch(tower) and not hasattr(model, tower):
        return True
    return bool(_COMPUTED.search(key)) or key in {buffer for buffer, _ in model.named_buffers()}


def check_weights(model: str, parts: Sequence[LoadedPart]) -> None:
    """Check the account of each part.

    Raises:
        ModelRefused: tensors are missing, left over or of another shape; the message names parts and tensors.
    """
    faults = []
    for part in parts:
        if part.missing:
            faults.append(f"'{part.name}' lacks {_some(part.missing)}, which were drawn at random")
        if part.mismatched:
            faults.append(f"'{part.name}' has {_some(part.mismatched)} in another shape than its config.json says")
        if part.left_over:
            faults.append(f"'{part.name}' has {_some(part.left_over)} for which its config.json has no place")
    if faults:
        raise ModelRefused(
            f"The weights of '{model}' are not those of its model: {'; '.join(faults)}. "
            "Fetch or convert the model again, so that weights and config.json belong together."
        )


def _some(keys: Collection[str]) -> str:
    shown = ", ".join(list(keys)[:_SHOWN])
    return f"{len(keys)} tensor{'s' if len(keys) > 1 else ''} ({shown}{', …' if len(keys) > _SHOWN else ''})"
