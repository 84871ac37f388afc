"""Files for participants: one layout, one length, the picture and nothing else."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from study.blinding_audit.image_metadata import image_metadata
from study.survey_images.encoding import LOSSLESS, LOSSY, encode, is_filler, padded, padded_length


def picture(seed, size=(96, 96)):
    """Grain over a few areas: small seeds make files of different lengths."""
    rng = np.random.default_rng(seed)
    areas = np.kron(rng.integers(0, 255, (4, 4, 3)), np.ones((24, 24, 1)))
    pixels = np.clip(areas + rng.normal(0, seed % 7 * 6, areas.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).resize(size)


def decoded(content):
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image.convert("RGB")


def all_padded(contents):
    length = max(map(padded_length, contents))
    return [padded(content, length) for content in contents]


@pytest.mark.parametrize("settings", [LOSSY, LOSSLESS], ids=["lossy", "lossless"])
def test_files_of_different_pictures_differ_in_nothing_but_the_pixels(settings):
    contents = [encode(picture(seed), (96, 96), settings) for seed in range(1, 8)]
    assert len({len(content) for content in contents}) > 1  # without filling, the lengths tell pictures apart
    files = all_padded(contents)
    assert len({len(file) for file in files}) == 1
    assert len({image_metadata(file) for file in files}) == 1
    for content, file in zip(contents, files, strict=True):
        assert np.array_equal(decoded(content), decoded(file))


def test_a_compressing_proxy_cannot_bring_the_lengths_back():
    small, large = (encode(picture(seed), (96, 96), LOSSY) for seed in (7, 6))
    files = [padded(content, max(map(padded_length, (small, large))) + 20_000) for content in (small, large)]
    assert min(len(zlib.compress(file, 9)) for file in files) > 19_000


def test_lossless_files_hold_the_pixels_exactly():
    original = picture(3)
    assert np.array_equal(decoded(encode(original, original.size, LOSSLESS)), original)
    assert not np.array_equal(decoded(encode(original, original.size, LOSSY)), original)


def test_metadata_of_the_picture_does_not_reach_the_file():
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "condition 3")
    buffer = io.BytesIO()
    picture(2).save(buffer, "PNG", pnginfo=info, dpi=(72, 72), icc_profile=b"profile" * 40, exif=b"Exif\0\0secret")
    marked = Image.open(buffer)
    plain = Image.open(io.BytesIO(_png(picture(2))))
    assert encode(marked, (96, 96), LOSSY) == encode(plain, (96, 96), LOSSY)


def _png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_of_another_shape_is_shown_whole():
    wide = Image.new("RGB", (200, 100), "red")
    shown = np.asarray(decoded(encode(wide, (100, 100), LOSSLESS)))
    assert np.all(np.abs(shown[50, :].astype(int) - (255, 0, 0)) < 3)  # the middle row is the picture from side to side
    assert np.all(shown[5, :] == 236)


@pytest.mark.parametrize("size", [(1, 1), (97, 33), (2048, 16)])
def test_any_size_is_encoded(size):
    file = padded(encode(picture(4), size, LOSSY), 40_000)
    assert (len(file), decoded(file).size) == (40_000, size)


def test_other_bytes_in_place_of_the_filler_are_noticed():
    file = padded(encode(picture(5), (96, 96), LOSSY), 40_000)
    place = file.index(b"PAD ") + 8
    assert is_filler(file[place:])
    changed = file[:-1] + bytes([file[-1] ^ 1])
    assert image_metadata(changed) != image_metadata(file)


def test_a_file_that_is_longer_than_the_length_is_refused():
    content = encode(picture(5), (96, 96), LOSSY)
    for length in (padded_length(content) - 2, padded_length(content) + 1):
        with pytest.raises(ValueError, match="cannot be filled up"):
            padded(content, length)
