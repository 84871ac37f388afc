"""The columns of a ballot table as distinct values and codes, whatever the size of the file.

A small file is read by the reader of all tables (`study.tables`), a large and regular one by Arrow, which is several
times faster; both give the same. Whatever Arrow stumbles over is read again by the former, whose errors name the row.
"""

from __future__ import annotations

import codecs
import csv
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from analysis.tables.errors import TableError
from study.tables.cells import clean_cell, clean_text
from study.tables.errors import TableRefused, message_for_command
from study.tables.notes import Notes
from study.tables.reading import Table, first_line, read_bytes, read_table, table_of_text
from study.tables.spreadsheet import unescape_formula

BULK_BYTES = 4 * 2**20  # below, reading takes no longer than loading Arrow
_HEAD_BYTES = 2**20
_CHUNK = 2**24
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Column:
    """`values[codes[i]]` is the clean text of row i; `values` are distinct unless cleaning made two of them equal."""

    values: list[str]
    codes: np.ndarray

    def rows(self, wanted: Callable[[str], bool]) -> np.ndarray:
        """Return the mask of rows whose value is wanted."""
        return np.array([wanted(value) for value in self.values], dtype=bool)[self.codes]

    def take(self, rows: np.ndarray | slice) -> Column:
        """Return the column of these rows, with no value that none of them has."""
        codes = self.codes[rows]
        used = np.bincount(codes, minlength=len(self.values)) > 0
        values = [value for value, there in zip(self.values, used, strict=True) if there]
        return Column(values, (np.cumsum(used) - 1).astype(np.int32)[codes])


@dataclass(frozen=True)
class CodedColumns:
    """The columns of a table of n rows, by key.

    Attributes:
        row_number: from an index to the row that a spreadsheet shows.
        verbatim: whether Earsight wrote the table, so that its cells mean what they say.
    """

    file: str
    n: int
    columns: dict[str, Column]
    notes: Notes
    row_number: Callable[[int], int]
    verbatim: bool = False


def read_columns(
    path: Path, wanted: Sequence[str], required: Sequence[str], *, encoding: str | None, verbatim: bool
) -> CodedColumns:
    """Read those of the `wanted` columns that the table has.

    Raises:
        TableError: the file is no table, a required column is missing, or a wanted one is there twice.
    """
    try:
        raw = read_bytes(path)
        if len(raw) > BULK_BYTES and not encoding:
            found = _bulk_columns(raw, path.name, wanted, required, verbatim=verbatim)
            if found is not None:
                return found
        table = read_table(raw, path.name, encoding=encoding, known=wanted, verbatim=verbatim)
        return replace(_columns_of(table, _places(table, wanted, required)), verbatim=verbatim)
    except TableRefused as error:
        raise TableError(message_for_command(error)) from error


def _places(table: Table, wanted: Sequence[str], required: Sequence[str]) -> dict[str, int]:
    keys = table.keys()
    at = f"{table.file}, row {table.header_row}"
    for name in required:
        if name not in keys:
            shown = ", ".join(f"'{heading[:30]}'" for heading in table.header[:8])
            raise TableError(
                f"{at}: the column '{name}' is missing; the header must name {', '.join(required)}, and names {shown}."
            )
    for name in wanted:
        if keys.count(name) > 1:
            raise TableError(f"{at}: the column '{name}' appears twice; keep one.")
    return {name: keys.index(name) for name in wanted if name in keys}


def _columns_of(table: Table, places: dict[str, int]) -> CodedColumns:
    numbers = array("i")
    coded = [(place, {}, array("i")) for place in places.values()]  # type: list[tuple[int, dict[str, int], array[int]]]
    for number, cells in table.even_rows():
        numbers.append(number)
        for place, codes_of, codes in coded:
            codes.append(codes_of.setdefault(cells[place], len(codes_of)))
    columns = {
        name: Column(list(codes_of), np.array(codes, dtype=np.int32))
        for name, (_, codes_of, codes) in zip(places, coded, strict=True)
    }
    return CodedColumns(table.file, len(numbers), columns, table.notes, numbers.__getitem__)


