"""Tables that would take hours or gigabytes are refused within moments, with file and place."""

import io
import time
import unicodedata
import zipfile

import pytest
from openpyxl import Workbook

from generation.redefinition.spelling import normalise
from study.setup.tag_table import clean_tag
from study.tables import reading
from study.tables.cells import clean_text
from study.tables.errors import TableRefused
from study.tables.reading import UPLOAD, TableLimits, read_table
from study.web.http import sent_json

LIMITS = TableLimits(rows=1000, cells=5000)
HEADING = '<row r="1"><c t="inlineStr"><is><t>clip</t></is></c><c t="inlineStr"><is><t>tags</t></is></c></row>'


def workbook(rows: str, *, dimension: str = "A1", entities: str = "") -> bytes:
    """A workbook with these rows, as a program may write it that means harm."""
    saved, changed = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active["A1"] = "replaced"
    book.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content: bytes | str = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = (
                    f'<?xml version="1.0"?>{entities}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml'
                    f'/2006/main"><dimension ref="{dimension}"/><sheetData>{HEADING}{rows}</sheetData></worksheet>'
                )
            target.writestr(name, content)
    return changed.getvalue()


def laughing_entities() -> str:
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE w [<!ENTITY e0 "ha">{names}]>'


CELL = '<row r="2"><c r="A2" t="inlineStr"><is><t>%s</t></is></c></row>'
UNREADABLE = "t.csv: the spreadsheet cannot be read"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"clip\n" + b"a\n" * 2000, "t.csv, row 1001: the table is too large; the limits are 1000 rows"),
        (b"clip\n" + b"\n" * 2000 + b"a\n", "t.csv, row 1001: the table is too large"),
        (b"clip\n" + b"a,a,a,a,a,a,a,a,a,a\n" * 900, "t.csv, row 501: the table is too large"),
        (b"clip,tags\n" + b"x" * 100_001, "t.csv, line 2: a line of 100001 characters is no row"),
        (b"," * 20_000, "t.csv, row 1: the table is too large"),
        (b'"' * 50_001, "t.csv, row 1: a quotation mark is opened and not closed"),
        (b'clip,tags\n"' + b"x\n" * 100_000, "t.csv, row 2: a cell has more than 131072 characters"),
        (b"clip\na\0b\n", "t.csv: this is no text"),
        (b"clip\n" + b"x" * 2_000_000 + b"\n\xff\xfe\xfd\n", "t.csv: "),
        (workbook('<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>'), "row 1001: the table is too large"),
        (
            workbook("".join(f'<row r="{n}"><c r="XFD{n}"/></row>' for n in range(2, 9))),
            "row 2: the table is too large",
        ),
        (workbook(CELL % "&e9;", entities=laughing_entities()), UNREADABLE),
        (workbook(CELL % "&x;", entities='<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), UNREADABLE),
        (workbook('<row r="2"><c r="A2" t="s"><v>7</v></c></row>'), UNREADABLE),
        (workbook(f'<row r="2"><c r="A2"><v>{"9" * 5000}</v></c></row>'), UNREADABLE),
        (workbook(CELL % ("a" * 140_000)), "t.csv, row 2: a cell has more than 131072 characters"),
    ],
)
def test_a_table_that_means_harm_is_refused_in_a_moment(
    raw: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_CHARACTERS_OF_A_LINE", 100_000)
    began = time.process_time()
    with pytest.raises(TableRefused) as caught:
        list(read_table(raw, "t.csv", limits=LIMITS).rows)
    assert words in str(caught.value)
    assert time.process_time() - began < 4


def test_a_workbook_that_claims_more_than_it_has_is_read_as_it_is() -> None:
    table = read_table(workbook(CELL % "a.mp3", dimension="A1:XFD1048576"), "t.xlsx", limits=LIMITS)
    assert (table.header, list(table.rows)) == (["clip", "tags"], [(2, ["a.mp3", ""])])
    empty = "".join(f'<row r="{number}"/>' for number in range(2, 900))
    assert list(read_table(workbook(empty), "t.xlsx", limits=LIMITS).rows) == []


def test_magnatagatune_is_within_the_limits_of_an_upload() -> None:
    assert UPLOAD.rows > 25_863
    assert UPLOAD.cells > 25_863 * 190
    assert reading.MOST_CHARACTERS_OF_A_LINE > 190 * 20


def test_letters_are_composed_of_what_may_be_a_tag_only() -> None:
    """Python needs the square of their number in steps to sort accents: hours for a form's text."""
    accents = "a" + "\u0301\u0323" * 500_000
    began = time.process_time()
    assert clean_tag(accents) == accents
    assert normalise(accents) == accents
    assert time.process_time() - began < 1
    began = time.process_time()
    unicodedata.normalize("NFC", accents[:10_000])  # the control: a hundredth of it
    assert (time.process_time() - began) * 100**2 > 60
    assert clean_tag("Cafe\u0301") == clean_text("Café")[0]


def test_json_of_a_script_is_as_long_as_a_page_needs() -> None:
    assert sent_json("[[]]") == [[]]
    with pytest.raises(ValueError, match="too long"):
        sent_json("[" + "[]," * 100_000 + "[]]")
