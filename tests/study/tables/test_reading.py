"""Tables are read as people's programs write them; row numbers are those that a spreadsheet shows."""

import gzip
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.tables.cells import clean_name, column_key, is_missing
from study.tables.errors import TableRefused
from study.tables.reading import MOST_COLUMNS, Table, read_bytes, read_table

ROWS = [(2, ["a", "b"]), (3, ["c", "d"])]


def read(text: str | bytes, known: tuple[str, ...] = ("one", "two")) -> Table:
    return read_table(text if isinstance(text, bytes) else text.encode(), "t.csv", known=known)


@pytest.mark.parametrize(
    "text",
    [
        "one,two\na,b\nc,d\n",
        "one;two\r\na;b\r\nc;d",
        "one\ttwo\ra\tb\rc\td\r",
        "sep=;\none;two\na;b\nc;d\n",
        '"sep=;"\r\none;two\r\na;b\r\nc;d\r\n',
        "sep=|\none|two\na|b\nc|d\n",
        "SEP=,,\none,two\na,b\nc,d\n",
        "\ufeffone,two\na,b\nc,d\n",
        "one,two,,\na,b,,\nc,d,,\n",
        "one,two\na,b,,\nc,d\n,,,\n\n",
        " one , two \n a,b \nc, d \n",
        "\u200bone,two\u00a0\na\u200b,\u2060b\n\u202fc,d\ufeff\n",
        '"one","two"\n"a","b"\n"c","d"\n',
        'one,two\na,b\nc,"\td\n"\n',
        "one,two\na,b\nc,d\n\x1a",
    ],
)
def test_a_table_is_read_as_programs_write_it(text: str) -> None:
    table = read(text)
    assert table.header == ["one", "two"]
    assert list(table.even_rows()) == ROWS


def test_rows_count_blank_lines_and_a_cell_of_two_lines_is_one_row() -> None:
    table = read('\none,two\n\n"a\nb",c\n,\nd,e\n')
    assert table.header_row == 2
    assert list(table.rows) == [(4, ["a b", "c"]), (6, ["d", "e"])]


@pytest.mark.parametrize(
    ("header", "known", "delimiter"),
    [
        ('"one, really, yes, I say";two', (), ";"),
        ("one;two;a comment, if any, as long, as you like", ("one", "two"), ";"),
        ("one,two;three,four", (), ","),
        ("alone", (), ","),
        ('one,"a;b;c;d"', (), ","),
    ],
)
def test_the_delimiter_is_the_one_that_gives_known_columns_and_signs_in_quotes_do_not_count(
    header: str, known: tuple[str, ...], delimiter: str
) -> None:
    assert read(header, known).delimiter == delimiter


def test_identifiers_of_a_survey_tool_are_no_rows() -> None:
    table = read('one,two\n"Who, then?",What\n"{""ImportId"":""Q1""}","{""ImportId"":""Q2""}"\na,b\n')
    assert list(table.rows) == [(4, ["a", "b"])]
    assert [note[:5] for note in table.notes.sentences()] == ["Row 2", "Row 3"]


def test_what_was_cleaned_is_said() -> None:
    table = read("one,two\nu\u0308,\x07b\n a,c\n".encode("utf-16"))
    assert list(table.rows) == [(2, ["ü", "b"]), (3, ["a", "c"])]
    assert table.notes.sentences() == [
        "The table was read as UTF-16.",
        "Invisible or control characters were removed from the table: 1.",
        "Letters that were written in parts (Unicode NFD) were put together.",
        "Superfluous spaces were removed from cells: 1.",
    ]
    tidy = read("one,two\n\na,b\n,\n")
    assert list(tidy.rows)
    assert tidy.notes.sentences() == []


def test_columns_without_a_name_may_be_empty_or_number_the_rows() -> None:
    table = read("\u200b,one,,two\n1,a,,b\n2,c,,d\n").without_unnamed()
    assert (table.header, list(table.even_rows())) == (["one", "two"], ROWS)
    with pytest.raises(TableRefused, match=r"t\.csv, row 3: “x” is in column 1, which has no name"):
        list(read(",one,two\n1,a,b\nx,c,d\n").without_unnamed().rows)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("\n , \n", "the file is empty"),
        ("one,two\na\n", r"row 2: 1 values under 2 headings \(a\)"),
        ("one,two\na,b\n\nc,d,e\n", r"row 4: 3 values under 2 headings \(c,d,e\)"),
        ('one,two\na,b\n"c,d\n', "row 3: a quotation mark is opened and not closed"),
        ('one,two\n"a"b,c\n', "row 2: text follows a closing quotation mark"),
        ("one,two\na," + "x" * 1_000_000, "row 2: a cell has more than 131072 characters"),
        (",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)), r"row 1: 16385 columns; the limit is 16384"),
        (b"PK\x03\x04rest", "the spreadsheet cannot be read"),
        (b"one,two\na,\0\n", "this is no text"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(text: str | bytes, words: str) -> None:
    with pytest.raises(TableRefused, match=rf"^t\.csv(, |: ){words}"):
        list(read(text).even_rows())


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name, write in (("a.csv.gz", gzip.compress), ("b.csv.xz", lzma.compress), ("c.csv", bytes)):
        (tmp_path / name).write_bytes(write(b"one,two\n"))
        assert read_bytes(tmp_path / name) == b"one,two\n"
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"one,two\n" * 1000)[:30])
    (tmp_path / "no.csv.xz").write_bytes(b"one,two\n")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for name, words in (
        ("none.csv", "there is no such file"),
        (".", "this is a folder"),
        ("cut.csv.gz", "cannot be read"),
        ("no.csv.xz", "cannot be read"),
        ("loop.csv", "cannot be read"),
        ("x" * 300, "cannot be read"),
    ):
        with pytest.raises(TableRefused, match=words):
            read_bytes(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch(mode=0)
    with pytest.raises(TableRefused, match=r"cannot be read \(Permission denied"):
        read_bytes(tmp_path / "a.csv")


@pytest.mark.parametrize("word", ["", "NA", "N/A", "#N/A", "NaN", "nan", "None", "null", "NULL", "-", "<NA>"])
def test_the_usual_words_for_a_missing_value(word: str) -> None:
    assert is_missing(word)
    assert not is_missing(f"{word}x")


def test_names_and_headings_are_compared_as_people_see_them() -> None:
    assert clean_name(" Cafe\u0301\u00a01\u200b.mp3 ") == "Café 1.mp3"
    assert clean_name("👩\u200d🎤") == "👩\u200d🎤"
    assert column_key(" Position  First") == "position_first"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=60).map(lambda text: f"one,two\n{text}".encode())))
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    message = "t.csv"
    try:
        table = read_table(raw, "t.csv")
        for number, cells in table.rows:
            assert number > table.header_row
            assert any(cells)
            assert all(cell == cell.strip() and "\n" not in cell for cell in cells)
    except TableRefused as error:
        message = str(error)
    assert message.startswith("t.csv")
    assert len(message.splitlines()) == 1
