"""WAV: chunks whose sizes may be unknown, too large or too small, since a stream or a crash ended the file."""

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from study.audio_files.container import Container, check_rate_and_channels
from study.audio_files.errors import contradictory, no_codec
from study.audio_files.pieces import Span

# Codecs by their number (RFC 2361) that are read from the first block to the last.
_PCM, _MS_ADPCM, _FLOAT, _A_LAW, _MU_LAW, _IMA_ADPCM, _EXTENSIBLE = 1, 2, 3, 6, 7, 0x11, 0xFFFE
_READ = {_PCM, _MS_ADPCM, _FLOAT, _A_LAW, _MU_LAW, _IMA_ADPCM}
_OTHER_CODECS = {
    0x0014: "G.723 ADPCM",
    0x0022: "TrueSpeech",
    0x0031: "GSM 6.10",
    0x0038: "NMS ADPCM",
    0x0040: "G.721 ADPCM",
    0x0042: "G.723.1",
    0x0045: "G.726 ADPCM",
    0x0050: "MPEG",
    0x0055: "MP3",
    0x0064: "G.726 ADPCM",
    0x00FF: "AAC",
    0x0160: "WMA",
    0x0161: "WMA",
    0x0162: "WMA",
    0x2000: "AC-3",
    0xF1AC: "FLAC",
}
_PLAIN_CHUNK = re.compile(rb"[\x20-\x7e]{4}")
# What writes a stream cannot go back to the sizes, and leaves one of these: "to the end of the file".
_UNKNOWN = 0x7F000000
_MOST_BYTES = 0xFFFFFFFF - 1000
_SMALL = 4096
"""Bytes after the sound that are no chunk: signs of old programs, no music."""


@dataclass(frozen=True)
class _Header:
    format: bytes
    fact: int | None  # samples
    data: Span | None
    announced: int  # bytes
    order: str  # of bytes, as `struct` names it


def parse(file: BinaryIO, sound: Span, name: str) -> Container | None:
    """Return the sound under a header with its true size; None if there is no sound chunk.

    Raises:
        AudioError: a codec that is not read, a header that contradicts itself, or sound in several parts.
    """
    header = _read_header(file, sound)
    if header is None or header.data is None:
        return None
    codec, rate, block = _read_format(header, name)
    held = header.data.end - header.data.start
    is_unknown = header.announced > held and header.announced >= _UNKNOWN
    if header.announced < held:
        before_chunks = _is_followed_by_chunks(file, header)
        is_unknown = not before_chunks and header.announced == 0  # a crash, or a stream
        if not before_chunks and not is_unknown:
            raise contradictory(name)
        held = header.announced if before_chunks else held
    # Some writers put the size of the file, with its header, where the size of the sound belongs.
    is_off_by_header = 0 < header.announced - held <= header.data.start - sound.start + 1
    most_frames = None
    if codec in (_MS_ADPCM, _IMA_ADPCM):
        per_block = _samples_per_block(header, name)
        counted = held // block * per_block
        if header.fact and counted - per_block < header.fact <= counted:
            most_frames = counted = header.fact
        seconds_per_byte = per_block / block / rate
    else:
        counted, seconds_per_byte = held // block, 1 / block / rate
    if held > _MOST_BYTES:
        raise contradictory(name)
    riff = {"<": b"RIFF", ">": b"RIFX"}[header.order]
    size = struct.Struct(f"{header.order}I").pack
    head = b"WAVEfmt " + size(len(header.format)) + header.format + bytes(len(header.format) % 2)
    head += b"data" + size(held)
    start = header.data.start
    return Container(
        [[riff + size(len(head) + held + held % 2) + head, Span(start, start + held), bytes(held % 2)]],
        held=counted / rate,
        announced=None if is_unknown or is_off_by_header else header.announced * seconds_per_byte,
        tolerance=(block + 1) * seconds_per_byte,
        exact=True,
        most_frames=most_frames,
        notes=({"kind": "no_length"},) if is_unknown else (),
    )


