"""Read tables from text files into checked rows: the part that tag files and voice files share.

Files ending in .gz or .xz are unpacked. Rows are counted as a spreadsheet shows them: the header is row 1.
"""

import csv
import gzip
import io
import lzma
from collections.abc import Iterable, Sequence
from pathlib import Path

from generation.redefinition.errors import TagTableError


def open_text(path: Path) -> str:
    """The file's text, unpacked if the file is compressed. Raises TagTableError if it cannot be read."""
    try:
        raw = path.read_bytes()
        if path.suffix == ".xz":
            raw = lzma.decompress(raw)
        elif path.suffix == ".gz":
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise TagTableError(f"{path}: no such file.") from error
    except UnicodeDecodeError as error:
        raise TagTableError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise TagTableError(f"{path}: cannot be read ({error}).") from error


def split_rows(text: str, source: str) -> tuple[str, list[list[str]]]:
    """The delimiter and the rows of fields of a text. `source` names the file in errors, here and below."""
    first = text.split("\n", 1)[0]
    if not first.strip():
        raise TagTableError(f"{source}: is empty; it needs a header with a clip column and tags.")
    delimiter = max("\t,;", key=lambda mark: first.count(mark))
    if delimiter not in first:
        raise TagTableError(f"{source}, row 1: only one column; separate the columns by commas, semicolons or tabs.")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TagTableError(f"{source}: {error}; check that every quotation mark is closed.") from error
    while not rows[-1]:
        rows.pop()
    return delimiter, rows


def check_header(header: Sequence[str], source: str) -> None:
    """Refuse a column without a name, and a name given twice."""
    seen: set[str] = set()
    for number, name in enumerate(header, start=1):
        if not name.strip():
            raise TagTableError(f"{source}, row 1: column {number} has no name; name it or remove it.")
        if name in seen:
            raise TagTableError(f"{source}, row 1: the column {name!r} is given twice; remove one.")
        seen.add(name)


def check_lengths(rows: Sequence[Sequence[str]], source: str) -> None:
    """Refuse a row that is empty or has not as many fields as the header."""
    width = len(rows[0])
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            raise TagTableError(f"{source}, row {number}: is empty; remove it.")
        if len(row) != width:
            raise TagTableError(
                f"{source}, row {number}: {len(row)} fields where the header has {width}; "
                f"check the row of {row[0]!r}. Nothing was written."
            )


def check_clips(clips: Iterable[str], column: str, source: str) -> None:
    """Refuse a clip without an identifier, and a clip given twice."""
    seen: dict[str, int] = {}
    for number, clip in enumerate(clips, start=2):
        if not clip.strip():
            raise TagTableError(f"{source}, row {number}: {column} is empty; every row needs its clip.")
        if clip in seen:
            raise TagTableError(
                f"{source}, row {number}: clip {clip!r} is in row {seen[clip]} too; remove one of them."
            )
        seen[clip] = number
