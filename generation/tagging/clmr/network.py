"""CLMR's encoder and its heads. The keys of the state dicts are the published ones."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

SAMPLE_RATE = 22_050
SEGMENT = 59_049
"""Samples per segment (2.7 s): 3 to the tenth, which stem and nine blocks pool down to one."""
WIDTHS = (128, 128, 128, 256, 256, 256, 256, 256, 256, 512, 512)
"""Channels of the stem, of the nine pooling blocks, and of the last layer."""


class SampleCNN(nn.Module):
    """Raw audio → tags (SampleCNN, Lee et al. 2018, as CLMR uses it).

    `widths` are the channels of stem, blocks and last layer; each block pools by three, so a segment has
    3 ** (len(widths) - 1) samples. `dropout` before the last layer is what the supervised baseline adds.
    """

    def __init__(self, out_dim: int = 50, *, widths: Sequence[int] = WIDTHS, dropout: float = 0.0) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.segment = 3 ** (len(self.widths) - 1)
        stem, *blocks, last = self.widths
        layers = [nn.Sequential(nn.Conv1d(1, stem, 3, stride=3), nn.BatchNorm1d(stem), nn.ReLU())]
        for inputs, outputs in zip(self.widths, blocks, strict=False):
            layers.append(
                nn.Sequential(
                    nn.Conv1d(inputs, outputs, 3, padding=1),
                    nn.BatchNorm1d(outputs),
                    nn.ReLU(),
                    nn.MaxPool1d(3, stride=3),
                )
            )
        layers.append(nn.Sequential(nn.Conv1d(self.widths[-2], last, 3, padding=1), nn.BatchNorm1d(last), nn.ReLU()))
        self.sequential = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(last, out_dim)

    def digest(self) -> str:
        """SHA-256 of the weights that representations depend on, whatever file they were read from."""
        whole = hashlib.sha256()
        for name, value in self.sequential.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                whole.update(name.encode() + value.detach().float().cpu().contiguous().numpy().tobytes())
        return whole.hexdigest()

    @property
    def dimensions(self) -> int:
        """Length of a representation: 512 for the published encoder."""
        return self.fc.in_features

    def representation(self, x: Tensor) -> Tensor:
        """(batch, 1, segment) → (batch, dimensions). Raises ValueError for another shape."""
        if x.ndim != 3 or x.shape[1:] != (1, self.segment):
            raise ValueError(f"expected audio of shape (batch, 1, {self.segment}), got {tuple(x.shape)}")
        return self.sequential(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 1, segment) → logits (batch, out_dim)."""
        return self.fc(self.dropout(self.representation(x)))


class Head(nn.Sequential):
    """Representations (batch, dimensions) → logits (batch, tags): one linear layer, or an MLP's two.

    `tags` names the outputs in order (None for a head from elsewhere); `thresholds`, one per tag, are the
    probabilities from which a tag counts as heard, tuned on the valid split; `trained_on` holds the digests of
    annotations, store, split and encoder, and the version that trained it (empty for a head from elsewhere).
    """

    def __init__(
        self,
        dimensions: int,
        outputs: int,
        *,
        hidden: int | None = None,
        tags: Sequence[str] | None = None,
        thresholds: Sequence[float] | None = None,
    ) -> None:
        if hidden is None:
            super().__init__(nn.Linear(dimensions, outputs))
        else:
            super().__init__(nn.Linear(dimensions, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
        for name, values in (("tags", tags), ("thresholds", thresholds)):
            if values is not None and len(values) != outputs:
                raise ValueError(f"{len(values)} {name} for a head with {outputs} outputs")
        self.tags = None if tags is None else tuple(tags)
        self.thresholds = None if thresholds is None else tuple(float(value) for value in thresholds)
        self.trained_on: dict[str, str] = {}

    @property
    def outputs(self) -> int:
        last = self[-1]
        assert isinstance(last, nn.Linear)
        return last.out_features

    @property
    def dimensions(self) -> int:
        first = self[0]
        assert isinstance(first, nn.Linear)
        return first.in_features


class Projector(nn.Sequential):
    """Representations → the 64 dimensions that pre-training compares; not used afterwards."""

    def __init__(self, dimensions: int, projection: int = 64) -> None:
        super().__init__(
            nn.Linear(dimensions, dimensions, bias=False),
            nn.ReLU(),
            nn.Linear(dimensions, projection, bias=False),
        )


def fold_norms(encoder: SampleCNN) -> nn.Sequential:
    """The encoder's layers for inference with each batch normalisation folded into its convolution."""
    layers: list[nn.Module] = []
    for block in encoder.sequential:
        convolution, norm, *rest = block.children()
        assert isinstance(convolution, nn.Conv1d)
        assert isinstance(norm, nn.BatchNorm1d)
        layers += [torch.nn.utils.fuse_conv_bn_eval(convolution.eval(), norm.eval()), *rest]
    return nn.Sequential(*layers, nn.Flatten(1)).eval().requires_grad_(False)


def channels_last(encoder: SampleCNN) -> nn.Sequential:
    """The layers of `fold_norms` in the fastest form for a CPU; the same numbers to 1e-6.

    PyTorch has fast CPU code for two-dimensional convolutions with the channels last, but not for one-dimensional ones,
    so these become two-dimensional with height one. Pooling moves before the ReLU, which then has a third of the work:
    maximum and ReLU commute. Input: (batch, 1, segment).
    """
    layers: list[nn.Module] = [nn.Unflatten(1, (1, 1))]
    for layer in fold_norms(encoder):
        if isinstance(layer, nn.MaxPool1d):
            layers.insert(-1, nn.MaxPool2d((1, 3), stride=(1, 3)))
        elif isinstance(layer, nn.Conv1d):
            layers.append(_with_height(layer))
        else:
            layers.append(nn.ReLU(inplace=True) if isinstance(layer, nn.ReLU) else layer)
    network = nn.Sequential(*layers).eval().requires_grad_(False)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _with_height(layer: nn.Conv1d) -> nn.Conv2d:
    """The same convolution in two dimensions, for inputs of height one."""
    stride, padding = layer.stride[0], int(layer.padding[0])
    flat = nn.Conv2d(layer.in_channels, layer.out_channels, (1, 3), stride=(1, stride), padding=(0, padding))
    assert flat.bias is not None
    assert layer.bias is not None
    flat.weight.data, flat.bias.data = layer.weight.data.unsqueeze(2), layer.bias.data
    return flat