def _read_header(file: BinaryIO, sound: Span) -> _Header | None:
    file.seek(sound.start)
    riff = file.read(12)
    order = ">" if riff[:4] == b"RIFX" else "<"
    if riff[8:12] != b"WAVE":
        return None
    at, chunk_format, fact, long_size = sound.start + 12, b"", None, None
    while at + 8 <= sound.end:
        file.seek(at)
        kind, length = struct.unpack(f"{order}4sI", file.read(8))
        if kind == b"data":
            if riff[:4] in (b"RF64", b"BW64") and long_size is not None and length == 0xFFFFFFFF:
                length = long_size if 0 < long_size < 2**62 else 0xFFFFFFFF
            return _Header(chunk_format, fact, Span(at + 8, sound.end), length, order)
        content = file.read(min(length, 64)) if kind in (b"fmt ", b"fact", b"ds64") else b""
        if kind == b"fmt ":
            chunk_format = content
        elif kind == b"fact" and len(content) >= 4:
            fact = struct.unpack_from(f"{order}I", content)[0]
        elif kind == b"ds64" and len(content) >= 16:
            long_size = struct.unpack_from("<Q", content, 8)[0]
        at = _next_chunk(file, at + 8 + length, length, sound.end)
    return _Header(chunk_format, fact, None, 0, order)


def _next_chunk(file: BinaryIO, at: int, length: int, end: int) -> int:
    """Return where the next chunk begins: after the byte that fills up an odd one, which some writers forget."""
    if length % 2 == 0:
        return at
    file.seek(at)
    following = file.read(5)
    return at if _PLAIN_CHUNK.match(following) and not _PLAIN_CHUNK.match(following[1:]) and at < end else at + 1


def _read_format(header: _Header, name: str) -> tuple[int, int, int]:
    """Return codec, sample rate and the bytes of a block (a frame, if not compressed)."""
    if len(header.format) < 16:
        raise contradictory(name)
    codec, channels, rate, _bytes, block, bits = struct.unpack_from(f"{header.order}HHIIHH", header.format)
    if codec == _EXTENSIBLE and len(header.format) >= 40:
        codec = struct.unpack_from(f"{header.order}H", header.format, 24)[0]
    if codec not in _READ:
        raise no_codec(name, "WAV", _OTHER_CODECS.get(codec, f"0x{codec:04X}"))
    if not (channels and rate and block):
        raise contradictory(name)
    check_rate_and_channels(rate, channels, name)
    is_compressed = codec in (_MS_ADPCM, _IMA_ADPCM)
    if not is_compressed and (block % channels or not 0 < bits <= 8 * (block // channels) <= 64):
        raise contradictory(name)
    return codec, rate, block


def _samples_per_block(header: _Header, name: str) -> int:
    if len(header.format) < 20 or not (count := struct.unpack_from(f"{header.order}H", header.format, 18)[0]):
        raise contradictory(name)
    return int(count)


def _is_followed_by_chunks(file: BinaryIO, header: _Header) -> bool:
    """Whether only chunks that are no sound follow the announced bytes, or nothing of importance."""
    assert header.data is not None
    at, end = header.data.start + header.announced, header.data.end
    at = _next_chunk(file, at, header.announced, end)
    while at < end:
        file.seek(at)
        head = file.read(8)
        length = struct.unpack(f"{header.order}I", head[4:])[0] if len(head) == 8 else 0
        if head[:4] == b"data":
            return False
        if len(head) < 8 or not _PLAIN_CHUNK.match(head) or at + 8 + length > end + 1:
            return end - at <= _SMALL or not _is_not_empty(file, at, end)
        at = _next_chunk(file, at + 8 + length, length, end)
    return True


def _is_not_empty(file: BinaryIO, at: int, end: int) -> bool:
    """Whether a byte from `at` to `end` is not 0: old programs fill up files with zeros."""
    file.seek(at)
    while at < end and (chunk := file.read(min(1 << 20, end - at))):
        if chunk.strip(b"\0"):
            return True
        at += len(chunk)
    return False
