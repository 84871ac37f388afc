"""FLAC: a stream may have no length in its header, or a wrong one, so that only decoding tells it."""

from typing import BinaryIO

from study.audio_files.container import Container
from study.audio_files.pieces import Span


def parse(file: BinaryIO, sound: Span) -> Container | None:
    """Return the stream with the length in its header (RFC 9639, STREAMINFO) set to "unknown"; None if damaged."""
    file.seek(sound.start)
    head = file.read(42)
    if len(head) < 42 or head[4] & 0x7F != 0:
        return None
    rate = int.from_bytes(head[18:21], "big") >> 4
    announced = (head[21] & 0x0F) << 32 | int.from_bytes(head[22:26], "big")
    if rate == 0:
        return None
    of_unknown_length = head[:21] + bytes([head[21] & 0xF0]) + bytes(4) + head[26:]
    return Container(
        [[of_unknown_length, Span(sound.start + 42, sound.end)]],
        announced=announced / rate if announced else None,
        notes=() if announced else ({"kind": "no_length"},),
    )
