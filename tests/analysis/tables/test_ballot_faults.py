"""Ballots as people's programs write them: read right and said, or refused with row and remedy; never wrong in
silence."""

import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.ballots import PRESET, natural_key
from analysis.tables import coded_columns
from analysis.tables.ballot_table import BallotTable, read_ballots
from analysis.tables.errors import TableError
from tests.analysis.sample_ballots import rows_of, simulated, write_csv

HEADER = "participant,clip,first,second"
STUDY = [list(row) for row in rows_of(simulated(8, 3))]


def with_cell(row: int, column: int, value: str) -> list[list[str]]:
    rows = [list(each) for each in STUDY]
    rows[row][column] = value
    return rows


def read(tmp_path: Path, rows: Any, header: str = HEADER, **options: Any) -> BallotTable:
    return read_ballots(write_csv(tmp_path / "b.csv", rows, header), **options)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("redefined_sentense", "redefined_sentence"),
        ("Redefined_Sentence", "redefined_sentence"),
        ("redefined sentence", "redefined_sentence"),
        ("redefined-tags", "redefined_tags"),
        ("ORIGINAL_TAGS", "original_tags"),
        ("original_tag", "original_tags"),
    ],
)
@pytest.mark.parametrize("column", [2, 3])
def test_a_stranger_beside_the_presets_keys_is_refused_with_row_and_nearest_key(tmp_path, key, nearest, column):
    rows = with_cell(9, column, key)
    with pytest.raises(TableError, match=rf"row 11: \w+ choice '{key}' is no condition .*is '{nearest}' meant\?"):
        read(tmp_path, rows)
    named = (*PRESET, key)
    if len(set(rows[9][2:])) == 2:
        assert read(tmp_path, rows, conditions=named).ballots.conditions == named


def test_two_spellings_of_an_own_key_are_refused_and_a_rare_key_is_noted(tmp_path):
    def rows(other: str) -> list[tuple[str, str, str, str]]:
        keys = [other, *["alpha"] * 149]
        return [
            (f"p{i}", "c1", keys[i] if i % 2 == 0 else "beta", "beta" if i % 2 == 0 else "alpha") for i in range(150)
        ]

    with pytest.raises(TableError, match="row 3: 'alpha' and 'Alpha' differ in capitals"):
        read(tmp_path, rows("Alpha"))
    for other in ("alhpa", "gamma"):
        table = read(tmp_path, rows(other))
        assert table.ballots.conditions == tuple(sorted(("alpha", "beta", other)))
        assert any(f"“{other}” is named on 1 of 150 ballots" in note for note in table.notes)
    assert read(tmp_path, rows("gamma"), conditions=("alpha", "beta", "gamma")).notes == ()
    assert read(tmp_path, rows("alpha")).notes == ()


@pytest.mark.parametrize("word", ["NA", "N/A", "#N/A", "NaN", "None", "null", "-"])
def test_words_for_a_missing_value_are_missing_values_and_said(tmp_path, word):
    empty = read(tmp_path, [[*row, "", ""] for row in with_cell(4, 3, "")], f"{HEADER},excluded,trial")
    found = read(tmp_path, [[*row, word, word] for row in with_cell(4, 3, word)], f"{HEADER},excluded,trial")
    assert found.ballots.conditions == PRESET
    for name in ("first", "second", "trial", "participant"):
        assert (getattr(found.ballots, name) == getattr(empty.ballots, name)).all()
    assert found.n_excluded == 0
    assert [note.split(",")[0] for note in found.notes] == [
        f"In the column {name}" for name in ("second", "trial", "excluded")
    ]
    assert f"“{word}” counts as a missing value; such cells: 24" in found.notes[1]


def test_a_word_for_a_missing_value_that_is_named_as_a_condition_is_one(tmp_path):
    rows = [("p1", "c1", "null", "model"), ("p2", "c1", "model", "")]
    assert read(tmp_path, rows, conditions=("model", "null")).ballots.first.tolist() == [1, 0]


def test_numbers_that_differ_in_zeros_behind_the_point_are_one_label(tmp_path):
    rows = [("1", "7", "1", "2.0"), ("1.0", "8", "2", "3.0"), ("2", "7.0", "3", "1.00"), ("2.0", "8.0", "1", "")]
    table = read(tmp_path, rows)
    ballots = table.ballots
    assert (ballots.participants, ballots.clips, ballots.conditions) == (("1", "2"), ("7", "8"), ("1", "2", "3"))
    assert any("“2” and “2.0” are one label" in note for note in table.notes)
    assert read(tmp_path, rows, conditions=("1.0", "2.0", "3.0")).ballots.conditions == ("1.0", "2.0", "3.0")


