"""Read and write tag files in their own layout: clip × tag tables of 0 and 1, and lists of `clip,tags`.

MagnaTagATune's `annotations_final.csv` (tab-separated, every field quoted, CRLF) is one of the first kind. A table is
written with the delimiter, quoting and line ends that it was read with.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from generation.redefinition.errors import TagTableError
from generation.redefinition.spelling import normalise
from generation.redefinition.table_rows import Rows, check_clips, open_rows
from study.tables.cells import is_missing
from study.tables.reading import Table

# Columns of text beside the tags, as `normalise` spells them.
TEXT_COLUMNS = frozenset(
    {"clip id", "clip", "track id", "id", "mp3 path", "path", "file", "filename", "title", "artist", "album"}
    | {"url", "split"}
)
FLAGS = frozenset({"0", "1"})
NUMBERS = {"0": "0", "1": "1", "0.0": "0", "1.0": "1"}
SAMPLE = 20  # rows from which the quoting is inferred
LIST_SEPARATORS = (";", "|", ",")


@dataclass(frozen=True)
class Layout:
    """How a file is written. quoted: column name → are its cells quoted even if they need not be?"""

    delimiter: str
    line_end: str
    header_quoted: bool
    quoted: dict[str, bool]
    cells_quoted: bool
    list_separator: str | None = None

    def field(self, value: str, quoted: bool) -> str:
        if quoted or any(mark in value for mark in (self.delimiter, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value


@dataclass(frozen=True)
class TagTable:
    """The tags of n clips.

    columns: the names of the text columns, the clip's identifier first; text: name → n values. before: number of
    text columns to the left of the tags. tags: k names as in the file. values: (n, k) bool. notes: what was changed on
    reading, in sentences.
    """

    source: str
    columns: tuple[str, ...]
    text: dict[str, list[str]]
    before: int
    tags: tuple[str, ...]
    values: np.ndarray
    layout: Layout
    notes: tuple[str, ...] = ()

    @property
    def clips(self) -> list[str]:
        return self.text[self.columns[0]]

    def tags_of(self, row: int) -> list[str]:
        return [self.tags[index] for index in np.flatnonzero(self.values[row])]


def read_tag_table(path: str | Path, *, encoding: str | None = None) -> TagTable:
    """Read a clip × tag table or a `clip,tags` list. `encoding`: the file's, if a person named it.

    Raises TagTableError, with file, row and value, for a file without a header, a column or clip given twice, a row of
    another length, a cell that is neither 0 nor 1, and a missing clip identifier.
    """
    table, rows = open_rows(Path(path), encoding, ("clip_id", "clip", "mp3_path", "tags"))
    check_clips(rows, table)
    layout = _layout(table)
    if "tags" in (normalise(name) for name in table.header[1:]):
        return _read_lists(table, rows, layout)
    return _read_cells(table, rows, layout)


def _layout(table: Table) -> Layout:
    end = re.search(r"\r\n|\n|\r", table.text)
    lines = [found.group() for found in islice(re.finditer(r"[^\r\n]*[^\s][^\r\n]*", table.text), SAMPLE + 1)]
    header_quoted = bool(lines) and lines[0].startswith('"')
    names, delimiter = table.header, table.delimiter
    field = re.compile(rf'(?:^|{re.escape(delimiter)})("(?:[^"]|"")*"|[^"{re.escape(delimiter)}]*)')
    sample = [field.findall(line) for line in lines[1:]]
    if sample and all(len(parts) == len(names) for parts in sample):
        columns = dict(zip(names, zip(*sample, strict=True), strict=True))
        quoted = {name: _always_quoted(fields, delimiter) for name, fields in columns.items()}
    else:
        quoted = dict.fromkeys(names, header_quoted)
    tags = [name for name in names[1:] if normalise(name) not in TEXT_COLUMNS]
    return Layout(
        delimiter=delimiter,
        line_end=end.group() if end else "\n",
        header_quoted=header_quoted,
        quoted=quoted,
        cells_quoted=quoted[tags[0]] if tags else header_quoted,
    )


def _always_quoted(fields: Sequence[str], delimiter: str) -> bool:
    """Is every field quoted, and at least one without need?"""
    return all(field.startswith('"') for field in fields) and any(
        delimiter not in field and '""' not in field[1:-1] for field in fields
    )


def _read_cells(table: Table, rows: Rows, layout: Layout) -> TagTable:
    header = table.header
    at = [index for index in range(1, len(header)) if normalise(header[index]) not in TEXT_COLUMNS]
    if not at:
        raise TagTableError(
            f"{table.file}, row {table.header_row}: no tag columns; add one column of 0 and 1 for each tag."
        )
    texts = [index for index in range(len(header)) if index not in set(at)]
    together = at == list(range(at[0], at[-1] + 1))
    first, last = at[0], at[-1] + 1
    packed = bytearray()
    for number, row in rows:
        cells = row[first:last] if together else [row[index] for index in at]
        if not FLAGS.issuperset(cells):
            cells = [_flag(table, number, row, index) for index in at]
        packed += "".join(cells).encode()
    values = np.frombuffer(bytes(packed), dtype=np.uint8).reshape(len(rows), len(at)) == ord("1")
    return TagTable(
        source=table.file,
        columns=tuple(header[index] for index in texts),
        text={header[index]: [row[index] for _, row in rows] for index in texts},
        before=sum(index < at[0] for index in texts),
        tags=tuple(header[index] for index in at),
        values=values,
        layout=layout,
        notes=tuple(table.notes.sentences()),
    )


def _flag(table: Table, number: int, row: list[str], index: int) -> str:
    if row[index] not in NUMBERS:
        raise TagTableError(
            f"{table.file}, row {number}: {table.header[index]!r} of clip {row[0]!r} is {row[index][:40]!r}; "
            "a tag column holds 0 or 1. Nothing was written."
        )
    return NUMBERS[row[index]]


def _read_lists(table: Table, rows: Rows, layout: Layout) -> TagTable:
    header = table.header
    at = next(index for index in range(1, len(header)) if normalise(header[index]) == "tags")
    words = [row[at] for _, row in rows if row[at] and is_missing(row[at])]
    table.notes.missing(header[at], words, len(words))
    cells = ["" if is_missing(row[at]) else row[at] for _, row in rows]
    separator = next((mark for mark in LIST_SEPARATORS if any(mark in cell for cell in cells)), LIST_SEPARATORS[0])
    spaced = any(f"{separator} " in cell for cell in cells)
    places: dict[str, int] = {}
    found: list[tuple[int, int]] = []
    for row, cell in enumerate(cells):
        for tag in cell.split(separator):
            if tag.strip():
                found.append((row, places.setdefault(tag.strip(), len(places))))
    values = np.zeros((len(rows), len(places)), dtype=bool)
    if found:
        values[tuple(np.array(found).T)] = True
    texts = [index for index in range(len(header)) if index != at]
    return TagTable(
        source=table.file,
        columns=tuple(header[index] for index in texts),
        text={header[index]: [row[index] for _, row in rows] for index in texts},
        before=at,
        tags=tuple(places),
        values=values,
        layout=Layout(
            layout.delimiter,
            layout.line_end,
            layout.header_quoted,
            {**layout.quoted, "tags": layout.quoted[header[at]]},
            layout.cells_quoted,
            f"{separator} " if spaced else separator,
        ),
        notes=tuple(table.notes.sentences()),
    )


def write_tag_table(table: TagTable, path: str | Path) -> None:
    """Write a table in its layout: text columns at their places, tags in their order."""
    layout = table.layout
    left, right = table.columns[: table.before], table.columns[table.before :]
    names = ("tags",) if layout.list_separator else table.tags
    header = [layout.field(name, layout.header_quoted) for name in (*left, *names, *right)]
    bodies = _list_cells(table) if layout.list_separator else _flag_cells(table)
    befores, afters = _text_cells(table, left), _text_cells(table, right)
    parts = [layout.delimiter.join(header)]
    for before, body, after in zip(befores, bodies, afters, strict=True):
        parts.append(layout.delimiter.join((*before, *body, *after)))
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        file.write(layout.line_end.join(parts) + layout.line_end)


def _text_cells(table: TagTable, names: Sequence[str]) -> list[tuple[str, ...]]:
    quoted = table.layout.quoted
    columns = [[table.layout.field(value, quoted.get(name, False)) for value in table.text[name]] for name in names]
    return list(zip(*columns, strict=True)) if columns else [()] * len(table.clips)


def _flag_cells(table: TagTable) -> Iterable[tuple[str, ...]]:
    """Each row's cells as one text: all rows are a template to which the flags are added as bytes ('0' + 1 = '1').

    25,863 × 188 cells take a tenth of a second.
    """
    n, k = table.values.shape
    if k == 0:
        return [()] * n
    cell = '"0"' if table.layout.cells_quoted else "0"
    template = np.frombuffer(table.layout.delimiter.join([cell] * k).encode(), dtype=np.uint8)
    at = np.arange(k) * (len(cell) + 1) + cell.index("0")
    cells = np.tile(template, (n, 1))
    cells[:, at] += table.values
    whole = cells.tobytes().decode()
    width = len(template)
    return [(whole[row * width : (row + 1) * width],) for row in range(n)]


def _list_cells(table: TagTable) -> Iterable[tuple[str, ...]]:
    layout = table.layout
    quoted = layout.quoted.get("tags", False)
    separator = layout.list_separator or ";"
    return [(layout.field(separator.join(table.tags_of(row)), quoted),) for row in range(len(table.clips))]
