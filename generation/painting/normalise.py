"""Give all pictures one format, so that a file reveals nothing about its condition but the picture.

Same pixel size, sRGB without alpha, one format with one set of encoder settings, and nothing besides the pixels: no
EXIF, text, colour profile or thumbnail.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

# The full picture is PNG: lossless, so that a picture painted again can be compared bit by bit.
SUFFIX = ".png"
PNG_SETTINGS = {"format": "PNG", "compress_level": 6, "optimize": False}
# The preview is for phones: about a tenth of the bytes, with a loss that is invisible on a phone.
PREVIEW_SUFFIX = ".webp"
PREVIEW_SETTINGS = {"format": "WEBP", "quality": 82, "method": 4, "lossless": False, "exact": True}
PREVIEW_SIZE = 384

MAX_PIXELS = 50_000_000
READABLE_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")


class PictureError(ValueError):
    """A picture cannot be used; the message names it, the reason and how to fix it."""


def normalise(image: Image.Image, size: int) -> bytes:
    """`image` as a PNG of `size` × `size` pixels, 8-bit sRGB, holding IHDR, IDAT and IEND and no other chunk.

    A picture that is not square is cropped about its centre, after it was turned by its EXIF orientation; transparent
    pixels become white; other colour spaces are converted by the embedded profile.
    """
    return _encoded(_plain_pixels(image, size), PNG_SETTINGS)


def preview(image: Image.Image, size: int = PREVIEW_SIZE) -> bytes:
    """The picture as a WebP of `size` × `size` pixels for phones, normalised like the full one."""
    return _encoded(_plain_pixels(image, size), PREVIEW_SETTINGS)


def open_picture(data: bytes | Path, *, name: str = "") -> Image.Image:
    """Load a still picture from bytes or a file completely.

    Raises:
        PictureError: not a picture, damaged, animated, or above MAX_PIXELS.
    """
    label = name or (data.name if isinstance(data, Path) else "the picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data, formats=READABLE_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureError(
                        f"{label}: {image.width} × {image.height} pixels; the limit is "
                        f"{MAX_PIXELS // 10**6} million. Save it smaller."
                    )
                frames = getattr(image, "n_frames", 1)
                if frames > 1:
                    raise PictureError(f"{label}: has {frames} frames; upload a still picture.")
                image.load()
                return image.copy() if image.info.get("icc_profile") is None else _with_profile(image)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{label}: not a picture we can read ({', '.join(READABLE_FORMATS)}).") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(
            f"{label}: more than the limit of {MAX_PIXELS // 10**6} million pixels. Save it smaller."
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PictureError(f"{label}: damaged or cut short ({error}). Save it again.") from error


def digest(data: bytes) -> str:
    """SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _with_profile(image: Image.Image) -> Image.Image:
    copy = image.copy()
    copy.info["icc_profile"] = image.info["icc_profile"]
    return copy


def _plain_pixels(image: Image.Image, size: int) -> Image.Image:
    """The pixels alone, in an image object that carries nothing else."""
    upright = ImageOps.exif_transpose(image)
    colours = _on_white(_in_srgb(upright))
    if colours.size != (size, size):
        colours = ImageOps.fit(colours, (size, size), method=Image.Resampling.LANCZOS)
    return Image.frombytes("RGB", colours.size, colours.tobytes())


def _in_srgb(image: Image.Image) -> Image.Image:
    """The picture in sRGB as RGB or RGBA."""
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    target = "RGBA" if has_alpha else "RGB"
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            output = "RGBA" if image.mode == "RGBA" else "RGB"
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=output)
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # With a damaged profile the numbers are read as sRGB, as browsers do.
    return image.convert(target)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit and floating grey as 8-bit grey; Pillow's own conversion clips instead of scaling."""
    values = np.nan_to_num(np.asarray(image, dtype=float))
    if values.max() > 255:
        values = values * (255 / 65535)
    elif image.mode == "F" and values.min() >= 0 and values.max() <= 1:
        values = values * 255
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _encoded(image: Image.Image, settings: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **settings)  # type: ignore[arg-type]
    return buffer.getvalue()
