"""Read an export as untrusted input: files are read in pieces, and none is unpacked under its own name."""

import csv
import io
import json
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from study.zip_entries import DAMAGED

SUMS = "SHA256SUMS"
BALLOTS = "ballots.csv"
ANSWERS = "answers.csv"
MATCH_CONTROL = "match_control.csv"
PAINTINGS = "paintings.csv"
CLIPS_LEFT_OUT = "clips_left_out.csv"
CHAIN = "chain.json"
COMMITMENTS = "commitments.json"
FOLLOW_UP = "ballots_follow_up.csv"
OTHER_STAGES = ("pilot", "follow_up")

# Far above an export of thousands of participants; a larger zip is meant to fill memory or disk.
MAX_FILES = 50_000
MAX_TABLE_BYTES = 256 * 2**20
MAX_FILE_BYTES = 2 * 2**30
MAX_LINE = 2**20  # characters; a longer line of a table is meant to fill memory
MAX_COMPRESSION = 500
# Of a large table: digests in every row leave little to compress.
MAX_TABLE_COMPRESSION = 100
_LARGE_TABLE = 32 * 2**20
_TABLES = (".csv", ".json", ".jsonl")
# The most values of all JSON files together, or of a table that is held in memory, and lines of a file of JSON lines.
# Each has room for 100,000 people.
MAX_VALUES = 15_000_000
MAX_LINES = 200_000
# At most this many faults of one kind are reported.
MAX_REPORTED = 20
# What reading values of another kind than they should be raises: of a stranger's file all of it is the file's fault.
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class Unreadable(Exception):
    """A file of the bundle cannot be used; the message names it."""


def number_of(code: Any) -> int:
    """Return a person's number by their code; 0 if it is no code."""
    return int(code[1:]) if isinstance(code, str) and code[1:].isdecimal() and len(code) < 11 else 0


@contextmanager
def naming(*files: str) -> Iterator[None]:
    """Raise Unreadable, which names the files, if what is done with their content fails."""
    try:
        yield
    except MALFORMED as error:
        raise Unreadable(f"{' or '.join(files)} is not what an export holds there: {error!r}.") from error


