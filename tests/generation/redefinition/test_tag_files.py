"""Tag files: every layout is kept, every fault named with file, row, value and remedy."""

import csv
import gzip
import io
import json
import lzma

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from generation.redefinition import TagTableError
from generation.redefinition.tag_files import read_tag_table, write_tag_table
from generation.redefinition.voice_files import read_voice_table

TABLE = "clip_id,jazzy,K-Beat,no vocals,singer,mp3_path\na,1,0,0,1,x/a.mp3\nb,1,1,1,0,x/b.mp3\n"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


@pytest.fixture
def run(tmp_path):
    """Run the command; returns the text of OUT and the REPORT."""

    def run(annotations, **options):
        out, report = tmp_path / "out.csv", tmp_path / "report.json"
        call_command("redefine_tags", annotations, out=out, report=report, stdout=io.StringIO(), **options)
        return out.read_bytes().decode(), json.loads(report.read_text())

    return run


def test_a_table_keeps_its_layout(write, run):
    out, report = run(write("tags.csv", TABLE))
    assert out == "clip_id,jazz,K-Beat,no vocal,vocal,mp3_path\na,1,0,0,1,x/a.mp3\nb,1,1,1,0,x/b.mp3\n"
    assert report["unknown_tags"] == ["K-Beat"]
    assert (report["clips"], report["tags_before"], report["tags_after"]) == (2, 4, 4)


def test_a_workbook_is_redefined_into_csv(tmp_path, run):
    book = Workbook()
    for row in (["clip_id", "jazzy", "no vocals", "mp3_path"], ["a", 1, 0, "x/a.mp3"], ["b", 0, 1, None]):
        book.active.append(row)
    book.save(tmp_path / "tags.xlsx")
    out, _ = run(tmp_path / "tags.xlsx")
    assert out == "clip_id,jazz,no vocal,mp3_path\na,1,0,x/a.mp3\nb,0,1,\n"
    with pytest.raises(CommandError, match=r"--out: .*o\.xlsx would be no spreadsheet; name it \.csv"):
        call_command("redefine_tags", tmp_path / "tags.xlsx", out=tmp_path / "o.xlsx", report=tmp_path / "r.json")


def test_the_report_has_exactly_the_documented_keys(write, run):
    _, report = run(write("tags.csv", "clip_id,singer,no vocals\na,1,1\nb,1,0\n"))
    assert list(report) == [
        "clips",
        "tags_before",
        "tags_after",
        "rules",
        "contradictions_before",
        "contradictions_after",
        "contested",
        "unknown_tags",
        "redundancy",
        "removed_tags",
        "empty_before",
        "empty_after",
        "emptied",
    ]
    assert all(set(rule) == {"rule", "clips_changed"} for rule in report["rules"])
    assert (report["contradictions_before"], report["contradictions_after"]) == (1, 0)
    [contested] = report["contested"]
    assert contested["clip_id"] == "a"
    assert contested["people"] == ["singer", "no vocals"]
    assert (contested["kept"], contested["removed"]) == (["vocal"], ["no vocal"])


def test_quoted_tabs_and_windows_line_ends_are_kept(write, run):
    out, _ = run(write("a.csv", '"clip_id"\t"drum"\t"mp3_path"\r\n"2"\t"1"\t"f/a, ""b"".mp3"\r\n'))
    assert out == '"clip_id"\t"drums"\t"mp3_path"\r\n"2"\t"1"\t"f/a, ""b"".mp3"\r\n'


def test_a_list_of_tags_stays_a_list(write, run):
    out, report = run(write("tags.csv", 'clip,tags\na,"jazzy; Female_Voice"\nb,\nc,rock\n'))
    assert out == "clip,tags\na,jazz; female; vocal\nb,\nc,rock\n"
    assert report["tags_before"] == 3


def test_a_list_separated_by_commas_is_quoted_where_it_must(write, run):
    out, _ = run(write("tags.csv", 'clip,tags\na,"jazzy,rock"\nb,rock\n'))
    assert out == 'clip,tags\na,"jazz,rock"\nb,rock\n'


