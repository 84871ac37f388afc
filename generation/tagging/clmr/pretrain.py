"""Contrastive pre-training: make two views of a clip similar, and different from the views of other clips."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from pydantic import Field
from torch import Tensor, nn

from generation.tagging.clmr.augment import AugmentOptions, augment
from generation.tagging.clmr.loss import nt_xent
from generation.tagging.clmr.network import SAMPLE_RATE, WIDTHS, Projector, SampleCNN
from generation.tagging.clmr.training import (
    TrainingOptions,
    TrainingProgress,
    TrainingResult,
    fit,
    make_accelerator,
    read_crops,
)
from generation.tagging.store import ClipSource


class PretrainOptions(TrainingOptions):
    """Settings of contrastive pre-training; the defaults are CLMR's."""

    temperature: float = Field(default=0.5, gt=0, description="Temperature of the contrastive loss.")
    projection: int = Field(default=64, ge=2, description="Dimensions in which views are compared.")
    widths: tuple[int, ...] = Field(default=WIDTHS, description="The encoder's channels, layer by layer.")
    sample_rate: int = Field(default=SAMPLE_RATE, description="Sample rate of the clips, in Hz.")
    augment: AugmentOptions = Field(default=AugmentOptions(), description="How views are changed.")


class ContrastiveModel(nn.Module):
    """Encoder and projector: audio (batch, 1, segment) → (batch, projection)."""

    def __init__(self, encoder: SampleCNN, projection: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.projector = Projector(encoder.dimensions, projection)
        self.encoder.fc.requires_grad_(False)  # not part of pre-training

    def forward(self, x: Tensor) -> Tensor:
        return self.projector(self.encoder.representation(x))


def pretrain(
    train: ClipSource,
    valid: ClipSource,
    options: PretrainOptions,
    folder: Path,
    *,
    accelerator: Accelerator | None = None,
    inputs: Mapping[str, str] | None = None,
    on_progress: Callable[[TrainingProgress], None] | None = None,
) -> tuple[SampleCNN, TrainingResult]:
    """Pre-train an encoder until the loss on `valid` stops falling; a run can be resumed from `folder`.

    `inputs`: see `fit`.
    """
    accelerator = accelerator or make_accelerator(options)
    torch.manual_seed(options.seed)
    model = ContrastiveModel(SampleCNN(widths=options.widths), options.projection)
    length = model.encoder.segment

    def views(source: ClipSource, rows: np.ndarray, seed: int) -> Tensor:
        device = accelerator.device
        crops = torch.from_numpy(read_crops(source, rows, length, seed, views=2)).to(device)
        generator = torch.Generator(device).manual_seed(seed)
        return augment(crops, options.sample_rate, options.augment, generator).unsqueeze(1)

    def step_loss(wrapped: nn.Module, rows: np.ndarray, seed: int) -> Tensor:
        x = views(train, rows, seed)
        with accelerator.autocast():
            z_i, z_j = wrapped(x).chunk(2)
        return nt_xent(_from_all(z_i, accelerator), _from_all(z_j, accelerator), options.temperature)

    def valid_loss(bare: nn.Module) -> float:
        batch = min(options.batch, len(valid))
        losses = []
        with torch.no_grad():
            for start in range(
                0, len(valid) - batch + 1, batch
            ):  # whole batches only: the loss depends on the batch size
                x = views(valid, np.arange(start, start + batch), options.seed + start)
                with accelerator.autocast():
                    z_i, z_j = bare(x).chunk(2)
                losses.append(float(nt_xent(z_i, z_j, options.temperature)))
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
    return model.encoder.cpu(), result


def _from_all(z: Tensor, accelerator: Accelerator) -> Tensor:
    """The projections of all devices, differentiable, so that more devices mean more negatives."""
    if accelerator.num_processes == 1:
        return z
    # Only torch builds with distributed support have this module.
    from torch.distributed.nn import functional as distributed

    return torch.cat(distributed.all_gather(z))