@dataclass
class Bundle:
    """An opened export with the checks made, the faults found and what could not be checked so far."""

    archive: zipfile.ZipFile
    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    _read: dict[str, Any] = field(default_factory=dict)  # JSON by the file's name: several checks ask for it
    _values: int = 0  # of all JSON that was read
    parsed: dict[str, Any] = field(default_factory=dict)  # what several checks make of a file, by its name
    report: Callable[[str], None] = lambda at_hand: None  # is told the file at hand where many are read

    @cached_property
    def members(self) -> dict[str, zipfile.ZipInfo]:
        """Return the files that are safe to read, by name."""
        return {info.filename: info for info in self.archive.infolist() if self.refusal(info) is None}

    @staticmethod
    def refusal(info: zipfile.ZipInfo) -> str | None:
        """Return why a file of the zip must not be read, or None."""
        name = info.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            return "its name leads out of the folder; do not unpack this zip."
        if stat.S_ISLNK(info.external_attr >> 16):
            return "it is a link; do not unpack this zip."
        if info.flag_bits & 1:
            return "it is locked by a password."
        packed = max(info.compress_size, 1)
        ratio, is_table = info.file_size / packed, name.endswith(_TABLES) and info.file_size > _LARGE_TABLE
        if (
            info.file_size > MAX_FILE_BYTES
            or (info.file_size > 2**20 and ratio > MAX_COMPRESSION)
            or (is_table and ratio > MAX_TABLE_COMPRESSION)
        ):
            return "unpacked it would be too large; it was made to fill a disk."
        return None

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the file's content in pieces.

        Raises:
            Unreadable: it is damaged.
        """
        try:
            with self.archive.open(self.members[name]) as file:
                while piece := file.read(2**20):
                    yield piece
        except DAMAGED as error:
            raise Unreadable(f"{name} is damaged: {error}.") from error

    def read(self, name: str) -> bytes:
        """Return the content of a table or a text.

        Raises:
            Unreadable: it is damaged, or larger than any table of an export.
        """
        if self.members[name].file_size > MAX_TABLE_BYTES:
            raise Unreadable(f"{name} is larger than any export's.")
        return b"".join(self.pieces(name))

    def text(self, name: str) -> str:
        try:
            return self.read(name).decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"{name} is no text in UTF-8.") from error

    def json(self, name: str) -> Any:
        if name in self._read:
            return self._read[name]
        text = self.text(name)
        self._values += sum(map(text.count, "[{,"))
        if self._values > MAX_VALUES:  # each takes up to seventy bytes of memory, and two in the file
            raise Unreadable(f"{name} and the files before it have more values than any export's.")
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{name} is no JSON.") from error
        if not isinstance(data, dict):
            raise Unreadable(f"{name} is not what an export holds there.")
        self._read[name] = data
        return data

    def rows(self, name: str) -> list[dict[str, str]]:
        text = self.text(name)
        columns = text.partition("\n")[0].count(",") + 1  # a shorter row is filled up
        if max(text.count("\n") * columns, text.count(",")) > MAX_VALUES:
            raise Unreadable(f"{name} has more values than any export's.")
        try:
            return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise Unreadable(f"{name} is no CSV table: {error}.") from error

    def each_row(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a table that may be too large for memory.

        Raises:
            Unreadable: it is damaged, no CSV, or has a line longer than any export's.
        """
        try:
            yield from csv.DictReader(self._lines(name), strict=True)
        except csv.Error as error:
            raise Unreadable(f"{name} is no CSV table: {error}.") from error

    def json_lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of a file with one JSON object a line.

        Raises:
            Unreadable: it is damaged, has too many lines, or a line is none or longer than any export's.
        """
        for number, line in enumerate(self._lines(name), start=1):
            if number > MAX_LINES:
                raise Unreadable(f"{name} has more lines than any export's.")
            try:
                data = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Unreadable(f"{name}, line {number}: no JSON.") from error
            if not isinstance(data, dict):
                raise Unreadable(f"{name}, line {number}: not what an export holds there.")
            yield data

    def _lines(self, name: str) -> Iterator[str]:
        try:
            with self.archive.open(self.members[name]) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
                while line := text.readline(MAX_LINE):
                    if len(line) == MAX_LINE:
                        raise Unreadable(f"{name} has a line that is longer than any export's.")
                    yield line
        except UnicodeDecodeError as error:
            raise Unreadable(f"{name} is no text in UTF-8.") from error
        except DAMAGED as error:
            raise Unreadable(f"{name} is damaged: {error}.") from error

    @cached_property
    def study(self) -> dict[str, Any]:
        return self.json("study.json")

    @property
    def ballots(self) -> Iterator[dict[str, str]]:
        """The rows of ballots.csv and of other stages, read anew each time: a study may have more than a million."""
        for name in self.tables_of(BALLOTS):
            yield from self.each_row(name)

    def tables_of(self, name: str) -> list[str]:
        """Return the names of a table of the main stage and of those of other stages that are there."""
        others = (name.replace(".csv", f"_{stage}.csv") for stage in OTHER_STAGES)
        return [name, *(other for other in others if other in self.members)]

    def blame(self, faults: Sequence[str], of: str) -> None:
        """Report the first of some faults, and how many more there are `of` what."""
        self.faults += faults[:MAX_REPORTED]
        if len(faults) > MAX_REPORTED:
            self.faults.append(f"{len(faults) - MAX_REPORTED} more faults of {of}.")

    @cached_property
    def participants(self) -> list[dict[str, str]]:
        return self.rows("participants.csv")

    @property
    def is_sealed(self) -> bool:
        """Return whether the export is of a sealed study. One with an analysis or commitments never is."""
        return bool(self.study.get("sealed")) and not self.members.keys() & {"commitments.json", "analysis.json"}
