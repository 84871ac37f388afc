"""What a person looks at before a table is imported: its encoding, some of its rows, and how else it may be read."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from study.tables.encoding import other_readings
from study.tables.errors import Reading
from study.tables.reading import Table

ROWS_SHOWN, COLUMNS_SHOWN, CELL_SHOWN = 5, 8, 120
_ROWS_LOOKED_AT = 2_000


@dataclass(frozen=True)
class Preview:
    """The first rows of a table, those with letters beyond ASCII before the others.

    Attributes:
        encoding: as people know it; empty of a workbook, whose encoding is never in doubt.
        header: the first COLUMNS_SHOWN headings; `rows`: number and cells under them.
        more_columns: how many columns are not shown.
        others: further encodings in which the file is no mess, if its encoding was recognised by its letters.
    """

    encoding: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    more_columns: int
    others: tuple[Reading, ...]

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Preview":
        """Return the preview of which `fields` are what JSON made of `dataclasses.asdict`."""
        return cls(**fields | {"others": tuple(Reading(**other) for other in fields["others"])})


def preview_table(raw: bytes, open_table: Callable[[bytes], Table]) -> Preview:
    """Preview the table in `raw` as `open_table` reads it, whose errors pass through."""
    table = open_table(raw)
    rows = list(islice(table.rows, _ROWS_LOOKED_AT))
    telling = sorted(rows, key=lambda row: all(map(str.isascii, row[1])))[:ROWS_SHOWN]
    shown = [(number, [cell[:CELL_SHOWN] for cell in cells[:COLUMNS_SHOWN]]) for number, cells in sorted(telling)]
    encoding = table.notes.encoding if table.text else ""
    return Preview(
        encoding,
        table.header[:COLUMNS_SHOWN],
        shown,
        max(len(table.header) - COLUMNS_SHOWN, 0),
        other_readings(raw, encoding) if encoding else (),
    )