@pytest.mark.parametrize(
    "further",
    [
        ["Participant code", "Clip name", "Which image fits best?", "Which fits second best?"],
        ["Response", "Response", "Response", "Response"],
        ["ID", "Song", "1st choice", "2nd choice"],
        ["Code", "Clip", "Best", "Second"],
    ],
)
def test_a_second_row_of_headings_is_left_out_and_said(tmp_path, further):
    table = read(tmp_path, [further, *STUDY])
    assert (table.ballots.n, table.ballots.p, table.ballots.conditions) == (24, 8, PRESET)
    assert table.notes[0].startswith("Row 2 holds further headings")
    with pytest.raises(TableError, match="row 6: first choice 'x'"):  # later rows keep their numbers
        read(tmp_path, [further, *with_cell(3, 2, "x")])


def test_a_small_table_of_other_keys_has_no_second_row_of_headings(tmp_path):
    rows = [("p1", "c1", "a", "b"), ("p2", "c2", "c", "d"), ("p3", "c3", "e", "f"), ("p4", "c4", "c", "f")]
    assert read(tmp_path, rows).ballots.n == 4


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        ("position_first,order", ["1", "b;a;c"], "row 2: position_first is 1, where the column 'order' has 'b'"),
        ("position_first,order", ["3", "a;b"], "row 2: position_first is 3, where the column 'order' has 'nothing'"),
        ("position_second,order", ["1", "a;b;c"], "row 2: position_second is 1, where the column 'order' has 'a'"),
        ("position_first,position_second", ["2", "2"], "row 2: both choices have position 2"),
    ],
)
def test_positions_that_contradict_each_other_are_refused(tmp_path, header, cells, words):
    good = [["p2", "c1", "b", "a", "", ""], ["p3", "c1", "c", "a", "", ""]]
    with pytest.raises(TableError, match=words):
        read(tmp_path, [["p1", "c1", "a", "b", *cells], *good], f"{HEADER},{header}", conditions=tuple("abc"))


def test_positions_that_agree_with_the_order_or_have_none_are_taken(tmp_path):
    rows = [
        ("p1", "c1", "a", "b", "2", "1", "b;a;c"),
        ("p2", "c1", "a", "b", "3", "1", ""),
        ("p3", "c1", "c", "a", "", "", ""),
    ]
    header = f"{HEADER},position_first,position_second,order"
    assert read(tmp_path, rows, header).ballots.position_first.tolist() == [2, 3, 0]


def test_clips_stand_as_people_count(tmp_path):
    names = ["clip10", "clip2", "clip1", "b", "Clip 3", "²", "clip1b"]
    ballots = read(tmp_path, [("p1", name, "a", "b") for name in names], conditions=("a", "b")).ballots
    assert ballots.clips == ("Clip 3", "b", "clip1", "clip1b", "clip2", "clip10", "²")
    assert sorted(["1", "10", "2", "01"], key=natural_key) == ["01", "1", "2", "10"]


def test_clean_labels_are_one_label_whatever_nobody_sees(tmp_path):
    rows = [("Jos\u00e9", "c", "a", "b"), ("Jose\u0301", "d", "a", "b"), ("\u200bJos\u00e9\u00a0", "e", "a", "b")]
    table = read(tmp_path, rows, conditions=("a", "b"))
    assert table.ballots.participants == ("José",)
    assert len(table.notes) == 3


def test_capital_headings_further_columns_and_row_numbers_of_r_are_read(tmp_path):
    rows = [[i, *row, "", "7,5"] for i, row in enumerate(STUDY, 1)]
    path = tmp_path / "b.csv"
    path.write_text(
        "\n".join(
            ";".join(map(str, row)) for row in [['""', "Participant", "CLIP", "First", " Second", "x", "x"], *rows]
        )
    )
    assert read_ballots(path).ballots.n == 24


def analysed(path: Path, tmp_path: Path, **options: Any) -> dict[str, Any]:
    call_command("analyze", str(path), json=str(tmp_path / "out.json"), draws=100, stderr=io.StringIO(), **options)
    return json.loads((tmp_path / "out.json").read_text())


def without_warnings(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "warnings"}


