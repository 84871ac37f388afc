"""Reading a ballots CSV: encodings, delimiters, conditions, excluded rows, errors."""

import pytest
from django.core.management import CommandError, call_command

from analysis.tables.ballot_table import read_ballots
from analysis.tables.errors import TableError
from tests.analysis.sample_ballots import rows_of, simulated, write_csv

BALLOTS_OF_THREE = [("p1", "c1", "a", "b"), ("p1", "c2", "b", "a"), ("p2", "c1", "c", "a"), ("p2", "c2", "a", "c")]


def test_all_preset_keys_are_conditions_also_one_that_nobody_chose(tmp_path):
    rows = [
        ("p1", "c1", "redefined_tags", "original_tags"),
        ("p2", "c1", "original_tags", "redefined_sentence"),
    ]
    assert len(read_ballots(write_csv(tmp_path / "b.csv", rows)).ballots.conditions) == 4


def test_found_keys_are_the_conditions_of_another_study(tmp_path):
    assert read_ballots(write_csv(tmp_path / "b.csv", BALLOTS_OF_THREE)).ballots.conditions == ("a", "b", "c")


def test_excluded_rows_are_counted_and_left_out(tmp_path):
    rows = [(*row, "") for row in BALLOTS_OF_THREE] + [("p9", "c1", "a", "a", "too fast"), ("p8", "c1", "b", "a", "1")]
    table = read_ballots(write_csv(tmp_path / "b.csv", rows, "participant,clip,first,second,excluded"), ("a", "b", "c"))
    assert (table.ballots.n, table.n_excluded) == (4, 2)
    assert table.excluded_reasons == {"too fast": 1, "1": 1}
    assert table.all_ballots.n == 5  # the ballot that names one image twice can never count


def test_cp949_utf16_and_byte_order_marks_are_read(tmp_path):
    for encoding in ("utf-8-sig", "cp949", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes("participant,clip,first,second\n민수,노래,a,b\n".encode(encoding))
        assert read_ballots(path, ("a", "b")).ballots.participants == ("민수",)


BALLOTS = "participant,clip,first,second\np1,c1,a,b\np2,c1,b,a\n"


@pytest.mark.parametrize(
    "text",
    [
        BALLOTS,
        BALLOTS.replace(",", ";"),
        BALLOTS.replace(",", "\t"),
        BALLOTS.replace("\n", "\r\n"),
        "\ufeff" + BALLOTS,
        BALLOTS.replace("\n", "\n\n").rstrip(),
        'participant,clip,first,second,reason\np1,c1,a,b,"two\nlines, and ""more"""\np2,c1,b,a,\n',
    ],
)
def test_what_a_spreadsheet_writes_is_read(tmp_path, text):
    (tmp_path / "b.csv").write_bytes(text.encode())
    ballots = read_ballots(tmp_path / "b.csv").ballots
    assert (ballots.participants, ballots.clips, ballots.conditions) == (("p1", "p2"), ("c1",), ("a", "b"))


def test_ids_are_read_as_text(tmp_path):
    ids = ["007", "07", "7", "NA", "nan", "null", "None", "true", "1e3", "2024-01-01", "e\u0301"]
    path = write_csv(tmp_path / "b.csv", [(name, name, "a", "b") for name in ids])
    table = read_ballots(path, ("a", "b"))
    composed = {*ids[:-1], "é"}
    assert set(table.ballots.participants) == set(table.ballots.clips) == composed
    assert sum("counts as a name" in note for note in table.notes) == 8


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (bytes(range(256)), "no text"),
        (b"participant,clip,first,second\np,c,a,b\np,d,a\n", "row 3: 3 values under 4 headings"),
        (b"participant,clip,first,second\np,c,a,b,x\n", "row 2: 5 values under 4 headings"),
        (b"participant,clip,first,second\np,c,a,\n", "1 condition found"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_a_reason(tmp_path, content, words):
    (tmp_path / "b.csv").write_bytes(content)
    with pytest.raises(CommandError, match=words) as error:
        call_command("analyze", str(tmp_path / "b.csv"))
    assert str(error.value).startswith("b.csv")
    assert error.value.returncode == 2


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(TableError, match="row 1: the column 'second' is missing"):
        read_ballots(write_csv(tmp_path / "b.csv", [("p", "c", "a")], "participant,clip,first"))


def test_known_pieces_are_set_apart(tmp_path):
    rows = [(*row, "1" if i % 3 == 0 else "no" if i % 3 == 1 else "") for i, row in enumerate(rows_of(simulated(6, 6)))]
    path = write_csv(tmp_path / "b.csv", rows, "participant,clip,first,second,knows_piece")
    table = read_ballots(path)
    assert (table.n_known, table.without_known.n, table.ballots.n) == (12, 24, 36)
    path = write_csv(tmp_path / "c.csv", [(*row[:4], "") for row in rows], "participant,clip,first,second,knows_piece")
    assert read_ballots(path).n_known is None, "nobody was asked"
    path = write_csv(
        tmp_path / "d.csv", [(*row[:4], "perhaps") for row in rows], "participant,clip,first,second,knows_piece"
    )
    with pytest.raises(TableError, match="row 2: knows_piece 'perhaps' is neither 1"):
        read_ballots(path)


def test_the_table_of_a_sealed_study_is_refused(tmp_path):
    head = "participant,clip,first,second,position_first,position_second,order\n"
    sealed = tmp_path / "ballots.csv"
    sealed.write_text(head + "r1,a,Condition P,Condition Q,,,\nr2,a,Condition Q,Condition P,,,\n", encoding="utf-8")

    with pytest.raises(TableError, match="a sealed study, whose labels are drawn anew for each person"):
        read_ballots(sealed)
    sealed.write_text(head + "r1,a,Condition P,Condition Q,1,2,\nr2,a,Condition Q,Condition P,1,2,\n", encoding="utf-8")
    assert read_ballots(sealed).ballots.n == 2, "conditions may be called so"
