"""Pictures as cameras, scanners and image models really write them are read as they look, or refused by name."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from generation.painting import picture_files
from generation.painting.colours import BROKEN_EXIF, BROKEN_PROFILE, NO_PROFILE
from generation.painting.errors import PictureError
from generation.painting.picture_files import FURTHER_PICTURES, MAX_PIXELS, open_picture
from tests.generation.painting.test_normalise import a_picture, a_profile_with_red_and_blue_exchanged, saved

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def filled(mode: str, colour, size=(16, 16)) -> Image.Image:
    return Image.new(mode, size, colour)


def palette_picture(*colours: tuple[int, int, int]) -> Image.Image:
    """A picture all of whose pixels have the palette's first colour."""
    image = Image.new("P", (16, 16), 0)
    image.putpalette([value for colour in colours for value in colour])
    return image


def png(*chunks: tuple[bytes, bytes], after: bytes = b"", broken: bytes = b"") -> bytes:
    """A red PNG with chunks before its pixels; `broken` names the chunks with a wrong checksum."""
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes(RED) * 16) * 16)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]:
        checksum = zlib.crc32(kind + content) ^ (kind in broken.split())
        parts += [struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)]
    return b"".join(parts) + after


def tiff(pixels: bytes, bits: int, *, photometric: int = 1, sample_format: int = 1, side: int = 4) -> bytes:
    """A small-endian TIFF of one grey channel."""
    tags = {256: side, 257: side, 258: bits, 259: 1, 262: photometric, 277: 1, 278: side, 339: sample_format}
    tags |= {279: len(pixels), 273: 0}
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHLL", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<LH", 8, len(tags)) + entries + struct.pack("<L", 0) + pixels


def deep(value: int, **settings) -> bytes:
    return tiff(np.full((4, 4), value, "<u2").tobytes(), 16, **settings)


def deep_png(value: int, **settings) -> bytes:
    return saved(Image.fromarray(np.full((16, 16), value, np.uint16)), "PNG", **settings)


