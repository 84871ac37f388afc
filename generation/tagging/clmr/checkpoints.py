"""Read and write checkpoints in the published formats; code in a checkpoint is never run."""

import argparse
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generation.tagging.base import TaggingError
from generation.tagging.clmr.network import WIDTHS, Head, SampleCNN
from generation.tagging.files import replace_file


class CheckpointError(TaggingError):
    """A checkpoint is refused, or its content is not as expected."""


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Open a checkpoint with `weights_only=True`, which also allows `argparse.Namespace` (Lightning's settings).

    Raises CheckpointError for a missing file, any other pickled object, and content that is no dictionary.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint file; check the path.")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch warns of pickle protocols other than its own
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can raise any exception
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        reason = (
            f"it contains {named[1]}, which is code, not weights"
            if named
            else "it is no PyTorch checkpoint, or damaged"
        )
        raise CheckpointError(
            f"{path}: refused, {reason}. Save the state dict alone (torch.save(model.state_dict(), …)) and use that."
        ) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not a dictionary of weights.")
    return dict(content)


def load_encoder_checkpoint(path: str | Path) -> SampleCNN:
    """Load the encoder of a checkpoint, in evaluation mode; its widths follow from the shapes of the weights.

    Accepts CLMR's plain state dict (`encoder.` before each key), a Lightning checkpoint (`model.encoder.` within
    `state_dict`), and a bare encoder's state dict. Keys outside the encoder (the projector) are ignored. Without a
    last layer (pre-trained encoders have none) `fc` is zero, as in the published code.
    """
    content = load_checkpoint(path)
    state = content.get("state_dict", content)
    weights: dict[str, Tensor] = {}
    for prefix in ("model.encoder.", "encoder.", ""):
        weights = _select(state, prefix, ("sequential.", "fc."))
        if any(name.startswith("sequential.") for name in weights):
            break
    _check_numbers(weights, path)
    widths = _widths(weights)
    if widths is None:
        raise CheckpointError(
            f"{path}: no SampleCNN encoder in it; expected keys like 'sequential.0.0.weight', bare or under "
            f"'encoder.' or 'model.encoder.'; found {_first_keys(state)}."
        )
    if _is_incomplete(widths, weights):
        raise CheckpointError(f"{path}: weights missing: sequential.{len(widths)}.0.weight and others.")
    out_dim = _rows(weights["fc.weight"]) if "fc.weight" in weights else 50
    encoder = SampleCNN(out_dim, widths=widths)
    if "fc.weight" not in weights:
        weights["fc.weight"], weights["fc.bias"] = torch.zeros(out_dim, widths[-1]), torch.zeros(out_dim)
    _load(encoder, weights, path)
    return encoder.eval()


def load_head(path: str | Path) -> Head:
    """Load a head in evaluation mode: linear (`0.weight`, `0.bias`) or MLP (also `2.weight`, `2.bias`).

    Accepts a plain state dict, one under `state_dict`, and a Lightning checkpoint (`model.` before each key). `tags`,
    `thresholds` and `trained_on` are set if the file stores them, as `save_head` does.
    """
    content = load_checkpoint(path)
    state = content.get("state_dict", content)
    weights = _select(state, "", ("0.", "2.")) or _select(state, "model.", ("0.", "2."))
    _check_numbers(weights, path)
    first, last = weights.get("0.weight"), weights.get("2.weight")
    if first is None or first.ndim != 2 or (last is not None and last.ndim != 2):
        raise CheckpointError(
            f"{path}: no head in it; expected '0.weight' and '0.bias' (and '2.weight', '2.bias' of an MLP); "
            f"found {_first_keys(state)}."
        )
    hidden = len(first) if last is not None else None
    outputs = len(first) if last is None else len(last)
    try:
        head = Head(
            first.shape[1],
            outputs,
            hidden=hidden,
            tags=_tags(content.get("tags")),
            thresholds=_thresholds(content.get("thresholds")),
        )
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}.") from error
    _load(head, weights, path)
    trained_on = content.get("trained_on")
    if isinstance(trained_on, Mapping):
        head.trained_on = {str(name): str(value) for name, value in trained_on.items()}
    return head.eval()


def save_encoder(encoder: SampleCNN, path: str | Path) -> None:
    """Save an encoder in CLMR's published format: a plain state dict, `encoder.` before each key."""
    _save({f"encoder.{name}": value.cpu() for name, value in encoder.state_dict().items()}, path)