def test_what_was_changed_on_reading_is_among_the_warnings(tmp_path, capsys):
    path = write_csv(tmp_path / "b.csv", with_cell(2, 3, "NA"))
    call_command("analyze", str(path), json=str(tmp_path / "o.json"), draws=100)
    warnings = json.loads((tmp_path / "o.json").read_text())["warnings"]
    assert warnings[0] == "In the column second, “NA” counts as a missing value; such cells: 1."
    assert f"warning: {warnings[0]}" in capsys.readouterr().err


KOREAN = {"p": "참가자", "c": "노래 é"}


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_what_does_not_matter_changes_no_result(tmp_path_factory, data):
    """Row order, letters in parts, blank rows, delimiter, line ends, quoting, encoding, columns' order and capitals."""
    tmp_path = tmp_path_factory.mktemp("same")
    rows = [[row[0].replace("p", KOREAN["p"]), row[1].replace("c", KOREAN["c"]), *row[2:]] for row in STUDY]
    plain = without_warnings(analysed(write_csv(tmp_path / "b.csv", rows), tmp_path))
    columns = data.draw(st.permutations(range(4)))
    delimiter = data.draw(st.sampled_from(",;\t"))
    quote = data.draw(st.sampled_from(["", '"']))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    blank = data.draw(st.sampled_from(["", delimiter * 3, "  "]))
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"] + ["cp949"] * (form == "NFC")))
    lines = [data.draw(st.sampled_from([HEADER.split(","), HEADER.title().split(",")]))]
    for row in data.draw(st.permutations(rows)):
        lines += [row] + [[]] * data.draw(st.booleans())
    text = data.draw(st.sampled_from(["", f"sep={delimiter}{end}"]))
    for line in lines:
        cells = [f"{quote}{line[column]}{quote}" for column in columns] if line else [blank]
        text += delimiter.join(cells) + end
    if encoding == "cp949":
        text = text.replace("é", "e")
        plain = json.loads(json.dumps(plain, ensure_ascii=False).replace("é", "e"))
    (tmp_path / "c.csv").write_bytes(unicodedata.normalize(form, text).encode(encoding))
    assert without_warnings(analysed(tmp_path / "c.csv", tmp_path)) == plain


def test_other_labels_of_people_and_clips_change_no_number(tmp_path):
    rows = [[f"person {row[0]}", f"song {row[1]}", *row[2:]] for row in STUDY]
    one = without_warnings(analysed(write_csv(tmp_path / "a.csv", STUDY), tmp_path))
    other = without_warnings(analysed(write_csv(tmp_path / "b.csv", rows), tmp_path))
    assert json.loads(json.dumps(other).replace("song ", "").replace("person ", "")) == one


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "sep=;\n" + text.replace(",", ";"),
        lambda text: text.replace("p0000", " José\u00a0").replace("c00", "Cafe\u0301"),
        lambda text: '"' + text.replace(",", '","').replace("\n", '"\n"')[:-1],
        lambda text: text.replace("\n", ",,\n"),
        lambda text: text.replace("p00003", "p\t00003") + ",,,\n",
        lambda text: "\n" + text,
        lambda text: text.replace("p00003,c001", ",,,\n\n ,,\u200b,\np00003,c001"),
        lambda text: text.replace("\n", ",x\n").replace("p00003,c001", ",,,,\np00003,c001"),
        lambda text: text.replace("second\n", "second\nA code,A clip,A first,A second\n"),
        lambda text: text.replace("p00003,c001", '"p\n3",c001'),
    ],
)
def test_a_large_file_is_read_as_a_small_one(tmp_path, monkeypatch, change):
    """Arrow reads large regular files; whatever it reads must be what the reader of all tables reads."""
    path = write_csv(tmp_path / "b.csv", STUDY)
    path.write_text(change(path.read_text()), newline="")
    small = read_ballots(path)
    monkeypatch.setattr(coded_columns, "BULK_BYTES", 0)
    large = read_ballots(path)
    for name in ("participant", "clip", "first", "second"):
        assert (getattr(small.ballots, name) == getattr(large.ballots, name)).all()
    for name in ("participants", "clips", "conditions"):
        assert getattr(small.ballots, name) == getattr(large.ballots, name)
    assert large.notes == small.notes


