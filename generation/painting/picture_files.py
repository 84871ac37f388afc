"""Open a picture's file, whatever its kind and whatever is broken in it beside the picture.

Decode files that others made in a bounded process: `generation.ready_made.upload_process`.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from generation.painting.colours import plain
from generation.painting.errors import PictureError, gettext_noop

MAX_PIXELS = 50_000_000
# Three bytes a pixel against the file's bytes, above FREE_PIXELS: photographs stay below 100, most drawings too.
MAX_EXPANSION = 300
FREE_PIXELS = 4096 * 4096
READABLE = "PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF"
FURTHER_PICTURES = "further_pictures"

_FORMATS = ("WEBP", "TIFF", "BMP", "GIF", "AVIF")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# The chunks that decide how a PNG looks. All others (texts of any size, thumbnails, private ones) are left out unread.
_PNG_CHUNKS = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP eXIf".split())
_KNOWN_OTHERS = (
    (
        re.compile(rb".{4}ftyp(heic|heix|heim|heis|hevc|mif1|msf1)", re.DOTALL),
        gettext_noop("%(file)s: a HEIC photograph, as iPhones take them, cannot be read. Save it as PNG or JPEG."),
    ),
    (re.compile(rb"%PDF"), gettext_noop("%(file)s: a PDF cannot be read. Save it as PNG or JPEG.")),
    (re.compile(rb"8BPS"), gettext_noop("%(file)s: a Photoshop document cannot be read. Save it as PNG or JPEG.")),
    (
        re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg", re.DOTALL),
        gettext_noop("%(file)s: an SVG drawing cannot be read. Save it as PNG or JPEG."),
    ),
    (
        re.compile(rb"\xff\x0a|\x00\x00\x00\x0c(JXL|jP ) "),
        gettext_noop("%(file)s: JPEG XL and JPEG 2000 cannot be read. Save it as PNG or JPEG."),
    ),
)
_NO_PICTURE = gettext_noop("%(file)s: not a picture that can be read (%(kinds)s). Save it as PNG or JPEG.")
_TOO_LARGE = gettext_noop("%(file)s: more than the limit of %(limit)d million pixels. Save it smaller.")
_EXPANDS = gettext_noop(
    "%(file)s: unpacks to over %(ratio)d times its size, which no picture of so many pixels does. Save it smaller."
)
_DAMAGED = gettext_noop("%(file)s: damaged or cut short (%(why)s). Save it again as PNG or JPEG.")
_ANIMATION = gettext_noop("%(file)s: an animation of %(n)d pictures; save the one that is meant as a still picture.")
_PAGES = gettext_noop("%(file)s: a file of %(n)d pages; save the one that is meant as a picture of its own.")
TOO_MUCH_MEMORY = gettext_noop("%(file)s: it takes too much memory to decode; save it smaller, as PNG or JPEG.")
TOO_MUCH_TIME = gettext_noop("%(file)s: it takes too much time to decode; save it smaller, as PNG or JPEG.")


@dataclass(frozen=True)
class Picture:
    """A decoded picture as plain RGB, and what had to be changed or guessed."""

    image: Image.Image
    remarks: tuple[str, ...]


def open_picture(data: bytes, *, name: str = "the picture") -> Picture:
    """Decode a still picture completely: nothing can fail after it.

    Of several pictures in one JPEG, as phones write them, the first is taken; so is the first of a TIFF whose others
    are its thumbnails.

    Raises:
        PictureError: not a picture, damaged, animated, above MAX_PIXELS, or of values without a known white.
    """
    remarks: dict[str, None] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with _opened(data) as image:
                _check_size(image, len(data))
                if _take_first(image):
                    remarks[FURTHER_PICTURES] = None
                image.load()
                return Picture(plain(image, lambda what: remarks.setdefault(what)), tuple(remarks))
    except PictureError as error:
        raise PictureError(error.text, **{"file": name, **error.values}) from None
    except UnidentifiedImageError:
        raise PictureError(_not_readable(data), file=name, kinds=READABLE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_TOO_LARGE, file=name, limit=MAX_PIXELS // 10**6) from None
    except MemoryError:
        raise PictureError(TOO_MUCH_MEMORY, file=name) from None
    except Exception as error:  # Pillow raises whatever a damaged file leads to
        raise PictureError(_DAMAGED, file=name, why=str(error)) from error


def _opened(data: bytes) -> Image.Image:
    if data.startswith(_PNG):
        return PngImagePlugin.PngImageFile(io.BytesIO(_png_that_shows(data)))
    if data.startswith(_JPEG):
        # Not by Image.open, which gives up a JPEG whose list of further pictures is broken.
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _check_size(image: Image.Image, file_bytes: int) -> None:
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise PictureError(_TOO_LARGE, limit=MAX_PIXELS // 10**6)
    if pixels > FREE_PIXELS and 3 * pixels > MAX_EXPANSION * file_bytes:
        raise PictureError(_EXPANDS, ratio=MAX_EXPANSION)


def _take_first(image: Image.Image) -> bool:
    """Whether there are further pictures, of which the first was taken.

    Raises:
        PictureError: it is an animation, or a file of several pages.
    """
    if image.format == "JPEG":
        return "mp" in image.info
    frames = getattr(image, "n_frames", 1)
    if frames == 1:
        return False
    if image.format != "TIFF":
        raise PictureError(_ANIMATION, n=frames)
    for frame in range(1, frames):
        image.seek(frame)
        if not image.tag_v2.get(254, 0) & 1:  # type: ignore[attr-defined]
            raise PictureError(_PAGES, n=frames)
    image.seek(0)
    return True


def _png_that_shows(data: bytes) -> bytes:
    """The PNG without the chunks that do not change how it looks, and without those of these that are damaged.

    Raises:
        PictureError: it is an animation. ValueError: a chunk of the picture itself is damaged.
    """
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        content = data[at + 8 : at + 8 + length]
        if kind == b"acTL" and length >= 4 and (frames := struct.unpack_from(">I", content)[0]) > 1:
            raise PictureError(_ANIMATION, n=frames)
        is_optional = kind[:1].islower()
        is_whole = end <= len(data) and zlib.crc32(kind + content) == struct.unpack_from(">I", data, end - 4)[0]
        if not is_whole and not is_optional and end <= len(data):
            raise ValueError(f"the checksum of its part {kind.decode('ascii', 'replace')} is wrong")
        if kind in _PNG_CHUNKS and (is_whole or not is_optional):
            kept.append(data[at:end])
        at = end
        if kind == b"IEND":
            break
    return b"".join(kept)


def _not_readable(data: bytes) -> str:
    return next((text for signature, text in _KNOWN_OTHERS if signature.match(data[:2000])), _NO_PICTURE)
