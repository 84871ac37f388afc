"""Checked rows of tag files and voice files, with row numbers as a spreadsheet shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from generation.redefinition.errors import TagTableError
from generation.redefinition.spelling import normalise
from study.tables.errors import TableRefused, message_for_command
from study.tables.reading import Table, read_bytes, read_table

Rows = list[tuple[int, list[str]]]


def open_rows(path: Path, encoding: str | None, known: Iterable[str]) -> tuple[Table, Rows]:
    """The table in a file, unpacked if it is compressed, and its rows.

    Raises TagTableError if the file cannot be read, has one column, a column without a name, or uneven rows.
    """
    try:
        table = read_table(read_bytes(path), path.name, encoding=encoding, known=tuple(known)).without_unnamed()
        if len(table.header) == 1:
            raise TagTableError(
                f"{path.name}, row {table.header_row}: only one column; separate the columns by commas, semicolons or "
                "tabs."
            )
        check_header(table)
        return table, list(_with_joined_tags(table).even_rows())
    except TableRefused as error:
        raise TagTableError(f"{message_for_command(error)} Nothing was written.") from error


def _with_joined_tags(table: Table) -> Table:
    """The table with its tags in one cell, if one mark separates the columns and the tags (MTG-Jamendo: tabs)."""
    last = len(table.header) - 1
    if table.delimiter == "," or normalise(table.header[last]) != "tags":
        return table
    joined = ((number, [*row[:last], ";".join(row[last:])] if row[last + 1 :] else row) for number, row in table.rows)
    return replace(table, rows=joined)


def check_header(table: Table) -> None:
    """Refuse a name that is given twice."""
    seen: set[str] = set()
    for name in table.header:
        if name in seen:
            raise TagTableError(
                f"{table.file}, row {table.header_row}: the column {name!r} is given twice; remove one."
            )
        seen.add(name)


def check_clips(rows: Sequence[tuple[int, list[str]]], table: Table) -> None:
    """Refuse a clip without an identifier, and a clip given twice."""
    seen: dict[str, int] = {}
    for number, row in rows:
        clip = row[0]
        if not clip:
            raise TagTableError(f"{table.file}, row {number}: {table.header[0]} is empty; every row needs its clip.")
        if clip in seen:
            raise TagTableError(
                f"{table.file}, row {number}: clip {clip!r} is in row {seen[clip]} too; remove one of them."
            )
        seen[clip] = number
