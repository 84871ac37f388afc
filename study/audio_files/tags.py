"""Texts and pictures before and after the sound: ID3, APE. They may hold anything, also what looks like sound."""

from typing import BinaryIO

from study.audio_files.pieces import Span


def without_tags(file: BinaryIO, size: int) -> Span:
    """Return the part of the file between the tags at its beginning and those at its end."""
    start, end = 0, size
    while skip := _tag_at(file, start, size):
        start += skip
    while end > start:
        tail = _read(file, max(start, end - 128), min(128, end - start))
        if len(tail) == 128 and tail.startswith(b"TAG"):
            end -= 128
        elif len(tail) >= 32 and tail[-32:-24] == b"APETAGEX":
            length = int.from_bytes(tail[-20:-16], "little")
            has_header = tail[-9] & 0x80
            end = max(start, end - length - (32 if has_header else 0))
        elif len(tail) >= 10 and tail[-10:-7] == b"3DI":
            end = max(start, end - _syncsafe(tail[-4:]) - 20)
        else:
            break
    return Span(min(start, size), end)


def tag_length(head: bytes) -> int:
    """Return the length of the ID3v2 or APE tag that begins with `head` (32 bytes), 0 if it is none."""
    if head[:3] == b"ID3" and len(head) >= 10 and head[3] < 0xFF and head[4] < 0xFF and max(head[6:10]) < 0x80:
        return 10 + _syncsafe(head[6:10]) + (10 if head[5] & 0x10 else 0)
    if head[:8] == b"APETAGEX" and len(head) >= 32:
        return 32 + int.from_bytes(head[12:16], "little")
    return 0


def _tag_at(file: BinaryIO, at: int, size: int) -> int:
    return tag_length(_read(file, at, 32)) if at < size else 0


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _syncsafe(four: bytes) -> int:
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]
