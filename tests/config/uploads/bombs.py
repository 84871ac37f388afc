"""Uploads that grow when they are read: sound, pictures and zips. `scale` 1 suits a test, 10 a benchmark."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from study.audio_files.ogg import checksum
from tests.study.audio_files.sounds import encoded, tone, wav

Bomb = Callable[[Path, int], None]


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed(part: bytes, count: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(part) for _ in range(count)) + packer.flush()


def png(width: int, height: int, *, bits: int = 8, kind: int = 0, before: bytes = b"") -> bytes:
    """A black picture of any size, in few bytes."""
    row = b"\0" + bytes(-(-width * bits * {0: 1, 2: 3, 6: 4}[kind] // 8))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [_png_chunk(b"IHDR", header), before, _png_chunk(b"IDAT", _packed(row, height)), _png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _compressed_chunk(kind: bytes, megabytes: int) -> bytes:
    return _png_chunk(kind, b"name\0\0" + _packed(bytes(2**20), megabytes))


def _silence(kind: str, subtype: str | None, seconds: int, channels: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with soundfile.SoundFile(path, "w", 48_000, channels, format=kind, subtype=subtype) as file:
            for _ in range(seconds):
                file.write(np.zeros((48_000, channels), np.float32))

    return write


def _mp3_hours(hours: int) -> bytes:
    """Frames of 72 bytes that last 72 ms: 8 kbit/s at 8 kHz."""
    return (bytes([0xFF, 0xE3, 0x18, 0xC4]) + bytes(68)) * (hours * 50_000)


def _id3(length: int) -> bytes:
    return b"ID3\x04\0\0" + bytes(length >> shift & 127 for shift in (21, 14, 7, 0))


def _tiny_pages(count: int) -> bytes:
    """An OGG of pages of one byte, each with its right checksum."""
    pages = []
    for number in range(count):
        content = b"OpusHead" if number == 0 else b"\0"
        page = b"OggS\0" + bytes([2 if number == 0 else 0]) + bytes(8) + b"abcd" + struct.pack("<I", number)
        page += bytes(4) + bytes([1, len(content)]) + content
        pages.append(page[:22] + checksum(page) + page[26:])
    return b"".join(pages)


def _content(make: Callable[[int], bytes]) -> Bomb:
    return lambda path, scale: _write(path, make(scale))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _with_tag(path: Path, scale: int) -> None:
    length = min(25 * scale, 250) * 2**20
    with path.open("wb") as file:
        file.write(_id3(length))
        file.seek(length, 1)  # a hole: 250 MB that take no room on this disk
        file.write(encoded("MP3"))


def _whole_clip(path: Path, scale: int) -> None:
    """No bomb: a clip near the limit of 400 MB, which is taken."""
    with soundfile.SoundFile(path, "w", 48_000, 2, format="WAV", subtype="PCM_16") as file:
        for _ in range(200 * scale):
            file.write(tone(1.0, rate=48_000)[:, None].repeat(2, axis=1))


CLIPS: dict[str, tuple[str, Bomb, str]] = {
    # name: (suffix, how to make it, what is answered)
    "WAV of 1,000 channels": ("wav", _content(lambda n: wav(bytes(2**21 * n), channels=1000, block=2000)), "channels"),
    "WAV with a rate of 2³¹": ("wav", _content(lambda n: wav(bytes(2**21 * n), rate=2**31)), "sample rate"),
    "WAV of 8 channels at 768 kHz": (
        "wav",
        _content(lambda n: wav(bytes(2**21 * n), channels=8, block=16, rate=768_000)),
        "sample rate",
    ),
    "WAV of tiny chunks": (
        "wav",
        _content(lambda n: b"RIFF\0\0\0\0WAVE" + b"LIST\0\0\0\0" * (200_000 * n)),
        "cannot be read",
    ),
    "AIFF of 1,000 channels": (
        "wav",
        lambda path, n: soundfile.write(path, np.zeros((1000 * n, 1000)), 44_100, format="AIFF"),
        "AIFF",
    ),
    "FLAC of silence, stereo": ("flac", lambda path, n: _silence("FLAC", None, 350 * n, 2)(path), "unpacks"),
    "FLAC of silence, 8 channels": ("flac", lambda path, n: _silence("FLAC", None, 100 * n, 8)(path), "unpacks"),
    "OGG of silence": ("ogg", lambda path, n: _silence("OGG", "OPUS", 150 * n, 2)(path), "unpacks|silent"),
    "MP3 of hours": ("mp3", _content(lambda n: _mp3_hours(2 * n)), "lasts"),
    "OGG of thousands of recordings": (
        "ogg",
        _content(lambda n: encoded("OGG", tone(0.1, rate=48_000), "OPUS", 48_000) * (2000 * n)),
        "more than 1000",
    ),
    "OGG of tiny pages": ("ogg", _content(lambda n: _tiny_pages(20_000 * n)), ""),
    "MP3 behind an ID3 picture": ("mp3", _with_tag, "taken"),
    "MP3 behind millions of empty ID3 tags": (
        "mp3",
        _content(lambda n: _id3(0) * (300_000 * n) + encoded("MP3")),
        "taken",
    ),
    "MP3 of bytes that look like frames": ("mp3", _content(lambda n: b"\xff\xfb\x90" * (2**20 * n)), ""),
    "a WAV of 37 MB or more": ("wav", _whole_clip, "taken"),
}


def _gif(frames: int) -> bytes:
    """A GIF of many pictures on a canvas of 65,535 × 65,535."""
    head = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    one = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return head + one * frames + b";"


def _animation(kind: str, size: int, frames: int) -> bytes:
    buffer = io.BytesIO()
    pictures = [Image.new("RGB", (size, size), (60 * number % 256, 0, 0)) for number in range(frames)]
    pictures[0].save(buffer, kind, save_all=True, append_images=pictures[1:])
    return buffer.getvalue()


def _tiff_loop() -> bytes:
    """A TIFF whose directory of a picture names itself as the next one."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "TIFF")
    content = bytearray(buffer.getvalue())
    (at,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, at)
    struct.pack_into("<I", content, at + 2 + 12 * count, at)
    return bytes(content)


