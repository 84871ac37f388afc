"""A readable file put together from parts of another and from bytes of our own, without a copy."""

import bisect
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Span:
    """A part of a file: its first byte, and the byte after its last."""

    start: int
    end: int


class Pieces(io.RawIOBase):
    """The concatenation of `parts`, spans of `source` and bytes; libsndfile reads it as a file."""

    def __init__(self, source: BinaryIO, parts: Sequence[Span | bytes]) -> None:
        self._source = source
        self._parts = [part for part in parts if _length(part)]
        self._ends = list(itertools.accumulate(map(_length, self._parts)))
        self._position = 0

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self)}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        filled = 0
        while filled < len(view) and self._position < len(self):
            number = bisect.bisect_right(self._ends, self._position)
            part, left = self._parts[number], self._ends[number] - self._position
            count = min(left, len(view) - filled)
            if isinstance(part, bytes):
                chunk = part[len(part) - left :][:count]
            else:
                self._source.seek(part.end - left)
                chunk = self._source.read(count)
                if not chunk:
                    break
            view[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
            self._position += len(chunk)
        return filled


def _length(part: Span | bytes) -> int:
    return len(part) if isinstance(part, bytes) else part.end - part.start
