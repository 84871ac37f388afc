"""MPEG audio (MP3): every frame is walked, since no header has to say how many there are, and many are wrong."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from study.audio_files.container import Container, Note
from study.audio_files.errors import changes, damaged
from study.audio_files.pieces import Span
from study.audio_files.tags import tag_length

_MPEG1, _LAYER3 = 3, 1
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBPS = {  # by (MPEG 1, layer bits); index 0 is the free bit rate
    (True, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
# So many frames in a row, each where the one before ends, are sound and no chance.
_ENOUGH_FRAMES = 3
_MOST_TRIES = 500_000  # places that look like a frame and are none: seconds of work
_PART = 1 << 20
_MOST_GARBAGE = 0.1  # of the bytes between the tags; more is a file with a hole


@dataclass(frozen=True)
class Frame:
    """A frame's header (ISO/IEC 11172-3, 13818-3): `size` in bytes, `samples` for each channel."""

    size: int
    samples: int
    rate: int
    channels: int
    version: int
    layer: int

    @property
    def kind(self) -> tuple[int, int, int, int]:
        """What must not change within a file."""
        return self.version, self.layer, self.rate, self.channels

    @property
    def side_information(self) -> int:
        """Bytes between the header and what an encoder writes in place of sound."""
        return {(True, 2): 32, (True, 1): 17, (False, 2): 17, (False, 1): 9}[self.version == _MPEG1, self.channels]


def frame_at(data: bytes | mmap.mmap, at: int = 0) -> Frame | None:
    """Return the frame whose header begins at `at`, None if there is none (or of the free bit rate)."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    bits, rates = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or layer == 0 or bits in (0, 15) or rates == 3:
        return None
    rate, is_mpeg1, padding = _RATES[version][rates], version == _MPEG1, data[at + 2] >> 1 & 1
    samples = 384 if layer == 3 else 576 if layer == _LAYER3 and not is_mpeg1 else 1152
    kbps = _KBPS[is_mpeg1, layer][bits]
    unit = 4 if layer == 3 else 1
    size = (samples // 8 // unit * kbps * 1000 // rate + padding) * unit
    return Frame(size, samples, rate, 1 if data[at + 3] >> 6 == 3 else 2, version, layer)


@dataclass(frozen=True)
class _Walk:
    """The spans of the frames, their number, the bytes between them, and whether the last is incomplete."""

    spans: list[Span]
    count: int
    first: Frame
    header: bytes | None  # the encoder's frame, which holds no sound
    announced: int | None  # frames
    garbage: int
    is_cut: bool


def parse(file: BinaryIO, sound: Span, name: str) -> Container | None:
    """Return the frames without what lies between them, under a header with their number; None if there are none.

    Raises:
        AudioError: the sample rate or the channels change, or a large part is no sound.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:  # a large file need not fit into memory
        walk = _walk(data, sound, name)
    if walk is None:
        return None
    first, seconds = walk.first, walk.first.samples / walk.first.rate
    if walk.garbage > _MOST_GARBAGE * (sound.end - sound.start):
        raise damaged(name)
    notes: list[Note] = []
    if walk.garbage:
        notes.append({"kind": "garbage", "bytes": walk.garbage})
    is_announced = walk.announced is not None and abs(walk.announced - walk.count) <= 1
    if walk.is_cut and not is_announced:
        notes.append({"kind": "no_end"})
    # The encoder's own header also says how much silence the encoder added; it is right only with the right number.
    header = walk.header if is_announced else _header(first, walk.count)
    return Container(
        [[header or b"", *walk.spans]],
        held=walk.count * seconds,
        announced=None if walk.announced is None else walk.announced * seconds,
        tolerance=1.5 * seconds,
        exact=True,
        notes=tuple(notes),
    )


