"""A table of a deposit as it is described, and its rows as they are read."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.deposits.description import Column
from study.tables.spreadsheet import unescape_formula


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the deposit; `columns` and `key` as in a `File`."""

    path: str
    name: str  # as keys of findings have it, "participants.csv"; tables of other stages have that of the main one
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class RowsOf:
    """The rows of written tables of one form by the names of their columns, read anew each time, without escapes."""

    paths: tuple[Path, ...]
    without: frozenset[str] = frozenset()  # columns

    def __iter__(self) -> Iterator[dict[str, str]]:
        for path in self.paths:
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    yield {name: unescape_formula(cell) for name, cell in row.items() if name not in self.without}


def read_table(table: bytes) -> list[list[str]]:
    """The rows of a small table, the header first, as text without escapes."""
    return [[unescape_formula(cell) for cell in row] for row in csv.reader(io.StringIO(table.decode(), newline=""))]