def exif(orientation: int = 0, *, broken_entry: bool = False) -> bytes:
    """An EXIF block; a broken entry points far outside of it."""
    entries = [struct.pack("<HHLL", 0x0112, 3, 1, orientation)] if orientation else []
    if broken_entry:
        entries.append(struct.pack("<HHLL", 0x8769, 4, 1, 2**31))
        entries.append(struct.pack("<HHLL", 0x9286, 7, 2**20, 2**30))
    return b"Exif\0\0II*\0" + struct.pack("<LH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


def colour_of(data: bytes) -> tuple[int, int, int]:
    picture = open_picture(data)
    assert (picture.image.mode, picture.image.info) == ("RGB", {})
    return picture.image.getpixel((1, 1))


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GIF_TRANSPARENT = saved(palette_picture(RED, BLUE), "GIF", transparency=0)

KINDS = {
    # 16-bit grey is scaled by its range, never by its brightest pixel.
    "dark 16-bit PNG": (deep_png(200), (1, 1, 1)),
    "16-bit PNG": (deep_png(32768), (128, 128, 128)),
    "dark 16-bit TIFF": (deep(200), (1, 1, 1)),
    "white 16-bit TIFF": (deep(65535), WHITE),
    "16-bit TIFF whose 0 is white": (deep(65535, photometric=0), (0, 0, 0)),
    "12-bit TIFF": (tiff(b"\xff\xff\xff" * 8, 12), WHITE),
    "floating-point TIFF": (tiff(np.full((4, 4), 0.5, "<f4").tobytes(), 32, sample_format=3), (128, 128, 128)),
    "16-bit grey with a transparent value": (deep_png(200, transparency=200), WHITE),
    # What lies behind transparent pixels is white.
    "palette with opacities": (saved(palette_picture(RED, BLUE), "PNG", transparency=bytes([0, 255])), WHITE),
    "palette with half opacity": (saved(palette_picture(RED, BLUE), "PNG", transparency=bytes([128])), (255, 127, 127)),
    "palette with an opaque first colour": (saved(palette_picture(RED, BLUE), "PNG", transparency=1), RED),
    "GIF with a transparent colour": (GIF_TRANSPARENT, WHITE),
    "RGB with a transparent colour": (saved(filled("RGB", RED), "PNG", transparency=RED), WHITE),
    "grey with a transparent value": (saved(filled("L", 7), "PNG", transparency=7), WHITE),
    "grey with opacity": (saved(filled("LA", (0, 0)), "PNG"), WHITE),
    "WebP with opacity": (saved(filled("RGBA", (0, 0, 0, 0)), "WEBP", lossless=True, exact=True), WHITE),
    "black and white": (saved(filled("1", 1), "PNG"), WHITE),
    # Colour spaces.
    "LAB": (saved(filled("LAB", (255, 128, 128)), "TIFF"), WHITE),
    "CMYK TIFF": (saved(filled("CMYK", (0, 255, 255, 0)), "TIFF"), RED),
    "CMYK JPEG": (saved(filled("CMYK", (0, 255, 255, 0)), "JPEG", quality=100), (254, 0, 0)),
    "YCbCr TIFF": (saved(filled("RGB", WHITE).convert("YCbCr"), "TIFF"), WHITE),
    "palette with a profile": (
        saved(palette_picture(RED, BLUE), "PNG", icc_profile=a_profile_with_red_and_blue_exchanged()),
        BLUE,
    ),
    "grey with a profile of RGB": (saved(filled("L", 100), "PNG", icc_profile=SRGB), (100, 100, 100)),
    "opacity with a profile": (
        saved(filled("RGBA", (*RED, 255)), "PNG", icc_profile=a_profile_with_red_and_blue_exchanged()),
        BLUE,
    ),
    # Chunks.
    "damaged text": (png((b"tEXt", b"prompt\0x"), broken=b"tEXt"), RED),
    "damaged profile chunk": (png((b"iCCP", b"x\0\0junk"), broken=b"iCCP"), RED),
    "unreadable profile": (png((b"iCCP", b"x\0\0junk")), RED),
    "text that unpacks to 70 MB": (png((b"zTXt", b"workflow\0\0" + zlib.compress(bytes(70_000_000)))), RED),
    "many texts": (png(*[(b"iTXt", b"k\0\0\0\0\0" + bytes(100_000))] * 700), RED),
    "unknown chunk": (png((b"prVt", b"?")), RED),
    "behind its end": (png(after=b"junk" * 100), RED),
    "no end": (png()[:-12], RED),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_any_kind_is_read_as_it_looks(kind):
    data, colour = KINDS[kind]
    assert colour_of(data) == pytest.approx(colour, abs=1)


def test_linear_light_is_not_taken_for_srgb():
    grey = saved(filled("RGB", (55, 55, 55)), "PNG")
    chunk = struct.pack(">I", 4) + b"gAMA" + struct.pack(">I", 100_000)
    linear = grey[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + grey[33:]
    assert colour_of(grey) == (55, 55, 55)
    assert colour_of(linear) == pytest.approx((127, 127, 127), abs=2)


def test_scaled_by_its_brightest_pixel_a_dark_picture_would_become_bright():
    """The control, for 16 bits."""
    values = np.asarray(Image.open(io.BytesIO(deep_png(200))))
    assert np.clip(values, 0, 255).max() == 200


def test_a_premultiplied_tiff_keeps_its_colours():
    image = filled("RGBA", (255, 0, 0, 128)).convert("RGBa")
    assert colour_of(saved(image.convert("RGBA"), "TIFF")) == pytest.approx((255, 127, 127), abs=2)


@pytest.mark.parametrize(
    "block", [b"Exif\0\0GARBAGE!", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0", b"Exif\0\0MM\0*\0\0"]
)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_broken_exif_block_is_left_out(format, block):
    picture = open_picture(saved(filled("RGB", RED, (32, 16)), format, exif=block))
    assert picture.image.size == (32, 16)
    assert set(picture.remarks) <= {BROKEN_EXIF}


def test_a_block_that_is_no_exif_at_all_is_said():
    assert open_picture(saved(filled("RGB", RED), "PNG", exif=b"Exif\0\0GARBAGE!")).remarks == (BROKEN_EXIF,)
    assert open_picture(saved(filled("RGB", RED), "PNG", exif=exif(1))).remarks == ()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("broken_entry", [False, True])
def test_a_picture_is_turned_as_its_exif_block_says_whatever_else_is_broken_in_it(orientation, broken_entry):
    image = a_picture(24, 16)
    data = saved(image, "PNG", exif=exif(orientation, broken_entry=broken_entry))
    whole = Image.open(io.BytesIO(saved(image, "PNG", exif=exif(orientation))))
    assert open_picture(data).image.tobytes() == ImageOps.exif_transpose(whole).tobytes()


def test_of_two_pictures_in_a_jpeg_the_first_is_taken():
    first, second = filled("RGB", RED, (32, 32)), filled("RGB", BLUE, (8, 8))
    phone = saved(first, "MPO", save_all=True, append_images=[second])
    picture = open_picture(phone)
    assert (picture.image.size, picture.remarks) == ((32, 32), (FURTHER_PICTURES,))
    assert colour_of(phone) == pytest.approx(RED, abs=2)
    at = phone.index(b"MPF\0")
    broken = open_picture(phone[: at + 4] + b"\xff" * 40 + phone[at + 44 :])
    assert broken.image.size == (32, 32)
    assert colour_of(saved(first, "JPEG") + saved(second, "JPEG")) == pytest.approx(RED, abs=2)


def pages(*flags: int) -> bytes:
    """A TIFF with a page for each flag; 1 marks a thumbnail of another page."""
    images = [filled("RGB", (20 * n, 0, 0)) for n in range(len(flags))]
    for image, flag in zip(images, flags, strict=True):
        image.encoderinfo = {"tiffinfo": {254: flag}}
    return saved(images[0], "TIFF", save_all=True, append_images=images[1:], tiffinfo={254: flags[0]})


def test_a_tiffs_own_thumbnail_is_passed_over_and_further_pages_are_refused():
    assert open_picture(pages(0, 1)).remarks == (FURTHER_PICTURES,)
    assert colour_of(pages(0, 1)) == (0, 0, 0)
    with pytest.raises(PictureError, match="a file of 2 pages; save the one that is meant"):
        open_picture(pages(0, 0))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_refused(format):
    frames = [a_picture(seed=seed) for seed in range(3)]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match=r"a\.pic: an animation of 3 pictures; save the one that is meant"):
        open_picture(data, name="a.pic")


def test_a_profile_that_cannot_be_used_and_one_that_is_missing_are_said():
    assert open_picture(saved(filled("RGB", RED), "PNG", icc_profile=b"junk" * 40)).remarks == (BROKEN_PROFILE,)
    assert open_picture(saved(filled("CMYK", 0), "JPEG", icc_profile=SRGB)).remarks == (BROKEN_PROFILE,)
    assert open_picture(saved(filled("CMYK", 0), "JPEG")).remarks == (NO_PROFILE,)
    assert open_picture(saved(filled("RGB", RED), "JPEG", icc_profile=SRGB)).remarks == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a picture"),
        (b"words, not a picture", "not a picture"),
        (saved(a_picture(), "PNG")[:400], "damaged"),
        (saved(a_picture(), "PNG")[:20], "damaged"),
        (saved(a_picture(), "JPEG")[:300], "damaged"),
        (saved(a_picture(), "JPEG")[:600], "damaged"),
        (png(broken=b"IDAT"), r"damaged .*checksum of its part IDAT"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photograph"),
        (b"%PDF-1.7", "a PDF"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "an SVG drawing"),
        (tiff(bytes(64), 32), "32 bits, and nothing says which value is white"),
        (tiff(np.full((4, 4), 3.0, "<f4").tobytes(), 32, sample_format=3), "leave the range from 0 to 1"),
        (tiff(np.full((4, 4), np.nan, "<f4").tobytes(), 32, sample_format=3), "leave the range from 0 to 1"),
        (saved(Image.new("1", (9000, 9000)), "PNG"), "more than the limit of 50 million"),
        (saved(Image.new("1", (8000, 8000)), "GIF"), "more than the limit of 50 million"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_with_what_to_do(data, reason):
    with pytest.raises(PictureError, match=f"^clip_3.png: .*{reason}.*[Ss]ave it") as caught:
        open_picture(data, name="clip_3.png")
    assert "\n" not in str(caught.value)


SAMPLES = [
    saved(a_picture(24, 16), format, **settings)
    for format, settings in [
        ("PNG", {"exif": exif(6), "icc_profile": SRGB}),
        ("JPEG", {"exif": exif(6), "icc_profile": SRGB}),
        ("WEBP", {"exif": exif(6)}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("GIF", {}),
        ("BMP", {}),
        ("AVIF", {"speed": 10}),
    ]
]


@given(sample=st.sampled_from(SAMPLES), at=st.floats(0, 1), junk=st.binary(max_size=8), cut=st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_broken_a_picture_is_decoded_or_refused(sample, at, junk, cut):
    place = int(at * len(sample))
    data = sample[:place] + junk + (b"" if cut else sample[place + len(junk) :])
    try:
        image = open_picture(data, name="x.png").image
    except PictureError:
        return
    assert image.mode == "RGB"
    assert image.width * image.height <= MAX_PIXELS


def test_a_picture_that_expands_like_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    buffer = io.BytesIO()
    Image.new("RGB", (5000, 5000)).save(buffer, "PNG")
    with pytest.raises(PictureError, match="unpacks to over 300 times its size"):
        open_picture(buffer.getvalue())
    monkeypatch.setattr(picture_files, "MAX_EXPANSION", 10_000)  # the control
    assert open_picture(buffer.getvalue()).image.size == (5000, 5000)


def test_texts_of_a_png_are_not_even_read():
    """The control: Pillow alone gives up the picture for its text."""
    data, _colour = KINDS["text that unpacks to 70 MB"]
    with pytest.raises(ValueError, match="too large"):
        Image.open(io.BytesIO(data)).load()
    assert PngImagePlugin.MAX_TEXT_CHUNK < 70_000_000