def test_arrow_reads_large_files_and_its_errors_have_the_rows_of_the_reader(tmp_path, monkeypatch):
    monkeypatch.setattr(coded_columns, "BULK_BYTES", 0)
    used = []
    bulk = coded_columns._bulk_columns
    monkeypatch.setattr(
        coded_columns, "_bulk_columns", lambda *args, **how: used.append(bulk(*args, **how)) or used[-1]
    )
    path = write_csv(tmp_path / "b.csv", with_cell(9, 2, "original_tag"))
    path.write_text(path.read_text().replace("\n", "\n\n"))
    with pytest.raises(TableError, match="row 21: first choice 'original_tag'"):
        read_ballots(path)
    assert used[0] is not None
    for text, words in (
        ("p,c,a,b\n" * 3 + "p,c,a\n", "row 5: 3 values under 4 headings"),
        ('p,c,a,"b\n', "row 2: a quotation mark is opened"),
        ('p,c,a,"b"x\n"p","c","a","b"x\n', "row 2: text follows a closing quotation mark"),
        ("p,c,a," + "b" * 2_000_000, "row 2: a cell has more than 131072 characters"),
        ("p,c,a,b\n,,,\nq,c,,a", "row 4: there is a second choice without a first"),
        ("p,c,a,\0", "this is no text"),
    ):
        path.write_text(f"{HEADER}\n{text}")
        with pytest.raises(TableError, match=words):
            read_ballots(path, ("a", "b"))


@pytest.mark.parametrize(("columns", "refused"), [(16_000, False), (50_000, True)])
def test_very_many_columns_are_read_or_refused(tmp_path, columns, refused):
    path = tmp_path / "b.csv"
    further = "".join(f",c{n}" for n in range(columns))
    path.write_text(f"{HEADER}{further}\n" + "".join(f"{','.join(row)}{',' * columns}\n" for row in STUDY))
    if refused:
        with pytest.raises(TableError, match="50004 columns; the limit is 16384"):
            read_ballots(path)
    else:
        assert read_ballots(path).ballots.n == 24


CELLS = st.sampled_from(
    ["", "a", "b", "c", "p1", "p2", "1", "1.0", "NA", "-", "x;y", "a;b", '"', "'=1", "\u200b", " a", "é", "0"]
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=8), max_size=7),
    st.sampled_from([HEADER, f"{HEADER},order,position_first", f"{HEADER},excluded,repeat,trial", "first,second"]),
    st.sampled_from([None, ("a", "b"), ("1", "b", "a")]),
)
def test_any_table_is_analysed_or_refused_in_one_sentence(tmp_path_factory, rows, header, conditions):
    path = write_csv(tmp_path_factory.mktemp("any") / "b.csv", rows, header)
    message = "b.csv"
    try:
        table = read_ballots(path, conditions)
        n = sum(1 for row in rows if any(cell.strip("\u200b ") for cell in row))
        assert table.ballots.n + table.n_excluded + sum("further headings" in note for note in table.notes) == n
        assert np.isin(table.ballots.first, range(-1, table.ballots.k)).all()
    except TableError as error:
        message = str(error)
    assert message.startswith("b.csv")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("large", [False, True])
def test_the_names_in_our_own_tables_stay_as_they_are(tmp_path, monkeypatch, large):
    if large:
        monkeypatch.setattr(coded_columns, "BULK_BYTES", 0)
        monkeypatch.setattr(coded_columns, "_columns_of", None)  # Arrow reads it
    names = ["'=1+1", "a\u00a0b", "a b", "2", "2.0", "NA", "e\u0301"]
    rows = [("r1", name, "none", "x") for name in names]
    table = read(tmp_path, rows, conditions=("none", "x"), verbatim=True)
    assert set(table.ballots.clips) == {"=1+1", *names[1:]}
    assert table.notes == ()


def test_the_encoding_can_be_named(tmp_path):
    path = tmp_path / "b.csv"
    rows = "".join(f"p{n},꿩;뱁,a,b\n" for n in range(3))
    path.write_bytes(f"{HEADER}\n{rows}".encode("cp949"))
    with pytest.raises(
        CommandError, match=r"b\.csv: the encoding is not clear; it may be cp949 .* by --encoding"
    ) as error:
        call_command("analyze", str(path), conditions="a,b")
    assert error.value.returncode == 2
    assert list(analysed(path, tmp_path, conditions="a,b", encoding="cp949")["by_clip"]) == ["꿩;뱁"]
    with pytest.raises(CommandError, match="encoding “klingon” is not known"):
        call_command("analyze", str(path), encoding="klingon")
