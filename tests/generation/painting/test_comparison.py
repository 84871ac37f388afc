"""Two pictures are the same, the same to the eye, or different in something that is named."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from generation.painting.comparison import compare_images


def scene(size=256) -> Image.Image:
    ramp = np.linspace(40, 215, size)
    pixels = np.stack([np.tile(ramp, (size, 1)), np.tile(ramp[:, None], (1, size)), np.full((size, size), 120)], axis=2)
    image = Image.fromarray(pixels.astype(np.uint8))
    ImageDraw.Draw(image).ellipse((80, 80, 170, 170), fill="navy")
    return image


def changed(image, amount, where=(slice(None), slice(None)), channel=slice(None)) -> Image.Image:
    pixels = np.asarray(image).astype(int).copy()
    pixels[(*where, channel)] += amount
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def test_the_same_pixels():
    comparison = compare_images(scene(), scene())
    assert comparison.verdict == "bit-identical"
    assert comparison.measure == "all pixels equal"
    assert comparison.share == 0


def test_rounding_is_not_seen():
    noise = np.random.default_rng(0).integers(-1, 2, (256, 256, 3))
    comparison = compare_images(scene(), changed(scene(), noise))
    assert comparison.verdict == "visually identical"
    assert comparison.largest == 1
    assert "PSNR" in comparison.measure
    assert "SSIM" in comparison.measure


@pytest.mark.parametrize("amount", [8, 20, 60])
def test_another_light_is_named(amount):
    comparison = compare_images(scene(), changed(scene(), amount, channel=0))
    assert comparison.verdict == "different"
    assert any("colour and light" in difference and "red +" in difference for difference in comparison.differences)


def test_a_small_thing_in_one_corner_is_seen_though_the_mean_hides_it():
    other = scene()
    ImageDraw.Draw(other).line((10, 10, 40, 40), fill="white", width=2)
    comparison = compare_images(scene(), other)
    assert comparison.verdict == "different"
    assert any("structure" in difference for difference in comparison.differences)


def test_another_size_is_named():
    comparison = compare_images(scene(), scene(128))
    assert comparison.verdict == "different"
    assert comparison.differences == ("size (256 × 256 and 128 × 128)",)
    assert comparison.measure == "not comparable"


def test_psnr_by_hand():
    """Every channel off by 5: 10 log10(255² / 25) = 34.15 dB."""
    flat = Image.new("RGB", (64, 64), (100, 100, 100))
    assert compare_images(flat, changed(flat, 5)).psnr == pytest.approx(34.1514, abs=1e-3)


def test_ssim_by_hand():
    """Two flat pictures: the variances are none, so SSIM = (2ab + C1) / (a² + b² + C1)."""
    one, other = (Image.new("RGB", (64, 64), (value,) * 3) for value in (100, 140))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 140 + c1) / (100**2 + 140**2 + c1)
    assert compare_images(one, other).ssim == pytest.approx(expected, abs=1e-6)
