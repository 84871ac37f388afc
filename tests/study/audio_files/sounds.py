"""Sounds as bytes of files, and the same bytes with the faults that files have."""

import io
import struct

import numpy as np
import soundfile

RATE = 22_050


def tone(seconds: float = 2.0, level: float = 0.3, pitch: float = 440.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def encoded(kind: str, samples: np.ndarray | None = None, subtype: str | None = None, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(rate=rate) if samples is None else samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def wav(
    data: bytes | None = None, announced: int | None = None, *, riff: int | None = None, before: bytes = b"",
    after: bytes = b"", codec: int = 1, channels: int = 1, rate: int = RATE, block: int = 2, bits: int = 16,
) -> bytes:  # fmt: skip
    """A WAV of 16 bits whose sizes and other fields may be anything."""
    data = pcm() if data is None else data
    body = (
        b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, codec, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
        + before
    )
    body += b"data" + struct.pack("<I", len(data) if announced is None else announced) + data + after
    return b"RIFF" + struct.pack("<I", len(body) if riff is None else riff) + body


def pcm(seconds: float = 2.0) -> bytes:
    return (tone(seconds) * 32767).astype("<i2").tobytes()


def flac_of_length(samples: int, content: bytes | None = None) -> bytes:
    """A FLAC of two seconds whose header says another number of samples."""
    flac = bytearray(encoded("FLAC") if content is None else content)
    flac[21] = flac[21] & 0xF0 | samples >> 32
    flac[22:26] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(flac)


def id3(length: int, content: bytes = b"") -> bytes:
    """An ID3 tag of `length` bytes, which holds what looks like frames of sound."""
    content += b"\xff\xfb\x90\x64" * length
    return b"ID3\x04\0\0" + bytes(length >> shift & 127 for shift in (21, 14, 7, 0)) + content[:length]


def ogg_pages(content: bytes) -> list[bytes]:
    pages, at = [], 0
    while at < len(content):
        end = at + 27 + content[at + 26] + sum(content[at + 27 : at + 27 + content[at + 26]])
        pages.append(content[at:end])
        at = end
    return pages
