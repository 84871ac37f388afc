"""Ogg (RFC 3533): chains of streams, streams without an end, damaged pages."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from study.audio_files.container import MAXIMUM_PARTS, Container, Note
from study.audio_files.errors import AudioError, damaged, no_codec, too_many_parts
from study.audio_files.pieces import Span

_CODECS = {b"\x01vorbis": "Vorbis", b"OpusHead": "Opus", b"\x7fFLAC": "FLAC"}
_OTHER_CODECS = {b"Speex   ": "Speex", b"\x80theora": "Theora (video)", b"fishead\0": "Skeleton"}
_FIRST, _LAST = 2, 4
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class _Page:
    span: Span
    flags: int
    serial: bytes
    number: int
    position: int  # samples until its end; 0 if it holds headers
    head: bytes  # of its content


@dataclass
class _Link:
    """A stream of the chain: its first page, its last so far, and how many it has. A file may hold millions."""

    first: _Page
    last: _Page
    count: int = 1


def parse(file: BinaryIO, sound: Span, name: str) -> Container | None:
    """Return each stream of the chain, ended where its last whole page ends; None if there is none.

    Raises:
        AudioError: a codec that is not read, several streams at once, or damaged pages.
    """
    links: list[_Link] = []
    notes: list[Note] = []
    for page in _pages(file, sound, name):
        if page.flags & _FIRST:
            codec = next((codec for sign, codec in _CODECS.items() if page.head.startswith(sign)), None)
            if codec is None:
                raise no_codec(name, "OGG", _other_codec(page.head))
            if links and links[-1].count == 1:
                raise AudioError(
                    _("%(file)s holds several streams at once. Save its sound alone as WAV, FLAC, OGG or MP3.")
                    % {"file": name}
                )
            if len(links) == MAXIMUM_PARTS:
                raise too_many_parts(name, MAXIMUM_PARTS)
            links.append(_Link(page, page))
            continue
        if not links or links[-1].first.serial != page.serial:
            raise damaged(name)
        link = links[-1]
        if page.number != link.last.number + 1:
            # A recording of a stream has the headers, and begins on the way; after that nothing may be missing.
            if link.last.position:
                raise damaged(name)
            notes = [{"kind": "no_start"}]
        link.last, link.count = page, link.count + 1
    if not links:
        return None
    if len(links) > 1:
        notes.append({"kind": "joined", "count": len(links)})
    if not all(link.last.flags & _LAST for link in links) or links[-1].last.span.end < sound.end:
        notes.append({"kind": "no_end"})
    return Container([_ended(file, link) for link in links], notes=tuple(notes))


def _pages(file: BinaryIO, sound: Span, name: str) -> Iterator[_Page]:
    """Yield the whole pages; the last may be incomplete and is left out."""
    at = sound.start
    while at < sound.end:
        file.seek(at)
        head = file.read(27)
        table = file.read(head[26]) if len(head) == 27 else b""
        length = 27 + len(table) + sum(table)
        if not head.startswith(b"OggS"[: len(head)]):
            raise damaged(name)
        if len(head) < 27 or len(table) < head[26] or at + length > sound.end:
            return
        content = file.read(sum(table))
        if checksum(head[:22] + bytes(4) + head[26:] + table + content) != head[22:26]:
            raise damaged(name)
        yield _Page(Span(at, at + length), head[5], head[14:18], _number(head[18:22]), _number(head[6:14]), content[:8])
        at += length


def _ended(file: BinaryIO, link: _Link) -> list[Span | bytes]:
    """Return the pages with the mark of the end on the last: without it libsndfile finds no sound at all."""
    last, start = link.last, link.first.span.start
    if last.flags & _LAST:
        return [Span(start, last.span.end)]
    file.seek(last.span.start)
    page = bytearray(file.read(last.span.end - last.span.start))
    page[5] |= _LAST
    page[22:26] = bytes(4)
    page[22:26] = checksum(bytes(page))
    return [Span(start, last.span.start), bytes(page)]


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")


def checksum(page: bytes) -> bytes:
    """Return the checksum of a page whose checksum is 0: CRC-32 of the bits in Ogg's order, by zlib."""
    reflected = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2).to_bytes(4, "little")


def _other_codec(head: bytes) -> str:
    return next((codec for sign, codec in _OTHER_CODECS.items() if head.startswith(sign)), "?")
