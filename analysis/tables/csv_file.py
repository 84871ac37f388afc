"""Open a CSV as columns of text, whatever spreadsheet wrote it: UTF-8, marked UTF-16 or CP949; commas, semicolons, tabs."""

from __future__ import annotations

import codecs
import contextlib
import csv as plain_csv
import mmap
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from analysis.tables.errors import TableError

ENCODINGS = ("utf8", "cp949")
DELIMITERS = (",", ";", "\t")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def delimiter_of(header: str) -> str:
    """What separates the names of a header: a comma unless only semicolons or only tabs stand there."""
    return next((mark for mark in DELIMITERS if mark in header), ",")


def read_rows(path: Path) -> list[list[str]]:
    """A small table's rows as text, without blank ones. Raises TableError."""
    if not path.is_file():
        raise TableError(f"{path}: there is no such file; check the path.")
    raw = path.read_bytes()
    for encoding in ("utf16",) if raw.startswith(_UTF16) else ("utf-8-sig", "cp949"):
        try:
            lines = raw.decode(encoding).splitlines()
        except UnicodeDecodeError:
            continue
        rows = plain_csv.reader(lines, delimiter=delimiter_of(lines[0] if lines else ""))
        return [row for row in rows if any(cell.strip() for cell in row)]
    raise TableError(f"{path.name}: the text is neither UTF-8 nor CP949; save it as UTF-8.")


def read_text_columns(path: Path, columns: Iterable[str]) -> pa.Table:
    """The table in `path` with `columns` as text, empty where a field is empty ("NA" and "007" stay as they are).

    Raises TableError with the row (the header is row 1, blank lines do not count) and the mend.
    """
    if not path.is_file():
        raise TableError(f"{path}: there is no such file; check the path.")
    if path.stat().st_size == 0:
        raise TableError(f"{path.name}: the file is empty; it needs a header and a row for each ballot.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        header = bytes(raw[: max(raw.find(b"\n"), 0) or len(raw)])
        quoted, binary = raw.find(b'"') >= 0, raw.find(b"\0") >= 0
    marked = header.startswith(_UTF16)
    if binary and not marked:
        raise TableError(f"{path.name}: this is no text; save the table as CSV first.")
    convert = csv.ConvertOptions(column_types={name: pa.string() for name in columns}, strings_can_be_null=False)
    for encoding in ("utf16",) if marked else ENCODINGS:
        parse = csv.ParseOptions(
            delimiter=delimiter_of(header.decode(encoding, errors="replace")),
            newlines_in_values=quoted,  # slower, and only a quoted value can hold one
        )
        try:
            table = csv.read_csv(
                path,
                read_options=csv.ReadOptions(encoding=encoding),
                parse_options=parse,
                convert_options=convert,
            )
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error):
                continue
            raise _refused(path, encoding, parse, error) from error
        except OSError as error:
            raise TableError(f"{path.name}: cannot be read: {error}.") from error
        return table.rename_columns([name.strip().lstrip("\ufeff") for name in table.column_names])
    raise TableError(f"{path.name}: the text is neither UTF-8 nor CP949; save it as UTF-8.")


def _refused(path: Path, encoding: str, parse: csv.ParseOptions, error: Exception) -> TableError:
    """Arrow's complaint with the row at fault, which it knows only when it reads in one thread."""
    uneven: list[csv.InvalidRow] = []

    def note(row: csv.InvalidRow) -> str:
        uneven.append(row)
        return "skip"

    parse.invalid_row_handler = note
    with contextlib.suppress(pa.ArrowInvalid, UnicodeDecodeError):
        csv.read_csv(
            path,
            read_options=csv.ReadOptions(encoding=encoding, use_threads=False),
            parse_options=parse,
        )
    if uneven:
        row = uneven[0]
        return TableError(
            f"{path.name}, row {row.number}: {row.actual_columns} values under {row.expected_columns} headings "
            f"({row.text[:60]}); mend the row, or quote a value that holds the separator."
        )
    first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return TableError(f"{path.name}: not a CSV table: {first_line}.")
