"""The texts in a sound file beside its samples: tags of MP3 and Ogg, blocks of FLAC, chunks of WAV and AIFF.

Only lengths that the format states are followed, and only within the file; what is not understood is no text.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

_MOST = 1 << 20  # bytes of a block that are looked at
_FIRST_PAGES = 64 * 1024  # of an Ogg file; its comments are in its second packet
_NO_TEXT = (b"fmt ", b"data", b"fact", b"COMM", b"SSND", b"JUNK", b"PEAK", b"FLLR", b"PAD ")
_FLAC_TEXTS = {2: "application", 4: "comments", 6: "picture"}


def sound_tags(path: Path) -> Iterator[tuple[str, str]]:
    """The name of each block and the text in it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:3] == b"ID3":
            yield "ID3", _text(file, 10, _seven_bits(start[6:10]))
        elif start[:4] == b"fLaC":
            yield from _flac_blocks(file)
        elif start[:4] == b"OggS":
            yield "comments", _text(file, 0, _FIRST_PAGES)
        elif start[:4] in (b"RIFF", b"FORM"):
            yield from _chunks(file, size, "little" if start[:4] == b"RIFF" else "big")
        yield from _tags_at_end(file, size)


def _tags_at_end(file: IO[bytes], size: int) -> Iterator[tuple[str, str]]:
    file.seek(max(0, size - _FIRST_PAGES))
    end = file.read()
    if end[-128:-125] == b"TAG":
        yield "ID3v1", _decoded(end[-125:])
    if (place := end.find(b"APETAGEX")) >= 0:
        yield "APE", _decoded(end[place:])


def _seven_bits(size: bytes) -> int:
    return sum(byte << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=False))


def _flac_blocks(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    place, is_last = 4, False
    while not is_last:
        file.seek(place)
        if len(head := file.read(4)) < 4:
            return
        is_last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind in _FLAC_TEXTS:
            yield _FLAC_TEXTS[kind], _text(file, place + 4, length)
        place += 4 + length


def _chunks(file: IO[bytes], size: int, order: Literal["little", "big"]) -> Iterator[tuple[str, str]]:
    place = 12
    while place + 8 <= size:
        file.seek(place)
        name, length = file.read(4), int.from_bytes(file.read(4), order)
        if name not in _NO_TEXT:
            yield name.decode("latin-1").strip(), _text(file, place + 8, length)
        place += 8 + length + length % 2


def _text(file: IO[bytes], place: int, length: int) -> str:
    file.seek(place)
    return _decoded(file.read(min(length, _MOST)))


def _decoded(data: bytes) -> str:
    """The texts in a block: what follows the mark of UTF-16 is read as that, the rest as UTF-8."""
    first, *wide = data.split(b"\xff\xfe")
    texts = [
        first.replace(b"\0", b"\n").decode(errors="replace"),
        *(part.decode("utf-16-le", "replace") for part in wide),
    ]
    return re.sub(r"[\x00-\x1f\x7f\ufffd]+", "\n", "\n".join(texts))
