"""Reading a table from bytes: the header, and every row with its number as a spreadsheet shows it.

All tables that come in are read here, so that each is forgiven the same and refused for the same.
"""

import csv
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from io import BufferedIOBase, BytesIO
from pathlib import Path

from django.utils.translation import gettext as _

from study.tables.cells import clean_cell, clean_text, column_key, needs_care
from study.tables.encoding import UTF8, decode_text
from study.tables.errors import TableRefused
from study.tables.notes import HEADINGS, Notes
from study.tables.spreadsheet import unescape_formula
from study.tables.workbook import MOST_ROWS, XLS_SIGNATURE, is_workbook, workbook_rows

DELIMITERS = ("\t", ";", ",")
MOST_COLUMNS = 16_384  # as many as a spreadsheet has
MOST_BYTES = 2 * 2**30
MOST_CHARACTERS_OF_A_LINE = 2**24
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[,;\t]*\s*', re.IGNORECASE)
_FURTHER_HEADINGS = '{"ImportId"'  # Qualtrics writes the questions' texts, then such identifiers, under the header


@dataclass(frozen=True)
class TableLimits:
    """How much of a table is read: rows, blank ones among them, and cells."""

    rows: int
    cells: int


UPLOAD = TableLimits(rows=MOST_ROWS, cells=10_000_000)  # rows of a spreadsheet; two of MagnaTagATune's tables


@dataclass
class Table:
    """A table whose rows are read once, in order.

    Attributes:
        header: the clean headings, without empty columns at its end.
        rows: row number and clean cells of every row that is not blank; as many cells as headings, or more, or fewer.
        text: the whole text, for those who write the table again as it was; empty of a workbook.
        notes: what was changed; complete once the rows are read.
        further: the cells of further headings of a survey tool, which are no rows; complete once the rows are read.
    """

    file: str
    delimiter: str
    header: list[str]
    header_row: int
    rows: Iterator[tuple[int, list[str]]]
    text: str
    notes: Notes = field(default_factory=Notes)
    further: list[list[str]] = field(default_factory=list)

    def keys(self) -> list[str]:
        """Return the headings as columns are named here; of equal ones, a caller uses none or refuses them."""
        return [column_key(name) for name in self.header]

    def wrong_width(self, cells: list[str]) -> str:
        """Return what is wrong with a row that has not as many cells as there are headings."""
        return _("%(n)d fields where the header has %(wanted)d.") % {"n": len(cells), "wanted": len(self.header)}

    def without_unnamed(self) -> "Table":
        """Return the table without columns that have no name: they must be empty, or number the rows.

        Its rows raise TableRefused where such a column holds something else.
        """
        unnamed = [place for place, name in enumerate(self.header) if not name]
        if not unnamed:
            return self
        header = [name for name in self.header if name]
        return replace(self, header=header, rows=self._rows_without(unnamed))

    def _rows_without(self, unnamed: list[int]) -> Iterator[tuple[int, list[str]]]:
        for place, (number, cells) in enumerate(self.rows, start=1):
            for column in reversed(unnamed):
                if column >= len(cells):
                    continue
                if cells[column] not in ("", str(place)):
                    raise TableRefused(
                        _(
                            "%(file)s, row %(row)d: “%(value)s” is in column %(n)d, which has no name. Name the column "
                            "in the first row, or delete it."
                        )
                        % {"file": self.file, "row": number, "value": cells[column][:40], "n": column + 1}
                    )
                del cells[column]
            yield number, cells

    def even_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows.

        Raises:
            TableRefused: a row has not as many cells as there are headings.
        """
        for number, cells in self.rows:
            if len(cells) != len(self.header):
                raise TableRefused(
                    _(
                        "%(file)s, row %(row)d: %(n)d values under %(wanted)d headings (%(start)s); correct the row, "
                        "or quote a value that holds the separator."
                    )
                    % {
                        "file": self.file,
                        "row": number,
                        "n": len(cells),
                        "wanted": len(self.header),
                        "start": self.delimiter.join(cells[:20])[:60],
                    }
                )
            yield number, cells


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; one that ends in .gz or .xz is unpacked.

    Raises:
        TableRefused: the file cannot be read, or is too large.
    """
    try:
        if path.is_dir():
            raise TableRefused(_("%(file)s: this is a folder; name the file in it.") % {"file": path})
        with _open(path) as file:
            read = BytesIO()  # by parts: asked for all at once, the largest size is set aside for any table
            while read.tell() <= MOST_BYTES and (part := file.read(1 << 20)):
                read.write(part)
            raw = read.getvalue()
    except FileNotFoundError:
        raise TableRefused(_("%(file)s: there is no such file; check the path.") % {"file": path}) from None
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TableRefused(_("%(file)s: the file cannot be read (%(why)s).") % {"file": path, "why": why}) from None
    if len(raw) > MOST_BYTES:
        raise TableRefused(_("%(file)s: the table is larger than %(n)d GiB.") % {"file": path, "n": MOST_BYTES >> 30})
    return raw


