"""An .xlsx workbook is a table like any other."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from study.tables import workbook
from study.tables.errors import TableRefused
from study.tables.reading import read_table


def saved(*rows: list[Any], sheets: int = 1) -> bytes:
    book = Workbook()
    for number in range(sheets):
        sheet = book.active if number == 0 else book.create_sheet(f"Sheet{number + 1}")
        for row in rows:
            sheet.append(row)
    book.create_sheet("Empty")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_as_its_cells_are_seen() -> None:
    raw = saved(
        [],
        [" Clip ", "n", "flag", "when", None],
        ["Cafe\u0301\u200b", 2.0, True, date(2024, 1, 2)],
        [],
        ["\u00a0x", 0.25, "#N/A", None],
    )
    table = read_table(raw, "t.xlsx")
    assert (table.header, table.header_row) == (["Clip", "n", "flag", "when"], 2)
    assert [(number, cells[:4]) for number, cells in table.rows] == [
        (3, ["Café", "2", "TRUE", "2024-01-02T00:00:00"]),
        (5, ["x", "0.25", "#N/A", ""]),
    ]
    assert len(table.notes.sentences()) == 3


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (saved(["a", "b"], ["=1+1", "x"]), r"t\.xlsx, row 2: the formula in column 1 has no stored value"),
        (saved(["a"], sheets=2), "the sheets “Sheet”, “Sheet2” hold cells"),
        (saved(), "the file is empty"),
        (saved(["a"], ["x" * 32_000])[:-40], "the spreadsheet cannot be read"),
        (b"PK\x03\x04", "the spreadsheet cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "this is an old spreadsheet"),
    ],
)
def test_a_workbook_that_is_no_table_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(TableRefused, match=words):
        list(read_table(raw, "t.xlsx").rows)


def test_other_zips_and_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "x" * 5000)
    with pytest.raises(TableRefused, match="cannot be read"):
        read_table(out.getvalue(), "t.zip")
    monkeypatch.setattr(workbook, "MOST_UNPACKED_BYTES", 1000)
    with pytest.raises(TableRefused, match="too large"):
        read_table(out.getvalue(), "t.zip")


def test_ballots_and_tags_are_read_from_workbooks(tmp_path: Path) -> None:
    from analysis.tables.ballot_table import read_ballots
    from generation.redefinition.tag_files import read_tag_table, write_tag_table

    (tmp_path / "b.xlsx").write_bytes(
        saved(["participant", "clip", "first", "second"], [1, "c", "a", "b"], [2, "c", "b", None])
    )
    assert read_ballots(tmp_path / "b.xlsx", ("a", "b")).ballots.participants == ("1", "2")
    (tmp_path / "t.xlsx").write_bytes(saved(["clip", "rock", "pop"], ["a", 1, 0], ["b", 0.0, 1.0]))
    write_tag_table(read_tag_table(tmp_path / "t.xlsx"), tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text() == "clip,rock,pop\na,1,0\nb,0,1\n"
