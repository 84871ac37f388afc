"""The codebook of a deposit: one row for each column of each table."""

from collections.abc import Iterable

from config.deposits.tables.table import Table
from study.tables.spreadsheet import csv_text

COLUMNS = ("table", "column", "meaning", "kind", "unit", "values", "minimum", "maximum", "may_be_empty", "refers_to")


def codebook_csv(tables: Iterable[Table]) -> bytes:
    """What each column of these tables means and may hold, as UTF-8 CSV."""
    rows = (
        (
            table.path,
            column.name,
            column.meaning,
            str(column.kind),
            column.unit,
            "; ".join(f"{value} = {meaning}" for value, meaning in column.values.items()),
            "" if column.minimum is None else column.minimum,
            "" if column.maximum is None else column.maximum,
            int(column.may_be_empty),
            ", column ".join(column.refers_to or ()),
        )
        for table in tables
        for column in table.columns
    )
    return csv_text([COLUMNS, *rows]).encode()
