"""musicnn's network and its front end in torch (the `MTT_musicnn` configuration)."""

import torch
import torchaudio
from torch import Tensor, nn
from torch.nn import functional

SAMPLE_RATE = 16_000
FFT_SIZE = 512
HOP = 256
MEL_BANDS = 96
PATCH_FRAMES = 187

_TIMBRAL = (38, 67)
"""Heights (mel bands) of the timbral filters: 0.4 and 0.7 of the spectrum."""
_TEMPORAL = (128, 64, 32)
"""Widths (frames) of the temporal filters."""


class _Normalised(nn.Module):
    """Convolution → ReLU → batch normalisation, in that order (TensorFlow's epsilon)."""

    def __init__(self, convolution: nn.Conv1d | nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution
        norm = nn.BatchNorm1d if isinstance(convolution, nn.Conv1d) else nn.BatchNorm2d
        self.norm = norm(convolution.out_channels, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(functional.relu(self.convolution(x)))


class Musicnn(nn.Module):
    """Patches of log-mel spectrum (batch, 187, 96) → logits (batch, 50).

    Front end of timbral (over time and frequency) and temporal filters, three convolutions in the middle
    with residual and dense connections, maximum and mean over time, two dense layers.
    """

    def __init__(self, tags: int = 50) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm2d(1, eps=1e-3)
        self.timbral = nn.ModuleList(_Normalised(nn.Conv2d(1, 204, (7, height), padding=(3, 0))) for height in _TIMBRAL)
        self.temporal = nn.ModuleList(_Normalised(nn.Conv2d(1, 51, (width, 1))) for width in _TEMPORAL)
        features = len(_TIMBRAL) * 204 + len(_TEMPORAL) * 51  # 561
        self.middle = nn.ModuleList(_Normalised(nn.Conv1d(inputs, 64, 7, padding=3)) for inputs in (features, 64, 64))
        pooled = 2 * (features + 3 * 64)  # 1506
        self.pool_norm = nn.BatchNorm1d(pooled, eps=1e-3)
        self.dense = nn.Linear(pooled, 200)
        self.dense_norm = nn.BatchNorm1d(200, eps=1e-3)
        self.output = nn.Linear(200, tags)

    def representation(self, patches: Tensor) -> Tensor:
        """The last layer but one: (batch, 187, 96) → (batch, 200)."""
        x = self.input_norm(patches.unsqueeze(1))  # (batch, 1, time, mel)
        bands = [block(x) for block in self.timbral]
        for block, width in zip(self.temporal, _TEMPORAL, strict=True):
            before = (width - 1) // 2  # TensorFlow's "same" puts the odd frame of padding at the end
            bands.append(block(functional.pad(x, (0, 0, before, width - 1 - before))))
        front = torch.cat([band.amax(dim=3) for band in bands], dim=1)  # (batch, 561, time)
        first = self.middle[0](front)
        second = self.middle[1](first) + first
        third = self.middle[2](second) + second
        features = torch.cat([front, first, second, third], dim=1)  # (batch, 753, time)
        pooled = torch.stack([features.amax(dim=2), features.mean(dim=2)], dim=2).flatten(1)
        return self.dense_norm(functional.relu(self.dense(self.pool_norm(pooled))))

    def forward(self, patches: Tensor) -> Tensor:
        return self.output(self.representation(patches))


class LogMel(nn.Module):
    """Waveform (n,) at 16 kHz → patches (count, 187, 96) of log10(10000·mel + 1), in float32.

    The mel spectrum is librosa's with its defaults: power of a centred STFT with a periodic Hann window,
    Slaney's mel scale and area normalisation. Patches do not overlap; frames after the last whole patch are
    dropped, as published, and a clip shorter than a patch is repeated until it fills one.
    """

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(FFT_SIZE), persistent=False)
        filters = torchaudio.functional.melscale_fbanks(
            FFT_SIZE // 2 + 1, 0.0, SAMPLE_RATE / 2, MEL_BANDS, SAMPLE_RATE, norm="slaney", mel_scale="slaney"
        )
        self.register_buffer("filters", filters, persistent=False)

    def spectrum(self, waveform: Tensor) -> Tensor:
        """(n,) → (frames, 96)."""
        transform = torch.stft(
            waveform, FFT_SIZE, HOP, window=self.window, center=True, pad_mode="constant", return_complex=True
        )
        power = transform.real**2 + transform.imag**2
        return torch.log10(10_000 * (power.T @ self.filters) + 1)

    def forward(self, waveform: Tensor) -> Tensor:
        spectrum = self.spectrum(waveform)
        if len(spectrum) < PATCH_FRAMES:
            spectrum = spectrum.repeat(-(-PATCH_FRAMES // len(spectrum)), 1)
        count = len(spectrum) // PATCH_FRAMES
        return spectrum[: count * PATCH_FRAMES].reshape(count, PATCH_FRAMES, MEL_BANDS)
