"""Reading CSV files as any spreadsheet writes them: UTF-8, UTF-16 with a byte order mark, or CP949; commas, semicolons
or tabs."""

from __future__ import annotations

import contextlib
import csv as plain_csv
import mmap
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from analysis.tables.errors import TableError
from study.spreadsheet import NotText, csv_rows, decode_text, delimiter_of, encodings_of


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a small table as text, without blank rows. Raises TableError."""
    _require_file(path)
    try:
        text, _ = decode_text(path.read_bytes())
        return [row for _, row in csv_rows(text, delimiter_of(text))]
    except NotText as error:
        raise _unknown_encoding(path) from error
    except plain_csv.Error as error:
        raise TableError(f"{path.name}: not a CSV table: {error}.") from error


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
    if has_null_bytes and "utf-16" not in encodings_of(header):
        raise TableError(f"{path.name}: this is no text; save the table as CSV first.")
    convert = csv.ConvertOptions(column_types={name: pa.string() for name in columns}, strings_can_be_null=False)
    for codec in encodings_of(header):
        encoding = "utf8" if codec == "utf-8-sig" else codec  # Arrow reads the mark itself, and fastest by this name
        parse = csv.ParseOptions(
            delimiter=delimiter_of(header.decode(codec, errors="replace")),
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
        return table.rename_columns([name.strip().lstrip("\ufeff") for name in table.column_names])
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