def test_two_spellings_of_one_column_become_one(write, run):
    out, _ = run(write("tags.csv", "clip_id,hip hop,drum,Drums,Hip_Hop\na,1,1,0,0\nb,0,0,1,1\n\n"))
    assert out == "clip_id,hip hop,drums\na,1,1\nb,1,1\n"


def test_packed_files_and_byte_order_marks_are_read(tmp_path):
    path = tmp_path / "tags.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfclip_id;rock\na;1\n"))
    table = read_tag_table(path)
    assert (table.clips, table.tags, table.layout.delimiter) == (["a"], ("rock",), ";")


def test_the_real_file_is_written_as_it_was_read(annotations, annotations_file, tmp_path):
    write_tag_table(annotations, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == lzma.decompress(annotations_file.read_bytes())


def test_the_whole_real_file(annotations_file, run):
    out, report = run(annotations_file, rules="curated")
    rows = list(csv.reader(io.StringIO(out, newline=""), delimiter="\t"))
    assert len(rows) == 25864
    assert rows[0][0] == "clip_id"
    assert rows[0][-1] == "mp3_path"
    assert len(rows[0]) == report["tags_after"] + 2
    assert report["contradictions_after"] == 0


def test_detectors_decide_if_people_gave_no_voice_tag(write, run):
    tags = write("tags.csv", "clip_id,rock,singer\na,1,0\nb,1,0\nc,1,0\nd,1,1\ne,1,0\n")
    voice = write("voice.csv", "clip_id,voice\na,0.5\nb,0.05\nc,0.3\nd,0\n")
    out, report = run(tags, voice=voice)
    assert out == "clip_id,rock,vocal,no vocal\na,1,1,0\nb,1,0,1\nc,1,0,0\nd,1,1,0\ne,1,0,0\n"
    [contested] = report["contested"]
    assert contested["clip_id"] == "d"
    assert contested["evidence"] == {"voice_share": 0.0, "detector": "none"}


def test_thresholds_are_options(write, run):
    tags = write("tags.csv", "clip_id,rock\na,1\n")
    voice = write("voice.csv", "clip_id,voice\na,0.3\n")
    assert run(tags, voice=voice, voice_at=0.3)[0].startswith("clip_id,rock,vocal")
    assert run(tags, voice=voice, none_at=0.3)[0].startswith("clip_id,rock,no vocal")
    with pytest.raises(CommandError, match="must lie below") as caught:
        run(tags, voice=voice, none_at=0.6)
    assert caught.value.returncode == 2


def test_the_tagger_confirms_in_further_columns(write):
    voice = write("voice.csv", "clip_id,voice,tagger_heard,tagger_denied\nb,0,0.6,\n")
    evidence = read_voice_table(voice, ["a", "b"])
    assert np.isnan(evidence.share[0])
    assert (evidence.share[1], evidence.tagger_heard[1]) == (0.0, 0.6)
    assert np.isnan(evidence.tagger_denied[1])


def test_a_voice_file_may_name_clips_by_their_audio_files(write, run):
    tags = write("tags.csv", "clip_id,rock,mp3_path\n7,1,f/a.mp3\n8,1,f/b.mp3\n")
    out, _ = run(tags, voice=write("voice.csv", "file,voice\nf/b.mp3,0.9\nf/a.mp3,0\n"))
    assert out == "clip_id,rock,vocal,no vocal,mp3_path\n7,1,0,1,f/a.mp3\n8,1,1,0,f/b.mp3\n"
    with pytest.raises(CommandError, match=r"voice.csv, row 3: 'f/a.mp3' is the clip of row 2 too"):
        run(tags, voice=write("voice.csv", "clip_id,voice\n7,0.9\nf/a.mp3,0\n"))


def test_changes_are_written_with_their_reasons(write, run, tmp_path):
    run(write("tags.csv", TABLE), changes=tmp_path / "changes.csv")
    rows = list(csv.DictReader((tmp_path / "changes.csv").open()))
    assert {(row["clip_id"], row["tag"], row["into"]) for row in rows} == {
        ("a", "jazzy", "jazz"),
        ("b", "jazzy", "jazz"),
        ("a", "singer", "vocal"),
        ("b", "no vocals", "no vocal"),
    }
    assert all(row["why"] and row["rule"] for row in rows)


def test_a_tag_that_may_be_misspelt_is_offered_not_applied(write, tmp_path):
    out = io.StringIO()
    call_command(
        "redefine_tags",
        write("tags.csv", "clip_id,gutar\na,1\n"),
        out=tmp_path / "o",
        report=tmp_path / "r",
        stdout=out,
    )
    assert "Unknown tag 'gutar', kept as it is; is 'guitar' meant?" in out.getvalue()
    assert (tmp_path / "o").read_text() == "clip_id,gutar\na,1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("clip_id\na\n", "row 1: only one column"),
        ("clip_id,rock\na,1\nb,2\n", "row 3: 'rock' of clip 'b' is '2'; a tag column holds 0 or 1"),
        ("clip_id,rock\na,\n", "row 2: 'rock' of clip 'a' is ''"),
        ("clip_id,rock,pop\na,1,0\nb,10,\n", "row 3: 'rock' of clip 'b' is '10'"),
        ("clip_id,rock\na,1\nb,1,0\n", "row 3: 3 values under 2 headings"),
        ("clip_id,rock\na,1\na,0\n", "row 3: clip 'a' is in row 2 too"),
        ("clip_id,rock\n,1\n", "row 2: clip_id is empty"),
        ("clip_id,rock,rock\na,1,1\n", "row 1: the column 'rock' is given twice"),
        ("clip_id,rock,\na,1,1\n", "row 2: 3 values under 2 headings"),
        ("clip_id,,rock\na,,1\nb,x,0\n", "row 3: “x” is in column 2, which has no name"),
        ("clip_id,mp3_path\na,x\n", "row 1: no tag columns"),
        ('clip_id,rock\n"a,1\n', "check that every quotation mark is closed"),
    ],
)
def test_faults_of_a_tag_file_are_named(write, text, message):
    with pytest.raises(TagTableError) as caught:
        read_tag_table(write("tags.csv", text))
    assert message in str(caught.value)
    assert str(caught.value).startswith("tags.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip_id,share\na,1\n", "row 1: needs the columns clip_id and voice"),
        ("clip_id,voice\na,1.2\n", "row 2: voice is '1.2'; it must be a number from 0 to 1"),
        ("clip_id,voice\na,inf\n", "row 2: voice is 'inf'"),
        ("clip_id,voice\na,yes\n", "row 2: voice is 'yes'"),
        ("clip_id,voice\na,1\nz,1\n", "row 3: unknown clip 'z'"),
        ("clip_id,voice\na,1\na,1\n", "row 3: clip 'a' is in row 2 too"),
    ],
)
def test_faults_of_a_voice_file_are_named(write, text, message):
    with pytest.raises(TagTableError) as caught:
        read_voice_table(write("voice.csv", text), ["a"])
    assert message in str(caught.value)


def test_the_command_fails_with_2_and_writes_nothing(write, run, tmp_path):
    for options, message in (
        ({"rules": "none.yaml"}, "no such rule file"),
        ({"voice": tmp_path / "none.csv"}, "none.csv: there is no such file"),
    ):
        with pytest.raises(CommandError, match=message) as caught:
            run(write("tags.csv", TABLE), **options)
        assert caught.value.returncode == 2
    tags = write("tags.csv", TABLE)
    for place, message in (
        (tags, "is read or written already"),
        (tmp_path / "none" / "o.csv", "does not exist"),
    ):
        with pytest.raises(CommandError, match=message):
            run(tags, changes=place)
    assert tags.read_text() == TABLE
    assert not (tmp_path / "out.csv").exists()


def test_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_bytes(b"clip_id,m\xfcsik\na,1\n")
    table = read_tag_table(path)
    assert (table.tags, table.notes) == (("müsik",), ("The table was read as Windows-1252.",))
    path.write_bytes("clip_id,꿩;뱁\na,1\n".encode("cp949"))
    with pytest.raises(TagTableError, match=r"the encoding is not clear; it may be .* by --encoding"):
        read_tag_table(path)
    assert read_tag_table(path, encoding="cp949").tags == ("꿩;뱁",)