def _progressive_jpeg(size: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is there many times."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((size, size)).save(buffer, "JPEG", progressive=True, quality=30)
    content = buffer.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + b"\xff\xd9"


PICTURES: dict[str, tuple[str, Callable[[int], bytes], str]] = {
    "PNG of 50,000 × 50,000": ("png", lambda n: png(50_000, 5_000 * n, bits=1), "million pixels"),
    "PNG of 49 million pixels": ("png", lambda n: png(7000, 7000, bits=8, kind=2), "unpacks"),
    "PNG of 49 million pixels, 16 bits": ("png", lambda n: png(7000, 7000, bits=16, kind=6), "unpacks"),
    "PNG with a colour profile of gigabytes": (
        "png",
        lambda n: png(64, 64, before=_compressed_chunk(b"iCCP", 100 * n)),
        "",
    ),
    "PNG with a text of gigabytes": ("png", lambda n: png(64, 64, before=_compressed_chunk(b"zTXt", 100 * n)), "taken"),
    "GIF of many pictures": ("gif", lambda n: _gif(20_000 * n), "million pixels|animation"),
    "WebP animation": ("webp", lambda n: _animation("WEBP", 400 * n, 4), "animation|million"),
    "AVIF animation": ("avif", lambda n: _animation("AVIF", 64 * n, 20), "animation"),
    "TIFF of many pages": ("tif", lambda n: _animation("TIFF", 8, 300 * n), "pages"),
    "TIFF that goes in a circle": ("tif", lambda n: _tiff_loop(), ""),
    "JPEG of hundreds of scans": ("jpg", lambda n: _progressive_jpeg(400 * n, 300), ""),
    "nested zips as a picture": ("png", lambda n: _nested_zip(6), "not a picture|zip alone"),
}


def _nested_zip(depth: int) -> bytes:
    content = bytes(2**20)
    for level in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{level}-{number}.zip", content)
        content = buffer.getvalue()
    return content


def _zip(members: Iterable[tuple[str, bytes]]) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return bytearray(buffer.getvalue())


def _manifest(rows: Iterable[str]) -> tuple[str, bytes]:
    return "manifest.csv", "\n".join(["clip,condition,file", *rows]).encode()


def _quoted_size(rows: list[tuple[str, str]], size: int) -> bytes:
    """A zip whose pictures unpack to far more than its headers say."""
    files = [f"{number}.png" for number in range(len(rows))]
    table = _manifest(f"{clip},{condition},{file}" for (clip, condition), file in zip(rows, files, strict=True))
    content = _zip([table, *((file, bytes(size)) for file in files)])
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            if struct.unpack_from("<I", content, at + offset)[0] == size:
                struct.pack_into("<I", content, at + offset, 100)
    return bytes(content)


def _overlapping(count: int) -> bytes:
    """A zip whose members are all one and the same part of it."""
    content = _zip([_manifest([]), *((f"{number:06d}.png", b"") for number in range(count))])
    first = content.index(b"PK\x03\x04", 4)
    at = content.index(b"PK\x01\x02")
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<I", content, at + 42, first)
    return bytes(content)


ZIPS: dict[str, tuple[Callable[[int, list[tuple[str, str]]], bytes], str]] = {
    "zip that unpacks to gigabytes": (
        lambda n, rows: bytes(_zip([_manifest([]), *((f"{k}.png", bytes(49 * 2**20)) for k in range(3 * n))])),
        "over 200 times",
    ),
    "zip with false sizes": (lambda n, rows: _quoted_size(rows, 60 * 2**20), "larger than 50|damaged"),
    "zip of overlapping members": (lambda n, rows: _overlapping(2000 * n), "no row|the limit is 20000"),
    "zip of 10,000 members or more": (
        lambda n, rows: bytes(_zip([_manifest([]), *((f"{k}.png", b"") for k in range(10_000 * n))])),
        "no row|the limit is 20000",
    ),
    "zip of nested zips": (lambda n, rows: _nested_zip(6), "needs one manifest.csv"),
    "zip with a table that unpacks to gigabytes": (
        lambda n, rows: bytes(_zip([("manifest.csv", b"clip,condition,file\n" + b"x" * (19 * 2**20))])),
        "over 200 times",
    ),
}
