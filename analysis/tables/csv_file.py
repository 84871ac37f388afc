"""Reading CSV files as any spreadsheet writes them: UTF-8, UTF-16 with a byte order mark, or CP949; commas, semicolons
or tabs."""

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

DELIMITERS = (",", ";", "\t")
_BYTE_ORDER_MARK = "\ufeff"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def possible_encodings(data: bytes) -> tuple[str, ...]:
    """The encodings to try, from the beginning of a file: UTF-16 if it has a byte order mark of UTF-16."""
    return ("utf16",) if data.startswith(_UTF16_MARKS) else ("utf8", "cp949")


def decode_text(data: bytes) -> str:
    """The text without a byte order mark. Raises UnicodeError if no encoding fits."""
    for encoding in possible_encodings(data):
        try:
            return data.decode(encoding).removeprefix(_BYTE_ORDER_MARK)
        except UnicodeDecodeError:
            continue
    raise UnicodeError("the text is neither UTF-8 nor CP949")


def delimiter_of(header: str) -> str:
    """The delimiter of a header: the first of comma, semicolon and tab that occurs in it, else a comma."""
    return next((mark for mark in DELIMITERS if mark in header), ",")


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a small table as text, without blank rows. Raises TableError."""
    _require_file(path)
    try:
        lines = decode_text(path.read_bytes()).splitlines()
    except UnicodeError as error:
        raise _unknown_encoding(path) from error
    rows = plain_csv.reader(lines, delimiter=delimiter_of(lines[0] if lines else ""))
    return [row for row in rows if any(cell.strip() for cell in row)]


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise TableError(f"{path}: there is no such file; check the path.")


def _unknown_encoding(path: Path) -> TableError:
    return TableError(f"{path.name}: the text is neither UTF-8 nor CP949; save it as UTF-8.")


def read_text_columns(path: Path, columns: Iterable[str]) -> pa.Table:
    """The table in `path`; the values of `columns` are text, as written ("NA", "007"), and never null.

    Raises TableError with the row; the header is row 1, and blank lines are not counted.
    """
    _require_file(path)
    if path.stat().st_size == 0:
        raise TableError(f"{path.name}: the file is empty; it needs a header and a row for each ballot.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header = bytes(data[: max(data.find(b"\n"), 0) or len(data)])
        has_quotes, has_null_bytes = data.find(b'"') >= 0, data.find(b"\0") >= 0
    if has_null_bytes and not header.startswith(_UTF16_MARKS):
        raise TableError(f"{path.name}: this is no text; save the table as CSV first.")
    convert = csv.ConvertOptions(column_types={name: pa.string() for name in columns}, strings_can_be_null=False)
    for encoding in possible_encodings(header):
        parse = csv.ParseOptions(
            delimiter=delimiter_of(header.decode(encoding, errors="replace")),
            newlines_in_values=has_quotes,  # only quoted values can hold newlines; reading them is slower
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
            raise _not_a_table(path, encoding, parse, error) from error
        except OSError as error:
            raise TableError(f"{path.name}: cannot be read: {error}.") from error
        return table.rename_columns([name.strip().lstrip(_BYTE_ORDER_MARK) for name in table.column_names])
    raise _unknown_encoding(path)


def _not_a_table(path: Path, encoding: str, parse: csv.ParseOptions, error: Exception) -> TableError:
    """The error for a file that Arrow could not parse; reads it again in one thread, which finds the wrong row."""
    uneven: list[csv.InvalidRow] = []

    def collect(row: csv.InvalidRow) -> str:
        uneven.append(row)
        return "skip"

    parse.invalid_row_handler = collect
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
            f"({row.text[:60]}); correct the row, or quote a value that holds the separator."
        )
    first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return TableError(f"{path.name}: not a CSV table: {first_line}.")