def _walk(data: mmap.mmap, sound: Span, name: str) -> _Walk | None:
    spans: list[Span] = []
    first = header = announced = None
    count = garbage = 0
    at, is_cut = sound.start, False
    for span, frame in _frames(data, sound, name):
        # Zeros before the first frame and after the last replaced no sound.
        if count or _has_content(data, at, span.start):
            garbage += span.start - at
        at = min(span.end, sound.end)
        if frame is None:  # a tag among the frames
            continue
        if first is None:
            first = frame
        elif frame.kind != first.kind:
            raise changes(name)
        if span.end > sound.end:
            is_cut = True
            break
        is_header, frames = _read_header(data[span.start : span.end], frame)
        if is_header:
            if not count and announced is None:
                is_known = data[span.start + 36 : span.start + 40] != b"VBRI"  # to the decoder
                header, announced = data[span.start : span.end] if is_known else None, frames
            continue
        count += 1
        if spans and spans[-1].end == span.start:
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    if first is None:
        return None
    if _has_content(data, at, sound.end):
        garbage += sound.end - at
    return _Walk(spans, count, first, header, announced, garbage, is_cut)


def _has_content(data: mmap.mmap, at: int, end: int) -> bool:
    """Whether a byte from `at` to `end` is not 0; read in parts, since it may be most of a large file."""
    return any(data[start : min(end, start + _PART)].strip(b"\0") for start in range(at, end, _PART))


def _frames(data: mmap.mmap, sound: Span, name: str) -> Iterator[tuple[Span, Frame | None]]:
    """Yield the place of each frame, and of each tag among them (with None), from the first to the last.

    After other bytes, or as another kind, a frame counts only if enough frames follow it in a row.
    """
    at, kind, tries = sound.start, None, 0
    next_tag = -1
    while at < sound.end:
        frame = frame_at(data, at)
        if frame and (frame.kind == kind or _run(data, at, sound.end, frame) >= _ENOUGH_FRAMES):
            kind = frame.kind
            yield Span(at, at + frame.size), frame
            at += frame.size
            continue
        length = tag_length(data[at : at + 32])
        if length and _continues(data, at + length, sound.end):
            yield Span(at, at + length), None
            at += length
            continue
        kind, tries = None, tries + 1
        if tries > _MOST_TRIES:
            raise damaged(name)
        if next_tag <= at:
            next_tag = data.find(b"ID3", at + 1, sound.end)
            next_tag = sound.end if next_tag < 0 else next_tag
        at = data.find(b"\xff", at + 1, next_tag)
        at = next_tag if at < 0 else at


def _continues(data: mmap.mmap, at: int, end: int) -> bool:
    """Whether a tag that ends at `at` is one: sound, another tag or the end follows it."""
    return at == end or (at < end and bool(frame_at(data, at) or tag_length(data[at : at + 32])))


def _run(data: mmap.mmap, at: int, end: int, frame: Frame) -> int:
    """Count frames of one kind in a row, as many as are enough; the end of the data counts as enough."""
    kind, count = frame.kind, 0
    following: Frame | None = frame
    while following and following.kind == kind and count < _ENOUGH_FRAMES:
        count, at = count + 1, at + following.size
        if at >= end:
            return _ENOUGH_FRAMES if count > 1 or at == end else count
        following = frame_at(data, at)
    return count


def _read_header(content: bytes, frame: Frame) -> tuple[bool, int | None]:
    """Return whether the frame is an encoder's header, at its exact place, and the number of frames that it names."""
    if frame.layer != _LAYER3:
        return False, None
    for at in (4 + frame.side_information, 6 + frame.side_information):  # with a checksum, some write it later
        if content[at : at + 4] in (b"Xing", b"Info") and not any(content[6:at]):
            has_count = len(content) >= at + 12 and content[at + 7] & 1
            return True, int.from_bytes(content[at + 8 : at + 12], "big") if has_count else None
    if content[36:40] == b"VBRI" and len(content) >= 54:
        return True, int.from_bytes(content[50:54], "big")
    return False, None


def _header(frame: Frame, count: int) -> bytes | None:
    """Return a "Xing" frame that names the number of frames; other layers know none."""
    if frame.layer != _LAYER3:
        return None
    rates = _RATES[frame.version].index(frame.rate)
    mode = 0xC0 if frame.channels == 1 else 0x40
    for bits in range(1, 15):
        head = bytes([0xFF, 0xE1 | frame.version << 3 | _LAYER3 << 1, bits << 4 | rates << 2, mode])
        made = frame_at(head)
        content = head + bytes(frame.side_information) + b"Xing" + (1).to_bytes(4, "big") + count.to_bytes(4, "big")
        if made and made.size >= len(content):
            return content.ljust(made.size, b"\0")
    raise AssertionError("every sample rate has a frame that is large enough")
