"""Encode pictures as WebP files that differ in nothing but their pixels, also not in their length.

Each file is a WebP of the extended layout with three chunks: VP8X (the size), VP8 or VP8L (the pixels), and one that
no decoder knows and every decoder has to skip, which fills the file up to the common length of its study and size
(https://developers.google.com/speed/webp/docs/riff_container, "Unknown Chunks").
"""

import hashlib
import io
import struct
from functools import lru_cache
from typing import Any

from PIL import Image, ImageOps

LOSSY = {"lossless": False, "quality": 80, "method": 4}
# Without loss, quality is the encoder's effort: the pixels are the same.
LOSSLESS = {"lossless": True, "quality": 80, "method": 4}
# Beside a picture of another shape than the study's box: the pages' own grey.
SURROUND = (236, 236, 236)
FILLER = b"PAD "
_HEADER = 8  # bytes of a chunk's name and length


def encode(picture: Image.Image, size: tuple[int, int], settings: dict[str, Any]) -> bytes:
    """Return the picture as a WebP of `size` (width, height) with the chunks VP8X and VP8 or VP8L.

    A picture of another shape is shown whole, with grey at its sides.
    """
    pixels = picture.convert("RGB")
    if pixels.size != size:
        pixels = ImageOps.pad(pixels, size, method=Image.Resampling.LANCZOS, color=SURROUND)
    plain = Image.frombytes("RGB", pixels.size, pixels.tobytes())  # without profile, EXIF and text
    buffer = io.BytesIO()
    plain.save(buffer, "WEBP", **settings)
    width, height = size
    features = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff(_chunk(b"VP8X", features) + buffer.getvalue()[12:])


def padded(content: bytes, length: int) -> bytes:
    """Return a file of `encode` filled up to `length` bytes.

    The filler is the beginning of one fixed stream, so that it says nothing but its length, and no proxy that
    compresses can shorten it.

    Raises:
        ValueError: `length` is below `padded_length(content)`, or odd.
    """
    missing = length - padded_length(content)
    if missing < 0 or missing % 2:
        raise ValueError(f"A file of {len(content)} bytes cannot be filled up to {length}.")
    return _riff(content[12:] + _chunk(FILLER, _filler(missing)))


def padded_length(content: bytes) -> int:
    """The least length in bytes to which `padded` can fill a file of `encode`."""
    return len(content) + _HEADER


def is_filler(data: bytes) -> bool:
    """Whether the data of a chunk is what `padded` writes, and so says nothing but its length."""
    return data == _filler(len(data))


def encoder_name() -> str:
    """The libraries that encode, with their versions."""
    import PIL
    from PIL import features

    return f"libwebp {features.version('webp')}, Pillow {PIL.__version__}"


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def _filler(length: int) -> bytes:
    block = 1 << max(12, (length - 1).bit_length()) if length else 0
    return _stream(block)[:length]


@lru_cache(maxsize=16)
def _stream(length: int) -> bytes:
    return hashlib.shake_256(b"Earsight fills files up to one length").digest(length)
