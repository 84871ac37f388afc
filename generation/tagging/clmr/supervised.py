"""Train the whole network on tags: fine-tune a pre-trained encoder, or train the supervised baseline."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from generation.tagging.clmr.network import WIDTHS, Head, SampleCNN
from generation.tagging.clmr.segments import cut_segments
from generation.tagging.clmr.training import (
    TrainingOptions,
    TrainingProgress,
    TrainingResult,
    fit,
    make_accelerator,
    read_crops,
)
from generation.tagging.store import ClipSource


class SupervisedOptions(TrainingOptions):
    """Settings of fine-tuning and of the supervised baseline."""

    dropout: float = Field(default=0.5, ge=0, lt=1, description="Dropout before the last layer.")
    widths: tuple[int, ...] = Field(
        default=WIDTHS, description="The encoder's channels; for the baseline, which starts from random weights."
    )


def train_on_tags(
    train: ClipSource,
    labels: np.ndarray,
    valid: ClipSource,
    valid_labels: np.ndarray,
    options: SupervisedOptions,
    folder: Path,
    *,
    encoder: SampleCNN | None = None,
    accelerator: Accelerator | None = None,
    inputs: Mapping[str, str] | None = None,
    on_progress: Callable[[TrainingProgress], None] | None = None,
) -> tuple[SampleCNN, Head, TrainingResult]:
    """Train encoder and linear head together, from `encoder`'s weights or from random ones.

    `labels`: 0/1 (clips, tags). Returns the encoder, the head (its last layer) and the course of the training.
    `inputs`: see `fit`.
    """
    accelerator = accelerator or make_accelerator(options)
    torch.manual_seed(options.seed)
    widths = encoder.widths if encoder else options.widths
    model = SampleCNN(labels.shape[1], widths=widths, dropout=options.dropout)
    if encoder:
        model.sequential.load_state_dict(encoder.sequential.state_dict())
    targets = torch.from_numpy(np.ascontiguousarray(labels, dtype=np.float32))

    def step_loss(wrapped: nn.Module, rows: np.ndarray, seed: int) -> Tensor:
        x = torch.from_numpy(read_crops(train, rows, model.segment, seed)).unsqueeze(1)
        with accelerator.autocast():
            logits = wrapped(x.to(accelerator.device))
        return functional.binary_cross_entropy_with_logits(
            logits.float(), targets[torch.from_numpy(rows)].to(accelerator.device)
        )

    def valid_loss(bare: nn.Module) -> float:
        losses = []
        with torch.no_grad():
            for row in range(len(valid)):
                segments = cut_segments(valid.read(row), model.segment)
                x = torch.from_numpy(segments.samples).unsqueeze(1).to(accelerator.device)
                p = torch.sigmoid(bare(x)).cpu().numpy()
                losses.append(clip_loss(segments.weights @ p, valid_labels[row]))
        return float(np.mean(losses))

    result = fit(
        model,
        len(train),
        step_loss,
        valid_loss,
        options,
        folder,
        accelerator=accelerator,
        inputs=inputs,
        on_progress=on_progress,
    )
    model.cpu()
    head = Head(model.dimensions, labels.shape[1])
    head[0].load_state_dict(model.fc.state_dict())
    return model, head.eval(), result


def clip_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Binary cross entropy of a clip's mean probabilities."""
    p = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-7, 1 - 1e-7)
    return float(-(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean())
