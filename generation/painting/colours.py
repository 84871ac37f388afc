"""The pixels of a picture of any mode as they look: upright, in sRGB, on white, and nothing else of the file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
from PIL import ExifTags, Image, ImageCms

from generation.painting.errors import PictureError, gettext_noop

# What had to be changed or guessed, for those who brought the picture.
BROKEN_EXIF, BROKEN_PROFILE, NO_PROFILE = "broken_exif", "broken_profile", "no_profile"

Remark = Callable[[str], None]

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
_DEEP = gettext_noop(
    "%(file)s: its grey has 32 bits, and nothing says which value is white. Save it with 8 or 16 bits."
)
_NO_FRACTIONS = gettext_noop(
    "%(file)s: its floating-point values leave the range from 0 to 1, and nothing says which is white. Save it with 8 "
    "or 16 bits."
)
_SRGB_GAMMA = 0.45455  # as a PNG file states it


def plain(image: Image.Image, remark: Remark = lambda what: None) -> Image.Image:
    """The picture as RGB: turned by its EXIF orientation, in sRGB by its profile, with white behind it.

    `remark` is called with what was changed or guessed.

    Raises:
        PictureError: nothing says which of its values is white.
    """
    upright = _upright(image, remark)
    colours, alpha = _colours_and_alpha(upright)
    colours = _in_srgb(colours, image.info, remark)
    if alpha is not None:
        white = Image.new("RGB", colours.size, "white")
        white.paste(colours, mask=alpha)
        colours = white
    colours.info = {}
    return colours


def _upright(image: Image.Image, remark: Remark) -> Image.Image:
    """The picture turned as its EXIF block says; a block that cannot be read is left out."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            turn = image.getexif().get(ExifTags.Base.Orientation)
        except Exception:  # Pillow raises whatever the block leads to
            turn = None
            remark(BROKEN_EXIF)
        else:
            if any("exif" in str(warning.message).lower() for warning in told):
                remark(BROKEN_EXIF)
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def _colours_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours as L, RGB, CMYK or LAB, and the opacity; None if all is opaque."""
    if image.mode.startswith("I;16"):
        return _of_sixteen_bits(image)
    if image.mode == "I":
        raise PictureError(_DEEP)
    if image.mode == "F":
        return _of_fractions(image), None
    if image.mode in ("LA", "La") or (image.mode in ("L", "1") and "transparency" in image.info):
        pair = image.convert("LA")
        return pair.getchannel("L"), pair.getchannel("A")
    if image.mode in ("RGBA", "RGBa", "PA") or "transparency" in image.info:
        four = image.convert("RGBA")
        return four.convert("RGB"), four.getchannel("A")
    if image.mode == "1":
        return image.convert("L"), None
    return (image if image.mode in _SPACES else image.convert("RGB")), None


def _of_sixteen_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Grey of 12 or 16 bits, by its full range and never by its brightest pixel, so that dark pictures stay dark."""
    values = np.asarray(image)
    most = 2 ** _tag(image, 258, 16) - 1
    grey_of = (np.arange(most + 1) * 255 + most // 2) // most
    grey = grey_of.astype(np.uint8)[np.minimum(values, most)]
    if _tag(image, 262, 1) == 0:  # a TIFF file whose 0 is white; Pillow turns only 8 bits around
        grey = 255 - grey
    transparent = image.info.get("transparency")
    alpha = None
    if isinstance(transparent, int):
        alpha = Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8))
    return Image.fromarray(grey), alpha


def _of_fractions(image: Image.Image) -> Image.Image:
    """Floating-point grey from 0 (black) to 1 (white)."""
    values = np.asarray(image, dtype=np.float32)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise PictureError(_NO_FRACTIONS)
    grey = np.rint(values * 255).astype(np.uint8)
    return Image.fromarray(255 - grey if _tag(image, 262, 1) == 0 else grey)


def _tag(image: Image.Image, number: int, default: int) -> int:
    """The first value of a TIFF file's tag: 258 is the bits of a sample, 262 tells whether 0 is white."""
    value = getattr(image, "tag_v2", {}).get(number, default)
    return int(value[0] if isinstance(value, tuple) else value)


def _in_srgb(image: Image.Image, info: dict, remark: Remark) -> Image.Image:
    profile = info.get("icc_profile")
    if profile:
        try:
            return _by_profile(image, profile)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            remark(BROKEN_PROFILE)  # the numbers are read as without a profile, as browsers do
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _converted(image, lab)
    if image.mode == "CMYK" and not profile:
        remark(NO_PROFILE)
    return _with_usual_gamma(image.convert("RGB"), info)


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space.strip()
    if image.mode == "L" and space == "RGB":
        image = image.convert("RGB")
    if _SPACES[image.mode] != space:
        raise ValueError("a profile of another colour space")
    return _converted(image, source)


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None
    return converted


def _with_usual_gamma(image: Image.Image, info: dict) -> Image.Image:
    """Apply a PNG file's gamma, where it has one of its own: linear light would look too dark."""
    gamma = info.get("gamma", _SRGB_GAMMA)
    if "srgb" in info or not 0.05 < gamma < 5 or abs(gamma - _SRGB_GAMMA) < 0.02:
        return image
    return image.point([round(255 * (value / 255) ** (_SRGB_GAMMA / gamma)) for value in range(256)] * 3)
