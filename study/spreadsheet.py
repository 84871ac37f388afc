"""CSV tables as spreadsheets write and read them: encodings, delimiters, and cells that are no formulas."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ("\t", ";", ",")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class NotText(ValueError):
    """A file that is no text in any encoding that a spreadsheet writes."""


def encodings_of(raw: bytes) -> dict[str, str]:
    """Return the codecs to try on a file, by its first bytes, each with the name that people know."""
    if raw.startswith(_UTF16_MARKS):
        return {"utf-16": "UTF-16"}
    return {"utf-8-sig": "UTF-8", "cp949": "CP949"}


def decode_text(raw: bytes) -> tuple[str, str]:
    """Return a file's text and the name of its encoding: UTF-8 with or without mark, UTF-16 with mark, or CP949.

    Raises:
        NotText: the file is in none of these, or holds a zero character.
    """
    for codec, name in encodings_of(raw).items():
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, name
    raise NotText("This is no text in UTF-8 or CP949.")


def delimiter_of(text: str) -> str:
    """Return the sign among tab, semicolon and comma that cuts the first line with text into the most fields."""
    header = next((line for line in _lines(text) if line.strip()), "")
    counts = {sign: len(next(csv.reader([header], delimiter=sign), [])) for sign in _DELIMITERS}
    return max(counts, key=lambda sign: counts[sign]) if max(counts.values()) > 1 else ","


def csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every row that is not blank, the header's among them.

    Raises:
        csv.Error: quotation marks are not closed, or followed by more text.
    """
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    for fields in reader:
        if any(value.strip() for value in fields):
            yield reader.line_num, fields


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends; StringIO would hold a data set's whole table four times."""
    return (found.group() for found in _LINE.finditer(text))


def escape_formula(value: Any) -> Any:
    """Return `value`, with an apostrophe before a text that a spreadsheet would compute; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_SIGNS) else cell


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as CSV without formulas."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escape_formula(value) for value in row] for row in rows)
    return text.getvalue()
