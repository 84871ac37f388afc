"""CSV tables for spreadsheets, whose cells are no formulas. `study.tables` reads tables."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
# What an escaped text or a formula begins with; most texts begin with something else, and are passed on at once.
_SUSPECT = frozenset((*_FORMULA_SIGNS, "'"))
_ROWS_AT_ONCE = 1000


def escape_formula(value: Any) -> Any:
    """Return `value`, with an apostrophe before a text that a spreadsheet would compute; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and _is_escaped_or_formula(value) else value


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` was given."""
    return cell[1:] if cell.startswith("'") and _is_escaped_or_formula(cell) else cell


def _is_escaped_or_formula(text: str) -> bool:
    """Whether it is a formula, or looks like one that was escaped: escaped again, each text comes back as it was."""
    return text.lstrip("'").startswith(_FORMULA_SIGNS)


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as CSV without formulas."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [value if value.__class__ is not str or value[:1] not in _SUSPECT else escape_formula(value) for value in row]
        for row in rows
    )
    return text.getvalue()


def csv_parts(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Return rows as UTF-8 CSV without formulas, in parts of some hundred KB: a table of any length in flat memory."""
    source = iter(rows)
    while part := list(islice(source, _ROWS_AT_ONCE)):
        yield csv_text(part).encode()
