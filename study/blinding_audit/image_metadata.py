"""Everything in an image file except its pixels."""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from study.blinding_audit.facts import shorten
from study.survey_images.encoding import FILLER, is_filler

PNG = b"\x89PNG\r\n\x1a\n"
# Optimised Huffman tables depend on the pixels, so they count as pixels.
JPEG_HUFFMAN_TABLES = 0xC4


# By digest: all pilots fetch the same images.
_cache: dict[bytes, tuple[tuple[str, str], ...]] = {}
MAX_CACHED = 4096


def image_metadata(content: bytes) -> tuple[tuple[str, str], ...]:
    """Return (name, content as text) of everything in an image file except its pixels."""
    key = hashlib.sha256(content).digest()
    if key not in _cache:
        if len(_cache) >= MAX_CACHED:
            _cache.clear()
        _cache[key] = _parts(content)
    return _cache[key]


def _parts(content: bytes) -> tuple[tuple[str, str], ...]:
    if content.startswith(PNG):
        found = [("format", "PNG"), *_png(content)]
    elif content.startswith(b"\xff\xd8"):
        found = [("format", "JPEG"), *_jpeg(content)]
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        found = [("format", "WebP"), *_webp(content)]
    else:
        found = [("format", content[:16].hex())]
    return (*found, *_decoder_report(content))


def _text(data: bytes) -> str:
    return shorten(data.decode("latin-1"))


def _decoder_report(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield what a decoder reports besides the pixels: size, colour mode, further information."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            yield (
                "decoded",
                f"{image.format} {image.size} {image.mode} frames {getattr(image, 'n_frames', 1)}",
            )
            about = {name: value for name, value in image.info.items() if name != "transparency"}
            yield "decoded, about", shorten(repr(sorted(about.items(), key=lambda item: str(item[0]))))
    except (OSError, SyntaxError, ValueError):
        yield "decoded", "cannot be opened"


def _png(content: bytes) -> Iterator[tuple[str, str]]:
    place, layout, packed = len(PNG), [], []
    while place + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        name, data = kind.decode("latin-1"), content[place + 8 : place + 8 + length]
        if name == "IDAT":
            packed.append(data)
        else:
            yield f"chunk {name}", _text(data)
        checked = content[place + 8 + length : place + 12 + length] == struct.pack(">I", zlib.crc32(kind + data))
        layout.append(name if checked else f"{name} with a wrong sum")
        place += 12 + length
        if name == "IEND":
            break
    once = [name for index, name in enumerate(layout) if name != "IDAT" or layout[index - 1] != "IDAT"]
    yield "layout", " ".join(once)
    yield "after the end", _text(content[place:])
    yield from _packing(content, packed)


def _packing(content: bytes, packed: list[bytes]) -> Iterator[tuple[str, str]]:
    """Yield how the pixels were compressed.

    One encoder compresses different pictures differently, so a file that is equal, byte for byte, to what our own
    encoder makes of its pixels is only reported as plain.
    """
    if _is_plain(content):
        yield "packing", "plain"
        return
    yield "packing", packed[0][:2].hex() if packed else "none"
    yield "packing, pieces", ",".join(sorted({str(len(piece)) for piece in packed[:-1]}))
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(b"".join(packed))
    except zlib.error:
        yield "packing, filters", "damaged"
        return
    width, height, depth, colours = struct.unpack(">IIBB", content[16:26])
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colours, 1)
    stride = 1 + (width * depth * channels + 7) // 8
    yield "packing, filters", ",".join(sorted({str(kind) for kind in rows[: stride * height : stride]}))
    yield "packing, left over", _text(rows[stride * height :]) + _text(unpacker.unused_data)


def _is_plain(content: bytes) -> bool:
    """Whether Pillow makes the same file of the pixels, with the settings that all our images are saved with."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            again = io.BytesIO()
            Image.frombytes(image.mode, image.size, image.tobytes()).save(again, "PNG", compress_level=6)
    except (OSError, SyntaxError, ValueError):
        return False
    return again.getvalue() == content


def _jpeg(content: bytes) -> Iterator[tuple[str, str]]:
    place, layout = 2, []
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], struct.unpack(">H", content[place + 2 : place + 4])[0]
        layout.append(f"{marker:02x}")
        if marker != JPEG_HUFFMAN_TABLES:
            yield f"segment {marker:02x}", _text(content[place + 4 : place + 2 + length])
        place += 2 + length
        if marker == 0xDA:
            break
    yield "layout", " ".join(layout)
    end = content.rfind(b"\xff\xd9")
    yield "after the end", _text(content[end + 2 :]) if end >= 0 else "no end"


def _webp(content: bytes) -> Iterator[tuple[str, str]]:
    place, layout = 12, []
    while place + 8 <= len(content):
        kind, length = struct.unpack("<4sI", content[place : place + 8])
        name, data = kind.decode("latin-1"), content[place + 8 : place + 8 + length]
        layout.append(name)
        if name == "VP8 ":
            yield "chunk VP8", data[6:10].hex()  # the size; the bytes before it depend on the pixels
        elif name == "VP8L":
            yield "chunk VP8L", data[:5].hex()
        elif kind == FILLER and is_filler(data):
            # Its length depends on the pixels alone, and makes up for the length of the chunk that holds them.
            yield "filler", "plain"
        elif name != "ALPH":
            yield f"chunk {name}", _text(data)
        place += 8 + length + length % 2
    yield "layout", " ".join(layout)
    total = 8 + struct.unpack("<I", content[4:8])[0]
    yield "after the end", _text(content[total:])