def _open(path: Path) -> BufferedIOBase:
    suffix = path.suffix.lower()
    return gzip.open(path) if suffix == ".gz" else lzma.open(path) if suffix == ".xz" else path.open("rb")


def read_table(
    raw: bytes,
    file: str,
    *,
    encoding: str | None = None,
    known: Collection[str] = (),
    verbatim: bool = False,
    limits: TableLimits | None = None,
) -> Table:
    """Read a table's header, and its rows when they are asked for.

    `encoding`: the one that a person chose. `known`: names of columns, by which the delimiter is recognised if there
    is more than one way to cut the header. `verbatim`: the cells of a table that Earsight wrote stay as they are.
    `limits`: of an upload; commands read tables of any size.

    Raises:
        TableRefused: the file is no table; also while the rows are read.
    """
    if is_workbook(raw):
        notes = Notes()
        return _table_of_rows(_within(limits, file, _workbook_rows(raw, file, notes)), ",", "", file, notes)
    if raw.startswith(XLS_SIGNATURE):
        raise TableRefused(_("%(file)s: this is an old spreadsheet; save it as “CSV UTF-8” or .xlsx.") % {"file": file})
    text, encoding_name = decode_text(raw, file, encoding)
    notes = Notes(encoding=encoding_name)
    return table_of_text(text, file, known=known, notes=notes, verbatim=verbatim, limits=limits)


def table_of_text(
    text: str,
    file: str,
    *,
    known: Collection[str] = (),
    notes: Notes | None = None,
    verbatim: bool = False,
    limits: TableLimits | None = None,
) -> Table:
    """Read a table from its text; see `read_table`."""
    notes = notes or Notes(encoding=UTF8)
    cleaned, notes.invisible, notes.put_together = (text, 0, False) if verbatim else clean_text(text)
    separator = _SEPARATOR_LINE.fullmatch(first_line(cleaned))
    body = cleaned[len(first_line(cleaned)) :].removeprefix("\r").removeprefix("\n") if separator else cleaned
    delimiter = separator.group(1) if separator else delimiter_of(body, known)
    rows = _clean_rows(body, delimiter, file, notes, clean_cell, str.strip)
    if verbatim:
        rows = _clean_rows(body, delimiter, file, Notes(), unescape_formula, str)
    return _table_of_rows(_within(limits, file, rows), delimiter, body, file, notes)


