"""Pictures leave normalisation alike in everything but their pixels."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from generation.painting import picture_files
from generation.painting.normalise import digest, normalise, preview


def a_picture(width=80, height=80, mode="RGB", seed=0) -> Image.Image:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def open_picture(data: bytes) -> Image.Image:
    return picture_files.open_picture(data).image


def saved(image: Image.Image, format: str, **settings) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **settings)
    return buffer.getvalue()


def png_chunks(data: bytes) -> list[str]:
    names, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        names.append(data[at + 4 : at + 8].decode())
        at += 12 + length
    return names


def with_everything_attached() -> bytes:
    """A JPEG with EXIF (camera, orientation), a comment and a colour profile."""
    exif = Image.Exif()
    exif[0x010F] = "the maker"
    exif[0x9286] = "redefined_sentence"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return saved(a_picture(), "JPEG", exif=exif, comment=b"redefined_tags", icc_profile=profile)


def test_nothing_besides_the_pixels_is_kept():
    dressed = with_everything_attached()
    assert b"redefined_tags" in dressed
    data = normalise(open_picture(dressed), 64)
    assert set(png_chunks(data)) == {"IHDR", "IDAT", "IEND"}
    again = Image.open(io.BytesIO(data))
    assert not again.getexif()
    assert again.info == {}


def test_a_plain_save_would_have_kept_them():
    """The control: without normalisation, text and profile go along."""
    image = a_picture()
    note = PngImagePlugin.PngInfo()
    note.add_text("prompt", "redefined tags")
    kept = Image.open(io.BytesIO(saved(image, "PNG", pnginfo=note)))
    assert kept.info["prompt"] == "redefined tags"
    assert Image.open(io.BytesIO(normalise(kept, 64))).info == {}


def test_the_preview_carries_nothing_either():
    data = preview(open_picture(with_everything_attached()), 48)
    again = Image.open(io.BytesIO(data))
    assert again.format == "WEBP"
    assert again.size == (48, 48)
    assert not {"exif", "icc_profile", "xmp"} & set(again.info)
    assert [data[12:16]] == [b"VP8 "]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "F"])
def test_every_kind_of_picture_becomes_the_same_kind(mode):
    source = None
    if mode in ("I;16", "F"):
        source = Image.fromarray(
            np.full((80, 80), 0.5, dtype=np.float32) if mode == "F" else np.uint16([[9] * 80] * 80)
        )
    image = Image.open(io.BytesIO(normalise(source or a_picture(mode=mode), 64)))
    assert (image.mode, image.size, image.format) == ("RGB", (64, 64), "PNG")


@pytest.mark.parametrize(("size", "wanted"), [(1024, 384), (384, 384), (64, 64)])
def test_a_preview_is_never_larger_than_its_picture(size, wanted):
    assert Image.open(io.BytesIO(preview(a_picture(), size))).size == (wanted, wanted)


def test_sixteen_bit_grey_keeps_its_lightness():
    image = Image.fromarray(np.full((64, 64), 32768, dtype=np.uint16))
    assert Image.open(io.BytesIO(normalise(image, 64))).getpixel((3, 3)) == pytest.approx((127,) * 3, abs=1)


def test_transparent_pixels_become_white():
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    assert Image.open(io.BytesIO(normalise(image, 64))).getpixel((0, 0)) == (255, 255, 255)


def a_profile_with_red_and_blue_exchanged() -> bytes:
    """sRGB's own profile with the two entries of its tag table pointing at each other's primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack(">I", profile[128:132])
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    profile[red + 4 : red + 12], profile[blue + 4 : blue + 12] = (
        profile[blue + 4 : blue + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


def test_another_colour_space_is_converted_by_its_profile():
    image = Image.new("RGB", (64, 64), (255, 0, 0))
    exchanged = saved(image, "PNG", icc_profile=a_profile_with_red_and_blue_exchanged())
    assert Image.open(io.BytesIO(normalise(image, 64))).getpixel((0, 0)) == (255, 0, 0)
    converted = Image.open(io.BytesIO(normalise(open_picture(exchanged), 64))).getpixel((0, 0))
    assert converted == pytest.approx((0, 0, 255), abs=4)


def test_a_wide_picture_is_cropped_about_its_centre():
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    middle = np.asarray(Image.open(io.BytesIO(normalise(image, 100))))
    assert (middle == (0, 0, 255)).all()


def test_a_turned_photograph_stands_upright():
    image = Image.new("RGB", (100, 100), "red")
    image.paste("blue", (0, 0, 100, 50))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees: the top of the file is the right side of the picture
    turned = open_picture(saved(image, "PNG", exif=exif))
    pixels = np.asarray(Image.open(io.BytesIO(normalise(turned, 100))))
    assert tuple(pixels[50, 90]) == (0, 0, 255)
    assert tuple(pixels[50, 10]) == (255, 0, 0)


def test_the_same_picture_gives_the_same_bytes():
    assert normalise(a_picture(), 64) == normalise(a_picture(), 64)
    assert digest(normalise(a_picture(), 64)) != digest(normalise(a_picture(seed=1), 64))
