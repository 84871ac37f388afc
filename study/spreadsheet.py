"""Cells of tables that people open in a spreadsheet: what somebody wrote is never taken for a formula."""

import csv
import io
from collections.abc import Iterable
from typing import Any

_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def inert(value: Any) -> Any:
    """`value`, with an apostrophe before a text that a spreadsheet would compute; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_SIGNS) else value


def as_written(cell: str) -> str:
    """What `inert` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_SIGNS) else cell


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV whose every cell is inert."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([inert(value) for value in row] for row in rows)
    return text.getvalue()