def save_head(head: Head, path: str | Path, *, settings: Mapping[str, Any] | None = None) -> None:
    """Save a head with its tags, thresholds, training settings, and what it was trained on."""
    content: dict[str, Any] = {"state_dict": {name: value.cpu() for name, value in head.state_dict().items()}}
    if head.tags is not None:
        content["tags"] = list(head.tags)
    if head.thresholds is not None:
        content["thresholds"] = list(head.thresholds)
    if head.trained_on:
        content["trained_on"] = dict(head.trained_on)
    if settings:
        content["settings"] = dict(settings)
    _save(content, path)


def _save(content: Mapping[str, Any], path: str | Path) -> None:
    replace_file(Path(path), lambda part: torch.save(content, part))


def _select(state: Any, prefix: str, wanted: Sequence[str]) -> dict[str, Tensor]:
    if not isinstance(state, Mapping):
        return {}
    return {
        name.removeprefix(prefix): value
        for name, value in state.items()
        if isinstance(name, str)
        and isinstance(value, Tensor)
        and name.startswith(prefix)
        and name.removeprefix(prefix).startswith(tuple(wanted))
    }


def _check_numbers(weights: Mapping[str, Tensor], path: str | Path) -> None:
    """Refuse weights that are not finite, or with a shape for more numbers than the file holds."""
    for name, value in weights.items():
        if name.endswith("num_batches_tracked"):
            continue
        if value.layout != torch.strided or not value.is_floating_point():
            raise CheckpointError(f"{path}: {name} is {value.dtype}, {value.layout}; plain floats are expected.")
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise CheckpointError(f"{path}: refused, {name} claims more numbers than the file holds.")
        if not torch.isfinite(value).all():
            raise CheckpointError(f"{path}: {name} holds numbers that are not finite; the training went wrong.")
        if name.endswith("running_var") and (value < 0).any():
            raise CheckpointError(f"{path}: {name} holds negative variances; the file is damaged.")


def _rows(weight: Tensor) -> int:
    """The number of outputs of a weight; 0, which no layer has, for a scalar."""
    return len(weight) if weight.ndim else 0


def _widths(weights: Mapping[str, Tensor]) -> tuple[int, ...] | None:
    widths: list[int] = []
    while (layer := weights.get(f"sequential.{len(widths)}.0.weight")) is not None:
        widths.append(_rows(layer))
    return tuple(widths) if len(widths) >= 3 and all(widths) else None


def _is_incomplete(widths: tuple[int, ...], weights: Mapping[str, Tensor]) -> bool:
    """Whether layers are missing: there are later ones, or the widths are the first of the published network."""
    later = any(
        name.startswith("sequential.") and name.split(".")[1].isdigit() and int(name.split(".")[1]) > len(widths)
        for name in weights
    )
    return later or (len(widths) < len(WIDTHS) and widths == WIDTHS[: len(widths)])


def _tags(tags: Any) -> list[str] | None:
    """The stored names of a head's outputs; ValueError unless they are distinct texts."""
    if tags is None:
        return None
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) and tag for tag in tags):
        raise ValueError("its `tags` are no list of names")
    if len(set(tags)) < len(tags):
        raise ValueError(f"its `tags` name one twice: {max(tags, key=tags.count)}")
    return list(tags)


def _thresholds(thresholds: Any) -> list[float] | None:
    """The stored thresholds; ValueError unless they are probabilities."""
    if thresholds is None:
        return None
    if not isinstance(thresholds, list | tuple) or not all(
        isinstance(value, int | float) and 0 <= value <= 1 for value in thresholds
    ):
        raise ValueError("its `thresholds` are no list of probabilities")
    return [float(value) for value in thresholds]


def _load(module: torch.nn.Module, weights: Mapping[str, Tensor], path: str | Path) -> None:
    expected = module.state_dict()
    missing = [name for name in expected if name not in weights and not name.endswith("num_batches_tracked")]
    unknown = [name for name in weights if name not in expected]
    if missing or unknown:
        raise CheckpointError(
            f"{path}: weights missing: {', '.join(missing[:5]) or 'none'}; "
            f"not known: {', '.join(unknown[:5]) or 'none'}."
        )
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise CheckpointError(
                f"{path}: {name} has the shape {tuple(value.shape)}, where {tuple(expected[name].shape)} is expected."
            )
    module.load_state_dict(dict(weights), strict=False)


def _first_keys(state: Any) -> str:
    names = [str(name) for name in state][:5] if isinstance(state, Mapping) else []
    return ", ".join(names) or "nothing"
