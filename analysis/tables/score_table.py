"""Reading a published table of weighted scores, and the public JSON of its audit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics.table_audit import ScoreTable, TableAudit
from analysis.tables.errors import TableError
from analysis.tables.result_json import plain
from study.tables.cells import is_missing
from study.tables.errors import TableRefused, message_for_command
from study.tables.reading import Table, TableLimits, read_bytes, read_table

TOTAL = "printed_total"
MOST_ITEMS, MOST_CONDITIONS = 200, 30


def read_score_table(path: str | Path, *, encoding: str | None = None) -> tuple[ScoreTable, tuple[str, ...]]:
    """Rows are conditions, columns items, optionally `printed_total`; also what was changed on reading, in sentences.

    Raises TableError with file and row.
    """
    path = Path(path)
    try:
        return score_table_of(read_bytes(path), path.name, encoding=encoding)
    except TableRefused as error:
        raise TableError(message_for_command(error)) from error


def score_table_of(
    raw: bytes, file: str, *, encoding: str | None = None, limits: TableLimits | None = None
) -> tuple[ScoreTable, tuple[str, ...]]:
    """As `read_score_table`, of bytes that are called `file`; `limits`: of an upload.

    Raises TableError with file and row.
    """
    try:
        table = read_table(raw, file, encoding=encoding, known=(TOTAL,), limits=limits)
        return _score_table(table), tuple(table.notes.sentences())
    except TableRefused as error:
        raise TableError(message_for_command(error)) from error


def _score_table(table: Table) -> ScoreTable:
    first_row = f"{table.file}, row {table.header_row}"
    keys = table.keys()
    total = keys.index(TOTAL) if TOTAL in keys[1:] else None
    items = [place for place in range(1, len(keys)) if place != total]
    if not items:
        raise TableError(f"{first_row}: there are no items; give each its own column.")
    if len(items) > MOST_ITEMS:
        raise TableError(f"{first_row}: {len(items)} items; at most {MOST_ITEMS} can be checked.")
    unnamed = [place for place in items if not table.header[place]]
    if unnamed:
        raise TableError(f"{first_row}: column {unnamed[0] + 1} has no name; name the item, or delete the column.")
    for place in (*items, total):
        if place is not None and keys.index(keys[place], 1) != place:
            raise TableError(f"{first_row}: the column '{table.header[place]}' appears twice; rename one.")
    names: list[str] = []
    cells, totals = [], []
    for number, row in table.even_rows():
        name = row[0]
        if not name or name in names:
            raise TableError(f"{table.file}, row {number}: condition '{name[:80]}' is empty or appears twice.")
        if len(names) == MOST_CONDITIONS:
            raise TableError(f"{table.file}, row {number}: at most {MOST_CONDITIONS} conditions can be checked.")
        names.append(name)
        cells.append([_points(table.file, number, table.header[place], row[place]) for place in items])
        printed = "" if total is None or is_missing(row[total]) else row[total]
        if total is not None and row[total] and not printed:
            table.notes.missing(TOTAL, [row[total]], 1)
        totals.append(_points(table.file, number, TOTAL, printed) if printed else None)
    if not names:
        raise TableError(f"{table.file}: a header and at least one condition are needed.")
    return ScoreTable(
        tuple(names), tuple(table.header[place] for place in items), np.array(cells, dtype=int), tuple(totals)
    )


def _points(file: str, number: int, column: str, text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (0 <= value < 1e9 and value == int(value)):
        raise TableError(
            f"{file}, row {number}: {column[:80]} '{text[:80]}' is not a whole number of points; correct it."
        )
    return int(value)


def audit_json(audit: TableAudit) -> dict[str, Any]:
    """The public JSON of `audit_table`."""
    block = plain(audit)
    block["repairs"] = [
        {("from" if key == "from_" else key): value for key, value in repair.items()} for repair in block["repairs"]
    ]
    return block
