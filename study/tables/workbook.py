"""The rows of an .xlsx workbook as texts: values only, of its one sheet that is not empty."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from study.tables.errors import TableRefused
from study.tables.spreadsheet import csv_text

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
XLSX_SIGNATURE = b"PK\x03\x04"
XLS_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_UNPACKED_BYTES = 64 * 2**20  # some two million cells, half a minute
MOST_ROWS = 1_048_576  # of a spreadsheet; a row that claims a higher number would be preceded by as many empty ones
MOST_CELLS = 20_000_000  # empty ones too: one cell in the last column makes a row of 16,384


def is_workbook(raw: bytes) -> bool:
    """Return whether a file is an .xlsx workbook, or at least a zip, as those are."""
    return raw.startswith(XLSX_SIGNATURE)


def csv_of_workbook(raw: bytes, file: str) -> str:
    """Return a workbook's table as CSV with the same rows, blank ones among them. Raises: as `workbook_rows`."""
    return csv_text(workbook_rows(raw, file))


def workbook_rows(raw: bytes, file: str) -> Iterator[list[str]]:
    """Yield every row from the first, blank ones among them.

    Raises:
        TableRefused: this is no workbook, it unpacks to too much, several of its sheets hold cells, or a formula has
            no stored value.
    """
    # Imported here: the web process reads few workbooks.
    from openpyxl import load_workbook

    unreadable = _("%(file)s: the spreadsheet cannot be read; save the table as “CSV UTF-8”.") % {"file": file}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED_BYTES:
                raise TableRefused(
                    _("%(file)s: the spreadsheet is too large; save the table as “CSV UTF-8”.") % {"file": file}
                )
            parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            has_formulas = any(_FORMULA.search(archive.read(name)) for name in parts)
        values = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        filled = [sheet.title for sheet in values.worksheets if _is_filled(sheet, file)]
        if len(filled) > 1:
            raise TableRefused(
                _("%(file)s: the sheets %(sheets)s hold cells; keep the one with the table.")
                % {"file": file, "sheets": ", ".join(f"“{title}”" for title in filled[:5])}
            )
        if filled:
            if has_formulas:
                formulas = load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
                _check_formulas(values[filled[0]], formulas[filled[0]], file)
            for row in _rows(values[filled[0]], file):
                yield [_text(value) for value in row]
    except (TableRefused, MemoryError):  # of which the latter is said by whoever limits the memory
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part of the archive leads to
        raise TableRefused(unreadable) from error


def _rows(sheet: Any, file: str) -> Iterator[tuple[Any, ...]]:
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells += len(row)
        if number > MOST_ROWS or cells > MOST_CELLS:
            raise TableRefused(
                _(
                    "%(file)s, row %(row)d: the sheet “%(sheet)s” has more than %(rows)d rows or %(cells)d cells; "
                    "delete empty rows and columns, or save the table as “CSV UTF-8”."
                )
                % {"file": file, "row": number, "sheet": sheet.title[:40], "rows": MOST_ROWS, "cells": MOST_CELLS}
            )
        yield row


def _is_filled(sheet: Any, file: str) -> bool:
    sheet.reset_dimensions()  # some programs store wrong ones
    return any(value is not None for row in _rows(sheet, file) for value in row)


def _check_formulas(values: Any, formulas: Any, file: str) -> None:
    """Refuse a formula without a value, as a program writes it that computes nothing: its cell would seem empty."""
    formulas.reset_dimensions()
    both = zip(_rows(values, file), _rows(formulas, file), strict=True)
    for number, (row, sources) in enumerate(both, start=1):
        for column, (value, source) in enumerate(zip(row, sources, strict=True), start=1):
            if value is None and source is not None:
                raise TableRefused(
                    _(
                        "%(file)s, row %(row)d: the formula in column %(n)d has no stored value; open the file in a "
                        "spreadsheet program and save it again."
                    )
                    % {"file": file, "row": number, "n": column}
                )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
