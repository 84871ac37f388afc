"""Train heads on a frozen encoder; its representations are computed once and stored."""

import contextlib
import fcntl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from generation.tagging.base import TaggingError
from generation.tagging.clmr.network import Head
from generation.tagging.clmr.runtime import Encode
from generation.tagging.clmr.segments import cut_segments
from generation.tagging.clmr.training import TrainingResult
from generation.tagging.files import replace_file
from generation.tagging.metrics import tune_thresholds
from generation.tagging.store import ClipSource


class HeadOptions(BaseModel):
    """Settings of linear evaluation and of the MLP head."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hidden: int | None = Field(default=None, description="Width of an MLP's hidden layer; none: linear.")
    epochs: int = Field(default=200, ge=1, description="Most passes over the training clips.")
    batch: int = Field(default=256, ge=1, description="Clips per step.")
    learning_rate: float = Field(default=1e-3, gt=0, description="Adam's first learning rate.")
    weight_decay: float = Field(default=1e-6, ge=0, description="Adam's weight decay.")
    patience: int = Field(default=10, ge=1, description="Epochs without a lower validation loss until it stops.")
    seed: int = Field(default=0, ge=0, description="Everything random comes from it.")


@dataclass(frozen=True)
class Representations:
    """Representations of the segments of many clips.

    `rows`: float32 (segments of all clips, dimensions), possibly memory-mapped; clip k has the rows from `starts[k]` to
    `starts[k + 1]`; `weights`: each row's weight in its clip's mean.
    """

    rows: np.ndarray
    starts: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, clips: Sequence[int]) -> "Representations":
        """The representations of some clips, in the order given, in memory."""
        spans = [np.arange(self.starts[clip], self.starts[clip + 1]) for clip in clips]
        chosen = np.concatenate(spans)
        starts = np.concatenate([[0], np.cumsum([len(span) for span in spans])]).astype(np.int64)
        return Representations(np.asarray(self.rows[chosen]), starts, self.weights[chosen])

    def predict(self, head: Head) -> np.ndarray:
        """Probabilities, float32 (clips, tags): sigmoid per segment, weighted mean per clip."""
        result = np.empty((len(self), head.outputs), np.float32)
        with torch.inference_mode():
            for first in range(0, len(self), 512):
                last = min(first + 512, len(self))
                span = slice(self.starts[first], self.starts[last])
                p = torch.sigmoid(head(torch.from_numpy(np.array(self.rows[span])))).numpy()
                p *= self.weights[span, None]
                result[first:last] = np.add.reduceat(p, self.starts[first:last] - self.starts[first])
        return result


def compute_representations(
    encode: Encode,
    source: ClipSource,
    length: int,
    folder: Path,
    *,
    tail: bool = True,
    on_clip: Callable[[int, int], None] | None = None,
) -> Representations:
    """Compute the representations of all segments in a memory-mapped file; resumes after an interruption.

    `folder` must hold only the files of one encoder and one list of clips. A second process waits until the first has
    finished or ended. `tail=False` drops the last, partial segment of each clip.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("ab") as lock:
        with contextlib.suppress(OSError):  # a network folder without locks
            fcntl.flock(lock, fcntl.LOCK_EX)  # two heads that are trained at once share the folder
        return _computed(encode, source, length, folder, tail, on_clip)


def _computed(
    encode: Encode,
    source: ClipSource,
    length: int,
    folder: Path,
    tail: bool,
    on_clip: Callable[[int, int], None] | None,
) -> Representations:
    counts, weights = [], []
    for clip in range(len(source)):
        whole, rest = divmod(source.length(clip), length)
        extra = int(whole == 0 or (rest > 0 and tail))
        parts = np.ones(whole + extra, np.float32)
        if whole and extra:
            parts[-1] = rest / length
        counts.append(whole + extra)
        weights.append(parts / parts.sum())
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    path, done_path = folder / "rows.npy", folder / "clips_done.txt"
    done = int(done_path.read_text()) if done_path.is_file() and path.is_file() else 0
    rows = np.lib.format.open_memmap(path, mode="r+") if done else None
    if rows is not None and len(rows) != starts[-1]:
        raise TaggingError(f"{folder}: holds the representations of other clips; name another folder.")
    for clip in range(done, len(source)):
        found = encode(cut_segments(source.read(clip), length, tail=tail).samples)
        if rows is None:
            rows = np.lib.format.open_memmap(path, "w+", np.float32, (int(starts[-1]), found.shape[1]))
        rows[starts[clip] : starts[clip + 1]] = found
        if (clip + 1) % 256 == 0 or clip + 1 == len(source):
            rows.flush()
            replace_file(done_path, partial(Path.write_text, data=str(clip + 1)))
        if on_clip:
            on_clip(clip + 1, len(source))
    if rows is None:
        raise TaggingError("there are no clips to represent")
    return Representations(np.load(path, mmap_mode="r"), starts, np.concatenate(weights))


