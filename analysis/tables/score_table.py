"""Reading a published table of weighted scores, and the public JSON of its audit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics.table_audit import ScoreTable, TableAudit
from analysis.tables.csv_file import read_rows
from analysis.tables.errors import TableError
from analysis.tables.result_json import plain

TOTAL = "printed_total"


def read_score_table(path: str | Path) -> ScoreTable:
    """Rows are conditions, columns items, optionally `printed_total`. Raises TableError with file and row."""
    path = Path(path)
    rows = read_rows(path)
    if len(rows) < 2:
        raise TableError(f"{path.name}: a header and at least one condition are needed.")
    header = [cell.strip() for cell in rows[0]]
    total = header.index(TOTAL) if TOTAL in header else None
    items = [i for i in range(1, len(header)) if i != total]
    names: list[str] = []
    cells, totals = [], []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise TableError(
                f"{path.name}, row {number}: {len(row)} values under {len(header)} headings; correct the row."
            )
        name = row[0].strip()
        if not name or name in names:
            raise TableError(f"{path.name}, row {number}: condition '{name}' is empty or appears twice.")
        names.append(name)
        cells.append([_points(path, number, header[i], row[i]) for i in items])
        printed = "" if total is None else row[total].strip()
        totals.append(_points(path, number, TOTAL, printed) if printed else None)
    if not items:
        raise TableError(f"{path.name}, row 1: there are no items; give each its own column.")
    return ScoreTable(tuple(names), tuple(header[i] for i in items), np.array(cells, dtype=int), tuple(totals))


def _points(path: Path, number: int, column: str, text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (0 <= value < 1e9 and value == int(value)):
        raise TableError(
            f"{path.name}, row {number}: {column} '{text.strip()}' is not a whole number of points; correct it."
        )
    return int(value)


def audit_json(audit: TableAudit) -> dict[str, Any]:
    """The public JSON of `audit_table`."""
    block = plain(audit)
    block["repairs"] = [
        {("from" if key == "from_" else key): value for key, value in repair.items()} for repair in block["repairs"]
    ]
    return block
