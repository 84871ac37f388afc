"""Compare two pictures: bit-identical, visually identical, or different, with the differences named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

# Above 40 dB a difference is invisible side by side. Structural similarity finds a small difference in one place,
# which the mean behind PSNR would hide.
VISUAL_PSNR = 40.0
VISUAL_SSIM = 0.98
_LUMA = np.array([0.299, 0.587, 0.114])

Verdict = Literal["bit-identical", "visually identical", "different"]


@dataclass(frozen=True)
class Comparison:
    """How similar two pictures are.

    `psnr` in dB over all channels (None if all pixels are equal), `ssim` from -1 to 1 over the lightness, `largest` the
    greatest difference of one channel (0 to 255), `share` the part of pixels that differ. All are None if the sizes
    differ. `differences`: descriptions of the differences, empty unless the verdict is "different".
    """

    verdict: Verdict
    psnr: float | None
    ssim: float | None
    largest: int | None
    share: float | None
    differences: tuple[str, ...] = ()

    @property
    def measure(self) -> str:
        """The measurements behind the verdict, in words."""
        if self.psnr is None:
            return "all pixels equal" if self.verdict == "bit-identical" else "not comparable"
        return (
            f"PSNR {self.psnr:.1f} dB (visually identical from {VISUAL_PSNR:g}), "
            f"SSIM {self.ssim:.4f} (from {VISUAL_SSIM:g})"
        )


def compare_images(one: Image.Image, other: Image.Image) -> Comparison:
    """Compare the decoded pixels of two pictures; metadata and encoding are ignored.

    PSNR = 10 log10(255² / mean squared difference). SSIM as Wang, Bovik, Sheikh and Simoncelli (2004), with a
    Gaussian window of σ = 1.5, K1 = 0.01, K2 = 0.03; the mean of the map and of its worst 64 × 64 region must
    both pass.
    """
    if one.size != other.size:
        sizes = " and ".join(f"{image.width} × {image.height}" for image in (one, other))
        return Comparison("different", None, None, None, None, (f"size ({sizes})",))
    first, second = (np.asarray(image.convert("RGB"), dtype=float) for image in (one, other))
    difference = np.abs(first - second)
    largest, share = int(difference.max()), float((difference.max(axis=2) > 0).mean())
    if largest == 0:
        return Comparison("bit-identical", None, 1.0, 0, 0.0)
    psnr = float(10 * np.log10(255**2 / np.mean(difference**2)))
    similarity = _ssim_map(first @ _LUMA, second @ _LUMA)
    ssim = min(float(similarity.mean()), _worst_region(similarity))
    faults = []
    if ssim < VISUAL_SSIM:
        faults.append(f"structure (SSIM {ssim:.4f} where {VISUAL_SSIM:g} is needed)")
    if psnr < VISUAL_PSNR:
        colour = (second - first).mean(axis=(0, 1))
        shift = ", ".join(f"{name} {value:+.1f}" for name, value in zip(("red", "green", "blue"), colour, strict=True))
        faults.append(f"colour and light (PSNR {psnr:.1f} dB where {VISUAL_PSNR:g} is needed; mean {shift})")
    verdict: Verdict = "different" if faults else "visually identical"
    return Comparison(verdict, psnr, ssim, largest, share, tuple(faults))


def _ssim_map(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Structural similarity at each pixel of two lightness arrays (height, width) from 0 to 255."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, sigma=1.5, truncate=3.5)

    mean_x, mean_y = mean(x), mean(y)
    variance_x = mean(x * x) - mean_x**2
    variance_y = mean(y * y) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    return ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    )


def _worst_region(similarity: np.ndarray, side: int = 64) -> float:
    height, width = similarity.shape
    return min(
        float(similarity[top : top + side, left : left + side].mean())
        for top in range(0, height, side)
        for left in range(0, width, side)
    )