def _bulk_columns(
    raw: bytes, file: str, wanted: Sequence[str], required: Sequence[str], *, verbatim: bool
) -> CodedColumns | None:
    """The columns as Arrow reads them; None if the file is not regular enough for that."""
    # Imported here: a small table is analysed sooner than Arrow is loaded.
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    head = _regular_head(raw, file, wanted)
    if head is None or not _is_regular(raw, head.delimiter):
        return None
    places = _places(head.table, wanted, required)
    names = [f"column {place}" for place in range(head.width)]
    text = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(memoryview(raw)[head.offset :])),
            read_options=arrow_csv.ReadOptions(column_names=names),
            parse_options=arrow_csv.ParseOptions(delimiter=head.delimiter, newlines_in_values=head.has_quotes),
            convert_options=arrow_csv.ConvertOptions(
                column_types={names[place]: text for place in places.values()},
                include_columns=[names[place] for place in places.values()],
                strings_can_be_null=False,
            ),
        ).unify_dictionaries()
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError):
        return None
    columns, notes = {}, Notes()
    for name, place in places.items():
        values, codes = _dictionary(table[names[place]])
        if max(map(len, values), default=0) > csv.field_size_limit():
            return None
        columns[name] = (
            Column([unescape_formula(value) for value in values], codes) if verbatim else _clean(values, codes, notes)
        )
    n = table.num_rows
    if any("" in columns[name].values for name in required[:2]):  # perhaps rows of nothing but separators
        if head.width > len(places):
            return None  # the columns that were not read may hold something
        filled = np.logical_or.reduce([column.rows(bool) for column in columns.values()])
        columns = {name: column.take(filled) for name, column in columns.items()}
        n = int(filled.sum())
    return CodedColumns(file, n, columns, notes, lambda index: _row_number(raw, file, index), verbatim)


@dataclass(frozen=True)
class _Head:
    table: Table
    delimiter: str
    width: int
    offset: int  # of the first row under the header, in bytes
    has_quotes: bool


def _regular_head(raw: bytes, file: str, known: Sequence[str]) -> _Head | None:
    """The header of a UTF-8 table whose header is its first line (a line `sep=;` may come before)."""
    marked = len(_UTF8_MARK) if raw.startswith(_UTF8_MARK) else 0
    start = raw[marked : marked + _HEAD_BYTES]
    try:
        text = start[: start.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not text:
        return None
    head = table_of_text(text, file, known=known)
    list(islice(head.rows, 3))
    lines = text.splitlines(keepends=True)[: 2 if first_line(text)[:5].strip('"').lower().startswith("sep=") else 1]
    if head.notes.further or head.header_row != 1 or lines[-1].count('"') % 2:
        return None
    width = len(next(csv.reader([lines[-1]], delimiter=head.delimiter)))
    return _Head(head, head.delimiter, width, marked + len("".join(lines).encode()), b'"' in raw)


def _is_regular(raw: bytes, delimiter: str) -> bool:
    """Whether the bytes are UTF-8, without NUL, and with even quotation marks around whole cells."""
    if b"\0" in raw:
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    end = re.escape(delimiter).encode()
    within = re.compile(rb'[^"\r\n' + end + rb']"[^"\r\n' + end + rb"]")
    quotes = 0
    try:
        for at in range(0, len(raw), _CHUNK):
            chunk = raw[at : at + _CHUNK]
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
            count = chunk.count(b'"')
            quotes += count
            if count and within.search(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return quotes % 2 == 0


def _dictionary(column: Any) -> tuple[list[str], np.ndarray]:
    """Distinct values of a dictionary column with one dictionary in all chunks, and each row's index into them.

    The indices are taken from the buffers: Arrow's `to_numpy` imports pandas, which takes longer than an analysis.
    """
    if column.num_chunks == 0:
        return [], np.zeros(0, dtype=np.int32)
    parts = [
        np.frombuffer(part.indices.buffers()[1], dtype=np.int32, count=len(part), offset=4 * part.indices.offset)
        for part in column.chunks
    ]
    return column.chunk(0).dictionary.to_pylist(), np.concatenate(parts)


def _clean(values: list[str], codes: np.ndarray, notes: Notes) -> Column:
    """The column with clean values, and in the notes what was cleaned."""
    changed = np.zeros(len(values), dtype=bool)
    counts = np.bincount(codes, minlength=len(values))
    clean = []
    for place, value in enumerate(values):
        if value.isascii() and value.isprintable() and value == value.strip() and value[:1] != "'":
            clean.append(value)
            continue
        text, removed, composed = clean_text(value)
        cell = clean_cell(text)
        clean.append(cell)
        if cell != value:
            changed[place] = cell != text
            notes.invisible += removed * int(counts[place])
            notes.put_together |= composed
    notes.spaces += int(counts[changed].sum())
    return Column(clean, codes)


def _row_number(raw: bytes, file: str, index: int) -> int:
    """The number of a row of a file that Arrow has read: only the reader of all tables counts blank rows."""
    try:
        return next(islice(read_table(raw, file).rows, index, None))[0]
    except TableRefused as error:  # of a cell in a column that Arrow left out
        raise TableError(str(error)) from error