def train_head(
    train: Representations,
    labels: np.ndarray,
    valid: Representations,
    valid_labels: np.ndarray,
    tags: Sequence[str],
    options: HeadOptions,
) -> tuple[Head, TrainingResult]:
    """Train a head on stored representations and tune its thresholds on `valid`.

    An epoch uses one random segment of each clip, like CLMR's crops; validation uses whole clips. Representations are
    standardised for training, and the scaling is then folded into the first layer, so that the head takes the original
    representations.
    """
    began = time.monotonic()
    generator = torch.Generator().manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    rows = torch.from_numpy(np.array(train.rows))
    mean, scale = rows.mean(dim=0), rows.std(dim=0).clamp_min(1e-4)
    targets = torch.from_numpy(np.ascontiguousarray(labels, dtype=np.float32))
    heard = torch.from_numpy(np.ascontiguousarray(valid_labels, dtype=np.float32))
    torch.manual_seed(options.seed)
    head = Head(rows.shape[1], labels.shape[1], hidden=options.hidden, tags=tags)
    optimizer = torch.optim.Adam(head.parameters(), options.learning_rate, weight_decay=options.weight_decay)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=3)
    lengths = np.diff(train.starts)
    best, best_epoch, best_weights = float("inf"), 0, head.state_dict()
    history: list[dict[str, float]] = []
    steps = 0
    while len(history) < options.epochs and len(history) - best_epoch < options.patience:
        head.train()
        chosen = torch.from_numpy(train.starts[:-1] + rng.integers(0, lengths))
        losses = []
        for batch in torch.randperm(len(train), generator=generator).split(options.batch):
            loss = functional.binary_cross_entropy_with_logits(
                head((rows[chosen[batch]] - mean) / scale), targets[batch]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        steps += len(losses)
        folded = _fold_scaling(head, mean, scale)
        probabilities = torch.from_numpy(valid.predict(folded)).clamp(1e-7, 1 - 1e-7)
        valid_loss = float(functional.binary_cross_entropy(probabilities, heard))
        scheduler.step(valid_loss)
        history.append({"loss": float(np.mean(losses)), "valid_loss": valid_loss})
        if valid_loss < best:
            best, best_epoch, best_weights = valid_loss, len(history), folded.state_dict()
    head.load_state_dict(best_weights)
    thresholds = tune_thresholds(valid_labels, valid.predict(head.eval()))
    head.thresholds = tuple(float(value) for value in thresholds)
    result = TrainingResult(
        epochs=len(history),
        steps=steps,
        best_epoch=best_epoch,
        best_valid_loss=best,
        stopped_early=len(history) < options.epochs,
        seconds=round(time.monotonic() - began, 1),
        history=history,
    )
    return head, result


def _fold_scaling(head: Head, mean: Tensor, scale: Tensor) -> Head:
    """A head for unscaled representations: w·(x - mean)/scale + b = (w/scale)·x + (b - (w/scale)·mean)."""
    first = head[0]
    assert isinstance(first, nn.Linear)
    hidden = None if len(head) == 1 else first.out_features
    folded = Head(head.dimensions, head.outputs, hidden=hidden, tags=head.tags)
    folded.load_state_dict(head.state_dict())
    first = folded[0]
    assert isinstance(first, nn.Linear)
    with torch.no_grad():
        first.weight.div_(scale)
        first.bias.sub_(first.weight @ mean)
    return folded.eval()