def _within(
    limits: TableLimits | None, file: str, rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank of all `rows`, and refuse the first that is one too many."""
    count = 0
    for number, cells in rows:
        count += len(cells)
        if limits and (number > limits.rows or count > limits.cells):
            raise TableRefused(
                _(
                    "%(file)s, row %(row)d: the table is too large; the limits are %(rows)d rows and %(cells)d cells. "
                    "Keep the rows and columns that are needed."
                )
                % {"file": file, "row": number, "rows": limits.rows, "cells": limits.cells}
            )
        if any(cells):
            yield number, cells


def _workbook_rows(raw: bytes, file: str, notes: Notes) -> Iterator[tuple[int, list[str]]]:
    """Yield number and clean cells of every row of a workbook, blank ones among them."""
    width = 0
    for number, row in enumerate(workbook_rows(raw, file), start=1):
        cells: list[str] = []
        for value in row:
            text, removed, composed = clean_text(value)
            cell = clean_cell(text)
            if len(cell) > csv.field_size_limit():
                raise TableRefused(
                    _("%(file)s, row %(row)d: %(why)s.") % {"file": file, "row": number, "why": _why("field limit")}
                )
            notes.invisible += removed
            notes.put_together |= composed
            notes.spaces += cell != text
            cells.append(cell)
        if any(cells):
            width = width or len(cells)
            cells += [""] * (width - len(cells))  # a workbook leaves out empty cells at a row's end
        yield number, cells


def _table_of_rows(rows: Iterator[tuple[int, list[str]]], delimiter: str, text: str, file: str, notes: Notes) -> Table:
    """Return the table with these rows, of which the first that is not blank is the header."""
    header_row, header = next(rows, (0, []))
    while header and not header[-1]:
        header.pop()
    if not header:
        raise TableRefused(_("%(file)s: the file is empty; the first row must name the columns.") % {"file": file})
    if len(header) > MOST_COLUMNS:
        raise TableRefused(
            _("%(file)s, row %(row)d: %(n)d columns; the limit is %(limit)d. Keep the columns that are needed.")
            % {"file": file, "row": header_row, "n": len(header), "limit": MOST_COLUMNS}
        )
    further: list[list[str]] = []
    data = _data_rows(rows, len(header), notes, further)
    return Table(file, delimiter, header, header_row, data, text, notes, further)


def first_line(text: str) -> str:
    """Return the first line without its end."""
    found = _LINE.match(text)
    return found.group().rstrip("\r\n") if found else ""


def delimiter_of(text: str, known: Collection[str] = ()) -> str:
    """Return the sign among tab, semicolon and comma that cuts the header into the most `known` columns, and of those
    the one that cuts it into the most fields; signs within quotation marks do not count."""
    header = next((line for line in _lines(text) if line.strip()), "")[:MOST_CHARACTERS_OF_A_LINE].strip("\r\n")
    bare = _QUOTED.sub(lambda found: re.sub(r"[\t;,]", " ", found.group()), header)

    def rank(sign: str) -> tuple[int, int]:
        names = bare.split(sign)
        return sum(column_key(name.strip().strip('"')) in known for name in names), len(names)

    best = max(DELIMITERS, key=rank)
    return best if best in bare else ","


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends; StringIO would hold a data set's whole table four times."""
    return (found.group() for found in _LINE.finditer(text))


def _checked_lines(text: str, file: str) -> Iterator[str]:
    for number, line in enumerate(_lines(text), start=1):
        if len(line) > MOST_CHARACTERS_OF_A_LINE:
            raise TableRefused(
                _("%(file)s, line %(n)d: a line of %(length)d characters is no row; write a row on each line.")
                % {"file": file, "n": number, "length": len(line)}
            )
        yield line


def _clean_rows(
    text: str,
    delimiter: str,
    file: str,
    notes: Notes,
    with_care: Callable[[str], str],
    usually: Callable[[str], str],
) -> Iterator[tuple[int, list[str]]]:
    """Yield number and clean cells of every row, blank ones and the header's among them.

    `with_care`: cleans the cells of rows that need it (see `needs_care`); `usually`: cleans all others.
    """
    number = 0
    try:
        reader = csv.reader(_checked_lines(text, file), delimiter=delimiter, strict=True)
        for number, fields in enumerate(reader, start=1):
            cells = [*map(with_care if needs_care("\0".join(fields)) else usually, fields)]
            if cells != fields:
                notes.spaces += sum(cell != value.strip("\r\n") for cell, value in zip(cells, fields, strict=True))
            yield number, cells
    except csv.Error as error:
        raise TableRefused(
            _("%(file)s, row %(row)d: %(why)s.") % {"file": file, "row": number + 1, "why": _why(str(error))}
        ) from None


def _why(message: str) -> str:
    if "field limit" in message:
        return _(
            "a cell has more than %(n)d characters; check that every quotation mark is closed, or shorten the cell"
        ) % {"n": csv.field_size_limit()}
    if "unexpected end" in message:
        return _("a quotation mark is opened and not closed; check that every quotation mark is closed")
    if "expected after" in message:
        return _("text follows a closing quotation mark; double the quotation marks within a cell")
    return _("this is no proper CSV (%(why)s); check the quotation marks") % {"why": message}


def _data_rows(
    rows: Iterator[tuple[int, list[str]]], width: int, notes: Notes, headings: list[list[str]]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows under the header without empty cells beyond it, and without further headings of a survey tool."""
    held: list[tuple[int, list[str]]] = []
    for place, (number, cells) in enumerate(rows):
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if place < 2:
            held.append((number, cells))
            if any(cell.startswith(_FURTHER_HEADINGS) for cell in cells):
                for row, further in held:
                    notes.add(HEADINGS, row=row, text=next(filter(None, further), "")[:40])
                    headings.append(further)
                held = []
            continue
        if held:
            yield from held
            held = []
        yield number, cells
    yield from held
