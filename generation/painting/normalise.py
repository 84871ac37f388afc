"""Give all pictures one format, so that a file reveals nothing about its condition but the picture.

Same pixel size, sRGB without alpha, one format with one set of encoder settings, and nothing besides the pixels: no
EXIF, text, colour profile or thumbnail.
"""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageOps

from generation.painting.colours import plain

# The full picture is PNG: lossless, so that a picture painted again can be compared bit by bit.
SUFFIX = ".png"
PNG_SETTINGS = {"format": "PNG", "compress_level": 6, "optimize": False}
# The preview is for phones: about a tenth of the bytes, with a loss that is invisible on a phone.
PREVIEW_SUFFIX = ".webp"
PREVIEW_SETTINGS = {"format": "WEBP", "quality": 82, "method": 4, "lossless": False, "exact": True}
PREVIEW_SIZE = 384  # pixels; of a smaller picture as many as it has


def normalise(image: Image.Image, size: int) -> bytes:
    """`image` as a PNG of `size` × `size` pixels, 8-bit sRGB, holding IHDR, IDAT and IEND and no other chunk.

    A picture that is not square is cropped about its centre, after it was turned by its EXIF orientation; transparent
    pixels become white; other colour spaces are converted by the embedded profile.
    """
    return _encoded(_plain_pixels(image, size), PNG_SETTINGS)


def preview(image: Image.Image, size: int) -> bytes:
    """The full picture of `size` pixels as a smaller WebP for phones, at most PREVIEW_SIZE wide, normalised as well."""
    return _encoded(_plain_pixels(image, min(size, PREVIEW_SIZE)), PREVIEW_SETTINGS)


def digest(data: bytes) -> str:
    """SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _plain_pixels(image: Image.Image, size: int) -> Image.Image:
    """The pixels alone, in an image object that carries nothing else."""
    colours = plain(image)
    if colours.size != (size, size):
        colours = ImageOps.fit(colours, (size, size), method=Image.Resampling.LANCZOS)
    return Image.frombytes("RGB", colours.size, colours.tobytes())


def _encoded(image: Image.Image, settings: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **settings)  # type: ignore[arg-type]
    return buffer.getvalue()
